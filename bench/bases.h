/* SPDX-License-Identifier: MIT */
/* Where `simbench build` finds base images: in the store, then among modelled ones. */
#ifndef BENCH_BASES_H
#define BENCH_BASES_H

#include "sim/build/build.h"

struct image_bases {
    struct base_source source;
    const struct base_source *modelled; /* NULL: images of the store only */
};

/* Fills in *out, which must stay where it is while the source is in use. */
const struct base_source *bases_init(struct image_bases *out,
                                     const struct base_source *modelled);

/* Config and layers of an image in the store. ERR_NOT_FOUND if it is not there. */
int bases_from_store(struct store *store, const char *name, struct base_image *out,
                     struct err *err);

#endif
