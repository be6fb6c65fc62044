/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing, rows and groups of writes. What differs between the backings is
 * in db_*.c; what rows mean, in the files named after them.
 */
#include "sim/store/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/store/internal.h"

static struct store *new_store(struct layer_memo *memo)
{
    struct store *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_mutex_init(&s->tmp_mutex, NULL);
    s->memo = memo;
    s->fixed_now_s = INT64_MIN;
    s->lock_fd = s->tmp_fd = -1;
    return s;
}

struct store *store_open_memory(struct layer_memo *memo)
{
    struct store *s = new_store(memo);
    s->db = db_open_memory();
    return s;
}

static int make_folders(const char *dir, struct err *err)
{
    static const char *const folders[] = {"blobs/sha256", "index", "mounts",
                                          "unpacked",     "tmp",   "objects"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        AUTO_FREE char *path = xasprintf("%s/%s", dir, folders[i]);
        if (file_exists(path))
            continue;
        int rc = file_make_folders(path, err);
        if (rc != 0) {
            err_wrap(err, "the store %s", dir);
            err_hint(err, "name another place with --store");
            return rc;
        }
    }
    return 0;
}

int store_open(const char *dir, struct layer_memo *memo, struct store **out,
               struct err *err)
{
    int rc = make_folders(dir, err);
    if (rc != 0)
        return rc;
    struct store *s = new_store(memo);
    s->dir = xstrdup(dir);
    rc = store_files_open(s, err);
    if (rc == 0)
        rc = db_open_sqlite(dir, &s->db, err);
    if (rc != 0) {
        store_close(s);
        err_wrap(err, "the store %s", dir);
        return rc;
    }
    s->pending = db_open_memory();
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    /* What is left are uses counted outside of any group: worth no error. */
    if (s->pending != NULL)
        store_flush(s, NULL);
    store_uncache_all(s, false);
    table_free(&s->open);
    table_free(&s->complete);
    table_free(&s->chains);
    table_free(&s->touches);
    if (s->pending != NULL)
        s->pending->ops->close(s->pending);
    if (s->db != NULL)
        s->db->ops->close(s->db);
    if (s->dir != NULL)
        store_files_close(s);
    pthread_mutex_destroy(&s->mutex);
    pthread_mutex_destroy(&s->tmp_mutex);
    free(s->objects);
    free(s->nameless);
    free(s->dir);
    free(s);
}

const char *store_dir(const struct store *store)
{
    return store->dir;
}

/* ---- time ------------------------------------------------------------------------ */

void store_set_clock(struct store *store, int64_t now_s)
{
    STORE_LOCK(store);
    store->fixed_now_s = now_s;
}

int64_t store_now(const struct store *store)
{
    return store->fixed_now_s != INT64_MIN ? store->fixed_now_s : clock_realtime_s();
}

uint64_t store_next_use(struct store *store)
{
    struct timespec ts = {0};
    if (store->dir != NULL)
        clock_gettime(CLOCK_REALTIME, &ts);
    uint64_t now = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
    store->use_seq = now > store->use_seq ? now : store->use_seq + 1;
    return store->use_seq;
}

/* ---- rows ------------------------------------------------------------------------ */

int store_row_get(struct store *store, enum db_table table, struct slice key,
                  struct slice *out, struct err *err)
{
    if (store->dirty && !store->direct &&
        store->pending->ops->get(store->pending, table, key, out, err) == 0)
        return out->len != 0 ? 0 : ERR_NOT_FOUND;
    return store->db->ops->get(store->db, table, key, out, err);
}

int store_damaged(struct err *err)
{
    err_set(err, ERR_FAILED, "the store's database is damaged");
    return err_hint(err,
                    "`simbench df --verify` says where; without the store's folder "
                    "a new one is made");
}

int store_row_read(struct store *store, enum db_table table, struct slice key,
                   void *out, size_t len, struct err *err)
{
    struct slice value;
    int rc = store_row_get(store, table, key, &value, err);
    if (rc != 0)
        return rc;
    if (value.len != len)
        return store_damaged(err);
    memcpy(out, value.data, len);
    return 0;
}

int store_row_put(struct store *store, enum db_table table, struct slice key,
                  struct slice value, struct err *err)
{
    if (store->pending == NULL || store->direct)
        return store->db->ops->put(store->db, table, key, value, err);
    store->dirty = true;
    return store->pending->ops->put(store->pending, table, key, value, err);
}

int store_row_del(struct store *store, enum db_table table, struct slice key,
                  struct err *err)
{
    if (store->pending == NULL || store->direct)
        return store->db->ops->del(store->db, table, key, err);
    return store_row_put(store, table, key, slice_of("", 0), err);
}

int store_meta_get(struct store *store, const char *name, uint64_t *out,
                   struct err *err)
{
    *out = 0;
    int rc = store_row_read(store, DB_META, slice_string(name), out, sizeof *out, err);
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int store_meta_put(struct store *store, const char *name, uint64_t value,
                   struct err *err)
{
    return store_row_put(store, DB_META, slice_string(name),
                         slice_of(&value, sizeof value), err);
}

int store_refresh(struct store *store, struct err *err)
{
    if (store->pending == NULL || store->depth > 0)
        return 0;
    uint64_t generation = 0;
    int rc = store_meta_get(store, "generation", &generation, err);
    if (rc == 0 && generation != store->generation) {
        store_uncache_all(store, true);
        store->generation = generation;
    }
    return rc;
}

/* ---- groups ---------------------------------------------------------------------- */

/* What was read together ends where something else begins. */
static void end_reads(struct store *store)
{
    if (store->reading)
        store->db->ops->read_end(store->db);
    store->reading = false;
}

void store_read_begin(struct store *store)
{
    STORE_LOCK(store);
    if (store->dir == NULL || store->reading || store->direct)
        return;
    store->db->ops->read_begin(store->db);
    store->reading = true;
}

void store_read_end(struct store *store)
{
    STORE_LOCK(store);
    end_reads(store);
}

struct flush {
    struct store *store;
    enum db_table table;
};

static int flush_row(void *payload, struct slice key, struct slice value,
                     struct err *err)
{
    struct flush *f = payload;
    if (f->table == DB_RECORD)
        return store_records_merge(f->store, key, value, err);
    if (value.len == 0)
        return store_row_del(f->store, f->table, key, err);
    return store_row_put(f->store, f->table, key, value, err);
}

static int flush_tables(struct store *store, struct err *err)
{
    for (int table = 0; store->dirty && table < DB_TABLES; table++) {
        struct flush f = {store, (enum db_table)table};
        int rc = store->pending->ops->each(store->pending, f.table, flush_row, &f, err);
        if (rc != 0)
            return rc;
    }
    struct table_cursor cursor = {0};
    struct slice key, value;
    while (table_next(&store->touches, &cursor, &key, &value)) {
        struct touch touch;
        memcpy(&touch, value.data, sizeof touch);
        int rc = store_touch_write(store, key, &touch, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int store_flush(struct store *store, struct err *err)
{
    if (store->pending == NULL || (!store->dirty && store->touches.len == 0))
        return 0;
    bool only_uses = !store->dirty;
    end_reads(store);
    int rc = store_sync_files(store, err);
    if (rc == 0)
        rc = store->db->ops->begin(store->db, err);
    if (rc == 0) {
        store->direct = true;
        rc = flush_tables(store, err);
        store->direct = false;
        if (rc == 0)
            rc = store->db->ops->commit(store->db, err);
        else
            store->db->ops->rollback(store->db);
    }
    if (store->dirty)
        db_memory_clear(store->pending);
    store->dirty = false;
    table_free(&store->touches);
    if (rc != 0 && !only_uses) {
        /* Chains and layers that were believed to be here may not be. */
        store_uncache_all(store, true);
        return rc;
    }
    return 0;
}

int store_direct_begin(struct store *store, struct err *err)
{
    int rc = store_flush(store, err);
    end_reads(store);
    if (rc == 0)
        rc = store->db->ops->begin(store->db, err);
    store->direct = rc == 0;
    return rc;
}

int store_direct_end(struct store *store, int rc, struct err *err)
{
    store->direct = false;
    if (rc == 0)
        return store->db->ops->commit(store->db, err);
    store->db->ops->rollback(store->db);
    return rc;
}

enum { LOCK_WAIT_S = 60 };

int store_group_begin(struct store *store, struct err *err)
{
    if (store->depth == 0 && store->dir != NULL) {
        end_reads(store); /* what others removed since is to be seen */
        int rc = store_lock_use(store, STORE_SHARED, LOCK_WAIT_S, err);
        if (rc == 0)
            rc = store_refresh(store, err);
        if (rc != 0) {
            store_lock_use(store, STORE_UNLOCK, 0, NULL);
            return rc;
        }
    }
    store->depth++;
    return 0;
}

int store_group_end(struct store *store, int rc, struct err *err)
{
    if (--store->depth > 0)
        return rc;
    store->object_count = 0;
    if (store->dir == NULL)
        return rc;
    int flushed = store_flush(store, rc == 0 ? err : NULL);
    store_lock_use(store, STORE_UNLOCK, 0, NULL);
    return rc != 0 ? rc : flushed;
}

int store_begin(struct store *store, struct err *err)
{
    STORE_LOCK(store);
    return store_group_begin(store, err);
}

int store_commit(struct store *store, struct err *err)
{
    STORE_LOCK(store);
    if (store->depth == 0)
        return err_set(err, ERR_FAILED, "store_commit without store_begin");
    return store_group_end(store, 0, err);
}
