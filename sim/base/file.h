/* SPDX-License-Identifier: MIT */
/* Host files: bounded reads, atomic writes, trees of folders, the two clocks. */
#ifndef SIM_BASE_FILE_H
#define SIM_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"

/* Reads a whole regular file of at most `limit` bytes. A missing file is ERR_NOT_FOUND;
 * a folder, an over-long or unreadable file is ERR_INPUT. Appends to out. */
int file_read(const char *path, size_t limit, struct buf *out, struct err *err);
/* Writes by way of a temporary file in the same folder that is synced and renamed: the
 * old or the new content stands at path, never a part. Mode 0644 less the umask. */
int file_write(const char *path, const void *data, size_t len, struct err *err);
/* Creates a new file beside `path` to be renamed to it; returns its descriptor (>= 0)
 * and its name, which the caller frees, or a negative code. Mode 0666 less the umask.
 */
int file_create_temp(const char *path, char **name, struct err *err);
/* Writes all of data to fd, whatever short writes come between. */
int file_write_fd(int fd, const void *data, size_t len, struct err *err);
/* mkdir -p, mode 0777 less the umask; an existing folder is fine. */
int file_make_folders(const char *path, struct err *err);
/* rm -rf; a missing path is fine. Does not follow symlinks, stays below path, and makes
 * unreadable folders of our own readable first. */
int file_remove_tree(const char *path, struct err *err);
/* A fresh private folder below `parent`; the caller frees the name and removes it. */
int file_temp_folder(const char *parent, const char *prefix, char **out,
                     struct err *err);
bool file_exists(const char *path);

/* Nanoseconds of the monotonic clock; only differences mean anything. */
uint64_t clock_monotonic_ns(void);
/* Seconds since 1970-01-01 UTC. */
int64_t clock_realtime_s(void);

/* For locals: AUTO_CLOSE int fd = …; closed when the scope ends unless negative. */
void file_closep(int *fd);
#define AUTO_CLOSE __attribute__((cleanup(file_closep)))

#endif
