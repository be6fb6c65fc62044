/* SPDX-License-Identifier: MIT */
/* The scan of a context as its callers see it, and the ignore file it goes by. */
#include "sim/context/context.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/context/ignore_walk.h"
#include "sim/context/scan.h"

enum { IGNORE_LIMIT = 16 << 20, THREADS_DEFAULT_MOST = 8 };

/* Reads one ignore file; *found is false if there is none. */
static int read_ignore(const char *path, struct ignore **out, bool *found,
                       struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    struct err local = ERR_INIT;
    int rc = file_read(path, IGNORE_LIMIT, &text, &local);
    *found = rc != ERR_NOT_FOUND;
    if (rc == ERR_NOT_FOUND)
        return 0;
    if (rc == 0)
        return ignore_parse(path, buf_str(&text), text.len, out, err);
    if (err != NULL)
        *err = local;
    return rc;
}

int context_ignore(const char *dir, const char *dockerfile, struct ignore **out,
                   struct err *err)
{
    bool found = false;
    int rc = 0;
    *out = NULL;
    if (dockerfile != NULL) {
        AUTO_FREE char *path = xasprintf("%s.dockerignore", dockerfile);
        rc = read_ignore(path, out, &found, err);
    }
    if (rc == 0 && !found) {
        AUTO_FREE char *path = path_join(dir, ".dockerignore");
        rc = read_ignore(path, out, &found, err);
    }
    return rc;
}

static unsigned processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < THREADS_DEFAULT_MOST ? (unsigned)n : THREADS_DEFAULT_MOST;
}

static int open_root(struct scan *scan, struct err *err)
{
    struct stat st;
    scan->root = open(scan->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (scan->root >= 0 && fstat(scan->root, &st) == 0) {
        scan_fill(&scan->top, &st);
        return 0;
    }
    if (errno == ENOTDIR)
        return err_set(err, ERR_INPUT, "the context %s is not a folder", scan->dir);
    if (errno == ENOENT)
        return err_set(err, ERR_INPUT, "there is no folder %s to take as context",
                       scan->dir);
    return err_set(err, ERR_INPUT, "cannot open the context %s: %s", scan->dir,
                   strerror(errno));
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Everything between an open root and the tree. */
static int run(struct scan *scan, struct tree **out, struct context_stats *stats,
               struct err *err)
{
    const struct context_options *options = scan->options;
    const char *file = options->no_digests ? NULL : options->stat_cache;
    int64_t started_ns = now_ns();
    struct stat_cache *cache = NULL;
    if (file != NULL)
        scan->cache = cache = stat_cache_open(file, scan->top.dev, scan->top.ino);
    size_t words = ignore_state_words(scan->ignore);
    AUTO_FREE uint64_t *state = xcalloc(words, sizeof *state);
    scan->top.name = "";
    scan->top.to.folder = &scan->top_folder;
    scan->top_folder = (struct scan_folder){
        .path = "", .self = &scan->top, .ignored = state, .want = scan->want, .fd = -1};
    scan->pool =
        scan_pool_new(scan, options->threads != 0 ? options->threads : processors());
    int rc = scan_pool_run(
        scan->pool, &(struct scan_job){.kind = JOB_LIST, .folder = &scan->top_folder},
        stats, err);
    if (rc == 0) {
        *out = scan_emit(scan, stats);
        bool fewer = scan->want == NULL && stats->files != stat_cache_len(cache);
        if (file != NULL && (cache == NULL || stats->hashed_files != 0 || fewer))
            scan_save(scan, file, started_ns);
    }
    scan_pool_free(scan->pool);
    stat_cache_close(cache);
    return rc;
}

int context_scan(const char *dir, const struct context_options *options,
                 struct tree **out, struct context_stats *stats, struct err *err)
{
    struct context_stats local = {0};
    struct ignore *ig = NULL;
    struct scan scan = {.dir = dir, .options = options, .root = -1};
    int rc = open_root(&scan, err);
    if (rc == 0)
        rc = context_ignore(dir, options->dockerfile, &ig, err);
    if (rc == 0 && ig == NULL)
        rc = ignore_parse("", "", 0, &ig, err);
    scan.ignore = ig;
    if (rc == 0) {
        scan.want = want_resolve(scan.root, options->wanted);
        rc = run(&scan, out, &local, err);
    }
    if (rc == 0 && stats != NULL)
        *stats = local;
    want_free(scan.want);
    ignore_free(ig);
    file_closep(&scan.root);
    return rc;
}

/* Excluded folders above the entry that is looked at; kept if something below is. */
struct pending {
    const struct entry **items;
    size_t len, cap;
};

struct tree *context_filter(const struct tree *all, const struct ignore *ig)
{
    struct tree *tree = tree_new();
    struct pending pending = {0};
    for (size_t i = 0; i < all->len; i++) {
        const struct entry *e = &all->entries[i];
        bool excluded = ig != NULL && ignore_excluded(ig, e->path, NULL);
        while (pending.len > 0 &&
               !path_is_below(e->path, pending.items[pending.len - 1]->path))
            pending.len--;
        if (excluded && e->type != ENTRY_DIR)
            continue;
        GROW(pending.items, pending.cap, pending.len + 1);
        pending.items[pending.len++] = e;
        for (size_t k = 0; !excluded && k < pending.len; k++)
            tree_add(tree, pending.items[k]);
        if (!excluded)
            pending.len = 0;
    }
    free(pending.items);
    return tree;
}
