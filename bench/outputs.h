/* SPDX-License-Identifier: MIT */
/* --output type=…,dest=…: where a built image is written besides the store. */
#ifndef BENCH_OUTPUTS_H
#define BENCH_OUTPUTS_H

#include <stdbool.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/image/archive.h"

struct output {
    char *dest; /* owned; "-": standard output */
    char *name; /* owned; NULL: that of the image */
    struct export_options options;
};
struct outputs {
    struct output *items;
    size_t len;
};

/* Reads --output values (docker's short forms `-o DIR` and `-o -` too); `compression`
 * is the word of --compression or NULL. clamp_mtime_s: negative for none. */
int outputs_parse(const struct strv *words, const char *compression,
                  int64_t clamp_mtime_s, struct outputs *out, struct err *err);
void outputs_free(struct outputs *outputs);
/* Whether one of them takes standard output for itself. */
bool outputs_use_stdout(const struct strv *words);
/* Writes them all. `ref` finds the image in the store, `name` goes into archives. */
int outputs_write(const struct outputs *outputs, struct store *store, const char *ref,
                  const char *name, struct err *err);

/* "oci", "oci-dir", "docker", "tar", "local" -> format. */
bool outputs_parse_format(const char *word, enum archive_format *out);
/* "none", "gzip", "zstd"; NULL: what suits the format. */
int outputs_parse_compression(const char *word, enum archive_format format,
                              enum compression *out, struct err *err);

#endif
