/* SPDX-License-Identifier: MIT */
/*
 * The stored form of a tree.
 *
 *   "simtree1", number of entries, the entries in path order, check sum (8 bytes).
 *
 * An entry: how many bytes its path shares with the one before, the rest of it (length,
 * bytes), head (below), mode, uid, gid, mtime less the one before (zigzag; in seconds
 * where HEAD_WHOLE), then what its kind asks for: size, target, device, xattrs, digest
 * (32 bytes), content. Numbers are unsigned LEB128; a seed is 8 bytes, lowest first.
 */
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/path.h"
#include "sim/tree/internal.h"
#include "sim/tree/tree.h"

static const int64_t second = 1000000000;

uint64_t tree_checksum(const void *data, size_t len)
{
    const unsigned char *p = data;
    uint64_t h = 0x9e3779b97f4a7c15u ^ len;
    for (; len >= 8; p += 8, len -= 8) {
        uint64_t word = 0;
        for (unsigned i = 0; i < 8; i++)
            word |= (uint64_t)p[i] << (8 * i);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    for (; len > 0; p++, len--)
        h = (h ^ *p) * 0xff51afd7ed558ccdu;
    return h ^ (h >> 32);
}

bool path_text_is_clean(const char *path, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *slash = memchr(path + at, '/', len - at);
        size_t n = slash != NULL ? (size_t)(slash - path) - at : len - at;
        bool dots = (n == 1 && path[at] == '.') ||
                    (n == 2 && path[at] == '.' && path[at + 1] == '.');
        if (n == 0 || dots || (slash != NULL && at + n + 1 == len))
            return false;
        at += n + (slash != NULL);
    }
    return memchr(path, '\0', len) == NULL;
}

/* ---- writing --------------------------------------------------------------------- */

static void put_number(struct buf *out, uint64_t n)
{
    char text[10];
    size_t len = 0;
    for (; n >= 0x80; n >>= 7)
        text[len++] = (char)(n | 0x80);
    text[len++] = (char)n;
    buf_add(out, text, len);
}

static void put_bytes(struct buf *out, const void *data, size_t len)
{
    put_number(out, len);
    if (len > 0)
        buf_add(out, data, len);
}

static void put_fixed(struct buf *out, uint64_t n)
{
    char text[8];
    for (unsigned i = 0; i < 8; i++)
        text[i] = (char)(n >> (8 * i));
    buf_add(out, text, sizeof text);
}

static void put_xattrs(struct buf *out, const struct entry *e)
{
    put_number(out, e->xattr_count);
    for (size_t i = 0; i < e->xattr_count; i++) {
        put_bytes(out, e->xattrs[i].name, strlen(e->xattrs[i].name));
        put_bytes(out, e->xattrs[i].value, e->xattrs[i].len);
    }
}

static uint64_t zigzag(int64_t n)
{
    return ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
}

/* What the next entry is written relative to. */
struct before {
    const char *path;
    int64_t mtime_ns;
};

static void put_mtime(struct buf *out, int64_t before, int64_t mtime, bool whole)
{
    if (whole)
        put_number(out, zigzag(mtime / second - before / second));
    else
        put_number(out, zigzag((int64_t)((uint64_t)mtime - (uint64_t)before)));
}

static void put_content(struct buf *out, const struct entry *e)
{
    switch (e->content.kind) {
    case CONTENT_INLINE:
        buf_add(out, e->content.from.bytes, (size_t)e->size);
        break;
    case CONTENT_RANGE:
        put_number(out, e->content.from.range.offset);
        break;
    case CONTENT_SEED:
        put_fixed(out, e->content.from.seed);
        break;
    case CONTENT_NONE:
    case CONTENT_HOST:
        break;
    }
}

static void put_entry(struct buf *out, const struct entry *e, struct before *before)
{
    size_t shared = 0;
    while (e->path[shared] != '\0' && e->path[shared] == before->path[shared])
        shared++;
    put_number(out, shared);
    put_bytes(out, e->path + shared, strlen(e->path + shared));
    bool whole = e->mtime_ns % second == 0;
    put_number(out, (unsigned)e->type | (unsigned)e->content.kind << HEAD_CONTENT |
                        (e->has_digest ? HEAD_DIGEST : 0u) |
                        (e->xattr_count != 0 ? HEAD_XATTRS : 0u) |
                        (whole ? HEAD_WHOLE : 0u));
    put_number(out, e->mode);
    put_number(out, e->uid);
    put_number(out, e->gid);
    put_mtime(out, before->mtime_ns, e->mtime_ns, whole);
    if (e->type == ENTRY_FILE)
        put_number(out, e->size);
    if (e->type == ENTRY_SYMLINK || e->type == ENTRY_HARDLINK) {
        const char *target = e->target != NULL ? e->target : "";
        put_bytes(out, target, strlen(target));
    }
    if (e->type == ENTRY_CHAR || e->type == ENTRY_BLOCK) {
        put_number(out, e->dev_major);
        put_number(out, e->dev_minor);
    }
    if (e->xattr_count != 0)
        put_xattrs(out, e);
    if (e->has_digest)
        buf_add(out, e->digest.bytes, sizeof e->digest.bytes);
    put_content(out, e);
    *before = (struct before){e->path, e->mtime_ns};
}

/* Only what a reader gets back the same may be written. */
static int check_entry(const struct entry *e, const struct blob **blob, struct err *err)
{
    size_t len = strlen(e->path);
    if (len > TREE_PATH_LONGEST || !path_text_is_clean(e->path, len))
        return err_set(err, ERR_FAILED, "%.200s: not a path that can be stored",
                       e->path);
    switch (e->content.kind) {
    case CONTENT_HOST:
        return err_set(err, ERR_FAILED, "%s: host files cannot stand in an index",
                       e->path);
    case CONTENT_NONE:
        if (e->size == 0)
            break;
        return err_set(err, ERR_FAILED, "%s: has a size but no content", e->path);
    case CONTENT_RANGE:
        if (*blob != NULL && *blob != e->content.from.range.blob)
            return err_set(err, ERR_FAILED, "%s: an index refers to one blob only",
                           e->path);
        *blob = e->content.from.range.blob;
        break;
    case CONTENT_INLINE:
    case CONTENT_SEED:
        break;
    }
    return 0;
}

int tree_encode(const struct tree *tree, struct buf *out, struct err *err)
{
    if (!tree->sorted)
        return err_set(err, ERR_FAILED, "a tree is encoded only in path order");
    const struct blob *blob = NULL;
    uint64_t path_bytes = 0;
    for (size_t i = 0; i < tree->len; i++) {
        int rc = check_entry(&tree->entries[i], &blob, err);
        if (rc != 0)
            return rc;
        path_bytes += strlen(tree->entries[i].path);
    }
    size_t start = out->len;
    buf_reserve(out, TREE_MAGIC_LEN + TREE_CHECKSUM_LEN + 10 + tree->len * 64);
    buf_add(out, TREE_MAGIC, TREE_MAGIC_LEN);
    put_number(out, tree->len);
    struct before before = {"", 0};
    for (size_t i = 0; i < tree->len; i++)
        put_entry(out, &tree->entries[i], &before);
    put_fixed(out, tree_checksum(out->data + start, out->len - start));
    if (path_bytes > tree_path_budget(out->len - start))
        return err_set(err, ERR_FAILED, "the folders are nested too deeply to store");
    return 0;
}
