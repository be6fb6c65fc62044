/* SPDX-License-Identifier: MIT */
/* The host behind a scenario: passes its wishes to the engine and writes down what came
 * of them. */
#include "bench/pass.h"

#include <string.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "bench/progress.h"

struct running {
    const struct pass *pass;
    void *session;
    size_t builds; /* recorded or sampled so far */
    struct progress *progress;
};

static void hear(void *payload, const struct build_event *event)
{
    struct running *run = payload;
    if (run->progress != NULL)
        progress_listen(run->progress, event);
}

/* Builds without a label and plans are nobody's but the scenario's. */
static bool is_reported(const struct script_build *build)
{
    return !build->plan_only && build->label[0] != '\0';
}

static bool shows_steps(const struct running *run)
{
    return run->pass->options->show_steps && !run->pass->hidden &&
           run->pass->recording == RECORD_FIRST;
}

static void begin_lines(struct running *run, const struct script_build *build)
{
    struct progress_options show = {
        .kind = PROGRESS_PLAIN,
        .out = run->pass->out,
        .style = run->pass->options->style,
        .out_is_tty = isatty(fileno(run->pass->out)) == 1,
        .plan = build->plan_only,
        .hide_lines = !run->pass->options->show_output,
        .exec = bench_exec_name(run->pass->options->exec),
        .dockerfile = "Dockerfile",
        .context = ".",
    };
    AUTO_BUF label = BUF_INIT;
    report_escape_terminal(run->pass->variant->name, &label);
    buf_adds(&label, ": ");
    report_escape_terminal(build->label != NULL ? build->label : "plan", &label);
    bool bold = run->pass->options->style.color;
    fprintf(run->pass->out, "%s%s%s\n", bold ? "\033[1m" : "", label.data,
            bold ? "\033[0m" : "");
    run->progress = progress_new(&show);
}

static void end_lines(struct running *run, int r, const struct build_result *result,
                      const struct err *err)
{
    if (r < 0)
        progress_failed(run->progress, err);
    progress_free(run->progress);
    run->progress = NULL;
    unsigned ran = 0, reused = 0;
    for (unsigned i = 0; i < result->step_count; i++) {
        ran += result->steps[i].status == STEP_RAN;
        reused += result->steps[i].status == STEP_CACHED;
    }
    AUTO_BUF seconds = BUF_INIT;
    if (result->has_virtual)
        report_virtual(result->virtual_ms, &seconds);
    else
        report_wall(result->wall_s, &seconds);
    if (r < 0)
        fputs("Failed\n\n", run->pass->out);
    else
        fprintf(run->pass->out, "Total: %s (%s clock), %u ran, %u reused\n\n",
                seconds.data, result->has_virtual ? "virtual" : "wall", ran, reused);
}

static int record_first(struct running *run, struct workspace *ws,
                        const struct script_build *build,
                        const struct build_result *result, const char *error,
                        struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    int r = engine_dockerfile(ws, &text, error == NULL ? err : NULL);
    if (r == 0 || error != NULL)
        result_add_build(run->pass->variant, build->label, result, buf_str(&text),
                         error);
    return error == NULL ? r : 0;
}

/* Samples are of one thing only if every repetition ran and reused the same steps. */
static bool did_the_same(const struct result_build *first,
                         const struct build_result *now, const char *error)
{
    bool same = first->step_count == now->step_count &&
                (first->error != NULL) == (error != NULL);
    for (size_t i = 0; i < first->step_count && same; i++)
        same = first->steps[i].status == now->steps[i].status;
    return same;
}

static int record(struct running *run, struct workspace *ws,
                  const struct script_build *build, const struct build_result *result,
                  const char *error, struct err *err)
{
    struct result_variant *variant = run->pass->variant;
    size_t at = run->builds++;
    if (run->pass->recording == RECORD_FIRST)
        return record_first(run, ws, build, result, error, err);
    if (run->pass->recording != RECORD_SAMPLE)
        return 0;
    if (at >= variant->build_count ||
        strcmp(variant->builds[at].label, build->label) != 0)
        err_set(err, ERR_FAILED,
                "build '%s' does not come at the same place in every repetition",
                build->label);
    else if (!did_the_same(&variant->builds[at], result, error))
        err_set(err, ERR_FAILED,
                "build '%s' did not run and reuse the same steps in every repetition",
                build->label);
    else {
        result_build_sample(&variant->builds[at], result);
        return 0;
    }
    return err_hint(err, "with --runs a scenario must do the same each time");
}

/* Of the build that was recorded last. */
static void record_usage(const struct running *run)
{
    const struct pass *pass = run->pass;
    if (!pass->options->usage || pass->engine->usage == NULL ||
        pass->recording == RECORD_NOTHING || run->builds > pass->variant->build_count)
        return;
    const struct usage *usage = pass->engine->usage(run->session);
    result_build_usage(&pass->variant->builds[run->builds - 1], usage->cpu,
                       usage->waited);
}

static int host_build(void *self, struct workspace *ws,
                      const struct script_build *build, const struct build_result **out,
                      struct err *err)
{
    struct running *run = self;
    int r = interrupt_check(err);
    if (r < 0)
        return r;
    if (shows_steps(run) && (build->plan_only || is_reported(build)))
        begin_lines(run, build);
    r = run->pass->engine->build(run->session, ws, build, out, err);
    if (run->progress != NULL)
        end_lines(run, r, *out, err);
    if (build->plan_only || r == ERR_CANCELLED)
        return r;
    int recorded = !is_reported(build)
                       ? 0
                       : record(run, ws, build, *out, r < 0 ? err->msg : NULL, err);
    if (is_reported(build) && recorded == 0)
        record_usage(run);
    const struct engine *engine = run->pass->engine;
    const struct build_result *told = engine->predicted(run->session);
    if (told != NULL)
        *out = told;
    return r < 0 ? r : recorded;
}

static int host_prune(void *self, const struct prune_options *options, struct err *err)
{
    struct running *run = self;
    return run->pass->engine->prune(run->session, options, err);
}

static int host_pull(void *self, const char *image, uint64_t *ms, uint64_t *bytes,
                     struct err *err)
{
    struct running *run = self;
    int r = run->pass->engine->pull(run->session, image, ms, bytes, err);
    if (r < 0 || !shows_steps(run))
        return r;
    AUTO_BUF text = BUF_INIT;
    report_escape_terminal(image, &text);
    buf_adds(&text, ": ");
    report_bytes(*bytes, &text);
    buf_adds(&text, " fetched ");
    report_virtual(*ms, &text);
    fprintf(run->pass->out, "Pull %s\n\n", text.data);
    return 0;
}

static int host_fresh_machine(void *self, struct err *err)
{
    struct running *run = self;
    return run->pass->engine->fresh_machine(run->session, err);
}

static int host_cache_to(void *self, const char *name, bool all, struct err *err)
{
    struct running *run = self;
    return run->pass->engine->cache_to(run->session, name, all, err);
}

static int host_cache_from(void *self, const char *name, struct err *err)
{
    struct running *run = self;
    return run->pass->engine->cache_from(run->session, name, err);
}

int pass_run(const struct pass *pass, struct err *err)
{
    struct running run = {.pass = pass};
    const struct runner_options *with = pass->options;
    struct engine_options options = {
        .models = script_models(pass->script, pass->scenario),
        .bases = script_bases(pass->script, pass->scenario),
        .memo = with->memo,
        .exec = with->exec,
        .semantics = with->semantics,
        .usage = with->usage,
        .listener = hear,
        .listener_payload = &run,
        .real = with->real,
    };
    struct script_host host = {
        .self = &run,
        .build = host_build,
        .prune = host_prune,
        .pull = host_pull,
        .fresh_machine = host_fresh_machine,
        .cache_to = host_cache_to,
        .cache_from = host_cache_from,
    };
    int r = pass->engine->open(&options, &run.session, err);
    if (r == 0)
        r = script_run_variant(pass->script, pass->scenario, pass->position, &host,
                               err);
    pass->engine->close(run.session);
    if (r == 0 && pass->recording == RECORD_SAMPLE &&
        run.builds != pass->variant->build_count) {
        err_set(err, ERR_FAILED, "%zu builds in one repetition, %zu in the first",
                run.builds, pass->variant->build_count);
        return err_hint(err, "with --runs a scenario must do the same each time");
    }
    return r;
}
