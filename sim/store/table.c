/* SPDX-License-Identifier: MIT */
/* Hash table with chained nodes, each one allocation: header, value, key. */
#include "sim/store/table.h"

#include <stdint.h>
#include <stdlib.h>

#include "sim/base/mem.h"

struct table_node {
    struct table_node *next;
    uint64_t hash;
    size_t key_len, value_len, value_cap; /* value_cap is a multiple of 8 */
    uint64_t data[];                      /* the value, then the key */
};

static char *node_key(const struct table_node *n)
{
    return (char *)n->data + n->value_cap;
}

static uint64_t hash_bytes(struct slice key)
{
    const unsigned char *p = key.data;
    uint64_t h = key.len * 0x9e3779b97f4a7c15u;
    size_t left = key.len;
    for (; left >= 8; p += 8, left -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 29;
    }
    for (; left > 0; p++, left--)
        h = (h ^ *p) * 0x100000001b3u;
    return h ^ (h >> 32);
}

void table_free(struct table *t)
{
    for (size_t i = 0; i < t->cap; i++) {
        for (struct table_node *n = t->slots[i], *next; n != NULL; n = next) {
            next = n->next;
            free(n);
        }
    }
    free(t->slots);
    *t = (struct table){0};
}

/* Where the pointer to the node stands, or would stand. */
static struct table_node **find(const struct table *t, struct slice key, uint64_t hash)
{
    struct table_node **at = &t->slots[hash & (t->cap - 1)];
    while (*at != NULL && ((*at)->hash != hash || (*at)->key_len != key.len ||
                           memcmp(node_key(*at), key.data, key.len) != 0))
        at = &(*at)->next;
    return at;
}

bool table_get(const struct table *t, struct slice key, struct slice *out)
{
    if (t->len == 0)
        return false;
    const struct table_node *n = *find(t, key, hash_bytes(key));
    if (n == NULL)
        return false;
    *out = slice_of(n->data, n->value_len);
    return true;
}

void *table_find(const struct table *t, struct slice key, size_t len)
{
    if (t->len == 0)
        return NULL;
    struct table_node *n = *find(t, key, hash_bytes(key));
    return n != NULL && n->value_len == len ? n->data : NULL;
}

static void grow(struct table *t)
{
    struct table bigger = {.cap = t->cap == 0 ? 16 : t->cap * 2, .len = t->len};
    bigger.slots = xcalloc(bigger.cap, sizeof(struct table_node *));
    for (size_t i = 0; i < t->cap; i++) {
        for (struct table_node *n = t->slots[i], *next; n != NULL; n = next) {
            next = n->next;
            struct table_node **slot = &bigger.slots[n->hash & (bigger.cap - 1)];
            n->next = *slot;
            *slot = n;
        }
    }
    free(t->slots);
    *t = bigger;
}

void table_put(struct table *t, struct slice key, struct slice value)
{
    if (t->len >= t->cap)
        grow(t);
    uint64_t hash = hash_bytes(key);
    struct table_node **at = find(t, key, hash), *old = *at;
    if (old == NULL || value.len > old->value_cap) {
        size_t cap = (value.len + 7) & ~(size_t)7;
        struct table_node *n = xmalloc(sizeof *n + cap + key.len);
        *n = (struct table_node){.next = old != NULL ? old->next : NULL,
                                 .hash = hash,
                                 .key_len = key.len,
                                 .value_cap = cap};
        memcpy(node_key(n), key.data, key.len);
        t->len += old == NULL;
        *at = n;
    }
    (*at)->value_len = value.len;
    if (value.len > 0)
        memmove((*at)->data, value.data, value.len);
    if (old != *at)
        free(old); /* only now: the new value may lie in the old node */
}

bool table_remove(struct table *t, struct slice key)
{
    if (t->len == 0)
        return false;
    struct table_node **at = find(t, key, hash_bytes(key)), *n = *at;
    if (n == NULL)
        return false;
    *at = n->next;
    free(n);
    t->len--;
    return true;
}

bool table_next(const struct table *t, struct table_cursor *cursor, struct slice *key,
                struct slice *value)
{
    struct table_node *n = cursor->next;
    while (n == NULL && cursor->slot < t->cap)
        n = t->slots[cursor->slot++];
    if (n == NULL)
        return false;
    cursor->next = n->next;
    *key = slice_of(node_key(n), n->key_len);
    *value = slice_of(n->data, n->value_len);
    return true;
}
