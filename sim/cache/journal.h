/* SPDX-License-Identifier: MIT */
/*
 * What a build leaves behind so that a later one, or `explain`, can say why a step ran:
 * for each step its text, its key, the named parts the key was made of, what it stands
 * on and what became of it. Lists of selected files are kept apart (manifest.h).
 */
#ifndef SIM_CACHE_JOURNAL_H
#define SIM_CACHE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/cache/inputs.h"

enum journal_status { JOURNAL_REUSED, JOURNAL_RAN, JOURNAL_CONFIG };

struct journal_step {
    const char *stage, *word, *text; /* borrowed from the journal or the caller */
    const char *base;                /* image FROM: "name chain[ config]"; else "" */
    unsigned line;
    enum journal_status status;
    bool no_cache; /* was asked to run */
    bool linked;   /* its key does not stand on its parent's (COPY --link) */
    bool has_key, has_content;
    struct digest key;
    struct digest content;  /* digest of what was selected */
    struct digest manifest; /* object that lists it; zero: none */
    unsigned parent;        /* index of the step its root filesystem is of; 0: none */
    const unsigned *reads;  /* indices of the last steps of stages it reads from */
    size_t read_count;
    long context;               /* which of the build's contexts it reads; -1: none */
    const char *const *sources; /* words that select files, expanded */
    size_t source_count;
    const struct input *inputs;
    size_t input_count;
    const struct input *sets; /* what an ENV or ARG changes; a RUN's shell */
    size_t set_count;
    uint64_t virtual_ms, wall_ns, size; /* UINT64_MAX: not on that clock */
};

struct journal_ignore { /* ignore file of a context; name "": there is none */
    const char *name, *text;
};

struct journal {
    struct journal_step *steps; /* [i] has index i + 1 */
    size_t len;
    const char *dockerfile, *target; /* as given; target "": the last stage */
    const char *folder;              /* of the main context, absolute; "": in memory */
    enum semantics semantics;
    int64_t against;   /* number of the build its misses were named against; 0: none */
    int64_t created_s; /* since 1970 */
    struct journal_ignore *ignores; /* one a context */
    size_t ignore_count;
    struct journal_memory *memory; /* owns the above after journal_decode; else NULL */
};

/* Appends the encoded journal to out. */
void journal_encode(const struct journal *j, struct buf *out);
/* ERR_FAILED for damaged bytes. The caller frees with journal_free. */
int journal_decode(const char *data, size_t len, struct journal **out, struct err *err);
void journal_free(struct journal *j); /* NULL is legal */

/* For each new step the old step it corresponds to, or -1: the pairing, in order within
 * a stage, that keeps most of the text. `aligned` has room for now->len. */
void journal_align(const struct journal *now, const struct journal *before,
                   long *aligned);

#endif
