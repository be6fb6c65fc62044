/* SPDX-License-Identifier: MIT */
/* Plain columns as docker prints them: headings in capitals, three blanks between. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/base/buf.h"

enum { TABLE_COLUMNS_MOST = 12 };

struct table {
    size_t columns;
    bool right[TABLE_COLUMNS_MOST]; /* numbers are set right */
    struct strv cells;              /* row by row, the headings first */
};

/* `headings` are separated by "|"; one that starts with ">" is a column of numbers. */
void table_begin(struct table *t, const char *headings);
/* One cell after the other; control characters are escaped. */
void table_add(struct table *t, const char *text);
void table_add_bytes(struct table *t, unsigned long long bytes);
void table_add_count(struct table *t, unsigned long long n);
/* Prints what was added and empties the table. */
void table_end(struct table *t, FILE *out);

/* Columns the text takes on a terminal: code points of UTF-8. */
size_t table_width(const char *text);
/* Cuts text to `width` columns, "…" (or "...") at its end if something is lost. */
void table_cut(const char *text, size_t width, bool utf8, struct buf *out);

#endif
