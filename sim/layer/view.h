/* SPDX-License-Identifier: MIT */
/*
 * A root filesystem as a stack of layers with a changeable top: where COPY puts files,
 * where a modelled RUN works, and what becomes the next layer. Reads see the merged
 * files. Paths are clean and relative; none of these functions follows symlinks unless
 * it says so.
 */
#ifndef SIM_LAYER_VIEW_H
#define SIM_LAYER_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/tree/tree.h"

struct view;
struct view *view_new(void);
void view_free(struct view *view); /* NULL is legal; layer trees are not its own */
/* Puts a sorted layer tree on top of the layers so far; borrowed, it must outlive the
 * view. The first is the lowest. Changes made so far are forgotten: what they became is
 * the layer that is pushed. */
void view_push(struct view *view, const struct tree *layer);

/* The entry as merged, NULL if there is none (or it was deleted). "" is always a
 * folder. Hard links are resolved: type ENTRY_FILE with the content of their target.
 * Borrowed until the next change. */
const struct entry *view_lookup(struct view *view, const char *path);
/* Whether anything was deleted, added or changed since the last view_push. */
bool view_changed(const struct view *view);

/* Follows symlinks below the root, in the parents and, if follow_last, in the last
 * part; parts that do not exist are kept. 40 links are followed at most, more is
 * ERR_FAILED. The caller frees *out. */
int view_resolve(struct view *view, const char *path, bool follow_last, char **out,
                 struct err *err);
/* The names in a folder, in byte order, merged; appended to out. */
void view_list(struct view *view, const char *dir, struct strv *out);
/* The entry at path and everything below it, merged and in path order, copied to a new
 * tree with the same paths; hard links inside are kept as ENTRY_HARDLINK, to outside
 * resolved. The caller frees. */
struct tree *view_subtree(struct view *view, const char *path);
/* Calls fn for the entry at path and all below, in path order; non-zero stops. */
int view_walk(struct view *view, const char *path,
              int (*fn)(void *payload, const struct entry *entry, struct err *err),
              void *payload, struct err *err);

/* Puts one entry (deep copy), replacing what stands there: a folder over a folder keeps
 * the content and changes metadata, anything else over a folder removes what was below.
 * The parent exists and is a folder, else ERR_FAILED. ENTRY_HARDLINK becomes another
 * name of the file at its target; sockets are passed over. */
int view_put(struct view *view, const struct entry *entry, struct err *err);
/* Makes a folder and its missing parents as `like` says (mode, uid, gid, mtime);
 * symlinked parents are followed. Something else in the way is ERR_FAILED. */
int view_make_folders(struct view *view, const char *path, const struct entry *like,
                      struct err *err);
/* Deletes the entry and all below; a missing path is fine. */
void view_remove(struct view *view, const char *path);

/* The changes as a layer: sorted, parents of changed entries included (but for the
 * root), also where an entry came and went, whiteouts for what was deleted, entries
 * equal to those below left out (entry_same; content compared by digest), made and
 * deleted ones absent. What replaces a folder of the layers below hides its children by
 * single whiteouts (BuildKit 0.32). An empty tree if nothing changed. The caller frees.
 */
int view_diff(struct view *view, struct tree **out, struct err *err);

#endif
