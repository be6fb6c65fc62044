/* SPDX-License-Identifier: MIT */
/*
 * The mounts of a cell, made by its process 1 with the mount API by descriptors: a
 * target is opened below the new root (RESOLVE_IN_ROOT: no symlink of an image leads
 * out) and mounted on as opened. System calls only, nothing is allocated.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/exec/sandbox_cell.h"
#include "sim/exec/sandbox_sys.h"

static int open_inside(int root, const char *path, uint64_t flags)
{
    return sys_openat2(root, path, O_PATH | flags,
                       RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* ---- targets ---------------------------------------------------------------------
 */

/* Makes path's last part; what is before it exists. */
static int make_last(int root, const char *path, bool is_file)
{
    char parent[PATH_MAX];
    const char *name = strrchr(path, '/') + 1;
    size_t n = (size_t)(name - path);
    memcpy(parent, path, n);
    parent[n] = '\0';
    int dir = open_inside(root, parent, O_DIRECTORY);
    if (dir < 0)
        return -1;
    int rc;
    if (is_file) {
        rc = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
                    0644);
        if (rc >= 0)
            rc = close(rc);
    } else {
        rc = mkdirat(dir, name, 0755);
    }
    int saved = errno;
    close(dir);
    errno = saved;
    return rc;
}

int cell_make_target(int root, const char *target, bool is_file)
{
    int fd = open_inside(root, target, 0);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    char path[PATH_MAX];
    size_t len = strlen(target);
    if (len >= sizeof path || target[0] != '/') {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (size_t end = 1; end <= len; end++) {
        if (target[end] != '/' && target[end] != '\0')
            continue;
        memcpy(path, target, end);
        path[end] = '\0';
        fd = open_inside(root, path, 0);
        if (fd < 0 && errno == ENOENT && make_last(root, path, is_file && end == len))
            return -1;
        if (fd >= 0)
            close(fd);
    }
    return open_inside(root, target, 0);
}

/* ---- everything in it ------------------------------------------------------------
 */

static int fresh(const struct cell *cell, const struct cell_mount *m)
{
    int fs = sys_fsopen(m->source);
    int rc = fs < 0 ? -1 : sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", m->source);
    for (const char *const *o = m->options; rc == 0 && o != NULL && *o != NULL; o += 2)
        rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, o[0], o[1]);
    if (rc == 0)
        rc = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
    int mount = rc == 0 ? sys_fsmount(fs, (unsigned)m->attrs) : -1;
    if (mount < 0)
        cell_fail(cell, CELL_MOUNT, errno, m->target);
    close(fs);
    return mount;
}

/* -1: the source does not exist and need not. */
static int bind_of(const struct cell *cell, const struct cell_mount *m, int dir,
                   const char *path, unsigned flags)
{
    int mount = sys_clone_tree(dir, path, flags | AT_RECURSIVE);
    if (mount < 0 && m->lenient && errno == ENOENT)
        return -1;
    if (mount >= 0 && m->kind == CELL_BIND && (m->uid != 0 || m->gid != 0) &&
        fchownat(mount, "", m->uid, m->gid, AT_EMPTY_PATH) != 0)
        cell_fail(cell, CELL_MOUNT, errno, m->target);
    if (mount < 0 || (m->attrs != 0 && sys_set_attrs(mount, m->attrs) != 0))
        cell_fail(cell, CELL_MOUNT, errno, m->target);
    return mount;
}

/* Secrets lie in a tmpfs, never on a disk. */
static int data_file(const struct cell *cell, const struct cell_mount *m)
{
    char name[32];
    cell_numbered(name, CELL_SCRATCH "/", (size_t)(m - cell->mounts));
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    for (size_t at = 0; fd >= 0 && at < m->len;) {
        ssize_t n = write(fd, (const char *)m->data + at, m->len - at);
        if (n <= 0)
            cell_fail(cell, CELL_MOUNT, errno, m->target);
        at += (size_t)n;
    }
    if (fd < 0 || fchown(fd, m->uid, m->gid) != 0 || fchmod(fd, m->mode) != 0)
        cell_fail(cell, CELL_MOUNT, errno, m->target);
    close(fd);
    return bind_of(cell, m, AT_FDCWD, name, 0);
}

static void make_link(const struct cell *cell, int root, const struct cell_mount *m)
{
    char parent[PATH_MAX];
    size_t n = (size_t)(strrchr(m->target, '/') - m->target);
    if (n < sizeof parent) {
        memcpy(parent, m->target, n);
        parent[n] = '\0';
        int dir = open_inside(root, parent, O_DIRECTORY);
        if (dir >= 0 && symlinkat(m->source, dir, m->target + n + 1) == 0) {
            close(dir);
            return;
        }
    }
    cell_fail(cell, CELL_TARGET, errno, m->target);
}

static void mount_one(const struct cell *cell, int root, const struct cell_mount *m)
{
    if (m->kind == CELL_LINK) {
        make_link(cell, root, m);
        return;
    }
    int target = m->lenient ? open_inside(root, m->target, 0)
                            : cell_make_target(root, m->target, m->is_file);
    if (target < 0 && m->lenient && (errno == ENOENT || errno == ENOTDIR))
        return;
    if (target < 0)
        cell_fail(cell, CELL_TARGET, errno, m->target);
    int mount = -1;
    if (m->kind == CELL_FRESH)
        mount = fresh(cell, m);
    else if (m->kind == CELL_BIND)
        mount = bind_of(cell, m, AT_FDCWD, m->source, 0);
    else if (m->kind == CELL_COVER)
        mount = bind_of(cell, m, target, "", AT_EMPTY_PATH);
    else
        mount = data_file(cell, m);
    if (mount >= 0 && sys_attach(mount, target, "") != 0)
        cell_fail(cell, CELL_MOUNT, errno, m->target);
    if (mount >= 0)
        close(mount);
    close(target);
}

void cell_mount_all(const struct cell *cell)
{
    /* Nothing mounted here shows outside. */
    if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        cell_fail(cell, CELL_PRIVATE, errno, "");
    cell_mount_scratch(cell);
    int root = cell_mount_root(cell);
    for (size_t i = 0; i < cell->mount_count; i++)
        mount_one(cell, root, &cell->mounts[i]);
    if (fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        syscall(SYS_umount2, ".", UMOUNT_DETACH) != 0 || chdir("/") != 0)
        cell_fail(cell, CELL_PIVOT, errno, "");
    close(root);
}
