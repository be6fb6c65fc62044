/* SPDX-License-Identifier: MIT */
/* Private to sim/context: how a workspace holds its files. */
#ifndef SIM_CONTEXT_WORKSPACE_NODES_H
#define SIM_CONTEXT_WORKSPACE_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/map.h"
#include "sim/context/workspace.h"

struct node {
    struct entry entry; /* owns path, target and inline bytes; no xattrs */
    bool dirty;         /* the tree's copy is older */
    size_t place;       /* in the tree, while no paths have changed since */
};

struct workspace {
    struct map *by_path;
    struct node **nodes;
    size_t len, cap;
    size_t ordered;    /* nodes[0..ordered) are in path order */
    struct tree *tree; /* entries point into the nodes */
    bool moved;        /* paths were added or removed since the tree was made */
    struct node **dirty;
    size_t dirty_len, dirty_cap;
    int64_t edits;
};

struct node *workspace_node(const struct workspace *ws, const char *path);
/* Adds a node; takes ownership of path. Its parent is there and its path is new. */
struct node *workspace_add(struct workspace *ws, char *path, enum entry_type type,
                           uint32_t mode, int64_t mtime_ns);
/* Gives a regular file its content; takes ownership of data (may be NULL if len 0). */
void workspace_set_bytes(struct workspace *ws, struct node *node, char *data,
                         size_t len);
void workspace_mark(struct workspace *ws, struct node *node);
/* Puts nodes[] in path order. */
void workspace_order(struct workspace *ws);
/* The node at path and all below it: nodes[*first..*end), in order. */
void workspace_range(struct workspace *ws, const char *path, size_t *first,
                     size_t *end);
/* Takes nodes[first..end) out without freeing them; they are in order. */
void workspace_cut(struct workspace *ws, size_t first, size_t end);
void workspace_node_free(struct node *node); /* NULL is legal */

#endif
