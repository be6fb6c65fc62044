/* SPDX-License-Identifier: MIT */
/* Lists of selected files: made, cut into pieces, stored, compared. */
#include "sim/cache/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"

/* A piece: "SBC1", then its entries; the path of each as the number of bytes it shares
 * with the one before and the rest. A list of several pieces: "SBM1" and the
 * digests of the pieces. */
static const char piece_magic[4] = {'S', 'B', 'C', '1'},
                  list_magic[4] = {'S', 'B', 'M', '1'};
/* About one path in so many ends a piece. */
enum { PIECE_ENTRIES = 512, PIECE_MOST = 8 * PIECE_ENTRIES };

struct piece {
    struct digest id;
    char *bytes; /* NULL: in the store */
    size_t len;
};
struct manifest {
    struct piece *pieces;
    size_t len, cap;
};

void manifest_free(struct manifest *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->len; i++)
        free(m->pieces[i].bytes);
    free(m->pieces);
    free(m);
}

/* ---- numbers and strings ---- */

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

/* ---- one entry ---- */

enum { HAS_DIGEST = 16, HAS_TARGET = 32, HAS_XATTRS = 64 };

/* All of an entry but its path. */
static void add_facts(struct buf *out, const struct manifest_entry *e)
{
    unsigned flags = e->type | (digest_is_zero(&e->digest) ? 0 : HAS_DIGEST) |
                     (e->target != NULL ? HAS_TARGET : 0) |
                     (digest_is_zero(&e->xattrs) ? 0 : HAS_XATTRS);
    add_number(out, flags);
    add_number(out, e->mode);
    add_number(out, e->uid);
    add_number(out, e->gid);
    add_number(out, e->size);
    if (flags & HAS_DIGEST)
        buf_add(out, e->digest.bytes, sizeof e->digest.bytes);
    if (flags & HAS_TARGET)
        buf_add(out, e->target, strlen(e->target) + 1);
    if (flags & HAS_XATTRS)
        buf_add(out, e->xattrs.bytes, sizeof e->xattrs.bytes);
}

static bool take_facts(const char **at, const char *end, struct manifest_entry *out)
{
    uint64_t flags, mode, uid, gid;
    if (!take_number(at, end, &flags) || !take_number(at, end, &mode) ||
        !take_number(at, end, &uid) || !take_number(at, end, &gid) ||
        !take_number(at, end, &out->size))
        return false;
    out->type = (unsigned)flags & 15;
    out->mode = (unsigned)mode;
    out->uid = (unsigned)uid;
    out->gid = (unsigned)gid;
    return (!(flags & HAS_DIGEST) || take_digest(at, end, &out->digest)) &&
           (!(flags & HAS_TARGET) || take_string(at, end, &out->target)) &&
           (!(flags & HAS_XATTRS) || take_digest(at, end, &out->xattrs));
}

/* ---- making a list ---- */

struct row { /* extents in struct writing's bytes */
    size_t path, facts, end;
};
struct writing {
    const struct selection_rules *rules;
    size_t base; /* length of the copied folder's path */
    struct buf bytes;
    struct row *rows;
    size_t len, cap;
};

static void add_row(struct writing *w, const struct manifest_entry *e)
{
    GROW(w->rows, w->cap, w->len + 1);
    struct row *row = &w->rows[w->len++];
    row->path = w->bytes.len;
    buf_add(&w->bytes, e->path, strlen(e->path) + 1);
    row->facts = w->bytes.len;
    add_facts(&w->bytes, e);
    row->end = w->bytes.len;
}

/* The extended attributes that count; the classic builder knows of one only. */
static struct digest xattr_digest(const struct entry *e, enum semantics semantics)
{
    AUTO_BUF all = BUF_INIT;
    for (size_t i = 0; i < e->xattr_count; i++) {
        if (semantics == SEMANTICS_CLASSIC &&
            strcmp(e->xattrs[i].name, "security.capability") != 0)
            continue;
        buf_add(&all, e->xattrs[i].name, strlen(e->xattrs[i].name) + 1);
        add_number(&all, e->xattrs[i].len);
        buf_add(&all, e->xattrs[i].value, e->xattrs[i].len);
    }
    return all.len != 0 ? digest_of(buf_str(&all), all.len) : (struct digest){0};
}

static int add_entry(struct writing *w, const struct entry *entry, unsigned type,
                     struct err *err)
{
    struct entry e = *entry;
    int rc = entry_need_digest(&e, err);
    if (rc != 0)
        return rc;
    bool classic = w->rules->semantics == SEMANTICS_CLASSIC;
    struct manifest_entry out = {
        .path = e.path,
        .target = e.target,
        .type = type,
        .mode = e.mode,
        .uid = classic ? 0 : e.uid,
        .gid = classic ? 0 : e.gid,
        .size = e.size,
        .xattrs = xattr_digest(&e, w->rules->semantics),
    };
    if (e.type == ENTRY_FILE)
        out.digest = e.digest;
    add_row(w, &out);
    return 0;
}

static int visit(void *payload, const struct entry *entry, struct err *err)
{
    struct writing *w = payload;
    const char *name = entry->path + w->base;
    name += *name == '/';
    bool top = name[0] == '\0';
    /* buildah copies what a folder holds, not the folder (selection.c). */
    if (entry->path[0] == '\0' ||
        (top && entry->type == ENTRY_DIR && w->rules->semantics == SEMANTICS_BUILDAH))
        return 0;
    if (!top && selection_excludes(w->rules->excludes, name))
        return 0;
    return add_entry(w, entry, entry->type, err);
}

static int walk(struct writing *w, struct view *view, const char *path, struct err *err)
{
    if (w->rules->semantics == SEMANTICS_BUILDKIT)
        return view_walk(view, path, visit, w, err);
    /* To the linear builders a second name of a file is no copy (selection.c). */
    struct tree *all = view_subtree(view, path);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < all->len; i++)
        rc = visit(w, &all->entries[i], err);
    tree_free(all);
    return rc;
}

static int add_match(struct writing *w, struct view *view, const char *match,
                     struct err *err)
{
    AUTO_FREE char *resolved = NULL;
    int rc = view_resolve(view, match, true, &resolved, err);
    if (rc != 0)
        return rc;
    const struct entry *link = view_lookup(view, match);
    if (link != NULL && link->type == ENTRY_SYMLINK) {
        struct manifest_entry e = {
            .path = match, .target = link->target, .type = MANIFEST_FOLLOWED};
        add_row(w, &e);
    }
    for (size_t n = w->rules->parents ? path_parent_len(match) : 0; n > 0;) {
        AUTO_FREE char *dir = xstrndup(match, n);
        const struct entry *e = view_lookup(view, dir);
        rc = e != NULL ? add_entry(w, e, MANIFEST_PARENT, err) : 0;
        if (rc != 0)
            return rc;
        n = path_parent_len(dir);
    }
    w->base = strlen(resolved);
    return walk(w, view, resolved, err);
}

static int by_path(const void *a, const void *b, void *bytes)
{
    return strcmp((const char *)bytes + ((const struct row *)a)->path,
                  (const char *)bytes + ((const struct row *)b)->path);
}

static void sort_rows(struct writing *w)
{
    bool sorted = true;
    for (size_t i = 1; sorted && i < w->len; i++)
        sorted = by_path(&w->rows[i - 1], &w->rows[i], w->bytes.data) <= 0;
    if (!sorted)
        qsort_r(w->rows, w->len, sizeof *w->rows, by_path, w->bytes.data);
}

static bool ends_piece(const char *path, size_t entries)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *p = path; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    /* Names that differ in their last digits only must scatter too. */
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    hash ^= hash >> 33;
    return hash % PIECE_ENTRIES == 0 || entries == PIECE_MOST;
}

static void end_piece(struct manifest *m, struct buf *bytes)
{
    GROW(m->pieces, m->cap, m->len + 1);
    struct piece *p = &m->pieces[m->len++];
    p->id = digest_of(buf_str(bytes), bytes->len);
    p->len = bytes->len;
    p->bytes = buf_steal(bytes);
}

static struct manifest *cut(const struct writing *w)
{
    struct manifest *m = xcalloc(1, sizeof *m);
    struct buf piece = BUF_INIT;
    const char *last = NULL, *before = "";
    size_t in_piece = 0;
    for (size_t i = 0; i < w->len; i++) {
        const struct row *row = &w->rows[i];
        const char *path = w->bytes.data + row->path;
        if (last != NULL && strcmp(path, last) == 0)
            continue; /* selected twice */
        if (in_piece++ == 0)
            buf_add(&piece, piece_magic, sizeof piece_magic);
        size_t shared = 0;
        while (path[shared] != '\0' && path[shared] == before[shared])
            shared++;
        add_number(&piece, shared);
        buf_add(&piece, path + shared, row->facts - row->path - shared);
        buf_add(&piece, w->bytes.data + row->facts, row->end - row->facts);
        last = before = path;
        if (ends_piece(path, in_piece)) {
            end_piece(m, &piece);
            before = "";
            in_piece = 0;
        }
    }
    if (in_piece == 0 && m->len == 0)
        buf_add(&piece, piece_magic, sizeof piece_magic);
    if (piece.len != 0)
        end_piece(m, &piece);
    return m;
}

int manifest_of_selection(const struct selection *sel,
                          const struct selection_rules *rules, const bool *skip,
                          struct manifest **out, struct err *err)
{
    struct writing w = {.rules = rules};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sel->len; i++)
        for (size_t k = 0; rc == 0 && k < sel->items[i].matches.len; k++)
            if (skip == NULL || !skip[i])
                rc = add_match(&w, sel->items[i].view, sel->items[i].matches.items[k],
                               err);
    if (rc == 0) {
        sort_rows(&w);
        *out = cut(&w);
    }
    buf_free(&w.bytes);
    free(w.rows);
    return rc;
}

/* ---- in the store ---- */

int manifest_put(const struct manifest *m, struct store *store, struct digest *out,
                 struct err *err)
{
    AUTO_BUF list = BUF_INIT;
    buf_add(&list, list_magic, sizeof list_magic);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->len; i++) {
        const struct piece *p = &m->pieces[i];
        *out = p->id;
        buf_add(&list, p->id.bytes, sizeof p->id.bytes);
        rc = p->bytes != NULL ? store_object_put(store, p->bytes, p->len, out, err)
                              : store_object_keep(store, &p->id, err);
    }
    if (rc != 0 || m->len == 1)
        return rc;
    return store_object_put(store, buf_str(&list), list.len, out, err);
}

static bool starts_with(const struct buf *data, const char magic[4])
{
    return data->len >= 4 && memcmp(data->data, magic, 4) == 0;
}

/* The digests of the pieces, after the magic. */
static bool read_list(struct manifest *m, const struct buf *data)
{
    const char *at = data->data + sizeof list_magic, *end = data->data + data->len;
    struct digest piece;
    while (at < end) {
        if (!take_digest(&at, end, &piece))
            return false;
        GROW(m->pieces, m->cap, m->len + 1);
        m->pieces[m->len++] = (struct piece){.id = piece};
    }
    return true;
}

int manifest_open(struct store *store, const struct digest *id, struct manifest **out,
                  struct err *err)
{
    AUTO_BUF data = BUF_INIT;
    int rc = store_object_get(store, id, &data, err);
    if (rc != 0)
        return rc;
    struct manifest *m = xcalloc(1, sizeof *m);
    if (starts_with(&data, piece_magic)) {
        end_piece(m, &data);
    } else if (!starts_with(&data, list_magic) || !read_list(m, &data)) {
        manifest_free(m);
        return err_set(err, ERR_FAILED, "damaged list of files");
    }
    *out = m;
    return 0;
}

int manifest_keep(struct store *store, const struct digest *id, struct err *err)
{
    struct manifest *m = NULL;
    int rc = manifest_open(store, id, &m, err);
    if (rc != 0 || m == NULL)
        return rc;
    rc = store_object_keep(store, id, err);
    for (size_t i = 0; rc == 0 && i < m->len; i++)
        rc = store_object_keep(store, &m->pieces[i].id, err);
    manifest_free(m);
    return rc;
}

/* ---- reading and comparing ---- */

struct listing {
    struct manifest_entry *items;
    size_t len, cap;
    struct arena strings;
};

static void listing_free(struct listing *l)
{
    free(l->items);
    arena_free(&l->strings);
}

static bool read_piece(struct listing *l, const char *at, size_t len)
{
    const char *end = at + len, *rest;
    const char *before = "";
    if (len < sizeof piece_magic || memcmp(at, piece_magic, sizeof piece_magic) != 0)
        return false;
    at += sizeof piece_magic;
    while (at < end) {
        struct manifest_entry e = {0};
        uint64_t shared;
        if (!take_number(&at, end, &shared) || shared > strlen(before) ||
            !take_string(&at, end, &rest) || !take_facts(&at, end, &e))
            return false;
        size_t n = strlen(rest);
        char *path = arena_alloc(&l->strings, (size_t)shared + n + 1);
        memcpy(path, before, (size_t)shared);
        memcpy(path + shared, rest, n + 1);
        before = e.path = path;
        if (e.target != NULL)
            e.target = arena_strdup(&l->strings, e.target);
        GROW(l->items, l->cap, l->len + 1);
        l->items[l->len++] = e;
    }
    return true;
}

static int read_entries(struct listing *l, const struct piece *p, struct store *store,
                        struct err *err)
{
    AUTO_BUF data = BUF_INIT;
    int rc = p->bytes == NULL ? store_object_get(store, &p->id, &data, err) : 0;
    if (rc != 0)
        return rc;
    bool good = p->bytes != NULL ? read_piece(l, p->bytes, p->len)
                                 : read_piece(l, buf_str(&data), data.len);
    return good ? 0 : err_set(err, ERR_FAILED, "damaged list of files");
}

static int by_id(const void *a, const void *b)
{
    return memcmp(*(const struct digest *const *)a, *(const struct digest *const *)b,
                  sizeof(struct digest));
}

/* The entries of the pieces of m that are not in other. */
static int read_unshared(struct listing *l, const struct manifest *m,
                         const struct manifest *other, struct store *store,
                         struct err *err)
{
    AUTO_FREE const struct digest **ids = xcalloc(other->len + 1, sizeof *ids);
    for (size_t i = 0; i < other->len; i++)
        ids[i] = &other->pieces[i].id;
    if (other->len > 1)
        qsort(ids, other->len, sizeof *ids, by_id);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->len; i++) {
        const struct digest *id = &m->pieces[i].id;
        if (bsearch(&id, ids, other->len, sizeof *ids, by_id) == NULL)
            rc = read_entries(l, &m->pieces[i], store, err);
    }
    return rc;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_facts(const struct manifest_entry *a, const struct manifest_entry *b)
{
    return a->type == b->type && a->mode == b->mode && a->uid == b->uid &&
           a->gid == b->gid && a->size == b->size &&
           digest_equal(&a->digest, &b->digest) &&
           digest_equal(&a->xattrs, &b->xattrs) && same_text(a->target, b->target);
}

int manifest_compare(const struct manifest *old, const struct manifest *now,
                     struct store *store, manifest_visitor *visit_pair, void *payload,
                     struct err *err)
{
    struct listing x = {0}, y = {0};
    int rc = read_unshared(&x, old, now, store, err);
    if (rc == 0)
        rc = read_unshared(&y, now, old, store, err);
    for (size_t i = 0, k = 0; rc == 0 && (i < x.len || k < y.len);) {
        int order = i == x.len   ? 1
                    : k == y.len ? -1
                                 : strcmp(x.items[i].path, y.items[k].path);
        if (order < 0)
            visit_pair(payload, &x.items[i++], NULL);
        else if (order > 0)
            visit_pair(payload, NULL, &y.items[k++]);
        else if (same_facts(&x.items[i], &y.items[k]))
            i++, k++;
        else
            visit_pair(payload, &x.items[i++], &y.items[k++]);
    }
    listing_free(&x);
    listing_free(&y);
    return rc;
}

bool manifest_has(const struct manifest *m, struct store *store, const char *path)
{
    bool found = false;
    for (size_t i = 0; !found && i < m->len; i++) {
        struct listing l = {0};
        if (read_entries(&l, &m->pieces[i], store, NULL) == 0)
            for (size_t k = 0; !found && k < l.len; k++)
                found = strcmp(l.items[k].path, path) == 0;
        listing_free(&l);
    }
    return found;
}
