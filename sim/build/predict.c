/* SPDX-License-Identifier: MIT */
/*
 * What a build would do, without doing it: the course of solve.c with foresight in
 * place of work. A step whose key hangs on files that no stored layer holds yet is left
 * open, with the step that will make them. Changes nothing in the store.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "sim/build/graph.h"

enum fate {
    FATE_OPEN,    /* not looked at: nothing asks for it */
    FATE_CACHED,  /* its result is stored */
    FATE_TWIN,    /* an equal step that runs before leaves its result */
    FATE_RUN,     /* it runs, and no record can keep it from that */
    FATE_DEPENDS, /* on the output of another */
};

struct foresight {
    enum fate fate;
    unsigned on; /* DEPENDS: index of the step whose output is not known */
    const struct vertex *twin; /* TWIN */
    struct digest lone; /* key of a linked copy on ground that is not known; or zero */
    bool known;         /* the root filesystem after it is stored: vertex.layers */
};

/* One piece of work asks for another: the solution of a stage (its number), or the keys
 * of one (its number and the number of stages). */
struct ask {
    unsigned from, to;
    unsigned on; /* 0: surely; else only if the output of that step is such */
};

struct predictor {
    struct build *b;
    struct foresight *seen; /* one a step */
    bool *stages, *keys;    /* done */
    struct ask *asks;
    size_t ask_count, ask_cap;
    struct digest *fetched; /* layers of bases that will be here */
    size_t fetched_len, fetched_cap;
};

static struct foresight *of(struct predictor *p, const struct vertex *v)
{
    return &p->seen[v->position];
}

static bool is_link(const struct vertex *v)
{
    return v->step->copy != NULL && v->step->copy->link;
}

/* ---- what will be here ---- */

static void know_layers(struct predictor *p, struct vertex *v, const struct digest *ids,
                        size_t count, const struct digest *top)
{
    struct digest *layers = arena_alloc(&p->b->arena, (count + 1) * sizeof *layers);
    for (size_t i = 0; i < count; i++)
        layers[i] = ids[i];
    if (top != NULL && !digest_is_zero(top))
        layers[count++] = *top;
    v->layers = layers;
    v->layer_count = count;
    of(p, v)->known = true;
}

static void know_parent(struct predictor *p, struct vertex *v, const struct digest *top)
{
    if (v->parent == NULL)
        know_layers(p, v, NULL, 0, top);
    else if (of(p, v->parent)->known)
        know_layers(p, v, v->parent->layers, v->parent->layer_count, top);
}

static void know_record(struct predictor *p, struct vertex *v)
{
    struct digest *ids = NULL;
    size_t count;
    if (is_link(v)) {
        know_parent(p, v, &v->record.layer);
    } else if (digest_is_zero(&v->record.chain)) {
        know_layers(p, v, NULL, 0, NULL);
    } else if (store_chain_layers(p->b->options->store, &v->record.chain, &ids, &count,
                                  NULL) == 0) {
        know_layers(p, v, ids, count, NULL);
        free(ids);
    }
}

static bool will_be_here(const struct predictor *p, const struct digest *layer)
{
    for (size_t i = 0; i < p->fetched_len; i++)
        if (digest_equal(&p->fetched[i], layer))
            return true;
    return store_layer_has(p->b->options->store, layer);
}

/* Bytes that a use of the base fetches now; from then on they are here. */
static uint64_t fetch(struct predictor *p, const struct base_ref *base)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < base->image.layer_count; i++) {
        const struct base_layer *layer = &base->image.layers[i];
        if (will_be_here(p, &layer->diff_id))
            continue;
        bytes += layer->size;
        GROW(p->fetched, p->fetched_cap, p->fetched_len + 1);
        p->fetched[p->fetched_len++] = layer->diff_id;
    }
    return bytes;
}

static void know_base(struct predictor *p, struct vertex *v)
{
    size_t n = v->base->image.layer_count;
    if (!build_base_is_here(p->b, v->base))
        return;
    AUTO_FREE struct digest *ids = xcalloc(n + 1, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        ids[i] = v->base->image.layers[i].diff_id;
    know_layers(p, v, ids, n, NULL);
}

/* ---- one vertex against the records ---- */

static bool find_stored(struct predictor *p, struct vertex *v)
{
    if (v->no_cache || !v->has_key || v->kind != VERTEX_WORK)
        return false;
    if (!v->has_record)
        v->has_record =
            store_record_peek(p->b->options->store, &v->key, &v->record, NULL) == 0;
    return v->has_record;
}

/* An equal step that is certain to have run by then. */
static const struct vertex *find_twin(struct predictor *p, const struct vertex *v)
{
    for (size_t i = 0; i < p->b->plan->step_count; i++) {
        const struct vertex *other = &p->b->vertices[i];
        if (other != v && other->has_key && v->has_key && other->kind == VERTEX_WORK &&
            digest_equal(&other->key, &v->key) && p->seen[i].fate == FATE_RUN)
            return other;
    }
    return NULL;
}

/* A step of another stage that may turn out to be equal, once both keys are known. */
static const struct vertex *find_likeness(struct predictor *p, const struct vertex *v)
{
    for (size_t i = 0; i < p->b->plan->step_count; i++) {
        const struct vertex *other = &p->b->vertices[i];
        if (other != v && other->kind == VERTEX_WORK &&
            (!other->has_key || !v->has_key) && other->step->stage != v->step->stage &&
            strcmp(other->step->text, v->step->text) == 0 &&
            (p->seen[i].fate == FATE_RUN || p->seen[i].fate == FATE_DEPENDS))
            return other;
    }
    return NULL;
}

/* The last step of the stage whose result will be there: nothing before it need run. */
static long deepest_hit(struct predictor *p, struct stage_work *work)
{
    for (size_t i = work->chain_len; i-- > 0;) {
        struct vertex *v = work->chain[i];
        if (v->kind == VERTEX_WORK && !is_link(v) && !v->no_cache &&
            (find_stored(p, v) || find_twin(p, v) != NULL))
            return (long)i;
        if (v->no_cache)
            return -1;
    }
    return -1;
}

/* ---- what may be stored although its key is not known ---- */

/* Whether no record can be stored under a key that is made of this step's: it has never
 * run. */
static bool is_fresh(struct predictor *p, struct vertex *v)
{
    for (; v != NULL; v = v->parent) {
        if (v->kind == VERTEX_BASE)
            return false;
        if (v->kind == VERTEX_CONFIG || (!v->has_key && !is_link(v)))
            continue;
        if (!v->has_key)
            continue; /* a linked copy is joined with what lies below */
        struct record record;
        struct store *store = p->b->options->store;
        if (store_record_peek(store, &v->key, &record, NULL) != 0 &&
            !store_record_lacks_layers(store, &v->key) &&
            !store_record_was_collected(store, &v->key))
            return true;
        if (!is_link(v))
            return false;
    }
    return false;
}

static bool may_hit(struct predictor *p, struct vertex *v)
{
    if (v->kind != VERTEX_WORK || v->has_key || v->no_cache || is_link(v))
        return false;
    return !is_fresh(p, v->parent) || find_likeness(p, v) != NULL;
}

/* The first step from `at` on that may be stored, so that what is below would not be
 * needed; NULL: none. */
static struct vertex *may_be_spared(struct predictor *p, struct stage_work *work,
                                    size_t at)
{
    for (size_t i = work->chain_len; i-- > at;) {
        if (may_hit(p, work->chain[i]))
            return work->chain[i];
        if (work->chain[i]->no_cache)
            return NULL;
    }
    return NULL;
}

/* ---- keys ---- */

static int predict_stage(struct predictor *p, unsigned stage, struct err *err);

static void ask(struct predictor *p, unsigned from, unsigned to, unsigned on)
{
    GROW(p->asks, p->ask_cap, p->ask_count + 1);
    p->asks[p->ask_count++] = (struct ask){from, to, on};
}

/* Whether all the step reads is stored; else *on is the step to wait for. */
static bool producers_known(struct predictor *p, const struct vertex *v, unsigned *on)
{
    const struct plan_source *from;
    for (size_t i = 0; (from = sources_nth(v->step, i)) != NULL; i++) {
        *on = v->position + 1;
        if (from->kind == PLAN_SOURCE_IMAGE &&
            !build_base_is_here(p->b, &p->b->bases[from->index]))
            return false;
        if (from->kind != PLAN_SOURCE_STAGE)
            continue;
        const struct vertex *tip = p->b->stages[from->index].tip;
        if (tip == NULL || of(p, tip)->known)
            continue;
        *on = tip->position + 1;
        return false;
    }
    return true;
}

/* The step on whose output it hangs that the producers of v are asked for; 0: they
 * surely are, for no remembered key can stand in. */
static unsigned ask_hangs_on(struct predictor *p, struct vertex *v)
{
    const struct plan_source *from;
    if (v->parent != NULL && is_fresh(p, v->parent) && find_likeness(p, v) == NULL)
        return 0;
    if (v->parent != NULL && !v->parent->has_key)
        return of(p, v->parent)->on != 0 ? of(p, v->parent)->on
                                         : v->parent->position + 1;
    for (size_t i = 0; (from = sources_nth(v->step, i)) != NULL; i++) {
        const struct stage_work *work =
            from->kind == PLAN_SOURCE_STAGE ? &p->b->stages[from->index] : NULL;
        if (work != NULL && !work->tainted && work->keys != PROGRESS_DONE)
            return work->tip->position + 1;
    }
    return 0;
}

static int key_of_reader(struct predictor *p, unsigned stage, struct vertex *v,
                         struct err *err)
{
    const struct plan_source *from;
    bool stands = v->parent == NULL || v->parent->has_key;
    int rc = stands ? keys_of_vertex(p->b, v, err) : 0;
    if (rc != 0 || v->has_key || v->kind != VERTEX_WORK)
        return rc;
    unsigned hangs = ask_hangs_on(p, v), on = 0;
    for (size_t i = 0; rc == 0 && (from = sources_nth(v->step, i)) != NULL; i++)
        if (from->kind == PLAN_SOURCE_STAGE) {
            ask(p, stage + (unsigned)p->b->plan->stage_count, from->index, hangs);
            rc = predict_stage(p, from->index, err);
        }
    bool known = rc == 0 && producers_known(p, v, &on);
    if (known && stands)
        return keys_by_content(p->b, v, err);
    if (known && is_link(v))
        rc = keys_of_linked(p->b, v, &of(p, v)->lone, err);
    if (v->parent != NULL && !v->parent->has_key && of(p, v->parent)->on != 0)
        on = of(p, v->parent)->on;
    of(p, v)->on = on;
    return rc;
}

/* As keys_of_stage where steps may run, which here they do not. */
static int predict_keys(struct predictor *p, unsigned stage, struct err *err)
{
    struct stage_work *work = &p->b->stages[stage];
    const struct plan_source *base = &p->b->plan->stages[stage].base, *from;
    unsigned n = (unsigned)p->b->plan->stage_count;
    if (p->keys[stage])
        return 0;
    p->keys[stage] = true;
    int rc = 0;
    if (base->kind == PLAN_SOURCE_STAGE) {
        ask(p, stage + n, base->index + n, 0);
        rc = predict_keys(p, base->index, err);
    }
    for (size_t i = 0; rc == 0 && i < work->chain_len; i++) {
        struct vertex *v = work->chain[i];
        for (size_t k = 0; rc == 0 && (from = sources_nth(v->step, k)) != NULL; k++)
            if (from->kind == PLAN_SOURCE_STAGE) {
                ask(p, stage + n, from->index + n, 0);
                rc = predict_keys(p, from->index, err);
            }
        if (rc == 0 && !v->has_key)
            rc = key_of_reader(p, stage, v, err);
        if (!v->has_key && of(p, v)->on == 0 && v->parent != NULL)
            of(p, v)->on = of(p, v->parent)->on;
    }
    /* With every key known it is as if the stage had been asked for them. */
    return rc == 0 ? keys_of_stage(p->b, stage, false, err) : rc;
}

/* ---- fates ---- */

static void set_depends(struct foresight *f, unsigned on, const struct vertex *self)
{
    f->fate = FATE_DEPENDS;
    f->on = on != 0 ? on : self->position + 1;
}

static void predict_keyed(struct predictor *p, struct stage_work *work, size_t at)
{
    struct vertex *v = work->chain[at];
    struct foresight *f = of(p, v);
    const struct vertex *twin = v->no_cache ? NULL : find_twin(p, v), *other;
    if (find_stored(p, v)) {
        f->fate = FATE_CACHED;
        know_record(p, v);
    } else if (twin != NULL && p->b->options->executor->parallel) {
        /* Stages that run at once may meet at an equal step in either order. */
        set_depends(f, twin->position + 1, v);
    } else if (twin != NULL) {
        f->fate = FATE_TWIN;
        f->twin = twin;
    } else if (!v->no_cache && (other = find_likeness(p, v)) != NULL) {
        set_depends(f, other->position + 1, v);
    } else if (!v->no_cache && (other = may_be_spared(p, work, at + 1)) != NULL) {
        set_depends(f, of(p, other)->on, v);
    } else if (!v->no_cache &&
               store_record_lacks_layers(p->b->options->store, &v->key)) {
        /* The steps that run below, or a fetch, may bring them back. */
        const struct vertex *below = v;
        while (below->parent != NULL && (below == v || of(p, below)->fate != FATE_RUN))
            below = below->parent;
        set_depends(f, below->position + 1, v);
    } else {
        f->fate = FATE_RUN;
    }
}

/* Its key is not known: if what it stands on never ran, it runs all the same. */
static void predict_open(struct predictor *p, struct stage_work *work, size_t at)
{
    struct vertex *v = work->chain[at];
    struct foresight *f = of(p, v);
    const struct vertex *spared = may_be_spared(p, work, at);
    struct store *store = p->b->options->store;
    bool lone = is_link(v) && !digest_is_zero(&f->lone);
    struct record record;
    if (lone && !v->no_cache && store_record_peek(store, &f->lone, &record, NULL) == 0)
        f->fate = FATE_CACHED;
    else if (spared != NULL)
        set_depends(f, of(p, spared)->on, v);
    else if (is_link(v) && !v->no_cache &&
             (!lone || find_likeness(p, v) != NULL ||
              store_record_lacks_layers(store, &f->lone)))
        set_depends(f, f->on, v);
    else
        f->fate = FATE_RUN;
}

static void predict_base(struct predictor *p, struct vertex *v)
{
    uint64_t bytes = fetch(p, v->base);
    of(p, v)->fate = bytes != 0 ? FATE_RUN : FATE_CACHED;
    v->fetched_bytes = bytes;
    know_base(p, v);
}

static void take_hits(struct predictor *p, struct stage_work *work, long last)
{
    const struct vertex *tip = last >= 0 ? work->chain[last] : NULL;
    const struct vertex *twin =
        tip != NULL && !tip->has_record ? find_twin(p, tip) : NULL;
    for (long i = 0; i <= last; i++) {
        struct vertex *v = work->chain[i];
        struct foresight *f = of(p, v);
        f->fate = twin != NULL ? FATE_TWIN : FATE_CACHED;
        f->twin = twin;
        if (v->kind == VERTEX_WORK && find_stored(p, v)) {
            f->fate = FATE_CACHED;
            know_record(p, v);
        }
    }
}

/* Steps that --no-cache asks for run even where what stands on them is stored. */
static int predict_tainted(struct predictor *p, unsigned stage, struct err *err)
{
    struct build *b = p->b;
    const struct plan_source *base = &b->plan->stages[stage].base, *from;
    int rc = 0;
    if (base->kind == PLAN_SOURCE_STAGE && b->stages[base->index].tainted) {
        ask(p, stage, base->index, 0);
        rc = predict_stage(p, base->index, err);
    }
    for (size_t i = 0; i < b->stages[stage].chain_len; i++) {
        const struct plan_step *step = b->stages[stage].chain[i]->step;
        for (size_t k = 0; rc == 0 && (from = sources_nth(step, k)) != NULL; k++)
            if (from->kind == PLAN_SOURCE_STAGE && b->stages[from->index].tainted) {
                ask(p, stage, from->index, 0);
                rc = predict_stage(p, from->index, err);
            }
    }
    return rc;
}

static void predict_chain(struct predictor *p, struct stage_work *work, long hit)
{
    take_hits(p, work, hit);
    for (size_t i = (size_t)(hit + 1); i < work->chain_len; i++) {
        struct vertex *v = work->chain[i];
        if (v->kind == VERTEX_BASE)
            predict_base(p, v);
        else if (v->kind == VERTEX_CONFIG)
            know_parent(p, v, NULL);
        else if (v->has_key)
            predict_keyed(p, work, i);
        else
            predict_open(p, work, i);
    }
}

static int predict_stage(struct predictor *p, unsigned stage, struct err *err)
{
    struct stage_work *work = &p->b->stages[stage];
    const struct plan_source *base = &p->b->plan->stages[stage].base;
    if (p->stages[stage])
        return 0;
    p->stages[stage] = true;
    int rc = work->tainted ? predict_tainted(p, stage, err) : 0;
    if (rc == 0)
        rc = keys_of_stage(p->b, stage, false, err);
    long hit = rc == 0 ? deepest_hit(p, work) : -1;
    bool whole = hit >= 0 && hit + 1 == (long)work->chain_len;
    if (rc == 0 && !whole) {
        rc = predict_keys(p, stage, err);
        struct vertex *tip =
            work->chain_len != 0 ? work->chain[work->chain_len - 1] : NULL;
        bool spared = tip != NULL && may_hit(p, tip);
        ask(p, stage, stage + (unsigned)p->b->plan->stage_count,
            spared ? of(p, tip)->on : 0);
        if (rc == 0)
            hit = deepest_hit(p, work);
        if (rc == 0 && hit < 0 && base->kind == PLAN_SOURCE_STAGE) {
            tip = may_be_spared(p, work, 0);
            ask(p, stage, base->index, tip != NULL ? of(p, tip)->on : 0);
            rc = predict_stage(p, base->index, err);
        }
    }
    if (rc == 0)
        predict_chain(p, work, hit);
    return rc;
}

/* ---- the answer ---- */

/* What is surely asked for, from the stages that are. `on` gets for each piece of work
 * 0, or the step on whose output it hangs. */
static void follow_asks(const struct predictor *p, unsigned *on)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < p->ask_count; i++) {
            const struct ask *a = &p->asks[i];
            if (on[a->from] == 0 && a->on == 0 && on[a->to] != 0) {
                on[a->to] = 0;
                again = true;
            } else if (on[a->to] == UINT_MAX && a->on != 0) {
                on[a->to] = a->on;
                again = true;
            } else if (on[a->to] == UINT_MAX && on[a->from] != UINT_MAX) {
                on[a->to] = on[a->from];
                again = true;
            }
        }
    }
}

static enum step_status status_of(struct predictor *p, const struct vertex *v,
                                  const unsigned *asked, unsigned *on)
{
    const struct foresight *f = of(p, v);
    *on = asked[v->step->stage];
    switch (f->fate) {
    case FATE_RUN:
        return *on == 0 ? STEP_RAN : STEP_DEPENDS;
    case FATE_TWIN:
        *on = asked[f->twin->step->stage];
        return *on == 0 ? STEP_CACHED : STEP_DEPENDS;
    case FATE_DEPENDS:
        *on = f->on;
        return STEP_DEPENDS;
    case FATE_OPEN:
    case FATE_CACHED:
        break;
    }
    return STEP_CACHED;
}

static void answer(struct predictor *p, struct vertex *v, const unsigned *asked)
{
    unsigned on = 0;
    v->status = v->kind == VERTEX_CONFIG ? STEP_META : status_of(p, v, asked, &on);
    v->depends_on = v->status == STEP_DEPENDS ? on : 0;
    if (v->status == STEP_RAN)
        misses_explain(p->b, v);
    if (v->status == STEP_RAN || v->status == STEP_DEPENDS)
        misses_expect_cost(p->b, v);
    if (v->status == STEP_CACHED && v->has_record) {
        v->has_layer = !digest_is_zero(&v->record.layer);
        v->layer = v->record.layer;
    }
    v->settled = true;
}

static void answer_all(struct predictor *p)
{
    size_t n = 2 * p->b->plan->stage_count;
    AUTO_FREE unsigned *asked = xcalloc(n + 1, sizeof *asked);
    for (size_t i = 0; i < n; i++)
        asked[i] = UINT_MAX;
    asked[p->b->plan->target] = 0;
    for (unsigned s = 0; s < p->b->plan->target; s++)
        if (p->b->options->semantics == SEMANTICS_CLASSIC)
            asked[s] = 0;
    follow_asks(p, asked);
    for (size_t i = 0; i < p->b->plan->step_count; i++)
        answer(p, &p->b->vertices[i], asked);
}

int predict_build(struct build *b, struct err *err)
{
    const struct plan *plan = b->plan;
    struct predictor p = {.b = b,
                          .seen = xcalloc(plan->step_count + 1, sizeof *p.seen),
                          .stages = xcalloc(plan->stage_count, sizeof *p.stages),
                          .keys = xcalloc(plan->stage_count, sizeof *p.keys)};
    int rc = 0;
    for (unsigned s = 0; rc == 0 && s < plan->target; s++)
        if (b->options->semantics == SEMANTICS_CLASSIC)
            rc = predict_stage(&p, s, err);
    if (rc == 0)
        rc = predict_stage(&p, plan->target, err);
    if (rc == 0) {
        answer_all(&p);
        solve_emit(b, true);
    }
    free(p.seen);
    free(p.stages);
    free(p.keys);
    free(p.asks);
    free(p.fetched);
    return rc;
}
