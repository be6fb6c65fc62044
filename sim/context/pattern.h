/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/context: one pattern of .dockerignore, compiled. It means what
 * Docker's clients make of it, down to what a character that is special in a regular
 * expression does: they translate a pattern with wildcards into one.
 */
#ifndef SIM_CONTEXT_PATTERN_H
#define SIM_CONTEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/context/regex.h"

enum pattern_kind {
    PATTERN_EXACT,  /* the path is `text` */
    PATTERN_PREFIX, /* "x**": it starts with what stands before the stars */
    PATTERN_SUFFIX, /* "**x": it ends with what follows them */
    PATTERN_REGEX,
};

/* Pairs of neighbouring bytes, a bit each (several pairs may share one); both ends of a
 * text count as a byte of their own. */
struct pattern_pairs {
    uint64_t bits[4];
};

struct pattern {
    struct pattern_pairs needed; /* pairs that every path it matches has */
    enum pattern_kind kind;
    char *text; /* cleaned */
    size_t len;
    struct regex *regex;
};

/* text is cleaned, without "!", valid UTF-8, not empty. ERR_INPUT: bad pattern. */
int pattern_compile(const char *text, size_t len, struct pattern *out, struct err *err);
void pattern_free(struct pattern *pattern);
bool pattern_matches(const struct pattern *pattern, const char *path, size_t len);
/* The pairs of a path: found once for all the patterns it is held against. */
void pattern_pairs_of(const char *path, size_t len, struct pattern_pairs *out);
/* False if a path with these pairs cannot match: of a hundred patterns nearly all are
 * passed over so. */
static inline bool pattern_may_match(const struct pattern *pattern,
                                     const struct pattern_pairs *pairs)
{
    uint64_t lacking = 0;
    for (size_t i = 0; i < sizeof pairs->bits / sizeof *pairs->bits; i++)
        lacking |= pattern->needed.bits[i] & ~pairs->bits[i];
    return lacking == 0;
}
/* Go's path cleaning; may contain any byte. Appends to out. */
void pattern_clean(const char *text, size_t len, struct buf *out);
/* Blanks as Unicode has them, at both ends. */
void pattern_trim(const char **text, size_t *len);
/* As glob_match (ignore.h), by length. */
int glob_match_n(const char *pattern, size_t pattern_len, const char *name,
                 size_t name_len, bool *out, struct err *err);

#endif
