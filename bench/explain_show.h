/* SPDX-License-Identifier: MIT */
/* Why the steps of a build ran, for people and for programs: `explain` and
 * `build --explain` say the same. */
#ifndef BENCH_EXPLAIN_SHOW_H
#define BENCH_EXPLAIN_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/cache/account.h"

/* Lines of at most 80 columns where words allow it; no colour, no sign without a word.
 */
void explain_show_text(const struct account *account, bool all, FILE *out);
/* One object. */
void explain_show_json(const struct account *account, FILE *out);
/* Prints text after `indent` blanks, broken at blanks before column 80; lines after the
 * first are set in by two more. Control characters are escaped. */
void explain_show_line(const char *text, unsigned indent, FILE *out);

#endif
