/* SPDX-License-Identifier: MIT */
/* Ctrl-C: the first asks to stop at the next step, the second stops at once. */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <stdbool.h>

#include "sim/base/err.h"
#include "sim/exec/exec.h"

/* Catches SIGINT and SIGTERM; SIGPIPE becomes a write error. */
void interrupt_setup(void);
bool interrupt_pending(void);
/* 0, or ERR_CANCELLED once a signal came. */
int interrupt_check(struct err *err);

/* An executor that runs nothing more once a signal came. */
struct interruptible {
    struct executor executor;
    const struct executor *inner;
};
/* Fills in *out, which must stay where it is while the executor is in use. */
const struct executor *interrupt_executor(struct interruptible *out,
                                          const struct executor *inner);

#endif
