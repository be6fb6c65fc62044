/* SPDX-License-Identifier: MIT */
/* ln, touch, chmod, chown, chgrp. Messages as GNU coreutils'. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/commands.h"
#include "sim/exec/files.h"

/* ---- ln, touch ---------------------------------------------------------------------
 */

static int link_one(struct shell *sh, const char *target, const char *place,
                    const struct command_options *o)
{
    bool symbolic = command_has(o, 's');
    AUTO_FREE char *source = symbolic ? NULL : files_path(sh, target, true);
    const struct entry *from = source != NULL ? view_lookup(sh->root, source) : NULL;
    if (!symbolic && (from == NULL || from->type == ENTRY_DIR)) {
        shell_complain(sh, "ln: failed to access '%s': %s\n", target,
                       from == NULL ? "No such file or directory"
                                    : "hard link not allowed for directory");
        return 1;
    }
    AUTO_FREE char *path = files_path(sh, place, false);
    const struct entry *old = path != NULL ? view_lookup(sh->root, path) : NULL;
    const char *why = path == NULL ? "Too many levels of symbolic links"
                      : old != NULL && (!command_has(o, 'f') || old->type == ENTRY_DIR)
                          ? "File exists"
                          : files_parent_problem(sh, path);
    if (why != NULL) {
        shell_complain(sh, "ln: failed to create %s link '%s': %s\n",
                       symbolic ? "symbolic" : "hard", place, why);
        return 1;
    }
    if (!symbolic) { /* a second copy: sharing an inode changes no file's content */
        struct entry copy = *from;
        copy.path = path;
        return view_put(sh->root, &copy, sh->err);
    }
    struct entry e = files_new(sh, path, ENTRY_SYMLINK, 0777);
    e.target = target;
    return view_put(sh->root, &e, sh->err);
}

static int make_links(struct shell *sh, const struct strv *argv)
{
    static const struct command_long longs[] = {
        {"symbolic", 's'}, {"force", 'f'}, {"no-dereference", 'n'}, {NULL, 0}};
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "sfnvT", longs, &o, &first);
    if (status != 0)
        return status;
    if (first >= argv->len)
        return command_missing_operand(sh, argv);
    bool here = first + 1 == argv->len;
    const char *to = here ? "." : argv->items[argv->len - 1];
    bool keep = command_has(&o, 'n') || command_has(&o, 'T');
    AUTO_FREE char *path = files_path(sh, to, !keep);
    const struct entry *target = path != NULL ? view_lookup(sh->root, path) : NULL;
    bool folder = target != NULL && target->type == ENTRY_DIR && !command_has(&o, 'T');
    for (size_t i = first; i < argv->len - (here ? 0 : 1); i++) {
        AUTO_FREE char *plain = command_trimmed(argv->items[i]);
        AUTO_FREE char *place = folder ? path_join(to, path_base(plain)) : xstrdup(to);
        int one = link_one(sh, argv->items[i], place, &o);
        if (one < 0)
            return one;
        status |= one;
    }
    return status;
}

static int touch_one(struct shell *sh, const char *name, bool create, int64_t when_ns)
{
    AUTO_FREE char *path = files_path(sh, name, true);
    const struct entry *old = path != NULL ? view_lookup(sh->root, path) : NULL;
    if (old == NULL && !create)
        return 0;
    const char *why = path == NULL            ? "Too many levels of symbolic links"
                      : old == NULL           ? files_parent_problem(sh, path)
                      : files_may(sh, old, 2) ? NULL
                                              : "Permission denied";
    if (why != NULL) {
        shell_complain(sh, "touch: cannot touch '%s': %s\n", name, why);
        return 1;
    }
    struct entry e = old != NULL ? *old : files_new(sh, path, ENTRY_FILE, 0666);
    e.path = path;
    e.mtime_ns = when_ns;
    if (*path == '\0')
        return 0;
    return view_put(sh->root, &e, sh->err);
}

static int touch_files(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    static const struct command_long longs[] = {
        {"no-create", 'c'}, {"date", 'd'}, {NULL, 0}};
    int status = command_options(sh, argv, "camd:", longs, &o, &first);
    if (status != 0)
        return status;
    if (first >= argv->len)
        return command_missing_operand(sh, argv);
    int64_t when_ns = sh->run->now_s * INT64_C(1000000000);
    if (o.value['d'] != NULL) {
        if (o.value['d'][0] != '@' || strlen(o.value['d']) > 11)
            return shell_unsupported(sh, "touch -d with another form than @SECONDS");
        when_ns = strtoll(o.value['d'] + 1, NULL, 10) * INT64_C(1000000000);
    }
    for (size_t i = first; i < argv->len; i++) {
        int one = touch_one(sh, argv->items[i], !command_has(&o, 'c'), when_ns);
        if (one < 0)
            return one;
        status |= one;
    }
    return status;
}

/* ---- chmod, chown ------------------------------------------------------------------
 */

struct change {
    const char *tool;
    const char *mode;  /* chmod, else NULL */
    const char *owner; /* chown */
    bool recursive, no_follow;
};

static int change_entry(struct shell *sh, const struct entry *old, const char *name,
                        const struct change *c)
{
    struct entry e = *old;
    if (e.type == ENTRY_HARDLINK) {
        const struct entry *whole = view_lookup(sh->root, old->path);
        e = whole != NULL ? *whole : e;
        e.path = old->path;
    }
    if (sh->uid != 0 && (c->mode == NULL || sh->uid != e.uid)) {
        shell_complain(sh, "%s: changing %s of '%s': Operation not permitted\n",
                       c->tool, c->mode != NULL ? "permissions" : "ownership", name);
        return 1;
    }
    if (c->mode != NULL) {
        if (e.type == ENTRY_SYMLINK)
            return 0;
        if (!command_parse_mode(c->mode, e.mode, e.type == ENTRY_DIR, &e.mode)) {
            shell_complain(sh, "chmod: invalid mode: '%s'\n", c->mode);
            return 1;
        }
    } else if (!files_owner(sh->root, c->owner, false, &e.uid, &e.gid)) {
        shell_complain(sh, "chown: invalid user: '%s'\n", c->owner);
        return 1;
    }
    if (e.path[0] == '\0')
        return 0;
    return view_put(sh->root, &e, sh->err);
}

static int change_one(struct shell *sh, const char *name, const struct change *c)
{
    AUTO_FREE char *path = files_path(sh, name, !c->no_follow);
    const struct entry *e = path != NULL ? view_lookup(sh->root, path) : NULL;
    if (e == NULL) {
        shell_complain(sh, "%s: cannot access '%s': No such file or directory\n",
                       c->tool, name);
        return 1;
    }
    if (!c->recursive || e->type != ENTRY_DIR) {
        struct entry copy = *e;
        copy.path = path;
        return change_entry(sh, &copy, name, c);
    }
    struct tree *tree = view_subtree(sh->root, path);
    int status = 0;
    for (size_t i = 0; status == 0 && i < tree->len; i++)
        status = change_entry(sh, &tree->entries[i], tree->entries[i].path, c);
    tree_free(tree);
    return status;
}

static int change_files(struct shell *sh, const struct strv *argv, struct change *c,
                        const struct command_options *o, size_t first)
{
    if (first + 1 >= argv->len)
        return command_missing_operand(sh, argv);
    c->recursive = command_has(o, 'R');
    c->no_follow = command_has(o, 'h');
    int status = 0;
    for (size_t i = first + 1; i < argv->len; i++) {
        int one = change_one(sh, argv->items[i], c);
        if (one < 0)
            return one;
        status |= one;
    }
    return status;
}

static const struct command_long change_longs[] = {
    {"recursive", 'R'}, {"no-dereference", 'h'}, {"verbose", 'v'}, {NULL, 0}};

static int change_mode(struct shell *sh, const struct strv *argv)
{
    /* "chmod -x f": a mode that looks like an option */
    struct command_options o = {0};
    size_t first = 1;
    bool minus = argv->len > 1 && argv->items[1][0] == '-' &&
                 strspn(argv->items[1] + 1, "rwxXst") == strlen(argv->items[1]) - 1 &&
                 argv->items[1][1] != '\0';
    int status =
        minus ? 0 : command_options(sh, argv, "Rvfc", change_longs, &o, &first);
    if (status != 0)
        return status;
    struct change c = {.tool = "chmod",
                       .mode = first < argv->len ? argv->items[first] : ""};
    return change_files(sh, argv, &c, &o, first);
}

static int change_owner(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "Rvfch", change_longs, &o, &first);
    if (status != 0)
        return status;
    AUTO_FREE char *owner = NULL;
    if (first < argv->len) {
        bool group = strcmp(path_base(argv->items[0]), "chgrp") == 0;
        owner = xasprintf("%s%s", group ? ":" : "", argv->items[first]);
        char *dot = strchr(owner, '.'); /* the old spelling user.group */
        if (dot != NULL && strchr(owner, ':') == NULL)
            *dot = ':';
    }
    struct change c = {.tool = "chown", .owner = owner};
    return change_files(sh, argv, &c, &o, first);
}

const struct command commands_attribute[] = {
    {"ln", make_links},      {"touch", touch_files},  {"chmod", change_mode},
    {"chown", change_owner}, {"chgrp", change_owner}, {NULL, NULL},
};
