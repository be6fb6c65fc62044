/* SPDX-License-Identifier: MIT */
/*
 * Why a step ran, from what two builds left: the build itself and `explain` ask the
 * same questions of the same data. A step's own parts are compared first; where they
 * are equal the cause stands above it, or in a stage it reads from.
 */
#ifndef SIM_CACHE_EXPLAIN_H
#define SIM_CACHE_EXPLAIN_H

#include <stddef.h>

#include "sim/cache/journal.h"
#include "sim/cache/manifest.h"
#include "sim/cache/miss.h"
#include "sim/store/store.h"

enum { EXPLAIN_LISTED = 1000 }; /* changes a miss object lists */

struct explain_pair {
    const struct journal *now;
    const struct journal *before; /* NULL: there is none */
    const long *aligned;          /* journal_align; NULL without before */
    struct store *store;
    size_t most; /* changes that are listed; the others are counted */
    /* Lists of the steps of `now` that are not stored yet, one a step; NULL, or an item
     * NULL: what the journal names. */
    struct manifest *const *manifests;
};

/* Why step `at` (its index less one) ran. `misses` holds what was said of the steps
 * before it, NULL where nothing ran. Never NULL. */
struct miss *explain_step(const struct explain_pair *pair, size_t at,
                          struct miss *const *misses);

/* How one step's own parts differ from its counterpart's; NULL: they do not. */
struct miss *explain_own(const struct explain_pair *pair, size_t at);

/* A line that says what would have spared the run, where that is known for certain;
 * else NULL. The caller frees. */
char *explain_remedy(const struct explain_pair *pair, size_t at, const struct miss *m);

/* Two texts as one with the words that differ marked: "RUN a [was: b] [now: c] d". The
 * caller frees. */
char *explain_marked(const char *from, const char *to);

#endif
