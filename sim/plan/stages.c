/* SPDX-License-Identifier: MIT */
/* The stages of a Dockerfile: names, bases, the target, and which of them are needed.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/plan/plan_memory.h"

static bool is_number(const char *s)
{
    return s[0] != '\0' && s[strspn(s, "0123456789")] == '\0';
}

static char *lower(struct planner *p, const char *s)
{
    char *copy = plan_strdup(p, s);
    for (char *c = copy; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return copy;
}

/* The last stage of that name among the first `count`; -1 if none. */
static long find_stage(const struct plan *plan, const char *name, size_t count)
{
    for (size_t i = count; i-- > 0;)
        if (plan->stages[i].named && strcasecmp(plan->stages[i].name, name) == 0)
            return (long)i;
    return -1;
}

static long find_context(const struct plan_options *options, const char *name)
{
    for (size_t i = 1; i < options->context_count; i++)
        if (strcasecmp(options->contexts[i], name) == 0)
            return (long)i;
    return -1;
}

static int add_stage(struct planner *p, size_t instruction, struct err *err)
{
    const struct instruction *in = &p->df->instructions[instruction];
    struct plan *plan = p->plan;
    struct from_args from;
    int rc = instruction_from(in, &from, err);
    if (rc != 0)
        return err_at(err, p->df->name, in->line);
    size_t n = plan->stage_count;
    struct plan_stage *stage = &plan->stages[n];
    *stage = (struct plan_stage){.line = in->line, .named = from.stage != NULL};
    stage->name = from.stage != NULL ? lower(p, from.stage) : plan_printf(p, "%zu", n);
    rc = plan_expand_global(p, in, from.image, &stage->base_name, err);
    if (rc != 0)
        return rc;
    if (stage->base_name[0] == '\0') { /* also of a stage nobody needs */
        err_set(err, ERR_INPUT, "base name (%s) should not be blank", from.image);
        return err_at(err, p->df->name, in->line);
    }
    p->first_instruction[n] = instruction;
    plan->stage_count++;
    return 0;
}

static int pick_target(struct planner *p, struct err *err)
{
    struct plan *plan = p->plan;
    const char *target = p->options->target;
    plan->target = (unsigned)plan->stage_count - 1;
    if (target == NULL || target[0] == '\0')
        return 0;
    long found = find_stage(plan, target, plan->stage_count);
    if (found < 0 && is_number(target) && strtoul(target, NULL, 10) < plan->stage_count)
        found = (long)strtoul(target, NULL, 10);
    if (found >= 0) {
        plan->target = (unsigned)found;
        return 0;
    }
    err_set(err, ERR_INPUT, "target stage \"%s\" could not be found", target);
    err_at(err, p->df->name, 0);
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < plan->stage_count; i++)
        buf_addf(&names, "%s%s", i != 0 ? ", " : "", plan->stages[i].name);
    err_hint(err, "the stages are: %s", buf_str(&names));
    buf_free(&names);
    return ERR_INPUT;
}

int plan_find_stages(struct planner *p, struct err *err)
{
    size_t most = 0;
    for (size_t i = 0; i < p->df->instruction_count; i++)
        most += p->df->instructions[i].kind == INSTRUCTION_FROM;
    struct arena *arena = &p->plan->memory->arena;
    p->plan->stages = arena_alloc(arena, (most + 1) * sizeof *p->plan->stages);
    p->first_instruction = xcalloc(most + 1, sizeof *p->first_instruction);
    p->states = xcalloc(most + 1, sizeof *p->states);
    for (size_t i = 0; i < p->df->instruction_count; i++)
        if (p->df->instructions[i].kind == INSTRUCTION_FROM) {
            int rc = add_stage(p, i, err);
            if (rc != 0)
                return rc;
        }
    p->first_instruction[most] = p->df->instruction_count;
    return pick_target(p, err);
}

int plan_resolve_base(struct planner *p, unsigned stage,
                      const struct image_config **config, struct err *err)
{
    struct plan_stage *self = &p->plan->stages[stage];
    const char *name = self->base_name;
    *config = NULL;
    if (find_context(p->options, name) >= 0) {
        err_set(err, ERR_INPUT,
                "FROM %s: a folder given by --build-context has no root "
                "filesystem to start from",
                name);
        err_at(err, p->df->name, self->line);
        return err_hint(err, "start FROM scratch and COPY --from=%s", name);
    }
    long found = find_stage(p->plan, name, stage);
    /* Stage names are kept in lower case; BuildKit and buildah refuse "FROM BUILD" as
     * an image name with capitals, while COPY --from ignores case. */
    long same = found;
    bool capitals = found >= 0 && p->options->semantics != SEMANTICS_CLASSIC &&
                    strcmp(p->plan->stages[found].name, name) != 0;
    if (capitals)
        found = -1;
    if (found >= 0) {
        self->base = (struct plan_source){PLAN_SOURCE_STAGE, (unsigned)found};
        return 0;
    }
    if (strcmp(name, "scratch") == 0) {
        self->base = (struct plan_source){PLAN_SOURCE_SCRATCH, 0};
        return 0;
    }
    self->base.kind = PLAN_SOURCE_IMAGE;
    int rc = p->options->base(p->options->base_payload, name, self->line, config,
                              &self->base.index, err);
    if (rc != 0 && capitals)
        err_hint(err, "write it as stage %s is named: with capitals it is an image",
                 p->plan->stages[same].name);
    return rc == 0 ? 0 : err_at(err, p->df->name, self->line);
}

static int resolve_stage_number(struct planner *p, unsigned stage,
                                const struct instruction *in, const char *from,
                                struct plan_source *out, struct err *err)
{
    unsigned long n = strlen(from) < 9 ? strtoul(from, NULL, 10) : SIZE_MAX;
    if (n >= p->plan->stage_count)
        err_set(err, ERR_INPUT, "invalid stage index %s: the file has %zu stages", from,
                p->plan->stage_count);
    else if (n >= stage)
        err_set(err, ERR_INPUT,
                n == stage ? "circular dependency: stage %s is copied from itself"
                           : "stage %s needs to be defined before the one that uses it",
                from);
    else {
        *out = (struct plan_source){PLAN_SOURCE_STAGE, (unsigned)n};
        return 0;
    }
    return err_at(err, p->df->name, in->line);
}

int plan_resolve_source(struct planner *p, unsigned stage, const struct instruction *in,
                        const char *from, struct plan_source *out, struct err *err)
{
    if (strcmp(from, "scratch") == 0) {
        *out = (struct plan_source){PLAN_SOURCE_SCRATCH, 0};
        return 0;
    }
    long named = find_context(p->options, from);
    if (named >= 0) {
        *out = (struct plan_source){PLAN_SOURCE_CONTEXT, (unsigned)named};
        return 0;
    }
    /* In a mount a number is no stage to BuildKit, but the name of an image. */
    bool by_name =
        in->kind == INSTRUCTION_RUN && p->options->semantics == SEMANTICS_BUILDKIT;
    if (is_number(from) && !by_name)
        return resolve_stage_number(p, stage, in, from, out, err);
    long found = find_stage(p->plan, from, stage);
    if (found >= 0) {
        *out = (struct plan_source){PLAN_SOURCE_STAGE, (unsigned)found};
        return 0;
    }
    found = find_stage(p->plan, from, p->plan->stage_count);
    if (found >= 0) {
        err_set(err, ERR_INPUT,
                (unsigned long)found == stage
                    ? "circular dependency: stage %s is copied from itself"
                    : "stage %s needs to be defined before the one that uses it",
                from);
        return err_at(err, p->df->name, in->line);
    }
    const struct image_config *config;
    out->kind = PLAN_SOURCE_IMAGE;
    int rc = p->options->base(p->options->base_payload, from, in->line, &config,
                              &out->index, err);
    return rc == 0 ? 0 : err_at(err, p->df->name, in->line);
}
