/* SPDX-License-Identifier: MIT */
/* What the files of this room share and nobody else includes. */
#ifndef SIM_STORE_INTERNAL_H
#define SIM_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "sim/base/mem.h"
#include "sim/store/db.h"
#include "sim/store/rows.h"
#include "sim/store/store.h"

struct layer_box { /* what a struct layer stands in */
    struct layer layer;
    atomic_uint refs;
    struct blob *raw; /* in memory: the tar of an imported layer, else NULL */
    bool holds_file;  /* an open blob */
};

/*
 * Writes go to `pending` (a table in memory) while a group is open, and to the database
 * in one short transaction when the last group is committed: a build that runs for an
 * hour keeps no other build waiting. Reads look there first. A store in memory has no
 * `pending`.
 *
 * The file `lock`: byte LOCK_USE is shared by builds and exclusive for what removes
 * layers. LOCK_GATE is passed on the way to LOCK_USE and held by who waits for it
 * exclusively: builds that overlap for ever keep no prune waiting for ever. LOCK_TMP
 * guards the making and clearing of folders in tmp/; from LOCK_LAYER on, one byte for
 * each layer that is being unpacked.
 */
enum { LOCK_USE = 0, LOCK_GATE = 1, LOCK_TMP = 2, LOCK_LAYER = 3 };

struct store {
    pthread_mutex_t mutex;
    char *dir;               /* NULL: in memory */
    struct db *db;           /* what is durable */
    struct db *pending;      /* NULL in memory */
    struct table touches;    /* key, chain -> struct touch: uses to be counted */
    bool dirty;              /* pending holds something */
    bool reading;            /* reads see one moment */
    bool direct;             /* a transaction is open: writes go to db */
    unsigned depth;          /* of store_begin */
    struct layer_memo *memo; /* borrowed, may be NULL */
    struct table open;       /* DiffID -> struct layer_box *, each a reference */
    size_t open_files, open_entries;
    struct table complete; /* chain IDs all of whose layers are here */
    struct table chains;   /* chain ID -> struct chain_row: rows read before */
    uint64_t generation;   /* of the database when those three were filled */
    uint64_t use_seq;
    int64_t fixed_now_s; /* INT64_MIN: the real clock */
    int lock_fd;
    store_remover *remover;    /* NULL: file_remove_tree */
    pthread_mutex_t tmp_mutex; /* of the next seven; taken last */
    char *tmp; /* this store's own folder below tmp/, NULL until needed */
    int tmp_fd;
    uint64_t tmp_count;
    struct unsynced *unsynced; /* written and named, not yet known to be on the disk */
    size_t unsynced_count, unsynced_cap;
    int sync_errno;         /* what one of them failed by, 0: none has */
    struct digest *objects; /* put since the last build was recorded */
    size_t object_count, object_cap;
    struct digest *nameless; /* in memory: ring of NAMELESS_IMAGES */
    size_t nameless_count;
};

/* For locals: held until the scope ends. */
static inline void store_unlockp(struct store **store)
{
    pthread_mutex_unlock(&(*store)->mutex);
}
#define STORE_LOCK(s)                                                                  \
    pthread_mutex_lock(&(s)->mutex);                                                   \
    __attribute__((cleanup(store_unlockp), unused)) struct store *locked_ = (s)

/* ---- rows (store.c); the mutex is held ------------------------------------------- */

/* 0, ERR_NOT_FOUND without a message, or an error. A pending empty value reads as
 * absent: no table holds one. */
int store_row_get(struct store *store, enum db_table table, struct slice key,
                  struct slice *out, struct err *err);
/* ERR_FAILED: a row is not what was written. */
int store_damaged(struct err *err);
/* Exactly len bytes, else store_damaged. */
int store_row_read(struct store *store, enum db_table table, struct slice key,
                   void *out, size_t len, struct err *err);
/* Only between store_group_begin and store_group_end. */
int store_row_put(struct store *store, enum db_table table, struct slice key,
                  struct slice value, struct err *err);
int store_row_del(struct store *store, enum db_table table, struct slice key,
                  struct err *err);
/* store_begin and store_commit with the mutex held. */
int store_group_begin(struct store *store, struct err *err);
/* rc: of what was done inside; a failure of the writes is returned where it is 0. */
int store_group_end(struct store *store, int rc, struct err *err);
/* Writes what is pending to the database. */
int store_flush(struct store *store, struct err *err);
/* Flushes and opens a transaction: until store_direct_end, writes go to the database at
 * once, and what is read is what stands there. */
int store_direct_begin(struct store *store, struct err *err);
int store_direct_end(struct store *store, int rc, struct err *err);
/* Forgets what is cached if another process removed layers since. */
int store_refresh(struct store *store, struct err *err);
/* A number in DB_META, 0 if absent. */
int store_meta_get(struct store *store, const char *name, uint64_t *out,
                   struct err *err);
int store_meta_put(struct store *store, const char *name, uint64_t value,
                   struct err *err);
int64_t store_now(const struct store *store);
/* A number larger than any given before, also by other processes (nearly: it is the
 * time in microseconds on disk, a counter in memory). */
uint64_t store_next_use(struct store *store);

/* ---- records (record.c); the mutex is held ----------------------------------------
 */

struct touch { /* uses of a record that are not yet written */
    uint64_t count, use_seq;
    int64_t last_used_s;
};
/* Merges pending rows of one key, newest first, into the database. */
int store_records_merge(struct store *store, struct slice key, struct slice value,
                        struct err *err);
int store_touch_write(struct store *store, struct slice key_and_chain,
                      const struct touch *touch, struct err *err);
/* Puts a record unless one of its key and chain is here. Without the mutex. */
int store_record_add(struct store *store, const struct record *record, struct err *err);
/* The rows in a value: at most RECORDS_A_KEY. */
size_t store_records_decode(struct slice value, struct record_row *rows);

/* ---- layers and chains; the mutex is held ---------------------------------------- */

int store_layer_row(struct store *store, const struct digest *diff_id,
                    struct layer_row *out, struct err *err);
/* 1: every layer of the chain is here; 0: not; or an error. */
int store_chain_complete(struct store *store, const struct digest *chain,
                         struct err *err);
/* store_chain_put. */
int store_chain_add(struct store *store, const struct digest *parent,
                    const struct digest *diff_id, struct digest *out, struct err *err);
int store_chain_list(struct store *store, const struct digest *chain,
                     struct digest **out, size_t *len, struct err *err);
/* Borrowed from the cache of open layers, or NULL. */
struct layer_box *store_cached_layer(struct store *store, const struct digest *diff_id);
/* Gives the cache a reference of its own; drops others that nobody uses if they are
 * many. */
void store_cache_layer(struct store *store, struct layer_box *box);
/* Drops the cache's reference. */
void store_uncache_layer(struct store *store, const struct digest *diff_id);
/* Drops all that nobody else refers to (keep_used), or all. */
void store_uncache_all(struct store *store, bool keep_used);
/* Enters a layer whose files stand; takes the reference; *out is the caller's. Without
 * the mutex. */
int store_layer_enter(struct store *store, struct layer_box *box,
                      const struct layer_row *row, struct layer **out, struct err *err);
/* One reference, the caller's; takes ownership of tree. */
struct layer_box *layer_box_new(const struct digest *diff_id,
                                const struct layer_row *row, struct tree *tree);

struct measured {
    struct digest diff_id;
    uint64_t tar_size;
};
/* What the tar of a tree would be (memo.c); the mutex is not held. */
int layer_measure(struct store *store, const struct tree *tree, struct measured *out,
                  struct err *err);

/* An image's ID by name, ID or prefix; *name (may be NULL) if it was found by name.
 * ERR_NOT_FOUND with a message. The mutex is held, nothing is pending (image.c). */
int store_image_resolve(struct store *store, const char *ref, struct digest *id,
                        char **name, struct err *err);
/* For qsort of strings. */
int store_compare_strings(const void *a, const void *b);

/* ---- layer files (layer_file.c); the caller holds no mutex unless it says so ------
 */

/* dir/KIND/<hex><suffix>; the caller frees. */
char *store_path(const struct store *store, const char *kind, const struct digest *id,
                 const char *suffix);
/* Reads index (and opens the blob) of a layer. */
int layer_file_open(struct store *store, const struct digest *diff_id,
                    const struct layer_row *row, struct layer_box **out,
                    struct err *err);
/* Writes blob and index of a tree, or the index alone; like: as for
 * store_layer_put_like. The tree's contents lie
 * in the blob afterwards; where it has none, another tree may stand in its place. */
struct layer_written {
    struct digest diff_id;
    struct layer_row row;
};
int layer_file_write(struct store *store, struct tree **tree, const struct digest *like,
                     struct layer_written *out, struct err *err);
/* The index of a tree whose blob stands already. */
int layer_index_write(struct store *store, const struct digest *diff_id,
                      const struct tree *tree, struct err *err);
/* A copy whose host files and ranges are inline; more than limit bytes is ERR_FAILED.
 */
int layer_inline(const struct tree *tree, uint64_t limit, struct tree **out,
                 struct err *err);
struct tree *layer_tree_copy(const struct tree *tree);
/* Streams a blob file. */
int layer_blob_stream(const struct store *store, const struct digest *diff_id,
                      content_sink *sink, void *payload, struct err *err);
/* Opens or reads a blob. */
int layer_blob_open(const struct store *store, const struct digest *diff_id,
                    uint64_t size, struct blob **out, bool *is_file, struct err *err);
struct tar_limits layer_tar_limits(void);

enum {
    INLINE_LIMIT = 64 << 20,    /* what a layer without a blob may keep in memory */
    BLOB_IN_MEMORY = 128 << 10, /* smaller blobs are read: they need no descriptor */
};

/* ---- files (files.c) ---------------------------------------------------------------
 */

int store_files_open(struct store *store, struct err *err);
void store_files_close(struct store *store);
/* A name in tmp/ that is ours alone; removed when the process is gone. The caller
 * frees. With or without the mutex. */
int store_temp_name(struct store *store, char **out, struct err *err);
/* fcntl lock of one byte of an open lock file. Waits at most so long, then ERR_FAILED.
 */
enum store_lock { STORE_UNLOCK, STORE_SHARED, STORE_EXCLUSIVE };
int store_lock_byte(int fd, int64_t byte, enum store_lock how, unsigned wait_s,
                    struct err *err);
/* LOCK_USE by way of LOCK_GATE. */
int store_lock_use(struct store *store, enum store_lock how, unsigned wait_s,
                   struct err *err);
/* A descriptor of the lock file of its own, so that threads exclude each other. */
int store_lock_open(const struct store *store, struct err *err);
/* ERR_FAILED with strerror, and what to do about a full disk. */
int store_io_error(struct err *err, int errnum, const char *what, const char *path);
/* Renames a finished temporary file and takes fd; sync: its bytes reach the disk before
 * the rows of the group that is open. Unlinks it on failure. */
int store_file_finish(struct store *store, int fd, const char *temp, const char *path,
                      bool sync, struct err *err);
int store_file_create(const char *path, struct err *err);
/* A whole file, by way of one in tmp/. Without the mutex. */
int store_file_write(struct store *store, const char *path, struct slice data,
                     bool sync, struct err *err);
/* Lets the disk begin with what was written to fd. */
void store_sync_begin(int fd);
/* Takes fd, of a file whose bytes must be on the disk before the next flush (sync.c).
 */
int store_sync_later(struct store *store, int fd, const char *path, struct err *err);
/* Waits until they are; a failure is of any of them. */
int store_sync_files(struct store *store, struct err *err);
/* Waits for none; no other thread uses the store any more. */
void store_sync_close(struct store *store);
/* Bytes of regular files below a folder, each hard link once a name. */
uint64_t store_folder_bytes(const char *path);

#endif
