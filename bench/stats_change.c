/* SPDX-License-Identifier: MIT */
/* Change points of a series: binary segmentation with a permutation test on ranks. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "bench/stats.h"
#include "sim/base/mem.h"

enum {
    SHUFFLES = 999,
    SIDE_LEAST = 3, /* values on each side of a split */
    CHANGE_LEAST = 10,
    NEARBY = 8,
};

struct changes {
    const double *x;
    double min_effect;
    size_t *out;
    size_t len, most;
};

/* Ranks in 1..n, ties share theirs. O(n²): series are short (a run a value). */
static void rank(const double *x, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double below = 0, equal = 0;
        for (size_t j = 0; j < n; j++) {
            below += x[j] < x[i];
            equal += x[j] == x[i];
        }
        out[i] = below + (equal + 1) / 2;
    }
}

/* The split whose rank sum is furthest from what chance makes of it, in units of its
 * standard deviation (but for a factor that is the same for all splits). */
static double best_split(const double *ranks, size_t n, size_t *at)
{
    double sum = 0, best = -1;
    for (size_t k = 1; k + SIDE_LEAST <= n; k++) {
        sum += ranks[k - 1];
        double expected = (double)k * (double)(n + 1) / 2;
        double off = fabs(sum - expected) / sqrt((double)k * (double)(n - k));
        if (k < SIDE_LEAST || off <= best)
            continue;
        best = off;
        *at = k;
    }
    return best;
}

static void shuffle(double *x, size_t n, uint64_t *state)
{
    for (size_t i = n; i > 1; i--) {
        /* A linear congruential generator's upper bits: enough for shuffling. */
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t j = (size_t)(((*state >> 32) * (uint64_t)i) >> 32);
        double held = x[i - 1];
        x[i - 1] = x[j];
        x[j] = held;
    }
}

/* Sum of the distances of n values from their median. */
static double spread(const double *x, size_t n)
{
    double median = samples_median(x, n), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(x[i] - median);
    return sum;
}

/* Rank sums are best at finding that there is a change, but lean to the middle of the
 * stretch in saying where: near there the split with the least spread is taken. */
static size_t place_split(const double *x, size_t n, size_t near)
{
    size_t from = near > SIDE_LEAST + NEARBY ? near - NEARBY : SIDE_LEAST;
    size_t best = near;
    double least = spread(x, near) + spread(x + near, n - near);
    for (size_t k = from; k <= near + NEARBY && k + SIDE_LEAST <= n; k++) {
        double both = spread(x, k) + spread(x + k, n - k);
        if (both >= least)
            continue;
        least = both;
        best = k;
    }
    return best;
}

static bool is_change(const struct changes *c, size_t from, size_t n, size_t *at)
{
    AUTO_FREE double *ranks = xcalloc(n, sizeof *ranks);
    uint64_t state = 1;
    unsigned as_good = 0;
    size_t ignored = 0;
    rank(c->x + from, n, ranks);
    double found = best_split(ranks, n, at);
    *at = place_split(c->x + from, n, *at);
    double before = samples_median(c->x + from, *at);
    double after = samples_median(c->x + from + *at, n - *at);
    double lower = fmin(before, after), higher = fmax(before, after);
    if (!(higher > lower) || higher < lower * (1 + c->min_effect))
        return false;
    for (unsigned i = 0; i < SHUFFLES; i++) {
        shuffle(ranks, n, &state);
        as_good += best_split(ranks, n, &ignored) >= found - 1e-9;
    }
    return as_good + 1 < (SHUFFLES + 1) / 100;
}

static void look(struct changes *c, size_t from, size_t n)
{
    size_t at = 0;
    if (n < CHANGE_LEAST || !is_change(c, from, n, &at))
        return;
    look(c, from, at); /* each side is smaller: as deep as there are changes */
    if (c->len < c->most)
        c->out[c->len++] = from + at;
    look(c, from + at, n - at);
}

size_t stats_changes(const double *x, size_t n, double min_effect, size_t *out,
                     size_t most)
{
    struct changes c = {.x = x, .min_effect = min_effect, .out = out, .most = most};
    look(&c, 0, n);
    return c.len;
}
