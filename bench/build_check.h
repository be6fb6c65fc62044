/* SPDX-License-Identifier: MIT */
/* The warnings of `simbench build --check`. */
#ifndef BENCH_BUILD_CHECK_H
#define BENCH_BUILD_CHECK_H

#include "bench/build_setup.h"
#include "sim/dockerfile/instruction.h"

/* Reads the Dockerfile that the options name, or `text` if not NULL, and lints it.
 * *fatal tells whether a `# check=error=true` directive makes warnings errors. */
int bench_lint(const struct build_values *values, const char *context,
               const struct buf *text, struct lint_report *out, bool *fatal,
               struct err *err);
/* `FILE:LINE: RULE: message` for each. */
void bench_print_lint(const struct build_values *values,
                      const struct lint_report *report, FILE *out);

#endif
