/* SPDX-License-Identifier: MIT */
/* Refusals (tests/bad/dockerfile), acceptances, and the typed forms. */
#include "tests/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/dockerfile/instruction.h"
#include "tests/unit/dockerfile/accepted_cases.h"

#define BAD "tests/bad/dockerfile/"

static int parse_and_check(const char *name, const char *text, size_t len,
                           struct err *err)
{
    struct dockerfile *df = NULL;
    int rc = dockerfile_parse(name, text, len, &df, err);
    if (rc == 0)
        rc = dockerfile_check(df, err);
    dockerfile_free(df);
    return rc;
}

static void refuse_one(const char *path)
{
    struct buf text = BUF_INIT, expected = BUF_INIT;
    struct err err = ERR_INIT;
    char *other = xstrdup(path);
    char *fragment;
    strcpy(strrchr(other, '.'), ".expected");
    assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
    assert_int_equal(file_read(other, 1 << 20, &expected, NULL), 0);
    unsigned line = (unsigned)strtoul(buf_str(&expected), &fragment, 10);
    fragment += 2;
    fragment[strcspn(fragment, "\n")] = '\0';
    int rc = parse_and_check(path, buf_str(&text), text.len, &err);
    if (rc != ERR_INPUT || err.line != line || strstr(err.msg, fragment) == NULL ||
        strcmp(err.file, path) != 0)
        fail_msg("%s: %d %s:%u: %s; expected %u: %s", path, rc, err.file, err.line,
                 err.msg, line, fragment);
    free(other);
    buf_free(&text);
    buf_free(&expected);
}

static void check__when_input_is_bad__then_says_where_and_what(void **state)
{
    (void)state;
    size_t count = 0;
    DIR *dir = opendir(BAD);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        const char *dot = strrchr(e->d_name, '.');
        if (dot == NULL || strcmp(dot, ".Dockerfile") != 0)
            continue;
        char *path = xasprintf(BAD "%s", e->d_name);
        refuse_one(path);
        free(path);
        count++;
    }
    closedir(dir);
    assert_true(count > 100);
}

static void check__when_engine_accepts__then_accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted_cases / sizeof accepted_cases[0]; i++) {
        struct err err = ERR_INIT;
        const char *text = accepted_cases[i];
        if (parse_and_check("Dockerfile", text, strlen(text), &err) != 0)
            fail_msg("%s: refused: %u: %s", text, err.line, err.msg);
    }
}

static struct dockerfile *parse(const char *text)
{
    struct err err = ERR_INIT;
    struct dockerfile *df = NULL;
    if (dockerfile_parse("Dockerfile", text, strlen(text), &df, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return df;
}

static void check_target__when_bad_stage_is_not_needed__then_accepts(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct dockerfile *df = parse("FROM scratch AS a\nEXPOSE abc\n"
                                  "FROM scratch AS b\nFROM a\n");
    assert_int_equal(dockerfile_check_syntax(df, &err), 0);
    assert_int_equal(dockerfile_check_target(df, 1, &err), 0);
    assert_int_equal(dockerfile_check_target(df, 0, &err), ERR_INPUT);
    assert_int_equal(dockerfile_check_target(df, 2, &err), ERR_INPUT);
    assert_int_equal(err.line, 2);
    dockerfile_free(df);
}

static void instruction_from__when_complete__then_parts(void **state)
{
    (void)state;
    struct dockerfile *df = parse("FROM --platform=$P img:1 as Name\nFROM x\n");
    struct from_args from;
    assert_int_equal(instruction_from(&df->instructions[0], &from, NULL), 0);
    assert_string_equal(from.image, "img:1");
    assert_string_equal(from.platform, "$P");
    assert_string_equal(from.stage, "Name");
    assert_int_equal(instruction_from(&df->instructions[1], &from, NULL), 0);
    assert_null(from.platform);
    assert_null(from.stage);
    dockerfile_free(df);
}

static void instruction_run__when_mounts__then_parts(void **state)
{
    (void)state;
    struct dockerfile *df = parse(
        "FROM x\nRUN --mount=type=cache,target=/c,id=i,sharing=locked,uid=7,mode=0700 "
        "--mount=from=s,src=a,dst=/b,rw --mount=target=/r "
        "--mount=type=tmpfs,target=/t,size=1k "
        "--mount=type=secret,id=k,env=E,required --network=none cmd\nRUN x\n");
    struct run_args run;
    assert_int_equal(instruction_run(&df->instructions[1], &run, NULL), 0);
    assert_int_equal(run.mount_count, 5);
    assert_int_equal(run.mounts[0].type, MOUNT_CACHE);
    assert_int_equal(run.mounts[0].sharing, SHARING_LOCKED);
    assert_true(run.mounts[0].has_uid && run.mounts[0].has_mode);
    assert_false(run.mounts[0].has_gid || run.mounts[0].read_only);
    assert_int_equal(run.mounts[0].uid, 7);
    assert_int_equal(run.mounts[0].mode, 0700);
    assert_int_equal(run.mounts[1].type, MOUNT_BIND);
    assert_string_equal(run.mounts[1].from, "s");
    assert_string_equal(run.mounts[1].source, "a");
    assert_string_equal(run.mounts[1].target, "/b");
    assert_false(run.mounts[1].read_only);
    assert_true(run.mounts[2].read_only);
    assert_int_equal(run.mounts[3].size, 1024);
    assert_true(run.mounts[4].required);
    assert_string_equal(run.mounts[4].env, "E");
    assert_string_equal(run.network, "none");
    assert_string_equal(run.security, "sandbox");
    run_args_free(&run);
    assert_int_equal(instruction_run(&df->instructions[2], &run, NULL), 0);
    assert_string_equal(run.network, "default");
    run_args_free(&run);
    dockerfile_free(df);
}

static void instruction_copy__when_heredocs_mix__then_sources_are_paths(void **state)
{
    (void)state;
    struct dockerfile *df = parse("FROM x\nCOPY --chown=1:2 --link --exclude=*.o "
                                  "--exclude=b a <<E b /d/\nE\n"
                                  "ADD --unpack=false --keep-git-dir a /b\n");
    struct copy_args copy;
    assert_int_equal(instruction_copy(&df->instructions[1], &copy, NULL), 0);
    assert_int_equal(copy.sources.len, 2);
    assert_string_equal(copy.sources.items[1], "b");
    assert_string_equal(copy.dest, "/d/");
    assert_string_equal(copy.chown, "1:2");
    assert_true(copy.link);
    assert_false(copy.has_unpack);
    assert_int_equal(copy.excludes.len, 2);
    copy_args_free(&copy);
    assert_int_equal(instruction_copy(&df->instructions[2], &copy, NULL), 0);
    assert_true(copy.has_unpack && copy.keep_git_dir);
    assert_false(copy.unpack);
    copy_args_free(&copy);
    dockerfile_free(df);
}

static void instruction_healthcheck__when_options__then_values(void **state)
{
    (void)state;
    struct dockerfile *df =
        parse("FROM x\nHEALTHCHECK --interval=1m30s --timeout=0 --retries=3 CMD a\n"
              "HEALTHCHECK none\n");
    struct healthcheck_args health;
    assert_int_equal(instruction_healthcheck(&df->instructions[1], &health, NULL), 0);
    assert_true(health.has_interval && health.has_timeout && health.has_retries);
    assert_false(health.has_start_period || health.none);
    assert_int_equal(health.interval_ns, 90000000000);
    assert_int_equal(health.retries, 3);
    assert_int_equal(instruction_healthcheck(&df->instructions[2], &health, NULL), 0);
    assert_true(health.none);
    dockerfile_free(df);
}

static void duration_parse__when_go_accepts__then_nanoseconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0", 0},
        {"1h1m1.5s", 3661500000000},
        {"-1s", -1000000000},
        {".5s", 500000000},
        {"1.s", 1000000000},
        {"100us", 100000},
        {"1\302\265s", 1000},
        {"+2ms", 2000000},
        {"7ns", 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns;
        assert_int_equal(duration_parse(cases[i].text, &ns, NULL), 0);
        assert_int_equal(ns, cases[i].ns);
    }
    static const char *const bad[] = {"",   "s",         "1",   ".s",
                                      "1d", "99999999h", "1s ", "-"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_INIT;
        int64_t ns;
        assert_int_equal(duration_parse(bad[i], &ns, &err), ERR_INPUT);
    }
}

static void ports_parse__when_range__then_each(void **state)
{
    (void)state;
    struct strv ports = STRV_INIT;
    assert_int_equal(ports_parse("080-82/UDP", &ports, NULL), 0);
    assert_int_equal(ports_parse("127.0.0.1:1-2:3-4", &ports, NULL), 0);
    assert_int_equal(ports.len, 5);
    assert_string_equal(ports.items[0], "80/udp");
    assert_string_equal(ports.items[4], "4/tcp");
    strv_free(&ports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check__when_input_is_bad__then_says_where_and_what),
        cmocka_unit_test(check__when_engine_accepts__then_accepts),
        cmocka_unit_test(check_target__when_bad_stage_is_not_needed__then_accepts),
        cmocka_unit_test(instruction_from__when_complete__then_parts),
        cmocka_unit_test(instruction_run__when_mounts__then_parts),
        cmocka_unit_test(instruction_copy__when_heredocs_mix__then_sources_are_paths),
        cmocka_unit_test(instruction_healthcheck__when_options__then_values),
        cmocka_unit_test(duration_parse__when_go_accepts__then_nanoseconds),
        cmocka_unit_test(ports_parse__when_range__then_each),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
