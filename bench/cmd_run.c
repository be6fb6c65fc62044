/* SPDX-License-Identifier: MIT */
/* simbench run: scenarios in, tables and a report folder out; contract 1.2. */
#include <stdio.h>
#include <string.h>

#include "bench/again.h"
#include "bench/build_setup.h"
#include "bench/cmd.h"
#include "bench/columns.h"
#include "bench/compare.h"
#include "bench/history.h"
#include "bench/interrupt.h"
#include "bench/machine.h"
#include "bench/measure_options.h"
#include "bench/run_files.h"
#include "bench/trend.h"
#include "bench/usage.h"
#include "bench/version.h"
#include "reports/report.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

struct run_values {
    const char *report, *save, *baseline, *filter, *history;
    struct strv engines;
    const char *warmup, *max_time, *precision, *min_effect;
    unsigned runs, jobs;
    const char *engine_timeout, *time_scale;
    int exec, format, semantics, gate;
    bool list, no_plots, handout, aa, own_images;
};

static const struct option_spec options[] = {
    {"output", 'o', OPTION_TEXT, offsetof(struct run_values, report), "DIR",
     "report folder (default: simbench-report)", 0},
    {"runs", 0, OPTION_NUMBER, offsetof(struct run_values, runs), "N",
     "repetitions that are measured (default: 1)", 1},
    {"warmup", 0, OPTION_TEXT, offsetof(struct run_values, warmup), "N",
     "repetitions before that (default: 1 if there are several)", 0},
    {"precision", 0, OPTION_TEXT, offsetof(struct run_values, precision), "PERCENT",
     "repeat until each median is known that well (2%)", 0},
    {"max-time", 0, OPTION_TEXT, offsetof(struct run_values, max_time), "TIME",
     "begin no repetition of a scenario after it (60s with --precision)", 0},
    {"aa", 0, OPTION_FLAG, offsetof(struct run_values, aa), NULL,
     "measure everything twice in turns: the noise of this machine", 0},
    {"engine", 0, OPTION_LIST, offsetof(struct run_values, engines), "NAME",
     "builtin (default), buildkit, classic, buildah", 0},
    {"engine-timeout", 0, OPTION_TEXT, offsetof(struct run_values, engine_timeout),
     "TIME", "a build on a real engine may take so long (10m)", 0},
    {"time-scale", 0, OPTION_TEXT, offsetof(struct run_values, time_scale), "FACTOR",
     "real seconds of a twin's RUN for each modelled one (0.01)", 0},
    {"own-images", 0, OPTION_FLAG, offsetof(struct run_values, own_images), NULL,
     "real engines use their own base images, not twins", 0},
    {"exec", 0, OPTION_CHOICE, offsetof(struct run_values, exec), EXEC_WORDS,
     "how RUN happens: modelled, or for real", 0},
    {"semantics", 0, OPTION_CHOICE, offsetof(struct run_values, semantics),
     SEMANTICS_WORDS, "whose cache rules the built-in engine follows", 0},
    {"save", 0, OPTION_TEXT, offsetof(struct run_values, save), "FILE.json",
     "write the results there too", 0},
    {"baseline", 0, OPTION_TEXT, offsetof(struct run_values, baseline), "FILE.json",
     "compare with these results; a regression is exit status 1", 0},
    {"gate", 0, OPTION_CHOICE, offsetof(struct run_values, gate), GATE_WORDS,
     "what may regress: counters and virtual time, or wall time too", 0},
    {"min-effect", 0, OPTION_TEXT, offsetof(struct run_values, min_effect), "PERCENT",
     "changes of wall time that matter to --gate wall (5%)", 0},
    {"history", 0, OPTION_TEXT, offsetof(struct run_values, history), "FILE.db",
     "add this run to a history (simbench trend shows it)", 0},
    {"format", 0, OPTION_CHOICE, offsetof(struct run_values, format),
     "table|markdown|csv|json|junit", "what standard output gets", 0},
    {"filter", 0, OPTION_TEXT, offsetof(struct run_values, filter), "PATTERN",
     "only scenarios whose name matches (* ? [])", 0},
    {"list", 0, OPTION_FLAG, offsetof(struct run_values, list), NULL,
     "name the scenarios and run none", 0},
    {"jobs", 'j', OPTION_NUMBER, offsetof(struct run_values, jobs), "N",
     "scenario files run at once (default: 1)", 1},
    {"no-plots", 0, OPTION_FLAG, offsetof(struct run_values, no_plots), NULL,
     "leave out the plots", 0},
    {"handout", 0, OPTION_FLAG, offsetof(struct run_values, handout), NULL,
     "write sheets to print too: task, then solution", 0},
};

enum { ENGINES_MOST = 4, AA_RUNS = 10, PRECISION_TIME_S = 60, ENGINE_TIMEOUT_S = 600 };
static const double TIME_SCALE = 0.01;

/* Everything of one run. */
struct whole {
    struct cli *cli;
    const struct run_values *values;
    const struct engine *engines[ENGINES_MOST];
    size_t engine_count;
    struct scenario_files files;
    struct results *base; /* of --baseline */
    struct results *results;
    struct results *again; /* measured in turns: --aa, or what the baseline has */
    bool former;           /* the latter */
    bool several;          /* samples of each build */
    struct compare_options comparing;
    double precision, max_time_s;
    unsigned runs, warmup;
    struct real_options real;
    struct buf *changes; /* against the baseline, in Markdown */
    bool to_table;       /* stdout is for people */
};

static void print_failure(void *payload, const struct err *err)
{
    print_err(payload, err);
}

static int choose_real(struct whole *w, struct err *err)
{
    double timeout_s = ENGINE_TIMEOUT_S;
    w->real.time_scale = TIME_SCALE;
    w->real.own_images = w->values->own_images;
    int r =
        measure_seconds("--engine-timeout", w->values->engine_timeout, &timeout_s, err);
    w->real.timeout_ms = (unsigned)(timeout_s * 1000);
    if (r == 0)
        r = measure_factor("--time-scale", w->values->time_scale, &w->real.time_scale,
                           err);
    return r;
}

static int choose_engines(struct whole *w, struct err *err)
{
    const struct strv *names = &w->values->engines;
    if (names->len == 0)
        w->engines[w->engine_count++] = &engine_builtin;
    for (size_t i = 0; i < names->len; i++) {
        const struct engine *engine = NULL;
        int r = engine_find(names->items[i], &engine, err);
        if (r < 0)
            return r;
        bool known = false;
        for (size_t e = 0; e < w->engine_count; e++)
            known |= w->engines[e] == engine;
        if (!known && w->engine_count < ENGINES_MOST)
            w->engines[w->engine_count++] = engine;
    }
    return 0;
}

static int list(const struct whole *w)
{
    struct columns t;
    columns_begin(&t, "SCENARIO|VARIANTS|FILE");
    for (size_t f = 0; f < w->files.len; f++)
        for (size_t i = 0; i < w->files.items[f].count; i++) {
            const struct script_scenario *s = script_scenario(
                w->files.items[f].script, w->files.items[f].scenarios[i]);
            AUTO_BUF variants = BUF_INIT;
            for (size_t v = 0; v < s->variant_count; v++)
                buf_addf(&variants, "%s%s", v != 0 ? "," : "", s->variants[v].name);
            AUTO_FREE char *place = xasprintf("%s:%u", s->file, s->line);
            columns_add(&t, s->name);
            columns_add(&t, buf_str(&variants));
            columns_add(&t, place);
        }
    columns_end(&t, stdout);
    return 0;
}

static int choose_measuring(struct whole *w, struct err *err)
{
    const struct run_values *values = w->values;
    w->runs = values->runs != 0 ? values->runs : 1;
    if (values->aa && values->runs == 0)
        w->runs = AA_RUNS;
    w->warmup = w->runs > 1 || values->precision != NULL ? 1 : 0;
    w->max_time_s = values->precision != NULL ? PRECISION_TIME_S : 0;
    w->comparing.gate_wall = values->gate == 1;
    w->several = w->runs > 1 || values->precision != NULL;
    int r = measure_percent("--precision", values->precision, &w->precision, err);
    if (r == 0)
        r = measure_percent("--min-effect", values->min_effect,
                            &w->comparing.min_effect, err);
    if (r == 0)
        r = measure_seconds("--max-time", values->max_time, &w->max_time_s, err);
    return r == 0 ? measure_count("--warmup", values->warmup, &w->warmup, err) : r;
}

static int load(struct whole *w, const struct invocation *in, struct err *err)
{
    int r = choose_measuring(w, err);
    if (r == 0)
        r = choose_real(w, err);
    if (r == 0)
        r = choose_engines(w, err);
    if (r == 0 && w->values->baseline != NULL)
        r = compare_load(w->values->baseline, &w->base, err);
    if (r == 0)
        r = run_files_load(in->operands, in->operand_count, w->values->filter,
                           &w->files, err);
    if (r == 0 && w->files.chosen == 0) {
        if (w->values->filter != NULL)
            err_set(err, ERR_INPUT, "no scenario matches '%s'", w->values->filter);
        else
            err_set(err, ERR_INPUT, "the files declare no scenario");
        r = err_hint(err, "simbench run --list FILE.lua names the scenarios");
    }
    return r;
}

static struct results *new_results(int64_t started_s)
{
    AUTO_BUF id = BUF_INIT;
    AUTO_BUF text = BUF_INIT;
    struct results *results = results_new(SIMBENCH_VERSION, started_s);
    machine_describe(&id, &text);
    results_set_machine(results, id.data, text.data);
    return results;
}

/* What is measured beside the scenarios, in turns with them. */
static void choose_again(struct whole *w, int64_t started_s)
{
    AUTO_BUF program = BUF_INIT;
    if (w->several && again_program(&program))
        w->results->program = xstrdup(program.data);
    w->former = w->base != NULL && w->comparing.gate_wall && w->several &&
                !w->values->aa && compare_machines(w->base, w->results);
    if (w->former)
        again_load(w->base, w->results->program, &w->files);
    if (w->former || w->values->aa)
        w->again = new_results(started_s);
}

static int run_all(struct whole *w, struct err *err)
{
    int64_t started = -1;
    int r = environment_source_date_epoch(&started, err);
    if (r < 0)
        return r;
    if (started < 0)
        started = clock_realtime_s();
    w->results = new_results(started);
    choose_again(w, started);
    const struct run_values *values = w->values;
    struct run_files_options how = {
        .runner =
            {
                .engines = w->engines,
                .engine_count = w->engine_count,
                .exec = (enum exec_kind)values->exec,
                .semantics = (enum semantics)values->semantics,
                .runs = w->runs,
                .warmup = w->warmup,
                .precision = w->precision,
                .max_time_s = w->max_time_s,
                .real = w->real,
                .usage = w->several && values->jobs <= 1,
                .style = w->cli->style,
                .show_steps = w->to_table && !w->cli->common.quiet,
                .show_output = w->cli->common.verbose,
                .show_tables = w->to_table,
            },
        .jobs = values->jobs,
        .keep_sources = w->several,
        .former = w->former,
        .out = stdout,
        .print_failure = print_failure,
        .payload = w->cli,
    };
    struct precedence before = {0};
    if (w->several)
        usage_take_precedence(&before);
    int code = run_files(&w->files, w->results, w->again, &how);
    usage_leave_precedence(&before);
    if (interrupt_pending())
        return interrupt_check(err);
    /* The failures have been told: an err without a message says only how it ended. */
    static const int codes[] = {0, ERR_FAILED, ERR_INPUT, ERR_ENVIRONMENT};
    return code != 0 ? err_set(err, codes[code <= 3 ? code : 1], "%s", "") : 0;
}

static int save(const struct whole *w, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    if (w->values->save == NULL)
        return 0;
    results_to_json(w->results, &text);
    return file_write(w->values->save, text.data, text.len, err);
}

static int keep_history(const struct whole *w, struct err *err)
{
    AUTO_FREE char *commit = NULL;
    if (w->values->history == NULL)
        return 0;
    commit = history_commit();
    return history_append(w->values->history, w->results, commit, err);
}

static void print_results(const struct whole *w)
{
    static const enum report_format formats[] = {REPORT_TABLE, REPORT_MARKDOWN,
                                                 REPORT_CSV, REPORT_JSON, REPORT_JUNIT};
    AUTO_BUF text = BUF_INIT;
    if (w->to_table)
        return; /* shown while it ran */
    report_format_results(w->results, formats[w->values->format], &w->cli->style,
                          &text);
    fwrite(buf_str(&text), 1, text.len, stdout);
}

static int gate(const struct whole *w, struct err *err)
{
    struct comparison comparison = {0};
    AUTO_BUF text = BUF_INIT;
    if (w->base == NULL)
        return 0;
    if (w->former)
        again_take_over(w->base, w->again);
    compare_results(w->base, w->results, &w->comparing, &comparison);
    comparison_format(&comparison, COMPARE_TABLE, w->cli->common.verbose, &text);
    comparison_format(&comparison, COMPARE_MARKDOWN, false, w->changes);
    fprintf(w->to_table ? stdout : stderr, "%s\n", text.data);
    int r = comparison_verdict(&comparison, err);
    comparison_free(&comparison);
    return r;
}

/* What the history has of this machine; one that cannot be read was told of before. */
static void read_trends(const struct whole *w, struct history *history,
                        struct report_trends *out)
{
    enum { RUNS_DRAWN = 200 };
    struct history_query query = {.machine_id = w->results->machine_id,
                                  .last = RUNS_DRAWN};
    struct err ignored = ERR_INIT;
    static const char *const metrics[] = {"virtual_ms", "wall_s"};
    for (size_t i = 0; i < 2 && history->series_count == 0; i++) {
        history_free(history);
        query.metric = metrics[i];
        if (history_read(w->values->history, &query, history, &ignored) != 0)
            return;
    }
    trend_lines(history, w->comparing.min_effect, out);
}

static int write_report(const struct whole *w, struct err *err)
{
    const char *dir = w->values->report != NULL ? w->values->report : "simbench-report";
    struct report_options how = {
        .no_plots = w->values->no_plots,
        .handout = w->values->handout,
        .changes = w->base != NULL ? buf_str(w->changes) : NULL,
    };
    struct history history = {0};
    struct report_trends trends = {0};
    if (w->values->history != NULL && !how.no_plots) {
        read_trends(w, &history, &trends);
        how.trends = &trends;
    }
    AUTO_BUF notice = BUF_INIT;
    int r = report_write(w->results, dir, &how, &notice, err);
    trend_lines_free(&trends);
    history_free(&history);
    if (notice.len != 0)
        print_warning(w->cli, notice.data);
    if (r == 0) {
        FILE *out = w->to_table ? stdout : stderr;
        fprintf(out, "report: %s/index.html\n", dir);
    }
    return r;
}

/* What follows a run: every part is tried, the first failure counts. */
static int conclude(const struct whole *w, int r, struct err *err)
{
    int (*const parts[])(const struct whole *, struct err *) = {save, keep_history,
                                                                gate, write_report};
    print_results(w);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct err why = ERR_INIT;
        int one = parts[i](w, &why);
        if (one == 0)
            continue;
        print_err(w->cli, &why);
        if (r == 0)
            r = err_set(err, one, "%s", "");
    }
    return r;
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct run_values *values = in->values;
    AUTO_BUF changes = BUF_INIT;
    struct whole w = {.cli = cli,
                      .values = values,
                      .changes = &changes,
                      .comparing = COMPARE_OPTIONS_INIT,
                      .to_table = values->format == 0};
    int r = load(&w, in, err);
    if (r == 0 && values->list) {
        r = list(&w);
    } else if (r == 0) {
        r = run_all(&w, err);
        if (w.results != NULL && r != ERR_CANCELLED)
            r = conclude(&w, r, err);
    }
    results_free(w.results);
    results_free(w.again);
    results_free(w.base);
    run_files_free(&w.files);
    return r;
}

const struct command bench_command_run = {
    .name = "run",
    .operands = "SCENARIO.lua...",
    .summary = "run scenarios, show tables, write a report folder",
    .details = "`simbench SCENARIO.lua` is short for `simbench run SCENARIO.lua`.",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct run_values),
    .least_operands = 1,
    .most_operands = COMMAND_MANY,
    .run = run,
};
