/* SPDX-License-Identifier: MIT */
/*
 * What is shown of a build while it goes on: JSON lines (contract 1.1), plain lines, a
 * live terminal, or nothing. Steps of parallel stages are put back in the order of the
 * file.
 */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "reports/report.h"
#include "sim/base/err.h"
#include "sim/build/build.h"

enum progress_kind {
    PROGRESS_AUTO, /* tty on a terminal that can move its cursor, else plain */
    PROGRESS_TTY,
    PROGRESS_PLAIN,
    PROGRESS_JSON,
    PROGRESS_QUIET, /* the image's ID, nothing else */
};
#define PROGRESS_WORDS "auto|tty|plain|json|quiet"

struct progress_options {
    enum progress_kind kind;
    FILE *out;
    struct report_style style;
    bool out_is_tty;
    bool plan;       /* predictions: "run" and "depends", no image */
    bool hide_lines; /* plain: no output of commands (scenarios, unless -v) */
    const char *exec, *dockerfile, *context; /* of the JSON build event */
};

struct progress;
/* Shows the beginning of a build. Strings are borrowed until progress_free. */
struct progress *progress_new(const struct progress_options *options);
/* A build_listener whose payload is the progress. */
void progress_listen(void *progress, const struct build_event *event);
/* The build is done: the image. */
void progress_image(struct progress *p, const struct build_result *result);
/* It failed: what was held back, the JSON event, the end of the failed step's output
 * (to standard error where it was not shown yet). */
void progress_failed(struct progress *p, const struct err *err);
void progress_free(struct progress *p); /* NULL is legal */

#endif
