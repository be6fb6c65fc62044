/* SPDX-License-Identifier: MIT */
/*
 * Layers on disk as folders, the form overlayfs mounts: unpack a layer tree to a
 * folder, and read an upper folder back into a view.
 */
#ifndef SIM_LAYER_DISK_H
#define SIM_LAYER_DISK_H

#include <stdbool.h>

#include "sim/base/err.h"
#include "sim/layer/view.h"
#include "sim/tree/tree.h"

enum disk_whiteouts {
    DISK_OVERLAY,      /* char device 0:0, trusted.overlay.opaque (root) */
    DISK_OVERLAY_USER, /* user.overlay.* xattrs: mounts made in a user namespace */
    DISK_PLAIN,        /* a root filesystem for people: no whiteouts occur */
};

/* Writes every entry below dir (an existing, empty folder): owners if permitted, modes,
 * times, xattrs, hard links, devices if permitted. Never follows a symlink out of dir.
 * Hard links are made within the layer; a target outside it is ERR_FAILED. */
int disk_unpack(const struct tree *tree, const char *dir, enum disk_whiteouts how,
                bool owners, struct err *err);
/* Applies the changes found in an overlay upper folder to the view (whiteouts, opaque
 * folders, everything else as CONTENT_HOST). `uid_of` maps host ids back in a user
 * namespace; NULL: as they are. */
struct id_map {
    struct {
        uint32_t inside, outside, count;
    } ranges[8];
    unsigned len;
};
int disk_apply_upper(const char *upper, enum disk_whiteouts how,
                     const struct id_map *uids, const struct id_map *gids,
                     struct view *view, struct err *err);

#endif
