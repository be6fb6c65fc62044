/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/build/: the graph of a build while it is solved. A vertex is a step
 * that has a key: a base image, a RUN, COPY, ADD or WORKDIR; under the linear semantics
 * also the lines that change the config only.
 */
#ifndef SIM_BUILD_GRAPH_H
#define SIM_BUILD_GRAPH_H

#include <pthread.h>

#include "sim/base/mem.h"
#include "sim/build/build.h"
#include "sim/build/memo.h"
#include "sim/cache/inputs.h"
#include "sim/cache/journal.h"
#include "sim/cache/manifest.h"
#include "sim/cache/selection.h"

enum vertex_kind { VERTEX_BASE, VERTEX_WORK, VERTEX_CONFIG };

/* The layers of a root filesystem with a view over them. */
struct stack {
    struct view *view;
    struct layer **layers;
    struct digest *ids;
    size_t len, cap;
};

struct source {        /* one source word with the files it is looked up in */
    struct view *view; /* owned by the step's sources */
    const char *word;
    bool remote; /* fetched for ADD */
};
struct sources {
    struct source *items;
    size_t len, cap;
    struct view **views;
    size_t view_count, view_cap;
    struct tree **trees; /* made for this step: inline files, what was fetched */
    size_t tree_count, tree_cap;
    struct stack *stacks; /* stages and images */
    size_t stack_count, stack_cap;
};

struct vertex {
    enum vertex_kind kind;
    const struct plan_step *step;
    unsigned position;     /* in plan.steps */
    struct vertex *parent; /* what its root filesystem comes from; NULL: scratch */
    struct base_ref *base; /* VERTEX_BASE */
    bool no_cache;         /* asked to run whatever is stored */

    struct inputs inputs;
    struct digest operation;
    bool has_key, has_fast, content_known;
    struct digest fast, key;
    struct digest chain_key; /* what the next step is keyed on: key, but for --link */
    struct selection selection;
    struct sources sources;

    bool has_record;
    struct record record;
    bool done; /* chain is known */
    struct digest chain, layer;
    bool has_layer, modelled;
    uint64_t size;
    int64_t created_s;

    enum step_status status;
    bool running;
    bool settled; /* status and figures are final */
    uint64_t virtual_ms, finish_ms;
    uint64_t fetched_bytes;
    double wall_s;
    struct miss *miss;
    bool cost_known;     /* prediction */
    unsigned depends_on; /* prediction: index of the step it hangs on; 0: none */
    const struct digest
        *layers; /* prediction: all below the result, if that is known */
    size_t layer_count;
};

enum progress { PROGRESS_NONE, PROGRESS_BUSY, PROGRESS_DONE };

struct stage_work {
    struct vertex *tip;    /* last vertex, NULL: scratch and nothing on it */
    struct vertex **chain; /* vertices of this stage alone, in order */
    size_t chain_len;
    enum progress keys, results;
    struct stack stack;        /* as the step that ran last left it; view NULL: none */
    struct digest stack_chain; /* of its layers */
    bool tainted;              /* holds steps run by --no-cache, or stands on some */
};

struct base_ref {
    char *name;
    unsigned line;
    struct base_image image;
    struct digest chain;
    struct buf config_json;
};

/* What the text of a Dockerfile comes to: the parts of a build that another one of the
 * same text and options can go on with (memo.c). */
struct operation {
    struct inputs inputs;
    struct digest digest; /* zero: not made yet */
};
struct planned {
    struct dockerfile *dockerfile;
    struct plan *plan;
    struct base_ref *bases;
    size_t base_count, base_cap;
    struct operation *operations; /* one a step of the plan */
};

struct build {
    const struct build_options *options;
    struct build_result *result;
    struct arena arena;
    char *dockerfile_name;
    struct buf dockerfile_text;
    struct dockerfile *dockerfile;
    struct plan *plan;
    struct base_ref *bases;
    size_t base_count, base_cap;
    const char **context_names;
    struct tree **context_trees; /* owned; NULL: not scanned, or borrowed: */
    const struct tree **context_files;
    struct plan_words hosts;
    char epoch_text[24];

    struct operation *operations; /* kept ones, until the vertices have them */
    struct buf memo_key;          /* of the plan; empty: it is not to be kept */

    struct vertex *vertices; /* one a plan step; kind CONFIG without key: unused */
    struct stage_work *stages;
    struct digester *digester;
    struct journal now;     /* what this build leaves, as far as it is known */
    struct journal *before; /* the build that misses are compared with; NULL: none */
    long *aligned;          /* for each plan step: index in before, or -1 */
    struct manifest **manifests; /* one a step: the files it selects, once listed */
    struct miss **misses;        /* one a step, borrowed from the vertices */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned jobs, running;
    bool failed;
    struct err err;
    unsigned emitted; /* steps whose final event went out */
    uint64_t started_ns;
};

/* load.c: Dockerfile text, ignore rules, contexts. Without a plan from the memo the
 * text is parsed. */
int build_load_dockerfile(struct build *b, struct err *err);
/* Scans what the plan's steps name in each context. */
int build_scan_contexts(struct build *b, struct err *err);
/* bases.c: finds or resolves an image by name. */
int build_find_base(void *build, const char *name, unsigned line,
                    const struct image_config **config, unsigned *index,
                    struct err *err);
/* Layers that are not here are fetched at v's expense. */
int build_fetch_base(struct build *b, const struct base_ref *base, struct vertex *v,
                     struct digest *chain, struct err *err);
bool build_base_is_here(struct build *b, const struct base_ref *base);

void base_refs_free(struct base_ref *bases, size_t count);

/* memo.c. The key says all that a plan and the operations depend on, but for the base
 * images. */
void memo_key(const struct build *b, const char *text, size_t len, struct buf *key);
/* False if it holds no such plan; else it is the caller's. */
bool memo_take(struct build_memo *memo, const struct buf *key, struct planned *out);
/* Takes key and plan. */
void memo_give(struct build_memo *memo, struct buf *key, struct planned *planned);
void planned_free(struct planned *planned); /* the members */

/* sources.c: files that a step reads. */
int sources_of_copy(struct build *b, struct vertex *v, struct err *err);
/* A view of a stage's result, an image (fetched at v's expense) or a context; v owns
 * it. */
int sources_view(struct build *b, struct vertex *v, const struct plan_source *from,
                 struct view **out, struct err *err);
void sources_free(struct sources *s);
/* The n-th thing a step reads content from (COPY's source, bind mounts); NULL: no more.
 */
const struct plan_source *sources_nth(const struct plan_step *step, size_t n);

/* keys.c: with the lock held. */
int keys_of_stage(struct build *b, unsigned stage, bool may_run, struct err *err);
/* One step's key, as far as nothing need run for it. */
int keys_of_vertex(struct build *b, struct vertex *v, struct err *err);
/* The key by what the step selects; all it reads is there. */
int keys_by_content(struct build *b, struct vertex *v, struct err *err);
/* The key of a COPY --link whatever it stands on; all it reads is there. */
int keys_of_linked(struct build *b, struct vertex *v, struct digest *out,
                   struct err *err);
/* Looks up what a step that must run selects, unless that is known. */
int keys_need_content(struct build *b, struct vertex *v, struct err *err);

/* mtime of what COPY, WORKDIR and modelled commands make: never the time of the run, so
 * that equal input gives equal layers on every machine and day. Seconds since 1970. */
int64_t build_made_s(const struct build *b);

/* solve.c */
int solve_stage(struct build *b, unsigned stage, struct err *err);
/* Marks a step's figures final and sends the events that are due. */
void solve_settle(struct build *b, struct vertex *v);
void solve_emit(struct build *b, bool all);

/* predict.c: fills in what would become of each step; the store stays as it is. */
int predict_build(struct build *b, struct err *err);

/* steps.c: runs one vertex; the lock is held on entry and exit, not meanwhile. */
int step_run(struct build *b, struct vertex *v, struct err *err);
/* What a COPY or WORKDIR costs on the virtual clock, by what it selects. */
uint64_t step_modelled_ms(const struct vertex *v);
/* The layers under a vertex with a new view; the caller closes it. */
int stack_open(struct build *b, const struct digest *chain, struct stack *out,
               struct err *err);
int stack_open_layers(struct build *b, const struct digest *ids, size_t len,
                      struct stack *out, struct err *err);
void stack_close(struct stack *stack);
/* Lays one more layer on it; takes the reference. */
void stack_add(struct stack *stack, struct layer *layer);

/* copy.c: puts what was selected into the view; *bytes gets the content copied. */
int copy_apply(struct build *b, struct vertex *v, struct view *root, uint64_t *bytes,
               struct err *err);
/* mode.c: the mode after --chmod=TEXT; octal, or words as of chmod(1). */
uint32_t chmod_apply(const char *text, uint32_t mode, bool folder);
/* owner.c: "user[:group]" of --chown or a WORKDIR's USER, by the image's own
 * /etc/passwd and /etc/group. */
struct owner {
    uint32_t uid, gid;
};
int owner_of_files(const struct build *b, const struct vertex *v, struct view *root,
                   const char *text, struct owner *out, struct err *err);

/* run.c */
int run_command(struct build *b, struct vertex *v, struct stack *stack,
                uint64_t *virtual_ms, void **handle, struct err *err);

/* misses.c */
/* ERR_INPUT: the build to compare with is named in the options and not recorded. */
int misses_load(struct build *b, struct err *err);
void misses_explain(struct build *b, struct vertex *v);
/* Prediction: what the step cost when it ran last, as far as that is known. */
void misses_expect_cost(struct build *b, struct vertex *v);
/* DiffID of the layer this step made in the build that misses are compared with; false
 * if there is none. */
bool misses_former_layer(const struct build *b, const struct vertex *v,
                         struct digest *out);
void misses_free(struct build *b);
int misses_store(struct build *b, struct err *err);

/* finish.c: config, history, image, result. */
int finish_image(struct build *b, struct err *err);
void finish_result(struct build *b);

#endif
