/* SPDX-License-Identifier: MIT */
/*
 * Memory: allocation that aborts on exhaustion, cleanup attributes, and an arena.
 * Sizes that come from input are bounded by the caller first.
 */
#ifndef SIM_BASE_MEM_H
#define SIM_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
/* Multiplies with an overflow check. */
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/* printf into a new string; the caller frees. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Grows a vector's capacity to at least `need` items, at least doubling. */
#define GROW(items, cap, need)                                                         \
    do {                                                                               \
        if ((need) > (cap)) {                                                          \
            (cap) = (cap)*2 > (need) ? (cap)*2 : (need) + 8;                           \
            (items) = xreallocarray((items), (cap), sizeof *(items));                  \
        }                                                                              \
    } while (0)

/* For locals: AUTO_FREE char *s = …; freed when the scope ends. Not in lua/, where a
 * raised error skips it. */
static inline void mem_freep(void *pointer)
{
    free(*(void **)pointer);
}
#define AUTO_FREE __attribute__((cleanup(mem_freep)))

/* Hands a pointer over and empties its variable. */
#define STEAL(pointer)                                                                 \
    __extension__({                                                                    \
        __typeof__(pointer) stolen_ = (pointer);                                       \
        (pointer) = NULL;                                                              \
        stolen_;                                                                       \
    })

/* Many small allocations that are freed together. Zero-initialise: struct arena a =
 * {0}. */
struct arena_block;
struct arena {
    struct arena_block *head;
};

/* Aligned for any object; never NULL; valid until arena_free. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_strdup(struct arena *arena, const char *s);
void arena_free(struct arena *arena);

#endif
