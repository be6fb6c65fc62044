/* SPDX-License-Identifier: MIT */
/* Commands that make, copy, move and remove files. Messages as GNU coreutils'. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/commands.h"
#include "sim/exec/files.h"

/* Operands without a trailing slash, and the last part of them. */
static char *trimmed(const char *name)
{
    size_t n = strlen(name);
    while (n > 1 && name[n - 1] == '/')
        n--;
    return xstrndup(name, n);
}

static int missing_operand(struct shell *sh, const struct strv *argv)
{
    shell_complain(sh, "%s: missing operand\n", argv->items[0]);
    return 1;
}

/* ---- mkdir, rmdir, rm -------------------------------------------------------------
 */

static int make_one_folder(struct shell *sh, const char *name, bool parents,
                           uint32_t mode)
{
    AUTO_FREE char *plain = trimmed(name);
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
        return missing_operand(sh, argv);
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
    int status = argv->len < 2 ? missing_operand(sh, argv) : 0;
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
        return force ? 0 : missing_operand(sh, argv);
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
    AUTO_FREE char *plain = trimmed(name);
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
        return missing_operand(sh, argv);
    bool here = first + 1 == argv->len;
    const char *to = here ? "." : argv->items[argv->len - 1];
    bool keep = command_has(&o, 'n') || command_has(&o, 'T');
    AUTO_FREE char *path = files_path(sh, to, !keep);
    const struct entry *target = path != NULL ? view_lookup(sh->root, path) : NULL;
    bool folder = target != NULL && target->type == ENTRY_DIR && !command_has(&o, 'T');
    for (size_t i = first; i < argv->len - (here ? 0 : 1); i++) {
        AUTO_FREE char *plain = trimmed(argv->items[i]);
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
        return missing_operand(sh, argv);
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
        return missing_operand(sh, argv);
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

const struct command commands_file[] = {
    {"mkdir", make_folders}, {"rmdir", remove_folders}, {"rm", remove_files},
    {"cp", copy_files},      {"mv", move_files},        {"install", install_files},
    {"ln", make_links},      {"touch", touch_files},    {"chmod", change_mode},
    {"chown", change_owner}, {"chgrp", change_owner},   {NULL, NULL},
};
