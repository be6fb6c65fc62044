/* SPDX-License-Identifier: MIT */
/* What changes from build to build, by the lists of files each one left. */
#include "sim/cache/habits.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/map.h"
#include "sim/base/mem.h"
#include "sim/cache/explain.h"

struct counting {
    struct store *store;
    struct journal **journals; /* oldest first */
    size_t len;
    struct habits *out;
    struct map *places; /* path -> its place in out->items, plus one */
    unsigned copy, run;
    uint64_t cost_ms;
    bool virtual_cost;
};

static void count_path(void *payload, const struct manifest_entry *old,
                       const struct manifest_entry *now)
{
    struct counting *c = payload;
    const char *path = now != NULL ? now->path : old->path;
    struct habits *h = c->out;
    uintptr_t place = (uintptr_t)map_get(c->places, path);
    if (place == 0) {
        GROW(h->items, h->cap, h->len + 1);
        h->items[h->len++] = (struct habit){.path = xstrdup(path),
                                            .copy = c->copy,
                                            .run = c->run,
                                            .cost_ms = c->cost_ms,
                                            .virtual_cost = c->virtual_cost};
        place = h->len;
        map_put(c->places, path, (void *)place); /* NOLINT: a number, not a pointer */
    }
    h->items[place - 1].changes++;
}

/* The dearest RUN above the step in its stage. */
static void find_run(struct counting *c, const struct journal *j, size_t at)
{
    c->run = 0;
    c->cost_ms = 0;
    for (size_t i = at + 1; i < j->len; i++) {
        const struct journal_step *s = &j->steps[i];
        struct record r;
        if (strcmp(s->stage, j->steps[at].stage) != 0)
            return;
        if (strcmp(s->word, "RUN") != 0 || !s->has_key ||
            store_record_peek(c->store, &s->key, &r, NULL) != 0)
            continue;
        bool is_virtual = r.virtual_ms != UINT64_MAX;
        uint64_t ms = is_virtual ? r.virtual_ms : r.wall_ns / 1000000;
        if (c->run != 0 && ms <= c->cost_ms)
            continue;
        c->run = (unsigned)i + 1;
        c->cost_ms = ms;
        c->virtual_cost = is_virtual;
    }
}

/* Counts what changed in one step's selection over all builds. */
static void count_step(struct counting *c, size_t at)
{
    const struct journal *newest = c->journals[c->len - 1];
    const struct journal_step *s = &newest->steps[at];
    struct manifest *last = NULL;
    if (s->context != 0 || strcmp(s->word, "RUN") == 0 || digest_is_zero(&s->manifest))
        return;
    find_run(c, newest, at);
    if (c->run == 0)
        return;
    c->copy = (unsigned)at + 1;
    for (size_t i = 0; i < c->len; i++) {
        AUTO_FREE long *aligned = xcalloc(newest->len + 1, sizeof *aligned);
        struct manifest *m;
        journal_align(newest, c->journals[i], aligned);
        const struct digest *id =
            aligned[at] >= 0 ? &c->journals[i]->steps[aligned[at]].manifest : NULL;
        if (id == NULL || digest_is_zero(id) ||
            manifest_open(c->store, id, &m, NULL) != 0)
            continue;
        if (last != NULL)
            manifest_compare(last, m, c->store, count_path, c, NULL);
        manifest_free(last);
        last = m;
    }
    manifest_free(last);
}

static int by_changes(const void *a, const void *b)
{
    const struct habit *x = a, *y = b;
    if (x->changes != y->changes)
        return x->changes < y->changes ? 1 : -1;
    return strcmp(x->path, y->path);
}

static void keep_frequent(struct habits *h)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->len; i++)
        if (h->items[i].changes > 1)
            h->items[kept++] = h->items[i];
        else
            free(h->items[i].path);
    h->len = kept;
    if (kept > 1)
        qsort(h->items, kept, sizeof *h->items, by_changes);
}

static void load_all(struct counting *c, const int64_t *ids, size_t n,
                     const char *folder)
{
    c->journals = xcalloc(n + 1, sizeof(struct journal *));
    for (size_t i = 0; i < n; i++) {
        AUTO_BUF data = BUF_INIT;
        AUTO_FREE char *number = xasprintf("%lld", (long long)ids[i]);
        struct journal *j;
        if (store_build_find(c->store, number, NULL, NULL, &data, NULL) != 0 ||
            journal_decode(buf_str(&data), data.len, &j, NULL) != 0)
            continue;
        if (strcmp(j->folder, folder) == 0)
            c->journals[c->len++] = j;
        else
            journal_free(j);
    }
}

int habits_find(struct store *store, const char *dockerfile, const char *folder,
                struct habits *out, struct err *err)
{
    AUTO_FREE char *name = xasprintf("%s\n", dockerfile);
    int64_t *ids = NULL;
    size_t n = 0;
    *out = (struct habits){0};
    int rc = store_build_list(store, name, &ids, &n, err);
    if (rc != 0)
        return rc;
    struct counting c = {.store = store, .out = out, .places = map_new()};
    load_all(&c, ids, n, folder);
    out->builds = c.len;
    for (size_t at = 0; c.len > 0 && at < c.journals[c.len - 1]->len; at++)
        count_step(&c, at);
    keep_frequent(out);
    for (size_t i = 0; i < c.len; i++)
        journal_free(c.journals[i]);
    free(c.journals);
    map_free(c.places);
    free(ids);
    return 0;
}

void habits_free(struct habits *h)
{
    for (size_t i = 0; i < h->len; i++)
        free(h->items[i].path);
    free(h->items);
    *h = (struct habits){0};
}
