/* SPDX-License-Identifier: MIT */
/*
 * The threads of a scan: one stack of jobs, last in first out, so that a folder's
 * chunks are done and its descriptor closed before the next folder is opened. Threads
 * start when work has piled up: a small context never pays for one.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/context/scan.h"

enum { THREADS_MOST = 8, PILE = 4 };

struct scan_pool {
    struct scan *scan;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct scan_job *jobs;
    size_t len, cap;
    size_t open;       /* jobs waiting or running */
    unsigned sleeping; /* threads that wait for a job */
    struct scan_worker workers[THREADS_MOST];
    unsigned started, most; /* workers; the first is the caller */
    int rc;
    struct err err;
};

static void worker_init(struct scan_worker *w, struct scan *scan)
{
    w->scan = scan;
    w->digester = digester_new();
    w->chunk = xmalloc(SCAN_CHUNK);
}

struct scan_pool *scan_pool_new(struct scan *scan, unsigned threads)
{
    struct scan_pool *pool = xcalloc(1, sizeof *pool);
    pool->scan = scan;
    pool->most = threads > THREADS_MOST ? THREADS_MOST : threads;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->change, NULL);
    worker_init(&pool->workers[0], scan);
    pool->started = 1;
    return pool;
}

void scan_pool_free(struct scan_pool *pool)
{
    if (pool == NULL)
        return;
    for (unsigned i = 0; i < pool->started; i++) {
        struct scan_worker *w = &pool->workers[i];
        arena_free(&w->arena);
        digester_free(w->digester);
        free(w->chunk);
        free(w->found);
        buf_free(&w->path);
        buf_free(&w->names);
        buf_free(&w->state);
    }
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->change);
    free(pool->jobs);
    free(pool);
}

/* Takes the next job; false when there will be none any more. */
static bool take(struct scan_pool *pool, struct scan_job *job)
{
    while (pool->len == 0 && pool->open > 0) {
        pool->sleeping++;
        pthread_cond_wait(&pool->change, &pool->lock);
        pool->sleeping--;
    }
    if (pool->len == 0)
        return false;
    *job = pool->jobs[--pool->len];
    return true;
}

static void work(struct scan_pool *pool, struct scan_worker *w)
{
    struct scan_job job;
    struct err err = ERR_INIT;
    pthread_mutex_lock(&pool->lock);
    while (take(pool, &job)) {
        /* After a failure the rest is only taken off, so that all descriptors close. */
        bool run = pool->rc == 0 || job.kind == JOB_LOOK;
        pthread_mutex_unlock(&pool->lock);
        int rc = run ? scan_run_job(w, &job, &err) : 0;
        pthread_mutex_lock(&pool->lock);
        if (rc != 0 && pool->rc == 0) {
            pool->rc = rc;
            pool->err = err;
        }
        if (--pool->open == 0)
            pthread_cond_broadcast(&pool->change);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void *run_thread(void *payload)
{
    struct scan_worker *w = payload;
    work(w->scan->pool, w);
    return NULL;
}

void scan_pool_add(struct scan_pool *pool, const struct scan_job *job)
{
    pthread_mutex_lock(&pool->lock);
    GROW(pool->jobs, pool->cap, pool->len + 1);
    pool->jobs[pool->len++] = *job;
    pool->open++;
    if (pool->sleeping > 0) {
        pthread_cond_signal(&pool->change);
    } else if (pool->len >= PILE && pool->started < pool->most) {
        struct scan_worker *w = &pool->workers[pool->started];
        worker_init(w, pool->scan);
        if (pthread_create(&w->thread, NULL, run_thread, w) == 0) {
            pool->started++;
        } else { /* the threads there are do it */
            digester_free(w->digester);
            free(w->chunk);
            pool->most = pool->started;
        }
    }
    pthread_mutex_unlock(&pool->lock);
}

static void add_stats(struct context_stats *to, const struct context_stats *from)
{
    to->dropped_files += from->dropped_files;
    to->dropped_bytes += from->dropped_bytes;
    to->hashed_files += from->hashed_files;
    to->hashed_bytes += from->hashed_bytes;
}

int scan_pool_run(struct scan_pool *pool, const struct scan_job *first,
                  struct context_stats *stats, struct err *err)
{
    scan_pool_add(pool, first);
    work(pool, &pool->workers[0]);
    for (unsigned i = 1; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    for (unsigned i = 0; i < pool->started; i++)
        add_stats(stats, &pool->workers[i].stats);
    if (pool->rc != 0 && err != NULL)
        *err = pool->err;
    return pool->rc;
}
