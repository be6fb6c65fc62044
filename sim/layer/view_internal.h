/* SPDX-License-Identifier: MIT */
/*
 * How a view is kept: a tree of nodes by name, made as far as somebody looked. A node
 * knows what the layers say (base) and what holds now; a folder's node knows in which
 * part of which layers its content stands, so that a look-up asks only the layers that
 * have the folder. Only the files of this room include this.
 */
#ifndef SIM_LAYER_VIEW_INTERNAL_H
#define SIM_LAYER_VIEW_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/mem.h"
#include "sim/layer/view.h"

#define OPAQUE_NAME ".wh..wh..opq"
#define WHITEOUT_PREFIX ".wh."

/* A folder's entries in one layer: its own entry, if there is one, and all below. */
struct span {
    const struct tree *layer;
    size_t first, end;
};

struct node;

struct folder {
    struct node **kids; /* also those that are gone or were never there again */
    uint32_t len, cap;
    uint32_t *slots; /* hash of names to position in kids + 1; 0: free */
    uint32_t slot_count;
    const struct span *spans; /* top-most layer first */
    uint32_t span_count;
    bool loaded;  /* kids holds what the spans say */
    bool sorted;  /* kids are in byte order of their names */
    bool hidden;  /* what the layers hold in here was deleted */
    bool stirred; /* an entry came or went since the push */
};

struct node {
    struct node *parent;
    const char *name;
    const struct entry *base; /* NULL: not in the layers */
    const struct entry *now;  /* NULL: does not exist; hard links are resolved */
    /* Same for all names of one file; NULL for what has one name as far as is known
     * (the target of links: found by its entry, see node_inode). */
    const struct entry *inode;
    struct folder *folder; /* of what is or was a folder */
    bool touched;          /* something changed here or below */
};

struct view {
    const struct tree **layers; /* lowest first */
    size_t layer_count, layer_cap;
    struct tree *memory; /* owns nodes and changed entries; its list stays empty */
    struct node *root;   /* NULL until somebody looks */
    struct node *near;   /* the folder last looked into */
    bool changed;
    bool links; /* some node has an inode */
};

/* The root's node. */
struct node *view_root(struct view *view);
/* The node for a clean path, existing or not now; NULL if there is none. */
struct node *view_node(struct view *view, const char *path);
struct node *view_node_n(struct view *view, const char *path, size_t len);
/* The child of that name, NULL if there is none; also one that does not exist now. */
struct node *node_child(struct view *view, struct node *dir, const char *name,
                        size_t len);
/* Adds a child that has no entry yet. `name` lives as long as the view. */
struct node *node_add_child(struct view *view, struct node *dir, const char *name);
/* All children in order of their names. */
struct folder *node_folder(struct view *view, struct node *dir);
/* What all names of one file have in common. */
const struct entry *node_inode(const struct node *node);

static inline bool node_is_dir(const struct node *node)
{
    return node->now != NULL && node->now->type == ENTRY_DIR;
}

/* A walk over existing nodes in path order without recursion: folders may be nested
 * deeper than a thread's stack. */
struct step {
    struct node *node;
    uint32_t next;
};
struct node_walk {
    struct view *view;
    struct step *steps;
    size_t len, cap;
};
void node_walk_start(struct node_walk *walk, struct view *view, struct node *start);
/* The next node, the start first; NULL at the end. */
struct node *node_walk_next(struct node_walk *walk);
void node_walk_free(struct node_walk *walk);

/* Finds files of several names in a list and turns all but the first into hard links.
 */
struct link_finder {
    const struct entry **inodes; /* one for each entry of the tree */
    size_t len, cap;
};
void link_finder_add(struct link_finder *f, const struct node *node);
void link_finder_apply(struct link_finder *f, struct tree *tree);
void link_finder_free(struct link_finder *f);

#endif
