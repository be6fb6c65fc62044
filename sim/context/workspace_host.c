/* SPDX-License-Identifier: MIT */
/*
 * A workspace written to a host folder, which other engines then read. What is there
 * already and equal is not written again; what does not belong there is removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/context/workspace_nodes.h"

struct writer {
    struct workspace *ws;
    const char *dir;
};

static int failed(const struct writer *w, const char *path, struct err *err)
{
    return err_errno(err, errno, "cannot write %s/%s", w->dir, path);
}

static struct timespec node_time(const struct node *node)
{
    return (struct timespec){.tv_sec = node->entry.mtime_ns / 1000000000,
                             .tv_nsec = node->entry.mtime_ns % 1000000000};
}

/* Mode and modification time of an open file or folder, where they differ. */
static int set_metadata(int fd, const struct node *node)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -1;
    if ((st.st_mode & 07777) != node->entry.mode && fchmod(fd, node->entry.mode) != 0)
        return -1;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, node_time(node)};
    if (st.st_mtim.tv_sec == times[1].tv_sec && st.st_mtim.tv_nsec == times[1].tv_nsec)
        return 0;
    return futimens(fd, times);
}

/* Compares with what stands in a file; 1 stops at the first difference. */
static int compare_chunk(void *payload, const void *data, size_t len, struct err *err)
{
    char there[16384];
    const int *fd = payload;
    (void)err;
    for (const char *p = data; len > 0;) {
        ssize_t n = read(*fd, there, len < sizeof there ? len : sizeof there);
        if (n <= 0 || memcmp(there, p, (size_t)n) != 0)
            return 1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static bool is_equal(int fd, const struct entry *e)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == e->size &&
           content_stream(&e->content, e->size, compare_chunk, &fd, NULL) == 0;
}

static int write_chunk(void *payload, const void *data, size_t len, struct err *err)
{
    return file_write_fd(*(const int *)payload, data, len, err);
}

static int sync_file(const struct writer *w, int parent, const struct node *node,
                     struct err *err)
{
    const struct entry *e = &node->entry;
    const char *name = path_base(e->path);
    AUTO_CLOSE int fd =
        openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || !is_equal(fd, e)) {
        file_closep(&fd);
        if (unlinkat(parent, name, 0) != 0 && errno != ENOENT)
            return failed(w, e->path, err);
        fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
            return failed(w, e->path, err);
        int rc = content_stream(&e->content, e->size, write_chunk, &fd, err);
        if (rc != 0)
            return err_wrap(err, "%s/%s", w->dir, e->path);
    }
    return set_metadata(fd, node) != 0 ? failed(w, e->path, err) : 0;
}

static int sync_symlink(const struct writer *w, int parent, const struct node *node,
                        struct err *err)
{
    const struct entry *e = &node->entry;
    const char *name = path_base(e->path);
    char target[4096];
    ssize_t n = readlinkat(parent, name, target, sizeof target);
    if (n < 0 || (size_t)n != strlen(e->target) ||
        memcmp(target, e->target, (size_t)n) != 0) {
        if (unlinkat(parent, name, 0) != 0 && errno != ENOENT)
            return failed(w, e->path, err);
        if (symlinkat(e->target, parent, name) != 0)
            return failed(w, e->path, err);
    }
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, node_time(node)};
    if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(w, e->path, err);
    return 0;
}

static mode_t mode_of_type(enum entry_type type)
{
    return type == ENTRY_DIR ? S_IFDIR : type == ENTRY_SYMLINK ? S_IFLNK : S_IFREG;
}

/* Removes what the workspace does not have, or has as something else. */
static int remove_others(const struct writer *w, int fd, const char *folder,
                         struct err *err)
{
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = again >= 0 ? fdopendir(again) : NULL;
    if (stream == NULL) {
        failed(w, folder, err);
        file_closep(&again);
        return ERR_FAILED;
    }
    int rc = 0;
    for (const struct dirent *d; rc == 0 && (d = readdir(stream)) != NULL;) {
        struct stat st;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        AUTO_FREE char *path = path_join(folder, d->d_name);
        const struct node *node = workspace_node(w->ws, path);
        if (node != NULL && fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (st.st_mode & S_IFMT) == mode_of_type(node->entry.type))
            continue;
        AUTO_FREE char *host = path_join(w->dir, path);
        rc = file_remove_tree(host, err);
    }
    closedir(stream);
    return rc;
}

/* A folder that may have been left without permission to enter it. */
static int open_folder(int parent, const char *name)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        fd = openat(parent, name, flags);
    return fd;
}

/* nodes[first..end) are what lies below the folder. */
static int sync_folder(const struct writer *w, int fd, const char *folder, size_t first,
                       size_t end, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
        fchmod(fd, 0700);
    int rc = remove_others(w, fd, folder, err);
    for (size_t i = first, next; rc == 0 && i < end; i = next) {
        const struct node *node = w->ws->nodes[i];
        const char *path = node->entry.path;
        next = i + 1;
        if (node->entry.type == ENTRY_FILE) {
            rc = sync_file(w, fd, node, err);
            continue;
        }
        if (node->entry.type == ENTRY_SYMLINK) {
            rc = sync_symlink(w, fd, node, err);
            continue;
        }
        while (next < end && path_is_below(w->ws->nodes[next]->entry.path, path))
            next++;
        const char *name = path_base(path);
        if (mkdirat(fd, name, 0700) != 0 && errno != EEXIST)
            return failed(w, path, err);
        AUTO_CLOSE int below = open_folder(fd, name);
        if (below < 0)
            return failed(w, path, err);
        rc = sync_folder(w, below, path, i + 1, next, err);
        if (rc == 0 && set_metadata(below, node) != 0)
            rc = failed(w, path, err);
    }
    return rc;
}

int workspace_materialise(struct workspace *ws, const char *dir, struct err *err)
{
    const struct writer w = {ws, dir};
    int rc = file_make_folders(dir, err);
    if (rc != 0)
        return rc;
    AUTO_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "cannot open the folder %s", dir);
    workspace_order(ws);
    rc = sync_folder(&w, fd, "", 1, ws->len, err);
    if (rc == 0 && set_metadata(fd, ws->nodes[0]) != 0)
        rc = failed(&w, "", err);
    return rc;
}
