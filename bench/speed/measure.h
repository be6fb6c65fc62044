/* SPDX-License-Identifier: MIT */
/* Takes the samples: rounds in which everybody has a turn at every build, each second
 * one backwards, into the result model. */
#ifndef BENCH_SPEED_MEASURE_H
#define BENCH_SPEED_MEASURE_H

#include <stdio.h>

#include "bench/speed/work.h"
#include "reports/results.h"

struct measure {
    struct results *results;
    struct rivals *rivals;
    const char *folder;   /* temporary: workloads are made in it */
    unsigned runs;        /* rounds that are measured, at most */
    double seconds;       /* no further round of a workload after it, but five at least;
                           * two after sixty times as long */
    const char *profiles; /* folder: our builds run under perf; NULL: they do not */
    FILE *out;            /* what was left out, and why */
};

/* Measures one workload into a new scenario of the results: our builds are its first
 * variant, then come the real builders, then the machine's limits (engine "machine").
 * A real builder that fails is asked no more and its error kept. */
int measure_work(const struct measure *m, struct work *work, struct err *err);

#endif
