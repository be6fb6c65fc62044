/* SPDX-License-Identifier: MIT */
/* The planner: finds the stages the target needs, walks them, lines their steps up. */
#include "sim/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "sim/plan/plan_memory.h"

/* A stage that others stand on is walked before them: it hands its variables down. */
static int walk_with_bases(struct planner *p, unsigned index, struct err *err)
{
    struct plan *plan = p->plan;
    unsigned *chain = xcalloc(plan->stage_count, sizeof *chain);
    size_t n = 0;
    const struct image_config *config;
    int rc = 0;
    for (unsigned at = index; rc == 0 && !p->states[at].walked;) {
        chain[n++] = at;
        plan->stages[at].needed = true;
        /* Only the kind is wanted here; an image is resolved once, by the caller's
         * callback, which knows names it has seen. */
        rc = plan_resolve_base(p, at, &config, err);
        if (plan->stages[at].base.kind != PLAN_SOURCE_STAGE)
            break;
        at = plan->stages[at].base.index;
    }
    while (rc == 0 && n > 0)
        rc = plan_walk_stage(p, chain[--n], err);
    free(chain);
    return rc;
}

static void mark(struct plan *plan, const struct plan_source *source)
{
    if (source->kind == PLAN_SOURCE_STAGE)
        plan->stages[source->index].needed = true;
}

/* Marks the stages that the steps of one read from. */
static void mark_sources(struct plan *plan, const struct stage_state *s)
{
    for (size_t i = 0; i < s->step_count; i++) {
        const struct plan_step *step = &s->steps[i];
        if (step->copy != NULL)
            mark(plan, &step->copy->from);
        for (size_t k = 0; step->run != NULL && k < step->run->mount_count; k++)
            mark(plan, &step->run->mounts[k].from);
    }
}

/* A stage refers to earlier ones only, so one pass from the target down finds all. */
static int walk_needed(struct planner *p, struct err *err)
{
    struct plan *plan = p->plan;
    plan->stages[plan->target].needed = true;
    if (p->options->semantics == SEMANTICS_CLASSIC)
        for (unsigned i = 0; i < plan->target; i++)
            plan->stages[i].needed = true;
    for (size_t i = plan->target + 1; i-- > 0;) {
        if (!plan->stages[i].needed)
            continue;
        int rc = p->states[i].walked ? 0 : walk_with_bases(p, (unsigned)i, err);
        if (rc != 0)
            return rc;
        mark_sources(plan, &p->states[i]);
    }
    return 0;
}

static void gather_steps(struct planner *p)
{
    struct plan *plan = p->plan;
    for (size_t i = 0; i < plan->stage_count; i++)
        plan->step_count += p->states[i].step_count;
    plan->steps = xcalloc(plan->step_count, sizeof *plan->steps);
    size_t at = 0;
    for (size_t i = 0; i < plan->stage_count; i++) {
        struct stage_state *s = &p->states[i];
        struct plan_stage *stage = &plan->stages[i];
        stage->first_step = at;
        stage->step_count = s->step_count;
        stage->config = STEAL(s->config);
        if (s->step_count != 0)
            memcpy(plan->steps + at, s->steps, s->step_count * sizeof *plan->steps);
        at += s->step_count;
    }
}

static int make(struct planner *p, struct err *err)
{
    plan_platform_args(p);
    int rc = plan_global_args(p, err);
    if (rc == 0)
        rc = plan_find_stages(p, err);
    if (rc == 0)
        rc = dockerfile_check_target(p->df, p->plan->target, err);
    if (rc == 0)
        rc = walk_needed(p, err);
    if (rc == 0)
        gather_steps(p);
    return rc;
}

int plan_new(const struct dockerfile *df, const struct plan_options *options,
             struct plan **out, struct err *err)
{
    struct plan *plan = xcalloc(1, sizeof *plan);
    plan->memory = xcalloc(1, sizeof *plan->memory);
    struct planner p = {.df = df, .options = options, .plan = plan};
    int rc = make(&p, err);
    for (size_t i = 0; p.states != NULL && i < plan->stage_count; i++)
        plan_state_free(&p.states[i]);
    free(p.states);
    free(p.first_instruction);
    vars_free(&p.globals);
    vars_free(&p.platform);
    if (rc != 0)
        plan_free(plan);
    else
        *out = plan;
    return rc;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    for (size_t i = 0; i < plan->stage_count; i++)
        image_config_free(plan->stages[i].config);
    for (size_t i = 0; i < plan->memory->trigger_count; i++)
        dockerfile_free(plan->memory->triggers[i]);
    free(plan->memory->triggers);
    for (size_t i = 0; i < plan->memory->ignore_count; i++)
        ignore_free(plan->memory->ignores[i]);
    free(plan->memory->ignores);
    free(plan->steps);
    arena_free(&plan->memory->arena);
    free(plan->memory);
    free(plan);
}
