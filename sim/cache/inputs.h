/* SPDX-License-Identifier: MIT */
/*
 * What a step's cache key is made of, as a list of named parts: hashed for the key,
 * kept for `explain`. One list serves both, so whatever changes a key can be named.
 *
 * The rules are cache-semantics 0 and 1 for BuildKit, and the linear model of the
 * classic builder and buildah (one record text a line on top of the parent's key).
 */
#ifndef SIM_CACHE_INPUTS_H
#define SIM_CACHE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/cache/miss.h"
#include "sim/cache/selection.h"
#include "sim/plan/plan.h"

enum input_kind {
    INPUT_TEXT,  /* what the instruction says: name "argv", "source", "dest", … */
    INPUT_SHELL, /* a word of SHELL in front of the command */
    INPUT_FLAG,  /* a flag: name "--chown", … */
    INPUT_ENV,   /* a variable of the environment */
    INPUT_ARG,
    INPUT_USER,
    INPUT_WORKDIR,
    INPUT_OPTION, /* of the command line: SOURCE_DATE_EPOCH, --add-host names */
    INPUT_USED,   /* a variable the text expands: not hashed, it explains the text */
};

struct input {
    enum input_kind kind;
    const char *name, *value; /* borrowed from the plan, or owned by the list */
};

struct inputs {
    struct input *items;
    size_t len, cap;
    struct strv owned;
};

struct inputs_options {
    enum semantics semantics;
    const struct plan_words *hosts; /* names of --add-host */
    const char *source_date_epoch;  /* text, NULL: none */
};

/* Whether the step is a vertex of the graph: whether it has a key of its own. */
bool inputs_has_key(const struct plan_step *step, enum semantics semantics);
/* Whether it can be looked up in the cache and run. */
bool inputs_is_work(const struct plan_step *step);
/* Appends the parts of one step, in the order that counts. */
void inputs_of_step(const struct plan_step *step, const struct inputs_options *options,
                    struct inputs *out);
void inputs_free(struct inputs *in); /* the members */

/* Own parts only: the digest of the operation (not of its inputs). */
void inputs_digest(const struct inputs *in, struct digester *d, struct digest *out);
/* Key of a step: its operation, its parent's key (NULL: none) and the digest of what it
 * selects (NULL: nothing). `tag` keeps definition keys ("fast") and content keys
 * ("key") apart. */
void key_of_step(const char *tag, const struct digest *operation,
                 const struct digest *parent, const struct digest *content,
                 struct digester *d, struct digest *out);
/* Key of a base image: chain ID of its layers (BuildKit), or also its config (linear).
 */
void key_of_base(enum semantics semantics, const struct digest *chain,
                 const char *config_json, struct digester *d, struct digest *out);

#endif
