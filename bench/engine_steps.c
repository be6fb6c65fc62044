/* SPDX-License-Identifier: MIT */
/*
 * Which line of progress belongs to which instruction. BuildKit names the stage and
 * counts FROM (of a real image), RUN, COPY, ADD and WORKDIR in it; buildah counts every
 * instruction of a stage, the classic builder every instruction of the file.
 */
#include "bench/engine_steps.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "sim/base/mem.h"

/* An instruction with its place. */
struct place {
    const struct instruction *instruction;
    size_t stage;     /* from 0; SIZE_MAX: before the first FROM */
    unsigned in_file; /* from 1 */
    unsigned in_stage;
    unsigned vertex; /* BuildKit's number, 0 if it gives none */
};

struct stage {
    const char *name, *base; /* name NULL: it has none */
    bool external;           /* its base is an image */
    bool counted;            /* FROM has a vertex: it is, or a twin of scratch */
    size_t parent;           /* the stage it stands on; SIZE_MAX: none */
    unsigned vertices;       /* in all */
};

struct outline {
    struct place *places;
    struct stage *stages;
    size_t place_count, stage_count;
};

static void outline_free(struct outline *o)
{
    free(o->places);
    free(o->stages);
}

static bool makes_layer(const struct instruction *in)
{
    return in->kind == INSTRUCTION_RUN || in->kind == INSTRUCTION_COPY ||
           in->kind == INSTRUCTION_ADD || in->kind == INSTRUCTION_WORKDIR;
}

static size_t stage_find(const struct outline *o, const char *name)
{
    for (size_t i = o->stage_count; i-- > 0;)
        if (o->stages[i].name != NULL && strcasecmp(o->stages[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static void add_stage(struct outline *o, const struct instruction *from,
                      bool scratch_twins)
{
    const struct strv *args = &from->args;
    struct stage stage = {.base = args->len > 0 ? args->items[0] : ""};
    stage.parent = stage_find(o, stage.base);
    bool scratch = strcmp(stage.base, "scratch") == 0;
    stage.external = !scratch && stage.parent == SIZE_MAX;
    stage.counted = stage.external || (scratch && scratch_twins);
    if (args->len >= 3 && strcasecmp(args->items[1], "AS") == 0)
        stage.name = args->items[2];
    o->stages[o->stage_count++] = stage;
}

static void outline_make(const struct steps_source *of, struct outline *o)
{
    const struct dockerfile *df = of->df;
    size_t n = df->instruction_count;
    *o = (struct outline){.places = xcalloc(n, sizeof *o->places),
                          .stages = xcalloc(n, sizeof *o->stages)};
    unsigned in_stage = 0;
    for (size_t i = 0; i < n; i++) {
        const struct instruction *in = &df->instructions[i];
        bool counted = makes_layer(in);
        if (in->kind == INSTRUCTION_FROM) {
            add_stage(o, in, of->scratch_twins);
            in_stage = 0;
            counted = o->stages[o->stage_count - 1].counted;
        }
        struct place place = {in, o->stage_count - 1, (unsigned)i + 1, ++in_stage, 0};
        if (counted && o->stage_count > 0)
            place.vertex = ++o->stages[o->stage_count - 1].vertices;
        o->places[o->place_count++] = place;
    }
}

/* Position of the target stage; the last where it is not named. */
static size_t target_stage(const struct outline *o, const char *target)
{
    if (target == NULL || o->stage_count == 0)
        return o->stage_count - 1;
    size_t named = stage_find(o, target);
    if (named != SIZE_MAX)
        return named;
    char *end;
    unsigned long number = strtoul(target, &end, 10);
    return *end == '\0' && number < o->stage_count ? number : o->stage_count - 1;
}

/* ---- looking up ---- */

static bool same_words(const char *a, const char *b)
{
    for (;;) {
        while (*a != '\0' && (isspace((unsigned char)*a) || *a == '\\'))
            a++;
        while (*b != '\0' && (isspace((unsigned char)*b) || *b == '\\'))
            b++;
        if (*a == '\0' || *b == '\0')
            return *a == *b;
        if (tolower((unsigned char)*a++) != tolower((unsigned char)*b++))
            return false;
    }
}

static bool is_stage(const struct outline *o, size_t stage, const char *name)
{
    const char *own = o->stages[stage].name;
    if (name[0] == '\0')
        return o->stage_count == 1;
    if (own != NULL)
        return strcasecmp(own, name) == 0;
    AUTO_FREE char *numbered = xasprintf("stage-%zu", stage);
    return strcmp(numbered, name) == 0;
}

/* A base that is a named context has no vertex and no number: what follows it is 1. */
static bool base_uncounted(const struct outline *o, size_t stage,
                           const struct engine_log *log)
{
    size_t len;
    const struct log_step *steps = engine_log_steps(log, &len);
    for (size_t i = 0; i < len && o->stages[stage].counted; i++)
        if (steps[i].number == 1 && is_stage(o, stage, steps[i].stage) &&
            strncasecmp(steps[i].text, "FROM ", 5) != 0)
            return true;
    return false;
}

static bool fits(const struct outline *o, const struct place *p, enum log_format format,
                 const struct engine_log *log, const struct log_step *step)
{
    if (format == LOG_CLASSIC)
        return step->number == p->in_file;
    if (p->stage == SIZE_MAX)
        return false;
    if (format != LOG_BUILDAH)
        return p->vertex != 0 && is_stage(o, p->stage, step->stage) &&
               step->number + base_uncounted(o, p->stage, log) == p->vertex;
    AUTO_FREE char *number = xasprintf("%zu", p->stage + 1);
    return step->number == p->in_stage && strcmp(step->stage, number) == 0;
}

static const struct log_step *step_of(const struct outline *o, const struct place *p,
                                      enum log_format format,
                                      const struct engine_log *log)
{
    size_t len;
    const struct log_step *steps = engine_log_steps(log, &len);
    for (size_t i = 0; i < len; i++)
        if ((steps[i].started || steps[i].cached) && fits(o, p, format, log, &steps[i]))
            return &steps[i];
    if (format == LOG_CLASSIC || format == LOG_BUILDAH || !makes_layer(p->instruction))
        return NULL;
    /* BuildKit merges equal work of two stages and shows it under one of their names.
     */
    for (size_t i = 0; i < len; i++)
        if (steps[i].cached || steps[i].started)
            if (same_words(steps[i].text, p->instruction->text))
                return &steps[i];
    return NULL;
}

/* Stages whose work was told, and those they stand on. */
static bool *stages_touched(const struct outline *o, size_t target,
                            enum log_format format, const struct engine_log *log)
{
    bool *touched = xcalloc(o->stage_count + 1, sizeof *touched);
    size_t len;
    const struct log_step *steps = engine_log_steps(log, &len);
    for (size_t i = 0; i < o->place_count; i++)
        for (size_t s = 0; s < len && o->places[i].stage != SIZE_MAX; s++)
            if ((steps[s].started || steps[s].cached) &&
                fits(o, &o->places[i], format, log, &steps[s]))
                touched[o->places[i].stage] = true;
    touched[target] = true;
    for (size_t i = o->stage_count; i-- > 0;)
        if (touched[i] && o->stages[i].parent != SIZE_MAX)
            touched[o->stages[i].parent] = true;
    return touched;
}

/* ---- filling in ---- */

static enum step_status status_of(const struct outline *o, const struct place *p,
                                  const struct log_step *step)
{
    if (p->instruction->kind == INSTRUCTION_FROM) {
        if (!o->stages[p->stage].external)
            return STEP_META;
        return step != NULL && step->fetched ? STEP_RAN : STEP_CACHED;
    }
    if (!makes_layer(p->instruction))
        return STEP_META;
    return step != NULL && step->cached ? STEP_CACHED : STEP_RAN;
}

static char *upper(struct arena *arena, const char *word)
{
    char *out = arena_strdup(arena, word);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return out;
}

static void add_step(const struct outline *o, const struct place *p,
                     const struct log_step *told, struct build_result *out)
{
    struct build_step *step = &out->steps[out->step_count++];
    const struct stage *stage = &o->stages[p->stage];
    AUTO_FREE char *number = xasprintf("%zu", p->stage);
    *step = (struct build_step){
        .index = out->step_count,
        .stage = arena_strdup(out->arena, stage->name != NULL ? stage->name : number),
        .line = p->instruction->line,
        .instruction = arena_strdup(out->arena, p->instruction->text),
        .word = upper(out->arena, p->instruction->name),
        .status = status_of(o, p, told),
    };
    if (p->instruction->kind == INSTRUCTION_FROM)
        step->base_name = arena_strdup(out->arena, stage->base);
    if (told != NULL && told->seconds > 0 && step->status == STEP_RAN)
        step->wall_s = told->seconds;
}

static int not_understood(const struct place *p, const char *what, struct err *err)
{
    err_set(err, ERR_FAILED, "its progress output is not understood: %s '%.200s'", what,
            p->instruction->text);
    err_at(err, "Dockerfile", p->instruction->line);
    return err_hint(err, "this may be a newer version than this simbench knows: "
                         "simbench engines shows it");
}

/* The first word of the line must be the instruction's. */
static bool agrees(const struct place *p, const struct log_step *told)
{
    size_t len = strlen(p->instruction->name);
    return strncasecmp(told->text, p->instruction->name, len) == 0;
}

int engine_steps_fill(const struct steps_source *of, const struct engine_log *log,
                      bool finished, struct build_result *out, struct err *err)
{
    const enum log_format format = engine_log_format(log);
    struct outline o;
    outline_make(of, &o);
    int r = 0;
    out->arena = xcalloc(1, sizeof *out->arena);
    out->steps = xcalloc(o.place_count + 1, sizeof *out->steps);
    size_t goal = o.stage_count > 0 ? target_stage(&o, of->target) : 0;
    AUTO_FREE bool *touched = stages_touched(&o, goal, format, log);
    for (size_t i = 0; i < o.place_count && r == 0; i++) {
        const struct place *p = &o.places[i];
        if (p->stage == SIZE_MAX || !touched[p->stage])
            continue;
        const struct log_step *told = step_of(&o, p, format, log);
        if (told != NULL && !agrees(p, told))
            r = not_understood(p, "it has another step in the place of", err);
        else if (told != NULL || !makes_layer(p->instruction))
            add_step(&o, p, told, out);
        else if (finished && p->stage == goal)
            r = not_understood(p, "there is no line for the step", err);
    }
    for (unsigned i = 0; i < out->step_count; i++)
        out->steps[i].total = out->step_count;
    outline_free(&o);
    return r;
}

/* ---- layers ---- */

/* What kind of instruction a row of the history comes from; "" for another. */
static const char *row_word(const char *created_by)
{
    static const char *const words[] = {"COPY", "ADD", "WORKDIR", "RUN"};
    const char *nop = strstr(created_by, "#(nop)");
    const char *at = created_by;
    if (nop != NULL)
        at = nop + strlen("#(nop)");
    else if (at[0] == '|' || at[0] == '/')
        return "RUN";
    at += strspn(at, " ");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return words[i];
    return "";
}

/* The nearest step before *at in the stages of the target's chain, of that word. */
static struct build_step *step_before(struct build_result *out, const bool *lines,
                                      unsigned *at, const char *word)
{
    unsigned i = *at;
    while (i > 0) {
        struct build_step *step = &out->steps[--i];
        bool layer = step->status != STEP_META && strcmp(step->word, "FROM") != 0;
        if (!layer || !lines[i] || strcmp(step->word, word) != 0)
            continue;
        *at = i;
        return step;
    }
    return NULL;
}

/* Which steps lie in the target stage or below it. */
static bool *steps_of_chain(const struct steps_source *of,
                            const struct build_result *out)
{
    struct outline o;
    outline_make(of, &o);
    bool *inside = xcalloc(out->step_count + 1, sizeof *inside);
    size_t stage = o.stage_count > 0 ? target_stage(&o, of->target) : SIZE_MAX;
    for (; stage != SIZE_MAX; stage = o.stages[stage].parent)
        for (size_t p = 0; p < o.place_count; p++)
            for (unsigned s = 0; s < out->step_count && o.places[p].stage == stage; s++)
                if (out->steps[s].line == o.places[p].instruction->line)
                    inside[s] = true;
    outline_free(&o);
    return inside;
}

void engine_steps_layers(const struct steps_source *of,
                         const struct image_config *config, const uint64_t *sizes,
                         struct build_result *out)
{
    AUTO_FREE bool *inside = steps_of_chain(of, out);
    unsigned at = out->step_count;
    size_t layer = config->diff_id_count;
    for (size_t i = config->history_count; i-- > 0 && layer > 0;) {
        const struct image_history *row = &config->history[i];
        if (row->empty_layer)
            continue;
        layer--;
        struct build_step *step = step_before(
            out, inside, &at, row_word(row->created_by != NULL ? row->created_by : ""));
        if (step == NULL)
            return; /* from here on it is the base image */
        step->has_layer = true;
        step->diff_id = config->diff_ids[layer];
        step->size = sizes[layer];
    }
}
