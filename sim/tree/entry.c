/* SPDX-License-Identifier: MIT */
/* One entry: its digest for cache keys, and whether two are the same. */
#include <string.h>

#include "sim/tree/tree.h"

int entry_need_digest(struct entry *entry, struct err *err)
{
    if (entry->type != ENTRY_FILE || entry->has_digest)
        return 0;
    int rc = content_digest(&entry->content, entry->size, &entry->digest, err);
    if (rc != 0)
        return err_wrap(err, "%s", entry->path);
    entry->has_digest = true;
    return 0;
}

/* Cache-semantics 1, COPY: system.* never counts, of security.* only capabilities. */
static bool xattr_counts(const struct xattr *x)
{
    if (strncmp(x->name, "system.", 7) == 0)
        return false;
    return strncmp(x->name, "security.", 9) != 0 ||
           strcmp(x->name, "security.capability") == 0;
}

void entry_key_digest(const struct entry *entry, struct digester *d, struct digest *out)
{
    digester_add_string(d, "entry 1");
    digester_add_u64(d, (uint64_t)entry->type);
    /* The mode of a symlink means nothing, and not every source tells 0777. */
    digester_add_u64(d, entry->type == ENTRY_SYMLINK ? 0 : entry->mode);
    digester_add_u64(d, entry->uid);
    digester_add_u64(d, entry->gid);
    digester_add_u64(d, entry->size);
    digester_add_string(d, entry->target != NULL ? entry->target : "");
    bool device = entry->type == ENTRY_CHAR || entry->type == ENTRY_BLOCK;
    digester_add_u64(d, device ? entry->dev_major : 0);
    digester_add_u64(d, device ? entry->dev_minor : 0);
    uint64_t counted = 0;
    for (size_t i = 0; i < entry->xattr_count; i++)
        counted += xattr_counts(&entry->xattrs[i]);
    digester_add_u64(d, counted);
    for (size_t i = 0; i < entry->xattr_count; i++) {
        const struct xattr *x = &entry->xattrs[i];
        if (!xattr_counts(x))
            continue;
        digester_add_string(d, x->name);
        digester_add_field(d, x->value, x->len);
    }
    if (entry->type == ENTRY_FILE)
        digester_add_digest(d, &entry->digest);
    digester_finish(d, out);
}

static int64_t whole_seconds(int64_t ns)
{
    return ns / 1000000000 - (ns % 1000000000 < 0);
}

/* To the second where one of them knows no better, as a file from a tar does. */
static bool same_time(int64_t a, int64_t b)
{
    bool rough = a % 1000000000 == 0 || b % 1000000000 == 0;
    return rough ? whole_seconds(a) == whole_seconds(b) : a == b;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_xattrs(const struct entry *a, const struct entry *b)
{
    if (a->xattr_count != b->xattr_count)
        return false;
    for (size_t i = 0; i < a->xattr_count; i++) {
        const struct xattr *x = &a->xattrs[i], *y = &b->xattrs[i];
        if (strcmp(x->name, y->name) != 0 || x->len != y->len ||
            (x->len != 0 && memcmp(x->value, y->value, x->len) != 0))
            return false;
    }
    return true;
}

/* Whether both refer to the same bytes in one place; they may be equal otherwise. */
static bool same_place(const struct content *a, const struct content *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case CONTENT_NONE:
        return true;
    case CONTENT_INLINE:
        return a->from.bytes == b->from.bytes;
    case CONTENT_HOST:
        return a->from.host.root == b->from.host.root &&
               strcmp(a->from.host.path, b->from.host.path) == 0;
    case CONTENT_RANGE:
        return a->from.range.blob == b->from.range.blob &&
               a->from.range.offset == b->from.range.offset;
    case CONTENT_SEED:
        return a->from.seed == b->from.seed;
    }
    return false;
}

static bool digest_for(const struct entry *e, struct digest *out)
{
    if (e->has_digest) {
        *out = e->digest;
        return true;
    }
    return content_digest(&e->content, e->size, out, NULL) == 0;
}

static bool same_content(const struct entry *a, const struct entry *b)
{
    if (a->size != b->size)
        return false;
    if ((!a->has_digest || !b->has_digest) && same_place(&a->content, &b->content))
        return true;
    struct digest x, y;
    return digest_for(a, &x) && digest_for(b, &y) && digest_equal(&x, &y);
}

bool entry_same(const struct entry *a, const struct entry *b)
{
    bool device = a->type == ENTRY_CHAR || a->type == ENTRY_BLOCK;
    if (a->type != b->type || (a->type != ENTRY_SYMLINK && a->mode != b->mode) ||
        a->uid != b->uid || a->gid != b->gid || !same_time(a->mtime_ns, b->mtime_ns) ||
        !same_text(a->target, b->target))
        return false;
    if (device && (a->dev_major != b->dev_major || a->dev_minor != b->dev_minor))
        return false;
    return same_xattrs(a, b) && (a->type != ENTRY_FILE || same_content(a, b));
}
