/* SPDX-License-Identifier: MIT */
/* Checked allocation and the arena. */
#include "sim/base/mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* glibc keeps freed blocks of up to 1032 bytes at hand for each thread; larger ones it
 * has to look for. */
enum { SMALL_BLOCK = 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used, cap;
    alignas(max_align_t) unsigned char data[];
};

static void *checked(void *p)
{
    if (p == NULL) {
        fputs("simbench: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *xmalloc(size_t size)
{
    return checked(malloc(size != 0 ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return checked(NULL);
    /* Before glibc 2.41 calloc passes by what malloc keeps at hand for each thread. */
    if (bytes <= SMALL_BLOCK)
        return memset(xmalloc(bytes), 0, bytes);
    return checked(calloc(1, bytes));
}

void *xreallocarray(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return checked(NULL);
    return checked(realloc(old, bytes != 0 ? bytes : 1));
}

char *xstrndup(const char *s, size_t n)
{
    char *copy = xmalloc(n + 1);
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *s = xmalloc(n < 0 ? 1 : (size_t)n + 1);
    s[0] = '\0';
    if (n >= 0)
        vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

enum { ARENA_FIRST = SMALL_BLOCK - sizeof(struct arena_block), ARENA_MOST = 1 << 20 };

void *arena_alloc(struct arena *arena, size_t size)
{
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *b = arena->head;
    if (b == NULL || b->cap - b->used < size) {
        size_t cap = b == NULL ? ARENA_FIRST : b->cap * 2;
        if (cap > ARENA_MOST)
            cap = ARENA_MOST;
        if (cap < size)
            cap = size;
        struct arena_block *fresh = xmalloc(sizeof *fresh + cap);
        fresh->next = b;
        fresh->used = 0;
        fresh->cap = cap;
        arena->head = b = fresh;
    }
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
    char *copy = arena_alloc(arena, n + 1);
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
    return arena_strndup(arena, s, strlen(s));
}

void arena_free(struct arena *arena)
{
    while (arena->head != NULL) {
        struct arena_block *next = arena->head->next;
        free(arena->head);
        arena->head = next;
    }
}
