/* SPDX-License-Identifier: MIT */
/* The regression check: which rises and falls are found, what is new and missing. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare.h"
#include "sim/base/mem.h"

struct figures {
    unsigned ran;
    uint64_t new_bytes, fetched_bytes, virtual_ms;
};

static void add_build(struct result_variant *v, const char *label, struct figures f)
{
    struct build_result empty = {0};
    struct result_build *b = result_add_build(v, label, &empty, "FROM scratch\n", NULL);
    b->ran = f.ran;
    b->new_bytes = f.new_bytes;
    b->fetched_bytes = f.fetched_bytes;
    b->has_virtual = true;
    b->virtual_ms = f.virtual_ms;
}

static struct results *one(struct figures f)
{
    struct results *r = results_new("1", 0);
    struct result_scenario *s = results_add_scenario(r, "edit", "", "edit.lua");
    add_build(result_add_variant(s, "good", "builtin", "model"), "first", f);
    return r;
}

static const struct compare_options defaults = COMPARE_OPTIONS_INIT;
static const struct figures usual = {3, 1000, 125000000, 45100};

static void check(struct figures now, enum verdict verdict, const char *metric)
{
    struct results *base = one(usual), *other = one(now);
    struct comparison c;
    struct err err = ERR_INIT;
    compare_results(base, other, &defaults, &c);
    assert_int_equal(c.counts[verdict], 1);
    assert_int_equal(c.counts[VERDICT_SAME], 5);
    for (size_t i = 0; i < c.len; i++)
        if (c.items[i].verdict == verdict)
            assert_string_equal(c.items[i].metric, metric);
    int r = comparison_verdict(&c, &err);
    assert_int_equal(r, verdict == VERDICT_WORSE ? ERR_FAILED : 0);
    comparison_free(&c);
    results_free(base);
    results_free(other);
}

static void compare__any_rise__is_a_regression(void **state)
{
    (void)state;
    check((struct figures){4, 1000, 125000000, 45100}, VERDICT_WORSE, "steps_run");
    check((struct figures){3, 1001, 125000000, 45100}, VERDICT_WORSE, "new_bytes");
    check((struct figures){3, 1000, 125000001, 45100}, VERDICT_WORSE, "fetched_bytes");
    check((struct figures){3, 1000, 125000000, 45101}, VERDICT_WORSE, "virtual_ms");
}

static void compare__any_fall__is_an_improvement(void **state)
{
    (void)state;
    check((struct figures){2, 1000, 125000000, 45100}, VERDICT_BETTER, "steps_run");
    check((struct figures){3, 1000, 125000000, 45099}, VERDICT_BETTER, "virtual_ms");
}

static void compare__missing_and_new__are_named(void **state)
{
    (void)state;
    struct results *base = one(usual), *now = results_new("2", 0);
    struct result_scenario *s = results_add_scenario(now, "other", "", "other.lua");
    add_build(result_add_variant(s, "v", "builtin", "model"), "b", usual);
    struct comparison c;
    compare_results(base, now, &defaults, &c);
    assert_int_equal(c.len, 2);
    assert_int_equal(c.items[0].verdict, VERDICT_NEW);
    assert_string_equal(c.items[0].scenario, "other");
    assert_int_equal(c.items[1].verdict, VERDICT_GONE);
    assert_string_equal(c.items[1].scenario, "edit");
    comparison_free(&c);
    results_free(base);
    results_free(now);
}

static void compare__label_used_twice__pairs_in_order(void **state)
{
    (void)state;
    struct results *base = one(usual), *now = one(usual);
    struct figures second = {1, 5, 0, 100}, worse = {1, 6, 0, 100};
    add_build(&base->scenarios[0].variants[0], "first", second);
    add_build(&now->scenarios[0].variants[0], "first", worse);
    struct comparison c;
    compare_results(base, now, &defaults, &c);
    assert_int_equal(c.counts[VERDICT_WORSE], 1);
    assert_int_equal(c.counts[VERDICT_SAME], 11);
    comparison_free(&c);
    results_free(base);
    results_free(now);
}

static void compare__formats__carry_the_verdict_and_the_figures(void **state)
{
    (void)state;
    struct results *base = one(usual);
    struct results *now = one((struct figures){3, 1000, 125000001, 45100});
    struct comparison c;
    compare_results(base, now, &defaults, &c);
    static const char *const wanted[] = {
        [COMPARE_TABLE] = "125000000 B   125000001 B\n",
        [COMPARE_MARKDOWN] = "| REGRESSION | edit / good / first | fetched_bytes | ",
        [COMPARE_JSON] =
            "\"base\":125000000,\"now\":125000001,\"verdict\":\"regression\"",
        [COMPARE_JUNIT] = "<failure message=\"125000000 -&gt; 125000001\"/>",
    };
    for (enum compare_format f = COMPARE_TABLE; f <= COMPARE_JUNIT; f++) {
        AUTO_BUF out = BUF_INIT;
        comparison_format(&c, f, false, &out);
        assert_non_null(strstr(out.data, wanted[f]));
    }
    comparison_free(&c);
    results_free(base);
    results_free(now);
}

/* Thirty builds around `seconds` on a machine. */
static struct results *timed(const char *machine, double seconds)
{
    struct results *r = one(usual);
    struct result_build *b = &r->scenarios[0].variants[0].builds[0];
    results_set_machine(r, machine, machine);
    b->wall.n = 0;
    for (int i = 0; i < 30; i++)
        result_wall_add(&b->wall, seconds * (1 + (double)(i * 7 % 5) / 500));
    return r;
}

static const struct difference *wall_of(const struct comparison *c)
{
    for (size_t i = 0; i < c->len; i++)
        if (difference_is_wall(&c->items[i]))
            return &c->items[i];
    return NULL;
}

static void compare__wall_time__is_advice_unless_it_is_the_gate(void **state)
{
    (void)state;
    static const struct {
        double now;
        bool gate;
        double min_effect;
        enum verdict verdict;
    } cases[] = {
        {0.1, false, 0.05, VERDICT_SAME},    {0.1, true, 0.05, VERDICT_SAME},
        {0.12, false, 0.05, VERDICT_SLOWER}, {0.12, true, 0.05, VERDICT_WORSE},
        {0.08, false, 0.05, VERDICT_FASTER}, {0.08, true, 0.05, VERDICT_BETTER},
        {0.12, true, 0.3, VERDICT_SAME},     {0.105, true, 0.05, VERDICT_WORSE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct compare_options how = {cases[i].gate, cases[i].min_effect};
        struct results *base = timed("m", 0.1), *now = timed("m", cases[i].now);
        struct comparison c;
        struct err err = ERR_INIT;
        compare_results(base, now, &how, &c);
        assert_non_null(wall_of(&c));
        assert_int_equal(wall_of(&c)->verdict, cases[i].verdict);
        int r = comparison_verdict(&c, &err);
        assert_int_equal(r, cases[i].verdict == VERDICT_WORSE ? ERR_FAILED : 0);
        assert_int_equal(c.notes.len, cases[i].gate); /* separate runs find less */
        comparison_free(&c);
        results_free(base);
        results_free(now);
    }
}

static void compare__other_machine_or_versions__are_said(void **state)
{
    (void)state;
    struct results *base = timed("m", 0.1), *now = timed("n", 0.2);
    struct comparison c;
    free(now->version);
    now->version = xstrdup("2");
    now->scenarios[0].variants[0].engine_version = xstrdup("2");
    compare_results(base, now, &defaults, &c);
    assert_null(wall_of(&c));
    assert_int_equal(c.notes.len, 3);
    assert_non_null(strstr(c.notes.items[0], "versions of simbench: 1 and 2"));
    assert_non_null(strstr(c.notes.items[1], "different machines (m; n)"));
    assert_non_null(strstr(c.notes.items[2], "builtin was version unknown and is 2"));
    for (enum compare_format f = COMPARE_TABLE; f <= COMPARE_JUNIT; f++) {
        AUTO_BUF out = BUF_INIT;
        comparison_format(&c, f, false, &out);
        assert_non_null(strstr(out.data, "different machines"));
    }
    comparison_free(&c);
    results_free(base);
    results_free(now);
}

static void compare__gate_without_samples__says_what_it_cannot_judge(void **state)
{
    (void)state;
    const struct compare_options how = {true, 0.05};
    struct results *base = timed("m", 0.1), *now = timed("m", 0.2);
    struct comparison c;
    now->scenarios[0].variants[0].builds[0].wall.n = 4;
    compare_results(base, now, &how, &c);
    assert_null(wall_of(&c));
    assert_int_equal(c.notes.len, 1);
    assert_non_null(strstr(c.notes.items[0], "1 builds is not judged"));
    comparison_free(&c);
    results_free(base);
    results_free(now);
}

static void compare__fewer_reused__is_a_loss_only_among_as_many_steps(void **state)
{
    (void)state;
    struct results *base = one(usual), *now = one(usual);
    struct comparison c;
    base->scenarios[0].variants[0].builds[0].reused = 4;
    now->scenarios[0].variants[0].builds[0].reused = 3;
    compare_results(base, now, &defaults, &c);
    assert_int_equal(c.counts[VERDICT_WORSE], 1);
    comparison_free(&c);
    now->scenarios[0].variants[0].builds[0].step_count = 0;
    base->scenarios[0].variants[0].builds[0].step_count = 1;
    compare_results(base, now, &defaults, &c);
    assert_int_equal(c.counts[VERDICT_WORSE], 0);
    assert_int_equal(c.counts[VERDICT_CHANGED], 1);
    comparison_free(&c);
    base->scenarios[0].variants[0].builds[0].step_count = 0;
    results_free(base);
    results_free(now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compare__any_rise__is_a_regression),
        cmocka_unit_test(compare__any_fall__is_an_improvement),
        cmocka_unit_test(compare__missing_and_new__are_named),
        cmocka_unit_test(compare__label_used_twice__pairs_in_order),
        cmocka_unit_test(compare__wall_time__is_advice_unless_it_is_the_gate),
        cmocka_unit_test(compare__other_machine_or_versions__are_said),
        cmocka_unit_test(compare__gate_without_samples__says_what_it_cannot_judge),
        cmocka_unit_test(compare__fewer_reused__is_a_loss_only_among_as_many_steps),
        cmocka_unit_test(compare__formats__carry_the_verdict_and_the_figures),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
