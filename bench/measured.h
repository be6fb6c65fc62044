/* SPDX-License-Identifier: MIT */
/* What repetitions say of wall time, as tables for people. */
#ifndef BENCH_MEASURED_H
#define BENCH_MEASURED_H

#include <stdio.h>

#include "reports/results.h"

/* Each build's median, its interval and the ratio to the first variant's, then warnings
 * about too few and about drifting samples, and about `precision` (0: none was asked
 * for) that was not reached. Nothing for a scenario that was run once. */
void measured_show(const struct result_scenario *s, double precision, FILE *out);

/* The same thing measured twice: what ratios this machine makes of nothing. */
void measured_noise(const struct result_scenario *one,
                    const struct result_scenario *again, FILE *out);

#endif
