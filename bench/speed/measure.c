/* SPDX-License-Identifier: MIT */
/* Rounds of one workload. */
#include "bench/speed/measure.h"

#include <string.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"

/* Five samples are the least that can be judged; who waits for an hour takes two. */
enum { ROUNDS_LEAST = 5, ROUNDS_PATIENT = 2, PATIENCE = 60 };

/* One workload being measured. */
struct measuring {
    const struct measure *m;
    struct work *work;
    struct rival *rivals[RIVALS_MOST]; /* those who take part */
    size_t builders, contestants;      /* rivals first, then limits */
    struct result_scenario *scenario;
    unsigned turn; /* of all */
};

static void add_builds(struct result_variant *v, const struct work *work)
{
    for (const char *const *label = work->kind->builds; *label != NULL; label++)
        result_add_build(v, *label, NULL, NULL, NULL);
}

/* The older builders would take minutes for what BuildKit takes seconds for. */
static bool takes_part(const struct work *work, const struct rival *rival)
{
    return rival->tool == NULL || work->peers == PEERS_ALL ||
           (work->peers == PEERS_BUILDKIT && strcmp(rival->engine, "buildkit") == 0);
}

static void begin(struct measuring *g)
{
    const struct work *work = g->work;
    struct rivals *rivals = g->m->rivals;
    g->scenario = results_add_scenario(g->m->results, work->title, "", "make bench");
    if (work->axis != NULL)
        result_add_axis(g->scenario, work->axis, work->axis, work->n);
    for (size_t i = 0; i < rivals->count; i++) {
        struct rival *r = &rivals->items[i];
        if (!takes_part(work, r))
            continue;
        g->rivals[g->builders++] = r;
        const char *exec = r->tool != NULL       ? "real"
                           : work->kind->sandbox ? "sandbox"
                                                 : "model";
        struct result_variant *v =
            result_add_variant(g->scenario, r->name, r->engine, exec);
        v->engine_version = xstrdup(r->version);
        add_builds(v, work);
    }
    g->contestants = g->builders;
    for (const struct limit *l = work->kind->limits; l->name != NULL; l++) {
        add_builds(result_add_variant(g->scenario, l->name, "machine", "real"), work);
        g->contestants++;
    }
}

static int run_limit(struct measuring *g, const struct limit *limit, size_t build,
                     struct spent *out, struct err *err)
{
    const struct work *work = g->work;
    bool first = strcmp(work->kind->builds[build], "first build") == 0;
    AUTO_FREE char *scratch = work_store(work, "written");
    AUTO_FREE char *mib = xasprintf(
        "%llu", (unsigned long long)(work->files.count * work->files.bytes >> 20));
    const char *operands[] = {first ? work->fresh : work->context, scratch, mib, NULL};
    return timed_script(limit->scripts[build], operands, out, err);
}

static int run_rival(struct measuring *g, struct rival *rival, size_t build,
                     struct spent *out, struct err *err)
{
    const struct work_kind *kind = g->work->kind;
    int r = kind->prepare != NULL ? kind->prepare(g->work, build, rival, err) : 0;
    AUTO_FREE char *profile = NULL;
    if (g->m->profiles != NULL)
        profile = xasprintf("%s/%s: %s.%u", g->m->profiles, g->work->title,
                            kind->builds[build], ++g->m->rivals->builds);
    g->m->rivals->profile = profile;
    if (r == 0)
        r = kind->run(g->work, build, rival, out, err);
    g->m->rivals->profile = NULL;
    return r;
}

/* What failed, kept in its build; only our own failure is one of the bench. */
static int give_up(struct measuring *g, size_t who, size_t build, struct err *err)
{
    struct rival *rival = g->rivals[who];
    struct result_build *b = &g->scenario->variants[who].builds[build];
    if (rival->tool == NULL || err->code == ERR_CANCELLED)
        return err_wrap(err, "%s, %s", g->work->title, b->label);
    fprintf(g->m->out, "%s, %s: %s is left out from here on: %s\n", g->work->title,
            b->label, rival->name, err->msg);
    rival->gone = true;
    b->error = xstrdup(err->msg);
    return 0;
}

static int take_turn(struct measuring *g, size_t who, size_t build, bool measured,
                     struct err *err)
{
    struct spent spent = {0};
    struct result_build *b = &g->scenario->variants[who].builds[build];
    bool builds = who < g->builders;
    if (builds && g->rivals[who]->gone)
        return 0;
    int r = builds ? run_rival(g, g->rivals[who], build, &spent, err)
                   : run_limit(g, &g->work->kind->limits[who - g->builders], build,
                               &spent, err);
    if (r < 0)
        return builds ? give_up(g, who, build, err) : r;
    if (!measured)
        return 0;
    result_wall_add(&b->wall, spent.seconds);
    if (builds && spent.peak_bytes > b->peak_bytes)
        b->peak_bytes = spent.peak_bytes;
    return 0;
}

static int run_round(struct measuring *g, unsigned round, struct err *err)
{
    const struct work_kind *kind = g->work->kind;
    for (size_t b = 0; kind->builds[b] != NULL; b++) {
        int r = kind->begin != NULL ? kind->begin(g->work, b, err) : 0;
        for (size_t i = 0; i < g->contestants && r == 0; i++) {
            size_t who = round % 2 == 0 ? i : g->contestants - 1 - i;
            r = take_turn(g, who, b, round > 0, err);
            if (round > 0 && b == 0)
                result_add_turn(&g->scenario->variants[who], ++g->turn);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* The first round warms up. */
static int run_rounds(struct measuring *g, struct err *err)
{
    uint64_t begun = clock_monotonic_ns();
    int r = 0;
    for (unsigned round = 0; round <= g->m->runs && r == 0; round++) {
        double spent = (double)(clock_monotonic_ns() - begun) / 1e9;
        if ((round > ROUNDS_LEAST && spent > g->m->seconds) ||
            (round > ROUNDS_PATIENT && spent > g->m->seconds * PATIENCE))
            break;
        r = run_round(g, round, err);
    }
    return r;
}

int measure_work(const struct measure *m, struct work *work, struct err *err)
{
    struct measuring g = {.m = m, .work = work};
    int r = work_open(work, m->rivals, m->folder, err);
    if (r == 0) {
        begin(&g);
        r = run_rounds(&g, err);
    }
    rivals_clean(m->rivals);
    work_close(work);
    return r;
}
