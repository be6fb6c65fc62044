/* SPDX-License-Identifier: MIT */
/* Other programs: found, run, captured, stopped; and what the environment says. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "bench/environment.h"
#include "bench/process.h"
#include "sim/base/mem.h"

static void process__find__looks_along_path(void **state)
{
    (void)state;
    AUTO_FREE char *sh = process_find("sh");
    assert_non_null(sh);
    assert_string_equal(strrchr(sh, '/'), "/sh");
    assert_null(process_find("no-such-program-anywhere"));
}

static void process__run__captures_output_and_status(void **state)
{
    (void)state;
    const char *argv[] = {"sh", "-c", "echo one; echo no >&2; exit 7", NULL};
    AUTO_BUF out = BUF_INIT;
    struct process_options options = {.output = &out, .quiet = true};
    int status = 0;
    assert_int_equal(process_run(argv, &options, &status, NULL), 0);
    assert_int_equal(status, 7);
    assert_string_equal(out.data, "one\n");
    const char *killed[] = {"sh", "-c", "kill -9 $$", NULL};
    assert_int_equal(process_run(killed, &options, &status, NULL), 0);
    assert_int_equal(status, 128 + 9);
}

static void process__usage__is_the_childs(void **state)
{
    (void)state;
    struct rusage usage = {0};
    const char *argv[] = {"sh", "-c",
                          "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done", NULL};
    struct process_options options = {.usage = &usage};
    int status = 1;
    assert_int_equal(process_run(argv, &options, &status, NULL), 0);
    assert_int_equal(status, 0);
    assert_true(usage.ru_maxrss > 0);
    assert_true(usage.ru_utime.tv_sec + usage.ru_utime.tv_usec > 0);
}

static void process__much_output__is_read_and_bounded(void **state)
{
    (void)state;
    const char *argv[] = {"head", "-c", "3000000", "/dev/zero", NULL};
    AUTO_BUF out = BUF_INIT;
    struct process_options options = {.output = &out};
    int status = 1;
    assert_int_equal(process_run(argv, &options, &status, NULL), 0);
    assert_int_equal(status, 0);
    assert_in_range(out.len, 1 << 20, (1 << 20) + 4096);
}

static void process__hanging_program__is_stopped(void **state)
{
    (void)state;
    const char *argv[] = {"sh", "-c", "exec sleep 100", NULL};
    AUTO_BUF out = BUF_INIT;
    struct process_options options = {.output = &out, .timeout_ms = 50};
    struct err err = ERR_INIT;
    int status = 0;
    assert_int_equal(process_run(argv, &options, &status, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "sh: no answer within 50 ms"));
}

static void process__missing_program__is_the_environment(void **state)
{
    (void)state;
    const char *argv[] = {"no-such-program-anywhere", NULL};
    struct process_options options = {0};
    struct err err = ERR_INIT;
    int status = 0;
    assert_int_equal(process_run(argv, &options, &status, &err), ERR_ENVIRONMENT);
    assert_non_null(strstr(err.msg, "no-such-program-anywhere"));
}

static void environment__store__first_that_is_set_counts(void **state)
{
    (void)state;
    static const struct {
        const char *store, *xdg, *home, *wanted;
    } cases[] = {{"/s", "/x", "/h", "/s"},
                 {"", "/x", "/h", "/x/simbench"},
                 {"", "", "/h", "/h/.local/share/simbench"},
                 {"", "", "", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("SIMBENCH_STORE", cases[i].store, 1);
        setenv("XDG_DATA_HOME", cases[i].xdg, 1);
        setenv("HOME", cases[i].home, 1);
        AUTO_FREE char *dir = NULL;
        int r = environment_store(&dir, NULL);
        if (cases[i].wanted == NULL)
            assert_true(r < 0 && dir == NULL);
        else
            assert_string_equal(dir, cases[i].wanted);
    }
}

static void environment__source_date_epoch__is_a_number_or_refused(void **state)
{
    (void)state;
    int64_t out = 0;
    struct err err = ERR_INIT;
    unsetenv("SOURCE_DATE_EPOCH");
    assert_int_equal(environment_source_date_epoch(&out, &err), 0);
    assert_int_equal(out, -1);
    static const char *const bad[] = {"x", "1x", "-1", "1.5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("SOURCE_DATE_EPOCH", bad[i], 1);
        assert_int_equal(environment_source_date_epoch(&out, &err), ERR_INPUT);
        assert_non_null(strstr(err.msg, bad[i]));
    }
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    assert_int_equal(environment_source_date_epoch(&out, &err), 0);
    assert_int_equal(out, 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process__find__looks_along_path),
        cmocka_unit_test(process__run__captures_output_and_status),
        cmocka_unit_test(process__usage__is_the_childs),
        cmocka_unit_test(process__much_output__is_read_and_bounded),
        cmocka_unit_test(process__hanging_program__is_stopped),
        cmocka_unit_test(process__missing_program__is_the_environment),
        cmocka_unit_test(environment__store__first_that_is_set_counts),
        cmocka_unit_test(environment__source_date_epoch__is_a_number_or_refused),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
