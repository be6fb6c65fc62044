/* SPDX-License-Identifier: MIT */
/* What a scan found, as a tree in path order and as the next scan's stat cache. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "sim/base/map.h"
#include "sim/base/path.h"
#include "sim/context/scan.h"

/* ---- tree ------------------------------------------------------------------------ */

struct emit {
    const struct scan *scan;
    struct tree *tree;
    struct host_root *root;
    struct context_stats *stats;
    bool holds_root; /* the tree refers to the root already */
    struct map
        *names; /* "device inode" of a file with several names -> its first path */
};

static enum entry_type type_of(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return ENTRY_DIR;
    case S_IFLNK:
        return ENTRY_SYMLINK;
    case S_IFCHR:
        return ENTRY_CHAR;
    case S_IFBLK:
        return ENTRY_BLOCK;
    case S_IFIFO:
        return ENTRY_FIFO;
    case S_IFSOCK:
        return ENTRY_SOCKET;
    default:
        return ENTRY_FILE;
    }
}

static struct entry make_entry(const struct emit *emit, const struct scan_item *item,
                               const char *path)
{
    bool owner = emit->scan->options->keep_owner;
    struct entry e = {
        .path = path,
        .xattrs = item->xattrs,
        .xattr_count = item->xattr_count,
        .mtime_ns = item->mtime_ns,
        .mode = item->mode & 07777,
        .uid = owner ? item->uid : 0,
        .gid = owner ? item->gid : 0,
        .type = type_of(item->mode),
        .has_digest = item->has_digest,
        .digest = item->digest,
    };
    if (e.type == ENTRY_SYMLINK)
        e.target = item->to.target;
    if (e.type == ENTRY_CHAR || e.type == ENTRY_BLOCK) {
        e.dev_major = major(item->size);
        e.dev_minor = minor(item->size);
    }
    if (e.type == ENTRY_FILE && item->size != 0) {
        e.size = item->size;
        e.content.kind = CONTENT_HOST;
        e.content.from.host.root = emit->root;
        e.content.from.host.path = path;
    }
    return e;
}

/* Puts folder/name into memory of the tree. */
static char *make_path(struct tree *tree, const char *folder, size_t folder_len,
                       const char *name)
{
    size_t n = strlen(name) + 1, slash = folder_len != 0 ? 1 : 0;
    char *path = tree_alloc(tree, folder_len + slash + n);
    memcpy(path, folder, folder_len);
    if (slash != 0)
        path[folder_len] = '/';
    memcpy(path + folder_len + slash, name, n);
    return path;
}

/* The second name of a file is a hard link to the first, as it will be in a layer. */
static void link_to_first(struct emit *emit, const struct scan_item *item,
                          struct entry *e)
{
    char key[48];
    snprintf(key, sizeof key, "%" PRIx64 " %" PRIx64, item->dev, item->ino);
    const char *first = map_get(emit->names, key);
    if (first == NULL) {
        map_put(emit->names, key, (void *)e->path);
        return;
    }
    e->type = ENTRY_HARDLINK;
    e->target = first;
    e->size = 0;
    e->has_digest = false;
    e->content.kind = CONTENT_NONE;
}

/* Most entries are files without xattrs, and there may be a million: they are put in
 * place at once, being in order. The rest takes the common way. */
static void add_item(struct emit *emit, const struct scan_item *item,
                     const char *folder, size_t folder_len)
{
    struct tree *tree = emit->tree;
    char *path = make_path(tree, folder, folder_len, item->name);
    struct entry e = make_entry(emit, item, path);
    emit->stats->bytes += e.size;
    if (item->has_links)
        link_to_first(emit, item, &e);
    if (e.type == ENTRY_FILE && e.xattr_count == 0 && emit->holds_root) {
        tree->entries[tree->len++] = e;
    } else {
        tree_add(tree, &e); /* takes a reference to the root with the first content */
        emit->holds_root = emit->holds_root || e.content.kind == CONTENT_HOST;
    }
    if (e.type == ENTRY_DIR)
        emit->stats->folders++;
    else
        emit->stats->files++;
}

/* All that is kept below a folder, depth first. An excluded folder stays only if
 * something below it does. */
static void emit_folder(struct emit *emit, const struct scan_folder *folder)
{
    size_t folder_len = strlen(folder->path);
    for (size_t i = 0; i < folder->len; i++) {
        const struct scan_item *item = &folder->items[i];
        if (item->gone)
            continue;
        struct context_stats before = *emit->stats;
        size_t len = emit->tree->len;
        add_item(emit, item, folder->path, folder_len);
        if (!item->is_folder)
            continue;
        emit_folder(emit, item->to.folder);
        if (item->excluded && emit->tree->len == len + 1) {
            emit->tree->len = len;
            *emit->stats = before;
        }
    }
}

static size_t count_items(const struct scan_folder *folder)
{
    size_t n = folder->len;
    for (size_t i = 0; i < folder->len; i++)
        if (folder->items[i].is_folder && !folder->items[i].gone)
            n += count_items(folder->items[i].to.folder);
    return n;
}

struct tree *scan_emit(const struct scan *scan, struct context_stats *stats)
{
    struct tree *tree = tree_new();
    int fd = fcntl(scan->root, F_DUPFD_CLOEXEC, 0);
    struct emit emit = {
        .scan = scan, .tree = tree, .root = host_root_new(fd), .stats = stats};
    emit.names = map_new();
    tree->cap = count_items(&scan->top_folder) + 1;
    tree->entries = xreallocarray(NULL, tree->cap, sizeof *tree->entries);
    struct entry top = make_entry(&emit, &scan->top, "");
    tree_add(tree, &top);
    stats->folders++;
    emit_folder(&emit, &scan->top_folder);
    host_root_unref(emit.root);
    map_free(emit.names);
    return tree;
}

/* ---- stat cache ------------------------------------------------------------------ */

struct save {
    const struct stat_cache *old;
    struct stat_writer writer;
    size_t at; /* folders of the old cache that were passed */
};

static void save_old(struct save *save, const struct stat_record *first,
                     const struct stat_record *end)
{
    for (; first < end; first++)
        stat_writer_add(&save->writer, stat_cache_name(save->old, first), first);
}

/* A folder that a limited scan did not come by keeps what was known of it. Those before
 * `path` are due; NULL: all. */
static void save_passed(struct save *save, const char *path)
{
    const char *folder;
    while ((folder = stat_cache_folder_at(save->old, save->at)) != NULL) {
        const struct stat_record *first, *end;
        int order = path != NULL ? path_compare(folder, path) : -1;
        if (order > 0)
            return;
        save->at++;
        if (order < 0 && stat_cache_folder(save->old, folder, &first, &end)) {
            stat_writer_folder(&save->writer, folder);
            save_old(save, first, end);
        }
    }
}

static void save_item(struct save *save, const struct scan_item *item)
{
    struct stat_record r = {
        .size = item->size,
        .ino = item->ino,
        .dev = item->dev,
        .mtime_ns = item->mtime_ns,
        .ctime_ns = item->ctime_ns,
        .mode = item->mode,
        .flags = item->xattr_count != 0 ? STAT_HAS_XATTRS : 0,
        .digest = item->digest,
    };
    stat_writer_add(&save->writer, item->name, &r);
}

static void save_folder(struct save *save, const struct scan_folder *folder)
{
    const struct stat_record *old = NULL, *old_end = NULL;
    if (save->old != NULL) {
        save_passed(save, folder->path);
        if (folder->want == NULL ||
            !stat_cache_folder(save->old, folder->path, &old, &old_end))
            old = old_end = NULL;
    }
    stat_writer_folder(&save->writer, folder->path);
    for (size_t i = 0; i < folder->len; i++) {
        const struct scan_item *item = &folder->items[i];
        int order = -1;
        while (old < old_end &&
               (order = strcmp(stat_cache_name(save->old, old), item->name)) < 0) {
            save_old(save, old, old + 1);
            old++;
        }
        if (old < old_end && order == 0)
            old++;
        if (!item->gone && !item->is_folder)
            save_item(save, item);
    }
    save_old(save, old, old_end);
    for (size_t i = 0; i < folder->len; i++)
        if (folder->items[i].is_folder && !folder->items[i].gone)
            save_folder(save, folder->items[i].to.folder);
}

void scan_save(const struct scan *scan, const char *file, int64_t started_ns)
{
    /* A whole scan has seen all there is: what it did not come by is gone. */
    struct save save = {.old = scan->want != NULL ? scan->cache : NULL};
    buf_reserve(&save.writer.records,
                (count_items(&scan->top_folder) + 1) * sizeof(struct stat_record));
    save_folder(&save, &scan->top_folder);
    save_passed(&save, NULL);
    stat_writer_finish(&save.writer, file, scan->top.dev, scan->top.ino, started_ns);
}
