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

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/context/regex.h"

enum pattern_kind {
    PATTERN_EXACT,  /* the path is `text` */
    PATTERN_PREFIX, /* "x**": it starts with what stands before the stars */
    PATTERN_SUFFIX, /* "**x": it ends with what follows them */
    PATTERN_REGEX,
};

struct pattern {
    enum pattern_kind kind;
    char *text; /* cleaned */
    size_t len;
    struct regex *regex;
};

/* text is cleaned, without "!", valid UTF-8, not empty. ERR_INPUT: bad pattern. */
int pattern_compile(const char *text, size_t len, struct pattern *out, struct err *err);
void pattern_free(struct pattern *pattern);
bool pattern_matches(const struct pattern *pattern, const char *path, size_t len);
/* Go's path cleaning; may contain any byte. Appends to out. */
void pattern_clean(const char *text, size_t len, struct buf *out);
/* Blanks as Unicode has them, at both ends. */
void pattern_trim(const char **text, size_t *len);
/* As glob_match (ignore.h), by length. */
int glob_match_n(const char *pattern, size_t pattern_len, const char *name,
                 size_t name_len, bool *out, struct err *err);

#endif
