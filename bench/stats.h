/* SPDX-License-Identifier: MIT */
/*
 * The statistics of measured times: ratios, a rank test, changes (medians and their
 * intervals: reports/samples.h). All of it is deterministic (resampling has a fixed
 * seed) and keeps every sample: nothing is taken for an outlier. Files of our own and
 * no library: the dozen functions needed are short, and a dependency would bring a
 * thousand. Samples are any finite numbers, in the order they were taken where that
 * matters.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/samples.h"

/* Percentile bootstrap interval of median(now) / median(base). false with fewer than
 * two samples on a side or a median of base that is not positive. O(n) a resample. */
bool stats_ratio_interval(const double *base, size_t base_n, const double *now,
                          size_t now_n, double confidence, struct interval *out);

/* Whether `now` tends to be larger or smaller than `base` (Mann-Whitney U, two-sided).
 */
struct rank_test {
    double u; /* pairs where now > base, ties count a half */
    double z; /* its normal deviate: positive if now is larger, 0 if nothing differs */
    double p; /* probability of such a U, or one further off, if nothing differs */
    bool exact; /* p is exact: at most 20 samples a side and no ties */
};
/* p is 1 where a side is empty or all are equal. */
void stats_rank_test(const double *base, size_t base_n, const double *now, size_t now_n,
                     struct rank_test *out);
double stats_normal_p(double z); /* two-sided tail */

/* Pseudo-random numbers that are the same everywhere; any start will do. */
uint64_t stats_draw(uint64_t *state);
size_t stats_draw_below(uint64_t *state, size_t n); /* 0 .. n-1 */

/* Correlation of each sample's rank with that of the one before, -1..1; 0 for fewer
 * than 8 samples or equal ones. */
double stats_serial_correlation(const double *x, size_t n);

/* Whether samples rise or fall while they are taken. */
struct drift {
    double change; /* median of the later half / that of the earlier, less 1 */
    bool drifts;   /* significant (p < 0.01) and more than 2% */
};
/* Nothing is said of fewer than 8 samples. */
void stats_drift(const double *x, size_t n, struct drift *out);

/* Two sets of times and what can be said of them. */
struct contrast {
    double base, now;      /* medians */
    double ratio;          /* now / base; NaN without samples */
    struct interval range; /* of the ratio, 99% */
    double p;
    bool enough; /* samples for range and p: at least 5 a side */
};
/* Samples that follow their predecessor (a machine that is busy for a while) say less
 * than independent ones, and a machine that is restless within a run is another one
 * from run to run: the range is widened for the first by the serial correlation, for
 * the second by a quarter of both interquartile ranges. */
void stats_contrast(const double *base, size_t base_n, const double *now, size_t now_n,
                    struct contrast *out);
/* Interquartile range over the median: what a neighbour's work makes of the times. */
double stats_unrest(const double *x, size_t n);
/* Mean of the fastest third of n > 0 samples; of a table of n rows, of the fastest
 * sixth of each column, added up. Other work makes a time longer, never shorter, and
 * the shorter the pieces, the more of them it spares. */
double stats_fastest(const double *table, size_t n, size_t columns);

/* Of samples taken in turns: row i of both within a moment, so that what slows the
 * machine meets both alike. Each row has the same columns, which add up to one sample
 * (one: the sample). base and now are stats_fastest. range is of their
 * ratio, by drawing pairs; p by exchanging the rows of pairs at random (fixed seed). At
 * least 5 rows, 9 for a p below 0.01; where there are very many, neighbours are
 * averaged. */
void stats_contrast_turns(const double *base, const double *now, size_t n,
                          size_t columns, struct contrast *out);
/* Whether the two differ at all: p < 0.01, and a range that excludes 1. */
bool stats_differs(const struct contrast *c);
/* 1: now is slower, -1: faster, 0: nothing can be said: they differ, by `effect`
 * (0.025) at least. The samples are seconds: what differs by less than 0.1 ms does so
 * for reasons of the process (where its memory lies), not of the work. */
int stats_beyond(const struct contrast *c, double effect);
/* The same of samples that were not taken in turns: half of min_effect (0.05) at least
 * in the medians, so that a change of just that size is found almost always and not
 * every second time, and an interval that does not exclude min_effect. */
int stats_verdict(const struct contrast *c, double min_effect);

/* Where a series changes its level: positions of the first values of new levels, in
 * order, at most `most` of them; returns their number. The best split of a stretch (by
 * rank sums) counts if fewer than 1% of shuffles (fixed seed) have as good a one and
 * the medians of both sides differ by min_effect; then each side is looked at alone.
 * Ten values are the least that can show a change. O(n) a shuffle. */
size_t stats_changes(const double *x, size_t n, double min_effect, size_t *out,
                     size_t most);

#endif
