/* SPDX-License-Identifier: MIT */
/* Power laws: the fit, and the lines through the points of a scan. */
#include "tests/support.h"

#include <math.h>
#include <string.h>

#include "reports/growth.h"
#include "reports/plots.h"
#include "tests/unit/reports/model.h"

static void near(double got, double wanted, double within)
{
    if (fabs(got - wanted) > within)
        fail_msg("%.17g is not %.17g", got, wanted);
}

static void fit__power_laws__are_found(void **state)
{
    (void)state;
    struct report_fit f;
    assert_true(report_fit_power((double[]){1, 2, 4}, (double[]){3, 12, 48}, 3, &f));
    near(f.exponent, 2, 1e-12);
    near(f.factor, 3, 1e-9);
    near(f.error, 0, 1e-9);
    /* Logs (0,0) (1,1) (2,3): slope 3/2, squares left 1/6, error sqrt(1/6 / 1 / 2). */
    assert_true(
        report_fit_power((double[]){1, 10, 100}, (double[]){1, 10, 1000}, 3, &f));
    near(f.exponent, 1.5, 1e-12);
    near(f.error, sqrt(1.0 / 12), 1e-12);
    near(log10(f.factor), 4.0 / 3 - 1.5, 1e-12);
    assert_false(report_fit_power((double[]){5, 5}, (double[]){1, 2}, 2, &f));
    assert_false(report_fit_power((double[]){1, 2}, (double[]){0, 2}, 2, &f));
}

/* A scan of {10, 100, 1000} files by {2, 5} layers: 10 ms and 10 bytes a file, a second
 * a layer; measured, a millisecond a layer and 20 us a file, three times. */
static void model_scan(struct results *r, const char *name, bool measured)
{
    static const double files[] = {10, 100, 1000}, layers[] = {2, 5};
    for (size_t i = 0; i < 6; i++) {
        double f = files[i / 2], l = layers[i % 2];
        AUTO_FREE char *title = xasprintf("%s [files=%g, layers=%g]", name, f, l);
        struct result_scenario *s = results_add_scenario(r, title, NULL, "scan.lua");
        result_add_axis(s, name, "files", f);
        result_add_axis(s, name, "layers", l);
        struct build_step step = {.index = 1,
                                  .total = 1,
                                  .stage = "0",
                                  .instruction = "COPY . .",
                                  .status = STEP_RAN,
                                  .has_layer = true,
                                  .size = (uint64_t)(10 * f)};
        struct build_result built = {.steps = &step,
                                     .step_count = 1,
                                     .has_virtual = true,
                                     .virtual_ms = (uint64_t)(10 * f + 1000 * l),
                                     .wall_s = measured ? 1e-3 * l + 2e-5 * f : 0};
        struct result_build *b =
            result_add_build(result_add_variant(s, "only", "builtin", "model"),
                             "first build", &built, NULL, NULL);
        for (int again = 0; measured && again < 2; again++)
            result_build_sample(b, &built);
    }
    for (size_t i = 0; i < r->scenario_count; i++)
        result_settle(&r->scenarios[i]);
}

/* A line an axis, a place, a build and a metric; the largest series first. */
static void growths__when_two_axes__then_a_line_at_each_place(void **state)
{
    (void)state;
    struct results *r = results_new("1", 0);
    model_scan(r, "files", false);
    struct report_growths all;
    report_growths_init(r->scenarios, r->scenario_count, &all);
    size_t along[2] = {0};
    for (size_t i = 0; i < all.count; i++) {
        const struct report_growth *g = &all.items[i];
        along[g->axis]++;
        assert_int_equal(g->len, g->axis == 0 ? 3 : 2);
        /* The model: 10 ms and 10 bytes a file; a layer costs a second. */
        if (g->axis == 0 && g->metric == METRIC_BYTES)
            near(g->fit.exponent, 1, 1e-9);
        if (g->metric == METRIC_STEPS)
            near(g->fit.exponent, 0, 1e-9);
        assert_int_equal(strncmp(g->place, g->axis == 0 ? "layers=" : "files=", 6), 0);
    }
    /* Two places by three metrics (there is no wall time), and three by three. */
    assert_int_equal(along[0], 6);
    assert_int_equal(along[1], 9);
    report_growths_free(&all);
    results_free(r);
}

static void growths__when_memory_is_known__then_it_grows_too(void **state)
{
    (void)state;
    struct results *r = results_new("1", 0);
    model_scan(r, "files", false);
    for (size_t i = 0; i < r->scenario_count; i++) {
        double files = r->scenarios[i].point[0].value;
        r->scenarios[i].variants[0].builds[0].peak_bytes =
            (uint64_t)(7 * files * files);
    }
    struct report_growths all;
    report_growths_init(r->scenarios, r->scenario_count, &all);
    size_t found = 0;
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(report_metric_name(all.items[i].metric), "peak_bytes") != 0)
            continue;
        near(all.items[i].fit.exponent, all.items[i].axis == 0 ? 2 : 0, 1e-9);
        found++;
    }
    assert_int_equal(found, 2 + 3); /* a line at each place on the other axis */
    report_growths_free(&all);
    results_free(r);
}

static void plots__when_scan__then_golden(void **state)
{
    (void)state;
    struct results *r = results_new("1", 0);
    model_scan(r, "files", true);
    struct report_plots plots;
    report_plots_init(r, &plots);
    size_t found = 0;
    for (size_t i = 0; i < plots.count; i++) {
        const struct report_plot *p = &plots.items[i];
        if (!p->of_scan)
            continue;
        AUTO_FREE char *gp = xasprintf("%s.gp", p->name);
        AUTO_FREE char *dat = xasprintf("%s.dat", p->name);
        struct buf script = {.data = p->gp, .len = strlen(p->gp)};
        struct buf data = {.data = p->dat, .len = strlen(p->dat)};
        assert_golden(gp, &script);
        assert_golden(dat, &data);
        assert_int_equal(p->scenario, 0);
        found++;
    }
    /* Both clocks and the bytes along files; the bytes do not grow along layers. */
    assert_int_equal(found, 5);
    report_plots_free(&plots);
    results_free(r);
}

/* Two builds over four runs; one has a change, one an interval. */
static void trends__when_drawn__then_golden(void **state)
{
    (void)state;
    struct report_trend_point cold[] = {{1, 1000, 1000, 1000, false, 0},
                                        {2, 1000, 1000, 1000, false, 0},
                                        {5, 1500, 1500, 1500, true, 0.5},
                                        {6, 1500, 1500, 1500, false, 0}};
    struct report_trend_point edit[] = {{1, 0, 0, 0, false, 0},
                                        {2, 100, 100, 100, true, NAN}};
    struct report_trend_point once[] = {{1, 7, 7, 7, false, 0}};
    char from[] = "2026-01-01", to[] = "2026-01-02";
    struct report_trend lines[] = {{"m", "edit app.py", "good", "builtin", "model",
                                    "cold", 0, "virtual_ms", from, to, cold, 4},
                                   {"m", "edit app.py", "good", "buildkit", "model",
                                    "edit", 1, "virtual_ms", from, to, edit, 2},
                                   {"m", "unknown", "good", "builtin", "model", "cold",
                                    0, "virtual_ms", from, to, cold, 4},
                                   {"m", "one run", "good", "builtin", "model", "cold",
                                    0, "virtual_ms", from, to, once, 1}};
    struct report_trends trends = {lines, 4};
    struct results *r = model_results();
    struct report_plots plots = {0};
    report_plots_add_trends(r, &trends, &plots);
    assert_int_equal(plots.count, 1); /* neither of another scenario nor of one run */
    struct buf script = {.data = plots.items[0].gp, .len = strlen(plots.items[0].gp)};
    struct buf data = {.data = plots.items[0].dat, .len = strlen(plots.items[0].dat)};
    assert_golden("edit-app-py-trend-virtual-ms.gp", &script);
    assert_golden("edit-app-py-trend-virtual-ms.dat", &data);
    report_plots_add_trends(NULL, &trends, &plots);
    assert_int_equal(plots.count, 3);
    assert_string_equal(plots.items[1].name, "edit-app-py-trend-virtual-ms-2");
    report_plots_free(&plots);
    results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fit__power_laws__are_found),
        cmocka_unit_test(growths__when_two_axes__then_a_line_at_each_place),
        cmocka_unit_test(growths__when_memory_is_known__then_it_grows_too),
        cmocka_unit_test(plots__when_scan__then_golden),
        cmocka_unit_test(trends__when_drawn__then_golden),
    };
    return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
