/* SPDX-License-Identifier: MIT */
/* A stack of layers seen as one root filesystem, and changes to it. */
#include "sim/layer/view.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/view_internal.h"

enum { LINKS_FOLLOWED = 40 }; /* as Linux does */

struct view *view_new(void)
{
    struct view *view = xcalloc(1, sizeof *view);
    view->memory = tree_new();
    return view;
}

void view_free(struct view *view)
{
    if (view == NULL)
        return;
    tree_free(view->memory);
    free(view->layers);
    free(view);
}

void view_push(struct view *view, const struct tree *layer)
{
    GROW(view->layers, view->layer_cap, view->layer_count + 1);
    view->layers[view->layer_count++] = layer;
    if (view->root != NULL) { /* look anew */
        tree_free(view->memory);
        view->memory = tree_new();
    }
    view->root = view->near = NULL;
    view->changed = view->links = false;
}

const struct entry *view_lookup(struct view *view, const char *path)
{
    const struct node *node = view_node(view, path);
    return node != NULL ? node->now : NULL;
}

bool view_changed(const struct view *view)
{
    return view->changed;
}

void view_list(struct view *view, const char *dir, struct strv *out)
{
    struct node *node = view_node(view, dir);
    if (node == NULL || !node_is_dir(node))
        return;
    const struct folder *f = node_folder(view, node);
    for (uint32_t i = 0; i < f->len; i++)
        if (f->kids[i]->now != NULL)
            strv_add(out, f->kids[i]->name);
}

int view_walk(struct view *view, const char *path,
              int (*fn)(void *payload, const struct entry *entry, struct err *err),
              void *payload, struct err *err)
{
    struct node_walk walk;
    int rc = 0;
    node_walk_start(&walk, view, view_node(view, path));
    for (struct node *n; rc == 0 && (n = node_walk_next(&walk)) != NULL;)
        rc = fn(payload, n->now, err);
    node_walk_free(&walk);
    return rc;
}

struct tree *view_subtree(struct view *view, const char *path)
{
    struct tree *out = tree_new();
    struct link_finder links = {0};
    struct node_walk walk;
    node_walk_start(&walk, view, view_node(view, path));
    for (struct node *n; (n = node_walk_next(&walk)) != NULL;) {
        tree_add(out, n->now);
        link_finder_add(&links, n);
    }
    node_walk_free(&walk);
    if (view->links)
        link_finder_apply(&links, out);
    link_finder_free(&links);
    return out;
}

/* ---- resolving ---------------------------------------------------------------------
 */

/* Replaces what is still to be walked, from rest on, by a link's target and the rest.
 */
static void insert_target(char **todo, const char *target, const char *rest)
{
    char *fresh = xasprintf("%s/%s", target, rest);
    free(*todo);
    *todo = fresh;
}

static void drop_last(struct buf *path)
{
    if (path->len == 0)
        return;
    path->len = path_parent_len(path->data);
    path->data[path->len] = '\0';
}

int view_resolve(struct view *view, const char *path, bool follow_last, char **out,
                 struct err *err)
{
    AUTO_FREE char *todo = xstrdup(path);
    AUTO_BUF done = BUF_INIT;
    buf_reserve(&done, strlen(path));
    unsigned links = 0;
    for (const char *at = todo; *(at += strspn(at, "/")) != '\0';) {
        size_t n = strcspn(at, "/");
        const char *name = at;
        at += n;
        if (n == 1 && name[0] == '.')
            continue;
        if (n == 2 && name[0] == '.' && name[1] == '.') {
            drop_last(&done);
            continue;
        }
        size_t had = done.len;
        if (had != 0)
            buf_addc(&done, '/');
        buf_add(&done, name, n);
        /* A slash behind the last part asks for what is behind the link, too. */
        if (*at == '\0' && !follow_last)
            continue;
        const struct entry *e = view_lookup(view, buf_str(&done));
        if (e == NULL || e->type != ENTRY_SYMLINK)
            continue;
        if (++links > LINKS_FOLLOWED)
            return err_set(err, ERR_FAILED, "%s: too many levels of symbolic links",
                           path);
        done.len = e->target[0] == '/' ? 0 : had;
        done.data[done.len] = '\0';
        insert_target(&todo, e->target, at);
        at = todo;
    }
    *out = buf_steal(&done);
    return 0;
}

/* ---- changes ------------------------------------------------------------------------
 */

/* Keeps a copy of the entry as long as the view's changes. */
static const struct entry *keep(struct view *view, const struct entry *entry,
                                const char *path)
{
    view->memory->len = 0;
    const struct entry *copy = tree_add_as(view->memory, entry, path);
    struct entry *kept = tree_alloc(view->memory, sizeof *kept);
    *kept = *copy;
    view->memory->len = 0;
    return kept;
}

static void touch(struct view *view, struct node *node)
{
    view->changed = true;
    for (; node != NULL && !node->touched; node = node->parent)
        node->touched = true;
}

/* Folders whose content is still to be marked as gone. */
struct pending {
    struct node **nodes;
    size_t len, cap;
};

static void empty_one(struct node *dir, struct pending *pending)
{
    struct folder *f = dir->folder;
    if (f == NULL)
        return;
    f->hidden = f->stirred = true;
    for (uint32_t i = 0; i < f->len; i++) {
        f->kids[i]->now = NULL;
        if (f->kids[i]->folder == NULL)
            continue;
        GROW(pending->nodes, pending->cap, pending->len + 1);
        pending->nodes[pending->len++] = f->kids[i];
    }
}

/* Marks all that was made of a folder's content as gone; what was not looked at yet
 * comes up as gone. */
static void empty_folder(struct node *dir)
{
    struct pending pending = {0};
    empty_one(dir, &pending);
    while (pending.len > 0)
        empty_one(pending.nodes[--pending.len], &pending);
    free(pending.nodes);
}

static struct node *existing(struct view *view, const char *path)
{
    struct node *node = view_node(view, path);
    return node != NULL && node->now != NULL ? node : NULL;
}

/* Takes what a hard link shares from its target; the link's own words mean nothing. */
static int follow_link(struct view *view, const struct entry *link, struct entry *out,
                       const struct entry **inode, struct err *err)
{
    const struct node *target = existing(view, link->target);
    if (target == NULL || target->now->type == ENTRY_DIR)
        return err_set(err, ERR_FAILED, "%s: no file to link to at %s", link->path,
                       link->target);
    *inode = node_inode(target);
    *out = *target->now;
    out->path = link->path;
    view->links = true;
    return 0;
}

/* The folder an entry is to be put into, and the entry's name. */
static struct node *parent_for(struct view *view, const char *path, const char **name,
                               struct err *err)
{
    size_t n = path_parent_len(path);
    struct node *dir = view_node_n(view, path, n);
    if (dir == NULL || !node_is_dir(dir)) {
        bool is_there = dir != NULL && dir->now != NULL;
        err_set(err, ERR_FAILED, "%s: /%.*s %s", path, (int)(n < 4096 ? n : 4096), path,
                is_there ? "is not a folder" : "does not exist");
        return NULL;
    }
    *name = path + n + (n != 0);
    view->near = dir;
    return dir;
}

static void replace(struct view *view, struct node *node, const struct entry *kept,
                    const struct entry *inode)
{
    if (node->now == NULL && node->parent != NULL)
        node->parent->folder->stirred = true;
    if (node_is_dir(node) && kept->type != ENTRY_DIR)
        empty_folder(node);
    node->now = kept;
    node->inode = inode;
    touch(view, node);
}

int view_put(struct view *view, const struct entry *entry, struct err *err)
{
    struct entry what = *entry;
    const struct entry *inode = NULL;
    if (entry->type == ENTRY_SOCKET)
        return 0; /* layers leave them out */
    if (entry->type == ENTRY_WHITEOUT || entry->type == ENTRY_OPAQUE)
        return err_set(err, ERR_FAILED, "%s: a whiteout is no file", entry->path);
    if (entry->path[0] == '\0' && entry->type != ENTRY_DIR)
        return err_set(err, ERR_FAILED, "the root can only be a folder");
    if (entry->path[0] == '\0') {
        replace(view, view_root(view), keep(view, entry, ""), NULL);
        return 0;
    }
    if (entry->type == ENTRY_HARDLINK) {
        int rc = follow_link(view, entry, &what, &inode, err);
        if (rc != 0)
            return rc;
    }
    const char *name;
    struct node *dir = parent_for(view, entry->path, &name, err);
    if (dir == NULL)
        return ERR_FAILED;
    struct node *node = node_child(view, dir, name, strlen(name));
    if (inode != NULL && node != NULL && node->now != NULL && node_inode(node) == inode)
        return 0; /* linked to itself */
    const struct entry *kept = keep(view, &what, entry->path);
    if (node == NULL)
        node = node_add_child(view, dir, path_base(kept->path));
    replace(view, node, kept, inode);
    return 0;
}

int view_make_folders(struct view *view, const char *path, const struct entry *like,
                      struct err *err)
{
    AUTO_FREE char *resolved = NULL;
    int rc = view_resolve(view, path, true, &resolved, err);
    if (rc != 0)
        return rc;
    for (char *end = resolved; *end != '\0';) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char was = *end;
        *end = '\0';
        const struct entry *e = view_lookup(view, resolved);
        struct entry made = *like;
        made.path = resolved;
        made.type = ENTRY_DIR;
        if (e == NULL)
            rc = view_put(view, &made, err);
        else if (e->type != ENTRY_DIR)
            rc = err_set(err, ERR_FAILED, "/%s is not a folder", resolved);
        *end = was;
        if (rc != 0)
            return rc;
    }
    return 0;
}

void view_remove(struct view *view, const char *path)
{
    struct node *node = existing(view, path);
    if (node == NULL)
        return;
    if (node_is_dir(node))
        empty_folder(node);
    if (node->parent != NULL) { /* the root itself stays */
        node->now = NULL;
        node->inode = NULL;
        node->parent->folder->stirred = true;
    }
    touch(view, node);
}
