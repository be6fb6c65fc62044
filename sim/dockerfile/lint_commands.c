/* SPDX-License-Identifier: MIT */
/* Rules about how instructions are written: case, form, repetition, names. */
#include <stdlib.h>
#include <string.h>

#include "sim/dockerfile/lint.h"

enum casing { CASING_LOWER, CASING_UPPER, CASING_MIXED };

static struct span first_word(const struct instruction *in)
{
    return (struct span){in->original, strlen(in->name)};
}

static enum casing casing_of(struct span word)
{
    bool small = false, capital = false;
    for (size_t i = 0; i < word.n; i++) {
        small = small || (word.p[i] >= 'a' && word.p[i] <= 'z');
        capital = capital || (word.p[i] >= 'A' && word.p[i] <= 'Z');
    }
    return small && capital ? CASING_MIXED : small ? CASING_LOWER : CASING_UPPER;
}

void lint_casing(struct lint *lint)
{
    const struct dockerfile *df = lint->df;
    size_t count[3] = {0};
    for (size_t i = 0; i < df->instruction_count; i++)
        count[casing_of(first_word(&df->instructions[i]))]++;
    enum casing major =
        count[CASING_LOWER] > count[CASING_UPPER] ? CASING_LOWER : CASING_UPPER;
    for (size_t i = 0; i < df->instruction_count; i++) {
        struct span word = first_word(&df->instructions[i]);
        if (casing_of(word) != major)
            lint_add(
                lint, RULE_CONSISTENT_INSTRUCTION_CASING, df->instructions[i].line,
                "Command '%.*s' should match the case of the command majority (%s)",
                (int)word.n, word.p, major == CASING_LOWER ? "lowercase" : "uppercase");
    }
}

/* The line on which the joined line ends; heredoc bodies come after it. */
static unsigned joined_end(const struct instruction *in)
{
    unsigned end = in->end_line;
    for (; in != NULL; in = in->onbuild) {
        for (size_t i = 0; i < in->heredoc_count; i++) {
            for (const char *p = in->heredocs[i].content; (p = strchr(p, '\n')) != NULL;
                 p++)
                end--;
            end--;
        }
    }
    return end;
}

void lint_continuations(struct lint *lint)
{
    const struct dockerfile *df = lint->df;
    size_t k = 0;
    for (size_t i = 0; i < df->instruction_count; i++) {
        const struct instruction *in = &df->instructions[i];
        size_t before = k;
        while (k < df->empty_continuation_count &&
               df->empty_continuations[k] <= in->end_line)
            k++;
        if (k > before)
            lint_add(lint, RULE_NO_EMPTY_CONTINUATION, joined_end(in),
                     "Empty continuation line");
    }
}

void lint_repeats(struct lint *lint, const struct stage *stage,
                  const struct instruction *in)
{
    if (in->kind != INSTRUCTION_CMD && in->kind != INSTRUCTION_ENTRYPOINT &&
        in->kind != INSTRUCTION_HEALTHCHECK)
        return;
    const struct instruction *first = &lint->df->instructions[stage->first];
    for (const struct instruction *last = in; last-- > first;) {
        if (last->kind != in->kind)
            continue;
        lint_add(lint, RULE_MULTIPLE_INSTRUCTIONS_DISALLOWED, last->line,
                 "Multiple %.*s instructions should not be used in the same stage "
                 "because only the last one will be used",
                 (int)strlen(in->name), in->original);
        return;
    }
}

/* Whether one of the words stands in `name` between underscores or its ends. */
static bool has_part(const char *name, const char *const *words, size_t count)
{
    for (const char *p = name;; p++) {
        size_t n = strcspn(p, "_");
        for (size_t i = 0; i < count; i++) {
            if (span_is((struct span){p, n}, words[i]))
                return true;
        }
        p += n;
        if (*p == '\0')
            return false;
    }
}

static void check_secret(struct lint *lint, const struct instruction *in,
                         const char *word)
{
    static const char *const secret[] = {
        "apikey",   "auth",  "credential", "credentials", "key",
        "password", "pword", "passwd",     "secret",      "token"};
    static const char *const harmless[] = {"public", "file"};
    char name[128];
    size_t n = 0;
    for (; *word != '\0' && *word != '=' && n + 1 < sizeof name; word++) {
        if (*word != '"' && *word != '\'')
            name[n++] = *word;
    }
    name[n] = '\0';
    if (has_part(name, secret, sizeof secret / sizeof secret[0]) &&
        !has_part(name, harmless, sizeof harmless / sizeof harmless[0]))
        lint_add(lint, RULE_SECRETS_USED_IN_ARG_OR_ENV, in->line,
                 "Do not use ARG or ENV instructions for sensitive data (%s \"%s\")",
                 instruction_title(in), name);
}

/* The old form KEY VALUE: what stands behind the key is no "=". */
static bool is_legacy(const struct instruction *in)
{
    return in->args.len == 2 && in->rest[strlen(in->args.items[0])] != '=';
}

void lint_command(struct lint *lint, const struct instruction *in,
                  const struct scope *scope)
{
    switch (in->kind) {
    case INSTRUCTION_CMD:
    case INSTRUCTION_ENTRYPOINT:
        if (!in->json && !scope->has_shell)
            lint_add(
                lint, RULE_JSON_ARGS_RECOMMENDED, in->line,
                "JSON arguments recommended for %.*s to prevent unintended behavior "
                "related to OS signals",
                (int)strlen(in->name), in->original);
        break;
    case INSTRUCTION_ENV:
    case INSTRUCTION_LABEL:
        if (is_legacy(in)) {
            struct span word = first_word(in);
            lint_add(lint, RULE_LEGACY_KEY_VALUE_FORMAT, in->line,
                     "\"%.*s key=value\" should be used instead of legacy \"%.*s key "
                     "value\" format",
                     (int)word.n, word.p, (int)word.n, word.p);
        }
        for (size_t i = 0; in->kind == INSTRUCTION_ENV && i < in->args.len; i += 2)
            check_secret(lint, in, in->args.items[i]);
        break;
    case INSTRUCTION_ARG:
        for (size_t i = 0; i < in->args.len; i++)
            check_secret(lint, in, in->args.items[i]);
        break;
    default:
        break;
    }
}

/* Whether a comment is "NAME" or "NAME text", case of the name as given. */
static bool describes(struct span comment, const char *name, size_t n)
{
    return comment.n >= n && memcmp(comment.p, name, n) == 0 &&
           (comment.n == n || comment.p[n] == ' ');
}

static bool describes_an_arg(struct span comment, const struct strv *args)
{
    for (size_t i = 0; i < args->len; i++) {
        if (describes(comment, args->items[i], strcspn(args->items[i], "=")))
            return true;
    }
    return false;
}

void lint_description(struct lint *lint, const struct instruction *in)
{
    if (in->comment == NULL)
        return;
    const char *newline = strrchr(in->comment, '\n');
    struct span comment = span_of(newline != NULL ? newline + 1 : in->comment);
    if (comment.n == 0)
        return;
    const struct strv *args = &in->args;
    if (in->kind == INSTRUCTION_FROM && args->len == 3) {
        AUTO_FREE char *name = xstrdup(args->items[2]);
        for (char *p = name; *p != '\0'; p++)
            *p = lower(*p);
        if (!describes(comment, name, strlen(name)))
            lint_add(lint, RULE_INVALID_DEFINITION_DESCRIPTION, in->line,
                     "Comment for FROM should follow the format: `# %s <description>`",
                     name);
    }
    if (in->kind == INSTRUCTION_ARG && !describes_an_arg(comment, args)) {
        size_t n = strcspn(args->items[0], "=");
        const char *name = args->len == 1 ? args->items[0] : "<arg_key>";
        lint_add(lint, RULE_INVALID_DEFINITION_DESCRIPTION, in->line,
                 "Comment for ARG should follow the format: `# %.*s <description>`",
                 args->len == 1 ? (int)n : (int)strlen(name), name);
    }
}
