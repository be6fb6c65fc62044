/* SPDX-License-Identifier: MIT */
/*
 * A layer tree as a tar stream: headers by libarchive, contents from wherever they lie.
 * Leaves out sockets and the root folder, which layers do not have. A name of an
 * extended attribute that holds "=", "%" or bytes that do not print is written percent-
 * encoded: libarchive does so.
 */
#include "sim/layer/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/tar_internal.h"
#include "sim/layer/view_internal.h"

struct writer {
    const struct tree *tree;
    const struct tar_options *options;
    struct archive *archive;
    struct archive_entry *header;
    struct tar_out *out;
    struct read_ahead *ahead;  /* NULL: files are read in turn */
    struct digester *digester; /* NULL until a file needs it */
    bool digesting;            /* what is written belongs to such a file */
    struct buf name;
    int rc; /* what the sink returned */
    struct err *err;
};

static la_ssize_t on_bytes(struct archive *archive, void *payload, const void *data,
                           size_t len)
{
    struct writer *w = payload;
    if (w->rc == 0)
        w->rc = tar_out_add(w->out, data, len, w->err);
    if (w->rc == 0)
        return (la_ssize_t)len;
    archive_set_error(archive, EIO, "stopped");
    return -1;
}

/* What libarchive complains of, unless the sink stopped it. */
static int fail(struct writer *w, const char *path)
{
    if (w->rc != 0)
        return w->rc;
    const char *why = archive_error_string(w->archive);
    return err_set(w->err, ERR_FAILED, "cannot write %s to the layer: %s", path,
                   why != NULL ? why : "unknown reason");
}

static int open_archive(struct writer *w)
{
    w->archive = archive_write_new();
    w->header = archive_entry_new();
    if (w->archive == NULL || w->header == NULL)
        return err_set(w->err, ERR_FAILED, "libarchive has no memory");
    /* Without blocks every byte passes on_bytes before the call that wrote it returns,
     * so that offsets are exact. The option hdrcharset=BINARY would give every entry a
     * pax header; see needs_binary. */
    if (archive_write_set_format_pax_restricted(w->archive) != ARCHIVE_OK ||
        archive_write_set_options(w->archive, "xattrheader=SCHILY") != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(w->archive, 0) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(w->archive, 1) != ARCHIVE_OK ||
        archive_write_open2(w->archive, w, NULL, on_bytes, NULL, NULL) != ARCHIVE_OK)
        return fail(w, "the tar's start");
    return 0;
}

static int64_t mtime_seconds(const struct writer *w, const struct entry *e)
{
    int64_t s = e->mtime_ns / 1000000000 - (e->mtime_ns % 1000000000 < 0);
    int64_t most = w->options->clamp_mtime_s;
    return most >= 0 && s > most ? most : s;
}

static mode_t type_bits(enum entry_type type)
{
    switch (type) {
    case ENTRY_DIR:
        return S_IFDIR;
    case ENTRY_SYMLINK:
        return S_IFLNK;
    case ENTRY_CHAR:
        return S_IFCHR;
    case ENTRY_BLOCK:
        return S_IFBLK;
    case ENTRY_FIFO:
        return S_IFIFO;
    case ENTRY_FILE:
    case ENTRY_HARDLINK:
    case ENTRY_SOCKET:
    case ENTRY_WHITEOUT:
    case ENTRY_OPAQUE:
        break;
    }
    return S_IFREG;
}

/* Whiteouts are empty files without owner, mode and time, named after what is gone. */
static void set_whiteout(struct writer *w, const struct entry *e)
{
    struct archive_entry *h = w->header;
    const char *base = path_base(e->path);
    buf_clear(&w->name);
    buf_add(&w->name, e->path, (size_t)(base - e->path));
    if (e->type == ENTRY_WHITEOUT)
        buf_adds(&w->name, WHITEOUT_PREFIX);
    buf_adds(&w->name, base);
    archive_entry_set_pathname(h, buf_str(&w->name));
    archive_entry_set_mode(h, S_IFREG);
    archive_entry_set_size(h, 0);
    archive_entry_set_mtime(h, 0, 0);
}

static void set_header(struct writer *w, const struct entry *e)
{
    struct archive_entry *h = w->header;
    if (e->type == ENTRY_DIR) {
        buf_clear(&w->name);
        buf_adds(&w->name, e->path);
        buf_addc(&w->name, '/');
        archive_entry_set_pathname(h, w->name.data);
    } else {
        archive_entry_set_pathname(h, e->path);
    }
    mode_t mode = e->type == ENTRY_SYMLINK ? 0777 : (mode_t)e->mode;
    archive_entry_set_mode(h, type_bits(e->type) | mode);
    archive_entry_set_uid(h, e->uid);
    archive_entry_set_gid(h, e->gid);
    archive_entry_set_mtime(h, mtime_seconds(w, e), 0);
    archive_entry_set_size(h, e->type == ENTRY_FILE ? (la_int64_t)e->size : 0);
    if (e->type == ENTRY_SYMLINK)
        archive_entry_set_symlink(h, e->target);
    if (e->type == ENTRY_CHAR || e->type == ENTRY_BLOCK) {
        archive_entry_set_rdevmajor(h, e->dev_major);
        archive_entry_set_rdevminor(h, e->dev_minor);
    }
    if (e->type == ENTRY_HARDLINK) {
        archive_entry_set_hardlink(h, e->target);
        return; /* its attributes are those of its target */
    }
    /* libarchive keeps attributes as a stack: added backwards they come out sorted. */
    for (size_t i = e->xattr_count; i > 0; i--)
        archive_entry_xattr_add_entry(h, e->xattrs[i - 1].name, e->xattrs[i - 1].value,
                                      e->xattrs[i - 1].len);
}

/* ---- contents ----------------------------------------------------------------------
 */

static int write_piece(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    struct writer *w = payload;
    if (w->digesting)
        digester_add(w->digester, data, len);
    const char *from = data;
    while (len > 0) {
        la_ssize_t n = archive_write_data(w->archive, from, len);
        if (n <= 0)
            return fail(w, "a file's content");
        from += n;
        len -= (size_t)n;
    }
    return 0;
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
    int rc = read_ahead_take(w->ahead, e, &data, &digest, w->err);
    if (rc == 0)
        rc = write_piece(w, data, (size_t)e->size, w->err);
    if (rc == 0 && complete != NULL) {
        complete->digest = digest;
        complete->has_digest = true;
    }
    return rc;
}

static int write_content(struct writer *w, const struct entry *e)
{
    struct entry *complete = to_complete(w, e);
    if (w->ahead != NULL && read_ahead_has(e))
        return write_ahead(w, e, complete);
    w->digesting = complete != NULL && e->content.kind != CONTENT_SEED;
    if (w->digesting && w->digester == NULL)
        w->digester = digester_new();
    int rc = content_stream(&e->content, e->size, write_piece, w, w->err);
    if (rc != 0 || complete == NULL)
        return rc;
    if (!w->digesting)
        return entry_need_digest(complete, w->err);
    digester_finish(w->digester, &complete->digest);
    complete->has_digest = true;
    w->digesting = false;
    return 0;
}

/* ---- entries -----------------------------------------------------------------------
 */

static bool has_high_byte(const char *s)
{
    for (; s != NULL && *s != '\0'; s++)
        if ((unsigned char)*s >= 0x80)
            return true;
    return false;
}

/* libarchive converts names from the locale, which tar_write makes "C", to UTF-8; a
 * name that is not ASCII cannot be, is written byte for byte with a record that says
 * so, and ARCHIVE_WARN is returned. */
static bool needs_binary(const struct entry *e)
{
    return has_high_byte(e->path) || has_high_byte(e->target);
}

static int write_header(struct writer *w, const struct entry *e)
{
    int rc = archive_write_header(w->archive, w->header);
    if (rc == ARCHIVE_OK || (rc == ARCHIVE_WARN && w->rc == 0 && needs_binary(e)))
        return 0;
    return fail(w, e->path);
}

static int write_entry(struct writer *w, size_t index)
{
    const struct entry *e = &w->tree->entries[index];
    bool whiteout = e->type == ENTRY_WHITEOUT || e->type == ENTRY_OPAQUE;
    if (e->type == ENTRY_SOCKET || e->path[0] == '\0')
        return 0;
    if (whiteout && w->options->rootfs)
        return err_set(w->err, ERR_FAILED, "%s: a root filesystem has no whiteouts",
                       e->path);
    archive_entry_clear(w->header);
    if (whiteout)
        set_whiteout(w, e);
    else
        set_header(w, e);
    int rc = write_header(w, e);
    if (rc != 0 || e->type != ENTRY_FILE)
        return rc;
    if (e->size != 0 && w->options->placed != NULL)
        w->options->placed(w->options->placed_payload, index, tar_out_bytes(w->out));
    return write_content(w, e);
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
    int rc = open_archive(w);
    for (size_t i = 0; rc == 0 && i < w->tree->len; i++)
        rc = write_entry(w, i);
    if (rc == 0 && archive_write_close(w->archive) != ARCHIVE_OK)
        rc = fail(w, "the tar's end");
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
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(c);
    w.out = tar_out_new(options->sink, options->sink_payload, expected_bytes(layer));
    w.ahead = read_ahead_new(layer, options->complete != NULL);
    int rc = write_all(&w, out);
    if (rc != 0)
        w.rc = rc; /* on_bytes refuses what libarchive adds when it is freed */
    if (w.archive != NULL)
        archive_write_free(w.archive);
    archive_entry_free(w.header);
    read_ahead_free(w.ahead);
    tar_out_free(w.out);
    digester_free(w.digester);
    buf_free(&w.name);
    uselocale(before);
    freelocale(c);
    return rc;
}
