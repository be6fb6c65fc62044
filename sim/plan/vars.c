/* SPDX-License-Identifier: MIT */
/* Variables of a plan: build args, global and platform ARGs, expansion of words. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/plan/plan_memory.h"

char *plan_strndup(struct planner *p, const char *s, size_t n)
{
    return arena_strndup(&p->plan->memory->arena, s, n);
}

char *plan_strdup(struct planner *p, const char *s)
{
    return plan_strndup(p, s, strlen(s));
}

char *plan_printf(struct planner *p, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    size_t size = n < 0 ? 1 : (size_t)n + 1;
    char *s = arena_alloc(&p->plan->memory->arena, size);
    s[0] = '\0';
    vsnprintf(s, size, fmt, again);
    va_end(again);
    return s;
}

struct plan_words plan_words_copy(struct planner *p, const struct strv *from)
{
    struct plan_words words = {.len = from->len};
    words.items =
        arena_alloc(&p->plan->memory->arena, (from->len + 1) * sizeof(char *));
    for (size_t i = 0; i < from->len; i++)
        words.items[i] = plan_strdup(p, from->items[i]);
    words.items[from->len] = NULL;
    return words;
}

static struct plan_var *find(const struct vars *vars, const char *name)
{
    for (size_t i = 0; i < vars->len; i++)
        if (strcmp(vars->items[i].name, name) == 0)
            return &vars->items[i];
    return NULL;
}

const char *vars_get(const struct vars *vars, const char *name)
{
    const struct plan_var *v = find(vars, name);
    return v != NULL ? v->value : NULL;
}

void vars_set(struct vars *vars, const char *name, const char *value, bool is_arg)
{
    struct plan_var *v = find(vars, name);
    if (v == NULL) {
        GROW(vars->items, vars->cap, vars->len + 1);
        v = &vars->items[vars->len++];
        v->name = name;
    }
    v->value = value;
    v->is_arg = is_arg;
}

void vars_free(struct vars *vars)
{
    free(vars->items);
    *vars = (struct vars){0};
}

const char *plan_build_arg(const struct planner *p, const char *name)
{
    const struct strv *args = p->options->build_args;
    size_t n = strlen(name);
    const char *value = NULL;
    for (size_t i = 0; args != NULL && i < args->len; i++)
        if (strncmp(args->items[i], name, n) == 0 && args->items[i][n] == '=')
            value = args->items[i] + n + 1; /* the last one given counts */
    return value;
}

void plan_platform_args(struct planner *p)
{
    const char *arch = image_architecture();
    const char *variant = strcmp(arch, "arm") == 0 ? "v7" : "";
    const char *platform =
        plan_printf(p, "linux/%s%s%s", arch, *variant ? "/" : "", variant);
    static const char *const prefixes[] = {"BUILD", "TARGET"};
    for (size_t i = 0; i < 2; i++) {
        const char *const pairs[][2] = {{"PLATFORM", platform},
                                        {"OS", "linux"},
                                        {"OSVERSION", ""},
                                        {"ARCH", arch},
                                        {"VARIANT", variant}};
        for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
            vars_set(&p->platform, plan_printf(p, "%s%s", prefixes[i], pairs[k][0]),
                     pairs[k][1], true);
    }
    vars_set(&p->platform, "TARGETSTAGE",
             p->options->target != NULL ? plan_strdup(p, p->options->target)
                                        : "default",
             true);
    for (size_t i = 0; i < p->platform.len; i++) {
        const char *given = plan_build_arg(p, p->platform.items[i].name);
        if (given != NULL)
            p->platform.items[i].value = given;
    }
}

static const char *lookup_global(void *payload, const char *name)
{
    const struct planner *p = payload;
    const char *value = vars_get(&p->globals, name);
    return value != NULL ? value : vars_get(&p->platform, name);
}

static const char *lookup_stage(void *payload, const char *name)
{
    const struct stage_state *s = payload;
    return vars_get(&s->env, name);
}

static int expand(struct planner *p, const struct instruction *in, const char *word,
                  const struct word_options *options, const char **out, struct err *err)
{
    if (strpbrk(word, "$\\`'\"") == NULL) {
        *out = plan_strdup(p, word);
        return 0;
    }
    char *text;
    int rc = word_expand(word, options, &text, err);
    if (rc != 0)
        return err_at(err, p->df->name, in->line);
    *out = plan_strdup(p, text);
    free(text);
    return 0;
}

int plan_expand_global(struct planner *p, const struct instruction *in,
                       const char *word, const char **out, struct err *err)
{
    struct word_options options = {
        .escape = p->df->escape, .lookup = lookup_global, .payload = p};
    return expand(p, in, word, &options, out, err);
}

int plan_expand(struct stage_state *s, const struct instruction *in, const char *word,
                const char **out, struct err *err)
{
    struct word_options options = {
        .escape = s->planner->df->escape, .lookup = lookup_stage, .payload = s};
    return expand(s->planner, in, word, &options, out, err);
}

int plan_global_args(struct planner *p, struct err *err)
{
    for (size_t i = 0; i < p->df->instruction_count; i++) {
        const struct instruction *in = &p->df->instructions[i];
        if (in->kind != INSTRUCTION_ARG)
            break;
        for (size_t k = 0; k < in->args.len; k++) {
            const char *word = in->args.items[k], *eq = strchr(word, '=');
            const char *name =
                plan_strndup(p, word, eq ? (size_t)(eq - word) : strlen(word));
            const char *value = plan_build_arg(p, name);
            if (value == NULL && eq != NULL) {
                int rc = plan_expand_global(p, in, eq + 1, &value, err);
                if (rc != 0)
                    return rc;
            }
            if (value == NULL)
                value = vars_get(&p->platform, name);
            if (value != NULL)
                vars_set(&p->globals, name, value, true);
        }
    }
    return 0;
}

/* What an ARG line in a stage resolves to: --build-arg, else its default, else the
 * global or platform argument of that name; NULL: it has no value. */
static int arg_value(struct stage_state *s, const struct instruction *in,
                     const char *name, const char *fallback, const char **value,
                     struct err *err)
{
    struct planner *p = s->planner;
    *value = plan_build_arg(p, name);
    if (*value != NULL)
        return 0;
    if (fallback != NULL)
        return plan_expand(s, in, fallback, value, err);
    *value = lookup_global(p, name);
    return 0;
}

int plan_stage_arg(struct stage_state *s, const struct instruction *in, struct err *err)
{
    bool linear = s->planner->options->semantics != SEMANTICS_BUILDKIT;
    for (size_t i = 0; i < in->args.len; i++) {
        const char *eq = strchr(in->args.items[i], '=');
        size_t len =
            eq != NULL ? (size_t)(eq - in->args.items[i]) : strlen(in->args.items[i]);
        const char *word = plan_strndup(s->planner, in->args.items[i], len);
        const char *name = word, *value = NULL;
        /* BuildKit 0.32 takes the name as it is written. */
        int rc = linear ? plan_expand(s, in, word, &name, err) : 0;
        if (rc == 0)
            rc = arg_value(s, in, name, eq != NULL ? eq + 1 : NULL, &value, err);
        if (rc != 0)
            return rc;
        const struct plan_var *old = find(&s->env, name);
        if (value != NULL && !(linear && old != NULL && !old->is_arg)) {
            vars_set(&s->env, name, value, true);
            s->frozen_env = NULL;
        }
        vars_set(&s->args, name, value, true);
        s->frozen_args = NULL;
    }
    return 0;
}

static const struct plan_env *freeze(struct planner *p, const struct vars *vars)
{
    struct plan_env *env = arena_alloc(&p->plan->memory->arena, sizeof *env);
    env->len = vars->len;
    env->vars =
        arena_alloc(&p->plan->memory->arena, (vars->len + 1) * sizeof *env->vars);
    if (vars->len != 0)
        memcpy(env->vars, vars->items, vars->len * sizeof *env->vars);
    return env;
}

const struct plan_env *plan_freeze_env(struct stage_state *s)
{
    if (s->frozen_env == NULL)
        s->frozen_env = freeze(s->planner, &s->env);
    return s->frozen_env;
}

const struct plan_env *plan_freeze_args(struct stage_state *s)
{
    if (s->frozen_args == NULL)
        s->frozen_args = freeze(s->planner, &s->args);
    return s->frozen_args;
}

void plan_proxy_env(const struct strv *build_args, struct strv *out)
{
    static const char *const names[][2] = {{"HTTP_PROXY", "http_proxy"},
                                           {"HTTPS_PROXY", "https_proxy"},
                                           {"FTP_PROXY", "ftp_proxy"},
                                           {"NO_PROXY", "no_proxy"},
                                           {"ALL_PROXY", "all_proxy"}};
    for (size_t i = 0; build_args != NULL && i < sizeof names / sizeof *names; i++) {
        const char *value = env_get(build_args, names[i][0]);
        if (value == NULL)
            value = env_get(build_args, names[i][1]);
        for (size_t k = 0; value != NULL && k < 2; k++)
            strv_take(out, xasprintf("%s=%s", names[i][k], value));
    }
}
