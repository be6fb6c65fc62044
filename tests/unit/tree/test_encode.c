/* SPDX-License-Identifier: MIT */
/* The stored form: what comes back, and that damage is found. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/tree/internal.h"
#include "sim/tree/tree.h"

static struct blob *some_blob(void)
{
    return blob_from_memory(xcalloc(1, 1000), 1000);
}

static struct tree *sample(struct blob *blob)
{
    static const struct xattr xattrs[] = {{"security.capability", "\0\1\2", 3},
                                          {"user.x", "", 0}};
    const struct entry entries[] = {
        {.path = "", .type = ENTRY_DIR, .mode = 0755, .mtime_ns = 1700000000000000000},
        {.path = "a", .type = ENTRY_DIR, .mode = 01777, .mtime_ns = -5},
        {.path = "a/dev", .type = ENTRY_CHAR, .dev_major = 4095, .dev_minor = 1 << 19},
        {.path = "a/disk", .type = ENTRY_BLOCK, .dev_major = 8, .mtime_ns = INT64_MIN},
        {.path = "a/f",
         .type = ENTRY_FILE,
         .mode = 04755,
         .uid = UINT32_MAX,
         .gid = 1000,
         .size = 5,
         .mtime_ns = INT64_MAX,
         .xattrs = xattrs,
         .xattr_count = 2,
         .has_digest = true,
         .digest = {{1, 2, 3}},
         .content = {.kind = CONTENT_INLINE, .from.bytes = "he\0lo"}},
        {.path = "a/link", .type = ENTRY_HARDLINK, .target = "a/f"},
        {.path = "a/\xff\xfe",
         .type = ENTRY_SYMLINK,
         .target = "../\x80",
         .mode = 0777},
        {.path = "b", .type = ENTRY_WHITEOUT},
        {.path = "c", .type = ENTRY_OPAQUE},
        {.path = "d", .type = ENTRY_FIFO},
        {.path = "e", .type = ENTRY_FILE},
        {.path = "f",
         .type = ENTRY_FILE,
         .size = 990,
         .content = {.kind = CONTENT_RANGE, .from.range = {blob, 10}}},
        {.path = "g",
         .type = ENTRY_FILE,
         .size = UINT64_C(1) << 40,
         .content = {.kind = CONTENT_SEED, .from.seed = UINT64_MAX - 1}},
    };
    struct tree *t = tree_new();
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (blob != NULL || entries[i].content.kind != CONTENT_RANGE)
            tree_add(t, &entries[i]);
    return t;
}

static void assert_same_content(const struct entry *a, const struct entry *b)
{
    assert_int_equal(a->content.kind, b->content.kind);
    if (a->content.kind == CONTENT_INLINE)
        assert_memory_equal(a->content.from.bytes, b->content.from.bytes, a->size);
    if (a->content.kind == CONTENT_SEED)
        assert_true(a->content.from.seed == b->content.from.seed);
    if (a->content.kind == CONTENT_RANGE) {
        assert_ptr_equal(a->content.from.range.blob, b->content.from.range.blob);
        assert_int_equal(a->content.from.range.offset, b->content.from.range.offset);
    }
}

static void assert_same_entry(const struct entry *a, const struct entry *b)
{
    assert_string_equal(a->path, b->path);
    assert_int_equal(a->type, b->type);
    assert_true(a->mtime_ns == b->mtime_ns);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->uid, b->uid);
    assert_int_equal(a->gid, b->gid);
    assert_int_equal(a->dev_major, b->dev_major);
    assert_int_equal(a->dev_minor, b->dev_minor);
    assert_int_equal(a->target == NULL, b->target == NULL);
    if (a->target != NULL)
        assert_string_equal(a->target, b->target);
    assert_int_equal(a->xattr_count, b->xattr_count);
    for (size_t i = 0; i < a->xattr_count; i++) {
        assert_string_equal(a->xattrs[i].name, b->xattrs[i].name);
        assert_int_equal(a->xattrs[i].len, b->xattrs[i].len);
        assert_memory_equal(a->xattrs[i].value, b->xattrs[i].value, a->xattrs[i].len);
    }
    assert_int_equal(a->has_digest, b->has_digest);
    if (a->has_digest)
        assert_true(digest_equal(&a->digest, &b->digest));
    assert_same_content(a, b);
}

static void decode__when_encoded__then_every_field_comes_back(void **state)
{
    (void)state;
    struct blob *blob = some_blob();
    struct tree *t = sample(blob), *back = NULL;
    struct buf first = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(tree_encode(t, &first, &err), 0);
    assert_int_equal(tree_decode(first.data, first.len, blob, &back, &err), 0);
    blob_unref(blob); /* both trees hold it */
    assert_true(back->sorted);
    assert_int_equal(back->len, t->len);
    for (size_t i = 0; i < t->len; i++)
        assert_same_entry(&t->entries[i], &back->entries[i]);
    assert_int_equal(tree_encode(back, &again, &err), 0);
    assert_int_equal(first.len, again.len);
    assert_memory_equal(first.data, again.data, first.len);
    buf_free(&first);
    buf_free(&again);
    tree_free(t);
    tree_free(back);
}

static void decode__when_empty_tree__then_empty(void **state)
{
    (void)state;
    struct tree *t = tree_new(), *back = NULL;
    struct buf out = BUF_INIT;
    assert_int_equal(tree_encode(t, &out, NULL), 0);
    assert_int_equal(tree_decode(out.data, out.len, NULL, &back, NULL), 0);
    assert_int_equal(back->len, 0);
    buf_free(&out);
    tree_free(t);
    tree_free(back);
}

static void seal(struct buf *b)
{
    size_t body = b->len - TREE_CHECKSUM_LEN;
    uint64_t sum = tree_checksum(b->data, body);
    for (unsigned i = 0; i < 8; i++)
        b->data[body + i] = (char)(sum >> (8 * i));
}

/* Every single damaged byte is found; with the check sum put right, reading still
 * ends well or says damaged, whatever the bytes (run under ASan). */
static void decode__when_any_byte_is_damaged__then_damaged_index(void **state)
{
    (void)state;
    struct blob *blob = some_blob();
    struct tree *t = sample(blob);
    struct buf good = BUF_INIT;
    assert_int_equal(tree_encode(t, &good, NULL), 0);
    for (size_t i = 0; i < good.len; i++) {
        for (unsigned flip = 1; flip < 256; flip += 31) {
            struct buf bad = BUF_INIT;
            struct tree *got = NULL;
            struct err err = ERR_INIT;
            buf_add(&bad, good.data, good.len);
            bad.data[i] = (char)((unsigned char)bad.data[i] ^ flip);
            assert_int_equal(tree_decode(bad.data, bad.len, blob, &got, &err),
                             ERR_FAILED);
            assert_string_equal(err.msg, "damaged index");
            seal(&bad);
            if (tree_decode(bad.data, bad.len, blob, &got, &err) == 0)
                tree_free(got);
            buf_free(&bad);
        }
    }
    for (size_t len = 0; len < good.len; len++) {
        struct buf bad = BUF_INIT;
        struct tree *got = NULL;
        buf_add(&bad, good.data, len);
        assert_int_equal(tree_decode(buf_str(&bad), len, blob, &got, NULL), ERR_FAILED);
        if (len >= TREE_MAGIC_LEN + TREE_CHECKSUM_LEN)
            seal(&bad);
        assert_int_equal(tree_decode(buf_str(&bad), len, blob, &got, NULL), ERR_FAILED);
        buf_free(&bad);
    }
    buf_free(&good);
    tree_free(t);
    blob_unref(blob);
}

static void decode__when_the_blob_is_too_short__then_damaged_index(void **state)
{
    (void)state;
    struct blob *blob = some_blob(), *less = blob_from_memory(xcalloc(1, 999), 999);
    struct tree *t = sample(blob), *got = NULL;
    struct buf out = BUF_INIT;
    assert_int_equal(tree_encode(t, &out, NULL), 0);
    assert_int_equal(tree_decode(out.data, out.len, less, &got, NULL), ERR_FAILED);
    assert_int_equal(tree_decode(out.data, out.len, NULL, &got, NULL), ERR_FAILED);
    buf_free(&out);
    tree_free(t);
    blob_unref(blob);
    blob_unref(less);
}

/* Hand-made bodies that no writer makes. */
static void decode__when_rules_are_broken__then_damaged_index(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        size_t len;
        bool ok;
    } cases[] = {
        {"\x00", 1, true},
        /* one folder "a": shared 0, 1 byte, head DIR, mode, uid, gid, mtime */
        {"\x01\x00\x01"
         "a\x01\x00\x00\x00\x00",
         9, true},
        {"\x02\x00\x01"
         "a\x01\x00\x00\x00\x00",
         9, false}, /* one missing */
        {"\x01\x00\x01"
         "a\x01\x00\x00\x00\x00\x00",
         10, false}, /* one byte left */
        {"\x01\x00\x01"
         "/\x01\x00\x00\x00\x00",
         9, false},
        {"\x01\x00\x01"
         ".\x01\x00\x00\x00\x00",
         9, false},
        {"\x01\x00\x02"
         "..\x01\x00\x00\x00\x00",
         10, false},
        {"\x01\x00\x02"
         "a/\x01\x00\x00\x00\x00",
         10, false},
        {"\x01\x00\x01\x00\x01\x00\x00\x00\x00", 9, false},
        {"\x01\x01\x01"
         "a\x01\x00\x00\x00\x00",
         9, false}, /* shares with nothing */
        {"\x01\x00\x01"
         "a\x0b\x00\x00\x00\x00",
         9, false}, /* type 11 */
        {"\x01\x00\x01"
         "a\x01\x80\x20\x00\x00\x00",
         10, false}, /* mode 010000 */
        {"\x02\x00\x01"
         "b\x01\x00\x00\x00\x00\x00\x01"
         "a\x01\x00\x00\x00\x00",
         17, false}, /* order */
        {"\x02\x00\x01"
         "a\x01\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00",
         16, false}, /* twice */
        {"\x01\x00\x01"
         "a\x10\x00\x00\x00\x00\x05"
         "abcd",
         14, false}, /* inline bytes cut */
        {"\x01\x00\x01"
         "a\x00\x00\x00\x00\x00\x05",
         10, false}, /* size without content */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT;
        struct tree *got = NULL;
        buf_add(&b, TREE_MAGIC, TREE_MAGIC_LEN);
        buf_add(&b, cases[i].body, cases[i].len);
        buf_add(&b, "12345678", 8);
        seal(&b);
        int rc = tree_decode(b.data, b.len, NULL, &got, NULL);
        assert_int_equal(rc, cases[i].ok ? 0 : ERR_FAILED);
        if (rc == 0)
            tree_free(got);
        buf_free(&b);
    }
}

static void encode__when_it_could_not_be_read_back__then_refused(void **state)
{
    (void)state;
    struct blob *a = some_blob(), *b = some_blob();
    struct host_root *root = host_root_new(-1);
    const struct entry bad[] = {
        {.path = "a",
         .type = ENTRY_FILE,
         .size = 1,
         .content = {.kind = CONTENT_HOST, .from.host = {root, "a"}}},
        {.path = "../a", .type = ENTRY_DIR},
        {.path = "a/", .type = ENTRY_DIR},
        {.path = "a", .type = ENTRY_FILE, .size = 1},
    };
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tree *t = tree_new();
        tree_add(t, &bad[i]);
        assert_int_equal(tree_encode(t, &out, &err), ERR_FAILED);
        tree_free(t);
    }
    struct entry e = {.path = "a",
                      .type = ENTRY_FILE,
                      .size = 1,
                      .content = {.kind = CONTENT_RANGE, .from.range = {a, 0}}};
    struct tree *t = tree_new();
    tree_add(t, &e);
    e.content.from.range.blob = b;
    tree_add_as(t, &e, "b");
    assert_int_equal(tree_encode(t, &out, &err), ERR_FAILED);
    tree_add_as(t, &e, "0"); /* out of order */
    assert_int_equal(tree_encode(t, &out, &err), ERR_FAILED);
    tree_free(t);
    buf_free(&out);
    blob_unref(a);
    blob_unref(b);
    host_root_unref(root);
}

static void cursor__when_trees_of_any_length__then_the_entries_of_decode(void **state)
{
    static const size_t lengths[] = {0, 1, 1023, 1024, 1025, 3000};
    (void)state;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        struct blob *blob = some_blob();
        struct tree *t = tree_new(), *all;
        for (size_t i = 0; i < lengths[k]; i++) {
            AUTO_FREE char *path = xasprintf("folder%04zu/some name", i);
            struct entry e = {
                .path = path,
                .type = ENTRY_FILE,
                .size = 1 + i % 100,
                .mtime_ns = (int64_t)(i * 977777),
                .has_digest = i % 3 != 0,
                .digest = {{(uint8_t)i, (uint8_t)(i >> 8)}},
                .content = {.kind = CONTENT_RANGE, .from.range = {blob, i % 900}}};
            tree_add(t, &e);
        }
        AUTO_BUF bytes = BUF_INIT;
        assert_int_equal(tree_encode(t, &bytes, NULL), 0);
        assert_int_equal(tree_decode(bytes.data, bytes.len, blob, &all, NULL), 0);
        struct tree_cursor *c = tree_cursor_new(bytes.data, bytes.len, blob);
        assert_non_null(c);
        blob_unref(blob);
        const struct entry *e;
        size_t n = 0;
        for (; (e = tree_cursor_next(c)) != NULL; n++) {
            assert_true(n < all->len);
            assert_same_entry(e, &all->entries[n]);
        }
        assert_int_equal(n, lengths[k]);
        assert_null(tree_cursor_next(c));
        tree_cursor_free(c);
        bytes.data[bytes.len / 2] ^= 1;
        assert_null(tree_cursor_new(bytes.data, bytes.len, NULL));
        tree_free(t);
        tree_free(all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode__when_encoded__then_every_field_comes_back),
        cmocka_unit_test(decode__when_empty_tree__then_empty),
        cmocka_unit_test(cursor__when_trees_of_any_length__then_the_entries_of_decode),
        cmocka_unit_test(decode__when_any_byte_is_damaged__then_damaged_index),
        cmocka_unit_test(decode__when_the_blob_is_too_short__then_damaged_index),
        cmocka_unit_test(decode__when_rules_are_broken__then_damaged_index),
        cmocka_unit_test(encode__when_it_could_not_be_read_back__then_refused),
    };
    return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
