/* SPDX-License-Identifier: MIT */
/* The stored form of what a build leaves for `explain`. */
#include "sim/cache/journal.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

/* Numbers are 64 bits little-endian in as few groups of 7 as they need; strings are a
 * number and that many bytes and a NUL, so that decoding can borrow them. */
static const char magic[4] = {'S', 'B', 'J', '2'};

struct journal_memory {
    char *bytes;
    struct arena arena;
};

/* ---- writing ---- */

static void put_number(struct buf *out, uint64_t n)
{
    while (n >= 128) {
        buf_addc(out, (char)(n | 128));
        n >>= 7;
    }
    buf_addc(out, (char)n);
}

static void put_string(struct buf *out, const char *s)
{
    size_t n = strlen(s);
    put_number(out, n);
    buf_add(out, s, n + 1);
}

static void put_inputs(struct buf *out, const struct input *inputs, size_t count)
{
    put_number(out, count);
    for (size_t i = 0; i < count; i++) {
        put_number(out, inputs[i].kind);
        put_string(out, inputs[i].name);
        put_string(out, inputs[i].value);
    }
}

enum { NO_CACHE = 1, LINKED = 2, HAS_KEY = 4, HAS_CONTENT = 8 };

static void put_step(struct buf *out, const struct journal_step *s)
{
    put_string(out, s->stage);
    put_string(out, s->word);
    put_string(out, s->text);
    put_string(out, s->base);
    put_number(out, s->line);
    put_number(out, s->status);
    put_number(out, (s->no_cache ? NO_CACHE : 0u) | (s->linked ? LINKED : 0u) |
                        (s->has_key ? HAS_KEY : 0u) |
                        (s->has_content ? HAS_CONTENT : 0u));
    buf_add(out, s->key.bytes, sizeof s->key.bytes);
    buf_add(out, s->content.bytes, sizeof s->content.bytes);
    buf_add(out, s->manifest.bytes, sizeof s->manifest.bytes);
    put_number(out, s->parent);
    put_number(out, s->read_count);
    for (size_t i = 0; i < s->read_count; i++)
        put_number(out, s->reads[i]);
    put_number(out, (uint64_t)(s->context + 1));
    put_number(out, s->source_count);
    for (size_t i = 0; i < s->source_count; i++)
        put_string(out, s->sources[i]);
    put_inputs(out, s->inputs, s->input_count);
    put_inputs(out, s->sets, s->set_count);
    put_number(out, s->virtual_ms);
    put_number(out, s->wall_ns);
    put_number(out, s->size);
}

void journal_encode(const struct journal *j, struct buf *out)
{
    buf_add(out, magic, sizeof magic);
    put_string(out, j->dockerfile);
    put_string(out, j->target);
    put_string(out, j->folder);
    put_number(out, j->semantics);
    put_number(out, (uint64_t)j->against);
    put_number(out, (uint64_t)j->created_s);
    put_number(out, j->ignore_count);
    for (size_t i = 0; i < j->ignore_count; i++) {
        put_string(out, j->ignores[i].name);
        put_string(out, j->ignores[i].text);
    }
    put_number(out, j->len);
    for (size_t i = 0; i < j->len; i++)
        put_step(out, &j->steps[i]);
}

/* ---- reading ---- */

struct reader {
    const char *at, *end;
    struct arena *arena;
    bool damaged;
};

static uint64_t get_number(struct reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        unsigned char c = (unsigned char)*r->at++;
        n |= (uint64_t)(c & 127) << shift;
        if (c < 128)
            return n;
    }
    r->damaged = true;
    return 0;
}

/* A number of items, each of which takes a byte at least. */
static size_t get_count(struct reader *r)
{
    uint64_t n = get_number(r);
    if (n > (uint64_t)(r->end - r->at))
        r->damaged = true;
    return r->damaged ? 0 : (size_t)n;
}

static const char *get_string(struct reader *r)
{
    size_t n = get_count(r);
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

static const struct input *get_inputs(struct reader *r, size_t *count)
{
    size_t n = get_count(r);
    struct input *inputs = arena_alloc(r->arena, (n + 1) * sizeof *inputs);
    for (size_t i = 0; i < n; i++) {
        inputs[i].kind = (enum input_kind)get_number(r);
        inputs[i].name = get_string(r);
        inputs[i].value = get_string(r);
    }
    *count = n;
    return inputs;
}

static void get_graph(struct reader *r, struct journal_step *s)
{
    s->parent = (unsigned)get_number(r);
    s->read_count = get_count(r);
    unsigned *reads = arena_alloc(r->arena, (s->read_count + 1) * sizeof *reads);
    for (size_t i = 0; i < s->read_count; i++)
        reads[i] = (unsigned)get_number(r);
    s->reads = reads;
    s->context = (long)get_number(r) - 1;
    s->source_count = get_count(r);
    const char **words = arena_alloc(r->arena, (s->source_count + 1) * sizeof *words);
    for (size_t i = 0; i < s->source_count; i++)
        words[i] = get_string(r);
    s->sources = words;
}

static void get_step(struct reader *r, struct journal_step *s)
{
    s->stage = get_string(r);
    s->word = get_string(r);
    s->text = get_string(r);
    s->base = get_string(r);
    s->line = (unsigned)get_number(r);
    s->status = (enum journal_status)get_number(r);
    uint64_t flags = get_number(r);
    s->no_cache = flags & NO_CACHE;
    s->linked = flags & LINKED;
    s->has_key = flags & HAS_KEY;
    s->has_content = flags & HAS_CONTENT;
    get_digest(r, &s->key);
    get_digest(r, &s->content);
    get_digest(r, &s->manifest);
    get_graph(r, s);
    s->inputs = get_inputs(r, &s->input_count);
    s->sets = get_inputs(r, &s->set_count);
    s->virtual_ms = get_number(r);
    s->wall_ns = get_number(r);
    s->size = get_number(r);
}

static void get_head(struct reader *r, struct journal *j)
{
    j->dockerfile = get_string(r);
    j->target = get_string(r);
    j->folder = get_string(r);
    j->semantics = (enum semantics)get_number(r);
    j->against = (int64_t)get_number(r);
    j->created_s = (int64_t)get_number(r);
    j->ignore_count = get_count(r);
    j->ignores = arena_alloc(r->arena, (j->ignore_count + 1) * sizeof *j->ignores);
    for (size_t i = 0; i < j->ignore_count; i++) {
        j->ignores[i].name = get_string(r);
        j->ignores[i].text = get_string(r);
    }
    if (j->semantics > SEMANTICS_BUILDAH)
        r->damaged = true;
}

/* Indices point at steps, a parent at an earlier one. */
static bool sound(const struct journal *j)
{
    for (size_t i = 0; i < j->len; i++) {
        const struct journal_step *s = &j->steps[i];
        bool good = s->parent <= i && s->status <= JOURNAL_CONFIG &&
                    s->context < (long)j->ignore_count;
        for (size_t k = 0; k < s->read_count; k++)
            good = good && s->reads[k] != 0 && s->reads[k] <= i;
        if (!good)
            return false;
    }
    return true;
}

int journal_decode(const char *data, size_t len, struct journal **out, struct err *err)
{
    struct journal *j = xcalloc(1, sizeof *j);
    j->memory = xcalloc(1, sizeof *j->memory);
    j->memory->bytes = xmalloc(len + 1);
    memcpy(j->memory->bytes, data, len);
    struct reader r = {j->memory->bytes, j->memory->bytes + len, &j->memory->arena,
                       len < sizeof magic || memcmp(data, magic, sizeof magic) != 0};
    if (!r.damaged) {
        r.at += sizeof magic;
        get_head(&r, j);
        size_t count = get_count(&r);
        j->steps = arena_alloc(r.arena, (count + 1) * sizeof *j->steps);
        memset(j->steps, 0, (count + 1) * sizeof *j->steps);
        while (!r.damaged && j->len < count)
            get_step(&r, &j->steps[j->len++]);
    }
    if (r.damaged || !sound(j)) {
        journal_free(j);
        return err_set(err, ERR_FAILED, "damaged build record");
    }
    *out = j;
    return 0;
}

void journal_free(struct journal *j)
{
    if (j == NULL || j->memory == NULL)
        return;
    free(j->memory->bytes);
    arena_free(&j->memory->arena);
    free(j->memory);
    free(j);
}
