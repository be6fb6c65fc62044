/* SPDX-License-Identifier: MIT */
/*
 * The mounts of a cell, made by its process 1 with the mount API by descriptors: a
 * target is opened below the new root (RESOLVE_IN_ROOT: no symlink of an image leads
 * out) and mounted on as opened. System calls only, nothing is allocated.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/exec/sandbox_cell.h"
#include "sim/exec/sandbox_sys.h"

enum { VALUE_LIMIT = 255 }; /* of a string given to fsconfig */

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

/* ---- the root --------------------------------------------------------------------
 */

/* The last error the kernel left with the file system context. */
static void fs_message(int fs, char detail[CELL_DETAIL])
{
    char line[CELL_DETAIL];
    detail[0] = '\0';
    for (;;) {
        ssize_t n = read(fs, line, sizeof line - 1);
        if (n <= 0)
            return;
        line[n] = '\0';
        if (line[0] == 'e' && line[1] == ' ') {
            line[strcspn(line, "\n")] = '\0';
            memcpy(detail, line + 2, strlen(line) - 1);
        }
    }
}

static _Noreturn void fail_overlay(const struct cell *cell, int fs)
{
    int saved = errno;
    char detail[CELL_DETAIL] = "";
    if (fs >= 0)
        fs_message(fs, detail);
    cell_fail(cell, CELL_OVERLAY, saved, detail);
}

/* "l/17": prefix and number. */
static void numbered(char name[16], const char *prefix, size_t n)
{
    char digits[12];
    size_t count = 0, len = strlen(prefix);
    for (; count == 0 || n > 0; n /= 10)
        digits[count++] = (char)('0' + n % 10);
    memcpy(name, prefix, len);
    while (count > 0)
        name[len++] = digits[--count];
    name[len] = '\0';
}

/* A name for lower folder n below the run's folder: long paths fit into no option. */
static void link_lower(const struct cell *cell, size_t n, char name[16])
{
    numbered(name, "l/", n);
    if ((mkdir("l", 0700) != 0 && errno != EEXIST) ||
        symlink(cell->lower[n], name) != 0)
        cell_fail(cell, CELL_FOLDER, errno, name);
}

/* The folders one by one ("lowerdir+", Linux 6.7); false where the kernel has no such
 * option. */
static bool add_lower(const struct cell *cell, int fs)
{
    for (size_t i = 0; i < cell->lower_count; i++) {
        char name[16];
        const char *path = cell->lower[i];
        if (strlen(path) > VALUE_LIMIT) {
            link_lower(cell, i, name);
            path = name;
        }
        if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", path) != 0) {
            if (i == 0 && errno == EINVAL)
                return false;
            fail_overlay(cell, fs);
        }
    }
    return true;
}

/* Options beside the folders. Nothing but the changes themselves is to stand in upper:
 * no redirects, no half copies. volatile: no sync of a folder that is thrown away. */
static const char *const overlay_options[] = {
    "redirect_dir", "nofollow", "index", "off", "metacopy", "off", NULL};

static bool mount_overlay_new(const struct cell *cell)
{
    int fs = sys_fsopen("overlay");
    if (fs < 0)
        fail_overlay(cell, fs);
    if (!add_lower(cell, fs)) {
        close(fs);
        return false;
    }
    int rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", "overlay");
    rc |= sys_fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", "upper");
    rc |= sys_fsconfig(fs, FSCONFIG_SET_STRING, "workdir", "work");
    rc |= sys_fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL);
    if (cell->userns_fd >= 0)
        rc |= sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL);
    for (const char *const *o = overlay_options; *o != NULL; o += 2)
        rc |= sys_fsconfig(fs, FSCONFIG_SET_STRING, o[0], o[1]);
    if (rc != 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) != 0)
        fail_overlay(cell, fs);
    int mount = sys_fsmount(fs, cell->insecure ? 0 : MOUNT_ATTR_NODEV);
    if (mount < 0 || sys_attach(mount, AT_FDCWD, "root") != 0)
        fail_overlay(cell, fs);
    close(mount);
    close(fs);
    return true;
}

/* All folders in one page of options: room for 499 names as short as ours. */
static void mount_overlay_old(const struct cell *cell)
{
    char options[4096] = "upperdir=upper,workdir=work,volatile,index=off,metacopy=off";
    size_t len = strlen(options);
    const char *more = cell->userns_fd >= 0 ? ",userxattr,lowerdir="
                                            : ",redirect_dir=nofollow,lowerdir=";
    memcpy(options + len, more, strlen(more) + 1);
    len += strlen(more);
    for (size_t i = 0; i < cell->lower_count; i++) {
        char name[16];
        link_lower(cell, i, name);
        size_t n = strlen(name);
        if (len + n + 2 > sizeof options)
            cell_fail(cell, CELL_OVERLAY, E2BIG, "too many layers for this kernel");
        if (i > 0)
            options[len++] = ':';
        memcpy(options + len, name, n + 1);
        len += n;
    }
    unsigned long flags = cell->insecure ? 0 : MS_NODEV;
    if (sys_mount("overlay", "root", "overlay", flags, options) != 0)
        fail_overlay(cell, -1);
}

int cell_mount_root(const struct cell *cell)
{
    if (cell->old_mount_api || !mount_overlay_new(cell))
        mount_overlay_old(cell);
    int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        cell_fail(cell, CELL_OVERLAY, errno, "");
    return root;
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
    if (mount < 0 || (m->attrs != 0 && sys_set_attrs(mount, m->attrs) != 0))
        cell_fail(cell, CELL_MOUNT, errno, m->target);
    return mount;
}

/* Secrets lie in a tmpfs of their own, never on a disk. */
static int data_file(const struct cell *cell, const struct cell_mount *m)
{
    struct stat st;
    if (stat("data", &st) != 0) {
        static const char *const options[] = {"mode", "700", NULL};
        struct cell_mount tmpfs = {.source = "tmpfs", .options = options};
        tmpfs.target = m->target;
        int mount = fresh(cell, &tmpfs);
        if (mkdir("data", 0700) != 0 || sys_attach(mount, AT_FDCWD, "data") != 0)
            cell_fail(cell, CELL_MOUNT, errno, m->target);
        close(mount);
    }
    char name[16];
    numbered(name, "data/", (size_t)(m - cell->mounts));
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
    int root = cell_mount_root(cell);
    for (size_t i = 0; i < cell->mount_count; i++)
        mount_one(cell, root, &cell->mounts[i]);
    if (fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        syscall(SYS_umount2, ".", UMOUNT_DETACH) != 0 || chdir("/") != 0)
        cell_fail(cell, CELL_PIVOT, errno, "");
    close(root);
}
