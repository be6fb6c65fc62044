/* SPDX-License-Identifier: MIT */
/*
 * A metric of one build over many runs, as exporters draw it. Whoever keeps the runs
 * says where a level changed.
 */
#ifndef REPORTS_TREND_H
#define REPORTS_TREND_H

#include <stdbool.h>
#include <stddef.h>

struct report_trend_point {
    long long run;           /* number of the run */
    double value, low, high; /* low, high: the interval of a median, else value */
    bool changed;            /* a new level begins here, */
    double change;           /* by this: 0.25 is a quarter more; NaN from zero */
};
/* Strings are borrowed, but from and to. */
struct report_trend {
    const char *machine, *scenario, *variant, *engine, *exec, *build;
    unsigned nth;       /* of the builds called so, from 0 */
    const char *metric; /* "virtual_ms", "wall_s", "steps_run", "new_bytes", … */
    char *from, *to;    /* days of the first and the last run: "2026-11-23" */
    struct report_trend_point *points; /* oldest first */
    size_t len;
};
struct report_trends {
    struct report_trend *items; /* those of a machine and scenario stand together */
    size_t count;
};

#endif
