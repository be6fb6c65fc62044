/* SPDX-License-Identifier: MIT */
/*
 * The jobs of a scan: list a folder, look at a chunk of what it holds. What vanishes in
 * between was removed before the scan came by; other trouble is an error.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/context/ignore_walk.h"
#include "sim/context/scan.h"

/* Items a job looks at; files from BIG_FILE on are a job each. */
enum { CHUNK_ITEMS = 128, BIG_FILE = 256 * 1024, TARGET_LONGEST = 4095 };

/* One name of the folder that is being listed. */
struct scan_name {
    const char *name;
    size_t at; /* offset, before the names are complete */
    const struct want *want;
    const uint64_t *ignored; /* of a folder that is entered */
    mode_t type;
    bool excluded;
};

/* As the kernel fills it in; glibc has no name for it. */
struct linux_dirent {
    uint64_t d_ino;
    int64_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
};

static int failed(const struct scan_worker *w, const char *path, int errnum,
                  struct err *err)
{
    err_errno(err, errnum, "cannot read %s", path[0] != '\0' ? path : w->scan->dir);
    return err_hint(err,
                    errnum == EACCES || errnum == EPERM
                        ? "make it readable, or add it to .dockerignore"
                        : "if the build does not need it, add it to .dockerignore");
}

static bool is_gone(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR;
}

void scan_fill(struct scan_item *item, const struct stat *st)
{
    bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
    item->size = device                 ? (uint64_t)st->st_rdev
                 : S_ISREG(st->st_mode) ? (uint64_t)st->st_size
                                        : 0;
    item->ino = st->st_ino;
    item->dev = st->st_dev;
    item->mtime_ns = st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    item->ctime_ns = st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
    item->mode = st->st_mode;
    item->uid = st->st_uid;
    item->gid = st->st_gid;
    item->has_links = S_ISREG(st->st_mode) && st->st_nlink > 1;
}

/* ---- listing --------------------------------------------------------------------- */

/* The path of a name in the folder, in w->path. */
static const char *path_of(struct scan_worker *w, const struct scan_folder *folder,
                           const char *name)
{
    buf_clear(&w->path);
    buf_adds(&w->path, folder->path);
    if (w->path.len != 0)
        buf_addc(&w->path, '/');
    buf_adds(&w->path, name);
    return w->path.data;
}

/* Judges a name and notes it as number *count unless it is dropped. */
static void note_name(struct scan_worker *w, const struct scan_folder *folder,
                      const char *name, mode_t type, const struct want *want,
                      size_t *count)
{
    const struct ignore *ig = w->scan->ignore;
    size_t words = ignore_state_words(ig);
    buf_clear(&w->state);
    buf_reserve(&w->state, words * sizeof(uint64_t));
    uint64_t *own = (uint64_t *)(void *)w->state.data;
    bool excluded = false;
    if (ignore_len(ig) > 0) {
        path_of(w, folder, name);
        excluded =
            ignore_step(ig, w->path.data, w->path.len, folder->ignored, own, NULL);
        if (excluded && (!S_ISDIR(type) ||
                         !ignore_may_reinclude_n(ig, w->path.data, w->path.len))) {
            w->stats.dropped_files++;
            return;
        }
    }
    GROW(w->found, w->found_cap, *count + 1);
    struct scan_name *found = &w->found[(*count)++];
    *found = (struct scan_name){
        .at = w->names.len, .want = want, .type = type, .excluded = excluded};
    buf_add(&w->names, name, strlen(name) + 1);
    if (S_ISDIR(type)) {
        uint64_t *keep = arena_alloc(&w->arena, words * sizeof *keep);
        if (ignore_len(ig) > 0)
            memcpy(keep, own, words * sizeof *keep);
        else
            memset(keep, 0, words * sizeof *keep);
        found->ignored = keep;
    }
}

/* The type of a name where the listing does not tell; 0 if it is gone. */
static int type_of(struct scan_worker *w, const struct scan_folder *folder,
                   const char *name, mode_t *type, struct err *err)
{
    struct stat st;
    *type = 0;
    if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        *type = st.st_mode & S_IFMT;
    else if (!is_gone(errno))
        return failed(w, path_of(w, folder, name), errno, err);
    return 0;
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int list_all(struct scan_worker *w, const struct scan_folder *folder,
                    size_t *count, struct err *err)
{
    for (;;) {
        long n = syscall(SYS_getdents64, folder->fd, w->chunk, SCAN_CHUNK);
        if (n < 0)
            return failed(w, folder->path, errno, err);
        if (n == 0)
            return 0;
        for (long at = 0; at < n;) {
            const struct linux_dirent *d = (const void *)(w->chunk + at);
            at += d->d_reclen;
            if (is_dots(d->d_name))
                continue;
            mode_t type = (mode_t)DTTOIF(d->d_type);
            int rc =
                d->d_type == DT_UNKNOWN ? type_of(w, folder, d->d_name, &type, err) : 0;
            if (rc != 0)
                return rc;
            if (type != 0)
                note_name(w, folder, d->d_name, type, NULL, count);
        }
    }
}

/* Only the names that are wanted. */
static int list_wanted(struct scan_worker *w, const struct scan_folder *folder,
                       size_t *count, struct err *err)
{
    for (size_t i = 0; i < folder->want->len; i++) {
        const struct want *want = folder->want->below[i];
        mode_t type;
        int rc = type_of(w, folder, want->name, &type, err);
        if (rc != 0)
            return rc;
        if (type != 0)
            note_name(w, folder, want->name, type, want->all ? NULL : want, count);
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    const struct scan_name *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static struct scan_folder *new_folder(struct scan_worker *w,
                                      const struct scan_folder *parent,
                                      struct scan_item *self,
                                      const struct scan_name *found)
{
    struct scan_folder *folder = arena_alloc(&w->arena, sizeof *folder);
    memset(folder, 0, sizeof *folder);
    path_of(w, parent, self->name);
    folder->path = arena_strndup(&w->arena, w->path.data, w->path.len);
    folder->self = self;
    folder->ignored = found->ignored;
    folder->want = found->want;
    folder->fd = -1;
    return folder;
}

/* Turns what was found into the folder's items, and its folders into jobs. */
static void make_items(struct scan_worker *w, struct scan_folder *folder, size_t count)
{
    if (count == 0)
        return;
    char *names = arena_alloc(&w->arena, w->names.len);
    memcpy(names, w->names.data, w->names.len);
    for (size_t i = 0; i < count; i++)
        w->found[i].name = names + w->found[i].at;
    qsort(w->found, count, sizeof *w->found, compare_names);
    folder->items = arena_alloc(&w->arena, count * sizeof *folder->items);
    memset(folder->items, 0, count * sizeof *folder->items);
    folder->len = count;
    for (size_t i = 0; i < count; i++) {
        struct scan_item *item = &folder->items[i];
        item->name = w->found[i].name;
        item->mode = w->found[i].type;
        item->excluded = w->found[i].excluded;
        item->is_folder = S_ISDIR(item->mode);
        if (!item->is_folder)
            continue;
        item->to.folder = new_folder(w, folder, item, &w->found[i]);
        scan_pool_add(w->scan->pool,
                      &(struct scan_job){.kind = JOB_LIST, .folder = item->to.folder});
    }
}

/* ---- looking --------------------------------------------------------------------- */

/* Records of the stat cache that a chunk walks along. */
struct cursor {
    const struct stat_cache *cache;
    const struct stat_record *at, *end;
};

static struct cursor find_records(const struct scan *scan,
                                  const struct scan_folder *folder, const char *first)
{
    struct cursor c = {.cache = scan->cache};
    if (!stat_cache_folder(c.cache, folder->path, &c.at, &c.end))
        c.at = c.end = NULL;
    for (size_t n = (size_t)(c.end - c.at); n > 0;) {
        size_t half = n / 2;
        if (strcmp(stat_cache_name(c.cache, c.at + half), first) < 0) {
            c.at += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return c;
}

/* The record for a name, names being asked for in order; NULL if there is none. */
static const struct stat_record *next_record(struct cursor *c, const char *name)
{
    for (; c->at < c->end; c->at++) {
        int order = strcmp(stat_cache_name(c->cache, c->at), name);
        if (order >= 0)
            return order == 0 ? c->at : NULL;
    }
    return NULL;
}

/* Whether the item is what it was when the record was made. */
static bool is_unchanged(const struct stat_cache *cache, const struct stat_record *r,
                         const struct scan_item *item)
{
    return r->size == item->size && r->mtime_ns == item->mtime_ns &&
           r->ctime_ns == item->ctime_ns && r->ino == item->ino &&
           r->dev == item->dev && r->mode == item->mode &&
           !stat_cache_is_racy(cache, r);
}

static int look_at_symlink(struct scan_worker *w, const struct scan_folder *folder,
                           struct scan_item *item, struct err *err)
{
    char target[TARGET_LONGEST + 1];
    ssize_t n = readlinkat(folder->fd, item->name, target, sizeof target);
    if (n >= 0 && n <= TARGET_LONGEST) {
        item->to.target = arena_strndup(&w->arena, target, (size_t)n);
        return 0;
    }
    if (n < 0 && (is_gone(errno) || errno == EINVAL)) {
        item->gone = true;
        return 0;
    }
    return failed(w, path_of(w, folder, item->name), n < 0 ? errno : ENAMETOOLONG, err);
}

static int look_at_item(struct scan_worker *w, struct scan_folder *folder, size_t i,
                        struct cursor *cursor, struct err *err)
{
    struct scan_item *item = &folder->items[i];
    struct stat st;
    if (fstatat(folder->fd, item->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        item->gone = is_gone(errno);
        return item->gone ? 0 : failed(w, path_of(w, folder, item->name), errno, err);
    }
    scan_fill(item, &st);
    if (S_ISDIR(st.st_mode)) { /* came in place of a file just now */
        item->gone = true;
        return 0;
    }
    int rc = S_ISLNK(st.st_mode) ? look_at_symlink(w, folder, item, err) : 0;
    if (rc != 0 || w->scan->options->no_digests)
        return rc;
    const struct stat_record *r = next_record(cursor, item->name);
    bool known = r != NULL && is_unchanged(cursor->cache, r, item);
    if (known) {
        item->digest = r->digest;
        item->has_digest = S_ISREG(st.st_mode);
        if ((r->flags & STAT_HAS_XATTRS) != 0)
            scan_xattrs(w, -1, folder, item);
        return 0;
    }
    if (!S_ISREG(st.st_mode)) {
        scan_xattrs(w, -1, folder, item);
        return 0;
    }
    if (item->size < BIG_FILE)
        return scan_digest(w, folder->fd, item->name, folder, item, err);
    scan_pool_add(w->scan->pool, &(struct scan_job){JOB_DIGEST, folder, i, i + 1});
    return 0;
}

static int look(struct scan_worker *w, struct scan_folder *folder, size_t first,
                size_t end, struct err *err)
{
    int rc = 0;
    if (first < end) {
        struct cursor cursor = find_records(w->scan, folder, folder->items[first].name);
        for (size_t i = first; rc == 0 && i < end; i++)
            if (!folder->items[i].is_folder)
                rc = look_at_item(w, folder, i, &cursor, err);
    }
    if (atomic_fetch_sub(&folder->left, 1) == 1)
        file_closep(&folder->fd);
    return rc;
}

/* Opens the folder and takes down its own metadata; gone is no error but at the top. */
static int open_folder(struct scan_worker *w, struct scan_folder *folder,
                       struct err *err)
{
    struct stat st;
    const char *path = folder->path[0] != '\0' ? folder->path : ".";
    folder->fd =
        openat(w->scan->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->fd < 0 && (is_gone(errno) || errno == ELOOP)) {
        folder->self->gone = true;
        return 0;
    }
    if (folder->fd < 0 || fstat(folder->fd, &st) != 0)
        return failed(w, folder->path, errno, err);
    scan_fill(folder->self, &st);
    return 0;
}

static int list(struct scan_worker *w, struct scan_folder *folder, struct err *err)
{
    size_t count = 0;
    int rc = open_folder(w, folder, err);
    if (rc != 0 || folder->self->gone)
        return rc;
    if (!w->scan->options->no_digests)
        scan_xattrs(w, folder->fd, folder, folder->self);
    buf_clear(&w->names);
    rc = folder->want != NULL ? list_wanted(w, folder, &count, err)
                              : list_all(w, folder, &count, err);
    if (rc != 0) {
        file_closep(&folder->fd);
        return rc;
    }
    make_items(w, folder, count);
    size_t chunks = count / CHUNK_ITEMS + 1;
    atomic_store(&folder->left, chunks);
    for (size_t i = 1; i < chunks; i++) {
        size_t end = i + 1 < chunks ? (i + 1) * CHUNK_ITEMS : count;
        scan_pool_add(w->scan->pool,
                      &(struct scan_job){JOB_LOOK, folder, i * CHUNK_ITEMS, end});
    }
    return look(w, folder, 0, chunks > 1 ? CHUNK_ITEMS : count, err);
}

int scan_run_job(struct scan_worker *w, const struct scan_job *job, struct err *err)
{
    struct scan_folder *folder = job->folder;
    if (job->kind == JOB_LIST)
        return list(w, folder, err);
    if (job->kind == JOB_LOOK)
        return look(w, folder, job->first, job->end, err);
    struct scan_item *item = &folder->items[job->first];
    const char *path = path_of(w, folder, item->name);
    return scan_digest(w, w->scan->root, path, folder, item, err);
}
