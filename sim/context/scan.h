/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/context: a scan under way. Folders are listed, their files looked at
 * and digested by jobs on several threads; all they find stays in the threads' arenas
 * until the tree is made of it.
 */
#ifndef SIM_CONTEXT_SCAN_H
#define SIM_CONTEXT_SCAN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sim/base/mem.h"
#include "sim/context/context.h"
#include "sim/context/stat_cache.h"

/* The names that are wanted of a folder. */
struct want {
    char *name;
    bool all; /* this and everything below */
    struct want **below;
    size_t len, cap;
};
/* Follows each wanted path through the symlinks on its way. NULL: all is wanted. */
struct want *want_resolve(int root, const struct strv *wanted);
void want_free(struct want *want); /* NULL is legal */

/* What was found at one name. */
struct scan_item {
    const char *name;
    union {
        struct scan_folder *folder;
        const char *target; /* of a symlink */
    } to;
    const struct xattr *xattrs;
    uint64_t size; /* of a regular file; device number of a device */
    uint64_t ino, dev;
    int64_t mtime_ns, ctime_ns;
    uint32_t mode; /* st_mode; the type alone before it was looked at */
    uint32_t uid, gid;
    uint16_t xattr_count;
    bool is_folder; /* set when it is listed and not changed any more */
    bool excluded;  /* a folder that is kept only for what is let back in below */
    bool gone;      /* was not there any more */
    bool has_digest;
    bool has_links; /* a file with more names than this one */
    struct digest digest;
};

struct scan_folder {
    const char *path;
    struct scan_item *self;  /* its own entry */
    const uint64_t *ignored; /* state of the ignore rules */
    const struct want *want; /* NULL: everything */
    struct scan_item *items; /* in the order of their names */
    size_t len;
    int fd;             /* while chunks of it are looked at */
    atomic_size_t left; /* those chunks */
};

struct scan {
    const char *dir;
    const struct context_options *options;
    const struct ignore *ignore; /* never NULL */
    const struct stat_cache *cache;
    struct want *want;
    int root;
    struct scan_item top;
    struct scan_folder top_folder;
    atomic_bool no_xattrs; /* the file system has none */
    struct scan_pool *pool;
};

struct scan_job {
    enum { JOB_LIST, JOB_LOOK, JOB_DIGEST } kind;
    struct scan_folder *folder;
    size_t first, end; /* items */
};

/* What one thread owns. */
struct scan_worker {
    struct scan *scan;
    pthread_t thread;
    struct arena arena;
    struct context_stats stats;
    struct digester *digester;
    char *chunk; /* SCAN_CHUNK bytes: folder entries, file content */
    struct buf path, names, state;
    struct scan_name *found;
    size_t found_cap;
};
enum { SCAN_CHUNK = 256 * 1024 };

/* Runs a job; what it finds goes into the worker's arena. */
int scan_run_job(struct scan_worker *w, const struct scan_job *job, struct err *err);
/* openat without following any symlink. */
int scan_open(int at, const char *path, int flags);
/* Digests one regular file and reads its xattrs; `at` is its folder and `name` its name
 * in there, or the root and its path. */
int scan_digest(struct scan_worker *w, int at, const char *name,
                const struct scan_folder *folder, struct scan_item *item,
                struct err *err);
/* xattrs of an open file (fd >= 0), or of item `name` of the folder. */
void scan_xattrs(struct scan_worker *w, int fd, const struct scan_folder *folder,
                 struct scan_item *item);
void scan_fill(struct scan_item *item, const struct stat *st);

/* Works off the first job and all that come of it. */
struct scan_pool *scan_pool_new(struct scan *scan, unsigned threads);
int scan_pool_run(struct scan_pool *pool, const struct scan_job *first,
                  struct context_stats *stats, struct err *err);
void scan_pool_add(struct scan_pool *pool, const struct scan_job *job);
void scan_pool_free(struct scan_pool *pool); /* and all arenas */

/* The sorted tree of what a finished scan found. */
struct tree *scan_emit(const struct scan *scan, struct context_stats *stats);
/* The stat cache for the next scan. */
void scan_save(const struct scan *scan, const char *file, int64_t started_ns);

#endif
