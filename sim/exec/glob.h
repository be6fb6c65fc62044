/* SPDX-License-Identifier: MIT */
/* Shell patterns (* ? [set], \ quotes) against text and against the view's files. */
#ifndef SIM_EXEC_GLOB_H
#define SIM_EXEC_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/layer/view.h"

/* Whether the whole of text[0..len) matches. Time grows with the product of the
 * lengths. */
bool shell_pattern_matches(const char *pattern, const char *text, size_t len);
bool shell_pattern_is_plain(const char *pattern); /* no unquoted * ? [ */
/* Appends the paths that match, in byte order, spelled as the pattern is (relative to
 * cwd unless absolute); nothing if none does. */
void shell_glob(struct view *view, const char *cwd, const char *pattern,
                struct strv *out);

#endif
