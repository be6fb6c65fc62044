/* SPDX-License-Identifier: MIT */
/* Values of options that say how to measure. */
#ifndef BENCH_MEASURE_OPTIONS_H
#define BENCH_MEASURE_OPTIONS_H

#include "sim/base/err.h"

/* "2%" and "2" -> 0.02; more than 0 and at most 100%. `option` is named in the
 * ERR_INPUT. text NULL leaves *out alone, here and below. */
int measure_percent(const char *option, const char *text, double *out, struct err *err);
/* "90", "90s", "2m", "500ms" -> seconds, more than 0 and at most a day. */
int measure_seconds(const char *option, const char *text, double *out, struct err *err);
/* A whole number from 0 to 1000000. */
int measure_count(const char *option, const char *text, unsigned *out, struct err *err);
/* "0.01" -> 0.01; 0 and up to 10. */
int measure_factor(const char *option, const char *text, double *out, struct err *err);

#endif
