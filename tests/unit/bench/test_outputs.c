/* SPDX-License-Identifier: MIT */
/* --output in all its forms. */
#include "tests/support.h"

#include <string.h>

#include "bench/outputs.h"

static int parse(const char *word, const char *compression, struct outputs *out,
                 struct err *err)
{
    struct strv words = STRV_INIT;
    strv_add(&words, word);
    int r = outputs_parse(&words, compression, 77, out, err);
    strv_free(&words);
    return r;
}

static void outputs__forms__give_format_destination_and_compression(void **state)
{
    (void)state;
    static const struct {
        const char *word, *compression;
        enum archive_format format;
        const char *dest;
        enum compression how;
        int64_t clamp;
    } cases[] = {
        {"type=local,dest=d", NULL, ARCHIVE_ROOTFS_DIR, "d", COMPRESSION_NONE, 77},
        {"dest=f,type=tar", NULL, ARCHIVE_ROOTFS_TAR, "f", COMPRESSION_NONE, 77},
        {"type=oci,dest=f", NULL, ARCHIVE_OCI_TAR, "f", COMPRESSION_GZIP, 77},
        {"type=oci-dir,dest=d", "zstd", ARCHIVE_OCI_DIR, "d", COMPRESSION_ZSTD, 77},
        {"type=docker,dest=f", NULL, ARCHIVE_DOCKER, "f", COMPRESSION_NONE, 77},
        {"type=docker,dest=f", "gzip", ARCHIVE_DOCKER, "f", COMPRESSION_GZIP, 77},
        {"type=oci,dest=f,compression=uncompressed", "zstd", ARCHIVE_OCI_TAR, "f",
         COMPRESSION_NONE, 77},
        {"type=oci,dest=f,rewrite-timestamp=false", NULL, ARCHIVE_OCI_TAR, "f",
         COMPRESSION_GZIP, -1},
        {"out", NULL, ARCHIVE_ROOTFS_DIR, "out", COMPRESSION_NONE, 77},
        {"-", NULL, ARCHIVE_ROOTFS_TAR, "-", COMPRESSION_NONE, 77},
        {"type=tar", NULL, ARCHIVE_ROOTFS_TAR, "-", COMPRESSION_NONE, 77},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outputs outputs = {0};
        assert_int_equal(parse(cases[i].word, cases[i].compression, &outputs, NULL), 0);
        assert_int_equal(outputs.items[0].options.format, cases[i].format);
        assert_int_equal(outputs.items[0].options.compression, cases[i].how);
        assert_int_equal(outputs.items[0].options.clamp_mtime_s, cases[i].clamp);
        assert_string_equal(outputs.items[0].dest, cases[i].dest);
        outputs_free(&outputs);
    }
}

static void outputs__wrong_forms__are_refused(void **state)
{
    (void)state;
    static const char *const words[] = {
        "type=image,dest=f", "type=local", "type=oci-dir,dest=-",
        "type=oci,dest=f,color=red", "type=oci,dest=f,compression=lzma"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct outputs outputs = {0};
        struct err err = ERR_INIT;
        assert_int_equal(parse(words[i], NULL, &outputs, &err), ERR_INPUT);
        assert_true(err.msg[0] != '\0' && err.hint[0] != '\0');
        outputs_free(&outputs);
    }
    struct outputs none = {0};
    struct err err = ERR_INIT;
    struct strv empty = STRV_INIT;
    assert_int_equal(outputs_parse(&empty, "rar", -1, &none, &err), ERR_INPUT);
    outputs_free(&none);
}

static void outputs__stdout__is_noticed(void **state)
{
    (void)state;
    struct strv words = STRV_INIT;
    strv_add(&words, "type=oci,dest=f");
    assert_false(outputs_use_stdout(&words));
    strv_add(&words, "type=tar,dest=-");
    assert_true(outputs_use_stdout(&words));
    strv_free(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs__forms__give_format_destination_and_compression),
        cmocka_unit_test(outputs__wrong_forms__are_refused),
        cmocka_unit_test(outputs__stdout__is_noticed),
    };
    return cmocka_run_group_tests_name("outputs", tests, NULL, NULL);
}
