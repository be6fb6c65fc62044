/* SPDX-License-Identifier: MIT */
/*
 * From the upper folder to the view. In a user namespace the files there were made the
 * caller's (sandbox_tidy.c); what they were is read from the keeper's notes.
 */
#include "sim/exec/sandbox_changes.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/sandbox_owners.h"

enum { NOTES_LIMIT = 1 << 30 };

struct noted {
    struct owner_record record;
    const char *path; /* owned by `memory` of the notes */
    const void *cap;
};

struct notes {
    struct noted *items; /* in path order */
    size_t len, cap;
    struct arena memory;
};

static void notes_free(struct notes *notes)
{
    free(notes->items);
    arena_free(&notes->memory);
}

static int compare_notes(const void *a, const void *b)
{
    return path_compare(((const struct noted *)a)->path,
                        ((const struct noted *)b)->path);
}

static int read_notes(const char *folder, struct notes *out, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    AUTO_FREE char *path = xasprintf("%s/" OWNERS_FILE, folder);
    int rc = file_read(path, NOTES_LIMIT, &text, err);
    for (size_t at = 0; rc == 0 && at < text.len;) {
        struct noted n = {0};
        const size_t left = text.len - at;
        if (left >= sizeof n.record)
            memcpy(&n.record, text.data + at, sizeof n.record);
        const size_t more = (size_t)n.record.cap_len + n.record.path_len;
        if (left < sizeof n.record || n.record.cap_len > OWNER_CAP_LIMIT ||
            left - sizeof n.record < more)
            return err_set(err, ERR_FAILED, "%s is damaged", path);
        at += sizeof n.record;
        void *cap = arena_alloc(&out->memory, OWNER_CAP_LIMIT);
        memcpy(cap, text.data + at, n.record.cap_len);
        n.cap = cap;
        at += n.record.cap_len;
        n.path = arena_strndup(&out->memory, text.data + at, n.record.path_len);
        at += n.record.path_len;
        GROW(out->items, out->cap, out->len + 1);
        out->items[out->len++] = n;
    }
    if (out->len > 1)
        qsort(out->items, out->len, sizeof *out->items, compare_notes);
    return rc;
}

/* With one id mapped everything shows as root's; what an image gave to somebody else
 * stays his, as far as it is the same kind of thing. */
static void keep_owners(struct view *view, struct notes *notes)
{
    for (size_t i = 0; i < notes->len; i++) {
        struct owner_record *r = &notes->items[i].record;
        const struct entry *before = view_lookup(view, notes->items[i].path);
        if (before == NULL)
            continue;
        r->uid = before->uid;
        r->gid = before->gid;
    }
}

/* The entry as noted; the xattrs are put into room, which holds one more than it had.
 */
static struct entry noted_entry(const struct entry *e, const struct noted *n,
                                struct xattr *room)
{
    struct entry out = *e;
    bool has_cap = n->record.cap_len == 0;
    out.mode = n->record.mode;
    out.uid = n->record.uid;
    out.gid = n->record.gid;
    for (size_t i = 0; i < e->xattr_count; i++) {
        room[i] = e->xattrs[i];
        has_cap |= strcmp(room[i].name, "security.capability") == 0;
    }
    if (!has_cap) {
        room[out.xattr_count++] =
            (struct xattr){"security.capability", n->cap, n->record.cap_len};
        out.xattrs = room;
        for (size_t i = out.xattr_count - 1;
             i > 0 && strcmp(room[i - 1].name, room[i].name) > 0; i--) {
            struct xattr moved = room[i];
            room[i] = room[i - 1];
            room[i - 1] = moved;
        }
    }
    return out;
}

/* Other names of the file at notes->items[first], which was replaced: linked anew. */
static int link_again(struct view *view, const struct notes *notes, size_t first,
                      struct err *err)
{
    const struct noted *file = &notes->items[first];
    int rc = 0;
    for (size_t i = first + 1; i < notes->len && rc == 0; i++) {
        struct noted *other = &notes->items[i];
        if (other->record.links < 2 || other->record.inode != file->record.inode)
            continue;
        const struct entry link = {
            .path = other->path, .type = ENTRY_HARDLINK, .target = file->path};
        rc = view_put(view, &link, err);
        other->record.links = 0; /* done */
    }
    return rc;
}

static int apply_notes(struct view *view, struct notes *notes, struct err *err)
{
    for (size_t i = 0; i < notes->len; i++) {
        const struct noted *n = &notes->items[i];
        const struct entry *e = view_lookup(view, n->path);
        if (e == NULL || n->record.links == 0 || n->path[0] == '\0')
            continue; /* a socket, or linked already */
        struct xattr *room = xcalloc(e->xattr_count + 1, sizeof *room);
        const struct entry now = noted_entry(e, n, room);
        int rc = 0;
        if (now.mode != e->mode || now.uid != e->uid || now.gid != e->gid ||
            now.xattr_count != e->xattr_count) {
            rc = view_put(view, &now, err);
            if (rc == 0 && n->record.links > 1)
                rc = link_again(view, notes, i, err);
        }
        free(room);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int add_mount_points(const struct cell_plan *plan, struct err *err)
{
    static const char *const left[] = {"proc", "dev", "sys"};
    struct view *view = plan->run->root;
    int rc = 0;
    for (size_t i = 0; i < plan->place_count && rc == 0; i++) {
        const struct place *p = &plan->places[i];
        bool stays = false;
        for (size_t k = 0; k < sizeof left / sizeof *left; k++)
            stays |= strcmp(p->given, left[k]) == 0;
        if (!stays || view_lookup(view, p->resolved) != NULL)
            continue;
        const struct entry made = {.type = ENTRY_DIR,
                                   .mode = 0755,
                                   .mtime_ns = plan->run->now_s * INT64_C(1000000000)};
        rc = view_make_folders(view, p->resolved, &made, err);
    }
    return rc;
}

int changes_apply(const struct cell_plan *plan, struct err *err)
{
    const struct ids *ids = &plan->sandbox->ids;
    struct view *view = plan->run->root;
    AUTO_FREE char *upper = xasprintf("%s/upper", plan->folder);
    struct notes notes = {0};
    const bool inside = ids->userns_fd >= 0;
    int rc = inside ? read_notes(plan->folder, &notes, err) : 0;
    if (rc == 0 && inside && !ids->ranges)
        keep_owners(view, &notes);
    if (rc == 0)
        rc = disk_apply_upper(upper, ids_whiteouts(ids), inside ? &ids->uids : NULL,
                              inside ? &ids->gids : NULL, view, err);
    if (rc == 0)
        rc = apply_notes(view, &notes, err);
    notes_free(&notes);
    return rc == 0 ? add_mount_points(plan, err)
                   : err_wrap(err, "reading what the command changed");
}
