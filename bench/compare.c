/* SPDX-License-Identifier: MIT */
/* Pairs scenarios, variants and builds of two results and compares their counters. */
#include "bench/compare.h"

#include <string.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { RESULT_FILE_LIMIT = 256 << 20 };

/* A comparison being made. */
struct comparing {
    const struct compare_options *options;
    struct comparison *out;
    bool with_wall;  /* both were measured on one machine */
    size_t unjudged; /* builds with too few samples for their wall time */
    size_t apart;    /* builds whose samples were not taken in turns */
};

static void add(struct comparison *c, const struct difference *d)
{
    GROW(c->items, c->cap, c->len + 1);
    c->items[c->len++] = *d;
    c->counts[d->verdict]++;
}

static const char *known(const char *text)
{
    return text != NULL ? text : "unknown";
}

/* Takes ownership of the line; each is said once. */
static void note(struct comparing *c, char *line)
{
    if (strv_contains(&c->out->notes, line))
        free(line);
    else
        strv_take(&c->out->notes, line);
}

static void note_engine(struct comparing *c, const struct result_variant *base,
                        const struct result_variant *now)
{
    const char *was = known(base->engine_version), *is = known(now->engine_version);
    if (strcmp(was, is) != 0)
        note(c, xasprintf("%s was version %s and is %s", now->engine, was, is));
}

bool difference_is_wall(const struct difference *d)
{
    return d->metric != NULL && strcmp(d->metric, "wall_s") == 0;
}

static void compare_metric(struct comparing *c, struct difference place,
                           const char *metric, uint64_t base, uint64_t now)
{
    place.metric = metric;
    place.base = base;
    place.now = now;
    place.verdict = now > base   ? VERDICT_WORSE
                    : now < base ? VERDICT_BETTER
                                 : VERDICT_SAME;
    add(c->out, &place);
}

/* Here a fall is the loss; with another number of steps it need not be one. */
static void compare_reused(struct comparing *c, struct difference place,
                           const struct result_build *base,
                           const struct result_build *now)
{
    place.metric = "steps_reused";
    place.base = base->reused;
    place.now = now->reused;
    if (base->reused == now->reused)
        place.verdict = VERDICT_SAME;
    else if (base->step_count != now->step_count)
        place.verdict = VERDICT_CHANGED;
    else
        place.verdict = now->reused < base->reused ? VERDICT_WORSE : VERDICT_BETTER;
    add(c->out, &place);
}

static void compare_wall(struct comparing *c, struct difference place,
                         const struct result_build *base,
                         const struct result_build *now)
{
    if (!c->with_wall || base->wall.n == 0 || now->wall.n == 0)
        return;
    judge_builds(base, now, base->in_turns, c->options->min_effect, &place.wall);
    if (!place.wall.seen.enough) {
        c->unjudged++;
        return;
    }
    int verdict = place.wall.verdict;
    bool gate = c->options->gate_wall;
    c->apart += !base->in_turns;
    place.metric = "wall_s";
    place.base_s = base->wall.median;
    place.now_s = now->wall.median;
    place.in_turns = base->in_turns;
    place.base_samples = base->wall.n;
    place.now_samples = now->wall.n;
    place.verdict = verdict > 0   ? (gate ? VERDICT_WORSE : VERDICT_SLOWER)
                    : verdict < 0 ? (gate ? VERDICT_BETTER : VERDICT_FASTER)
                                  : VERDICT_SAME;
    add(c->out, &place);
}

static void compare_build(struct comparing *c, struct difference place,
                          const struct result_build *base,
                          const struct result_build *now)
{
    place.build = now->label;
    compare_metric(c, place, "failed", base->error != NULL, now->error != NULL);
    compare_metric(c, place, "steps_run", base->ran, now->ran);
    compare_reused(c, place, base, now);
    compare_metric(c, place, "new_bytes", base->new_bytes, now->new_bytes);
    compare_metric(c, place, "fetched_bytes", base->fetched_bytes, now->fetched_bytes);
    if (base->has_virtual && now->has_virtual)
        compare_metric(c, place, "virtual_ms", base->virtual_ms, now->virtual_ms);
    if (base->error == NULL && now->error == NULL)
        compare_wall(c, place, base, now);
}

/* The nth build of a label: scenarios may use one twice. */
static const struct result_build *find_build(const struct result_variant *v,
                                             const char *label, size_t nth)
{
    for (size_t i = 0; i < v->build_count; i++)
        if (strcmp(v->builds[i].label, label) == 0 && nth-- == 0)
            return &v->builds[i];
    return NULL;
}

static size_t nth_of_label(const struct result_variant *v, size_t at)
{
    size_t n = 0;
    for (size_t i = 0; i < at; i++)
        n += strcmp(v->builds[i].label, v->builds[at].label) == 0;
    return n;
}

static void compare_variant(struct comparing *c, struct difference place,
                            const struct result_variant *base,
                            const struct result_variant *now)
{
    note_engine(c, base, now);
    for (size_t i = 0; i < now->build_count; i++) {
        const struct result_build *b = &now->builds[i];
        const struct result_build *old =
            find_build(base, b->label, nth_of_label(now, i));
        if (old != NULL) {
            compare_build(c, place, old, b);
            continue;
        }
        place.build = b->label;
        place.verdict = VERDICT_NEW;
        add(c->out, &place);
    }
    for (size_t i = 0; i < base->build_count; i++) {
        const struct result_build *b = &base->builds[i];
        if (find_build(now, b->label, nth_of_label(base, i)) != NULL)
            continue;
        place.build = b->label;
        place.verdict = VERDICT_GONE;
        add(c->out, &place);
    }
}

static const struct result_variant *find_variant(const struct result_scenario *s,
                                                 const struct result_variant *like)
{
    for (size_t i = 0; i < s->variant_count; i++)
        if (strcmp(s->variants[i].name, like->name) == 0 &&
            strcmp(s->variants[i].engine, like->engine) == 0 &&
            strcmp(s->variants[i].exec, like->exec) == 0)
            return &s->variants[i];
    return NULL;
}

static void compare_scenario(struct comparing *c, const struct result_scenario *base,
                             const struct result_scenario *now)
{
    struct difference place = {.scenario = now->name};
    for (size_t i = 0; i < now->variant_count; i++) {
        const struct result_variant *v = &now->variants[i],
                                    *old = find_variant(base, v);
        place.variant = v->name;
        place.engine = v->engine;
        if (old != NULL) {
            compare_variant(c, place, old, v);
            continue;
        }
        place.verdict = VERDICT_NEW;
        add(c->out, &place);
    }
    for (size_t i = 0; i < base->variant_count; i++) {
        const struct result_variant *v = &base->variants[i];
        if (find_variant(now, v) != NULL)
            continue;
        place.variant = v->name;
        place.engine = v->engine;
        place.verdict = VERDICT_GONE;
        add(c->out, &place);
    }
}

bool compare_machines(const struct results *base, const struct results *now)
{
    return base->machine_id != NULL && now->machine_id != NULL &&
           strcmp(base->machine_id, now->machine_id) == 0;
}

static void note_origin(struct comparing *c, const struct results *base,
                        const struct results *now)
{
    if (strcmp(known(base->version), known(now->version)) != 0)
        note(c, xasprintf("made by different versions of simbench: %s and %s",
                          known(base->version), known(now->version)));
    c->with_wall = compare_machines(base, now);
    if (base->machine_id == NULL || now->machine_id == NULL)
        note(c, xstrdup("a file does not say on which machine it was made: wall time "
                        "is not compared"));
    else if (!c->with_wall)
        note(c, xasprintf("made on different machines (%s; %s): wall time is not "
                          "compared",
                          known(base->machine), known(now->machine)));
}

static void note_unjudged(struct comparing *c)
{
    if (c->options->gate_wall && c->unjudged != 0)
        note(c, xasprintf("wall time of %zu builds is not judged: fewer than 5 samples "
                          "on a side (--runs)",
                          c->unjudged));
    if (c->options->gate_wall && c->apart != 0)
        note(c, xasprintf("wall time of %zu build%s is compared between two separate "
                          "runs, which finds less: run --baseline measures the "
                          "baseline's scenarios again, if the same simbench made it",
                          c->apart, c->apart == 1 ? "" : "s"));
}

void compare_results(const struct results *base, const struct results *now,
                     const struct compare_options *options, struct comparison *out)
{
    struct comparing c = {.options = options, .out = out};
    *out =
        (struct comparison){.base_version = base->version, .now_version = now->version};
    note_origin(&c, base, now);
    for (size_t i = 0; i < now->scenario_count; i++) {
        const struct result_scenario *s = &now->scenarios[i];
        const struct result_scenario *old = results_find_scenario(base, s->name);
        struct difference place = {.scenario = s->name, .verdict = VERDICT_NEW};
        if (old != NULL)
            compare_scenario(&c, old, s);
        else
            add(out, &place);
    }
    for (size_t i = 0; i < base->scenario_count; i++) {
        struct difference place = {.scenario = base->scenarios[i].name,
                                   .verdict = VERDICT_GONE};
        if (results_find_scenario(now, place.scenario) == NULL)
            add(out, &place);
    }
    note_unjudged(&c);
}

void comparison_free(struct comparison *c)
{
    free(c->items);
    strv_free(&c->notes);
    *c = (struct comparison){0};
}

int compare_load(const char *path, struct results **out, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    int r = file_read(path, RESULT_FILE_LIMIT, &text, err);
    if (r == ERR_NOT_FOUND) {
        err_set(err, ERR_INPUT, "no such file");
        err_at(err, path, 0);
        return err_hint(err, "simbench run --save FILE.json writes a result file");
    }
    return r < 0 ? r : results_from_json(path, buf_str(&text), text.len, out, err);
}

int comparison_verdict(const struct comparison *c, struct err *err)
{
    size_t n = c->counts[VERDICT_WORSE];
    if (n == 0)
        return 0;
    return err_set(err, ERR_FAILED, "%zu regression%s against the baseline", n,
                   n == 1 ? "" : "s");
}
