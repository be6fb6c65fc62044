/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/context: what a scan remembers of a context's files, in one file that
 * is mapped when it is read: folders by path, in each the records by name. A damaged or
 * foreign file counts as none.
 */
#ifndef SIM_CONTEXT_STAT_CACHE_H
#define SIM_CONTEXT_STAT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"

enum { STAT_HAS_XATTRS = 1 };

/* One file that is no folder, as it lies in the cache. */
struct stat_record {
    uint64_t name; /* offset among the names */
    uint64_t size, ino, dev;
    int64_t mtime_ns, ctime_ns;
    uint32_t mode; /* st_mode */
    uint32_t flags;
    struct digest digest; /* of a regular file */
};

struct stat_cache;
/* The cache of the context whose root folder has this identity; NULL if there is none.
 */
struct stat_cache *stat_cache_open(const char *file, uint64_t root_dev,
                                   uint64_t root_ino);
void stat_cache_close(struct stat_cache *cache);       /* NULL is legal */
size_t stat_cache_len(const struct stat_cache *cache); /* records; 0 for NULL */

/* The records of one folder in the order of their names; false if there are none. */
bool stat_cache_folder(const struct stat_cache *cache, const char *path,
                       const struct stat_record **first,
                       const struct stat_record **end);
const char *stat_cache_name(const struct stat_cache *cache,
                            const struct stat_record *record);
/* Whether the file may have changed after it was digested without a change of its
 * times: they are too near to that scan. */
bool stat_cache_is_racy(const struct stat_cache *cache,
                        const struct stat_record *record);
/* Position of a folder among all, in path order, and its path; NULL at the end. */
const char *stat_cache_folder_at(const struct stat_cache *cache, size_t at);

/* A new cache under way; folders come in path order. Zero-initialise. */
struct stat_writer {
    struct buf folders, records, names;
    size_t folder_count, record_count;
};
void stat_writer_folder(struct stat_writer *w, const char *path);
/* Into the last folder; names ascend. record->name is filled in. */
void stat_writer_add(struct stat_writer *w, const char *name,
                     const struct stat_record *record);
/* Replaces the file at once; failure to do so is no error: the cache only saves time.
 * started_ns: when the scan began, by the clock of the file times. Empties w. */
void stat_writer_finish(struct stat_writer *w, const char *file, uint64_t root_dev,
                        uint64_t root_ino, int64_t started_ns);

#endif
