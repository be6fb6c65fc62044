/* SPDX-License-Identifier: MIT */
/*
 * A list of file-system entries, kept in path order: what a context holds, what a layer
 * changes, what a workspace looks like. Only regular files have content. A tree owns
 * its strings and holds references to the folders and blobs its contents point into.
 */
#ifndef SIM_TREE_TREE_H
#define SIM_TREE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/digest.h"
#include "sim/tree/content.h"

enum entry_type {
    ENTRY_FILE,
    ENTRY_DIR,
    ENTRY_SYMLINK,
    ENTRY_HARDLINK, /* in layers: target is the path of an entry that stands earlier */
    ENTRY_CHAR,
    ENTRY_BLOCK,
    ENTRY_FIFO,
    ENTRY_SOCKET,   /* in contexts only; layers leave it out */
    ENTRY_WHITEOUT, /* in layers: path is deleted from the layers below */
    ENTRY_OPAQUE,   /* in layers read from elsewhere: path is DIR/.wh..wh..opq and hides
                       what DIR holds in the layers below; DIR's own entry stands beside
                     */
};

struct xattr {
    const char *name;
    const void *value;
    size_t len;
};

struct entry {
    const char *path;           /* clean, relative, "" for the root folder */
    const char *target;         /* symlink or hard link target, else NULL */
    const struct xattr *xattrs; /* sorted by name */
    size_t xattr_count;
    uint64_t size;    /* bytes of a regular file, else 0 */
    int64_t mtime_ns; /* since 1970 */
    uint32_t mode;    /* permission, setuid, setgid and sticky bits: 07777 */
    uint32_t uid, gid;
    uint32_t dev_major, dev_minor; /* ENTRY_CHAR, ENTRY_BLOCK */
    enum entry_type type;
    bool has_digest; /* `digest` is content_digest() of a regular file */
    struct digest digest;
    struct content content;
};

struct tree {
    struct entry *entries; /* in path_compare order once tree_sort has run */
    size_t len;
    struct tree_memory *memory; /* arena, host roots, blobs */
    size_t cap;
    bool sorted;
};

struct tree *tree_new(void);
void tree_free(struct tree *tree); /* NULL is legal */
/* Appends a deep copy (strings, xattrs, inline bytes; references to host roots and
 * blobs are taken) and returns it; the pointer is valid until the next add or sort. */
struct entry *tree_add(struct tree *tree, const struct entry *entry);
/* As tree_add, below another path. */
struct entry *tree_add_as(struct tree *tree, const struct entry *entry,
                          const char *path);
/* Puts entries in order; of entries with one path the last added stays. O(n) if they
 * are in order already. */
void tree_sort(struct tree *tree);
/* NULL if absent. The tree is sorted. */
const struct entry *tree_find(const struct tree *tree, const char *path);
/* The entry at path and all below it: [*first, *end). Sorted tree. */
void tree_range(const struct tree *tree, const char *path, size_t *first, size_t *end);
/* Sum of the sizes of regular files: a layer's "size" in the contract. */
uint64_t tree_content_bytes(const struct tree *tree);
/* Whether any content is generated (CONTENT_SEED). */
bool tree_is_modelled(const struct tree *tree);
/* Memory that lives as long as the tree. */
void *tree_alloc(struct tree *tree, size_t size);
/* Makes the tree keep what a content that is put into an entry points into alive. */
void tree_hold(struct tree *tree, const struct content *content);

/* Fills in missing digests of regular files. */
int entry_need_digest(struct entry *entry, struct err *err);
/* Digest of what counts for a cache key in one entry, without its path: type, mode,
 * uid, gid, size, link target, device, xattrs that count (cache-semantics 1, COPY),
 * content digest; never mtime. The entry has its digest. Hard links must have been
 * resolved. */
void entry_key_digest(const struct entry *entry, struct digester *d,
                      struct digest *out);
/* Same metadata (mtime in whole seconds included) and content: a layer leaves it out.
 */
bool entry_same(const struct entry *a, const struct entry *b);

/* Compact binary form for the store, deterministic; content as inline bytes, seed, or
 * offset into the one blob of the layer; host content is refused. mtime whole seconds
 * are kept to the ns. tree_decode checks every bound: the input may be damaged. `blob`
 * may be NULL where no range occurs. */
struct buf;
int tree_encode(const struct tree *tree, struct buf *out, struct err *err);
int tree_decode(const void *data, size_t len, struct blob *blob, struct tree **out,
                struct err *err);
/* The same entries one after the other in path order, in memory that does not grow with
 * their number. `data` is borrowed and stays until the cursor is freed; a reference to
 * the blob is taken. NULL for what is damaged as a whole; damage that shows later ends
 * the list early. */
struct tree_cursor;
struct tree_cursor *tree_cursor_new(const void *data, size_t len, struct blob *blob);
/* NULL at the end. Valid until the next call. */
const struct entry *tree_cursor_next(struct tree_cursor *cursor);
void tree_cursor_free(struct tree_cursor *cursor); /* NULL is legal */

#endif
