/* SPDX-License-Identifier: MIT */
/* Users and groups. Numbers: 1000 on for people, 100 on for system accounts. */
#include "sim/exec/commands_user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/files.h"

struct account {
    const char *tool, *name, *uid, *group, *groups, *home, *shell, *comment;
    bool system, make_home, no_home, own_group;
};

static char *free_id(struct shell *sh, const char *file, bool system)
{
    for (unsigned id = system ? 100 : 1000; id < 60000; id++) {
        char text[16];
        snprintf(text, sizeof text, "%u", id);
        AUTO_FREE char *taken = files_lookup(sh->root, file, 2, text, 0);
        if (taken == NULL)
            return xstrdup(text);
    }
    return xstrdup("59999");
}

static int append_line(struct shell *sh, const char *file, const char *line, bool make)
{
    AUTO_BUF text = BUF_INIT;
    AUTO_FREE char *path = files_path(sh, file, true);
    if (path == NULL || (view_lookup(sh->root, path) == NULL && !make))
        return 0;
    files_read(sh, file, &text);
    if (text.len > 0 && text.data[text.len - 1] != '\n')
        buf_addc(&text, '\n');
    buf_adds(&text, line);
    struct entry folder = files_new(sh, "etc", ENTRY_DIR, 0755);
    int rc = view_make_folders(sh->root, "etc", &folder, sh->err);
    return rc != 0 ? rc : files_write(sh, path, text.data, text.len);
}

/* Names and ids that useradd and groupadd refuse with status 3; what else is a field of
 * the line must not end it. NULL is legal, and fine. */
static bool is_account_name(const char *s)
{
    if (*s == '\0' || strchr("-+~", *s) != NULL)
        return false;
    for (; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || *s == '\x7f' || strchr(":,/", *s) != NULL)
            return false;
    return true;
}

static bool is_account_id(const char *s)
{
    size_t n = s != NULL ? strlen(s) : 1;
    return s == NULL || (n > 0 && n <= 10 && strspn(s, "0123456789") == n &&
                         strtoull(s, NULL, 10) < UINT32_MAX);
}

static bool is_account_field(const char *s)
{
    return s == NULL || strpbrk(s, ":\n") == NULL;
}

static int add_group(struct shell *sh, const char *tool, const char *name,
                     const char *gid, bool system)
{
    if (!is_account_name(name) || !is_account_id(gid)) {
        shell_complain(sh, "%s: invalid group %s '%s'\n", tool,
                       is_account_name(name) ? "ID" : "name",
                       is_account_name(name) ? gid : name);
        return 3;
    }
    AUTO_FREE char *taken = files_lookup(sh->root, "/etc/group", 0, name, 2);
    if (taken != NULL) {
        shell_complain(sh, "%s: group '%s' already exists\n", tool, name);
        return 9;
    }
    AUTO_FREE char *id = gid != NULL ? xstrdup(gid) : free_id(sh, "/etc/group", system);
    AUTO_FREE char *line = xasprintf("%s:x:%s:\n", name, id);
    return append_line(sh, "/etc/group", line, true);
}

/* Puts the user into a group's list of members. */
static int join_group(struct shell *sh, const char *tool, const char *user,
                      const char *group)
{
    AUTO_BUF text = BUF_INIT;
    struct buf out = BUF_INIT;
    bool found = false;
    files_read(sh, "/etc/group", &text);
    size_t len = strlen(group);
    for (const char *p = buf_str(&text); *p != '\0';) {
        size_t n = strcspn(p, "\n");
        buf_add(&out, p, n);
        if (n > len && strncmp(p, group, len) == 0 && p[len] == ':') {
            found = true;
            buf_addf(&out, "%s%s", p[n - 1] == ':' ? "" : ",", user);
        }
        buf_addc(&out, '\n');
        p += n + (p[n] == '\n' ? 1 : 0);
    }
    int rc = 0;
    if (found) {
        AUTO_FREE char *path = files_path(sh, "/etc/group", true);
        rc = files_write(sh, path, out.data, out.len);
    } else {
        shell_complain(sh, "%s: group '%s' does not exist\n", tool, group);
        rc = 6;
    }
    buf_free(&out);
    return rc;
}

static int make_home(struct shell *sh, const char *home, const char *uid,
                     const char *gid)
{
    AUTO_FREE char *path = files_path(sh, home, true);
    if (path == NULL || view_lookup(sh->root, path) != NULL)
        return 0;
    if (path_parent_len(path) > 0) {
        AUTO_FREE char *parent = xstrndup(path, path_parent_len(path));
        struct entry above = files_new(sh, parent, ENTRY_DIR, 0755);
        int rc = view_make_folders(sh->root, parent, &above, sh->err);
        if (rc != 0)
            return rc;
    }
    struct entry e = files_new(sh, path, ENTRY_DIR, 0755);
    e.uid = (uint32_t)strtoul(uid, NULL, 10);
    e.gid = (uint32_t)strtoul(gid, NULL, 10);
    return view_put(sh->root, &e, sh->err);
}

/* The user's primary group: named, or one of its own. *gid is the caller's. */
static int primary_group(struct shell *sh, const struct account *a, char **gid)
{
    if (a->group != NULL) {
        uint32_t id = 0, unused = 0;
        AUTO_FREE char *text = xasprintf(":%s", a->group);
        if (!files_owner(sh->root, text, false, &unused, &id)) {
            shell_complain(sh, "%s: group '%s' does not exist\n", a->tool, a->group);
            return 6;
        }
        *gid = xasprintf("%u", id);
        return 0;
    }
    *gid = files_lookup(sh->root, "/etc/group", 0, a->name, 2);
    if (*gid != NULL)
        return 0;
    int rc = add_group(sh, a->tool, a->name, a->uid, a->system);
    *gid = files_lookup(sh->root, "/etc/group", 0, a->name, 2);
    if (rc == 0 && *gid == NULL) { /* what stands in the file swallowed the line */
        shell_complain(sh, "%s: cannot read /etc/group\n", a->tool);
        return 10;
    }
    return rc;
}

/* What is wrong with the account asked for, and in what; NULL if nothing is. */
static const char *invalid_part(const struct account *a, const char **value)
{
    const struct {
        const char *what, *value;
        bool ok;
    } parts[] = {{"user name", a->name, is_account_name(a->name)},
                 {"user ID", a->uid, is_account_id(a->uid)},
                 {"home directory", a->home, is_account_field(a->home)},
                 {"shell", a->shell, is_account_field(a->shell)},
                 {"comment", a->comment, is_account_field(a->comment)}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *value = parts[i].value;
        if (!parts[i].ok)
            return parts[i].what;
    }
    return NULL;
}

static int add_account(struct shell *sh, const struct account *a)
{
    if (sh->uid != 0) {
        shell_complain(sh, "%s: Permission denied.\n", a->tool);
        return 1;
    }
    const char *value, *wrong = invalid_part(a, &value);
    if (wrong != NULL) {
        shell_complain(sh, "%s: invalid %s '%s'\n", a->tool, wrong, value);
        return 3;
    }
    AUTO_FREE char *taken = files_lookup(sh->root, "/etc/passwd", 0, a->name, 2);
    if (taken != NULL) {
        shell_complain(sh, "%s: user '%s' already exists\n", a->tool, a->name);
        return 9;
    }
    AUTO_FREE char *gid = NULL;
    int rc = primary_group(sh, a, &gid);
    if (rc != 0)
        return rc;
    AUTO_FREE char *uid =
        a->uid != NULL ? xstrdup(a->uid) : free_id(sh, "/etc/passwd", a->system);
    AUTO_FREE char *home =
        a->home != NULL ? xstrdup(a->home) : xasprintf("/home/%s", a->name);
    const char *shell = a->shell != NULL ? a->shell
                        : a->system      ? "/usr/sbin/nologin"
                                         : "/bin/sh";
    AUTO_FREE char *line = xasprintf("%s:x:%s:%s:%s:%s:%s\n", a->name, uid, gid,
                                     a->comment != NULL ? a->comment : "", home, shell);
    rc = append_line(sh, "/etc/passwd", line, true);
    AUTO_FREE char *shadow = xasprintf("%s:!:19723:0:99999:7:::\n", a->name);
    if (rc == 0)
        rc = append_line(sh, "/etc/shadow", shadow, false);
    if (rc == 0 && a->make_home && !a->no_home)
        rc = make_home(sh, home, uid, gid);
    AUTO_FREE char *groups = xstrdup(a->groups != NULL ? a->groups : "");
    char *save = NULL;
    for (char *g = strtok_r(groups, ",", &save); rc == 0 && g != NULL;
         g = strtok_r(NULL, ",", &save))
        rc = join_group(sh, a->tool, a->name, g);
    return rc;
}

static const struct command_long longs[] = {{"create-home", 'm'},
                                            {"system", 'r'},
                                            {"uid", 'u'},
                                            {"gid", 'g'},
                                            {"groups", 'G'},
                                            {"home-dir", 'd'},
                                            {"home", 'd'},
                                            {"shell", 's'},
                                            {"comment", 'c'},
                                            {"gecos", 'c'},
                                            {"no-create-home", 'M'},
                                            {"user-group", 'U'},
                                            {"no-user-group", 'N'},
                                            {"no-log-init", 'l'},
                                            {"ingroup", 'g'},
                                            {"group", 'U'},
                                            {"disabled-password", 'D'},
                                            {"disabled-login", 'D'},
                                            {"quiet", 'q'},
                                            {"non-unique", 'o'},
                                            {"force", 'f'},
                                            {"password", 'p'},
                                            {NULL, 0}};

int command_useradd(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "mrMUNlou:g:G:d:s:c:p:D", longs, &o, &first);
    if (status != 0)
        return status;
    if (first + 1 != argv->len) {
        shell_complain(sh, "Usage: useradd [options] LOGIN\n");
        return 2;
    }
    struct account a = {
        .tool = "useradd",
        .name = argv->items[first],
        .uid = o.value['u'],
        .group = o.value['g'],
        .groups = o.value['G'],
        .home = o.value['d'],
        .shell = o.value['s'],
        .comment = o.value['c'],
        .system = command_has(&o, 'r'),
        .make_home = command_has(&o, 'm'),
        .no_home = command_has(&o, 'M'),
    };
    return add_account(sh, &a);
}

/* Debian's has long options only, busybox's short ones; `adduser USER GROUP` adds a
 * member. */
int command_adduser(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    bool debian = false;
    for (size_t i = 1; i < argv->len; i++)
        debian = debian || strncmp(argv->items[i], "--", 2) == 0;
    const char *known = debian ? "rMUDqfu:g:d:s:c:" : "DSHh:s:G:u:g:k:";
    int status = command_options(sh, argv, known, debian ? longs : NULL, &o, &first);
    if (status != 0)
        return status;
    if (first >= argv->len) {
        shell_complain(sh, "adduser: one or two names required\n");
        return 1;
    }
    if (first + 2 == argv->len)
        return join_group(sh, "adduser", argv->items[first], argv->items[first + 1]);
    struct account a = {
        .tool = "adduser",
        .name = argv->items[first],
        .uid = o.value['u'],
        .group = debian ? o.value['g'] : o.value['G'],
        .home = debian ? o.value['d'] : o.value['h'],
        .shell = o.value['s'],
        .comment = debian ? o.value['c'] : o.value['g'],
        .system = command_has(&o, debian ? 'r' : 'S'),
        .make_home = true,
        .no_home = command_has(&o, debian ? 'M' : 'H'),
    };
    return add_account(sh, &a);
}

int command_groupadd(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    static const struct command_long names[] = {
        {"gid", 'g'}, {"system", 'S'}, {"force", 'f'}, {NULL, 0}};
    int status = command_options(sh, argv, "Srfg:", names, &o, &first);
    if (status != 0)
        return status;
    if (first >= argv->len) {
        shell_complain(sh, "Usage: groupadd [options] GROUP\n");
        return 2;
    }
    if (first + 2 == argv->len)
        return join_group(sh, "addgroup", argv->items[first], argv->items[first + 1]);
    if (sh->uid != 0) {
        shell_complain(sh, "%s: Permission denied.\n", argv->items[0]);
        return 10;
    }
    AUTO_FREE char *taken =
        files_lookup(sh->root, "/etc/group", 0, argv->items[first], 2);
    if (taken != NULL && command_has(&o, 'f'))
        return 0;
    return add_group(sh, argv->items[0], argv->items[first], o.value['g'],
                     command_has(&o, 'S') || command_has(&o, 'r'));
}
