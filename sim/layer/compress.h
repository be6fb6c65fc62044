/* SPDX-License-Identifier: MIT */
/* Stream compression for exported layers (zlib, libzstd), with stable output. */
#ifndef SIM_LAYER_COMPRESS_H
#define SIM_LAYER_COMPRESS_H

#include "sim/base/err.h"
#include "sim/tree/content.h"

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

struct compressor;
/* What is added comes out compressed at sink. gzip: no name, no time. */
int compressor_new(enum compression how, content_sink *sink, void *payload,
                   struct compressor **out, struct err *err);
/* A content_sink whose payload is the compressor. */
int compressor_add(void *compressor, const void *data, size_t len, struct err *err);
int compressor_finish(struct compressor *c, struct err *err);
void compressor_free(struct compressor *c); /* NULL is legal */

/* Decompresses gzip, zstd or plain data (sniffed) from one stream to sink. */
struct decompressor;
int decompressor_new(content_sink *sink, void *payload, struct decompressor **out,
                     struct err *err);
int decompressor_add(void *decompressor, const void *data, size_t len, struct err *err);
int decompressor_finish(struct decompressor *d, struct err *err);
void decompressor_free(struct decompressor *d);

#endif
