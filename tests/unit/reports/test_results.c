/* SPDX-License-Identifier: MIT */
/* The model: statistics, counters, JSON there and back, files that must be refused. */
#include "tests/support.h"

#include <math.h>

#include "tests/unit/reports/model.h"

static void wall__when_odd__then_figures(void **state)
{
    (void)state;
    struct result_wall w = {0};
    static const double samples[] = {3, 1, 2, 10, 4};
    for (size_t i = 0; i < 5; i++)
        result_wall_add(&w, samples[i]);
    assert_int_equal(w.n, 5);
    assert_true(w.mean == 4.0);
    assert_true(w.median == 3.0);
    assert_true(w.min == 1.0 && w.max == 10.0);
    assert_true(fabs(w.stddev - sqrt(50.0 / 4)) < 1e-12);
    result_wall_add(&w, 5);
    assert_true(w.median == 3.5);
    free(w.samples);
}

static void wall__when_one_or_nonsense__then_plain(void **state)
{
    (void)state;
    struct result_wall w = {0};
    result_wall_add(&w, NAN);
    result_wall_add(&w, -1);
    result_wall_add(&w, INFINITY);
    assert_int_equal(w.n, 0);
    result_wall_add(&w, 1.0 / 3);
    assert_true(w.stddev == 0 && w.mean == 0.333333333 && w.median == w.mean);
    free(w.samples);
}

static void add_build__when_reference__then_counters_of_contract(void **state)
{
    (void)state;
    struct results *r = model_results();
    const struct {
        unsigned variant, build, ran, reused;
        uint64_t ms, new_bytes, fetched;
    } cases[] = {{0, 0, 4, 0, 57200, 21300213, 125000000},
                 {0, 1, 2, 2, 45100, 21300213, 0},
                 {0, 2, 2, 2, 45100, 21300213, 0},
                 {1, 0, 5, 0, 57300, 21300253, 125000000},
                 {1, 1, 1, 4, 100, 240, 0},
                 {1, 2, 3, 2, 45200, 21300253, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct result_build *b =
            &r->scenarios[0].variants[cases[i].variant].builds[cases[i].build];
        assert_int_equal(b->ran, cases[i].ran);
        assert_int_equal(b->reused, cases[i].reused);
        assert_int_equal(b->virtual_ms, cases[i].ms);
        assert_int_equal(b->new_bytes, cases[i].new_bytes);
        assert_int_equal(b->fetched_bytes, cases[i].fetched);
        assert_int_equal(b->wall.n, 2);
    }
    assert_string_equal(r->scenarios[0].variants[0].builds[0].steps[0].word, "FROM");
    results_free(r);
}

static void to_json__when_reference__then_golden(void **state)
{
    (void)state;
    struct results *r = model_results();
    AUTO_BUF json = BUF_INIT;
    results_to_json(r, &json);
    assert_golden("results.json", &json);
    results_free(r);
}

static void check_round_trip(struct results *r)
{
    AUTO_BUF first = BUF_INIT, second = BUF_INIT;
    struct err err = ERR_INIT;
    struct results *back = NULL;
    results_to_json(r, &first);
    int rc = results_from_json("results.json", buf_str(&first), first.len, &back, &err);
    if (rc != 0)
        fail_msg("%s", err.msg);
    results_to_json(back, &second);
    assert_string_equal(buf_str(&first), buf_str(&second));
    results_free(back);
    results_free(r);
}

static void from_json__when_written_by_us__then_same(void **state)
{
    (void)state;
    check_round_trip(model_results());
    check_round_trip(model_all(model_hostile));
    check_round_trip(results_new(NULL, 0));
}

static void from_json__when_read__then_members_are_there(void **state)
{
    (void)state;
    struct results *r = model_results(), *back = NULL;
    AUTO_BUF json = BUF_INIT;
    r->scenarios[0].variants[0].builds[0].peak_bytes = 12345678901;
    result_build_usage(&r->scenarios[0].variants[0].builds[0], 0.25, 0.125);
    r->scenarios[0].source = xstrdup("scenario \"x\" {}\n");
    r->program = xstrdup("sha256:1");
    results_to_json(r, &json);
    assert_int_equal(results_from_json("x", buf_str(&json), json.len, &back, NULL), 0);
    assert_true(back->scenarios[0].variants[0].builds[0].peak_bytes == 12345678901);
    assert_int_equal(back->scenarios[0].variants[0].builds[1].peak_bytes, 0);
    assert_true(back->scenarios[0].variants[0].builds[0].cpu.samples[0] == 0.25);
    assert_true(back->scenarios[0].variants[0].builds[0].waited.median == 0.125);
    assert_int_equal(back->scenarios[0].variants[0].builds[1].cpu.n, 0);
    assert_string_equal(back->scenarios[0].source, r->scenarios[0].source);
    assert_null(back->scenarios[1].source);
    assert_string_equal(back->program, "sha256:1");
    const struct result_step *s = &back->scenarios[0].variants[0].builds[1].steps[3];
    assert_int_equal(back->started_s, 1767225600);
    assert_string_equal(s->word, "RUN");
    assert_string_equal(s->miss_reason, "parent");
    assert_int_equal(s->miss_root, 3);
    assert_string_equal(s->miss_text, "it follows from step 3");
    assert_true(s->modelled && s->size == 21300000);
    assert_int_equal(back->scenarios[0].variants[0].builds[0].steps[0].fetched_bytes,
                     125000000);
    results_free(back);
    results_free(r);
}

static void to_json__when_milliseconds__then_shortest_decimal(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {{0, "\"virtual\":0}"},
                 {1, "\"virtual\":0.001}"},
                 {100, "\"virtual\":0.1}"},
                 {45000, "\"virtual\":45}"},
                 {57300, "\"virtual\":57.3}"},
                 {1010, "\"virtual\":1.01}"},
                 {9007199254740, "\"virtual\":9007199254.74}"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct results *r = results_new("1", 0);
        struct result_scenario *s = results_add_scenario(r, "s", NULL, NULL);
        struct result_variant *v = result_add_variant(s, "v", "builtin", "model");
        struct build_result b = {.has_virtual = true, .virtual_ms = cases[i].ms};
        result_add_build(v, "b", &b, NULL, NULL);
        AUTO_BUF json = BUF_INIT;
        results_to_json(r, &json);
        if (strstr(buf_str(&json), cases[i].text) == NULL)
            fail_msg("%s not in %s", cases[i].text, buf_str(&json));
        check_round_trip(r);
    }
}

#define HEAD "{\"schema\":\"simbench.results/1\",\"scenarios\":[{\"name\":\"s\","
#define BUILD                                                                          \
    HEAD "\"variants\":[{\"name\":\"v\",\"engine\":\"builtin\",\"builds\":[{"          \
         "\"label\":\"b\",\"ran\":1,\"reused\":0,\"new_bytes\":0,\"fetched_bytes\":0," \
         "\"size\":0,\"layers\":[],\"seconds\":{\"virtual\":null,\"wall\":1},"
#define STEP                                                                           \
    BUILD "\"steps\":[{\"index\":1,\"total\":1,\"stage\":\"0\",\"line\":1,"            \
          "\"instruction\":\"RUN x\",\"key\":null,"
#define END "}]}]}]}]}"

static void from_json__when_bad__then_place_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"", "no JSON"},
        {"{", "no JSON"},
        {"[]", "top level: expected an object, it is an array"},
        {"{}", "schema: expected \"simbench.results/1\", it is missing"},
        {"{\"schema\":\"simbench.results/2\"}", "it is simbench.results/2"},
        {"{\"schema\":\"\\u001b[31m\"}", "it is \\x1b[31m"},
        {"{\"schema\":\"simbench.results/1\"}", "scenarios: expected an array"},
        {"{\"schema\":\"simbench.results/1\",\"scenarios\":[1]}",
         "scenarios[0]: expected an object, it is a number"},
        {"{\"schema\":\"simbench.results/1\",\"started\":\"now\",\"scenarios\":[]}",
         "started: expected a time"},
        {HEAD "\"variants\":3}]}", "scenarios[0].variants: expected an array"},
        {HEAD "\"checks\":[{\"message\":\"m\"}],\"variants\":[]}]}",
         "scenarios[0].checks[0].ok: expected true or false, it is missing"},
        {STEP "\"status\":\"done\",\"seconds\":{}" END,
         "scenarios[0].variants[0].builds[0].steps[0].status: expected cached, ran"},
        {STEP "\"status\":\"ran\"" END, "steps[0].seconds: expected an object"},
        {STEP "\"status\":\"ran\",\"seconds\":{\"virtual\":-1}" END,
         "steps[0].seconds.virtual: expected seconds from 0, it is -1"},
        {STEP "\"status\":\"ran\",\"seconds\":{\"wall\":\"1\"}" END,
         "steps[0].seconds.wall: expected seconds or null, it is a string"},
        {STEP "\"status\":\"ran\",\"seconds\":{},\"wall\":{\"samples\":[1,null]}" END,
         "steps[0].wall.samples[1]: expected a number, it is null"},
        {STEP "\"status\":\"ran\",\"seconds\":{},\"layer\":{\"diff_id\":\"x\","
              "\"size\":1.5}" END,
         "steps[0].layer.size: expected a whole number from 0"},
        {STEP "\"status\":\"ran\",\"seconds\":{},\"layer\":{\"diff_id\":\"x\","
              "\"size\":1e300}" END,
         "steps[0].layer.size: expected a whole number from 0"},
        {STEP "\"status\":\"ran\",\"seconds\":{},\"base\":{\"name\":1}" END,
         "steps[0].base.name: expected a string"},
        {STEP "\"status\":\"ran\",\"seconds\":{},\"miss\":{\"reason\":\"input\","
              "\"root\":-4}" END,
         "steps[0].miss.root: expected a whole number"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = ERR_INIT;
        struct results *r = NULL;
        int rc = results_from_json("bad.json", cases[i].json, strlen(cases[i].json), &r,
                                   &err);
        assert_int_equal(rc, ERR_INPUT);
        assert_null(r);
        assert_string_equal(err.file, "bad.json");
        if (strstr(err.msg, cases[i].message) == NULL)
            fail_msg("case %zu: \"%s\" lacks \"%s\"", i, err.msg, cases[i].message);
    }
}

static void from_json__when_cut_anywhere__then_refused(void **state)
{
    (void)state;
    struct results *r = model_results(), *back = NULL;
    AUTO_BUF json = BUF_INIT;
    results_to_json(r, &json);
    for (size_t len = 0; len + 2 < json.len; len += 611) {
        struct err err = ERR_INIT;
        assert_int_equal(results_from_json("x", buf_str(&json), len, &back, &err),
                         ERR_INPUT);
    }
    results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall__when_odd__then_figures),
        cmocka_unit_test(wall__when_one_or_nonsense__then_plain),
        cmocka_unit_test(add_build__when_reference__then_counters_of_contract),
        cmocka_unit_test(to_json__when_reference__then_golden),
        cmocka_unit_test(from_json__when_written_by_us__then_same),
        cmocka_unit_test(from_json__when_read__then_members_are_there),
        cmocka_unit_test(to_json__when_milliseconds__then_shortest_decimal),
        cmocka_unit_test(from_json__when_bad__then_place_is_named),
        cmocka_unit_test(from_json__when_cut_anywhere__then_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
