/* SPDX-License-Identifier: MIT */
/* The stored list of what a step selected: written by a build, read by `explain`. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/selection.h"

static void add_number(struct buf *out, uint64_t n)
{
    while (n >= 128) {
        buf_addc(out, (char)(n | 128));
        n >>= 7;
    }
    buf_addc(out, (char)n);
}

static bool take_number(const char **at, const char *end, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char c = (unsigned char)*(*at)++;
        *out |= (uint64_t)(c & 127) << shift;
        if (c < 128)
            return true;
    }
    return false;
}

static bool take_string(const char **at, const char *end, const char **out)
{
    const char *nul = *at < end ? memchr(*at, '\0', (size_t)(end - *at)) : NULL;
    if (nul == NULL)
        return false;
    *out = *at;
    *at = nul + 1;
    return true;
}

static bool take_digest(const char **at, const char *end, struct digest *out)
{
    if (end - *at < (long)sizeof out->bytes)
        return false;
    memcpy(out->bytes, *at, sizeof out->bytes);
    *at += sizeof out->bytes;
    return true;
}

enum { HAS_DIGEST = 16, HAS_TARGET = 32, HAS_XATTRS = 64 };

struct writing {
    struct buf *out;
    const struct selection_rules *rules;
    size_t base;
};

static void write_entry(struct buf *out, const struct entry *e)
{
    bool file = e->type == ENTRY_FILE && e->has_digest;
    unsigned flags = (unsigned)e->type | (file ? HAS_DIGEST : 0) |
                     (e->target != NULL ? HAS_TARGET : 0) |
                     (e->xattr_count != 0 ? HAS_XATTRS : 0);
    buf_add(out, e->path, strlen(e->path) + 1);
    add_number(out, flags);
    add_number(out, e->mode);
    add_number(out, e->uid);
    add_number(out, e->gid);
    add_number(out, e->size);
    if (file)
        buf_add(out, e->digest.bytes, sizeof e->digest.bytes);
    if (e->target != NULL)
        buf_add(out, e->target, strlen(e->target) + 1);
    if (e->xattr_count == 0)
        return;
    AUTO_BUF all = BUF_INIT;
    for (size_t i = 0; i < e->xattr_count; i++) {
        buf_add(&all, e->xattrs[i].name, strlen(e->xattrs[i].name) + 1);
        add_number(&all, e->xattrs[i].len);
        buf_add(&all, e->xattrs[i].value, e->xattrs[i].len);
    }
    struct digest d = digest_of(buf_str(&all), all.len);
    buf_add(out, d.bytes, sizeof d.bytes);
}

static int write_one(void *payload, const struct entry *entry, struct err *err)
{
    struct writing *w = payload;
    const char *name = entry->path + w->base;
    name += *name == '/';
    if (name[0] != '\0' && selection_excludes(w->rules->excludes, name))
        return 0;
    struct entry e = *entry;
    int rc = entry_need_digest(&e, err);
    if (rc == 0 && e.path[0] != '\0')
        write_entry(w->out, &e);
    return rc;
}

int selection_manifest(const struct selection *sel, const struct selection_rules *rules,
                       struct buf *out, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sel->len; i++) {
        const struct selected *item = &sel->items[i];
        for (size_t k = 0; rc == 0 && k < item->matches.len; k++) {
            AUTO_FREE char *resolved = NULL;
            rc = view_resolve(item->view, item->matches.items[k], true, &resolved, err);
            struct writing w = {.out = out, .rules = rules};
            w.base = rc == 0 ? strlen(resolved) : 0;
            if (rc == 0)
                rc = view_walk(item->view, resolved, write_one, &w, err);
        }
    }
    return rc;
}

bool manifest_next(const char **at, const char *end, struct manifest_entry *out)
{
    uint64_t flags, mode, uid, gid;
    memset(out, 0, sizeof *out);
    if (!take_string(at, end, &out->path) || !take_number(at, end, &flags) ||
        !take_number(at, end, &mode) || !take_number(at, end, &uid) ||
        !take_number(at, end, &gid) || !take_number(at, end, &out->size))
        return false;
    out->type = (unsigned)flags & 15;
    out->mode = (unsigned)mode;
    out->uid = (unsigned)uid;
    out->gid = (unsigned)gid;
    return (!(flags & HAS_DIGEST) || take_digest(at, end, &out->digest)) &&
           (!(flags & HAS_TARGET) || take_string(at, end, &out->target)) &&
           (!(flags & HAS_XATTRS) || take_digest(at, end, &out->xattrs));
}
