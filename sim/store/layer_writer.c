/* SPDX-License-Identifier: MIT */
/*
 * Layers made elsewhere: their tar is kept byte for byte, because no other writer's
 * choices (header format, padding, order) could be repeated from the tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/layer/tar.h"
#include "sim/store/internal.h"

struct layer_writer {
    struct store *store;
    struct digester *digester;
    uint64_t bytes;
    char *temp; /* on disk: the file that is being written */
    int fd;
    struct buf memory; /* in memory: what was written */
};

int store_layer_writer_new(struct store *store, struct layer_writer **out,
                           struct err *err)
{
    struct layer_writer *w = xcalloc(1, sizeof *w);
    w->store = store;
    w->fd = -1;
    w->digester = digester_new();
    int rc = 0;
    if (store->dir != NULL)
        rc = store_temp_name(store, &w->temp, err);
    if (rc == 0 && w->temp != NULL) {
        w->fd = store_file_create(w->temp, err);
        rc = w->fd < 0 ? w->fd : 0;
    }
    if (rc != 0) {
        store_layer_writer_free(w);
        return rc;
    }
    *out = w;
    return 0;
}

void store_layer_writer_free(struct layer_writer *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0) {
        close(w->fd);
        unlink(w->temp);
    }
    free(w->temp);
    buf_free(&w->memory);
    digester_free(w->digester);
    free(w);
}

int store_layer_write(void *writer, const void *data, size_t len, struct err *err)
{
    struct layer_writer *w = writer;
    digester_add(w->digester, data, len);
    w->bytes += len;
    if (w->fd >= 0) {
        errno = 0;
        if (file_write_fd(w->fd, data, len, err) != 0)
            return store_io_error(err, errno, "write", w->temp);
        return 0;
    }
    if (w->bytes > INLINE_LIMIT) {
        err_set(err, ERR_FAILED, "a layer of more than %d MiB cannot be kept in memory",
                INLINE_LIMIT >> 20);
        err_hint(err, "use a store on disk (--store)");
        return ERR_FAILED;
    }
    buf_add(&w->memory, data, len);
    return 0;
}

/* What was written, to be read. On disk the descriptor stays good when the file gets
 * its name. */
static int open_written(struct layer_writer *w, struct blob **out, struct err *err)
{
    if (w->fd < 0) {
        *out = blob_from_memory(buf_steal(&w->memory), w->bytes);
        return 0;
    }
    int fd = open(w->temp, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return store_io_error(err, errno, "read", w->temp);
    *out = blob_from_fd(fd, w->bytes);
    return 0;
}

/* Blob and index get their names; in memory there are none. */
static int place(struct layer_writer *w, const struct digest *diff_id,
                 const struct tree *tree, struct err *err)
{
    if (w->fd < 0)
        return 0;
    AUTO_FREE char *path = store_path(w->store, "blobs/sha256", diff_id, "");
    int fd = w->fd;
    w->fd = -1;
    int rc = store_file_finish(w->store, fd, w->temp, path, true, err);
    return rc != 0 ? rc : layer_index_write(w->store, diff_id, tree, err);
}

static int enter(struct layer_writer *w, const struct digest *diff_id,
                 struct layer **out, struct err *err)
{
    bool is_file = w->fd >= 0;
    struct blob *blob = NULL;
    struct tree *tree = NULL;
    struct tar_limits limits = layer_tar_limits();
    int rc = open_written(w, &blob, err);
    if (rc == 0)
        rc = tar_read_blob(blob, true, &limits, &tree, err);
    if (rc == 0)
        rc = place(w, diff_id, tree, err);
    if (rc != 0) {
        tree_free(tree);
        blob_unref(blob);
        return rc;
    }
    struct layer_row row = {tree_content_bytes(tree), w->bytes, LAYER_HAS_BLOB};
    struct layer_box *box = layer_box_new(diff_id, &row, tree);
    box->holds_file = is_file;
    if (w->store->dir == NULL)
        box->raw = STEAL(blob);
    blob_unref(blob); /* the tree has a reference of its own */
    return store_layer_enter(w->store, box, &row, out, err);
}

int store_layer_finish(struct layer_writer *w, const struct digest *expected,
                       struct layer **out, struct err *err)
{
    struct digest diff_id;
    digester_finish(w->digester, &diff_id);
    if (expected != NULL && !digest_equal(expected, &diff_id)) {
        char want[DIGEST_TEXT + 1], got[DIGEST_TEXT + 1];
        digest_text(expected, want);
        digest_text(&diff_id, got);
        return err_set(err, ERR_INPUT, "the layer has DiffID %s, not %s as it should",
                       got, want);
    }
    int rc = store_begin(w->store, err);
    if (rc != 0)
        return rc;
    rc = enter(w, &diff_id, out, err);
    int ended = store_commit(w->store, rc == 0 ? err : NULL);
    if (rc == 0 && ended != 0) {
        layer_unref(*out);
        *out = NULL;
    }
    return rc != 0 ? rc : ended;
}
