/* SPDX-License-Identifier: MIT */
/* A hash table from bytes to bytes, both copied. Small, and cheap to make and drop:
 * the whole of a store in memory consists of these. */
#ifndef SIM_STORE_TABLE_H
#define SIM_STORE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "sim/base/digest.h"

/* Borrowed bytes. */
struct slice {
    const void *data;
    size_t len;
};

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){data, len};
}

static inline struct slice slice_digest(const struct digest *d)
{
    return (struct slice){d->bytes, sizeof d->bytes};
}

static inline struct slice slice_string(const char *s)
{
    return (struct slice){s, strlen(s)};
}

struct table_node;
struct table { /* zero-initialise */
    struct table_node **slots;
    size_t cap, len;
};

void table_free(struct table *t); /* empties it; may be used again */
/* The value, 8-byte aligned, valid until its key is put or removed; false if absent. */
bool table_get(const struct table *t, struct slice key, struct slice *out);
/* Value of a known size, in place: NULL if absent or of another size. */
void *table_find(const struct table *t, struct slice key, size_t len);
void table_put(struct table *t, struct slice key, struct slice value);
bool table_remove(struct table *t, struct slice key);
/* The cursor is zero-initialised; false at the end. The entry that was just
 * given may be removed, nothing else changed. No order. */
struct table_cursor {
    size_t slot;
    struct table_node *next;
};
bool table_next(const struct table *t, struct table_cursor *cursor, struct slice *key,
                struct slice *value);

#endif
