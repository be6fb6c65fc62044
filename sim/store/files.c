/* SPDX-License-Identifier: MIT */
/*
 * Files of a store on disk: the lock file, folders for unfinished work, finishing a
 * file by rename. Locks are open-file-description locks (fcntl(2)): they go with the
 * process, however it ends, and separate threads that opened the file separately.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/store/internal.h"

int store_io_error(struct err *err, int errnum, const char *what, const char *path)
{
    err_errno(err, errnum, "cannot %s %s", what, path);
    if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
        err_hint(err, "make room on the disk; `simbench prune` frees what the cache "
                      "holds");
    return ERR_FAILED;
}

/* ---- locks ----------------------------------------------------------------------- */

int store_lock_byte(int fd, int64_t byte, enum store_lock how, unsigned wait_s,
                    struct err *err)
{
    struct flock lock = {.l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    lock.l_type = (short)(how == STORE_UNLOCK   ? F_UNLCK
                          : how == STORE_SHARED ? F_RDLCK
                                                : F_WRLCK);
    const struct timespec pause = {.tv_nsec = 5000000};
    uint64_t until = clock_monotonic_ns() + (uint64_t)wait_s * 1000000000u;
    while (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return err_errno(err, errno, "cannot lock the store");
        if (clock_monotonic_ns() >= until) {
            err_set(err, ERR_FAILED, "the store is in use by another process");
            err_hint(err, "try again when it has finished");
            return ERR_FAILED;
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}

int store_lock_use(struct store *store, enum store_lock how, unsigned wait_s,
                   struct err *err)
{
    int rc = 0;
    if (how != STORE_UNLOCK)
        rc = store_lock_byte(store->lock_fd, LOCK_GATE, how, wait_s, err);
    if (rc == 0)
        rc = store_lock_byte(store->lock_fd, LOCK_USE, how, wait_s, err);
    if (how != STORE_UNLOCK)
        store_lock_byte(store->lock_fd, LOCK_GATE, STORE_UNLOCK, 0, NULL);
    return rc;
}

int store_lock_open(const struct store *store, struct err *err)
{
    AUTO_FREE char *path = xasprintf("%s/lock", store->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    return fd >= 0 ? fd : store_io_error(err, errno, "open", path);
}

/* ---- tmp/ ------------------------------------------------------------------------ */

/* A folder's owner holds a flock on it while it lives; what can be locked is left over.
 */
static void clear_dead(const struct store *store, const char *tmp)
{
    DIR *dir = opendir(tmp);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        AUTO_FREE char *path = xasprintf("%s/%s", tmp, e->d_name);
        AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
            continue;
        /* What cannot be removed does no harm; the next opener tries again. */
        store_remove_tree(store, path, NULL);
    }
    if (dir != NULL)
        closedir(dir);
}

/* Nothing but "." and ".." in it. */
static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    bool empty = true;
    for (struct dirent *e; dir != NULL && empty && (e = readdir(dir)) != NULL;)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    if (dir != NULL)
        closedir(dir);
    return empty;
}

int store_files_open(struct store *store, struct err *err)
{
    if (store->lock_fd < 0)
        store->lock_fd = store_lock_open(store, err);
    if (store->lock_fd < 0)
        return store->lock_fd;
    AUTO_FREE char *tmp = xasprintf("%s/tmp", store->dir);
    if (is_empty(tmp))
        return 0;
    int rc = store_lock_byte(store->lock_fd, LOCK_TMP, STORE_EXCLUSIVE, 10, err);
    if (rc != 0)
        return rc;
    clear_dead(store, tmp);
    return store_lock_byte(store->lock_fd, LOCK_TMP, STORE_UNLOCK, 0, err);
}

void store_set_remover(struct store *store, store_remover *remover)
{
    STORE_LOCK(store);
    store->remover = remover;
    if (store->dir != NULL)
        store_files_open(store, NULL);
}

int store_remove_tree(const struct store *store, const char *path, struct err *err)
{
    return store->remover != NULL ? store->remover(path, err)
                                  : file_remove_tree(path, err);
}

void store_files_close(struct store *store)
{
    if (store->tmp != NULL)
        file_remove_tree(store->tmp, NULL);
    free(store->tmp);
    file_closep(&store->tmp_fd);
    file_closep(&store->lock_fd);
    store_sync_close(store);
}

static int make_own_folder(struct store *store, struct err *err)
{
    int rc = store_lock_byte(store->lock_fd, LOCK_TMP, STORE_EXCLUSIVE, 10, err);
    if (rc != 0)
        return rc;
    AUTO_FREE char *parent = xasprintf("%s/tmp", store->dir);
    rc = file_temp_folder(parent, "work", &store->tmp, err);
    if (rc == 0) {
        store->tmp_fd = open(store->tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store->tmp_fd < 0 || flock(store->tmp_fd, LOCK_EX | LOCK_NB) != 0)
            rc = store_io_error(err, errno, "lock", store->tmp);
    }
    store_lock_byte(store->lock_fd, LOCK_TMP, STORE_UNLOCK, 0, NULL);
    return rc;
}

int store_temp_name(struct store *store, char **out, struct err *err)
{
    pthread_mutex_lock(&store->tmp_mutex);
    int rc = store->tmp == NULL ? make_own_folder(store, err) : 0;
    if (rc == 0)
        *out = xasprintf("%s/%" PRIu64, store->tmp, store->tmp_count++);
    pthread_mutex_unlock(&store->tmp_mutex);
    return rc;
}

int store_temp_folder(struct store *store, char **out, struct err *err)
{
    if (store->dir == NULL)
        return file_temp_folder("/tmp", "simbench", out, err);
    AUTO_FREE char *name = NULL;
    int rc = store_temp_name(store, &name, err);
    if (rc == 0 && mkdir(name, 0700) != 0)
        rc = store_io_error(err, errno, "create", name);
    if (rc == 0)
        *out = STEAL(name);
    return rc;
}

/* ---- files ----------------------------------------------------------------------- */

char *store_path(const struct store *store, const char *kind, const struct digest *id,
                 const char *suffix)
{
    char hex[DIGEST_HEX + 1];
    digest_hex(id, hex);
    return xasprintf("%s/%s/%s%s", store->dir, kind, hex, suffix);
}

int store_file_finish(struct store *store, int fd, const char *temp, const char *path,
                      bool sync, struct err *err)
{
    if (rename(temp, path) != 0) {
        store_io_error(err, errno, "write", path);
        close(fd);
        unlink(temp);
        return ERR_FAILED;
    }
    if (sync)
        return store_sync_later(store, fd, path, err);
    return close(fd) == 0 ? 0 : store_io_error(err, errno, "write", path);
}

int store_file_create(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return fd >= 0 ? fd : store_io_error(err, errno, "create", path);
}

int store_file_write(struct store *store, const char *path, struct slice data,
                     bool sync, struct err *err)
{
    AUTO_FREE char *temp = NULL;
    int rc = store_temp_name(store, &temp, err);
    if (rc != 0)
        return rc;
    int fd = store_file_create(temp, err);
    if (fd < 0)
        return fd;
    errno = 0;
    rc = file_write_fd(fd, data.data, data.len, err);
    if (rc != 0) {
        rc = store_io_error(err, errno, "write", path);
        close(fd);
        unlink(temp);
        return rc;
    }
    return store_file_finish(store, fd, temp, path, sync, err);
}

static uint64_t folder_bytes_at(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        file_closep(&fd);
        return 0;
    }
    uint64_t sum = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            sum += folder_bytes_at(dirfd(dir), e->d_name);
        else if (S_ISREG(st.st_mode))
            sum += (uint64_t)st.st_size;
    }
    closedir(dir);
    return sum;
}

uint64_t store_folder_bytes(const char *path)
{
    return folder_bytes_at(AT_FDCWD, path);
}
