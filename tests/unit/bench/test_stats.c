/* SPDX-License-Identifier: MIT */
/* The statistics against figures worked out by hand, and against drawn samples whose
 * truth is known. */
#include "tests/support.h"

#include <math.h>
#include <string.h>

#include "bench/stats.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NEAR(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static void ratio_interval__constant_samples__is_the_ratio(void **state)
{
    (void)state;
    const double base[] = {2, 2, 2, 2}, now[] = {3, 3, 3};
    struct interval got;
    assert_true(stats_ratio_interval(base, 4, now, 3, 0.95, &got));
    NEAR(got.low, 1.5, 0);
    NEAR(got.high, 1.5, 0);
    assert_false(stats_ratio_interval(base, 1, now, 3, 0.95, &got));
    const double zero[] = {0, 0, 0};
    assert_false(stats_ratio_interval(zero, 3, now, 3, 0.95, &got));
}

static void ratio_interval__spread_samples__lies_within_them_and_repeats(void **state)
{
    (void)state;
    const double base[] = {9, 10, 11, 10, 10}, now[] = {12, 13, 14, 12, 13};
    struct interval one, again;
    assert_true(stats_ratio_interval(base, 5, now, 5, 0.95, &one));
    assert_true(stats_ratio_interval(base, 5, now, 5, 0.95, &again));
    assert_memory_equal(&one, &again, sizeof one);
    assert_true(one.low >= 12.0 / 11 && one.low < 1.3);
    assert_true(one.high <= 14.0 / 9 && one.high > 1.3);
}

static void rank_test__small_without_ties__is_exact(void **state)
{
    (void)state;
    struct rank_test t;
    /* One of the 20 arrangements has U = 9, one U = 0. */
    stats_rank_test((double[]){1, 2, 3}, 3, (double[]){6, 4, 5}, 3, &t);
    assert_true(t.exact);
    NEAR(t.u, 9, 0);
    NEAR(t.p, 0.1, 1e-12);
    assert_true(t.z > 0);
    /* U = 6; 1+1+2+3 of 20 arrangements have U <= 3. */
    stats_rank_test((double[]){1, 3, 5}, 3, (double[]){2, 4, 6}, 3, &t);
    NEAR(t.u, 6, 0);
    NEAR(t.p, 0.7, 1e-12);
    /* 2 of C(7, 2) = 21 have U = 0 or 10. */
    stats_rank_test((double[]){8, 9}, 2, (double[]){1, 2, 3, 4, 5}, 5, &t);
    NEAR(t.u, 0, 0);
    NEAR(t.p, 2.0 / 21, 1e-12);
    assert_true(t.z < 0);
}

static void rank_test__ties__corrects_the_variance(void **state)
{
    (void)state;
    struct rank_test t;
    /* U = 2 + 3.5 + 3.5 + 4; groups of 3 and 3: variance 16/12 * (9 - 48/56). */
    stats_rank_test((double[]){1, 2, 2, 3}, 4, (double[]){2, 3, 3, 4}, 4, &t);
    assert_false(t.exact);
    NEAR(t.u, 13, 0);
    NEAR(t.z, 4.5 / sqrt(16.0 / 12 * (9 - 48.0 / 56)), 1e-12);
    NEAR(t.p, 0.17204, 5e-5);
    stats_rank_test((double[]){7, 7}, 2, (double[]){7, 7, 7}, 3, &t);
    NEAR(t.p, 1, 0);
    NEAR(t.z, 0, 0);
    stats_rank_test((double[]){7, 7}, 2, NULL, 0, &t);
    NEAR(t.p, 1, 0);
}

static void rank_test__exact_and_normal__agree_where_both_hold(void **state)
{
    (void)state;
    double base[20], now[20];
    for (size_t i = 0; i < 20; i++) {
        base[i] = (double)(2 * i);
        now[i] = (double)(2 * i) + 9;
    }
    struct rank_test t;
    stats_rank_test(base, 20, now, 20, &t);
    assert_true(t.exact);
    NEAR(t.p, stats_normal_p(t.z), 0.002);
}

static void order__steady_rising_alternating__is_told(void **state)
{
    (void)state;
    double rising[20], turning[20];
    struct drift d;
    for (size_t i = 0; i < 20; i++) {
        rising[i] = 10 + (double)i;
        turning[i] = i % 2 != 0 ? 11 : 10;
    }
    NEAR(stats_serial_correlation(rising, 20), 1, 1e-9);
    NEAR(stats_serial_correlation(turning, 20), -1, 1e-9);
    NEAR(stats_serial_correlation(rising, 7), 0, 0);
    stats_drift(rising, 20, &d);
    assert_true(d.drifts);
    NEAR(d.change, 24.5 / 14.5 - 1, 1e-12);
    stats_drift(turning, 20, &d);
    assert_false(d.drifts);
    stats_drift(rising, 7, &d);
    assert_false(d.drifts);
}

/* ---- drawn samples --------------------------------------------------------------- */

static double uniform(unsigned long long *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

/* Times around `middle` with 2% noise and a tail to the right, as builds have. With
 * `follow` > 0 the noise follows that of the sample before. */
static void draw_times(double middle, double follow, unsigned long long *seed,
                       double *out, size_t n)
{
    double noise = 0;
    for (size_t i = 0; i < n; i++) {
        double fresh = sqrt(-2 * log(uniform(seed))) * cos(6.283185307 * uniform(seed));
        noise = follow * noise + sqrt(1 - follow * follow) * fresh;
        double tail = uniform(seed) < 0.1 ? 0.3 * uniform(seed) : 0;
        out[i] = middle * (1 + 0.02 * noise + tail);
    }
}

static int slower_of(int trials, double factor, double follow)
{
    unsigned long long seed = 42;
    int found = 0;
    double base[30], now[30];
    for (int i = 0; i < trials; i++) {
        struct contrast c;
        draw_times(0.1, follow, &seed, base, 30);
        draw_times(0.1 * factor, follow, &seed, now, 30);
        stats_contrast(base, 30, now, 30, &c);
        found += stats_verdict(&c, 0.05) == 1;
    }
    return found;
}

static void verdict__equal_builds__raise_no_alarm(void **state)
{
    (void)state;
    assert_in_range(slower_of(200, 1, 0), 0, 2);
    assert_in_range(slower_of(200, 1, 0.7), 0, 2);
}

static void verdict__five_percent__is_found(void **state)
{
    (void)state;
    assert_in_range(slower_of(100, 1.05, 0), 95, 100);
}

static void verdict__small_but_certain_change__is_no_regression(void **state)
{
    (void)state;
    double base[30], now[30];
    struct contrast c;
    for (size_t i = 0; i < 30; i++) {
        base[i] = 1 + (double)(i % 5) / 1000;
        now[i] = base[i] * 1.03;
    }
    stats_contrast(base, 30, now, 30, &c);
    assert_true(c.p < 0.01);
    assert_int_equal(stats_verdict(&c, 0.05), 0);
    assert_int_equal(stats_verdict(&c, 0.02), 1);
    stats_contrast(now, 30, base, 30, &c);
    assert_int_equal(stats_verdict(&c, 0.02), -1);
    for (size_t i = 0; i < 30; i++) { /* 50 and 60 microseconds */
        base[i] *= 5e-5;
        now[i] = base[i] * 1.2;
    }
    stats_contrast(base, 30, now, 30, &c);
    assert_true(stats_differs(&c));
    assert_int_equal(stats_verdict(&c, 0.05), 0);
    stats_contrast(base, 4, now, 30, &c);
    assert_false(c.enough);
    assert_int_equal(stats_verdict(&c, 0.02), 0);
}

/* ---- in turns -------------------------------------------------------------------- */

/* All of now above all of base by the same factor: of 2^n exchanges, only two are as
 * far off. */
static void turns__constant_factor__is_found_from_nine_pairs_on(void **state)
{
    (void)state;
    double base[30], now[30];
    struct contrast c;
    for (size_t i = 0; i < 30; i++) {
        base[i] = 10 + (double)(i % 7) / 100;
        now[i] = base[i] * 1.05;
    }
    stats_contrast_turns(base, now, 4, 1, &c);
    assert_false(c.enough);
    stats_contrast_turns(base, now, 6, 1, &c);
    assert_true(c.enough && c.p > 0.01); /* 2 of 64 */
    stats_contrast_turns(base, now, 30, 1, &c);
    NEAR(c.ratio, 1.05, 1e-9);
    assert_true(c.p < 0.01 && c.range.low > 1 && c.range.high >= c.ratio);
    assert_int_equal(stats_verdict(&c, 0.05), 1);
    stats_contrast_turns(base, base, 30, 1, &c);
    assert_int_equal(stats_verdict(&c, 0.05), 0);
}

/* Each row has one column with a disturbance: whole rows hide what columns show. */
static void turns__columns__are_judged_by_their_own_fastest(void **state)
{
    (void)state;
    enum { ROWS = 30, COLUMNS = 3 };
    double base[ROWS * COLUMNS], now[ROWS * COLUMNS], whole[2][ROWS] = {{0}};
    uint64_t seed = 7;
    struct contrast by_column, by_row;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < COLUMNS; k++) {
            size_t at = i * COLUMNS + k;
            double calm = 1 + (double)(stats_draw_below(&seed, 10)) / 1000;
            base[at] =
                calm + (i % COLUMNS == k ? (double)stats_draw_below(&seed, 9) : 0);
            now[at] = calm * 1.05 +
                      ((i + 1) % COLUMNS == k ? (double)stats_draw_below(&seed, 9) : 0);
            whole[0][i] += base[at];
            whole[1][i] += now[at];
        }
    stats_contrast_turns(base, now, ROWS, COLUMNS, &by_column);
    stats_contrast_turns(whole[0], whole[1], ROWS, 1, &by_row);
    NEAR(by_column.ratio, 1.05, 0.01);
    assert_int_equal(stats_verdict(&by_column, 0.05), 1);
    assert_int_equal(stats_verdict(&by_row, 0.05), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns__constant_factor__is_found_from_nine_pairs_on),
        cmocka_unit_test(turns__columns__are_judged_by_their_own_fastest),
        cmocka_unit_test(ratio_interval__constant_samples__is_the_ratio),
        cmocka_unit_test(ratio_interval__spread_samples__lies_within_them_and_repeats),
        cmocka_unit_test(rank_test__small_without_ties__is_exact),
        cmocka_unit_test(rank_test__ties__corrects_the_variance),
        cmocka_unit_test(rank_test__exact_and_normal__agree_where_both_hold),
        cmocka_unit_test(order__steady_rising_alternating__is_told),
        cmocka_unit_test(verdict__equal_builds__raise_no_alarm),
        cmocka_unit_test(verdict__five_percent__is_found),
        cmocka_unit_test(verdict__small_but_certain_change__is_no_regression),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
