/* SPDX-License-Identifier: MIT */
/* Rules about FROM: the stage's name, its image and platform. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/dockerfile/lint.h"

static void lower_copy(const char *from, char *to, size_t size)
{
    size_t i = 0;
    for (; from[i] != '\0' && i + 1 < size; i++)
        to[i] = lower(from[i]);
    to[i] = '\0';
}

/* All lower or all upper case. */
static bool is_uniform(const char *word, size_t n)
{
    bool small = false, capital = false;
    for (size_t i = 0; i < n; i++) {
        small = small || (word[i] >= 'a' && word[i] <= 'z');
        capital = capital || (word[i] >= 'A' && word[i] <= 'Z');
    }
    return !(small && capital);
}

static void check_as(struct lint *lint, const struct instruction *in)
{
    const char *from = in->original, *as = in->args.items[1];
    bool capital = from[0] == 'F';
    if (!is_uniform(from, 4) || strcmp(as, capital ? "AS" : "as") == 0)
        return;
    lint_add(lint, RULE_FROM_AS_CASING, in->line,
             "'%s' and '%.4s' keywords' casing do not match", as, from);
}

void lint_from_casing(struct lint *lint, const struct instruction *in)
{
    if (in->args.len != 3)
        return;
    char name[256];
    lower_copy(in->args.items[2], name, sizeof name);
    if (strcmp(name, in->args.items[2]) != 0)
        lint_add(lint, RULE_STAGE_NAME_CASING, in->line,
                 "Stage name '%s' should be lowercase", in->args.items[2]);
    check_as(lint, in);
}

static void check_name(struct lint *lint, size_t stage)
{
    const struct stage *s = &lint->stages[stage];
    char name[256];
    if (s->args.stage == NULL)
        return;
    unsigned line = s->from->line;
    lower_copy(s->args.stage, name, sizeof name);
    if (strcmp(name, "scratch") == 0 || strcmp(name, "context") == 0)
        lint_add(lint, RULE_RESERVED_STAGE_NAME, line,
                 "Stage name should not use the same name as reserved stage \"%s\"",
                 name);
    if (stage_by_name(lint->stages, stage, name) >= 0)
        lint_add(lint, RULE_DUPLICATE_STAGE_NAME, line,
                 "Duplicate stage name \"%s\", stage names should be unique", name);
}

/* Whether the stage's name tells its platform: then a constant is on purpose. */
static bool name_tells(const char *stage, const char *platform)
{
    char name[256], part[64];
    lower_copy(stage, name, sizeof name);
    for (const char *p = platform; *p != '\0'; p += *p == '/') {
        size_t n = strcspn(p, "/");
        if (n > 0 && n < sizeof part) {
            AUTO_FREE char *word = xstrndup(p, n);
            lower_copy(word, part, sizeof part);
            if (strstr(name, part) != NULL)
                return true;
        }
        p += n;
        if (*p == '\0')
            break;
    }
    return false;
}

static void check_platform(struct lint *lint, const struct stage *s)
{
    const char *platform = s->args.platform;
    if (platform == NULL)
        return;
    if (strcmp(platform, "$TARGETPLATFORM") == 0 ||
        strcmp(platform, "${TARGETPLATFORM}") == 0)
        lint_add(
            lint, RULE_REDUNDANT_TARGET_PLATFORM, s->from->line,
            "Setting platform to predefined %s in FROM is redundant as this is the "
            "default behavior",
            platform);
    else if (!has_variable(platform) &&
             (s->args.stage == NULL || !name_tells(s->args.stage, platform)))
        lint_add(lint, RULE_FROM_PLATFORM_FLAG_CONST_DISALLOWED, s->from->line,
                 "FROM --platform flag should not use constant value \"%s\"", platform);
}

static void report_unset(struct lint *lint, const struct instruction *in,
                         const struct strv *unset)
{
    const struct scope *global = &lint->global;
    size_t count = 0;
    const char **names =
        xcalloc(global->env.len + global->declared.len + 1, sizeof *names);
    struct strv copies = STRV_INIT;
    for (size_t i = 0; i < global->env.len; i++)
        strv_addn(&copies, global->env.items[i], strcspn(global->env.items[i], "="));
    for (size_t i = 0; i < copies.len; i++)
        names[count++] = copies.items[i];
    for (size_t i = 0; i < global->declared.len; i++)
        names[count++] = global->declared.items[i];
    for (size_t i = 0; i < unset->len; i++) {
        const char *name = unset->items[i];
        if (strv_contains(&global->declared, name))
            continue;
        const char *near = suggest(name, names, count);
        lint_add(lint, RULE_UNDEFINED_ARG_IN_FROM, in->line,
                 "FROM argument '%s' is not declared%s%s%s", name,
                 near != NULL ? " (did you mean " : "", near != NULL ? near : "",
                 near != NULL ? "?)" : "");
    }
    strv_free(&copies);
    free(names);
}

static void check_default(struct lint *lint, const struct stage *s)
{
    AUTO_FREE char *image = lint_expand(lint, &lint->global, s->args.image, NULL);
    if (image != NULL && !reference_valid(image))
        lint_add(lint, RULE_INVALID_DEFAULT_ARG_IN_FROM, s->from->line,
                 "Default value for ARG %s results in empty or invalid base image name",
                 s->args.image);
}

void lint_stage_names(struct lint *lint)
{
    for (size_t i = 0; i < lint->stage_count; i++) {
        check_name(lint, i);
        check_default(lint, &lint->stages[i]);
    }
}

void lint_from(struct lint *lint, size_t stage)
{
    const struct stage *s = &lint->stages[stage];
    struct strv unset = STRV_INIT;
    check_platform(lint, s);
    free(lint_expand(lint, &lint->global, s->args.image, &unset));
    if (s->args.platform != NULL)
        free(lint_expand(lint, &lint->global, s->args.platform, &unset));
    report_unset(lint, s->from, &unset);
    strv_free(&unset);
}

/* The stage below hands its variables on; any image gives PATH. */
long lint_start(struct lint *lint, size_t stage)
{
    AUTO_FREE char *image =
        lint_expand(lint, &lint->global, lint->stages[stage].args.image, NULL);
    struct scope *scope = &lint->scopes[stage];
    long base = image != NULL ? stage_by_name(lint->stages, stage, image) : -1;
    if (base >= 0) {
        const struct scope *below = &lint->scopes[base];
        strv_copy(&scope->env, &below->env);
        strv_copy(&scope->declared, &below->declared);
        scope->has_workdir = below->has_workdir;
        scope->has_shell = below->has_shell;
        scope->image = below->image;
        return base;
    }
    const struct lint_options *o = lint->options;
    if (image != NULL && strcmp(image, "scratch") != 0 &&
        (o->image_env == NULL || !o->image_env(o->image_payload, image, &scope->env)))
        scope->image = lint->stages[stage].args.image;
    if (env_find(&scope->env, "PATH") < 0)
        strv_add(&scope->env,
                 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    return -1;
}
