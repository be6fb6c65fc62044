/* SPDX-License-Identifier: MIT */
/* Other programs: found on PATH, run without a shell. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <sys/resource.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"

/* Path of an executable, NULL if PATH has none of that name; the caller frees. */
char *process_find(const char *name);

struct process_options {
    struct buf *output;  /* standard output is added; NULL: it stays where ours goes */
    bool quiet;          /* standard error goes nowhere */
    unsigned timeout_ms; /* 0: none; afterwards the process is killed */
    /* Hears standard output and standard error, mixed, as they come; `output` and
     * `quiet` are then not looked at. Non-zero: enough, the process is stopped. */
    int (*heard)(void *payload, const char *data, size_t len, struct err *err);
    void *heard_payload;
    /* "NAME=value" in the place of, or beside, what our own environment says; may be
     * NULL. */
    const struct strv *environment;
    /* A process group of its own, which is asked to end (SIGTERM) before it is killed:
     * a program that starts others and has to put something away. */
    bool group;
    bool unhurried; /* Ctrl-C does not stop it: it clears away after one */
    /* What it used, if it came to its end by itself; may be NULL. Its ru_maxrss is at
     * least our own: a child begins in its parent's memory. */
    struct rusage *usage;
};
/* Runs argv (NULL-terminated, argv[0] is searched on PATH) to its end. *status gets its
 * exit status, 128+n for signal n. ERR_ENVIRONMENT if it cannot be started; ERR_FAILED
 * after the time limit; ERR_CANCELLED at Ctrl-C. */
int process_run(const char *const *argv, const struct process_options *options,
                int *status, struct err *err);

#endif
