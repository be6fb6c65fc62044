/* SPDX-License-Identifier: MIT */
/*
 * A layer tree as files. Every folder is opened by its path without following any
 * symlink, and what is made in it is made by descriptor and name: nothing that the
 * tree, or somebody at work in the folder, puts there leads out.
 */
#include "sim/layer/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/disk_internal.h"
#include "sim/layer/view_internal.h"

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

/* Before Linux 5.6: one part after the other. */
static int open_by_parts(int root, const char *path, int flags)
{
    int at = root;
    while (at >= 0) {
        size_t n = strcspn(path, "/");
        bool last = path[n] == '\0';
        AUTO_FREE char *name = n != 0 ? xstrndup(path, n) : xstrdup(".");
        int next = openat(at, name, (last ? flags : FOLDER_FLAGS) | O_NOFOLLOW);
        if (at != root)
            file_closep(&at);
        at = next;
        if (last)
            break;
        path += n + 1;
    }
    return at;
}

int disk_open(int root, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    const char *name = path[0] != '\0' ? path : ".";
    long fd = syscall(SYS_openat2, root, name, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_by_parts(root, path, flags | O_CLOEXEC);
    return (int)fd;
}

const char *disk_overlay_prefix(enum disk_whiteouts how)
{
    return how == DISK_OVERLAY_USER ? "user.overlay." : "trusted.overlay.";
}

bool disk_is_overlay_xattr(const char *name)
{
    return strncmp(name, "trusted.overlay.", 16) == 0 ||
           strncmp(name, "user.overlay.", 13) == 0;
}

struct unpack {
    const struct tree *tree;
    int root;
    enum disk_whiteouts how;
    bool owners;
    char *parent_path; /* of `parent`; owned */
    int parent;        /* the folder last worked in; -1: none */
    struct err *err;
};

static int failed(const struct unpack *u, const struct entry *e, const char *what)
{
    return err_errno(u->err, errno, "cannot %s %s", what, e->path);
}

/* Without the right to set owners, what else needs a privilege is passed over, too. */
static bool may_lack(const struct unpack *u)
{
    return !u->owners && (errno == EPERM || errno == EOPNOTSUPP || errno == EINVAL);
}

/* Makes folders that the tree does not name. */
static int make_missing(struct unpack *u, const char *path)
{
    AUTO_FREE char *copy = xstrdup(path);
    for (char *end = copy; *end != '\0';) {
        end += *end == '/';
        end += strcspn(end, "/");
        char was = *end;
        *end = '\0';
        size_t n = path_parent_len(copy);
        AUTO_FREE char *above = xstrndup(copy, n);
        AUTO_CLOSE int fd = disk_open(u->root, above, FOLDER_FLAGS);
        int made = fd < 0 ? -1 : mkdirat(fd, path_base(copy), 0755);
        if ((made != 0 && errno != EEXIST) ||
            (made == 0 && fchmodat(fd, path_base(copy), 0755, 0) != 0)) /* no umask */
            return err_errno(u->err, errno, "cannot make the folder %s", copy);
        *end = was;
    }
    return 0;
}

/* Opens the folder an entry stands in. */
static int open_parent(struct unpack *u, const struct entry *e)
{
    size_t n = path_parent_len(e->path);
    if (u->parent >= 0 && strncmp(u->parent_path, e->path, n) == 0 &&
        u->parent_path[n] == '\0')
        return 0;
    file_closep(&u->parent);
    free(u->parent_path);
    u->parent_path = xstrndup(e->path, n);
    u->parent = disk_open(u->root, u->parent_path, FOLDER_FLAGS);
    if (u->parent < 0 && errno == ENOENT) {
        int rc = make_missing(u, u->parent_path);
        if (rc != 0)
            return rc;
        u->parent = disk_open(u->root, u->parent_path, FOLDER_FLAGS);
    }
    return u->parent < 0 ? failed(u, e, "open the folder of") : 0;
}

/* ---- metadata
 * ------------------------------------------------------------------------ */

static int set_xattrs(const struct unpack *u, const struct entry *e, int fd,
                      const char *name)
{
    char path[64 + NAME_MAX];
    for (size_t i = 0; i < e->xattr_count; i++) {
        const struct xattr *x = &e->xattrs[i];
        if (disk_is_overlay_xattr(x->name))
            continue; /* overlayfs would believe what a stranger wrote */
        int rc;
        if (name == NULL) {
            rc = fsetxattr(fd, x->name, x->value, x->len, 0);
        } else {
            snprintf(path, sizeof path, "/proc/self/fd/%d/%s", u->parent, name);
            rc = lsetxattr(path, x->name, x->value, x->len, 0);
        }
        if (rc != 0 && !may_lack(u)) {
            failed(u, e, "set an extended attribute of");
            return err_wrap(u->err, "%s", x->name);
        }
    }
    return 0;
}

static void set_times(const struct entry *e, struct timespec times[2])
{
    int64_t ns = e->mtime_ns % 1000000000;
    times[0] = times[1] =
        (struct timespec){.tv_sec = e->mtime_ns / 1000000000 - (ns < 0),
                          .tv_nsec = ns < 0 ? ns + 1000000000 : ns};
}

/* For files and folders. Owner before mode and attributes: changing it takes setuid
 * bits and capabilities away. Times last. */
static int set_metadata(const struct unpack *u, const struct entry *e, int fd)
{
    if (u->owners && fchown(fd, e->uid, e->gid) != 0)
        return failed(u, e, "set the owner of");
    int rc = set_xattrs(u, e, fd, NULL);
    if (rc != 0)
        return rc;
    if (fchmod(fd, e->mode) != 0)
        return failed(u, e, "set the mode of");
    struct timespec times[2];
    set_times(e, times);
    return futimens(fd, times) != 0 ? failed(u, e, "set the time of") : 0;
}

/* For what cannot be opened: links, devices, pipes. */
static int set_metadata_at(const struct unpack *u, const struct entry *e)
{
    const char *name = path_base(e->path);
    if (u->owners &&
        fchownat(u->parent, name, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(u, e, "set the owner of");
    int rc = set_xattrs(u, e, -1, name);
    if (rc != 0)
        return rc;
    /* Just made by this process, and no symlink. */
    if (e->type != ENTRY_SYMLINK && fchmodat(u->parent, name, e->mode, 0) != 0)
        return failed(u, e, "set the mode of");
    struct timespec times[2];
    set_times(e, times);
    if (utimensat(u->parent, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(u, e, "set the time of");
    return 0;
}

/* ---- entries
 * ------------------------------------------------------------------------- */

static int write_piece(void *payload, const void *data, size_t len, struct err *err)
{
    return file_write_fd(*(const int *)payload, data, len, err);
}

static int unpack_file(const struct unpack *u, const struct entry *e)
{
    AUTO_CLOSE int fd =
        openat(u->parent, path_base(e->path),
               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return failed(u, e, "create");
    int rc = content_stream(&e->content, e->size, write_piece, &fd, u->err);
    return rc != 0 ? err_wrap(u->err, "%s", e->path) : set_metadata(u, e, fd);
}

/* Metadata follows when all that is below was written. */
static int unpack_folder(const struct unpack *u, const struct entry *e)
{
    if (e->path[0] != '\0' && mkdirat(u->parent, path_base(e->path), 0700) != 0)
        return failed(u, e, "make the folder");
    return 0;
}

static int unpack_hard_link(const struct unpack *u, const struct entry *e)
{
    AUTO_FREE char *above = xstrndup(e->target, path_parent_len(e->target));
    AUTO_CLOSE int dir = disk_open(u->root, above, O_PATH | O_DIRECTORY);
    if (dir < 0 ||
        linkat(dir, path_base(e->target), u->parent, path_base(e->path), 0) != 0)
        return err_errno(u->err, errno, "cannot link %s to %s", e->path, e->target);
    return 0;
}

static int unpack_device(const struct unpack *u, const struct entry *e)
{
    mode_t type = e->type == ENTRY_CHAR ? S_IFCHR : S_IFBLK;
    dev_t dev = makedev(e->dev_major, e->dev_minor);
    if (mknodat(u->parent, path_base(e->path), type | 0600, dev) == 0)
        return set_metadata_at(u, e);
    return may_lack(u) ? 0 : failed(u, e, "make the device");
}

static int unpack_whiteout(const struct unpack *u, const struct entry *e)
{
    if (u->how == DISK_PLAIN)
        return err_set(u->err, ERR_FAILED, "%s: a root filesystem has no whiteouts",
                       e->path);
    if (e->type == ENTRY_WHITEOUT)
        return mknodat(u->parent, path_base(e->path), S_IFCHR | 0600, makedev(0, 0)) !=
                       0
                   ? failed(u, e, "make the whiteout")
                   : 0;
    char name[64];
    snprintf(name, sizeof name, "%sopaque", disk_overlay_prefix(u->how));
    return fsetxattr(u->parent, name, "y", 1, 0) != 0
               ? failed(u, e, "mark as opaque the folder of")
               : 0;
}

static int unpack_entry(struct unpack *u, const struct entry *e)
{
    int rc = open_parent(u, e);
    if (rc != 0)
        return rc;
    switch (e->type) {
    case ENTRY_FILE:
        return unpack_file(u, e);
    case ENTRY_DIR:
        return unpack_folder(u, e);
    case ENTRY_SYMLINK:
        if (symlinkat(e->target, u->parent, path_base(e->path)) != 0)
            return failed(u, e, "make the link");
        return set_metadata_at(u, e);
    case ENTRY_HARDLINK:
        return unpack_hard_link(u, e);
    case ENTRY_CHAR:
    case ENTRY_BLOCK:
        return unpack_device(u, e);
    case ENTRY_FIFO:
        if (mkfifoat(u->parent, path_base(e->path), 0600) != 0)
            return failed(u, e, "make the pipe");
        return set_metadata_at(u, e);
    case ENTRY_SOCKET:
        return 0;
    case ENTRY_WHITEOUT:
    case ENTRY_OPAQUE:
        return unpack_whiteout(u, e);
    }
    return err_set(u->err, ERR_FAILED, "%s: an entry of an unknown kind", e->path);
}

/* Folders last and deepest first: writing into one changes its time, and one may be
 * such that nothing can be written. */
static int finish_folders(struct unpack *u)
{
    for (size_t i = u->tree->len; i > 0; i--) {
        const struct entry *e = &u->tree->entries[i - 1];
        if (e->type != ENTRY_DIR)
            continue;
        AUTO_CLOSE int fd = disk_open(u->root, e->path, FOLDER_FLAGS);
        if (fd < 0)
            return failed(u, e, "open the folder");
        int rc = set_metadata(u, e, fd);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int disk_unpack(const struct tree *tree, const char *dir, enum disk_whiteouts how,
                bool owners, struct err *err)
{
    AUTO_CLOSE int root = open(dir, FOLDER_FLAGS);
    if (root < 0)
        return err_errno(err, errno, "cannot open the folder %s", dir);
    struct unpack u = {.tree = tree,
                       .root = root,
                       .how = how,
                       .owners = owners,
                       .parent = -1,
                       .err = err};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < tree->len; i++)
        rc = unpack_entry(&u, &tree->entries[i]);
    file_closep(&u.parent);
    free(u.parent_path);
    return rc == 0 ? finish_folders(&u) : rc;
}
