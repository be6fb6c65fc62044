/* SPDX-License-Identifier: MIT */
/* Where bytes come from: all kinds of content, host files that change, seeds. */
#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/tree/content.h"

struct folder {
    char *path;
    struct host_root *root;
};

static int setup(void **state)
{
    struct folder *f = xcalloc(1, sizeof *f);
    assert_int_equal(file_temp_folder("/tmp", "simbench-content", &f->path, NULL), 0);
    f->root = host_root_new(open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct folder *f = *state;
    host_root_unref(f->root);
    assert_int_equal(file_remove_tree(f->path, NULL), 0);
    free(f->path);
    free(f);
    return 0;
}

static void write_below(const struct folder *f, const char *name, const void *data,
                        size_t len)
{
    AUTO_FREE char *path = xasprintf("%s/%s", f->path, name);
    assert_int_equal(file_write(path, data, len, NULL), 0);
}

static struct content host(const struct folder *f, const char *path)
{
    return (struct content){.kind = CONTENT_HOST,
                            .from.host = {.root = f->root, .path = path}};
}

static void
seed_fill__when_read_in_pieces__then_bytes_depend_on_the_offset_alone(void **state)
{
    (void)state;
    unsigned char whole[100], piece[100];
    content_seed_fill(7, 0, whole, sizeof whole);
    for (size_t from = 0; from < 20; from++) {
        for (size_t len = 0; len < 40; len++) {
            memset(piece, 0xee, sizeof piece);
            content_seed_fill(7, from, piece, len);
            assert_memory_equal(piece, whole + from, len);
            assert_int_equal(piece[len], 0xee);
        }
    }
}

/* Fixed for ever: DiffIDs of modelled layers depend on it. Words of SplitMix64 for
 * seed 0 as published with the generator: e220a8397b1dcdaf, 6e789e6aa1b965f4. */
static void seed_fill__when_on_any_machine__then_these_bytes(void **state)
{
    (void)state;
    static const unsigned char want[16] = {0xaf, 0xcd, 0x1d, 0x7b, 0x39, 0xa8,
                                           0x20, 0xe2, 0xf4, 0x65, 0xb9, 0xa1,
                                           0x6a, 0x9e, 0x78, 0x6e};
    unsigned char got[16];
    content_seed_fill(0, 0, got, sizeof got);
    assert_memory_equal(got, want, 16);
}

static void stream__when_each_kind__then_same_bytes(void **state)
{
    const struct folder *f = *state;
    enum { LEN = 600000 };
    char *bytes = xmalloc(LEN);
    content_seed_fill(3, 0, bytes, LEN);
    write_below(f, "big", bytes, LEN);
    write_below(f, "small", bytes, 1000);
    struct blob *memory = blob_from_memory(memcpy(xmalloc(LEN), bytes, LEN), LEN);
    AUTO_FREE char *path = xasprintf("%s/big", f->path);
    struct blob *file = blob_from_fd(open(path, O_RDONLY | O_CLOEXEC), LEN);
    const struct {
        struct content content;
        size_t offset, len;
    } cases[] = {
        {{.kind = CONTENT_INLINE, .from.bytes = bytes}, 0, LEN},
        {host(f, "big"), 0, LEN},
        {host(f, "small"), 0, 1000},
        {{.kind = CONTENT_RANGE, .from.range = {memory, 11}}, 11, LEN - 11},
        {{.kind = CONTENT_RANGE, .from.range = {file, 5}}, 5, LEN - 5},
        {{.kind = CONTENT_SEED, .from.seed = 3}, 0, LEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf got = BUF_INIT;
        struct err err = ERR_INIT;
        assert_int_equal(content_load(&cases[i].content, cases[i].len, LEN, &got, &err),
                         0);
        assert_int_equal(got.len, cases[i].len);
        assert_memory_equal(got.data, bytes + cases[i].offset, got.len);
        struct digest d, want = digest_of(got.data, got.len);
        assert_int_equal(content_digest(&cases[i].content, cases[i].len, &d, &err), 0);
        /* That of modelled content is one of seed and size. */
        assert_int_equal(digest_equal(&d, &want),
                         cases[i].content.kind != CONTENT_SEED);
        buf_free(&got);
    }
    blob_unref(memory);
    blob_unref(file);
    free(bytes);
}

static void stream__when_a_host_file_changed__then_failed(void **state)
{
    const struct folder *f = *state;
    char *bytes = xcalloc(1, 300000);
    write_below(f, "small", bytes, 100);
    write_below(f, "big", bytes, 300000);
    static const struct {
        const char *name;
        uint64_t size;
    } cases[] = {{"small", 99},   {"small", 101},  {"small", 20000},
                 {"big", 299999}, {"big", 300001}, {"big", 10}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = ERR_INIT;
        struct digest d;
        struct content c = host(f, cases[i].name);
        assert_int_equal(content_digest(&c, cases[i].size, &d, &err), ERR_FAILED);
        assert_non_null(strstr(err.msg, "changed while it was read"));
        assert_non_null(strstr(err.msg, cases[i].name));
    }
    free(bytes);
}

static void stream__when_the_file_is_gone_or_a_link__then_failed(void **state)
{
    const struct folder *f = *state;
    AUTO_FREE char *link = xasprintf("%s/link", f->path);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    AUTO_FREE char *out = xasprintf("%s/out", f->path);
    assert_int_equal(symlink("/etc", out), 0);
    AUTO_FREE char *fifo = xasprintf("%s/fifo", f->path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    static const char *const names[] = {"none", "link", "out/passwd", "fifo", "."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct err err = ERR_INIT;
        struct content c = host(f, names[i]);
        struct digest d;
        assert_int_equal(content_digest(&c, 10, &d, &err), ERR_FAILED);
        assert_non_null(strstr(err.msg, names[i]));
    }
}

static void load__when_over_the_limit__then_input_error(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    struct content c = {.kind = CONTENT_SEED, .from.seed = 1};
    assert_int_equal(content_load(&c, 101, 100, &out, &err), ERR_INPUT);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void blob_read__when_beyond_the_end__then_failed(void **state)
{
    (void)state;
    struct blob *b = blob_from_memory(xcalloc(1, 10), 10);
    char out[16];
    struct err err = ERR_INIT;
    assert_int_equal(blob_read(b, 10, out, 0, &err), 0);
    assert_int_equal(blob_read(b, 3, out, 7, &err), 0);
    assert_int_equal(blob_read(b, 3, out, 8, &err), ERR_FAILED);
    assert_int_equal(blob_read(b, UINT64_MAX, out, 8, &err), ERR_FAILED);
    blob_unref(b);
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    struct blob *unreadable = blob_from_fd(fds[1], 10);
    assert_int_equal(blob_read(unreadable, 0, out, 8, &err), ERR_FAILED);
    blob_unref(unreadable);
    blob_unref(NULL);
    host_root_unref(NULL);
}

static int stop(void *payload, const void *data, size_t len, struct err *err)
{
    (void)data, (void)len, (void)err;
    return --*(int *)payload > 0 ? 0 : 77;
}

static void stream__when_the_sink_stops__then_its_value_is_returned(void **state)
{
    (void)state;
    int after = 2;
    struct content c = {.kind = CONTENT_SEED, .from.seed = 1};
    assert_int_equal(content_stream(&c, UINT64_C(1) << 40, stop, &after, NULL), 77);
}

static void digest__when_seed_or_size_differ__then_differs(void **state)
{
    (void)state;
    struct digest d[3];
    static const uint64_t seeds[] = {1, 1, 2}, sizes[] = {5, 6, 5};
    for (int i = 0; i < 3; i++) {
        struct content c = {.kind = CONTENT_SEED, .from.seed = seeds[i]};
        assert_int_equal(content_digest(&c, sizes[i], &d[i], NULL), 0);
    }
    assert_false(digest_equal(&d[0], &d[1]));
    assert_false(digest_equal(&d[0], &d[2]));
    /* Without bytes nothing can differ. */
    struct content c = {.kind = CONTENT_SEED, .from.seed = 1};
    struct digest empty = digest_of("", 0);
    assert_int_equal(content_digest(&c, 0, &d[0], NULL), 0);
    assert_true(digest_equal(&d[0], &empty));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            seed_fill__when_read_in_pieces__then_bytes_depend_on_the_offset_alone),
        cmocka_unit_test(seed_fill__when_on_any_machine__then_these_bytes),
        cmocka_unit_test_setup_teardown(stream__when_each_kind__then_same_bytes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(stream__when_a_host_file_changed__then_failed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            stream__when_the_file_is_gone_or_a_link__then_failed, setup, teardown),
        cmocka_unit_test(load__when_over_the_limit__then_input_error),
        cmocka_unit_test(blob_read__when_beyond_the_end__then_failed),
        cmocka_unit_test(stream__when_the_sink_stops__then_its_value_is_returned),
        cmocka_unit_test(digest__when_seed_or_size_differ__then_differs),
    };
    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
