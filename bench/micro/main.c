/* SPDX-License-Identifier: MIT */
/*
 * make bench: times the builder's parts and whole builds, in turns (each second round
 * backwards), and writes a result file that simbench compare reads.
 * usage: micro SIMBENCH RESULT.json [RUNS [big]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/columns.h"
#include "bench/machine.h"
#include "bench/measure_options.h"
#include "bench/micro/bed.h"
#include "bench/stats.h"
#include "bench/version.h"
#include "reports/report.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { RUNS_DEFAULT = 11, MICROS_MOST = 64 };

struct bench {
    struct bed bed;
    const struct micro *micros[MICROS_MOST];
    size_t count;
    struct results *results;
    struct result_variant *variant;
    unsigned passes;
};

static void add_all(struct bench *b, const struct micro *list)
{
    for (; list->name != NULL && b->count < MICROS_MOST; list++)
        b->micros[b->count++] = list;
}

static int run_one(struct bench *b, size_t at, bool measured, struct err *err)
{
    const struct micro *m = b->micros[at];
    int r = m->prepare != NULL ? m->prepare(&b->bed, m->n, err) : 0;
    uint64_t start = clock_monotonic_ns();
    if (r == 0)
        r = m->run(&b->bed, m->n, err);
    double seconds = (double)(clock_monotonic_ns() - start) / 1e9;
    if (r == 0 && measured)
        result_wall_add(&b->variant->builds[at].wall, seconds);
    return r < 0 ? err_wrap(err, "%s", m->name) : 0;
}

static int run_rounds(struct bench *b, unsigned runs, struct err *err)
{
    int r = 0;
    for (unsigned round = 0; round <= runs && r == 0; round++) /* the first warms up */
        for (size_t i = 0; i < b->count && r == 0; i++)
            r = run_one(b, round % 2 == 0 ? i : b->count - 1 - i, round > 0, err);
    return r;
}

static void print_table(const struct bench *b)
{
    struct columns t;
    columns_begin(&t, "BENCHMARK|>RUNS|>MEDIAN|>95% INTERVAL|>LEAST|>MOST");
    for (size_t i = 0; i < b->count; i++) {
        const struct result_wall *wall = &b->variant->builds[i].wall;
        const double shown[] = {wall->median, wall->min, wall->max};
        struct interval range;
        AUTO_BUF interval = BUF_INIT;
        columns_add(&t, b->micros[i]->name);
        columns_add_count(&t, wall->n);
        if (samples_median_interval(wall->samples, wall->n, 0.95, &range)) {
            report_wall(range.low, &interval);
            buf_adds(&interval, " .. ");
            report_wall(range.high, &interval);
        }
        for (size_t s = 0; s < 3; s++) {
            AUTO_BUF text = BUF_INIT;
            report_wall(shown[s], &text);
            columns_add(&t, buf_str(&text));
            if (s == 0)
                columns_add(&t, interval.len != 0 ? interval.data : "~");
        }
    }
    columns_end(&t, stdout);
}

static void begin_results(struct bench *b)
{
    AUTO_BUF id = BUF_INIT;
    AUTO_BUF text = BUF_INIT;
    machine_describe(&id, &text);
    b->results = results_new(SIMBENCH_VERSION, clock_realtime_s());
    results_set_machine(b->results, id.data, text.data);
    struct result_scenario *s =
        results_add_scenario(b->results, "make bench", "", "bench/micro");
    b->variant = result_add_variant(s, "simbench", "builtin", "real");
    b->variant->engine_version = xstrdup(SIMBENCH_VERSION);
    for (size_t i = 0; i < b->count; i++)
        result_add_build(b->variant, b->micros[i]->name, NULL, NULL, NULL);
    printf("%s\n", text.data);
}

static int run(struct bench *b, const char *path, unsigned runs, bool big,
               struct err *err)
{
    struct err why = ERR_INIT;
    AUTO_BUF json = BUF_INIT;
    int r = bed_make(&b->bed, err);
    if (r < 0)
        return r;
    add_all(b, micro_rooms);
    add_all(b, micro_builds);
    if (big)
        add_all(b, micro_big);
    if (micro_sandbox_works(&b->bed, &why))
        b->micros[b->count++] = &micro_sandbox;
    else
        printf("left out: %s: %s\n", micro_sandbox.name, why.msg);
    begin_results(b);
    r = run_rounds(b, runs, err);
    if (r < 0)
        return r;
    print_table(b);
    results_to_json(b->results, &json);
    return file_write(path, json.data, json.len, err);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct err err = ERR_INIT;
    unsigned runs = RUNS_DEFAULT;
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: micro SIMBENCH RESULT.json [RUNS [big]]\n");
        return 2;
    }
    b.bed.simbench = argv[1];
    int r = measure_count("RUNS", argc > 3 ? argv[3] : NULL, &runs, &err);
    if (r == 0)
        r = run(&b, argv[2], runs, argc > 4 && strcmp(argv[4], "big") == 0, &err);
    if (r < 0)
        fprintf(stderr, "micro: %s\n", err.msg);
    results_free(b.results);
    bed_free(&b.bed);
    return err_exit_code(r);
}
