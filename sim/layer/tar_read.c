/* SPDX-License-Identifier: MIT */
/*
 * Tars from elsewhere as layer trees. The entries are put into an empty view in the
 * order of the stream, as if they were unpacked: a later entry replaces an earlier one,
 * links among the parents are followed inside. Nothing in the stream is trusted; what
 * libarchive hands out is bounded before it is kept.
 */
#include "sim/layer/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/libarchive.h"
#include "sim/layer/tar_internal.h"
#include "sim/layer/view.h"
#include "sim/layer/view_internal.h"

enum {
    PATH_LONGEST = 4096,    /* PATH_MAX: a longer one could not be unpacked */
    XATTRS_MOST = 256,      /* of one entry */
    SPARSE_MOST = 64 << 20, /* bytes of a file with holes that is kept in memory */
};

/* Folders nobody told of; they are left out of the result, and known by a time that no
 * tar can give. */
static const struct entry implied_folder = {
    .path = "", .type = ENTRY_DIR, .mode = 0755, .mtime_ns = INT64_MIN};

struct reader {
    struct tar_source *source;
    const struct libarchive *la;
    struct archive *archive;
    struct view *view;
    struct tree *marks; /* whiteouts, and what makes folders opaque */
    bool layer;
    uint64_t entries_left, bytes_left;
    struct blob *blob; /* contents are ranges of it */
    int spool;         /* descriptor of blob; -1: the blob is the tar itself */
    uint64_t spooled;  /* bytes of the spool in use */
    struct err *err;
};

/* ---- names --------------------------------------------------------------------------
 */

/* Cleans a name; NULL (and an error) if it leads out of the root or is too long. An
 * absolute one starts at the root, as when Docker unpacks. The caller frees. */
static char *clean_name(const struct reader *r, const char *name)
{
    if (name == NULL || strlen(name) > PATH_LONGEST) {
        err_set(r->err, ERR_INPUT, "the archive holds a name that is %s: %.64s",
                name == NULL ? "missing" : "too long", name == NULL ? "" : name);
        return NULL;
    }
    int depth = 0;
    for (const char *at = name; *at != '\0' && depth >= 0; at += strspn(at, "/")) {
        size_t n = strcspn(at, "/");
        if (n == 2 && at[0] == '.' && at[1] == '.')
            depth--;
        else if (n > 1 || (n == 1 && at[0] != '.'))
            depth++;
        at += n;
    }
    if (depth < 0) {
        err_set(r->err, ERR_INPUT, "the archive holds %s, which leads out of its root",
                name);
        return NULL;
    }
    return path_below_root(name);
}

/* The path with links among its parents followed. The caller frees. */
static char *follow_parents(const struct reader *r, const char *path, bool make)
{
    size_t n = path_parent_len(path);
    AUTO_FREE char *parent = xstrndup(path, n);
    const struct entry *dir = view_lookup(r->view, parent);
    if (dir != NULL && dir->type == ENTRY_DIR)
        return xstrdup(path);
    AUTO_FREE char *real = NULL;
    if (view_resolve(r->view, parent, true, &real, r->err) != 0)
        return NULL;
    if (strlen(real) > PATH_LONGEST) {
        err_set(r->err, ERR_INPUT, "%.200s: its links lead too deep", path);
        return NULL;
    }
    if (make && view_make_folders(r->view, real, &implied_folder, r->err) != 0)
        return NULL;
    return path_join(real, path_base(path));
}

/* ---- whiteouts ----------------------------------------------------------------------
 */

/* Handles a name that starts with .wh.; *done tells that it was one. */
static int read_whiteout(struct reader *r, const char *path, bool *done)
{
    const char *base = path_base(path);
    if (!r->layer || strncmp(base, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) != 0)
        return 0;
    *done = true;
    const char *name = base + strlen(WHITEOUT_PREFIX);
    struct entry mark = {.path = path, .type = ENTRY_OPAQUE};
    if (strcmp(base, OPAQUE_NAME) == 0) {
        tree_add(r->marks, &mark);
        return 0;
    }
    if (strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
        return 0; /* bookkeeping of aufs */
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return err_set(r->err, ERR_INPUT, "the layer holds the senseless whiteout %s",
                       path);
    AUTO_FREE char *gone = xasprintf("%.*s%s", (int)(base - path), path, name);
    mark.path = gone;
    mark.type = ENTRY_WHITEOUT;
    tree_add(r->marks, &mark);
    view_remove(r->view, gone);
    return 0;
}

/* ---- contents -----------------------------------------------------------------------
 */

static int too_large(const struct reader *r)
{
    return err_set(r->err, ERR_INPUT, "the archive holds more than is allowed");
}

static int charge(struct reader *r, uint64_t bytes)
{
    if (bytes > r->bytes_left)
        return too_large(r);
    r->bytes_left -= bytes;
    return 0;
}

/* Writes the data at its place in the spool; holes stay holes. */
static int spool_content(struct reader *r, struct entry *e)
{
    const void *data;
    size_t len;
    la_int64_t offset;
    int rc;
    while ((rc = r->la->archive_read_data_block(r->archive, &data, &len, &offset)) ==
           ARCHIVE_OK) {
        if (offset < 0 || (uint64_t)offset > e->size ||
            len > e->size - (uint64_t)offset)
            return err_set(r->err, ERR_INPUT, "%s: more data than its size", e->path);
        const char *from = data;
        for (uint64_t at = r->spooled + (uint64_t)offset; len > 0;) {
            ssize_t n = pwrite(r->spool, from, len, (off_t)at);
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                return err_errno(r->err, errno, "cannot keep %s", e->path);
            from += n;
            at += (uint64_t)n;
            len -= (size_t)n;
        }
    }
    if (rc != ARCHIVE_EOF)
        return tar_source_error(r->source, r->err);
    e->content =
        (struct content){.kind = CONTENT_RANGE, .from.range = {r->blob, r->spooled}};
    r->spooled += e->size;
    if (r->spooled > INT64_MAX || ftruncate(r->spool, (off_t)r->spooled) != 0)
        return err_errno(r->err, errno, "cannot keep %s", e->path);
    return 0;
}

/* A file with holes does not lie in the tar in one piece. */
static int load_sparse(struct reader *r, struct entry *e, char **bytes)
{
    if (e->size > SPARSE_MOST)
        return err_set(r->err, ERR_INPUT,
                       "%s: a sparse file of %" PRIu64 " bytes in a layer", e->path,
                       e->size);
    *bytes = xcalloc(1, (size_t)e->size);
    for (size_t got = 0; got < e->size;) {
        la_ssize_t n =
            r->la->archive_read_data(r->archive, *bytes + got, (size_t)e->size - got);
        if (n <= 0)
            return tar_source_error(r->source, r->err);
        got += (size_t)n;
    }
    e->content = (struct content){.kind = CONTENT_INLINE, .from.bytes = *bytes};
    return 0;
}

/* *bytes gets what content may refer to; the caller frees it when the entry is kept. */
static int read_content(struct reader *r, struct archive_entry *h, struct entry *e,
                        char **bytes)
{
    la_int64_t size = r->la->archive_entry_size(h);
    if (size < 0)
        return err_set(r->err, ERR_INPUT, "%s: its size is below zero", e->path);
    e->size = (uint64_t)size;
    int rc = charge(r, e->size);
    if (rc != 0 || e->size == 0)
        return rc;
    if (r->spool >= 0)
        return spool_content(r, e);
    if (r->la->archive_entry_sparse_count(h) > 0)
        return load_sparse(r, e, bytes);
    uint64_t offset = (uint64_t)r->la->archive_filter_bytes(r->archive, 0);
    uint64_t end = blob_size(r->blob);
    if (offset > end || e->size > end - offset)
        return err_set(r->err, ERR_INPUT, "damaged archive: it ends within %s",
                       e->path);
    e->content =
        (struct content){.kind = CONTENT_RANGE, .from.range = {r->blob, offset}};
    return 0;
}

/* ---- entries ------------------------------------------------------------------------
 */

static int read_xattrs(struct reader *r, struct archive_entry *h, struct xattr *xattrs,
                       struct entry *e)
{
    int count = r->la->archive_entry_xattr_reset(h);
    if (count > XATTRS_MOST)
        return err_set(r->err, ERR_INPUT, "%s: %d extended attributes", e->path, count);
    size_t n = 0;
    const char *name;
    const void *value;
    size_t len;
    while (n < XATTRS_MOST &&
           r->la->archive_entry_xattr_next(h, &name, &value, &len) == ARCHIVE_OK) {
        if (name == NULL || name[0] == '\0')
            continue;
        int rc = charge(r, len);
        if (rc != 0)
            return rc;
        xattrs[n++] = (struct xattr){name, value != NULL ? value : "", len};
    }
    e->xattrs = xattrs;
    e->xattr_count = n;
    return 0;
}

/* False for what a layer cannot hold. */
static bool set_type(const struct reader *r, struct archive_entry *h, struct entry *e)
{
    switch (r->la->archive_entry_filetype(h)) {
    case AE_IFREG:
        e->type = ENTRY_FILE;
        return true;
    case AE_IFDIR:
        e->type = ENTRY_DIR;
        return true;
    case AE_IFLNK:
        e->type = ENTRY_SYMLINK;
        e->target = r->la->archive_entry_symlink(h);
        return e->target != NULL && strlen(e->target) <= PATH_LONGEST;
    case AE_IFCHR:
    case AE_IFBLK:
        e->type =
            r->la->archive_entry_filetype(h) == AE_IFCHR ? ENTRY_CHAR : ENTRY_BLOCK;
        e->dev_major = (uint32_t)r->la->archive_entry_rdevmajor(h);
        e->dev_minor = (uint32_t)r->la->archive_entry_rdevminor(h);
        return true;
    case AE_IFIFO:
        e->type = ENTRY_FIFO;
        return true;
    default:
        return false;
    }
}

static int set_metadata(struct reader *r, struct archive_entry *h, struct entry *e)
{
    la_int64_t uid = r->la->archive_entry_uid(h), gid = r->la->archive_entry_gid(h);
    if (uid < 0 || uid > UINT32_MAX || gid < 0 || gid > UINT32_MAX)
        return err_set(r->err, ERR_INPUT, "%s: owner %lld:%lld does not exist", e->path,
                       (long long)uid, (long long)gid);
    e->uid = (uint32_t)uid;
    e->gid = (uint32_t)gid;
    e->mode = (uint32_t)r->la->archive_entry_perm(h);
    int64_t ns;
    if (__builtin_mul_overflow((int64_t)r->la->archive_entry_mtime(h),
                               INT64_C(1000000000), &ns) ||
        __builtin_add_overflow(ns, (int64_t)r->la->archive_entry_mtime_nsec(h), &ns))
        ns = 0; /* beyond the year 2262 */
    e->mtime_ns = ns;
    return 0;
}

/* What has no place in a tree cannot be read from an archive. */
static int put_in_view(struct reader *r, const struct entry *e)
{
    return view_put(r->view, e, r->err) == 0 ? 0 : err_recode(r->err, ERR_INPUT);
}

static int put_link(struct reader *r, const char *path, const char *name)
{
    AUTO_FREE char *target = clean_name(r, name);
    if (target == NULL)
        return ERR_INPUT;
    AUTO_FREE char *real = follow_parents(r, target, false);
    if (real == NULL)
        return ERR_INPUT;
    const struct entry link = {.path = path, .type = ENTRY_HARDLINK, .target = real};
    return put_in_view(r, &link);
}

static int put_entry(struct reader *r, struct archive_entry *h, const char *path)
{
    struct entry e = {.path = path};
    struct xattr xattrs[XATTRS_MOST];
    AUTO_FREE char *bytes = NULL;
    if (r->la->archive_entry_hardlink(h) != NULL)
        return put_link(r, path, r->la->archive_entry_hardlink(h));
    if (!set_type(r, h, &e))
        return 0;
    int rc = set_metadata(r, h, &e);
    if (rc == 0)
        rc = read_xattrs(r, h, xattrs, &e);
    if (rc == 0 && e.type == ENTRY_FILE)
        rc = read_content(r, h, &e, &bytes);
    return rc == 0 ? put_in_view(r, &e) : rc;
}

static int read_entry(struct reader *r, struct archive_entry *h)
{
    if (r->entries_left-- == 0)
        return too_large(r);
    /* In the locale "C" names that are not ASCII are handed out as they stand. */
    AUTO_FREE char *name = clean_name(r, r->la->archive_entry_pathname(h));
    if (name == NULL)
        return ERR_INPUT;
    AUTO_FREE char *path = follow_parents(r, name, true);
    if (path == NULL)
        return ERR_INPUT;
    bool done = false;
    int rc = read_whiteout(r, path, &done);
    return rc == 0 && !done ? put_entry(r, h, path) : rc;
}

/* ERR_NOT_FOUND if the bytes are no tar from the start. */
static int read_entries(struct reader *r)
{
    bool any = false;
    struct archive_entry *h;
    for (;;) {
        int found = r->la->archive_read_next_header(r->archive, &h);
        if (found == ARCHIVE_EOF)
            break;
        if (found != ARCHIVE_OK && found != ARCHIVE_WARN) {
            int rc = tar_source_error(r->source, r->err);
            return any ? rc : err_set(r->err, ERR_NOT_FOUND, "no archive");
        }
        any = true;
        int rc = read_entry(r, h);
        if (rc != 0)
            return rc;
    }
    return any || r->layer ? 0 : err_set(r->err, ERR_NOT_FOUND, "no archive");
}

/* ---- the tree -----------------------------------------------------------------------
 */

/* Adds a mark unless its folder went itself, or an entry replaced what it hides. */
static void add_mark(struct reader *r, struct tree *tree, const struct entry *mark)
{
    AUTO_FREE char *parent = xstrndup(mark->path, path_parent_len(mark->path));
    const struct entry *dir = view_lookup(r->view, parent);
    if (dir == NULL || dir->type != ENTRY_DIR)
        return;
    const struct entry *now = view_lookup(r->view, mark->path);
    if (now == NULL) {
        tree_add(tree, mark);
    } else if (mark->type == ENTRY_WHITEOUT && now->type == ENTRY_DIR) {
        /* It went and came again with other content. */
        AUTO_FREE char *path = path_join(mark->path, OPAQUE_NAME);
        const struct entry opaque = {.path = path, .type = ENTRY_OPAQUE};
        tree_add(tree, &opaque);
    }
}

static struct tree *result(struct reader *r)
{
    struct tree *tree = view_subtree(r->view, "");
    size_t len = 0;
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].mtime_ns != implied_folder.mtime_ns)
            tree->entries[len++] = tree->entries[i];
    tree->len = len;
    for (size_t i = 0; i < r->marks->len; i++)
        add_mark(r, tree, &r->marks->entries[i]);
    tree_sort(tree);
    return tree;
}

static int read_tar(struct reader *r, const struct tar_limits *limits,
                    struct tree **out)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(c);
    r->la = tar_source_functions(r->source);
    r->archive = tar_source_archive(r->source);
    r->entries_left = limits != NULL ? limits->entries : UINT64_MAX;
    r->bytes_left = limits != NULL ? limits->bytes : INT64_MAX;
    r->view = view_new();
    r->marks = tree_new();
    int rc = view_put(r->view, &implied_folder, r->err);
    if (rc == 0)
        rc = read_entries(r);
    if (rc == 0)
        *out = result(r);
    view_free(r->view);
    tree_free(r->marks);
    uselocale(before);
    freelocale(c);
    return rc;
}

int tar_read_blob(struct blob *blob, bool layer, const struct tar_limits *limits,
                  struct tree **out, struct err *err)
{
    struct reader r = {.layer = layer, .blob = blob, .spool = -1, .err = err};
    if (layer && blob_size(blob) == 0) { /* some write an empty layer so */
        *out = tree_new();
        return 0;
    }
    struct content all = {.kind = CONTENT_RANGE, .from.range = {blob, 0}};
    int rc = tar_source_open(&all, blob_size(blob), false, &r.source, err);
    if (rc == 0)
        rc = read_tar(&r, limits, out);
    tar_source_free(r.source);
    return rc;
}

static int open_spool(const char *folder, struct err *err)
{
    int fd = folder != NULL ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)
                            : memfd_create("simbench-archive", MFD_CLOEXEC);
    if (fd < 0 && folder != NULL) { /* not every file system has O_TMPFILE */
        AUTO_FREE char *name = xasprintf("%s/archive.XXXXXX", folder);
        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0)
            unlink(name);
    }
    if (fd < 0)
        return err_errno(err, errno, "cannot keep the archive's files in %s",
                         folder != NULL ? folder : "memory");
    return fd;
}

/* NOLINTNEXTLINE(readability-function-size): seven things are what it is about */
int tar_read_archive(const struct content *archive, uint64_t size,
                     const char *spool_dir, bool layer, const struct tar_limits *limits,
                     struct tree **out, struct err *err)
{
    struct reader r = {.layer = layer, .err = err};
    int rc = tar_source_open(archive, size, true, &r.source, err);
    if (rc != 0)
        return rc;
    r.spool = open_spool(spool_dir, err);
    if (r.spool < 0) {
        tar_source_free(r.source);
        return r.spool;
    }
    /* Its length is known at the end only; the file itself bounds what is read. */
    r.blob = blob_from_fd(r.spool, INT64_MAX);
    rc = read_tar(&r, limits, out);
    blob_unref(r.blob);
    tar_source_free(r.source);
    return rc;
}
