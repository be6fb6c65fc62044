/* SPDX-License-Identifier: MIT */
/* Compressed streams: there and back, stable, damaged. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/layer/compress.h"

static int to_buf(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    assert_true(len > 0);
    buf_add(payload, data, len);
    return 0;
}

/* Half of it compresses, half does not. */
static void make_data(struct buf *out, size_t len)
{
    buf_reserve(out, len);
    for (size_t i = 0; i < len; i += 4096) {
        char block[4096];
        if (i / 4096 % 2 == 0)
            content_seed_fill(9, i, block, sizeof block);
        else
            memset(block, (int)(i / 8192), sizeof block);
        buf_add(out, block, len - i < sizeof block ? len - i : sizeof block);
    }
}

/* Adds in pieces of a length that changes. */
static void feed(int (*add)(void *, const void *, size_t, struct err *), void *to,
                 const struct buf *data, size_t piece)
{
    for (size_t at = 0; at < data->len;) {
        size_t n = data->len - at < piece ? data->len - at : piece;
        struct err err = ERR_INIT;
        if (add(to, data->data + at, n, &err) != 0)
            fail_msg("%s", err.msg);
        at += n;
        piece = piece * 2 % 100003 + 1;
    }
}

static void compress_all(enum compression how, const struct buf *data, size_t piece,
                         struct buf *out)
{
    struct compressor *c = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(compressor_new(how, to_buf, out, &c, &err), 0);
    feed(compressor_add, c, data, piece);
    assert_int_equal(compressor_finish(c, &err), 0);
    compressor_free(c);
}

static int decompress_all(const struct buf *data, size_t piece, struct buf *out,
                          struct err *err)
{
    struct decompressor *d = NULL;
    assert_int_equal(decompressor_new(to_buf, out, &d, err), 0);
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < data->len; at += piece)
        rc = decompressor_add(d, data->data + at,
                              data->len - at < piece ? data->len - at : piece, err);
    if (rc == 0)
        rc = decompressor_finish(d, err);
    decompressor_free(d);
    return rc;
}

static const enum compression all[] = {COMPRESSION_NONE, COMPRESSION_GZIP,
                                       COMPRESSION_ZSTD};

static void stream__when_cut_in_any_way__then_same_output_and_back(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, 3, 4, 5, 131071, 131072, 131073, 700000};
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
            struct buf data = BUF_INIT, one = BUF_INIT, two = BUF_INIT, back = BUF_INIT;
            make_data(&data, lens[i]);
            compress_all(all[k], &data, 1, &one);
            compress_all(all[k], &data, 1 << 20, &two);
            assert_int_equal(one.len, two.len);
            if (one.len > 0)
                assert_memory_equal(one.data, two.data, one.len);
            assert_int_equal(
                decompress_all(&one, i % 2 == 0 ? 1 << 20 : 777, &back, NULL), 0);
            assert_int_equal(back.len, data.len);
            if (back.len > 0)
                assert_memory_equal(back.data, data.data, data.len);
            if (all[k] != COMPRESSION_NONE && lens[i] > 100000)
                assert_true(one.len < data.len * 2 / 3);
            buf_free(&data);
            buf_free(&one);
            buf_free(&two);
            buf_free(&back);
        }
    }
}

static void gzip__when_started__then_no_name_no_time_no_system(void **state)
{
    (void)state;
    static const unsigned char want[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    struct buf data = BUF_INIT, out = BUF_INIT;
    make_data(&data, 100);
    compress_all(COMPRESSION_GZIP, &data, 100, &out);
    assert_memory_equal(out.data, want, 10);
    buf_free(&data);
    buf_free(&out);
}

static void decompress__when_two_members_follow__then_both_come_out(void **state)
{
    (void)state;
    for (size_t k = 1; k < 3; k++) {
        struct buf data = BUF_INIT, out = BUF_INIT, back = BUF_INIT;
        make_data(&data, 5000);
        compress_all(all[k], &data, 5000, &out);
        compress_all(all[k], &data, 5000, &out);
        assert_int_equal(decompress_all(&out, 11, &back, NULL), 0);
        assert_int_equal(back.len, 10000);
        assert_memory_equal(back.data + 5000, data.data, 5000);
        buf_free(&data);
        buf_free(&out);
        buf_free(&back);
    }
}

static void decompress__when_cut_or_damaged__then_failed(void **state)
{
    (void)state;
    for (size_t k = 1; k < 3; k++) {
        struct buf data = BUF_INIT, out = BUF_INIT;
        make_data(&data, 5000);
        compress_all(all[k], &data, 5000, &out);
        for (size_t cut = 4; cut < out.len; cut += 101) {
            struct buf less = {out.data, cut, out.cap}, back = BUF_INIT;
            struct err err = ERR_INIT;
            assert_int_equal(decompress_all(&less, 64, &back, &err), ERR_INPUT);
            assert_true(err.msg[0] != '\0');
            buf_free(&back);
        }
        struct buf back = BUF_INIT;
        struct err err = ERR_INIT;
        if (all[k] == COMPRESSION_GZIP) { /* its check sum lies at the end */
            out.data[out.len - 6] ^= 1;
            assert_int_equal(decompress_all(&out, 64, &back, &err), ERR_INPUT);
            out.data[out.len - 6] ^= 1;
        }
        buf_clear(&back);
        buf_adds(&out, "garbage");
        assert_int_equal(decompress_all(&out, 64, &back, &err), ERR_INPUT);
        buf_free(&data);
        buf_free(&out);
        buf_free(&back);
    }
}

static int refuse(void *payload, const void *data, size_t len, struct err *err)
{
    (void)payload, (void)data, (void)len;
    return err_set(err, ERR_FAILED, "full");
}

static void stream__when_the_sink_fails__then_its_error_comes_back(void **state)
{
    (void)state;
    struct buf data = BUF_INIT, gz = BUF_INIT;
    make_data(&data, 400000);
    compress_all(COMPRESSION_GZIP, &data, 400000, &gz);
    for (size_t k = 0; k < 3; k++) {
        struct compressor *c = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(compressor_new(all[k], refuse, NULL, &c, &err), 0);
        int rc = compressor_add(c, data.data, data.len, &err);
        if (rc == 0)
            rc = compressor_finish(c, &err);
        assert_int_equal(rc, ERR_FAILED);
        assert_string_equal(err.msg, "full");
        compressor_free(c);
    }
    struct decompressor *d = NULL;
    assert_int_equal(decompressor_new(refuse, NULL, &d, NULL), 0);
    assert_int_equal(decompressor_add(d, gz.data, gz.len, NULL), ERR_FAILED);
    decompressor_free(d);
    compressor_free(NULL);
    decompressor_free(NULL);
    buf_free(&data);
    buf_free(&gz);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream__when_cut_in_any_way__then_same_output_and_back),
        cmocka_unit_test(gzip__when_started__then_no_name_no_time_no_system),
        cmocka_unit_test(decompress__when_two_members_follow__then_both_come_out),
        cmocka_unit_test(decompress__when_cut_or_damaged__then_failed),
        cmocka_unit_test(stream__when_the_sink_fails__then_its_error_comes_back),
    };
    return cmocka_run_group_tests_name("compress", tests, NULL, NULL);
}
