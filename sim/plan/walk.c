/* SPDX-License-Identifier: MIT */
/* The instructions of one stage in order: what the stage starts from, its steps, the
 * triggers of its base. */
#include <stdlib.h>
#include <string.h>

#include "sim/plan/plan_memory.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The instruction's name as people write it. */
static const char *word_of(struct planner *p, const struct instruction *in)
{
    char *word = plan_strdup(p, in->name);
    for (char *c = word; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return word;
}

static struct plan_step *add_step(struct stage_state *s, const struct instruction *in)
{
    GROW(s->steps, s->step_cap, s->step_count + 1);
    struct plan_step *step = &s->steps[s->step_count++];
    *step = (struct plan_step){
        .kind = PLAN_CONFIG,
        .stage = s->index,
        .line = in->line,
        .in = in,
        .word = word_of(s->planner, in),
        .text = in->text,
        .env = plan_freeze_env(s),
        .build_args = plan_freeze_args(s),
        .cwd = s->cwd,
        .user = s->user,
        .shell = s->shell,
    };
    return step;
}

/* In a linear key a line without files stands as it is written (buildah) or in the
 * normal form that classic keeps in the history. */
static void set_record(struct stage_state *s, struct plan_step *step)
{
    if (step->kind == PLAN_FROM || step->record != NULL)
        return;
    if (s->planner->options->semantics == SEMANTICS_CLASSIC && step->created_by != NULL)
        step->record = step->created_by;
    else
        step->record = plan_printf(s->planner, "%s %s", step->word, step->in->rest);
}

static int take_instruction(struct stage_state *s, const struct instruction *in,
                            struct err *err)
{
    struct plan_step *step = add_step(s, in);
    int rc;
    switch (in->kind) {
    case INSTRUCTION_FROM:
        step->kind = PLAN_FROM;
        rc = 0;
        break;
    case INSTRUCTION_RUN:
        rc = plan_run_step(s, in, step, err);
        break;
    case INSTRUCTION_COPY:
    case INSTRUCTION_ADD:
        rc = plan_copy_step(s, in, step, err);
        break;
    case INSTRUCTION_WORKDIR:
        rc = plan_workdir_step(s, in, step, err);
        break;
    default:
        rc = plan_config_step(s, in, step, err);
        break;
    }
    if (rc != 0)
        return err_at(err, s->planner->df->name, in->line);
    set_record(s, step);
    return 0;
}

static struct plan_words default_shell(struct planner *p)
{
    struct plan_words shell = {.len = 2};
    shell.items = arena_alloc(&p->plan->memory->arena, 3 * sizeof(char *));
    shell.items[0] = "/bin/sh";
    shell.items[1] = "-c";
    shell.items[2] = NULL;
    return shell;
}

static void add_env(struct stage_state *s, const char *pair)
{
    const char *eq = strchr(pair, '=');
    if (eq != NULL)
        vars_set(&s->env, plan_strndup(s->planner, pair, (size_t)(eq - pair)),
                 plan_strdup(s->planner, eq + 1), false);
}

static void start_from_config(struct stage_state *s, const struct image_config *base)
{
    struct planner *p = s->planner;
    if (base == NULL) {
        s->config = image_config_new();
        if (p->options->semantics == SEMANTICS_BUILDKIT)
            s->config->workdir = xstrdup("/");
    } else {
        s->config = image_config_copy(base);
    }
    if (env_get(&s->config->env, "PATH") == NULL)
        env_set(&s->config->env, "PATH", DEFAULT_PATH);
    for (size_t i = 0; i < s->config->env.len; i++)
        add_env(s, s->config->env.items[i]);
    const char *cwd = s->config->workdir;
    s->cwd = cwd != NULL && cwd[0] != '\0' ? plan_strdup(p, cwd) : "/";
    s->user = s->config->user != NULL ? plan_strdup(p, s->config->user) : "";
    s->shell =
        s->config->has_shell ? plan_words_copy(p, &s->config->shell) : default_shell(p);
}

static void start_from_stage(struct stage_state *s, const struct stage_state *base)
{
    s->config = image_config_copy(base->config);
    /* BuildKit hands the values of the parent's ARGs down, the linear builders do not
     * (cache-semantics row 23). */
    bool args_too = s->planner->options->semantics == SEMANTICS_BUILDKIT;
    for (size_t i = 0; i < base->env.len; i++)
        if (args_too || !base->env.items[i].is_arg)
            vars_set(&s->env, base->env.items[i].name, base->env.items[i].value,
                     base->env.items[i].is_arg);
    for (size_t i = 0; args_too && i < base->args.len; i++)
        vars_set(&s->args, base->args.items[i].name, base->args.items[i].value, true);
    s->cwd = base->cwd;
    s->user = base->user;
    s->shell = base->shell;
}

/* Triggers left by ONBUILD are the first instructions of the stage that stands on them.
 */
static int run_triggers(struct stage_state *s, struct err *err)
{
    struct strv triggers = s->config->onbuild;
    s->config->onbuild = (struct strv)STRV_INIT;
    struct plan_memory *m = s->planner->plan->memory;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < triggers.len; i++) {
        struct dockerfile *df;
        rc =
            dockerfile_parse_trigger(s->planner->df->name, triggers.items[i], &df, err);
        if (rc != 0) {
            err_wrap(err, "ONBUILD trigger \"%s\" of %s", triggers.items[i],
                     s->stage->base_name);
            break;
        }
        GROW(m->triggers, m->trigger_cap, m->trigger_count + 1);
        m->triggers[m->trigger_count++] = df;
        for (size_t k = 0; rc == 0 && k < df->instruction_count; k++) {
            df->instructions[k].line = s->stage->line;
            rc = take_instruction(s, &df->instructions[k], err);
        }
    }
    strv_free(&triggers);
    return rc;
}

int plan_walk_stage(struct planner *p, unsigned index, struct err *err)
{
    struct stage_state *s = &p->states[index];
    s->planner = p;
    s->stage = &p->plan->stages[index];
    s->index = index;
    s->walked = true;
    const struct image_config *base = NULL;
    int rc = plan_resolve_base(p, index, &base, err);
    if (rc != 0)
        return rc;
    if (s->stage->base.kind == PLAN_SOURCE_STAGE)
        start_from_stage(s, &p->states[s->stage->base.index]);
    else
        start_from_config(s, base);
    size_t first = p->first_instruction[index];
    rc = take_instruction(s, &p->df->instructions[first], err);
    if (rc == 0)
        rc = run_triggers(s, err);
    for (size_t i = first + 1; rc == 0 && i < p->first_instruction[index + 1]; i++)
        rc = take_instruction(s, &p->df->instructions[i], err);
    return rc;
}

void plan_state_free(struct stage_state *s)
{
    vars_free(&s->env);
    vars_free(&s->args);
    free(s->steps);
    image_config_free(s->config);
}
