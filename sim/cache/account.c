/* SPDX-License-Identifier: MIT */
/* Builds that are over, from the store. */
#include "sim/cache/account.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

struct loaded {
    struct journal *journal;
    char *name; /* of the line of builds it belongs to */
    int64_t number;
};

static void loaded_free(struct loaded *l)
{
    journal_free(l->journal);
    free(l->name);
}

static int load(struct store *store, const char *ref, struct loaded *out,
                struct err *err)
{
    AUTO_BUF data = BUF_INIT;
    struct strv name = STRV_INIT;
    *out = (struct loaded){0};
    int rc = store_build_find(store, ref, &out->number, &name, &data, err);
    if (rc == 0)
        rc = journal_decode(buf_str(&data), data.len, &out->journal, err);
    if (rc == 0)
        out->name = xstrdup(name.items[0]);
    strv_free(&name);
    return rc;
}

static int load_number(struct store *store, int64_t number, struct loaded *out,
                       struct err *err)
{
    AUTO_FREE char *text = xasprintf("%lld", (long long)number);
    return load(store, text, out, err);
}

static int load_newest(struct store *store, struct loaded *out, struct err *err)
{
    int64_t number = 0;
    int rc = store_build_newest(store, &number, err);
    if (rc == 0 && number == 0) {
        err_set(err, ERR_NOT_FOUND, "no build is recorded in this store");
        return err_hint(err, "simbench build CONTEXT records one");
    }
    return rc != 0 ? rc : load_number(store, number, out, err);
}

/* The build to compare with: the one the build itself used, else the one before. */
static void load_before(struct store *store, const struct loaded *now,
                        struct loaded *out)
{
    int64_t *ids = NULL;
    size_t n = 0;
    if (now->journal == NULL)
        return;
    if (now->journal->against != 0 &&
        load_number(store, now->journal->against, out, NULL) == 0)
        return;
    loaded_free(out);
    *out = (struct loaded){0};
    if (now->journal->against == 0 ||
        store_build_list(store, now->name, &ids, &n, NULL) != 0)
        return;
    while (n > 0 && ids[n - 1] >= now->number)
        n--;
    if (n > 0 && load_number(store, ids[n - 1], out, NULL) != 0) {
        loaded_free(out);
        *out = (struct loaded){0};
    }
    free(ids);
}

/* ---- the record that came closest ---- */

/* Whether both steps stand on the same ground, so that only their own parts keep the
 * one's record from serving the other. */
static bool same_ground(const struct journal *now, const struct journal_step *s,
                        const struct journal *then, const struct journal_step *old)
{
    if (s->linked || old->linked)
        return s->linked == old->linked;
    if (s->parent == 0 || old->parent == 0)
        return s->parent == old->parent;
    const struct journal_step *x = &now->steps[s->parent - 1],
                              *y = &then->steps[old->parent - 1];
    return x->has_key && y->has_key && digest_equal(&x->key, &y->key);
}

static bool wants_closest(const struct miss *m)
{
    return m != NULL && (m->reason == MISS_INSTRUCTION || m->reason == MISS_INPUT ||
                         m->reason == MISS_ENVIRONMENT);
}

static void try_build(struct account *a, struct store *store, const struct loaded *then,
                      size_t most)
{
    AUTO_FREE long *aligned = xcalloc(a->now->len + 1, sizeof *aligned);
    journal_align(a->now, then->journal, aligned);
    struct explain_pair pair = {.now = a->now,
                                .before = then->journal,
                                .aligned = aligned,
                                .store = store,
                                .most = most};
    for (size_t i = 0; i < a->now->len; i++) {
        const struct journal_step *s = &a->now->steps[i];
        const struct journal_step *old =
            aligned[i] >= 0 ? &then->journal->steps[aligned[i]] : NULL;
        struct record record;
        if (!wants_closest(a->misses[i]) || old == NULL || !old->has_key ||
            !same_ground(a->now, s, then->journal, old) ||
            store_record_peek(store, &old->key, &record, NULL) != 0)
            continue;
        struct miss *m = explain_own(&pair, i);
        struct account_closest *best = &a->closest[i];
        if (m == NULL || (best->miss != NULL && best->miss->total <= m->total)) {
            miss_free(m);
            continue;
        }
        miss_free(best->miss);
        *best = (struct account_closest){then->number, m};
    }
}

/* The newest builds first: of equals they are the ones that are remembered. */
static void find_closest(struct account *a, struct store *store, const char *name)
{
    enum { LISTED = 3 };
    int64_t *ids = NULL;
    size_t n = 0;
    bool wanted = false;
    for (size_t i = 0; i < a->now->len; i++)
        wanted = wanted || wants_closest(a->misses[i]);
    if (!wanted || store_build_list(store, name, &ids, &n, NULL) != 0)
        return;
    while (n-- > 0) {
        struct loaded then;
        if (ids[n] >= a->number)
            continue;
        if (load_number(store, ids[n], &then, NULL) == 0)
            try_build(a, store, &then, LISTED);
        loaded_free(&then);
    }
    free(ids);
}

/* ---- all of it ---- */

static void explain(struct account *a, struct store *store, size_t most)
{
    a->aligned = xcalloc(a->now->len + 1, sizeof *a->aligned);
    if (a->before != NULL)
        journal_align(a->now, a->before, a->aligned);
    struct explain_pair pair = {.now = a->now,
                                .before = a->before,
                                .aligned = a->aligned,
                                .store = store,
                                .most = most};
    a->misses = xcalloc(a->now->len + 1, sizeof *a->misses);
    a->closest = xcalloc(a->now->len + 1, sizeof *a->closest);
    for (size_t i = 0; i < a->now->len; i++)
        if (a->now->steps[i].status == JOURNAL_RAN)
            a->misses[i] = explain_step(&pair, i, a->misses);
}

int account_load(struct store *store, const char *build, const char *against,
                 size_t most, struct account *out, struct err *err)
{
    struct loaded now = {0}, before = {0};
    *out = (struct account){0};
    int rc =
        build != NULL ? load(store, build, &now, err) : load_newest(store, &now, err);
    if (rc == 0 && against != NULL)
        rc = load(store, against, &before, err);
    else if (rc == 0)
        load_before(store, &now, &before);
    if (rc == 0) {
        out->number = now.number;
        out->against = before.number;
        out->now = STEAL(now.journal);
        out->before = STEAL(before.journal);
        explain(out, store, most);
        find_closest(out, store, now.name);
    }
    loaded_free(&now);
    loaded_free(&before);
    return rc;
}

void account_free(struct account *a)
{
    for (size_t i = 0; a->now != NULL && i < a->now->len; i++) {
        miss_free(a->misses[i]);
        miss_free(a->closest[i].miss);
    }
    free(a->misses);
    free(a->closest);
    free(a->aligned);
    journal_free(a->now);
    journal_free(a->before);
    *a = (struct account){0};
}

unsigned account_ran(const struct account *a)
{
    unsigned n = 0;
    for (size_t i = 0; i < a->now->len; i++)
        n += a->now->steps[i].status == JOURNAL_RAN;
    return n;
}
