/* SPDX-License-Identifier: MIT */
/* The edits of a workspace. Symlinks are entries like others: no path leads through
 * one. */
#include "sim/context/workspace.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/context/workspace_nodes.h"

enum { NAME_LONGEST = 255, PATH_LONGEST = 4095, MODE_FILE = 0644, MODE_FOLDER = 0755 };

/* Time of the edit that is being made. */
static int64_t now_ns(const struct workspace *ws)
{
    return (WORKSPACE_EPOCH + ws->edits) * 1000000000;
}

/* A clean relative path that is not the root; the caller frees *out. */
static int clean_path(const char *path, char **out, struct err *err)
{
    if (path[0] == '/')
        return err_set(err, ERR_INPUT,
                       "%s is absolute; a path in a workspace is relative", path);
    if (strlen(path) > PATH_LONGEST)
        return err_set(err, ERR_INPUT, "a path of more than %d bytes", PATH_LONGEST);
    for (const char *p = path; *p != '\0';) {
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.')
            return err_set(err, ERR_INPUT, "%s: \"..\" has no place in a workspace",
                           path);
        if (n > NAME_LONGEST)
            return err_set(err, ERR_INPUT, "a file name of more than %d bytes",
                           NAME_LONGEST);
        p += n;
        p += strspn(p, "/");
    }
    AUTO_FREE char *clean = path_below_root(path);
    if (clean[0] == '\0')
        return err_set(err, ERR_INPUT, "\"%s\" is the workspace itself", path);
    *out = STEAL(clean);
    return 0;
}

/* The node at a path as the user wrote it. */
static int find(struct workspace *ws, const char *path, struct node **out,
                struct err *err)
{
    AUTO_FREE char *clean = NULL;
    int rc = clean_path(path, &clean, err);
    if (rc != 0)
        return rc;
    *out = workspace_node(ws, clean);
    if (*out == NULL)
        return err_set(err, ERR_INPUT, "there is no %s in the workspace", clean);
    return 0;
}

/* Makes the folders above a clean path. Nothing is made if one of them is a file. */
static int make_parents(struct workspace *ws, const char *path, struct err *err)
{
    for (int pass = 0; pass < 2; pass++) {
        for (const char *p = path; (p = strchr(p, '/')) != NULL; p++) {
            AUTO_FREE char *parent = xstrndup(path, (size_t)(p - path));
            const struct node *node = workspace_node(ws, parent);
            if (node != NULL && node->entry.type != ENTRY_DIR)
                return err_set(err, ERR_INPUT, "%s is not a folder", parent);
            if (node == NULL && pass == 1)
                workspace_add(ws, STEAL(parent), ENTRY_DIR, MODE_FOLDER, now_ns(ws));
        }
    }
    return 0;
}

/* A regular file to write to, made if it is not there. Counts the edit. */
static int open_file(struct workspace *ws, const char *path, struct node **out,
                     struct err *err)
{
    AUTO_FREE char *clean = NULL;
    int rc = clean_path(path, &clean, err);
    if (rc != 0)
        return rc;
    *out = workspace_node(ws, clean);
    if (*out != NULL && (*out)->entry.type != ENTRY_FILE)
        return err_set(err, ERR_INPUT, "%s is a %s, not a file", clean,
                       (*out)->entry.type == ENTRY_DIR ? "folder" : "symlink");
    ws->edits++;
    if (*out == NULL) {
        rc = make_parents(ws, clean, err);
        if (rc != 0) {
            ws->edits--;
            return rc;
        }
        *out = workspace_add(ws, STEAL(clean), ENTRY_FILE, MODE_FILE, now_ns(ws));
    }
    (*out)->entry.mtime_ns = now_ns(ws);
    return 0;
}

int workspace_write(struct workspace *ws, const char *path, const void *data,
                    size_t len, struct err *err)
{
    struct node *node;
    int rc = open_file(ws, path, &node, err);
    if (rc != 0)
        return rc;
    workspace_set_bytes(ws, node, len != 0 ? xstrndup(data, len) : NULL, len);
    return 0;
}

/* Generated content that nothing else has: of this path, at this edit. */
static void set_seed(struct workspace *ws, struct node *node, uint64_t size)
{
    AUTO_FREE char *name = xasprintf("%lld %s", (long long)ws->edits, node->entry.path);
    struct digest digest = digest_of(name, strlen(name));
    workspace_set_bytes(ws, node, NULL, 0);
    node->entry.size = size;
    if (size == 0)
        return;
    node->entry.content.kind = CONTENT_SEED;
    node->entry.content.from.seed = 0;
    for (size_t i = 0; i < sizeof(uint64_t); i++)
        node->entry.content.from.seed =
            node->entry.content.from.seed << 8 | digest.bytes[i];
}

int workspace_write_sized(struct workspace *ws, const char *path, uint64_t size,
                          struct err *err)
{
    struct node *node;
    int rc = open_file(ws, path, &node, err);
    if (rc == 0)
        set_seed(ws, node, size);
    return rc;
}

int workspace_append(struct workspace *ws, const char *path, const void *data,
                     size_t len, struct err *err)
{
    struct node *node;
    int rc = open_file(ws, path, &node, err);
    if (rc != 0)
        return rc;
    size_t old = (size_t)node->entry.size;
    if (node->entry.content.kind == CONTENT_SEED) {
        set_seed(ws, node, node->entry.size + len);
        return 0;
    }
    char *all = xmalloc(old + len + 1);
    if (old != 0)
        memcpy(all, node->entry.content.from.bytes, old);
    if (len != 0)
        memcpy(all + old, data, len);
    all[old + len] = '\0';
    workspace_set_bytes(ws, node, all, old + len);
    return 0;
}

int workspace_mkdir(struct workspace *ws, const char *path, struct err *err)
{
    AUTO_FREE char *clean = NULL;
    int rc = clean_path(path, &clean, err);
    if (rc != 0)
        return rc;
    struct node *node = workspace_node(ws, clean);
    if (node != NULL && node->entry.type != ENTRY_DIR)
        return err_set(err, ERR_INPUT, "%s is there already and no folder", clean);
    ws->edits++;
    if (node != NULL)
        return 0;
    rc = make_parents(ws, clean, err);
    if (rc == 0)
        workspace_add(ws, STEAL(clean), ENTRY_DIR, MODE_FOLDER, now_ns(ws));
    else
        ws->edits--;
    return rc;
}

/* Takes the node at a clean path and all below it out and frees them. */
static void drop(struct workspace *ws, const char *path)
{
    size_t first, end;
    workspace_range(ws, path, &first, &end);
    size_t n = end - first;
    AUTO_FREE struct node **gone = xreallocarray(NULL, n, sizeof(struct node *));
    memcpy(gone, ws->nodes + first, n * sizeof(struct node *));
    workspace_cut(ws, first, end);
    for (size_t i = 0; i < n; i++)
        workspace_node_free(gone[i]);
}

int workspace_symlink(struct workspace *ws, const char *target, const char *path,
                      struct err *err)
{
    AUTO_FREE char *clean = NULL;
    if (target[0] == '\0' || strlen(target) > PATH_LONGEST)
        return err_set(err, ERR_INPUT, "%s: a symlink's target has 1 to %d bytes", path,
                       PATH_LONGEST);
    int rc = clean_path(path, &clean, err);
    if (rc != 0)
        return rc;
    const struct node *old = workspace_node(ws, clean);
    if (old != NULL && old->entry.type == ENTRY_DIR)
        return err_set(err, ERR_INPUT, "%s is a folder", clean);
    ws->edits++;
    rc = make_parents(ws, clean, err);
    if (rc != 0) {
        ws->edits--;
        return rc;
    }
    if (old != NULL)
        drop(ws, clean);
    struct node *node =
        workspace_add(ws, STEAL(clean), ENTRY_SYMLINK, 0777, now_ns(ws));
    node->entry.target = xstrdup(target);
    return 0;
}

int workspace_remove(struct workspace *ws, const char *path, struct err *err)
{
    struct node *node;
    int rc = find(ws, path, &node, err);
    if (rc != 0)
        return rc;
    AUTO_FREE char *clean = xstrdup(node->entry.path);
    ws->edits++;
    drop(ws, clean);
    return 0;
}

/* Gives the node at `from` and all below it paths below `to`. */
static void move_nodes(struct workspace *ws, const char *from, const char *to)
{
    size_t first, end;
    workspace_range(ws, from, &first, &end);
    size_t n = end - first, skip = strlen(from);
    AUTO_FREE struct node **moved = xreallocarray(NULL, n, sizeof(struct node *));
    memcpy(moved, ws->nodes + first, n * sizeof(struct node *));
    workspace_cut(ws, first, end);
    for (size_t i = 0; i < n; i++) {
        struct entry *e = &moved[i]->entry;
        char *path = xasprintf("%s%s", to, e->path + skip);
        struct node *node = workspace_add(ws, path, e->type, e->mode, e->mtime_ns);
        node->entry = *e;
        node->entry.path = path;
        e->target = NULL;
        e->content.kind = CONTENT_NONE;
        workspace_node_free(moved[i]);
    }
}

int workspace_rename(struct workspace *ws, const char *from, const char *to,
                     struct err *err)
{
    struct node *node;
    AUTO_FREE char *target = NULL;
    int rc = find(ws, from, &node, err);
    if (rc == 0)
        rc = clean_path(to, &target, err);
    if (rc != 0)
        return rc;
    AUTO_FREE char *source = xstrdup(node->entry.path);
    const struct node *old = workspace_node(ws, target);
    if (strcmp(source, target) == 0) {
        ws->edits++;
        return 0;
    }
    if (path_is_below(target, source))
        return err_set(err, ERR_INPUT, "cannot move %s below itself", source);
    if (old != NULL && (old->entry.type == ENTRY_DIR || node->entry.type == ENTRY_DIR))
        return err_set(err, ERR_INPUT, "cannot rename %s: %s is there already", source,
                       target);
    ws->edits++;
    rc = make_parents(ws, target, err);
    if (rc != 0) {
        ws->edits--;
        return rc;
    }
    if (old != NULL)
        drop(ws, target);
    move_nodes(ws, source, target);
    return 0;
}

int workspace_chmod(struct workspace *ws, const char *path, uint32_t mode,
                    struct err *err)
{
    struct node *node;
    int rc = find(ws, path, &node, err);
    if (rc != 0)
        return rc;
    if (mode > 07777)
        return err_set(err, ERR_INPUT, "%s: mode %o is larger than 7777", path, mode);
    if (node->entry.type == ENTRY_SYMLINK)
        return err_set(err, ERR_INPUT, "%s is a symlink: it has no mode", path);
    ws->edits++;
    node->entry.mode = mode;
    workspace_mark(ws, node);
    return 0;
}

int workspace_touch(struct workspace *ws, const char *path, struct err *err)
{
    struct node *node;
    int rc = find(ws, path, &node, err);
    if (rc != 0)
        return rc;
    ws->edits++;
    node->entry.mtime_ns = now_ns(ws);
    workspace_mark(ws, node);
    return 0;
}

const struct entry *workspace_find(struct workspace *ws, const char *path)
{
    struct node *node;
    if (find(ws, path, &node, NULL) != 0 || node->entry.type != ENTRY_FILE ||
        node->entry.content.kind == CONTENT_SEED)
        return NULL;
    return &node->entry;
}
