/* SPDX-License-Identifier: MIT */
/*
 * The built-in engine as a scenario sees it. On the virtual clock a machine is a store
 * in memory; the sandbox needs one on disk, in a temporary folder that goes with the
 * session, and twins of the modelled bases (bench/twin.h), which are told by a model
 * that runs beside. Named caches (cache_to) outlive fresh_machine, as a registry would.
 */
#include "bench/engine.h"

#include <math.h>
#include <string.h>

#include "bench/environment.h"
#include "bench/interrupt.h"
#include "bench/twin.h"
#include "sim/base/file.h"
#include "sim/base/map.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/build/memo.h"
#include "sim/exec/sandbox.h"

struct session {
    struct engine_options options;
    struct store *store;
    struct exec_choice exec;
    struct build_memo *plans; /* virtual clock: its bases never change; else NULL */
    struct map *caches;       /* name -> struct store */
    char *folder;             /* sandbox: holds the stores; else NULL */
    unsigned stores;          /* made so far: names of folders */
    struct build_result result;
    unsigned ran;          /* steps since the store was last made small */
    struct digest *chains; /* of the images built on this machine */
    size_t chain_count, chain_cap;
    void *model; /* sandbox with twins: session of the virtual clock, else NULL */
    struct twins *twins;
    const struct build_result *predicted; /* NULL: it failed, or there is no model */
    struct usage usage;                   /* of the last build */
};

/* ---- machines ---------------------------------------------------------------------
 */

static int new_store(struct session *s, struct store **out, struct err *err)
{
    if (s->folder == NULL) {
        *out = store_open_memory(s->options.memo);
        return 0;
    }
    AUTO_FREE char *dir = xasprintf("%s/%u", s->folder, ++s->stores);
    return store_open(dir, s->options.memo, out, err);
}

static int new_machine(struct session *s, struct err *err)
{
    int r = new_store(s, &s->store, err);
    if (r == 0)
        r = bench_exec_open(s->options.exec, s->store, s->options.models, &s->exec,
                            err);
    return r;
}

static void drop_machine(struct session *s)
{
    build_result_free(&s->result);
    memset(&s->result, 0, sizeof s->result);
    bench_exec_close(&s->exec);
    store_close(s->store);
    s->store = NULL;
    s->chain_count = 0;
    s->ran = 0;
}

static void builtin_close(void *session)
{
    struct session *s = session;
    size_t cursor = 0;
    const char *name;
    void *store;
    if (s == NULL)
        return;
    drop_machine(s);
    builtin_close(s->model);
    twins_free(s->twins);
    build_memo_free(s->plans);
    while (map_next(s->caches, &cursor, &name, &store))
        store_close(store);
    map_free(s->caches);
    if (s->folder != NULL)
        sandbox_remove_tree(s->folder, NULL);
    free(s->folder);
    free(s->chains);
    free(s);
}

static int open_twins(struct session *s, struct err *err);

static int builtin_open(const struct engine_options *options, void **session,
                        struct err *err)
{
    struct session *s = xcalloc(1, sizeof *s);
    int r = 0;
    s->options = *options;
    s->caches = map_new();
    s->plans = options->exec == EXEC_MODEL ? build_memo_new() : NULL;
    if (options->exec == EXEC_SANDBOX) {
        const char *tmp = environment_set("TMPDIR");
        r = file_temp_folder(tmp != NULL ? tmp : "/tmp", "simbench", &s->folder, err);
    }
    if (r == 0 && options->exec == EXEC_SANDBOX && !options->real.own_images)
        r = open_twins(s, err);
    if (r == 0)
        r = new_machine(s, err);
    if (r < 0) {
        builtin_close(s);
        return r;
    }
    *session = s;
    return 0;
}

static int open_twins(struct session *s, struct err *err)
{
    struct engine_options beside = s->options;
    beside.exec = EXEC_MODEL;
    beside.listener = NULL;
    int r = builtin_open(&beside, &s->model, err);
    if (r < 0)
        return r;
    s->twins = twins_new(s->options.bases, s->folder, ARCHIVE_OCI_DIR);
    s->options.bases = twins_source(s->twins);
    return twins_new_machine(s->twins, err);
}

static int builtin_fresh_machine(void *session, struct err *err)
{
    struct session *s = session;
    drop_machine(s);
    int r = s->model != NULL ? builtin_fresh_machine(s->model, err) : 0;
    return r == 0 ? new_machine(s, err) : r;
}

/* ---- builds -----------------------------------------------------------------------
 */

static int compare_chains(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct digest));
}

/* Each once, when the list is full: builds that go to and fro make it no longer. */
static void remember_chain(struct session *s)
{
    if (s->chain_count != 0 && s->chain_count == s->chain_cap) {
        size_t kept = 1;
        qsort(s->chains, s->chain_count, sizeof *s->chains, compare_chains);
        for (size_t i = 1; i < s->chain_count; i++)
            if (!digest_equal(&s->chains[kept - 1], &s->chains[i]))
                s->chains[kept++] = s->chains[i];
        s->chain_count = kept;
        GROW(s->chains, s->chain_cap, kept * 2);
    }
    GROW(s->chains, s->chain_cap, s->chain_count + 1);
    s->chains[s->chain_count++] = s->result.chain;
}

/*
 * A machine keeps the results of many steps, not of any number: a scenario that goes on
 * for a million builds takes no more memory than one of a few thousand. A builder's own
 * garbage collection does the same.
 */
enum { RESULTS_MOST = 20000, RESULTS_KEPT = 10000 };

static int keep_small(struct session *s, struct err *err)
{
    for (unsigned i = 0; i < s->result.step_count; i++)
        s->ran += s->result.steps[i].status == STEP_RAN;
    if (s->folder != NULL || s->ran < RESULTS_MOST)
        return 0;
    static const struct prune_options options = {.keep_records = RESULTS_KEPT};
    int r = store_prune(s->store, &options, NULL, NULL, err);
    s->ran = RESULTS_KEPT;
    size_t kept = 0;
    for (size_t i = 0; r == 0 && i < s->chain_count; i++) {
        struct digest *layers = NULL;
        size_t count;
        if (store_chain_layers(s->store, &s->chains[i], &layers, &count, NULL) == 0)
            s->chains[kept++] = s->chains[i];
        free(layers);
    }
    s->chain_count = r == 0 ? kept : s->chain_count;
    return r;
}

static int run_measured(struct session *s, const struct build_options *options,
                        struct err *err)
{
    struct usage begun = {0};
    if (s->options.usage)
        usage_read(s->exec.owned, &begun);
    int r = build_run(options, &s->result, err);
    if (!s->options.usage)
        return r;
    usage_read(s->exec.owned, &s->usage);
    s->usage.cpu -= begun.cpu;
    s->usage.waited = fmax(s->usage.waited - begun.waited, 0);
    return r;
}

static int builtin_build(void *session, struct workspace *ws,
                         const struct script_build *build,
                         const struct build_result **out, struct err *err);

/* The plan of the model's outcome, as a build argument of its own. */
static int predict(struct session *s, struct workspace *ws,
                   const struct script_build *build, const struct buf *text,
                   struct strv *args, struct err *err)
{
    struct err ignored = ERR_INIT; /* the sandbox has to fail as well */
    const struct build_result *result = NULL;
    struct dockerfile *df = NULL;
    AUTO_BUF plan = BUF_INIT;
    s->predicted = NULL;
    strv_copy(args, &build->build_args);
    if (s->model == NULL || build->plan_only)
        return 0;
    int r = builtin_build(s->model, ws, build, &result, &ignored);
    if (r == 0)
        s->predicted = result;
    r = dockerfile_parse("Dockerfile", buf_str(text), text->len, &df, err);
    if (r == 0)
        r = twin_plan(engine_builtin_store(s->model), df, result,
                      s->options.real.time_scale, &plan, err);
    if (r == 0)
        strv_take(args, xasprintf("FTP_PROXY=%s", plan.data));
    dockerfile_free(df);
    return r;
}

static int builtin_build(void *session, struct workspace *ws,
                         const struct script_build *build,
                         const struct build_result **out, struct err *err)
{
    struct session *s = session;
    AUTO_BUF text = BUF_INIT;
    build_result_free(&s->result);
    memset(&s->result, 0, sizeof s->result);
    *out = &s->result;
    struct strv args = STRV_INIT;
    int r = engine_dockerfile(ws, &text, err);
    if (r == 0)
        r = predict(s, ws, build, &text, &args, err);
    if (r < 0) {
        strv_free(&args);
        return r;
    }
    struct build_context context = {.files = workspace_tree(ws)};
    struct build_options options = BUILD_OPTIONS_INIT;
    options.contexts = &context;
    options.context_count = 1;
    options.dockerfile_text = buf_str(&text);
    options.dockerfile_len = text.len;
    options.target = build->target;
    options.build_args = &args;
    options.no_cache = build->no_cache;
    options.no_cache_filter = &build->no_cache_filter;
    options.plan_only = build->plan_only;
    options.no_record = build->plan_only;
    options.semantics = s->options.semantics;
    options.jobs = s->options.exec == EXEC_MODEL ? 1 : 0;
    options.network = "none";
    options.now_s = WORKSPACE_EPOCH; /* fixed: equal images on every machine and day */
    options.offline = true;          /* a scenario reaches for nothing outside */
    options.memo = s->plans;
    options.store = s->store;
    options.bases = s->options.bases;
    options.executor = s->exec.executor;
    options.listener = s->options.listener;
    options.listener_payload = s->options.listener_payload;
    r = run_measured(s, &options, err);
    strv_free(&args);
    if (r == 0 && !build->plan_only) {
        remember_chain(s);
        r = keep_small(s, err);
    }
    return r;
}

static int builtin_prune(void *session, const struct prune_options *options,
                         struct err *err)
{
    uint64_t freed, records;
    return store_prune(((struct session *)session)->store, options, &freed, &records,
                       err);
}

/* What is missing comes over the modelled network; shared layers are here already. */
static int builtin_pull(void *session, const char *image, uint64_t *ms, uint64_t *bytes,
                        struct err *err)
{
    struct session *s = session;
    const struct base_source *bases = s->options.bases;
    struct base_image base = {0};
    int r = bases->resolve(bases->self, s->store, image, &base, err);
    *bytes = 0;
    for (size_t i = 0; i < base.layer_count && r == 0; i++) {
        if (store_layer_has(s->store, &base.layers[i].diff_id))
            continue;
        r = bases->fetch(bases->self, s->store, image, i, err);
        *bytes += base.layers[i].size;
    }
    *ms = build_fetch_ms(*bytes);
    base_image_free(&base);
    /* A twin is small; the virtual clock knows what the modelled image costs. */
    return r == 0 && s->model != NULL ? builtin_pull(s->model, image, ms, bytes, err)
                                      : r;
}

static int builtin_cache_to(void *session, const char *name, bool all, struct err *err)
{
    struct session *s = session;
    struct store *cache = map_get(s->caches, name);
    if (cache == NULL) {
        int r = new_store(s, &cache, err);
        if (r < 0)
            return r;
        map_put(s->caches, name, cache);
    }
    return store_copy_cache(s->store, cache, all, s->chains, s->chain_count, err);
}

/* A cache nobody wrote yet is no error: a pipeline's first run has none. */
static int builtin_cache_from(void *session, const char *name, struct err *err)
{
    struct session *s = session;
    struct store *cache = map_get(s->caches, name);
    return cache != NULL ? store_copy_cache(cache, s->store, true, NULL, 0, err) : 0;
}

static const struct build_result *builtin_predicted(void *session)
{
    return ((struct session *)session)->predicted;
}

static const struct usage *builtin_usage(void *session)
{
    return &((struct session *)session)->usage;
}

struct store *engine_builtin_store(void *session)
{
    return ((struct session *)session)->store;
}

const struct engine engine_builtin = {
    .name = "builtin",
    .open = builtin_open,
    .close = builtin_close,
    .build = builtin_build,
    .prune = builtin_prune,
    .pull = builtin_pull,
    .fresh_machine = builtin_fresh_machine,
    .cache_to = builtin_cache_to,
    .cache_from = builtin_cache_from,
    .predicted = builtin_predicted,
    .usage = builtin_usage,
};
