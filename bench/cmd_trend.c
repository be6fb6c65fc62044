/* SPDX-License-Identifier: MIT */
/* simbench trend: a metric over the runs of a history file. */
#include <stdio.h>

#include "bench/cmd.h"
#include "bench/history.h"
#include "bench/measure_options.h"
#include "bench/trend.h"
#include "reports/plots.h"
#include "sim/base/buf.h"

struct trend_values {
    const char *history, *filter, *machine, *min_effect, *plots;
    unsigned last;
    int metric, format;
};

static const struct option_spec options[] = {
    {"history", 0, OPTION_TEXT, offsetof(struct trend_values, history), "FILE.db",
     "the file that run --history wrote (as the operand)", 0},
    {"metric", 0, OPTION_CHOICE, offsetof(struct trend_values, metric), METRIC_WORDS,
     "what is shown", 0},
    {"filter", 0, OPTION_TEXT, offsetof(struct trend_values, filter), "PATTERN",
     "only scenarios whose name matches (* ? [])", 0},
    {"machine", 0, OPTION_TEXT, offsetof(struct trend_values, machine), "ID",
     "only this machine", 0},
    {"last", 0, OPTION_NUMBER, offsetof(struct trend_values, last), "N",
     "the newest runs of each series (default: 200)", 1},
    {"min-effect", 0, OPTION_TEXT, offsetof(struct trend_values, min_effect), "PERCENT",
     "changes of wall time that matter (5%)", 0},
    {"format", 0, OPTION_CHOICE, offsetof(struct trend_values, format), TREND_WORDS,
     "how it is written", 0},
    {"plots", 0, OPTION_TEXT, offsetof(struct trend_values, plots), "DIR",
     "draw each scenario's series into this folder too", 0},
};

enum { LAST_DEFAULT = 200 };

static int read_history(const struct invocation *in, const struct trend_values *values,
                        struct history *out, struct err *err)
{
    static const char *const metrics[] = {"virtual_ms",   "wall_s",    "steps_run",
                                          "steps_reused", "new_bytes", "fetched_bytes"};
    const char *path = in->operand_count != 0 ? in->operands[0] : values->history;
    struct history_query query = {
        .metric = metrics[values->metric],
        .machine_id = values->machine,
        .scenario = values->filter,
        .last = values->last != 0 ? values->last : LAST_DEFAULT,
    };
    if (path == NULL) {
        err_set(err, ERR_INPUT, "no history file is named");
        return err_hint(err, "simbench trend FILE.db shows what simbench run --history "
                             "FILE.db wrote");
    }
    int r = history_read(path, &query, out, err);
    if (r == 0 && out->series_count == 0) {
        err_set(err, ERR_INPUT, "it holds no %s of what was asked for", query.metric);
        err_at(err, path, 0);
        r = err_hint(err, "--metric, --filter and --machine choose");
    }
    return r;
}

static int draw(const struct history *h, double min_effect, const char *dir,
                struct cli *cli, struct err *err)
{
    struct report_trends lines = {0};
    struct report_plots plots = {0};
    AUTO_BUF notice = BUF_INIT;
    trend_lines(h, min_effect, &lines);
    report_plots_add_trends(NULL, &lines, &plots);
    int r = report_write_plots(&plots, dir, &notice, err);
    size_t drawn = 0;
    for (size_t i = 0; i < plots.count; i++)
        drawn += plots.items[i].drawn;
    if (notice.len != 0)
        print_warning(cli, notice.data);
    if (r == 0 && plots.count == 0) {
        err_set(err, ERR_INPUT, "nothing to draw: every series has one run only");
        r = err_hint(err, "simbench run --history FILE.db adds a run");
    } else if (r == 0 && drawn < plots.count) {
        err_set(err, ERR_ENVIRONMENT, "%zu of %zu plots could not be drawn",
                plots.count - drawn, plots.count);
        r = ERR_ENVIRONMENT;
    }
    report_plots_free(&plots);
    trend_lines_free(&lines);
    return r;
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct trend_values *values = in->values;
    struct history history = {0};
    double min_effect = 0.05;
    int r = measure_percent("--min-effect", values->min_effect, &min_effect, err);
    if (r == 0)
        r = read_history(in, values, &history, err);
    if (r == 0) {
        AUTO_BUF out = BUF_INIT;
        trend_show(&history, min_effect, (enum trend_format)values->format,
                   cli->common.verbose, &out);
        fwrite(out.data, 1, out.len, stdout);
    }
    if (r == 0 && values->plots != NULL)
        r = draw(&history, min_effect, values->plots, cli, err);
    history_free(&history);
    return r;
}

const struct command bench_command_trend = {
    .name = "trend",
    .operands = "[FILE.db]",
    .summary = "a metric over the runs of a history file",
    .details =
        "Each machine has its own series. Counters and virtual time change where "
        "they differ from the run\nbefore; wall time where statistics say so. -v "
        "lists every value.",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct trend_values),
    .least_operands = 0,
    .most_operands = 1,
    .run = run,
};
