/* SPDX-License-Identifier: MIT */
/* Scripts and data of the plots, and the runs of gnuplot: real where it is installed,
 * and stand-ins that fail, hang or are missing. */
#include "tests/support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "reports/plots.h"
#include "tests/unit/reports/model.h"

static int make_folder(void **state)
{
    char name[] = "/tmp/simbench-plots.XXXXXX";
    *state = mkdtemp(name) != NULL ? strdup(name) : NULL;
    return *state != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    struct err err = ERR_INIT;
    int rc = file_remove_tree(*state, &err);
    free(*state);
    return rc;
}

static bool have_gnuplot(void)
{
    AUTO_FREE char *path = strdup(getenv("PATH") != NULL ? getenv("PATH") : "");
    char *rest = path;
    for (char *dir = strsep(&rest, ":"); dir != NULL; dir = strsep(&rest, ":")) {
        AUTO_FREE char *file = xasprintf("%s/gnuplot", dir);
        if (access(file, X_OK) == 0)
            return true;
    }
    return false;
}

static void init__when_reference__then_golden(void **state)
{
    (void)state;
    struct results *r = model_results();
    struct report_plots plots;
    model_samples(r);
    report_plots_init(r, &plots);
    assert_int_equal(plots.count, 5); /* none of the scenario that only failed */
    for (size_t i = 0; i < plots.count; i++) {
        AUTO_FREE char *gp = xasprintf("%s.gp", plots.items[i].name);
        AUTO_FREE char *dat = xasprintf("%s.dat", plots.items[i].name);
        struct buf script = {.data = plots.items[i].gp,
                             .len = strlen(plots.items[i].gp)};
        struct buf data = {.data = plots.items[i].dat,
                           .len = strlen(plots.items[i].dat)};
        assert_golden(gp, &script);
        assert_golden(dat, &data);
    }
    report_plots_free(&plots);
    results_free(r);
}

static void init__when_names_collide__then_unique(void **state)
{
    (void)state;
    struct results *r = results_new("1", 0);
    static const char *const names[] = {"A b",       "a-b",   "日本",
                                        "../../etc", "a b 2", "a  b"};
    for (size_t i = 0; i < 6; i++)
        model_variant(results_add_scenario(r, names[i], NULL, NULL), "v", model_good,
                      5);
    struct report_plots plots;
    report_plots_init(r, &plots);
    for (size_t i = 0; i < plots.count; i++) {
        const char *name = plots.items[i].name;
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                         strlen(name));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(name, plots.items[j].name);
    }
    report_plots_free(&plots);
    results_free(r);
}

/* Outside of its quotes a script has nothing of the names, inside nothing gnuplot
 * reads. */
static void init__when_hostile__then_no_live_characters(void **state)
{
    (void)state;
    struct results *r = model_all(model_hostile);
    struct report_plots plots;
    model_samples(r);
    report_plots_init(r, &plots);
    assert_int_equal(plots.count, 4);
    for (size_t i = 0; i < plots.count; i++) {
        const char *script = strchr(plots.items[i].gp, '\n'); /* behind the comment */
        assert_null(strpbrk(script, "`@\x1b\r"));
        assert_null(strstr(script, "touch owned\""));
        for (const char *line = plots.items[i].dat; *line != '\0';
             line += strcspn(line, "\n"), line += *line == '\n')
            assert_non_null(strchr("#-0123456789\nN", *line));
    }
    report_plots_free(&plots);
    results_free(r);
}

static void draw(struct report_plots *plots, const char *dir, const char *gnuplot,
                 unsigned limit_s, struct buf *notice)
{
    struct report_plot_run run = {
        .dir = dir, .gnuplot = gnuplot, .jobs = 3, .limit_s = limit_s};
    struct err err = ERR_INIT;
    if (report_plots_draw(plots, &run, notice, &err) != 0)
        fail_msg("%s", err.msg);
}

static void draw__when_hostile__then_drawn_and_nothing_run(void **state)
{
    if (!have_gnuplot())
        skip();
    struct results *r = model_all(model_hostile);
    struct report_plots plots;
    AUTO_BUF notice = BUF_INIT;
    model_samples(r);
    report_plots_init(r, &plots);
    draw(&plots, *state, "gnuplot", 60, &notice);
    assert_string_equal(buf_str(&notice), "");
    AUTO_FREE char *owned = xasprintf("%s/owned", (char *)*state);
    assert_false(file_exists(owned));
    for (size_t i = 0; i < plots.count; i++) {
        assert_true(plots.items[i].drawn);
        AUTO_FREE char *path =
            xasprintf("%s/%s.svg", (char *)*state, plots.items[i].name);
        AUTO_BUF svg = BUF_INIT;
        assert_int_equal(file_read(path, 1 << 20, &svg, NULL), 0);
        assert_null(strstr(buf_str(&svg), "<script"));
        assert_null(strstr(buf_str(&svg), "]]>"));
    }
    report_plots_free(&plots);
    results_free(r);
}

/* A program in the test's folder that is run in place of gnuplot. */
static char *stand_in(const char *dir, const char *script)
{
    char *path = xasprintf("%s/stand-in", dir);
    assert_int_equal(file_write(path, script, strlen(script), NULL), 0);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static void draw__when_gnuplot_misbehaves__then_named(void **state)
{
    static const struct {
        const char *script;
        unsigned limit_s;
        const char *notice;
    } cases[] = {{"#!/bin/sh\necho '     ^' >&2\necho 'line 3: boom' >&2\nexit 1\n", 60,
                  "plots/s-builds.gp: gnuplot failed: line 3: boom: plot left out\n"},
                 {"#!/bin/sh\nexit 0\n", 60,
                  "plots/s-builds.gp: gnuplot failed: plot left out\n"},
                 {"#!/bin/sh\nexec sleep 100\n", 0,
                  "plots/s-builds.gp: gnuplot took over 0 s: plot left out\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct results *r = results_new("1", 0);
        struct result_scenario *s = results_add_scenario(r, "s", NULL, NULL);
        struct build_result built = {.has_virtual = true, .virtual_ms = 5};
        result_add_build(result_add_variant(s, "v", "builtin", "model"), "b", &built,
                         NULL, NULL);
        struct report_plots plots;
        AUTO_BUF notice = BUF_INIT;
        AUTO_FREE char *program = stand_in(*state, cases[i].script);
        report_plots_init(r, &plots);
        draw(&plots, *state, program, cases[i].limit_s, &notice);
        assert_string_equal(buf_str(&notice), cases[i].notice);
        assert_false(plots.items[0].drawn);
        AUTO_FREE char *gp = xasprintf("%s/s-builds.gp", (char *)*state);
        assert_false(file_exists(gp));
        report_plots_free(&plots);
        results_free(r);
    }
}

/* A process draws several plots: one that fails takes no other with it. */
static void draw__when_one_of_a_batch_fails__then_the_others_stand(void **state)
{
    if (!have_gnuplot())
        skip();
    struct results *r = model_results();
    struct report_plots plots;
    AUTO_BUF notice = BUF_INIT;
    report_plots_init(r, &plots);
    assert_true(plots.count > 2);
    free(plots.items[1].gp);
    plots.items[1].gp = xstrdup("plot nonsense(\n");
    struct report_plot_run run = {
        .dir = *state, .gnuplot = "gnuplot", .jobs = 1, .limit_s = 60};
    assert_int_equal(report_plots_draw(&plots, &run, &notice, NULL), 0);
    for (size_t i = 0; i < plots.count; i++)
        assert_int_equal(plots.items[i].drawn, i != 1);
    AUTO_FREE char *named =
        xasprintf("plots/%s.gp: gnuplot failed", plots.items[1].name);
    assert_non_null(strstr(buf_str(&notice), named));
    report_plots_free(&plots);
    results_free(r);
}

/* Every script by itself, in a process of its own. */
static void draw__when_alone__then_drawn(void **state)
{
    if (!have_gnuplot())
        skip();
    struct results *r = model_results();
    struct report_plots plots;
    model_samples(r);
    report_plots_init(r, &plots);
    for (size_t i = 0; i < plots.count; i++) {
        struct report_plots one = {.items = &plots.items[i], .count = 1};
        AUTO_BUF notice = BUF_INIT;
        draw(&one, *state, "gnuplot", 60, &notice);
        assert_string_equal(buf_str(&notice), "");
        assert_true(plots.items[i].drawn);
    }
    report_plots_free(&plots);
    results_free(r);
}

static void draw__when_no_gnuplot__then_one_line(void **state)
{
    struct results *r = model_results();
    struct report_plots plots;
    AUTO_BUF notice = BUF_INIT;
    report_plots_init(r, &plots);
    draw(&plots, *state, "/nonexistent/gnuplot", 60, &notice);
    assert_string_equal(buf_str(&notice), "/nonexistent/gnuplot not found: no plots "
                                          "(apt-get install gnuplot-nox)\n");
    assert_int_equal(rmdir(*state), 0); /* nothing was left in it */
    assert_int_equal(mkdir(*state, 0700), 0);
    report_plots_free(&plots);
    results_free(r);
}

#define WITH_FOLDER(test)                                                              \
    cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init__when_reference__then_golden),
        cmocka_unit_test(init__when_names_collide__then_unique),
        cmocka_unit_test(init__when_hostile__then_no_live_characters),
        WITH_FOLDER(draw__when_hostile__then_drawn_and_nothing_run),
        WITH_FOLDER(draw__when_gnuplot_misbehaves__then_named),
        WITH_FOLDER(draw__when_one_of_a_batch_fails__then_the_others_stand),
        WITH_FOLDER(draw__when_alone__then_drawn),
        WITH_FOLDER(draw__when_no_gnuplot__then_one_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
