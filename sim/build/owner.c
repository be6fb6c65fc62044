/* SPDX-License-Identifier: MIT */
/* Names of users and groups, looked up in the image itself. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/build/graph.h"

enum { ACCOUNTS_MOST = 1 << 20 };

static bool is_number(const char *s, uint32_t *out)
{
    if (s[0] == '\0' || s[strspn(s, "0123456789")] != '\0' || strlen(s) > 10)
        return false;
    *out = (uint32_t)strtoul(s, NULL, 10);
    return true;
}

/* Field `n` (from 0) of a colon-separated line, as a new string. */
static char *field(const char *line, size_t len, int n)
{
    const char *end = line + len;
    while (n-- > 0) {
        const char *colon = memchr(line, ':', (size_t)(end - line));
        if (colon == NULL)
            return xstrdup("");
        line = colon + 1;
    }
    const char *colon = memchr(line, ':', (size_t)(end - line));
    return xstrndup(line, (size_t)((colon != NULL ? colon : end) - line));
}

/* Finds the line whose first field is `name` (or whose third is the number) and reads
 * its third and fourth fields. */
static bool look_up(struct view *root, const char *file, const char *name,
                    uint32_t *third, uint32_t *fourth)
{
    AUTO_FREE char *path = NULL;
    struct err ignored = ERR_INIT;
    if (view_resolve(root, file, true, &path, &ignored) != 0)
        return false;
    const struct entry *e = view_lookup(root, path);
    AUTO_BUF text = BUF_INIT;
    if (e == NULL || e->type != ENTRY_FILE ||
        content_load(&e->content, e->size, ACCOUNTS_MOST, &text, &ignored) != 0)
        return false;
    for (const char *line = buf_str(&text); *line != '\0';) {
        size_t n = strcspn(line, "\n");
        AUTO_FREE char *first = field(line, n, 0);
        AUTO_FREE char *id = field(line, n, 2);
        AUTO_FREE char *group = field(line, n, 3);
        if ((strcmp(first, name) == 0 || strcmp(id, name) == 0) &&
            is_number(id, third)) {
            if (fourth != NULL && !is_number(group, fourth))
                *fourth = 0;
            return true;
        }
        line += n + (line[n] == '\n');
    }
    return false;
}

/* BuildKit takes a name that nobody has for 0, and refuses names where there is no file
 * system to look them up in; the linear builders refuse unknown names. */
static int no_such(const struct build *b, const struct vertex *v, const char *what,
                   const char *name, struct err *err)
{
    if (b->options->semantics != SEMANTICS_BUILDKIT)
        return err_set(err, ERR_FAILED, "unable to find %s %s in the image", what,
                       name);
    bool link = v->step->copy != NULL && v->step->copy->link;
    if (link || v->parent == NULL || digest_is_zero(&v->parent->chain)) {
        err_set(err, ERR_FAILED,
                "unable to find %s %s: there are no files yet to look it "
                "up in",
                what, name);
        return err_hint(err, "write a number");
    }
    return 0;
}

int owner_of_files(const struct build *b, const struct vertex *v, struct view *root,
                   const char *text, struct owner *out, struct err *err)
{
    AUTO_FREE char *user = xstrndup(text, strcspn(text, ":"));
    const char *group = strchr(text, ':');
    int rc = 0;
    *out = (struct owner){0};
    if (is_number(user, &out->uid))
        out->gid = out->uid;
    else if (user[0] != '\0' &&
             !look_up(root, "etc/passwd", user, &out->uid, &out->gid))
        rc = no_such(b, v, "user", user, err);
    if (rc != 0 || group == NULL)
        return rc;
    if (group[1] == '\0')
        out->gid = 0;
    else if (!is_number(group + 1, &out->gid) &&
             !look_up(root, "etc/group", group + 1, &out->gid, NULL))
        rc = no_such(b, v, "group", group + 1, err);
    return rc;
}
