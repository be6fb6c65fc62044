/* SPDX-License-Identifier: MIT */
/* Reading the stored form of a tree (encode.c); the bytes may be damaged. */
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/tree/internal.h"
#include "sim/tree/tree.h"

/* Remembers that something was wrong instead of being asked after each step: from then
 * on it yields zeros. */
struct reader {
    const unsigned char *at, *end;
    uint64_t path_budget; /* bytes of paths that may still come */
    bool damaged;
    bool some; /* an entry was read */
};

static uint64_t get_number(struct reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        uint64_t byte = *r->at++;
        n |= (byte & 0x7f) << shift;
        if (byte < 0x80 && (shift < 63 || byte <= 1))
            return n;
    }
    r->damaged = true;
    r->at = r->end;
    return 0;
}

static uint64_t get_number_to(struct reader *r, uint64_t most)
{
    uint64_t n = get_number(r);
    if (n <= most)
        return n;
    r->damaged = true;
    return 0;
}

/* len bytes of the input; NULL if there are not so many. */
static const void *get_bytes(struct reader *r, uint64_t len)
{
    if (r->damaged || len > (uint64_t)(r->end - r->at)) {
        r->damaged = true;
        return NULL;
    }
    const void *here = r->at;
    r->at += len;
    return here;
}

static uint64_t little_endian(const unsigned char *p)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++)
        n |= (uint64_t)p[i] << (8 * i);
    return n;
}

static uint64_t get_fixed(struct reader *r)
{
    const unsigned char *p = get_bytes(r, 8);
    return p != NULL ? little_endian(p) : 0;
}

static char *copy_text(struct tree *tree, const void *text, size_t len)
{
    char *copy = tree_alloc(tree, len + 1);
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* A string with its length in front; must not hold a NUL. */
static const char *get_text(struct reader *r, struct tree *tree)
{
    uint64_t len = get_number(r);
    const void *text = get_bytes(r, len);
    if (!r->damaged && memchr(text, '\0', (size_t)len) != NULL)
        r->damaged = true;
    return r->damaged ? "" : copy_text(tree, text, (size_t)len);
}

static const char *get_path(struct reader *r, struct tree *tree, const char *before)
{
    size_t had = strlen(before);
    size_t shared = (size_t)get_number_to(r, had);
    size_t rest = (size_t)get_number_to(r, TREE_PATH_LONGEST);
    const void *text = get_bytes(r, rest);
    if (shared + rest > r->path_budget || shared + rest > TREE_PATH_LONGEST)
        r->damaged = true;
    if (r->damaged)
        return "";
    r->path_budget -= shared + rest;
    char *path = tree_alloc(tree, shared + rest + 1);
    memcpy(path, before, shared);
    memcpy(path + shared, text, rest);
    path[shared + rest] = '\0';
    if (!path_text_is_clean(path, shared + rest))
        r->damaged = true;
    return path;
}

static int64_t get_mtime(struct reader *r, int64_t before, bool whole)
{
    static const int64_t second = 1000000000;
    uint64_t coded = get_number(r);
    uint64_t delta = (coded >> 1) ^ (0 - (coded & 1));
    if (!whole)
        return (int64_t)((uint64_t)before + delta);
    int64_t seconds;
    if (__builtin_add_overflow(before / second, (int64_t)delta, &seconds) ||
        __builtin_mul_overflow(seconds, second, &seconds)) {
        r->damaged = true;
        return 0;
    }
    return seconds;
}

static void get_xattrs(struct reader *r, struct tree *tree, struct entry *e)
{
    /* An attribute takes at least two bytes. */
    size_t count = (size_t)get_number_to(r, (uint64_t)(r->end - r->at) / 2);
    if (count == 0)
        r->damaged = true;
    if (r->damaged)
        return;
    struct xattr *xattrs = tree_alloc(tree, count * sizeof *xattrs);
    for (size_t i = 0; i < count && !r->damaged; i++) {
        xattrs[i].name = get_text(r, tree);
        uint64_t len = get_number(r);
        const void *value = get_bytes(r, len);
        xattrs[i].len = value != NULL ? (size_t)len : 0;
        xattrs[i].value = copy_text(tree, value, xattrs[i].len);
        if (i > 0 && strcmp(xattrs[i - 1].name, xattrs[i].name) >= 0)
            r->damaged = true;
    }
    e->xattrs = xattrs;
    e->xattr_count = count;
}

static void get_content(struct reader *r, struct tree *tree, struct entry *e,
                        uint64_t kind, struct blob *blob)
{
    e->content.kind = (enum content_kind)kind;
    if ((kind == CONTENT_NONE) != (e->size == 0)) {
        r->damaged = true;
        return;
    }
    switch (kind) {
    case CONTENT_NONE:
        break;
    case CONTENT_INLINE: {
        const void *bytes = get_bytes(r, e->size);
        if (bytes != NULL)
            e->content.from.bytes = copy_text(tree, bytes, (size_t)e->size);
        break;
    }
    case CONTENT_RANGE: {
        uint64_t offset = get_number(r);
        if (blob == NULL || offset > blob_size(blob) ||
            e->size > blob_size(blob) - offset) {
            r->damaged = true;
            break;
        }
        e->content.from.range.blob = blob;
        e->content.from.range.offset = offset;
        break;
    }
    case CONTENT_SEED:
        e->content.from.seed = get_fixed(r);
        break;
    default:
        r->damaged = true;
    }
}

/* What follows the times, by the kind of entry. */
static void get_rest(struct reader *r, struct tree *tree, struct entry *e,
                     uint64_t head, struct blob *blob)
{
    if (e->type == ENTRY_FILE)
        e->size = get_number_to(r, INT64_MAX);
    if (e->type == ENTRY_SYMLINK || e->type == ENTRY_HARDLINK)
        e->target = get_text(r, tree);
    if (e->type == ENTRY_CHAR || e->type == ENTRY_BLOCK) {
        e->dev_major = (uint32_t)get_number_to(r, UINT32_MAX);
        e->dev_minor = (uint32_t)get_number_to(r, UINT32_MAX);
    }
    if ((head & HEAD_XATTRS) != 0)
        get_xattrs(r, tree, e);
    if ((head & HEAD_DIGEST) != 0) {
        const void *digest = get_bytes(r, sizeof e->digest.bytes);
        if (digest != NULL)
            memcpy(e->digest.bytes, digest, sizeof e->digest.bytes);
        e->has_digest = true;
        if (e->type != ENTRY_FILE)
            r->damaged = true;
    }
    if (!r->damaged)
        get_content(r, tree, e, (head >> HEAD_CONTENT) & 7, blob);
}

static void get_entry(struct reader *r, struct tree *tree, const struct entry *before,
                      struct blob *blob)
{
    struct entry e = {.path = get_path(r, tree, before->path)};
    uint64_t head = get_number_to(r, HEAD_ALL);
    if ((head & HEAD_TYPE) > ENTRY_OPAQUE)
        r->damaged = true;
    e.type = (enum entry_type)(head & HEAD_TYPE);
    e.mode = (uint32_t)get_number_to(r, 07777);
    e.uid = (uint32_t)get_number_to(r, UINT32_MAX);
    e.gid = (uint32_t)get_number_to(r, UINT32_MAX);
    e.mtime_ns = get_mtime(r, before->mtime_ns, (head & HEAD_WHOLE) != 0);
    if (!r->damaged)
        get_rest(r, tree, &e, head, blob);
    if (r->some && path_compare(before->path, e.path) >= 0)
        r->damaged = true;
    r->some = true;
    if (!r->damaged)
        tree->entries[tree->len++] = e;
}

/* Appends the next entries; before: the entry they are written relative to. There is
 * room for so many. */
static void get_entries(struct reader *r, struct tree *tree, const struct entry *before,
                        size_t count, struct blob *blob)
{
    for (size_t i = 0; i < count && !r->damaged; i++) {
        get_entry(r, tree, before, blob);
        before = &tree->entries[i];
    }
}

/* How many entries there are. */
static size_t get_count(struct reader *r)
{
    size_t count =
        (size_t)get_number_to(r, (uint64_t)(r->end - r->at) / TREE_ENTRY_LEAST);
    return r->damaged ? 0 : count;
}

/* A reader of what stands between magic and check sum, damaged if one is wrong. */
static struct reader open_reader(const unsigned char *bytes, size_t len)
{
    if (len < TREE_MAGIC_LEN + TREE_CHECKSUM_LEN ||
        memcmp(bytes, TREE_MAGIC, TREE_MAGIC_LEN) != 0)
        return (struct reader){.damaged = true};
    const unsigned char *end = bytes + len - TREE_CHECKSUM_LEN;
    return (struct reader){.at = bytes + TREE_MAGIC_LEN,
                           .end = end,
                           .path_budget = tree_path_budget(len),
                           .damaged = little_endian(end) !=
                                      tree_checksum(bytes, len - TREE_CHECKSUM_LEN)};
}

int tree_decode(const void *data, size_t len, struct blob *blob, struct tree **out,
                struct err *err)
{
    static const struct entry none = {.path = ""};
    struct reader r = open_reader(data, len);
    struct tree *tree = tree_new();
    size_t count = r.damaged ? 0 : get_count(&r);
    /* Space for count entries is a fixed multiple of the input, see the bound. */
    GROW(tree->entries, tree->cap, count);
    get_entries(&r, tree, &none, count, blob);
    if (r.damaged || r.at != r.end) {
        tree_free(tree);
        return err_set(err, ERR_FAILED, "damaged index");
    }
    if (blob != NULL)
        tree_hold(tree,
                  &(struct content){.kind = CONTENT_RANGE, .from.range.blob = blob});
    *out = tree;
    return 0;
}

/* ---- one entry after the other --------------------------------------------------- */

enum { CURSOR_ENTRIES = 1024 }; /* decoded at a time */

struct tree_cursor {
    struct reader reader;
    struct blob *blob;
    struct tree *some; /* the entries that were decoded last */
    size_t at, left;   /* next of them; how many come after them */
};

struct tree_cursor *tree_cursor_new(const void *data, size_t len, struct blob *blob)
{
    struct reader r = open_reader(data, len);
    size_t count = r.damaged ? 0 : get_count(&r);
    if (r.damaged)
        return NULL;
    struct tree_cursor *c = xcalloc(1, sizeof *c);
    *c = (struct tree_cursor){
        .reader = r, .blob = blob, .some = tree_new(), .left = count};
    if (blob != NULL)
        blob_ref(blob);
    return c;
}

void tree_cursor_free(struct tree_cursor *cursor)
{
    if (cursor == NULL)
        return;
    tree_free(cursor->some);
    blob_unref(cursor->blob);
    free(cursor);
}

/* Decodes more entries, forgetting those before. */
static void cursor_fill(struct tree_cursor *c)
{
    static const struct entry none = {.path = ""};
    size_t count = c->left < CURSOR_ENTRIES ? c->left : CURSOR_ENTRIES;
    struct tree *passed = c->some;
    c->some = tree_new();
    c->at = 0;
    c->left -= count;
    GROW(c->some->entries, c->some->cap, count);
    get_entries(&c->reader, c->some,
                passed->len > 0 ? &passed->entries[passed->len - 1] : &none, count,
                c->blob);
    if (c->reader.damaged)
        c->left = 0;
    tree_free(passed);
}

const struct entry *tree_cursor_next(struct tree_cursor *cursor)
{
    if (cursor->at == cursor->some->len && cursor->left > 0)
        cursor_fill(cursor);
    if (cursor->at == cursor->some->len)
        return NULL;
    return &cursor->some->entries[cursor->at++];
}
