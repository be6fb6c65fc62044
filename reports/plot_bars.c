/* SPDX-License-Identifier: MIT */
/*
 * First build against each rebuild: a group of bars a build, a colour a variant.
 * Virtual seconds where every build has them; else medians of the wall clock with
 * whiskers from the fastest to the slowest run. The clocks are never mixed in one plot.
 */
#include <math.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/plot_kinds.h"
#include "reports/report.h"
#include "sim/base/mem.h"

struct bars {
    const struct result_scenario *s;
    struct report_grid grid;
    bool virtual, repeated;
    bool measured_only; /* engines on both clocks: those without a model */
    double max_s;
    size_t bar_count;
    struct report_plot_unit unit;
};

/* A failed build has no time to compare. */
static bool has_bar(const struct bars *b, const struct result_build *build)
{
    if (build == NULL || build->error != NULL ||
        (b->measured_only && build->has_virtual))
        return false;
    return b->virtual || build->wall.n > 0;
}

static void survey(struct bars *b)
{
    b->virtual = true;
    for (size_t i = 0; i < b->grid.row_count * b->grid.column_count; i++) {
        const struct result_build *build = b->grid.cells[i];
        if (build == NULL || build->error != NULL)
            continue;
        b->bar_count++;
        b->virtual &= build->has_virtual;
        b->measured_only |= build->has_virtual;
        b->repeated |= build->wall.n > 1;
    }
    b->measured_only &= !b->virtual;
    for (size_t i = 0; i < b->grid.row_count * b->grid.column_count; i++) {
        const struct result_build *build = b->grid.cells[i];
        if (has_bar(b, build))
            b->max_s = fmax(b->max_s, b->virtual ? (double)build->virtual_ms / 1000
                                                 : build->wall.max);
    }
    b->unit = report_plot_time_unit(b->max_s, b->virtual);
}

static void figure(const struct bars *b, double seconds, struct buf *out)
{
    buf_addf(out, " %.9g", seconds * b->unit.factor);
}

static char *data(const struct bars *b)
{
    AUTO_BUF out = BUF_INIT;
    buf_adds(&out, "# ");
    report_plot_comment(b->s->name, &out);
    buf_addf(&out, "\n# %s on the %s clock; one row a build\n# columns: row",
             b->unit.name, b->virtual ? "virtual" : "wall");
    for (size_t v = 0; v < b->grid.column_count; v++) {
        AUTO_BUF title = BUF_INIT;
        report_variant_title(b->s, &b->s->variants[v], &title);
        buf_adds(&out, ", ");
        report_plot_comment(buf_str(&title), &out);
        buf_adds(&out, b->virtual ? "" : " median, min, max");
    }
    for (size_t row = 0; row < b->grid.row_count; row++) {
        buf_addf(&out, "\n# ");
        report_plot_comment(b->grid.labels[row], &out);
        buf_addf(&out, "\n%zu", row);
        for (size_t v = 0; v < b->grid.column_count; v++) {
            const struct result_build *build = report_grid_cell(&b->grid, row, v);
            if (!has_bar(b, build)) {
                buf_adds(&out, b->virtual ? " NaN" : " NaN NaN NaN");
            } else if (b->virtual) {
                figure(b, (double)build->virtual_ms / 1000, &out);
            } else {
                figure(b, build->wall.median, &out);
                figure(b, build->wall.min, &out);
                figure(b, build->wall.max, &out);
            }
        }
    }
    buf_addc(&out, '\n');
    return buf_steal(&out);
}

static void settings(const struct bars *b, struct buf *out)
{
    double top = b->max_s * b->unit.factor;
    buf_addf(out, "set ylabel \"%s, %s clock\"\n", b->unit.name,
             b->virtual ? "virtual" : "wall");
    buf_addf(out, "set yrange [0:%.6g]\n", top > 0 ? top * 1.12 : 1.0);
    buf_addf(out, "set xrange [-0.6:%zu.6]\n",
             b->grid.row_count > 0 ? b->grid.row_count - 1 : 0);
    double width = 0.8 / (double)b->grid.column_count;
    buf_addf(out, "set boxwidth %.6g\n", width * 0.94);
    report_plot_tics(b->grid.labels, b->grid.row_count, out);
    buf_adds(out, b->virtual
                      ? "shown(y) = sprintf(\"%.1f\", y)\n"
                      : "shown(y) = sprintf(y < 9.95 ? \"%.2f\" : \"%.1f\", y)\n");
}

/* Whether a figure fits above each bar. */
static bool has_room(const struct bars *b)
{
    double groups = (double)b->grid.row_count + 0.2;
    double columns = 0.8 * REPORT_PLOT_COLUMNS / groups / (double)b->grid.column_count;
    return columns >= (b->max_s * b->unit.factor < 99.95 ? 4 : 6);
}

/* The plot command: boxes of each variant, whiskers, figures above. */
static void command(const struct bars *b, const char *name, struct buf *out)
{
    size_t n = b->grid.column_count, each = b->virtual ? 1 : 3;
    double width = 0.8 / (double)n;
    buf_adds(out, "plot");
    for (size_t v = 0; v < n; v++) {
        AUTO_BUF title = BUF_INIT, quoted = BUF_INIT;
        double off = ((double)v - ((double)n - 1) / 2) * width;
        size_t column = 2 + v * each;
        report_variant_title(b->s, &b->s->variants[v], &title);
        report_plot_string(buf_str(&title), REPORT_PLOT_KEY, &quoted);
        buf_addf(out,
                 "%s \\\n  \"%s.dat\" using ($1%+.6g):%zu with boxes "
                 "linecolor rgb \"%s\"%s title %s",
                 v > 0 ? "," : "", name, off, column, report_plot_color(v),
                 report_plot_fill(v), buf_str(&quoted));
        bool whiskers = !b->virtual && b->repeated;
        if (whiskers)
            buf_addf(out,
                     ", \\\n  \"\" using ($1%+.6g):%zu:(0):($%zu-$%zu) with vectors "
                     "heads size screen 0.006,90 linecolor rgb \"#303030\" notitle",
                     off, column + 1, column + 2, column + 1);
        if (has_room(b))
            buf_addf(out,
                     ", \\\n  \"\" using ($1%+.6g):%zu:(shown($%zu)) with labels "
                     "offset 0,0.6 font \",12\" notitle",
                     off, whiskers ? column + 2 : column, column);
    }
}

void report_plot_bars(const struct result_scenario *s, size_t index, const char *name,
                      struct report_plots *out)
{
    struct bars b = {.s = s};
    report_grid_init(s, &b.grid);
    survey(&b);
    if (b.bar_count > 0) {
        AUTO_FREE char *file = xasprintf("%s-builds", name);
        AUTO_FREE char *title = report_plot_title(s, "first build and rebuilds");
        struct report_plot *plot = report_plots_add(out, index, file, title);
        AUTO_BUF set = BUF_INIT, draw = BUF_INIT, gp = BUF_INIT;
        settings(&b, &set);
        command(&b, plot->name, &draw);
        struct report_plot_text text = {
            .title = title,
            .subtitle =
                b.virtual ? "time by the command models (virtual clock), exact"
                : b.repeated
                    ? "measured time (wall clock): median, fastest and slowest run"
                    : "measured time (wall clock), one run",
            .settings = buf_str(&set),
            .keys = b.grid.column_count,
            .key_columns = report_plot_key_columns(s),
            .plot = buf_str(&draw)};
        report_plot_script(plot, &text, &gp);
        plot->gp = buf_steal(&gp);
        plot->dat = data(&b);
    }
    report_grid_free(&b.grid);
}
