/* SPDX-License-Identifier: MIT */
/* Causes that take more than one edit, and what is said to do about them. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/account.h"
#include "tests/unit/build/lab.h"

#define F "FROM busybox\n"

static const char *const files[] = {"a.txt=a", "d/x=x", "d/y=y", NULL};

static void open_lab(struct lab *lab)
{
    lab_open(lab, SEMANTICS_BUILDKIT);
    lab_files(lab, files);
}

static void build(struct lab *lab, const char *text, struct build_result *out)
{
    struct err err = ERR_INIT;
    if (lab_build(lab, text, out, &err) != 0)
        fail_msg("%s", err.msg);
}

/* A list that later builds only reuse is theirs too: it does not go with the first. */
static void list__reused_by_many_builds__is_kept(void **state)
{
    (void)state;
    struct lab lab;
    struct build_result r;
    open_lab(&lab);
    for (unsigned i = 0; i < 25; i++) {
        build(&lab, F "COPY d /d\n", &r);
        build_result_free(&r);
    }
    workspace_write(lab.ws, "d/x", "xx", 2, NULL);
    build(&lab, F "COPY d /d\n", &r);
    assert_int_equal(r.steps[1].miss->change_count, 1);
    assert_string_equal(r.steps[1].miss->text, "d/x: content 1 → 2 bytes");
    build_result_free(&r);
    lab_close(&lab);
}

/* The cause stands at a step that is itself reused, from an older build. */
static void cause__at_a_reused_step__is_named(void **state)
{
    (void)state;
    struct lab lab;
    struct build_result r;
    open_lab(&lab);
    build(&lab, F "COPY a.txt /a\n", &r);
    build_result_free(&r);
    workspace_write(lab.ws, "a.txt", "aa", 2, NULL);
    build(&lab, F "COPY a.txt /a\nRUN true\n", &r);
    build_result_free(&r);
    workspace_write(lab.ws, "a.txt", "a", 1, NULL);
    build(&lab, F "COPY a.txt /a\nRUN true\n", &r);
    assert_int_equal(r.steps[1].status, STEP_CACHED);
    const struct miss *m = r.steps[2].miss;
    assert_int_equal(m->reason, MISS_PARENT);
    assert_int_equal(m->root, 2);
    assert_string_equal(m->changes[0].name, "a.txt");
    build_result_free(&r);
    lab_close(&lab);
}

/* The record that came closest is not always that of the build before. */
static void closest__two_builds_ago__is_found(void **state)
{
    (void)state;
    struct lab lab;
    struct build_result r;
    struct account account;
    open_lab(&lab);
    build(&lab, F "COPY d /d\n", &r); /* build 1 */
    build_result_free(&r);
    workspace_write(lab.ws, "d/x", "2", 1, NULL);
    workspace_write(lab.ws, "d/y", "2", 1, NULL);
    build(&lab, F "COPY d /d\n", &r);
    build_result_free(&r);
    workspace_write(lab.ws, "d/x", "x", 1, NULL); /* as in build 1, but for d/y */
    workspace_write(lab.ws, "d/y", "333", 3, NULL);
    build(&lab, F "COPY d /d\n", &r);
    assert_int_equal(r.steps[1].miss->change_count, 2);
    assert_int_equal(account_load(lab.store, NULL, NULL, 10, &account, NULL), 0);
    assert_int_equal(account.number, 3);
    assert_int_equal(account.misses[1]->change_count, 2);
    assert_int_equal(account.closest[1].build, 1);
    assert_int_equal(account.closest[1].miss->total, 1);
    account_free(&account);
    build_result_free(&r);
    lab_close(&lab);
}

struct advice {
    const char *before, *after; /* Dockerfiles; after NULL: the same */
    const char *path, *text;    /* a file written in between, NULL: none */
    unsigned step;
    const char *remedy; /* a part of it, NULL: none is told */
};

#define INSTALL F "COPY . /all\nRUN true || npm ci\n"

static const struct advice advices[] = {
    {F "COPY . /all\n", NULL, "d/e.log", "l", 2, "add to .dockerignore: **/*.log"},
    {F "COPY . /all\n", NULL, "__pycache__/e.pyc", "l", 2, "**/__pycache__"},
    {F "COPY . /all\n", NULL, ".git/HEAD", "l", 2, ".git"},
    {F "COPY e.log /e\n", NULL, "e.log", "other", 2, NULL},
    {F "COPY . /all\n", NULL, "d/x", "other", 2, NULL},
    {INSTALL, NULL, "d/x", "other", 2, "split this COPY: package.json before step 3"},
    {INSTALL, NULL, "package.json", "other", 2, NULL},
    {F "ARG V=1\nRUN true\n", F "ARG V=2\nRUN true\n", NULL, NULL, 3,
     "move ARG V to the end of the stage"},
    {F "ARG V=1\nRUN true\nRUN echo $V\n", F "ARG V=2\nRUN true\nRUN echo $V\n", NULL,
     NULL, 3, "move ARG V down to just above that line"},
    {F "ARG V=1\nRUN echo $V\n", F "ARG V=2\nRUN echo $V\n", NULL, NULL, 3, NULL},
};

static void remedy__where_one_is_known__is_told(void **state)
{
    (void)state;
    static const char *const more[] = {"package.json={}", "e.log=log",
                                       "Dockerfile=", NULL};
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        const struct advice *a = &advices[i];
        struct lab lab;
        struct build_result r;
        open_lab(&lab);
        lab_files(&lab, more);
        build(&lab, a->before, &r);
        build_result_free(&r);
        if (a->path != NULL)
            workspace_write(lab.ws, a->path, a->text, strlen(a->text), NULL);
        build(&lab, a->after != NULL ? a->after : a->before, &r);
        const struct miss *m = r.steps[a->step - 1].miss;
        assert_non_null(m);
        if (a->remedy == NULL ? m->remedy != NULL
                              : m->remedy == NULL || !strstr(m->remedy, a->remedy))
            fail_msg("row %zu: %s", i, m->remedy != NULL ? m->remedy : "(none)");
        build_result_free(&r);
        lab_close(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list__reused_by_many_builds__is_kept),
        cmocka_unit_test(cause__at_a_reused_step__is_named),
        cmocka_unit_test(closest__two_builds_ago__is_found),
        cmocka_unit_test(remedy__where_one_is_known__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
