/* SPDX-License-Identifier: MIT */
/* Plain columns as docker prints them: headings in capitals, three blanks between. */
#ifndef BENCH_COLUMNS_H
#define BENCH_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/base/buf.h"

enum { COLUMNS_MOST = 12 };

struct columns {
    size_t count;
    bool right[COLUMNS_MOST]; /* numbers are set right */
    struct strv cells;        /* row by row, the headings first */
};

/* `headings` are separated by "|"; one that starts with ">" is a column of numbers. */
void columns_begin(struct columns *t, const char *headings);
/* One cell after the other; control characters are escaped. */
void columns_add(struct columns *t, const char *text);
void columns_add_bytes(struct columns *t, unsigned long long bytes);
void columns_add_count(struct columns *t, unsigned long long n);
/* Prints what was added and empties the table. */
void columns_end(struct columns *t, FILE *out);

#endif
