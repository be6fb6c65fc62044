/* SPDX-License-Identifier: MIT */
/* How our builds grow, a line a build: time, memory, and the machine's limit beside
 * them. What the real builders' times do stands in the report. */
#include <math.h>
#include <string.h>

#include "bench/columns.h"
#include "bench/speed/show.h"
#include "reports/growth.h"
#include "sim/base/mem.h"

static const char *engine_of(const struct report_growth *g)
{
    return g->first->variants[g->variant].engine;
}

static const char *label_of(const struct report_growth *g)
{
    return g->first->variants[g->variant].builds[g->build].label;
}

/* Whether both are of one build of one scan. */
static bool beside(const struct report_growth *a, const struct report_growth *b)
{
    return a->first == b->first && strcmp(label_of(a), label_of(b)) == 0;
}

/* The exponent of this metric and engine; of several the one that ends highest. */
static void add_exponent(struct columns *t, const struct report_growths *all,
                         const struct report_growth *of, enum report_metric metric,
                         const char *engine)
{
    const struct report_growth *found = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct report_growth *g = &all->items[i];
        if (g->metric == metric && strcmp(engine_of(g), engine) == 0 && beside(g, of) &&
            (found == NULL || g->y[g->len - 1] > found->y[found->len - 1]))
            found = g;
    }
    AUTO_BUF text = BUF_INIT;
    if (found != NULL)
        buf_addf(&text, "%.2f", found->fit.exponent);
    if (found != NULL && found->len > 2) /* two points always fit */
        buf_addf(&text, "+-%.2f", found->fit.error);
    columns_add(t, buf_str(&text));
}

/* Between the last two points, where what a process costs anyhow counts least. */
static double last_exponent(const struct report_growth *g)
{
    const double *x = &g->x[g->len - 2], *y = &g->y[g->len - 2];
    return log(y[1] / y[0]) / log(x[1] / x[0]);
}

void show_growth(const struct shown *s, FILE *out)
{
    struct columns t;
    struct report_growths all;
    report_growths_init(s->results->scenarios, s->results->scenario_count, &all);
    columns_begin(&t, "GROWTH WITH|BUILD|>TIME|>LAST|>MEMORY|>LIMIT");
    size_t headings = t.cells.len;
    for (size_t i = 0; i < all.count; i++) {
        const struct report_growth *g = &all.items[i];
        if (g->metric != METRIC_WALL || strcmp(engine_of(g), "builtin") != 0)
            continue;
        columns_add(&t, g->first->point[g->axis].name);
        columns_add(&t, label_of(g));
        add_exponent(&t, &all, g, METRIC_WALL, "builtin");
        AUTO_FREE char *last = xasprintf("%.2f", last_exponent(g));
        columns_add(&t, last);
        add_exponent(&t, &all, g, METRIC_MEMORY, "builtin");
        add_exponent(&t, &all, g, METRIC_WALL, "machine");
    }
    if (t.cells.len > headings) {
        fputc('\n', out);
        columns_end(&t, out);
    } else {
        strv_free(&t.cells);
    }
    report_growths_free(&all);
}
