/* SPDX-License-Identifier: MIT */
/* RUN for real: what a command sees of layers and mounts, and what it leaves. */
#include "tests/unit/exec/sandbox_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/exec/sandbox_plan.h"

/* ---- what it changes
 * -------------------------------------------------------------------
 */

static void run__changes__are_those_of_the_upper_folder(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_changes(image, &t,
                   "echo new >/data/n; rm /data/a; ln /data/n /data/link; "
                   "ln -s n /data/sym; chmod 4711 /data/b; mkdir -m 700 /data/d; "
                   "chmod 0 /data/n",
                   "data d 755 0:0\ndata/a w 0 0:0\ndata/b f 4711 0:0 'second'\n"
                   "data/d d 700 0:0\ndata/link f 0 0:0 'new'\n"
                   "data/n h 0 0:0 data/link\ndata/sym l 777 0:0 n\n"
                   "dev d 755 0:0\nproc d 755 0:0\nsys d 755 0:0\n");
    trial_free(image, &t);
}

static void run__when_nothing_changes__then_only_mount_points_are_left(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_changes(image, &t, "mkdir /dev/x; cat /etc/resolv.conf >/dev/null",
                   "dev d 755 0:0\nproc d 755 0:0\nsys d 755 0:0\n");
    trial_free(image, &t);
    struct trial failing = {0};
    try_script(image, &failing, "echo x >/made; exit 1");
    assert_false(view_changed(failing.view));
    trial_free(image, &failing);
}

static void run__when_etc_changes__then_no_stub_file_is_left(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_changes(image, &t, "echo x >/etc/x",
                   "dev d 755 0:0\netc d 755 0:0\netc/x f 644 0:0 'x'\n"
                   "proc d 755 0:0\nsys d 755 0:0\n");
    trial_free(image, &t);
}

static void run__when_working_folder_is_missing__then_it_is_made(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {.run.cwd = "/w/x"};
    expect_output(image, &t, "pwd", "/w/x\n");
    const struct entry *e = view_lookup(t.view, "w/x");
    assert_non_null(e);
    assert_int_equal(e->type, ENTRY_DIR);
    trial_free(image, &t);
}

/* ---- mounts
 * ----------------------------------------------------------------------------
 */

static void run__tree_mounts__are_read_and_writes_are_dropped(void **state)
{
    struct image *image = need_sandbox(state);
    struct view *source = image_view(image);
    const struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_TREE,
         .target = "/mnt/rw",
         .source = source,
         .source_path = "data"},
        {.kind = EXEC_MOUNT_TREE,
         .target = "/mnt/ro",
         .source = source,
         .source_path = "data",
         .read_only = true},
        {.kind = EXEC_MOUNT_TREE,
         .target = "/one",
         .source = source,
         .source_path = "data/b",
         .read_only = true},
    };
    struct trial t = {.run.mounts = mounts, .run.mount_count = COUNT(mounts)};
    expect_output(image, &t,
                  "cd /mnt; ls ro; cat /one; rm rw/a; echo x >rw/n; cat rw/*; "
                  "(echo x >ro/n) 2>/dev/null; echo $?; (echo x >/one) 2>/dev/null; "
                  "echo $?",
                  "a\nb\nsecond\nsecond\nx\n1\n1\n");
    assert_null(view_lookup(t.view, "mnt"));
    assert_null(view_lookup(t.view, "one"));
    assert_non_null(view_lookup(t.view, "data/a"));
    trial_free(image, &t);
    view_free(source);
}

static void run__when_mount_source_is_missing__then_error_names_it(void **state)
{
    struct image *image = need_sandbox(state);
    struct view *source = image_view(image);
    const struct exec_mount mount = {.kind = EXEC_MOUNT_TREE,
                                     .target = "/mnt",
                                     .source = source,
                                     .source_path = "no/such"};
    struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
    try_script(image, &t, "true");
    assert_int_equal(t.rc, ERR_FAILED);
    assert_non_null(strstr(t.err.msg, "/no/such: not found"));
    trial_free(image, &t);
    view_free(source);
}

static void run__cache_mount__is_kept_and_leaves_no_mount_point(void **state)
{
    struct image *image = need_sandbox(state);
    AUTO_FREE char *cache = path_join(image->dir, "mounts/cache");
    const struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_CACHE, .target = "/root/.cache/x", .host_path = cache},
        {.kind = EXEC_MOUNT_TMPFS, .target = "/root/.cache/x/t", .size = 4096},
    };
    for (int i = 0; i < 2; i++) {
        struct trial t = {.run.mounts = mounts, .run.mount_count = COUNT(mounts)};
        expect_changes(image, &t,
                       i == 0 ? "echo kept >/root/.cache/x/f; echo x >"
                                "/root/.cache/x/t/gone"
                              : "grep -q kept /root/.cache/x/f && ! ls "
                                "/root/.cache/x/t/gone 2>/dev/null",
                       "dev d 755 0:0\nproc d 755 0:0\nsys d 755 0:0\n");
        trial_free(image, &t);
    }
}

/* Run by somebody with subordinate ids, these files are not the caller's. */
static void remove_tree__of_what_other_ids_left__then_gone(void **state)
{
    struct image *image = need_sandbox(state);
    struct err err = ERR_INIT;
    AUTO_FREE char *cache = path_join(image->dir, "mounts/theirs");
    const struct exec_mount mount = {
        .kind = EXEC_MOUNT_CACHE, .target = "/c", .host_path = cache};
    struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
    /* With one id mapped, giving files away is refused. */
    expect_output(image, &t,
                  "mkdir -p /c/x/y; touch /c/x/y/f; chown -R 5:5 /c/x 2>/dev/null; "
                  "chmod 0 /c/x/y; chmod 0 /c/x",
                  "");
    trial_free(image, &t);
    assert_int_equal(sandbox_remove_tree(cache, &err), 0);
    assert_false(file_exists(cache));
}

static void run__when_folders_are_nested_deep__then_they_are_read_back(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_output(image, &t,
                  "i=0; while [ $i -lt 1300 ]; do mkdir d; cd d; i=$((i+1)); done; "
                  "echo deep >f; chmod 0 f",
                  "");
    AUTO_BUF path = BUF_INIT;
    for (int i = 0; i < 1300; i++)
        buf_adds(&path, "d/");
    buf_adds(&path, "f");
    const struct entry *e = view_lookup(t.view, buf_str(&path));
    assert_non_null(e);
    assert_int_equal(e->mode, 0);
    trial_free(image, &t);
}

static void run__secrets__are_files_or_variables_and_stay_out(void **state)
{
    struct image *image = need_sandbox(state);
    const struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_FILE,
         .target = "/run/secrets/s",
         .data = "hidden\n",
         .len = 7,
         .mode = 0400},
        {.kind = EXEC_MOUNT_FILE, .env = "TOKEN", .data = "abcdef", .len = 3},
        {.kind = EXEC_MOUNT_FILE,
         .target = "/dev/pipes/EOF",
         .data = "#!/bin/sh\necho script\n",
         .len = 22,
         .mode = 0755},
    };
    struct trial t = {.run.mounts = mounts, .run.mount_count = COUNT(mounts)};
    expect_output(image, &t,
                  "cat /run/secrets/s; stat -c %a /run/secrets/s; echo $TOKEN; "
                  "/dev/pipes/EOF; (echo x >/run/secrets/s) 2>/dev/null; echo $?",
                  "hidden\n400\nabc\nscript\n1\n");
    assert_null(view_lookup(t.view, "run"));
    trial_free(image, &t);
}

static void run__ssh_mount__is_the_agents_socket(void **state)
{
    struct image *image = need_sandbox(state);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/agent", image->dir);
    AUTO_CLOSE int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(agent, (struct sockaddr *)&address, sizeof address), 0);
    const struct exec_mount mount = {.kind = EXEC_MOUNT_SSH,
                                     .target = "/run/buildkit/ssh_agent.0",
                                     .host_path = address.sun_path};
    struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
    expect_output(image, &t, "[ -S $SSH_AUTH_SOCK ] && echo $SSH_AUTH_SOCK",
                  "/run/buildkit/ssh_agent.0\n");
    assert_null(view_lookup(t.view, "run"));
    trial_free(image, &t);
}

/* ---- images that want out
 * ----------------------------------------------------------------
 */

static void run__when_image_has_links_for_folders__then_it_stays_inside(void **state)
{
    struct image *image = need_sandbox(state);
    AUTO_FREE char *outside = path_join(image->dir, "outside");
    assert_int_equal(mkdir(outside, 0777), 0);
    AUTO_FREE char *climbing = xasprintf("../../../../../../..%s", outside);
    struct tree *tree = tree_new();
    add_entry(tree, "etc", ENTRY_WHITEOUT, 0, NULL);
    push_layer(image, tree);
    tree = tree_new();
    add_entry(tree, "etc", ENTRY_SYMLINK, 0777, climbing);
    add_entry(tree, "dev", ENTRY_SYMLINK, 0777, "../../tmp/dev");
    add_entry(tree, "run", ENTRY_SYMLINK, 0777, outside);
    push_layer(image, tree);
    const struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_TMPFS, .target = "/run/../run/a/../b"},
        {.kind = EXEC_MOUNT_FILE, .target = "/../../run/s", .data = "x", .len = 1},
    };
    struct trial t = {.run.mounts = mounts, .run.mount_count = COUNT(mounts)};
    expect_output(image, &t, "grep -c buildkitsandbox /etc/hosts; cat /run/s", "1\nx");
    trial_free(image, &t);
    assert_int_equal(rmdir(outside), 0); /* nothing was made there */
}

static void run__when_mount_point_is_in_the_way__then_error_names_it(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct {
        const char *target, *text;
    } cases[] = {
        {"/data/a/below", "/data/a is no folder"},
        {"/", "cannot mount on /"},
        {"/data/a", "/data/a is no folder"},
        {"/proc/no", "/proc/no"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct exec_mount mount = {.kind = EXEC_MOUNT_TMPFS,
                                         .target = cases[i].target};
        struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
        try_script(image, &t, "true");
        assert_int_equal(t.rc, ERR_FAILED);
        assert_non_null(strstr(t.err.msg, cases[i].text));
        trial_free(image, &t);
    }
}

/* ---- layers
 * ------------------------------------------------------------------------------
 */

static void run__when_there_are_no_layers__then_an_empty_root(void **state)
{
    struct image *image = need_sandbox(state);
    struct strv argv = STRV_INIT;
    struct trial t = {0};
    size_t count = image->layer_count;
    strv_add(&argv, "/bin/sh");
    image->layer_count = 0;
    try_argv(image, &t, &argv);
    image->layer_count = count;
    assert_int_equal(t.rc, 0);
    assert_int_equal(t.result.exit_status, 1);
    trial_free(image, &t);
    strv_free(&argv);
}

/* WORKDIR twice, COPY of what is there: layers without content are all the same. */
static void run__when_a_layer_stands_twice__then_once_is_enough(void **state)
{
    struct image *image = need_sandbox(state);
    for (int i = 0; i < 3; i++) {
        struct tree *tree = tree_new();
        if (i == 1)
            add_entry(tree, "between", ENTRY_FILE, 0644, "x");
        push_layer(image, tree);
    }
    struct trial t = {0};
    expect_output(image, &t, "cat /between", "x");
    trial_free(image, &t);
}

/* More than fit into one page of mount options by their paths. */
static void run__when_there_are_many_layers__then_all_are_seen(void **state)
{
    struct image *image = need_sandbox(state);
    struct sandbox *sandbox = image->executor->self;
    for (int i = 0; i < 60; i++) {
        char name[32];
        struct tree *tree = tree_new();
        add_entry(tree, "many", ENTRY_DIR, 0755, NULL);
        snprintf(name, sizeof name, "many/%d", i);
        add_entry(tree, name, ENTRY_FILE, 0644, "");
        if (i == 59)
            add_entry(tree, "many/7", ENTRY_WHITEOUT, 0, NULL);
        push_layer(image, tree);
    }
    const size_t most = sandbox->lower_most;
    /* All in one overlay, or in two, or the lowest in a folder. */
    const size_t mosts[] = {most, most, 40, 31, 30, 20, 7};
    for (size_t how = 0; how < COUNT(mosts); how++) {
        sandbox->old_mount_api = how == 1;
        sandbox->lower_most = mosts[how];
        struct trial t = {0};
        expect_output(image, &t, "ls /many | wc -l; rm /many/3; ls /many | wc -l",
                      "59\n58\n");
        assert_null(view_lookup(t.view, "many/3"));
        trial_free(image, &t);
    }
    sandbox->lower_most = most;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run__changes__are_those_of_the_upper_folder),
        cmocka_unit_test(run__when_nothing_changes__then_only_mount_points_are_left),
        cmocka_unit_test(run__when_etc_changes__then_no_stub_file_is_left),
        cmocka_unit_test(run__when_working_folder_is_missing__then_it_is_made),
        cmocka_unit_test(run__tree_mounts__are_read_and_writes_are_dropped),
        cmocka_unit_test(run__when_mount_source_is_missing__then_error_names_it),
        cmocka_unit_test(run__cache_mount__is_kept_and_leaves_no_mount_point),
        cmocka_unit_test(remove_tree__of_what_other_ids_left__then_gone),
        cmocka_unit_test(run__when_folders_are_nested_deep__then_they_are_read_back),
        cmocka_unit_test(run__secrets__are_files_or_variables_and_stay_out),
        cmocka_unit_test(run__ssh_mount__is_the_agents_socket),
        cmocka_unit_test(run__when_image_has_links_for_folders__then_it_stays_inside),
        cmocka_unit_test(run__when_mount_point_is_in_the_way__then_error_names_it),
        cmocka_unit_test(run__when_there_are_no_layers__then_an_empty_root),
        cmocka_unit_test(run__when_a_layer_stands_twice__then_once_is_enough),
        cmocka_unit_test(run__when_there_are_many_layers__then_all_are_seen),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
