/* SPDX-License-Identifier: MIT */
/* Pieces of JSON text for lines that are written as they happen. */
#ifndef BENCH_JSON_TEXT_H
#define BENCH_JSON_TEXT_H

#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"

/* A quoted string, or null for NULL; bytes that are no UTF-8 become U+FFFD. */
void json_text_string(struct buf *out, const char *s);
void json_text_digest(struct buf *out, const struct digest *d); /* "sha256:…" */
/* Milliseconds as seconds, exactly: 45, 0.1, 57.3. */
void json_text_ms(struct buf *out, uint64_t ms);
/* Seconds to the microsecond, without trailing zeros. */
void json_text_seconds(struct buf *out, double seconds);

#endif
