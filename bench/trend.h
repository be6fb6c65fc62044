/* SPDX-License-Identifier: MIT */
/* A history as series with the places where they change, in the formats of simbench
 * trend. */
#ifndef BENCH_TREND_H
#define BENCH_TREND_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/history.h"
#include "reports/trend.h"
#include "sim/base/buf.h"

enum trend_format { TREND_TABLE, TREND_MARKDOWN, TREND_CSV, TREND_JSON };
#define TREND_WORDS "table|markdown|csv|json"
#define METRIC_WORDS "virtual_ms|wall_s|steps_run|steps_reused|new_bytes|fetched_bytes"

/* Positions in series->points where a new level begins; the caller frees *out. What is
 * counted changes where it differs from the run before; a wall time where a permutation
 * test says so and the levels differ by min_effect (0.05). */
size_t trend_changes(const struct history_series *series, double min_effect,
                     size_t **out);

/* The series as plots have them, with their changes. Strings are those of h, which must
 * live as long. */
void trend_lines(const struct history *h, double min_effect, struct report_trends *out);
void trend_lines_free(struct report_trends *lines); /* the members */

/* all: every value of the table's series as well. */
void trend_show(const struct history *h, double min_effect, enum trend_format format,
                bool all, struct buf *out);

#endif
