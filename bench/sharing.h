/* SPDX-License-Identifier: MIT */
/* Which images of a store hold which layers: the columns of history and df about
 * sharing. */
#ifndef BENCH_SHARING_H
#define BENCH_SHARING_H

#include <stddef.h>

#include "bench/images.h"

struct shared_image {
    struct loaded_image loaded;
    uint64_t shared_bytes; /* of layers that other images hold too */
};
struct sharing {
    struct shared_image *images; /* newest first */
    size_t len;
    struct map *holders; /* layer -> slot of counts */
    size_t *counts;      /* images that hold it */
};
/* Reads every image of the store. A zeroed or half-filled value may be freed. */
int sharing_load(struct store *store, struct sharing *out, struct err *err);
void sharing_free(struct sharing *s); /* the members */
/* Images that hold the layer. */
size_t sharing_count(const struct sharing *s, const struct digest *diff_id);

#endif
