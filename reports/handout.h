/* SPDX-License-Identifier: MIT */
/* What both forms of the handout are made of. Only for reports/handout*.c. */
#ifndef REPORTS_HANDOUT_H
#define REPORTS_HANDOUT_H

#include <stdbool.h>

#include "reports/results.h"
#include "sim/base/buf.h"

enum { HANDOUT_BUILDS = 6 }; /* columns that paper has room for */

/* Builds of a variant that follow each other, share their Dockerfile and fit beside
 * each other: one table. */
struct handout_part {
    const struct result_variant *variant;
    size_t first, count; /* builds */
    bool new_text;       /* its Dockerfile was not shown yet */
};
/* The part that begins at build `first` of v; false at the end. */
bool handout_next(const struct result_variant *v, size_t first,
                  struct handout_part *out);
/* The steps that stand in the rows of a part: those of the build that has most. */
const struct result_build *handout_steps(const struct handout_part *part);
/* The step of a build at a row of the part, NULL where it has none. */
const struct result_step *handout_step(const struct result_build *b,
                                       const struct result_step *row);
/* Whether the sheet asks about a step: what changes only the config is not reused. */
bool handout_asks(const struct result_step *step);
/* "runs", "reused", "–". */
const char *handout_answer(const struct result_step *step);
/* Time of a build on the clock it has, "failed". */
void handout_time(const struct result_build *b, struct buf *out);
bool handout_has(const struct result_scenario *s); /* anything to ask */

#endif
