/* SPDX-License-Identifier: MIT */
/* Two versions of a line as one, the words that differ named by words: no sign or
 * colour alone says what changed. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/explain.h"

enum { WORDS_MOST = 400 }; /* of a line; a longer one is not marked */

struct words {
    const char *at[WORDS_MOST];
    size_t len[WORDS_MOST];
    size_t count;
};

static bool split(const char *text, struct words *out)
{
    out->count = 0;
    for (const char *p = text + strspn(text, " \t\n"); *p != '\0';) {
        if (out->count == WORDS_MOST)
            return false;
        size_t n = strcspn(p, " \t\n");
        out->at[out->count] = p;
        out->len[out->count++] = n;
        p += n + strspn(p + n, " \t\n");
    }
    return true;
}

static bool same(const struct words *a, size_t i, const struct words *b, size_t k)
{
    return a->len[i] == b->len[k] && memcmp(a->at[i], b->at[k], a->len[i]) == 0;
}

struct run { /* of words that are in one text only */
    const struct words *in;
    size_t from, to;
};

static void add_run(struct buf *out, const char *label, struct run run)
{
    if (run.from == run.to)
        return;
    buf_addf(out, "%s[%s:", out->len != 0 ? " " : "", label);
    for (size_t i = run.from; i < run.to; i++)
        buf_addf(out, " %.*s", (int)run.in->len[i], run.in->at[i]);
    buf_addc(out, ']');
}

static void add_difference(struct buf *out, struct run was, struct run now)
{
    add_run(out, now.from == now.to ? "removed" : "was", was);
    add_run(out, was.from == was.to ? "added" : "now", now);
}

/* Lengths of the longest common subsequence of what is left. */
static unsigned short *table_of(const struct words *a, const struct words *b)
{
    size_t wide = b->count + 1;
    unsigned short *t = xcalloc((a->count + 1) * wide, sizeof *t);
    for (size_t i = a->count; i-- > 0;)
        for (size_t k = b->count; k-- > 0;) {
            unsigned short down = t[(i + 1) * wide + k], right = t[i * wide + k + 1];
            t[i * wide + k] = same(a, i, b, k)
                                  ? (unsigned short)(t[(i + 1) * wide + k + 1] + 1)
                              : down > right ? down
                                             : right;
        }
    return t;
}

char *explain_marked(const char *from, const char *to)
{
    AUTO_FREE struct words *a = xmalloc(sizeof *a);
    AUTO_FREE struct words *b = xmalloc(sizeof *b);
    if (!split(from, a) || !split(to, b))
        return xasprintf("[was: %s] [now: %s]", from, to);
    AUTO_FREE unsigned short *t = table_of(a, b);
    size_t wide = b->count + 1, i = 0, k = 0, a_from = 0, b_from = 0;
    bool differs = false;
    struct buf out = BUF_INIT;
    while (i < a->count && k < b->count) {
        if (same(a, i, b, k)) {
            add_difference(&out, (struct run){a, a_from, i},
                           (struct run){b, b_from, k});
            differs = differs || a_from != i || b_from != k;
            buf_addf(&out, "%s%.*s", out.len != 0 ? " " : "", (int)a->len[i], a->at[i]);
            a_from = ++i;
            b_from = ++k;
        } else if (t[(i + 1) * wide + k] >= t[i * wide + k + 1]) {
            i++;
        } else {
            k++;
        }
    }
    add_difference(&out, (struct run){a, a_from, a->count},
                   (struct run){b, b_from, b->count});
    if (!differs && a_from == a->count && b_from == b->count)
        buf_adds(&out, " (only the blanks differ)");
    return buf_steal(&out);
}
