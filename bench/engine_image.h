/* SPDX-License-Identifier: MIT */
/* What a real builder made: image ID, layers and their sizes. */
#ifndef BENCH_ENGINE_IMAGE_H
#define BENCH_ENGINE_IMAGE_H

#include "bench/engine_steps.h"
#include "sim/base/err.h"
#include "sim/build/build.h"
#include "sim/store/store.h"

/* Reads an archive into a store of our own (equal layers are kept once) and completes
 * *out: image_id, layers, size, and each step's layer. Sizes are content bytes, as the
 * built-in engine counts them. */
int engine_image_read(struct store *store, const char *archive,
                      const struct steps_source *of, struct build_result *out,
                      struct err *err);

#endif
