/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/dockerfile: characters, spans, and lists that live in the arena of a
 * struct dockerfile. "Blank" is Docker's word separator inside an instruction (space,
 * \t \v \f \r); "space" is any Unicode white space.
 */
#ifndef SIM_DOCKERFILE_SCAN_H
#define SIM_DOCKERFILE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/base/mem.h"

struct span { /* borrowed bytes, not NUL-terminated */
    const char *p;
    size_t n;
};

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}
static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Bytes of the UTF-8 character at p (n > 0); 1 and *out = 0xfffd where it is none. */
size_t scan_rune(const char *p, size_t n, uint32_t *out);
/* Bytes of the white space character at p, 0 if it is none or n is 0. */
size_t scan_space(const char *p, size_t n);
/* Whether a rune may stand in a variable's name (letter, digit or "_"). Letters beyond
 * ASCII are recognised by blocks, which is what real names need. */
bool scan_is_name(uint32_t rune);

struct span span_trim_left(struct span s);
struct span span_trim(struct span s);
struct span span_of(const char *s);
/* ASCII case-insensitive comparison with a NUL-terminated lower-case word. */
bool span_is(struct span s, const char *word);
bool text_is(const char *text, const char *word);

/* Adds to a vector whose memory belongs to an arena (never strv_free it). */
void list_add(struct arena *arena, struct strv *list, const char *p, size_t n);

/* What the text after an instruction's word is as JSON. */
enum json_verdict {
    JSON_NO,    /* no JSON array: shell or plain form */
    JSON_WORDS, /* an array of strings, added to the list */
    JSON_MIXED, /* an array with an element that is no string */
};
enum json_verdict json_words(struct arena *arena, struct span text, struct strv *out);

#endif
