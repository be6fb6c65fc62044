/* SPDX-License-Identifier: MIT */
/*
 * One parser for the options of all commands. A command declares a table; the same
 * table makes its --help, so the help cannot differ from what is accepted.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"

enum option_kind {
    OPTION_FLAG,   /* bool: true when given; --flag=false takes it back */
    OPTION_TEXT,   /* const char *: borrowed from the command line; the last counts */
    OPTION_LIST,   /* struct strv: each time one more; options_free frees it */
    OPTION_NUMBER, /* unsigned: 0 stays when it is not given */
    OPTION_CHOICE, /* int: position of the word in `argument`, 0 when not given */
};

struct option_spec {
    const char *name; /* the long form without "--" */
    char letter;      /* the short form, 0 if there is none */
    enum option_kind kind;
    size_t offset;        /* of the value in the struct of values */
    const char *argument; /* "DIR"; OPTION_CHOICE: "auto|always|never"; NULL: a flag */
    const char *help;     /* one line */
    unsigned least;       /* OPTION_NUMBER: smallest value allowed */
};

struct option_set {
    const struct option_spec *specs;
    size_t count;
    void *values; /* where the offsets point into; zeroed before */
};

struct operands {
    const char **items; /* owned array of borrowed words */
    size_t len, cap;
};

/* Reads the words of a command line (without program and command name): options may
 * stand anywhere, `--opt value`, `--opt=value`, `-o value`, `-ovalue`, clusters of
 * flags; `--` ends them and a lone `-` is an operand. ERR_INPUT with a hint. */
int options_parse(const struct option_set *sets, size_t set_count,
                  const char *const *words, size_t word_count,
                  struct operands *operands, struct err *err);
/* Frees the lists. */
void options_free(const struct option_set *set);
void operands_free(struct operands *operands);

/* Whether a word such as "--store" or "-tx" needs the word after it as its argument;
 * false for what these sets do not know. */
bool options_takes_next(const struct option_set *sets, size_t set_count,
                        const char *word);

/* The lines of --help for a table. */
void options_describe(const struct option_spec *specs, size_t count, struct buf *out);

/* The candidate nearest to a misspelt word, NULL if none is near; candidates end with
 * NULL. */
const char *options_nearest(const char *word, const char *const *candidates);

#endif
