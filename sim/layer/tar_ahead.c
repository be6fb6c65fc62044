/* SPDX-License-Identifier: MIT */
/*
 * Reading many small files before it is their turn. Opening, reading and closing a file
 * takes longer than everything else that is done for it, and can be done for several
 * files at once; the tar is written in order by one thread all the same. What a former
 * layer holds already is read from its blob, where neighbours lie side by side.
 *
 * Whatever is read must have the digest that its entry was given when the build's keys
 * were made: a blob that was damaged since is not believed, and a file that was edited
 * since is an error, not a wrong layer below a right key.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/tar_internal.h"

enum {
    SMALL = 64 << 10,        /* larger files are streamed when it is their turn */
    BATCH_BYTES = 256 << 10, /* of contents; holds several small files */
    BATCH_FILES = 128,
    BATCHES = 12,     /* read ahead at most */
    FILES_FROM = 256, /* files from which on threads pay */
    THREADS_MOST = 4,
    GAP_MOST = 3 * TAR_BLOCK, /* headers between two contents that are read as one */
    ROOM = BATCH_BYTES + BATCH_FILES * GAP_MOST,
};

/* One of the files of a batch. */
struct piece {
    size_t entry;    /* in the tree */
    size_t at;       /* its content in bytes */
    bool donated;    /* the donor's blob holds it, too */
    uint64_t offset; /* ... there */
    struct digest digest;
};

/* Consecutive small files. */
struct batch {
    size_t count;
    size_t failed; /* piece whose reading failed; SIZE_MAX: none */
    int rc;
    struct err err;
    bool ready;
    unsigned char *bytes; /* ROOM */
    struct blob *blob;    /* of what was donated, borrowed */
    struct piece pieces[BATCH_FILES];
};

/* Batches are numbered; number k lies in place k % BATCHES. */
struct read_ahead {
    const struct tree *tree;
    struct tree_cursor *donor;
    const struct entry *donated; /* next of the donor's entries; NULL: no more */
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
    size_t next;
};

bool read_ahead_has(const struct entry *entry)
{
    return entry->type == ENTRY_FILE && entry->content.kind == CONTENT_HOST &&
           entry->size > 0 && entry->size <= SMALL;
}

/* Whether the donor holds the same file; entries are asked for in path order. */
static bool find_donated(struct read_ahead *ahead, const struct entry *e,
                         struct batch *batch, struct piece *piece)
{
    const struct entry *d = ahead->donated;
    int order = -1;
    while (d != NULL && (order = path_compare(d->path, e->path)) < 0)
        d = tree_cursor_next(ahead->donor);
    ahead->donated = d;
    if (d == NULL || order != 0 || !e->has_digest || d->type != ENTRY_FILE ||
        !d->has_digest || d->content.kind != CONTENT_RANGE || d->size != e->size ||
        !digest_equal(&d->digest, &e->digest))
        return false;
    batch->blob = d->content.from.range.blob;
    piece->offset = d->content.from.range.offset;
    return true;
}

/* The next files that fit into one batch. False at the end of the tree. */
static bool claim(struct read_ahead *ahead, struct batch *batch)
{
    size_t bytes = 0, i = ahead->cursor;
    batch->count = 0;
    for (; i < ahead->tree->len && batch->count < BATCH_FILES; i++) {
        const struct entry *e = &ahead->tree->entries[i];
        if (!read_ahead_has(e))
            continue;
        if (bytes + e->size > BATCH_BYTES)
            break;
        bytes += e->size;
        struct piece *piece = &batch->pieces[batch->count++];
        *piece = (struct piece){.entry = i};
        piece->donated = find_donated(ahead, e, batch, piece);
    }
    ahead->cursor = i;
    return batch->count > 0;
}

/* Where the contents come to lie: pieces that are close together in the donor's blob
 * keep their distance, so that one read gets them. */
static void place_pieces(const struct tree *tree, struct batch *batch)
{
    size_t used = 0;
    uint64_t end = 0; /* of the piece before, in the donor's blob */
    for (size_t i = 0; i < batch->count; i++) {
        struct piece *p = &batch->pieces[i];
        if (i > 0 && p->donated && p[-1].donated && p->offset >= end &&
            p->offset - end <= GAP_MOST)
            used += (size_t)(p->offset - end);
        p->at = used;
        used += (size_t)tree->entries[p->entry].size;
        end = p->offset + tree->entries[p->entry].size;
    }
}

/* Reads what the donor holds from piece `first` on, as far as it lies close together.
 * Returns the piece after that. A failure leaves bytes that have a wrong digest. */
static size_t read_donated(const struct tree *tree, struct batch *batch, size_t first)
{
    const struct piece *start = &batch->pieces[first];
    size_t end = first + 1;
    while (end < batch->count && batch->pieces[end].donated &&
           batch->pieces[end].offset >= start->offset &&
           batch->pieces[end].offset - start->offset ==
               batch->pieces[end].at - start->at)
        end++;
    const struct piece *last = &batch->pieces[end - 1];
    size_t len = last->at - start->at + (size_t)tree->entries[last->entry].size;
    if (blob_read(batch->blob, start->offset, batch->bytes + start->at, len, NULL) != 0)
        memset(batch->bytes + start->at, 0, len);
    return end;
}

static int collect(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    unsigned char **at = payload;
    memcpy(*at, data, len);
    *at += len;
    return 0;
}

static struct digest digest_piece(struct digester *digester, const struct batch *batch,
                                  const struct piece *piece, uint64_t size)
{
    struct digest d;
    digester_add(digester, batch->bytes + piece->at, (size_t)size);
    digester_finish(digester, &d);
    return d;
}

static int read_file(const struct read_ahead *ahead, struct digester *digester,
                     struct batch *batch, struct piece *piece)
{
    const struct entry *e = &ahead->tree->entries[piece->entry];
    unsigned char *to = batch->bytes + piece->at;
    int rc = content_stream(&e->content, e->size, collect, &to, &batch->err);
    if (rc != 0 || (!e->has_digest && !ahead->digests))
        return rc;
    piece->digest = digest_piece(digester, batch, piece, e->size);
    if (!e->has_digest || digest_equal(&piece->digest, &e->digest))
        return 0;
    return tar_changed(e, &batch->err);
}

static void read_batch(const struct read_ahead *ahead, struct digester *digester,
                       struct batch *batch)
{
    const struct tree *tree = ahead->tree;
    if (batch->bytes == NULL)
        batch->bytes = xmalloc(ROOM);
    batch->failed = SIZE_MAX;
    place_pieces(tree, batch);
    for (size_t i = 0; i < batch->count;)
        i = batch->pieces[i].donated ? read_donated(tree, batch, i) : i + 1;
    for (size_t i = 0; i < batch->count; i++) {
        struct piece *p = &batch->pieces[i];
        const struct entry *e = &tree->entries[p->entry];
        if (p->donated) {
            struct digest d = digest_piece(digester, batch, p, e->size);
            if (digest_equal(&d, &e->digest))
                continue;
        }
        batch->rc = read_file(ahead, digester, batch, p);
        if (batch->rc != 0) {
            batch->failed = i;
            return;
        }
    }
}

static void *read_batches(void *payload)
{
    struct read_ahead *ahead = payload;
    struct digester *digester = digester_new();
    pthread_mutex_lock(&ahead->lock);
    for (;;) {
        while (!ahead->stopped && ahead->claimed - ahead->taken == BATCHES)
            pthread_cond_wait(&ahead->room, &ahead->lock);
        struct batch *batch = &ahead->batches[ahead->claimed % BATCHES];
        if (ahead->stopped || !claim(ahead, batch))
            break;
        ahead->claimed++;
        pthread_mutex_unlock(&ahead->lock);
        read_batch(ahead, digester, batch);
        pthread_mutex_lock(&ahead->lock);
        batch->ready = true;
        pthread_cond_signal(&ahead->ready);
    }
    pthread_mutex_unlock(&ahead->lock);
    digester_free(digester);
    return NULL;
}

struct read_ahead *read_ahead_new(const struct tree *tree, struct tree_cursor *donor,
                                  bool digests)
{
    size_t files = 0;
    for (size_t i = 0; i < tree->len && files < FILES_FROM; i++)
        files += read_ahead_has(&tree->entries[i]);
    if (files < FILES_FROM)
        return NULL;
    struct read_ahead *ahead = xcalloc(1, sizeof *ahead);
    ahead->tree = tree;
    ahead->digests = digests;
    ahead->donor = donor;
    ahead->donated = donor != NULL ? tree_cursor_next(donor) : NULL;
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
    ahead->next = 0;
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

int read_ahead_take(struct read_ahead *ahead, const void **data, struct digest *digest,
                    struct err *err)
{
    if (ahead->open && ahead->next == ahead->batches[ahead->taken % BATCHES].count)
        close_batch(ahead);
    const struct batch *batch = open_batch(ahead);
    const struct piece *piece = &batch->pieces[ahead->next];
    if (batch->failed == ahead->next) {
        if (err != NULL)
            *err = batch->err;
        return batch->rc;
    }
    *data = batch->bytes + piece->at;
    *digest = piece->digest;
    ahead->next++;
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
