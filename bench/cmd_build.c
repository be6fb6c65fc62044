/* SPDX-License-Identifier: MIT */
/* simbench build: contract 1.1. */
#include <string.h>

#include "bench/build_check.h"
#include "bench/build_setup.h"
#include "bench/cmd.h"
#include "bench/explain_show.h"
#include "bench/outputs.h"
#include "bench/progress.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

static const struct option_spec options[] = {
    BUILD_SHARED_OPTIONS,
    {"tag", 't', OPTION_LIST, BUILD_VALUE(tags), "NAME[:TAG]", "name of the image", 0},
    {"output", 'o', OPTION_LIST, BUILD_VALUE(outputs), "type=TYPE,dest=DEST",
     "write it out: local, tar, oci, oci-dir, docker", 0},
    {"compression", 0, OPTION_TEXT, BUILD_VALUE(compression), "none|gzip|zstd",
     "of the layers in --output oci, oci-dir, docker", 0},
    {"iidfile", 0, OPTION_TEXT, BUILD_VALUE(iidfile), "FILE",
     "write the image's ID to a file", 0},
    {"check", 0, OPTION_FLAG, BUILD_VALUE(check), NULL,
     "print warnings about the Dockerfile, build nothing", 0},
    {"explain", 0, OPTION_FLAG, BUILD_VALUE(explain), NULL,
     "say why each step ran that was not reused", 0},
};

/* One build with all that listens to it. */
struct job {
    const struct cli *cli;
    const struct build_values *values;
    const char *context;
    struct progress *progress;
    struct build_setup setup;
    struct outputs outputs;
    struct build_result result;
    struct strv warnings;
};

static void listen(void *payload, const struct build_event *event)
{
    struct job *job = payload;
    if (event->kind == BUILD_EVENT_WARNING)
        strv_addn(&job->warnings, event->data, event->len);
    progress_listen(job->progress, event);
}

/* `# check=error=true`: warnings forbid the build. */
static int fatal_warnings(const struct lint_report *report, struct err *err)
{
    if (!report->is_error || report->len == 0)
        return 0;
    return err_set(err, ERR_FAILED,
                   "%zu warning%s, and the check directive makes them errors",
                   report->len, report->len == 1 ? "" : "s");
}

static int check_only(struct cli *cli, const struct build_values *values,
                      const char *context, struct err *err)
{
    struct lint_report report = {0};
    struct build_setup setup = {0};
    int r = bench_build_setup(cli, values, context, &setup, err);
    if (r == 0)
        r = bench_lint(values, context, &setup, &report, err);
    bench_print_lint(values, &report, stdout);
    if (r == 0 && report.len == 0)
        puts("no warnings");
    if (r == 0)
        r = fatal_warnings(&report, err);
    lint_report_free(&report);
    bench_build_setup_free(&setup);
    return r;
}

/* Other faults than warnings are the build's to find: it looks at needed stages only.
 */
static int refuse_warnings(struct job *job, struct err *err)
{
    struct lint_report report = {0};
    (void)bench_lint(job->values, job->context, &job->setup, &report, NULL);
    int r = fatal_warnings(&report, err);
    if (r != 0)
        bench_print_lint(job->values, &report, stderr);
    lint_report_free(&report);
    return r;
}

static int more_names(struct job *job, struct err *err)
{
    int r = 0;
    for (size_t i = 1; i < job->values->tags.len && r == 0; i++) {
        struct digest id;
        AUTO_FREE char *name = NULL;
        r = store_normalise_name(job->values->tags.items[i], &name, err);
        if (r == 0)
            r = store_image_put(job->setup.store, job->result.config_json, name, &id,
                                err);
    }
    return r;
}

static int write_results(struct job *job, struct err *err)
{
    char id[DIGEST_TEXT + 1];
    digest_text(&job->result.image_id, id);
    int r = more_names(job, err);
    if (r == 0)
        r = outputs_write(&job->outputs, job->setup.store, id, job->result.image_name,
                          err);
    if (r == 0 && job->values->iidfile != NULL)
        r = file_write(job->values->iidfile, id, strlen(id), err);
    return r;
}

static int check_names(const struct build_values *values, struct err *err)
{
    for (size_t i = 0; i < values->tags.len; i++) {
        AUTO_FREE char *name = NULL;
        int r = store_normalise_name(values->tags.items[i], &name, err);
        if (r < 0)
            return err_wrap(err, "-t %s", values->tags.items[i]);
    }
    return 0;
}

static int build(struct job *job, struct err *err)
{
    struct build_setup *setup = &job->setup;
    int r = check_names(job->values, err);
    if (r == 0)
        r = bench_build_setup(job->cli, job->values, job->context, setup, err);
    if (r == 0)
        r = outputs_parse(&job->values->outputs, job->values->compression,
                          setup->options.source_date_epoch, &job->outputs, err);
    if (r == 0)
        r = refuse_warnings(job, err);
    if (r < 0)
        return r;
    setup->options.tag = job->values->tags.len != 0 ? job->values->tags.items[0] : NULL;
    setup->options.listener = listen;
    setup->options.listener_payload = job;
    r = build_run(&setup->options, &job->result, err);
    if (r == 0)
        r = write_results(job, err);
    return r;
}

/* What `explain` would say of this build, so long as it is at hand. */
static void explain(const struct job *job)
{
    struct account account;
    AUTO_FREE char *number = xasprintf("%lld", (long long)job->result.build_number);
    if (account_load(job->setup.store, number, NULL, EXPLAIN_LISTED, &account, NULL) !=
        0)
        return;
    putchar('\n');
    explain_show_text(&account, false, stdout);
    account_free(&account);
}

static void finish(struct job *job, int r, const struct err *err)
{
    for (size_t i = 0; i < job->warnings.len; i++)
        print_warning(job->cli, job->warnings.items[i]);
    if (r < 0) {
        progress_failed(job->progress, err);
        return;
    }
    progress_image(job->progress, &job->result);
    bool lines = job->values->progress != PROGRESS_JSON &&
                 job->values->progress != PROGRESS_QUIET;
    if (job->values->explain && lines)
        explain(job);
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    struct build_values *values = in->values;
    if (cli->common.quiet)
        values->progress = PROGRESS_QUIET;
    if (values->check)
        return check_only(cli, values, in->operands[0], err);
    bool to_stderr = outputs_use_stdout(&values->outputs);
    struct progress_options show = {
        .kind = (enum progress_kind)values->progress,
        .out = to_stderr ? stderr : stdout,
        .style = to_stderr ? cli->err_style : cli->style,
        .out_is_tty = to_stderr ? cli->err_tty : cli->out_tty,
        .exec = bench_exec_name((enum exec_kind)values->exec),
        .dockerfile = values->file != NULL ? values->file : "Dockerfile",
        .context = in->operands[0],
    };
    struct job job = {.cli = cli, .values = values, .context = in->operands[0]};
    job.progress = progress_new(&show);
    int r = build(&job, err);
    finish(&job, r, err);
    progress_free(job.progress);
    build_result_free(&job.result);
    outputs_free(&job.outputs);
    strv_free(&job.warnings);
    bench_build_setup_free(&job.setup);
    return r;
}

const struct command bench_command_build = {
    .name = "build",
    .operands = "CONTEXT",
    .summary = "build one image from a Dockerfile with the built-in engine",
    .details = "RUN instructions are modelled on a virtual clock unless --exec sandbox "
               "really runs them.\nBase images come from the store (see pull, import), "
               "then from the modelled ones.",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct build_values),
    .least_operands = 1,
    .most_operands = 1,
    .run = run,
};
