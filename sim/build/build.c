/* SPDX-License-Identifier: MIT */
/* The course of a build, from options to result: each part is a file of its own here.
 */
#include "sim/build/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/build/graph.h"
#include "sim/context/workspace.h"

int64_t build_made_s(const struct build *b)
{
    int64_t epoch = b->options->source_date_epoch;
    return epoch >= 0 ? epoch : WORKSPACE_EPOCH;
}

static int make_plan(struct build *b, struct err *err)
{
    const struct build_options *o = b->options;
    if (b->plan != NULL)
        return 0; /* kept from an earlier build */
    b->context_names = xcalloc(o->context_count + 1, sizeof *b->context_names);
    for (size_t i = 1; i < o->context_count; i++)
        b->context_names[i] = o->contexts[i].name;
    struct plan_options options = {
        .target = o->target,
        .build_args = o->build_args,
        .contexts = b->context_names,
        .context_count = o->context_count,
        .semantics = o->semantics,
        .base = build_find_base,
        .base_payload = b,
    };
    return plan_new(b->dockerfile, &options, &b->plan, err);
}

static bool wants_no_cache(const struct build *b, unsigned stage)
{
    const struct build_options *o = b->options;
    if (o->no_cache)
        return true;
    return o->no_cache_filter != NULL &&
           strv_contains(o->no_cache_filter, b->plan->stages[stage].name);
}

static void add_vertex(struct build *b, size_t position, struct vertex **tip)
{
    struct vertex *v = &b->vertices[position];
    const struct plan_step *step = &b->plan->steps[position];
    struct stage_work *work = &b->stages[step->stage];
    *v = (struct vertex){.kind = VERTEX_CONFIG,
                         .step = step,
                         .position = (unsigned)position,
                         .status = STEP_META,
                         .created_s = INT64_MIN};
    if (b->operations != NULL) {
        v->inputs = b->operations[position].inputs;
        v->operation = b->operations[position].digest;
    }
    if (step->kind == PLAN_FROM) {
        const struct plan_source *base = &b->plan->stages[step->stage].base;
        if (base->kind != PLAN_SOURCE_IMAGE)
            return;
        v->kind = VERTEX_BASE;
        v->base = &b->bases[base->index];
    } else if (inputs_is_work(step)) {
        v->kind = VERTEX_WORK;
        /* Every step runs again, WORKDIR too (cache-semantics 4). The engines seen here
         * keep a WORKDIR that stands before the first RUN, COPY or ADD; a lesson is
         * clearer without that exception. */
        v->no_cache = wants_no_cache(b, step->stage);
        work->tainted = work->tainted || v->no_cache;
    } else if (!inputs_has_key(step, b->options->semantics)) {
        return;
    }
    v->parent = *tip;
    *tip = v;
    work->chain[work->chain_len++] = v;
}

static void taint(struct build *b, unsigned stage)
{
    struct stage_work *work = &b->stages[stage];
    const struct plan_source *base = &b->plan->stages[stage].base;
    if (base->kind == PLAN_SOURCE_STAGE)
        work->tainted = work->tainted || b->stages[base->index].tainted;
    for (size_t i = 0; i < work->chain_len; i++) {
        const struct plan_source *from;
        for (size_t k = 0; (from = sources_nth(work->chain[i]->step, k)) != NULL; k++)
            if (from->kind == PLAN_SOURCE_STAGE)
                work->tainted = work->tainted || b->stages[from->index].tainted;
    }
}

static void make_graph(struct build *b)
{
    const struct plan *plan = b->plan;
    b->vertices = xcalloc(plan->step_count + 1, sizeof *b->vertices);
    b->stages = xcalloc(plan->stage_count, sizeof *b->stages);
    for (unsigned s = 0; s < plan->stage_count; s++) {
        const struct plan_stage *stage = &plan->stages[s];
        struct stage_work *work = &b->stages[s];
        if (!stage->needed)
            continue;
        work->chain =
            arena_alloc(&b->arena, (stage->step_count + 1) * sizeof *work->chain);
        if (stage->base.kind == PLAN_SOURCE_STAGE)
            work->tip = b->stages[stage->base.index].tip;
        for (size_t i = 0; i < stage->step_count; i++)
            add_vertex(b, stage->first_step + i, &work->tip);
        taint(b, s);
    }
    free(STEAL(b->operations)); /* the vertices have what it held */
}

static void describe_base(struct build *b, const struct vertex *v,
                          struct build_step *out)
{
    const struct plan_stage *stage = &b->plan->stages[v->step->stage];
    out->base_name = arena_strdup(b->result->arena, stage->base_name);
    if (v->base == NULL)
        return;
    out->base_layers = (unsigned)v->base->image.layer_count;
    for (size_t i = 0; i < v->base->image.layer_count; i++)
        out->base_size += v->base->image.layers[i].size;
}

static void make_result(struct build *b)
{
    const struct plan *plan = b->plan;
    struct build_result *r = b->result;
    r->steps = xcalloc(plan->step_count + 1, sizeof *r->steps);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        r->steps[i] = (struct build_step){
            .index = (unsigned)i + 1,
            .total = (unsigned)plan->step_count,
            .stage = arena_strdup(r->arena, plan->stages[step->stage].name),
            .line = step->line,
            .instruction = arena_strdup(r->arena, step->text),
            .word = arena_strdup(r->arena, step->word),
        };
        if (step->kind == PLAN_FROM)
            describe_base(b, &b->vertices[i], &r->steps[i]);
    }
}

static void read_options(struct build *b)
{
    const struct build_options *o = b->options;
    b->jobs = o->jobs;
    if (b->jobs == 0) {
        /* RUNs wait for disks and networks more than they compute. */
        long n = sysconf(_SC_NPROCESSORS_ONLN);
        b->jobs = n > 4 ? (unsigned)n : 4;
    }
    snprintf(b->epoch_text, sizeof b->epoch_text, "%lld",
             (long long)o->source_date_epoch);
    b->hosts.items = arena_alloc(&b->arena, (o->host_count + 1) * sizeof(char *));
    for (size_t i = 0; i < o->host_count; i++)
        b->hosts.items[b->hosts.len++] = o->hosts[i].name;
}

static int prepare(struct build *b, struct err *err)
{
    int rc = 0;
    if (b->options->tag != NULL)
        rc = store_normalise_name(b->options->tag, &b->result->image_name, err);
    if (rc == 0)
        rc = build_load_dockerfile(b, err);
    if (rc == 0)
        rc = make_plan(b, err);
    if (rc == 0)
        rc = build_scan_contexts(b, err);
    if (rc != 0)
        return rc;
    make_graph(b);
    make_result(b);
    return misses_load(b, err);
}

static void begin_event(struct build *b)
{
    if (b->options->listener == NULL)
        return;
    struct build_event event = {.kind = BUILD_EVENT_BEGIN, .result = b->result};
    b->options->listener(b->options->listener_payload, &event);
}

/* With the classic builder every stage up to the target is built, needed or not. */
static int solve_all(struct build *b, struct err *err)
{
    int rc = 0;
    for (unsigned s = 0; rc == 0 && s < b->plan->target; s++)
        if (b->options->semantics == SEMANTICS_CLASSIC)
            rc = solve_stage(b, s, err);
    if (rc == 0)
        rc = solve_stage(b, b->plan->target, err);
    if (rc != 0 && b->failed && b->err.code != 0)
        *err = b->err;
    return rc;
}

static int finish(struct build *b, struct err *err)
{
    struct store *store = b->options->store;
    solve_emit(b, true);
    int rc = store_begin(store, err);
    if (rc != 0)
        return rc;
    store_read_begin(store);
    rc = finish_image(b, err);
    if (rc == 0 && !b->options->no_record)
        rc = misses_store(b, err);
    int done = store_commit(store, rc == 0 ? err : NULL);
    return rc != 0 ? rc : done;
}

static int course(struct build *b, struct err *err)
{
    store_read_begin(b->options->store);
    int rc = prepare(b, err);
    if (rc != 0)
        return rc;
    begin_event(b);
    pthread_mutex_lock(&b->lock);
    rc = b->options->plan_only ? predict_build(b, err) : solve_all(b, err);
    pthread_mutex_unlock(&b->lock);
    if (rc == 0 && !b->options->plan_only)
        rc = finish(b, err);
    finish_result(b);
    return rc;
}

/* Hands the plan over to the next build of its text. What the vertices' keys are made
 * of goes with it: it points into the plan. */
static void keep_plan(struct build *b)
{
    struct planned planned = {
        .dockerfile = b->dockerfile,
        .plan = b->plan,
        .bases = b->bases,
        .base_count = b->base_count,
        .base_cap = b->base_cap,
    };
    if (b->memo_key.len == 0 || b->vertices == NULL)
        return;
    planned.operations = xcalloc(b->plan->step_count + 1, sizeof *planned.operations);
    for (size_t i = 0; i < b->plan->step_count; i++) {
        struct vertex *v = &b->vertices[i];
        planned.operations[i] = (struct operation){v->inputs, v->operation};
        v->inputs = (struct inputs){0};
    }
    memo_give(b->options->memo, &b->memo_key, &planned);
    b->dockerfile = NULL;
    b->plan = NULL;
    b->bases = NULL;
    b->base_count = 0;
}

static void free_vertices(struct build *b, size_t count)
{
    for (size_t i = 0; b->vertices != NULL && i < count; i++) {
        struct vertex *v = &b->vertices[i];
        inputs_free(&v->inputs);
        selection_free(&v->selection);
        sources_free(&v->sources);
        if (i >= b->result->step_count || b->result->steps[i].miss != v->miss)
            miss_free(v->miss);
    }
    free(b->vertices);
    free(b->stages);
}

static void free_build(struct build *b)
{
    size_t steps = b->vertices != NULL ? b->plan->step_count : 0;
    for (size_t i = 0; b->stages != NULL && i < b->plan->stage_count; i++)
        stack_close(&b->stages[i].stack);
    misses_free(b);
    keep_plan(b);
    free_vertices(b, steps);
    struct planned planned = {b->dockerfile, b->plan, b->bases,
                              b->base_count, 0,       b->operations};
    planned_free(&planned);
    for (size_t i = 0; b->context_trees != NULL && i < b->options->context_count; i++)
        tree_free(b->context_trees[i]);
    free(b->context_trees);
    free(b->context_files);
    free(b->context_names);
    buf_free(&b->memo_key);
    buf_free(&b->dockerfile_text);
    free(b->dockerfile_name);
    digester_free(b->digester);
    arena_free(&b->arena);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->changed);
}

int build_run(const struct build_options *options, struct build_result *out,
              struct err *err)
{
    struct err local = ERR_INIT; /* parts of a build look at what went wrong */
    if (err == NULL)
        err = &local;
    *out = (struct build_result){0};
    out->arena = xcalloc(1, sizeof *out->arena);
    struct build b = {.options = options,
                      .result = out,
                      .digester = digester_new(),
                      .started_ns = clock_monotonic_ns()};
    pthread_mutex_init(&b.lock, NULL);
    pthread_cond_init(&b.changed, NULL);
    read_options(&b);
    int rc = course(&b, err);
    store_read_end(options->store);
    free_build(&b);
    return rc;
}

void build_result_free(struct build_result *result)
{
    for (unsigned i = 0; i < result->step_count; i++)
        miss_free(result->steps[i].miss);
    free(result->steps);
    free(result->layers);
    free(result->image_name);
    free(result->config_json);
    if (result->arena != NULL)
        arena_free(result->arena);
    free(result->arena);
    *result = (struct build_result){0};
}
