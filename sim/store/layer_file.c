/* SPDX-License-Identifier: MIT */
/*
 * The files of a layer: blobs/sha256/<hex>, the uncompressed tar, and index/<hex>, its
 * tree with the place of each file's bytes in the tar. The blob is synced before the
 * row that names it is written (sync.c). The index of a blob is not: it ends in a check
 * sum and is made anew from the tar if a power failure damaged it. An index without a
 * blob is synced.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/layer/tar.h"
#include "sim/store/internal.h"

static const char blobs[] = "blobs/sha256";

enum {
    BUFFER = 1 << 20,
    WRITE_BACK = 16 << 20, /* the disk is at work while more of a large layer comes */
    INDEX_LIMIT = 1 << 30,
};

struct tar_limits layer_tar_limits(void)
{
    return (struct tar_limits){.entries = 8u << 20, .bytes = (uint64_t)1 << 40};
}

/* ---- trees ----------------------------------------------------------------------- */

struct tree *layer_tree_copy(const struct tree *tree)
{
    struct tree *copy = tree_new();
    for (size_t i = 0; i < tree->len; i++)
        tree_add(copy, &tree->entries[i]);
    tree_sort(copy);
    return copy;
}

int layer_inline(const struct tree *tree, uint64_t limit, struct tree **out,
                 struct err *err)
{
    struct tree *copy = tree_new();
    AUTO_BUF bytes = BUF_INIT;
    uint64_t left = limit;
    for (size_t i = 0; i < tree->len; i++) {
        struct entry e = tree->entries[i];
        if (e.content.kind == CONTENT_HOST || e.content.kind == CONTENT_RANGE) {
            int rc = 0;
            buf_clear(&bytes);
            if (e.size > left) {
                rc = err_set(err, ERR_FAILED,
                             "a layer of more than %llu MiB of files cannot be kept in "
                             "memory",
                             (unsigned long long)(limit >> 20));
                err_hint(err, "use a store on disk (--store)");
            } else {
                rc = content_load(&e.content, e.size, left, &bytes, err);
            }
            if (rc != 0) {
                tree_free(copy);
                return rc;
            }
            left -= e.size;
            e.content = (struct content){.kind = CONTENT_INLINE};
            e.content.from.bytes = buf_str(&bytes);
        }
        tree_add(copy, &e);
    }
    tree_sort(copy);
    *out = copy;
    return 0;
}

/* ---- reading --------------------------------------------------------------------- */

/* Hands a descriptor over: the scope's end no longer closes it. */
static int take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Says which layer it was, and what helps. */
static int lost_layer(const struct digest *diff_id, struct err *err)
{
    char text[DIGEST_TEXT + 1];
    digest_text(diff_id, text);
    err_wrap(err, "the layer %s in the store", text);
    err_recode(err, ERR_FAILED);
    return err_hint(err, "`simbench df --verify` lists what is damaged; remove the "
                         "images that hold it, prune, and build anew");
}

int layer_blob_open(const struct store *store, const struct digest *diff_id,
                    uint64_t size, struct blob **out, bool *is_file, struct err *err)
{
    AUTO_FREE char *path = store_path(store, blobs, diff_id, "");
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        store_io_error(err, errno, "open the layer", path);
        return lost_layer(diff_id, err);
    }
    struct stat st;
    if (fstat(fd, &st) != 0)
        return store_io_error(err, errno, "read the layer", path);
    if ((uint64_t)st.st_size != size)
        return err_set(err, ERR_FAILED, "the layer %s is damaged: %lld bytes, not %llu",
                       path, (long long)st.st_size, (unsigned long long)size);
    *is_file = size > BLOB_IN_MEMORY;
    if (*is_file) {
        *out = blob_from_fd(take(&fd), size);
        return 0;
    }
    AUTO_BUF bytes = BUF_INIT;
    buf_reserve(&bytes, (size_t)size);
    while (bytes.len < size) {
        ssize_t n = read(fd, bytes.data + bytes.len, (size_t)size - bytes.len);
        if (n <= 0)
            return store_io_error(err, n < 0 ? errno : EIO, "read the layer", path);
        bytes.len += (size_t)n;
    }
    *out = blob_from_memory(buf_steal(&bytes), size);
    return 0;
}

int layer_blob_stream(const struct store *store, const struct digest *diff_id,
                      content_sink *sink, void *payload, struct err *err)
{
    AUTO_FREE char *path = store_path(store, blobs, diff_id, "");
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return store_io_error(err, errno, "open the layer", path);
    AUTO_FREE char *buffer = xmalloc(BUFFER);
    for (;;) {
        ssize_t n = read(fd, buffer, BUFFER);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return store_io_error(err, errno, "read the layer", path);
        if (n == 0)
            return 0;
        int rc = sink(payload, buffer, (size_t)n, err);
        if (rc != 0)
            return rc;
    }
}

static int read_index(struct store *store, const struct digest *diff_id,
                      struct blob *blob, struct tree **out, struct err *err)
{
    AUTO_FREE char *path = store_path(store, "index", diff_id, "");
    AUTO_BUF encoded = BUF_INIT;
    int rc = file_read(path, INDEX_LIMIT, &encoded, err);
    if (rc == 0)
        rc = tree_decode(encoded.data, encoded.len, blob, out, err);
    if (rc == 0)
        return 0;
    err_wrap(err, "the layer's index %s", path);
    return err_recode(err, ERR_FAILED);
}

int layer_file_open(struct store *store, const struct digest *diff_id,
                    const struct layer_row *row, struct layer_box **out,
                    struct err *err)
{
    struct blob *blob = NULL;
    bool has_blob = (row->flags & LAYER_HAS_BLOB) != 0, is_file = false;
    int rc = 0;
    if (has_blob)
        rc = layer_blob_open(store, diff_id, row->tar_size, &blob, &is_file, err);
    if (rc != 0)
        return rc;
    struct tree *tree = NULL;
    rc = read_index(store, diff_id, blob, &tree, err);
    if (rc != 0 && has_blob) {
        struct tar_limits limits = layer_tar_limits();
        rc = tar_read_blob(blob, true, &limits, &tree, err);
        if (rc != 0)
            rc = lost_layer(diff_id, err);
        else
            rc = layer_index_write(store, diff_id, tree, err);
        if (rc != 0)
            tree_free(tree);
    }
    if (rc == 0) {
        *out = layer_box_new(diff_id, row, tree);
        (*out)->holds_file = is_file;
    }
    blob_unref(blob); /* the tree has its own reference */
    return rc;
}

/* ---- writing --------------------------------------------------------------------- */

static int write_encoded(struct store *store, const struct digest *diff_id,
                         const struct buf *encoded, bool sync, struct err *err)
{
    AUTO_FREE char *path = store_path(store, "index", diff_id, "");
    return store_file_write(store, path, slice_of(encoded->data, encoded->len), sync,
                            err);
}

int layer_index_write(struct store *store, const struct digest *diff_id,
                      const struct tree *tree, struct err *err)
{
    AUTO_BUF encoded = BUF_INIT;
    int rc = tree_encode(tree, &encoded, err);
    return rc != 0 ? rc : write_encoded(store, diff_id, &encoded, false, err);
}

/* Collects what the tar writer gives in pieces to large writes. */
struct spool {
    int fd;
    size_t unwritten; /* since write-back was begun */
    char *data;
    size_t len;
    const char *path; /* for messages */
    uint64_t *offsets;
};

static int spool_flush(struct spool *s, struct err *err)
{
    size_t len = s->len;
    s->len = 0;
    errno = 0;
    if (file_write_fd(s->fd, s->data, len, err) != 0)
        return store_io_error(err, errno, "write", s->path);
    s->unwritten += len;
    if (s->unwritten >= WRITE_BACK) {
        store_sync_begin(s->fd);
        s->unwritten = 0;
    }
    return 0;
}

static int spool_add(void *payload, const void *data, size_t len, struct err *err)
{
    struct spool *s = payload;
    const char *p = data;
    while (len > 0) {
        size_t n = len < BUFFER - s->len ? len : BUFFER - s->len;
        memcpy(s->data + s->len, p, n);
        s->len += n;
        p += n;
        len -= n;
        int rc = s->len == BUFFER ? spool_flush(s, err) : 0;
        if (rc != 0)
            return rc;
    }
    return 0;
}

static void spool_placed(void *payload, size_t entry_index, uint64_t offset)
{
    ((struct spool *)payload)->offsets[entry_index] = offset;
}

/* A layer whose files may be copied, with its index while it is read. */
struct donor {
    struct buf index;
    struct tree_cursor *cursor; /* NULL: there is none */
};

static void donor_close(struct donor *donor)
{
    tree_cursor_free(donor->cursor);
    buf_free(&donor->index);
}

/* It only saves time: whatever is wrong with it is none of this layer's trouble. */
static void donor_open(struct store *store, const struct tree *tree,
                       const struct digest *like, struct donor *out)
{
    enum { ENTRIES_FROM = 256 }; /* fewer files are read as quickly */
    struct layer_row row;
    struct blob *blob = NULL;
    bool is_file;
    *out = (struct donor){0};
    if (like == NULL || tree->len < ENTRIES_FROM)
        return;
    {
        STORE_LOCK(store);
        if (store_layer_row(store, like, &row, NULL) != 0 ||
            (row.flags & LAYER_HAS_BLOB) == 0)
            return;
    }
    AUTO_FREE char *path = store_path(store, "index", like, "");
    if (layer_blob_open(store, like, row.tar_size, &blob, &is_file, NULL) == 0 &&
        file_read(path, INDEX_LIMIT, &out->index, NULL) == 0)
        out->cursor = tree_cursor_new(out->index.data, out->index.len, blob);
    blob_unref(blob);
}

/* Whether a blob of this name stands for good. Without a row it may be another
 * process's, which is not yet known to be on the disk, or what a power failure left of
 * one: it is read, and waited for. */
static bool has_blob(struct store *store, const struct digest *diff_id,
                     const char *path)
{
    {
        STORE_LOCK(store);
        struct layer_row row;
        if (store_layer_row(store, diff_id, &row, NULL) == 0)
            return file_exists(path);
    }
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct digester *digester = digester_new();
    struct digest real;
    int rc = layer_blob_stream(store, diff_id, digester_sink, digester, NULL);
    digester_finish(digester, &real);
    digester_free(digester);
    return rc == 0 && digest_equal(&real, diff_id) &&
           store_sync_later(store, take(&fd), path, NULL) == 0;
}

/* Gives a blob its name unless it is here already. Takes fd. */
static int place_blob(struct store *store, const struct digest *diff_id, int fd,
                      const char *temp, struct err *err)
{
    AUTO_FREE char *path = store_path(store, blobs, diff_id, "");
    if (!has_blob(store, diff_id, path))
        return store_file_finish(store, fd, temp, path, true, err);
    close(fd);
    unlink(temp);
    return 0;
}

/* Writes the tar below its name; offsets[i] is where entry i's bytes landed. */
static int write_blob(struct store *store, struct tree *tree, struct tree_cursor *donor,
                      uint64_t *offsets, struct tar_result *result, struct err *err)
{
    AUTO_FREE char *temp = NULL;
    int rc = store_temp_name(store, &temp, err);
    if (rc != 0)
        return rc;
    AUTO_FREE char *buffer = xmalloc(BUFFER);
    struct spool spool = {.data = buffer, .path = temp, .offsets = offsets};
    spool.fd = store_file_create(temp, err);
    if (spool.fd < 0)
        return spool.fd;
    struct tar_options options = TAR_OPTIONS_INIT;
    options.sink = spool_add;
    options.sink_payload = &spool;
    options.placed = spool_placed;
    options.placed_payload = &spool;
    options.complete = tree;
    options.donor = donor;
    rc = tar_write(tree, &options, result, err);
    if (rc == 0)
        rc = spool_flush(&spool, err);
    if (rc != 0) {
        close(spool.fd);
        unlink(temp);
        return rc;
    }
    return place_blob(store, &result->diff_id, spool.fd, temp, err);
}

/* Makes the tree what the index tells: host files are no longer needed. */
static int point_at_blob(struct store *store, struct tree *tree,
                         const uint64_t *offsets, const struct tar_result *tar,
                         struct err *err)
{
    struct content in_blob = {.kind = CONTENT_RANGE};
    bool is_file;
    int rc = layer_blob_open(store, &tar->diff_id, tar->bytes, &in_blob.from.range.blob,
                             &is_file, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < tree->len; i++) {
        struct entry *e = &tree->entries[i];
        if (e->content.kind == CONTENT_NONE || e->content.kind == CONTENT_SEED)
            continue;
        in_blob.from.range.offset = offsets[i];
        e->content = e->size != 0 ? in_blob : (struct content){.kind = CONTENT_NONE};
    }
    tree_hold(tree, &in_blob);
    blob_unref(in_blob.from.range.blob);
    return layer_index_write(store, &tar->diff_id, tree, err);
}

/* A modelled layer: its tar can be made again from the index at any time. */
static int write_recipe(struct store *store, const struct tree *tree,
                        struct layer_written *out, struct err *err)
{
    struct measured m;
    int rc = layer_measure(store, tree, &m, err);
    if (rc != 0)
        return rc;
    out->diff_id = m.diff_id;
    out->row.tar_size = m.tar_size;
    AUTO_BUF encoded = BUF_INIT;
    rc = tree_encode(tree, &encoded, err);
    return rc != 0 ? rc : write_encoded(store, &out->diff_id, &encoded, true, err);
}

/* Bytes that are neither generated nor in the tree's own memory. */
static uint64_t foreign_bytes(const struct tree *tree)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].content.kind == CONTENT_HOST ||
            tree->entries[i].content.kind == CONTENT_RANGE)
            sum += tree->entries[i].size;
    return sum;
}

int layer_file_write(struct store *store, struct tree **tree, const struct digest *like,
                     struct layer_written *out, struct err *err)
{
    out->row = (struct layer_row){.size = tree_content_bytes(*tree)};
    bool modelled = tree_is_modelled(*tree);
    out->row.flags = modelled ? LAYER_MODELLED : 0;
    if (modelled && foreign_bytes(*tree) <= INLINE_LIMIT) {
        struct tree *own = NULL;
        int rc = layer_inline(*tree, INLINE_LIMIT, &own, err);
        if (rc != 0)
            return rc;
        tree_free(*tree);
        *tree = own;
        return write_recipe(store, own, out, err);
    }
    out->row.flags |= LAYER_HAS_BLOB;
    AUTO_FREE uint64_t *offsets = xcalloc((*tree)->len, sizeof *offsets);
    struct tar_result tar;
    struct donor donor;
    donor_open(store, *tree, like, &donor);
    int rc = write_blob(store, *tree, donor.cursor, offsets, &tar, err);
    donor_close(&donor);
    if (rc != 0)
        return rc;
    out->diff_id = tar.diff_id;
    out->row.tar_size = tar.bytes;
    return point_at_blob(store, *tree, offsets, &tar, err);
}
