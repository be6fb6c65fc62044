/* SPDX-License-Identifier: MIT */
/* Causes: a step's own, or the one it follows from. */
#include "sim/cache/explain.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

struct asking {
    const struct explain_pair *pair;
    size_t at;
    struct miss *const *misses;
};

static const struct journal_step *now_step(const struct asking *a, size_t at)
{
    return &a->pair->now->steps[at];
}

static const struct journal_step *old_step(const struct asking *a, size_t at)
{
    long old = a->pair->aligned[at];
    return old >= 0 ? &a->pair->before->steps[old] : NULL;
}

static bool is_from(const struct journal_step *s)
{
    return strcmp(s->word, "FROM") == 0;
}

/* ---- lines that come and go ---- */

/* Whether a line of that text is in the other build without a counterpart: then it was
 * moved. */
static bool unmatched_now(const struct asking *a, const char *text)
{
    for (size_t i = 0; i < a->pair->now->len; i++)
        if (a->pair->aligned[i] < 0 && strcmp(now_step(a, i)->text, text) == 0)
            return true;
    return false;
}

/* The step of now whose counterpart is `old`, or now->len. */
static size_t matched_by(const struct asking *a, size_t old)
{
    size_t i = 0;
    while (i < a->pair->now->len && a->pair->aligned[i] != (long)old)
        i++;
    return i;
}

static bool unmatched_before(const struct asking *a, const char *text)
{
    const struct journal *before = a->pair->before;
    if (before == NULL || before->steps == NULL)
        return false;
    for (size_t i = 0; i < before->len; i++)
        if (strcmp(before->steps[i].text, text) == 0 &&
            matched_by(a, i) == a->pair->now->len)
            return true;
    return false;
}

static struct miss *one_change(unsigned root, const char *what, const char *from,
                               const char *to, const char *words)
{
    struct miss *m = miss_new(MISS_INSTRUCTION, root, words);
    miss_add(m, &(struct miss_note){"instruction", what, NULL, from, to, words}, 1);
    return m;
}

static struct miss *is_new(const struct asking *a, size_t at)
{
    const char *text = now_step(a, at)->text;
    bool moved = unmatched_before(a, text);
    AUTO_FREE char *words =
        xasprintf("instruction %s: %s", moved ? "moved" : "added", text);
    return one_change((unsigned)at + 1, moved ? "moved" : "added", moved ? text : NULL,
                      text, words);
}

/* An instruction that stood above `at` and is gone from there. */
static struct miss *is_gone(const struct asking *a, size_t at, size_t old)
{
    const char *text = a->pair->before->steps[old].text;
    bool moved = unmatched_now(a, text);
    AUTO_FREE char *words =
        xasprintf("instruction %s: %s", moved ? "moved away" : "removed above", text);
    return one_change((unsigned)at + 1, moved ? "moved" : "removed", text,
                      moved ? text : NULL, words);
}

/* The stage stands on another one than before, though nothing of that one changed. */
static struct miss *other_stage(const struct asking *a, size_t at)
{
    size_t from = at;
    while (from > 0 && !is_from(now_step(a, from)))
        from--;
    const struct journal_step *old = old_step(a, from);
    if (old == NULL || strcmp(old->text, now_step(a, from)->text) == 0)
        return NULL;
    AUTO_FREE char *marked = explain_marked(old->text, now_step(a, from)->text);
    AUTO_FREE char *words = xasprintf("instruction text changed: %s", marked);
    return one_change((unsigned)from + 1, "text", old->text, now_step(a, from)->text,
                      words);
}

/* ---- following ---- */

static struct miss *follow(unsigned root)
{
    AUTO_FREE char *text = xasprintf("follows from step %u", root);
    return miss_new(MISS_PARENT, root, text);
}

/* As a step that ran says; the changes of a root that says nothing itself go along. */
static struct miss *follow_said(const struct miss *said)
{
    if (said->reason != MISS_PARENT || said->change_count == 0)
        return follow(said->root);
    struct miss *m = miss_new(MISS_PARENT, said->root, said->text);
    miss_add_all(m, said);
    return m;
}

/* The cause stands at a step that says nothing itself, because it did not run: a line
 * of the config, or one that is reused from an older build. Takes ownership of its
 * difference. */
static struct miss *follow_silent(const struct asking *a, struct miss *own)
{
    if (own->root == a->at + 1) /* what is gone from above the step itself */
        return own;
    struct miss *m = miss_new(MISS_PARENT, own->root, NULL);
    m->text = xasprintf("follows from step %u: %s", own->root, own->text);
    miss_add_all(m, own);
    miss_free(own);
    return m;
}

static bool key_changed(const struct asking *a, size_t at)
{
    const struct journal_step *now = now_step(a, at), *old = old_step(a, at);
    return old == NULL || !now->has_key || !old->has_key ||
           !digest_equal(&now->key, &old->key);
}

static struct miss *own_or_new(const struct asking *a, size_t at)
{
    return old_step(a, at) != NULL ? explain_own(a->pair, at) : is_new(a, at);
}

/* The difference between what stands below a step and what stood below it. */
static struct miss *structure(const struct asking *a, size_t at, size_t parent)
{
    const struct journal_step *old = old_step(a, at);
    if (old == NULL)
        return NULL;
    long now_parent = parent != 0 ? a->pair->aligned[parent - 1] : -1;
    if (old->parent == 0 ? parent == 0 : now_parent == (long)old->parent - 1)
        return NULL;
    if (old->parent == 0)
        return other_stage(a, at);
    size_t matched = matched_by(a, old->parent - 1);
    if (matched == a->pair->now->len)
        return is_gone(a, at, old->parent - 1);
    /* It is here still and no longer a layer, or below another stage. */
    struct miss *m = explain_own(a->pair, matched);
    return m != NULL ? m : other_stage(a, at);
}

/* The nearest step of the chain that ends at index `top` which is a cause. With
 * `results` a step that ran is one even if its key is that of before: its output may be
 * another. */
static struct miss *look_down(const struct asking *a, size_t from, unsigned top,
                              bool results)
{
    size_t below = from;
    for (unsigned p = top; p != 0; p = now_step(a, p - 1)->parent) {
        const struct miss *said = a->misses[p - 1];
        bool changed = key_changed(a, p - 1);
        if (said != NULL && (results || changed) && !is_from(now_step(a, p - 1)))
            return follow_said(said);
        struct miss *own = changed ? own_or_new(a, p - 1) : NULL;
        if (own != NULL && said != NULL) {
            miss_free(own);
            return follow(p);
        }
        if (own == NULL && below != SIZE_MAX)
            own = structure(a, below, p);
        if (own != NULL)
            return follow_silent(a, own);
        below = p - 1;
    }
    return below != SIZE_MAX ? structure(a, below, 0) : NULL;
}

/* The stage a step reads from ends elsewhere than it ended. */
static struct miss *other_end(const struct asking *a)
{
    const struct journal_step *now = now_step(a, a->at), *old = old_step(a, a->at);
    for (size_t i = 0; i < now->read_count && i < old->read_count; i++)
        if (matched_by(a, old->reads[i] - 1) == a->pair->now->len)
            return is_gone(a, a->at, old->reads[i] - 1);
    if (strcmp(now->text, old->text) == 0)
        return NULL;
    AUTO_FREE char *marked = explain_marked(old->text, now->text);
    AUTO_FREE char *words = xasprintf("instruction text changed: %s", marked);
    return one_change((unsigned)a->at + 1, "text", old->text, now->text, words);
}

static struct miss *look_around(const struct asking *a)
{
    const struct journal_step *now = now_step(a, a->at), *old = old_step(a, a->at);
    bool same_content = now->has_content && old->has_content &&
                        digest_equal(&now->content, &old->content);
    struct miss *m = NULL;
    for (size_t i = 0; m == NULL && !same_content && i < now->read_count; i++)
        m = look_down(a, SIZE_MAX, now->reads[i], true);
    if (m == NULL && !same_content && now->read_count != 0)
        m = other_end(a);
    if (m == NULL && !now->linked)
        m = look_down(a, a->at, now->parent, false);
    return m;
}

/* A working directory that changed above reaches a step by the layer too: the line that
 * sets it is the cause. */
static bool only_workdir(const struct miss *m)
{
    for (size_t i = 0; i < m->change_count; i++)
        if (strcmp(m->changes[i].kind, "workdir") != 0)
            return false;
    return m->reason == MISS_ENVIRONMENT;
}

static struct miss *base_miss(const struct asking *a)
{
    unsigned self = (unsigned)a->at + 1;
    struct miss *m = explain_own(a->pair, a->at);
    if (m != NULL)
        return m;
    return old_step(a, a->at) != NULL
               ? miss_new(MISS_COLLECTED, self, "its layers are not in the store")
               : miss_new(MISS_NO_RECORD, self,
                          "no earlier build used this base image");
}

static struct miss *find_cause(const struct asking *a)
{
    const struct journal_step *now = now_step(a, a->at);
    unsigned self = (unsigned)a->at + 1;
    if (now->no_cache)
        return miss_new(MISS_NO_CACHE, self, "--no-cache");
    if (a->pair->before == NULL)
        return miss_new(MISS_NO_RECORD, self, "no earlier build to compare with");
    if (is_from(now))
        return base_miss(a);
    if (old_step(a, a->at) == NULL)
        return is_new(a, a->at);
    if (!key_changed(a, a->at))
        return miss_new(MISS_COLLECTED, self, "its record was collected");
    struct miss *own = explain_own(a->pair, a->at);
    if (own != NULL && !only_workdir(own))
        return own;
    struct miss *m = look_around(a);
    if (m != NULL && own != NULL &&
        strcmp(now_step(a, m->root - 1)->word, "WORKDIR") != 0) {
        miss_free(m);
        return own;
    }
    if (m == NULL)
        return own != NULL ? own
                           : miss_new(MISS_NO_RECORD, self,
                                      "no earlier build of this step is stored");
    miss_free(own);
    return m;
}

struct miss *explain_step(const struct explain_pair *pair, size_t at,
                          struct miss *const *misses)
{
    struct asking a = {.pair = pair, .at = at, .misses = misses};
    struct miss *m = find_cause(&a);
    m->remedy = explain_remedy(pair, at, m);
    return m;
}
