/* SPDX-License-Identifier: MIT */
/* An image of the store with its config read and the sizes of its layers. */
#ifndef BENCH_IMAGES_H
#define BENCH_IMAGES_H

#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/image/config.h"
#include "sim/store/store.h"

enum { SHORT_ID = 12 };

struct loaded_image {
    struct store_image image;
    struct image_config *config;
    struct layer **layers; /* config->diff_id_count of them, references held */
    uint64_t size;         /* sum of the layers' content */
};

/* By name, ID or prefix. A zeroed or half-filled value may be freed. */
int bench_image_load(struct store *store, const char *ref, struct loaded_image *out,
                     struct err *err);
void bench_image_unload(struct loaded_image *image);
/* The first twelve digits. */
void bench_image_short_id(const struct digest *id, char out[SHORT_ID + 1]);

#endif
