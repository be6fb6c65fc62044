/* SPDX-License-Identifier: MIT */
/*
 * Reading what the scan cannot take from the stat cache: content and extended
 * attributes. A digest counts only if the file was the same before and after it was
 * read.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/context/scan.h"

enum { TRIES = 5, XATTR_LIST = 65536, XATTR_VALUE = 65536 };

int scan_open(int at, const char *path, int flags)
{
    flags |= O_NOFOLLOW;
    if (strchr(path, '/') == NULL)
        return openat(at, path, flags);
    struct open_how how = {.flags = (unsigned)flags,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, at, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return openat(at, path, flags); /* before Linux 5.6, or kept from it */
    return (int)fd;
}

/* ---- content --------------------------------------------------------------------- */

/* Reads up to the end, but at most one byte more than `size`; *got tells how much. */
static int read_content(struct scan_worker *w, int fd, uint64_t size, uint64_t *got,
                        struct digest *digest)
{
    *got = 0;
    for (;;) {
        uint64_t want = size + 1 - *got;
        ssize_t n = read(fd, w->chunk, want < SCAN_CHUNK ? (size_t)want : SCAN_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n > 0)
            digester_add(w->digester, w->chunk, (size_t)n);
        *got += (uint64_t)n;
        /* Regular files are read short at their end alone. */
        if (n == 0 || *got > size || (*got == size && (uint64_t)n < want))
            break;
    }
    digester_finish(w->digester, digest);
    return 0;
}

static bool is_same(const struct scan_item *a, const struct scan_item *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->ino == b->ino && a->dev == b->dev &&
           a->mode == b->mode;
}

static int changed(const char *path, struct err *err)
{
    err_set(err, ERR_FAILED, "%s changed while it was read", path);
    return err_hint(err, "let nothing write to the context while it is built, or add "
                         "the file to .dockerignore");
}

/* One go at an open file; *done is false if it changed under our hands, item then being
 * what it is now. */
static int try_digest(struct scan_worker *w, int fd, struct scan_item *item, bool *done)
{
    struct stat st;
    struct scan_item after = *item;
    uint64_t got;
    if (read_content(w, fd, item->size, &got, &item->digest) != 0 ||
        fstat(fd, &st) != 0)
        return -1;
    scan_fill(&after, &st);
    *done = got == item->size && is_same(item, &after);
    w->stats.hashed_files++;
    w->stats.hashed_bytes += got;
    if (!*done) {
        scan_fill(item, &st);
        return lseek(fd, 0, SEEK_SET) != 0 ? -1 : 0;
    }
    return 0;
}

int scan_digest(struct scan_worker *w, int at, const char *name,
                const struct scan_folder *folder, struct scan_item *item,
                struct err *err)
{
    /* O_NONBLOCK: whatever takes the file's place meanwhile, opening it must not wait.
     */
    AUTO_CLOSE int fd =
        scan_open(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool done = false;
    int rc = 0;
    if (fd < 0 && errno == ENOENT) {
        item->gone = true;
        return 0;
    }
    for (int i = 0; fd >= 0 && rc == 0 && !done && i < TRIES; i++)
        rc = S_ISREG(item->mode) ? try_digest(w, fd, item, &done) : 0;
    if (done) {
        item->has_digest = true;
        scan_xattrs(w, fd, folder, item);
        return 0;
    }
    int errnum = errno;
    AUTO_FREE char *path = path_join(folder->path, item->name);
    if ((fd >= 0 && rc == 0) || (fd < 0 && (errnum == ELOOP || errnum == ENXIO)))
        return changed(path, err);
    err_errno(err, errnum, "cannot read %s", path);
    return err_hint(err, "make it readable, or add it to .dockerignore");
}

/* ---- extended attributes --------------------------------------------------------- */

/* Those that count for a cache key (cache-semantics 1, COPY). */
static bool xattr_counts(const char *name)
{
    if (strncmp(name, "system.", 7) == 0)
        return false;
    return strncmp(name, "security.", 9) != 0 ||
           strcmp(name, "security.capability") == 0;
}

static int compare_xattrs(const void *a, const void *b)
{
    const struct xattr *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Reads the values of the names in list[0..len). One that vanished meanwhile is left
 * out. */
static void read_values(struct scan_worker *w, int fd, const char *path,
                        const char *list, size_t len, struct scan_item *item)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i += strlen(list + i) + 1)
        count += xattr_counts(list + i) ? 1 : 0;
    if (count == 0)
        return;
    struct xattr *all = arena_alloc(&w->arena, count * sizeof *all);
    AUTO_FREE char *value = xmalloc(XATTR_VALUE);
    count = 0;
    for (size_t i = 0; i < len; i += strlen(list + i) + 1) {
        const char *name = list + i;
        if (!xattr_counts(name))
            continue;
        ssize_t n = fd >= 0 ? fgetxattr(fd, name, value, XATTR_VALUE)
                            : lgetxattr(path, name, value, XATTR_VALUE);
        if (n < 0)
            continue;
        struct xattr *x = &all[count++];
        x->name = arena_strdup(&w->arena, name);
        x->value = arena_strndup(&w->arena, value, (size_t)n);
        x->len = (size_t)n;
    }
    qsort(all, count, sizeof *all, compare_xattrs);
    item->xattrs = all;
    item->xattr_count = (uint16_t)count;
}

void scan_xattrs(struct scan_worker *w, int fd, const struct scan_folder *folder,
                 struct scan_item *item)
{
    AUTO_FREE char *below = NULL;
    AUTO_FREE char *path = NULL;
    item->xattrs = NULL;
    item->xattr_count = 0;
    if (atomic_load_explicit(&w->scan->no_xattrs, memory_order_relaxed))
        return;
    if (fd < 0) {
        below = path_join(folder->path, item->name);
        path = path_join(w->scan->dir, below);
    }
    ssize_t n = fd >= 0 ? flistxattr(fd, NULL, 0) : llistxattr(path, NULL, 0);
    if (n < 0 && errno == ENOTSUP && item->dev == w->scan->top.dev && fd >= 0)
        atomic_store(&w->scan->no_xattrs, true);
    if (n <= 0 || n > XATTR_LIST)
        return;
    AUTO_FREE char *list = xmalloc((size_t)n + 1);
    n = fd >= 0 ? flistxattr(fd, list, (size_t)n) : llistxattr(path, list, (size_t)n);
    if (n > 0)
        read_values(w, fd, path, list, (size_t)n, item);
}
