/* SPDX-License-Identifier: MIT */
/*
 * Keys of a stage's steps, in order: definition first, content where it must be. The
 * key a step keeps is always the content key; a definition key that led to it once is
 * remembered as an alias, so that an earlier stage need not be run to know what it will
 * give.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/build/graph.h"

static const struct digest *parent_key(const struct vertex *v)
{
    /* A linked copy stands on nothing (cache-semantics 1, --link). */
    if (v->parent == NULL || (v->step->copy != NULL && v->step->copy->link))
        return NULL;
    return &v->parent->chain_key;
}

/* Whether the step reads what another stage or an image holds. */
static bool reads_products(const struct plan_step *step)
{
    const struct plan_source *from;
    for (size_t i = 0; (from = sources_nth(step, i)) != NULL; i++)
        if (from->kind == PLAN_SOURCE_STAGE || from->kind == PLAN_SOURCE_IMAGE)
            return true;
    return false;
}

/* Digest over the definitions of what the step reads: producers' keys and the paths
 * asked of them. False if a producer's own key is not known yet. */
static bool fast_contents(struct build *b, const struct vertex *v, struct digest *out)
{
    const struct plan_step *step = v->step;
    AUTO_BUF text = BUF_INIT;
    const struct plan_source *from;
    for (size_t i = 0; (from = sources_nth(step, i)) != NULL; i++) {
        if (from->kind == PLAN_SOURCE_IMAGE)
            buf_add(&text, &b->bases[from->index].chain, sizeof(struct digest));
        if (from->kind != PLAN_SOURCE_STAGE)
            continue;
        const struct stage_work *producer = &b->stages[from->index];
        if (producer->tainted || producer->keys != PROGRESS_DONE)
            return false;
        if (producer->tip != NULL)
            buf_add(&text, &producer->tip->chain_key, sizeof(struct digest));
    }
    for (size_t i = 0; step->copy != NULL && i < step->copy->sources.len; i++)
        buf_add(&text, step->copy->sources.items[i],
                strlen(step->copy->sources.items[i]) + 1);
    for (size_t i = 0; step->run != NULL && i < step->run->mount_count; i++)
        buf_add(&text, step->run->mounts[i].source,
                strlen(step->run->mounts[i].source) + 1);
    *out = digest_of(buf_str(&text), text.len);
    return true;
}

/* Looks up what the step selects; everything it reads is there. */
static int select_content(struct build *b, struct vertex *v, struct err *err)
{
    const struct plan_step *step = v->step;
    struct selection_rules rules = {.semantics = b->options->semantics};
    int rc = 0;
    if (step->copy != NULL) {
        rules.excludes = step->copy->excludes;
        rules.parents = step->copy->parents;
        rc = sources_of_copy(b, v, err);
        for (size_t i = 0; rc == 0 && i < v->sources.len; i++)
            rc = selection_add(&v->selection, v->sources.items[i].view,
                               v->sources.items[i].word, &rules, err);
    }
    for (size_t i = 0; rc == 0 && step->run != NULL && i < step->run->mount_count;
         i++) {
        const struct plan_mount *m = &step->run->mounts[i];
        struct view *view;
        if (!plan_mount_reads(m))
            continue;
        rc = sources_view(b, v, &m->from, &view, err);
        if (rc == 0)
            rc = selection_add(&v->selection, view, m->source, &rules, err);
    }
    if (rc != 0)
        return err_at(err, b->dockerfile_name, step->line);
    v->content_known = true;
    return 0;
}

static void set_key(struct build *b, struct vertex *v, const struct digest *key)
{
    v->key = v->chain_key = *key;
    v->has_key = true;
    if (v->step->copy != NULL && v->step->copy->link && v->parent != NULL)
        key_of_step("merge", &v->key, &v->parent->chain_key, NULL, b->digester,
                    &v->chain_key);
}

int keys_by_content(struct build *b, struct vertex *v, struct err *err)
{
    if (!v->content_known) {
        int rc = select_content(b, v, err);
        if (rc != 0)
            return rc;
    }
    struct digest content, key;
    selection_digest(&v->selection, &content);
    key_of_step("key", &v->operation, parent_key(v), &content, b->digester, &key);
    set_key(b, v, &key);
    if (b->options->plan_only)
        return 0;
    return v->has_fast ? store_alias_put(b->options->store, &v->fast, &v->key, err) : 0;
}

static void key_of_operation(struct build *b, struct vertex *v)
{
    struct inputs_options options = {.semantics = b->options->semantics,
                                     .hosts = &b->hosts};
    if (b->options->source_date_epoch >= 0)
        options.source_date_epoch = b->epoch_text;
    inputs_of_step(v->step, &options, &v->inputs);
    inputs_digest(&v->inputs, b->digester, &v->operation);
}

/* Tries the key without running anything. */
static int try_key(struct build *b, struct vertex *v, struct err *err)
{
    struct digest fast;
    if (digest_is_zero(&v->operation))
        key_of_operation(b, v);
    if (!reads_products(v->step))
        return keys_by_content(b, v, err);
    if (!fast_contents(b, v, &fast))
        return 0;
    key_of_step("fast", &v->operation, parent_key(v), &fast, b->digester, &v->fast);
    v->has_fast = true;
    struct digest key;
    struct record record;
    if (store_alias_get(b->options->store, &v->fast, &key, err) != 0)
        return 0;
    int found = b->options->plan_only
                    ? store_record_peek(b->options->store, &key, &record, err)
                    : store_record_get(b->options->store, &key, &record, err);
    if (found == 0)
        set_key(b, v, &key);
    return 0;
}

static int need_producers(struct build *b, const struct vertex *v, struct err *err)
{
    const struct plan_source *from;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (from = sources_nth(v->step, i)) != NULL; i++)
        if (from->kind == PLAN_SOURCE_STAGE)
            rc = solve_stage(b, from->index, err);
    return rc;
}

static int key_of_vertex(struct build *b, struct vertex *v, bool may_run,
                         struct err *err)
{
    if (v->has_key)
        return 0;
    if (v->kind == VERTEX_BASE) {
        struct digest key;
        key_of_base(b->options->semantics, &v->base->chain,
                    buf_str(&v->base->config_json), b->digester, &key);
        set_key(b, v, &key);
        return 0;
    }
    if (v->parent != NULL && !v->parent->has_key)
        return 0;
    int rc = try_key(b, v, err);
    if (rc != 0 || v->has_key || !may_run)
        return rc;
    rc = need_producers(b, v, err);
    if (rc == 0)
        rc = keys_by_content(b, v, err);
    return rc;
}

int keys_of_vertex(struct build *b, struct vertex *v, struct err *err)
{
    return key_of_vertex(b, v, false, err);
}

int keys_of_linked(struct build *b, struct vertex *v, struct digest *out,
                   struct err *err)
{
    struct digest content;
    if (digest_is_zero(&v->operation))
        key_of_operation(b, v);
    int rc = v->content_known ? 0 : select_content(b, v, err);
    if (rc != 0)
        return rc;
    selection_digest(&v->selection, &content);
    key_of_step("key", &v->operation, NULL, &content, b->digester, out);
    return 0;
}

int keys_need_content(struct build *b, struct vertex *v, struct err *err)
{
    if (v->content_known || sources_nth(v->step, 0) == NULL)
        return 0;
    int rc = need_producers(b, v, err);
    return rc == 0 ? select_content(b, v, err) : rc;
}

int keys_of_stage(struct build *b, unsigned stage, bool may_run, struct err *err)
{
    struct stage_work *work = &b->stages[stage];
    const struct plan_stage *plan = &b->plan->stages[stage];
    while (work->keys == PROGRESS_BUSY)
        pthread_cond_wait(&b->changed, &b->lock);
    if (work->keys == PROGRESS_DONE)
        return 0;
    work->keys = PROGRESS_BUSY;
    int rc = 0;
    if (plan->base.kind == PLAN_SOURCE_STAGE)
        rc = keys_of_stage(b, plan->base.index, may_run, err);
    bool all = true;
    for (size_t i = 0; rc == 0 && i < work->chain_len; i++) {
        /* Producers are asked for their keys first: a definition is often enough. */
        const struct plan_source *from;
        for (size_t k = 0; rc == 0 && (from = sources_nth(work->chain[i]->step, k));
             k++)
            if (from->kind == PLAN_SOURCE_STAGE)
                rc = keys_of_stage(b, from->index, may_run, err);
        if (rc == 0)
            rc = key_of_vertex(b, work->chain[i], may_run, err);
        all = all && work->chain[i]->has_key;
    }
    work->keys = rc == 0 && all ? PROGRESS_DONE : PROGRESS_NONE;
    pthread_cond_broadcast(&b->changed);
    return rc;
}
