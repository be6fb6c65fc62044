/* SPDX-License-Identifier: MIT */
/*
 * USER resolved as BuildKit 0.32 does it (observed): supplementary groups are taken
 * only where no group is named; a uid without an entry has group 0 and home "/".
 */
#include "sim/exec/sandbox_user.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

enum { FIELDS = 7, FILE_LIMIT = 16 << 20, GROUP_LIMIT = 65536 /* NGROUPS_MAX */ };

/* A file of the image as text; empty if there is none. */
static int read_image_file(struct view *root, const char *path, struct buf *out,
                           struct err *err)
{
    AUTO_FREE char *resolved = NULL;
    int rc = view_resolve(root, path, true, &resolved, err);
    if (rc != 0)
        return rc;
    const struct entry *e = view_lookup(root, resolved);
    if (e == NULL || e->type != ENTRY_FILE || e->size == 0)
        return 0;
    rc = content_load(&e->content, e->size, FILE_LIMIT, out, err);
    return rc == 0 ? 0 : err_wrap(err, "/%s of the image", path);
}

/* The next line with its fields between colons, missing ones ""; false at the end. */
static bool next_line(char **rest, char *fields[FIELDS])
{
    static char nothing[] = "";
    char *line;
    do {
        line = strsep(rest, "\n");
        if (line == NULL)
            return false;
        line += strspn(line, " \t");
    } while (*line == '\0' || *line == '#');
    for (int i = 0; i < FIELDS; i++) {
        char *field = strsep(&line, ":");
        fields[i] = field != NULL ? field : nothing;
    }
    return true;
}

/* -1 if text is no number. */
static int64_t number(const char *text)
{
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 10 || text[n] != '\0')
        return -1;
    return strtoll(text, NULL, 10);
}

static bool is_id(const char *text, uint32_t id)
{
    return number(text) == (int64_t)id;
}

static int check_id(int64_t id, const char *text, struct err *err)
{
    if (id <= INT32_MAX)
        return 0;
    return err_set(err, ERR_FAILED, "USER %.200s: ids go from 0 to 2147483647", text);
}

static void add_group(struct sandbox_user *out, uint32_t gid)
{
    for (size_t i = 0; i < out->group_count; i++)
        if (out->groups[i] == gid)
            return;
    if (out->group_count == GROUP_LIMIT)
        return;
    GROW(out->groups, out->group_cap, out->group_count + 1);
    out->groups[out->group_count++] = gid;
}

/* ---- /etc/passwd ----------------------------------------------------------------- */

/* By name, or by number; "" is uid 0. *name is the name found, "" if there is none. */
static int find_passwd(char *text, const char *user, struct sandbox_user *out,
                       char **name, struct err *err)
{
    int64_t id = user[0] == '\0' ? 0 : number(user);
    char *f[FIELDS], *rest = text;
    while (next_line(&rest, f)) {
        if (strcmp(f[0], user) != 0 && (id < 0 || number(f[2]) != id))
            continue;
        int64_t uid = number(f[2]), gid = number(f[3]);
        int rc = check_id(uid, f[2], err);
        if (rc == 0)
            rc = check_id(gid, f[3], err);
        out->uid = uid > 0 ? (uint32_t)uid : 0;
        out->gid = gid > 0 ? (uint32_t)gid : 0;
        *name = xstrdup(f[0]);
        return rc;
    }
    *name = xstrdup("");
    if (id < 0)
        return err_set(err, ERR_FAILED,
                       "unable to find user %.200s: no matching entries in passwd file",
                       user);
    out->uid = (uint32_t)id;
    return check_id(id, user, err);
}

/* Of the first entry with the uid, as runc sets HOME. */
static char *find_home(char *text, uint32_t uid)
{
    char *f[FIELDS], *rest = text;
    while (next_line(&rest, f))
        if (is_id(f[2], uid))
            return xstrdup(f[5][0] != '\0' ? f[5] : "/");
    return xstrdup("/");
}

/* ---- /etc/group ------------------------------------------------------------------ */

static bool is_member(char *members, const char *name)
{
    for (char *m; (m = strsep(&members, ",")) != NULL;)
        if (strcmp(m, name) == 0)
            return true;
    return false;
}

static void find_memberships(char *text, const char *name, struct sandbox_user *out)
{
    char *f[FIELDS], *rest = text;
    while (name[0] != '\0' && next_line(&rest, f))
        if (number(f[2]) >= 0 && number(f[2]) <= INT32_MAX && is_member(f[3], name))
            add_group(out, (uint32_t)number(f[2]));
}

static int find_group(char *text, const char *group, struct sandbox_user *out,
                      struct err *err)
{
    int64_t id = number(group);
    char *f[FIELDS], *rest = text;
    while (next_line(&rest, f))
        if (strcmp(f[0], group) == 0) {
            id = number(f[2]) < 0 ? 0 : number(f[2]);
            break;
        }
    if (id < 0)
        return err_set(err, ERR_FAILED,
                       "unable to find group %.200s: no matching entries in group file",
                       group);
    out->gid = (uint32_t)id;
    return check_id(id, group, err);
}

int sandbox_user_find(struct view *root, const char *user, struct sandbox_user *out,
                      struct err *err)
{
    AUTO_BUF passwd = BUF_INIT, group = BUF_INIT;
    *out = (struct sandbox_user){0};
    int rc = read_image_file(root, "etc/passwd", &passwd, err);
    if (rc == 0)
        rc = read_image_file(root, "etc/group", &group, err);
    if (rc != 0)
        return rc;
    AUTO_FREE char *word = xstrdup(user);
    AUTO_FREE char *name = NULL;
    AUTO_FREE char *copy = xstrdup(buf_str(&passwd));
    char *colon = strchr(word, ':');
    if (colon != NULL)
        *colon++ = '\0';
    rc = find_passwd(copy, word, out, &name, err);
    if (rc != 0)
        return rc;
    AUTO_FREE char *groups = xstrdup(buf_str(&group));
    if (colon != NULL && colon[0] != '\0')
        rc = find_group(groups, colon, out, err);
    else
        find_memberships(groups, name, out);
    add_group(out, out->gid);
    AUTO_FREE char *again = xstrdup(buf_str(&passwd));
    out->home = find_home(again, out->uid);
    return rc;
}

void sandbox_user_free(struct sandbox_user *user)
{
    free(user->groups);
    free(user->home);
    *user = (struct sandbox_user){0};
}
