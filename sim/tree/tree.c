/* SPDX-License-Identifier: MIT */
/* The list of entries: adding, ordering, finding. */
#include "sim/tree/tree.h"

#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/tree/internal.h"

struct tree *tree_new(void)
{
    struct tree *tree = xcalloc(1, sizeof *tree);
    tree->memory = xcalloc(1, sizeof *tree->memory);
    tree->sorted = true;
    return tree;
}

void tree_free(struct tree *tree)
{
    if (tree == NULL)
        return;
    struct tree_memory *m = tree->memory;
    for (size_t i = 0; i < m->root_count; i++)
        host_root_unref(m->roots[i]);
    for (size_t i = 0; i < m->blob_count; i++)
        blob_unref(m->blobs[i]);
    free(m->roots);
    free(m->blobs);
    arena_free(&m->arena);
    free(m);
    free(tree->entries);
    free(tree);
}

void *tree_alloc(struct tree *tree, size_t size)
{
    return arena_alloc(&tree->memory->arena, size);
}

/* Both lists are short, and neighbours mostly come from one place: searched from the
 * end. */
static void hold_root(struct tree_memory *m, struct host_root *root)
{
    for (size_t i = m->root_count; i > 0; i--)
        if (m->roots[i - 1] == root)
            return;
    GROW(m->roots, m->root_cap, m->root_count + 1);
    m->roots[m->root_count++] = host_root_ref(root);
}

static void hold_blob(struct tree_memory *m, struct blob *blob)
{
    for (size_t i = m->blob_count; i > 0; i--)
        if (m->blobs[i - 1] == blob)
            return;
    GROW(m->blobs, m->blob_cap, m->blob_count + 1);
    m->blobs[m->blob_count++] = blob_ref(blob);
}

void tree_hold(struct tree *tree, const struct content *content)
{
    if (content->kind == CONTENT_HOST)
        hold_root(tree->memory, content->from.host.root);
    else if (content->kind == CONTENT_RANGE)
        hold_blob(tree->memory, content->from.range.blob);
}

static char *put(char **at, const void *data, size_t len)
{
    char *here = *at;
    memcpy(here, data, len);
    *at += len;
    return here;
}

static size_t xattr_bytes(const struct entry *e)
{
    size_t n = e->xattr_count * sizeof *e->xattrs;
    for (size_t i = 0; i < e->xattr_count; i++)
        n += strlen(e->xattrs[i].name) + 1 + e->xattrs[i].len;
    return n;
}

/* Sorts by name; of equal names the last stays. They are few, and mostly sorted. */
static size_t order_xattrs(struct xattr *x, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        struct xattr one = x[i];
        size_t at = len;
        while (at > 0 && strcmp(x[at - 1].name, one.name) > 0)
            at--;
        if (at > 0 && strcmp(x[at - 1].name, one.name) == 0) {
            x[at - 1] = one;
            continue;
        }
        memmove(&x[at + 1], &x[at], (len - at) * sizeof *x);
        x[at] = one;
        len++;
    }
    return len;
}

/* Copies what e points to into one piece of the arena and makes e point there. */
static void own_strings(struct tree *tree, struct entry *e)
{
    const char *host = e->content.kind == CONTENT_HOST ? e->content.from.host.path : "";
    bool host_differs = e->content.kind == CONTENT_HOST && strcmp(host, e->path) != 0;
    size_t path = strlen(e->path) + 1;
    size_t target = e->target != NULL ? strlen(e->target) + 1 : 0;
    size_t bytes = e->content.kind == CONTENT_INLINE ? (size_t)e->size : 0;
    size_t other = host_differs ? strlen(host) + 1 : 0;
    struct xattr *xattrs = arena_alloc(&tree->memory->arena,
                                       xattr_bytes(e) + path + target + bytes + other);
    char *at = (char *)(xattrs + e->xattr_count);
    for (size_t i = 0; i < e->xattr_count; i++) {
        const struct xattr *x = &e->xattrs[i];
        xattrs[i].name = put(&at, x->name, strlen(x->name) + 1);
        xattrs[i].value = x->len != 0 ? put(&at, x->value, x->len) : "";
        xattrs[i].len = x->len;
    }
    e->xattr_count = order_xattrs(xattrs, e->xattr_count);
    e->xattrs = e->xattr_count != 0 ? xattrs : NULL;
    e->path = put(&at, e->path, path);
    if (target != 0)
        e->target = put(&at, e->target, target);
    if (bytes != 0)
        e->content.from.bytes = put(&at, e->content.from.bytes, bytes);
    if (e->content.kind == CONTENT_HOST)
        e->content.from.host.path = host_differs ? put(&at, host, other) : e->path;
}

struct entry *tree_add_as(struct tree *tree, const struct entry *entry,
                          const char *path)
{
    struct entry e = *entry; /* may lie in the array that is about to move */
    e.path = path;
    if (e.type != ENTRY_FILE || e.size == 0) {
        e.size = 0;
        e.content = (struct content){.kind = CONTENT_NONE};
    }
    if (e.type != ENTRY_FILE)
        e.has_digest = false;
    if (e.type != ENTRY_SYMLINK && e.type != ENTRY_HARDLINK)
        e.target = NULL;
    else if (e.target == NULL)
        e.target = "";
    e.mode &= 07777;
    tree_hold(tree, &e.content);
    own_strings(tree, &e);
    GROW(tree->entries, tree->cap, tree->len + 1);
    if (tree->sorted && tree->len > 0)
        tree->sorted = path_compare(tree->entries[tree->len - 1].path, e.path) < 0;
    struct entry *place = &tree->entries[tree->len++];
    *place = e;
    return place;
}

struct entry *tree_add(struct tree *tree, const struct entry *entry)
{
    return tree_add_as(tree, entry, entry->path);
}

/* ---- order ----------------------------------------------------------------------- */

struct item {
    const char *path;
    const struct entry *entry;
};

/* Merges [a, mid) and [mid, end) of from to `to`; equal paths keep their order. */
static void merge(const struct item *from, size_t a, size_t mid, size_t end,
                  struct item *to)
{
    size_t b = mid;
    for (size_t k = a; k < end; k++) {
        if (b == end || (a < mid && path_compare(from[a].path, from[b].path) <= 0))
            to[k] = from[a++];
        else
            to[k] = from[b++];
    }
}

/* End of the ascending run that starts at `first`. */
static size_t run_end(const struct item *items, size_t first, size_t len)
{
    size_t end = first + 1;
    while (end < len && path_compare(items[end - 1].path, items[end].path) <= 0)
        end++;
    return end;
}

/* A merge sort over the ascending runs that are there: trees are mostly put together
 * from sorted pieces. Leaves the sorted list in *items. */
static void sort_items(struct item **items, size_t len)
{
    size_t *runs = xreallocarray(NULL, len + 1, sizeof *runs);
    size_t count = 0;
    runs[0] = 0;
    for (size_t at = 0; at < len;)
        runs[++count] = at = run_end(*items, at, len);
    struct item *other = xreallocarray(NULL, len, sizeof *other);
    while (count > 1) {
        size_t made = 0;
        for (size_t i = 0; i < count; i += 2) {
            size_t mid = runs[i + 1], end = i + 2 <= count ? runs[i + 2] : mid;
            merge(*items, runs[i], mid, end, other);
            runs[++made] = end;
        }
        count = made;
        struct item *swap = *items;
        *items = other;
        other = swap;
    }
    free(other);
    free(runs);
}

void tree_sort(struct tree *tree)
{
    if (tree->sorted)
        return;
    struct item *items = xreallocarray(NULL, tree->len, sizeof *items);
    for (size_t i = 0; i < tree->len; i++)
        items[i] = (struct item){tree->entries[i].path, &tree->entries[i]};
    sort_items(&items, tree->len);
    struct entry *sorted = xreallocarray(NULL, tree->len, sizeof *sorted);
    size_t len = 0;
    for (size_t i = 0; i < tree->len; i++) {
        bool again = len > 0 && strcmp(sorted[len - 1].path, items[i].path) == 0;
        sorted[again ? len - 1 : len++] = *items[i].entry;
    }
    free(items);
    free(tree->entries);
    tree->entries = sorted;
    tree->cap = tree->len;
    tree->len = len;
    tree->sorted = true;
}

/* Index of the first entry that does not stand before path. */
static size_t lower_bound(const struct tree *tree, const char *path)
{
    size_t low = 0, high = tree->len;
    /* What path shares with the entries around the gap, it shares with all between. */
    size_t shared_low = 0, shared_high = 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const char *other = tree->entries[mid].path;
        size_t n = shared_low < shared_high ? shared_low : shared_high;
        while (path[n] != '\0' && other[n] == path[n])
            n++;
        if (path_compare(other + n, path + n) < 0) {
            low = mid + 1;
            shared_low = n;
        } else {
            high = mid;
            shared_high = n;
        }
    }
    return low;
}

const struct entry *tree_find(const struct tree *tree, const char *path)
{
    size_t i = lower_bound(tree, path);
    if (i == tree->len || strcmp(tree->entries[i].path, path) != 0)
        return NULL;
    return &tree->entries[i];
}

void tree_range(const struct tree *tree, const char *path, size_t *first, size_t *end)
{
    size_t low = lower_bound(tree, path);
    *first = low;
    size_t high = tree->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (path_is_below(tree->entries[mid].path, path))
            low = mid + 1;
        else
            high = mid;
    }
    *end = low;
}

uint64_t tree_content_bytes(const struct tree *tree)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].type == ENTRY_FILE)
            sum += tree->entries[i].size;
    return sum;
}

bool tree_is_modelled(const struct tree *tree)
{
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].content.kind == CONTENT_SEED)
            return true;
    return false;
}
