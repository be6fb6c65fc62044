/* SPDX-License-Identifier: MIT */
/* Samples that were taken in turns. */
#include <math.h>
#include <string.h>

#include "bench/stats.h"
#include "sim/base/mem.h"

enum { PAIRS_LEAST = 5, PAIRS_MOST = 1000, VALUES_MOST = 20000, DRAWS = 2000 };

/* Two tables of n rows, and room for copies of them. */
struct turns {
    double *base, *now, *drawn_base, *drawn_now, *differences;
    size_t n, columns;
};

static void turns_free(struct turns *t)
{
    free(t->base);
    free(t->now);
    free(t->drawn_base);
    free(t->drawn_now);
    free(t->differences);
}

/* Rows that lie together are averaged where there are too many. */
static void turns_make(const double *base, const double *now, size_t n, size_t columns,
                       struct turns *out)
{
    size_t most = VALUES_MOST / columns;
    most = most > PAIRS_MOST ? PAIRS_MOST : most < PAIRS_LEAST ? PAIRS_LEAST : most;
    size_t block = (n + most - 1) / most;
    out->n = n / block;
    out->columns = columns;
    out->base = xcalloc(out->n * columns, sizeof(double));
    out->now = xcalloc(out->n * columns, sizeof(double));
    out->drawn_base = xcalloc(out->n * columns, sizeof(double));
    out->drawn_now = xcalloc(out->n * columns, sizeof(double));
    out->differences = xcalloc(DRAWS, sizeof(double));
    for (size_t i = 0; i < out->n * block; i++)
        for (size_t c = 0; c < columns; c++) {
            size_t to = i / block * columns + c, from = i * columns + c;
            out->base[to] += base[from] / (double)block;
            out->now[to] += now[from] / (double)block;
        }
}

double stats_fastest(const double *table, size_t n, size_t columns)
{
    double sum = 0;
    size_t of = columns > 1 ? 6 : 3, few = (n + of - 1) / of;
    AUTO_FREE double *column = xcalloc(n, sizeof *column);
    for (size_t c = 0; c < columns; c++) {
        for (size_t i = 0; i < n; i++)
            column[i] = table[i * columns + c];
        AUTO_FREE double *sorted = samples_sorted(column, n);
        for (size_t i = 0; i < few; i++)
            sum += sorted[i] / (double)few;
    }
    return sum;
}

/* Of one of the turns' tables. */
static double fastest(const struct turns *t, const double *table)
{
    return stats_fastest(table, t->n, t->columns);
}

static double drawn_difference(const struct turns *t)
{
    return fastest(t, t->drawn_now) - fastest(t, t->drawn_base);
}

static void draw_row(struct turns *t, size_t to, const double *base, const double *now)
{
    size_t size = t->columns * sizeof(double);
    memcpy(t->drawn_base + to * t->columns, base, size);
    memcpy(t->drawn_now + to * t->columns, now, size);
}

/* If nothing differs, either row of a pair could as well have been the other's. */
static double exchange_p(struct turns *t, double difference, uint64_t *state)
{
    size_t as_far = 1;
    for (size_t d = 0; d < DRAWS; d++) {
        for (size_t i = 0; i < t->n; i++) {
            const double *base = t->base + i * t->columns;
            const double *now = t->now + i * t->columns;
            bool swapped = stats_draw(state) >> 63 != 0;
            draw_row(t, i, swapped ? now : base, swapped ? base : now);
        }
        as_far += fabs(drawn_difference(t)) >= fabs(difference);
    }
    return (double)as_far / (DRAWS + 1);
}

/* 99% of what pairs drawn with replacement give. */
static struct interval pairs_interval(struct turns *t, uint64_t *state)
{
    for (size_t d = 0; d < DRAWS; d++) {
        for (size_t i = 0; i < t->n; i++) {
            size_t from = stats_draw_below(state, t->n) * t->columns;
            draw_row(t, i, t->base + from, t->now + from);
        }
        t->differences[d] = drawn_difference(t);
    }
    AUTO_FREE double *sorted = samples_sorted(t->differences, DRAWS);
    size_t cut = DRAWS / 200;
    return (struct interval){sorted[cut], sorted[DRAWS - 1 - cut]};
}

void stats_contrast_turns(const double *base, const double *now, size_t n,
                          size_t columns, struct contrast *out)
{
    struct turns t = {0};
    uint64_t state = 1;
    *out = (struct contrast){.base = NAN, .now = NAN, .ratio = NAN, .p = 1};
    if (n < PAIRS_LEAST || columns == 0)
        return;
    turns_make(base, now, n, columns, &t);
    out->base = fastest(&t, t.base);
    out->now = fastest(&t, t.now);
    if (out->base > 0) {
        out->ratio = out->now / out->base;
        out->p = exchange_p(&t, out->now - out->base, &state);
        struct interval off = pairs_interval(&t, &state);
        out->range =
            (struct interval){1 + off.low / out->base, 1 + off.high / out->base};
        out->enough = true;
    }
    turns_free(&t);
}
