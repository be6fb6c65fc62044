/* SPDX-License-Identifier: MIT */
/*
 * The stored list of what a step selected, so that a later build can name the files
 * that changed. The list is sorted by path and cut into pieces where a hash of a path
 * says so: two lists that differ in one file share all pieces but one, in the store and
 * when they are compared.
 */
#ifndef SIM_CACHE_MANIFEST_H
#define SIM_CACHE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/cache/selection.h"
#include "sim/store/store.h"

/* enum entry_type, or: a symlink that a source word names. It is followed, so that what
 * counts is listed under the path it leads to; `target` is the link's own text. Or: a
 * folder above a match that COPY --parents keeps. */
enum { MANIFEST_FOLLOWED = 15, MANIFEST_PARENT = 14 };

struct manifest_entry { /* strings borrowed for the time of a call */
    const char *path, *target;
    unsigned type, mode, uid, gid;
    uint64_t size;
    struct digest digest, xattrs; /* zero: none */
};

struct manifest;

/* Lists what was selected. `skip` (may be NULL) tells for each item of sel whether it
 * is left out. The caller frees. */
int manifest_of_selection(const struct selection *sel,
                          const struct selection_rules *rules, const bool *skip,
                          struct manifest **out, struct err *err);
void manifest_free(struct manifest *m); /* NULL is legal */
/* Puts the list into the store; *out names it. */
int manifest_put(const struct manifest *m, struct store *store, struct digest *out,
                 struct err *err);
/* A list that was put; pieces are read when they are needed. */
int manifest_open(struct store *store, const struct digest *id, struct manifest **out,
                  struct err *err);
/* Makes the build that is recorded next hold an existing list. */
int manifest_keep(struct store *store, const struct digest *id, struct err *err);

/* Calls visit for each path that is in one of the lists only (the other entry is NULL),
 * or in both with a difference. Pieces that are in both lists are not looked at. */
typedef void manifest_visitor(void *payload, const struct manifest_entry *old,
                              const struct manifest_entry *now);
int manifest_compare(const struct manifest *old, const struct manifest *now,
                     struct store *store, manifest_visitor *visit, void *payload,
                     struct err *err);
/* Whether a path is listed. */
bool manifest_has(const struct manifest *m, struct store *store, const char *path);

#endif
