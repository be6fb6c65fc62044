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

int owner_resolve(struct view *root, const char *text, uint32_t *uid, uint32_t *gid,
                  struct err *err)
{
    AUTO_FREE char *user = xstrndup(text, strcspn(text, ":"));
    const char *group = strchr(text, ':');
    *uid = *gid = 0;
    if (is_number(user, uid))
        *gid = *uid;
    else if (user[0] != '\0' && !look_up(root, "etc/passwd", user, uid, gid))
        return err_set(err, ERR_FAILED,
                       "unable to find user %s: no such line in "
                       "/etc/passwd of the image",
                       user);
    if (group == NULL || group[1] == '\0')
        return 0;
    if (!is_number(group + 1, gid) && !look_up(root, "etc/group", group + 1, gid, NULL))
        return err_set(err, ERR_FAILED,
                       "unable to find group %s: no such line in "
                       "/etc/group of the image",
                       group + 1);
    return 0;
}
