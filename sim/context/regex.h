/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/context: the regular expressions that ignore patterns turn into. Only
 * what such an expression can contain is understood; that is a part of RE2's syntax,
 * with its meaning: text is taken as UTF-8, a byte that is none counts as U+FFFD.
 */
#ifndef SIM_CONTEXT_REGEX_H
#define SIM_CONTEXT_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"

enum { REGEX_BAD_RUNE = 0xFFFD };

/* Decodes one rune of s[0..n), n > 0; *used gets its bytes. Invalid: U+FFFD, 1 byte. */
uint32_t rune_decode(const char *s, size_t n, size_t *used);
/* Writes at most 4 bytes; returns how many. */
size_t rune_encode(uint32_t rune, char *out);

struct regex;
/* Anchored at the front, as the expression starts with "^". ERR_INPUT if it is none. */
int regex_compile(const char *expr, size_t len, struct regex **out, struct err *err);
void regex_free(struct regex *re);
/* O(length of text x length of expression / 64). */
bool regex_matches(const struct regex *re, const char *text, size_t len);

#endif
