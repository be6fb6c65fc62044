/* SPDX-License-Identifier: MIT */
/* Growable byte strings and string vectors. */
#include "sim/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

void buf_reserve(struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;
    if (b->data == NULL || need > b->cap) {
        b->cap = b->cap * 2 > need ? b->cap * 2 : need + 8;
        b->data = xreallocarray(b->data, b->cap, 1);
        b->data[b->len] = '\0';
    }
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    buf_reserve(b, len);
    if (len != 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    buf_reserve(b, 64);
    int n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n >= b->cap - b->len) {
        buf_reserve(b, (size_t)n);
        vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
    }
    va_end(again);
    if (n > 0)
        b->len += (size_t)n;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data != NULL)
        b->data[0] = '\0';
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf)BUF_INIT;
}

char *buf_steal(struct buf *b)
{
    if (b->data == NULL)
        buf_add(b, "", 0);
    char *s = b->data;
    *b = (struct buf)BUF_INIT;
    return s;
}

const char *buf_str(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

void strv_take(struct strv *v, char *s)
{
    GROW(v->items, v->cap, v->len + 2);
    v->items[v->len++] = s;
    v->items[v->len] = NULL;
}

void strv_add(struct strv *v, const char *s)
{
    strv_take(v, xstrdup(s));
}

void strv_addn(struct strv *v, const char *s, size_t n)
{
    strv_take(v, xstrndup(s, n));
}

void strv_copy(struct strv *to, const struct strv *from)
{
    for (size_t i = 0; i < from->len; i++)
        strv_add(to, from->items[i]);
}

void strv_clear(struct strv *v)
{
    for (size_t i = 0; i < v->len; i++)
        free(v->items[i]);
    v->len = 0;
    if (v->items != NULL)
        v->items[0] = NULL;
}

void strv_free(struct strv *v)
{
    strv_clear(v);
    free(v->items);
    *v = (struct strv)STRV_INIT;
}

bool strv_contains(const struct strv *v, const char *s)
{
    for (size_t i = 0; i < v->len; i++)
        if (strcmp(v->items[i], s) == 0)
            return true;
    return false;
}

bool strv_equal(const struct strv *a, const struct strv *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

long env_find(const struct strv *env, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < env->len; i++)
        if (strncmp(env->items[i], name, n) == 0 && env->items[i][n] == '=')
            return (long)i;
    return -1;
}

const char *env_get(const struct strv *env, const char *name)
{
    long i = env_find(env, name);
    return i < 0 ? NULL : env->items[i] + strlen(name) + 1;
}

void env_set(struct strv *env, const char *name, const char *value)
{
    char *pair = xasprintf("%s=%s", name, value);
    long i = env_find(env, name);
    if (i < 0) {
        strv_take(env, pair);
        return;
    }
    free(env->items[i]);
    env->items[i] = pair;
}
