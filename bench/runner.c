/* SPDX-License-Identifier: MIT */
/*
 * Rounds over a scenario. A round passes once through every variant on every engine,
 * the next one the other way round (A B B A), so that a machine that slows down or
 * warms up meets them all alike.
 */
#include "bench/runner.h"

#include <string.h>

#include "bench/interrupt.h"
#include "bench/measured.h"
#include "bench/pass.h"
#include "bench/stats.h"
#include "bench/version.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { ROUNDS_MOST = 10000 };

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

/* ---- rounds ---------------------------------------------------------------------- */

/* The scenario being run, for all its variants. */
struct running {
    const struct runner_options *options;
    struct script *scripts[2];
    size_t scenarios[2];
    struct result_scenario *copies[2]; /* the second: measured in turns, or NULL */
    bool other;                        /* the second is another scenario */
    bool lost;                         /* which failed */
    bool *dead;                        /* by engine: it failed */
    unsigned passes;                   /* measured so far */
    FILE *out;
    struct failures *failures;
};

static size_t cell_count(const struct running *run)
{
    size_t more = run->copies[1] != NULL ? run->copies[1]->variant_count : 0;
    return run->copies[0]->variant_count + more;
}

/* Results hold a variant for each engine, engine by engine; copies come last. */
static int run_cell(struct running *run, size_t cell, enum recording recording,
                    struct err *err)
{
    size_t first = run->copies[0]->variant_count;
    size_t copy = cell >= first, at = cell - (copy != 0 ? first : 0);
    const struct script_scenario *scenario =
        script_scenario(run->scripts[copy], run->scenarios[copy]);
    size_t engine = at / scenario->variant_count;
    if (run->dead[engine] || (copy != 0 && run->lost))
        return 0;
    struct pass pass = {
        .options = run->options,
        .script = run->scripts[copy],
        .scenario = run->scenarios[copy],
        .position = at % scenario->variant_count,
        .engine = run->options->engines[engine],
        .variant = &run->copies[copy]->variants[at],
        .recording = recording,
        .hidden = copy != 0,
        .out = run->out,
    };
    int r = pass_run(&pass, err);
    if (interrupt_pending()) /* whatever the script made of it */
        r = interrupt_check(err);
    if (r == 0 && recording != RECORD_NOTHING)
        result_add_turn(pass.variant, ++run->passes);
    if (r == 0 || r == ERR_CANCELLED)
        return r;
    if (copy != 0 && run->other) {
        run->lost = true;
        return 0;
    }
    run->dead[engine] = true;
    err_wrap(err, "scenario '%s', variant '%s'%s%s", scenario->name, pass.variant->name,
             run->options->engine_count > 1 ? " on " : "",
             run->options->engine_count > 1 ? pass.engine->name : "");
    if (run->copies[0]->error == NULL)
        run->copies[0]->error = xstrdup(err->msg);
    failures_add(run->failures, err);
    return 0;
}

static int run_round(struct running *run, unsigned round, enum recording recording,
                     struct err *err)
{
    size_t cells = cell_count(run);
    int r = 0;
    for (size_t i = 0; i < cells && r == 0; i++)
        r = run_cell(run, round % 2 == 0 ? i : cells - 1 - i, recording, err);
    return r;
}

static bool all_dead(const struct running *run)
{
    for (size_t i = 0; i < run->options->engine_count; i++)
        if (!run->dead[i])
            return false;
    return true;
}

static bool is_precise(const struct result_scenario *s, double precision)
{
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++) {
            const struct result_wall *wall = &s->variants[v].builds[b].wall;
            struct interval range;
            if (!samples_median_interval(wall->samples, wall->n, 0.95, &range) ||
                range.high - range.low > precision * wall->median)
                return false;
        }
    return true;
}

static bool wants_more(const struct running *run, unsigned rounds, uint64_t since_ns)
{
    const struct runner_options *options = run->options;
    double spent_s = (double)(clock_monotonic_ns() - since_ns) / 1e9;
    if (all_dead(run) || rounds >= ROUNDS_MOST ||
        (options->max_time_s > 0 && rounds > 0 && spent_s >= options->max_time_s))
        return false;
    if (rounds < options->runs)
        return true;
    return options->precision > 0 &&
           !(is_precise(run->copies[0], options->precision) &&
             (run->copies[1] == NULL || run->other ||
              is_precise(run->copies[1], options->precision)));
}

static void settle(struct running *run)
{
    for (size_t c = 0; c < 2 && run->copies[c] != NULL; c++)
        result_settle(run->copies[c]);
}

static int run_rounds(struct running *run, struct err *err)
{
    int r = 0;
    for (unsigned i = 0; i < run->options->warmup && r == 0 && !all_dead(run); i++)
        r = run_round(run, i, RECORD_NOTHING, err);
    uint64_t since_ns = clock_monotonic_ns();
    for (unsigned i = 0; r == 0 && wants_more(run, i, since_ns); i++) {
        r = run_round(run, i, i == 0 ? RECORD_FIRST : RECORD_SAMPLE, err);
        if (run->options->precision > 0)
            settle(run);
    }
    settle(run);
    return r;
}

static int run_checks(const struct running *run, struct err *err)
{
    const struct script_scenario *scenario =
        script_scenario(run->scripts[0], run->scenarios[0]);
    struct script_check *checks = NULL;
    size_t len = 0;
    if (!scenario->has_expect)
        return 0;
    int r = script_expect(run->scripts[0], run->scenarios[0], &checks, &len, err);
    for (size_t i = 0; i < len; i++) {
        result_add_check(run->copies[0], checks[i].message, checks[i].ok,
                         checks[i].line);
        if (checks[i].ok)
            continue;
        struct err failed = ERR_INIT;
        err_set(&failed, ERR_FAILED, "scenario '%s': check failed: %s", scenario->name,
                checks[i].message);
        err_at(&failed, scenario->file, checks[i].line);
        failures_add(run->failures, &failed);
    }
    script_checks_free(checks, len);
    return r;
}

/* ---- scenarios ------------------------------------------------------------------- */

static void print_heading(const struct running *run)
{
    const struct script_scenario *scenario =
        script_scenario(run->scripts[0], run->scenarios[0]);
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
    if (!run->options->show_tables)
        return;
    report_scenario_table(run->copies[0], &run->options->style, &text);
    fputs(buf_str(&text), run->out);
    fputc('\n', run->out);
    if (run->copies[1] != NULL && !run->other)
        measured_noise(run->copies[0], run->copies[1], run->out);
    else
        measured_show(run->copies[0], run->options->precision, run->out);
    fflush(run->out);
}

static void declare(struct running *run, size_t copy)
{
    const struct script_scenario *s =
        script_scenario(run->scripts[copy], run->scenarios[copy]);
    for (size_t e = 0; e < run->options->engine_count; e++)
        for (size_t v = 0; v < s->variant_count; v++) {
            const struct engine *engine = run->options->engines[e];
            bool ours = engine == &engine_builtin;
            struct result_variant *variant =
                result_add_variant(run->copies[copy], s->variants[v].name, engine->name,
                                   ours ? bench_exec_name(run->options->exec) : "real");
            variant->engine_version =
                ours ? xstrdup(SIMBENCH_VERSION) : engine_version(engine->name);
        }
}

void runner_run(const struct runner_options *options, struct script *script,
                size_t scenario, const struct runner_target *to)
{
    struct err err = ERR_INIT;
    AUTO_FREE bool *dead = xcalloc(options->engine_count, sizeof *dead);
    struct running run = {
        .options = options,
        .scripts = {script, to->before != NULL ? to->before : script},
        .scenarios = {scenario, to->before != NULL ? to->before_scenario : scenario},
        .copies = {to->result, to->again},
        .other = to->before != NULL,
        .dead = dead,
        .out = to->out,
        .failures = to->failures};
    declare(&run, 0);
    if (to->again != NULL)
        declare(&run, 1);
    print_heading(&run);
    int r = run_rounds(&run, &err);
    if (r == 0 && to->result->error == NULL)
        r = run_checks(&run, &err);
    if (r < 0)
        to->result->error = xstrdup(err.msg);
    if (r == ERR_CANCELLED)
        return; /* told once, for the whole run */
    if (r < 0)
        failures_add(to->failures, &err);
    print_table(&run);
}
