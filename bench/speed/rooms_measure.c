/* SPDX-License-Identifier: MIT */
/* Times single rooms and shows what came of it. */
#include <string.h>

#include "bench/columns.h"
#include "bench/speed/rooms.h"
#include "bench/version.h"
#include "reports/report.h"
#include "reports/samples.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

static const char scenario_name[] = "rooms";

static int run_one(struct bed *bed, const struct room *room, struct result_wall *wall,
                   struct err *err)
{
    uint64_t start = clock_monotonic_ns();
    int r = room->run(bed, room->n, err);
    double seconds = (double)(clock_monotonic_ns() - start) / 1e9;
    if (r == 0 && wall != NULL)
        result_wall_add(wall, seconds);
    return r < 0 ? err_wrap(err, "%s", room->name) : 0;
}

/* The first round warms up. */
static int run_rounds(struct bed *bed, struct result_variant *v, unsigned runs,
                      struct err *err)
{
    int r = 0;
    for (unsigned round = 0; round <= runs && r == 0; round++)
        for (size_t i = 0; i < v->build_count && r == 0; i++) {
            size_t at = round % 2 == 0 ? i : v->build_count - 1 - i;
            r = run_one(bed, &rooms[at], round > 0 ? &v->builds[at].wall : NULL, err);
        }
    return r;
}

int rooms_measure(const struct measure *m, struct err *err)
{
    struct bed bed = {0};
    struct result_scenario *s =
        results_add_scenario(m->results, scenario_name, "", "make bench");
    struct result_variant *v = result_add_variant(s, "simbench", "builtin", "model");
    v->engine_version = xstrdup(SIMBENCH_VERSION);
    for (const struct room *room = rooms; room->name != NULL; room++)
        result_add_build(v, room->name, NULL, NULL, NULL);
    int r = bed_make(&bed, m->folder, err);
    if (r == 0)
        r = run_rounds(&bed, v, m->runs, err);
    bed_free(&bed);
    return r;
}

static void add_row(struct columns *t, const struct result_build *b)
{
    struct interval range;
    AUTO_BUF median = BUF_INIT;
    AUTO_BUF interval = BUF_INIT;
    report_wall(b->wall.median, &median);
    if (samples_median_interval(b->wall.samples, b->wall.n, 0.95, &range)) {
        report_wall(range.low, &interval);
        buf_adds(&interval, " .. ");
        report_wall(range.high, &interval);
    }
    columns_add(t, b->label);
    columns_add_count(t, b->wall.n);
    columns_add(t, buf_str(&median));
    columns_add(t, interval.len != 0 ? interval.data : "~");
}

static void show(const struct result_variant *v, FILE *out)
{
    struct columns t;
    columns_begin(&t, "ROOM|>RUNS|>MEDIAN|>95% INTERVAL");
    for (size_t b = 0; b < v->build_count; b++)
        add_row(&t, &v->builds[b]);
    fputc('\n', out);
    columns_end(&t, out);
}

void rooms_show(const struct results *results, FILE *out)
{
    for (size_t i = 0; i < results->scenario_count; i++)
        if (strcmp(results->scenarios[i].name, scenario_name) == 0)
            show(&results->scenarios[i].variants[0], out);
}
