/* SPDX-License-Identifier: MIT */
/* What one set of measured values says of its middle. What two sets or a series say is
 * bench/stats.h's. Values are any finite numbers, in any order. */
#ifndef REPORTS_SAMPLES_H
#define REPORTS_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

struct interval {
    double low, high;
};

/* A copy in ascending order, never NULL; the caller frees. O(n log n). */
double *samples_sorted(const double *x, size_t n);

/* NaN for no sample. O(n log n). */
double samples_median(const double *x, size_t n);
/* The same of at least one sample in ascending order. O(1). */
double samples_middle(const double *sorted, size_t n);

/* Distribution-free interval of the median between two order statistics, which holds
 * it with at least this confidence (0.95). false if n is too small for that: six
 * samples are the least for 0.95. O(n log n). */
bool samples_median_interval(const double *x, size_t n, double confidence,
                             struct interval *out);

#endif
