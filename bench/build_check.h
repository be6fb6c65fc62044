/* SPDX-License-Identifier: MIT */
/* The warnings of `simbench build --check`. */
#ifndef BENCH_BUILD_CHECK_H
#define BENCH_BUILD_CHECK_H

#include "bench/build_setup.h"
#include "sim/dockerfile/instruction.h"

/* Reads the Dockerfile that the options name and lints it; out holds the warnings also
 * where it returns an error. */
int bench_lint(const struct build_values *values, const char *context,
               struct build_setup *setup, struct lint_report *out, struct err *err);
/* `FILE:LINE: RULE: message` for each. */
void bench_print_lint(const struct build_values *values,
                      const struct lint_report *report, FILE *out);

#endif
