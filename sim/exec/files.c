/* SPDX-License-Identifier: MIT */
/* View access for commands: paths, permissions, users. No sticky bits, no ACLs. */
#include "sim/exec/files.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"

static char *resolve(struct view *root, const char *cwd, const char *name, bool follow)
{
    AUTO_FREE char *full = name[0] == '/' ? xstrdup(name) : path_join(cwd, name);
    AUTO_FREE char *clean = path_below_root(full);
    char *out = NULL;
    size_t n = strlen(name);
    /* "link/" and "dir/." name what the link points to */
    if (n > 0 && (name[n - 1] == '/' || (n > 1 && strcmp(name + n - 2, "/.") == 0)))
        follow = true;
    return view_resolve(root, clean, follow, &out, NULL) == 0 ? out : NULL;
}

char *files_path(struct shell *sh, const char *name, bool follow)
{
    return resolve(sh->root, sh->cwd, name, follow);
}

const struct entry *files_stat(struct shell *sh, const char *name)
{
    AUTO_FREE char *path = name[0] != '\0' ? files_path(sh, name, true) : NULL;
    return path != NULL ? view_lookup(sh->root, path) : NULL;
}

bool files_may(const struct shell *sh, const struct entry *e, unsigned bit)
{
    if (sh->uid == 0)
        return true;
    unsigned shift = e->uid == sh->uid ? 6 : e->gid == sh->gid ? 3 : 0;
    return ((e->mode >> shift) & bit) == bit;
}

const char *files_read(struct shell *sh, const char *name, struct buf *out)
{
    const struct entry *e = files_stat(sh, name);
    if (e == NULL)
        return "No such file or directory";
    if (e->type == ENTRY_DIR)
        return "Is a directory";
    if (!files_may(sh, e, 4))
        return "Permission denied";
    if (e->type != ENTRY_FILE)
        return "Invalid argument";
    if (content_load(&e->content, e->size, SHELL_BYTES_LIMIT, out, NULL) != 0)
        return "File too large";
    return NULL;
}

const char *files_parent_problem(struct shell *sh, const char *path)
{
    AUTO_FREE char *parent = xstrndup(path, path_parent_len(path));
    const struct entry *e = view_lookup(sh->root, parent);
    if (e == NULL)
        return "No such file or directory";
    if (e->type != ENTRY_DIR)
        return "Not a directory";
    return files_may(sh, e, 3) ? NULL : "Permission denied";
}

struct entry files_new(const struct shell *sh, const char *path, enum entry_type type,
                       uint32_t mode)
{
    return (struct entry){
        .path = path,
        .type = type,
        .mode = type == ENTRY_SYMLINK ? 0777 : mode & ~022u,
        .uid = sh->uid,
        .gid = sh->gid,
        .mtime_ns = sh->run->now_s * INT64_C(1000000000),
    };
}

int files_write(struct shell *sh, const char *path, const void *data, size_t len)
{
    struct entry e = files_new(sh, path, ENTRY_FILE, 0666);
    const struct entry *old = view_lookup(sh->root, path);
    if (old != NULL && old->type == ENTRY_FILE) {
        e.mode = old->mode;
        e.uid = old->uid;
        e.gid = old->gid;
    }
    e.size = len;
    if (len != 0) {
        e.content.kind = CONTENT_INLINE;
        e.content.from.bytes = data;
    }
    return view_put(sh->root, &e, sh->err);
}

/* ---- users ----------------------------------------------------------------------- */

/* Field n of a colon-separated line; len gets its length. */
static const char *field(const char *line, size_t line_len, unsigned n, size_t *len)
{
    const char *end = line + line_len;
    for (; n > 0; n--) {
        const char *colon = memchr(line, ':', (size_t)(end - line));
        if (colon == NULL)
            return NULL;
        line = colon + 1;
    }
    const char *colon = memchr(line, ':', (size_t)(end - line));
    *len = (size_t)((colon != NULL ? colon : end) - line);
    return line;
}

char *files_lookup(struct view *root, const char *file, unsigned key, const char *value,
                   unsigned want)
{
    AUTO_FREE char *path = resolve(root, "/", file, true);
    const struct entry *e = path != NULL ? view_lookup(root, path) : NULL;
    AUTO_BUF text = BUF_INIT;
    if (e == NULL || e->type != ENTRY_FILE ||
        content_load(&e->content, e->size, SHELL_BYTES_LIMIT, &text, NULL) != 0)
        return NULL;
    for (const char *line = buf_str(&text); *line != '\0';) {
        size_t n = strcspn(line, "\n"), len = 0, got = 0;
        const char *k = field(line, n, key, &len);
        const char *v = field(line, n, want, &got);
        if (k != NULL && v != NULL && len == strlen(value) &&
            strncmp(k, value, len) == 0)
            return xstrndup(v, got);
        line += n + (line[n] == '\n' ? 1 : 0);
    }
    return NULL;
}

static bool parse_id(const char *text, uint32_t *out)
{
    if (*text == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9)
        return false;
    *out = (uint32_t)strtoul(text, NULL, 10);
    return true;
}

static bool find_id(struct view *root, const char *file, const char *name,
                    uint32_t *out)
{
    if (parse_id(name, out))
        return true;
    AUTO_FREE char *id = files_lookup(root, file, 0, name, 2);
    if (id != NULL)
        return parse_id(id, out);
    /* root is 0 in every image, also in one without /etc/passwd */
    *out = 0;
    return strcmp(name, "root") == 0;
}

bool files_owner(struct view *root, const char *text, bool primary, uint32_t *uid,
                 uint32_t *gid)
{
    const char *colon = strchr(text, ':');
    AUTO_FREE char *user =
        colon != NULL ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
    if (*user != '\0' && !find_id(root, "/etc/passwd", user, uid))
        return false;
    if (colon != NULL && colon[1] != '\0')
        return find_id(root, "/etc/group", colon + 1, gid);
    if ((primary || colon != NULL) && *user != '\0') {
        bool number = strspn(user, "0123456789") == strlen(user);
        AUTO_FREE char *id = files_lookup(root, "/etc/passwd", number ? 2 : 0, user, 3);
        *gid = 0;
        if (id != NULL)
            return parse_id(id, gid);
    }
    return true;
}
