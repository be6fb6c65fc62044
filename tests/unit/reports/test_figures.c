/* SPDX-License-Identifier: MIT */
/* Figures that follow from the model: timelines, intervals, agreement, what counts as a
 * failure. Expected values are worked out by hand. */
#include "tests/support.h"

#include "reports/export.h"
#include "reports/figures.h"
#include "reports/timeline.h"
#include "tests/unit/reports/model.h"

/* ---- timelines ------------------------------------------------------------------- */

struct row {
    const char *stage, *instruction;
    unsigned line, ms, start_ms;
};

/* "tools" is not needed and has no steps, but is stage 1 all the same. */
static const char dockerfile[] = "FROM node AS front\nRUN web\n  from tools as tools\n"
                                 "FROM python\nRUN pip\nFROM front AS late\n"
                                 "RUN more\nFROM scratch\nCOPY --from=2 /a /b\n"
                                 "COPY --chown=1 --from=LATE /a /b\n"
                                 "RUN --mount=type=bind,from=front,target=/x end\n"
                                 "FROM scratch AS two\n"
                                 "RUN --mount=from=late --mount=type=bind,from=2 two\n"
                                 "FROM scratch AS zero\nCOPY --from=0 /a /b\n";
static const struct row rows[] = {
    {"front", "FROM node AS front", 1, 5000, 0},
    {"front", "RUN web", 2, 60000, 5000},
    {"2", "FROM python", 4, 12000, 0},
    {"2", "RUN pip", 5, 45000, 12000},
    {"late", "FROM --platform=linux/amd64 front AS late", 6, 0, 65000},
    {"late", "RUN more", 7, 1000, 65000},
    {"4", "FROM scratch", 8, 0, 0},
    {"4", "COPY --from=2 /a /b", 9, 100, 57000},
    {"4", "COPY --chown=1 --from=LATE /a /b", 10, 100, 66000},
    {"4", "RUN --mount=type=bind,from=front,target=/x end", 11, 10, 66100},
    {"two", "FROM scratch AS two", 12, 0, 0},
    {"two", "RUN --mount=from=late --mount=type=bind,from=2 two", 13, 10, 66000},
    {"zero", "FROM scratch AS zero", 14, 0, 0},
    {"zero", "COPY --from=0 /a /b", 15, 10, 65000}};
enum { ROWS = sizeof rows / sizeof *rows };

static void timeline__when_stages__then_each_after_what_it_reads(void **state)
{
    (void)state;
    struct build_step steps[ROWS] = {0};
    for (unsigned i = 0; i < ROWS; i++)
        steps[i] = (struct build_step){.index = i + 1,
                                       .stage = rows[i].stage,
                                       .line = rows[i].line,
                                       .instruction = rows[i].instruction,
                                       .status = STEP_RAN,
                                       .has_virtual = true,
                                       .virtual_ms = rows[i].ms};
    struct build_result built = {.steps = steps, .step_count = ROWS};
    struct results *r = results_new("1", 0);
    struct result_build *b = result_add_build(
        result_add_variant(results_add_scenario(r, "s", NULL, NULL), "v", "e", "m"),
        "b", &built, dockerfile, NULL);
    struct report_timeline line;
    for (size_t i = 0; i < ROWS; i++)
        b->steps[i].has_start = false; /* as in results of old versions */
    report_timeline_init(b, true, &line);
    assert_int_equal(line.stage_count, 6);
    assert_int_equal(line.span_count, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        if ((unsigned)(line.spans[i].start_s * 1000 + 0.5) != rows[i].start_ms)
            fail_msg("%s begins at %g s", rows[i].instruction, line.spans[i].start_s);
    assert_int_equal(line.end_s * 1000 + 0.5, 66110);
    report_timeline_free(&line);
    /* What the builder says counts; on the wall clock there is no such word. */
    b->steps[1].has_start = true;
    b->steps[1].start_ms = 7000;
    report_timeline_init(b, true, &line);
    assert_true(line.spans[1].start_s == 7.0);
    report_timeline_free(&line);
    report_timeline_init(b, false, &line);
    assert_true(line.spans[1].start_s == 0);
    report_timeline_free(&line);
    results_free(r);
}

static void timeline__when_nonsense__then_no_crash(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "FROM",
                                        "FROM ",
                                        "FROM --a",
                                        "COPY --from=",
                                        "COPY --from=99999999999 a b",
                                        "COPY --from=7 a b",
                                        "RUN --mount=from=,from=x,",
                                        "FROM 0",
                                        "COPY --from=s a b"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct build_step steps[2] = {
            {.stage = "s", .instruction = texts[i]},
            {.stage = NULL, .instruction = texts[i], .wall_s = 1}};
        struct build_result built = {.steps = steps, .step_count = 2};
        struct results *r = results_new("1", 0);
        struct result_build *b = result_add_build(
            result_add_variant(results_add_scenario(r, "s", NULL, NULL), "v", "e", "m"),
            "b", &built, i % 2 == 0 ? NULL : "FROM a\n", NULL);
        struct report_timeline line;
        report_timeline_init(b, false, &line);
        assert_int_equal(line.span_count, 2);
        report_timeline_free(&line);
        results_free(r);
    }
}

/* ---- intervals ------------------------------------------------------------------- */

/* Ranks as tables of the sign test have them. */
static void interval__when_n_samples__then_known_ranks(void **state)
{
    (void)state;
    static const struct {
        unsigned n, rank; /* 0: none */
    } cases[] = {{1, 0}, {5, 0}, {6, 1}, {8, 1}, {9, 2}, {12, 3}, {20, 6}, {100, 40}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result_wall wall = {0};
        unsigned n = cases[i].n;
        for (unsigned k = 0; k < n; k++) /* not in order */
            result_wall_add(&wall, (double)((k * 101) % n) + 1);
        double low, high;
        bool known = report_median_interval(&wall, &low, &high);
        assert_int_equal(known, cases[i].rank > 0);
        unsigned rank = cases[i].rank > 0 ? cases[i].rank : 1;
        assert_int_equal((unsigned)low, rank);
        assert_int_equal((unsigned)high, n + 1 - rank);
        free(wall.samples);
    }
}

/* ---- engines --------------------------------------------------------------------- */

static void agreement__when_engines_differ__then_counted_by_line(void **state)
{
    (void)state;
    struct results *r = model_results();
    struct result_scenario *s = &r->scenarios[0];
    assert_false(report_has_engines(s));
    model_variant(s, "bad", model_bad, 4);
    struct result_variant *real = &s->variants[s->variant_count - 1];
    free(real->engine);
    real->engine = xstrdup("buildkit");
    assert_true(report_has_engines(s));
    assert_ptr_equal(report_model_of(s, real), &s->variants[0]);
    assert_null(report_model_of(s, &s->variants[0]));
    struct report_grid grid;
    report_grid_init(s, &grid);
    AUTO_BUF same = BUF_INIT, other = BUF_INIT, none = BUF_INIT, failed = BUF_INIT;
    report_agreement_text(s, &grid, 1, s->variant_count - 1, &same);
    assert_string_equal(buf_str(&same), "4 of 4");
    report_agreement_text(s, &grid, 1, 0, &none);
    assert_string_equal(buf_str(&none), "");
    real->builds[1].steps[2].status = STEP_CACHED;
    real->builds[1].steps[3].size++;
    report_agreement_text(s, &grid, 1, s->variant_count - 1, &other);
    assert_string_equal(buf_str(&other),
                        "3 of 4 (line 3 differs), 1 layer of other size");
    real->builds[1].error = xstrdup("boom");
    report_agreement_text(s, &grid, 1, s->variant_count - 1, &failed);
    assert_string_equal(buf_str(&failed), "only one fails");
    report_grid_free(&grid);
    results_free(r);
}

/* Measured engines are not compared with the model, and each clock has its own bars. */
static void cost__when_engines_differ__then_of_one_engine(void **state)
{
    (void)state;
    struct results *r = model_results();
    struct result_scenario *s = &r->scenarios[0];
    struct report_cost cost;
    assert_true(report_cost_of(s, &cost));
    uint64_t before = cost.virtual_ms;
    model_variant(s, "bad", model_bad, 4);
    struct result_variant *real = &s->variants[s->variant_count - 1];
    free(real->engine);
    real->engine = xstrdup("buildkit");
    for (size_t b = 0; b < real->build_count; b++)
        real->builds[b].has_virtual = false;
    assert_true(report_cost_of(s, &cost));
    assert_true(cost.has_virtual);
    assert_int_equal(cost.virtual_ms, before);
    assert_string_equal(cost.worst->engine, "builtin");
    AUTO_BUF page = BUF_INIT;
    report_html(r, NULL, &page);
    assert_non_null(strstr(buf_str(&page), "First build and rebuilds, virtual clock"));
    assert_non_null(strstr(buf_str(&page), "First build and rebuilds, wall clock"));
    assert_non_null(
        strstr(buf_str(&page), "steps that agree with the built-in engine"));
    assert_non_null(strstr(buf_str(&page), "<td>4 of 4"));
    results_free(r);
}

/* ---- failures -------------------------------------------------------------------- */

static void count__when_failure_was_expected__then_no_failure(void **state)
{
    (void)state;
    struct results *r = results_new("1", 0);
    struct result_scenario *s = results_add_scenario(r, "s", NULL, NULL);
    result_add_build(result_add_variant(s, "v", "e", "m"), "b", NULL, NULL, "no file");
    result_add_check(s, "it fails", true, 1);
    assert_true(report_scenario_ok(s));
    s->error = xstrdup("stopped");
    assert_false(report_scenario_ok(s));
    struct report_totals t;
    report_count(r, &t);
    assert_int_equal(t.failed_builds, 1);
    results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeline__when_stages__then_each_after_what_it_reads),
        cmocka_unit_test(timeline__when_nonsense__then_no_crash),
        cmocka_unit_test(interval__when_n_samples__then_known_ranks),
        cmocka_unit_test(agreement__when_engines_differ__then_counted_by_line),
        cmocka_unit_test(cost__when_engines_differ__then_of_one_engine),
        cmocka_unit_test(count__when_failure_was_expected__then_no_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
