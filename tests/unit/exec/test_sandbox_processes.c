/* SPDX-License-Identifier: MIT */
/* RUN for real: runs beside each other, cut short, and without root. */
#include "tests/unit/exec/sandbox_lab.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/exec/sandbox_ahead.h"

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

/* ---- what is made and removed meanwhile ---- */

enum { PATIENCE_S = 30 };

/* In a child: whether the descriptor is of another network namespace than ours, with
 * its loopback device up. */
static bool is_fresh_net(int fd)
{
    int status = 1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct stat ours, new;
        struct ifreq request = {.ifr_name = "lo"};
        if (stat("/proc/self/ns/net", &ours) != 0 || fstat(fd, &new) != 0 ||
            ours.st_ino == new.st_ino || setns(fd, CLONE_NEWNET) != 0)
            _exit(1);
        int s = socket(AF_INET, SOCK_DGRAM, 0);
        _exit(ioctl(s, SIOCGIFFLAGS, &request) != 0 || !(request.ifr_flags & IFF_UP));
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void ahead__network_namespaces__are_fresh_from_the_third_on(void **state)
{
    if (!is_privileged(need_sandbox(state)))
        skip();
    struct ahead *ahead = ahead_new();
    int fds[2] = {-1, -1};
    assert_int_equal(ahead_take_net(ahead), -1);
    assert_int_equal(ahead_take_net(ahead), -1);
    uint64_t end = clock_monotonic_ns() + PATIENCE_S * UINT64_C(1000000000);
    for (size_t i = 0; i < COUNT(fds); i++) {
        while (fds[i] < 0 && clock_monotonic_ns() < end)
            fds[i] = ahead_take_net(ahead);
        assert_true(is_fresh_net(fds[i]));
    }
    struct stat a, b;
    assert_int_equal(fstat(fds[0], &a), 0);
    assert_int_equal(fstat(fds[1], &b), 0);
    assert_true(a.st_ino != b.st_ino);
    close(fds[0]);
    close(fds[1]);
    ahead_free(ahead);
}

static size_t count_descriptors(void)
{
    glob_t found = {0};
    glob("/proc/self/fd/*", 0, NULL, &found);
    size_t n = found.gl_pathc;
    globfree(&found);
    return n;
}

/* Parallel stages ask while one is being made. */
static void ahead__when_asked_often__then_no_descriptor_is_lost(void **state)
{
    if (!is_privileged(need_sandbox(state)))
        skip();
    const size_t before = count_descriptors();
    struct ahead *ahead = ahead_new();
    for (int round = 0; round < 300; round++) {
        int fd = ahead_take_net(ahead);
        if (fd >= 0)
            close(fd);
        for (int i = 0; i < round; i++)
            sched_yield();
    }
    ahead_free(ahead);
    assert_int_equal(count_descriptors(), before);
}

static void ahead__folders__are_removed(void **state)
{
    struct image *image = need_sandbox(state);
    struct ahead *ahead = ahead_new();
    char *path = path_join(image->dir, "tmp/old");
    AUTO_FREE char *below = path_join(path, "a/b"), *same = xstrdup(path);
    assert_int_equal(file_make_folders(below, NULL), 0);
    ahead_remove(ahead, path);
    uint64_t end = clock_monotonic_ns() + PATIENCE_S * UINT64_C(1000000000);
    while (file_exists(same) && clock_monotonic_ns() < end)
        sched_yield();
    assert_false(file_exists(same));
    ahead_free(ahead);
}

/* ---- cut short ---- */

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
        cmocka_unit_test(ahead__network_namespaces__are_fresh_from_the_third_on),
        cmocka_unit_test(ahead__when_asked_often__then_no_descriptor_is_lost),
        cmocka_unit_test(ahead__folders__are_removed),
        cmocka_unit_test(run__when_cancelled__then_the_command_ends),
        cmocka_unit_test(run__when_builder_is_killed__then_the_command_ends),
        cmocka_unit_test(run__when_not_root__then_works_in_a_user_namespace),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
