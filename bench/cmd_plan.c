/* SPDX-License-Identifier: MIT */
/* simbench plan: what a build would reuse and run; nothing is built. */
#include "bench/build_setup.h"
#include "bench/cmd.h"
#include "bench/explain_show.h"
#include "bench/progress.h"
#include "sim/base/mem.h"

static const struct option_spec options[] = {BUILD_SHARED_OPTIONS};

static void print_totals(const struct build_result *result)
{
    unsigned counts[4] = {0}, unknown = 0;
    uint64_t ms = 0;
    double wall_s = 0;
    for (unsigned i = 0; i < result->step_count; i++) {
        const struct build_step *s = &result->steps[i];
        counts[s->status]++;
        if (s->status != STEP_RAN)
            continue;
        unknown += !s->cost_known;
        ms += s->cost_known && s->has_virtual ? s->virtual_ms : 0;
        wall_s += s->cost_known && !s->has_virtual ? s->wall_s : 0;
    }
    printf("%u would be reused, %u would run, %u depend on the output of others\n",
           counts[STEP_CACHED], counts[STEP_RAN], counts[STEP_DEPENDS]);
    if (counts[STEP_RAN] == 0)
        return;
    AUTO_BUF text = BUF_INIT;
    if (result->has_virtual)
        report_virtual(ms, &text);
    else
        report_wall(wall_s, &text);
    AUTO_FREE char *more = unknown != 0
                               ? xasprintf("; of %u step%s no earlier run is known",
                                           unknown, unknown == 1 ? "" : "s")
                               : xstrdup("");
    AUTO_FREE char *line =
        xasprintf("expected cost: %s%s %s%s", unknown != 0 ? "at least " : "",
                  text.data, result->has_virtual ? "virtual" : "wall", more);
    explain_show_line(line, 0, stdout);
}

static int plan(struct cli *cli, const struct build_values *values, const char *context,
                struct progress *progress, struct err *err)
{
    struct build_setup setup = {0};
    struct build_result result = {0};
    int r = bench_build_setup(cli, values, context, &setup, err);
    if (r == 0) {
        setup.options.plan_only = true;
        setup.options.no_record = true;
        setup.options.listener = progress_listen;
        setup.options.listener_payload = progress;
        r = build_run(&setup.options, &result, err);
    }
    if (r < 0) {
        progress_failed(progress, err);
    } else {
        progress_image(progress, &result);
        if (values->progress != PROGRESS_JSON && values->progress != PROGRESS_QUIET)
            print_totals(&result);
    }
    build_result_free(&result);
    bench_build_setup_free(&setup);
    return r;
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    struct build_values *values = in->values;
    if (cli->common.quiet)
        values->progress = PROGRESS_QUIET;
    struct progress_options show = {
        .kind = (enum progress_kind)values->progress,
        .out = stdout,
        .style = cli->style,
        .out_is_tty = cli->out_tty,
        .plan = true,
        .exec = bench_exec_name((enum exec_kind)values->exec),
        .dockerfile = values->file != NULL ? values->file : "Dockerfile",
        .context = in->operands[0],
    };
    struct progress *progress = progress_new(&show);
    int r = plan(cli, values, in->operands[0], progress, err);
    progress_free(progress);
    return r;
}

const struct command bench_command_plan = {
    .name = "plan",
    .operands = "CONTEXT",
    .summary = "which steps a build would reuse or run, without building",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct build_values),
    .least_operands = 1,
    .most_operands = 1,
    .run = run,
};
