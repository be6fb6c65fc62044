/* SPDX-License-Identifier: MIT */
/* RUN for real: what a command is given, may do, and how it ends. */
#include "tests/unit/exec/sandbox_lab.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- who ---------------------------------------------------------------------------
 */

static void run__when_user_is_named__then_ids_and_home_are_the_images(void **state)
{
    struct image *image = need_sandbox(state);
    if (!is_privileged(image))
        skip();
    static const struct {
        const char *user, *expected;
    } cases[] = {
        {"", "0 0 0 /root\n"},
        {"root", "0 0 0 /root\n"},
        {"0", "0 0 0 /root\n"},
        {"app", "1000 1001 50 1001 /home/app\n"},
        {"1000", "1000 1001 50 1001 /home/app\n"},
        {"www", "33 33 33 50 51 /srv\n"},
        {"www:other", "33 51 51 /srv\n"},
        {"app:7", "1000 7 7 /home/app\n"},
        {"4321", "4321 0 0 /\n"},
        {"4321:99", "4321 99 99 /\n"},
        {":more", "0 50 50 /root\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trial t = {.run.user = cases[i].user};
        expect_output(image, &t,
                      "echo $(id -u) $(id -g) $(id -G | tr ' ' '\\n' | sort -n) $HOME",
                      cases[i].expected);
        trial_free(image, &t);
    }
}

static void run__when_user_is_unknown__then_error_names_it(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct {
        const char *user, *text;
    } cases[] = {
        {"nobody", "unable to find user nobody"},
        {"app:staff", "unable to find group staff"},
        {"3000000000", "2147483647"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trial t = {.run.user = cases[i].user};
        try_script(image, &t, "true");
        assert_int_equal(t.rc, ERR_FAILED);
        assert_non_null(strstr(t.err.msg, cases[i].text));
        trial_free(image, &t);
    }
}

/* ---- what it is given
 * ----------------------------------------------------------------
 */

static void run__environment_and_descriptors__hold_nothing_else(void **state)
{
    struct image *image = need_sandbox(state);
    int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    setenv("SECRET_OF_THE_CALLER", "x", 1);
    struct trial t = {0};
    expect_output(image, &t,
                  "env | grep -v -e SHLVL -e PWD | sort; ls /proc/$$/fd; "
                  "umask; pwd; cat; echo end",
                  "GIVEN=yes\nHOME=/root\nPATH=/bin:/nowhere\n0\n1\n2\n0022\n/\nend\n");
    trial_free(image, &t);
    unsetenv("SECRET_OF_THE_CALLER");
    close(leak);
}

static void run__names_of_machine_and_hosts__are_those_asked_for(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct exec_host hosts[] = {{"db", "10.0.0.7"}};
    struct trial t = {.run.hosts = hosts, .run.host_count = 1};
    expect_output(image, &t, "hostname; cat /etc/hosts",
                  "buildkitsandbox\n127.0.0.1\tlocalhost buildkitsandbox\n"
                  "::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.7\tdb\n");
    trial_free(image, &t);
    struct trial named = {.run.hostname = "box"};
    expect_output(image, &named, "hostname; grep -c box /etc/hosts", "box\n1\n");
    trial_free(image, &named);
}

static void run__streams__stay_apart_and_large_output_arrives(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    try_script(image, &t, "echo one; echo two >&2; head -c 300000 /dev/zero");
    assert_int_equal(t.rc, 0);
    assert_string_equal(buf_str(&t.errors), "two\n");
    assert_int_equal(t.out.len, 4 + 300000);
    trial_free(image, &t);
}

static void run__without_network__then_only_loopback(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_output(image, &t,
                  "ls /sys/class/net; grep -c : /proc/net/dev; "
                  "cat /sys/class/net/lo/operstate",
                  "lo\n1\nunknown\n");
    trial_free(image, &t);
}

/* ---- how it ends
 * -----------------------------------------------------------------------
 */

static void run__when_it_ends__then_status_is_reported(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct {
        const char *script;
        int status;
    } cases[] = {
        {"exit 0", 0},
        {"exit 7", 7},
        {"sh -c 'kill -9 $$'; exit $?", 137},
        /* As process 1 of its namespace it is immune to its own signals. */
        {"kill -9 $$; exit 4", 4},
        /* What it leaves behind dies with it. */
        {"sleep 1000 & (sleep 1000 &) ; exit 5", 5},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trial t = {0};
        try_script(image, &t, cases[i].script);
        assert_int_equal(t.rc, 0);
        assert_int_equal(t.result.exit_status, cases[i].status);
        assert_int_equal(t.result.signal, 0);
        assert_int_equal(t.result.virtual_ms, UINT64_MAX);
        assert_true((t.result.handle != NULL) == (cases[i].status == 0));
        trial_free(image, &t);
    }
}

static void run__when_program_cannot_start__then_line_and_status(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct {
        const char *program, *line;
    } cases[] = {
        {"nosuch", "exec: \"nosuch\": executable file not found in $PATH\n"},
        {"/bin/nosuch", "exec: \"/bin/nosuch\": No such file or directory\n"},
        {"/etc/passwd", "exec: \"/etc/passwd\": Permission denied\n"},
        {"/etc", "exec: \"/etc\": Permission denied\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strv argv = STRV_INIT;
        struct trial t = {0};
        strv_add(&argv, cases[i].program);
        try_argv(image, &t, &argv);
        assert_int_equal(t.rc, 0);
        assert_int_equal(t.result.exit_status, 1);
        assert_string_equal(buf_str(&t.errors), cases[i].line);
        trial_free(image, &t);
        strv_free(&argv);
    }
}

/* ---- what it may
 * -----------------------------------------------------------------------
 */

static void run__rights__are_dockers_default_set(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_output(
        image, &t,
        "grep -E '^(Cap|NoNew|Seccomp:|SigBlk|SigIgn)' /proc/self/status; true",
        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
        "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
        "CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n"
        "CapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n");
    trial_free(image, &t);
    if (!is_privileged(image))
        return;
    struct trial user = {.run.user = "app"};
    expect_output(image, &user, "grep -E '^Cap(Eff|Bnd)' /proc/self/status",
                  "CapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\n");
    trial_free(image, &user);
}

static void run__when_insecure__then_it_may_mount(void **state)
{
    struct image *image = need_sandbox(state);
    const char *script = "mkdir /m; mount -t tmpfs x /m 2>/dev/null && echo mounted; "
                         "grep Seccomp: /proc/self/status";
    struct trial t = {0};
    expect_output(image, &t, script, "Seccomp:\t2\n");
    trial_free(image, &t);
    struct trial insecure = {.run.insecure = true};
    expect_output(image, &insecure, script, "mounted\nSeccomp:\t0\n");
    trial_free(image, &insecure);
}

static void run__what_belongs_to_the_machine__is_out_of_reach(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_output(image, &t,
                  "(mknod /tmp/zero c 1 5; head -c 1 /tmp/zero && echo read; "
                  "echo x >/proc/sys/kernel/hostname && echo set; ls /proc/acpi; "
                  "cat /proc/keys; echo x >/sys/x && echo made) 2>/dev/null; "
                  "ls /dev | tr '\\n' ' '; (echo x >/dev/full) 2>/dev/null; echo $?",
                  "fd full mqueue null ptmx pts random shm stderr stdin stdout tty "
                  "urandom zero 1\n");
    trial_free(image, &t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run__when_user_is_named__then_ids_and_home_are_the_images),
        cmocka_unit_test(run__when_user_is_unknown__then_error_names_it),
        cmocka_unit_test(run__environment_and_descriptors__hold_nothing_else),
        cmocka_unit_test(run__names_of_machine_and_hosts__are_those_asked_for),
        cmocka_unit_test(run__streams__stay_apart_and_large_output_arrives),
        cmocka_unit_test(run__without_network__then_only_loopback),
        cmocka_unit_test(run__when_it_ends__then_status_is_reported),
        cmocka_unit_test(run__when_program_cannot_start__then_line_and_status),
        cmocka_unit_test(run__rights__are_dockers_default_set),
        cmocka_unit_test(run__when_insecure__then_it_may_mount),
        cmocka_unit_test(run__what_belongs_to_the_machine__is_out_of_reach),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
