/* SPDX-License-Identifier: MIT */
/* What the microbenchmarks work on: folders of files, a store, texts; and their table.
 */
#ifndef BENCH_MICRO_BED_H
#define BENCH_MICRO_BED_H

#include <stdbool.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/context/ignore.h"
#include "sim/store/store.h"
#include "sim/tree/tree.h"

struct bed {
    char *folder;         /* temporary; everything lies below it */
    const char *simbench; /* the program, for whole builds */
    struct buf dockerfile;
    struct ignore *ignore;
    struct strv paths; /* to be matched */
    struct store *store;
    struct tree *tree; /* of 10000 files, with digests */
    struct buf bytes;  /* to be digested */
    unsigned edits;    /* made so far: each differs from the last */
};

struct micro {
    const char *name;
    unsigned n; /* files, or how often something is done */
    /* Outside the clock, before every run; may be NULL. */
    int (*prepare)(struct bed *bed, unsigned n, struct err *err);
    int (*run)(struct bed *bed, unsigned n, struct err *err);
};

/* Fills an empty bed below $TMPDIR. bed_free in any case. */
int bed_make(struct bed *bed, struct err *err);
void bed_free(struct bed *bed);
/* The context of n files (16 folders deep at most, 200 bytes a file); made when it is
 * first asked for. The caller frees *out. */
int bed_context(struct bed *bed, unsigned n, char **out, struct err *err);

/* Of single rooms, and of whole builds by the program; each ends with a NULL name. */
extern const struct micro micro_rooms[], micro_builds[], micro_big[];
/* Whether a sandbox can be had here; else why not in `why`. */
extern const struct micro micro_sandbox;
bool micro_sandbox_works(struct bed *bed, struct err *why);

#endif
