/* SPDX-License-Identifier: MIT */
/*
 * What the tables' values are. Plain structs in the machine's byte order, without
 * padding: a store is not carried to a machine of another order. They are copied in and
 * out with memcpy, for SQLite promises no alignment.
 */
#ifndef SIM_STORE_ROWS_H
#define SIM_STORE_ROWS_H

#include <stdint.h>

#include "sim/base/digest.h"

enum {
    RECORDS_A_KEY = 8,     /* records kept under one key: the newest is chosen */
    BUILDS_A_NAME = 20,    /* builds kept for `explain` */
    NAMELESS_IMAGES = 512, /* in a store in memory */
    TOMBSTONES = 100000,   /* keys remembered as collected */
    CHAIN_LIMIT = 100000,  /* layers of an image: ends a damaged chain's circle */
};

enum { LAYER_MODELLED = 1, LAYER_HAS_BLOB = 2 };

struct layer_row {
    uint64_t size, tar_size, flags;
};

struct chain_row {
    struct digest parent, diff_id;
};

struct record_row {
    struct digest chain, layer;
    uint64_t virtual_ms, wall_ns;
    uint64_t uses, use_seq; /* use_seq orders uses; see store_next_use */
    int64_t last_used_s, created_s;
};

struct image_row { /* the config follows */
    struct digest chain;
    int64_t created_s;
    uint64_t sequence; /* orders images stored in one second */
};

struct build_row { /* name, image ID, object digests and data follow, unterminated */
    uint64_t name_len, image_len, object_count, data_len;
};

_Static_assert(sizeof(struct record_row) == 112, "padding would be stored");
_Static_assert(sizeof(struct image_row) == 48, "padding would be stored");

#endif
