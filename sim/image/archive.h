/* SPDX-License-Identifier: MIT */
/*
 * Images in and out of the store: OCI image layout (folder or tar), docker-archive,
 * plain root filesystem. Written to a temporary place and renamed; a tar destination
 * "-" is standard output's descriptor, which the caller passes. Output depends on the
 * image and the options only.
 */
#ifndef SIM_IMAGE_ARCHIVE_H
#define SIM_IMAGE_ARCHIVE_H

#include <stdint.h>

#include "sim/base/err.h"
#include "sim/layer/compress.h"
#include "sim/store/store.h"

enum archive_format {
    ARCHIVE_OCI_DIR,
    ARCHIVE_OCI_TAR,
    ARCHIVE_DOCKER,     /* docker save's tar: manifest.json + layers */
    ARCHIVE_ROOTFS_TAR, /* merged files, no whiteouts */
    ARCHIVE_ROOTFS_DIR,
};

struct export_options {
    enum archive_format format;
    enum compression compression; /* of layers; ROOTFS_* ignore it */
    const char *name;             /* reference written into the archive; NULL: none */
    int64_t clamp_mtime_s;        /* SOURCE_DATE_EPOCH with rewrite; negative: none */
};
#define EXPORT_OPTIONS_INIT                                                            \
    {                                                                                  \
        .clamp_mtime_s = -1                                                            \
    }

/* dest: path; "-" writes the tar to standard output (descriptor 1). An existing folder
 * that is not empty is refused for *_DIR formats unless it is an OCI layout (which is
 * replaced). */
int image_export(struct store *store, const char *ref, const char *dest,
                 const struct export_options *options, struct err *err);
/* Sniffs what src is. name may be NULL where the archive carries one. *id gets the
 * image. */
int image_import(struct store *store, const char *src, const char *name,
                 struct digest *id, struct err *err);

#endif
