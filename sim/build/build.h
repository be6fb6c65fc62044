/* SPDX-License-Identifier: MIT */
/*
 * The driver of a build: plan, look-up, execution, image; reports by events. One struct
 * build_options in, one struct build_result out. The events are those of contract 1.1.
 */
#ifndef SIM_BUILD_BUILD_H
#define SIM_BUILD_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/cache/miss.h"
#include "sim/exec/exec.h"
#include "sim/image/config.h"
#include "sim/plan/plan.h"
#include "sim/store/store.h"
#include "sim/tree/tree.h"

/* ---- where base images come from ---- */

struct base_layer {
    struct digest diff_id;
    uint64_t size; /* content bytes */
};
struct base_image {
    struct image_config *config; /* owned */
    struct base_layer *layers;   /* owned, lowest first */
    size_t layer_count;
};
void base_image_free(struct base_image *base); /* the members */

struct base_source {
    void *self;
    /* Config and layers of an image by name, nothing fetched. ERR_NOT_FOUND if the
     * source does not know it. */
    int (*resolve)(void *self, struct store *store, const char *name,
                   struct base_image *out, struct err *err);
    /* Puts one layer into the store. */
    int (*fetch)(void *self, struct store *store, const char *name, size_t layer,
                 struct err *err);
};
/* Modelled bandwidth of a fetch: 96 ms a megabyte (125 MB in 12 s, contract 3). */
uint64_t build_fetch_ms(uint64_t bytes);

/* ---- options ---- */

struct build_context {        /* the main context, or one of --build-context */
    const char *name;         /* NULL: the main one */
    const char *dir;          /* a host folder, or NULL: */
    const struct tree *files; /* a folder in memory, with digests, ignore rules not yet
                                 applied; borrowed */
};

struct build_secret {
    const char *id;
    const void *data;
    size_t len;
};

struct build_memo;
struct build_event;
typedef void build_listener(void *payload, const struct build_event *event);

struct build_options {
    const struct build_context *contexts; /* [0] is the main one */
    size_t context_count;
    /* Dockerfile: text in memory with the name for messages; or text NULL: a file. */
    const char *dockerfile;      /* path; NULL: "Dockerfile" in the context */
    const char *dockerfile_text; /* NULL: read the file */
    size_t dockerfile_len;
    const char *target;            /* stage name or number, NULL: the last */
    const char *tag;               /* name for the image, NULL: none */
    const struct strv *build_args; /* "NAME=value" or "NAME" */
    bool no_cache;
    const struct strv *no_cache_filter; /* stage names */
    enum semantics semantics;
    unsigned jobs;       /* stages at once; 0: number of processors, at least 4 */
    const char *network; /* of RUN without --network: "none" (default) or "host" */
    bool allow_insecure;
    const struct build_secret *secrets;
    size_t secret_count;
    const char *ssh_socket;        /* NULL: none */
    const struct exec_host *hosts; /* --add-host */
    size_t host_count;
    int64_t source_date_epoch; /* negative: none */
    int64_t now_s;             /* "created" of the image and its history */
    const char *against; /* build to compare misses with; NULL: last of the same name */
    bool offline;        /* ADD of URLs and repositories is refused: scenarios */
    bool plan_only;      /* predict, do not build */
    bool pull; /* resolve FROM anew even if an image of that name is in the store */
    bool no_record; /* do not leave a build record (plan, benchmarks) */

    struct build_memo *memo; /* sim/build/memo.h; may be NULL */
    struct store *store;
    const struct base_source *bases;
    const struct executor *executor;
    build_listener *listener; /* may be NULL; called from one thread at a time */
    void *listener_payload;
};
#define BUILD_OPTIONS_INIT                                                             \
    {                                                                                  \
        .source_date_epoch = -1                                                        \
    }

/* ---- outcome
 * -------------------------------------------------------------------------- */

enum step_status { STEP_CACHED, STEP_RAN, STEP_META, STEP_DEPENDS /* plan only */ };

struct build_step {
    unsigned index, total; /* from 1 */
    const char *stage;     /* AS name, else its number */
    unsigned line;
    const char *instruction; /* as written, continuations joined by one space */
    const char *word;        /* "FROM", "RUN", … */
    enum step_status status;
    bool has_key;
    struct digest key;
    bool has_layer;
    struct digest diff_id;
    uint64_t size;
    bool modelled;
    const char *base_name; /* FROM: name as resolved, else NULL */
    unsigned base_layers;
    uint64_t base_size;
    uint64_t fetched_bytes;
    bool has_virtual;
    uint64_t virtual_ms;
    uint64_t start_ms; /* STEP_RAN: when it began on the virtual clock of the build */
    double wall_s;
    struct miss *miss; /* with STEP_RAN, else NULL */
    /* STEP_DEPENDS: the step whose output is not known (its own index: an image that is
     * not here); else 0. In a plan the seconds are those of the last run; cost_known
     * tells whether there was one. */
    unsigned depends_on;
    bool cost_known;
};

enum build_event_kind {
    BUILD_EVENT_BEGIN,      /* plan made: `result` has total, names; no step yet */
    BUILD_EVENT_STEP_START, /* `step`: it misses and is about to run */
    BUILD_EVENT_OUTPUT,     /* `data`: output of the running step */
    BUILD_EVENT_PROGRESS,   /* `done` of `total_bytes` in the running step */
    BUILD_EVENT_STEP,    /* `step`: finished (or cached, meta), in the order of the file
                            unless stages run in parallel */
    BUILD_EVENT_WARNING, /* `data` */
};

struct build_event {
    enum build_event_kind kind;
    const struct build_step *step;
    const struct build_result *result;
    int stream; /* OUTPUT: 1 or 2 */
    const char *data;
    size_t len;
    uint64_t done, total_bytes;
};

struct build_result {
    struct build_step
        *steps; /* every step of every needed stage, in the order of the file */
    unsigned step_count;
    struct digest image_id;
    struct digest chain; /* of its layers; zero: it has none */
    char *image_name;    /* normalised tag, NULL if none */
    char *config_json;
    struct base_layer *layers; /* of the image, lowest first */
    size_t layer_count;
    uint64_t size; /* sum of the layers */
    bool has_virtual;
    uint64_t virtual_ms; /* critical path over stages that run in parallel */
    double wall_s;
    int64_t build_number; /* in the store, 0 if not recorded */
    struct arena *arena;  /* owns the strings of the steps */
};

/* Runs a build. On failure *out is still filled with the steps so far (and freed by the
 * caller), the image is not stored, earlier steps stay cached. */
int build_run(const struct build_options *options, struct build_result *out,
              struct err *err);
void build_result_free(struct build_result *result); /* the members */

#endif
