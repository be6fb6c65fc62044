/* SPDX-License-Identifier: MIT */
/* Where an export goes: a temporary file or folder beside the destination that is
 * renamed when it is whole, or standard output. */
#ifndef SIM_IMAGE_DEST_H
#define SIM_IMAGE_DEST_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/tree/tree.h"

struct dest {
    bool is_folder;
    char *path; /* NULL: standard output */
    char *temp; /* file or folder that becomes path */
    int fd;     /* of a file or standard output */
};

/* Refuses what may not be replaced: a folder that is not empty, unless both it and what
 * comes are OCI layouts. */
int dest_open(struct dest *d, const char *path, bool folder, bool oci, struct err *err);
/* rc: of the work; renames if it is 0, else removes. Returns the outcome. */
int dest_close(struct dest *d, int rc, struct err *err);
int dest_write_tar(struct dest *d, const struct tree *tree, bool rootfs,
                   int64_t clamp_mtime_s, struct err *err);
/* The tar of a folder's files: fixed modes, owners and times. */
int dest_write_folder(struct dest *d, const char *folder, struct err *err);
/* ERR_FAILED with the reason, and what to do about a full disk. */
int dest_io_error(struct err *err, int errnum, const char *path);

#endif
