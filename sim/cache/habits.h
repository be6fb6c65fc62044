/* SPDX-License-Identifier: MIT */
/* Files that change often and make an expensive step run again: counted over the builds
 * that the store remembers. */
#ifndef SIM_CACHE_HABITS_H
#define SIM_CACHE_HABITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/store/store.h"

struct habit {
    char *path;
    unsigned changes;  /* times it differed from one build to the next */
    unsigned copy;     /* index of the step that selects it, in the newest build */
    unsigned run;      /* the most expensive RUN that stands on it */
    uint64_t cost_ms;  /* of that RUN when it ran last */
    bool virtual_cost; /* on which clock */
};
struct habits {
    struct habit *items; /* most changes first */
    size_t len, cap;
    size_t builds; /* that were looked at */
};

/* Builds of this Dockerfile (as given) whose main context is the folder (absolute).
 * Files that changed once only are left out, and COPYs without a RUN below. */
int habits_find(struct store *store, const char *dockerfile, const char *folder,
                struct habits *out, struct err *err);
void habits_free(struct habits *h); /* the members */

#endif
