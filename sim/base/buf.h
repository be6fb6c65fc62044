/* SPDX-License-Identifier: MIT */
/* A growable byte string, and a vector of owned strings. */
#ifndef SIM_BASE_BUF_H
#define SIM_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* `data` is always followed by a NUL when len > 0 or after any add; it is NULL before
 * the first. Zero-initialise: struct buf b = BUF_INIT. */
struct buf {
    char *data;
    size_t len, cap;
};
#define BUF_INIT                                                                       \
    {                                                                                  \
        0                                                                              \
    }

void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_reserve(struct buf *b, size_t more);
void buf_clear(struct buf *b); /* len = 0, memory kept */
void buf_free(struct buf *b);
/* The string (never NULL), which the caller frees; b is empty afterwards. */
char *buf_steal(struct buf *b);
/* The string, "" if nothing was added; borrowed. */
const char *buf_str(const struct buf *b);
#define AUTO_BUF __attribute__((cleanup(buf_free))) struct buf

/* A vector of owned strings. items[len] is NULL once anything was added. */
struct strv {
    char **items;
    size_t len, cap;
};
#define STRV_INIT                                                                      \
    {                                                                                  \
        0                                                                              \
    }

void strv_add(struct strv *v, const char *s); /* copies */
void strv_addn(struct strv *v, const char *s, size_t n);
void strv_take(struct strv *v, char *s);                  /* takes ownership */
void strv_copy(struct strv *to, const struct strv *from); /* appends all */
void strv_clear(struct strv *v);
void strv_free(struct strv *v);
bool strv_contains(const struct strv *v, const char *s);
bool strv_equal(const struct strv *a, const struct strv *b);

/* "NAME=value" lists, as in an image's Env. Position of NAME, or -1. */
long env_find(const struct strv *env, const char *name);
/* Value of NAME, NULL if unset; borrowed. */
const char *env_get(const struct strv *env, const char *name);
/* Replaces in place, else appends. */
void env_set(struct strv *env, const char *name, const char *value);

#endif
