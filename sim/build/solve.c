/* SPDX-License-Identifier: MIT */
/*
 * What must run, and in which order. A stage is solved on demand: its keys first, then
 * the deepest step whose result is stored; only what comes after it runs. Stages that
 * nothing asks for are not touched, and independent ones run on threads of their own.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/build/graph.h"

/* ---- events ---- */

static void fill_step(struct build *b, const struct vertex *v, struct build_step *out)
{
    out->status = v->status;
    out->wall_s = v->wall_s;
    out->has_virtual = b->options->executor->is_virtual;
    out->virtual_ms = v->virtual_ms;
    out->start_ms = v->finish_ms > v->virtual_ms ? v->finish_ms - v->virtual_ms : 0;
    out->has_key = v->has_key && v->kind != VERTEX_CONFIG;
    out->key = v->key;
    out->fetched_bytes = v->fetched_bytes;
    out->has_layer = v->has_layer;
    out->diff_id = v->layer;
    out->size = v->size;
    out->modelled = v->modelled;
    out->miss = v->miss;
    out->depends_on = v->depends_on;
    out->cost_known = v->cost_known;
}

static void figures_of_layer(struct build *b, struct vertex *v)
{
    struct layer_info info;
    if (v->has_layer &&
        store_layer_info(b->options->store, &v->layer, &info, NULL) == 0) {
        v->size = info.size;
        v->modelled = info.modelled;
    }
}

/* A step that was never asked for is there without being needed: its result, if it is
 * stored, is what the cache would give. */
static void close_unneeded(struct build *b, struct vertex *v)
{
    if (v->kind == VERTEX_CONFIG) {
        v->status = STEP_META;
    } else if (!b->options->plan_only) {
        v->status = STEP_CACHED;
        if (v->kind == VERTEX_WORK && v->has_key && !v->has_record &&
            store_record_get(b->options->store, &v->key, &v->record, NULL) == 0)
            v->has_record = true;
        if (v->has_record && !digest_is_zero(&v->record.layer)) {
            v->has_layer = true;
            v->layer = v->record.layer;
        }
    }
    figures_of_layer(b, v);
    v->settled = true;
}

static void send(struct build *b, enum build_event_kind kind,
                 const struct build_step *step)
{
    if (b->options->listener == NULL)
        return;
    struct build_event event = {.kind = kind, .step = step, .result = b->result};
    b->options->listener(b->options->listener_payload, &event);
}

void solve_emit(struct build *b, bool all)
{
    while (b->emitted < b->plan->step_count) {
        struct vertex *v = &b->vertices[b->emitted];
        if (!v->settled && (all || v->kind == VERTEX_CONFIG))
            close_unneeded(b, v);
        if (!v->settled)
            return;
        struct build_step *step = &b->result->steps[b->emitted++];
        fill_step(b, v, step);
        b->result->step_count = b->emitted;
        send(b, BUILD_EVENT_STEP, step);
    }
}

void solve_settle(struct build *b, struct vertex *v)
{
    v->settled = true;
    solve_emit(b, false);
}

static void announce(struct build *b, struct vertex *v)
{
    store_read_end(b->options->store); /* it may run for long */
    struct build_step step = b->result->steps[v->position];
    fill_step(b, v, &step);
    step.status = STEP_RAN;
    send(b, BUILD_EVENT_STEP_START, &step);
}

/* ---- one vertex ---- */

/* The result is stored: nothing to do. */
static void take_record(struct build *b, struct vertex *v)
{
    v->status = STEP_CACHED;
    v->layer = v->record.layer;
    v->has_layer = !digest_is_zero(&v->layer);
    v->created_s = v->record.created_s;
    figures_of_layer(b, v);
}

static bool find_record(struct build *b, struct vertex *v)
{
    if (v->no_cache || !v->has_key || v->kind != VERTEX_WORK)
        return false;
    if (!v->has_record)
        v->has_record =
            store_record_get(b->options->store, &v->key, &v->record, NULL) == 0;
    return v->has_record;
}

static bool is_link(const struct vertex *v)
{
    return v->step->copy != NULL && v->step->copy->link;
}

/* Another stage may be running a step with this very key: its result is ours too. */
static void wait_for_twin(struct build *b, const struct vertex *v)
{
    for (size_t i = 0; i < b->plan->step_count; i++) {
        const struct vertex *other = &b->vertices[i];
        while (other != v && other->has_key && other->kind == VERTEX_WORK &&
               digest_equal(&other->key, &v->key) && other->running && !b->failed)
            pthread_cond_wait(&b->changed, &b->lock);
    }
}

static int run_base(struct build *b, struct vertex *v, struct err *err)
{
    uint64_t start = clock_monotonic_ns();
    if (!build_base_is_here(b, v->base))
        announce(b, v);
    int rc = build_fetch_base(b, v->base, v, &v->chain, err);
    v->status = v->fetched_bytes != 0 ? STEP_RAN : STEP_CACHED;
    v->wall_s = (double)(clock_monotonic_ns() - start) / 1e9;
    if (rc == 0 && v->status == STEP_RAN)
        misses_explain(b, v);
    return rc;
}

static int link_chain(struct build *b, struct vertex *v, struct err *err)
{
    static const struct digest empty;
    return store_chain_put(b->options->store, v->parent ? &v->parent->chain : &empty,
                           &v->layer, &v->chain, err);
}

static int run_work(struct build *b, struct vertex *v, struct err *err)
{
    wait_for_twin(b, v);
    if (b->failed)
        return ERR_FAILED;
    bool again = v->no_cache; /* an equal step that has run since will do */
    if (!again && find_record(b, v)) {
        take_record(b, v);
        v->chain = v->record.chain;
        return is_link(v) ? link_chain(b, v, err) : 0;
    }
    /* A key that was remembered says nothing of the files it was made of. */
    int rc = keys_need_content(b, v, err);
    if (rc != 0)
        return rc;
    v->status = STEP_RAN;
    announce(b, v);
    uint64_t start = clock_monotonic_ns();
    v->running = true;
    rc = step_run(b, v, err);
    v->running = false;
    pthread_cond_broadcast(&b->changed);
    v->wall_s = (double)(clock_monotonic_ns() - start) / 1e9;
    if (rc == 0)
        misses_explain(b, v);
    return rc;
}

/* When a step is finished on the virtual clock: after its parent and what it reads. */
static void set_finish(struct build *b, struct vertex *v)
{
    uint64_t start = v->parent != NULL ? v->parent->finish_ms : 0;
    const struct plan_source *from;
    for (size_t i = 0; (from = sources_nth(v->step, i)) != NULL; i++) {
        if (from->kind != PLAN_SOURCE_STAGE)
            continue;
        const struct vertex *tip = b->stages[from->index].tip;
        if (tip != NULL && tip->finish_ms > start)
            start = tip->finish_ms;
    }
    v->finish_ms = start + v->virtual_ms;
}

static int finish_vertex(struct build *b, struct vertex *v, struct err *err)
{
    int rc = 0;
    if (v->kind == VERTEX_BASE)
        rc = run_base(b, v, err);
    else if (v->kind == VERTEX_WORK)
        rc = run_work(b, v, err);
    else if (v->parent != NULL)
        v->chain = v->parent->chain;
    if (rc != 0)
        return rc;
    if (v->kind == VERTEX_CONFIG)
        v->status = STEP_META;
    v->done = true;
    set_finish(b, v);
    solve_settle(b, v);
    return 0;
}

/* ---- one stage ---- */

/* The last step of the stage whose result is stored: nothing before it need run. -1:
 * none. */
static long deepest_hit(struct build *b, struct stage_work *work)
{
    for (size_t i = work->chain_len; i-- > 0;) {
        struct vertex *v = work->chain[i];
        if (v->kind == VERTEX_WORK && !is_link(v) && find_record(b, v))
            return (long)i;
        if (v->no_cache)
            return -1; /* what stands on a step that must run is not taken either */
    }
    return -1;
}

static void take_hits(struct build *b, struct stage_work *work, long last)
{
    for (long i = 0; i <= last; i++) {
        struct vertex *v = work->chain[i];
        if (v->kind == VERTEX_WORK && find_record(b, v))
            take_record(b, v);
        v->done = i == last;
        if (v->done)
            v->chain = v->record.chain;
        /* A stage that ran to give the content of a hit was waited for. */
        set_finish(b, v);
        close_unneeded(b, v);
    }
    solve_emit(b, false);
}

struct helper {
    struct build *b;
    unsigned stage;
    pthread_t thread;
};

static void note_failure(struct build *b, const struct err *err)
{
    if (!b->failed)
        b->err = *err;
    b->failed = true;
    pthread_cond_broadcast(&b->changed);
}

static void *help(void *payload)
{
    struct helper *h = payload;
    struct err err = ERR_INIT;
    pthread_mutex_lock(&h->b->lock);
    if (solve_stage(h->b, h->stage, &err) != 0)
        note_failure(h->b, &err);
    h->b->running--;
    pthread_mutex_unlock(&h->b->lock);
    return NULL;
}

/* Starts threads for the stages this one reads from and stands on, as jobs allow. */
static size_t start_helpers(struct build *b, unsigned stage, struct helper *helpers,
                            size_t room)
{
    size_t n = 0;
    const struct stage_work *work = &b->stages[stage];
    for (size_t i = 0;
         i < work->chain_len && b->jobs > 1 && b->options->executor->parallel; i++) {
        const struct plan_source *from;
        for (size_t k = 0; (from = sources_nth(work->chain[i]->step, k)) != NULL; k++) {
            if (from->kind != PLAN_SOURCE_STAGE || n == room || b->running >= b->jobs ||
                b->stages[from->index].results != PROGRESS_NONE)
                continue;
            helpers[n] = (struct helper){.b = b, .stage = from->index};
            b->running++;
            if (pthread_create(&helpers[n].thread, NULL, help, &helpers[n]) != 0)
                b->running--;
            else
                n++;
        }
    }
    return n;
}

/* Steps below that --no-cache asks for run even where what stands on them is stored. */
static int run_tainted(struct build *b, unsigned stage, struct err *err)
{
    const struct plan_source *base = &b->plan->stages[stage].base;
    int rc = 0;
    if (base->kind == PLAN_SOURCE_STAGE && b->stages[base->index].tainted)
        rc = solve_stage(b, base->index, err);
    for (size_t i = 0; i < b->stages[stage].chain_len; i++) {
        const struct plan_step *step = b->stages[stage].chain[i]->step;
        const struct plan_source *from;
        for (size_t k = 0; rc == 0 && (from = sources_nth(step, k)) != NULL; k++)
            if (from->kind == PLAN_SOURCE_STAGE && b->stages[from->index].tainted)
                rc = solve_stage(b, from->index, err);
    }
    return rc;
}

static int run_stage(struct build *b, unsigned stage, struct err *err)
{
    struct stage_work *work = &b->stages[stage];
    const struct plan_stage *plan = &b->plan->stages[stage];
    int rc = work->tainted ? run_tainted(b, stage, err) : 0;
    if (rc == 0)
        rc = keys_of_stage(b, stage, false, err);
    long hit = rc == 0 ? deepest_hit(b, work) : -1;
    if (rc == 0 && hit + 1 == (long)work->chain_len && hit >= 0) {
        take_hits(b, work, hit);
        return 0;
    }
    struct helper helpers[32];
    size_t n = rc == 0 ? start_helpers(b, stage, helpers, 32) : 0;
    if (rc == 0)
        rc = keys_of_stage(b, stage, true, err);
    if (rc == 0)
        hit = deepest_hit(b, work);
    if (rc == 0 && hit < 0 && plan->base.kind == PLAN_SOURCE_STAGE)
        rc = solve_stage(b, plan->base.index, err);
    if (rc == 0)
        take_hits(b, work, hit);
    for (size_t i = (size_t)(hit + 1); rc == 0 && i < work->chain_len; i++)
        rc = b->failed ? ERR_FAILED : finish_vertex(b, work->chain[i], err);
    if (rc != 0)
        note_failure(b, err);
    for (size_t i = 0; i < n; i++) {
        pthread_mutex_unlock(&b->lock);
        pthread_join(helpers[i].thread, NULL);
        pthread_mutex_lock(&b->lock);
    }
    return rc;
}

int solve_stage(struct build *b, unsigned stage, struct err *err)
{
    struct stage_work *work = &b->stages[stage];
    while (work->results == PROGRESS_BUSY && !b->failed)
        pthread_cond_wait(&b->changed, &b->lock);
    if (b->failed)
        return err_set(err, ERR_FAILED, "another stage failed");
    if (work->results == PROGRESS_DONE)
        return 0;
    work->results = PROGRESS_BUSY;
    int rc = run_stage(b, stage, err);
    work->results = rc == 0 ? PROGRESS_DONE : PROGRESS_NONE;
    pthread_cond_broadcast(&b->changed);
    return rc;
}
