/* SPDX-License-Identifier: MIT */
/* What counts in an entry: for a cache key, and for a layer. */
#include "tests/support.h"

#include <string.h>

#include "sim/tree/tree.h"

static struct entry file(void)
{
    struct entry e = {.path = "f",
                      .type = ENTRY_FILE,
                      .mode = 0644,
                      .size = 5,
                      .mtime_ns = 1500000000,
                      .content = {.kind = CONTENT_INLINE, .from.bytes = "hello"}};
    assert_int_equal(entry_need_digest(&e, NULL), 0);
    return e;
}

/* Changes one thing; the table says who must notice. */
static const struct xattr user_x = {"user.x", "1", 1}, user_x2 = {"user.x", "2", 1},
                          selinux = {"security.selinux", "s", 1},
                          capability = {"security.capability", "c", 1},
                          acl = {"system.posix_acl_access", "a", 1};

static void set_mode(struct entry *e)
{
    e->mode = 04644;
}
static void set_uid(struct entry *e)
{
    e->uid = 1;
}
static void set_gid(struct entry *e)
{
    e->gid = 1;
}
static void set_path(struct entry *e)
{
    e->path = "g";
}
/* The same second, as a tar says it. */
static void set_mtime_rough(struct entry *e)
{
    e->mtime_ns = 1000000000;
}
static void set_mtime_ns(struct entry *e)
{
    e->mtime_ns = 1999999999;
}
static void set_mtime_s(struct entry *e)
{
    e->mtime_ns = 2000000000;
}
static void set_bytes(struct entry *e)
{
    e->content.from.bytes = "hallo";
    e->has_digest = false;
    assert_int_equal(entry_need_digest(e, NULL), 0);
}
static void set_equal_bytes(struct entry *e)
{
    static const char other[] = "hello";
    e->content.from.bytes = other;
    e->has_digest = false;
    assert_int_equal(entry_need_digest(e, NULL), 0);
}
static void set_xattr(struct entry *e, const struct xattr *x)
{
    e->xattrs = x;
    e->xattr_count = 1;
}
static void set_user(struct entry *e)
{
    set_xattr(e, &user_x);
}
static void set_selinux(struct entry *e)
{
    set_xattr(e, &selinux);
}
static void set_capability(struct entry *e)
{
    set_xattr(e, &capability);
}
static void set_acl(struct entry *e)
{
    set_xattr(e, &acl);
}
static void set_type(struct entry *e)
{
    e->type = ENTRY_FIFO;
}

static void
entry__when_one_thing_changes__then_key_and_layer_notice_what_counts(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct entry *);
        bool key, layer;
    } cases[] = {
        {set_mode, true, true},          {set_uid, true, true},
        {set_gid, true, true},           {set_path, false, false},
        {set_mtime_ns, false, true},     {set_mtime_rough, false, false},
        {set_mtime_s, false, true},      {set_bytes, true, true},
        {set_equal_bytes, false, false}, {set_user, true, true},
        {set_selinux, false, true},      {set_capability, true, true},
        {set_acl, false, true},          {set_type, true, true},
    };
    struct digester *d = digester_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct entry a = file(), b = file();
        cases[i].change(&b);
        struct digest x, y;
        entry_key_digest(&a, d, &x);
        entry_key_digest(&b, d, &y);
        assert_int_equal(!digest_equal(&x, &y), cases[i].key);
        assert_int_equal(!entry_same(&a, &b), cases[i].layer);
        assert_int_equal(!entry_same(&b, &a), cases[i].layer);
    }
    digester_free(d);
}

static void entry__when_xattr_value_link_or_device_differs__then_noticed(void **state)
{
    (void)state;
    struct entry pairs[][2] = {
        {{.path = "a", .type = ENTRY_DIR, .xattrs = &user_x, .xattr_count = 1},
         {.path = "a", .type = ENTRY_DIR, .xattrs = &user_x2, .xattr_count = 1}},
        {{.path = "a", .type = ENTRY_SYMLINK, .target = "x"},
         {.path = "a", .type = ENTRY_SYMLINK, .target = "y"}},
        {{.path = "a", .type = ENTRY_CHAR, .dev_major = 1, .dev_minor = 3},
         {.path = "a", .type = ENTRY_CHAR, .dev_major = 1, .dev_minor = 5}},
    };
    struct digester *d = digester_new();
    for (size_t i = 0; i < 3; i++) {
        struct digest x, y;
        entry_key_digest(&pairs[i][0], d, &x);
        entry_key_digest(&pairs[i][1], d, &y);
        assert_false(digest_equal(&x, &y));
        assert_false(entry_same(&pairs[i][0], &pairs[i][1]));
        assert_true(entry_same(&pairs[i][0], &pairs[i][0]));
    }
    digester_free(d);
}

static void same__when_a_symlink_has_another_mode__then_same(void **state)
{
    (void)state;
    struct entry a = {.path = "a", .type = ENTRY_SYMLINK, .target = "x", .mode = 0777};
    struct entry b = {.path = "a", .type = ENTRY_SYMLINK, .target = "x", .mode = 0644};
    assert_true(entry_same(&a, &b));
}

static void same__when_times_are_before_1970__then_seconds_are_rounded_down(void **s)
{
    (void)s;
    struct entry a = {.path = "a", .type = ENTRY_DIR, .mtime_ns = -1};
    struct entry b = {.path = "a", .type = ENTRY_DIR, .mtime_ns = 1};
    struct entry c = {.path = "a", .type = ENTRY_DIR, .mtime_ns = -1000000000};
    assert_false(entry_same(&a, &b));
    assert_true(entry_same(&a, &c));
}

static void same__when_no_digest_is_known__then_the_bytes_are_compared(void **state)
{
    (void)state;
    char other[] = "hello";
    struct entry a = file(), b = file();
    a.has_digest = b.has_digest = false;
    b.content.from.bytes = other;
    assert_true(entry_same(&a, &b));
    other[0] = 'j';
    assert_false(entry_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            entry__when_one_thing_changes__then_key_and_layer_notice_what_counts),
        cmocka_unit_test(entry__when_xattr_value_link_or_device_differs__then_noticed),
        cmocka_unit_test(same__when_a_symlink_has_another_mode__then_same),
        cmocka_unit_test(
            same__when_times_are_before_1970__then_seconds_are_rounded_down),
        cmocka_unit_test(same__when_no_digest_is_known__then_the_bytes_are_compared),
    };
    return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
