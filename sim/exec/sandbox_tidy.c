/* SPDX-License-Identifier: MIT */
/*
 * In a user namespace, after the command: notes owners and modes of what it left, then
 * makes all of the run's folder the caller's own and readable. Done by the keeper, who
 * has the rights over the mapped ids. System calls only. One folder is open at a time:
 * they may be nested deeper than files may be open, so the way back is "..".
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "sim/exec/sandbox_cell.h"
#include "sim/exec/sandbox_owners.h"
#include "sim/exec/sandbox_sys.h"

struct walk {
    bool note;     /* first pass: write records; second: change */
    bool note_all; /* with one id mapped, every owner is in doubt */
    int out;
    int failure; /* first errno */
    size_t len;
    char path[PATH_MAX];
    char buffer[8192];
    size_t used;
};

struct directory_entry { /* of getdents64(2), which no header of libc declares */
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

static void failed(struct walk *w)
{
    if (w->failure == 0)
        w->failure = errno;
}

static void flush(struct walk *w)
{
    for (size_t at = 0; at < w->used;) {
        ssize_t n = write(w->out, w->buffer + at, w->used - at);
        if (n <= 0) {
            failed(w);
            break;
        }
        at += (size_t)n;
    }
    w->used = 0;
}

static void put(struct walk *w, const void *data, size_t len)
{
    if (w->used + len > sizeof w->buffer)
        flush(w);
    memcpy(w->buffer + w->used, data, len);
    w->used += len;
}

static bool is_ours(const struct stat *st)
{
    mode_t needed = S_ISDIR(st->st_mode) ? 0700 : 0600;
    return st->st_uid == 0 && st->st_gid == 0 &&
           (S_ISLNK(st->st_mode) || (st->st_mode & needed) == needed);
}

static void note(struct walk *w, const struct stat *st, int dir, const char *name)
{
    char cap[OWNER_CAP_LIMIT];
    ssize_t cap_len = 0;
    if (S_ISREG(st->st_mode)) {
        int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        cap_len = fd < 0 ? -1 : fgetxattr(fd, "security.capability", cap, sizeof cap);
        if (fd >= 0)
            close(fd);
    }
    if (is_ours(st) && cap_len <= 0 && !w->note_all)
        return;
    struct owner_record record = {
        .inode = st->st_ino,
        .links = S_ISDIR(st->st_mode) ? 1 : (uint32_t)st->st_nlink,
        .mode = st->st_mode & 07777,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .cap_len = cap_len > 0 ? (uint32_t)cap_len : 0,
        .path_len = (uint32_t)w->len,
    };
    put(w, &record, sizeof record);
    put(w, cap, record.cap_len);
    put(w, w->path, w->len);
}

static void change(struct walk *w, const struct stat *st, int dir, const char *name)
{
    if (is_ours(st))
        return;
    if (fchownat(dir, name, 0, 0, AT_SYMLINK_NOFOLLOW) != 0)
        failed(w);
    mode_t mode = (st->st_mode & 0777) | (S_ISDIR(st->st_mode) ? 0700 : 0600);
    if (!S_ISLNK(st->st_mode) && fchmodat(dir, name, mode, 0) != 0)
        failed(w);
}

static void walk_folder(struct walk *w, int *dir);

static int open_folder(int dir, const char *name)
{
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Into the folder and back; *dir is opened anew and stands where `offset` says. */
static void enter(struct walk *w, int *dir, const char *name, int64_t offset)
{
    int below = open_folder(*dir, name);
    if (below < 0) {
        failed(w);
        return;
    }
    close(*dir);
    walk_folder(w, &below);
    *dir = below < 0 ? -1 : open_folder(below, "..");
    if (*dir < 0 || lseek(*dir, offset, SEEK_SET) < 0)
        failed(w);
    if (below >= 0)
        close(below);
}

static void visit(struct walk *w, int *dir, const char *name, int64_t offset)
{
    struct stat st;
    size_t len = strlen(name), before = w->len;
    if (before + len + 2 > sizeof w->path) {
        errno = ENAMETOOLONG;
        failed(w);
        return;
    }
    if (fstatat(*dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        failed(w);
        return;
    }
    if (S_ISCHR(st.st_mode) && st.st_rdev == 0)
        return; /* a whiteout */
    if (before > 0)
        w->path[w->len++] = '/';
    memcpy(w->path + w->len, name, len);
    w->len += len;
    if (w->note)
        note(w, &st, *dir, name);
    else
        change(w, &st, *dir, name);
    if (S_ISDIR(st.st_mode))
        enter(w, dir, name, offset);
    w->len = before;
}

/* *dir may be another descriptor of the folder afterwards; -1: it was lost. */
static void walk_folder(struct walk *w, int *dir)
{
    _Alignas(struct directory_entry) char names[2048];
    while (*dir >= 0) {
        long n = syscall(SYS_getdents64, *dir, names, sizeof names);
        if (n < 0)
            failed(w);
        if (n <= 0)
            return;
        int64_t offset = 0; /* where the next names are */
        for (long at = 0; at < n;
             at += ((const struct directory_entry *)(names + at))->size)
            offset = ((const struct directory_entry *)(names + at))->offset;
        for (long at = 0; at < n && *dir >= 0;) {
            const struct directory_entry *e = (const void *)(names + at);
            at += e->size;
            if (strcmp(e->name, ".") != 0 && strcmp(e->name, "..") != 0)
                visit(w, dir, e->name, offset);
        }
    }
}

static void walk_from(struct walk *w, const char *path)
{
    int fd = open_folder(AT_FDCWD, path);
    if (fd < 0)
        failed(w);
    walk_folder(w, &fd);
    if (fd >= 0)
        close(fd);
}

int cell_tidy(const struct cell *cell)
{
    struct walk w = {.note = true, .note_all = !cell->map_groups};
    w.out = open(OWNERS_FILE, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (w.out < 0)
        return -errno;
    struct stat st;
    if (stat("upper", &st) != 0)
        return -errno;
    note(&w, &st, AT_FDCWD, "upper");
    walk_from(&w, "upper");
    flush(&w);
    close(w.out);
    w.note = false;
    w.len = 0;
    walk_from(&w, ".");
    return -w.failure;
}
