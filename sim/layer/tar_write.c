/* SPDX-License-Identifier: MIT */
/*
 * A layer tree as a tar stream: headers from tar_header.c or tar_pax.c, contents from
 * wherever they lie. Leaves out sockets and the root folder, which layers do not have.
 */
#include "sim/layer/tar.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/tar_internal.h"
#include "sim/layer/view_internal.h"

struct writer {
    const struct tree *tree;
    const struct tar_options *options;
    struct tar_out *out;
    struct tar_pax *pax;       /* NULL until an entry needs it */
    bool in_pax;               /* the entry at hand does */
    struct read_ahead *ahead;  /* NULL: files are read in turn */
    struct digester *digester; /* NULL until a file needs it */
    bool digesting;            /* what is written belongs to such a file */
    struct buf name;
    struct err *err;
};

static int64_t mtime_seconds(const struct writer *w, const struct entry *e)
{
    int64_t s = e->mtime_ns / 1000000000 - (e->mtime_ns % 1000000000 < 0);
    int64_t most = w->options->clamp_mtime_s;
    return most >= 0 && s > most ? most : s;
}

/* Whiteouts are empty files without owner, mode and time, named after what is gone. */
static struct tar_head whiteout_head(struct writer *w, const struct entry *e)
{
    const char *base = path_base(e->path);
    buf_clear(&w->name);
    buf_add(&w->name, e->path, (size_t)(base - e->path));
    if (e->type == ENTRY_WHITEOUT)
        buf_adds(&w->name, WHITEOUT_PREFIX);
    buf_adds(&w->name, base);
    return (struct tar_head){.name = w->name.data, .type = e->type};
}

static struct tar_head make_head(struct writer *w, const struct entry *e)
{
    if (e->type == ENTRY_WHITEOUT || e->type == ENTRY_OPAQUE)
        return whiteout_head(w, e);
    struct tar_head head = {
        .name = e->path,
        .size = e->type == ENTRY_FILE ? e->size : 0,
        .mtime_s = mtime_seconds(w, e),
        .mode = e->type == ENTRY_SYMLINK ? 0777 : e->mode,
        .uid = e->uid,
        .gid = e->gid,
        .dev_major = e->dev_major,
        .dev_minor = e->dev_minor,
        .type = e->type,
    };
    if (e->type == ENTRY_DIR) {
        buf_clear(&w->name);
        buf_adds(&w->name, e->path);
        buf_addc(&w->name, '/');
        head.name = w->name.data;
    }
    if (e->type == ENTRY_SYMLINK || e->type == ENTRY_HARDLINK)
        head.target = e->target;
    if (e->type != ENTRY_HARDLINK) { /* whose attributes are those of its target */
        head.xattrs = e->xattrs;
        head.xattr_count = e->xattr_count;
    }
    return head;
}

static int write_header(struct writer *w, const struct entry *e)
{
    unsigned char block[TAR_BLOCK];
    struct tar_head head = make_head(w, e);
    w->in_pax = !tar_header_make(&head, block);
    if (!w->in_pax)
        return tar_out_add(w->out, block, TAR_BLOCK, w->err);
    int rc = w->pax == NULL ? tar_pax_new(w->out, &w->pax, w->err) : 0;
    return rc == 0 ? tar_pax_header(w->pax, &head, w->err) : rc;
}

/* ---- contents ----------------------------------------------------------------------
 */

static int write_piece(void *payload, const void *data, size_t len, struct err *err)
{
    struct writer *w = payload;
    if (w->digesting)
        digester_add(w->digester, data, len);
    return w->in_pax ? tar_pax_data(w->pax, data, len, err)
                     : tar_out_add(w->out, data, len, err);
}

/* Where a digest that is missing goes, NULL if none is wanted. A modelled file's digest
 * is not one of its bytes. */
static struct entry *to_complete(const struct writer *w, const struct entry *e)
{
    if (w->options->complete == NULL || e->has_digest)
        return NULL;
    return &w->options->complete->entries[e - w->tree->entries];
}

static int write_ahead(struct writer *w, const struct entry *e, struct entry *complete)
{
    const void *data;
    struct digest digest;
    int rc = read_ahead_take(w->ahead, &data, &digest, w->err);
    if (rc == 0)
        rc = write_piece(w, data, (size_t)e->size, w->err);
    if (rc == 0 && complete != NULL) {
        complete->digest = digest;
        complete->has_digest = true;
    }
    return rc;
}

/* Whether a large host file has the time that was noted with its digest: then it holds
 * what was digested, and need not be digested again while it is written. */
static bool has_kept_its_time(const struct entry *e)
{
    AUTO_CLOSE int fd = -1;
    struct stat st;
    return content_open_host(&e->content, &fd, NULL) == 0 && fstat(fd, &st) == 0 &&
           st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec == e->mtime_ns;
}

int tar_changed(const struct entry *entry, struct err *err)
{
    err_set(err, ERR_FAILED, "%s changed while it was read",
            entry->content.from.host.path);
    return err_hint(err, "let nothing write to the folder while it is built");
}

static int write_content(struct writer *w, const struct entry *e)
{
    struct entry *complete = to_complete(w, e);
    if (w->ahead != NULL && read_ahead_has(e))
        return write_ahead(w, e, complete);
    bool host = e->content.kind == CONTENT_HOST && e->has_digest;
    bool timed = host && !read_ahead_has(e) && has_kept_its_time(e);
    w->digesting =
        (complete != NULL && e->content.kind != CONTENT_SEED) || (host && !timed);
    if (w->digesting && w->digester == NULL)
        w->digester = digester_new();
    int rc = content_stream(&e->content, e->size, write_piece, w, w->err);
    struct digest digest;
    if (w->digesting)
        digester_finish(w->digester, &digest);
    if (rc == 0 && host &&
        (timed ? !has_kept_its_time(e) : !digest_equal(&digest, &e->digest)))
        rc = tar_changed(e, w->err);
    if (rc == 0 && complete != NULL && w->digesting) {
        complete->digest = digest;
        complete->has_digest = true;
    } else if (rc == 0 && complete != NULL) {
        rc = entry_need_digest(complete, w->err);
    }
    w->digesting = false;
    return rc;
}

/* Fills up the last block of what was written. */
static int finish_entry(struct writer *w)
{
    static const unsigned char zeros[TAR_BLOCK];
    if (w->in_pax)
        return tar_pax_finish(w->pax, w->err);
    uint64_t over = tar_out_bytes(w->out) % TAR_BLOCK;
    return over != 0 ? tar_out_add(w->out, zeros, TAR_BLOCK - (size_t)over, w->err) : 0;
}

/* ---- entries -----------------------------------------------------------------------
 */

static int write_entry(struct writer *w, size_t index)
{
    const struct entry *e = &w->tree->entries[index];
    bool whiteout = e->type == ENTRY_WHITEOUT || e->type == ENTRY_OPAQUE;
    if (e->type == ENTRY_SOCKET || e->path[0] == '\0')
        return 0;
    if (whiteout && w->options->rootfs)
        return err_set(w->err, ERR_FAILED, "%s: a root filesystem has no whiteouts",
                       e->path);
    int rc = write_header(w, e);
    if (rc != 0)
        return rc;
    if (e->type == ENTRY_FILE) {
        if (e->size != 0 && w->options->placed != NULL)
            w->options->placed(w->options->placed_payload, index,
                               tar_out_bytes(w->out));
        rc = write_content(w, e);
    }
    return rc == 0 ? finish_entry(w) : rc;
}

/* An estimate of the stream's length, for buffers. */
static uint64_t expected_bytes(const struct tree *tree)
{
    uint64_t sum = 1024;
    for (size_t i = 0; i < tree->len; i++)
        sum += 1024 + tree->entries[i].size;
    return sum;
}

static int write_all(struct writer *w, struct tar_result *out)
{
    static const unsigned char end[2 * TAR_BLOCK];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < w->tree->len; i++)
        rc = write_entry(w, i);
    if (rc == 0)
        rc = tar_out_add(w->out, end, sizeof end, w->err);
    if (rc == 0)
        rc = tar_out_finish(w->out, out, w->err);
    return rc;
}

int tar_write(const struct tree *layer, const struct tar_options *options,
              struct tar_result *out, struct err *err)
{
    if (!layer->sorted)
        return err_set(err, ERR_FAILED, "a layer is written only in path order");
    struct writer w = {.tree = layer, .options = options, .err = err};
    w.out = tar_out_new(options->sink, options->sink_payload, expected_bytes(layer));
    w.ahead = read_ahead_new(layer, options->donor, options->complete != NULL);
    int rc = write_all(&w, out);
    tar_pax_free(w.pax);
    read_ahead_free(w.ahead);
    tar_out_free(w.out);
    digester_free(w.digester);
    buf_free(&w.name);
    return rc;
}
