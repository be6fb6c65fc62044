/* SPDX-License-Identifier: MIT */
/* The nodes of a view: made from the layers when a folder is first looked into. */
#include "sim/layer/view_internal.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/path.h"

enum {
    HASH_FROM = 16,  /* children from which on a folder gets a hash */
    LINK_CHAIN = 40, /* links to links that are followed */
};

static const struct entry no_root = {.path = "", .type = ENTRY_DIR, .mode = 0755};

static struct folder *new_folder(struct view *view)
{
    struct folder *f = tree_alloc(view->memory, sizeof *f);
    *f = (struct folder){.loaded = true, .sorted = true};
    return f;
}

/* Arrays that grow in the arena: the former one is left behind there. */
static void *grow_array(struct view *view, const void *old, size_t len, size_t cap,
                        size_t item)
{
    void *fresh = tree_alloc(view->memory, cap * item);
    if (len > 0)
        memcpy(fresh, old, len * item);
    return fresh;
}

static uint32_t hash_name(const char *name, size_t len)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)name[i]) * 1099511628211u;
    return (uint32_t)(h ^ (h >> 32));
}

static void hash_insert(struct folder *f, uint32_t position)
{
    const char *name = f->kids[position]->name;
    uint32_t mask = f->slot_count - 1;
    uint32_t i = hash_name(name, strlen(name)) & mask;
    while (f->slots[i] != 0)
        i = (i + 1) & mask;
    f->slots[i] = position + 1;
}

static void hash_all(struct view *view, struct folder *f, uint32_t slots)
{
    if (slots != f->slot_count)
        f->slots = tree_alloc(view->memory, slots * sizeof *f->slots);
    f->slot_count = slots;
    memset(f->slots, 0, slots * sizeof *f->slots);
    for (uint32_t i = 0; i < f->len; i++)
        hash_insert(f, i);
}

static struct node *find_kid(const struct folder *f, const char *name, size_t len)
{
    if (f->slot_count == 0) {
        for (uint32_t i = 0; i < f->len; i++)
            if (strncmp(f->kids[i]->name, name, len) == 0 &&
                f->kids[i]->name[len] == '\0')
                return f->kids[i];
        return NULL;
    }
    uint32_t mask = f->slot_count - 1;
    for (uint32_t i = hash_name(name, len) & mask; f->slots[i] != 0;
         i = (i + 1) & mask) {
        struct node *kid = f->kids[f->slots[i] - 1];
        if (strncmp(kid->name, name, len) == 0 && kid->name[len] == '\0')
            return kid;
    }
    return NULL;
}

struct node *node_add_child(struct view *view, struct node *dir, const char *name)
{
    if (dir->folder == NULL)
        dir->folder = new_folder(view);
    struct folder *f = dir->folder;
    struct node *kid = tree_alloc(view->memory, sizeof *kid);
    *kid = (struct node){.parent = dir, .name = name};
    if (f->len == f->cap) {
        f->cap = f->cap != 0 ? f->cap * 2 : 4;
        f->kids = grow_array(view, f->kids, f->len, f->cap, sizeof(struct node *));
    }
    if (f->len > 0 && f->sorted)
        f->sorted = strcmp(f->kids[f->len - 1]->name, name) < 0;
    f->kids[f->len++] = kid;
    if (f->slot_count != 0 && f->len * 2 <= f->slot_count)
        hash_insert(f, f->len - 1);
    else if (f->len >= HASH_FROM)
        hash_all(view, f, f->slot_count != 0 ? f->slot_count * 4 : HASH_FROM * 4);
    return kid;
}

/* ---- from the layers ------------------------------------------------------------- */

/* A name in one layer's part of a folder. */
struct item {
    const char *name; /* ends at len, maybe in the middle of a path */
    size_t len;
    const struct entry *entry; /* NULL: the layer has only what is below */
    struct span span;
    size_t order; /* 0: top-most layer */
};

struct items {
    struct item *items;
    size_t len, cap;
};

/* The first index in (first, end) whose path does not start with the len bytes of
 * prefix and a slash. */
static size_t end_of_child(const struct span *in, size_t first, const char *prefix,
                           size_t len)
{
    const struct entry *entries = in->layer->entries;
    size_t low = first + 1, step = 1;
    /* Near ends are found in few steps, far ones in a logarithm. */
    for (size_t at = low; at < in->end; at += step, step *= 2) {
        const char *path = entries[at].path;
        if (strncmp(path, prefix, len) != 0 || path[len] != '/')
            break;
        low = at + 1;
    }
    size_t high = low + step < in->end ? low + step : in->end;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const char *path = entries[mid].path;
        if (strncmp(path, prefix, len) == 0 && path[len] == '/')
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Collects the names one layer has in a folder whose path takes skip bytes, slash
 * included. True if the layer hides the folder's content in the layers below. */
static bool collect_span(const struct span *span, size_t skip, size_t order,
                         struct items *out)
{
    bool opaque = false;
    size_t i = span->first;
    if (i < span->end && strlen(span->layer->entries[i].path) + 1 <= skip)
        i++; /* the folder's own entry */
    if (skip == 0 && i < span->end && span->layer->entries[i].path[0] == '\0')
        i++;
    while (i < span->end) {
        const struct entry *e = &span->layer->entries[i];
        if (e->type == ENTRY_OPAQUE) {
            opaque = true;
            i++;
            continue;
        }
        const char *name = e->path + skip;
        size_t len = strcspn(name, "/");
        size_t end = end_of_child(span, i, e->path, skip + len);
        GROW(out->items, out->cap, out->len + 1);
        out->items[out->len++] = (struct item){.name = name,
                                               .len = len,
                                               .entry = name[len] == '\0' ? e : NULL,
                                               .span = {span->layer, i, end},
                                               .order = order};
        i = end;
    }
    return opaque;
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    size_t n = x->len < y->len ? x->len : y->len;
    int c = memcmp(x->name, y->name, n);
    if (c == 0)
        c = (x->len > y->len) - (x->len < y->len);
    return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

/* A hard link's target in its own layer, NULL if it is not there. */
static const struct entry *link_target(const struct tree *layer, const struct entry *e)
{
    for (int i = 0; i < LINK_CHAIN && e != NULL && e->type == ENTRY_HARDLINK; i++)
        e = tree_find(layer, e->target);
    bool usable = e != NULL && e->type != ENTRY_HARDLINK && e->type != ENTRY_DIR &&
                  e->type != ENTRY_WHITEOUT && e->type != ENTRY_OPAQUE;
    return usable ? e : NULL;
}

/* What stands at a link's path: its target under another name. */
static void set_link(struct view *view, struct node *node, const struct item *item)
{
    const struct entry *target = link_target(item->span.layer, item->entry);
    if (target == NULL)
        return;
    struct entry *copy = tree_alloc(view->memory, sizeof *copy);
    *copy = *target;
    copy->path = item->entry->path;
    node->base = copy;
    node->inode = target;
    view->links = true;
}

/* A folder's entry is that of its top-most layer that has one. */
static void set_folder(struct view *view, struct node *node, const struct item *items,
                       size_t len)
{
    const struct entry *own = NULL;
    size_t count = 0;
    for (; count < len; count++) {
        const struct entry *e = items[count].entry;
        if (e != NULL && e->type != ENTRY_DIR)
            break; /* a whiteout, or something a folder came to replace */
        if (own == NULL)
            own = e;
    }
    if (own == NULL) { /* nobody says what it is like */
        struct entry *made = tree_alloc(view->memory, sizeof *made);
        *made = no_root;
        const char *path = items[0].span.layer->entries[items[0].span.first].path;
        size_t path_len = (size_t)(items[0].name - path) + items[0].len;
        char *text = tree_alloc(view->memory, path_len + 1);
        memcpy(text, path, path_len);
        text[path_len] = '\0';
        made->path = text;
        own = made;
    }
    node->base = own;
    struct span *spans = tree_alloc(view->memory, count * sizeof *spans);
    for (size_t i = 0; i < count; i++)
        spans[i] = items[i].span;
    node->folder = new_folder(view);
    node->folder->loaded = false;
    node->folder->spans = spans;
    node->folder->span_count = (uint32_t)count;
}

static bool item_is_dir(const struct item *item)
{
    return item->entry == NULL || item->entry->type == ENTRY_DIR;
}

/* Items of one name, top-most layer first. */
static void load_name(struct view *view, struct node *dir, const struct item *items,
                      size_t len)
{
    const struct entry *top = items[0].entry;
    if (top != NULL && top->type == ENTRY_WHITEOUT)
        return;
    struct node made = {0};
    if (item_is_dir(&items[0]))
        set_folder(view, &made, items, len);
    else if (top->type == ENTRY_HARDLINK)
        set_link(view, &made, &items[0]);
    else
        made.base = top;
    if (made.base == NULL)
        return;
    struct node *kid = node_add_child(view, dir, path_base(made.base->path));
    kid->base = made.base;
    kid->inode = made.inode;
    kid->folder = made.folder;
    if (!dir->folder->hidden)
        kid->now = kid->base;
    else if (kid->folder != NULL)
        kid->folder->hidden = true;
}

static void load(struct view *view, struct node *dir)
{
    struct folder *f = dir->folder;
    f->loaded = true;
    size_t skip = dir->parent != NULL ? strlen(dir->base->path) + 1 : 0;
    struct items all = {0};
    for (size_t i = 0; i < f->span_count; i++)
        if (collect_span(&f->spans[i], skip, i, &all))
            break;
    if (f->span_count > 1 && all.len > 1)
        qsort(all.items, all.len, sizeof *all.items, compare_items);
    for (size_t i = 0, end; i < all.len; i = end) {
        end = i + 1;
        while (end < all.len && all.items[end].len == all.items[i].len &&
               memcmp(all.items[end].name, all.items[i].name, all.items[i].len) == 0)
            end++;
        load_name(view, dir, &all.items[i], end - i);
    }
    free(all.items);
}

static int compare_kids(const void *a, const void *b)
{
    return strcmp((*(struct node *const *)a)->name, (*(struct node *const *)b)->name);
}

struct folder *node_folder(struct view *view, struct node *dir)
{
    if (dir->folder == NULL)
        dir->folder = new_folder(view);
    struct folder *f = dir->folder;
    if (!f->loaded)
        load(view, dir);
    if (!f->sorted) {
        qsort(f->kids, f->len, sizeof(struct node *), compare_kids);
        f->sorted = true;
        if (f->slot_count != 0)
            hash_all(view, f, f->slot_count);
    }
    return f;
}

struct node *view_root(struct view *view)
{
    if (view->root != NULL)
        return view->root;
    struct node *root = tree_alloc(view->memory, sizeof *root);
    *root = (struct node){.name = "", .base = &no_root};
    root->folder = new_folder(view);
    struct span *spans = tree_alloc(view->memory, view->layer_count * sizeof *spans);
    for (size_t i = 0; i < view->layer_count; i++) {
        const struct tree *layer = view->layers[view->layer_count - 1 - i];
        spans[i] = (struct span){layer, 0, layer->len};
        if (root->base == &no_root && layer->len > 0 &&
            layer->entries[0].path[0] == '\0' && layer->entries[0].type == ENTRY_DIR)
            root->base = &layer->entries[0];
    }
    root->folder->spans = spans;
    root->folder->span_count = (uint32_t)view->layer_count;
    root->folder->loaded = false;
    root->now = root->base;
    view->root = root;
    return root;
}

struct node *node_child(struct view *view, struct node *dir, const char *name,
                        size_t len)
{
    if (dir->folder == NULL)
        return NULL;
    if (!dir->folder->loaded)
        load(view, dir);
    return find_kid(dir->folder, name, len);
}

static bool is_folder_at(const struct node *node, const char *path, size_t len)
{
    return node != NULL && node_is_dir(node) &&
           strncmp(node->now->path, path, len) == 0 && node->now->path[len] == '\0';
}

/* The folder of that path if it is the one last looked into, or the one above it:
 * mostly paths come in order. */
static struct node *near_folder(const struct view *view, const char *path, size_t len)
{
    if (view->near == NULL || len == 0)
        return NULL;
    if (is_folder_at(view->near, path, len))
        return view->near;
    return is_folder_at(view->near->parent, path, len) ? view->near->parent : NULL;
}

struct node *view_node_n(struct view *view, const char *path, size_t len)
{
    struct node *at = near_folder(view, path, len);
    if (at != NULL)
        return at;
    size_t i = len;
    while (i > 0 && path[i - 1] != '/')
        i--;
    at = i > 0 ? near_folder(view, path, i - 1) : NULL;
    if (at == NULL) {
        at = view_root(view);
        i = 0;
    }
    while (i < len) {
        const char *slash = memchr(path + i, '/', len - i);
        size_t n = slash != NULL ? (size_t)(slash - path) - i : len - i;
        at = node_child(view, at, path + i, n);
        if (at == NULL)
            return NULL;
        if (node_is_dir(at))
            view->near = at;
        i += n + (slash != NULL);
    }
    return at;
}

struct node *view_node(struct view *view, const char *path)
{
    return view_node_n(view, path, strlen(path));
}

const struct entry *node_inode(const struct node *node)
{
    return node->inode != NULL ? node->inode : node->now;
}

/* ---- walks ------------------------------------------------------------------------
 */

static void walk_enter(struct node_walk *walk, struct node *node)
{
    GROW(walk->steps, walk->cap, walk->len + 1);
    walk->steps[walk->len++] = (struct step){node, UINT32_MAX};
}

void node_walk_start(struct node_walk *walk, struct view *view, struct node *start)
{
    *walk = (struct node_walk){.view = view};
    if (start != NULL && start->now != NULL)
        walk_enter(walk, start);
}

struct node *node_walk_next(struct node_walk *walk)
{
    while (walk->len > 0) {
        struct step *top = &walk->steps[walk->len - 1];
        if (top->next == UINT32_MAX) { /* not shown yet */
            top->next = 0;
            return top->node;
        }
        struct folder *f = NULL;
        if (node_is_dir(top->node))
            f = node_folder(walk->view, top->node);
        if (f == NULL || top->next >= f->len) {
            walk->len--;
            continue;
        }
        struct node *kid = f->kids[top->next++];
        if (kid->now != NULL)
            walk_enter(walk, kid);
    }
    return NULL;
}

void node_walk_free(struct node_walk *walk)
{
    free(walk->steps);
}
