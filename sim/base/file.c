/* SPDX-License-Identifier: MIT */
/* Host file helpers. What needs directory-relative speed lives in context/ instead. */
#include "sim/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/mem.h"

void file_closep(int *fd)
{
    if (*fd >= 0) {
        int keep = errno;
        close(*fd);
        errno = keep;
        *fd = -1;
    }
}

static int read_all(int fd, const char *path, size_t limit, struct buf *out,
                    struct err *err)
{
    size_t start = out->len;
    for (;;) {
        buf_reserve(out, 65536);
        ssize_t n = read(fd, out->data + out->len, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "cannot read %s", path);
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        if (n == 0)
            return 0;
        if (out->len - start > limit)
            return err_set(err, ERR_INPUT, "%s is larger than %zu bytes", path, limit);
    }
}

int file_read(const char *path, size_t limit, struct buf *out, struct err *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        int code = errno == ENOENT ? ERR_NOT_FOUND : ERR_INPUT;
        return err_set(err, code, "cannot open %s: %s", path, strerror(errno));
    }
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(err, errno, "cannot stat %s", path);
    if (S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT, "%s is a directory, not a file", path);
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit)
        return err_set(err, ERR_INPUT, "%s has %lld bytes; at most %zu are read", path,
                       (long long)st.st_size, limit);
    return read_all(fd, path, limit, out, err);
}

int file_write_fd(int fd, const void *data, size_t len, struct err *err)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "cannot write");
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_create_temp(const char *path, char **name, struct err *err)
{
    for (int tries = 0; tries < 16; tries++) {
        uint64_t salt = 0;
        if (getrandom(&salt, sizeof salt, 0) != (ssize_t)sizeof salt)
            return err_errno(err, errno, "cannot draw a file name");
        char *temp = xasprintf("%s.tmp-%016" PRIx64, path, salt);
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            *name = temp;
            return fd;
        }
        free(temp);
        if (errno != EEXIST)
            break;
    }
    return err_errno(err, errno, "cannot create a file for %s", path);
}

int file_write(const char *path, const void *data, size_t len, struct err *err)
{
    AUTO_FREE char *temp = NULL;
    int fd = file_create_temp(path, &temp, err);
    if (temp == NULL)
        return fd;
    int rc = file_write_fd(fd, data, len, err);
    if (rc == 0 && fsync(fd) != 0)
        rc = err_errno(err, errno, "cannot sync");
    if (close(fd) != 0 && rc == 0)
        rc = err_errno(err, errno, "cannot close");
    if (rc == 0 && rename(temp, path) != 0)
        rc = err_errno(err, errno, "cannot rename");
    if (rc != 0) {
        unlink(temp);
        return err_wrap(err, "%s", path);
    }
    return 0;
}

int file_make_folders(const char *path, struct err *err)
{
    AUTO_FREE char *copy = xstrdup(path);
    for (char *p = copy + 1; p[-1] != '\0'; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char keep = *p;
        *p = '\0';
        struct stat st;
        if (mkdir(copy, 0777) != 0 &&
            !(errno == EEXIST && stat(copy, &st) == 0 && S_ISDIR(st.st_mode)))
            return err_errno(err, errno, "cannot create the folder %s", copy);
        *p = keep;
    }
    return 0;
}

/* ---- removing trees ----------------------------------------------------------------
 */

enum { LEVELS = 64 }; /* that are held open while a tree is removed */

struct removal {
    int top;        /* the tree's own folder; -1: not open yet */
    unsigned moved; /* folders that went there from LEVELS below */
};

static int open_to_remove(int parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        fd = openat(parent, name, flags);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
        fchmod(fd, st.st_mode | 0700);
    return fd;
}

/* A folder nested too deep goes to the top and is removed from there. A folder takes
 * the place of an empty one; another name in use is passed over. */
static int move_up(struct removal *r, int parent, const char *name)
{
    for (;;) {
        char to[32];
        snprintf(to, sizeof to, ".removed-%u", r->moved++);
        if (renameat(parent, name, r->top, to) == 0)
            return 0;
        if (errno == EACCES && fchmodat(parent, name, 0700, 0) == 0 &&
            renameat(parent, name, r->top, to) == 0)
            return 0;
        if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
            return -1;
    }
}

static int remove_below(struct removal *r, int parent, const char *name, int level);

/* Empties what fd is open on, and closes it. */
static int empty_folder(struct removal *r, int fd, int level)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        file_closep(&fd);
        return -1;
    }
    int failed = 0;
    for (unsigned moved = r->moved + 1; failed == 0 && moved != r->moved;) {
        moved = r->moved;
        for (struct dirent *e; (e = readdir(dir)) != NULL;)
            if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
                remove_below(r, dirfd(dir), e->d_name, level) != 0)
                failed = errno;
        if (level > 1)
            break;
        rewinddir(dir); /* for what was moved here */
    }
    closedir(dir);
    errno = failed;
    return failed != 0 ? -1 : 0;
}

static int remove_below(struct removal *r, int parent, const char *name, int level)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    if (level == LEVELS)
        return move_up(r, parent, name);
    int fd = open_to_remove(parent, name);
    if (fd < 0)
        return -1;
    if (level == 0)
        r->top = fd;
    if (empty_folder(r, fd, level + 1) != 0)
        return -1;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

int file_remove_tree(const char *path, struct err *err)
{
    struct removal r = {.top = -1};
    if (remove_below(&r, AT_FDCWD, path, 0) != 0)
        return err_errno(err, errno, "cannot remove %s", path);
    return 0;
}

int file_temp_folder(const char *parent, const char *prefix, char **out,
                     struct err *err)
{
    char *name = xasprintf("%s/%s.XXXXXX", parent, prefix);
    if (mkdtemp(name) == NULL) {
        int rc = err_errno(err, errno, "cannot create a folder in %s", parent);
        free(name);
        return rc;
    }
    *out = name;
    return 0;
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

uint64_t clock_monotonic_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int64_t clock_realtime_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec;
}
