/* SPDX-License-Identifier: MIT */
/*
 * The stat cache: what is taken from it, what is read again. Times are set back with
 * utimensat; change times cannot be, so that tests age the cache instead: they write
 * its header anew with a later start.
 */
#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/context/context.h"
#include "sim/context/stat_cache.h"

struct place {
    char *dir, *context, *cache;
};

static int setup(void **state)
{
    struct place *p = xcalloc(1, sizeof *p);
    int rc = file_temp_folder("/tmp", "cache-", &p->dir, NULL);
    p->context = path_join(p->dir, "context");
    p->cache = path_join(p->dir, "cache");
    *state = p;
    return rc;
}

static int teardown(void **state)
{
    struct place *p = *state;
    int rc = file_remove_tree(p->dir, NULL);
    free(p->dir);
    free(p->context);
    free(p->cache);
    free(p);
    return rc;
}

static void put(const struct place *p, const char *name, const char *text)
{
    AUTO_FREE char *path = path_join(p->context, name);
    AUTO_FREE char *parent = xstrndup(path, path_parent_len(path));
    assert_int_equal(file_make_folders(parent, NULL), 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* Scans; returns how many files were read. Every digest is compared with the bytes. */
static uint64_t scan(const struct place *p, const struct strv *wanted)
{
    struct context_options options = {.stat_cache = p->cache, .wanted = wanted};
    struct context_stats stats;
    struct tree *tree = NULL;
    struct err err = ERR_INIT;
    if (context_scan(p->context, &options, &tree, &stats, &err) != 0)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < tree->len; i++) {
        struct entry e = tree->entries[i];
        if (e.type != ENTRY_FILE)
            continue;
        struct digest digest;
        assert_int_equal(content_digest(&e.content, e.size, &digest, NULL), 0);
        assert_memory_equal(&e.digest, &digest, sizeof digest);
    }
    tree_free(tree);
    return stats.hashed_files;
}

/* Writes the cache again as if its scan had begun so many seconds from now. */
static void age(const struct place *p, int64_t seconds)
{
    struct stat st;
    struct stat_writer w = {0};
    const char *folder;
    assert_int_equal(stat(p->context, &st), 0);
    struct stat_cache *cache = stat_cache_open(p->cache, st.st_dev, st.st_ino);
    assert_non_null(cache);
    for (size_t i = 0; (folder = stat_cache_folder_at(cache, i)) != NULL; i++) {
        const struct stat_record *r, *end;
        assert_true(stat_cache_folder(cache, folder, &r, &end));
        stat_writer_folder(&w, folder);
        for (; r < end; r++)
            stat_writer_add(&w, stat_cache_name(cache, r), r);
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    stat_writer_finish(&w, p->cache, st.st_dev, st.st_ino,
                       (now.tv_sec + seconds) * 1000000000);
    stat_cache_close(cache);
}

static void fill(const struct place *p)
{
    put(p, "a", "1");
    put(p, "d/b", "2");
    put(p, "d/c", "3");
    put(p, "d.txt", "4");
    assert_int_equal(scan(p, NULL), 4);
    age(p, 10);
}

static void stat_cache__nothing_changed__no_file_is_read(void **state)
{
    const struct place *p = *state;
    struct stat before, after;
    fill(p);
    assert_int_equal(stat(p->cache, &before), 0);
    assert_int_equal(scan(p, NULL), 0);
    assert_int_equal(stat(p->cache, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* nor is the cache written */
}

static void stat_cache__files_just_written__are_read_again(void **state)
{
    const struct place *p = *state;
    put(p, "a", "1");
    assert_int_equal(scan(p, NULL), 1);
    age(p, -1);
    assert_int_equal(scan(p, NULL), 1);
}

static void stat_cache__edits__are_noticed(void **state)
{
    const struct place *p = *state;
    AUTO_FREE char *a = path_join(p->context, "a"), *b = path_join(p->context, "d/b");
    struct stat st;
    fill(p);
    /* Same size and same mtime: the change time tells. */
    assert_int_equal(stat(a, &st), 0);
    put(p, "a", "x");
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, a, times, 0), 0);
    assert_int_equal(scan(p, NULL), 1);
    age(p, 10);
    assert_int_equal(chmod(b, 0600), 0);
    assert_int_equal(scan(p, NULL), 1);
    age(p, 10);
    put(p, "d/new", "n");
    assert_int_equal(unlink(b), 0);
    assert_int_equal(scan(p, NULL), 1);
    age(p, 10);
    assert_int_equal(scan(p, NULL), 0);
}

static void stat_cache__limited_scan__keeps_what_is_known_of_the_rest(void **state)
{
    const struct place *p = *state;
    struct strv wanted = STRV_INIT;
    fill(p);
    strv_add(&wanted, "d/b");
    put(p, "d/b", "changed");
    assert_int_equal(scan(p, &wanted), 1);
    age(p, 10);
    assert_int_equal(scan(p, NULL), 0);
    put(p, "z/y", "new");
    strv_clear(&wanted);
    strv_add(&wanted, "z");
    assert_int_equal(scan(p, &wanted), 1);
    age(p, 10);
    assert_int_equal(scan(p, NULL), 0);
    strv_free(&wanted);
}

static void stat_cache__damaged_or_foreign__counts_as_none(void **state)
{
    const struct place *p = *state;
    struct stat st;
    fill(p);
    AUTO_BUF good = BUF_INIT;
    assert_int_equal(file_read(p->cache, 1 << 20, &good, NULL), 0);
    for (size_t at = 0; at < good.len; at += 7) {
        good.data[at] ^= 0x40;
        assert_int_equal(file_write(p->cache, good.data, good.len, NULL), 0);
        assert_int_equal(stat(p->context, &st), 0);
        assert_null(stat_cache_open(p->cache, st.st_dev, st.st_ino));
        good.data[at] ^= 0x40;
    }
    for (size_t len = 0; len < good.len; len += 61) {
        assert_int_equal(file_write(p->cache, good.data, len, NULL), 0);
        assert_null(stat_cache_open(p->cache, st.st_dev, st.st_ino));
    }
    assert_int_equal(file_write(p->cache, good.data, good.len, NULL), 0);
    assert_null(stat_cache_open(p->cache, st.st_dev, st.st_ino + 1));
    struct stat_cache *cache = stat_cache_open(p->cache, st.st_dev, st.st_ino);
    assert_int_equal(stat_cache_len(cache), 4);
    stat_cache_close(cache);
    assert_int_equal(file_write(p->cache, "no cache", 8, NULL), 0);
    assert_int_equal(scan(p, NULL), 4);
    age(p, 10);
    assert_int_equal(scan(p, NULL), 0);
}

static void stat_cache__place_that_cannot_be_written__is_no_error(void **state)
{
    struct place *p = *state;
    put(p, "a", "1");
    free(p->cache);
    p->cache = path_join(p->dir, "no/such/folder");
    assert_int_equal(scan(p, NULL), 1);
}

int main(void)
{
#define CACHE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CACHE_TEST(stat_cache__nothing_changed__no_file_is_read),
        CACHE_TEST(stat_cache__files_just_written__are_read_again),
        CACHE_TEST(stat_cache__edits__are_noticed),
        CACHE_TEST(stat_cache__limited_scan__keeps_what_is_known_of_the_rest),
        CACHE_TEST(stat_cache__damaged_or_foreign__counts_as_none),
        CACHE_TEST(stat_cache__place_that_cannot_be_written__is_no_error),
    };
    return cmocka_run_group_tests_name("stat cache", tests, NULL, NULL);
}
