/* SPDX-License-Identifier: MIT */
/*
 * What the source words of a COPY, ADD or bind mount select from a set of files, and
 * the digest of it that enters a key: content and metadata that count, never times
 * (cache-semantics 1, COPY / ADD).
 */
#ifndef SIM_CACHE_SELECTION_H
#define SIM_CACHE_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/layer/view.h"
#include "sim/plan/plan.h"

struct selected {
    struct view *view;   /* borrowed */
    char *word;          /* as given */
    struct strv matches; /* paths in view, in path order; symlinks not yet followed */
    struct strv kept;    /* --parents: each entry is a match; what of its path stays */
    bool wildcard;
    struct buf digests; /* what selection_digest hashes: one, or one a match */
};

struct selection {
    struct selected *items; /* one a source word, in order */
    size_t len, cap;
};

struct selection_rules {
    enum semantics semantics;
    const struct ignore *excludes; /* below a folder that is copied; NULL: none */
    bool parents;
};

/* Adds one source word. A path that is not there is ERR_FAILED naming it (BuildKit with
 * --exclude=*: it is kept among the matches, for the copy to fail); a wildcard without
 * a match selects nothing (classic: ERR_FAILED). */
int selection_add(struct selection *sel, struct view *view, const char *word,
                  const struct selection_rules *rules, struct err *err);
void selection_free(struct selection *sel); /* the members */
/* Digest over all items in order. */
void selection_digest(const struct selection *sel, struct digest *out);
/* Whether an entry at `relative` (to the copied folder) is left out by --exclude. */
bool selection_excludes(const struct ignore *excludes, const char *relative);

#endif
