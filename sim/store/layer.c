/* SPDX-License-Identifier: MIT */
/* Layers: the cache of open ones, putting, getting, streaming. Files: layer_file.c. */
#include <stdlib.h>

#include "sim/layer/tar.h"
#include "sim/store/internal.h"

enum {
    OPEN_FILES = 256,       /* descriptors kept for layers nobody uses at the moment */
    OPEN_ENTRIES = 1 << 18, /* tree entries kept likewise, some 100 bytes each */
};

/* ---- one layer ------------------------------------------------------------------- */

struct layer_box *layer_box_new(const struct digest *diff_id,
                                const struct layer_row *row, struct tree *tree)
{
    struct layer_box *box = xcalloc(1, sizeof *box);
    box->layer = (struct layer){
        .diff_id = *diff_id,
        .size = row->size,
        .tar_size = row->tar_size,
        .modelled = (row->flags & LAYER_MODELLED) != 0,
        .tree = tree,
    };
    atomic_init(&box->refs, 1);
    return box;
}

struct layer *layer_ref(struct layer *layer)
{
    atomic_fetch_add(&((struct layer_box *)layer)->refs, 1);
    return layer;
}

void layer_unref(struct layer *layer)
{
    struct layer_box *box = (struct layer_box *)layer;
    if (box == NULL || atomic_fetch_sub(&box->refs, 1) != 1)
        return;
    tree_free((struct tree *)layer->tree); /* it was given to us to own */
    blob_unref(box->raw);
    free(box);
}

/* ---- the cache of open layers ---------------------------------------------------- */

struct layer_box *store_cached_layer(struct store *store, const struct digest *diff_id)
{
    struct layer_box **at =
        table_find(&store->open, slice_digest(diff_id), sizeof(struct layer_box *));
    return at != NULL ? *at : NULL;
}

static void forget(struct store *store, struct layer_box *box)
{
    store->open_files -= box->holds_file;
    store->open_entries -= box->layer.tree->len;
    table_remove(&store->open, slice_digest(&box->layer.diff_id));
    layer_unref(&box->layer);
}

/* Only the cache's own reference is left. */
static bool is_unused(struct layer_box *box)
{
    return atomic_load(&box->refs) == 1;
}

static struct layer_box *box_of(struct slice value)
{
    struct layer_box *box;
    memcpy(&box, value.data, sizeof(struct layer_box *));
    return box;
}

static void drop_unused(struct store *store)
{
    struct table_cursor cursor = {0};
    struct slice key, value;
    while (table_next(&store->open, &cursor, &key, &value))
        if (is_unused(box_of(value)))
            forget(store, box_of(value));
}

void store_cache_layer(struct store *store, struct layer_box *box)
{
    /* A store in memory has its layers nowhere else. */
    if (store->dir != NULL && (store->open_files + box->holds_file > OPEN_FILES ||
                               store->open_entries > OPEN_ENTRIES))
        drop_unused(store);
    layer_ref(&box->layer);
    store->open_files += box->holds_file;
    store->open_entries += box->layer.tree->len;
    table_put(&store->open, slice_digest(&box->layer.diff_id),
              slice_of(&box, sizeof(struct layer_box *)));
}

void store_uncache_layer(struct store *store, const struct digest *diff_id)
{
    struct layer_box *box = store_cached_layer(store, diff_id);
    if (box != NULL)
        forget(store, box);
}

void store_uncache_all(struct store *store, bool keep_used)
{
    table_free(&store->complete);
    table_free(&store->chains);
    if (keep_used) {
        if (store->dir != NULL)
            drop_unused(store);
        return;
    }
    struct table_cursor cursor = {0};
    struct slice key, value;
    while (table_next(&store->open, &cursor, &key, &value))
        forget(store, box_of(value));
}

/* ---- rows ------------------------------------------------------------------------ */

int store_layer_row(struct store *store, const struct digest *diff_id,
                    struct layer_row *out, struct err *err)
{
    return store_row_read(store, DB_LAYER, slice_digest(diff_id), out, sizeof *out,
                          err);
}

static int not_here(const struct digest *diff_id, struct err *err)
{
    char text[DIGEST_TEXT + 1];
    digest_text(diff_id, text);
    return err_set(err, ERR_NOT_FOUND, "the layer %s is not in the store", text);
}

int store_layer_info(struct store *store, const struct digest *diff_id,
                     struct layer_info *out, struct err *err)
{
    STORE_LOCK(store);
    struct layer_row row;
    int rc = store_layer_row(store, diff_id, &row, err);
    if (rc != 0)
        return rc == ERR_NOT_FOUND ? not_here(diff_id, err) : rc;
    *out =
        (struct layer_info){row.size, row.tar_size, (row.flags & LAYER_MODELLED) != 0};
    return 0;
}

bool store_layer_has(struct store *store, const struct digest *diff_id)
{
    STORE_LOCK(store);
    struct layer_row row;
    return store_layer_row(store, diff_id, &row, NULL) == 0;
}

static int get_layer(struct store *store, const struct digest *diff_id,
                     struct layer **out, struct err *err)
{
    struct layer_box *box = store_cached_layer(store, diff_id);
    struct layer_row row;
    int rc = store_layer_row(store, diff_id, &row, err);
    if (rc != 0)
        return rc == ERR_NOT_FOUND ? not_here(diff_id, err) : rc;
    if (box != NULL) {
        *out = layer_ref(&box->layer);
        return 0;
    }
    rc = layer_file_open(store, diff_id, &row, &box, err);
    if (rc != 0)
        return rc;
    store_cache_layer(store, box);
    *out = &box->layer;
    return 0;
}

int store_layer_get(struct store *store, const struct digest *diff_id,
                    struct layer **out, struct err *err)
{
    STORE_LOCK(store);
    return get_layer(store, diff_id, out, err);
}

/* ---- putting --------------------------------------------------------------------- */

/* Enters a layer whose files stand. Of two that came at once the first stays. */
static int enter(struct store *store, struct layer_box *box,
                 const struct layer_row *row, struct layer **out, struct err *err)
{
    STORE_LOCK(store);
    const struct digest *id = &box->layer.diff_id;
    struct layer_row known;
    struct layer_box *cached = store_cached_layer(store, id);
    int rc = store_layer_row(store, id, &known, err);
    if (rc == ERR_NOT_FOUND)
        rc = store_row_put(store, DB_LAYER, slice_digest(id),
                           slice_of(row, sizeof *row), err);
    if (rc == 0 && cached == NULL)
        store_cache_layer(store, box);
    if (rc == 0)
        *out = layer_ref(cached != NULL ? &cached->layer : &box->layer);
    layer_unref(&box->layer);
    return rc;
}

/* Begins the group that keeps a prune elsewhere away until the row stands. */
static int with_group(struct store *store, struct err *err)
{
    STORE_LOCK(store);
    return store_group_begin(store, err);
}

static int end_group(struct store *store, int rc, struct layer **out, struct err *err)
{
    STORE_LOCK(store);
    int ended = store_group_end(store, rc, err);
    if (rc == 0 && ended != 0) {
        layer_unref(*out);
        *out = NULL;
    }
    return ended;
}

static bool has_host_files(const struct tree *tree)
{
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].content.kind == CONTENT_HOST)
            return true;
    return false;
}

static int put_in_memory(struct store *store, struct tree *tree, struct layer **out,
                         struct err *err)
{
    int rc = 0;
    if (has_host_files(tree)) { /* the host may change */
        struct tree *own = NULL;
        rc = layer_inline(tree, INLINE_LIMIT, &own, err);
        tree_free(tree);
        tree = own;
    }
    struct measured m;
    if (rc == 0)
        rc = layer_measure(store, tree, &m, err);
    if (rc != 0) {
        tree_free(tree);
        return rc;
    }
    {
        STORE_LOCK(store);
        struct layer_box *known = store_cached_layer(store, &m.diff_id);
        if (known != NULL) {
            *out = layer_ref(&known->layer);
            tree_free(tree);
            return 0;
        }
    }
    struct layer_row row = {tree_content_bytes(tree), m.tar_size,
                            tree_is_modelled(tree) ? LAYER_MODELLED : 0};
    return enter(store, layer_box_new(&m.diff_id, &row, tree), &row, out, err);
}

static int put_on_disk(struct store *store, struct tree *tree,
                       const struct digest *like, struct layer **out, struct err *err)
{
    struct layer_written made;
    int rc = layer_file_write(store, &tree, like, &made, err);
    if (rc != 0) {
        tree_free(tree);
        return rc;
    }
    struct layer_box *box = layer_box_new(&made.diff_id, &made.row, tree);
    box->holds_file =
        (made.row.flags & LAYER_HAS_BLOB) != 0 && made.row.tar_size > BLOB_IN_MEMORY;
    return enter(store, box, &made.row, out, err);
}

int store_layer_put_like(struct store *store, struct tree *tree,
                         const struct digest *like, struct layer **out, struct err *err)
{
    *out = NULL;
    tree_sort(tree);
    if (store->dir == NULL)
        return put_in_memory(store, tree, out, err);
    int rc = with_group(store, err);
    if (rc != 0) {
        tree_free(tree);
        return rc;
    }
    return end_group(store, put_on_disk(store, tree, like, out, err), out, err);
}

int store_layer_put(struct store *store, struct tree *tree, struct layer **out,
                    struct err *err)
{
    return store_layer_put_like(store, tree, NULL, out, err);
}

/* ---- streaming ------------------------------------------------------------------- */

static int stream_blob(const struct blob *blob, content_sink *sink, void *payload,
                       struct err *err)
{
    char chunk[65536];
    uint64_t size = blob_size(blob);
    for (uint64_t at = 0; at < size;) {
        size_t n = size - at < sizeof chunk ? (size_t)(size - at) : sizeof chunk;
        int rc = blob_read(blob, at, chunk, n, err);
        if (rc == 0)
            rc = sink(payload, chunk, n, err);
        if (rc != 0)
            return rc;
        at += n;
    }
    return 0;
}

static int stream_tree(const struct layer *layer, content_sink *sink, void *payload,
                       struct err *err)
{
    struct tar_options options = TAR_OPTIONS_INIT;
    options.sink = sink;
    options.sink_payload = payload;
    struct tar_result result;
    int rc = tar_write(layer->tree, &options, &result, err);
    if (rc == 0 && !digest_equal(&result.diff_id, &layer->diff_id)) {
        char text[DIGEST_TEXT + 1];
        digest_text(&layer->diff_id, text);
        rc = err_set(err, ERR_FAILED, "the layer %s is damaged: its tar differs", text);
    }
    return rc;
}

int store_layer_tar(struct store *store, const struct digest *diff_id,
                    content_sink *sink, void *payload, struct err *err)
{
    struct layer *layer = NULL;
    struct layer_row row;
    {
        STORE_LOCK(store);
        int rc = store_layer_row(store, diff_id, &row, err);
        if (rc != 0)
            return rc == ERR_NOT_FOUND ? not_here(diff_id, err) : rc;
        bool is_file = store->dir != NULL && (row.flags & LAYER_HAS_BLOB) != 0;
        if (!is_file)
            rc = get_layer(store, diff_id, &layer, err);
        if (rc != 0)
            return rc;
    }
    if (layer == NULL)
        return layer_blob_stream(store, diff_id, sink, payload, err);
    struct layer_box *box = (struct layer_box *)layer;
    int rc = box->raw != NULL ? stream_blob(box->raw, sink, payload, err)
                              : stream_tree(layer, sink, payload, err);
    layer_unref(layer);
    return rc;
}

int store_layer_enter(struct store *store, struct layer_box *box,
                      const struct layer_row *row, struct layer **out, struct err *err)
{
    int rc = with_group(store, err);
    if (rc != 0) {
        layer_unref(&box->layer);
        return rc;
    }
    return end_group(store, enter(store, box, row, out, err), out, err);
}
