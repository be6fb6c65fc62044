/* SPDX-License-Identifier: MIT */
/* Percentages, durations and counts of the command line. */
#include "tests/support.h"

#include <math.h>
#include <string.h>

#include "bench/measure_options.h"

typedef int parser(const char *option, const char *text, double *out, struct err *err);

static void check(parser *parse, const char *text, double wanted)
{
    struct err err = ERR_INIT;
    double got = -1;
    int r = parse("--x", text, &got, &err);
    assert_int_equal(r, wanted >= 0 ? 0 : ERR_INPUT);
    assert_true(fabs(got - (wanted >= 0 ? wanted : -1)) < 1e-12);
    if (r < 0)
        assert_non_null(strstr(err.msg, text));
}

static void percent__texts__are_read_or_refused(void **state)
{
    (void)state;
    check(measure_percent, "2%", 0.02);
    check(measure_percent, "2.5", 0.025);
    check(measure_percent, "100", 1);
    const char *const wrong[] = {"",   "0",   "101%", "x",   "2 %",   "2%%",
                                 "-1", "nan", "0x2",  "1e1", "1.2.3", " 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check(measure_percent, wrong[i], -1);
}

static void seconds__texts__are_read_or_refused(void **state)
{
    (void)state;
    check(measure_seconds, "90", 90);
    check(measure_seconds, "90s", 90);
    check(measure_seconds, "1.5m", 90);
    check(measure_seconds, "500ms", 0.5);
    check(measure_seconds, "24h", 86400);
    const char *const wrong[] = {"", "0s", "25h", "2 s", "s", "1d", "-1s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check(measure_seconds, wrong[i], -1);
}

static void count__texts__are_read_or_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"", "-1", "1.5", "x", "1000001", "99999999999999999"};
    struct err err = ERR_INIT;
    unsigned n = 7;
    assert_int_equal(measure_count("--x", "0", &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(measure_count("--x", "1000000", &n, &err), 0);
    assert_int_equal(n, 1000000);
    assert_int_equal(measure_count("--x", NULL, &n, &err), 0);
    assert_int_equal(n, 1000000);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(measure_count("--x", wrong[i], &n, &err), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent__texts__are_read_or_refused),
        cmocka_unit_test(seconds__texts__are_read_or_refused),
        cmocka_unit_test(count__texts__are_read_or_refused),
    };
    return cmocka_run_group_tests_name("measure_options", tests, NULL, NULL);
}
