/* SPDX-License-Identifier: MIT */
/* Parts of writing a tar: headers, the stream that comes out, reading files ahead; and
 * what a tar is read from. Only the files of this room include this. */
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

enum { TAR_BLOCK = 512 };

/* What the header of one entry says. */
struct tar_head {
    const char *name;   /* of a folder: with "/" behind it */
    const char *target; /* of a link, else NULL */
    const struct xattr *xattrs;
    size_t xattr_count;
    uint64_t size;
    int64_t mtime_s;
    uint32_t mode, uid, gid;
    uint32_t dev_major, dev_minor;
    enum entry_type type;
};
/* Makes the header in one block. False for what ustar cannot say, and for devices. */
bool tar_header_make(const struct tar_head *head, unsigned char block[TAR_BLOCK]);

/* The other entries, by libarchive. From tar_pax_new to tar_pax_free the thread's
 * locale is "C". */
struct tar_pax;
int tar_pax_new(struct tar_out *out, struct tar_pax **made, struct err *err);
/* Writes all headers of an entry; its content follows by tar_pax_data, and in any case
 * tar_pax_finish, which fills up its last block. */
int tar_pax_header(struct tar_pax *pax, const struct tar_head *head, struct err *err);
int tar_pax_data(struct tar_pax *pax, const void *data, size_t len, struct err *err);
int tar_pax_finish(struct tar_pax *pax, struct err *err);
void tar_pax_free(struct tar_pax *pax); /* NULL is legal */

/* Threads that read the small host files of a tree in its order, some way ahead. What
 * they give has the digest of its entry, if that has one. */
struct read_ahead;
/* NULL where the tree has too few such files to be worth a thread. donor: see struct
 * tar_options. digests: also compute those that entries lack. */
struct read_ahead *read_ahead_new(const struct tree *tree, struct tree_cursor *donor,
                                  bool digests);
/* Whether an entry's content comes from read_ahead_take. */
bool read_ahead_has(const struct entry *entry);
/* The content of the next such entry (they are taken in order, none left out), until
 * the next call; *digest is set if it was asked for. */
int read_ahead_take(struct read_ahead *ahead, const void **data, struct digest *digest,
                    struct err *err);
void read_ahead_free(struct read_ahead *ahead); /* NULL is legal */
/* Sets the error of a host file that is not what it was. */
int tar_changed(const struct entry *entry, struct err *err);

struct archive;
/* Bytes for libarchive to read from. */
struct tar_source;
/* Starts to read; `compressed` tries gzip, bzip2, xz and zstd. ERR_NOT_FOUND if the
 * first bytes tell that it is none. */
int tar_source_open(const struct content *content, uint64_t size, bool compressed,
                    struct tar_source **out, struct err *err);
struct archive *tar_source_archive(const struct tar_source *source);
/* The functions that work on it. */
struct libarchive;
const struct libarchive *tar_source_functions(const struct tar_source *source);
/* What went wrong: the reading itself, or what libarchive says of the bytes. */
int tar_source_error(const struct tar_source *source, struct err *err);
void tar_source_free(struct tar_source *source); /* NULL is legal */

#endif
