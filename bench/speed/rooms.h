/* SPDX-License-Identifier: MIT */
/* Single rooms of the house, timed in this process, and what they work on. */
#ifndef BENCH_SPEED_ROOMS_H
#define BENCH_SPEED_ROOMS_H

#include <stdio.h>

#include "bench/speed/measure.h"
#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/context/ignore.h"
#include "sim/store/store.h"
#include "sim/tree/tree.h"

struct bed {
    const char *folder; /* everything lies below it */
    struct buf dockerfile;
    struct ignore *ignore;
    struct strv paths; /* to be matched */
    struct store *store;
    struct tree *tree; /* of 10000 files, with digests */
    struct buf bytes;  /* to be digested */
};

/* Fills an empty bed below a folder that stands. bed_free in any case; the folder is
 * the caller's. */
int bed_make(struct bed *bed, const char *folder, struct err *err);
void bed_free(struct bed *bed);
/* The folder of n files of 1 KiB; made when it is first asked for. The caller frees
 * *out. */
int bed_context(struct bed *bed, unsigned n, char **out, struct err *err);

struct room {
    const char *name;
    unsigned n; /* files, or how often something is done */
    int (*run)(struct bed *bed, unsigned n, struct err *err);
};
/* Ends with a NULL name. */
extern const struct room rooms[];

/* Times all of them in turns, each second round backwards, into a scenario "rooms". */
int rooms_measure(const struct measure *m, struct err *err);
/* Their table. */
void rooms_show(const struct results *results, FILE *out);

#endif
