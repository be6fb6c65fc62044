/* SPDX-License-Identifier: MIT */
/* The growth table of scans: least squares on logarithms. */
#include "bench/growth.h"

#include <string.h>

#include "bench/columns.h"
#include "bench/stats.h"
#include "sim/base/mem.h"

enum { METRICS = 4 };
static const char *const metric_names[METRICS] = {"virtual_ms", "wall_s", "steps_run",
                                                  "new_bytes"};

static double metric_of(const struct result_build *b, size_t metric)
{
    const double values[METRICS] = {
        b->has_virtual ? (double)b->virtual_ms : 0,
        b->wall.n != 0 ? b->wall.median : 0,
        (double)b->ran,
        (double)b->new_bytes,
    };
    return values[metric];
}

/* Whether b differs from a, a point of the same scan, on this axis at most. */
static bool same_but(const struct result_scenario *a, const struct result_scenario *b,
                     size_t axis)
{
    if (b->scan == NULL || strcmp(a->scan, b->scan) != 0 ||
        strcmp(a->file, b->file) != 0 || a->point_len != b->point_len)
        return false;
    for (size_t i = 0; i < a->point_len; i++)
        if (i != axis && (a->point[i].value < b->point[i].value ||
                          a->point[i].value > b->point[i].value))
            return false;
    return true;
}

/* The scenarios along one axis, from the first of them. */
struct line {
    const struct result_scenario **points;
    size_t len, axis;
};

/* "layers=5"; "" with one axis. */
static void add_place(const struct line *l, struct buf *out)
{
    const struct result_scenario *s = l->points[0];
    for (size_t i = 0; i < s->point_len; i++)
        if (i != l->axis)
            buf_addf(out, "%s%s=%.9g", out->len != 0 ? ", " : "", s->point[i].name,
                     s->point[i].value);
}

static void add_row(struct columns *t, const struct line *l, size_t variant,
                    size_t build, size_t metric)
{
    AUTO_FREE double *x = xcalloc(l->len, sizeof *x);
    AUTO_FREE double *y = xcalloc(l->len, sizeof *y);
    const struct result_variant *first = &l->points[0]->variants[variant];
    for (size_t i = 0; i < l->len; i++) {
        const struct result_scenario *s = l->points[i];
        if (variant >= s->variant_count || build >= s->variants[variant].build_count ||
            s->variants[variant].builds[build].error != NULL)
            return;
        x[i] = s->point[l->axis].value;
        y[i] = metric_of(&s->variants[variant].builds[build], metric);
    }
    struct growth g;
    if (!stats_growth(x, y, l->len, &g))
        return;
    AUTO_BUF place = BUF_INIT;
    AUTO_BUF who = BUF_INIT;
    AUTO_BUF exponent = BUF_INIT;
    add_place(l, &place);
    buf_addf(&who, "%s%s%s", first->name,
             strcmp(first->engine, "builtin") != 0 ? " on " : "",
             strcmp(first->engine, "builtin") != 0 ? first->engine : "");
    buf_addf(&exponent, "%.3f", g.exponent);
    if (l->len > 2) /* two points always fit */
        buf_addf(&exponent, " +- %.3f", g.error);
    columns_add(t, l->points[0]->point[l->axis].name);
    columns_add(t, buf_str(&place));
    columns_add(t, buf_str(&who));
    columns_add(t, first->builds[build].label);
    columns_add(t, metric_names[metric]);
    columns_add_count(t, l->len);
    columns_add(t, exponent.data);
}

static void add_line(struct columns *t, const struct line *l)
{
    for (size_t v = 0; v < l->points[0]->variant_count; v++)
        for (size_t b = 0; b < l->points[0]->variants[v].build_count; b++)
            for (size_t m = 0; m < METRICS; m++)
                add_row(t, l, v, b, m);
}

/* Lines that begin at scenario `at`: it is the first that same_but finds. */
static void add_lines(struct columns *t, const struct result_scenario *scenarios,
                      size_t count, size_t at)
{
    const struct result_scenario *s = &scenarios[at];
    AUTO_FREE const struct result_scenario **points = xcalloc(count, sizeof *points);
    for (size_t axis = 0; axis < s->point_len; axis++) {
        struct line line = {points, 0, axis};
        for (size_t i = 0; i < count; i++)
            if (same_but(s, &scenarios[i], axis))
                points[line.len++] = &scenarios[i];
        if (line.len > 1 && points[0] == s)
            add_line(t, &line);
    }
}

void growth_show(const struct result_scenario *scenarios, size_t count, FILE *out)
{
    struct columns t;
    columns_begin(&t, "GROWTH WITH|AT|VARIANT|BUILD|METRIC|>POINTS|>EXPONENT");
    size_t headings = t.cells.len;
    for (size_t i = 0; i < count; i++)
        if (scenarios[i].scan != NULL)
            add_lines(&t, scenarios, count, i);
    if (t.cells.len == headings) {
        strv_free(&t.cells);
        return;
    }
    columns_end(&t, out);
    fputc('\n', out);
}
