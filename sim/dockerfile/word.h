/* SPDX-License-Identifier: MIT */
/*
 * Variable expansion and quote removal of Dockerfile words: cache-semantics section 5,
 * the whole table of forms, with Docker's error texts in meaning.
 */
#ifndef SIM_DOCKERFILE_WORD_H
#define SIM_DOCKERFILE_WORD_H

#include <stdbool.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"

struct word_options {
    char escape; /* the Dockerfile's escape character */
    /* Value of a variable, NULL if unset; borrowed. */
    const char *(*lookup)(void *payload, const char *name);
    void *payload;
    bool keep_quotes;   /* heredoc bodies: quotes are ordinary characters */
    bool keep_escapes;  /* an escape is kept unless it stands before $ (or itself) */
    struct strv *unset; /* if not NULL: names that were used but unset are added */
};

/* One word (or a whole text): quotes and escapes removed, variables replaced; not
 * split. The caller frees *out. Errors are ERR_INPUT without a place. */
int word_expand(const char *word, const struct word_options *options, char **out,
                struct err *err);
/* The same, then split at blanks outside quotes; appended to out. */
int word_expand_split(const char *word, const struct word_options *options,
                      struct strv *out, struct err *err);

#endif
