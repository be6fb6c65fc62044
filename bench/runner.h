/* SPDX-License-Identifier: MIT */
/* Runs scenarios: every variant on every engine, as often as asked, into the result
 * model. One runner works on one scenario file at a time; files may run in parallel. */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/engine.h"
#include "lua/script.h"
#include "reports/report.h"
#include "reports/results.h"

struct runner_options {
    const struct engine *const *engines;
    size_t engine_count;
    enum exec_kind exec;
    enum semantics semantics;
    unsigned warmup;
    unsigned runs;     /* at least 1; more where precision asks for them */
    double precision;  /* 0.02: until each median's 95% interval is as narrow as
                        * 2% of it; 0: runs as they are */
    double max_time_s; /* a scenario begins no further repetition then; 0: none */
    struct real_options real;
    struct layer_memo *memo; /* borrowed */
    struct report_style style;
    bool usage;       /* nothing else is measured meanwhile: processor time too */
    bool show_steps;  /* a line a step, while it happens */
    bool show_output; /* and what commands print */
    bool show_tables; /* the summary table of each scenario */
};

/* Failures in the order they happened, to be printed when it is this file's turn. */
struct failures {
    struct err *items;
    size_t len, cap;
};
void failures_add(struct failures *failures, const struct err *err);
void failures_free(struct failures *failures);
/* The exit code they make together: 0 for none, 130 if interrupted, else the highest.
 */
int failures_exit_code(const struct failures *failures);

/* Where what came of a scenario goes. */
struct runner_target {
    struct result_scenario *result; /* declared already, still empty */
    struct result_scenario *again;  /* measured in turns with it, declared likewise: the
                                     * same a second time, or what `before` is; NULL:
                                     * nothing */
    struct script *before;          /* file of another scenario for `again`; NULL: the
                                     * same. Its failures only end its measuring. */
    size_t before_scenario;
    FILE *out;
    struct failures *failures; /* added to; they also stand in the result */
};

/* Runs one scenario of a loaded file. A failure ends the engine it happened on; what
 * others measured is kept. */
void runner_run(const struct runner_options *options, struct script *script,
                size_t scenario, const struct runner_target *to);

#endif
