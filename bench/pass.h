/* SPDX-License-Identifier: MIT */
/*
 * One pass: a variant's steps, once, on one engine's fresh machine. Every build of the
 * scenario is reached by replaying what comes before it, so each pass meets the same
 * state and yields one sample of every build; making the state is outside the clock of
 * a build.
 */
#ifndef BENCH_PASS_H
#define BENCH_PASS_H

#include "bench/runner.h"

enum recording { RECORD_NOTHING, RECORD_FIRST, RECORD_SAMPLE };

struct pass {
    const struct runner_options *options;
    struct script *script;
    size_t scenario, position; /* of the scenario, and of its variant */
    const struct engine *engine;
    struct result_variant *variant; /* where it is recorded */
    enum recording recording;
    bool hidden; /* shows nothing while it runs */
    FILE *out;
};

/* ERR_FAILED also where a repetition does something else than the first pass did. */
int pass_run(const struct pass *pass, struct err *err);

#endif
