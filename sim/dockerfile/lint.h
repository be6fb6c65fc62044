/* SPDX-License-Identifier: MIT */
/* Private to sim/dockerfile: what the lint's parts share. */
#ifndef SIM_DOCKERFILE_LINT_H
#define SIM_DOCKERFILE_LINT_H

#include "sim/dockerfile/check.h"

enum rule {
    RULE_STAGE_NAME_CASING,
    RULE_FROM_AS_CASING,
    RULE_NO_EMPTY_CONTINUATION,
    RULE_CONSISTENT_INSTRUCTION_CASING,
    RULE_DUPLICATE_STAGE_NAME,
    RULE_RESERVED_STAGE_NAME,
    RULE_JSON_ARGS_RECOMMENDED,
    RULE_MAINTAINER_DEPRECATED,
    RULE_UNDEFINED_ARG_IN_FROM,
    RULE_WORKDIR_RELATIVE_PATH,
    RULE_UNDEFINED_VAR,
    RULE_MULTIPLE_INSTRUCTIONS_DISALLOWED,
    RULE_LEGACY_KEY_VALUE_FORMAT,
    RULE_REDUNDANT_TARGET_PLATFORM,
    RULE_SECRETS_USED_IN_ARG_OR_ENV,
    RULE_INVALID_DEFAULT_ARG_IN_FROM,
    RULE_FROM_PLATFORM_FLAG_CONST_DISALLOWED,
    RULE_COPY_IGNORED_FILE,
    RULE_INVALID_DEFINITION_DESCRIPTION,
    RULE_EXPOSE_PROTO_CASING,
    RULE_EXPOSE_INVALID_FORMAT,
    RULE_COUNT,
};

/* What is known inside a stage, inherited by stages built FROM it. */
struct scope {
    struct strv env;      /* NAME=value of ENV and of ARG with a value */
    struct strv declared; /* ARG names without a value */
    const char *image;    /* the outside image below, NULL for scratch; borrowed */
    bool has_workdir, has_shell;
};

/* What `# check=` asks for. Of the rules InvalidDefinitionDescription is experimental:
 * it is off unless it is named. */
struct lint_choice {
    bool skip[RULE_COUNT], experimental[RULE_COUNT];
    bool is_error;
};

struct lint {
    const struct dockerfile *df;
    struct lint_report *report;
    struct lint_choice all, here; /* of the file; with what stands above the line */
    struct stage *stages;
    struct scope *scopes; /* one a stage */
    size_t stage_count;
    struct scope global; /* ARGs before FROM, with the platform's */
    const struct lint_options *options;
    unsigned line;   /* of the instruction looked at */
    int rc;          /* of the first word that could not be expanded */
    struct err *err; /* what was wrong with it */
};

/* Reads `# check=` directives. */
int lint_read_directives(const struct dockerfile *df, struct lint_choice *out,
                         struct err *err);
void lint_add(struct lint *lint, enum rule rule, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Expands `word` in a scope; names without a value are added to `unset` (or NULL).
 * NULL where the word cannot be expanded; the caller frees. */
char *lint_expand(struct lint *lint, struct scope *scope, const char *word,
                  struct strv *unset);

/* lint_stages.c: FROM as it is written; the names of all stages; image and platform;
 * the start of the stage's scope, which returns the number of the stage below, -1 if an
 * image is. */
void lint_from_casing(struct lint *lint, const struct instruction *in);
void lint_stage_names(struct lint *lint);
void lint_from(struct lint *lint, size_t stage);
long lint_start(struct lint *lint, size_t stage);
/* lint_commands.c: how instructions are written. */
void lint_casing(struct lint *lint);
void lint_continuations(struct lint *lint);
void lint_repeats(struct lint *lint, const struct stage *stage,
                  const struct instruction *in);
void lint_command(struct lint *lint, const struct instruction *in,
                  const struct scope *scope);
void lint_description(struct lint *lint, const struct instruction *in);
/* lint_words.c: what their words mean in the scope, which they change. */
void lint_words(struct lint *lint, const struct instruction *in, struct scope *scope);
void lint_global_arg(struct lint *lint, const struct instruction *in);

#endif
