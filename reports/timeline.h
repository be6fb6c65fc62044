/* SPDX-License-Identifier: MIT */
/*
 * When each step of a build was at work. On the virtual clock the builder says so. A
 * measured step begins when the step before it in its stage and the stages it reads
 * from are done; of an engine that was short of processors it may in truth have begun
 * later.
 */
#ifndef REPORTS_TIMELINE_H
#define REPORTS_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/results.h"

struct report_span {
    const struct result_step *step; /* borrowed */
    size_t stage;
    double start_s, seconds;
};
struct report_timeline {
    struct report_span *spans; /* one a step, in the order of the build */
    size_t span_count;
    const char **stages; /* names, in the order of the file; borrowed */
    size_t stage_count;
    double end_s; /* when the last step is done */
};
/* On the virtual clock, else by medians of the wall clock. */
void report_timeline_init(const struct result_build *b, bool virtual,
                          struct report_timeline *out);
void report_timeline_free(struct report_timeline *t); /* the members */

#endif
