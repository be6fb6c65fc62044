/* SPDX-License-Identifier: MIT */
/* Layers that are written with the help of a former one: the same bytes as without, and
 * never anything else, whatever became of the former one or of the files since. */
#include "tests/support.h"

#include <sys/xattr.h>

#include "sim/context/context.h"
#include "tests/unit/store/fixture.h"

enum { FILES = 400, PATH_MOST = 600 };

/* The folder that is copied, on this machine. */
static char *context_of(const struct fixture *f)
{
    return xasprintf("%s/context", f->root);
}

/* Names of every length that a tar treats differently; some folders deep. */
static void path_of(const struct fixture *f, int i, char out[PATH_MOST])
{
    static const char filler[] =
        "a-name-that-is-too-long-for-the-header-of-a-tar-file-and-needs-another-record-"
        "in-front-of-it-to-say-what-it-is";
    int len = i % 11 == 0 ? (int)sizeof filler - 1 : i % 7 == 0 ? 60 : 4;
    snprintf(out, PATH_MOST, "%s/context/d%d/%.*s%d/%.*s%03d", f->root, i % 5,
             i % 13 == 0 ? 90 : 3, filler, i % 3, len, filler, i);
}

static void write_random(const char *path, size_t size)
{
    AUTO_FREE char *bytes = xmalloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)rand();
    AUTO_FREE char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    ok(file_make_folders(parent, &err));
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t random_size(void)
{
    static const size_t special[] = {0, 1, 511, 512, 513, 65536, 65537, 300000};
    return rand() % 8 == 0 ? special[rand() % 8] : (size_t)(rand() % 3000);
}

static void make_context(const struct fixture *f)
{
    char path[PATH_MOST], other[PATH_MOST];
    for (int i = 0; i < FILES; i++) {
        path_of(f, i, path);
        write_random(path, random_size());
        if (i % 17 == 0) /* where there are none, nothing is lost but their test */
            setxattr(path, "user.simbench", &i, sizeof i, 0);
        snprintf(other, sizeof other, "%s/context/link%d", f->root, i);
        if (i % 19 == 0)
            assert_int_equal(link(path, other), 0);
        if (i % 23 == 0)
            assert_int_equal(symlink(path, other) == 0 || i % 19 == 0, 1);
    }
    snprintf(path, sizeof path, "%s/context/holes", f->root);
    write_random(path, 10);
    assert_int_equal(truncate(path, 3 << 20), 0);
}

static void edit_one(const struct fixture *f)
{
    char path[PATH_MOST], other[PATH_MOST];
    struct stat st;
    path_of(f, rand() % FILES, path);
    if (stat(path, &st) != 0) {
        write_random(path, random_size());
        return;
    }
    switch (rand() % 6) {
    case 0: /* other bytes, as many */
        write_random(path, (size_t)st.st_size);
        break;
    case 1:
        write_random(path, random_size());
        break;
    case 2:
        assert_int_equal(unlink(path), 0);
        break;
    case 3:
        assert_int_equal(chmod(path, (mode_t)(0400 | rand() % 0400)), 0);
        break;
    case 4: /* another time alone */
        assert_int_equal(
            utimensat(AT_FDCWD, path, (struct timespec[]){{rand(), 0}, {rand(), 0}}, 0),
            0);
        break;
    default: /* another name */
        path_of(f, rand() % FILES, other);
        if (stat(other, &st) != 0) {
            AUTO_FREE char *parent =
                xstrndup(other, (size_t)(strrchr(other, '/') - other));
            ok(file_make_folders(parent, &err));
        }
        assert_int_equal(rename(path, other), 0);
    }
}

static struct tree *scan(const struct fixture *f)
{
    struct context_options options = CONTEXT_OPTIONS_INIT;
    struct tree *tree = NULL;
    AUTO_FREE char *dir = context_of(f);
    ok(context_scan(dir, &options, &tree, NULL, &err));
    return tree;
}

static struct digest put_like(struct store *store, struct tree *tree,
                              const struct digest *like)
{
    struct layer *layer = NULL;
    ok(store_layer_put_like(store, tree, like, &layer, &err));
    struct digest id = layer->diff_id;
    layer_unref(layer);
    return id;
}

/* A second store, in which every layer is made from its files. */
static struct store *other_store(const struct fixture *f)
{
    struct store *store = NULL;
    AUTO_FREE char *dir = xasprintf("%s/other", f->root);
    ok(store_open(dir, NULL, &store, &err));
    return store;
}

static void assert_same_index(const struct fixture *f, const struct digest *id)
{
    AUTO_FREE char *one = blob_path(f, "index", id);
    char hex[DIGEST_HEX + 1];
    digest_hex(id, hex);
    AUTO_FREE char *two = xasprintf("%s/other/index/%s", f->root, hex);
    AUTO_BUF a = BUF_INIT;
    AUTO_BUF b = BUF_INIT;
    ok(file_read(one, 64 << 20, &a, &err));
    ok(file_read(two, 64 << 20, &b, &err));
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

static void
like__when_files_are_edited__then_the_bytes_of_a_layer_from_scratch(void **state)
{
    struct fixture *f = *state;
    struct store *other = other_store(f);
    srand(3);
    make_context(f);
    struct digest before = put_layer(f->store, scan(f));
    for (int round = 0; round < 12; round++) {
        for (int i = round; i > 0; i--)
            edit_one(f);
        struct digest one = put_like(f->store, scan(f), &before);
        struct digest two = put_layer(other, scan(f));
        assert_true(digest_equal(&one, &two));
        assert_same_index(f, &one);
        before = one;
    }
    verify_clean(f->store);
    store_close(other);
}

static void remove_below(const struct fixture *f, const char *keep)
{
    char path[PATH_MOST];
    for (int i = 0; i < FILES; i++) {
        struct stat st;
        path_of(f, i, path);
        bool small = stat(path, &st) == 0 && st.st_size > 0 && st.st_size <= 65536;
        if (small && strcmp(path, keep) != 0)
            assert_int_equal(unlink(path), 0);
    }
}

static void
like__when_unchanged_files_are_gone_by_now__then_they_are_not_missed(void **state)
{
    struct fixture *f = *state;
    char edited[PATH_MOST];
    srand(4);
    make_context(f);
    struct digest before = put_layer(f->store, scan(f));
    path_of(f, 1, edited);
    write_random(edited, 1000);
    struct tree *after = scan(f), *again = scan(f);
    struct store *other = other_store(f);
    struct digest want = put_layer(other, scan(f));
    remove_below(f, edited);
    struct digest got = put_like(f->store, after, &before);
    assert_true(digest_equal(&got, &want));
    verify_clean(f->store);
    /* Without the former layer they are. */
    struct layer *layer = NULL;
    struct digest none = key_of("no such layer");
    assert_int_equal(store_layer_put_like(f->store, again, &none, &layer, NULL),
                     ERR_FAILED);
    store_close(other);
}

/* What may happen to the files of a layer on a disk. */
static void damage(const struct fixture *f, const struct digest *id, int how)
{
    AUTO_FREE char *blob = blob_path(f, "blobs/sha256", id);
    AUTO_FREE char *index = blob_path(f, "index", id);
    struct stat st;
    AUTO_BUF bytes = BUF_INIT;
    assert_int_equal(stat(blob, &st), 0);
    ok(file_read(blob, 64 << 20, &bytes, &err));
    switch (how) {
    case 0: /* every byte */
        for (size_t i = 0; i < bytes.len; i++)
            bytes.data[i] ^= 1;
        break;
    case 1: /* here and there */
        for (int i = 0; i < 200; i++)
            bytes.data[(size_t)rand() % bytes.len] ^= (char)(1 + rand() % 255);
        break;
    case 2:
        ok(file_write(index, bytes.data, 1000, &err));
        return;
    case 3:
        assert_int_equal(unlink(index), 0);
        return;
    case 4:
        assert_int_equal(unlink(blob), 0);
        return;
    default:
        assert_int_equal(truncate(blob, st.st_size / 2), 0);
        return;
    }
    ok(file_write(blob, bytes.data, bytes.len, &err));
}

static void
like__when_the_former_layer_is_damaged__then_it_is_not_believed(void **state)
{
    struct fixture *f = *state;
    char edited[PATH_MOST];
    srand(5);
    make_context(f);
    struct store *other = other_store(f);
    path_of(f, 2, edited);
    for (int how = 0; how < 6; how++) {
        write_random(edited, 1000);
        struct digest before = put_layer(f->store, scan(f));
        damage(f, &before, how);
        reopen(f); /* what is in memory is not damaged */
        write_random(edited, 1001);
        struct digest got = put_like(f->store, scan(f), &before);
        struct digest want = put_layer(other, scan(f));
        assert_true(digest_equal(&got, &want));
        assert_same_index(f, &got);
    }
    store_close(other);
}

/* An edit behind the build's back that keeps size and time. */
static void like__when_a_file_is_edited_after_the_scan__then_an_error(void **state)
{
    struct fixture *f = *state;
    static const size_t sizes[] = {1000, 300000};
    srand(6);
    make_context(f);
    for (int few = 0; few < 2; few++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char path[PATH_MOST];
            struct layer *layer = NULL;
            struct err err = ERR_INIT;
            path_of(f, 3, path);
            write_random(path, sizes[i]);
            struct tree *tree = scan(f);
            write_random(path, sizes[i]);
            for (size_t k = 0; few && k < tree->len; k++)
                if (strstr(path, tree->entries[k].path) != NULL &&
                    tree->entries[k].type == ENTRY_FILE) {
                    tree->entries[0] = tree->entries[k];
                    tree->len = 1;
                }
            assert_int_equal(store_layer_put_like(f->store, tree, NULL, &layer, &err),
                             ERR_FAILED);
            assert_non_null(strstr(err.msg, "changed while it was read"));
        }
    verify_clean(f->store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK(like__when_files_are_edited__then_the_bytes_of_a_layer_from_scratch),
        DISK(like__when_unchanged_files_are_gone_by_now__then_they_are_not_missed),
        DISK(like__when_the_former_layer_is_damaged__then_it_is_not_believed),
        DISK(like__when_a_file_is_edited_after_the_scan__then_an_error),
    };
    return cmocka_run_group_tests_name("layer like another", tests, NULL, NULL);
}
