/* SPDX-License-Identifier: MIT */
/*
 * A real builder's steps laid over the Dockerfile's instructions, so that every
 * engine's results have the same rows: which instruction was reused, which ran, how
 * long it took.
 */
#ifndef BENCH_ENGINE_STEPS_H
#define BENCH_ENGINE_STEPS_H

#include "bench/engine_log.h"
#include "sim/base/err.h"
#include "sim/build/build.h"
#include "sim/dockerfile/dockerfile.h"
#include "sim/image/config.h"

/* What was built; borrowed. */
struct steps_source {
    const struct dockerfile *df; /* as it was before twins stood in */
    const char *target;          /* NULL: the last stage */
    bool scratch_twins;          /* FROM scratch was FROM an image, too */
};

/* Adds the steps of every stage the builder worked on to *out (zeroed; the caller frees
 * it). FROM is `ran` if its image was fetched. `finished`: the build ended well, so
 * every step of the target stage must have been told; ERR_FAILED if one was not, or a
 * line says something else than the Dockerfile: a version that this one does not
 * understand. */
int engine_steps_fill(const struct steps_source *of, const struct engine_log *log,
                      bool finished, struct build_result *out, struct err *err);

/* Gives the steps their layers: the image's history, aligned with the target stage and
 * the stages below it from the end. `sizes` has one entry a layer. */
void engine_steps_layers(const struct steps_source *of,
                         const struct image_config *config, const uint64_t *sizes,
                         struct build_result *out);

#endif
