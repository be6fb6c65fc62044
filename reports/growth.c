/* SPDX-License-Identifier: MIT */
/* Lines through the points of a scan, and the power law of each. */
#include "reports/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/report.h"
#include "sim/base/mem.h"

bool report_fit_power(const double *x, const double *y, size_t n,
                      struct report_fit *out)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > 0) || !(y[i] > 0))
            return false;
        mean_x += log(x[i]) / (double)n;
        mean_y += log(y[i]) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double dx = log(x[i]) - mean_x;
        xx += dx * dx;
        xy += dx * (log(y[i]) - mean_y);
    }
    if (n < 2 || !(xx > 1e-12))
        return false;
    out->exponent = xy / xx;
    out->factor = exp(mean_y - out->exponent * mean_x);
    for (size_t i = 0; i < n; i++) {
        double off = log(y[i]) - mean_y - out->exponent * (log(x[i]) - mean_x);
        left += off * off;
    }
    out->error = n > 2 ? sqrt(left / (double)(n - 2) / xx) : 0;
    return true;
}

const char *report_metric_name(enum report_metric metric)
{
    static const char *const names[METRICS] = {"virtual_ms", "wall_s", "steps_run",
                                               "new_bytes", "peak_bytes"};
    return names[metric];
}

const char *report_metric_words(enum report_metric metric)
{
    static const char *const words[METRICS] = {"virtual clock", "wall clock",
                                               "steps run", "new layers", "memory"};
    return words[metric];
}

static double metric_of(const struct result_build *b, enum report_metric metric)
{
    const double values[METRICS] = {
        b->has_virtual ? (double)b->virtual_ms : 0,
        b->wall.n != 0 ? b->wall.median : 0,
        (double)b->ran,
        (double)b->new_bytes,
        (double)b->peak_bytes,
    };
    return values[metric];
}

bool report_same_scan(const struct result_scenario *a, const struct result_scenario *b)
{
    return a->scan != NULL && b->scan != NULL && strcmp(a->scan, b->scan) == 0 &&
           strcmp(report_str(a->file), report_str(b->file)) == 0;
}

/* Whether b differs from a, a point of the same scan, on this axis at most. */
static bool same_but(const struct result_scenario *a, const struct result_scenario *b,
                     size_t axis)
{
    if (!report_same_scan(a, b) || a->point_len != b->point_len)
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

static char *place_of(const struct line *l)
{
    AUTO_BUF out = BUF_INIT;
    const struct result_scenario *s = l->points[0];
    for (size_t i = 0; i < s->point_len; i++)
        if (i != l->axis)
            buf_addf(&out, "%s%s=%.9g", out.len != 0 ? ", " : "", s->point[i].name,
                     s->point[i].value);
    return xstrdup(buf_str(&out));
}

/* The values of g along the line; false if one of them is missing. */
static bool fill(const struct line *l, struct report_growth *g)
{
    for (size_t i = 0; i < l->len; i++) {
        const struct result_scenario *s = l->points[i];
        if (g->variant >= s->variant_count ||
            g->build >= s->variants[g->variant].build_count ||
            s->variants[g->variant].builds[g->build].error != NULL)
            return false;
        g->x[i] = s->point[l->axis].value;
        g->y[i] = metric_of(&s->variants[g->variant].builds[g->build], g->metric);
    }
    return report_fit_power(g->x, g->y, l->len, &g->fit);
}

static void add(struct report_growths *all, const struct line *l, size_t variant,
                size_t build, enum report_metric metric)
{
    struct report_growth g = {.first = l->points[0],
                              .axis = l->axis,
                              .variant = variant,
                              .build = build,
                              .metric = metric,
                              .x = xcalloc(l->len, sizeof *g.x),
                              .y = xcalloc(l->len, sizeof *g.y),
                              .len = l->len};
    if (!fill(l, &g)) {
        free(g.x);
        free(g.y);
        return;
    }
    g.place = place_of(l);
    all->items = xreallocarray(all->items, all->count + 1, sizeof *all->items);
    all->items[all->count++] = g;
}

static void add_line(struct report_growths *all, const struct line *l)
{
    for (size_t v = 0; v < l->points[0]->variant_count; v++)
        for (size_t b = 0; b < l->points[0]->variants[v].build_count; b++)
            for (int m = 0; m < METRICS; m++)
                add(all, l, v, b, (enum report_metric)m);
}

/* Lines that begin at scenario `at`: it is the first that same_but finds. */
static void add_lines(struct report_growths *all,
                      const struct result_scenario *scenarios, size_t count, size_t at)
{
    const struct result_scenario *s = &scenarios[at];
    AUTO_FREE const struct result_scenario **points = xcalloc(count, sizeof *points);
    for (size_t axis = 0; axis < s->point_len; axis++) {
        struct line line = {points, 0, axis};
        for (size_t i = 0; i < count; i++)
            if (same_but(s, &scenarios[i], axis))
                points[line.len++] = &scenarios[i];
        if (line.len > 1 && points[0] == s)
            add_line(all, &line);
    }
}

void report_growths_init(const struct result_scenario *scenarios, size_t count,
                         struct report_growths *out)
{
    *out = (struct report_growths){0};
    for (size_t i = 0; i < count; i++)
        if (scenarios[i].scan != NULL)
            add_lines(out, scenarios, count, i);
}

void report_growths_free(struct report_growths *g)
{
    for (size_t i = 0; i < g->count; i++) {
        free(g->items[i].place);
        free(g->items[i].x);
        free(g->items[i].y);
    }
    free(g->items);
    *g = (struct report_growths){0};
}

void report_growth_exponent(const struct report_growth *g, bool utf8, struct buf *out)
{
    buf_addf(out, "%.3f", g->fit.exponent);
    if (g->len > 2) /* two points always fit */
        buf_addf(out, " %s %.3f", utf8 ? "±" : "+-", g->fit.error);
}

void report_growth_values(const struct report_growth *g, struct buf *out)
{
    report_figure(report_metric_name(g->metric), g->y[0], out);
    buf_adds(out, " → ");
    report_figure(report_metric_name(g->metric), g->y[g->len - 1], out);
}

bool report_growth_begins(const struct report_growths *all,
                          const struct result_scenario *scenarios, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (report_same_scan(&scenarios[i], &scenarios[at]))
            return false;
    for (size_t i = 0; i < all->count; i++)
        if (report_same_scan(all->items[i].first, &scenarios[at]))
            return true;
    return false;
}

void report_growth_variant(const struct report_growth *g, struct buf *out)
{
    const struct result_variant *v = &g->first->variants[g->variant];
    bool other = strcmp(report_str(v->engine), "builtin") != 0;
    buf_addf(out, "%s%s%s", report_str(v->name), other ? " on " : "",
             other ? report_str(v->engine) : "");
}
