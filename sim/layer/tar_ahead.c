/* SPDX-License-Identifier: MIT */
/*
 * Reading many small files before it is their turn. Opening, reading and closing a file
 * takes longer than everything else that is done for it, and can be done for several
 * files at once; the tar is written in order by one thread all the same.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/layer/tar_internal.h"

enum {
    SMALL = 64 << 10,        /* larger files are streamed when it is their turn */
    BATCH_BYTES = 256 << 10, /* room for contents; holds several small files */
    BATCH_FILES = 128,
    BATCHES = 12,     /* read ahead at most */
    FILES_FROM = 256, /* files from which on threads pay */
    THREADS_MOST = 4,
};

/* Consecutive small files. */
struct batch {
    size_t first, end; /* in the tree; other entries may lie between */
    size_t used;       /* of bytes */
    size_t failed;     /* entry whose reading failed; SIZE_MAX: none */
    int rc;
    struct err err;
    bool ready;
    unsigned char *bytes;
    struct digest digests[BATCH_FILES];
};

/* Batches are numbered; number k lies in place k % BATCHES. */
struct read_ahead {
    const struct tree *tree;
    bool digests;
    pthread_mutex_t lock;
    pthread_cond_t room, ready;
    size_t cursor; /* first entry that no batch was made of */
    uint64_t claimed, taken;
    bool stopped;
    pthread_t threads[THREADS_MOST];
    unsigned thread_count;
    struct batch batches[BATCHES];
    /* of the batch being taken from */
    bool open;
    size_t offset, file;
};

bool read_ahead_has(const struct entry *entry)
{
    return entry->type == ENTRY_FILE && entry->content.kind == CONTENT_HOST &&
           entry->size > 0 && entry->size <= SMALL;
}

/* The next files that fit into one batch. False at the end of the tree. */
static bool claim(struct read_ahead *ahead, struct batch *batch)
{
    size_t files = 0, bytes = 0, i = ahead->cursor;
    batch->first = i;
    for (; i < ahead->tree->len && files < BATCH_FILES; i++) {
        const struct entry *e = &ahead->tree->entries[i];
        if (!read_ahead_has(e))
            continue;
        if (bytes + e->size > BATCH_BYTES)
            break;
        bytes += e->size;
        files++;
    }
    batch->end = ahead->cursor = i;
    return files > 0;
}

static int collect(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    struct batch *batch = payload;
    memcpy(batch->bytes + batch->used, data, len);
    batch->used += len;
    return 0;
}

static void read_batch(const struct read_ahead *ahead, struct batch *batch)
{
    if (batch->bytes == NULL)
        batch->bytes = xmalloc(BATCH_BYTES);
    batch->used = 0;
    batch->failed = SIZE_MAX;
    size_t file = 0;
    for (size_t i = batch->first; i < batch->end; i++) {
        const struct entry *e = &ahead->tree->entries[i];
        if (!read_ahead_has(e))
            continue;
        size_t start = batch->used;
        batch->rc = content_stream(&e->content, e->size, collect, batch, &batch->err);
        if (batch->rc != 0) {
            batch->failed = i;
            return;
        }
        if (ahead->digests && !e->has_digest)
            batch->digests[file] = digest_of(batch->bytes + start, (size_t)e->size);
        file++;
    }
}

static void *read_batches(void *payload)
{
    struct read_ahead *ahead = payload;
    pthread_mutex_lock(&ahead->lock);
    for (;;) {
        while (!ahead->stopped && ahead->claimed - ahead->taken == BATCHES)
            pthread_cond_wait(&ahead->room, &ahead->lock);
        struct batch *batch = &ahead->batches[ahead->claimed % BATCHES];
        if (ahead->stopped || !claim(ahead, batch))
            break;
        ahead->claimed++;
        pthread_mutex_unlock(&ahead->lock);
        read_batch(ahead, batch);
        pthread_mutex_lock(&ahead->lock);
        batch->ready = true;
        pthread_cond_signal(&ahead->ready);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

struct read_ahead *read_ahead_new(const struct tree *tree, bool digests)
{
    size_t files = 0;
    for (size_t i = 0; i < tree->len && files < FILES_FROM; i++)
        files += read_ahead_has(&tree->entries[i]);
    if (files < FILES_FROM)
        return NULL;
    struct read_ahead *ahead = xcalloc(1, sizeof *ahead);
    ahead->tree = tree;
    ahead->digests = digests;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->room, NULL);
    pthread_cond_init(&ahead->ready, NULL);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned want = cpus >= THREADS_MOST ? THREADS_MOST : cpus > 1 ? (unsigned)cpus : 1;
    while (ahead->thread_count < want &&
           pthread_create(&ahead->threads[ahead->thread_count], NULL, read_batches,
                          ahead) == 0)
        ahead->thread_count++;
    if (ahead->thread_count == 0) {
        read_ahead_free(ahead);
        return NULL;
    }
    return ahead;
}

/* Waits for the batch that holds the next file. */
static struct batch *open_batch(struct read_ahead *ahead)
{
    struct batch *batch = &ahead->batches[ahead->taken % BATCHES];
    if (ahead->open)
        return batch;
    pthread_mutex_lock(&ahead->lock);
    while (!batch->ready)
        pthread_cond_wait(&ahead->ready, &ahead->lock);
    batch->ready = false;
    pthread_mutex_unlock(&ahead->lock);
    ahead->open = true;
    ahead->offset = ahead->file = 0;
    return batch;
}

static void close_batch(struct read_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->taken++;
    ahead->open = false;
    pthread_cond_signal(&ahead->room);
    pthread_mutex_unlock(&ahead->lock);
}

int read_ahead_take(struct read_ahead *ahead, const struct entry *entry,
                    const void **data, struct digest *digest, struct err *err)
{
    size_t index = (size_t)(entry - ahead->tree->entries);
    if (ahead->open && index >= ahead->batches[ahead->taken % BATCHES].end)
        close_batch(ahead);
    const struct batch *batch = open_batch(ahead);
    if (batch->failed == index) {
        if (err != NULL)
            *err = batch->err;
        return batch->rc;
    }
    *data = batch->bytes + ahead->offset;
    *digest = batch->digests[ahead->file];
    ahead->offset += (size_t)entry->size;
    ahead->file++;
    return 0;
}

void read_ahead_free(struct read_ahead *ahead)
{
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stopped = true;
    pthread_cond_broadcast(&ahead->room);
    pthread_mutex_unlock(&ahead->lock);
    for (unsigned i = 0; i < ahead->thread_count; i++)
        pthread_join(ahead->threads[i], NULL);
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->room);
    pthread_cond_destroy(&ahead->ready);
    for (size_t i = 0; i < BATCHES; i++)
        free(ahead->batches[i].bytes);
    free(ahead);
}
