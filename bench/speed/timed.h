/* SPDX-License-Identifier: MIT */
/* Whole processes on the clock, from their start to their end, as a user waits for
 * them. */
#ifndef BENCH_SPEED_TIMED_H
#define BENCH_SPEED_TIMED_H

#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"

struct spent {
    double seconds;
    uint64_t peak_bytes; /* most memory the process or a child of it had at once */
};

/* Runs argv to its end; an exit status but 0 is ERR_FAILED with the last line it said.
 * `environment` as in struct process_options; may be NULL. */
int timed_run(const struct strv *argv, const struct strv *environment,
              struct spent *out, struct err *err);
/* The same for a shell script: $1, $2, … are the operands, up to NULL. */
int timed_script(const char *script, const char *const *operands, struct spent *out,
                 struct err *err);

#endif
