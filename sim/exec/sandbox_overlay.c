/* SPDX-License-Identifier: MIT */
/*
 * The root of a cell: the layers' folders, on top of them the mount points the image
 * lacks, on top of all the upper folder. System calls only.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "sim/exec/sandbox_cell.h"
#include "sim/exec/sandbox_sys.h"

enum { VALUE_LIMIT = 255 }; /* of a string given to fsconfig */

void cell_numbered(char name[32], const char *prefix, size_t n)
{
    char digits[24];
    size_t count = 0, len = strlen(prefix);
    for (; count == 0 || n > 0; n /= 10)
        digits[count++] = (char)('0' + n % 10);
    memcpy(name, prefix, len);
    while (count > 0)
        name[len++] = digits[--count];
    name[len] = '\0';
}

/* ---- mount points that the image lacks ---------------------------------------------
 */

static void make_stub(const struct cell *cell, const struct entry *e)
{
    if (e->type == ENTRY_DIR) {
        if (e->path[0] == '\0' || mkdir(e->path, 0700) == 0)
            return;
    } else {
        int fd = open(e->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
        if (fd >= 0) {
            close(fd);
            return;
        }
    }
    cell_fail(cell, CELL_TARGET, errno, e->path);
}

/* As in the image: a command that changes something in such a folder copies it up with
 * the folder's own metadata. */
static void finish_stub(const struct cell *cell, const struct entry *e)
{
    const char *path = e->path[0] != '\0' ? e->path : ".";
    struct timespec times[2] = {
        {.tv_sec = e->mtime_ns / 1000000000, .tv_nsec = e->mtime_ns % 1000000000}};
    if (times[0].tv_nsec < 0)
        times[0] = (struct timespec){0};
    times[1] = times[0];
    if (chown(path, e->uid, e->gid) != 0 || chmod(path, e->mode) != 0)
        cell_fail(cell, CELL_TARGET, errno, e->path);
    for (size_t i = 0; i < e->xattr_count; i++) /* a tmpfs takes most of them */
        (void)setxattr(path, e->xattrs[i].name, e->xattrs[i].value, e->xattrs[i].len,
                       0);
    utimensat(AT_FDCWD, path, times, 0);
}

static void make_stubs(const struct cell *cell)
{
    int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (mkdir(CELL_STUBS, 0755) != 0 || chdir(CELL_STUBS) != 0)
        cell_fail(cell, CELL_FOLDER, errno, CELL_STUBS);
    for (size_t i = 0; i < cell->stubs->len; i++)
        make_stub(cell, &cell->stubs->entries[i]);
    for (size_t i = cell->stubs->len; i > 0; i--)
        finish_stub(cell, &cell->stubs->entries[i - 1]);
    if (fchdir(back) != 0)
        cell_fail(cell, CELL_FOLDER, errno, "");
    close(back);
}

void cell_mount_scratch(const struct cell *cell)
{
    int fs = sys_fsopen("tmpfs");
    if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "700") != 0 ||
        sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) != 0)
        cell_fail(cell, CELL_MOUNT, errno, "a tmpfs");
    int mount = sys_fsmount(fs, 0);
    if (mount < 0 || sys_attach(mount, AT_FDCWD, CELL_SCRATCH) != 0)
        cell_fail(cell, CELL_MOUNT, errno, "a tmpfs");
    close(mount);
    close(fs);
    if (cell->stubs->len > 0)
        make_stubs(cell);
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

/* A short name in scratch for lower folder n: long paths fit into no option. */
static void link_lower(const struct cell *cell, int scratch, size_t n, char name[32])
{
    cell_numbered(name, "l", n);
    if (symlinkat(cell->lower[n], scratch, name) != 0)
        cell_fail(cell, CELL_FOLDER, errno, name);
}

/* At least one lower folder is needed: the stubs, or an empty one. */
static const char *first_lower(const struct cell *cell)
{
    return cell->stubs->len > 0 ? CELL_STUBS : CELL_EMPTY;
}

/* Lower folders from `first` on, one by one ("lowerdir+", Linux 6.7). */
static int add_lower(const struct cell *cell, int scratch, int fs, size_t first,
                     size_t end)
{
    int rc = 0;
    for (size_t i = first; i < end && rc == 0; i++) {
        char name[64] = CELL_SCRATCH "/";
        const char *path = cell->lower[i];
        if (strlen(path) > VALUE_LIMIT) {
            link_lower(cell, scratch, i, name + strlen(name));
            path = name;
        }
        rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", path);
    }
    return rc;
}

/* Nothing but the changes themselves is to stand in upper: no redirects, no half
 * copies. */
static int set_options(const struct cell *cell, int fs)
{
    static const char *const options[] = {"source",   "overlay",      "index",
                                          "off",      "redirect_dir", "nofollow",
                                          "metacopy", "off"};
    int rc = 0;
    for (size_t i = 0; i < sizeof options / sizeof *options && rc == 0; i += 2)
        rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, options[i], options[i + 1]);
    if (rc == 0 && cell->userns_fd >= 0)
        rc = sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL);
    return rc;
}

/* More folders than one overlay takes: the lowest become one by an overlay of their
 * own. Only those: what a layer deletes of the ones below would be lost in between. */
static void mount_deep(const struct cell *cell, int scratch, size_t first)
{
    int fs = sys_fsopen("overlay");
    if (fs < 0 || mkdirat(scratch, "deep", 0755) != 0 || set_options(cell, fs) != 0 ||
        add_lower(cell, scratch, fs, first, cell->lower_count) != 0 ||
        sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) != 0)
        fail_overlay(cell, fs);
    int mount = sys_fsmount(fs, MOUNT_ATTR_RDONLY);
    if (mount < 0 || sys_attach(mount, scratch, "deep") != 0)
        fail_overlay(cell, fs);
    close(mount);
    close(fs);
}

static int configure(const struct cell *cell, int scratch, int fs)
{
    size_t direct = cell->lower_count;
    int rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", first_lower(cell));
    if (rc == 0 && direct > cell->lower_most) {
        direct = direct > 2 * cell->lower_most ? cell->lower_most
                                               : direct - cell->lower_most;
        mount_deep(cell, scratch, direct);
    }
    if (rc == 0)
        rc = add_lower(cell, scratch, fs, 0, direct);
    if (rc == 0 && direct < cell->lower_count)
        rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", CELL_SCRATCH "/deep");
    if (rc == 0)
        rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", "upper");
    if (rc == 0)
        rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "workdir", "work");
    if (rc == 0) /* no sync of a folder that is thrown away */
        rc = sys_fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL);
    if (rc == 0)
        rc = set_options(cell, fs);
    return rc == 0 ? sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) : rc;
}

/* False where the kernel finds something wrong with the options: it may be older. */
static bool mount_overlay_new(const struct cell *cell, int scratch,
                              char detail[CELL_DETAIL])
{
    int fs = sys_fsopen("overlay");
    int rc = fs < 0 ? -1 : configure(cell, scratch, fs);
    if (rc != 0 && errno == EINVAL) {
        fs_message(fs, detail);
        close(fs);
        return false;
    }
    int mount = rc == 0 ? sys_fsmount(fs, cell->insecure ? 0 : MOUNT_ATTR_NODEV) : -1;
    if (mount < 0 || sys_attach(mount, AT_FDCWD, CELL_ROOT) != 0)
        fail_overlay(cell, fs);
    close(mount);
    close(fs);
    return true;
}

/* Appends to a page of options. */
static void add_option(const struct cell *cell, char options[4096], const char *text)
{
    size_t len = strlen(options), more = strlen(text);
    if (len + more + 1 > 4096)
        cell_fail(cell, CELL_OVERLAY, E2BIG, "too many layers for this kernel");
    memcpy(options + len, text, more + 1);
}

/* A link in scratch to one of the run's folders. */
static void link_own(const struct cell *cell, int scratch, const char *folder)
{
    char path[PATH_MAX];
    size_t len = strlen(cell->folder), more = strlen(folder);
    if (len + more + 2 <= sizeof path) {
        memcpy(path, cell->folder, len);
        path[len] = '/';
        memcpy(path + len + 1, folder, more + 1);
        if (symlinkat(path, scratch, folder) == 0)
            return;
    }
    cell_fail(cell, CELL_FOLDER, errno, folder);
}

/* All folders as short names in one page of options: room for several hundred. */
static void mount_overlay_old(const struct cell *cell, int scratch, const char *detail)
{
    char options[4096] = "upperdir=upper,workdir=work,volatile,index=off,metacopy=off,";
    int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    add_option(cell, options,
               cell->userns_fd >= 0 ? "userxattr" : "redirect_dir=nofollow");
    add_option(cell, options, ",lowerdir=");
    add_option(cell, options, first_lower(cell));
    for (size_t i = 0; i < cell->lower_count; i++) {
        char name[32];
        link_lower(cell, scratch, i, name);
        add_option(cell, options, ":");
        add_option(cell, options, name);
    }
    link_own(cell, scratch, "upper");
    link_own(cell, scratch, "work");
    unsigned long flags = cell->insecure ? 0 : MS_NODEV;
    if (fchdir(scratch) != 0 ||
        sys_mount("overlay", CELL_ROOT, "overlay", flags, options) != 0)
        cell_fail(cell, CELL_OVERLAY, errno, detail);
    if (fchdir(back) != 0)
        cell_fail(cell, CELL_FOLDER, errno, "");
    close(back);
}

int cell_mount_root(const struct cell *cell)
{
    char detail[CELL_DETAIL] = "";
    int scratch = open(CELL_SCRATCH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (scratch < 0)
        cell_fail(cell, CELL_FOLDER, errno, CELL_SCRATCH);
    if (cell->old_mount_api || !mount_overlay_new(cell, scratch, detail)) {
        /* A failed attempt may have left names. */
        for (size_t i = 0; i < cell->lower_count; i++) {
            char name[32];
            cell_numbered(name, "l", i);
            unlinkat(scratch, name, 0);
        }
        mount_overlay_old(cell, scratch, detail);
    }
    close(scratch);
    int root = open(CELL_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        cell_fail(cell, CELL_OVERLAY, errno, "");
    return root;
}
