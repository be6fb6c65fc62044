/* SPDX-License-Identifier: MIT */
/* Private to sim/context: sets of runes, and the escapes of regular expressions. */
#ifndef SIM_CONTEXT_REGEX_CLASS_H
#define SIM_CONTEXT_REGEX_CLASS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"

/* What is left of an expression; valid UTF-8. */
struct regex_input {
    const char *p, *end;
};

/* Takes one rune; the input is not empty. */
uint32_t regex_next_rune(struct regex_input *in);
/* The rune that the escape behind a backslash stands for; ERR_INPUT if there is none.
 */
int regex_escape(struct regex_input *in, uint32_t *out, struct err *err);

struct rune_class;
struct rune_class *rune_class_new(void);
void rune_class_free(struct rune_class *class);
/* Adds \d \s \w \D \S \W if its letter comes next, and takes it; else false. */
bool rune_class_add_perl(struct rune_class *class, struct regex_input *in);
/* What follows "[", up to its "]". The caller frees *out. */
int rune_class_parse(struct regex_input *in, struct rune_class **out, struct err *err);
bool rune_class_has(const struct rune_class *class, uint32_t rune);
/* Whether it is [^/]. */
bool rune_class_is_not_slash(const struct rune_class *class);

#endif
