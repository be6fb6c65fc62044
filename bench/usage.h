/* SPDX-License-Identifier: MIT */
/*
 * What of its time a measured build really had: processor time, and time it was ready
 * to run while other work had the processors. Both tell a slower build from a busy
 * machine. Of this whole process: other builds must not run meanwhile.
 */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdbool.h>

#include "sim/exec/exec.h"

struct usage {     /* seconds */
    double cpu;    /* of the process and of children that have ended */
    double waited; /* of threads that are there, and of the executor's commands */
};
/* Totals so far: the difference of two tells of what lies between. */
void usage_read(const struct executor *executor, struct usage *out);

/* What share of the processors we had before. */
struct precedence {
    bool taken;
    int nice, group_nice; /* of this thread; of the session's processes together */
};
/* Asks for precedence over other work on this machine: nice -20, for the session too
 * where the kernel shares by session. Only the administrator gets it: `taken` says so.
 * What this thread starts has it as well. */
void usage_take_precedence(struct precedence *out);
void usage_leave_precedence(const struct precedence *p);

#endif
