/* SPDX-License-Identifier: MIT */
/* Layers as tars: the bytes written, where contents land, what is refused. */
#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/tar.h"

enum { BLOCK = 512 };

static int to_buf(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    buf_add(payload, data, len);
    return 0;
}

struct written {
    struct buf tar;
    uint64_t offsets[64];
    size_t places[64], placed;
    struct tar_result result;
};

static void note_place(void *payload, size_t entry, uint64_t offset)
{
    struct written *w = payload;
    if (w->placed < 64) {
        w->places[w->placed] = entry;
        w->offsets[w->placed] = offset;
    }
    w->placed++;
}

static int write_tree(const struct tree *t, struct tar_options options,
                      struct written *w, struct err *err)
{
    memset(w, 0, sizeof *w);
    options.sink = to_buf;
    options.sink_payload = &w->tar;
    options.placed = note_place;
    options.placed_payload = w;
    return tar_write(t, &options, &w->result, err);
}

static struct written must_write(const struct tree *t)
{
    struct written w;
    struct err err = ERR_INIT;
    struct tar_options options = TAR_OPTIONS_INIT;
    if (write_tree(t, options, &w, &err) != 0)
        fail_msg("%s", err.msg);
    struct digest d = digest_of(w.tar.data, w.tar.len);
    assert_true(digest_equal(&d, &w.result.diff_id));
    assert_int_equal(w.tar.len, w.result.bytes);
    assert_int_equal(w.tar.len % BLOCK, 0);
    return w;
}

static struct entry inline_file(const char *path, const char *text)
{
    return (struct entry){.path = path,
                          .type = ENTRY_FILE,
                          .mode = 0644,
                          .mtime_ns = INT64_C(1700000000123456789),
                          .size = strlen(text),
                          .content = {.kind = CONTENT_INLINE, .from.bytes = text}};
}

static void write__when_nothing_is_in_it__then_the_empty_layer_everybody_has(void **s)
{
    (void)s;
    struct tree *t = tree_new();
    struct written w = must_write(t);
    char hex[DIGEST_HEX + 1];
    digest_hex(&w.result.diff_id, hex);
    assert_string_equal(
        hex, "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
    assert_int_equal(w.tar.len, 1024);
    buf_free(&w.tar);
    tree_free(t);
}

/* A header's fields as text; of one 512 byte block. */
static uint64_t octal(const char *p, size_t len)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len && p[i] >= '0' && p[i] <= '7'; i++)
        n = n * 8 + (uint64_t)(p[i] - '0');
    return n;
}

/* "type name mode uid gid size mtime [>link] [dev]" of every header; pax records in
 * front as "{...}". */
static void list(const struct buf *tar, struct buf *out)
{
    for (size_t at = 0; at + BLOCK <= tar->len && tar->data[at] != '\0';) {
        const char *h = tar->data + at;
        uint64_t size = octal(h + 124, 12);
        assert_memory_equal(h + 257, "ustar\00000", 8);
        assert_int_equal(h[265], '\0'); /* no user name */
        assert_int_equal(h[297], '\0');
        at += BLOCK;
        if (h[156] == 'x') {
            buf_addc(out, '{');
            for (uint64_t i = 0; i < size;) {
                const char *record = tar->data + at + i;
                size_t len = strtoul(record, NULL, 10);
                size_t digits = strcspn(record, " ") + 1;
                buf_add(out, record + digits, len - digits - 1);
                buf_addc(out, ';');
                i += len;
            }
            buf_addc(out, '}');
        } else {
            buf_addf(out, "%c ", h[156]);
            if (h[345] != '\0')
                buf_addf(out, "%.155s/", h + 345);
            buf_addf(out, "%.100s %llo %llu:%llu %llu @%llu", h,
                     (unsigned long long)octal(h + 100, 8),
                     (unsigned long long)octal(h + 108, 8),
                     (unsigned long long)octal(h + 116, 8), (unsigned long long)size,
                     (unsigned long long)octal(h + 136, 12));
            if (h[157] != '\0')
                buf_addf(out, " >%.100s", h + 157);
            if (h[156] == '3' || h[156] == '4')
                buf_addf(out, " %llu,%llu", (unsigned long long)octal(h + 329, 8),
                         (unsigned long long)octal(h + 337, 8));
            buf_addc(out, '\n');
        }
        at += (size + BLOCK - 1) / BLOCK * BLOCK;
    }
}

static void assert_list(const struct tree *t, struct tar_options options,
                        const char *want)
{
    struct written w;
    struct err err = ERR_INIT;
    if (write_tree(t, options, &w, &err) != 0)
        fail_msg("%s", err.msg);
    struct buf got = BUF_INIT;
    list(&w.tar, &got);
    assert_string_equal(buf_str(&got), want);
    buf_free(&got);
    buf_free(&w.tar);
}

static const struct tar_options plain = TAR_OPTIONS_INIT;

static void write__when_each_kind_of_entry__then_these_headers(void **state)
{
    (void)state;
    const struct entry entries[] = {
        {.path = "", .type = ENTRY_DIR, .mode = 0700},
        {.path = "d", .type = ENTRY_DIR, .mode = 01777, .mtime_ns = 5999999999},
        {.path = "d/char",
         .type = ENTRY_CHAR,
         .mode = 0620,
         .dev_major = 5,
         .dev_minor = 1},
        {.path = "d/disk", .type = ENTRY_BLOCK, .dev_major = 8, .dev_minor = 17},
        inline_file("d/f", "hello"),
        {.path = "d/gone",
         .type = ENTRY_WHITEOUT,
         .mtime_ns = 7000000000,
         .mode = 0644},
        {.path = "d/hard", .type = ENTRY_HARDLINK, .target = "d/f", .mode = 0644},
        {.path = "d/link", .type = ENTRY_SYMLINK, .target = "../x", .mode = 0644},
        {.path = "d/pipe", .type = ENTRY_FIFO, .mode = 0600, .uid = 1000, .gid = 100},
        {.path = "d/sock", .type = ENTRY_SOCKET, .mode = 0600},
        {.path = "e", .type = ENTRY_DIR, .mode = 0755},
        {.path = "e/.wh..wh..opq", .type = ENTRY_OPAQUE},
        {.path = "f", .type = ENTRY_FILE, .mode = 04755},
        {.path = "z", .type = ENTRY_WHITEOUT},
    };
    struct tree *t = tree_new();
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        tree_add(t, &entries[i]);
    assert_true(t->sorted);
    assert_list(t, plain,
                "5 d/ 1777 0:0 0 @5\n"
                "3 d/char 620 0:0 0 @0 5,1\n"
                "4 d/disk 0 0:0 0 @0 8,17\n"
                "0 d/f 644 0:0 5 @1700000000\n"
                "0 d/.wh.gone 0 0:0 0 @0\n"
                "1 d/hard 644 0:0 0 @0 >d/f\n"
                "2 d/link 777 0:0 0 @0 >../x\n"
                "6 d/pipe 600 1000:100 0 @0\n"
                "5 e/ 755 0:0 0 @0\n"
                "0 e/.wh..wh..opq 0 0:0 0 @0\n"
                "0 f 4755 0:0 0 @0\n"
                "0 .wh.z 0 0:0 0 @0\n");
    tree_free(t);
}

static void write__when_ustar_cannot_say_it__then_pax_records(void **state)
{
    (void)state;
    char name[300], deep[260];
    memset(name, 'n', sizeof name);
    name[299] = '\0';
    memset(deep, 'p', sizeof deep);
    for (size_t i = 50; i < sizeof deep; i += 50)
        deep[i] = '/';
    deep[120] = '\0'; /* fits into ustar's two fields */
    static const struct xattr xattrs[] = {{"security.capability", "\1\0\0\2", 4},
                                          {"user.e", "", 0}};
    static const struct {
        struct entry entry;
        const char *record; /* what must stand in the pax header, NULL: none */
        size_t len;
    } cases[] = {
        {{.path = "plain", .type = ENTRY_FILE}, NULL, 0},
        {{.path = "caf\xc3\xa9", .type = ENTRY_FILE}, " path=caf\xc3\xa9\n", 12},
        {{.path = "\xff\xfe", .type = ENTRY_FILE}, " path=\xff\xfe\n", 9},
        {{.path = "l", .type = ENTRY_SYMLINK, .target = "\xff"},
         " linkpath=\xff\n",
         12},
        {{.path = "u", .type = ENTRY_FILE, .uid = 3000000}, " uid=3000000\n", 13},
        {{.path = "t", .type = ENTRY_FILE, .mtime_ns = -1000000000}, " mtime=-1\n", 10},
        {{.path = "x", .type = ENTRY_FILE, .xattrs = xattrs, .xattr_count = 2},
         " SCHILY.xattr.security.capability=\1\0\0\2\n",
         39},
        {{.path = "x", .type = ENTRY_FILE, .xattrs = xattrs, .xattr_count = 2},
         " SCHILY.xattr.user.e=\n",
         22},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree *t = tree_new();
        tree_add(t, &cases[i].entry);
        struct written w = must_write(t);
        if (cases[i].record == NULL)
            assert_int_equal(w.tar.data[156], '0');
        else
            assert_non_null(
                memmem(w.tar.data, w.tar.len, cases[i].record, cases[i].len));
        buf_free(&w.tar);
        tree_free(t);
    }
    struct tree *t = tree_new();
    struct entry e = {.path = name, .type = ENTRY_FILE};
    tree_add(t, &e);
    e.path = deep;
    tree_add(t, &e);
    struct written w = must_write(t);
    AUTO_FREE char *record = xasprintf(" path=%s\n", name);
    assert_non_null(memmem(w.tar.data, w.tar.len, record, strlen(record)));
    AUTO_FREE char *short_record = xasprintf(" path=%s\n", deep);
    assert_null(memmem(w.tar.data, w.tar.len, short_record, strlen(short_record)));
    buf_free(&w.tar);
    tree_free(t);
}

static void write__when_contents_are_placed__then_the_bytes_lie_there(void **state)
{
    (void)state;
    struct tree *t = tree_new();
    char long_name[200];
    memset(long_name, 'z', sizeof long_name);
    long_name[199] = '\0';
    struct blob *blob = blob_from_memory(xcalloc(1, 100), 100);
    const struct entry entries[] = {
        inline_file("a", "first"),
        {.path = "b", .type = ENTRY_FILE}, /* no content: not placed */
        {.path = "c",
         .type = ENTRY_FILE,
         .size = 300000,
         .content = {.kind = CONTENT_SEED, .from.seed = 4}},
        {.path = "d",
         .type = ENTRY_FILE,
         .size = 90,
         .content = {.kind = CONTENT_RANGE, .from.range = {blob, 10}}},
        inline_file(long_name, "last"),
    };
    for (size_t i = 0; i < 5; i++)
        tree_add(t, &entries[i]);
    struct written w = must_write(t);
    static const size_t want[] = {0, 2, 3, 4};
    assert_int_equal(w.placed, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct entry *e = &t->entries[want[i]];
        assert_int_equal(w.places[i], want[i]);
        struct buf bytes = BUF_INIT;
        assert_int_equal(content_load(&e->content, e->size, 1 << 20, &bytes, NULL), 0);
        assert_memory_equal(w.tar.data + w.offsets[i], bytes.data, bytes.len);
        buf_free(&bytes);
    }
    buf_free(&w.tar);
    blob_unref(blob);
    tree_free(t);
}

static void write__when_times_are_clamped__then_only_later_ones(void **state)
{
    (void)state;
    struct tree *t = tree_new();
    struct entry e = {.path = "a", .type = ENTRY_FILE, .mtime_ns = 100 * 1000000000LL};
    tree_add(t, &e);
    e.path = "b";
    e.mtime_ns = 300 * 1000000000LL;
    tree_add(t, &e);
    struct tar_options options = TAR_OPTIONS_INIT;
    options.clamp_mtime_s = 200;
    assert_list(t, options, "0 a 0 0:0 0 @100\n0 b 0 0:0 0 @200\n");
    assert_list(t, plain, "0 a 0 0:0 0 @100\n0 b 0 0:0 0 @300\n");
    tree_free(t);
}

static void write__when_it_cannot_be__then_refused(void **state)
{
    (void)state;
    struct tar_options options = TAR_OPTIONS_INIT;
    struct written w;
    struct err err = ERR_INIT;
    struct tree *t = tree_new();
    struct entry e = {.path = "w", .type = ENTRY_WHITEOUT};
    tree_add(t, &e);
    options.rootfs = true;
    assert_int_equal(write_tree(t, options, &w, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "w: "));
    buf_free(&w.tar);
    options.rootfs = false;
    e.path = "a";
    tree_add(t, &e);
    assert_int_equal(write_tree(t, options, &w, &err), ERR_FAILED);
    buf_free(&w.tar);
    tree_free(t);
}

static int refuse(void *payload, const void *data, size_t len, struct err *err)
{
    (void)payload, (void)data, (void)len;
    return err_set(err, ERR_CANCELLED, "enough");
}

static void write__when_the_sink_fails__then_it_ends_at_once(void **state)
{
    (void)state;
    for (uint64_t size = 10; size < UINT64_C(1) << 50; size = size * 1000000) {
        struct tree *t = tree_new();
        struct entry e = {.path = "big",
                          .type = ENTRY_FILE,
                          .size = size,
                          .content = {.kind = CONTENT_SEED, .from.seed = 1}};
        tree_add(t, &e);
        struct tar_options options = TAR_OPTIONS_INIT;
        options.sink = refuse;
        struct tar_result result;
        struct err err = ERR_INIT;
        assert_int_equal(tar_write(t, &options, &result, &err), ERR_CANCELLED);
        assert_string_equal(err.msg, "enough");
        tree_free(t);
    }
}

/* ---- host files, with and without threads ------------------------------------------
 */

static char *make_folder(size_t files)
{
    char *folder = NULL;
    assert_int_equal(file_temp_folder("/tmp", "simbench-tar", &folder, NULL), 0);
    for (size_t i = 0; i < files; i++) {
        AUTO_FREE char *path = xasprintf("%s/f%05zu", folder, i);
        char text[80];
        size_t n = i % 7 * 10;
        content_seed_fill(i, 0, text, n);
        AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_int_equal(file_write_fd(fd, text, n, NULL), 0);
    }
    return folder;
}

static struct tree *host_tree(const char *folder, size_t files, bool on_host)
{
    struct tree *t = tree_new();
    struct host_root *root =
        host_root_new(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (size_t i = 0; i < files; i++) {
        char path[32], text[80];
        snprintf(path, sizeof path, "f%05zu", i);
        content_seed_fill(i, 0, text, sizeof text);
        struct entry e = {.path = path, .type = ENTRY_FILE, .size = i % 7 * 10};
        if (on_host)
            e.content = (struct content){.kind = CONTENT_HOST,
                                         .from.host = {.root = root, .path = path}};
        else
            e.content = (struct content){.kind = CONTENT_INLINE, .from.bytes = text};
        tree_add(t, &e);
    }
    host_root_unref(root);
    return t;
}

static void write__when_files_are_read_ahead__then_the_same_bytes(void **state)
{
    (void)state;
    enum { FILES = 2000 };
    char *folder = make_folder(FILES);
    struct tree *host = host_tree(folder, FILES, true);
    struct tree *memory = host_tree(folder, FILES, false);
    struct written a, b = must_write(memory);
    struct tar_options options = TAR_OPTIONS_INIT;
    options.complete = host;
    assert_int_equal(write_tree(host, options, &a, NULL), 0);
    assert_true(digest_equal(&a.result.diff_id, &b.result.diff_id));
    assert_int_equal(a.placed, b.placed);
    for (size_t i = 0; i < FILES; i++) {
        assert_int_equal(entry_need_digest(&memory->entries[i], NULL), 0);
        assert_true(host->entries[i].has_digest);
        assert_true(digest_equal(&host->entries[i].digest, &memory->entries[i].digest));
    }
    buf_free(&a.tar);
    buf_free(&b.tar);
    tree_free(host);
    tree_free(memory);
    assert_int_equal(file_remove_tree(folder, NULL), 0);
    free(folder);
}

static void write__when_a_host_file_changed__then_failed_naming_it(void **state)
{
    (void)state;
    static const size_t files[] = {3, 2000}, bad[] = {1, 1500};
    for (size_t k = 0; k < 2; k++) {
        char *folder = make_folder(files[k]);
        struct tree *t = host_tree(folder, files[k], true);
        AUTO_FREE char *path = xasprintf("%s/f%05zu", folder, bad[k]);
        assert_int_equal(truncate(path, 3), 0);
        struct written w;
        struct err err = ERR_INIT;
        assert_int_equal(write_tree(t, plain, &w, &err), ERR_FAILED);
        assert_non_null(strstr(err.msg, path_base(path)));
        buf_free(&w.tar);
        tree_free(t);
        assert_int_equal(file_remove_tree(folder, NULL), 0);
        free(folder);
    }
}

static void write__when_digests_are_completed__then_of_every_kind(void **state)
{
    (void)state;
    struct tree *t = tree_new();
    struct entry e = inline_file("a", "text");
    tree_add(t, &e);
    struct entry empty = {.path = "b", .type = ENTRY_FILE};
    tree_add(t, &empty);
    struct entry seed = {.path = "c",
                         .type = ENTRY_FILE,
                         .size = 9,
                         .content = {.kind = CONTENT_SEED, .from.seed = 1}};
    tree_add(t, &seed);
    e.path = "d";
    e.has_digest = true; /* known ones stay */
    tree_add(t, &e);
    struct written w;
    struct tar_options options = TAR_OPTIONS_INIT;
    options.complete = t;
    assert_int_equal(write_tree(t, options, &w, NULL), 0);
    struct digest text = digest_of("text", 4), none = digest_of("", 0), of_seed;
    assert_int_equal(content_digest(&seed.content, 9, &of_seed, NULL), 0);
    assert_true(digest_equal(&t->entries[0].digest, &text));
    assert_true(digest_equal(&t->entries[1].digest, &none));
    assert_true(digest_equal(&t->entries[2].digest, &of_seed));
    assert_true(digest_is_zero(&t->entries[3].digest));
    buf_free(&w.tar);
    tree_free(t);
}

/* 9 GiB of size without 9 GiB of bytes: refuse after the header was seen. */
struct head {
    struct buf seen;
};

static int first_piece(void *payload, const void *data, size_t len, struct err *err)
{
    struct head *h = payload;
    buf_add(&h->seen, data, len < 4096 ? len : 4096);
    return err_set(err, ERR_CANCELLED, "enough");
}

static void write__when_larger_than_8_gib__then_size_record(void **state)
{
    (void)state;
    struct tree *t = tree_new();
    struct entry e = {.path = "big",
                      .type = ENTRY_FILE,
                      .size = UINT64_C(9) << 30,
                      .content = {.kind = CONTENT_SEED, .from.seed = 1}};
    tree_add(t, &e);
    struct head h = {0};
    struct tar_options options = TAR_OPTIONS_INIT;
    options.sink = first_piece;
    options.sink_payload = &h;
    struct tar_result result;
    assert_int_equal(tar_write(t, &options, &result, NULL), ERR_CANCELLED);
    assert_non_null(memmem(h.seen.data, h.seen.len, " size=9663676416\n", 17));
    buf_free(&h.seen);
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            write__when_nothing_is_in_it__then_the_empty_layer_everybody_has),
        cmocka_unit_test(write__when_each_kind_of_entry__then_these_headers),
        cmocka_unit_test(write__when_ustar_cannot_say_it__then_pax_records),
        cmocka_unit_test(write__when_contents_are_placed__then_the_bytes_lie_there),
        cmocka_unit_test(write__when_times_are_clamped__then_only_later_ones),
        cmocka_unit_test(write__when_it_cannot_be__then_refused),
        cmocka_unit_test(write__when_the_sink_fails__then_it_ends_at_once),
        cmocka_unit_test(write__when_files_are_read_ahead__then_the_same_bytes),
        cmocka_unit_test(write__when_a_host_file_changed__then_failed_naming_it),
        cmocka_unit_test(write__when_digests_are_completed__then_of_every_kind),
        cmocka_unit_test(write__when_larger_than_8_gib__then_size_record),
    };
    return cmocka_run_group_tests_name("tar_write", tests, NULL, NULL);
}
