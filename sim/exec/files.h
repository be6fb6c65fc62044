/* SPDX-License-Identifier: MIT */
/* Files of the view as a command of a given user and working directory sees them. */
#ifndef SIM_EXEC_FILES_H
#define SIM_EXEC_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/exec/shell.h"

/* Clean path in the view of what a command calls `name`, symlinks in its parents
 * followed, and in its last part if follow. NULL after 40 links. The caller frees. */
char *files_path(struct shell *sh, const char *name, bool follow);
/* The entry, symlinks followed; NULL if missing. Borrowed until the next change. */
const struct entry *files_stat(struct shell *sh, const char *name);
/* Reads a whole regular file. NULL and no message, or why not as strerror says it. */
const char *files_read(struct shell *sh, const char *name, struct buf *out);
/* Why a file may not be made or removed at this clean path: NULL, "No such file or
 * directory", "Not a directory", "Permission denied". */
const char *files_parent_problem(struct shell *sh, const char *path);
/* Whether the user may do bit (4 read, 2 write, 1 search) with the entry. */
bool files_may(const struct shell *sh, const struct entry *e, unsigned bit);
/* Replaces or makes a regular file; an existing one keeps mode and owner. */
int files_write(struct shell *sh, const char *path, const void *data, size_t len);
/* A new entry of the user's, as umask 022 leaves the mode given. `path` is borrowed. */
struct entry files_new(const struct shell *sh, const char *path, enum entry_type type,
                       uint32_t mode);
/* "name", "name:group", "12:34", "": ids by /etc/passwd and /etc/group of the view.
 * false if a name is unknown. `gid` is left alone where the text names none, unless
 * primary: then it becomes the user's. */
bool files_owner(struct view *root, const char *text, bool primary, uint32_t *uid,
                 uint32_t *gid);
/* Field `want` of the line whose field `key` equals value in a colon-separated file of
 * the view; the caller frees; NULL if there is none. */
char *files_lookup(struct view *root, const char *file, unsigned key, const char *value,
                   unsigned want);

#endif
