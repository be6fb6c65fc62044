/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/context: verdicts for a walk, where a path's parent is judged before
 * it. A state is one bit a rule: the rule applied to this path or to one above it.
 */
#ifndef SIM_CONTEXT_IGNORE_WALK_H
#define SIM_CONTEXT_IGNORE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/context/ignore.h"

/* Words of a state; at least 1. */
size_t ignore_state_words(const struct ignore *ig);
/* Whether path[0..len) is excluded; `parent` is the state of its folder, all zero for
 * the root; `own` gets the path's. `decider` as in ignore_excluded, may be NULL. */
bool ignore_step(const struct ignore *ig, const char *path, size_t len,
                 const uint64_t *parent, uint64_t *own,
                 const struct ignore_rule **decider);
/* As ignore_may_reinclude, by length. */
bool ignore_may_reinclude_n(const struct ignore *ig, const char *dir, size_t len);

#endif
