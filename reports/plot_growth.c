/* SPDX-License-Identifier: MIT */
/*
 * How the builds of a scan grow along one axis: points and the fitted power law on
 * logarithmic axes. A plot for each clock and for the bytes; where there are several
 * axes, at the last place on the others.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/growth.h"
#include "reports/plot_kinds.h"
#include "reports/text.h"
#include "sim/base/mem.h"

enum { MAX_SERIES = 12, MAX_TICS = 10, LEAST_RUNS = 3 };

/* What one plot shows; the largest at the last point comes first. */
struct chart {
    const struct result_scenario *s; /* the first point of the scan */
    size_t axis;
    enum report_metric metric;
    const struct report_growth *series[MAX_SERIES];
    size_t len, left_out;
    double low_x, high_x, low_y, high_y;
    struct report_plot_unit unit;
};

static const struct {
    const char *what, *word;
} metrics[METRICS] = {[METRIC_VIRTUAL] = {"virtual time", "virtual"},
                      [METRIC_WALL] = {"wall time", "wall"},
                      [METRIC_BYTES] = {"new layer bytes", "bytes"},
                      [METRIC_MEMORY] = {"memory", "memory"}};

static double last_of(const struct report_growth *g)
{
    return g->y[g->len - 1];
}

/* By size at the last point; of equal ones the earlier stays first. */
static void insert(struct chart *c, const struct report_growth *g)
{
    size_t at = c->len;
    while (at > 0 && last_of(c->series[at - 1]) < last_of(g))
        at--;
    c->left_out += c->len == MAX_SERIES;
    if (at == MAX_SERIES)
        return;
    c->len += c->len < MAX_SERIES;
    memmove(&c->series[at + 1], &c->series[at],
            (c->len - at - 1) * sizeof(struct report_growth *));
    c->series[at] = g;
}

/* The series of c's scan, axis and metric at the last place on the other axes. */
static void choose(struct chart *c, const struct report_growths *all)
{
    const char *place = NULL;
    for (size_t i = 0; i < all->count; i++)
        if (report_same_scan(all->items[i].first, c->s) &&
            all->items[i].axis == c->axis)
            place = all->items[i].place;
    for (size_t i = 0; place != NULL && i < all->count; i++) {
        const struct report_growth *g = &all->items[i];
        if (report_same_scan(g->first, c->s) && g->axis == c->axis &&
            g->metric == c->metric && strcmp(g->place, place) == 0)
            insert(c, g);
    }
}

/* Modelled figures that do not change with the axis make no picture; nor do single
 * measurements beside them. */
static bool is_worth(const struct chart *c)
{
    bool grows = false, repeated = false, modelled = false;
    for (size_t i = 0; i < c->len; i++) {
        const struct report_growth *g = c->series[i];
        const struct result_build *b = &g->first->variants[g->variant].builds[g->build];
        grows |= fabs(g->fit.exponent) > 0.0005;
        repeated |= b->wall.n >= LEAST_RUNS;
        modelled |= b->has_virtual;
    }
    return c->len > 0 && (c->metric == METRIC_WALL ? repeated || !modelled : grows);
}

static void survey(struct chart *c)
{
    c->low_x = c->low_y = HUGE_VAL;
    for (size_t i = 0; i < c->len; i++) {
        const struct report_growth *g = c->series[i];
        for (size_t p = 0; p < g->len; p++) {
            c->low_x = fmin(c->low_x, g->x[p]);
            c->high_x = fmax(c->high_x, g->x[p]);
            c->low_y = fmin(c->low_y, g->y[p]);
            c->high_y = fmax(c->high_y, g->y[p]);
        }
    }
    if (c->metric == METRIC_BYTES || c->metric == METRIC_MEMORY) {
        c->unit = report_plot_bytes_unit(c->high_y);
    } else {
        double per_second = c->metric == METRIC_VIRTUAL ? 1e3 : 1;
        c->unit =
            report_plot_time_unit(c->high_y / per_second, c->metric == METRIC_VIRTUAL);
        c->unit.factor /= per_second;
    }
}

static void name_of(const struct report_growth *g, struct buf *out)
{
    report_growth_variant(g, out);
    buf_addf(out, ", %s",
             report_str(g->first->variants[g->variant].builds[g->build].label));
}

static char *data(const struct chart *c)
{
    AUTO_BUF out = BUF_INIT;
    buf_adds(&out, "# ");
    report_plot_comment(report_str(c->s->scan), &out);
    buf_adds(&out, "\n# columns: ");
    report_plot_comment(report_str(c->s->point[c->axis].name), &out);
    buf_addf(&out, ", %s; a block a build", c->unit.name);
    for (size_t i = 0; i < c->len; i++) {
        const struct report_growth *g = c->series[i];
        AUTO_BUF name = BUF_INIT, exponent = BUF_INIT;
        name_of(g, &name);
        report_growth_exponent(g, true, &exponent);
        buf_adds(&out, i > 0 ? "\n\n# " : "\n# ");
        report_plot_comment(buf_str(&name), &out);
        buf_addf(&out, ": exponent %s\n", buf_str(&exponent));
        for (size_t p = 0; p < g->len; p++)
            buf_addf(&out, "%.9g %.9g\n", g->x[p], g->y[p] * c->unit.factor);
    }
    return buf_steal(&out);
}

/* A tic at each of the axis's values where they are few. */
static void axis_tics(const struct chart *c, struct buf *out)
{
    const struct report_growth *g = c->series[0];
    buf_adds(out, "set xtics nomirror scale 0 textcolor rgb \"black\"");
    for (size_t i = 0; g->len <= MAX_TICS && i < g->len; i++)
        buf_addf(out, "%s\"%.9g\" %.9g", i > 0 ? ", " : " (", g->x[i], g->x[i]);
    buf_adds(out, g->len <= MAX_TICS ? ")\n" : "\n");
}

/* The n-th of 1, 2, 5, 10, 20, …; n may be negative. */
static double round_number(int n)
{
    static const double times[] = {1, 2, 5};
    int power = n >= 0 ? n / 3 : -((2 - n) / 3);
    return times[n - 3 * power] * pow(10, power);
}

/* Tics at round numbers, from the one below all values to the one above; at powers of
 * ten only where they are many. */
static void value_tics(const struct chart *c, struct buf *out)
{
    double low_y = c->low_y * c->unit.factor, high_y = c->high_y * c->unit.factor;
    int low = 3 * (int)floor(log10(low_y)) + 2;
    while (round_number(low) > low_y * 1.000001)
        low--;
    int high = low + 1;
    while (round_number(high) < high_y * 1.02)
        high++;
    bool few = high - low < MAX_TICS;
    buf_addf(out,
             "set yrange [%.6g:%.6g]\nset ytics nomirror scale 0 textcolor rgb "
             "\"black\" (",
             round_number(low), round_number(high));
    const char *between = "";
    for (int n = low; n <= high; n++) {
        if (!few && n % 3 != 0)
            continue;
        buf_addf(out, "%s\"%.9g\" %.9g", between, round_number(n), round_number(n));
        between = ", ";
    }
    buf_adds(out, ")\n");
}

static void settings(const struct chart *c, struct buf *out)
{
    const char *clock = c->metric == METRIC_VIRTUAL ? ", virtual clock"
                        : c->metric == METRIC_WALL  ? ", wall clock"
                                                    : "";
    buf_addf(out,
             "set logscale xy\nset xrange [%.6g:%.6g]\n"
             "set ylabel \"%s%s\"\nset xlabel ",
             c->low_x / 1.25, c->high_x * 1.25, c->unit.name, clock);
    report_plot_string(report_str(c->s->point[c->axis].name), REPORT_PLOT_KEY, out);
    buf_adds(out, " noenhanced\n");
    axis_tics(c, out);
    value_tics(c, out);
}

/* Of an entry of the key: a few have a row each. */
static unsigned key_columns(const struct chart *c)
{
    return c->len <= 3 ? REPORT_PLOT_COLUMNS - 16 : REPORT_PLOT_KEY;
}

static void command(const struct chart *c, const char *name, struct buf *out)
{
    enum { TYPES = 7, EXPONENT = 8 };
    static const unsigned types[TYPES] = {5, 7, 9, 11, 13, 4, 6};
    buf_adds(out, "plot");
    for (size_t i = 0; i < c->len; i++) {
        const struct report_growth *g = c->series[i];
        AUTO_BUF title = BUF_INIT, key = BUF_INIT, quoted = BUF_INIT;
        name_of(g, &title);
        report_text_fit(buf_str(&title), key_columns(c) - EXPONENT, true, &key);
        buf_addf(&key, " ^%.2f", g->fit.exponent);
        report_plot_string(buf_str(&key), key_columns(c), &quoted);
        buf_addf(out,
                 "%s \\\n  %.9g*x**%.9g with lines linecolor rgb \"%s\" linewidth 1.5 "
                 "dashtype 2 notitle",
                 i > 0 ? "," : "", g->fit.factor * c->unit.factor, g->fit.exponent,
                 report_plot_color(i));
        buf_addf(out,
                 ", \\\n  \"%s.dat\" index %zu using 1:2 with points pointtype %u "
                 "pointsize 1.4 linecolor rgb \"%s\" title %s",
                 name, i, types[i % TYPES], report_plot_color(i), buf_str(&quoted));
    }
}

static void draw(struct chart *c, size_t index, const char *name,
                 struct report_plots *out)
{
    AUTO_BUF subtitle = BUF_INIT, what = BUF_INIT;
    AUTO_BUF set = BUF_INIT, plot_command = BUF_INIT, gp = BUF_INIT;
    const char *place = c->series[0]->place;
    survey(c);
    buf_addf(&what, "%s against ", metrics[c->metric].what);
    report_text_fit(report_str(c->s->point[c->axis].name), REPORT_PLOT_KEY, true,
                    &what);
    buf_adds(&subtitle,
             "logarithmic; lines: fitted power law, its exponent in the key");
    if (place[0] != '\0')
        buf_addf(&subtitle, "; at %s", place);
    if (c->left_out > 0)
        buf_addf(&subtitle, "; the %zu largest of %zu", c->len, c->len + c->left_out);
    AUTO_FREE char *file =
        xasprintf("%s-growth-%zu-%s", name, c->axis + 1, metrics[c->metric].word);
    AUTO_FREE char *title =
        report_plot_title_of(report_str(c->s->scan), buf_str(&what));
    struct report_plot *plot = report_plots_add(out, index, file, title);
    plot->of_scan = true;
    settings(c, &set);
    command(c, plot->name, &plot_command);
    struct report_plot_text text = {.title = title,
                                    .subtitle = buf_str(&subtitle),
                                    .settings = buf_str(&set),
                                    .keys = c->len,
                                    .key_columns = key_columns(c),
                                    .plot = buf_str(&plot_command)};
    report_plot_script(plot, &text, &gp);
    plot->gp = buf_steal(&gp);
    plot->dat = data(c);
}

void report_plot_growth(const struct report_growths *all,
                        const struct result_scenario *s, size_t index, const char *name,
                        struct report_plots *out)
{
    for (size_t axis = 0; axis < s->point_len; axis++)
        for (int m = 0; m < METRICS; m++) {
            struct chart c = {.s = s, .axis = axis, .metric = (enum report_metric)m};
            if (metrics[m].what == NULL)
                continue;
            choose(&c, all);
            if (is_worth(&c))
                draw(&c, index, name, out);
        }
}
