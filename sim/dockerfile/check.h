/* SPDX-License-Identifier: MIT */
/* Private to sim/dockerfile: reading flags and judging instructions. */
#ifndef SIM_DOCKERFILE_CHECK_H
#define SIM_DOCKERFILE_CHECK_H

#include "sim/dockerfile/instruction.h"
#include "sim/dockerfile/scan.h"

/* A flag an instruction knows, and where its value goes (all borrowed). */
struct flag {
    const char *name; /* without "--" */
    enum { FLAG_TEXT, FLAG_BOOL, FLAG_LIST } type;
    const char **text; /* FLAG_TEXT */
    bool *on;          /* FLAG_BOOL */
    struct strv *list; /* FLAG_LIST: copies are added */
    bool *given;       /* or NULL */
};
/* Unknown, repeated and valueless flags are errors that name the flag. */
int flags_apply(const struct instruction *in, const struct flag *known, size_t count,
                struct err *err);
/* An instruction that knows no flag must have none. */
int flags_none(const struct instruction *in, struct err *err);

/* Of `count` words the first of those nearest to `word` (two edits at most, case
 * counts), or NULL. */
const char *suggest(const char *word, const char *const *words, size_t count);

/* Whether this is an image's name: [domain/]path[:tag][@digest]. */
bool reference_valid(const char *name);
/* A source of ADD that is fetched. */
bool is_remote(const char *source);

bool bool_parse(const char *text, bool *out); /* Go's strconv.ParseBool */
/* "COPY" for copy; for messages. */
const char *instruction_title(const struct instruction *in);
bool has_variable(const char *text);

/* What is wrong with one instruction wherever it stands. */
int instruction_check(const struct instruction *in, struct err *err);
/* Values, judged where the stage is needed and no variable stands in them. */
int instruction_check_values(const struct instruction *in, char escape,
                             struct err *err);

/* Words whose quotes and ${…} are wrong whatever the variables hold. */
int instruction_check_words(const struct instruction *in, char escape, struct err *err);

/* stages.c: the stages of a file. */
struct stage {
    const struct instruction *from; /* its FROM */
    struct from_args args;
    size_t first, end; /* its instructions after FROM: [first, end) */
};
/* The caller frees *out. The file has passed dockerfile_check_syntax. */
size_t stages_find(const struct dockerfile *df, struct stage **out);
/* Index of the stage that `name` means for a FROM or --from in stage `user`: a stage
 * before it, -1 if there is none. */
long stage_by_name(const struct stage *stages, size_t user, const char *name);
/* Marks the stages that `target` needs, itself included. */
int stages_needed(const struct dockerfile *df, const struct stage *stages, size_t count,
                  size_t target, bool *needed, struct err *err);

#endif
