/* SPDX-License-Identifier: MIT */
/* One step that has to run: its files into a layer, the layer and a record into the
 * store. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/build/graph.h"

int stack_open_layers(struct build *b, const struct digest *ids, size_t len,
                      struct stack *out, struct err *err)
{
    *out = (struct stack){.view = view_new(), .cap = len + 1};
    out->ids = xcalloc(len + 1, sizeof *out->ids);
    out->layers = xcalloc(len + 1, sizeof *out->layers);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < len; i++) {
        out->ids[i] = ids[i];
        rc = store_layer_get(b->options->store, &ids[i], &out->layers[i], err);
        if (rc != 0)
            break;
        view_push(out->view, out->layers[i]->tree);
        out->len++;
    }
    if (rc != 0)
        stack_close(out);
    return rc;
}

int stack_open(struct build *b, const struct digest *chain, struct stack *out,
               struct err *err)
{
    struct digest *ids = NULL;
    size_t len = 0;
    int rc = digest_is_zero(chain)
                 ? 0
                 : store_chain_layers(b->options->store, chain, &ids, &len, err);
    if (rc == 0)
        rc = stack_open_layers(b, ids, len, out, err);
    else
        *out = (struct stack){0};
    free(ids);
    return rc;
}

void stack_add(struct stack *stack, struct layer *layer)
{
    if (stack->len == stack->cap) {
        stack->cap *= 2;
        stack->ids = xreallocarray(stack->ids, stack->cap, sizeof *stack->ids);
        stack->layers = xreallocarray(stack->layers, stack->cap, sizeof *stack->layers);
    }
    stack->ids[stack->len] = layer->diff_id;
    stack->layers[stack->len++] = layer;
    view_push(stack->view, layer->tree);
}

void stack_close(struct stack *stack)
{
    view_free(stack->view);
    for (size_t i = 0; i < stack->len; i++)
        layer_unref(stack->layers[i]);
    free(stack->layers);
    free(stack->ids);
    *stack = (struct stack){0};
}

/* Contract section 3: WORKDIR 100 ms; COPY and ADD 100 ms and 1 ms for every megabyte.
 */
enum { STEP_MS = 100, MEGABYTE = 1000000 };

static int add_size(void *payload, const struct entry *entry, struct err *err)
{
    (void)err;
    *(uint64_t *)payload += entry->size;
    return 0;
}

uint64_t step_modelled_ms(const struct vertex *v)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < v->selection.len; i++) {
        const struct selected *item = &v->selection.items[i];
        for (size_t k = 0; k < item->matches.len; k++) {
            AUTO_FREE char *path = NULL;
            if (view_resolve(item->view, item->matches.items[k], true, &path, NULL) ==
                0)
                view_walk(item->view, path, add_size, &bytes, NULL);
        }
    }
    return STEP_MS + bytes / MEGABYTE;
}

static int make_workdir(struct build *b, struct vertex *v, struct view *root,
                        struct err *err)
{
    struct entry like = {
        .type = ENTRY_DIR, .mode = 0755, .mtime_ns = build_made_s(b) * 1000000000};
    struct owner owner = {0};
    int rc = 0;
    if (b->options->semantics == SEMANTICS_BUILDKIT && v->step->user[0] != '\0')
        rc = owner_of_files(b, v, root, v->step->user, &owner, err);
    like.uid = owner.uid;
    like.gid = owner.gid;
    AUTO_FREE char *path = path_below_root(v->step->cwd);
    if (rc == 0)
        rc = view_make_folders(root, path, &like, err);
    if (b->options->executor->is_virtual)
        v->virtual_ms += STEP_MS;
    return rc;
}

static int copy_files(struct build *b, struct vertex *v, struct stack *stack,
                      struct err *err)
{
    uint64_t bytes = 0;
    int rc = copy_apply(b, v, stack->view, &bytes, err);
    if (b->options->executor->is_virtual)
        v->virtual_ms += STEP_MS + bytes / MEGABYTE;
    return rc;
}

/* Whether an empty difference still makes a layer (cache-semantics 7). */
static bool keeps_empty_layer(const struct build *b, const struct plan_step *step)
{
    if (b->options->semantics == SEMANTICS_BUILDKIT)
        return true;
    return b->options->semantics == SEMANTICS_BUILDAH && step->kind == PLAN_RUN;
}

/* *layer is the caller's; NULL if there is none. */
static int store_result(struct build *b, struct vertex *v, struct tree *diff,
                        const struct digest *below, struct layer **out, struct err *err)
{
    v->chain = *below;
    *out = NULL;
    if (diff->len == 0 && !keeps_empty_layer(b, v->step)) {
        tree_free(diff);
        return 0;
    }
    struct layer *layer;
    struct digest former;
    bool copied = v->step->copy != NULL && misses_former_layer(b, v, &former);
    int rc = store_layer_put_like(b->options->store, diff, copied ? &former : NULL,
                                  &layer, err);
    if (rc != 0)
        return rc;
    v->has_layer = true;
    v->layer = layer->diff_id;
    v->size = layer->size;
    v->modelled = layer->modelled;
    *out = layer;
    return store_chain_put(b->options->store, below, &v->layer, &v->chain, err);
}

static int record_result(struct build *b, struct vertex *v, struct err *err)
{
    struct record record = {
        .key = v->key,
        .chain = v->chain,
        .layer = v->layer,
        .virtual_ms = b->options->executor->is_virtual ? v->virtual_ms : UINT64_MAX,
        .wall_ns = (uint64_t)(v->wall_s * 1e9),
        .created_s = v->created_s,
    };
    return store_record_put(b->options->store, &record, err);
}

static int do_work(struct build *b, struct vertex *v, struct stack *stack,
                   struct tree **diff, void **handle, struct err *err)
{
    int rc;
    if (v->step->kind == PLAN_RUN)
        rc = run_command(b, v, stack, &v->virtual_ms, handle, err);
    else if (v->step->kind == PLAN_COPY)
        rc = copy_files(b, v, stack, err);
    else
        rc = make_workdir(b, v, stack->view, err);
    return rc == 0 ? view_diff(stack->view, diff, err) : rc;
}

/* The layers a step stands on: as the step before it left them, or opened. A stage of a
 * thousand steps would else open half a million. */
static int take_stack(struct build *b, struct stage_work *work,
                      const struct digest *below, struct stack *out, struct err *err)
{
    if (work->stack.view == NULL || !digest_equal(&work->stack_chain, below))
        return stack_open(b, below, out, err);
    *out = work->stack;
    work->stack = (struct stack){0};
    return 0;
}

/* Leaves them to the next step, with the layer of this one on top. Takes the stack, and
 * the reference to the layer. */
static void leave_stack(struct stage_work *work, struct stack *stack,
                        struct layer *layer, const struct digest *chain)
{
    stack_close(&work->stack);
    stack_add(stack, layer);
    work->stack = *stack;
    work->stack_chain = *chain;
}

int step_run(struct build *b, struct vertex *v, struct err *err)
{
    static const struct digest empty;
    const struct build_options *o = b->options;
    struct stage_work *work = &b->stages[v->step->stage];
    bool link = v->step->copy != NULL && v->step->copy->link;
    struct digest below = v->parent != NULL ? v->parent->chain : empty;
    struct stack stack;
    struct tree *diff = NULL;
    struct layer *layer = NULL;
    void *handle = NULL;
    uint64_t start = clock_monotonic_ns();
    v->created_s = o->source_date_epoch >= 0 ? o->source_date_epoch : o->now_s;
    pthread_mutex_unlock(&b->lock);
    int rc = link ? stack_open(b, &empty, &stack, err)
                  : take_stack(b, work, &below, &stack, err);
    if (rc == 0) {
        rc = do_work(b, v, &stack, &diff, &handle, err);
        if (rc == 0)
            rc = store_result(b, v, diff, &below, &layer, err);
        o->executor->release(o->executor->self, handle);
        if (rc == 0 && layer != NULL && !link) {
            leave_stack(work, &stack, STEAL(layer), &v->chain);
        } else {
            layer_unref(layer);
            stack_close(&stack);
        }
    }
    pthread_mutex_lock(&b->lock);
    v->wall_s = (double)(clock_monotonic_ns() - start) / 1e9;
    if (rc == 0)
        rc = record_result(b, v, err);
    if (rc != 0 && err->code != ERR_CANCELLED && err->line == 0)
        err_at(err, b->dockerfile_name, v->step->line);
    return rc;
}
