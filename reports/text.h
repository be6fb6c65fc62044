/* SPDX-License-Identifier: MIT */
/*
 * Text of strangers, code point by code point: what is UTF-8, what is hidden (control
 * characters, bidirectional overrides), how wide it stands on a terminal. Helpers of
 * the exporters. The width table knows East Asian wide, emoji and combining ranges; it
 * is no full copy of Unicode's.
 */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/buf.h"

enum { TEXT_REPLACEMENT = 0xFFFD };

/* The code point at *s, which moves behind it; 0 at the end. A byte that starts no
 * well-formed UTF-8 sequence is one TEXT_REPLACEMENT. */
uint32_t report_text_next(const char **s);
void report_text_put(uint32_t code, struct buf *out);
/* Controls other than \t \n \r, bidirectional marks and overrides, line and paragraph
 * separators, byte order mark, noncharacters: never shown as they are. */
bool report_text_hidden(uint32_t code);
/* \t \n \r. */
bool report_text_blank(uint32_t code);

/* Terminal columns of well-formed text without control characters. */
unsigned report_text_width(const char *s);
/* At most `columns` columns of s; what is cut ends in … ("..." without utf8). */
void report_text_fit(const char *s, unsigned columns, bool utf8, struct buf *out);
/* As report_text_fit, then filled with blanks to exactly `columns`, at the end or, with
 * `right`, at the beginning. */
void report_text_cell(const char *s, unsigned columns, bool right, bool utf8,
                      struct buf *out);
/* Every code point beyond ASCII becomes "?", but µ "u", … "..." and · "-". */
void report_text_ascii(const char *s, struct buf *out);

#endif
