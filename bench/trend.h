/* SPDX-License-Identifier: MIT */
/* A history as series with the places where they change, in the formats of simbench
 * trend. */
#ifndef BENCH_TREND_H
#define BENCH_TREND_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/history.h"
#include "sim/base/buf.h"

enum trend_format { TREND_TABLE, TREND_MARKDOWN, TREND_CSV, TREND_JSON };
#define TREND_WORDS "table|markdown|csv|json"
#define METRIC_WORDS "virtual_ms|wall_s|steps_run|steps_reused|new_bytes|fetched_bytes"

/* Positions in series->points where a new level begins; the caller frees *out. What is
 * counted changes where it differs from the run before; a wall time where a permutation
 * test says so and the levels differ by min_effect (0.05). */
size_t trend_changes(const struct history_series *series, double min_effect,
                     size_t **out);

/* all: every value of the table's series as well. */
void trend_show(const struct history *h, double min_effect, enum trend_format format,
                bool all, struct buf *out);

#endif
