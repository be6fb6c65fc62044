/* SPDX-License-Identifier: MIT */
/* Medians and their intervals. Leaves out means: one slow run moves them. */
#include "reports/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double *samples_sorted(const double *x, size_t n)
{
    double *copy = xreallocarray(NULL, n + 1, sizeof *copy);
    if (n != 0)
        memcpy(copy, x, n * sizeof *copy);
    qsort(copy, n, sizeof *copy, compare_doubles);
    return copy;
}

double samples_middle(const double *sorted, size_t n)
{
    return n % 2 != 0 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double samples_median(const double *x, size_t n)
{
    AUTO_FREE double *sorted = samples_sorted(x, n);
    return n != 0 ? samples_middle(sorted, n) : NAN;
}

/* The number of samples below the median is binomial (n, 1/2): with k the largest
 * number whose tail P(X < k) is at most half of what may be missed, the kth smallest
 * and the kth largest sample hold the median between them. */
bool samples_median_interval(const double *x, size_t n, double confidence,
                             struct interval *out)
{
    double missed = (1 - confidence) / 2, tail = 0;
    double log_term = -(double)n * log(2); /* of P(X = k): 2^-n underflows */
    size_t k = 0;
    if (n == 0)
        return false;
    while (k < n / 2 && tail + exp(log_term) <= missed) {
        tail += exp(log_term);
        log_term += log((double)(n - k) / (double)(k + 1));
        k++;
    }
    if (k == 0)
        return false;
    AUTO_FREE double *sorted = samples_sorted(x, n);
    *out = (struct interval){sorted[k - 1], sorted[n - k]};
    return true;
}
