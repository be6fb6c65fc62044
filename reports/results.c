/* SPDX-License-Identifier: MIT */
/* The result model in memory. Its JSON form is written and read next door. */
#include "reports/results.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/results_json.h"
#include "reports/samples.h"
#include "sim/base/digest.h"
#include "sim/base/mem.h"
#include "sim/cache/miss.h"

static char *copy(const char *s)
{
    return s != NULL ? xstrdup(s) : NULL;
}

/* Room for one more item, zeroed. Arrays without a capacity of their own grow when
 * their count is a power of two. */
static void *add_slot(void *items, size_t *count, size_t size)
{
    size_t n = *count;
    if ((n & (n - 1)) == 0)
        items = xreallocarray(items, n == 0 ? 1 : n * 2, size);
    memset((char *)items + n * size, 0, size);
    *count = n + 1;
    return items;
}

/* ---- measured time --------------------------------------------------------------- */

void result_wall_settle(struct result_wall *wall)
{
    if (wall->n == 0)
        return;
    double sum = 0, squares = 0;
    wall->min = wall->max = wall->samples[0];
    for (size_t i = 0; i < wall->n; i++) {
        sum += wall->samples[i];
        wall->min = fmin(wall->min, wall->samples[i]);
        wall->max = fmax(wall->max, wall->samples[i]);
    }
    wall->mean = sum / (double)wall->n;
    for (size_t i = 0; i < wall->n; i++) {
        double off = wall->samples[i] - wall->mean;
        squares += off * off;
    }
    wall->stddev = wall->n > 1 ? sqrt(squares / (double)(wall->n - 1)) : 0;
    wall->median = samples_median(wall->samples, wall->n);
}

void result_wall_push(struct result_wall *wall, double seconds)
{
    if (!isfinite(seconds) || seconds < 0)
        return;
    /* Nine digits, as results.json has them: what is read back is what was kept. */
    char text[32];
    snprintf(text, sizeof text, "%.9g", seconds);
    GROW(wall->samples, wall->cap, wall->n + 1);
    wall->samples[wall->n++] = strtod(text, NULL);
}

void result_wall_add(struct result_wall *wall, double seconds)
{
    result_wall_push(wall, seconds);
    result_wall_settle(wall);
}

/* ---- life and death -------------------------------------------------------------- */

struct results *results_new(const char *version, int64_t started_s)
{
    struct results *r = xcalloc(1, sizeof *r);
    r->version = copy(version);
    r->started_s = started_s;
    return r;
}

void results_set_machine(struct results *r, const char *id, const char *text)
{
    free(r->machine_id);
    free(r->machine);
    r->machine_id = copy(id);
    r->machine = copy(text);
}

static void free_step(struct result_step *s)
{
    free(s->stage);
    free(s->instruction);
    free(s->word);
    free(s->key);
    free(s->diff_id);
    free(s->base_name);
    free(s->wall.samples);
    free(s->miss_reason);
    free(s->miss_text);
    free(s->miss_json);
}

static void free_build(struct result_build *b)
{
    for (size_t i = 0; i < b->step_count; i++)
        free_step(&b->steps[i]);
    for (size_t i = 0; i < b->layer_count; i++)
        free(b->layers[i].diff_id);
    free(b->cpu.samples);
    free(b->waited.samples);
    free(b->label);
    free(b->error);
    free(b->steps);
    free(b->image_id);
    free(b->dockerfile);
    free(b->layers);
    free(b->wall.samples);
}

static void free_variant(struct result_variant *v)
{
    for (size_t i = 0; i < v->build_count; i++)
        free_build(&v->builds[i]);
    free(v->builds);
    free(v->name);
    free(v->engine);
    free(v->engine_version);
    free(v->turns);
    free(v->exec);
}

static void free_scenario(struct result_scenario *s)
{
    for (size_t i = 0; i < s->variant_count; i++)
        free_variant(&s->variants[i]);
    for (size_t i = 0; i < s->check_count; i++)
        free(s->checks[i].message);
    free(s->variants);
    free(s->checks);
    free(s->name);
    free(s->lesson);
    free(s->source);
    free(s->scan);
    for (size_t i = 0; i < s->point_len; i++)
        free(s->point[i].name);
    free(s->point);
    free(s->file);
    free(s->error);
}

void results_free(struct results *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->scenario_count; i++)
        free_scenario(&r->scenarios[i]);
    free(r->scenarios);
    free(r->version);
    free(r->machine_id);
    free(r->machine);
    free(r->program);
    free(r);
}

/* ---- adding ---------------------------------------------------------------------- */

const struct result_scenario *results_find_scenario(const struct results *r,
                                                    const char *name)
{
    for (size_t i = 0; i < r->scenario_count; i++)
        if (strcmp(r->scenarios[i].name, name) == 0)
            return &r->scenarios[i];
    return NULL;
}

struct result_scenario *results_add_scenario(struct results *r, const char *name,
                                             const char *lesson, const char *file)
{
    r->scenarios = add_slot(r->scenarios, &r->scenario_count, sizeof *r->scenarios);
    struct result_scenario *s = &r->scenarios[r->scenario_count - 1];
    s->name = copy(name);
    s->lesson = copy(lesson);
    s->file = copy(file);
    return s;
}

struct result_variant *result_add_variant(struct result_scenario *s, const char *name,
                                          const char *engine, const char *exec)
{
    s->variants = add_slot(s->variants, &s->variant_count, sizeof *s->variants);
    struct result_variant *v = &s->variants[s->variant_count - 1];
    v->name = copy(name);
    v->engine = copy(engine);
    v->exec = copy(exec);
    return v;
}

void result_add_axis(struct result_scenario *s, const char *scan, const char *axis,
                     double value)
{
    if (s->scan == NULL)
        s->scan = copy(scan);
    s->point = add_slot(s->point, &s->point_len, sizeof *s->point);
    s->point[s->point_len - 1] = (struct result_axis){copy(axis), value};
}

void result_add_turn(struct result_variant *v, unsigned turn)
{
    v->turns = add_slot(v->turns, &v->turn_count, sizeof *v->turns);
    v->turns[v->turn_count - 1] = turn;
}

void result_add_check(struct result_scenario *s, const char *message, bool ok,
                      unsigned line)
{
    s->checks = add_slot(s->checks, &s->check_count, sizeof *s->checks);
    s->checks[s->check_count - 1] =
        (struct result_check){.message = copy(message), .ok = ok, .line = line};
}

struct result_build *result_new_build(struct result_variant *v)
{
    v->builds = add_slot(v->builds, &v->build_count, sizeof *v->builds);
    return &v->builds[v->build_count - 1];
}

struct result_step *result_new_step(struct result_build *b)
{
    b->steps = add_slot(b->steps, &b->step_count, sizeof *b->steps);
    return &b->steps[b->step_count - 1];
}

void result_new_layer(struct result_build *b, const char *diff_id, uint64_t size)
{
    b->layers = add_slot(b->layers, &b->layer_count, sizeof *b->layers);
    b->layers[b->layer_count - 1].diff_id = copy(diff_id);
    b->layers[b->layer_count - 1].size = size;
}

char *result_word(const char *instruction)
{
    size_t len = strcspn(instruction, " \t");
    char *word = xstrndup(instruction, len);
    for (char *p = word; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    return word;
}

static char *digest_copy(const struct digest *d)
{
    char text[DIGEST_TEXT + 1];
    digest_text(d, text);
    return xstrdup(text);
}

static void copy_miss(struct result_step *to, const struct miss *miss)
{
    if (miss == NULL)
        return;
    AUTO_BUF json = BUF_INIT;
    miss_to_json(miss, &json);
    json_t *parsed = json_loadb(buf_str(&json), json.len, 0, NULL);
    result_set_miss(to, parsed);
    json_decref(parsed);
}

static void copy_step(struct result_step *to, const struct build_step *from)
{
    to->index = from->index;
    to->total = from->total;
    to->line = from->line;
    to->stage = copy(from->stage);
    to->instruction = copy(from->instruction);
    to->word = from->word != NULL
                   ? xstrdup(from->word)
                   : result_word(from->instruction ? from->instruction : "");
    to->status = from->status;
    if (from->has_key)
        to->key = digest_copy(&from->key);
    if (from->has_layer) {
        to->diff_id = digest_copy(&from->diff_id);
        to->size = from->size;
        to->modelled = from->modelled;
    }
    to->base_name = copy(from->base_name);
    to->base_layers = from->base_layers;
    to->base_size = from->base_size;
    to->fetched_bytes = from->fetched_bytes;
    to->has_virtual = from->has_virtual;
    to->virtual_ms = from->virtual_ms;
    to->has_start = from->has_virtual && from->status == STEP_RAN;
    to->start_ms = from->start_ms;
    result_wall_add(&to->wall, from->wall_s);
    copy_miss(to, from->miss);
}

static void count_step(struct result_build *b, const struct result_step *s)
{
    b->ran += s->status == STEP_RAN;
    b->reused += s->status == STEP_CACHED;
    b->fetched_bytes += s->fetched_bytes;
    if (s->status == STEP_RAN && s->diff_id != NULL)
        b->new_bytes += s->size;
}

struct result_build *result_add_build(struct result_variant *v, const char *label,
                                      const struct build_result *build,
                                      const char *dockerfile, const char *error)
{
    struct result_build *b = result_new_build(v);
    b->label = copy(label);
    b->error = copy(error);
    b->dockerfile = copy(dockerfile);
    if (build == NULL)
        return b;
    for (unsigned i = 0; i < build->step_count; i++) {
        struct result_step *s = result_new_step(b);
        copy_step(s, &build->steps[i]);
        count_step(b, s);
    }
    for (size_t i = 0; i < build->layer_count; i++) {
        AUTO_FREE char *diff_id = digest_copy(&build->layers[i].diff_id);
        result_new_layer(b, diff_id, build->layers[i].size);
    }
    if (!digest_is_zero(&build->image_id))
        b->image_id = digest_copy(&build->image_id);
    b->size = build->size;
    b->has_virtual = build->has_virtual;
    b->virtual_ms = build->virtual_ms;
    result_wall_add(&b->wall, build->wall_s);
    return b;
}

void result_build_usage(struct result_build *b, double cpu_s, double waited_s)
{
    result_wall_add(&b->cpu, cpu_s);
    result_wall_add(&b->waited, waited_s);
}

void result_build_sample(struct result_build *b, const struct build_result *build)
{
    result_wall_push(&b->wall, build->wall_s);
    for (unsigned i = 0; i < build->step_count && i < b->step_count; i++)
        result_wall_push(&b->steps[i].wall, build->steps[i].wall_s);
}

void result_settle(struct result_scenario *s)
{
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t i = 0; i < s->variants[v].build_count; i++) {
            struct result_build *b = &s->variants[v].builds[i];
            result_wall_settle(&b->wall);
            for (size_t k = 0; k < b->step_count; k++)
                result_wall_settle(&b->steps[k].wall);
        }
}
