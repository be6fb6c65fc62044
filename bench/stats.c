/* SPDX-License-Identifier: MIT */
/* Ratios of medians, ranks, growth. */
#include "bench/stats.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "sim/base/mem.h"

enum {
    RESAMPLES = 2000,
    EXACT_MOST = 20,  /* samples a side up to which the rank test is exact */
    SERIAL_LEAST = 8, /* samples from which order is judged */
    CONTRAST_LEAST = 5,
};
static const double contrast_confidence = 0.99, contrast_p = 0.01;
static const double least_seconds = 0.0001;

/* ---- resampling ------------------------------------------------------------------ */

/* SplitMix64 (Steele, Lea, Flood 2014): enough for resampling, the same everywhere. */
uint64_t stats_draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

size_t stats_draw_below(uint64_t *state, size_t n)
{
    return (size_t)(((stats_draw(state) >> 32) * (uint64_t)n) >> 32);
}

/* The sample at position `at` of the resample whose counts these are. */
static double counted(const double *sorted, const unsigned *counts, size_t at)
{
    size_t i = 0;
    for (size_t seen = counts[0]; seen <= at; seen += counts[i])
        i++;
    return sorted[i];
}

/* Median of n draws with replacement: counted, so that nothing need be sorted. */
static double resampled_median(const double *sorted, size_t n, unsigned *counts,
                               uint64_t *state)
{
    memset(counts, 0, n * sizeof *counts);
    for (size_t i = 0; i < n; i++)
        counts[stats_draw_below(state, n)]++;
    double high = counted(sorted, counts, n / 2);
    return n % 2 != 0 ? high : (counted(sorted, counts, n / 2 - 1) + high) / 2;
}

bool stats_ratio_interval(const double *base, size_t base_n, const double *now,
                          size_t now_n, double confidence, struct interval *out)
{
    if (base_n < 2 || now_n < 2)
        return false;
    AUTO_FREE double *b = samples_sorted(base, base_n);
    AUTO_FREE double *a = samples_sorted(now, now_n);
    if (!(samples_middle(b, base_n) > 0))
        return false;
    AUTO_FREE unsigned *counts =
        xcalloc(base_n > now_n ? base_n : now_n, sizeof *counts);
    AUTO_FREE double *drawn = xcalloc(RESAMPLES, sizeof *drawn);
    uint64_t state = 1;
    for (size_t i = 0; i < RESAMPLES; i++) {
        double below = resampled_median(b, base_n, counts, &state);
        double above = resampled_median(a, now_n, counts, &state);
        drawn[i] = below > 0 ? above / below : HUGE_VAL;
    }
    AUTO_FREE double *ratios = samples_sorted(drawn, RESAMPLES);
    size_t cut = (size_t)((1 - confidence) / 2 * RESAMPLES);
    *out = (struct interval){ratios[cut], ratios[RESAMPLES - 1 - cut]};
    return true;
}

/* ---- ranks ----------------------------------------------------------------------- */

double stats_normal_p(double z)
{
    return erfc(fabs(z) / sqrt(2));
}

/* Pairs with now > base, ties a half. Both sorted. */
static double count_pairs(const double *base, size_t base_n, const double *now,
                          size_t now_n)
{
    double u = 0;
    size_t below = 0, through = 0;
    for (size_t i = 0; i < now_n; i++) {
        while (below < base_n && base[below] < now[i])
            below++;
        while (through < base_n && base[through] <= now[i])
            through++;
        u += (double)(below + through) / 2;
    }
    return u;
}

/* Sum of t^3 - t over groups of t equal values in both. Both sorted. */
static double tie_sum(const double *a, size_t n, const double *b, size_t m)
{
    double sum = 0;
    for (size_t i = 0, j = 0; i < n || j < m;) {
        double value = j == m || (i < n && a[i] <= b[j]) ? a[i] : b[j];
        double t = 0;
        for (; i < n && a[i] == value; i++)
            t++;
        for (; j < m && b[j] == value; j++)
            t++;
        sum += t * t * t - t;
    }
    return sum;
}

/* P(U <= u) where nothing differs and nothing ties. ways[i][j][k], the arrangements of
 * i and j samples with k pairs, follows from taking the largest sample away: it came
 * from the one side (and won against all j) or from the other. One i at a time. */
static double exact_tail(size_t n, size_t m, size_t u)
{
    size_t most = n * m, row = most + 1;
    AUTO_FREE double *ways = xcalloc((m + 1) * row, sizeof *ways);
    double total = 0, tail = 0;
    for (size_t j = 0; j <= m; j++)
        ways[j * row] = 1; /* no sample on the other side: no pairs */
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++)
            for (size_t k = most + 1; k-- > 0;)
                ways[j * row + k] =
                    (k >= j ? ways[j * row + k - j] : 0) + ways[(j - 1) * row + k];
    for (size_t k = 0; k <= most; k++) {
        total += ways[m * row + k];
        tail += k <= u ? ways[m * row + k] : 0;
    }
    return tail / total;
}

void stats_rank_test(const double *base, size_t base_n, const double *now, size_t now_n,
                     struct rank_test *out)
{
    *out = (struct rank_test){.p = 1};
    if (base_n == 0 || now_n == 0)
        return;
    AUTO_FREE double *b = samples_sorted(base, base_n);
    AUTO_FREE double *a = samples_sorted(now, now_n);
    double n = (double)base_n, m = (double)now_n, all = n + m;
    double ties = tie_sum(b, base_n, a, now_n);
    double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
    out->u = count_pairs(b, base_n, a, now_n);
    double off = out->u - n * m / 2;
    if (!(variance > 0))
        return;
    /* A half towards the middle: U moves in whole steps, the normal does not. */
    double corrected = fmax(fabs(off) - 0.5, 0);
    out->z = copysign(corrected / sqrt(variance), off);
    out->p = stats_normal_p(out->z);
    if (ties == 0 && base_n <= EXACT_MOST && now_n <= EXACT_MOST) {
        out->exact = true;
        double least = fmin(out->u, n * m - out->u);
        out->p = fmin(1, 2 * exact_tail(base_n, now_n, (size_t)least));
    }
}

/* Ranks in the order of the samples, ties share theirs; the caller frees. */
static double *ranks_of(const double *x, size_t n)
{
    AUTO_FREE double *sorted = samples_sorted(x, n);
    double *ranks = xcalloc(n, sizeof *ranks);
    for (size_t i = 0; i < n; i++)
        ranks[i] = count_pairs(sorted, n, &x[i], 1);
    return ranks;
}

/* Correlation of two series of n; 0 where one does not vary. */
static double correlation(const double *x, const double *y, size_t n)
{
    double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        mean_x += x[i] / (double)n;
        mean_y += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - mean_x, dy = y[i] - mean_y;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

double stats_serial_correlation(const double *x, size_t n)
{
    if (n < SERIAL_LEAST)
        return 0;
    AUTO_FREE double *ranks = ranks_of(x, n);
    return correlation(ranks, ranks + 1, n - 1);
}

/* Spearman's rank correlation of the samples with their order. */
void stats_drift(const double *x, size_t n, struct drift *out)
{
    *out = (struct drift){0};
    if (n < SERIAL_LEAST)
        return;
    AUTO_FREE double *ranks = ranks_of(x, n);
    AUTO_FREE double *order = xcalloc(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = (double)i;
    double z = correlation(ranks, order, n) * sqrt((double)(n - 1));
    double early = samples_median(x, n / 2),
           late = samples_median(x + n - n / 2, n / 2);
    out->change = early > 0 ? late / early - 1 : 0;
    out->drifts = stats_normal_p(z) < 0.01 && fabs(out->change) > 0.02;
}

/* ---- two sets -------------------------------------------------------------------- */

/* How much wider an interval gets for samples that follow their predecessors: of a
 * first-order autoregressive series with correlation r, (1 + r) / (1 - r) samples say
 * as much as one independent one. Bounded: a short series estimates r badly. */
static double widening(const double *base, size_t base_n, const double *now,
                       size_t now_n)
{
    double r = (stats_serial_correlation(base, base_n) * (double)base_n +
                stats_serial_correlation(now, now_n) * (double)now_n) /
               (double)(base_n + now_n);
    r = fmin(fmax(r, 0), 0.8);
    return sqrt((1 + r) / (1 - r));
}

double stats_unrest(const double *x, size_t n)
{
    AUTO_FREE double *sorted = samples_sorted(x, n);
    double median = samples_middle(sorted, n);
    return median > 0 ? (sorted[n - 1 - n / 4] - sorted[n / 4]) / median : 0;
}

void stats_contrast(const double *base, size_t base_n, const double *now, size_t now_n,
                    struct contrast *out)
{
    *out = (struct contrast){.base = samples_median(base, base_n),
                             .now = samples_median(now, now_n),
                             .p = 1};
    out->ratio = out->now / out->base;
    if (base_n < CONTRAST_LEAST || now_n < CONTRAST_LEAST ||
        !stats_ratio_interval(base, base_n, now, now_n, contrast_confidence,
                              &out->range))
        return;
    struct rank_test test;
    double wider = widening(base, base_n, now, now_n);
    stats_rank_test(base, base_n, now, now_n, &test);
    out->p = test.p;
    double apart =
        out->ratio * (stats_unrest(base, base_n) + stats_unrest(now, now_n)) / 4;
    out->range.low = out->ratio - (out->ratio - out->range.low) * wider - apart;
    out->range.high = out->ratio + (out->range.high - out->ratio) * wider + apart;
    out->enough = true;
}

bool stats_differs(const struct contrast *c)
{
    return c->enough && c->p < contrast_p && (c->range.low > 1 || c->range.high < 1);
}

/* Faster by a factor: 1/1.05 is as far from 1 as 1.05. */
int stats_beyond(const struct contrast *c, double effect)
{
    if (!stats_differs(c) || fabs(c->now - c->base) < least_seconds)
        return 0;
    return c->ratio >= 1 + effect ? 1 : c->ratio <= 1 / (1 + effect) ? -1 : 0;
}

int stats_verdict(const struct contrast *c, double min_effect)
{
    int beyond = stats_beyond(c, min_effect / 2);
    bool excluded = beyond > 0 ? c->range.high < 1 + min_effect
                               : c->range.low > 1 / (1 + min_effect);
    return excluded ? 0 : beyond;
}
