/* SPDX-License-Identifier: MIT */
/* What a scan shows: how each metric grows with each axis. */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include <stdio.h>

#include "reports/results.h"

/* One line for every build, metric and axis, at each place on the other axes: the
 * exponent of y = c * x^exponent with its standard error. Scenarios that are no points
 * of a scan are passed over; metrics with a zero or a failed build have no line. */
void growth_show(const struct result_scenario *scenarios, size_t count, FILE *out);

#endif
