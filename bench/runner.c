/* SPDX-License-Identifier: MIT */
/*
 * The host behind a scenario: passes its wishes to the engine and writes down what came
 * of them. Repetitions go round the variants (A B A B), so that a machine that slows
 * down meets them all alike.
 */
#include "bench/runner.h"

#include <string.h>

#include "bench/interrupt.h"
#include "bench/progress.h"
#include "sim/base/mem.h"

enum recording { RECORD_NOTHING, RECORD_FIRST, RECORD_SAMPLE };

/* One pass of one variant on one engine. */
struct pass {
    const struct runner_options *options;
    const struct script_scenario *scenario;
    const struct engine *engine;
    void *session;
    struct result_variant *variant;
    enum recording recording;
    size_t builds; /* recorded or sampled so far in this pass */
    struct progress *progress;
    FILE *out;
};

void failures_add(struct failures *failures, const struct err *err)
{
    GROW(failures->items, failures->cap, failures->len + 1);
    failures->items[failures->len++] = *err;
}

void failures_free(struct failures *failures)
{
    free(failures->items);
    *failures = (struct failures){0};
}

int failures_exit_code(const struct failures *failures)
{
    int worst = 0;
    for (size_t i = 0; i < failures->len; i++) {
        int code = err_exit_code(failures->items[i].code);
        if (code > worst)
            worst = code;
    }
    return worst;
}

/* ---- the host ---------------------------------------------------------------------
 */

static void hear(void *payload, const struct build_event *event)
{
    struct pass *pass = payload;
    if (pass->progress != NULL)
        progress_listen(pass->progress, event);
}

static bool shows_steps(const struct pass *pass)
{
    return pass->options->show_steps && pass->recording == RECORD_FIRST;
}

static void begin_lines(struct pass *pass, const struct script_build *build)
{
    struct progress_options show = {
        .kind = PROGRESS_PLAIN,
        .out = pass->out,
        .style = pass->options->style,
        .plan = build->plan_only,
        .hide_lines = !pass->options->show_output,
        .exec = bench_exec_name(pass->options->exec),
        .dockerfile = "Dockerfile",
        .context = ".",
    };
    AUTO_BUF label = BUF_INIT;
    report_escape_terminal(pass->variant->name, &label);
    buf_adds(&label, ": ");
    report_escape_terminal(build->label != NULL ? build->label : "plan", &label);
    bool bold = pass->options->style.color;
    fprintf(pass->out, "%s%s%s\n", bold ? "\033[1m" : "", label.data,
            bold ? "\033[0m" : "");
    pass->progress = progress_new(&show);
}

static void end_lines(struct pass *pass, int r, const struct build_result *result,
                      const struct err *err)
{
    if (r < 0)
        progress_failed(pass->progress, err);
    progress_free(pass->progress);
    pass->progress = NULL;
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
        fputs("Failed\n\n", pass->out);
    else
        fprintf(pass->out, "Total: %s (%s clock), %u ran, %u reused\n\n", seconds.data,
                result->has_virtual ? "virtual" : "wall", ran, reused);
}

static int record(struct pass *pass, struct workspace *ws,
                  const struct script_build *build, const struct build_result *result,
                  const char *error, struct err *err)
{
    size_t at = pass->builds++;
    if (pass->recording == RECORD_FIRST) {
        AUTO_BUF text = BUF_INIT;
        int r = engine_dockerfile(ws, &text, error == NULL ? err : NULL);
        if (r == 0 || error != NULL)
            result_add_build(pass->variant, build->label, result, buf_str(&text),
                             error);
        return error == NULL ? r : 0;
    }
    if (pass->recording != RECORD_SAMPLE)
        return 0;
    if (at >= pass->variant->build_count ||
        strcmp(pass->variant->builds[at].label, build->label) != 0) {
        err_set(err, ERR_FAILED,
                "build '%s' does not come at the same place in every repetition",
                build->label);
        return err_hint(err, "with --runs a scenario must do the same each time");
    }
    result_build_sample(&pass->variant->builds[at], result);
    return 0;
}

static int host_build(void *self, struct workspace *ws,
                      const struct script_build *build, const struct build_result **out,
                      struct err *err)
{
    struct pass *pass = self;
    int r = interrupt_check(err);
    if (r < 0)
        return r;
    if (shows_steps(pass))
        begin_lines(pass, build);
    r = pass->engine->build(pass->session, ws, build, out, err);
    if (pass->progress != NULL)
        end_lines(pass, r, *out, err);
    if (build->plan_only || r == ERR_CANCELLED)
        return r;
    int recorded = record(pass, ws, build, *out, r < 0 ? err->msg : NULL, err);
    return r < 0 ? r : recorded;
}

static int host_prune(void *self, const struct prune_options *options, struct err *err)
{
    struct pass *pass = self;
    return pass->engine->prune(pass->session, options, err);
}

static int host_pull(void *self, const char *image, uint64_t *ms, uint64_t *bytes,
                     struct err *err)
{
    struct pass *pass = self;
    int r = pass->engine->pull(pass->session, image, ms, bytes, err);
    if (r < 0 || !shows_steps(pass))
        return r;
    AUTO_BUF text = BUF_INIT;
    report_escape_terminal(image, &text);
    buf_adds(&text, ": ");
    report_bytes(*bytes, &text);
    buf_adds(&text, " fetched ");
    report_virtual(*ms, &text);
    fprintf(pass->out, "Pull %s\n\n", text.data);
    return 0;
}

static int host_fresh_machine(void *self, struct err *err)
{
    struct pass *pass = self;
    return pass->engine->fresh_machine(pass->session, err);
}

static int host_cache_to(void *self, const char *name, bool all, struct err *err)
{
    struct pass *pass = self;
    return pass->engine->cache_to(pass->session, name, all, err);
}

static int host_cache_from(void *self, const char *name, struct err *err)
{
    struct pass *pass = self;
    return pass->engine->cache_from(pass->session, name, err);
}

/* ---- variants ---------------------------------------------------------------------
 */

/* The scenario being run, for all its variants. */
struct running {
    const struct runner_options *options;
    struct script *script;
    size_t scenario;
    struct result_scenario *result;
    FILE *out;
};

static int run_pass(const struct running *run, const struct engine *engine,
                    size_t variant, enum recording recording, struct err *err)
{
    const struct script_scenario *scenario =
        script_scenario(run->script, run->scenario);
    struct pass pass = {
        .options = run->options,
        .scenario = scenario,
        .engine = engine,
        .variant = NULL,
        .recording = recording,
        .out = run->out,
    };
    for (size_t i = 0; i < run->result->variant_count; i++) {
        struct result_variant *v = &run->result->variants[i];
        if (strcmp(v->name, scenario->variants[variant].name) == 0 &&
            strcmp(v->engine, engine->name) == 0)
            pass.variant = v;
    }
    struct engine_options options = {
        .models = script_models(run->script, run->scenario),
        .bases = script_bases(run->script, run->scenario),
        .memo = run->options->memo,
        .exec = run->options->exec,
        .semantics = run->options->semantics,
        .listener = hear,
        .listener_payload = &pass,
    };
    struct script_host host = {
        .self = &pass,
        .build = host_build,
        .prune = host_prune,
        .pull = host_pull,
        .fresh_machine = host_fresh_machine,
        .cache_to = host_cache_to,
        .cache_from = host_cache_from,
    };
    int r = engine->open(&options, &pass.session, err);
    if (r == 0)
        r = script_run_variant(run->script, run->scenario, variant, &host, err);
    engine->close(pass.session);
    return r;
}

static int run_round(const struct running *run, enum recording recording,
                     struct err *err)
{
    const struct script_scenario *scenario =
        script_scenario(run->script, run->scenario);
    int r = 0;
    for (size_t e = 0; e < run->options->engine_count && r == 0; e++)
        for (size_t v = 0; v < scenario->variant_count && r == 0; v++) {
            r = run_pass(run, run->options->engines[e], v, recording, err);
            if (interrupt_pending()) /* whatever the script made of it */
                r = interrupt_check(err);
            if (r < 0 && r != ERR_CANCELLED)
                err_wrap(err, "scenario '%s', variant '%s'", scenario->name,
                         scenario->variants[v].name);
        }
    return r;
}

static int run_rounds(const struct running *run, struct err *err)
{
    const struct runner_options *options = run->options;
    int r = 0;
    for (unsigned i = 0; i < options->warmup + options->runs && r == 0; i++)
        r = run_round(run,
                      i < options->warmup    ? RECORD_NOTHING
                      : i == options->warmup ? RECORD_FIRST
                                             : RECORD_SAMPLE,
                      err);
    return r;
}

static int run_checks(const struct running *run, struct failures *failures,
                      struct err *err)
{
    const struct script_scenario *scenario =
        script_scenario(run->script, run->scenario);
    struct script_check *checks = NULL;
    size_t len = 0;
    if (!scenario->has_expect)
        return 0;
    int r = script_expect(run->script, run->scenario, &checks, &len, err);
    for (size_t i = 0; i < len; i++) {
        result_add_check(run->result, checks[i].message, checks[i].ok, checks[i].line);
        if (checks[i].ok)
            continue;
        struct err failed = ERR_INIT;
        err_set(&failed, ERR_FAILED, "scenario '%s': check failed: %s", scenario->name,
                checks[i].message);
        err_at(&failed, scenario->file, checks[i].line);
        failures_add(failures, &failed);
    }
    script_checks_free(checks, len);
    return r;
}

/* ---- scenarios --------------------------------------------------------------------
 */

static void print_heading(const struct running *run)
{
    const struct script_scenario *scenario =
        script_scenario(run->script, run->scenario);
    AUTO_BUF text = BUF_INIT;
    bool bold = run->options->style.color;
    if (!run->options->show_steps)
        return;
    report_escape_terminal(scenario->name, &text);
    fprintf(run->out, "%s== %s ==%s\n", bold ? "\033[1m" : "", buf_str(&text),
            bold ? "\033[0m" : "");
    buf_clear(&text);
    report_escape_terminal(scenario->lesson, &text);
    if (text.len != 0)
        fprintf(run->out, "%s\n", text.data);
    fputc('\n', run->out);
}

static void print_table(const struct running *run)
{
    AUTO_BUF text = BUF_INIT;
    size_t held = 0;
    if (!run->options->show_tables)
        return;
    report_scenario_table(run->result, &run->options->style, &text);
    fputs(buf_str(&text), run->out);
    for (size_t i = 0; i < run->result->check_count; i++)
        held += run->result->checks[i].ok;
    if (run->result->check_count != 0)
        fprintf(run->out, "Checks: %zu of %zu hold\n", held, run->result->check_count);
    fputc('\n', run->out);
    fflush(run->out);
}

void runner_run(const struct runner_options *options, struct script *script,
                size_t scenario, struct result_scenario *result, FILE *out,
                struct failures *failures)
{
    struct err err = ERR_INIT;
    struct running run = {.options = options,
                          .script = script,
                          .scenario = scenario,
                          .result = result,
                          .out = out};
    const struct script_scenario *s = script_scenario(script, scenario);
    for (size_t e = 0; e < options->engine_count; e++)
        for (size_t v = 0; v < s->variant_count; v++)
            result_add_variant(result, s->variants[v].name, options->engines[e]->name,
                               bench_exec_name(options->exec));
    print_heading(&run);
    int r = run_rounds(&run, &err);
    if (r == 0)
        r = run_checks(&run, failures, &err);
    if (r < 0)
        result->error = xstrdup(err.msg);
    if (r == ERR_CANCELLED)
        return; /* told once, for the whole run */
    if (r < 0)
        failures_add(failures, &err);
    print_table(&run);
}
