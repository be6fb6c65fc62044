/* SPDX-License-Identifier: MIT */
/* Headers made here against those libarchive makes of the same entry. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/layer/tar_internal.h"

static int to_buf(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    buf_add(payload, data, len);
    return 0;
}

/* What libarchive writes for one entry without content. */
static void by_libarchive(const struct tar_head *head, struct buf *out)
{
    struct err err = ERR_INIT;
    struct tar_pax *pax;
    struct tar_result result;
    struct tar_out *stream = tar_out_new(to_buf, out, 0);
    if (tar_pax_new(stream, &pax, &err) != 0 || tar_pax_header(pax, head, &err) != 0)
        fail_msg("%s", err.msg);
    tar_pax_free(pax);
    assert_int_equal(tar_out_finish(stream, &result, &err), 0);
    tar_out_free(stream);
}

static uint64_t pick(const uint64_t *values, size_t count)
{
    return values[(size_t)rand() % count];
}
#define PICK(...)                                                                      \
    pick((const uint64_t[]){__VA_ARGS__},                                              \
         sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* A clean path of about so many bytes; now and then with a byte that is not ASCII. */
static char *random_path(size_t len, bool folder)
{
    char *path = xmalloc(len + 2);
    size_t part = 1 + (size_t)rand() % 120, since = 0;
    for (size_t i = 0; i < len; i++, since++) {
        bool slash = since >= part && i + 1 < len;
        path[i] = slash ? '/' : (char)('!' + rand() % 94);
        if (!slash && path[i] == '/')
            path[i] = 'x';
        if (slash) {
            since = (size_t)-1;
            part = 1 + (size_t)rand() % 120;
        }
    }
    if (rand() % 20 == 0)
        path[(size_t)rand() % len] = (char)0xe4;
    path[len] = folder ? '/' : '\0';
    path[len + 1] = '\0';
    return path;
}

static struct tar_head random_head(void)
{
    static const enum entry_type types[] = {ENTRY_FILE,     ENTRY_DIR,  ENTRY_SYMLINK,
                                            ENTRY_HARDLINK, ENTRY_FIFO, ENTRY_CHAR};
    static const struct xattr xattr = {"user.x", "1", 1};
    struct tar_head head = {
        .type = types[(size_t)rand() % (sizeof types / sizeof *types)],
        .mode = (uint32_t)rand() & 07777,
        .mtime_s = rand() % 1800000000,
    };
    if (rand() % 4 == 0) {
        head.uid = (uint32_t)PICK(1, 1000, 65534, 0777777, 01000000, UINT32_MAX);
        head.gid = (uint32_t)PICK(5, 100, 0777777, 01000000, UINT32_MAX);
    }
    if (rand() % 4 == 0)
        head.mtime_s = (int64_t)PICK(0, 0x7ffffffe, 0x7fffffff, 0x80000000,
                                     UINT64_C(1) << 33, (uint64_t)-1);
    size_t len = rand() % 3 == 0 ? 90 + (size_t)rand() % 20 : 1 + (size_t)rand() % 270;
    head.name = random_path(len, head.type == ENTRY_DIR);
    if (head.type == ENTRY_FILE)
        head.size = PICK(0, 1, 511, 512, 1 << 20, UINT32_MAX, (UINT64_C(1) << 33) - 1,
                         UINT64_C(1) << 33, UINT64_C(1) << 40);
    if (head.type == ENTRY_SYMLINK || head.type == ENTRY_HARDLINK)
        head.target = random_path(rand() % 2 == 0 ? 95 + (size_t)rand() % 10
                                                  : 1 + (size_t)rand() % 150,
                                  false);
    if (rand() % 10 == 0 && head.type != ENTRY_HARDLINK) {
        head.xattrs = &xattr;
        head.xattr_count = 1;
    }
    return head;
}

static void header__when_ustar_can_say_it__then_the_bytes_of_libarchive(void **state)
{
    enum { ROUNDS = 4000 };
    size_t made = 0, split = 0;
    (void)state;
    srand(11);
    for (int i = 0; i < ROUNDS; i++) {
        struct tar_head head = random_head();
        unsigned char block[TAR_BLOCK];
        AUTO_BUF theirs = BUF_INIT;
        by_libarchive(&head, &theirs);
        bool plain = theirs.len == TAR_BLOCK;
        bool ours = tar_header_make(&head, block);
        if (ours != (plain && head.type != ENTRY_CHAR))
            fail_msg("%s: libarchive writes %s header: %.100s", head.name,
                     plain ? "one" : "more than one",
                     plain ? "" : theirs.data + TAR_BLOCK);
        if (ours)
            assert_memory_equal(block, theirs.data, TAR_BLOCK);
        made += ours;
        split += ours && strlen(head.name) > 100;
        free((char *)head.name);
        free((char *)head.target);
    }
    /* The rounds held something of everything. */
    assert_true(made > ROUNDS / 10);
    assert_true(made < ROUNDS);
    assert_true(split > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header__when_ustar_can_say_it__then_the_bytes_of_libarchive),
    };
    return cmocka_run_group_tests_name("tar header", tests, NULL, NULL);
}
