/* SPDX-License-Identifier: MIT */
/* What of a context is transferred to BuildKit: only what the steps name. */
#ifndef SIM_BUILD_SENT_H
#define SIM_BUILD_SENT_H

#include "sim/build/graph.h"

/* A COPY that runs: BuildKit cannot look for matches in a folder that is not there. A
 * wildcard below one fails (observed on 0.32: "lstat /d: no such file or directory"),
 * also below a folder of the context that holds no match, where no step asks for
 * anything of it. The step's selection is there. ERR_FAILED without a place. */
int sent_check(const struct build *b, const struct vertex *v, struct err *err);

#endif
