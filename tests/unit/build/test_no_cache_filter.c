/* SPDX-License-Identifier: MIT */
/* A step that must run although its key is remembered copies what it always copied. */
#include "tests/support.h"

#include "tests/unit/build/lab.h"

static void copy_from__run_anew__copies_the_same(void **state)
{
    (void)state;
    static const char text[] = "FROM busybox AS s\nRUN echo 1 > /out\n"
                               "FROM busybox AS t\nCOPY --from=s /out /o\n";
    struct lab lab;
    struct build_result first, second;
    struct strv filter = STRV_INIT;
    strv_add(&filter, "t");
    lab_open(&lab, SEMANTICS_BUILDKIT);
    assert_int_equal(lab_build(&lab, text, &first, NULL), 0);
    lab.no_cache_filter = &filter;
    assert_int_equal(lab_build(&lab, text, &second, NULL), 0);
    assert_int_equal(second.steps[1].status, STEP_CACHED);
    assert_int_equal(second.steps[3].status, STEP_RAN);
    assert_int_equal(second.steps[3].size, 2);
    assert_true(digest_equal(&second.steps[3].diff_id, &first.steps[3].diff_id));
    build_result_free(&first);
    build_result_free(&second);
    strv_free(&filter);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_from__run_anew__copies_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
