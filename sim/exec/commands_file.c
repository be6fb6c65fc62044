/* SPDX-License-Identifier: MIT */
/* Commands that make, copy, move and remove files. Messages as GNU coreutils'. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/commands.h"
#include "sim/exec/files.h"

/* ---- mkdir, rmdir, rm -------------------------------------------------------------
 */

static int make_one_folder(struct shell *sh, const char *name, bool parents,
                           uint32_t mode)
{
    AUTO_FREE char *plain = command_trimmed(name);
    AUTO_FREE char *path = files_path(sh, plain, parents);
    const struct entry *e = path != NULL ? view_lookup(sh->root, path) : NULL;
    const char *why = NULL;
    if (path == NULL)
        why = "Too many levels of symbolic links";
    else if (e != NULL && parents && e->type == ENTRY_DIR)
        return 0;
    else if (e != NULL)
        why = "File exists";
    if (why == NULL && parents && path_parent_len(path) > 0) {
        AUTO_FREE char *above = xstrndup(path, path_parent_len(path));
        AUTO_FREE char *rooted = xasprintf("/%s", above);
        if (view_lookup(sh->root, above) == NULL &&
            make_one_folder(sh, rooted, true, 0755) != 0)
            return 1;
    }
    if (why == NULL)
        why = files_parent_problem(sh, path);
    if (why != NULL) {
        shell_complain(sh, "mkdir: cannot create directory '%s': %s\n", name, why);
        return 1;
    }
    struct entry made = files_new(sh, path, ENTRY_DIR, 0777);
    made.mode = mode;
    int rc = view_put(sh->root, &made, sh->err);
    return rc;
}

static int make_folders(struct shell *sh, const struct strv *argv)
{
    static const struct command_long longs[] = {
        {"parents", 'p'}, {"mode", 'm'}, {"verbose", 'v'}, {NULL, 0}};
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "pm:v", longs, &o, &first);
    if (status != 0)
        return status;
    if (first >= argv->len)
        return command_missing_operand(sh, argv);
    uint32_t mode = 0755;
    if (command_has(&o, 'm') && !command_parse_mode(o.value['m'], 0777, true, &mode)) {
        shell_complain(sh, "mkdir: invalid mode '%s'\n", o.value['m']);
        return 1;
    }
    for (size_t i = first; i < argv->len; i++) {
        int one = make_one_folder(sh, argv->items[i], command_has(&o, 'p'), mode);
        if (one < 0)
            return one;
        status = one != 0 ? 1 : status;
    }
    return status;
}

static int remove_folders(struct shell *sh, const struct strv *argv)
{
    int status = argv->len < 2 ? command_missing_operand(sh, argv) : 0;
    for (size_t i = 1; i < argv->len; i++) {
        AUTO_FREE char *path = files_path(sh, argv->items[i], false);
        const struct entry *e = path != NULL ? view_lookup(sh->root, path) : NULL;
        struct strv names = STRV_INIT;
        if (e != NULL && e->type == ENTRY_DIR)
            view_list(sh->root, path, &names);
        const char *why = e == NULL              ? "No such file or directory"
                          : e->type != ENTRY_DIR ? "Not a directory"
                          : names.len != 0       ? "Directory not empty"
                                                 : files_parent_problem(sh, path);
        strv_free(&names);
        if (why != NULL) {
            shell_complain(sh, "rmdir: failed to remove '%s': %s\n", argv->items[i],
                           why);
            status = 1;
        } else {
            view_remove(sh->root, path);
        }
    }
    return status;
}

static int remove_one(struct shell *sh, const char *name, bool recursive, bool force)
{
    AUTO_FREE char *path = files_path(sh, name, false);
    const struct entry *e = path != NULL ? view_lookup(sh->root, path) : NULL;
    const char *last = path_base(name);
    if (e == NULL && force)
        return 0;
    if (path != NULL && *path == '\0') {
        shell_complain(sh, "rm: it is dangerous to operate recursively on '/'\n");
        return 1;
    }
    if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
        shell_complain(sh,
                       "rm: refusing to remove '.' or '..' directory: skipping "
                       "'%s'\n",
                       name);
        return 1;
    }
    const char *why = e == NULL ? "No such file or directory"
                      : e->type == ENTRY_DIR && !recursive
                          ? "Is a directory"
                          : files_parent_problem(sh, path);
    if (why == NULL) {
        view_remove(sh->root, path);
        return 0;
    }
    shell_complain(sh, "rm: cannot remove '%s': %s\n", name, why);
    return 1;
}

static int remove_files(struct shell *sh, const struct strv *argv)
{
    static const struct command_long longs[] = {
        {"recursive", 'r'}, {"force", 'f'}, {"verbose", 'v'}, {"dir", 'd'}, {NULL, 0}};
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "rRfvid", longs, &o, &first);
    if (status != 0)
        return status;
    bool force = command_has(&o, 'f');
    if (first >= argv->len)
        return force ? 0 : command_missing_operand(sh, argv);
    bool recursive = command_has(&o, 'r') || command_has(&o, 'R');
    for (size_t i = first; i < argv->len; i++)
        status |= remove_one(sh, argv->items[i], recursive, force);
    return status;
}

/* ---- cp, mv, install ---------------------------------------------------------------
 */

struct copying {
    bool recursive, preserve, links, no_clobber, move, verbose;
    bool plain_target; /* -T */
};

static struct entry copied_entry(struct shell *sh, const struct entry *from,
                                 const char *path, const struct copying *how)
{
    struct entry e = *from;
    e.path = path;
    if (from->type == ENTRY_HARDLINK) {
        /* a second name inside the tree: copied as a file of its own */
        const struct entry *target = view_lookup(sh->root, from->path);
        if (target != NULL)
            e = *target;
        e.path = path;
    }
    if (how->preserve || how->move)
        return e;
    const struct entry *old = view_lookup(sh->root, path);
    bool over = old != NULL && old->type == ENTRY_FILE && e.type == ENTRY_FILE;
    e.uid = over ? old->uid : sh->uid;
    e.gid = over ? old->gid : sh->gid;
    if (e.type != ENTRY_SYMLINK)
        e.mode = over ? old->mode : from->mode & 0777u & ~022u;
    e.mtime_ns = sh->run->now_s * INT64_C(1000000000);
    e.xattrs = NULL;
    e.xattr_count = 0;
    return e;
}

/* Copies the entry at `from` and all below to `to`; both clean. */
static int copy_tree(struct shell *sh, const char *from, const char *to,
                     const struct copying *how)
{
    struct tree *tree = view_subtree(sh->root, from);
    size_t skip = strlen(from);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < tree->len; i++) {
        const struct entry *e = &tree->entries[i];
        const char *rest = e->path + skip;
        rest += *rest == '/' ? 1 : 0;
        AUTO_FREE char *path = *rest != '\0' ? path_join(to, rest) : xstrdup(to);
        struct entry copy = copied_entry(sh, e, path, how);
        const struct entry *old = view_lookup(sh->root, path);
        if (old != NULL && old->type == ENTRY_DIR && copy.type == ENTRY_DIR &&
            !how->preserve)
            continue; /* merged: the folder that is there stays as it is */
        if (*path != '\0')
            rc = view_put(sh->root, &copy, sh->err);
    }
    tree_free(tree);
    return rc;
}

static const char *copy_problem(struct shell *sh, const struct entry *from,
                                const char *source, const char *to)
{
    const struct entry *old = view_lookup(sh->root, to);
    if (from->type == ENTRY_DIR && path_is_below(to, source))
        return strcmp(to, source) == 0 ? "are the same file" : "into itself";
    if (strcmp(to, source) == 0)
        return "are the same file";
    if (old != NULL && old->type == ENTRY_DIR && from->type != ENTRY_DIR)
        return "cannot overwrite directory with non-directory";
    if (old != NULL && old->type != ENTRY_DIR && from->type == ENTRY_DIR)
        return "cannot overwrite non-directory with directory";
    if (*to == '\0')
        return NULL;
    return old == NULL || old->type == ENTRY_DIR ? files_parent_problem(sh, to)
           : files_may(sh, old, 2)               ? NULL
                                                 : "Permission denied";
}

/* One source to its place; `to` as the user wrote it. */
static int copy_one(struct shell *sh, const char *tool, const char *name,
                    const char *to, const struct copying *how)
{
    bool follow = !how->recursive && !how->links && !how->move;
    AUTO_FREE char *source = files_path(sh, name, follow);
    const struct entry *e = source != NULL ? view_lookup(sh->root, source) : NULL;
    if (e == NULL) {
        shell_complain(sh, "%s: cannot stat '%s': No such file or directory\n", tool,
                       name);
        return 1;
    }
    if (e->type == ENTRY_DIR && !how->recursive && !how->move) {
        shell_complain(sh, "%s: -r not specified; omitting directory '%s'\n", tool,
                       name);
        return 1;
    }
    const struct entry *target = how->plain_target ? NULL : files_stat(sh, to);
    AUTO_FREE char *plain = command_trimmed(name);
    const char *base = path_base(plain);
    bool contents = strcmp(base, ".") == 0 || strcmp(base, "..") == 0;
    AUTO_FREE char *place = target != NULL && target->type == ENTRY_DIR && !contents
                                ? path_join(to, base)
                                : xstrdup(to);
    AUTO_FREE char *path = files_path(sh, place, !how->move);
    const char *why = path == NULL ? "Too many levels of symbolic links"
                                   : copy_problem(sh, e, source, path);
    if (why == NULL && how->move)
        why = files_parent_problem(sh, source);
    if (why != NULL) {
        shell_complain(sh, "%s: cannot %s '%s' to '%s': %s\n", tool,
                       how->move ? "move" : "copy", name, place, why);
        return 1;
    }
    if (how->no_clobber && e->type != ENTRY_DIR && view_lookup(sh->root, path) != NULL)
        return 0;
    if (how->verbose)
        shell_print(sh, "'%s' -> '%s'\n", name, place);
    int rc = copy_tree(sh, source, path, how);
    if (rc == 0 && how->move)
        view_remove(sh->root, source);
    return rc;
}

/* SOURCE… TARGET */
static int copy_all(struct shell *sh, const struct strv *argv, size_t first,
                    const char *into, const struct copying *how)
{
    const char *tool = argv->items[0];
    size_t end = argv->len - (into == NULL ? 1 : 0);
    if (first >= argv->len || first >= end) {
        shell_complain(sh, "%s: missing %s operand\n", tool,
                       first >= argv->len ? "file" : "destination file");
        return 1;
    }
    const char *to = into != NULL ? into : argv->items[argv->len - 1];
    const struct entry *target = files_stat(sh, to);
    bool folder = target != NULL && target->type == ENTRY_DIR;
    if (!folder && (end - first > 1 || into != NULL)) {
        shell_complain(sh, "%s: target '%s' is not a directory\n", tool, to);
        return 1;
    }
    if (!folder && target == NULL && to[strlen(to) - 1] == '/' && !how->recursive &&
        !how->move) {
        shell_complain(sh, "%s: cannot create regular file '%s': Not a directory\n",
                       tool, to);
        return 1;
    }
    int status = 0;
    for (size_t i = first; i < end; i++) {
        int one = copy_one(sh, tool, argv->items[i], to, how);
        if (one < 0)
            return one;
        status |= one;
    }
    return status;
}

static const struct command_long copy_longs[] = {{"recursive", 'r'},
                                                 {"archive", 'a'},
                                                 {"force", 'f'},
                                                 {"verbose", 'v'},
                                                 {"no-clobber", 'n'},
                                                 {"preserve", 'p'},
                                                 {"update", 'u'},
                                                 {"no-target-directory", 'T'},
                                                 {"target-directory", 't'},
                                                 {NULL, 0}};

static int copy_files(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "rRapfvnudPLTt:", copy_longs, &o, &first);
    if (status != 0)
        return status;
    bool archive = command_has(&o, 'a');
    struct copying how = {
        .recursive = archive || command_has(&o, 'r') || command_has(&o, 'R'),
        .preserve = archive || command_has(&o, 'p'),
        .links = archive || command_has(&o, 'd') || command_has(&o, 'P'),
        .no_clobber = command_has(&o, 'n'),
        .verbose = command_has(&o, 'v'),
        .plain_target = command_has(&o, 'T'),
    };
    return copy_all(sh, argv, first, o.value['t'], &how);
}

static int move_files(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "fvnuTt:", copy_longs, &o, &first);
    if (status != 0)
        return status;
    struct copying how = {
        .move = true,
        .no_clobber = command_has(&o, 'n'),
        .verbose = command_has(&o, 'v'),
        .plain_target = command_has(&o, 'T'),
    };
    return copy_all(sh, argv, first, o.value['t'], &how);
}

/* Mode and owner of what install made. */
static int install_finish(struct shell *sh, const char *name,
                          const struct command_options *o)
{
    AUTO_FREE char *path = files_path(sh, name, true);
    const struct entry *old = path != NULL ? view_lookup(sh->root, path) : NULL;
    if (old == NULL)
        return 1;
    struct entry e = *old;
    bool folder = e.type == ENTRY_DIR;
    const char *mode = o->value['m'] != NULL ? o->value['m'] : "755";
    if (!command_parse_mode(mode, 0, folder, &e.mode)) {
        shell_complain(sh, "install: invalid mode '%s'\n", mode);
        return 1;
    }
    const char *owner = o->value['o'] != NULL ? o->value['o'] : "";
    const char *group = o->value['g'] != NULL ? o->value['g'] : "";
    AUTO_FREE char *both = xasprintf("%s%s%s", owner, *group != '\0' ? ":" : "", group);
    if (!files_owner(sh->root, both, false, &e.uid, &e.gid)) {
        shell_complain(sh, "install: invalid user or group '%s'\n", both);
        return 1;
    }
    AUTO_FREE char *copy = xstrdup(path);
    e.path = copy;
    return view_put(sh->root, &e, sh->err);
}

static int install_files(struct shell *sh, const struct strv *argv)
{
    static const struct command_long longs[] = {
        {"mode", 'm'}, {"owner", 'o'}, {"group", 'g'}, {"directory", 'd'}, {NULL, 0}};
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "dDm:o:g:cvt:", longs, &o, &first);
    if (status != 0)
        return status;
    for (size_t i = first; command_has(&o, 'd') && i < argv->len; i++) {
        status = make_one_folder(sh, argv->items[i], true, 0755);
        status = status == 0 ? install_finish(sh, argv->items[i], &o) : status;
        if (status != 0 || i + 1 == argv->len)
            return status;
    }
    const char *to = o.value['t'] != NULL ? o.value['t']
                     : argv->len > first  ? argv->items[argv->len - 1]
                                          : "";
    if (command_has(&o, 'D') && path_parent_len(to) > 0) {
        AUTO_FREE char *parent = xstrndup(to, path_parent_len(to));
        status = make_one_folder(sh, parent, true, 0755);
        if (status != 0)
            return status;
    }
    struct copying how = {.recursive = false};
    status = copy_all(sh, argv, first, o.value['t'], &how);
    size_t end = argv->len - (o.value['t'] == NULL ? 1 : 0);
    const struct entry *target = files_stat(sh, to);
    bool folder = target != NULL && target->type == ENTRY_DIR;
    for (size_t i = first; status == 0 && i < end; i++) {
        AUTO_FREE char *place =
            folder ? path_join(to, path_base(argv->items[i])) : xstrdup(to);
        status = install_finish(sh, place, &o);
    }
    return status;
}

const struct command commands_file[] = {
    {"mkdir", make_folders},
    {"rmdir", remove_folders},
    {"rm", remove_files},
    {"cp", copy_files},
    {"mv", move_files},
    {"install", install_files},
    {NULL, NULL},
};
