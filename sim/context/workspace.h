/* SPDX-License-Identifier: MIT */
/*
 * A build context in memory that a scenario edits: files get mode 0644 and folders
 * 0755, and times are fixed: WORKSPACE_EPOCH at first, one second later with every
 * edit, so that digests are equal on every machine.
 */
#ifndef SIM_CONTEXT_WORKSPACE_H
#define SIM_CONTEXT_WORKSPACE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/tree/tree.h"

struct workspace;
/* 2024-01-01 00:00:00 UTC, in seconds. */
#define WORKSPACE_EPOCH INT64_C(1704067200)

struct workspace *workspace_new(void);
struct workspace *workspace_copy(const struct workspace *ws);
void workspace_free(struct workspace *ws);

/* Paths are relative to the root; "..", absolute paths and the root itself are
 * ERR_INPUT, as are a file in the way of a folder and a missing path. Parents are made.
 * Each call is one edit. */
int workspace_write(struct workspace *ws, const char *path, const void *data,
                    size_t len, struct err *err);
/* A file of this many bytes whose content is generated from its path and a counter. */
int workspace_write_sized(struct workspace *ws, const char *path, uint64_t size,
                          struct err *err);
int workspace_append(struct workspace *ws, const char *path, const void *data,
                     size_t len, struct err *err);
int workspace_mkdir(struct workspace *ws, const char *path, struct err *err);
int workspace_symlink(struct workspace *ws, const char *target, const char *path,
                      struct err *err);
int workspace_remove(struct workspace *ws, const char *path, struct err *err);
int workspace_rename(struct workspace *ws, const char *from, const char *to,
                     struct err *err);
int workspace_chmod(struct workspace *ws, const char *path, uint32_t mode,
                    struct err *err);
int workspace_touch(struct workspace *ws, const char *path, struct err *err);
/* NULL if it is no regular file in memory; borrowed until the next edit. */
const struct entry *workspace_find(struct workspace *ws, const char *path);
/* Copies a host folder in, below the root; at most `limit` bytes in all. Not an edit:
 * times become WORKSPACE_EPOCH, modes 0644, 0755 for folders and executables. */
int workspace_load(struct workspace *ws, const char *dir, uint64_t limit,
                   struct err *err);

/* All entries, sorted, with digests; borrowed until the next edit. Costs what changed.
 */
const struct tree *workspace_tree(struct workspace *ws);
/* Writes everything to a host folder, times and modes included; files that stand there
 * already with equal content are left alone, others are removed. */
int workspace_materialise(struct workspace *ws, const char *dir, struct err *err);

#endif
