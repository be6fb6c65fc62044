/* SPDX-License-Identifier: MIT */
/* The workspace that scenarios edit. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/context/workspace.h"

static int64_t seconds(int64_t edits)
{
    return (WORKSPACE_EPOCH + edits) * 1000000000;
}

static void put(struct workspace *ws, const char *path, const char *text)
{
    struct err err = ERR_INIT;
    if (workspace_write(ws, path, text, strlen(text), &err) != 0)
        fail_msg("%s: %s", path, err.msg);
}

/* Paths of the tree, one a line, folders with "/", symlinks with "@". */
static char *listing(struct workspace *ws)
{
    struct buf out = BUF_INIT;
    const struct tree *tree = workspace_tree(ws);
    for (size_t i = 0; i < tree->len; i++) {
        const struct entry *e = &tree->entries[i];
        if (i > 0)
            assert_true(path_compare(tree->entries[i - 1].path, e->path) < 0);
        if (e->type == ENTRY_FILE)
            assert_true(e->has_digest);
        buf_addf(&out, "%s%s ", e->path,
                 e->type == ENTRY_DIR       ? "/"
                 : e->type == ENTRY_SYMLINK ? "@"
                                            : "");
    }
    return buf_steal(&out);
}

static void assert_listing(struct workspace *ws, const char *expected)
{
    AUTO_FREE char *got = listing(ws);
    assert_string_equal(got, expected);
}

static const struct entry *at(struct workspace *ws, const char *path)
{
    const struct entry *e = tree_find(workspace_tree(ws), path);
    assert_non_null(e);
    return e;
}

static void workspace_write__new_paths__parents_are_made_in_order(void **state)
{
    (void)state;
    struct workspace *ws = workspace_new();
    assert_listing(ws, "/ ");
    put(ws, "b/c/x", "1");
    put(ws, "./b.txt", "2");
    put(ws, "a", "");
    assert_listing(ws, "/ a b/ b/c/ b/c/x b.txt ");
    assert_int_equal(at(ws, "b/c/x")->mtime_ns, seconds(1));
    assert_int_equal(at(ws, "b.txt")->mtime_ns, seconds(2));
    assert_int_equal(at(ws, "")->mtime_ns, seconds(0));
    assert_int_equal(at(ws, "b")->mode, 0755);
    assert_int_equal(at(ws, "a")->mode, 0644);
    assert_int_equal(at(ws, "a")->content.kind, CONTENT_NONE);
    workspace_free(ws);
}

static void workspace_edit__content__is_digested_again(void **state)
{
    (void)state;
    struct workspace *ws = workspace_new();
    put(ws, "app.py", "one");
    put(ws, "other", "x");
    struct digest want = digest_of("one", 3), got = at(ws, "app.py")->digest;
    assert_true(digest_equal(&want, &got));
    const struct entry *entries = workspace_tree(ws)->entries;
    assert_int_equal(workspace_append(ws, "app.py", "two", 3, NULL), 0);
    assert_string_equal(workspace_find(ws, "app.py")->content.from.bytes, "onetwo");
    want = digest_of("onetwo", 6);
    got = at(ws, "app.py")->digest;
    assert_true(digest_equal(&want, &got));
    assert_int_equal(at(ws, "app.py")->mtime_ns, seconds(3));
    assert_ptr_equal(entries, workspace_tree(ws)->entries);
    put(ws, "app.py", "");
    want = digest_of("", 0);
    got = at(ws, "app.py")->digest;
    assert_true(digest_equal(&want, &got));
    workspace_free(ws);
}

static void workspace_edit__metadata__keeps_the_digest(void **state)
{
    (void)state;
    struct workspace *ws = workspace_new();
    put(ws, "a", "1");
    struct digest before = at(ws, "a")->digest;
    assert_int_equal(workspace_chmod(ws, "a", 04711, NULL), 0);
    assert_int_equal(at(ws, "a")->mode, 04711);
    assert_int_equal(at(ws, "a")->mtime_ns, seconds(1));
    assert_int_equal(workspace_touch(ws, "a", NULL), 0);
    assert_int_equal(at(ws, "a")->mtime_ns, seconds(3));
    put(ws, "a", "1");
    assert_int_equal(at(ws, "a")->mode, 04711);
    assert_memory_equal(&at(ws, "a")->digest, &before, sizeof before);
    workspace_free(ws);
}

static void workspace_write_sized__content__is_generated_and_fresh(void **state)
{
    (void)state;
    struct workspace *ws = workspace_new();
    assert_int_equal(workspace_write_sized(ws, "big", 1 << 20, NULL), 0);
    struct digest before = at(ws, "big")->digest;
    assert_int_equal(at(ws, "big")->content.kind, CONTENT_SEED);
    assert_null(workspace_find(ws, "big"));
    assert_int_equal(workspace_write_sized(ws, "big", 1 << 20, NULL), 0);
    assert_memory_not_equal(&at(ws, "big")->digest, &before, sizeof before);
    assert_int_equal(workspace_append(ws, "big", "abc", 3, NULL), 0);
    assert_int_equal(at(ws, "big")->size, (1 << 20) + 3);
    assert_int_equal(at(ws, "big")->content.kind, CONTENT_SEED);
    put(ws, "big", "small");
    assert_int_equal(at(ws, "big")->content.kind, CONTENT_INLINE);
    workspace_free(ws);
}

static void workspace_rename__folder__moves_all_below(void **state)
{
    (void)state;
    struct workspace *ws = workspace_new();
    put(ws, "d/x", "1");
    put(ws, "d/e/y", "2");
    put(ws, "d.txt", "3");
    assert_int_equal(workspace_symlink(ws, "x", "d/l", NULL), 0);
    assert_listing(ws, "/ d/ d/e/ d/e/y d/l@ d/x d.txt ");
    assert_int_equal(workspace_rename(ws, "d", "n/m", NULL), 0);
    assert_listing(ws, "/ d.txt n/ n/m/ n/m/e/ n/m/e/y n/m/l@ n/m/x ");
    assert_string_equal(at(ws, "n/m/l")->target, "x");
    assert_int_equal(at(ws, "n/m/x")->mtime_ns, seconds(1));
    assert_int_equal(workspace_rename(ws, "d.txt", "n/m/x", NULL), 0);
    assert_listing(ws, "/ n/ n/m/ n/m/e/ n/m/e/y n/m/l@ n/m/x ");
    assert_memory_equal(workspace_find(ws, "n/m/x")->content.from.bytes, "3", 1);
    assert_int_equal(workspace_rename(ws, "n", "n/q", NULL), ERR_INPUT);
    put(ws, "f", "");
    assert_int_equal(workspace_rename(ws, "f", "n", NULL), ERR_INPUT);
    assert_int_equal(workspace_rename(ws, "n", "f", NULL), ERR_INPUT);
    workspace_free(ws);
}

static void workspace_remove__folder__takes_all_below(void **state)
{
    (void)state;
    struct workspace *ws = workspace_new();
    put(ws, "d/e/y", "2");
    put(ws, "da", "3");
    workspace_tree(ws);
    put(ws, "da", "4");
    assert_int_equal(workspace_remove(ws, "d/", NULL), 0);
    assert_listing(ws, "/ da ");
    struct digest want = digest_of("4", 1);
    assert_memory_equal(&at(ws, "da")->digest, &want, sizeof want);
    assert_int_equal(workspace_remove(ws, "d", NULL), ERR_INPUT);
    put(ws, "d", "now a file");
    assert_listing(ws, "/ d da ");
    workspace_free(ws);
}

static void workspace__bad_paths__are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"/a", "..", "a/../b", "../a",  ".",
                                      "",   "./", "file/x", "link/x"};
    struct workspace *ws = workspace_new();
    char name[300];
    put(ws, "file", "");
    assert_int_equal(workspace_symlink(ws, "file", "link", NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_INIT;
        assert_int_equal(workspace_write(ws, bad[i], "", 0, &err), ERR_INPUT);
        assert_true(err.msg[0] != '\0');
        assert_int_equal(workspace_mkdir(ws, bad[i], NULL), ERR_INPUT);
        assert_int_equal(workspace_symlink(ws, "t", bad[i], NULL), ERR_INPUT);
        assert_int_equal(workspace_remove(ws, bad[i], NULL), ERR_INPUT);
        assert_int_equal(workspace_touch(ws, bad[i], NULL), ERR_INPUT);
        assert_int_equal(workspace_chmod(ws, bad[i], 0644, NULL), ERR_INPUT);
        assert_int_equal(workspace_rename(ws, "file", bad[i], NULL), ERR_INPUT);
        assert_null(workspace_find(ws, bad[i]));
    }
    memset(name, 'a', sizeof name);
    name[256] = '\0';
    assert_int_equal(workspace_write(ws, name, "", 0, NULL), ERR_INPUT);
    assert_int_equal(workspace_write(ws, "link", "", 0, NULL), ERR_INPUT);
    assert_int_equal(workspace_chmod(ws, "link", 0644, NULL), ERR_INPUT);
    assert_int_equal(workspace_chmod(ws, "file", 010000, NULL), ERR_INPUT);
    assert_int_equal(workspace_mkdir(ws, "file", NULL), ERR_INPUT);
    assert_int_equal(workspace_mkdir(ws, "d", NULL), 0);
    assert_int_equal(workspace_write(ws, "d", "", 0, NULL), ERR_INPUT);
    assert_int_equal(workspace_symlink(ws, "x", "d", NULL), ERR_INPUT);
    assert_listing(ws, "/ d/ file link@ ");
    assert_int_equal(at(ws, "d")->mtime_ns, seconds(3));
    workspace_free(ws);
}

static void workspace_copy__both__live_on_apart(void **state)
{
    (void)state;
    struct workspace *ws = workspace_new();
    put(ws, "d/x", "1");
    put(ws, "a", "2");
    assert_int_equal(workspace_symlink(ws, "a", "l", NULL), 0);
    struct workspace *copy = workspace_copy(ws);
    put(ws, "a", "changed");
    assert_int_equal(workspace_remove(ws, "l", NULL), 0);
    workspace_free(ws);
    assert_listing(copy, "/ a d/ d/x l@ ");
    assert_memory_equal(workspace_find(copy, "a")->content.from.bytes, "2", 1);
    put(copy, "b", "");
    assert_int_equal(at(copy, "b")->mtime_ns, seconds(4));
    workspace_free(copy);
}

static int setup(void **state)
{
    char *dir = NULL;
    struct err err = ERR_INIT;
    int rc = file_temp_folder("/tmp", "workspace-", &dir, &err);
    *state = dir;
    return rc;
}

static int teardown(void **state)
{
    struct err err = ERR_INIT;
    int rc = file_remove_tree(*state, &err);
    free(*state);
    return rc;
}

static void write_host(const char *dir, const char *name, const char *text)
{
    AUTO_FREE char *path = path_join(dir, name);
    assert_int_equal(file_write(path, text, strlen(text), NULL), 0);
}

static void workspace_load__host_folder__modes_and_times_are_fixed(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *sub = path_join(dir, "sub");
    AUTO_FREE char *tool = path_join(dir, "sub/tool");
    AUTO_FREE char *link = path_join(dir, "link");
    AUTO_FREE char *fifo = path_join(dir, "fifo");
    assert_int_equal(mkdir(sub, 0700), 0);
    write_host(dir, "a", "hello");
    write_host(dir, "sub/tool", "#!");
    assert_int_equal(chmod(tool, 0700), 0);
    assert_int_equal(symlink("../gone", link), 0);
    struct workspace *ws = workspace_new();
    assert_int_equal(workspace_load(ws, dir, 7, NULL), 0);
    assert_listing(ws, "/ a link@ sub/ sub/tool ");
    assert_int_equal(at(ws, "a")->mode, 0644);
    assert_int_equal(at(ws, "sub/tool")->mode, 0755);
    assert_int_equal(at(ws, "sub")->mode, 0755);
    assert_int_equal(at(ws, "a")->mtime_ns, seconds(0));
    assert_string_equal(at(ws, "link")->target, "../gone");
    workspace_free(ws);
    ws = workspace_new();
    assert_int_equal(workspace_load(ws, dir, 6, NULL), ERR_INPUT);
    assert_int_equal(workspace_load(ws, tool, 6, NULL), ERR_INPUT);
    assert_int_equal(workspace_load(ws, link, 6, NULL), ERR_INPUT);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(workspace_load(ws, dir, 100, NULL), ERR_INPUT);
    workspace_free(ws);
}

static void workspace_materialise__edits__reach_the_folder(void **state)
{
    AUTO_FREE char *dir = path_join(*state, "new/out");
    AUTO_FREE char *a = path_join(dir, "d/a"), *other = path_join(dir, "other");
    struct stat st, again;
    struct workspace *ws = workspace_new();
    put(ws, "d/a", "hello");
    put(ws, "d/b", "");
    assert_int_equal(workspace_write_sized(ws, "big", 100000, NULL), 0);
    assert_int_equal(workspace_symlink(ws, "d/a", "l", NULL), 0);
    assert_int_equal(workspace_materialise(ws, dir, NULL), 0);
    assert_int_equal(stat(a, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(st.st_mtim.tv_sec, WORKSPACE_EPOCH + 1);
    assert_int_equal(st.st_size, 5);

    /* What is equal stays, what is foreign goes, a folder makes way for a file. */
    assert_int_equal(mkdir(other, 0755), 0);
    write_host(other, "x", "");
    assert_int_equal(workspace_remove(ws, "big", NULL), 0);
    put(ws, "big/now/a/folder", "x");
    assert_int_equal(workspace_chmod(ws, "d", 0500, NULL), 0);
    assert_int_equal(workspace_touch(ws, "d/a", NULL), 0);
    assert_int_equal(workspace_materialise(ws, dir, NULL), 0);
    assert_int_equal(stat(a, &again), 0);
    assert_int_equal(again.st_ino, st.st_ino);
    assert_int_equal(again.st_mtim.tv_sec, WORKSPACE_EPOCH + 8);
    assert_false(file_exists(other));

    put(ws, "d/a", "HELLO");
    assert_int_equal(workspace_materialise(ws, dir, NULL), 0);
    AUTO_BUF text = BUF_INIT;
    assert_int_equal(file_read(a, 100, &text, NULL), 0);
    assert_string_equal(text.data, "HELLO");
    struct workspace *back = workspace_new();
    assert_int_equal(workspace_load(back, dir, 1 << 20, NULL), 0);
    AUTO_FREE char *want = listing(ws), *got = listing(back);
    assert_string_equal(got, want);
    workspace_free(back);
    workspace_free(ws);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workspace_write__new_paths__parents_are_made_in_order),
        cmocka_unit_test(workspace_edit__content__is_digested_again),
        cmocka_unit_test(workspace_edit__metadata__keeps_the_digest),
        cmocka_unit_test(workspace_write_sized__content__is_generated_and_fresh),
        cmocka_unit_test(workspace_rename__folder__moves_all_below),
        cmocka_unit_test(workspace_remove__folder__takes_all_below),
        cmocka_unit_test(workspace__bad_paths__are_refused),
        cmocka_unit_test(workspace_copy__both__live_on_apart),
        cmocka_unit_test_setup_teardown(
            workspace_load__host_folder__modes_and_times_are_fixed, setup, teardown),
        cmocka_unit_test_setup_teardown(workspace_materialise__edits__reach_the_folder,
                                        setup, teardown),
    };
    return cmocka_run_group_tests_name("workspace", tests, NULL, NULL);
}
