/* SPDX-License-Identifier: MIT */
/*
 * What COPY and ADD can see of a folder: its files without those that .dockerignore
 * excludes, each with a digest that is certain to belong to the bytes on disk now.
 *
 * The scan runs on several threads, by directory descriptor, and prunes ignored
 * folders. A stat cache (optional, a file in the store) spares hashing: size, mtime and
 * ctime in ns, inode, mode -> digest; entries whose times are too close to the scan are
 * hashed again, so that an edit inside one clock tick is never missed.
 */
#ifndef SIM_CONTEXT_CONTEXT_H
#define SIM_CONTEXT_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/context/ignore.h"
#include "sim/tree/tree.h"

struct context_options {
    const char *dockerfile; /* path of the Dockerfile: FILE.dockerignore beside it
                               replaces .dockerignore; NULL: .dockerignore alone */
    const char *stat_cache; /* file that may be read and replaced; NULL: none */
    /* Clean paths below the context, "" for all: only these and what lies below them
     * are scanned, with their parent folders. Symlinks in the way are followed inside
     * the context. NULL: all. */
    const struct strv *wanted;
    bool keep_owner;  /* uid and gid of the host count (buildah); else they are 0 */
    unsigned threads; /* 0: number of processors, at most 8 */
    bool no_digests;  /* only names and metadata are wanted */
};
#define CONTEXT_OPTIONS_INIT                                                           \
    {                                                                                  \
        0                                                                              \
    }

/* What the scan did, for figures and tests. */
struct context_stats {
    uint64_t files, folders, bytes;        /* kept */
    uint64_t dropped_files, dropped_bytes; /* excluded by name or below; bytes only of
                                              those that were looked at */
    uint64_t hashed_files, hashed_bytes;   /* content really read */
};

/* Reads the ignore file that counts for dir; *out is NULL where there is none. */
int context_ignore(const char *dir, const char *dockerfile, struct ignore **out,
                   struct err *err);
/* A tree sorted by path, with digests, content CONTENT_HOST, mode as on the host,
 * xattrs that count. A missing folder, or a file in its place, is ERR_INPUT; an
 * unreadable file inside is ERR_FAILED naming it. The caller frees *out with tree_free.
 */
int context_scan(const char *dir, const struct context_options *options,
                 struct tree **out, struct context_stats *stats, struct err *err);
/* Tree of a folder already held in memory, less what is ignored. The caller frees. */
struct tree *context_filter(const struct tree *all, const struct ignore *ig);

#endif
