/* SPDX-License-Identifier: MIT */
/* Change points: of what is counted, and of series whose levels are known. */
#include "tests/support.h"

#include <stdlib.h>

#include "bench/stats.h"
#include "bench/trend.h"
#include "sim/base/mem.h"

/* Values around `level` that repeat with period 5. */
static void fill(double *x, size_t from, size_t to, double level)
{
    for (size_t i = from; i < to; i++)
        x[i] = level * (1 + (double)(i * 3 % 5) / 100);
}

static void changes__of_levels__are_where_they_begin(void **state)
{
    (void)state;
    double x[60];
    size_t at[60];
    fill(x, 0, 60, 1);
    assert_int_equal(stats_changes(x, 60, 0.05, at, 60), 0);
    fill(x, 20, 60, 1.5);
    assert_int_equal(stats_changes(x, 60, 0.05, at, 60), 1);
    assert_int_equal(at[0], 20);
    fill(x, 45, 60, 1.1);
    assert_int_equal(stats_changes(x, 60, 0.05, at, 60), 2);
    assert_int_equal(at[0], 20);
    assert_int_equal(at[1], 45);
    assert_int_equal(stats_changes(x, 60, 0.05, at, 1), 1);
}

static void changes__too_small_or_too_few__are_none(void **state)
{
    (void)state;
    double x[20];
    size_t at[20];
    for (size_t i = 0; i < 20; i++)
        x[i] = i < 10 ? 1 : 1.04;
    assert_int_equal(stats_changes(x, 20, 0.05, at, 20), 0);
    assert_int_equal(stats_changes(x, 20, 0.03, at, 20), 1);
    fill(x, 0, 4, 1);
    fill(x, 4, 9, 2);
    assert_int_equal(stats_changes(x, 9, 0.05, at, 20), 0);
    assert_int_equal(stats_changes(x, 0, 0.05, at, 20), 0);
    fill(x, 0, 10, 1);
    x[9] = 50; /* one slow run is no new level */
    assert_int_equal(stats_changes(x, 10, 0.05, at, 20), 0);
}

static void changes__of_counts__are_exact(void **state)
{
    (void)state;
    struct history_point points[] = {
        {.value = 3}, {.value = 3}, {.value = 4}, {.value = 4}, {.value = 3}};
    char metric[] = "steps_run";
    struct history_series s = {.metric = metric, .points = points, .len = 5};
    AUTO_FREE size_t *at = NULL;
    assert_int_equal(trend_changes(&s, 0.05, &at), 2);
    assert_int_equal(at[0], 2);
    assert_int_equal(at[1], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes__of_levels__are_where_they_begin),
        cmocka_unit_test(changes__too_small_or_too_few__are_none),
        cmocka_unit_test(changes__of_counts__are_exact),
    };
    return cmocka_run_group_tests_name("trend", tests, NULL, NULL);
}
