/* SPDX-License-Identifier: MIT */
/*
 * Files whose bytes must reach the disk before the rows that name them. They are named
 * at once and kept open; their write-back is begun, and a flush of the rows waits for
 * all of them together: on a file system with a journal the first wait commits the
 * names and sizes of the others too, so that fifty small files cost little more than
 * one (docs/performance.md). A process that ends before leaves named files of no row,
 * which may be short after a power failure: layer_file.c reads such a file before it
 * trusts it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/store/internal.h"

enum { UNSYNCED_FILES = 64 }; /* kept open at most; more are waited for at once */

struct unsynced {
    int fd;
    char *path; /* for messages */
};

/* Waits for all; the tmp mutex is held. That one failed is kept for the flush: a row
 * of it may be pending. */
static int sync_all(struct store *store, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; i < store->unsynced_count; i++) {
        struct unsynced *file = &store->unsynced[i];
        if (rc == 0 && fdatasync(file->fd) != 0) {
            store->sync_errno = errno;
            rc = store_io_error(err, errno, "write", file->path);
        }
        close(file->fd);
        free(file->path);
    }
    store->unsynced_count = 0;
    return rc;
}

void store_sync_begin(int fd)
{
#ifdef SYNC_FILE_RANGE_WRITE
    /* Only a head start: that the bytes arrive is what fdatasync says. */
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
}

int store_sync_later(struct store *store, int fd, const char *path, struct err *err)
{
    int rc = 0;
    store_sync_begin(fd);
    pthread_mutex_lock(&store->tmp_mutex);
    GROW(store->unsynced, store->unsynced_cap, store->unsynced_count + 1);
    store->unsynced[store->unsynced_count++] =
        (struct unsynced){.fd = fd, .path = xstrdup(path)};
    if (store->unsynced_count == UNSYNCED_FILES)
        rc = sync_all(store, err);
    pthread_mutex_unlock(&store->tmp_mutex);
    return rc;
}

int store_sync_files(struct store *store, struct err *err)
{
    pthread_mutex_lock(&store->tmp_mutex);
    int rc = sync_all(store, err);
    if (rc == 0 && store->sync_errno != 0)
        rc = store_io_error(err, store->sync_errno, "write a layer below", store->dir);
    store->sync_errno = 0;
    pthread_mutex_unlock(&store->tmp_mutex);
    return rc;
}

void store_sync_close(struct store *store)
{
    for (size_t i = 0; i < store->unsynced_count; i++) {
        close(store->unsynced[i].fd);
        free(store->unsynced[i].path);
    }
    free(store->unsynced);
}
