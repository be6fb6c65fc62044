/* SPDX-License-Identifier: MIT */
/*
 * DiffIDs that were computed before, in this process or (modelled layers of a store on
 * disk) in an earlier one. The key is the digest of a tree's stored form, which says
 * all that its tar depends on; it is not used for trees with ranges, whose stored form
 * does not name the blob.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/layer/tar.h"
#include "sim/store/internal.h"

enum {
    MEMO_LIMIT = 1 << 18,        /* entries, some 120 bytes each */
    RECIPE_BYTES_LIMIT = 1 << 20 /* a larger recipe costs as much as the tar */
};

struct layer_memo {
    pthread_mutex_t mutex;
    struct table known; /* recipe -> struct measured */
};

struct layer_memo *layer_memo_new(void)
{
    struct layer_memo *memo = xcalloc(1, sizeof *memo);
    pthread_mutex_init(&memo->mutex, NULL);
    return memo;
}

void layer_memo_free(struct layer_memo *memo)
{
    if (memo == NULL)
        return;
    pthread_mutex_destroy(&memo->mutex);
    table_free(&memo->known);
    free(memo);
}

static bool recall(struct layer_memo *memo, const struct digest *recipe,
                   struct measured *out)
{
    pthread_mutex_lock(&memo->mutex);
    const struct measured *m =
        table_find(&memo->known, slice_digest(recipe), sizeof *m);
    if (m != NULL)
        *out = *m;
    pthread_mutex_unlock(&memo->mutex);
    return m != NULL;
}

static void remember(struct layer_memo *memo, const struct digest *recipe,
                     const struct measured *m)
{
    pthread_mutex_lock(&memo->mutex);
    if (memo->known.len >= MEMO_LIMIT)
        table_free(&memo->known);
    table_put(&memo->known, slice_digest(recipe), slice_of(m, sizeof *m));
    pthread_mutex_unlock(&memo->mutex);
}

/* Whether the stored form says everything, and is not long. */
static bool has_recipe(const struct tree *tree)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < tree->len; i++) {
        const struct entry *e = &tree->entries[i];
        if (e->content.kind == CONTENT_HOST || e->content.kind == CONTENT_RANGE)
            return false;
        bytes += 64 + (e->content.kind == CONTENT_INLINE ? e->size : 0);
        if (bytes > RECIPE_BYTES_LIMIT && e->content.kind == CONTENT_INLINE)
            return false;
    }
    return true;
}

/* A store on disk knows what earlier processes measured: 125 MB of a base image are not
 * generated and hashed again for a build in which nothing runs. */
static bool recall_stored(struct store *store, const struct digest *recipe,
                          struct measured *out)
{
    struct slice value;
    if (store->dir == NULL)
        return false;
    STORE_LOCK(store);
    if (store_row_get(store, DB_MEASURED, slice_digest(recipe), &value, NULL) != 0 ||
        value.len != sizeof *out)
        return false;
    memcpy(out, value.data, sizeof *out);
    return true;
}

static int remember_stored(struct store *store, const struct digest *recipe,
                           const struct measured *m, struct err *err)
{
    if (store->dir == NULL)
        return 0;
    STORE_LOCK(store);
    int rc = store_group_begin(store, err);
    return rc != 0
               ? rc
               : store_group_end(store,
                                 store_row_put(store, DB_MEASURED, slice_digest(recipe),
                                               slice_of(m, sizeof *m), err),
                                 err);
}

static int measure(const struct tree *tree, struct measured *out, struct err *err)
{
    struct tar_options options = TAR_OPTIONS_INIT;
    struct tar_result result;
    int rc = tar_write(tree, &options, &result, err);
    if (rc == 0)
        *out = (struct measured){result.diff_id, result.bytes};
    return rc;
}

int layer_measure(struct store *store, const struct tree *tree, struct measured *out,
                  struct err *err)
{
    struct layer_memo *memo = store->memo;
    if ((memo == NULL && store->dir == NULL) || !has_recipe(tree))
        return measure(tree, out, err);
    AUTO_BUF encoded = BUF_INIT;
    int rc = tree_encode(tree, &encoded, err);
    if (rc != 0)
        return rc;
    struct digest recipe = digest_of(encoded.data, encoded.len);
    if (memo != NULL && recall(memo, &recipe, out))
        return 0;
    /* What is quickly made is not worth a row. */
    bool keep = tree_is_modelled(tree);
    bool known = keep && recall_stored(store, &recipe, out);
    if (!known)
        rc = measure(tree, out, err);
    if (rc == 0 && keep && !known)
        rc = remember_stored(store, &recipe, out, err);
    if (rc == 0 && memo != NULL)
        remember(memo, &recipe, out);
    return rc;
}

int store_layer_measure(struct store *store, const struct tree *tree,
                        struct digest *diff_id, uint64_t *tar_size, struct err *err)
{
    struct measured m;
    int rc = layer_measure(store, tree, &m, err);
    if (rc != 0)
        return rc;
    *diff_id = m.diff_id;
    *tar_size = m.tar_size;
    return 0;
}
