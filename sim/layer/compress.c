/* SPDX-License-Identifier: MIT */
/*
 * Compression of streams. What is added is collected to pieces of one length first: the
 * output depends on the bytes alone, not on how they were cut when they came.
 */
#include "sim/layer/compress.h"

#define ZLIB_CONST /* it only reads its input */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "sim/base/mem.h"

enum {
    PIECE = 128 << 10,
    GZIP_LEVEL = 6,
    ZSTD_LEVEL = 3,
    GZIP_WINDOW = 15 + 16, /* zlib's way to ask for a gzip header */
    GZIP_OS_UNKNOWN = 255,
    SNIFF = 4, /* bytes that tell the kinds apart */
};

struct compressor {
    enum compression how;
    content_sink *sink;
    void *payload;
    z_stream z;
    gz_header header;
    bool z_ready;
    ZSTD_CCtx *zstd;
    size_t used;
    unsigned char *in, *out;
};

static int gzip_new(struct compressor *c, struct err *err)
{
    if (deflateInit2(&c->z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(err, ERR_FAILED, "cannot start gzip compression");
    c->z_ready = true;
    c->header.os = GZIP_OS_UNKNOWN; /* no name, no time */
    deflateSetHeader(&c->z, &c->header);
    return 0;
}

static int zstd_new(struct compressor *c, struct err *err)
{
    c->zstd = ZSTD_createCCtx();
    if (c->zstd == NULL || ZSTD_isError(ZSTD_CCtx_setParameter(
                               c->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)))
        return err_set(err, ERR_FAILED, "cannot start zstd compression");
    return 0;
}

int compressor_new(enum compression how, content_sink *sink, void *payload,
                   struct compressor **out, struct err *err)
{
    struct compressor *c = xcalloc(1, sizeof *c);
    *c = (struct compressor){.how = how, .sink = sink, .payload = payload};
    int rc = 0;
    if (how == COMPRESSION_GZIP)
        rc = gzip_new(c, err);
    else if (how == COMPRESSION_ZSTD)
        rc = zstd_new(c, err);
    if (rc != 0) {
        compressor_free(c);
        return rc;
    }
    if (how != COMPRESSION_NONE) {
        c->in = xmalloc(PIECE);
        c->out = xmalloc(PIECE);
    }
    *out = c;
    return 0;
}

static int deflate_piece(struct compressor *c, bool last, struct err *err)
{
    c->z.next_in = c->in;
    c->z.avail_in = (uInt)c->used;
    do {
        c->z.next_out = c->out;
        c->z.avail_out = PIECE;
        if (deflate(&c->z, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
            return err_set(err, ERR_FAILED, "gzip compression failed");
        size_t n = PIECE - c->z.avail_out;
        int rc = n > 0 ? c->sink(c->payload, c->out, n, err) : 0;
        if (rc != 0)
            return rc;
    } while (c->z.avail_out == 0);
    return 0;
}

static int zstd_piece(struct compressor *c, bool last, struct err *err)
{
    ZSTD_inBuffer in = {c->in, c->used, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {c->out, PIECE, 0};
        left = ZSTD_compressStream2(c->zstd, &out, &in,
                                    last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left))
            return err_set(err, ERR_FAILED, "zstd compression failed: %s",
                           ZSTD_getErrorName(left));
        int rc = out.pos > 0 ? c->sink(c->payload, c->out, out.pos, err) : 0;
        if (rc != 0)
            return rc;
    } while (in.pos < in.size || (last && left != 0));
    return 0;
}

static int compress_piece(struct compressor *c, bool last, struct err *err)
{
    int rc = c->how == COMPRESSION_GZIP ? deflate_piece(c, last, err)
                                        : zstd_piece(c, last, err);
    c->used = 0;
    return rc;
}

int compressor_add(void *compressor, const void *data, size_t len, struct err *err)
{
    struct compressor *c = compressor;
    if (c->how == COMPRESSION_NONE)
        return len > 0 ? c->sink(c->payload, data, len, err) : 0;
    const unsigned char *from = data;
    while (len > 0) {
        size_t n = PIECE - c->used < len ? PIECE - c->used : len;
        memcpy(c->in + c->used, from, n);
        c->used += n;
        from += n;
        len -= n;
        int rc = c->used == PIECE ? compress_piece(c, false, err) : 0;
        if (rc != 0)
            return rc;
    }
    return 0;
}

int compressor_finish(struct compressor *c, struct err *err)
{
    return c->how != COMPRESSION_NONE ? compress_piece(c, true, err) : 0;
}

void compressor_free(struct compressor *c)
{
    if (c == NULL)
        return;
    if (c->z_ready)
        deflateEnd(&c->z);
    ZSTD_freeCCtx(c->zstd);
    free(c->in);
    free(c->out);
    free(c);
}

/* ---- decompression -----------------------------------------------------------------
 */

struct decompressor {
    content_sink *sink;
    void *payload;
    bool sniffed;
    enum compression how;
    unsigned char head[SNIFF];
    size_t head_len;
    bool between; /* a member or frame has ended and none begun */
    z_stream z;
    bool z_ready;
    ZSTD_DCtx *zstd;
    unsigned char *out;
};

int decompressor_new(content_sink *sink, void *payload, struct decompressor **out,
                     struct err *err)
{
    (void)err;
    struct decompressor *d = xcalloc(1, sizeof *d);
    *d = (struct decompressor){.sink = sink, .payload = payload, .between = true};
    *out = d;
    return 0;
}

static int sniff(struct decompressor *d, struct err *err)
{
    static const unsigned char gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    d->sniffed = true;
    if (d->head_len >= sizeof gzip && memcmp(d->head, gzip, sizeof gzip) == 0) {
        d->how = COMPRESSION_GZIP;
        if (inflateInit2(&d->z, GZIP_WINDOW) != Z_OK)
            return err_set(err, ERR_FAILED, "cannot start gzip decompression");
        d->z_ready = true;
    } else if (d->head_len >= sizeof zstd && memcmp(d->head, zstd, sizeof zstd) == 0) {
        d->how = COMPRESSION_ZSTD;
        d->zstd = ZSTD_createDCtx();
        if (d->zstd == NULL)
            return err_set(err, ERR_FAILED, "cannot start zstd decompression");
    }
    if (d->how != COMPRESSION_NONE)
        d->out = xmalloc(PIECE);
    return 0;
}

static int inflate_some(struct decompressor *d, const unsigned char *data, size_t len,
                        struct err *err)
{
    d->z.next_in = data;
    d->z.avail_in = (uInt)len;
    do {
        if (d->between && d->z.avail_in > 0) {
            d->between = false;
            inflateReset(&d->z);
        }
        d->z.next_out = d->out;
        d->z.avail_out = PIECE;
        int rc = inflate(&d->z, Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return err_set(err, ERR_INPUT, "damaged gzip data: %s",
                           d->z.msg != NULL ? d->z.msg : "wrong");
        d->between = d->between || rc == Z_STREAM_END;
        size_t n = PIECE - d->z.avail_out;
        int sent = n > 0 ? d->sink(d->payload, d->out, n, err) : 0;
        if (sent != 0)
            return sent;
    } while (d->z.avail_in > 0 || d->z.avail_out == 0);
    return 0;
}

static int unzstd_some(struct decompressor *d, const unsigned char *data, size_t len,
                       struct err *err)
{
    ZSTD_inBuffer in = {data, len, 0};
    bool full = false;
    while (in.pos < in.size || full) {
        ZSTD_outBuffer out = {d->out, PIECE, 0};
        size_t left = ZSTD_decompressStream(d->zstd, &out, &in);
        if (ZSTD_isError(left))
            return err_set(err, ERR_INPUT, "damaged zstd data: %s",
                           ZSTD_getErrorName(left));
        d->between = left == 0;
        full = out.pos == out.size && left != 0;
        int sent = out.pos > 0 ? d->sink(d->payload, d->out, out.pos, err) : 0;
        if (sent != 0)
            return sent;
    }
    return 0;
}

static int decompress(struct decompressor *d, const unsigned char *data, size_t len,
                      struct err *err)
{
    /* zlib counts in an unsigned int. */
    for (size_t n; len > 0; data += n, len -= n) {
        n = len < (1u << 30) ? len : 1u << 30;
        int rc = d->how == COMPRESSION_GZIP   ? inflate_some(d, data, n, err)
                 : d->how == COMPRESSION_ZSTD ? unzstd_some(d, data, n, err)
                                              : d->sink(d->payload, data, n, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int start(struct decompressor *d, struct err *err)
{
    int rc = sniff(d, err);
    return rc == 0 ? decompress(d, d->head, d->head_len, err) : rc;
}

int decompressor_add(void *decompressor, const void *data, size_t len, struct err *err)
{
    struct decompressor *d = decompressor;
    const unsigned char *from = data;
    if (!d->sniffed) {
        size_t n = SNIFF - d->head_len < len ? SNIFF - d->head_len : len;
        memcpy(d->head + d->head_len, from, n);
        d->head_len += n;
        from += n;
        len -= n;
        int rc = d->head_len == SNIFF ? start(d, err) : 0;
        if (rc != 0)
            return rc;
    }
    return decompress(d, from, len, err);
}

int decompressor_finish(struct decompressor *d, struct err *err)
{
    if (!d->sniffed) {
        int rc = start(d, err);
        if (rc != 0)
            return rc;
    }
    if (d->how != COMPRESSION_NONE && !d->between)
        return err_set(err, ERR_INPUT, "the compressed data end too early");
    return 0;
}

void decompressor_free(struct decompressor *d)
{
    if (d == NULL)
        return;
    if (d->z_ready)
        inflateEnd(&d->z);
    ZSTD_freeDCtx(d->zstd);
    free(d->out);
    free(d);
}
