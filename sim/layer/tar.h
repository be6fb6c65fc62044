/* SPDX-License-Identifier: MIT */
/*
 * Layers as tar streams. Plain headers are made here, the rest of writing and all of
 * reading is libarchive's (this room alone includes it). The bytes written depend on
 * the entries alone: no user names, no timestamps of the run, times in whole seconds,
 * ustar headers with pax records only where ustar cannot say it.
 */
#ifndef SIM_LAYER_TAR_H
#define SIM_LAYER_TAR_H

#include <stdint.h>

#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/tree/tree.h"

struct tar_result {
    struct digest diff_id; /* sha256 of the stream */
    uint64_t bytes;        /* of the stream */
};

/* Where an entry's bytes landed, for the index of the blob: called once for every
 * regular file with content, in order. */
typedef void tar_placed(void *payload, size_t entry_index, uint64_t offset);

struct tar_options {
    content_sink *sink; /* receives the stream; NULL: only the digest is wanted */
    void *sink_payload;
    tar_placed *placed; /* may be NULL */
    void *placed_payload;
    /* Clamps every mtime later than this (seconds) to it; negative: no clamp. */
    int64_t clamp_mtime_s;
    /* In a rootfs tar whiteouts make no sense and are refused. */
    bool rootfs;
    /* If not NULL, gets each regular file's digest while it passes: tree entries
     * without one are completed. */
    struct tree *complete;
    /* A layer that may hold some of the same files, NULL: none. A small host file that
     * has path, size and digest in common with one there is read from that blob, many
     * at once, unless what lies there has another digest by now; the stream is the same
     * either way. Used until tar_write returns. */
    struct tree_cursor *donor;
};
#define TAR_OPTIONS_INIT                                                               \
    {                                                                                  \
        .clamp_mtime_s = -1                                                            \
    }

/* Writes a layer (sorted tree): whiteouts as .wh.NAME at NAME's position (mode 0, mtime
 * 0, 0:0), hard links as type 1, xattrs as SCHILY.xattr. */
int tar_write(const struct tree *layer, const struct tar_options *options,
              struct tar_result *out, struct err *err);

/* What a tar read from elsewhere may hold at most. */
struct tar_limits {
    uint64_t entries, bytes;
};

/* Reads an uncompressed tar; file contents become ranges of `blob` (files with holes,
 * which do not lie there in one piece, inline bytes). .wh. names become ENTRY_WHITEOUT
 * and ENTRY_OPAQUE if `layer`. Paths are cleaned, links among parents followed inside,
 * the last of equal paths wins; an entry that would leave the root, and a hard link to
 * what does not stand earlier, is ERR_INPUT; bytes that are no tar are ERR_NOT_FOUND.
 * limits may be NULL: none. */
int tar_read_blob(struct blob *blob, bool layer, const struct tar_limits *limits,
                  struct tree **out, struct err *err);
/* The same from a tar that may be compressed (gzip, bzip2, xz, zstd: what BuildKit's
 * ADD unpacks; ADD of a local archive, import). Contents are written to one unnamed
 * file in spool_dir (NULL: in memory) and referenced as ranges of it. ERR_NOT_FOUND if
 * it is no archive at all, or holds nothing and is no layer: sniffed by content. */
int tar_read_archive(const struct content *archive, uint64_t size,
                     const char *spool_dir, bool layer, const struct tar_limits *limits,
                     struct tree **out, struct err *err);

#endif
