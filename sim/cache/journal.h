/* SPDX-License-Identifier: MIT */
/*
 * What a build leaves behind so that the next one can say why a step ran: for each step
 * its text, its key and the named parts the key was made of. Lists of selected files
 * are kept apart (selection_manifest), shared between builds where equal.
 */
#ifndef SIM_CACHE_JOURNAL_H
#define SIM_CACHE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/cache/inputs.h"

struct journal_step {
    const char *stage, *word, *text; /* borrowed from the journal or the caller */
    const char *base;                /* FROM: "name chain"; else "" */
    bool has_key, has_content;
    struct digest key;
    struct digest content;  /* digest of what was selected */
    struct digest manifest; /* object that lists it; zero: none */
    const struct input *inputs;
    size_t input_count;
};

struct journal {
    struct journal_step *steps;
    size_t len;
    struct journal_memory *memory;
};

/* Appends the encoded steps to out. */
void journal_encode(const struct journal_step *steps, size_t len, struct buf *out);
/* ERR_FAILED for damaged bytes. The caller frees with journal_free. */
int journal_decode(const char *data, size_t len, struct journal **out, struct err *err);
void journal_free(struct journal *j); /* NULL is legal */

/* For each new step the old step it corresponds to, or -1: equal text first (longest
 * common subsequence within a stage), then steps of one kind in the same gap. `aligned`
 * has room for new_len. */
void journal_align(const struct journal_step *now, size_t new_len,
                   const struct journal *before, long *aligned);

/* Compares one step with its counterpart. Returns NULL where their own parts are equal:
 * the step follows from its parent. `load` gets a manifest's bytes. */
struct journal_source {
    void *self;
    int (*load)(void *self, const struct digest *id, struct buf *out, struct err *err);
};
struct miss *journal_compare(const struct journal_step *now,
                             const struct journal_step *before,
                             const char *now_manifest, size_t now_len,
                             const struct journal_source *source);

#endif
