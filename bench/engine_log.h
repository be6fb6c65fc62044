/* SPDX-License-Identifier: MIT */
/*
 * What a real builder says while it works, read into a list of steps. It knows four
 * ways of saying it: BuildKit's JSON (--progress=rawjson), BuildKit's plain text, the
 * classic builder's and buildah's lines. What it does not know is output of commands
 * and is passed over; whether all steps were told is for engine_steps to judge.
 */
#ifndef BENCH_ENGINE_LOG_H
#define BENCH_ENGINE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"

enum log_format { LOG_RAWJSON, LOG_PLAIN, LOG_CLASSIC, LOG_BUILDAH };

struct log_step {
    char *stage;         /* BuildKit: its name, "" if there is one only; buildah: its
                            number from 1; classic: "" */
    unsigned number, of; /* as the builder counts, from 1 */
    char *text;          /* the instruction in the builder's spelling */
    bool cached;
    bool started;
    bool fetched;   /* bytes came from a registry */
    double seconds; /* that it took; negative: not told */
    char *error;    /* NULL: none */
};

struct engine_log;
struct engine_log *engine_log_new(enum log_format format);
void engine_log_free(struct engine_log *log); /* NULL is legal */
/* Takes the next piece of output, which came at `now_ns` of the monotonic clock.
 * ERR_FAILED if there is more than 16 MiB. */
int engine_log_feed(struct engine_log *log, const char *data, size_t len,
                    uint64_t now_ns, struct err *err);
/* The output is over. */
void engine_log_end(struct engine_log *log, uint64_t now_ns);
enum log_format engine_log_format(const struct engine_log *log);
/* Steps in the order they were first heard of; borrowed. */
const struct log_step *engine_log_steps(const struct engine_log *log, size_t *len);
/* The line that says why it failed, else the last line; "" if nothing was said. */
const char *engine_log_complaint(const struct engine_log *log);

#endif
