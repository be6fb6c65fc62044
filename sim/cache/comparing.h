/* SPDX-License-Identifier: MIT */
/* Private to sim/cache/: the comparison of a step with its counterpart. */
#ifndef SIM_CACHE_COMPARING_H
#define SIM_CACHE_COMPARING_H

#include "sim/cache/explain.h"
#include "sim/context/ignore.h"

struct comparing {
    const struct explain_pair *pair;
    size_t at; /* of now in its journal */
    const struct journal_step *now, *before;
    struct miss *miss;
    struct ignore *ignored[2]; /* before's and now's rules, once they are asked for */
    bool rules_read;
};

/* Adds a change. */
void comparing_add(struct comparing *c, const struct miss_note *change);
/* compare_files.c: what differs in the files that were selected. */
void comparing_files(struct comparing *c);
/* compare_variables.c: variables of these kinds, from `before` to `now`. */
void comparing_variables(struct comparing *c, const struct input *before, size_t m,
                         const struct input *now, size_t n, unsigned kinds);
/* Whether the parts of these kinds (bits of enum input_kind) are equal in order. */
bool comparing_same(const struct input *a, size_t n, const struct input *b, size_t m,
                    unsigned kinds);
/* The n-th part of these kinds, or NULL. */
const struct input *comparing_nth(const struct input *list, size_t len, unsigned kinds,
                                  size_t n);
/* Whether a text names a variable: $NAME or ${NAME. */
bool comparing_names(const char *text, const char *name);
#define KIND(kind) (1u << (kind))

#endif
