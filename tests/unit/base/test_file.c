/* SPDX-License-Identifier: MIT */
/* Removing trees: whatever a command may have left. */
#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"

static int make_folder(void **state)
{
    char *name = NULL;
    int rc = file_temp_folder("/tmp", "simbench-file", &name, NULL);
    *state = name;
    return rc;
}

static int drop_folder(void **state)
{
    int rc = file_remove_tree(*state, NULL);
    free(*state);
    return rc;
}

/* A chain of `depth` folders below parent, each of the given mode, with a file. */
static void nest(const char *parent, unsigned depth, mode_t mode)
{
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; i < depth; i++) {
        assert_int_equal(mkdirat(fd, "d", 0700), 0);
        int file = openat(fd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0);
        int below = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(file >= 0 && below >= 0);
        close(file);
        if (i > 0)
            assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
        fd = below;
    }
    close(fd);
}

static void
remove_tree__when_nested_deeper_than_files_may_be_open__then_gone(void **state)
{
    struct err err = ERR_INIT;
    AUTO_FREE char *tree = xasprintf("%s/tree", (char *)*state);
    AUTO_FREE char *wide = xasprintf("%s/wide", tree);
    struct rlimit before, low;
    assert_int_equal(mkdir(tree, 0755), 0);
    assert_int_equal(mkdir(wide, 0755), 0);
    nest(tree, 3000, 0700);
    nest(wide, 200, 0700);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    int rc = file_remove_tree(tree, &err);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(rc, 0);
    assert_false(file_exists(tree));
}

static void remove_tree__of_folders_without_any_right__then_gone(void **state)
{
    struct err err = ERR_INIT;
    AUTO_FREE char *tree = xasprintf("%s/tree", (char *)*state);
    AUTO_FREE char *taken = xasprintf("%s/.removed-0", tree);
    AUTO_FREE char *below = xasprintf("%s/x", taken);
    assert_int_equal(mkdir(tree, 0755), 0);
    assert_int_equal(mkdir(taken, 0755), 0);
    assert_int_equal(mkdir(below, 0), 0);
    nest(tree, 300, 0);
    assert_int_equal(file_remove_tree(tree, &err), 0);
    assert_false(file_exists(tree));
}

static void remove_tree__with_links_to_outside__then_outside_stays(void **state)
{
    struct err err = ERR_INIT;
    AUTO_FREE char *tree = xasprintf("%s/tree", (char *)*state);
    AUTO_FREE char *outside = xasprintf("%s/outside", (char *)*state);
    AUTO_FREE char *kept = xasprintf("%s/kept", outside);
    AUTO_FREE char *link = xasprintf("%s/link", tree);
    assert_int_equal(mkdir(tree, 0755), 0);
    assert_int_equal(mkdir(outside, 0755), 0);
    assert_int_equal(mkdir(kept, 0755), 0);
    assert_int_equal(symlink(outside, link), 0);
    assert_int_equal(file_remove_tree(tree, &err), 0);
    assert_false(file_exists(tree));
    assert_true(file_exists(kept));
    assert_int_equal(file_remove_tree(tree, &err), 0); /* a missing one is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            remove_tree__when_nested_deeper_than_files_may_be_open__then_gone,
            make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(
            remove_tree__of_folders_without_any_right__then_gone, make_folder,
            drop_folder),
        cmocka_unit_test_setup_teardown(
            remove_tree__with_links_to_outside__then_outside_stays, make_folder,
            drop_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
