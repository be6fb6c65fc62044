/* SPDX-License-Identifier: MIT */
/*
 * The grammar of the shell front end: script text to a syntax tree. Words are kept as
 * written (quotes, $…); shell_word.c expands them when a command runs. Left out, as
 * errors that name the construct: functions, arrays, [[ ]], (( )), process
 * substitution, select, coproc.
 */
#ifndef SIM_EXEC_SHELL_PARSE_H
#define SIM_EXEC_SHELL_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/err.h"
#include "sim/base/mem.h"

enum shell_redirect_kind {
    REDIRECT_IN,     /* < word */
    REDIRECT_OUT,    /* > word, >| word */
    REDIRECT_APPEND, /* >> word */
    REDIRECT_DUP,    /* >&N, <&N */
    REDIRECT_BOTH,   /* &> word, >& word */
    REDIRECT_HERE,   /* << word: `word` is the body */
};

struct shell_redirect {
    enum shell_redirect_kind kind;
    int fd; /* 0, 1 or 2 */
    bool append;
    bool expand; /* HERE: the delimiter was not quoted */
    const char *word;
    struct shell_redirect *next;
};

enum shell_node_kind {
    NODE_COMMAND,  /* assignments, words */
    NODE_PIPE,     /* left | right */
    NODE_AND,      /* left && right */
    NODE_OR,       /* left || right */
    NODE_LIST,     /* left ; right, which is the rest of the list or NULL */
    NODE_NOT,      /* ! left */
    NODE_GROUP,    /* { left } */
    NODE_SUBSHELL, /* ( left ) */
    NODE_IF,       /* if left; then right; else other */
    NODE_WHILE,    /* while left; do right */
    NODE_UNTIL,
    NODE_FOR,  /* for name in words; do left */
    NODE_CASE, /* case name in items */
};

struct shell_words {
    const char **items;
    size_t len, cap;
};

struct shell_case_item {
    struct shell_words patterns;
    const struct shell_node *body; /* NULL: empty */
    struct shell_case_item *next;
};

struct shell_node {
    enum shell_node_kind kind;
    unsigned line;
    const struct shell_node *left, *right, *other;
    struct shell_words words, assignments;
    const char *name;
    bool has_in; /* FOR: "in" was written */
    struct shell_case_item *items;
    struct shell_redirect *redirects; /* in the order written */
};

struct shell_script {
    struct arena arena;
    const struct shell_node *root; /* NULL: nothing to do */
};

/* Nesting beyond this, and longer scripts, are refused. */
enum { SHELL_PARSE_DEPTH = 80, SHELL_PARSE_CHAIN = 1000 };
#define SHELL_SCRIPT_LIMIT ((size_t)1 << 20)

/* ERR_FAILED with the script's line and the construct. The caller frees in any case. */
int shell_parse(const char *text, size_t len, struct shell_script *out,
                struct err *err);
void shell_script_free(struct shell_script *script);

/* The end of the quoted or $-construct that starts at p (which is ', ", `, \ or $), or
 * NULL if it is not closed; p itself where nothing special starts. */
const char *shell_skip_quoted(const char *p, unsigned depth);

#endif
