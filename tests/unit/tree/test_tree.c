/* SPDX-License-Identifier: MIT */
/* Lists of entries: copies, order, look-up. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/path.h"
#include "sim/tree/tree.h"

static void add(struct tree *t, const char *path, uint64_t size)
{
    struct entry e = {.path = path, .type = ENTRY_FILE, .size = size, .mode = 0644};
    if (size != 0)
        e.content = (struct content){.kind = CONTENT_SEED, .from.seed = size};
    tree_add(t, &e);
}

static void add__when_the_source_is_gone__then_everything_was_copied(void **state)
{
    (void)state;
    char path[] = "a/b", name[] = "user.x", value[] = "v", bytes[] = "hello";
    struct xattr x[] = {{name, value, 1}, {"user.a", "", 0}};
    struct entry e = {.path = path,
                      .type = ENTRY_FILE,
                      .size = 5,
                      .mode = 0100644,
                      .xattrs = x,
                      .xattr_count = 2,
                      .content = {.kind = CONTENT_INLINE, .from.bytes = bytes}};
    struct tree *t = tree_new();
    struct entry *got = tree_add(t, &e);
    memset(path, 'x', 3);
    memset(name, 'x', 6);
    value[0] = 'x';
    memset(bytes, 'x', 5);
    assert_string_equal(got->path, "a/b");
    assert_int_equal(got->mode, 0644);
    assert_int_equal(got->xattr_count, 2);
    assert_string_equal(got->xattrs[0].name, "user.a"); /* put in order */
    assert_string_equal(got->xattrs[1].name, "user.x");
    assert_memory_equal(got->xattrs[1].value, "v", 1);
    assert_memory_equal(got->content.from.bytes, "hello", 5);
    tree_free(t);
}

static void add__when_not_a_file__then_it_has_no_content(void **state)
{
    (void)state;
    struct entry e = {.path = "l",
                      .type = ENTRY_SYMLINK,
                      .size = 7,
                      .has_digest = true,
                      .content = {.kind = CONTENT_SEED, .from.seed = 1}};
    struct tree *t = tree_new();
    const struct entry *got = tree_add(t, &e);
    assert_int_equal(got->size, 0);
    assert_int_equal(got->content.kind, CONTENT_NONE);
    assert_false(got->has_digest);
    assert_string_equal(got->target, "");
    tree_free(t);
}

static void add__when_the_source_is_in_the_same_tree__then_it_survives_growth(void **s)
{
    (void)s;
    struct tree *t = tree_new();
    add(t, "first", 3);
    for (int i = 0; i < 1000; i++) {
        char path[16];
        snprintf(path, sizeof path, "x%03d", i);
        tree_add_as(t, &t->entries[0], path);
    }
    tree_sort(t);
    assert_int_equal(t->len, 1001);
    assert_int_equal(tree_find(t, "x999")->size, 3);
    assert_int_equal(tree_content_bytes(t), 3003);
    assert_true(tree_is_modelled(t));
    tree_free(t);
}

static void sort__when_paths_repeat__then_the_last_added_stays(void **state)
{
    (void)state;
    struct tree *t = tree_new();
    add(t, "b", 1);
    add(t, "a.txt", 2);
    add(t, "a/b", 3);
    add(t, "b", 4);
    add(t, "a", 5);
    add(t, "b", 6);
    assert_false(t->sorted);
    tree_sort(t);
    static const char *const want[] = {"a", "a/b", "a.txt", "b"};
    assert_int_equal(t->len, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(t->entries[i].path, want[i]);
    assert_int_equal(t->entries[3].size, 6);
    tree_free(t);
}

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void sort__when_random__then_ordered_and_all_found(void **state)
{
    (void)state;
    uint64_t x = 42;
    for (int round = 0; round < 50; round++) {
        struct tree *t = tree_new();
        size_t n = next_random(&x) % 200;
        for (size_t i = 0; i < n; i++) {
            char path[32];
            unsigned a = (unsigned)(next_random(&x) % 5),
                     b = (unsigned)(next_random(&x) % 9);
            snprintf(path, sizeof path, "%c%s%u", (int)('a' + a),
                     (const char *[]){"/", ".", "0", "-"}[b % 4], b);
            add(t, path, i + 1);
        }
        tree_sort(t);
        for (size_t i = 0; i < t->len; i++) {
            assert_ptr_equal(tree_find(t, t->entries[i].path), &t->entries[i]);
            if (i > 0)
                assert_true(path_compare(t->entries[i - 1].path, t->entries[i].path) <
                            0);
        }
        tree_free(t);
    }
}

static void range__when_a_folder_is_asked_for__then_all_below_and_no_neighbour(void **s)
{
    (void)s;
    struct tree *t = tree_new();
    static const char *const paths[] = {"a", "a/b", "a/b/c", "a-b", "ab", "b"};
    for (size_t i = 0; i < 6; i++)
        add(t, paths[i], 1);
    tree_sort(t);
    static const struct {
        const char *path;
        size_t first, end;
    } cases[] = {{"", 0, 6},    {"a", 0, 3}, {"a/b", 1, 3}, {"a/c", 3, 3},
                 {"a-b", 3, 4}, {"b", 5, 6}, {"c", 6, 6},   {"0", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t first, end;
        tree_range(t, cases[i].path, &first, &end);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(end, cases[i].end);
    }
    assert_null(tree_find(t, "a/c"));
    tree_free(t);
    struct tree *empty = tree_new();
    size_t first, end;
    tree_range(empty, "", &first, &end);
    assert_int_equal(end - first, 0);
    assert_null(tree_find(empty, ""));
    tree_free(empty);
    tree_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add__when_the_source_is_gone__then_everything_was_copied),
        cmocka_unit_test(add__when_not_a_file__then_it_has_no_content),
        cmocka_unit_test(
            add__when_the_source_is_in_the_same_tree__then_it_survives_growth),
        cmocka_unit_test(sort__when_paths_repeat__then_the_last_added_stays),
        cmocka_unit_test(sort__when_random__then_ordered_and_all_found),
        cmocka_unit_test(
            range__when_a_folder_is_asked_for__then_all_below_and_no_neighbour),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
