/* SPDX-License-Identifier: MIT */
/* Parts of writing a tar: the stream that comes out, and reading files ahead. Only the
 * files of this room include this. */
#ifndef SIM_LAYER_TAR_INTERNAL_H
#define SIM_LAYER_TAR_INTERNAL_H

#include <stdbool.h>

#include "sim/layer/tar.h"

/* The stream: collected to large pieces, handed to the sink on the caller's thread,
 * digested on a thread of its own if it is long. */
struct tar_out;
/* expect: about how many bytes will come; decides on memory and the thread alone. */
struct tar_out *tar_out_new(content_sink *sink, void *payload, uint64_t expect);
int tar_out_add(struct tar_out *out, const void *data, size_t len, struct err *err);
/* Bytes added so far. */
uint64_t tar_out_bytes(const struct tar_out *out);
int tar_out_finish(struct tar_out *out, struct tar_result *result, struct err *err);
void tar_out_free(struct tar_out *out); /* NULL is legal; also without finish */

/* Threads that read the small host files of a tree in its order, some way ahead. */
struct read_ahead;
/* NULL where the tree has too few such files to be worth a thread. digests: also
 * compute those that entries lack. */
struct read_ahead *read_ahead_new(const struct tree *tree, bool digests);
/* Whether an entry's content comes from read_ahead_take. */
bool read_ahead_has(const struct entry *entry);
/* The content of the next such entry (they are taken in order, none left out), until
 * the next call; *digest is set if it was asked for. */
int read_ahead_take(struct read_ahead *ahead, const struct entry *entry,
                    const void **data, struct digest *digest, struct err *err);
void read_ahead_free(struct read_ahead *ahead); /* NULL is legal */

struct archive;
/* Bytes for libarchive to read from. */
struct tar_source;
/* Starts to read; `compressed` tries gzip, bzip2, xz and zstd. ERR_NOT_FOUND if the
 * first bytes tell that it is none. */
int tar_source_open(const struct content *content, uint64_t size, bool compressed,
                    struct tar_source **out, struct err *err);
struct archive *tar_source_archive(const struct tar_source *source);
/* What went wrong: the reading itself, or what libarchive says of the bytes. */
int tar_source_error(const struct tar_source *source, struct err *err);
void tar_source_free(struct tar_source *source); /* NULL is legal */

#endif
