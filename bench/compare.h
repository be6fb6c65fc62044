/* SPDX-License-Identifier: MIT */
/*
 * Two result files side by side: counters and virtual time exactly (any rise is a
 * regression, any fall an improvement), wall time by its statistics: advice, unless it
 * is to be a gate. Times of different machines are not compared at all.
 */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/judge.h"
#include "reports/results.h"
#include "sim/base/buf.h"
#include "sim/base/err.h"

enum verdict {
    VERDICT_SAME, /* wall time: nothing can be said */
    VERDICT_BETTER,
    VERDICT_WORSE, /* a regression */
    VERDICT_NEW,
    VERDICT_GONE,
    VERDICT_FASTER, /* wall time where it is advice */
    VERDICT_SLOWER,
    VERDICT_CHANGED, /* another number of steps: fewer reused ones are no loss */
    VERDICT_COUNT
};

struct difference { /* names borrowed from the results */
    const char *scenario, *variant, *engine,
        *build;         /* NULL where a whole one is meant */
    const char *metric; /* static; NULL likewise */
    uint64_t base, now;
    struct judgement wall; /* metric "wall_s", instead of base and now */
    double base_s, now_s;  /* likewise: medians of the samples */
    bool in_turns;         /* likewise */
    size_t base_samples, now_samples;
    enum verdict verdict;
};
struct comparison {
    struct difference *items;
    size_t len, cap;
    size_t counts[VERDICT_COUNT];
    struct strv notes; /* what should be known when reading it, a line each */
    const char *base_version, *now_version;
};

struct compare_options {
    bool gate_wall;    /* slower is a regression */
    double min_effect; /* 0.05: smaller changes of wall time do not matter */
};
#define COMPARE_OPTIONS_INIT                                                           \
    {                                                                                  \
        .gate_wall = false, .min_effect = 0.05                                         \
    }
#define GATE_WORDS "counters|wall"

/* Measured on machines alike: wall times may be compared. */
bool compare_machines(const struct results *base, const struct results *now);
void compare_results(const struct results *base, const struct results *now,
                     const struct compare_options *options, struct comparison *out);
bool difference_is_wall(const struct difference *d);
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
