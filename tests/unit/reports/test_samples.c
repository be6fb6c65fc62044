/* SPDX-License-Identifier: MIT */
/* Medians and their intervals against figures worked out by hand. */
#include "tests/support.h"

#include <math.h>

#include "reports/samples.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NEAR(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static void median__odd_and_even__is_the_middle(void **state)
{
    (void)state;
    const double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
    NEAR(samples_median(odd, 3), 2, 0);
    NEAR(samples_median(even, 4), 2.5, 0);
    NEAR(samples_median(odd, 1), 3, 0);
    assert_true(isnan(samples_median(odd, 0)));
}

/* n samples 1..n: the bounds are then the positions of the order statistics. */
static void median_interval__n_samples__has_these_order_statistics(void **state)
{
    (void)state;
    /* P(Bin(10, 1/2) <= 1) = 11/1024 <= 0.025 < 56/1024 = P(<= 2); 10 and 21 of 30 and
     * 40 and 61 of 100 stand in every table of the sign test. */
    static const struct {
        size_t n, low, high; /* 0: no interval */
    } cases[] = {{0, 0, 0},  {5, 0, 0},    {6, 1, 6},     {8, 1, 8},         {9, 2, 8},
                 {10, 2, 9}, {30, 10, 21}, {100, 40, 61}, {3000, 1446, 1555}};
    static double x[3000];
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = (double)(i + 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct interval got = {0, 0};
        bool is = samples_median_interval(x, cases[i].n, 0.95, &got);
        assert_int_equal(is, cases[i].low != 0);
        NEAR(got.low, (double)cases[i].low, 0);
        NEAR(got.high, (double)cases[i].high, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median__odd_and_even__is_the_middle),
        cmocka_unit_test(median_interval__n_samples__has_these_order_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
