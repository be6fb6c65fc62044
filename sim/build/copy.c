/* SPDX-License-Identifier: MIT */
/*
 * How what a COPY or ADD selected lands in the image: destination, owners, modes, times
 * (cache-semantics 7 and 11). Deciding what is selected is cache/selection.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/path.h"
#include "sim/build/graph.h"
#include "sim/build/sent.h"
#include "sim/layer/tar.h"

struct copying {
    struct build *b;
    const struct plan_copy *copy;
    struct view *root;  /* where to */
    struct view *from;  /* where from, of the item at hand */
    const char *source; /* folder that is copied, resolved */
    const char *target; /* where its content goes */
    bool has_owner;
    const char *chmod; /* NULL: modes stay */
    bool unpack;       /* the item at hand is extracted if it is an archive */
    struct owner owner;
    struct strv kept; /* with a mode: folders that keep_folders saw for this source */
    uint64_t bytes;
};

static struct entry made_folder(const struct copying *c)
{
    struct entry like = {
        .type = ENTRY_DIR, .mode = 0755, .mtime_ns = build_made_s(c->b) * 1000000000};
    if (c->has_owner) {
        like.uid = c->owner.uid;
        like.gid = c->owner.gid;
    }
    /* BuildKit 0.32 gives folders it has to make an octal --chmod too, but nothing of
     * set-ID and sticky bits. */
    if (c->chmod != NULL && strspn(c->chmod, "01234567") == strlen(c->chmod))
        like.mode = chmod_apply(c->chmod, 0, true) & 0777;
    return like;
}

static void dress(const struct copying *c, struct entry *e)
{
    if (c->has_owner) {
        e->uid = c->owner.uid;
        e->gid = c->owner.gid;
    } else if (c->b->options->semantics == SEMANTICS_CLASSIC) {
        e->uid = e->gid = 0;
    }
    if (c->chmod != NULL && e->type != ENTRY_SYMLINK)
        e->mode = chmod_apply(c->chmod, e->mode, e->type == ENTRY_DIR);
}

/* A file over a folder, or a folder over something else, cannot be copied. */
static int check_target(const struct entry *e, const struct entry *there,
                        const char *target, struct err *err)
{
    if (there == NULL || (e->type == ENTRY_DIR) == (there->type == ENTRY_DIR))
        return 0;
    if (e->type == ENTRY_DIR)
        return err_set(err, ERR_FAILED, "cannot copy to non-directory: /%s", target);
    return err_set(err, ERR_FAILED, "cannot replace to directory /%s with file",
                   target);
}

static int put(struct copying *c, const struct entry *source, const char *target,
               struct err *err)
{
    struct entry e = *source;
    e.path = target;
    dress(c, &e);
    if (e.type == ENTRY_SOCKET)
        return 0;
    if (e.type == ENTRY_FILE)
        c->bytes += e.size;
    const struct entry *there = view_lookup(c->root, target);
    int rc = check_target(&e, there, target, err);
    return rc == 0 ? view_put(c->root, &e, err) : rc;
}

/* Whether the mode of the source's folder is to be given to the one that is there. With
 * --chmod that happens once a source, and the folders it made itself keep theirs. */
static bool takes_mode(struct copying *c, const char *target)
{
    if (c->chmod == NULL)
        return true;
    bool seen = strv_contains(&c->kept, target);
    if (!seen)
        strv_add(&c->kept, target);
    return !seen;
}

/* The folders of `name`, below the one that is copied, that were left out themselves:
 * new ones are as in the source, those there get its mode, whatever --chmod says. */
static int keep_folders(struct copying *c, const char *name, struct err *err)
{
    int rc = 0;
    for (size_t n = 0; rc == 0 && name[n] != '\0'; n++) {
        if (name[n] != '/')
            continue;
        AUTO_FREE char *dir = xstrndup(name, n);
        AUTO_FREE char *source = path_join(c->source, dir);
        AUTO_FREE char *target = path_join(c->target, dir);
        const struct entry *from = view_lookup(c->from, source);
        const struct entry *there = view_lookup(c->root, target);
        if (from == NULL || from->type != ENTRY_DIR)
            continue;
        bool takes = takes_mode(c, target);
        if (there == NULL || there->type != ENTRY_DIR) {
            rc = put(c, from, target, err);
        } else if (there->mode != from->mode && takes) {
            struct entry e = *there;
            e.path = target;
            e.mode = from->mode;
            rc = view_put(c->root, &e, err);
        }
    }
    return rc;
}

static int put_below(void *payload, const struct entry *entry, struct err *err)
{
    struct copying *c = payload;
    const char *name = entry->path + strlen(c->source);
    name += *name == '/';
    if (name[0] == '\0' || selection_excludes(c->copy->excludes, name))
        return 0;
    AUTO_FREE char *target = path_join(c->target, name);
    AUTO_FREE char *parent = xstrndup(target, path_parent_len(target));
    if (c->copy->excludes != NULL && view_lookup(c->root, parent) == NULL) {
        int rc = keep_folders(c, name, err);
        if (rc != 0)
            return rc;
    }
    if (entry->type == ENTRY_HARDLINK) {
        /* The name it shares its content with was copied before, under the target. */
        struct entry link = *entry;
        const char *first = entry->target + strlen(c->source);
        AUTO_FREE char *other = path_join(c->target, first + (*first == '/'));
        const struct entry *there = view_lookup(c->root, other);
        link.target = other;
        if (there != NULL && there->type == ENTRY_FILE)
            return put(c, &link, target, err);
        entry = view_lookup(c->from, entry->path); /* the other name was left out */
        if (entry == NULL)
            return 0;
    }
    return put(c, entry, target, err);
}

/* The place a path below the root really means, symlinks followed. */
static int resolve_target(struct copying *c, const char *path, char **out,
                          struct err *err)
{
    AUTO_FREE char *clean = path_below_root(path);
    return view_resolve(c->root, clean, true, out, err);
}

static int make_folder(struct copying *c, const char *path, struct err *err)
{
    struct entry like = made_folder(c);
    return path[0] == '\0' ? 0 : view_make_folders(c->root, path, &like, err);
}

static int copy_folder(struct copying *c, const char *source, const char *target,
                       struct err *err)
{
    int rc = make_folder(c, target, err);
    if (rc != 0)
        return rc;
    const struct entry *from = view_lookup(c->from, source);
    const struct entry *to = view_lookup(c->root, target);
    if (to != NULL && from != NULL && target[0] != '\0') {
        struct entry e =
            *to; /* its own mode and owner stay, its time is the source's */
        AUTO_FREE char *path = xstrdup(target);
        e.path = path;
        e.mtime_ns = from->mtime_ns;
        rc = view_put(c->root, &e, err);
    }
    struct tree *all = rc == 0 ? view_subtree(c->from, source) : NULL;
    c->source = source;
    c->target = target;
    for (size_t i = 0; rc == 0 && all != NULL && i < all->len; i++)
        rc = put_below(c, &all->entries[i], err);
    tree_free(all);
    return rc;
}

/* A local archive of ADD: unpacked into the folder. Sets *done if it was one. */
static int unpack_archive(struct copying *c, const struct entry *e, const char *target,
                          bool *done, struct err *err)
{
    static const struct tar_limits limits = {.entries = 10000000,
                                             .bytes = UINT64_C(1) << 40};
    struct tree *tree;
    const char *dir = store_dir(c->b->options->store);
    AUTO_FREE char *spool = dir != NULL ? xasprintf("%s/tmp", dir) : NULL;
    *done = false;
    int rc = tar_read_archive(&e->content, e->size, spool, false, &limits, &tree, err);
    if (rc == ERR_NOT_FOUND) {
        memset(err, 0, sizeof *err);
        return 0;
    }
    if (rc != 0) {
        err_wrap(err, "%s", e->path);
        return err_recode(err, ERR_FAILED); /* a step that fails */
    }
    *done = true;
    const char *chmod = c->chmod;
    bool has_owner = c->has_owner;
    c->chmod = NULL; /* what an archive holds keeps its modes */
    rc = make_folder(c, target, err);
    for (size_t i = 0; rc == 0 && i < tree->len; i++) {
        struct entry entry = tree->entries[i];
        AUTO_FREE char *path = path_join(target, entry.path);
        AUTO_FREE char *link = NULL;
        if (entry.path[0] == '\0')
            continue;
        if (entry.type == ENTRY_HARDLINK)
            link = path_join(target, entry.target);
        if (link != NULL)
            entry.target = link;
        AUTO_FREE char *parent = xstrndup(path, path_parent_len(path));
        c->has_owner = false; /* folders that it only implies are root's */
        rc = make_folder(c, parent, err);
        c->has_owner = has_owner;
        if (rc == 0)
            rc = put(c, &entry, path, err);
    }
    c->chmod = chmod;
    tree_free(tree);
    return rc;
}

static int copy_file(struct copying *c, const struct entry *e, const char *name,
                     bool into_folder, struct err *err)
{
    AUTO_FREE char *dest = NULL;
    int rc = resolve_target(c, c->copy->dest, &dest, err);
    if (rc != 0)
        return rc;
    const struct entry *there = view_lookup(c->root, dest);
    bool folder = into_folder || (there != NULL && there->type == ENTRY_DIR);
    if (c->unpack && e->type == ENTRY_FILE && e->size != 0) {
        bool done;
        rc = unpack_archive(c, e, dest, &done, err);
        if (rc != 0 || done)
            return rc;
    }
    AUTO_FREE char *target = folder ? path_join(dest, name) : xstrdup(dest);
    AUTO_FREE char *parent = xstrndup(target, path_parent_len(target));
    rc = make_folder(c, parent, err);
    if (rc != 0)
        return rc;
    if (folder) { /* a symlink under the name is followed, as for the destination */
        free(target);
        AUTO_FREE char *joined = path_join(dest, name);
        target = NULL;
        rc = view_resolve(c->root, joined, true, &target, err);
    }
    return rc == 0 ? put(c, e, target, err) : rc;
}

/* With --parents the destination is a folder, and there even if nothing matches. */
static int make_destination(struct copying *c, struct err *err)
{
    AUTO_FREE char *dest = NULL;
    int rc = resolve_target(c, c->copy->dest, &dest, err);
    return rc == 0 ? make_folder(c, dest, err) : rc;
}

static int copy_with_parents(struct copying *c, const struct selected *item, size_t k,
                             struct err *err)
{
    const char *match = item->matches.items[k], *kept = item->kept.items[k];
    AUTO_FREE char *dest = NULL;
    int rc = resolve_target(c, c->copy->dest, &dest, err);
    if (rc != 0)
        return rc;
    size_t base = strlen(match) - strlen(kept);
    c->from = item->view;
    AUTO_FREE char *source = xstrndup(match, base > 0 ? base - 1 : 0);
    c->source = source;
    c->target = dest;
    const struct entry *e = view_lookup(c->from, match);
    AUTO_FREE char *target = path_join(dest, kept);
    rc = keep_folders(c, kept, err);
    if (rc != 0 || e == NULL)
        return rc;
    if (e->type == ENTRY_DIR)
        (void)takes_mode(c, target); /* not again for what lies below it */
    return put(c, e, target, err);
}

/* "/w/" and "/w/." mean a folder that need not be there yet. */
static bool names_folder(const char *dest)
{
    size_t n = strlen(dest);
    return dest[n - 1] == '/' || (n > 1 && strcmp(dest + n - 2, "/.") == 0);
}

static int copy_match(struct copying *c, const struct selected *item, const char *match,
                      struct err *err)
{
    AUTO_FREE char *resolved = NULL;
    int rc = view_resolve(item->view, match, true, &resolved, err);
    if (rc != 0)
        return rc;
    const struct entry *e = view_lookup(item->view, resolved);
    if (e == NULL)
        return err_set(err, ERR_FAILED, "\"/%s\" not found", match);
    c->from = item->view;
    const char *dest = c->copy->dest;
    if (e->type != ENTRY_DIR)
        return copy_file(c, e, path_base(match), names_folder(dest), err);
    AUTO_FREE char *target = NULL;
    rc = resolve_target(c, dest, &target, err);
    if (rc != 0)
        return rc;
    const struct entry *there = view_lookup(c->root, target);
    rc = check_target(e, there, target, err);
    return rc == 0 ? copy_folder(c, resolved, target, err) : rc;
}

int copy_apply(struct build *b, struct vertex *v, struct view *root, uint64_t *bytes,
               struct err *err)
{
    const struct plan_copy *copy = v->step->copy;
    struct copying c = {.b = b, .copy = copy, .root = root};
    int rc = 0;
    if (copy->chown != NULL) {
        c.has_owner = true;
        rc = owner_of_files(b, v, root, copy->chown, &c.owner, err);
    }
    c.chmod = copy->chmod;
    if (b->options->semantics == SEMANTICS_CLASSIC && copy->sources.len > 1 &&
        copy->dest_text[0] != '\0' &&
        copy->dest_text[strlen(copy->dest_text) - 1] != '/')
        rc = err_set(err, ERR_FAILED,
                     "when using %s with more than one source file, the "
                     "destination must be a directory and end with a /",
                     v->step->word);
    if (rc == 0)
        rc = sent_check(b, v, err);
    for (size_t i = 0; rc == 0 && i < v->selection.len; i++) {
        const struct selected *item = &v->selection.items[i];
        c.unpack = v->sources.items[i].remote ? copy->unpack_remote : copy->unpack;
        strv_free(&c.kept);
        if (copy->parents)
            rc = make_destination(&c, err);
        for (size_t k = 0; rc == 0 && k < item->matches.len; k++)
            rc = copy->parents ? copy_with_parents(&c, item, k, err)
                               : copy_match(&c, item, item->matches.items[k], err);
    }
    strv_free(&c.kept);
    *bytes = c.bytes;
    return rc;
}
