/* SPDX-License-Identifier: MIT */
/* Inside progress: how one step reads, and what each way of showing implements. */
#ifndef BENCH_PROGRESS_SHOW_H
#define BENCH_PROGRESS_SHOW_H

#include "bench/progress.h"

/* One way of showing; members may be NULL. `self` is what start returned. */
struct progress_show {
    void *(*start)(const struct progress_options *options);
    /* A finished step, in the order of the file; the text of it for this way. */
    void (*render)(const struct progress_options *options,
                   const struct build_step *step, struct buf *out);
    void (*step)(void *self, const char *text, enum step_status status);
    /* The others come as they happen. */
    void (*event)(void *self, const struct build_event *event);
    void (*image)(void *self, const struct build_result *result);
    void (*failed)(void *self, const struct err *err);
    void (*stop)(void *self); /* frees self */
};
extern const struct progress_show progress_show_json, progress_show_plain,
    progress_show_tty, progress_show_quiet;

/* "CACHED", "RAN", "META"; in a plan "RUN" and "DEPENDS". */
const char *progress_status_word(enum step_status status, bool plan);
/* Virtual seconds where the step has them, else wall seconds. */
void progress_step_seconds(const struct build_step *step, struct buf *out);
/* One line of a command's output made fit to print: tabs become blanks, other control
 * characters are shown as escapes, a carriage return at the end goes. */
void progress_output_line(const char *text, size_t len, struct buf *out);
/* The summary line of a finished build: name, steps, bytes, both clocks. */
void progress_summary(const struct build_result *result, struct buf *out);

#endif
