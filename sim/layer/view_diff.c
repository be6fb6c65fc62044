/* SPDX-License-Identifier: MIT */
/*
 * What changed in a view, as a layer; the rules are those observed of BuildKit 0.32
 * (cache-semantics 7). Also: which files of a list are names of one file.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/view_internal.h"

/* ---- hard links -------------------------------------------------------------------
 */

void link_finder_add(struct link_finder *f, const struct node *node)
{
    GROW(f->inodes, f->cap, f->len + 1);
    bool can = node->now != NULL && node->now->type != ENTRY_DIR;
    f->inodes[f->len++] = can ? node_inode(node) : NULL;
}

/* Pointers to list positions; open addressing. */
struct seen {
    const struct entry *inode;
    size_t position;
};

static struct seen *find_seen(struct seen *table, size_t mask,
                              const struct entry *inode)
{
    size_t i = ((uintptr_t)inode >> 4) * 0x9e3779b97f4a7c15u >> 20;
    while (table[i & mask].inode != NULL && table[i & mask].inode != inode)
        i++;
    return &table[i & mask];
}

void link_finder_apply(struct link_finder *f, struct tree *tree)
{
    size_t cap = 16;
    while (cap < f->len * 2)
        cap *= 2;
    struct seen *table = xcalloc(cap, sizeof *table);
    for (size_t i = 0; i < f->len; i++) {
        if (f->inodes[i] == NULL)
            continue;
        struct seen *s = find_seen(table, cap - 1, f->inodes[i]);
        if (s->inode == NULL) {
            *s = (struct seen){f->inodes[i], i};
            continue;
        }
        struct entry *e = &tree->entries[i];
        e->type = ENTRY_HARDLINK;
        e->target = tree->entries[s->position].path;
        e->size = 0;
        e->has_digest = false;
        e->content = (struct content){.kind = CONTENT_NONE};
    }
    free(table);
}

void link_finder_free(struct link_finder *f)
{
    free(f->inodes);
}

/* ---- the layer ---------------------------------------------------------------------
 */

/* A folder on the way down to where the diff is. */
struct level {
    struct node *node;
    uint32_t next;
    bool written;
};

struct diff {
    struct view *view;
    struct tree *out;
    struct link_finder links;
    struct level *levels;
    size_t len, cap;
};

static void emit_node(struct diff *d, const struct node *node)
{
    tree_add(d->out, node->now);
    if (d->view->links)
        link_finder_add(&d->links, node);
}

/* Folders above what is written stand in the layer as they are now; the root never
 * does. */
static void emit_parents(struct diff *d)
{
    for (size_t i = 0; i < d->len; i++) {
        if (!d->levels[i].written)
            emit_node(d, d->levels[i].node);
        d->levels[i].written = true;
    }
}

static void emit_whiteout(struct diff *d, const struct node *node)
{
    struct entry e = {.path = node->base->path, .type = ENTRY_WHITEOUT};
    emit_parents(d);
    tree_add(d->out, &e);
    if (d->view->links)
        link_finder_add(&d->links, node); /* node->now is NULL: no link */
}

static bool unchanged(const struct node *node)
{
    return node->base != NULL && entry_same(node->base, node->now);
}

static void enter(struct diff *d, struct node *node, bool written)
{
    GROW(d->levels, d->cap, d->len + 1);
    d->levels[d->len++] = (struct level){.node = node, .written = written};
    if (node->folder != NULL && node->folder->stirred)
        emit_parents(d); /* this one included */
}

static void visit(struct diff *d, struct node *node)
{
    if (node->now == NULL) {
        if (node->base != NULL)
            emit_whiteout(d, node);
        return;
    }
    if (!node->touched)
        return;
    bool same = unchanged(node);
    if (!same) {
        emit_parents(d);
        emit_node(d, node);
    }
    if (node_is_dir(node))
        enter(d, node, !same);
}

int view_diff(struct view *view, struct tree **out, struct err *err)
{
    (void)err; /* contents that cannot be read are different ones, and fail later */
    struct diff d = {.view = view, .out = tree_new()};
    if (view->changed)
        enter(&d, view_root(view), true);
    while (d.len > 0) {
        struct level *top = &d.levels[d.len - 1];
        const struct folder *f = node_folder(view, top->node);
        if (top->next < f->len)
            visit(&d, f->kids[top->next++]);
        else
            d.len--;
    }
    if (view->links)
        link_finder_apply(&d.links, d.out);
    link_finder_free(&d.links);
    free(d.levels);
    *out = d.out;
    return 0;
}
