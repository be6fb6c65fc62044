/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/dockerfile: the reader behind word.h, with the modes that splitting a
 * line for heredocs needs, and the pattern matching of ${name#pattern}.
 */
#ifndef SIM_DOCKERFILE_LEXER_H
#define SIM_DOCKERFILE_LEXER_H

#include "sim/dockerfile/scan.h"
#include "sim/dockerfile/word.h"

/* Splits at white space outside quotes; quotes and escapes stay where `raw`, variables
 * stay as written. */
int lexer_split(struct span text, char escape, bool raw, struct strv *out,
                struct err *err);

/* A shell pattern: "*" any text, "?" one character, the escape makes both literal. */
struct pattern {
    struct atom {
        enum { ATOM_LITERAL, ATOM_ANY, ATOM_ONE } kind;
        char byte; /* ATOM_LITERAL */
    } * atoms;
    size_t len;
};
int word_pattern_compile(struct span text, struct pattern *out, struct err *err);
void word_pattern_free(struct pattern *p);
/* Bytes of `value` that the pattern matches from its start (shortest or longest), -1 if
 * it does not. */
long pattern_prefix(const struct pattern *p, struct span value, bool longest);
/* Where the shortest or longest suffix that matches starts, -1 if none does. */
long pattern_suffix(const struct pattern *p, struct span value, bool longest);

#endif
