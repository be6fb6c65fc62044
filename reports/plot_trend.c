/* SPDX-License-Identifier: MIT */
/*
 * A metric over the runs of a history: a plot a machine and scenario, a line a build of
 * a variant, rings where a level changed. Wall times stand with their intervals.
 */
#include <math.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/plot_kinds.h"
#include "reports/text.h"
#include "sim/base/mem.h"

enum { MAX_LINES = 12, LEAST_RUNS = 2 };

struct chart {
    const struct report_trend *lines[MAX_LINES]; /* the largest last value first */
    size_t len, left_out;
    double least, most;
    long long first, last;
    bool changes, engines; /* engines: other than the built-in one */
    struct report_plot_unit unit;
};

static const struct {
    const char *metric, *what;
} metrics[] = {{"virtual_ms", "virtual time by run"},
               {"wall_s", "wall time by run"},
               {"steps_run", "steps run, by run"},
               {"steps_reused", "steps reused, by run"},
               {"new_bytes", "new layer bytes by run"},
               {"fetched_bytes", "bytes fetched, by run"}};

static const char *what_of(const char *metric)
{
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        if (strcmp(metrics[i].metric, metric) == 0)
            return metrics[i].what;
    return "figures by run";
}

static double last_of(const struct report_trend *t)
{
    return t->points[t->len - 1].value;
}

static void insert(struct chart *c, const struct report_trend *t)
{
    size_t at = c->len;
    while (at > 0 && last_of(c->lines[at - 1]) < last_of(t))
        at--;
    c->left_out += c->len == MAX_LINES;
    if (at == MAX_LINES)
        return;
    c->len += c->len < MAX_LINES;
    memmove(&c->lines[at + 1], &c->lines[at],
            (c->len - at - 1) * sizeof(struct report_trend *));
    c->lines[at] = t;
}

static struct report_plot_unit unit_of(const char *metric, double most)
{
    bool virtual = strcmp(metric, "virtual_ms") == 0;
    if (strstr(metric, "bytes") != NULL)
        return report_plot_bytes_unit(most);
    if (!virtual && strcmp(metric, "wall_s") != 0)
        return (struct report_plot_unit){"steps", "", 1};
    struct report_plot_unit unit =
        report_plot_time_unit(virtual ? most / 1e3 : most, virtual);
    unit.factor /= virtual ? 1e3 : 1;
    return unit;
}

static bool has_changes(const struct report_trend *t)
{
    bool any = false;
    for (size_t p = 0; p < t->len; p++)
        any |= t->points[p].changed;
    return any;
}

static void survey(struct chart *c)
{
    c->first = c->lines[0]->points[0].run;
    c->least = HUGE_VAL;
    for (size_t i = 0; i < c->len; i++) {
        const struct report_trend *t = c->lines[i];
        c->engines |= strcmp(t->engine, "builtin") != 0;
        c->first = t->points[0].run < c->first ? t->points[0].run : c->first;
        c->last =
            t->points[t->len - 1].run > c->last ? t->points[t->len - 1].run : c->last;
        c->changes |= has_changes(t);
        for (size_t p = 0; p < t->len; p++) {
            c->least = fmin(c->least, t->points[p].low);
            c->most = fmax(c->most, t->points[p].high);
        }
    }
    c->unit = unit_of(c->lines[0]->metric, c->most);
}

static void name_of(const struct chart *c, const struct report_trend *t,
                    struct buf *out)
{
    buf_adds(out, t->variant);
    if (c->engines)
        buf_addf(out, " (%s)", t->engine);
    buf_addf(out, ", %s", t->build);
    if (t->nth > 0)
        buf_addf(out, " (%u)", t->nth + 1);
}

static void line_data(const struct chart *c, const struct report_trend *t,
                      struct buf *out)
{
    for (size_t p = 0; p < t->len; p++)
        buf_addf(out, "%lld %.9g %.9g %.9g\n", t->points[p].run,
                 t->points[p].value * c->unit.factor, t->points[p].low * c->unit.factor,
                 t->points[p].high * c->unit.factor);
    buf_adds(out, "\n\n");
    for (size_t p = 0; p < t->len; p++) {
        if (!t->points[p].changed)
            continue;
        buf_addf(out, "%lld %.9g ", t->points[p].run,
                 t->points[p].value * c->unit.factor);
        buf_addf(out, isfinite(t->points[p].change) ? "%.6g\n" : "NaN\n",
                 t->points[p].change * 100);
    }
    buf_adds(out, has_changes(t) ? "" : "NaN NaN NaN\n");
}

static char *data(const struct chart *c)
{
    AUTO_BUF out = BUF_INIT;
    buf_adds(&out, "# ");
    report_plot_comment(c->lines[0]->scenario, &out);
    buf_addf(&out,
             "\n# %s, in %s; two blocks a line:\n"
             "# run, value, ends of its interval; then run, value, change in percent\n",
             c->lines[0]->metric, c->unit.name);
    for (size_t i = 0; i < c->len; i++) {
        AUTO_BUF name = BUF_INIT;
        name_of(c, c->lines[i], &name);
        buf_adds(&out, i > 0 ? "\n\n# " : "# ");
        report_plot_comment(buf_str(&name), &out);
        buf_addc(&out, '\n');
        line_data(c, c->lines[i], &out);
    }
    return buf_steal(&out);
}

static void settings(const struct chart *c, struct buf *out)
{
    enum { TICS = 10 };
    const char *metric = c->lines[0]->metric;
    double top = c->most * c->unit.factor;
    long long step = (c->last - c->first) / TICS + 1;
    buf_addf(out, "set ylabel \"%s%s\"\nset xlabel \"run\"\n", c->unit.name,
             strcmp(metric, "virtual_ms") == 0 ? ", virtual clock"
             : strcmp(metric, "wall_s") == 0   ? ", wall clock"
                                               : "");
    if (c->least > 0 && c->most > 30 * c->least)
        buf_addf(out, "set logscale y\nset yrange [%.6g:%.6g]\n",
                 c->least * c->unit.factor / 1.5, top * 2);
    else
        buf_addf(out, "set yrange [0:%.6g]\n", top > 0 ? top * 1.15 : 1.0);
    buf_addf(
        out,
        "set xrange [%.6g:%.6g]\nset xtics %lld, %lld nomirror scale 0 textcolor rgb "
        "\"black\"\nshown(c) = sprintf(\"%%+.1f%%%%\", c)\n",
        (double)c->first - 0.5, (double)c->last + 0.5, c->first, step);
}

/* A few names have a row of the key each. */
static unsigned key_columns(const struct chart *c)
{
    return c->len <= 3 ? REPORT_PLOT_COLUMNS - 16 : REPORT_PLOT_KEY;
}

/* Rings, each with what changed, from one block of the data. */
static void ring_command(size_t block, struct buf *out)
{
    buf_addf(
        out,
        ", \\\n  \"\" index %zu using 1:2 with points pointtype 6 pointsize 2.4 "
        "linewidth 1.5 linecolor rgb \"black\" notitle, \\\n  \"\" index %zu using "
        "1:2:(shown($3)) with labels offset 0,1.1 font \",12\" notitle",
        block, block);
}

static void command(const struct chart *c, const char *name, struct buf *out)
{
    static const unsigned types[] = {5, 7, 9, 11, 13, 4, 6};
    bool wall = strcmp(c->lines[0]->metric, "wall_s") == 0;
    buf_adds(out, "plot");
    for (size_t i = 0; i < c->len; i++) {
        AUTO_BUF title = BUF_INIT, quoted = BUF_INIT;
        const char *color = report_plot_color(i);
        name_of(c, c->lines[i], &title);
        report_plot_string(buf_str(&title), key_columns(c), &quoted);
        buf_addf(
            out,
            "%s \\\n  \"%s.dat\" index %zu using 1:2 with linespoints linecolor rgb "
            "\"%s\" linewidth 1.5 pointtype %u pointsize 0.7 title %s",
            i > 0 ? "," : "", name, 2 * i, color, types[i % 7], buf_str(&quoted));
        if (wall)
            buf_addf(
                out,
                ", \\\n  \"\" index %zu using 1:2:3:4 with yerrorbars linecolor rgb "
                "\"%s\" linewidth 0.7 pointtype 0 notitle",
                2 * i, color);
        if (has_changes(c->lines[i])) /* gnuplot 5.4 dies of labels at NaN only */
            ring_command(2 * i + 1, out);
    }
    if (c->changes)
        buf_adds(out,
                 ", \\\n  keyentry with points pointtype 6 pointsize 1.8 linewidth "
                 "1.5 linecolor rgb \"black\" title \"level changed\"");
}

static void draw(struct chart *c, size_t scenario, const char *name,
                 struct report_plots *out)
{
    AUTO_BUF subtitle = BUF_INIT, set = BUF_INIT, lines = BUF_INIT, gp = BUF_INIT;
    const struct report_trend *t = c->lines[0];
    survey(c);
    buf_addf(&subtitle, "%s to %s", t->from, t->to);
    if (t->machine[0] != '\0')
        buf_addf(&subtitle, ", machine %s", t->machine);
    if (strcmp(t->metric, "wall_s") == 0)
        buf_adds(&subtitle, "; medians with their 95% intervals");
    if (c->left_out > 0)
        buf_addf(&subtitle, "; the %zu largest of %zu", c->len, c->len + c->left_out);
    AUTO_FREE char *title = report_plot_title_of(t->scenario, what_of(t->metric));
    struct report_plot *plot = report_plots_add(out, scenario, name, title);
    settings(c, &set);
    command(c, plot->name, &lines);
    struct report_plot_text text = {.title = title,
                                    .subtitle = buf_str(&subtitle),
                                    .settings = buf_str(&set),
                                    .keys = c->len + c->changes,
                                    .key_columns = key_columns(c),
                                    .plot = buf_str(&lines)};
    report_plot_script(plot, &text, &gp);
    plot->gp = buf_steal(&gp);
    plot->dat = data(c);
}

static bool same_plot(const struct report_trend *a, const struct report_trend *b)
{
    return strcmp(a->machine, b->machine) == 0 &&
           strcmp(a->scenario, b->scenario) == 0 && strcmp(a->metric, b->metric) == 0;
}

static size_t scenario_called(const struct results *r, const char *name)
{
    for (size_t i = 0; r != NULL && i < r->scenario_count; i++)
        if (strcmp(report_str(r->scenarios[i].name), name) == 0)
            return i;
    return SIZE_MAX;
}

void report_plots_add_trends(const struct results *r,
                             const struct report_trends *trends,
                             struct report_plots *out)
{
    for (size_t first = 0, i = 0; first < trends->count; first = i) {
        struct chart c = {0};
        for (; i < trends->count && same_plot(&trends->items[first], &trends->items[i]);
             i++)
            if (trends->items[i].len >= LEAST_RUNS)
                insert(&c, &trends->items[i]);
        size_t scenario = scenario_called(r, trends->items[first].scenario);
        if (c.len == 0 || (r != NULL && scenario == SIZE_MAX))
            continue;
        AUTO_FREE char *wanted = xasprintf("%s trend %s", trends->items[first].scenario,
                                           trends->items[first].metric);
        AUTO_FREE char *name = report_plots_name(out, wanted);
        draw(&c, scenario, name, out);
    }
}
