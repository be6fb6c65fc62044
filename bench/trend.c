/* SPDX-License-Identifier: MIT */
/* Series and their changes as text. Machines are never mixed: each has its series. */
#include "bench/trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/json_text.h"
#include "bench/stats.h"
#include "reports/report.h"
#include "sim/base/mem.h"

enum { COMMIT_SHOWN = 10, TIME_SIZE = 32 };

size_t trend_changes(const struct history_series *series, double min_effect,
                     size_t **out)
{
    size_t n = 0;
    *out = xcalloc(series->len + 1, sizeof **out);
    if (strcmp(series->metric, "wall_s") == 0) {
        AUTO_FREE double *values = xcalloc(series->len + 1, sizeof *values);
        for (size_t i = 0; i < series->len; i++)
            values[i] = series->points[i].value;
        return stats_changes(values, series->len, min_effect, *out, series->len);
    }
    for (size_t i = 1; i < series->len; i++)
        if (series->points[i].value != series->points[i - 1].value)
            (*out)[n++] = i;
    return n;
}

/* The value a level has: the median of its points. It ends where the next begins. */
static double level(const struct history_series *s, const size_t *changes, size_t count,
                    size_t which)
{
    size_t from = which == 0 ? 0 : changes[which - 1];
    size_t to = which < count ? changes[which] : s->len;
    AUTO_FREE double *values = xcalloc(to - from + 1, sizeof *values);
    for (size_t i = from; i < to; i++)
        values[i - from] = s->points[i].value;
    return samples_median(values, to - from);
}

static void format_time(int64_t seconds, char out[TIME_SIZE])
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL ||
        strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(out, TIME_SIZE, "1970-01-01T00:00:00Z");
}

static void add_place(const struct history_series *s, struct buf *out)
{
    buf_addf(out, "%s / %s", s->scenario, s->variant);
    if (strcmp(s->engine, "builtin") != 0)
        buf_addf(out, " on %s", s->engine);
    if (strcmp(s->exec, "model") != 0 && s->exec[0] != '\0')
        buf_addf(out, " (%s)", s->exec);
    buf_addf(out, " / %s", s->build);
    if (s->nth != 0)
        buf_addf(out, " (%u)", s->nth + 1);
}

/* "run 7, 2026-11-23T07:10:00Z, commit 35937b9, simbench 0.1.0". */
static void add_run(const struct history *h, size_t at, struct buf *out)
{
    const struct history_run *run = &h->runs[at];
    char time[TIME_SIZE];
    format_time(run->started_s, time);
    buf_addf(out, "run %lld, %s", (long long)run->id, time);
    if (run->commit != NULL)
        buf_addf(out, ", commit %.*s", COMMIT_SHOWN, run->commit);
    if (run->version != NULL)
        buf_addf(out, ", simbench %s", run->version);
}

/* "45.1 s -> 57.2 s (+26.8%)". */
static void add_change(const char *metric, double from, double to, struct buf *out)
{
    report_figure(metric, from, out);
    buf_adds(out, " -> ");
    report_figure(metric, to, out);
    if (from > 0)
        buf_addf(out, " (%+.1f%%)", (to / from - 1) * 100);
}

/* ---- lines of plots ---------------------------------------------------------------
 */

/* "2026-11-23"; the caller frees. */
static char *day_of(const struct history *h, const struct history_point *p)
{
    char time[TIME_SIZE];
    format_time(h->runs[p->run].started_s, time);
    return xstrndup(time, strlen("2026-11-23"));
}

static void mark_changes(const struct history_series *s, double min_effect,
                         struct report_trend_point *points)
{
    AUTO_FREE size_t *changes = NULL;
    size_t count = trend_changes(s, min_effect, &changes);
    for (size_t i = 0; i < count; i++) {
        double from = level(s, changes, count, i), to = level(s, changes, count, i + 1);
        points[changes[i]].changed = true;
        points[changes[i]].change = from > 0 ? to / from - 1 : NAN;
    }
}

void trend_lines(const struct history *h, double min_effect, struct report_trends *out)
{
    out->items = xcalloc(h->series_count + 1, sizeof *out->items);
    out->count = h->series_count;
    for (size_t i = 0; i < h->series_count; i++) {
        const struct history_series *s = &h->series[i];
        struct report_trend *t = &out->items[i];
        *t = (struct report_trend){.machine = s->machine_id,
                                   .scenario = s->scenario,
                                   .variant = s->variant,
                                   .engine = s->engine,
                                   .exec = s->exec,
                                   .build = s->build,
                                   .nth = s->nth,
                                   .metric = s->metric,
                                   .from = day_of(h, &s->points[0]),
                                   .to = day_of(h, &s->points[s->len - 1]),
                                   .points = xcalloc(s->len, sizeof *t->points),
                                   .len = s->len};
        for (size_t p = 0; p < s->len; p++)
            t->points[p] =
                (struct report_trend_point){.run = h->runs[s->points[p].run].id,
                                            .value = s->points[p].value,
                                            .low = s->points[p].low,
                                            .high = s->points[p].high};
        mark_changes(s, min_effect, t->points);
    }
}

void trend_lines_free(struct report_trends *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i].from);
        free(lines->items[i].to);
        free(lines->items[i].points);
    }
    free(lines->items);
    *lines = (struct report_trends){0};
}

/* ---- table and Markdown ---------------------------------------------------------- */

struct listing {
    const struct history *h;
    double min_effect;
    bool markdown, all;
    struct buf *out;
};

static void add_line(const struct listing *l, const char *text)
{
    if (l->markdown) {
        buf_adds(l->out, "* ");
        report_escape_markdown(text, l->out);
    } else {
        buf_adds(l->out, "  ");
        report_escape_terminal(text, l->out);
    }
    buf_addc(l->out, '\n');
}

static void list_values(const struct listing *l, const struct history_series *s)
{
    for (size_t i = 0; i < s->len; i++) {
        const struct history_point *p = &s->points[i];
        AUTO_BUF text = BUF_INIT;
        add_run(l->h, p->run, &text);
        buf_adds(&text, ": ");
        report_figure(s->metric, p->value, &text);
        if (p->samples > 1)
            buf_addf(&text, " (%zu samples)", p->samples);
        add_line(l, buf_str(&text));
    }
}

static void list_series(const struct listing *l, const struct history_series *s)
{
    AUTO_FREE size_t *changes = NULL;
    size_t count = trend_changes(s, l->min_effect, &changes);
    AUTO_BUF head = BUF_INIT;
    add_place(s, &head);
    buf_addf(&head, ", %s: %zu runs, ", s->metric, s->len);
    report_figure(s->metric, s->points[0].value, &head);
    buf_adds(&head, " first, ");
    report_figure(s->metric, s->points[s->len - 1].value, &head);
    buf_addf(&head, " last, %zu change%s", count, count == 1 ? "" : "s");
    if (l->markdown) {
        buf_adds(l->out, "\n**");
        report_escape_markdown(buf_str(&head), l->out);
        buf_adds(l->out, "**\n\n");
    } else {
        report_escape_terminal(buf_str(&head), l->out);
        buf_addc(l->out, '\n');
    }
    if (l->all)
        list_values(l, s);
    for (size_t i = 0; i < count; i++) {
        AUTO_BUF text = BUF_INIT;
        buf_adds(&text, "changed at ");
        add_run(l->h, s->points[changes[i]].run, &text);
        buf_adds(&text, ": ");
        add_change(s->metric, level(s, changes, count, i),
                   level(s, changes, count, i + 1), &text);
        add_line(l, buf_str(&text));
    }
}

static void list_machine(const struct listing *l, const struct history_series *s)
{
    AUTO_BUF text = BUF_INIT;
    buf_addf(&text, "machine %s: %s", s->machine_id[0] != '\0' ? s->machine_id : "?",
             s->machine[0] != '\0' ? s->machine : "not known");
    if (l->markdown) {
        buf_adds(l->out, l->out->len != 0 ? "\n### " : "### ");
        report_escape_markdown(buf_str(&text), l->out);
    } else {
        buf_adds(l->out, l->out->len != 0 ? "\n" : "");
        report_escape_terminal(buf_str(&text), l->out);
    }
    buf_addc(l->out, '\n');
}

static void show_list(const struct listing *l)
{
    const char *machine = NULL;
    for (size_t i = 0; i < l->h->series_count; i++) {
        const struct history_series *s = &l->h->series[i];
        if (machine == NULL || strcmp(machine, s->machine_id) != 0)
            list_machine(l, s);
        machine = s->machine_id;
        list_series(l, s);
    }
}

/* ---- CSV and JSON ---------------------------------------------------------------- */

/* Numbers in full: counts and milliseconds are whole, times have nine digits. */
static void add_number(double value, struct buf *out)
{
    if (value == (double)(uint64_t)value)
        buf_addf(out, "%.0f", value);
    else
        buf_addf(out, "%.9g", value);
}

static void csv_point(const struct history *h, const struct history_series *s, size_t i,
                      bool changed, struct buf *out)
{
    const struct history_point *p = &s->points[i];
    const struct history_run *run = &h->runs[p->run];
    const char *const texts[] = {s->machine_id, s->scenario, s->variant, s->engine,
                                 s->exec,       s->build,    s->metric,  run->commit};
    char time[TIME_SIZE];
    format_time(run->started_s, time);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        report_escape_csv(texts[t] != NULL ? texts[t] : "", out);
        buf_addc(out, ',');
    }
    buf_addf(out, "%u,%lld,%s,", s->nth, (long long)run->id, time);
    add_number(p->value, out);
    buf_addf(out, ",%zu,%d\r\n", p->samples, changed);
}

static void show_csv(const struct history *h, double min_effect, struct buf *out)
{
    buf_adds(out, "machine,scenario,variant,engine,exec,build,metric,commit,nth,run,"
                  "started,value,samples,changed\r\n");
    for (size_t i = 0; i < h->series_count; i++) {
        const struct history_series *s = &h->series[i];
        AUTO_FREE size_t *changes = NULL;
        size_t count = trend_changes(s, min_effect, &changes), next = 0;
        for (size_t p = 0; p < s->len; p++) {
            bool changed = next < count && changes[next] == p;
            next += changed;
            csv_point(h, s, p, changed, out);
        }
    }
}

static void json_member(const char *name, const char *value, struct buf *out)
{
    buf_addf(out, "\"%s\":", name);
    json_text_string(out, value);
    buf_addc(out, ',');
}

static void json_point(const struct history *h, const struct history_point *p,
                       struct buf *out)
{
    const struct history_run *run = &h->runs[p->run];
    char time[TIME_SIZE];
    format_time(run->started_s, time);
    buf_addf(out, "{\"run\":%lld,\"started\":\"%s\",", (long long)run->id, time);
    json_member("version", run->version, out);
    json_member("commit", run->commit, out);
    buf_adds(out, "\"value\":");
    add_number(p->value, out);
    buf_adds(out, ",\"interval\":[");
    add_number(p->low, out);
    buf_addc(out, ',');
    add_number(p->high, out);
    buf_addf(out, "],\"samples\":%zu}", p->samples);
}

static void json_series(const struct history *h, const struct history_series *s,
                        double min_effect, struct buf *out)
{
    AUTO_FREE size_t *changes = NULL;
    size_t count = trend_changes(s, min_effect, &changes);
    buf_addc(out, '{');
    json_member("machine", s->machine_id, out);
    json_member("scenario", s->scenario, out);
    json_member("variant", s->variant, out);
    json_member("engine", s->engine, out);
    json_member("exec", s->exec, out);
    json_member("build", s->build, out);
    buf_addf(out, "\"nth\":%u,", s->nth);
    json_member("metric", s->metric, out);
    buf_adds(out, "\"points\":[");
    for (size_t i = 0; i < s->len; i++) {
        buf_adds(out, i != 0 ? ",\n  " : "\n  ");
        json_point(h, &s->points[i], out);
    }
    buf_adds(out, "],\"changes\":[");
    for (size_t i = 0; i < count; i++) {
        buf_addf(out, "%s{\"run\":%lld,\"from\":", i != 0 ? "," : "",
                 (long long)h->runs[s->points[changes[i]].run].id);
        add_number(level(s, changes, count, i), out);
        buf_adds(out, ",\"to\":");
        add_number(level(s, changes, count, i + 1), out);
        buf_addc(out, '}');
    }
    buf_adds(out, "]}");
}

static void show_json(const struct history *h, double min_effect, struct buf *out)
{
    buf_adds(out, "{\"schema\":\"simbench.trend/1\",\"series\":[");
    for (size_t i = 0; i < h->series_count; i++) {
        buf_adds(out, i != 0 ? ",\n" : "\n");
        json_series(h, &h->series[i], min_effect, out);
    }
    buf_adds(out, "]}\n");
}

void trend_show(const struct history *h, double min_effect, enum trend_format format,
                bool all, struct buf *out)
{
    struct listing l = {h, min_effect, format == TREND_MARKDOWN, all, out};
    switch (format) {
    case TREND_TABLE:
    case TREND_MARKDOWN:
        show_list(&l);
        break;
    case TREND_CSV:
        show_csv(h, min_effect, out);
        break;
    case TREND_JSON:
        show_json(h, min_effect, out);
        break;
    }
}
