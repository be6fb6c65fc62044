/* SPDX-License-Identifier: MIT */
/* Layers as folders below the store: unpacked once, whoever asks first. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/layer/disk.h"
#include "sim/store/internal.h"

/* Makes the folder in tmp/ and gives it its name. */
static int unpack(struct store *store, const struct digest *diff_id, int how,
                  const char *path, struct err *err)
{
    struct layer *layer = NULL;
    AUTO_FREE char *temp = NULL;
    int rc = store_layer_get(store, diff_id, &layer, err);
    if (rc == 0)
        rc = store_temp_name(store, &temp, err);
    if (rc == 0 && mkdir(temp, 0755) != 0)
        rc = store_io_error(err, errno, "create", temp);
    if (rc == 0)
        rc = disk_unpack(layer->tree, temp, (enum disk_whiteouts)how, geteuid() == 0,
                         err);
    if (rc == 0 && rename(temp, path) != 0)
        rc = store_io_error(err, errno, "write", path);
    if (rc != 0 && temp != NULL)
        file_remove_tree(temp, NULL);
    layer_unref(layer);
    return rc;
}

int store_layer_unpacked(struct store *store, const struct digest *diff_id, int how,
                         char **path, struct err *err)
{
    static const char *const suffixes[] = {
        [DISK_OVERLAY] = "", [DISK_OVERLAY_USER] = ".user", [DISK_PLAIN] = ".plain"};
    if (store->dir == NULL)
        return err_set(err, ERR_FAILED, "a store in memory has no folders");
    AUTO_FREE char *name = store_path(store, "unpacked", diff_id, suffixes[how]);
    if (!file_exists(name)) {
        AUTO_CLOSE int fd = store_lock_open(store, err);
        if (fd < 0)
            return fd;
        int64_t byte = 0;
        memcpy(&byte, diff_id->bytes, sizeof byte);
        byte = LOCK_LAYER + (byte & 0x3fffffffffffffff);
        /* The lock goes with the descriptor. */
        int rc = store_lock_byte(fd, byte, STORE_EXCLUSIVE, 600, err);
        if (rc == 0 && !file_exists(name))
            rc = unpack(store, diff_id, how, name, err);
        if (rc != 0)
            return rc;
    }
    *path = STEAL(name);
    return 0;
}
