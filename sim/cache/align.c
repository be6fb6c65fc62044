/* SPDX-License-Identifier: MIT */
/* Which step of an earlier build is which step of this one. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/journal.h"

struct span { /* the steps of one stage: [first, first+len) */
    size_t first, len;
};

static struct span stage_at(const struct journal *j, size_t first)
{
    struct span s = {first, 0};
    while (first + s.len < j->len &&
           strcmp(j->steps[first + s.len].stage, j->steps[first].stage) == 0)
        s.len++;
    return s;
}

/* How much two texts have in common, 0 to 100: at both ends, for edits are local. */
static unsigned likeness(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), head = 0, tail = 0;
    while (head < n && head < m && a[head] == b[head])
        head++;
    while (tail < n - head && tail < m - head && a[n - 1 - tail] == b[m - 1 - tail])
        tail++;
    return n + m == 0 ? 100 : (unsigned)(200 * (head + tail) / (n + m));
}

/* What it is worth to call two steps one: an equal text more than any number of steps
 * that share a word only. 0: they cannot be. */
static unsigned worth(const struct journal_step *a, const struct journal_step *b)
{
    if (strcmp(a->text, b->text) == 0)
        return 1000000;
    /* COPY and ADD, ENV and ARG are changed into each other. */
    bool copies = (strcmp(a->word, "COPY") == 0 || strcmp(a->word, "ADD") == 0) &&
                  (strcmp(b->word, "COPY") == 0 || strcmp(b->word, "ADD") == 0);
    if (!copies && strcmp(a->word, b->word) != 0)
        return 0;
    return 1 + likeness(a->text, b->text);
}

/* The most valuable pairing in order, by the usual table. */
static void match(const struct journal_step *a, size_t n, const struct journal_step *b,
                  size_t m, long *aligned, size_t base)
{
    enum { TABLE_MOST = 4 << 20 };
    if (n == 0 || m == 0 || (n + 1) * (m + 1) > TABLE_MOST)
        return;
    unsigned long *t = xcalloc((n + 1) * (m + 1), sizeof *t);
#define AT(i, k) t[(i) * (m + 1) + (k)]
    for (size_t i = n; i-- > 0;)
        for (size_t k = m; k-- > 0;) {
            unsigned w = worth(&a[i], &b[k]);
            unsigned long best = w != 0 ? AT(i + 1, k + 1) + w : 0;
            if (AT(i + 1, k) > best)
                best = AT(i + 1, k);
            AT(i, k) = AT(i, k + 1) > best ? AT(i, k + 1) : best;
        }
    for (size_t i = 0, k = 0; i < n && k < m;) {
        unsigned w = worth(&a[i], &b[k]);
        if (w != 0 && AT(i, k) == AT(i + 1, k + 1) + w)
            aligned[i++] = (long)(base + k++);
        else if (AT(i + 1, k) >= AT(i, k + 1))
            i++;
        else
            k++;
    }
#undef AT
    free(t);
}

/* The steps at both ends are mostly the same: only what lies between needs the table.
 */
static void match_stage(const struct journal *now, struct span s,
                        const struct journal *before, struct span old, long *aligned)
{
    const struct journal_step *a = now->steps + s.first, *b = before->steps + old.first;
    size_t head = 0, tail = 0;
    for (; head < s.len && head < old.len && strcmp(a[head].text, b[head].text) == 0;
         head++)
        aligned[s.first + head] = (long)(old.first + head);
    for (; tail < s.len - head && tail < old.len - head &&
           strcmp(a[s.len - 1 - tail].text, b[old.len - 1 - tail].text) == 0;
         tail++)
        aligned[s.first + s.len - 1 - tail] = (long)(old.first + old.len - 1 - tail);
    match(a + head, s.len - head - tail, b + head, old.len - head - tail,
          aligned + s.first + head, old.first + head);
}

static bool is_number(const char *name)
{
    return name[strspn(name, "0123456789")] == '\0';
}

/* Whether a stage has a step of this text; most often it is where it was. */
static bool has_text(const struct journal_step *steps, size_t n, const char *text,
                     size_t was)
{
    if (was < n && strcmp(steps[was].text, text) == 0)
        return true;
    for (size_t i = 0; i < n; i++)
        if (strcmp(steps[i].text, text) == 0)
            return true;
    return false;
}

/* How well an old stage fits: its name if it has one, then the texts they share. */
static unsigned long fit(const struct journal *now, struct span s,
                         const struct journal *before, struct span old, bool same_place)
{
    const char *a = now->steps[s.first].stage, *b = before->steps[old.first].stage;
    unsigned long value = same_place ? 2 : 1;
    if (!is_number(a) && strcmp(a, b) == 0)
        value += 1000000;
    for (size_t i = 0; i < s.len; i++)
        if (has_text(before->steps + old.first, old.len, now->steps[s.first + i].text,
                     i))
            value += 10;
    return value;
}

static struct span *all_stages(const struct journal *j, size_t *count)
{
    struct span *list = NULL;
    size_t cap = 0;
    *count = 0;
    for (size_t at = 0; at < j->len; at += list[*count - 1].len) {
        GROW(list, cap, *count + 1);
        list[(*count)++] = stage_at(j, at);
    }
    return list;
}

void journal_align(const struct journal *now, const struct journal *before,
                   long *aligned)
{
    for (size_t i = 0; i < now->len; i++)
        aligned[i] = -1;
    size_t n, m;
    AUTO_FREE struct span *stages = all_stages(now, &n);
    AUTO_FREE struct span *old = all_stages(before, &m);
    AUTO_FREE bool *taken = xcalloc(m + 1, sizeof *taken);
    for (size_t i = 0; i < n; i++) {
        size_t best = m;
        unsigned long most = 0;
        for (size_t k = 0; k < m; k++) {
            unsigned long value =
                taken[k] ? 0 : fit(now, stages[i], before, old[k], i == k);
            if (value > most) {
                most = value;
                best = k;
            }
        }
        if (best == m)
            continue;
        taken[best] = true;
        match_stage(now, stages[i], before, old[best], aligned);
    }
}
