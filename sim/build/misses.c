/* SPDX-License-Identifier: MIT */
/* Why steps ran, against the build before; and what this build leaves for the next. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/build/graph.h"
#include "sim/cache/explain.h"

static char *journal_name(const struct build *b)
{
    return xasprintf("%s\n%s", b->dockerfile_name,
                     b->options->target != NULL ? b->options->target : "");
}

/* ---- one step ---- */

static void describe_base(struct build *b, const struct vertex *v,
                          struct journal_step *out)
{
    char hex[DIGEST_HEX + 1], config[DIGEST_HEX + 1] = "";
    digest_hex(&v->base->chain, hex);
    if (b->options->semantics != SEMANTICS_BUILDKIT) { /* there it is in the key */
        struct digest d =
            digest_of(buf_str(&v->base->config_json), v->base->config_json.len);
        digest_hex(&d, config);
    }
    AUTO_FREE char *text =
        xasprintf("%s %s%s%s", v->base->name, hex, config[0] ? " " : "", config);
    out->base = arena_strdup(&b->arena, text);
}

/* The last vertices of the stages a step reads, and the context it reads. */
static void describe_reads(struct build *b, const struct vertex *v,
                           struct journal_step *out)
{
    const struct plan_source *from;
    size_t n = 0;
    while (sources_nth(v->step, n) != NULL)
        n++;
    unsigned *reads = arena_alloc(&b->arena, (n + 1) * sizeof *reads);
    for (size_t i = 0; (from = sources_nth(v->step, i)) != NULL; i++) {
        if (from->kind == PLAN_SOURCE_CONTEXT && out->context < 0)
            out->context = (long)from->index;
        if (from->kind == PLAN_SOURCE_STAGE && b->stages[from->index].tip != NULL)
            reads[out->read_count++] = b->stages[from->index].tip->position + 1;
    }
    out->reads = reads;
}

static void describe_words(struct build *b, const struct plan_step *step,
                           struct journal_step *out)
{
    size_t n = step->copy != NULL  ? step->copy->sources.len
               : step->run != NULL ? step->run->mount_count
                                   : 0;
    const char **words = arena_alloc(&b->arena, (n + 1) * sizeof *words);
    for (size_t i = 0; step->copy != NULL && i < n; i++)
        words[out->source_count++] = step->copy->sources.items[i];
    for (size_t i = 0; step->run != NULL && i < n; i++)
        if (plan_mount_reads(&step->run->mounts[i]))
            words[out->source_count++] = step->run->mounts[i].source;
    out->sources = words;
}

/* `near` is where it mostly stands: lists of one step and the next differ by little. */
static const struct plan_var *find_var(const struct plan_env *env, const char *name,
                                       size_t near)
{
    if (near < env->len && strcmp(env->vars[near].name, name) == 0)
        return &env->vars[near];
    for (size_t i = 0; i < env->len; i++)
        if (strcmp(env->vars[i].name, name) == 0)
            return &env->vars[i];
    return NULL;
}

/* The linear builders' record of a RUN starts with the shell; this tells it apart. */
static void describe_shell(struct build *b, const struct plan_step *step,
                           struct journal_step *out)
{
    AUTO_BUF words = BUF_INIT;
    for (size_t i = 0; i < step->shell.len; i++)
        buf_addf(&words, "%s%s", i != 0 ? " " : "", step->shell.items[i]);
    struct input *shell = arena_alloc(&b->arena, sizeof *shell);
    *shell =
        (struct input){INPUT_SHELL, "shell", arena_strdup(&b->arena, buf_str(&words))};
    out->sets = shell;
    out->set_count = 1;
}

/* The last line of a stage: its words as written must do. */
static void describe_last(struct build *b, const struct plan_step *step,
                          struct journal_step *out)
{
    const struct strv *words = &step->in->args;
    bool arg = strcmp(step->word, "ARG") == 0;
    struct input *list = arena_alloc(&b->arena, (words->len + 1) * sizeof *list);
    for (size_t i = 0; i + !arg < words->len; i += arg ? 1 : 2) {
        const char *word = words->items[i];
        size_t n = arg ? strcspn(word, "=") : strlen(word);
        list[out->set_count++] = (struct input){arg ? INPUT_ARG : INPUT_ENV,
                                                arena_strndup(&b->arena, word, n),
                                                !arg              ? words->items[i + 1]
                                                : word[n] != '\0' ? word + n + 1
                                                                  : ""};
    }
    out->sets = list;
}

/* What an ENV or ARG line changes: the environment of the next line tells. */
static void describe_sets(struct build *b, const struct vertex *v,
                          struct journal_step *out)
{
    const struct plan_step *step = v->step, *next = step + 1;
    if (step->run != NULL && step->run->shell_form &&
        b->options->semantics != SEMANTICS_BUILDKIT)
        describe_shell(b, step, out);
    bool sets = strcmp(step->word, "ENV") == 0 || strcmp(step->word, "ARG") == 0;
    if (!sets)
        return;
    if (v->position + 1 >= b->plan->step_count || next->stage != step->stage) {
        describe_last(b, step, out);
        return;
    }
    struct input *list = arena_alloc(&b->arena, (next->env->len + 1) * sizeof *list);
    for (size_t i = 0; i < next->env->len; i++) {
        const struct plan_var *var = &next->env->vars[i],
                              *old = find_var(step->env, var->name, i);
        if (old == NULL || strcmp(old->value, var->value) != 0 ||
            old->is_arg != var->is_arg)
            list[out->set_count++] = (struct input){var->is_arg ? INPUT_ARG : INPUT_ENV,
                                                    var->name, var->value};
    }
    out->sets = list;
}

/* What is known before anything is looked up. */
static void describe_line(struct build *b, const struct vertex *v,
                          struct journal_step *out)
{
    *out = (struct journal_step){
        .stage = b->plan->stages[v->step->stage].name,
        .word = v->step->word,
        .text = v->step->text,
        .base = "",
        .line = v->step->line,
        .status = v->kind == VERTEX_CONFIG ? JOURNAL_CONFIG : JOURNAL_REUSED,
        .no_cache = v->no_cache,
        .linked = v->step->copy != NULL && v->step->copy->link,
        .parent = v->parent != NULL ? v->parent->position + 1 : 0,
        .context = -1,
    };
    if (v->base != NULL)
        describe_base(b, v, out);
    describe_reads(b, v, out);
    describe_words(b, v->step, out);
    describe_sets(b, v, out);
}

/* What the key was made of, once it is known. */
static void describe_key(const struct vertex *v, struct journal_step *out)
{
    out->has_key = v->has_key;
    out->key = v->key;
    out->has_content = v->content_known && v->selection.len != 0;
    out->inputs = v->inputs.items;
    out->input_count = v->inputs.len;
    if (out->has_content)
        selection_digest(&v->selection, &out->content);
}

/* ---- the builds that are compared ---- */

/* The text of the ignore file that counts in a context. */
static void read_ignore(struct build *b, size_t context, struct journal_ignore *out)
{
    const struct build_context *c = &b->options->contexts[context];
    AUTO_FREE char *dockerfile =
        c->dir == NULL || (context == 0 && b->options->dockerfile != NULL)
            ? xstrdup(context == 0 ? b->dockerfile_name : "Dockerfile")
            : path_join(c->dir, "Dockerfile");
    AUTO_FREE char *own = xasprintf("%s.dockerignore", dockerfile);
    AUTO_FREE char *usual =
        c->dir != NULL ? path_join(c->dir, ".dockerignore") : xstrdup(".dockerignore");
    *out = (struct journal_ignore){"", ""};
    const char *const names[] = {own, usual};
    for (size_t i = 0; i < 2; i++) {
        AUTO_BUF text = BUF_INIT;
        const struct entry *e = c->files != NULL ? tree_find(c->files, names[i]) : NULL;
        int rc = c->files == NULL ? file_read(names[i], DOCKERFILE_LIMIT, &text, NULL)
                 : e != NULL && e->type == ENTRY_FILE
                     ? content_load(&e->content, e->size, DOCKERFILE_LIMIT, &text, NULL)
                     : ERR_NOT_FOUND;
        if (rc != 0)
            continue;
        out->name = i == 0 ? arena_strdup(&b->arena, path_base(own)) : ".dockerignore";
        out->text = arena_strndup(&b->arena, buf_str(&text), text.len);
        return;
    }
}

/* One name for a folder, however it is spelled. */
static const char *folder_name(struct build *b)
{
    const char *dir = b->options->contexts[0].dir;
    AUTO_FREE char *real = dir != NULL ? realpath(dir, NULL) : NULL;
    return real != NULL ? arena_strdup(&b->arena, real) : "";
}

static void begin_journal(struct build *b)
{
    size_t n = b->plan->step_count, contexts = b->options->context_count;
    b->now = (struct journal){
        .steps = arena_alloc(&b->arena, (n + 1) * sizeof *b->now.steps),
        .len = n,
        .dockerfile = b->dockerfile_name,
        .target = b->options->target != NULL ? b->options->target : "",
        .folder = folder_name(b),
        .semantics = b->options->semantics,
        .created_s = b->options->now_s,
        .ignores = arena_alloc(&b->arena, (contexts + 1) * sizeof *b->now.ignores),
        .ignore_count = contexts,
    };
    for (size_t i = 0; i < n; i++)
        describe_line(b, &b->vertices[i], &b->now.steps[i]);
    for (size_t i = 0; i < contexts; i++)
        read_ignore(b, i, &b->now.ignores[i]);
    b->manifests = xcalloc(n + 1, sizeof *b->manifests);
    b->misses = xcalloc(n + 1, sizeof *b->misses);
}

static int load_build(struct build *b, const char *ref, struct err *err)
{
    AUTO_BUF data = BUF_INIT;
    struct strv name = STRV_INIT;
    int rc =
        store_build_find(b->options->store, ref, &b->now.against, &name, &data, err);
    strv_free(&name);
    return rc == 0 ? journal_decode(buf_str(&data), data.len, &b->before, err) : rc;
}

static bool load_number(struct build *b, int64_t number)
{
    AUTO_FREE char *ref = xasprintf("%lld", (long long)number);
    return load_build(b, ref, NULL) == 0;
}

/* The newest build of the name that built this folder; else the newest of the name:
 * most Dockerfiles are called Dockerfile, and checkouts move. */
static bool load_last(struct build *b)
{
    AUTO_FREE char *name = journal_name(b);
    int64_t *ids = NULL;
    size_t n = 0;
    if (store_build_list(b->options->store, name, &ids, &n, NULL) != 0)
        return false;
    bool found = false;
    for (size_t i = n; !found && i-- > 0;) {
        found = load_number(b, ids[i]) && strcmp(b->before->folder, b->now.folder) == 0;
        if (!found)
            journal_free(STEAL(b->before));
    }
    if (!found && n > 0)
        found = load_number(b, ids[n - 1]);
    free(ids);
    return found;
}

/* The build that was asked for. */
static int load_named(struct build *b, struct err *err)
{
    const char *ref = b->options->against;
    int rc = load_build(b, ref, err);
    if (rc != ERR_NOT_FOUND)
        return rc;
    err_set(err, ERR_INPUT, "--against: no build \"%.200s\" is recorded", ref);
    return err_hint(err, "give the number `simbench explain` shows, or an image built "
                         "in this store");
}

int misses_load(struct build *b, struct err *err)
{
    begin_journal(b);
    if (b->options->against != NULL) {
        int rc = load_named(b, err);
        if (rc != 0)
            return rc;
    } else if (!load_last(b)) {
        b->now.against = 0;
        return 0;
    }
    b->aligned = xcalloc(b->now.len + 1, sizeof *b->aligned);
    journal_align(&b->now, b->before, b->aligned);
    return 0;
}

static const struct journal_step *counterpart(const struct build *b, size_t at)
{
    if (b->before == NULL || b->aligned[at] < 0)
        return NULL;
    return &b->before->steps[b->aligned[at]];
}

bool misses_former_layer(const struct build *b, const struct vertex *v,
                         struct digest *out)
{
    const struct journal_step *old = counterpart(b, v->position);
    struct record record;
    if (old == NULL || !old->has_key ||
        store_record_peek(b->options->store, &old->key, &record, NULL) != 0)
        return false;
    *out = record.layer;
    return !digest_is_zero(out);
}

/* ---- lists of files ---- */

/* What the step selects of contexts and images: stages answer for their own files. */
static int list_files(struct build *b, const struct vertex *v, struct err *err)
{
    size_t n = v->selection.len;
    AUTO_FREE bool *skip = xcalloc(n + 1, sizeof *skip);
    bool some = false;
    const struct plan_source *from;
    for (size_t i = 0; i < n; i++) {
        bool inline_file = v->step->copy != NULL && i >= v->step->copy->sources.len;
        from = sources_nth(v->step, v->step->copy != NULL ? 0 : i);
        skip[i] = !inline_file && from != NULL && from->kind == PLAN_SOURCE_STAGE;
        some = some || !skip[i];
    }
    struct selection_rules rules = {.semantics = b->options->semantics};
    if (v->step->copy != NULL) {
        rules.excludes = v->step->copy->excludes;
        rules.parents = v->step->copy->parents;
    }
    if (!some)
        return 0;
    return manifest_of_selection(&v->selection, &rules, skip,
                                 &b->manifests[v->position], err);
}

static bool same_content(const struct journal_step *a, const struct journal_step *b)
{
    return b != NULL && a->has_content && b->has_content &&
           digest_equal(&a->content, &b->content);
}

void misses_explain(struct build *b, struct vertex *v)
{
    for (size_t i = 0; i < b->now.len; i++) {
        struct journal_step *s = &b->now.steps[i];
        const struct vertex *other = &b->vertices[i];
        if (!other->has_key || (s->has_key && s->has_content == other->content_known))
            continue;
        describe_key(other, s);
    }
    size_t at = v->position;
    struct journal_step *s = &b->now.steps[at];
    if (s->has_content && b->manifests[at] == NULL &&
        !same_content(s, counterpart(b, at)))
        list_files(b, v, NULL); /* the words say less without it */
    struct explain_pair pair = {.now = &b->now,
                                .before = b->before,
                                .aligned = b->aligned,
                                .store = b->options->store,
                                .most = EXPLAIN_LISTED,
                                .manifests = b->manifests};
    v->miss = explain_step(&pair, at, b->misses);
    b->misses[at] = v->miss;
}

void misses_expect_cost(struct build *b, struct vertex *v)
{
    const struct journal_step *old = counterpart(b, v->position);
    struct record record;
    bool is_virtual = b->options->executor->is_virtual;
    if (is_virtual && v->kind == VERTEX_WORK && v->step->run == NULL) {
        v->virtual_ms = step_modelled_ms(v);
        v->cost_known = v->step->copy == NULL || v->content_known;
        return;
    }
    if (v->kind == VERTEX_BASE) {
        v->virtual_ms = is_virtual ? build_fetch_ms(v->fetched_bytes) : 0;
        v->cost_known = is_virtual;
        return;
    }
    if (old == NULL || !old->has_key)
        return;
    /* The record knows what the step took, however often it was reused since. */
    if (store_record_peek(b->options->store, &old->key, &record, NULL) != 0) {
        if (old->status != JOURNAL_RAN)
            return;
        record.virtual_ms = old->virtual_ms;
        record.wall_ns = old->wall_ns;
    }
    /* What a model made took no time worth telling on the other clock. */
    v->cost_known = is_virtual == (record.virtual_ms != UINT64_MAX);
    if (v->cost_known && is_virtual)
        v->virtual_ms = record.virtual_ms;
    else if (v->cost_known)
        v->wall_s = (double)record.wall_ns / 1e9;
}

void misses_free(struct build *b)
{
    for (size_t i = 0; b->manifests != NULL && i < b->now.len; i++)
        manifest_free(b->manifests[i]);
    free(b->manifests);
    free(b->misses);
    journal_free(b->before);
    free(b->aligned);
}

/* ---- what this build leaves ---- */

static int store_files(struct build *b, struct vertex *v, struct journal_step *s,
                       struct err *err)
{
    const struct journal_step *old = counterpart(b, v->position);
    struct store *store = b->options->store;
    bool same_key =
        old != NULL && s->has_key && old->has_key && digest_equal(&s->key, &old->key);
    if (!s->has_content && same_key) {
        /* Reused without a look at the files: they are those of before. */
        s->has_content = old->has_content;
        s->content = old->content;
    }
    if (s->has_content && (same_key || same_content(s, old)) &&
        !digest_is_zero(&old->manifest) &&
        manifest_keep(store, &old->manifest, NULL) == 0) {
        s->manifest = old->manifest;
        return 0;
    }
    if (!v->content_known || v->selection.len == 0)
        return 0;
    int rc = b->manifests[v->position] == NULL ? list_files(b, v, err) : 0;
    if (rc != 0 || b->manifests[v->position] == NULL)
        return rc;
    return manifest_put(b->manifests[v->position], store, &s->manifest, err);
}

static void describe_outcome(const struct vertex *v, struct journal_step *s)
{
    describe_key(v, s);
    if (v->kind != VERTEX_CONFIG)
        s->status = v->status == STEP_RAN ? JOURNAL_RAN : JOURNAL_REUSED;
    s->size = v->size;
    s->virtual_ms = v->virtual_ms;
    s->wall_ns = (uint64_t)(v->wall_s * 1e9);
}

int misses_store(struct build *b, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->now.len; i++) {
        describe_outcome(&b->vertices[i], &b->now.steps[i]);
        if (!b->options->executor->is_virtual)
            b->now.steps[i].virtual_ms = UINT64_MAX;
        rc = store_files(b, &b->vertices[i], &b->now.steps[i], err);
    }
    if (rc != 0)
        return rc;
    AUTO_BUF data = BUF_INIT;
    AUTO_FREE char *name = journal_name(b);
    char id[DIGEST_TEXT + 1];
    digest_text(&b->result->image_id, id);
    journal_encode(&b->now, &data);
    return store_build_put(b->options->store, name, id, buf_str(&data), data.len,
                           &b->result->build_number, err);
}
