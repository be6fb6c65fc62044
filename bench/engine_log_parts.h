/* SPDX-License-Identifier: MIT */
/* What the readers of progress share among themselves. */
#ifndef BENCH_ENGINE_LOG_PARTS_H
#define BENCH_ENGINE_LOG_PARTS_H

#include "bench/engine_log.h"

struct engine_log {
    enum log_format format;
    struct log_step *steps;
    char **ids; /* the builder's own name of each step, NULL where it has none */
    size_t len, cap;
    size_t total;       /* bytes heard */
    struct buf pending; /* an unfinished line; all of it with JSON */
    bool current;       /* the last step is running, since: */
    uint64_t since_ns;
    char *complaint, *last_line;
};

/* Position of the step of that id, -1 if there is none. */
long engine_log_find(const struct engine_log *log, const char *id);
struct log_step *engine_log_add(struct engine_log *log, const char *id);
/* Reads a BuildKit vertex's name; false if it is none of a Dockerfile's steps. */
bool engine_log_vertex(const char *name, struct log_step *out);
/* A line that belongs to no step: perhaps why it failed. */
void engine_log_rest(struct engine_log *log, const char *line, size_t len);
/* Reads everything that is pending as BuildKit's JSON. */
void engine_log_read_json(struct engine_log *log);

#endif
