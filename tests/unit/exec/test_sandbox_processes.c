/* SPDX-License-Identifier: MIT */
/* RUN for real: runs beside each other, cut short, and without root. */
#include "tests/unit/exec/sandbox_lab.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/path.h"

enum { OTHER_USER = 65534 };

/* ---- beside each other, and without root
 * ---------------------------------------------------
 */

struct job {
    struct image *image;
    int number;
    bool good;
};

static void *work(void *payload)
{
    struct job *job = payload;
    job->good = true;
    for (int i = 0; i < 3; i++) {
        struct trial t = {0};
        AUTO_FREE char *script =
            xasprintf("echo %d >/mine; cat /mine; ls / | wc -l", job->number);
        AUTO_FREE char *expected = xasprintf("%d\n10\n", job->number);
        try_script(job->image, &t, script);
        job->good &= t.rc == 0 && strcmp(buf_str(&t.out), expected) == 0;
        trial_free(job->image, &t);
    }
    return NULL;
}

/* Folders that executors over the image's store hold. */
static size_t count_own_folders(const struct image *image)
{
    AUTO_FREE char *pattern = path_join(image->dir, "tmp/sandbox*");
    glob_t found = {0};
    glob(pattern, 0, NULL, &found);
    size_t n = found.gl_pathc;
    globfree(&found);
    return n;
}

/* Their first RUNs set a new executor up, all at once. */
static void run__from_several_threads__then_each_sees_its_own(void **state)
{
    struct image *shared = need_sandbox(state), fresh = *shared, *image = &fresh;
    struct err err = ERR_INIT;
    struct job jobs[4];
    pthread_t threads[COUNT(jobs)];
    const size_t before = count_own_folders(shared);
    assert_int_equal(sandbox_executor_new(shared->store, &fresh.executor, &err), 0);
    assert_int_equal(count_own_folders(shared), before); /* not before it runs */
    for (size_t i = 0; i < COUNT(jobs); i++) {
        jobs[i] = (struct job){.image = image, .number = (int)i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
    }
    for (size_t i = 0; i < COUNT(jobs); i++) {
        pthread_join(threads[i], NULL);
        assert_true(jobs[i].good);
    }
    assert_int_equal(count_own_folders(shared), before + 1);
    sandbox_executor_free(fresh.executor);
    assert_int_equal(count_own_folders(shared), before);
}

static bool is_started(void *payload)
{
    const struct trial *t = payload;
    return t->out.len > 0;
}

static void run__when_cancelled__then_the_command_ends(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {.run.cancelled = is_started};
    t.run.cancelled_payload = &t;
    try_script(image, &t, "echo started; (sleep 1000 &); sleep 1000; echo over");
    assert_int_equal(t.rc, ERR_CANCELLED);
    assert_string_equal(buf_str(&t.out), "started\n");
    trial_free(image, &t);
}

/* The command holds a pipe open that ends with it. */
static void run__when_builder_is_killed__then_the_command_ends(void **state)
{
    struct image *image = need_sandbox(state);
    AUTO_FREE char *cache = path_join(image->dir, "mounts/fifo");
    AUTO_FREE char *fifo = path_join(cache, "f");
    assert_int_equal(file_make_folders(cache, NULL), 0);
    assert_int_equal(mkfifo(fifo, 0666), 0);
    fflush(NULL);
    pid_t builder = fork();
    if (builder == 0) {
        const struct exec_mount mount = {
            .kind = EXEC_MOUNT_CACHE, .target = "/c", .host_path = cache};
        struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
        try_script(image, &t, "exec 3>/c/f; sleep 1000 & (sleep 1000 &); sleep 1000");
        _exit(0);
    }
    AUTO_CLOSE int fd = open(fifo, O_RDONLY | O_CLOEXEC); /* once it runs */
    kill(builder, SIGKILL);
    waitpid(builder, NULL, 0);
    char c;
    assert_int_equal(read(fd, &c, 1), 0);
}

static int as_other_user(const char *dir)
{
    struct image image;
    struct trial t = {0};
    if (setgroups(0, NULL) != 0 || setresgid(OTHER_USER, OTHER_USER, OTHER_USER) != 0 ||
        setresuid(OTHER_USER, OTHER_USER, OTHER_USER) != 0 ||
        prctl(PR_SET_DUMPABLE, 1) != 0 || /* else /proc/self is still root's */
        !image_open(&image, dir))
        return 77;
    image_probe(&image);
    if (image.executor == NULL) {
        image_close(&image);
        return 77;
    }
    try_script(&image, &t,
               "id -u; mkdir -m 700 /p; echo x >/p/f; chmod 0 /p/f /p; "
               "echo y >/data/y; chmod 600 /data/y; ln /data/y /data/z; rm -r /tmp; "
               "chmod 4755 /data/b; chmod 600 /srv/theirs");
    AUTO_BUF changes = BUF_INIT;
    if (t.rc == 0)
        list_changes(&t, &changes);
    bool good = t.rc == 0 && strcmp(buf_str(&t.out), "0\n") == 0 &&
                strcmp(buf_str(&changes),
                       "data d 755 0:0\ndata/b f 4755 0:0 'second'\n"
                       "data/y f 600 0:0 'y'\ndata/z h 600 0:0 data/y\n"
                       "dev d 755 0:0\np d 0 0:0\np/f f 0 0:0 'x'\n"
                       "proc d 755 0:0\nsrv d 755 0:0\nsrv/theirs f 600 7:8 'x'\n"
                       "sys d 755 0:0\ntmp w 0 0:0\n") == 0;
    if (!good)
        print_error("%d %s\n%s%s%s", t.rc, t.err.msg, buf_str(&t.out),
                    buf_str(&t.errors), buf_str(&changes));
    trial_free(&image, &t);
    image_close(&image);
    return good ? 0 : 1;
}

static void run__when_not_root__then_works_in_a_user_namespace(void **state)
{
    need_sandbox(state);
    if (geteuid() != 0)
        skip(); /* then all tests are this one */
    char *dir = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(file_temp_folder("/tmp", "simbench-test", &dir, &err), 0);
    assert_int_equal(chmod(dir, 0777), 0);
    fflush(NULL);
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(as_other_user(dir));
    waitpid(child, &status, 0);
    assert_int_equal(file_remove_tree(dir, NULL), 0);
    free(dir); /* skip() does not come back */
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run__from_several_threads__then_each_sees_its_own),
        cmocka_unit_test(run__when_cancelled__then_the_command_ends),
        cmocka_unit_test(run__when_builder_is_killed__then_the_command_ends),
        cmocka_unit_test(run__when_not_root__then_works_in_a_user_namespace),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
