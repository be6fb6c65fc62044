/* SPDX-License-Identifier: MIT */
/* Private to sim/plan/: the state that the planner's files pass around. */
#ifndef SIM_PLAN_PLAN_MEMORY_H
#define SIM_PLAN_PLAN_MEMORY_H

#include "sim/base/mem.h"
#include "sim/dockerfile/word.h"
#include "sim/plan/plan.h"

struct plan_memory {
    struct arena arena;
    struct dockerfile **triggers; /* ONBUILD instructions of base images, parsed */
    size_t trigger_count, trigger_cap;
    struct ignore **ignores; /* compiled --exclude patterns */
    size_t ignore_count, ignore_cap;
};

/* A variable list while it grows; plan_env is a frozen copy. */
struct vars {
    struct plan_var *items;
    size_t len, cap;
};

/* What instructions change as a stage is walked. */
struct stage_state {
    struct planner *planner;
    struct plan_stage *stage;
    unsigned index;   /* of the stage */
    struct vars env;  /* ENV and ARG values, in order */
    struct vars args; /* ARGs declared, for history lines and linear keys */
    const struct plan_env *frozen_env, *frozen_args; /* NULL after a change */
    struct image_config *config;
    const char *cwd; /* as RUN sees it, spelling kept */
    const char *user;
    struct plan_words shell;
    bool cmd_set; /* CMD stood in this stage */
    bool walked;
    struct plan_step *steps; /* of this stage, moved to the plan at the end */
    size_t step_count, step_cap;
};

struct planner {
    const struct dockerfile *df;
    const struct plan_options *options;
    struct plan *plan;
    struct vars globals;        /* ARGs before the first FROM, with values */
    struct vars platform;       /* BUILDPLATFORM, … */
    struct stage_state *states; /* one a stage, kept for FROM stage */
    size_t *first_instruction;  /* of each stage: index of its FROM */
};

char *plan_strdup(struct planner *p, const char *s);
char *plan_strndup(struct planner *p, const char *s, size_t n);
char *plan_printf(struct planner *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct plan_words plan_words_copy(struct planner *p, const struct strv *from);

/* vars.c */
const char *vars_get(const struct vars *vars, const char *name);
/* Sets in place or appends; the strings must live as long as the plan. */
void vars_set(struct vars *vars, const char *name, const char *value, bool is_arg);
void vars_free(struct vars *vars);
/* Value of --build-arg NAME; NULL if not given. */
const char *plan_build_arg(const struct planner *p, const char *name);
/* Predefined global platform arguments. */
void plan_platform_args(struct planner *p);
/* Walks the ARGs before the first FROM. */
int plan_global_args(struct planner *p, struct err *err);
/* Expands a word of an instruction with the stage's variables; result in the plan. */
int plan_expand(struct stage_state *s, const struct instruction *in, const char *word,
                const char **out, struct err *err);
/* Adds an ARG of a stage, with what it resolves to. */
int plan_stage_arg(struct stage_state *s, const struct instruction *in,
                   struct err *err);
/* Expands a FROM operand with the global arguments. */
int plan_expand_global(struct planner *p, const struct instruction *in,
                       const char *word, const char **out, struct err *err);
const struct plan_env *plan_freeze_env(struct stage_state *s);
const struct plan_env *plan_freeze_args(struct stage_state *s);

/* stages.c: which stages there are and what they stand on. */
int plan_find_stages(struct planner *p, struct err *err);
/* What FROM's operand means: scratch, an earlier stage, or an image, whose config is
 * put into *config (borrowed; else NULL). */
int plan_resolve_base(struct planner *p, unsigned stage,
                      const struct image_config **config, struct err *err);
/* What --from's operand means. */
int plan_resolve_source(struct planner *p, unsigned stage, const struct instruction *in,
                        const char *from, struct plan_source *out, struct err *err);

/* walk.c: the instructions of one stage, in order. */
int plan_walk_stage(struct planner *p, unsigned index, struct err *err);
void plan_state_free(struct stage_state *s);

/* files.c: RUN, COPY and ADD. */
int plan_run_step(struct stage_state *s, const struct instruction *in,
                  struct plan_step *step, struct err *err);
int plan_copy_step(struct stage_state *s, const struct instruction *in,
                   struct plan_step *step, struct err *err);

/* config.c: instructions that change the config alone. */
int plan_config_step(struct stage_state *s, const struct instruction *in,
                     struct plan_step *step, struct err *err);
int plan_workdir_step(struct stage_state *s, const struct instruction *in,
                      struct plan_step *step, struct err *err);

#endif
