/* SPDX-License-Identifier: MIT */
/*
 * Two result files side by side: counters and virtual time exactly, wall time not at
 * all (it needs statistics). Any rise is a regression, any fall an improvement.
 */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/results.h"
#include "sim/base/buf.h"
#include "sim/base/err.h"

enum verdict { VERDICT_SAME, VERDICT_BETTER, VERDICT_WORSE, VERDICT_NEW, VERDICT_GONE };

struct difference { /* names borrowed from the results */
    const char *scenario, *variant, *engine,
        *build;         /* NULL where a whole one is meant */
    const char *metric; /* static; NULL likewise */
    uint64_t base, now;
    enum verdict verdict;
};
struct comparison {
    struct difference *items;
    size_t len, cap;
    size_t counts[5]; /* by verdict */
    const char *base_version, *now_version;
};

void compare_results(const struct results *base, const struct results *now,
                     struct comparison *out);
void comparison_free(struct comparison *c);

enum compare_format { COMPARE_TABLE, COMPARE_MARKDOWN, COMPARE_JSON, COMPARE_JUNIT };
#define COMPARE_WORDS "table|markdown|json|junit"
/* all: what is the same too. */
void comparison_format(const struct comparison *c, enum compare_format format, bool all,
                       struct buf *out);

/* Reads a result file; a missing one is ERR_INPUT. */
int compare_load(const char *path, struct results **out, struct err *err);
/* 0, or ERR_FAILED naming the number of regressions. */
int comparison_verdict(const struct comparison *c, struct err *err);

#endif
