/* SPDX-License-Identifier: MIT */
/*
 * A build that is over, explained from what it and an earlier one left in the store:
 * the same causes that the build itself named, and the record that came closest.
 */
#ifndef SIM_CACHE_ACCOUNT_H
#define SIM_CACHE_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/cache/explain.h"
#include "sim/store/store.h"

struct account_closest {
    int64_t build;     /* 0: none */
    struct miss *miss; /* how the step differs from it; owned */
};

struct account {
    int64_t number, against; /* builds; against 0: there is none to compare with */
    struct journal *now, *before;
    long *aligned;
    struct miss **misses;            /* one a step, owned; NULL: it did not run */
    struct account_closest *closest; /* one a step */
};

/* `build` is a number or an image, NULL: the newest build. `against` likewise, NULL:
 * the build that this one compared itself with, or if that is gone the one before it.
 * A miss lists at most `most` changes. ERR_NOT_FOUND with a hint. */
int account_load(struct store *store, const char *build, const char *against,
                 size_t most, struct account *out, struct err *err);
void account_free(struct account *account);          /* the members */
unsigned account_ran(const struct account *account); /* number of steps that ran */

#endif
