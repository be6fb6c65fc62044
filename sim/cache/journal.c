/* SPDX-License-Identifier: MIT */
/* The stored form of what a build leaves for `explain`, and which old step is which. */
#include "sim/cache/journal.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

/* Layout: "SBJ1", step count, steps. Numbers are 32 bits little-endian; strings are a
 * number and that many bytes and a NUL, so that decoding can borrow them. */
static const char magic[4] = {'S', 'B', 'J', '1'};

struct journal_memory {
    char *bytes;
    struct input *inputs;
};

static void put_number(struct buf *out, size_t n)
{
    unsigned char le[4] = {(unsigned char)n, (unsigned char)(n >> 8),
                           (unsigned char)(n >> 16), (unsigned char)(n >> 24)};
    buf_add(out, le, sizeof le);
}

static void put_string(struct buf *out, const char *s)
{
    size_t n = strlen(s);
    put_number(out, n);
    buf_add(out, s, n + 1);
}

void journal_encode(const struct journal_step *steps, size_t len, struct buf *out)
{
    buf_add(out, magic, sizeof magic);
    put_number(out, len);
    for (size_t i = 0; i < len; i++) {
        const struct journal_step *s = &steps[i];
        put_string(out, s->stage);
        put_string(out, s->word);
        put_string(out, s->text);
        put_string(out, s->base);
        put_number(out, (s->has_key ? 1u : 0u) | (s->has_content ? 2u : 0u));
        buf_add(out, s->key.bytes, sizeof s->key.bytes);
        buf_add(out, s->content.bytes, sizeof s->content.bytes);
        buf_add(out, s->manifest.bytes, sizeof s->manifest.bytes);
        put_number(out, s->input_count);
        for (size_t k = 0; k < s->input_count; k++) {
            put_number(out, s->inputs[k].kind);
            put_string(out, s->inputs[k].name);
            put_string(out, s->inputs[k].value);
        }
    }
}

struct reader {
    const char *at, *end;
    bool damaged;
};

static size_t get_number(struct reader *r)
{
    if (r->end - r->at < 4) {
        r->damaged = true;
        return 0;
    }
    const unsigned char *p = (const unsigned char *)r->at;
    r->at += 4;
    return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

static const char *get_string(struct reader *r)
{
    size_t n = get_number(r);
    if (r->damaged || (size_t)(r->end - r->at) <= n || r->at[n] != '\0') {
        r->damaged = true;
        return "";
    }
    const char *s = r->at;
    r->at += n + 1;
    return s;
}

static void get_digest(struct reader *r, struct digest *out)
{
    if (r->end - r->at < (long)sizeof out->bytes) {
        r->damaged = true;
        return;
    }
    memcpy(out->bytes, r->at, sizeof out->bytes);
    r->at += sizeof out->bytes;
}

static void get_step(struct reader *r, struct journal_step *s, struct input **inputs,
                     size_t *used, size_t *cap)
{
    s->stage = get_string(r);
    s->word = get_string(r);
    s->text = get_string(r);
    s->base = get_string(r);
    size_t flags = get_number(r);
    s->has_key = flags & 1;
    s->has_content = flags & 2;
    get_digest(r, &s->key);
    get_digest(r, &s->content);
    get_digest(r, &s->manifest);
    s->input_count = get_number(r);
    for (size_t i = 0; i < s->input_count && !r->damaged; i++) {
        GROW(*inputs, *cap, *used + 1);
        struct input *in = &(*inputs)[(*used)++];
        in->kind = (enum input_kind)get_number(r);
        in->name = get_string(r);
        in->value = get_string(r);
    }
}

int journal_decode(const char *data, size_t len, struct journal **out, struct err *err)
{
    struct journal *j = xcalloc(1, sizeof *j);
    j->memory = xcalloc(1, sizeof *j->memory);
    j->memory->bytes = xmalloc(len + 1);
    memcpy(j->memory->bytes, data, len);
    struct reader r = {j->memory->bytes, j->memory->bytes + len, false};
    size_t used = 0, cap = 0;
    r.damaged = len < 8 || memcmp(r.at, magic, sizeof magic) != 0;
    r.at += r.damaged ? 0 : 4;
    size_t count = r.damaged ? 0 : get_number(&r);
    if (count > len / 100) /* a step takes more than 100 bytes */
        r.damaged = true;
    j->steps = xcalloc(r.damaged ? 1 : count + 1, sizeof *j->steps);
    while (!r.damaged && j->len < count)
        get_step(&r, &j->steps[j->len++], &j->memory->inputs, &used, &cap);
    if (r.damaged) {
        journal_free(j);
        return err_set(err, ERR_FAILED, "damaged build record");
    }
    used = 0; /* the array has stopped moving: hand out its parts */
    for (size_t i = 0; i < j->len; i++) {
        j->steps[i].inputs = j->memory->inputs + used;
        used += j->steps[i].input_count;
    }
    *out = j;
    return 0;
}

void journal_free(struct journal *j)
{
    if (j == NULL)
        return;
    free(j->memory->bytes);
    free(j->memory->inputs);
    free(j->memory);
    free(j->steps);
    free(j);
}

/* ---- which old step is which ---- */

struct span { /* the steps of one stage: [first, first+len) */
    size_t first, len;
    const char *stage;
};

static struct span next_stage(const struct journal_step *steps, size_t len,
                              size_t first)
{
    struct span s = {first, 0, first < len ? steps[first].stage : NULL};
    while (first + s.len < len && strcmp(steps[first + s.len].stage, s.stage) == 0)
        s.len++;
    return s;
}

/* The old stage of that name, else the one in the same place. */
static struct span find_stage(const struct journal *before, const char *name,
                              size_t nth)
{
    struct span same_place = {0};
    size_t n = 0;
    for (size_t at = 0; at < before->len; n++) {
        struct span s = next_stage(before->steps, before->len, at);
        if (strcmp(s.stage, name) == 0)
            return s;
        if (n == nth)
            same_place = s;
        at += s.len;
    }
    return same_place;
}

static bool same_text(const struct journal_step *a, const struct journal_step *b)
{
    return strcmp(a->text, b->text) == 0;
}

/* Longest common subsequence by the usual table, for what is left between equal ends.
 */
static void match_middle(const struct journal_step *a, size_t n,
                         const struct journal_step *b, size_t m, long *aligned,
                         size_t base)
{
    enum { TABLE_MOST = 4 << 20 };
    if (n == 0 || m == 0 || (n + 1) * (m + 1) > TABLE_MOST)
        return;
    unsigned short *t = xcalloc((n + 1) * (m + 1), sizeof *t);
#define AT(i, k) t[(i) * (m + 1) + (k)]
    for (size_t i = n; i-- > 0;)
        for (size_t k = m; k-- > 0;)
            AT(i, k) = (unsigned short)(same_text(&a[i], &b[k]) ? AT(i + 1, k + 1) + 1
                                        : AT(i + 1, k) > AT(i, k + 1) ? AT(i + 1, k)
                                                                      : AT(i, k + 1));
    for (size_t i = 0, k = 0; i < n && k < m;) {
        if (same_text(&a[i], &b[k]))
            aligned[i++] = (long)(base + k++);
        else if (AT(i + 1, k) >= AT(i, k + 1))
            i++;
        else
            k++;
    }
#undef AT
    free(t);
}

/* Steps of one kind in a gap between matched ones are the same step with other words.
 */
static void match_gaps(const struct journal_step *now, struct span s,
                       const struct journal *before, struct span old, long *aligned)
{
    size_t k = old.first;
    for (size_t i = s.first; i < s.first + s.len; i++) {
        if (aligned[i] >= 0) {
            k = (size_t)aligned[i] + 1;
            continue;
        }
        size_t limit = old.first + old.len;
        for (size_t j = i + 1; j < s.first + s.len; j++)
            if (aligned[j] >= 0) {
                limit = (size_t)aligned[j];
                break;
            }
        for (size_t c = k; c < limit; c++)
            if (strcmp(before->steps[c].word, now[i].word) == 0) {
                aligned[i] = (long)c;
                k = c + 1;
                break;
            }
    }
}

void journal_align(const struct journal_step *now, size_t new_len,
                   const struct journal *before, long *aligned)
{
    for (size_t i = 0; i < new_len; i++)
        aligned[i] = -1;
    size_t nth = 0;
    for (size_t at = 0; at < new_len; nth++) {
        struct span s = next_stage(now, new_len, at);
        struct span old = find_stage(before, s.stage, nth);
        size_t head = 0, tail = 0;
        while (head < s.len && head < old.len &&
               same_text(&now[s.first + head], &before->steps[old.first + head])) {
            aligned[s.first + head] = (long)(old.first + head);
            head++;
        }
        while (tail < s.len - head && tail < old.len - head &&
               same_text(&now[s.first + s.len - 1 - tail],
                         &before->steps[old.first + old.len - 1 - tail])) {
            aligned[s.first + s.len - 1 - tail] =
                (long)(old.first + old.len - 1 - tail);
            tail++;
        }
        match_middle(now + s.first + head, s.len - head - tail,
                     before->steps + old.first + head, old.len - head - tail,
                     aligned + s.first + head, old.first + head);
        match_gaps(now, s, before, old, aligned);
        at += s.len;
    }
}
