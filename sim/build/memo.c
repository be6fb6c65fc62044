/* SPDX-License-Identifier: MIT */
/*
 * Plans that are kept between builds. A build takes its plan out and gives it back when
 * it is done, so that nothing is shared and nothing is copied.
 */
#include "sim/build/memo.h"

#include <string.h>

#include "sim/build/graph.h"

enum { PLANS_KEPT = 8 }; /* Dockerfiles a scenario goes to and fro between */

struct kept_plan {
    struct buf key;
    struct planned planned;
};

struct build_memo {
    struct kept_plan plans[PLANS_KEPT]; /* the latest first */
    size_t len;
};

struct build_memo *build_memo_new(void)
{
    return xcalloc(1, sizeof(struct build_memo));
}

void planned_free(struct planned *planned)
{
    for (size_t i = 0; planned->operations != NULL && i < planned->plan->step_count;
         i++)
        inputs_free(&planned->operations[i].inputs);
    free(planned->operations);
    base_refs_free(planned->bases, planned->base_count);
    plan_free(planned->plan);
    dockerfile_free(planned->dockerfile);
    *planned = (struct planned){0};
}

static void free_kept(struct kept_plan *kept)
{
    buf_free(&kept->key);
    planned_free(&kept->planned);
}

void build_memo_free(struct build_memo *memo)
{
    for (size_t i = 0; memo != NULL && i < memo->len; i++)
        free_kept(&memo->plans[i]);
    free(memo);
}

static void add_text(struct buf *key, const char *text)
{
    buf_add(key, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 1);
}

static void add_words(struct buf *key, const struct strv *words)
{
    size_t n = words != NULL ? words->len : 0;
    buf_add(key, &n, sizeof n);
    for (size_t i = 0; i < n; i++)
        add_text(key, words->items[i]);
}

/* All that a plan and the parts of its keys depend on, but for the base images. */
void memo_key(const struct build *b, const char *text, size_t len, struct buf *key)
{
    const struct build_options *o = b->options;
    size_t counts[] = {(size_t)o->semantics, o->context_count, o->host_count, len};
    buf_add(key, counts, sizeof counts);
    buf_add(key, text, len);
    add_text(key, b->dockerfile_name);
    add_text(key, o->target);
    add_text(key, b->epoch_text);
    add_words(key, o->build_args);
    for (size_t i = 1; i < o->context_count; i++)
        add_text(key, o->contexts[i].name);
    for (size_t i = 0; i < o->host_count; i++)
        add_text(key, o->hosts[i].name);
}

bool memo_take(struct build_memo *memo, const struct buf *key, struct planned *out)
{
    for (size_t i = 0; i < memo->len; i++) {
        struct kept_plan *kept = &memo->plans[i];
        if (kept->key.len != key->len ||
            memcmp(kept->key.data, key->data, key->len) != 0)
            continue;
        *out = kept->planned;
        buf_free(&kept->key);
        memo->len--;
        memmove(kept, kept + 1, (memo->len - i) * sizeof *kept);
        return true;
    }
    return false;
}

void memo_give(struct build_memo *memo, struct buf *key, struct planned *planned)
{
    if (memo->len == PLANS_KEPT)
        free_kept(&memo->plans[--memo->len]);
    memmove(memo->plans + 1, memo->plans, memo->len * sizeof *memo->plans);
    memo->plans[0] = (struct kept_plan){*key, *planned};
    memo->len++;
    *key = (struct buf)BUF_INIT;
    *planned = (struct planned){0};
}
