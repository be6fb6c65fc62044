/* SPDX-License-Identifier: MIT */
/* String map: open addressing with linear probing, FNV-1a, at most 2/3 full. */
#include "sim/base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

struct slot {
    char *key; /* NULL: never used, or removed */
    void *value;
    uint64_t hash;
    bool removed;
};

struct map {
    struct slot *slots;
    size_t cap, len, used; /* used counts removed slots too */
};

static uint64_t hash_bytes(const char *key, size_t len)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)key[i]) * 1099511628211u;
    return h ^ (h >> 29);
}

struct map *map_new(void)
{
    return xcalloc(1, sizeof(struct map));
}

void map_free(struct map *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->cap; i++)
        free(m->slots[i].key);
    free(m->slots);
    free(m);
}

size_t map_len(const struct map *m)
{
    return m->len;
}

static struct slot *find(const struct map *m, const char *key, size_t len,
                         uint64_t hash)
{
    if (m->cap == 0)
        return NULL;
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct slot *s = &m->slots[i];
        if (s->key == NULL && !s->removed)
            return NULL;
        if (s->key != NULL && s->hash == hash && strncmp(s->key, key, len) == 0 &&
            s->key[len] == '\0')
            return s;
    }
}

void *map_getn(const struct map *m, const char *key, size_t len)
{
    struct slot *s = find(m, key, len, hash_bytes(key, len));
    return s != NULL ? s->value : NULL;
}

void *map_get(const struct map *m, const char *key)
{
    return map_getn(m, key, strlen(key));
}

static void insert_fresh(struct map *m, char *key, void *value, uint64_t hash)
{
    size_t i = hash & (m->cap - 1);
    while (m->slots[i].key != NULL || m->slots[i].removed)
        i = (i + 1) & (m->cap - 1);
    m->slots[i] = (struct slot){.key = key, .value = value, .hash = hash};
    m->len++;
    m->used++;
}

static void rehash(struct map *m)
{
    struct map bigger = {.cap = 16};
    while (bigger.cap < (m->len + 1) * 3)
        bigger.cap *= 2;
    bigger.slots = xcalloc(bigger.cap, sizeof *bigger.slots);
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].key != NULL)
            insert_fresh(&bigger, m->slots[i].key, m->slots[i].value, m->slots[i].hash);
    free(m->slots);
    *m = bigger;
}

void *map_put(struct map *m, const char *key, void *value)
{
    size_t len = strlen(key);
    uint64_t hash = hash_bytes(key, len);
    struct slot *s = find(m, key, len, hash);
    if (s != NULL) {
        void *former = s->value;
        s->value = value;
        return former;
    }
    if ((m->used + 1) * 3 > m->cap * 2)
        rehash(m);
    insert_fresh(m, xstrndup(key, len), value, hash);
    return NULL;
}

void *map_remove(struct map *m, const char *key)
{
    size_t len = strlen(key);
    struct slot *s = find(m, key, len, hash_bytes(key, len));
    if (s == NULL)
        return NULL;
    free(s->key);
    s->key = NULL;
    s->removed = true;
    m->len--;
    return s->value;
}

bool map_next(const struct map *m, size_t *cursor, const char **key, void **value)
{
    for (; *cursor < m->cap; (*cursor)++) {
        const struct slot *s = &m->slots[*cursor];
        if (s->key == NULL)
            continue;
        if (key != NULL)
            *key = s->key;
        if (value != NULL)
            *value = s->value;
        (*cursor)++;
        return true;
    }
    return false;
}
