/* SPDX-License-Identifier: MIT */
/* Splits samples into their parts and lets them vote. */
#include "bench/judge.h"

#include <math.h>
#include <stdlib.h>

#include "sim/base/mem.h"

/* What a sample is looked at by. Of steps, each is a column, what lies between them is
 * the last. */
enum aspect { OWN, CPU, REST, STEPS, VIEWS };
static const char *const view_names[VIEWS] = {"own time", "processor time", "rest",
                                              "steps"};

struct side {
    const struct result_build *build;
    size_t n, columns; /* columns: of STEPS */
    double *views[VIEWS];
};

static void side_free(struct side *s)
{
    for (int v = 0; v < VIEWS; v++)
        free(s->views[v]);
}

static void add_parts(struct side *s)
{
    const struct result_build *b = s->build;
    if (b->cpu.n != s->n || b->waited.n != s->n)
        return;
    for (int v = OWN; v <= REST; v++)
        s->views[v] = xcalloc(s->n, sizeof(double));
    for (size_t i = 0; i < s->n; i++) {
        s->views[OWN][i] = b->wall.samples[i] - b->waited.samples[i];
        s->views[CPU][i] = b->cpu.samples[i];
        s->views[REST][i] = s->views[OWN][i] - s->views[CPU][i];
    }
}

static void add_steps(struct side *s)
{
    const struct result_build *b = s->build;
    for (size_t k = 0; k < b->step_count; k++)
        if (b->steps[k].wall.n != s->n)
            return;
    s->columns = b->step_count + 1;
    s->views[STEPS] = xcalloc(s->n * s->columns, sizeof(double));
    for (size_t i = 0; i < s->n; i++) {
        double *row = s->views[STEPS] + i * s->columns;
        row[b->step_count] = b->wall.samples[i];
        for (size_t k = 0; k < b->step_count; k++) {
            row[k] = b->steps[k].wall.samples[i];
            row[b->step_count] -= row[k];
        }
    }
}

static void side_make(const struct result_build *build, struct side *out)
{
    *out = (struct side){.build = build, .n = build->wall.n};
    add_parts(out);
    add_steps(out);
}

/* A part weighs as much as its share of the whole: all samples are moved so that the
 * base's median becomes the whole. */
static void weigh(double *base, size_t base_n, double *now, size_t now_n, double whole)
{
    double off = whole - samples_median(base, base_n);
    for (size_t i = 0; i < base_n; i++)
        base[i] += off;
    for (size_t i = 0; i < now_n; i++)
        now[i] += off;
}

/* Time that was waited in parallel can outweigh a sample: then the parts say nothing.
 */
static void forget_parts(struct side *s)
{
    for (int v = OWN; v <= REST; v++) {
        free(s->views[v]);
        s->views[v] = NULL;
    }
}

/* What both sides know. */
static bool common(const struct side *base, const struct side *now, enum aspect aspect)
{
    return base->views[aspect] != NULL && now->views[aspect] != NULL &&
           (aspect != STEPS || base->columns == now->columns);
}

/* ---- in turns -------------------------------------------------------------------- */

static int agreed(int a, int b)
{
    return a == 0 ? b : b == 0 || a == b ? a : 0;
}

/* One view that says something is enough, and p is multiplied by their number, because
 * each of them may err. What moved between the parts is no change of the whole. */
static void judge_turns(struct side *base, struct side *now, double min_effect,
                        struct judgement *out)
{
    struct contrast seen[VIEWS];
    int votes[VIEWS] = {0}, asked = 0;
    for (int v = 0; v < VIEWS; v++)
        asked += common(base, now, (enum aspect)v);
    for (int v = 0; v < VIEWS; v++) {
        if (!common(base, now, (enum aspect)v))
            continue;
        stats_contrast_turns(base->views[v], now->views[v], base->n,
                             v == STEPS ? base->columns : 1, &seen[v]);
        seen[v].p = fmin(1, seen[v].p * asked);
        votes[v] = stats_beyond(&seen[v], min_effect / 2);
    }
    bool whole_says = votes[OWN] != 0 || votes[STEPS] != 0;
    out->verdict =
        whole_says ? agreed(votes[OWN], votes[STEPS]) : agreed(votes[CPU], votes[REST]);
    for (int v = VIEWS; v-- > 0;)
        if (out->verdict != 0 && votes[v] == out->verdict) {
            out->by = view_names[v];
            out->seen = seen[v];
        }
}

/* ---- apart ----------------------------------------------------------------------- */

/* How the fastest differ, which other work disturbs least: beyond half of min_effect
 * and what a restless machine makes of them, too. */
static int fastest_vote(const struct side *base, const struct side *now,
                        double min_effect)
{
    bool steps = common(base, now, STEPS);
    const double *b = steps ? base->views[STEPS] : base->build->wall.samples;
    const double *n = steps ? now->views[STEPS] : now->build->wall.samples;
    double was = stats_fastest(b, base->n, steps ? base->columns : 1);
    double is = stats_fastest(n, now->n, steps ? now->columns : 1);
    double unrest = stats_unrest(base->build->wall.samples, base->n) +
                    stats_unrest(now->build->wall.samples, now->n);
    double least = 1 + min_effect / 2 + unrest / 10;
    return is >= was * least ? 1 : is <= was / least ? -1 : 0;
}

/* Wall time, own time, a part of it, and the fastest samples must agree. */
static void judge_apart(const struct side *base, const struct side *now,
                        double min_effect, struct judgement *out)
{
    int wall = stats_verdict(&out->seen, min_effect), votes[VIEWS] = {0};
    out->verdict = wall;
    if (!common(base, now, OWN))
        return;
    for (int v = OWN; v <= REST; v++) {
        struct contrast seen;
        stats_contrast(base->views[v], base->n, now->views[v], now->n, &seen);
        votes[v] = stats_verdict(&seen, min_effect);
    }
    if (votes[OWN] != wall || (votes[CPU] != wall && votes[REST] != wall) ||
        fastest_vote(base, now, min_effect) != wall)
        out->verdict = 0;
}

void judge_builds(const struct result_build *base, const struct result_build *now,
                  bool in_turns, double min_effect, struct judgement *out)
{
    struct side b, n;
    *out = (struct judgement){.by = "wall time"};
    stats_contrast(base->wall.samples, base->wall.n, now->wall.samples, now->wall.n,
                   &out->seen);
    side_make(base, &b);
    side_make(now, &n);
    double whole = b.views[OWN] != NULL ? samples_median(b.views[OWN], b.n) : 0;
    for (int v = OWN; v <= REST && whole > 0; v++)
        if (common(&b, &n, (enum aspect)v))
            weigh(b.views[v], b.n, n.views[v], n.n, whole);
    if (!(whole > 0))
        forget_parts(&b);
    if (in_turns && b.n == n.n)
        judge_turns(&b, &n, min_effect, out);
    else
        judge_apart(&b, &n, min_effect, out);
    side_free(&b);
    side_free(&n);
}
