/* SPDX-License-Identifier: MIT */
/* What unpacking and reading back share. Only the files of this room include this. */
#ifndef SIM_LAYER_DISK_INTERNAL_H
#define SIM_LAYER_DISK_INTERNAL_H

#include <stdbool.h>

#include "sim/layer/disk.h"

/* Opens path ("" for root itself) below root; no symlink is followed anywhere. Sets
 * errno and returns -1 on failure. */
int disk_open(int root, const char *path, int flags);
/* "trusted." or "user.": where overlayfs keeps its marks. */
const char *disk_overlay_prefix(enum disk_whiteouts how);
/* Attributes of overlayfs itself, in either place. */
bool disk_is_overlay_xattr(const char *name);

#endif
