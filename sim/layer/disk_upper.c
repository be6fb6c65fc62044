/* SPDX-License-Identifier: MIT */
/*
 * What a command changed, read back from the upper folder of an overlay mount
 * (Documentation/filesystems/overlayfs.rst of Linux: whiteouts, opaque directories).
 */
#include "sim/layer/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/map.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/disk_internal.h"

enum {
    FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
    XATTRS_MOST = 256,      /* of one entry */
    XATTR_BYTES = 64 << 10, /* the kernel's bound for the names, and for one value */
    CAPABILITY_V2 = 20,     /* bytes of security.capability */
    CAPABILITY_V3 = 24,     /* the same with the namespace's root in the end */
};

/* A folder being read. Only one is held open: they may be nested deeper than files may
 * be open. */
struct level {
    char *path;
    struct strv names; /* sorted */
    size_t next;
};

struct upper {
    int root;
    struct host_root *host;
    enum disk_whiteouts how;
    const struct id_map *uids, *gids;
    struct view *view;
    struct map *links;  /* "device:inode" -> path of the first name */
    struct strv linked; /* owns those paths */
    struct level *levels;
    size_t len, cap;
    int fd;               /* of the innermost level */
    char *names, *values; /* room for extended attributes */
    struct err *err;
};

static int map_id(const struct upper *u, const struct id_map *map, uint32_t id,
                  const char *path, uint32_t *out)
{
    *out = id;
    for (unsigned i = 0; map != NULL && i < map->len; i++) {
        uint32_t from = map->ranges[i].outside;
        if (id >= from && id - from < map->ranges[i].count) {
            *out = map->ranges[i].inside + (id - from);
            return 0;
        }
    }
    if (map == NULL)
        return 0;
    return err_set(u->err, ERR_FAILED,
                   "%s belongs to id %" PRIu32 ", which is none of the namespace", path,
                   id);
}

/* ---- extended attributes
 * ---------------------------------------------------------------- */

/* Those that belong into a layer: not overlayfs' own, and no labels of this machine. */
static bool xattr_belongs(const char *name)
{
    if (disk_is_overlay_xattr(name) || strncmp(name, "system.", 7) == 0)
        return false;
    return strncmp(name, "security.", 9) != 0 ||
           strcmp(name, "security.capability") == 0;
}

/* A capability set inside a user namespace is kept with that namespace's root; inside
 * it reads without. */
static size_t plain_capability(const struct upper *u, const char *name, char *value,
                               size_t len)
{
    if (u->uids == NULL || len != CAPABILITY_V3 ||
        strcmp(name, "security.capability") != 0 || value[3] != 3)
        return len;
    value[3] = 2;
    return CAPABILITY_V2;
}

/* The overlay marks of one entry. */
struct marks {
    bool opaque;
};

static int note_overlay_xattr(const struct upper *u, const char *path, const char *name,
                              const char *value, size_t len, struct marks *marks)
{
    const char *prefix = disk_overlay_prefix(u->how);
    if (strncmp(name, prefix, strlen(prefix)) != 0)
        return 0;
    name += strlen(prefix);
    if (strcmp(name, "opaque") == 0 && len == 1 && value[0] == 'y')
        marks->opaque = true;
    if (strcmp(name, "redirect") == 0 || strcmp(name, "metacopy") == 0) {
        err_set(u->err, ERR_FAILED, "%s: the overlay keeps it as a %s", path, name);
        return err_hint(u->err, "mount it with redirect_dir=off,metacopy=off");
    }
    return 0;
}

/* Reads the attributes; their values lie in u->values. */
static int read_xattrs(struct upper *u, const char *name, struct entry *e,
                       struct xattr *xattrs, struct marks *marks)
{
    char path[64 + NAME_MAX];
    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", u->fd, name);
    ssize_t listed = llistxattr(path, u->names, XATTR_BYTES);
    if (listed < 0 && errno == EOPNOTSUPP)
        return 0;
    if (listed < 0)
        return err_errno(u->err, errno, "cannot read the attributes of %s", e->path);
    size_t used = 0;
    for (const char *at = u->names; at < u->names + listed; at += strlen(at) + 1) {
        char *value = u->values + used;
        ssize_t len = lgetxattr(path, at, value, XATTR_BYTES);
        if (len < 0 || e->xattr_count == XATTRS_MOST ||
            used + (size_t)len > XATTR_BYTES)
            return err_set(u->err, ERR_FAILED, "%s: cannot read the attribute %s",
                           e->path, at);
        int rc = note_overlay_xattr(u, e->path, at, value, (size_t)len, marks);
        if (rc != 0)
            return rc;
        if (!xattr_belongs(at))
            continue;
        size_t n = plain_capability(u, at, value, (size_t)len);
        xattrs[e->xattr_count++] = (struct xattr){at, value, n};
        used += n;
    }
    e->xattrs = xattrs;
    return 0;
}

/* ---- entries
 * ------------------------------------------------------------------------------ */

/* False for sockets, which layers do not hold. */
static bool set_type(const struct stat *st, struct entry *e)
{
    switch (st->st_mode & S_IFMT) {
    case S_IFREG:
        e->type = ENTRY_FILE;
        return true;
    case S_IFDIR:
        e->type = ENTRY_DIR;
        return true;
    case S_IFLNK:
        e->type = ENTRY_SYMLINK;
        return true;
    case S_IFCHR:
        e->type = ENTRY_CHAR;
        return true;
    case S_IFBLK:
        e->type = ENTRY_BLOCK;
        return true;
    case S_IFIFO:
        e->type = ENTRY_FIFO;
        return true;
    default:
        return false;
    }
}

static int set_metadata(const struct upper *u, const struct stat *st, struct entry *e)
{
    e->mode = st->st_mode & 07777;
    if (__builtin_mul_overflow((int64_t)st->st_mtim.tv_sec, INT64_C(1000000000),
                               &e->mtime_ns) ||
        __builtin_add_overflow(e->mtime_ns, (int64_t)st->st_mtim.tv_nsec, &e->mtime_ns))
        e->mtime_ns = 0; /* beyond the year 2262 */
    if (e->type == ENTRY_CHAR || e->type == ENTRY_BLOCK) {
        e->dev_major = major(st->st_rdev);
        e->dev_minor = minor(st->st_rdev);
    }
    if (e->type == ENTRY_FILE) {
        e->size = (uint64_t)st->st_size;
        e->content =
            (struct content){.kind = CONTENT_HOST, .from.host = {u->host, e->path}};
    }
    int rc = map_id(u, u->uids, st->st_uid, e->path, &e->uid);
    return rc == 0 ? map_id(u, u->gids, st->st_gid, e->path, &e->gid) : rc;
}

/* If this is a further name of a file, puts it as a link; *done says so. */
static int put_known_link(struct upper *u, const struct stat *st, const char *path,
                          bool *done)
{
    if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
        return 0;
    char key[64];
    snprintf(key, sizeof key, "%" PRIu64 ":%" PRIu64, (uint64_t)st->st_dev,
             (uint64_t)st->st_ino);
    const char *first = map_get(u->links, key);
    if (first == NULL) {
        strv_add(&u->linked, path);
        map_put(u->links, key, u->linked.items[u->linked.len - 1]);
        return 0;
    }
    *done = true;
    const struct entry link = {.path = path, .type = ENTRY_HARDLINK, .target = first};
    return view_put(u->view, &link, u->err);
}

static int read_target(const struct upper *u, const char *name, struct entry *e,
                       char *target, size_t room)
{
    ssize_t n = readlinkat(u->fd, name, target, room);
    if (n < 0 || (size_t)n >= room)
        return err_errno(u->err, n < 0 ? errno : ENAMETOOLONG,
                         "cannot read the link %s", e->path);
    target[n] = '\0';
    e->target = target;
    return 0;
}

static int put_entry(struct upper *u, const struct stat *st, const char *name,
                     const char *path)
{
    struct entry e = {.path = path};
    struct xattr xattrs[XATTRS_MOST];
    struct marks marks = {0};
    char target[4097];
    if (!set_type(st, &e))
        return 0;
    int rc = set_metadata(u, st, &e);
    if (rc == 0)
        rc = read_xattrs(u, name, &e, xattrs, &marks);
    if (rc == 0 && e.type == ENTRY_SYMLINK)
        rc = read_target(u, name, &e, target, sizeof target);
    if (rc == 0 && marks.opaque)
        view_remove(u->view, path);
    return rc == 0 ? view_put(u->view, &e, u->err) : rc;
}

/* ---- the walk
 * ------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int open_level(struct upper *u, const char *path)
{
    file_closep(&u->fd);
    u->fd = disk_open(u->root, path, FOLDER_FLAGS);
    if (u->fd < 0)
        return err_errno(u->err, errno, "cannot read the folder /%s", path);
    return 0;
}

static int read_names(const struct upper *u, struct strv *names)
{
    int copy = openat(u->fd, ".", FOLDER_FLAGS);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    if (dir == NULL) {
        file_closep(&copy);
        return err_errno(u->err, errno, "cannot read a folder");
    }
    errno = 0;
    for (struct dirent *d; (d = readdir(dir)) != NULL;)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            strv_add(names, d->d_name);
    int failed = errno;
    closedir(dir);
    if (failed != 0)
        return err_errno(u->err, failed, "cannot read a folder");
    if (names->len > 1)
        qsort(names->items, names->len, sizeof(char *), compare_names);
    return 0;
}

static int enter(struct upper *u, const char *path)
{
    struct level level = {.path = xstrdup(path)};
    int rc = open_level(u, path);
    if (rc == 0)
        rc = read_names(u, &level.names);
    GROW(u->levels, u->cap, u->len + 1);
    u->levels[u->len++] = level;
    return rc;
}

static void leave(struct upper *u)
{
    struct level *top = &u->levels[--u->len];
    free(top->path);
    strv_free(&top->names);
}

static int visit(struct upper *u, const char *name, const char *path)
{
    struct stat st;
    bool done = false;
    if (fstatat(u->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_errno(u->err, errno, "cannot look at /%s", path);
    if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0) && u->how != DISK_PLAIN) {
        view_remove(u->view, path);
        return 0;
    }
    int rc = put_known_link(u, &st, path, &done);
    if (rc == 0 && !done)
        rc = put_entry(u, &st, name, path);
    return rc == 0 && S_ISDIR(st.st_mode) ? enter(u, path) : rc;
}

static int walk(struct upper *u)
{
    int rc = enter(u, "");
    while (rc == 0 && u->len > 0) {
        struct level *top = &u->levels[u->len - 1];
        if (top->next < top->names.len) {
            const char *name = top->names.items[top->next++];
            AUTO_FREE char *path = path_join(top->path, name);
            rc = visit(u, name, path);
            continue;
        }
        leave(u);
        if (u->len > 0 && u->levels[u->len - 1].next < u->levels[u->len - 1].names.len)
            rc = open_level(u, u->levels[u->len - 1].path);
    }
    while (u->len > 0)
        leave(u);
    return rc;
}

int disk_apply_upper(const char *upper, enum disk_whiteouts how,
                     const struct id_map *uids, const struct id_map *gids,
                     struct view *view, struct err *err)
{
    int root = open(upper, FOLDER_FLAGS);
    if (root < 0)
        return err_errno(err, errno, "cannot open the folder %s", upper);
    struct upper u = {.root = root,
                      .host = host_root_new(root),
                      .how = how,
                      .uids = uids,
                      .gids = gids,
                      .view = view,
                      .links = map_new(),
                      .fd = -1,
                      .names = xmalloc(XATTR_BYTES),
                      .values = xmalloc((size_t)2 * XATTR_BYTES),
                      .err = err};
    int rc = walk(&u);
    file_closep(&u.fd);
    host_root_unref(u.host);
    map_free(u.links);
    strv_free(&u.linked);
    free(u.levels);
    free(u.names);
    free(u.values);
    return rc;
}
