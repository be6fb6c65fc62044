/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a workspace and the tree that shows them. An edit that keeps the paths
 * costs that one file again; one that changes them costs a merge of pointers and a copy
 * of the entries, never a digest of what stayed.
 */
#include "sim/context/workspace_nodes.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"

static void free_text(const char *text)
{
    free((char *)text);
}

static void drop_content(struct node *node)
{
    if (node->entry.content.kind == CONTENT_INLINE)
        free_text(node->entry.content.from.bytes);
    node->entry.content = (struct content){.kind = CONTENT_NONE};
}

void workspace_node_free(struct node *node)
{
    if (node == NULL)
        return;
    drop_content(node);
    free_text(node->entry.path);
    free_text(node->entry.target);
    free(node);
}

struct workspace *workspace_new(void)
{
    struct workspace *ws = xcalloc(1, sizeof *ws);
    ws->by_path = map_new();
    ws->tree = tree_new();
    workspace_add(ws, xstrdup(""), ENTRY_DIR, 0755, WORKSPACE_EPOCH * 1000000000);
    return ws;
}

struct workspace *workspace_copy(const struct workspace *ws)
{
    struct workspace *copy = xcalloc(1, sizeof *copy);
    copy->by_path = map_new();
    copy->tree = tree_new();
    copy->edits = ws->edits;
    for (size_t i = 0; i < ws->len; i++) {
        const struct entry *from = &ws->nodes[i]->entry;
        char *path = xstrdup(from->path);
        struct node *node =
            workspace_add(copy, path, from->type, from->mode, from->mtime_ns);
        node->entry = *from;
        node->entry.path = path;
        if (from->target != NULL)
            node->entry.target = xstrdup(from->target);
        if (from->content.kind == CONTENT_INLINE)
            node->entry.content.from.bytes =
                xstrndup(from->content.from.bytes, (size_t)from->size);
    }
    copy->ordered = ws->ordered;
    return copy;
}

void workspace_free(struct workspace *ws)
{
    if (ws == NULL)
        return;
    for (size_t i = 0; i < ws->len; i++)
        workspace_node_free(ws->nodes[i]);
    free(ws->nodes);
    free(ws->dirty);
    map_free(ws->by_path);
    tree_free(ws->tree);
    free(ws);
}

struct node *workspace_node(const struct workspace *ws, const char *path)
{
    return map_get(ws->by_path, path);
}

struct node *workspace_add(struct workspace *ws, char *path, enum entry_type type,
                           uint32_t mode, int64_t mtime_ns)
{
    struct node *node = xcalloc(1, sizeof *node);
    node->entry.path = path;
    node->entry.type = type;
    node->entry.mode = mode;
    node->entry.mtime_ns = mtime_ns;
    node->dirty = true;
    map_put(ws->by_path, path, node);
    GROW(ws->nodes, ws->cap, ws->len + 1);
    if (ws->ordered == ws->len &&
        (ws->len == 0 || path_compare(ws->nodes[ws->len - 1]->entry.path, path) < 0))
        ws->ordered++;
    ws->nodes[ws->len++] = node;
    ws->moved = true;
    return node;
}

void workspace_mark(struct workspace *ws, struct node *node)
{
    if (node->dirty)
        return;
    node->dirty = true;
    GROW(ws->dirty, ws->dirty_cap, ws->dirty_len + 1);
    ws->dirty[ws->dirty_len++] = node;
}

void workspace_set_bytes(struct workspace *ws, struct node *node, char *data,
                         size_t len)
{
    drop_content(node);
    node->entry.size = len;
    node->entry.has_digest = false;
    if (len != 0) {
        node->entry.content.kind = CONTENT_INLINE;
        node->entry.content.from.bytes = data;
    } else {
        free(data);
    }
    workspace_mark(ws, node);
}

static int compare_nodes(const void *a, const void *b)
{
    const struct node *const *x = a, *const *y = b;
    return path_compare((*x)->entry.path, (*y)->entry.path);
}

void workspace_order(struct workspace *ws)
{
    if (ws->ordered == ws->len)
        return;
    struct node **all = xreallocarray(NULL, ws->len, sizeof(struct node *));
    size_t a = 0, b = ws->ordered;
    qsort(ws->nodes + b, ws->len - b, sizeof(struct node *), compare_nodes);
    for (size_t k = 0; k < ws->len; k++) {
        bool second = a == ws->ordered ||
                      (b < ws->len && compare_nodes(&ws->nodes[b], &ws->nodes[a]) < 0);
        all[k] = second ? ws->nodes[b++] : ws->nodes[a++];
    }
    free(ws->nodes);
    ws->nodes = all;
    ws->cap = ws->ordered = ws->len;
}

void workspace_range(struct workspace *ws, const char *path, size_t *first, size_t *end)
{
    workspace_order(ws);
    size_t low = 0, high = ws->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (path_compare(ws->nodes[mid]->entry.path, path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *first = low;
    while (low < ws->len && path_is_below(ws->nodes[low]->entry.path, path))
        low++;
    *end = low;
}

void workspace_cut(struct workspace *ws, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        map_remove(ws->by_path, ws->nodes[i]->entry.path);
    memmove(ws->nodes + first, ws->nodes + end,
            (ws->len - end) * sizeof(struct node *));
    ws->len -= end - first;
    ws->ordered = ws->len;
    ws->moved = true;
    ws->dirty_len = 0; /* the whole tree is made anew, by the flags */
}

/* Digests of memory and of seeds cannot fail. */
static void refresh(struct node *node)
{
    struct err err = ERR_INIT;
    if (node->dirty && entry_need_digest(&node->entry, &err) != 0)
        abort();
    node->dirty = false;
}

const struct tree *workspace_tree(struct workspace *ws)
{
    struct tree *tree = ws->tree;
    if (!ws->moved) {
        for (size_t i = 0; i < ws->dirty_len; i++) {
            refresh(ws->dirty[i]);
            tree->entries[ws->dirty[i]->place] = ws->dirty[i]->entry;
        }
        ws->dirty_len = 0;
        return tree;
    }
    workspace_order(ws);
    GROW(tree->entries, tree->cap, ws->len);
    for (size_t i = 0; i < ws->len; i++) {
        refresh(ws->nodes[i]);
        ws->nodes[i]->place = i;
        tree->entries[i] = ws->nodes[i]->entry;
    }
    tree->len = ws->len;
    tree->sorted = true;
    ws->moved = false;
    ws->dirty_len = 0;
    return tree;
}
