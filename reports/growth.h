/* SPDX-License-Identifier: MIT */
/*
 * How figures grow over the points of a scan: y = factor * x^exponent, fitted to each
 * metric of each build along each axis, at each place on the other axes.
 */
#ifndef REPORTS_GROWTH_H
#define REPORTS_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/results.h"

struct report_fit {
    double exponent, factor;
    double
        error; /* standard error of the exponent; 0 for two points, which always fit */
};
/* Least squares on the logarithms. False with fewer than two different x, or values
 * that are not positive. */
bool report_fit_power(const double *x, const double *y, size_t n,
                      struct report_fit *out);

enum report_metric {
    METRIC_VIRTUAL,
    METRIC_WALL,
    METRIC_STEPS,
    METRIC_BYTES,
    METRIC_MEMORY,
    METRICS
};
/* "virtual_ms", "wall_s", "steps_run", "new_bytes", "peak_bytes": the units of its
 * values. */
const char *report_metric_name(enum report_metric metric);

struct report_growth {
    const struct result_scenario *first; /* point where the line begins; borrowed */
    size_t axis, variant, build;         /* positions in it */
    char *place;                         /* on the other axes: "layers=5"; "" if none */
    enum report_metric metric;
    double *x, *y;
    size_t len;
    struct report_fit fit;
};
struct report_growths {
    struct report_growth *items; /* by scan, axis, place, variant, build, metric */
    size_t count;
};
/* Scenarios that are no points of a scan are passed over; a metric that is zero
 * somewhere and a build that failed have no growth. */
void report_growths_init(const struct result_scenario *scenarios, size_t count,
                         struct report_growths *out);
void report_growths_free(struct report_growths *g); /* the members */

/* Whether both are points of one scan. */
bool report_same_scan(const struct result_scenario *a, const struct result_scenario *b);

/* "virtual clock", "new layers": for people. */
const char *report_metric_words(enum report_metric metric);
/* The first and the last value: "0.3 s → 12.0 s". */
void report_growth_values(const struct report_growth *g, struct buf *out);
/* Whether scenario `at` is the first point of a scan that has a growth to show. */
bool report_growth_begins(const struct report_growths *all,
                          const struct result_scenario *scenarios, size_t at);
/* "1.000 ± 0.012": the exponent, with its error where there are three points. */
void report_growth_exponent(const struct report_growth *g, bool utf8, struct buf *out);
/* The variant's name, and its engine where that is not the built-in one. */
void report_growth_variant(const struct report_growth *g, struct buf *out);

#endif
