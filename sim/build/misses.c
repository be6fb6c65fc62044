/* SPDX-License-Identifier: MIT */
/* Why steps ran, against the build before; and what this build leaves for the next. */
#include <stdlib.h>
#include <string.h>

#include "sim/build/graph.h"

static char *journal_name(const struct build *b)
{
    return xasprintf("%s\n%s", b->dockerfile_name,
                     b->options->target != NULL ? b->options->target : "");
}

static void describe(struct build *b, const struct vertex *v, struct journal_step *out)
{
    *out = (struct journal_step){
        .stage = b->plan->stages[v->step->stage].name,
        .word = v->step->word,
        .text = v->step->text,
        .base = "",
        .has_key = v->has_key && v->kind == VERTEX_WORK,
        .key = v->key,
        .has_content = v->content_known && v->selection.len != 0,
        .inputs = v->inputs.items,
        .input_count = v->inputs.len,
    };
    if (out->has_content)
        selection_digest(&v->selection, &out->content);
    if (v->base != NULL) {
        char hex[DIGEST_HEX + 1];
        digest_hex(&v->base->chain, hex);
        char *text = arena_alloc(&b->arena, strlen(v->base->name) + 2 + DIGEST_HEX);
        strcpy(text, v->base->name);
        strcat(text, " ");
        strcat(text, hex);
        out->base = text;
    }
}

void misses_load(struct build *b)
{
    AUTO_BUF data = BUF_INIT;
    struct store *store = b->options->store;
    int rc;
    if (b->options->against != NULL) {
        struct strv name = STRV_INIT;
        rc = store_build_find(store, b->options->against, NULL, &name, &data, NULL);
        strv_free(&name);
    } else {
        AUTO_FREE char *name = journal_name(b);
        rc = store_build_last(store, name, NULL, &data, NULL);
    }
    if (rc != 0 || journal_decode(buf_str(&data), data.len, &b->before, NULL) != 0)
        return;
    size_t n = b->plan->step_count;
    struct journal_step *now = xcalloc(n + 1, sizeof *now);
    for (size_t i = 0; i < n; i++)
        describe(b, &b->vertices[i], &now[i]);
    b->aligned = xcalloc(n + 1, sizeof *b->aligned);
    journal_align(now, n, b->before, b->aligned);
    free(now);
}

static int load_object(void *self, const struct digest *id, struct buf *out,
                       struct err *err)
{
    return store_object_get(self, id, out, err);
}

static const struct journal_step *counterpart(const struct build *b,
                                              const struct vertex *v)
{
    if (b->before == NULL || b->aligned[v->position] < 0)
        return NULL;
    return &b->before->steps[b->aligned[v->position]];
}

static void set(struct vertex *v, enum miss_reason reason, unsigned root, char *text)
{
    v->miss = xcalloc(1, sizeof *v->miss);
    v->miss->reason = reason;
    v->miss->root = root;
    v->miss->text = text;
}

static void add_change(struct miss *m, const char *kind, const char *what,
                       const char *from, const char *to)
{
    m->changes = xreallocarray(m->changes, m->change_count + 1, sizeof *m->changes);
    m->changes[m->change_count++] =
        (struct miss_change){kind, what, NULL, from != NULL ? xstrdup(from) : NULL,
                             to != NULL ? xstrdup(to) : NULL};
}

/* The nearest step below or beside that ran: what this one follows from. */
static const struct vertex *cause(struct build *b, const struct vertex *v)
{
    const struct plan_source *from;
    for (size_t i = 0; (from = sources_nth(v->step, i)) != NULL; i++) {
        if (from->kind != PLAN_SOURCE_STAGE)
            continue;
        const struct vertex *tip = b->stages[from->index].tip;
        while (tip != NULL && tip->miss == NULL)
            tip = tip->parent;
        if (tip != NULL)
            return tip;
    }
    const struct vertex *p = v->parent;
    while (p != NULL && p->miss == NULL)
        p = p->parent;
    return p;
}

static void follow(struct vertex *v, const struct vertex *root)
{
    set(v, MISS_PARENT, root->miss->root,
        xasprintf("follows from step %u", root->miss->root));
}

/* The base below a step, if it is not the one of the build before. */
static bool explain_base(struct build *b, struct vertex *v)
{
    const struct vertex *p = v;
    while (p != NULL && p->kind != VERTEX_BASE)
        p = p->parent;
    const struct journal_step *old = p != NULL ? counterpart(b, p) : NULL;
    if (old == NULL || old->base[0] == '\0')
        return false;
    struct journal_step now;
    describe(b, p, &now);
    if (strcmp(now.base, old->base) == 0)
        return false;
    AUTO_FREE char *from = xstrndup(old->base, strcspn(old->base, " "));
    const char *to = p->base->name;
    bool moved = strcmp(from, to) == 0; /* one name, other layers */
    set(v, MISS_BASE, v->position + 1,
        moved ? xasprintf("base image %s moved", to)
              : xasprintf("base image %s → %s", from, to));
    add_change(v->miss, "base", "value", moved ? old->base : from,
               moved ? now.base : to);
    return true;
}

/* An instruction that stood above and is gone: nothing that is here now has changed. */
static bool explain_removed(struct build *b, struct vertex *v)
{
    const char *stage = b->plan->stages[v->step->stage].name;
    long here = b->aligned[v->position];
    for (long i = here; i-- > 0;) {
        const struct journal_step *old = &b->before->steps[i];
        bool kept = strcmp(old->stage, stage) != 0;
        for (size_t k = 0; !kept && k < b->plan->step_count; k++)
            kept = b->aligned[k] == i;
        if (kept)
            continue;
        set(v, MISS_INSTRUCTION, v->position + 1,
            xasprintf("instruction removed above: %s", old->text));
        add_change(v->miss, "instruction", "removed", old->text, NULL);
        return true;
    }
    return false;
}

static void explain_new(struct build *b, struct vertex *v)
{
    bool moved = false;
    for (size_t i = 0; i < b->before->len; i++)
        moved = moved || strcmp(b->before->steps[i].text, v->step->text) == 0;
    set(v, MISS_INSTRUCTION, v->position + 1,
        xasprintf("instruction %s: %s", moved ? "moved" : "added", v->step->text));
    add_change(v->miss, "instruction", moved ? "moved" : "added",
               moved ? v->step->text : NULL, v->step->text);
}

/* A working directory that changed upstream reaches the steps below by their parent. */
static bool only_workdir(const struct miss *m)
{
    for (size_t i = 0; i < m->change_count; i++)
        if (strcmp(m->changes[i].kind, "workdir") != 0)
            return false;
    return m->reason == MISS_ENVIRONMENT;
}

static bool reads_stage(const struct vertex *v)
{
    const struct plan_source *from;
    for (size_t i = 0; (from = sources_nth(v->step, i)) != NULL; i++)
        if (from->kind == PLAN_SOURCE_STAGE)
            return true;
    return false;
}

static struct miss *compare(struct build *b, const struct vertex *v,
                            const struct journal_step *old)
{
    struct journal_step now;
    describe(b, v, &now);
    if (reads_stage(v)) /* its content is another step's doing */
        now.has_content = false;
    struct journal_source source = {b->options->store, load_object};
    AUTO_BUF manifest = BUF_INIT;
    struct selection_rules rules = {.semantics = b->options->semantics};
    if (v->step->copy != NULL)
        rules.excludes = v->step->copy->excludes;
    if (now.has_content && !digest_equal(&now.content, &old->content))
        selection_manifest(&v->selection, &rules, &manifest, NULL);
    return journal_compare(&now, old, buf_str(&manifest), manifest.len, &source);
}

void misses_explain(struct build *b, struct vertex *v)
{
    unsigned self = v->position + 1;
    if (v->no_cache) {
        set(v, MISS_NO_CACHE, self, xstrdup("--no-cache"));
        return;
    }
    if (b->before == NULL) {
        set(v, MISS_NO_RECORD, self, xstrdup("no earlier build to compare with"));
        return;
    }
    const struct journal_step *old = counterpart(b, v);
    const struct vertex *root = cause(b, v);
    if (v->kind == VERTEX_BASE) {
        if (!explain_base(b, v))
            set(v, old != NULL ? MISS_COLLECTED : MISS_NO_RECORD, self,
                xstrdup("its layers are not in the store"));
        return;
    }
    if (old == NULL) {
        explain_new(b, v);
        return;
    }
    v->miss = compare(b, v, old);
    if (v->miss != NULL && root != NULL && only_workdir(v->miss) &&
        strcmp(b->plan->steps[root->miss->root - 1].word, "WORKDIR") == 0) {
        miss_free(v->miss);
        v->miss = NULL;
    }
    if (v->miss != NULL) {
        v->miss->root = self;
        return;
    }
    if (root != NULL)
        follow(v, root);
    else if (v->has_key && old->has_key && digest_equal(&v->key, &old->key))
        set(v, MISS_COLLECTED, self, xstrdup("its record was collected"));
    else if (!explain_base(b, v) && !explain_removed(b, v))
        set(v, MISS_NO_RECORD, self,
            xstrdup("no earlier build of this step is stored"));
}

/* ---- what this build leaves ---- */

static int store_manifest(struct build *b, struct vertex *v, struct journal_step *step,
                          struct err *err)
{
    const struct journal_step *old = counterpart(b, v);
    if (!step->has_content) {
        /* Taken from the cache without a look at the files: they are those of before.
         */
        if (old != NULL && step->has_key && old->has_key &&
            digest_equal(&step->key, &old->key)) {
            step->has_content = old->has_content;
            step->content = old->content;
            step->manifest = old->manifest;
        }
        return 0;
    }
    if (old != NULL && old->has_content &&
        digest_equal(&old->content, &step->content)) {
        step->manifest = old->manifest;
        return 0;
    }
    if (reads_stage(v))
        return 0;
    struct selection_rules rules = {.semantics = b->options->semantics};
    if (v->step->copy != NULL)
        rules.excludes = v->step->copy->excludes;
    AUTO_BUF manifest = BUF_INIT;
    int rc = selection_manifest(&v->selection, &rules, &manifest, err);
    if (rc != 0)
        return rc;
    return store_object_put(b->options->store, buf_str(&manifest), manifest.len,
                            &step->manifest, err);
}

int misses_store(struct build *b, struct err *err)
{
    size_t n = b->plan->step_count;
    struct journal_step *steps = xcalloc(n + 1, sizeof *steps);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        describe(b, &b->vertices[i], &steps[i]);
        rc = store_manifest(b, &b->vertices[i], &steps[i], err);
    }
    if (rc == 0) {
        AUTO_BUF data = BUF_INIT;
        AUTO_FREE char *name = journal_name(b);
        char id[DIGEST_TEXT + 1];
        digest_text(&b->result->image_id, id);
        journal_encode(steps, n, &data);
        rc = store_build_put(b->options->store, name, id, buf_str(&data), data.len,
                             &b->result->build_number, err);
    }
    free(steps);
    return rc;
}
