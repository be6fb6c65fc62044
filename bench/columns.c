/* SPDX-License-Identifier: MIT */
/* Lays out columns. */
#include "bench/columns.h"

#include <string.h>

#include "reports/report.h"
#include "reports/text.h"
#include "sim/base/mem.h"

enum { GAP = 3 };

void columns_begin(struct columns *t, const char *headings)
{
    *t = (struct columns){0};
    while (headings != NULL && t->count < COLUMNS_MOST) {
        const char *bar = strchr(headings, '|');
        t->right[t->count] = headings[0] == '>';
        headings += t->right[t->count];
        t->count++;
        strv_addn(&t->cells, headings,
                  bar != NULL ? (size_t)(bar - headings) : strlen(headings));
        headings = bar != NULL ? bar + 1 : NULL;
    }
}

void columns_add(struct columns *t, const char *text)
{
    struct buf safe = BUF_INIT;
    report_escape_terminal(text, &safe);
    strv_take(&t->cells, buf_steal(&safe));
}

void columns_add_bytes(struct columns *t, unsigned long long bytes)
{
    struct buf text = BUF_INIT;
    report_bytes(bytes, &text);
    strv_take(&t->cells, buf_steal(&text));
}

void columns_add_count(struct columns *t, unsigned long long n)
{
    strv_take(&t->cells, xasprintf("%llu", n));
}

static void print_row(const struct columns *t, const size_t *widths, size_t first,
                      FILE *out)
{
    for (size_t c = 0; c < t->count; c++) {
        const char *cell = t->cells.items[first + c];
        int pad = (int)(widths[c] - report_text_width(cell));
        bool last = c + 1 == t->count;
        if (t->right[c])
            fprintf(out, "%*s", pad, "");
        fputs(cell, out);
        if (!last)
            fprintf(out, "%*s", (t->right[c] ? 0 : pad) + GAP, "");
    }
    fputc('\n', out);
}

void columns_end(struct columns *t, FILE *out)
{
    size_t widths[COLUMNS_MOST] = {0};
    for (size_t i = 0; i < t->cells.len; i++) {
        size_t width = report_text_width(t->cells.items[i]);
        if (width > widths[i % t->count])
            widths[i % t->count] = width;
    }
    for (size_t i = 0; i + t->count <= t->cells.len; i += t->count)
        print_row(t, widths, i, out);
    strv_free(&t->cells);
}
