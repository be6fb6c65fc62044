/* SPDX-License-Identifier: MIT */
/* The bytes of a tar on their way out: collected, handed on, digested. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/layer/tar_internal.h"

enum {
    PIECE = 256 << 10,
    PIECES = 6,            /* in flight between writer and digest */
    THREAD_FROM = 4 << 20, /* bytes from which on a thread pays */
    SMALLEST = 4 << 10,
};

/* Pieces are used in turn. `filled` and `digested` count them since the start: piece k
 * lies in place k % PIECES, and may be filled again once it was digested. */
struct tar_out {
    content_sink *sink;
    void *payload;
    struct digester *digester;
    uint64_t bytes;
    size_t piece_cap, used; /* of the piece being filled */
    unsigned char *pieces[PIECES];
    size_t lens[PIECES];
    uint64_t filled, digested;
    bool threaded, ended;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved;
};

static void *digest_pieces(void *payload)
{
    struct tar_out *out = payload;
    pthread_mutex_lock(&out->lock);
    for (;;) {
        while (out->digested == out->filled && !out->ended)
            pthread_cond_wait(&out->moved, &out->lock);
        if (out->digested == out->filled)
            break;
        size_t place = out->digested % PIECES;
        pthread_mutex_unlock(&out->lock);
        digester_add(out->digester, out->pieces[place], out->lens[place]);
        pthread_mutex_lock(&out->lock);
        out->digested++;
        pthread_cond_signal(&out->moved);
    }
    pthread_mutex_unlock(&out->lock);
    return NULL;
}

struct tar_out *tar_out_new(content_sink *sink, void *payload, uint64_t expect)
{
    struct tar_out *out = xcalloc(1, sizeof *out);
    out->sink = sink;
    out->payload = payload;
    out->digester = digester_new();
    out->piece_cap = expect >= PIECE ? PIECE : expect + SMALLEST;
    out->pieces[0] = xmalloc(out->piece_cap);
    if (expect >= THREAD_FROM) {
        pthread_mutex_init(&out->lock, NULL);
        pthread_cond_init(&out->moved, NULL);
        /* Without a thread the same comes out, later. */
        out->threaded = pthread_create(&out->thread, NULL, digest_pieces, out) == 0;
    }
    return out;
}

/* Hands the piece on that was filled, and finds room for the next. */
static int piece_done(struct tar_out *out, struct err *err)
{
    size_t place = out->filled % PIECES, len = out->used;
    out->used = 0;
    if (!out->threaded) {
        digester_add(out->digester, out->pieces[place], len);
        return out->sink != NULL ? out->sink(out->payload, out->pieces[place], len, err)
                                 : 0;
    }
    pthread_mutex_lock(&out->lock);
    out->lens[place] = len;
    out->filled++;
    pthread_cond_signal(&out->moved);
    pthread_mutex_unlock(&out->lock);
    int rc =
        out->sink != NULL ? out->sink(out->payload, out->pieces[place], len, err) : 0;
    place = out->filled % PIECES;
    if (out->pieces[place] == NULL)
        out->pieces[place] = xmalloc(out->piece_cap);
    pthread_mutex_lock(&out->lock);
    while (out->filled - out->digested >= PIECES)
        pthread_cond_wait(&out->moved, &out->lock);
    pthread_mutex_unlock(&out->lock);
    return rc;
}

int tar_out_add(struct tar_out *out, const void *data, size_t len, struct err *err)
{
    const unsigned char *from = data;
    out->bytes += len;
    while (len > 0) {
        size_t n = out->piece_cap - out->used;
        if (n > len)
            n = len;
        memcpy(out->pieces[out->filled % PIECES] + out->used, from, n);
        out->used += n;
        from += n;
        len -= n;
        int rc = out->used == out->piece_cap ? piece_done(out, err) : 0;
        if (rc != 0)
            return rc;
    }
    return 0;
}

uint64_t tar_out_bytes(const struct tar_out *out)
{
    return out->bytes;
}

static void end_thread(struct tar_out *out)
{
    if (!out->threaded)
        return;
    pthread_mutex_lock(&out->lock);
    out->ended = true;
    pthread_cond_signal(&out->moved);
    pthread_mutex_unlock(&out->lock);
    pthread_join(out->thread, NULL);
    pthread_mutex_destroy(&out->lock);
    pthread_cond_destroy(&out->moved);
    out->threaded = false;
}

int tar_out_finish(struct tar_out *out, struct tar_result *result, struct err *err)
{
    int rc = out->used > 0 ? piece_done(out, err) : 0;
    end_thread(out);
    digester_finish(out->digester, &result->diff_id);
    result->bytes = out->bytes;
    return rc;
}

void tar_out_free(struct tar_out *out)
{
    if (out == NULL)
        return;
    end_thread(out);
    for (size_t i = 0; i < PIECES; i++)
        free(out->pieces[i]);
    digester_free(out->digester);
    free(out);
}
