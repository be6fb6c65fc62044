/* SPDX-License-Identifier: MIT */
/*
 * What builds the scenarios: our own builder, and real ones. A session is one variant's
 * machine: it begins with an empty store and ends with nothing left behind but what a
 * real builder keeps in its cache.
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include "bench/exec_choice.h"
#include "bench/usage.h"
#include "lua/script.h"
#include "sim/base/err.h"
#include "sim/build/build.h"
#include "sim/store/store.h"

/* For whatever really runs commands. */
struct real_options {
    unsigned timeout_ms; /* a build may take so long; 0: for ever */
    double time_scale;   /* seconds a twin's RUN takes for each on the virtual clock */
    bool own_images;     /* no twins: FROM is what the builder has or fetches */
};

struct engine_options {
    const struct model_source *models; /* borrowed, like all here */
    const struct base_source *bases;
    struct layer_memo *memo;
    enum exec_kind exec;
    enum semantics semantics;
    bool usage; /* asked for afterwards: a virtual build is shorter than to ask */
    build_listener *listener; /* hears every build of the session */
    void *listener_payload;
    struct real_options real;
};

struct engine {
    const char *name; /* as --engine and results.json spell it */
    int (*open)(const struct engine_options *options, void **session, struct err *err);
    void (*close)(void *session); /* NULL is legal */
    /* As in struct script_host, with the session in the place of self. */
    int (*build)(void *session, struct workspace *ws, const struct script_build *build,
                 const struct build_result **out, struct err *err);
    int (*prune)(void *session, const struct prune_options *options, struct err *err);
    int (*pull)(void *session, const char *image, uint64_t *ms, uint64_t *bytes,
                struct err *err);
    int (*fresh_machine)(void *session, struct err *err);
    int (*cache_to)(void *session, const char *name, bool all, struct err *err);
    int (*cache_from)(void *session, const char *name, struct err *err);
    /* With twins, what the model said of the last build: that is what the scenario is
     * told, so that it does the same on every engine. NULL without twins, and where the
     * model failed. */
    const struct build_result *(*predicted)(void *session);
    /* What the last build had of the processors, with engine_options.usage; NULL for an
     * engine whose work is done by a daemon. */
    const struct usage *(*usage)(void *session);
};

/* ERR_INPUT for an unknown word; ERR_ENVIRONMENT for an engine that is not to be had
 * here, with what to do about it. */
int engine_find(const char *name, const struct engine **out, struct err *err);
extern const struct engine engine_builtin;
/* The store of a session of the built-in engine. */
struct store *engine_builtin_store(void *session);

/* The program and version that a real engine's name stands for here, NULL if it is not
 * to be had; the caller frees. */
char *engine_version(const char *name);

/* The Dockerfile of a workspace; ERR_INPUT if it has none. Appends to out. */
int engine_dockerfile(struct workspace *ws, struct buf *out, struct err *err);

#endif
