/* SPDX-License-Identifier: MIT */
/* Verdicts on samples whose truth is known: drawn with disturbances as a busy machine
 * makes them, from a fixed seed. */
#include "tests/support.h"

#include <math.h>
#include <string.h>

#include "bench/judge.h"
#include "sim/base/mem.h"

#define NEAR(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static double chance(uint64_t *state) /* 0..1 */
{
    return (double)(stats_draw(state) >> 11) / 9007199254740992.0;
}

/* One sample: the work, `idle` of rest, and waiting of up to `noise` times the work. */
struct kind {
    double cpu, idle, noise;
    bool parts; /* processor time and waiting are known */
};

static void add_sample(struct result_build *b, const struct kind *k, uint64_t *state)
{
    double cpu = k->cpu * (1 + 0.01 * chance(state)), waited = 0;
    struct build_step steps[2] = {{0}};
    struct build_result made = {.steps = steps, .step_count = 2};
    if (chance(state) < 0.7)
        waited = k->noise * k->cpu * chance(state);
    made.wall_s = cpu + k->idle + waited;
    steps[0].wall_s = made.wall_s / 2; /* a disturbance meets all steps */
    steps[1].wall_s = made.wall_s / 4;
    result_build_sample(b, &made);
    if (k->parts)
        result_build_usage(b, cpu, waited);
}

static struct result_build *measured(struct results *r, const char *name)
{
    struct build_step steps[2] = {{0}};
    struct build_result empty = {.steps = steps, .step_count = 2};
    struct result_scenario *s = results_add_scenario(r, name, "", "x.lua");
    struct result_build *b = result_add_build(
        result_add_variant(s, "v", "builtin", "model"), "b", &empty, "", NULL);
    b->wall.n = b->steps[0].wall.n = b->steps[1].wall.n = 0;
    return b;
}

static int verdict_of(const struct kind *base, const struct kind *now, bool in_turns,
                      uint64_t seed, struct judgement *out)
{
    struct results *r = results_new("1", 0);
    struct result_build *b = measured(r, "base");
    struct result_build *n = measured(r, "now");
    for (int i = 0; i < 30; i++) {
        add_sample(b, base, &seed);
        add_sample(n, now, &seed);
    }
    judge_builds(b, n, in_turns, 0.05, out);
    results_free(r);
    return out->verdict;
}

static void
judge__in_turns__finds_five_percent_of_work_or_of_rest_in_noise(void **state)
{
    (void)state;
    static const struct kind work = {0.1, 0, 3, true}, more = {0.105, 0, 3, true},
                             rest = {0.02, 0.08, 9, true},
                             longer = {0.02, 0.0852, 9, true};
    struct judgement j;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        assert_int_equal(verdict_of(&work, &more, true, seed, &j), 1);
        NEAR(j.seen.ratio, 1.05, 0.01);
        assert_int_equal(verdict_of(&more, &work, true, seed, &j), -1);
        assert_int_equal(verdict_of(&rest, &longer, true, seed, &j), 1);
        assert_int_equal(verdict_of(&work, &work, true, seed, &j), 0);
        assert_int_equal(verdict_of(&rest, &rest, true, seed, &j), 0);
    }
}

static void judge__without_processor_times__goes_by_wall_time(void **state)
{
    (void)state;
    static const struct kind quiet = {0.1, 0, 0, false}, slow = {0.12, 0, 0, false};
    struct judgement j;
    assert_int_equal(verdict_of(&quiet, &slow, true, 1, &j), 1);
    assert_string_equal(j.by, "steps");
    assert_int_equal(verdict_of(&quiet, &slow, false, 1, &j), 1);
    assert_string_equal(j.by, "wall time");
    assert_int_equal(verdict_of(&slow, &quiet, false, 1, &j), -1);
    assert_int_equal(verdict_of(&quiet, &quiet, false, 1, &j), 0);
}

/* The machine of the second run was busier: wall time alone would cry. */
static void judge__apart__waiting_alone_makes_nothing_slower(void **state)
{
    (void)state;
    static const struct kind quiet = {0.1, 0, 0, true}, busy = {0.1, 0, 3, true},
                             quiet_wall = {0.1, 0, 0, false},
                             busy_wall = {0.1, 0, 9, false}, more = {0.11, 0, 0, true};
    struct judgement j;
    unsigned cries = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        assert_int_equal(verdict_of(&quiet, &busy, false, seed, &j), 0);
        assert_int_equal(verdict_of(&quiet, &more, false, seed, &j), 1);
        cries += verdict_of(&quiet_wall, &busy_wall, false, seed, &j) != 0;
    }
    assert_true(cries > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            judge__in_turns__finds_five_percent_of_work_or_of_rest_in_noise),
        cmocka_unit_test(judge__without_processor_times__goes_by_wall_time),
        cmocka_unit_test(judge__apart__waiting_alone_makes_nothing_slower),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
