/* SPDX-License-Identifier: MIT */
/*
 * The warnings of `docker build --check`, with the names, texts and lines that
 * BuildKit 0.32 gives, up to the first word that cannot be expanded.
 */
#include "sim/dockerfile/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static bool is_off(const struct lint_choice *choice, enum rule rule)
{
    return rule == RULE_INVALID_DEFINITION_DESCRIPTION ? !choice->experimental[rule]
                                                       : choice->skip[rule];
}

void lint_add(struct lint *lint, enum rule rule, unsigned line, const char *fmt, ...)
{
    if (is_off(&lint->here, rule))
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

/* Sets the named rules, and no other. Names that are no rule mean nothing. */
static void name_rules(struct span names, bool *set)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        set[i] = false;
        for (struct span rest = names; rest.n > 0;) {
            struct span name = next_part(&rest, ',');
            set[i] = set[i] || equals(name, rules[i].name) || equals(names, "all");
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
static int read_option(struct lint_choice *choice, struct span option, struct err *err)
{
    struct span value = option, key = next_part(&value, '=');
    if (key.n == option.n)
        return bad_option(option, err);
    AUTO_FREE char *text = xstrndup(value.p, value.n);
    if (equals(key, "skip"))
        name_rules(value, choice->skip);
    else if (equals(key, "experimental"))
        name_rules(value, choice->experimental);
    else if (!equals(key, "error"))
        return bad_option(key, err);
    else if (!bool_parse(text, &choice->is_error))
        return bad_option(option, err);
    return 0;
}

/* Up to the first blank; three options at most: the third takes what follows. */
static int read_options(struct lint_choice *choice, struct span value, struct err *err)
{
    struct span rest = span_trim(value);
    rest = next_part(&rest, ' ');
    bool more = rest.n > 0;
    for (unsigned count = 0; more; count++) {
        more = count < 2 && memchr(rest.p, ';', rest.n) != NULL;
        struct span option = more ? next_part(&rest, ';') : rest;
        if (read_option(choice, option, err) != 0)
            return ERR_INPUT;
    }
    return 0;
}

int lint_read_directives(const struct dockerfile *df, struct lint_choice *out,
                         struct err *err)
{
    for (size_t i = 0; i < df->directive_count; i++) {
        const struct directive *d = &df->directives[i];
        if (strcmp(d->name, "check") == 0 &&
            read_options(out, span_of(d->value), err) != 0)
            return err_at(err, df->name, d->line);
    }
    return 0;
}

/* A comment line's text as a directive: `check = VALUE more`. */
static bool check_comment(struct span line, struct span *value)
{
    struct span rest = line, name = span_trim(next_part(&rest, '='));
    if (name.n == line.n || name.n != 5 || strncasecmp(name.p, "check", 5) != 0)
        return false;
    *value = rest;
    return true;
}

/* What holds for one instruction: the first `# check=` of the comments above it adds to
 * what holds for the file. */
static void choose_for(struct lint *lint, const struct instruction *in)
{
    struct lint_choice more = {0};
    struct span rest = span_of(in->comment != NULL ? in->comment : ""), value;
    lint->here = lint->all;
    lint->line = in->line;
    while (rest.n > 0) {
        if (!check_comment(next_part(&rest, '\n'), &value))
            continue;
        if (read_options(&more, value, NULL) != 0)
            return;
        for (size_t i = 0; i < RULE_COUNT; i++) {
            lint->here.skip[i] |= more.skip[i];
            lint->here.experimental[i] |= more.experimental[i];
        }
        return;
    }
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

/* How everything is written. */
static void visit_text(struct lint *lint)
{
    lint->here = lint->all;
    lint_casing(lint);
    lint_continuations(lint);
    for (size_t i = 0; i < lint->df->instruction_count; i++) {
        const struct instruction *in = &lint->df->instructions[i];
        choose_for(lint, in);
        lint_description(lint, in);
        if (in->kind == INSTRUCTION_FROM)
            lint_from_casing(lint, in);
        if (in->kind == INSTRUCTION_MAINTAINER)
            lint_add(lint, RULE_MAINTAINER_DEPRECATED, in->line,
                     "Maintainer instruction is deprecated in favor of using label");
    }
}

/* What comes before the stages: ARGs, and all FROM lines. */
static void visit_head(struct lint *lint)
{
    size_t first = lint->stages[0].first - 1;
    lint_global_arg(lint, NULL);
    for (size_t i = 0; lint->rc == 0 && i < first; i++) {
        choose_for(lint, &lint->df->instructions[i]);
        lint_global_arg(lint, &lint->df->instructions[i]);
    }
    lint->here = lint->all;
    if (lint->rc == 0)
        lint_stage_names(lint);
    for (size_t i = 0; lint->rc == 0 && i < lint->stage_count; i++) {
        choose_for(lint, lint->stages[i].from);
        lint_from(lint, i);
    }
}

/* ONBUILD triggers of the stage below come first, on the line of FROM. */
static void visit_triggers(struct lint *lint, size_t stage, const struct stage *below)
{
    choose_for(lint, lint->stages[stage].from);
    for (size_t i = below->first; lint->rc == 0 && i < below->end; i++) {
        if (lint->df->instructions[i].onbuild == NULL)
            continue;
        struct instruction trigger = *lint->df->instructions[i].onbuild;
        trigger.line = lint->stages[stage].from->line;
        lint_words(lint, &trigger, &lint->scopes[stage]);
        if (lint->rc == 0)
            lint_command(lint, &trigger, &lint->scopes[stage]);
    }
}

static void visit(struct lint *lint)
{
    visit_text(lint);
    visit_head(lint);
    for (size_t stage = 0; lint->rc == 0 && stage < lint->stage_count; stage++) {
        const struct stage *s = &lint->stages[stage];
        long below = lint_start(lint, stage);
        if (below >= 0)
            visit_triggers(lint, stage, &lint->stages[below]);
        for (size_t i = s->first; lint->rc == 0 && i < s->end; i++) {
            const struct instruction *in = &lint->df->instructions[i];
            choose_for(lint, in);
            lint_words(lint, in, &lint->scopes[stage]);
            if (lint->rc != 0)
                break;
            lint_command(lint, in, &lint->scopes[stage]);
            lint_repeats(lint, s, in);
        }
    }
}

static void scope_free(struct scope *scope)
{
    strv_free(&scope->env);
    strv_free(&scope->declared);
}

int dockerfile_lint(const struct dockerfile *df, const struct lint_options *options,
                    struct lint_report *out, struct err *err)
{
    static const struct lint_options none;
    struct lint lint = {.df = df,
                        .report = out,
                        .options = options != NULL ? options : &none,
                        .err = err};
    size_t from = out->len;
    int rc = dockerfile_check(df, err);
    if (rc == 0)
        rc = lint_read_directives(df, &lint.all, err);
    if (rc != 0)
        return rc;
    out->is_error = lint.all.is_error;
    lint.stage_count = stages_find(df, &lint.stages);
    lint.scopes = xcalloc(lint.stage_count, sizeof *lint.scopes);
    visit(&lint);
    sort(out, from);
    for (size_t i = 0; i < lint.stage_count; i++)
        scope_free(&lint.scopes[i]);
    scope_free(&lint.global);
    free(lint.scopes);
    free(lint.stages);
    return lint.rc != 0 ? err_at(err, df->name, lint.line) : 0;
}

void lint_report_free(struct lint_report *report)
{
    for (size_t i = 0; i < report->len; i++)
        free(report->warnings[i].message);
    free(report->warnings);
    *report = (struct lint_report){0};
}
