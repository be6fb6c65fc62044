/* SPDX-License-Identifier: MIT */
/* What is imported, as named files: an OCI layout's folder, or an archive's entries. */
#ifndef SIM_IMAGE_SOURCE_H
#define SIM_IMAGE_SOURCE_H

#include <stdbool.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/tree/tree.h"

struct source {
    struct host_root *root; /* a folder, or NULL */
    struct tree *tree;      /* the entries of an archive, or NULL */
    char *path;             /* of the folder or archive, for messages */
};

/* spool: a folder for what a compressed archive holds. ERR_INPUT if it is neither a
 * folder nor a tar archive. */
int source_open(const char *path, const char *spool, struct source *out,
                struct err *err);
void source_close(struct source *s);
/* A regular file by its path inside; symlinks are followed in archives (docker save
 * writes them) and refused in folders. ERR_NOT_FOUND. The content is good while the
 * source is open; `name` is borrowed too. */
int source_find(const struct source *s, const char *name, struct content *content,
                uint64_t *size, struct err *err);
/* The whole file; more than limit bytes is ERR_INPUT. Appends. */
int source_read(const struct source *s, const char *name, uint64_t limit,
                struct buf *out, struct err *err);
bool source_has(const struct source *s, const char *name);

#endif
