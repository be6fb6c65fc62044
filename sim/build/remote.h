/* SPDX-License-Identifier: MIT */
/* Sources of ADD that are not in a context: http(s) URLs (libcurl) and git repositories
 * (the git command). */
#ifndef SIM_BUILD_REMOTE_H
#define SIM_BUILD_REMOTE_H

#include <stdbool.h>

#include "sim/base/err.h"
#include "sim/plan/plan.h"
#include "sim/store/store.h"
#include "sim/tree/tree.h"

/* Fetches (or revalidates what the store keeps) and gives the files as a sorted tree
 * that needs nothing else, and the path in it that stands for the source word ("" for a
 * repository). The caller frees both. ERR_FAILED; ERR_ENVIRONMENT without git. */
int remote_fetch(struct store *store, const struct plan_copy *copy, const char *url,
                 struct tree **out, char **path, struct err *err);

/* remote_git.c */
int remote_git(struct store *store, const struct plan_copy *copy, const char *url,
               struct tree **out, struct err *err);

#endif
