/* SPDX-License-Identifier: MIT */
/*
 * The warnings of `docker build --check`, with the names, texts and lines that
 * BuildKit 0.32 gives. Variables that only the base image's config defines are not
 * known here: see lint_words.c.
 */
#include "sim/dockerfile/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL "https://docs.docker.com/go/dockerfile/rule/"
static const struct {
    const char *name, *url;
} rules[] = {
    [RULE_STAGE_NAME_CASING] = {"StageNameCasing", URL "stage-name-casing/"},
    [RULE_FROM_AS_CASING] = {"FromAsCasing", URL "from-as-casing/"},
    [RULE_NO_EMPTY_CONTINUATION] = {"NoEmptyContinuation",
                                    URL "no-empty-continuation/"},
    [RULE_CONSISTENT_INSTRUCTION_CASING] = {"ConsistentInstructionCasing",
                                            URL "consistent-instruction-casing/"},
    [RULE_DUPLICATE_STAGE_NAME] = {"DuplicateStageName", URL "duplicate-stage-name/"},
    [RULE_RESERVED_STAGE_NAME] = {"ReservedStageName", URL "reserved-stage-name/"},
    [RULE_JSON_ARGS_RECOMMENDED] = {"JSONArgsRecommended",
                                    URL "json-args-recommended/"},
    [RULE_MAINTAINER_DEPRECATED] = {"MaintainerDeprecated",
                                    URL "maintainer-deprecated/"},
    [RULE_UNDEFINED_ARG_IN_FROM] = {"UndefinedArgInFrom", URL "undefined-arg-in-from/"},
    [RULE_WORKDIR_RELATIVE_PATH] = {"WorkdirRelativePath",
                                    URL "workdir-relative-path/"},
    [RULE_UNDEFINED_VAR] = {"UndefinedVar", URL "undefined-var/"},
    [RULE_MULTIPLE_INSTRUCTIONS_DISALLOWED] = {"MultipleInstructionsDisallowed",
                                               URL "multiple-instructions-disallowed/"},
    [RULE_LEGACY_KEY_VALUE_FORMAT] = {"LegacyKeyValueFormat",
                                      URL "legacy-key-value-format/"},
    [RULE_REDUNDANT_TARGET_PLATFORM] = {"RedundantTargetPlatform",
                                        URL "redundant-target-platform/"},
    [RULE_SECRETS_USED_IN_ARG_OR_ENV] = {"SecretsUsedInArgOrEnv",
                                         URL "secrets-used-in-arg-or-env/"},
    [RULE_INVALID_DEFAULT_ARG_IN_FROM] = {"InvalidDefaultArgInFrom",
                                          URL "invalid-default-arg-in-from/"},
    [RULE_FROM_PLATFORM_FLAG_CONST_DISALLOWED] =
        {"FromPlatformFlagConstDisallowed", URL "from-platform-flag-const-disallowed/"},
    [RULE_COPY_IGNORED_FILE] = {"CopyIgnoredFile", URL "copy-ignored-file/"},
    [RULE_INVALID_DEFINITION_DESCRIPTION] = {"InvalidDefinitionDescription",
                                             URL "invalid-definition-description/"},
    [RULE_EXPOSE_PROTO_CASING] = {"ExposeProtoCasing", URL "expose-proto-casing/"},
    [RULE_EXPOSE_INVALID_FORMAT] = {"ExposeInvalidFormat",
                                    URL "expose-invalid-format/"},
};

void lint_add(struct lint *lint, enum rule rule, unsigned line, const char *fmt, ...)
{
    if (lint->off[rule])
        return;
    struct lint_report *r = lint->report;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    GROW(r->warnings, r->cap, r->len + 1);
    r->warnings[r->len++] =
        (struct lint_warning){rules[rule].name, rules[rule].url, xstrdup(text), line};
}

/* Cuts a list at the next separator. */
static struct span next_part(struct span *rest, char separator)
{
    const char *stop = memchr(rest->p, separator, rest->n);
    struct span part = {rest->p, stop != NULL ? (size_t)(stop - rest->p) : rest->n};
    size_t used = part.n + (stop != NULL);
    *rest = (struct span){rest->p + used, rest->n - used};
    return part;
}

static bool equals(struct span s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* Turns the named rules off (skip) or on (experimental); others get the reverse. Names
 * that are no rule mean nothing. */
static void switch_rules(struct lint *lint, struct span names, bool off,
                         bool experimental)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if ((i == RULE_INVALID_DEFINITION_DESCRIPTION) != experimental)
            continue;
        lint->off[i] = !off;
        for (struct span rest = names; rest.n > 0;) {
            struct span name = next_part(&rest, ',');
            if (equals(name, rules[i].name) || equals(name, "all"))
                lint->off[i] = off;
        }
    }
}

static int bad_option(struct span option, struct err *err)
{
    err_set(err, ERR_INPUT,
            "failed to parse check options: invalid check option \"%.*s\"",
            (int)(option.n < 200 ? option.n : 200), option.p);
    return err_hint(err,
                    "the options are skip=RULES, error=true and experimental=RULES, "
                    "separated by ; without blanks");
}

/* One of skip=A,B error=true experimental=C. */
static int read_option(struct lint *lint, struct span option, struct err *err)
{
    struct span value = option, key = next_part(&value, '=');
    AUTO_FREE char *text = xstrndup(value.p, value.n);
    bool on = false;
    if (key.n == option.n)
        return bad_option(option, err);
    if (equals(key, "skip") || equals(key, "experimental")) {
        if (lint != NULL)
            switch_rules(lint, value, equals(key, "skip"), equals(key, "experimental"));
        return 0;
    }
    if (!equals(key, "error"))
        return bad_option(key, err);
    if (!bool_parse(text, &on))
        return bad_option(option, err);
    if (lint != NULL)
        lint->report->is_error = on;
    return 0;
}

int lint_read_directives(const struct dockerfile *df, struct lint *lint,
                         struct err *err)
{
    if (lint != NULL)
        lint->off[RULE_INVALID_DEFINITION_DESCRIPTION] = true;
    for (size_t i = 0; i < df->directive_count; i++) {
        const struct directive *d = &df->directives[i];
        if (strcmp(d->name, "check") != 0)
            continue;
        struct span rest = span_of(d->value);
        bool more = true;
        while (more) {
            more = memchr(rest.p, ';', rest.n) != NULL;
            struct span option = next_part(&rest, ';');
            if (read_option(lint, option, err) != 0)
                return err_at(err, df->name, d->line);
        }
    }
    return 0;
}

/* Insertion keeps the order of warnings on one line; reports are short and nearly
 * sorted. */
static void sort(struct lint_report *r, size_t from)
{
    for (size_t i = from + 1; i < r->len; i++) {
        struct lint_warning w = r->warnings[i];
        size_t k = i;
        for (; k > from && r->warnings[k - 1].line > w.line; k--)
            r->warnings[k] = r->warnings[k - 1];
        r->warnings[k] = w;
    }
}

static void visit(struct lint *lint)
{
    size_t stage = 0, first = lint->stages[0].first - 1;
    for (size_t i = 0; i < first; i++) {
        lint_description(lint, &lint->df->instructions[i]);
        lint_global_arg(lint, &lint->df->instructions[i]);
    }
    for (; stage < lint->stage_count; stage++) {
        const struct stage *s = &lint->stages[stage];
        lint_from(lint, stage);
        for (size_t i = s->first; i < s->end; i++) {
            const struct instruction *in = &lint->df->instructions[i];
            lint_description(lint, in);
            lint_words(lint, in, &lint->scopes[stage]);
            lint_command(lint, in, &lint->scopes[stage]);
        }
        lint_repeats(lint, s);
    }
}

static void scope_free(struct scope *scope)
{
    strv_free(&scope->env);
    strv_free(&scope->declared);
}

int dockerfile_lint(const struct dockerfile *df,
                    bool (*excluded)(void *payload, const char *path), void *payload,
                    struct lint_report *out, struct err *err)
{
    struct lint lint = {
        .df = df, .report = out, .excluded = excluded, .payload = payload};
    size_t from = out->len;
    int rc = dockerfile_check(df, err);
    if (rc == 0)
        rc = lint_read_directives(df, &lint, err);
    if (rc != 0)
        return rc;
    lint.stage_count = stages_find(df, &lint.stages);
    lint.scopes = xcalloc(lint.stage_count, sizeof *lint.scopes);
    lint_casing(&lint);
    lint_continuations(&lint);
    visit(&lint);
    sort(out, from);
    for (size_t i = 0; i < lint.stage_count; i++)
        scope_free(&lint.scopes[i]);
    scope_free(&lint.global);
    free(lint.scopes);
    free(lint.stages);
    return 0;
}

void lint_report_free(struct lint_report *report)
{
    for (size_t i = 0; i < report->len; i++)
        free(report->warnings[i].message);
    free(report->warnings);
    *report = (struct lint_report){0};
}
