/* SPDX-License-Identifier: MIT */
/*
 * .dockerignore: cache-semantics section 6, the whole of it. Patterns are compiled
 * once.
 */
#ifndef SIM_CONTEXT_IGNORE_H
#define SIM_CONTEXT_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"

struct ignore;
struct ignore_rule {
    const char *text; /* as written, without outer blanks */
    unsigned line;    /* from 1 */
    bool negated;     /* starts with ! */
};

/* `name` stands in messages; a bad pattern is ERR_INPUT with its line. */
int ignore_parse(const char *name, const char *text, size_t len, struct ignore **out,
                 struct err *err);
void ignore_free(struct ignore *ig);        /* NULL is legal */
size_t ignore_len(const struct ignore *ig); /* number of rules */

/* Whether the path (clean, relative) is excluded. `decider` (may be NULL) gets the last
 * rule that changed the verdict, or NULL where no line matched. "" is never excluded.
 */
bool ignore_excluded(const struct ignore *ig, const char *path,
                     const struct ignore_rule **decider);
/* Whether the last pattern that matches "" excludes: "*" and "**" match it, "a*" not.
 */
bool ignore_excludes_root(const struct ignore *ig);
/* Whether a path below this excluded folder could be let back in by a `!` line: if not,
 * a walk need not enter it. */
bool ignore_may_reinclude(const struct ignore *ig, const char *dir);

/* The patterns of COPY --exclude, `!` ones among them, for paths below the source: as
 * lines above, but there are no comments and a pattern with "/" in front matches
 * nothing. A rule's line is its position from 1. */
int ignore_from_patterns(const struct strv *patterns, struct ignore **out,
                         struct err *err);
/* One such pattern against a path: whether it or a folder above it matches. False for a
 * bad pattern and for one with `!`, which lets in and shuts nothing out. */
bool ignore_pattern_matches(const char *pattern, const char *path);
/* Go's filepath.Match for the wildcards of COPY sources: no ** there. ERR_INPUT for a
 * bad pattern. *out tells whether the whole of name matched. */
int glob_match(const char *pattern, const char *name, bool *out, struct err *err);
bool glob_has_wildcard(const char *pattern);

#endif
