/* SPDX-License-Identifier: MIT */
/*
 * The collector. Records go one after the other, the least valuable leaf first: value
 * is the rank by last use over the number of ranks plus the same by number of uses, as
 * BuildKit weighs it (cache rules, section "GC"); a leaf is a record whose chain no
 * other record's chain stands on. Then what nothing holds goes: layers, chains,
 * aliases, objects, files.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/store/room.h"

struct prune {
    struct store *store;
    const struct prune_options *options;
    struct room room;
    struct room_folders mounts, unpacked;
    size_t *candidates; /* indices of records */
    double *values;     /* by index of record */
    uint64_t freed, removed;
};

/* ---- choosing records ------------------------------------------------------------ */

static bool is_old(const struct prune *p, int64_t used_s)
{
    return p->options->older_than_s <= 0 ||
           used_s <= p->options->now_s - p->options->older_than_s;
}

static bool is_candidate(const struct prune *p, const struct room_record *record)
{
    if (record->gone || !is_old(p, record->row.last_used_s))
        return false;
    if (record->chain == ROOM_NONE)
        return true;
    const struct room_chain *chain = &p->room.chains[record->chain];
    return chain->below == 0 && (p->options->all || !chain->image);
}

struct by {
    const struct room_record *records;
    const double *values;
};

static int by_last_use(const void *a, const void *b, void *payload)
{
    const struct room_record *records = ((struct by *)payload)->records;
    uint64_t x = records[*(const size_t *)a].row.use_seq,
             y = records[*(const size_t *)b].row.use_seq;
    return (x > y) - (x < y);
}

static int by_uses(const void *a, const void *b, void *payload)
{
    const struct room_record *records = ((struct by *)payload)->records;
    uint64_t x = records[*(const size_t *)a].row.uses,
             y = records[*(const size_t *)b].row.uses;
    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b, void *payload)
{
    const double *values = ((struct by *)payload)->values;
    double x = values[*(const size_t *)a], y = values[*(const size_t *)b];
    return x != y ? (x > y) - (x < y) : by_last_use(a, b, payload);
}

typedef int compare(const void *a, const void *b, void *payload);

/* Adds rank/ranks to each candidate's value; equals share a rank. */
static void add_ranks(struct prune *p, size_t count, compare *order)
{
    struct by by = {p->room.records, p->values};
    qsort_r(p->candidates, count, sizeof *p->candidates, order, &by);
    size_t ranks = 1;
    for (size_t i = 1; i < count; i++)
        ranks += order(&p->candidates[i - 1], &p->candidates[i], &by) != 0;
    size_t rank = 1;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && order(&p->candidates[i - 1], &p->candidates[i], &by) != 0)
            rank++;
        p->values[p->candidates[i]] += (double)rank / (double)ranks;
    }
}

/* The candidates in the order in which they should go. */
static size_t rank_candidates(struct prune *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->room.record_count; i++) {
        if (!is_candidate(p, &p->room.records[i]))
            continue;
        p->values[i] = 0;
        p->candidates[count++] = i;
    }
    if (count > 1 && p->options->keep_bytes + p->options->keep_records > 0) {
        add_ranks(p, count, by_last_use);
        add_ranks(p, count, by_uses);
        struct by by = {p->room.records, p->values};
        qsort_r(p->candidates, count, sizeof *p->candidates, by_value, &by);
    }
    return count;
}

static bool is_small_enough(const struct prune *p)
{
    uint64_t left = p->room.record_count - p->removed;
    if (p->options->keep_records > 0 && left <= p->options->keep_records)
        return true;
    return p->options->keep_bytes > 0 &&
           p->room.cache_bytes + p->mounts.bytes + p->unpacked.bytes <=
               p->options->keep_bytes;
}

/* One victim a pass, for each makes new leaves; of many thousands a share, so that the
 * time stays near to linear. */
static void choose_records(struct prune *p)
{
    while (!is_small_enough(p)) {
        size_t count = rank_candidates(p);
        if (count == 0)
            return;
        size_t share = p->options->keep_bytes > 0     ? count / 64 + 1
                       : p->options->keep_records > 0 ? count / 8 + 1
                                                      : count;
        for (size_t i = 0; i < share && !is_small_enough(p); i++) {
            room_drop(&p->room, p->candidates[i]);
            p->removed++;
        }
    }
}

/* ---- rows ------------------------------------------------------------------------ */

/* Rewrites a key's list without the records that are gone. */
static int remove_record(struct prune *p, const struct room_record *record,
                         struct err *err)
{
    struct store *store = p->store;
    struct slice key = slice_digest(&record->key), value;
    struct record_row rows[RECORDS_A_KEY];
    int rc = store_row_get(store, DB_RECORD, key, &value, err);
    if (rc != 0)
        return rc == ERR_NOT_FOUND ? 0 : rc;
    size_t count = store_records_decode(value, rows), kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!digest_equal(&rows[i].chain, &record->row.chain))
            rows[kept++] = rows[i];
    if (kept > 0)
        return store_row_put(store, DB_RECORD, key, slice_of(rows, kept * sizeof *rows),
                             err);
    uint64_t when = store_next_use(store);
    rc = store_row_del(store, DB_RECORD, key, err);
    return rc != 0 ? rc
                   : store_row_put(store, DB_COLLECTED, key,
                                   slice_of(&when, sizeof when), err);
}

struct key_list {
    struct store *store;
    enum db_table other; /* keys (or values) that are missing here are listed */
    bool by_value;
    struct digest *keys;
    size_t len, cap;
};

static int list_orphan(void *payload, struct slice key, struct slice value,
                       struct err *err)
{
    struct key_list *l = payload;
    struct slice ignored;
    if (key.len != sizeof *l->keys)
        return 0;
    int rc =
        store_row_get(l->store, l->other, l->by_value ? value : key, &ignored, err);
    if (rc != ERR_NOT_FOUND)
        return rc;
    GROW(l->keys, l->cap, l->len + 1);
    memcpy(&l->keys[l->len++], key.data, key.len);
    return 0;
}

static int remove_orphans(struct store *store, enum db_table table, enum db_table other,
                          bool by_value, struct err *err)
{
    struct key_list list = {.store = store, .other = other, .by_value = by_value};
    int rc = store->db->ops->each(store->db, table, list_orphan, &list, err);
    for (size_t i = 0; rc == 0 && i < list.len; i++)
        rc = store_row_del(store, table, slice_digest(&list.keys[i]), err);
    free(list.keys);
    return rc;
}

struct tombstone {
    struct digest key;
    uint64_t when;
};
struct tombstones {
    struct tombstone *items;
    size_t len, cap;
};

static int list_tombstone(void *payload, struct slice key, struct slice value,
                          struct err *err)
{
    (void)err;
    struct tombstones *t = payload;
    struct tombstone item;
    if (key.len != sizeof item.key || value.len != sizeof item.when)
        return 0;
    memcpy(&item.key, key.data, sizeof item.key);
    memcpy(&item.when, value.data, sizeof item.when);
    GROW(t->items, t->cap, t->len + 1);
    t->items[t->len++] = item;
    return 0;
}

static int oldest_first(const void *a, const void *b)
{
    uint64_t x = ((const struct tombstone *)a)->when,
             y = ((const struct tombstone *)b)->when;
    return (x > y) - (x < y);
}

static int trim_tombstones(struct store *store, struct err *err)
{
    struct tombstones list = {0};
    int rc = store->db->ops->each(store->db, DB_COLLECTED, list_tombstone, &list, err);
    if (list.len > TOMBSTONES)
        qsort(list.items, list.len, sizeof *list.items, oldest_first);
    for (size_t i = 0; rc == 0 && i + TOMBSTONES < list.len; i++)
        rc = store_row_del(store, DB_COLLECTED, slice_digest(&list.items[i].key), err);
    free(list.items);
    return rc;
}

/* A layer somebody in this process still works with. */
static bool is_in_use(struct store *store, const struct digest *id)
{
    struct layer_box *box = store_cached_layer(store, id);
    return box != NULL && atomic_load(&box->refs) > 1;
}

static int remove_layers(struct prune *p, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->room.layer_count; i++) {
        const struct room_layer *layer = &p->room.layers[i];
        if (layer->image || layer->chains > 0 || is_in_use(p->store, &layer->id))
            continue;
        rc = store_row_del(p->store, DB_LAYER, slice_digest(&layer->id), err);
        store_uncache_layer(p->store, &layer->id);
        p->freed += layer->row.size;
    }
    for (size_t i = 0; rc == 0 && i < p->room.chain_count; i++) {
        const struct room_chain *chain = &p->room.chains[i];
        if (!chain->image && chain->at + chain->below == 0)
            rc = store_row_del(p->store, DB_CHAIN, slice_digest(&chain->id), err);
    }
    return rc;
}

static int remove_rows(struct prune *p, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->room.record_count; i++)
        if (p->room.records[i].gone)
            rc = remove_record(p, &p->room.records[i], err);
    if (rc == 0)
        rc = remove_layers(p, err);
    if (rc == 0)
        rc = remove_orphans(p->store, DB_ALIAS, DB_RECORD, true, err);
    if (rc == 0)
        rc = remove_orphans(p->store, DB_OBJECT, DB_REFERENCE, false, err);
    if (rc == 0)
        rc = trim_tombstones(p->store, err);
    uint64_t generation = 0;
    if (rc == 0)
        rc = store_meta_get(p->store, "generation", &generation, err);
    if (rc == 0)
        rc = store_meta_put(p->store, "generation", generation + 1, err);
    return rc;
}

/* ---- files ----------------------------------------------------------------------- */

/* Removes what is named by a digest that has no row: of removed layers, and of builds
 * that were killed between file and row. */
static void remove_unknown(struct store *store, const char *kind, enum db_table table)
{
    AUTO_FREE char *parent = xasprintf("%s/%s", store->dir, kind);
    DIR *dir = opendir(parent);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        struct digest id;
        struct slice ignored;
        char hex[DIGEST_HEX + 1] = "";
        if (strlen(e->d_name) < DIGEST_HEX)
            continue;
        memcpy(hex, e->d_name, DIGEST_HEX);
        if (!digest_parse(hex, &id) || store_row_get(store, table, slice_digest(&id),
                                                     &ignored, NULL) != ERR_NOT_FOUND)
            continue;
        AUTO_FREE char *path = xasprintf("%s/%s", parent, e->d_name);
        /* The next prune tries again. */
        store_remove_tree(store, path, NULL);
    }
    if (dir != NULL)
        closedir(dir);
}

static int longest_unchanged(const void *a, const void *b)
{
    const struct room_folder *x = a, *y = b;
    return (x->changed_s > y->changed_s) - (x->changed_s < y->changed_s);
}

/* Removes folders left alone for so long until the cache is small enough. */
static int remove_folders(struct prune *p, struct room_folders *folders,
                          int64_t least_age_s, struct err *err)
{
    if (folders->len > 1) /* the second time they are in order */
        qsort(folders->items, folders->len, sizeof *folders->items, longest_unchanged);
    for (size_t i = 0; i < folders->len && !is_small_enough(p); i++) {
        struct room_folder *folder = &folders->items[i];
        if (folder->path == NULL || !is_old(p, folder->changed_s) ||
            p->options->now_s - folder->changed_s < least_age_s)
            continue;
        int rc = store_remove_tree(p->store, folder->path, err);
        if (rc != 0)
            return rc;
        free(STEAL(folder->path));
        folders->bytes -= folder->bytes;
        p->freed += folder->bytes;
    }
    return 0;
}

enum { PRUNE_WAIT_S = 30, MOUNT_IDLE_S = 48 * 3600 };

/* ---- the whole ------------------------------------------------------------------- */

static int prune(struct prune *p, struct err *err)
{
    struct store *store = p->store;
    int rc = room_read(store, &p->room, err);
    if (rc != 0)
        return rc;
    room_folders_read(store, "mounts", &p->mounts);
    room_folders_read(store, "unpacked", &p->unpacked);
    room_folders_read(store, "sandbox", &p->unpacked);
    p->candidates = xcalloc(p->room.record_count, sizeof *p->candidates);
    p->values = xcalloc(p->room.record_count, sizeof *p->values);
    /* Unpacked folders first: they cost no build to make again. Then cache mounts that
     * nobody used for two days, as in BuildKit's first rule; the others last. */
    rc = remove_folders(p, &p->unpacked, INT64_MIN, err);
    if (rc == 0 && p->options->keep_bytes > 0)
        rc = remove_folders(p, &p->mounts, MOUNT_IDLE_S, err);
    if (rc == 0) {
        choose_records(p);
        rc = store_direct_begin(store, err);
    }
    if (rc == 0)
        rc = store_direct_end(store, remove_rows(p, err), err);
    store_uncache_all(store, true);
    if (rc != 0)
        return rc;
    rc = remove_folders(p, &p->mounts, INT64_MIN, err);
    if (store->dir != NULL) {
        remove_unknown(store, "unpacked", DB_LAYER);
        remove_unknown(store, "sandbox", DB_LAYER);
        remove_unknown(store, "index", DB_LAYER);
        remove_unknown(store, "blobs/sha256", DB_LAYER);
        remove_unknown(store, "objects", DB_OBJECT);
    }
    return rc;
}

int store_prune(struct store *store, const struct prune_options *options,
                uint64_t *freed_bytes, uint64_t *removed_records, struct err *err)
{
    STORE_LOCK(store);
    if (store->depth > 0)
        return err_set(err, ERR_FAILED, "the store cannot be pruned during a build");
    int rc = store_flush(store, err);
    if (rc == 0 && store->dir != NULL)
        rc = store_lock_use(store, STORE_EXCLUSIVE, PRUNE_WAIT_S, err);
    if (rc != 0)
        return rc;
    struct prune p = {.store = store, .options = options};
    rc = prune(&p, err);
    if (store->dir != NULL)
        store_lock_use(store, STORE_UNLOCK, 0, NULL);
    room_free(&p.room);
    room_folders_free(&p.mounts);
    room_folders_free(&p.unpacked);
    free(p.candidates);
    free(p.values);
    if (freed_bytes != NULL)
        *freed_bytes = p.freed;
    if (removed_records != NULL)
        *removed_records = p.removed;
    return rc;
}
