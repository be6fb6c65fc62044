/* SPDX-License-Identifier: MIT */
/* Shell pattern matching with one point of return, so that no pattern is exponential.
 */
#include "sim/exec/glob.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"

/* Paths one pattern may give; beyond it the rest is dropped. */
enum { GLOB_LIMIT = 100000 };

static bool class_matches(const char *name, size_t len, unsigned char c)
{
    static const struct {
        const char *name;
        int (*is)(int);
    } classes[] = {{"alpha", isalpha}, {"digit", isdigit},  {"alnum", isalnum},
                   {"upper", isupper}, {"lower", islower},  {"space", isspace},
                   {"punct", ispunct}, {"xdigit", isxdigit}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strlen(classes[i].name) == len && strncmp(classes[i].name, name, len) == 0)
            return classes[i].is(c) != 0;
    return false;
}

/* p stands behind "["; returns behind "]", NULL if the set is not closed. */
static const char *match_set(const char *p, unsigned char c, bool *matched)
{
    bool negate = *p == '!' || *p == '^', found = false;
    p += negate ? 1 : 0;
    for (const char *start = p; *p != ']' || p == start;) {
        if (*p == '\0')
            return NULL;
        if (p[0] == '[' && p[1] == ':') {
            const char *end = strstr(p + 2, ":]");
            if (end == NULL)
                return NULL;
            found = found || class_matches(p + 2, (size_t)(end - p - 2), c);
            p = end + 2;
            continue;
        }
        if (*p == '\\' && p[1] != '\0')
            p++;
        unsigned char low = (unsigned char)*p++, high = low;
        if (p[0] == '-' && p[1] != ']' && p[1] != '\0') {
            high = (unsigned char)p[1];
            p += 2;
        }
        found = found || (c >= low && c <= high);
    }
    *matched = found != negate;
    return p + 1;
}

/* One pattern element other than * against c: where the pattern goes on, or NULL. */
static const char *match_one(const char *p, unsigned char c)
{
    if (*p == '?')
        return p + 1;
    if (*p == '[') {
        bool matched = false;
        const char *end = match_set(p + 1, c, &matched);
        if (end != NULL)
            return matched ? end : NULL;
    }
    if (*p == '\\' && p[1] != '\0')
        p++;
    return *p != '\0' && (unsigned char)*p == c ? p + 1 : NULL;
}

bool shell_pattern_matches(const char *pattern, const char *text, size_t len)
{
    const char *p = pattern, *star = NULL;
    size_t i = 0, back = 0;
    while (i < len) {
        if (*p == '*') {
            star = ++p;
            back = i;
            continue;
        }
        const char *next = match_one(p, (unsigned char)text[i]);
        if (next != NULL) {
            p = next;
            i++;
        } else if (star != NULL) {
            p = star;
            i = ++back;
        } else {
            return false;
        }
    }
    while (*p == '*')
        p++;
    return *p == '\0';
}

bool shell_pattern_is_plain(const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '\\' && pattern[1] != '\0')
            pattern++;
        else if (strchr("*?[", *pattern) != NULL)
            return false;
    }
    return true;
}

static char *unescape(const char *part, size_t len)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < len; i++) {
        if (part[i] == '\\' && i + 1 < len)
            i++;
        buf_addc(&out, part[i]);
    }
    return buf_steal(&out);
}

/* The view's entry for a path as the script spells it. */
static const struct entry *find(struct view *view, const char *cwd, const char *path,
                                char **resolved)
{
    AUTO_FREE char *full = path[0] == '/' ? xstrdup(path) : path_join(cwd, path);
    AUTO_FREE char *clean = path_below_root(full);
    if (view_resolve(view, clean, true, resolved, NULL) != 0)
        return NULL;
    return view_lookup(view, *resolved);
}

/* Extends each of `from` (prefixes ending in "" or "/") by what matches one part. */
static void match_part(struct view *view, const char *cwd, const char *part,
                       const struct strv *from, struct strv *to)
{
    for (size_t i = 0; i < from->len && to->len < GLOB_LIMIT; i++) {
        AUTO_FREE char *dir = NULL;
        const char *prefix = from->items[i];
        const struct entry *e = find(view, cwd, prefix, &dir);
        if (e == NULL || e->type != ENTRY_DIR)
            continue;
        struct strv names = STRV_INIT;
        view_list(view, dir, &names);
        for (size_t n = 0; n < names.len; n++)
            if ((names.items[n][0] != '.' || part[0] == '.') &&
                shell_pattern_matches(part, names.items[n], strlen(names.items[n])))
                strv_take(to, xasprintf("%s%s", prefix, names.items[n]));
        strv_free(&names);
    }
}

static void keep_existing(struct view *view, const char *cwd, const char *part,
                          const struct strv *from, struct strv *to)
{
    for (size_t i = 0; i < from->len; i++) {
        AUTO_FREE char *resolved = NULL;
        char *path = xasprintf("%s%s", from->items[i], part);
        if (*part == '\0' || find(view, cwd, path, &resolved) != NULL)
            strv_take(to, path);
        else
            free(path);
    }
}

void shell_glob(struct view *view, const char *cwd, const char *pattern,
                struct strv *out)
{
    struct strv paths = STRV_INIT;
    size_t slashes = strspn(pattern, "/");
    strv_addn(&paths, "/", slashes > 0 ? 1 : 0);
    for (const char *p = pattern + slashes;;) {
        size_t n = strcspn(p, "/"), skip = strspn(p + n, "/");
        struct strv next = STRV_INIT;
        AUTO_FREE char *part = xstrndup(p, n);
        if (shell_pattern_is_plain(part)) {
            AUTO_FREE char *literal = unescape(p, n);
            keep_existing(view, cwd, literal, &paths, &next);
        } else {
            match_part(view, cwd, part, &paths, &next);
        }
        strv_free(&paths);
        paths = next;
        if (skip == 0)
            break;
        for (size_t i = 0; i < paths.len; i++) {
            char *longer = xasprintf("%s/", paths.items[i]);
            free(paths.items[i]);
            paths.items[i] = longer;
        }
        p += n + skip;
    }
    strv_copy(out, &paths);
    strv_free(&paths);
}
