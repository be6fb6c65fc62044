/* SPDX-License-Identifier: MIT */
/*
 * Which names of which folders a limited scan looks at: each wanted path is walked once
 * with its symlinks followed inside the context, and the walk noted in a tree of names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/path.h"
#include "sim/context/scan.h"

enum { SYMLINKS_MOST = 255, TARGET_LONGEST = 4095 };

void want_free(struct want *want)
{
    if (want == NULL)
        return;
    for (size_t i = 0; i < want->len; i++)
        want_free(want->below[i]);
    free(want->below);
    free(want->name);
    free(want);
}

/* The node for a name, made if needed; nodes are kept in the order of their names. */
static struct want *get_below(struct want *want, const char *name, size_t n)
{
    size_t low = 0, high = want->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct want *at = want->below[mid];
        int order = strncmp(name, at->name, n);
        if (order == 0)
            order = at->name[n] == '\0' ? 0 : -1;
        if (order == 0)
            return at;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    GROW(want->below, want->cap, want->len + 1);
    memmove(want->below + low + 1, want->below + low,
            (want->len - low) * sizeof(struct want *));
    want->len++;
    want->below[low] = xcalloc(1, sizeof(struct want));
    want->below[low]->name = xstrndup(name, n);
    return want->below[low];
}

/* The node for a clean path. */
static struct want *get_path(struct want *want, const char *path)
{
    while (*path != '\0') {
        size_t n = strcspn(path, "/");
        want = get_below(want, path, n);
        path += n;
        path += strspn(path, "/");
    }
    return want;
}

/* A wanted path on its way: `here` is resolved, `todo` is still to be walked. */
struct walk {
    char *here, *todo;
    unsigned symlinks;
};

/* Replaces here (a symlink with this target) by where it leads. */
static void follow(struct walk *walk, const char *target)
{
    char *todo = xasprintf("%s/%s", target, walk->todo);
    free(walk->todo);
    walk->todo = todo;
    walk->here[target[0] == '/' ? 0 : path_parent_len(walk->here)] = '\0';
    walk->symlinks++;
}

/* Takes the next part off todo; false at the end. */
static bool next_part(struct walk *walk)
{
    char *p = walk->todo + strspn(walk->todo, "/");
    size_t n = strcspn(p, "/");
    if (n == 0)
        return false;
    if (n == 2 && p[0] == '.' && p[1] == '.') {
        walk->here[path_parent_len(walk->here)] = '\0';
    } else if (n != 1 || p[0] != '.') {
        AUTO_FREE char *name = xstrndup(p, n);
        char *here = path_join(walk->here, name);
        free(walk->here);
        walk->here = here;
    }
    memmove(walk->todo, p + n, strlen(p + n) + 1);
    return true;
}

/* Ends early where nothing is, or links lead in circles: whoever wants the file will
 * say so. */
static void resolve(int root, struct walk *walk, struct want *top)
{
    char target[TARGET_LONGEST + 1];
    while (next_part(walk)) {
        if (walk->here[0] == '\0')
            continue;
        get_path(top, walk->here);
        ssize_t n = readlinkat(root, walk->here, target, TARGET_LONGEST);
        if (n < 0 && errno == ENOENT)
            return;
        if (n < 0)
            continue;
        target[n] = '\0';
        if (walk->symlinks >= SYMLINKS_MOST)
            return;
        follow(walk, target);
    }
    get_path(top, walk->here)->all = true;
}

struct want *want_resolve(int root, const struct strv *wanted)
{
    if (wanted == NULL)
        return NULL;
    struct want *top = xcalloc(1, sizeof *top);
    for (size_t i = 0; i < wanted->len; i++) {
        struct walk walk = {xstrdup(""), xstrdup(wanted->items[i]), 0};
        resolve(root, &walk, top);
        free(walk.here);
        free(walk.todo);
    }
    if (!top->all)
        return top;
    want_free(top);
    return NULL;
}
