/* SPDX-License-Identifier: MIT */
/*
 * The scenario language: a sandboxed Lua state that holds scenarios, command models and
 * modelled base images (contract section 2). lua/ drives a scenario; what it asks for
 * (builds, prunes, pulls) goes through struct script_host, which bench/ implements, so
 * that lua/ knows nothing of engines and reports.
 */
#ifndef LUA_SCRIPT_H
#define LUA_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/build/build.h"
#include "sim/context/workspace.h"
#include "sim/exec/model.h"

struct script;

struct script_options {
    uint64_t memory_limit;      /* bytes of the Lua heap; 0: 256 MiB */
    uint64_t instruction_limit; /* Lua VM instructions a callback may take; 0: 1e9 */
    void (*log)(void *payload, const char *line); /* what print() says; may be NULL */
    void *log_payload;
};
#define SCRIPT_OPTIONS_INIT                                                            \
    {                                                                                  \
        0                                                                              \
    }

/* A state with the stock models and base images loaded and no scenario. */
int script_new(const struct script_options *options, struct script **out,
               struct err *err);
void script_free(struct script *script); /* NULL is legal */

/* Runs a scenario file, which declares one scenario or more (a scan declares one for
 * each of its points). Models and bases declared
 * in a file count for that file's scenarios only. Errors: ERR_INPUT "FILE:LINE:
 * message" with a traceback in the hint. */
int script_load(struct script *script, const char *path, struct err *err);
/* The same with the file's text at hand: `path` names it in errors, and what the text
 * calls beside it is looked for there. */
int script_load_text(struct script *script, const char *path, const char *text,
                     size_t len, struct err *err);

struct script_variant {
    const char *name;
    const char *dockerfile; /* its text at the start */
};
/* Where on its axes a scenario of a scan stands. */
struct script_axis {
    const char *name;
    double value; /* positive */
};
struct script_scenario {
    const char *name, *lesson; /* lesson "" if none */
    const char *scan;          /* name of the scan this is one point of; NULL: none */
    const struct script_axis *point; /* sorted by name */
    size_t point_len;
    const char *file;
    unsigned line;
    const struct script_variant *variants; /* sorted by name */
    size_t variant_count;
    bool has_expect;
};
size_t script_scenario_count(const struct script *script);
/* Borrowed from the script. */
const struct script_scenario *script_scenario(const struct script *script, size_t i);
/* Text of the file that declared it; borrowed. */
const char *script_text(const struct script *script, size_t scenario);

/* Options of b:build(label, {…}). */
struct script_build {
    const char *label; /* "": in no report */
    struct strv build_args;
    struct strv no_cache_filter;
    const char *target; /* NULL: last stage */
    bool no_cache;
    bool plan_only; /* b:plan() */
};

/* What a scenario asks of its surroundings, for the variant that is running. Every call
 * returns 0 or a negative code with err set; the scenario then sees a Lua error. */
struct script_host {
    void *self;
    /* *out is borrowed until the next call. A step that fails is ERR_FAILED with *out
     * holding the steps so far. */
    int (*build)(void *self, struct workspace *ws, const struct script_build *build,
                 const struct build_result **out, struct err *err);
    int (*prune)(void *self, const struct prune_options *options, struct err *err);
    /* Fetches an image; *ms and *bytes what that cost on the virtual clock. */
    int (*pull)(void *self, const char *image, uint64_t *ms, uint64_t *bytes,
                struct err *err);
    int (*fresh_machine)(void *self, struct err *err);
    int (*cache_to)(void *self, const char *name, bool all, struct err *err);
    int (*cache_from)(void *self, const char *name, struct err *err);
};

/* Runs `steps` of a scenario for one variant. The results of its builds are kept for
 * script_expect until the scenario is run again for that variant. Errors name the
 * scenario's file and line. */
int script_run_variant(struct script *script, size_t scenario, size_t variant,
                       const struct script_host *host, struct err *err);

/* Runs `expect` over the kept results. Every check() is reported in order; an error in
 * the function itself is a negative code. */
struct script_check {
    char *message;
    bool ok;
    unsigned line; /* in the scenario's file */
};
int script_expect(struct script *script, size_t scenario, struct script_check **out,
                  size_t *len, struct err *err);
void script_checks_free(struct script_check *checks, size_t len);

/* The models and modelled base images in force for a scenario, or the stock ones for
 * SCRIPT_STOCK; borrowed from the script. */
#define SCRIPT_STOCK SIZE_MAX
const struct model_source *script_models(struct script *script, size_t scenario);
const struct base_source *script_bases(struct script *script, size_t scenario);

#endif
