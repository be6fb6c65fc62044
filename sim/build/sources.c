/* SPDX-License-Identifier: MIT */
/* The files a step reads: contexts, earlier stages, images, inline documents. */
#include <stdlib.h>
#include <string.h>

#include "sim/build/graph.h"
#include "sim/build/remote.h"

static void keep_view(struct sources *s, struct view *view)
{
    GROW(s->views, s->view_cap, s->view_count + 1);
    s->views[s->view_count++] = view;
}

static void keep_tree(struct sources *s, struct tree *tree)
{
    GROW(s->trees, s->tree_cap, s->tree_count + 1);
    s->trees[s->tree_count++] = tree;
}

static struct source *add_source(struct sources *s, struct view *view, const char *word)
{
    GROW(s->items, s->cap, s->len + 1);
    s->items[s->len] = (struct source){.view = view, .word = word};
    return &s->items[s->len++];
}

void sources_free(struct sources *s)
{
    for (size_t i = 0; i < s->view_count; i++)
        view_free(s->views[i]);
    for (size_t i = 0; i < s->tree_count; i++)
        tree_free(s->trees[i]);
    for (size_t i = 0; i < s->stack_count; i++)
        stack_close(&s->stacks[i]);
    free(s->stacks);
    free(s->items);
    free(s->views);
    free(s->trees);
    *s = (struct sources){0};
}

static int view_of_chain(struct build *b, const struct digest *chain, struct sources *s,
                         struct view **out, struct err *err)
{
    GROW(s->stacks, s->stack_cap, s->stack_count + 1);
    struct stack *stack = &s->stacks[s->stack_count];
    int rc = stack_open(b, chain, stack, err);
    if (rc != 0)
        return rc;
    s->stack_count++;
    *out = stack->view;
    return 0;
}

/* In a prediction nothing is fetched and no chain is written down: all it looks at is
 * known layer by layer. */
static int view_of_known(struct build *b, const struct plan_source *from,
                         struct sources *s, struct view **out, struct err *err)
{
    const struct vertex *tip =
        from->kind == PLAN_SOURCE_STAGE ? b->stages[from->index].tip : NULL;
    size_t n = tip != NULL ? tip->layer_count : 0;
    const struct base_image *image =
        from->kind == PLAN_SOURCE_IMAGE ? &b->bases[from->index].image : NULL;
    AUTO_FREE struct digest *ids =
        xcalloc(n + 1 + (image != NULL ? image->layer_count : 0), sizeof *ids);
    for (size_t i = 0; i < n; i++)
        ids[i] = tip->layers[i];
    for (size_t i = 0; image != NULL && i < image->layer_count; i++)
        ids[n++] = image->layers[i].diff_id;
    GROW(s->stacks, s->stack_cap, s->stack_count + 1);
    struct stack *stack = &s->stacks[s->stack_count];
    int rc = stack_open_layers(b, ids, n, stack, err);
    if (rc != 0)
        return rc;
    s->stack_count++;
    *out = stack->view;
    return 0;
}

int sources_view(struct build *b, struct vertex *v, const struct plan_source *from,
                 struct view **out, struct err *err)
{
    static const struct digest empty;
    struct sources *s = &v->sources;
    if (b->options->plan_only && from->kind != PLAN_SOURCE_CONTEXT)
        return view_of_known(b, from, s, out, err);
    switch (from->kind) {
    case PLAN_SOURCE_CONTEXT: {
        struct view *view = view_new();
        if (b->context_files[from->index] != NULL)
            view_push(view, b->context_files[from->index]);
        keep_view(s, view);
        *out = view;
        return 0;
    }
    case PLAN_SOURCE_STAGE: {
        const struct vertex *tip = b->stages[from->index].tip;
        return view_of_chain(b, tip != NULL ? &tip->chain : &empty, s, out, err);
    }
    case PLAN_SOURCE_IMAGE: {
        struct digest chain;
        int rc = build_fetch_base(b, &b->bases[from->index], v, &chain, err);
        return rc == 0 ? view_of_chain(b, &chain, s, out, err) : rc;
    }
    case PLAN_SOURCE_SCRATCH:
        break;
    }
    return view_of_chain(b, &empty, s, out, err);
}

static void add_inline(struct sources *s, const struct plan_copy *copy)
{
    if (copy->file_count == 0)
        return;
    struct tree *tree = tree_new();
    for (size_t i = 0; i < copy->file_count; i++) {
        struct entry e = {.path = copy->files[i].name,
                          .type = ENTRY_FILE,
                          .mode = 0644,
                          .size = copy->files[i].len};
        e.content.kind = e.size != 0 ? CONTENT_INLINE : CONTENT_NONE;
        e.content.from.bytes = copy->files[i].data;
        tree_add(tree, &e);
    }
    tree_sort(tree);
    keep_tree(s, tree);
    struct view *view = view_new();
    view_push(view, tree);
    keep_view(s, view);
    for (size_t i = 0; i < copy->file_count; i++)
        add_source(s, view, copy->files[i].name);
}

static int add_remote(struct build *b, struct sources *s, const struct plan_copy *copy,
                      const char *word, struct err *err)
{
    struct tree *tree;
    char *name;
    if (b->options->offline) {
        err_set(err, ERR_FAILED, "%s cannot be fetched: this build is offline", word);
        return err_hint(err, "put the file into the context and COPY it");
    }
    int rc = remote_fetch(b->options->store, copy, word, &tree, &name, err);
    if (rc != 0)
        return rc;
    keep_tree(s, tree);
    struct view *view = view_new();
    view_push(view, tree);
    keep_view(s, view);
    char *kept = arena_strdup(&b->arena, name);
    free(name);
    add_source(s, view, kept)->remote = true;
    return 0;
}

int sources_of_copy(struct build *b, struct vertex *v, struct err *err)
{
    const struct plan_copy *copy = v->step->copy;
    struct view *view = NULL;
    for (size_t i = 0; i < copy->sources.len; i++) {
        const char *word = copy->sources.items[i];
        int rc = 0;
        if (copy->add && plan_remote_kind(word) != PLAN_REMOTE_NONE) {
            rc = add_remote(b, &v->sources, copy, word, err);
        } else {
            if (view == NULL)
                rc = sources_view(b, v, &copy->from, &view, err);
            if (rc == 0)
                add_source(&v->sources, view, word);
        }
        if (rc != 0)
            return rc;
    }
    add_inline(&v->sources, copy);
    return 0;
}

const struct plan_source *sources_nth(const struct plan_step *step, size_t n)
{
    if (step->copy != NULL)
        return n == 0 ? &step->copy->from : NULL;
    for (size_t i = 0; step->run != NULL && i < step->run->mount_count; i++)
        if (plan_mount_reads(&step->run->mounts[i]) && n-- == 0)
            return &step->run->mounts[i].from;
    return NULL;
}
