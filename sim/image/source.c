/* SPDX-License-Identifier: MIT */
/* Files of an image archive. A folder's files are opened below its descriptor, and only
 * by names that this program made (index.json, blobs/sha256/<hex>). */
#include "sim/image/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/tar.h"

enum {
    LINKS = 8,
    ENTRIES_LIMIT = 4 << 20,
    HEADER = 512,   /* of a tar entry */
    MAGIC_AT = 257, /* of "ustar" in it */
};

/* An archive that is not compressed: its files need not be copied out. */
static bool is_plain_tar(int fd)
{
    char header[HEADER];
    return pread(fd, header, sizeof header, 0) == HEADER &&
           memcmp(header + MAGIC_AT, "ustar", 5) == 0;
}

static int open_archive(int fd, uint64_t size, const char *spool, struct source *out,
                        struct err *err)
{
    const struct tar_limits limits = {.entries = ENTRIES_LIMIT,
                                      .bytes = (uint64_t)1 << 40};
    bool plain = is_plain_tar(fd);
    struct blob *blob = blob_from_fd(fd, size);
    int rc;
    if (plain) {
        rc = tar_read_blob(blob, false, &limits, &out->tree, err);
    } else {
        struct content content = {.kind = CONTENT_RANGE};
        content.from.range.blob = blob;
        rc = tar_read_archive(&content, size, spool, false, &limits, &out->tree, err);
    }
    blob_unref(blob); /* the tree keeps what it needs */
    if (rc == ERR_NOT_FOUND) {
        err_set(err, ERR_INPUT, "it is no archive that can be read");
        err_hint(err,
                 "an OCI layout, a docker save archive or a root filesystem as tar "
                 "can be imported");
        return ERR_INPUT;
    }
    return rc;
}

int source_open(const char *path, const char *spool, struct source *out,
                struct err *err)
{
    *out = (struct source){.path = xstrdup(path)};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    int rc = 0;
    if (fd < 0 || fstat(fd, &st) != 0) {
        rc = err_set(err, ERR_INPUT, "cannot open it: %s", strerror(errno));
        file_closep(&fd);
    } else if (S_ISDIR(st.st_mode)) {
        out->root = host_root_new(fd);
    } else if (S_ISREG(st.st_mode)) {
        rc = open_archive(fd, (uint64_t)st.st_size, spool, out, err);
    } else {
        close(fd);
        rc = err_set(err, ERR_INPUT, "it is neither a file nor a folder");
    }
    if (rc != 0)
        source_close(out);
    return rc;
}

void source_close(struct source *s)
{
    host_root_unref(s->root);
    tree_free(s->tree);
    free(s->path);
    *s = (struct source){0};
}

static int missing(struct err *err, const char *name)
{
    return err_set(err, ERR_NOT_FOUND, "it holds no file %.300s", name);
}

/* Follows links inside the archive; ".." does not climb out of it. */
static const struct entry *find_entry(const struct tree *tree, const char *name)
{
    AUTO_FREE char *path = path_below_root(name);
    for (int links = 0; links < LINKS; links++) {
        const struct entry *e = tree_find(tree, path);
        if (e == NULL || e->type == ENTRY_FILE)
            return e;
        if (e->type != ENTRY_SYMLINK && e->type != ENTRY_HARDLINK)
            return NULL;
        bool relative = e->type == ENTRY_SYMLINK && e->target[0] != '/';
        AUTO_FREE char *joined =
            relative ? xasprintf("%.*s/%s", (int)path_parent_len(path), path, e->target)
                     : xstrdup(e->target);
        free(path);
        path = path_below_root(joined);
    }
    return NULL;
}

int source_find(const struct source *s, const char *name, struct content *content,
                uint64_t *size, struct err *err)
{
    if (s->tree != NULL) {
        const struct entry *e = find_entry(s->tree, name);
        if (e == NULL)
            return missing(err, name);
        *content = e->content;
        *size = e->size;
        return 0;
    }
    struct stat st;
    if (fstatat(host_root_fd(s->root), name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return missing(err, name);
    *content = (struct content){.kind = st.st_size > 0 ? CONTENT_HOST : CONTENT_NONE};
    content->from.host.root = s->root;
    content->from.host.path = name;
    *size = (uint64_t)st.st_size;
    return 0;
}

bool source_has(const struct source *s, const char *name)
{
    struct content content;
    uint64_t size;
    return source_find(s, name, &content, &size, NULL) == 0;
}

int source_read(const struct source *s, const char *name, uint64_t limit,
                struct buf *out, struct err *err)
{
    struct content content;
    uint64_t size = 0;
    int rc = source_find(s, name, &content, &size, err);
    return rc != 0 ? rc : content_load(&content, size, limit, out, err);
}
