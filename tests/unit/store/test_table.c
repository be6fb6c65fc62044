/* SPDX-License-Identifier: MIT */
/* The hash table against a plain array, over random operations of a fixed seed. */
#include "tests/support.h"

#include <stdio.h>

#include "sim/store/table.h"

enum { KEYS = 300 };

static void table__when_random_operations__then_as_an_array(void **state)
{
    (void)state;
    struct table table = {0};
    char values[KEYS][64];
    size_t lens[KEYS];
    bool present[KEYS] = {false};
    uint64_t random = 12345;
    size_t count = 0;
    for (int step = 0; step < 20000; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t key = (random >> 33) % KEYS;
        char name[40];
        int name_len = snprintf(name, sizeof name, "%*zu", key % 2 ? 32 : 3, key);
        struct slice k = slice_of(name, (size_t)name_len), got;
        assert_int_equal(table_get(&table, k, &got), present[key]);
        if (present[key]) {
            assert_int_equal(got.len, lens[key]);
            assert_memory_equal(got.data, values[key], got.len);
        }
        if ((random >> 20) % 3 == 0) {
            assert_int_equal(table_remove(&table, k), present[key]);
            count -= present[key];
            present[key] = false;
        } else {
            lens[key] = (random >> 12) % 64;
            memset(values[key], step & 0xff, sizeof values[key]);
            table_put(&table, k, slice_of(values[key], lens[key]));
            count += !present[key];
            present[key] = true;
        }
        assert_int_equal(table.len, count);
    }
    struct table_cursor cursor = {0};
    struct slice key, value;
    size_t seen = 0;
    while (table_next(&table, &cursor, &key, &value)) {
        seen++;
        assert_true(table_remove(&table, key)); /* allowed while iterating */
    }
    assert_int_equal(seen, count);
    assert_int_equal(table.len, 0);
    table_free(&table);
}

static void table__when_value_lies_in_the_table__then_copied(void **state)
{
    (void)state;
    struct table table = {0};
    struct slice got;
    table_put(&table, slice_string("k"), slice_string("abcdefgh"));
    assert_true(table_get(&table, slice_string("k"), &got));
    table_put(&table, slice_string("k"), slice_of((const char *)got.data + 4, 4));
    assert_true(table_get(&table, slice_string("k"), &got));
    assert_int_equal(got.len, 4);
    assert_memory_equal(got.data, "efgh", 4);
    assert_null(table_find(&table, slice_string("k"), 8));
    assert_non_null(table_find(&table, slice_string("k"), 4));
    table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table__when_random_operations__then_as_an_array),
        cmocka_unit_test(table__when_value_lies_in_the_table__then_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
