/* SPDX-License-Identifier: MIT */
/* Text for programs and people: JSON pieces, tables, ages. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "bench/age.h"
#include "bench/columns.h"
#include "bench/json_text.h"

static void json_text__strings__are_escaped_and_valid_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {NULL, "null"},
        {"", "\"\""},
        {"a\"b\\c\n\t\r\x01\x7f", "\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f\""},
        {"é€𝄞", "\"é€𝄞\""},
        {"\xff", "\"\xef\xbf\xbd\""},
        {"\xc3", "\"\xef\xbf\xbd\""},                                 /* cut short */
        {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
        {"\xf4\x90\x80\x80",
         "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* beyond Unicode */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF out = BUF_INIT;
        json_text_string(&out, cases[i].in);
        assert_string_equal(out.data, cases[i].out);
    }
}

static void json_text__times__are_exact_and_short(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *out;
    } cases[] = {{0, "0"},
                 {100, "0.1"},
                 {45000, "45"},
                 {57300, "57.3"},
                 {1, "0.001"},
                 {10010, "10.01"},
                 {UINT64_MAX, "18446744073709551.615"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF out = BUF_INIT;
        json_text_ms(&out, cases[i].ms);
        assert_string_equal(out.data, cases[i].out);
    }
    AUTO_BUF wall = BUF_INIT;
    json_text_seconds(&wall, 0.00081234);
    buf_addc(&wall, ' ');
    json_text_seconds(&wall, 10.0);
    assert_string_equal(wall.data, "0.000812 10");
}

static void table__columns__are_aligned_by_code_points(void **state)
{
    (void)state;
    struct columns t;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    columns_begin(&t, "NAME|>SIZE|END");
    columns_add(&t, "é");
    columns_add_count(&t, 5);
    columns_add(&t, "x");
    columns_add(&t, "long one");
    columns_add_count(&t, 12345);
    columns_add(&t, "\033[31m");
    columns_end(&t, out);
    fclose(out);
    assert_string_equal(text, "NAME        SIZE   END\n"
                              "é              5   x\n"
                              "long one   12345   \\x1b[31m\n");
    free(text);
}

static void age__spans__are_told_in_the_unit_that_fits(void **state)
{
    (void)state;
    static const struct {
        int64_t age;
        const char *out;
    } cases[] = {{0, "0 seconds ago"},         {1, "1 second ago"},
                 {60, "1 minute ago"},         {7199, "1 hour ago"},
                 {47 * 3600, "47 hours ago"},  {49 * 3600, "2 days ago"},
                 {20 * 86400, "2 weeks ago"},  {100 * 86400, "3 months ago"},
                 {800 * 86400, "2 years ago"}, {-5, "in the future"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF out = BUF_INIT;
        age_add(&out, 1000000000 - cases[i].age, 1000000000);
        assert_string_equal(out.data, cases[i].out);
    }
    AUTO_BUF none = BUF_INIT;
    age_add(&none, INT64_MIN, 0);
    assert_string_equal(none.data, "N/A");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_text__strings__are_escaped_and_valid_utf8),
        cmocka_unit_test(json_text__times__are_exact_and_short),
        cmocka_unit_test(table__columns__are_aligned_by_code_points),
        cmocka_unit_test(age__spans__are_told_in_the_unit_that_fits),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
