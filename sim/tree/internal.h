/* SPDX-License-Identifier: MIT */
/* What the files of this room share and nobody else includes. */
#ifndef SIM_TREE_INTERNAL_H
#define SIM_TREE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/mem.h"
#include "sim/tree/tree.h"

struct tree_memory {
    struct arena arena;
    struct host_root **roots; /* each referenced once */
    size_t root_count, root_cap;
    struct blob **blobs;
    size_t blob_count, blob_cap;
};

/* Whether a path is relative and clean, in the sense of base/path.h; "" is. */
bool path_text_is_clean(const char *path, size_t len);

/* The stored form, described in encode.c. */
#define TREE_MAGIC "simtree1"
enum {
    TREE_MAGIC_LEN = 8,
    TREE_CHECKSUM_LEN = 8,
    TREE_ENTRY_LEAST = 7,        /* bytes of the shortest entry */
    TREE_PATH_LONGEST = 1 << 16, /* bytes; Linux takes 4,096 in one call */
    HEAD_TYPE = 15,              /* enum entry_type */
    HEAD_CONTENT = 4,            /* shift: enum content_kind, in three bits */
    HEAD_DIGEST = 1 << 7,
    HEAD_XATTRS = 1 << 8,
    HEAD_WHOLE = 1 << 9, /* mtime is whole seconds */
    HEAD_ALL = (1 << 10) - 1,
};

/* What the paths of a tree that is stored in len bytes may take together: shared
 * beginnings are written once, so that damaged input could ask for any amount. */
static inline uint64_t tree_path_budget(uint64_t len)
{
    return (16u << 20) + 256 * len;
}

/* The check sum that ends an encoded tree, over what stands before it. It finds
 * accidents, not forgeries. */
uint64_t tree_checksum(const void *data, size_t len);

#endif
