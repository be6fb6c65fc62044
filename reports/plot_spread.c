/* SPDX-License-Identifier: MIT */
/*
 * How measured times spread: every run a dot, the median a line, its interval a box.
 * Only where some build was measured at least three times; below that there is nothing
 * to see but the figures.
 */
#include <math.h>

#include "reports/figures.h"
#include "reports/plot_kinds.h"
#include "reports/report.h"
#include "sim/base/mem.h"

enum { LEAST_RUNS = 3, DOT_PLACES = 7 };

struct spread {
    const struct result_scenario *s;
    struct report_grid grid;
    double least_s, most_s;
    size_t most_runs;
    bool intervals; /* of 95%, everywhere */
    double width;   /* of a variant's place */
};

static void survey(struct spread *p)
{
    p->intervals = true;
    p->least_s = HUGE_VAL;
    for (size_t i = 0; i < p->grid.row_count * p->grid.column_count; i++) {
        const struct result_build *b = p->grid.cells[i];
        if (b == NULL || b->error != NULL || b->wall.n == 0)
            continue;
        double low, high;
        p->intervals &= report_median_interval(&b->wall, &low, &high);
        p->least_s = fmin(p->least_s, b->wall.min);
        p->most_s = fmax(p->most_s, b->wall.max);
        p->most_runs = b->wall.n > p->most_runs ? b->wall.n : p->most_runs;
    }
    p->width = 0.8 / (double)(p->grid.column_count > 0 ? p->grid.column_count : 1);
}

static double place(const struct spread *p, size_t row, size_t column)
{
    return (double)row +
           ((double)column - ((double)p->grid.column_count - 1) / 2) * p->width;
}

static const struct result_build *measured(const struct spread *p, size_t row,
                                           size_t column)
{
    const struct result_build *b = report_grid_cell(&p->grid, row, column);
    return b != NULL && b->error == NULL && b->wall.n > 0 ? b : NULL;
}

/* Dots stand beside each other in turn, so that equal times are told apart. */
static void dots(const struct spread *p, size_t v, struct buf *out)
{
    bool any = false;
    for (size_t row = 0; row < p->grid.row_count; row++) {
        const struct result_build *b = measured(p, row, v);
        for (size_t i = 0; b != NULL && i < b->wall.n; i++) {
            double aside = ((double)(i * 3 % DOT_PLACES) - (DOT_PLACES - 1) / 2.0) /
                           DOT_PLACES * p->width * 0.7;
            buf_addf(out, "%.6g %.9g\n", place(p, row, v) + aside, b->wall.samples[i]);
            any = true;
        }
    }
    buf_adds(out, any ? "" : "NaN NaN\n");
}

static void medians(const struct spread *p, size_t v, struct buf *out)
{
    bool any = false;
    for (size_t row = 0; row < p->grid.row_count; row++) {
        const struct result_build *b = measured(p, row, v);
        double low, high;
        if (b == NULL)
            continue;
        report_median_interval(&b->wall, &low, &high);
        buf_addf(out, "%.6g %.9g %.9g %.9g\n", place(p, row, v), b->wall.median, low,
                 high);
        any = true;
    }
    buf_adds(out, any ? "" : "NaN NaN NaN NaN\n");
}

static char *data(const struct spread *p)
{
    AUTO_BUF out = BUF_INIT;
    buf_adds(&out, "# ");
    report_plot_comment(p->s->name, &out);
    buf_adds(&out,
             "\n# seconds on the wall clock; two blocks a variant:\n"
             "# place, time of a run; then place, median, ends of its interval\n");
    for (size_t v = 0; v < p->grid.column_count; v++) {
        AUTO_BUF title = BUF_INIT;
        report_variant_title(p->s, &p->s->variants[v], &title);
        buf_adds(&out, v > 0 ? "\n\n# " : "# ");
        report_plot_comment(buf_str(&title), &out);
        buf_addc(&out, '\n');
        dots(p, v, &out);
        buf_adds(&out, "\n\n");
        medians(p, v, &out);
    }
    return buf_steal(&out);
}

static void command(const struct spread *p, const char *name, struct buf *out)
{
    double half = p->width * 0.42;
    buf_adds(out, "plot");
    for (size_t v = 0; v < p->grid.column_count; v++) {
        AUTO_BUF title = BUF_INIT, quoted = BUF_INIT;
        const char *color = report_plot_color(v);
        report_variant_title(p->s, &p->s->variants[v], &title);
        report_plot_string(buf_str(&title), REPORT_PLOT_KEY, &quoted);
        buf_addf(out,
                 "%s \\\n  \"%s.dat\" index %zu using 1:(unit*$2):($1-%.4g):($1+%.4g):"
                 "(unit*$3):(unit*$4) with boxxyerror fillcolor rgb \"%s\" title %s",
                 v > 0 ? "," : "", name, 2 * v + 1, half, half, color,
                 buf_str(&quoted));
        buf_addf(out,
                 ", \\\n  \"\" index %zu using 1:(unit*$2) with points pointtype 7 "
                 "pointsize 0.45 linecolor rgb \"#202020\" notitle",
                 2 * v);
        buf_addf(out,
                 ", \\\n  \"\" index %zu using ($1-%.4g):(unit*$2):(%.4g):(0) with "
                 "vectors nohead linewidth 3 linecolor rgb \"black\" notitle",
                 2 * v + 1, half, 2 * half);
    }
}

void report_plot_spread(const struct result_scenario *s, size_t index, const char *name,
                        struct report_plots *out)
{
    struct spread p = {.s = s};
    report_grid_init(s, &p.grid);
    survey(&p);
    if (p.most_runs >= LEAST_RUNS && p.least_s > 0) {
        AUTO_FREE char *file = xasprintf("%s-spread", name);
        AUTO_FREE char *title = report_plot_title(s, "spread of measured times");
        AUTO_FREE char *subtitle = xasprintf(
            "wall clock: a dot a run (%zu), line: median, box: %s", p.most_runs,
            p.intervals ? "its 95% interval"
                        : "fastest to slowest, or 95% interval from 6 runs");
        struct report_plot *plot = report_plots_add(out, index, file, title);
        AUTO_BUF set = BUF_INIT, draw = BUF_INIT, gp = BUF_INIT;
        struct report_plot_unit unit = report_plot_time_unit(p.most_s, false);
        bool logarithmic = p.most_s > 30 * p.least_s;
        buf_addf(&set, "unit = %g\nset ylabel \"%s, wall clock\"\n", unit.factor,
                 unit.name);
        if (logarithmic)
            buf_addf(&set, "set logscale y\nset yrange [%.6g:%.6g]\n",
                     p.least_s * unit.factor / 1.5, p.most_s * unit.factor * 1.5);
        else
            buf_addf(&set, "set yrange [0:%.6g]\n", p.most_s * unit.factor * 1.08);
        buf_addf(&set,
                 "set xrange [-0.6:%zu.6]\n"
                 "set style fill solid 0.45 border linecolor rgb \"#606060\"\n",
                 p.grid.row_count - 1);
        report_plot_tics(p.grid.labels, p.grid.row_count, &set);
        command(&p, plot->name, &draw);
        struct report_plot_text text = {.title = title,
                                        .subtitle = subtitle,
                                        .settings = buf_str(&set),
                                        .keys = p.grid.column_count,
                                        .key_columns = report_plot_key_columns(s),
                                        .plot = buf_str(&draw)};
        report_plot_script(plot, &text, &gp);
        plot->gp = buf_steal(&gp);
        plot->dat = data(&p);
    }
    report_grid_free(&p.grid);
}
