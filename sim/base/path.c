/* SPDX-License-Identifier: MIT */
/* Paths as text. */
#include "sim/base/path.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"

/* Appends the parts of path to out, dropping "." and folding "..". `floor` is the
 * length that ".." may not go below; a ".." at the floor is kept if keep_up, else
 * dropped. */
static void add_parts(struct buf *out, const char *path, size_t floor, bool keep_up)
{
    while (*path != '\0') {
        size_t n = strcspn(path, "/");
        bool up = n == 2 && path[0] == '.' && path[1] == '.';
        if (up && out->len > floor) {
            while (out->len > floor && out->data[out->len - 1] != '/')
                out->len--;
            if (out->len > floor)
                out->len--;
            out->data[out->len] = '\0';
        } else if ((up && keep_up) || (n != 0 && !up && !(n == 1 && path[0] == '.'))) {
            if (out->len != 0 && out->data[out->len - 1] != '/')
                buf_addc(out, '/');
            buf_add(out, path, n);
            if (up)
                floor = out->len;
        }
        path += n;
        path += strspn(path, "/");
    }
}

char *path_clean(const char *path)
{
    struct buf out = BUF_INIT;
    bool rooted = path[0] == '/';
    if (rooted)
        buf_addc(&out, '/');
    add_parts(&out, path, out.len, !rooted);
    if (out.len == 0)
        buf_addc(&out, '.');
    return buf_steal(&out);
}

char *path_below_root(const char *path)
{
    struct buf out = BUF_INIT;
    add_parts(&out, path, 0, false);
    return buf_steal(&out);
}

char *path_join(const char *base, const char *name)
{
    if (base[0] == '\0')
        return xstrdup(name);
    return xasprintf("%s%s%s", base, base[strlen(base) - 1] == '/' ? "" : "/", name);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

size_t path_parent_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) : 0;
}

int path_compare(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    /* "/" sorts before every byte but the end, so that a folder's content follows it.
     */
    int x = *a == '\0' ? -1 : *a == '/' ? 0 : (unsigned char)*a + 1;
    int y = *b == '\0' ? -1 : *b == '/' ? 0 : (unsigned char)*b + 1;
    return x - y;
}

bool path_is_below(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return n == 0 ||
           (strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}
