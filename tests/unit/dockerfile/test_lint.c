/* SPDX-License-Identifier: MIT */
/* Warnings against recorded answers of the engine. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/dockerfile/instruction.h"
#include "tests/unit/dockerfile/lint_cases.h"

static bool excluded(void *payload, const char *path)
{
    (void)payload;
    return strcmp(path, "tmp") == 0 || strncmp(path, "tmp/", 4) == 0 ||
           strcmp(path, "keep/no") == 0;
}

static int by_line_rule_text(const void *a, const void *b)
{
    const struct lint_warning *v = a, *w = b;
    if (v->line != w->line)
        return v->line < w->line ? -1 : 1;
    int order = strcmp(v->rule, w->rule);
    return order != 0 ? order : strcmp(v->message, w->message);
}

static struct dockerfile *parse(const char *text)
{
    struct err err = ERR_INIT;
    struct dockerfile *df = NULL;
    if (dockerfile_parse("Dockerfile", text, strlen(text), &df, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return df;
}

static void lint__when_engine_answer_is_recorded__then_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lint_cases / sizeof lint_cases[0]; i++) {
        struct err err = ERR_INIT;
        struct lint_report report = {0};
        struct buf got = BUF_INIT;
        struct dockerfile *df = parse(lint_cases[i].text);
        if (dockerfile_lint(df, excluded, NULL, &report, &err) != 0)
            fail_msg("%s: refused: %s", lint_cases[i].text, err.msg);
        for (size_t k = 1; k < report.len; k++)
            assert_true(report.warnings[k - 1].line <= report.warnings[k].line);
        if (report.len > 0)
            qsort(report.warnings, report.len, sizeof *report.warnings,
                  by_line_rule_text);
        for (size_t k = 0; k < report.len; k++)
            buf_addf(&got, "%u:%s:%s\n", report.warnings[k].line,
                     report.warnings[k].rule, report.warnings[k].message);
        if (strcmp(buf_str(&got), lint_cases[i].warnings) != 0)
            fail_msg("%s\n--- engine\n%s--- here\n%s", lint_cases[i].text,
                     lint_cases[i].warnings, buf_str(&got));
        buf_free(&got);
        lint_report_free(&report);
        dockerfile_free(df);
    }
}

static void lint__when_error_is_asked_for__then_report_says_so(void **state)
{
    (void)state;
    struct lint_report report = {0};
    struct dockerfile *df = parse("# check=skip=FromAsCasing;error=true\n"
                                  "FROM scratch as Foo\n");
    assert_int_equal(dockerfile_lint(df, NULL, NULL, &report, NULL), 0);
    assert_true(report.is_error);
    assert_int_equal(report.len, 1);
    assert_string_equal(
        report.warnings[0].url,
        "https://docs.docker.com/go/dockerfile/rule/stage-name-casing/");
    lint_report_free(&report);
    dockerfile_free(df);
}

static void lint__when_image_defines_the_name__then_no_warning(void **state)
{
    (void)state;
    struct lint_report report = {0};
    struct dockerfile *df = parse("FROM docker.io/library/python:3.11 AS base\n"
                                  "ENV a=$PYTHON_VERSION\nFROM base\n"
                                  "ENV b=$PYTHON_VERSION c=$PYTHONX\n");
    assert_int_equal(dockerfile_lint(df, NULL, NULL, &report, NULL), 0);
    assert_int_equal(report.len, 1);
    assert_non_null(strstr(report.warnings[0].message, "$PYTHONX"));
    lint_report_free(&report);
    dockerfile_free(df);
}

static void lint__when_file_is_wrong__then_its_error_is_returned(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct lint_report report = {0};
    struct dockerfile *df = parse("FROM scratch\nRUNN x\n");
    assert_int_equal(dockerfile_lint(df, NULL, NULL, &report, &err), ERR_INPUT);
    assert_int_equal(err.line, 2);
    assert_int_equal(report.len, 0);
    dockerfile_free(df);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lint__when_engine_answer_is_recorded__then_agrees),
        cmocka_unit_test(lint__when_error_is_asked_for__then_report_says_so),
        cmocka_unit_test(lint__when_image_defines_the_name__then_no_warning),
        cmocka_unit_test(lint__when_file_is_wrong__then_its_error_is_returned),
    };
    return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
