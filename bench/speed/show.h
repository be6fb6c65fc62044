/* SPDX-License-Identifier: MIT */
/* What was measured, as tables for people: 80 columns, ratios beside goals. */
#ifndef BENCH_SPEED_SHOW_H
#define BENCH_SPEED_SHOW_H

#include <stdio.h>

#include "bench/speed/work.h"
#include "reports/results.h"

/* works[i] became scenario i of the results. */
struct shown {
    const struct work *works;
    size_t count;
    const struct results *results;
};

/* Our builds beside the machine's limits. */
void show_limits(const struct shown *s, FILE *out);
/* Our builds beside real builders; nothing where there were none. */
void show_peers(const struct shown *s, FILE *out);
/* Times for each step or build, and memory where a bound was promised. */
void show_pieces(const struct shown *s, FILE *out);
/* Exponents over the points of each scan (and of time over the last two): 1 is
 * proportional, 0 does not grow. */
void show_growth(const struct shown *s, FILE *out);

#endif
