/* SPDX-License-Identifier: MIT */
/* What builds leave: objects and build records, on both backings. */
#include "tests/support.h"

#include "tests/unit/store/fixture.h"

static void object__when_put__then_same_bytes(void **state)
{
    struct fixture *f = *state;
    static const size_t sizes[] = {0, 1, 1000, 64 << 10, (64 << 10) + 1, 1 << 20};
    char *data = xmalloc(1 << 20);
    content_seed_fill(7, 0, data, 1 << 20);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct digest id, want = digest_of(data, sizes[i]);
        ok(store_object_put(f->store, data, sizes[i], &id, &err));
        assert_true(digest_equal(&id, &want));
        struct buf got = BUF_INIT;
        buf_adds(&got, "+"); /* appended */
        ok(store_object_get(f->store, &id, &got, &err));
        assert_int_equal(got.len, sizes[i] + 1);
        assert_memory_equal(got.data + 1, data, sizes[i]);
        buf_free(&got);
    }
    free(data);
    struct digest absent = key_of("absent");
    struct buf got = BUF_INIT;
    assert_int_equal(store_object_get(f->store, &absent, &got, NULL), ERR_NOT_FOUND);
    buf_free(&got);
}

static void build__when_put__then_last_and_by_number_and_image(void **state)
{
    struct fixture *f = *state;
    struct digest image = put_image(f->store, "app", NULL, 0);
    char text[DIGEST_TEXT + 1];
    digest_text(&image, text);
    int64_t first = 0, second = 0, id = 0;
    ok(store_build_put(f->store, "Dockerfile\n", text, "one", 3, &first, &err));
    ok(store_build_put(f->store, "Dockerfile\n", NULL, "two", 3, &second, &err));
    ok(store_build_put(f->store, "Other\n", NULL, "three", 5, NULL, &err));
    assert_true(second > first);
    struct buf out = BUF_INIT;
    struct strv name = STRV_INIT;
    ok(store_build_last(f->store, "Dockerfile\n", &id, &out, &err));
    assert_int_equal(id, second);
    assert_string_equal(buf_str(&out), "two");
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)first);
    const char *refs[] = {number, "app", text};
    for (size_t i = 0; i < 3; i++) {
        buf_clear(&out);
        strv_clear(&name);
        ok(store_build_find(f->store, refs[i], &id, &name, &out, &err));
        assert_int_equal(id, first);
        assert_string_equal(buf_str(&out), "one");
        assert_string_equal(name.items[0], "Dockerfile\n");
    }
    assert_int_equal(store_build_find(f->store, "99999", &id, &name, &out, NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(store_build_last(f->store, "none", &id, &out, NULL),
                     ERR_NOT_FOUND);
    buf_free(&out);
    strv_free(&name);
}

static void
build__when_more_than_twenty__then_oldest_go_with_their_objects(void **state)
{
    struct fixture *f = *state;
    struct digest shared, own[25];
    int64_t ids[25];
    for (int i = 0; i < 25; i++) {
        char text[16];
        snprintf(text, sizeof text, "object %d", i);
        ok(store_begin(f->store, &err));
        ok(store_object_put(f->store, "shared", 6, &shared, &err));
        ok(store_object_put(f->store, "shared", 6, &shared, &err));
        ok(store_object_put(f->store, text, strlen(text), &own[i], &err));
        ok(store_build_put(f->store, "D\n", NULL, text, strlen(text), &ids[i], &err));
        ok(store_commit(f->store, &err));
    }
    for (int i = 0; i < 25; i++) {
        struct buf out = BUF_INIT;
        char number[24];
        int64_t id;
        snprintf(number, sizeof number, "%lld", (long long)ids[i]);
        int want = i < 5 ? ERR_NOT_FOUND : 0;
        assert_int_equal(store_build_find(f->store, number, &id, NULL, &out, NULL),
                         want);
        assert_int_equal(store_object_get(f->store, &own[i], &out, NULL), want);
        assert_int_equal(store_object_get(f->store, &shared, &out, NULL), 0);
        buf_free(&out);
    }
    verify_clean(f->store);
}

/* An object that later builds only name again lives as long as they do. */
static void object__when_kept__then_later_builds_hold_it(void **state)
{
    struct fixture *f = *state;
    struct digest id, absent = key_of("absent");
    int64_t number, newest, *ids;
    size_t len;
    ok(store_object_put(f->store, "list", 4, &id, &err));
    for (int i = 0; i < 25; i++) {
        ok(store_begin(f->store, &err));
        ok(store_object_keep(f->store, &id, &err));
        ok(store_build_put(f->store, "D\n", NULL, "x", 1, &number, &err));
        ok(store_commit(f->store, &err));
    }
    struct buf out = BUF_INIT;
    ok(store_object_get(f->store, &id, &out, &err));
    buf_free(&out);
    assert_int_equal(store_object_keep(f->store, &absent, NULL), ERR_NOT_FOUND);
    ok(store_build_list(f->store, "D\n", &ids, &len, &err));
    ok(store_build_newest(f->store, &newest, &err));
    assert_int_equal(len, 20);
    assert_int_equal(ids[len - 1], number);
    assert_int_equal(newest, number);
    free(ids);
    struct digest image;
    assert_int_equal(store_build_image(f->store, number, &image, NULL), ERR_NOT_FOUND);
    assert_int_equal(store_build_image(f->store, 999, &image, NULL), ERR_NOT_FOUND);
    verify_clean(f->store);
}

static void build__when_two_processes__then_numbers_differ(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    ok(store_open(f->dir, NULL, &other, &err));
    int64_t a = 0, b = 0;
    ok(store_begin(f->store, &err));
    ok(store_begin(other, &err));
    ok(store_build_put(f->store, "D\n", NULL, "1", 1, &a, &err));
    ok(store_build_put(other, "D\n", NULL, "2", 1, &b, &err));
    ok(store_commit(f->store, &err));
    ok(store_commit(other, &err));
    assert_true(b > a);
    store_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(object__when_put__then_same_bytes),
        BOTH(build__when_put__then_last_and_by_number_and_image),
        BOTH(build__when_more_than_twenty__then_oldest_go_with_their_objects),
        BOTH(object__when_kept__then_later_builds_hold_it),
        DISK(build__when_two_processes__then_numbers_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
