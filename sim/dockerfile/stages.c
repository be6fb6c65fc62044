/* SPDX-License-Identifier: MIT */
/* Stages of a file, which ones a target needs, and the judgement of a whole file. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/dockerfile/check.h"
#include "sim/dockerfile/lint.h"

/* Stages are walked recursively; nobody writes more. */
enum { STAGES_MOST = 1000 };

size_t stages_find(const struct dockerfile *df, struct stage **out)
{
    size_t count = 0, cap = 0;
    struct stage *stages = NULL;
    for (size_t i = 0; i < df->instruction_count; i++) {
        const struct instruction *in = &df->instructions[i];
        if (count > 0)
            stages[count - 1].end = i + (in->kind != INSTRUCTION_FROM);
        if (in->kind != INSTRUCTION_FROM || count == STAGES_MOST)
            continue;
        GROW(stages, cap, count + 1);
        stages[count] = (struct stage){.from = in, .first = i + 1, .end = i + 1};
        (void)instruction_from(in, &stages[count++].args, NULL);
    }
    *out = stages;
    return count;
}

long stage_by_name(const struct stage *stages, size_t user, const char *name)
{
    for (size_t i = user; i-- > 0;) {
        if (stages[i].args.stage != NULL && strcasecmp(stages[i].args.stage, name) == 0)
            return (long)i;
    }
    return -1;
}

/* The graph of one file while it is walked. */
struct graph {
    const struct dockerfile *df;
    const struct stage *stages;
    size_t count;
    bool *done;    /* walked */
    bool *entered; /* being walked: meeting one again is a circle */
    struct err *err;
};

static int circular(const struct graph *g, size_t stage)
{
    const char *name = g->stages[stage].args.stage;
    AUTO_FREE char *number = xasprintf("stage-%zu", stage);
    return err_set(g->err, ERR_INPUT, "circular dependency detected on stage: %s",
                   name != NULL ? name : number);
}

/* The stage a --from means: a number, or a name before or after this stage; -1 if it
 * is an image. */
static int resolve(const struct graph *g, size_t user, const char *from, long *out)
{
    char *end;
    long number = strtol(from, &end, 10);
    *out = -1;
    if (end != from && *end == '\0') {
        if (number < 0 || (size_t)number >= g->count) {
            err_set(g->err, ERR_INPUT, "invalid stage index %ld", number);
            return err_hint(g->err, "the file has the stages 0 to %zu", g->count - 1);
        }
        *out = number;
        return 0;
    }
    const char *own = g->stages[user].args.stage;
    if (own != NULL && strcasecmp(own, from) == 0)
        *out = (long)user;
    else
        *out = stage_by_name(g->stages, g->count, from);
    return 0;
}

/* The stage that one flag reads, -1 if none. */
static int flag_target(const struct graph *g, size_t stage,
                       const struct instruction *in, const char *flag, long *out)
{
    struct mount_args m;
    *out = -1;
    if (in->kind == INSTRUCTION_COPY && strncmp(flag, "--from=", 7) == 0 &&
        flag[7] != '\0' && !has_variable(flag))
        return resolve(g, stage, flag + 7, out);
    if (in->kind != INSTRUCTION_RUN || strncmp(flag, "--mount=", 8) != 0 ||
        mount_parse(flag + 8, &m, NULL) != 0)
        return 0;
    if (m.from != NULL)
        *out = stage_by_name(g->stages, g->count, m.from);
    mount_args_free(&m);
    return 0;
}

/* Stages that COPY and mounts of one instruction read. */
static int follow(struct graph *g, size_t stage, const struct instruction *in,
                  int (*visit)(struct graph *, size_t))
{
    for (size_t i = 0; i < in->flags.len; i++) {
        long target;
        int rc = flag_target(g, stage, in, in->flags.items[i], &target);
        if (rc == 0 && target >= 0)
            rc = visit(g, (size_t)target);
        if (rc != 0)
            return err_at(g->err, NULL, in->line);
    }
    return 0;
}

static int walk(struct graph *g, size_t stage)
{
    const struct stage *s = &g->stages[stage];
    if (g->entered[stage])
        return circular(g, stage);
    if (g->done[stage])
        return 0;
    g->entered[stage] = true;
    int rc = 0;
    long base = stage_by_name(g->stages, stage, s->args.image);
    if (base >= 0)
        rc = walk(g, (size_t)base);
    for (size_t i = s->first; rc == 0 && i < s->end; i++)
        rc = follow(g, stage, &g->df->instructions[i], walk);
    g->entered[stage] = false;
    g->done[stage] = true;
    return rc;
}

/* Walks from one stage, or from all. */
static int walk_stages(const struct dockerfile *df, const struct stage *stages,
                       size_t count, long target, bool *done, struct err *err)
{
    AUTO_FREE bool *entered = xcalloc(count, sizeof *entered);
    struct graph g = {df, stages, count, done, entered, err};
    if (target >= 0)
        return walk(&g, (size_t)target);
    for (size_t i = 0; i < count; i++) {
        int rc = walk(&g, i);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int stages_needed(const struct dockerfile *df, const struct stage *stages, size_t count,
                  size_t target, bool *needed, struct err *err)
{
    return walk_stages(df, stages, count, (long)target, needed, err);
}

static int check_instructions(const struct dockerfile *df, struct err *err)
{
    size_t stages = 0;
    const struct instruction *early = NULL;
    for (size_t i = 0; i < df->instruction_count; i++) {
        const struct instruction *in = &df->instructions[i];
        int rc = instruction_check(in, err);
        if (rc != 0)
            return rc;
        stages += in->kind == INSTRUCTION_FROM;
        if (stages > STAGES_MOST) {
            err_set(err, ERR_INPUT, "more than %d stages", STAGES_MOST);
            return err_at(err, NULL, in->line);
        }
        if (stages == 0 && in->kind != INSTRUCTION_ARG && early == NULL)
            early = in;
        if (early != NULL) {
            err_set(err, ERR_INPUT, "no build stage in current context: %s before FROM",
                    instruction_title(early));
            err_hint(err, "start with FROM; only ARG may stand before it");
            return err_at(err, NULL, early->line);
        }
    }
    if (stages > 0)
        return 0;
    err_set(err, ERR_INPUT, "dockerfile contains no stages to build");
    return err_hint(err, "add FROM IMAGE, or FROM scratch");
}

/* FROM's words and the ARGs before the first, needed or not; names of images. */
static int check_global_words(const struct dockerfile *df, const struct stage *stages,
                              size_t count, struct err *err)
{
    size_t first = count > 0 ? stages[0].first - 1 : 0;
    for (size_t i = 0; i < first; i++) {
        int rc = instruction_check_words(&df->instructions[i], df->escape, err);
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; i < count; i++) {
        const char *image = stages[i].args.image;
        int rc = instruction_check_words(stages[i].from, df->escape, err);
        bool literal = strpbrk(image, "$\"'\\`") == NULL;
        if (rc == 0 && literal && stage_by_name(stages, i, image) < 0 &&
            !reference_valid(image)) {
            rc = err_set(
                err, ERR_INPUT,
                "failed to parse stage name \"%.200s\": invalid reference format",
                image);
            err_hint(err, "an image is [registry/]name[:tag], its name in lower case");
        }
        if (rc != 0)
            return err_at(err, NULL, stages[i].from->line);
    }
    return 0;
}

int dockerfile_check_syntax(const struct dockerfile *df, struct err *err)
{
    struct lint_choice ignored = {0};
    int rc = lint_read_directives(df, &ignored, err);
    if (rc == 0)
        rc = check_instructions(df, err);
    if (rc == 0) {
        struct stage *stages;
        size_t count = stages_find(df, &stages);
        AUTO_FREE bool *done = xcalloc(count, sizeof *done);
        rc = check_global_words(df, stages, count, err);
        if (rc == 0)
            rc = walk_stages(df, stages, count, -1, done, err);
        free(stages);
    }
    return rc != 0 ? err_at(err, df->name, 0) : 0;
}

/* A mount without target lies at the working folder, which is the root in a stage from
 * scratch that sets none. */
static int check_root_mounts(const struct instruction *in, struct err *err)
{
    struct run_args run;
    int rc = instruction_run(in, &run, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < run.mount_count; i++) {
        const struct mount_args *m = &run.mounts[i];
        if (m->type == MOUNT_SECRET || m->type == MOUNT_SSH ||
            (m->target != NULL && strcmp(m->target, "") != 0 &&
             strcmp(m->target, ".") != 0))
            continue;
        rc = err_set(err, ERR_INPUT, "invalid mount target \"/\"");
        err_hint(err, "say where it is mounted, for example target=/root/.cache");
        err_at(err, NULL, in->line);
    }
    run_args_free(&run);
    return rc;
}

static int check_stage(const struct dockerfile *df, const struct stage *s,
                       struct err *err)
{
    bool at_root = strcmp(s->args.image, "scratch") == 0;
    int rc = 0;
    for (size_t i = s->first; rc == 0 && i < s->end; i++) {
        const struct instruction *in = &df->instructions[i];
        rc = instruction_check_words(in, df->escape, err);
        if (rc == 0)
            rc = instruction_check_values(in, df->escape, err);
        at_root = at_root && in->kind != INSTRUCTION_WORKDIR;
        if (rc == 0 && at_root && in->kind == INSTRUCTION_RUN)
            rc = check_root_mounts(in, err);
    }
    return rc;
}

int dockerfile_check_target(const struct dockerfile *df, size_t stage, struct err *err)
{
    struct stage *stages;
    size_t count = stages_find(df, &stages);
    AUTO_FREE bool *needed = xcalloc(count, sizeof *needed);
    int rc = stage < count ? stages_needed(df, stages, count, stage, needed, err) : 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (needed[i])
            rc = check_stage(df, &stages[i], err);
    }
    free(stages);
    return rc != 0 ? err_at(err, df->name, 0) : 0;
}

int dockerfile_check(const struct dockerfile *df, struct err *err)
{
    int rc = dockerfile_check_syntax(df, err);
    size_t count = 0;
    for (size_t i = 0; i < df->instruction_count; i++)
        count += df->instructions[i].kind == INSTRUCTION_FROM;
    return rc != 0 || count == 0 ? rc : dockerfile_check_target(df, count - 1, err);
}
