/* SPDX-License-Identifier: MIT */
/* Tars from elsewhere: what comes out, and what is refused. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/layer/compress.h"
#include "sim/layer/tar.h"

enum { BLOCK = 512 };

/* ---- a small writer of raw tars
 * ------------------------------------------------------ */

static void add_block(struct buf *out, const void *data, size_t len)
{
    static const char zeros[BLOCK];
    buf_add(out, data, len);
    if (len % BLOCK != 0)
        buf_add(out, zeros, BLOCK - len % BLOCK);
}

static void add_header(struct buf *out, char type, const char *name, const char *link,
                       unsigned size)
{
    char h[BLOCK] = {0};
    snprintf(h, 100, "%s", name);
    snprintf(h + 100, 8, "%07o", 0644u);
    snprintf(h + 108, 8, "%07o", 1u);
    snprintf(h + 116, 8, "%07o", 2u);
    snprintf(h + 124, 12, "%011o", size);
    snprintf(h + 136, 12, "%011o", 100u);
    memset(h + 148, ' ', 8);
    h[156] = type;
    if (link != NULL)
        snprintf(h + 157, 100, "%s", link);
    memcpy(h + 257, "ustar\00000", 8);
    snprintf(h + 329, 8, "%07o", 5u);
    snprintf(h + 337, 8, "%07o", 1u);
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    buf_add(out, h, BLOCK);
}

/* Words: "d/" folder, "f=text", "l>to", "h=>to", "c!" device, "p|" pipe; "@NAME" puts
 * the next name into a GNU long name record, "%record" a pax header in front. */
static void add_words(struct buf *out, const char *words)
{
    AUTO_FREE char *copy = xstrdup(words);
    char *rest = copy;
    for (char *w; (w = strtok_r(rest, " ", &rest)) != NULL;) {
        size_t n = strlen(w);
        char *mark = strpbrk(w, "=>");
        if (w[0] == '@') {
            add_header(out, 'L', "././@LongLink", NULL, (unsigned)n);
            add_block(out, w + 1, n);
        } else if (w[0] == '%') {
            AUTO_FREE char *record = xasprintf("%zu %s\n", n + 3, w + 1);
            assert_int_equal(strlen(record), n + 3);
            add_header(out, 'x', "PaxHeader", NULL, (unsigned)n + 3);
            add_block(out, record, n + 3);
        } else if (mark != NULL && mark[0] == '=' && mark[1] == '>') {
            *mark = '\0';
            add_header(out, '1', w, mark + 2, 0);
        } else if (mark != NULL && *mark == '>') {
            *mark = '\0';
            add_header(out, '2', w, mark + 1, 0);
        } else if (mark != NULL) {
            *mark = '\0';
            add_header(out, '0', w, NULL, (unsigned)strlen(mark + 1));
            add_block(out, mark + 1, strlen(mark + 1));
        } else {
            char type = w[n - 1] == '!' ? '3' : w[n - 1] == '|' ? '6' : '5';
            if (type != '5')
                w[n - 1] = '\0';
            add_header(out, type, w, NULL, 0);
        }
    }
}

static void end_tar(struct buf *out)
{
    static const char zeros[2 * BLOCK];
    buf_add(out, zeros, sizeof zeros);
}

static void show(struct buf *out, const struct entry *e)
{
    if (out->len > 0)
        buf_addc(out, ' ');
    buf_adds(out, e->path);
    switch (e->type) {
    case ENTRY_DIR:
        buf_addc(out, '/');
        break;
    case ENTRY_SYMLINK:
        buf_addf(out, ">%s", e->target);
        break;
    case ENTRY_HARDLINK:
        buf_addf(out, "=>%s", e->target);
        break;
    case ENTRY_CHAR:
        buf_addf(out, "!%u,%u", e->dev_major, e->dev_minor);
        break;
    case ENTRY_FIFO:
        buf_addc(out, '|');
        break;
    case ENTRY_WHITEOUT:
        buf_addc(out, '-');
        break;
    case ENTRY_OPAQUE:
        buf_addc(out, '*');
        break;
    case ENTRY_FILE: {
        AUTO_BUF bytes = BUF_INIT;
        assert_int_equal(content_load(&e->content, e->size, 1 << 20, &bytes, NULL), 0);
        buf_addf(out, "=%s", buf_str(&bytes));
        break;
    }
    case ENTRY_BLOCK:
    case ENTRY_SOCKET:
        fail();
    }
}

static void assert_shown(const struct tree *t, const char *want)
{
    AUTO_BUF got = BUF_INIT;
    assert_true(t->sorted);
    for (size_t i = 0; i < t->len; i++)
        show(&got, &t->entries[i]);
    assert_string_equal(buf_str(&got), want);
}

static const struct tar_limits limits = {1000, 1 << 20};

/* Reads as a blob and, spooled, as an archive; both give the same. NULL: an error. */
static void assert_reads(const struct buf *tar, bool layer, const char *want,
                         const char *error)
{
    for (int spooled = 0; spooled < 2; spooled++) {
        struct blob *blob =
            blob_from_memory(memcpy(xmalloc(tar->len), tar->data, tar->len), tar->len);
        struct content all = {.kind = CONTENT_RANGE, .from.range = {blob, 0}};
        struct tree *t = NULL;
        struct err err = ERR_INIT;
        int rc = spooled
                     ? tar_read_archive(&all, tar->len, NULL, layer, &limits, &t, &err)
                     : tar_read_blob(blob, layer, &limits, &t, &err);
        blob_unref(blob);
        if (want == NULL) {
            assert_int_equal(rc, ERR_INPUT);
            if (strstr(err.msg, error) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", err.msg, error);
            continue;
        }
        if (rc != 0)
            fail_msg("%s: %s", want, err.msg);
        assert_shown(t, want);
        tree_free(t);
    }
}

static void read__when_entries_of_each_kind__then_the_tree(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        bool layer;
        const char *want; /* NULL: refused */
        const char *error;
    } cases[] = {
        {"d/ d/f=text d/l>f d/h=>d/f c! p|", true,
         "c!5,1 d/ d/f=text d/h=>d/f d/l>f p|", NULL},
        {"./ ./a=1 ./b/ ./b/c=2", true, "/ a=1 b/ b/c=2", NULL},
        {"/abs=1 x//y/../z=2", true, "abs=1 x/z=2",
         NULL}, /* folders not named stay so */
        {"../up=1", true, NULL, "out of its root"},
        {"a/../../up=1", true, NULL, "out of its root"},
        {"a/b/../../ok=1", true, "ok=1", NULL},
        {"f=1 h=>../f", true, NULL, "out of its root"},
        {"l>../../etc", true, "l>../../etc", NULL}, /* links lead where they like */
        {"l>/etc l/passwd=1", true, "etc/passwd=1 l>/etc", NULL}, /* inside, that is */
        {"l>../../../x l/y=1", true, "l>../../../x x/y=1", NULL},
        {"d/ l>d l/f=1 h=>l/f", true, "d/ d/f=1 h=>d/f l>d", NULL},
        {"l>l l/f=1", true, NULL, "symbolic links"},
        {"h=>f f=1", true, NULL, "no file to link to"},
        {"h=>none", true, NULL, "no file to link to"},
        {"d/ h=>d", true, NULL, "no file to link to"},
        {"f=1 f=2", true, "f=2", NULL},
        {"f=1 h=>f f=2", true, "f=2 h=1", NULL},
        {"d/ d/x=1 d=file", true, "d=file", NULL},
        {"f=1 f/ f/x=1", true, "f/ f/x=1", NULL},
        {"f=1 f/x=1", true, NULL, "not a folder"},
        {"z=1 h=>z", true, "h=1 z=>h", NULL}, /* the first in path order is the file */
        {"d/ d/.wh.f= .wh.g=", true, "d/ d/f- g-", NULL},
        {"d/ d/.wh..wh..opq= d/x=1", true, "d/ d/.wh..wh..opq* d/x=1", NULL},
        {".wh.f= f=1", true, "f=1", NULL},
        {"f=1 .wh.f=", true, "f-", NULL},
        {".wh.d= d/ d/x=1", true, "d/ d/.wh..wh..opq* d/x=1", NULL},
        {"d/ .wh.d= d/.wh.x=", true, "d/.wh..wh..opq* d/x-", NULL},
        {".wh..wh.plnk= .wh..wh.aufs=", true, "", NULL},
        {".wh.=", true, NULL, "senseless"},
        {"d/ d/.wh...=", true, NULL, "senseless"},
        {"d/.wh.f= .wh.g= a=1", false, ".wh.g= a=1 d/.wh.f=", NULL},
        {"@"
         "very/long/name"
         " x=1",
         true, "very/long/name=1", NULL},
        {"%path=other/name x=1", true, "other/name=1", NULL},
        {"%path=../../name x=1", true, NULL, "out of its root"},
        {"%path=caf\xc3\xa9 x=1", true, "caf\xc3\xa9=1", NULL},
        {"%path=b\xff\xfe x=1", true, "b\xff\xfe=1", NULL},
        {"b\xff=1 l>\xfe", true, "b\xff=1 l>\xfe", NULL},
        {"%size=2000000 x=1", true, NULL, "more than is allowed"},
        {"%uid=99999999999 x=1", true, NULL, "does not exist"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF tar = BUF_INIT;
        add_words(&tar, cases[i].words);
        end_tar(&tar);
        assert_reads(&tar, cases[i].layer, cases[i].want, cases[i].error);
    }
}

static void read__when_metadata_stand_in_it__then_kept(void **state)
{
    (void)state;
    AUTO_BUF tar = BUF_INIT;
    add_words(&tar, "%mtime=5.25 a=1 %SCHILY.xattr.user.x=v b=1 d/");
    end_tar(&tar);
    struct blob *blob =
        blob_from_memory(memcpy(xmalloc(tar.len), tar.data, tar.len), tar.len);
    struct tree *t = NULL;
    assert_int_equal(tar_read_blob(blob, true, NULL, &t, NULL), 0);
    assert_int_equal(t->len, 3);
    const struct entry *e = &t->entries[0];
    assert_true(e->mtime_ns == 5250000000);
    assert_int_equal(e->mode, 0644);
    assert_int_equal(e->uid, 1);
    assert_int_equal(e->gid, 2);
    assert_int_equal(e->content.kind, CONTENT_RANGE);
    assert_ptr_equal(e->content.from.range.blob, blob); /* nothing was copied */
    assert_int_equal(t->entries[1].xattr_count, 1);
    assert_string_equal(t->entries[1].xattrs[0].name, "user.x");
    assert_memory_equal(t->entries[1].xattrs[0].value, "v", 1);
    assert_true(t->entries[2].mtime_ns == 100000000000);
    tree_free(t);
    blob_unref(blob);
}

static void read__when_over_the_limits__then_refused(void **state)
{
    (void)state;
    AUTO_BUF tar = BUF_INIT;
    for (int i = 0; i < 1001; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        add_header(&tar, '0', name, NULL, 0);
        if (i == 999) {
            struct buf copy = BUF_INIT;
            buf_add(&copy, tar.data, tar.len);
            end_tar(&copy);
            struct blob *blob = blob_from_memory(copy.data, copy.len);
            struct tree *t = NULL;
            assert_int_equal(tar_read_blob(blob, true, &limits, &t, NULL), 0);
            assert_int_equal(t->len, 1000);
            tree_free(t);
            blob_unref(blob);
        }
    }
    end_tar(&tar);
    assert_reads(&tar, true, NULL, "more than is allowed");
}

static void read__when_the_end_is_missing__then_damaged(void **state)
{
    (void)state;
    AUTO_BUF tar = BUF_INIT;
    add_words(&tar, "a=1 b=22");
    add_header(&tar, '0', "c", NULL, 5000);
    add_block(&tar, "x", 1);
    assert_reads(&tar, true, NULL, "");
    tar.len -= 100;
    assert_reads(&tar, true, NULL, "");
    tar.len = 3 * BLOCK + 100; /* within the second header's data */
    assert_reads(&tar, true, NULL, "");
    tar.len = 4 * BLOCK; /* no end of archive: many are so */
    assert_reads(&tar, true, "a=1 b=22", NULL);
}

static void read__when_a_name_is_too_long__then_refused(void **state)
{
    (void)state;
    AUTO_BUF tar = BUF_INIT;
    char name[5000];
    memset(name, 'n', sizeof name);
    name[0] = '@';
    name[4999] = '\0';
    add_words(&tar, name);
    add_words(&tar, "x=1");
    end_tar(&tar);
    assert_reads(&tar, true, NULL, "too long");
}

/* GNU's old sparse format: 4 bytes at 0, a hole, 4 bytes at 1020. */
static void read__when_a_file_is_sparse__then_its_holes_are_zeros(void **state)
{
    (void)state;
    AUTO_BUF tar = BUF_INIT;
    add_header(&tar, 'S', "s", NULL, 8);
    char *h = tar.data;
    memcpy(h + 257, "ustar  ", 8);
    memset(h + 329, 0, BLOCK - 329);
    static const unsigned map[4] = {0, 4, 1020, 4};
    for (size_t i = 0; i < 4; i++)
        snprintf(h + 386 + 12 * i, 12, "%011o", map[i]);
    snprintf(h + 483, 12, "%011o", 1024u);
    memset(h + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    add_block(&tar, "headtail", 8);
    add_words(&tar, "z=1");
    end_tar(&tar);
    for (int spooled = 0; spooled < 2; spooled++) {
        struct blob *blob =
            blob_from_memory(memcpy(xmalloc(tar.len), tar.data, tar.len), tar.len);
        struct content all = {.kind = CONTENT_RANGE, .from.range = {blob, 0}};
        struct tree *t = NULL;
        struct err err = ERR_INIT;
        int rc = spooled
                     ? tar_read_archive(&all, tar.len, "/tmp", true, &limits, &t, &err)
                     : tar_read_blob(blob, true, &limits, &t, &err);
        if (rc != 0)
            fail_msg("%s", err.msg);
        AUTO_BUF bytes = BUF_INIT;
        const struct entry *e = &t->entries[0];
        assert_int_equal(e->size, 1024);
        assert_int_equal(content_load(&e->content, e->size, 2000, &bytes, NULL), 0);
        assert_memory_equal(bytes.data, "head\0\0", 6);
        assert_memory_equal(bytes.data + 1018, "\0\0tail", 6);
        AUTO_BUF z = BUF_INIT;
        assert_int_equal(content_load(&t->entries[1].content, 1, 2, &z, NULL), 0);
        assert_string_equal(buf_str(&z), "1");
        tree_free(t);
        blob_unref(blob);
    }
}

static int to_buf(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    buf_add(payload, data, len);
    return 0;
}

static int read_memory(const struct buf *data, bool layer, struct tree **out)
{
    struct content all = {.kind = CONTENT_INLINE, .from.bytes = buf_str(data)};
    return tar_read_archive(&all, data->len, "/tmp", layer, &limits, out, NULL);
}

static void read_archive__when_compressed__then_the_same(void **state)
{
    (void)state;
    AUTO_BUF tar = BUF_INIT;
    add_words(&tar, "d/ d/f=text l>d");
    end_tar(&tar);
    for (int how = COMPRESSION_NONE; how <= COMPRESSION_ZSTD; how++) {
        AUTO_BUF packed = BUF_INIT;
        struct compressor *c = NULL;
        assert_int_equal(
            compressor_new((enum compression)how, to_buf, &packed, &c, NULL), 0);
        assert_int_equal(compressor_add(c, tar.data, tar.len, NULL), 0);
        assert_int_equal(compressor_finish(c, NULL), 0);
        compressor_free(c);
        struct tree *t = NULL;
        assert_int_equal(read_memory(&packed, false, &t), 0);
        assert_shown(t, "d/ d/f=text l>d");
        tree_free(t);
    }
}

static void read_archive__when_no_archive__then_not_found(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
    } cases[] = {{"", 0},
                 {"#!/bin/sh\necho hello\n", 21},
                 {"\x1f\x8b\x08 no gzip", 11},
                 {"PK\3\4 no tar at all", 18}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF data = BUF_INIT;
        buf_add(&data, cases[i].data, cases[i].len);
        struct tree *t = NULL;
        assert_int_equal(read_memory(&data, false, &t), ERR_NOT_FOUND);
        assert_null(t);
    }
    AUTO_BUF zeros = BUF_INIT;
    end_tar(&zeros);
    struct tree *t = NULL;
    assert_int_equal(read_memory(&zeros, false, &t), ERR_NOT_FOUND);
    assert_int_equal(read_memory(&zeros, true, &t), 0); /* the empty layer */
    assert_int_equal(t->len, 0);
    tree_free(t);
    struct blob *none = blob_from_memory(NULL, 0);
    assert_int_equal(tar_read_blob(none, true, NULL, &t, NULL), 0);
    assert_int_equal(t->len, 0);
    tree_free(t);
    blob_unref(none);
}

/* What this room writes it reads back the same. */
static void read__when_written_here__then_the_same_tree(void **state)
{
    (void)state;
    static const struct xattr xattrs[] = {{"security.capability", "\1\0\0\2", 4},
                                          {"user.bytes", "\0\xff", 2}};
    char deep[1000];
    memset(deep, 'p', sizeof deep);
    for (size_t i = 99; i < sizeof deep; i += 100)
        deep[i] = '/';
    deep[999] = '\0';
    const struct entry entries[] = {
        {.path = "a\xff", .type = ENTRY_SYMLINK, .target = "\xc3\xa9", .mode = 0777},
        {.path = "b", .type = ENTRY_DIR, .mode = 02755, .mtime_ns = 1000000000},
        {.path = "b/.wh..wh..opq", .type = ENTRY_OPAQUE},
        {.path = "b/c", .type = ENTRY_WHITEOUT},
        {.path = "b/d",
         .type = ENTRY_FILE,
         .mode = 04755,
         .uid = 3000000,
         .gid = 4000000,
         .mtime_ns = -7000000000,
         .size = 3,
         .xattrs = xattrs,
         .xattr_count = 2,
         .content = {.kind = CONTENT_INLINE, .from.bytes = "a\0b"}},
        {.path = "b/e", .type = ENTRY_HARDLINK, .target = "b/d"},
        {.path = "c", .type = ENTRY_CHAR, .dev_major = 1, .dev_minor = 3, .mode = 0666},
        {.path = deep, .type = ENTRY_FILE, .mode = 0600},
    };
    struct tree *t = tree_new(), *back = NULL;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        tree_add(t, &entries[i]);
    struct buf tar = BUF_INIT;
    struct tar_options options = TAR_OPTIONS_INIT;
    options.sink = to_buf;
    options.sink_payload = &tar;
    struct tar_result result;
    assert_int_equal(tar_write(t, &options, &result, NULL), 0);
    struct blob *blob = blob_from_memory(tar.data, tar.len);
    struct err err = ERR_INIT;
    if (tar_read_blob(blob, true, NULL, &back, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(back->len, t->len);
    for (size_t i = 0; i < t->len; i++) {
        assert_string_equal(t->entries[i].path, back->entries[i].path);
        if (t->entries[i].type != ENTRY_HARDLINK &&
            !entry_same(&t->entries[i], &back->entries[i]))
            fail_msg("%s differs", t->entries[i].path);
    }
    tree_free(t);
    tree_free(back);
    blob_unref(blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read__when_entries_of_each_kind__then_the_tree),
        cmocka_unit_test(read__when_metadata_stand_in_it__then_kept),
        cmocka_unit_test(read__when_over_the_limits__then_refused),
        cmocka_unit_test(read__when_the_end_is_missing__then_damaged),
        cmocka_unit_test(read__when_a_name_is_too_long__then_refused),
        cmocka_unit_test(read__when_a_file_is_sparse__then_its_holes_are_zeros),
        cmocka_unit_test(read_archive__when_compressed__then_the_same),
        cmocka_unit_test(read_archive__when_no_archive__then_not_found),
        cmocka_unit_test(read__when_written_here__then_the_same_tree),
    };
    return cmocka_run_group_tests_name("tar_read", tests, NULL, NULL);
}
