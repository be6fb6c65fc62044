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
    unsigned refused = 0;
    for (size_t i = 0; i < sizeof lint_cases / sizeof lint_cases[0]; i++) {
        struct err err = ERR_INIT;
        struct lint_report report = {0};
        struct lint_options options = {.excluded = excluded};
        struct buf got = BUF_INIT;
        struct dockerfile *df = parse(lint_cases[i].text);
        if (dockerfile_lint(df, &options, &report, &err) != 0) {
            assert_int_equal(err.line, 2);
            refused++;
        }
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
    assert_int_equal(refused, 2); /* ${b:?x}, and a port without a number */
}

static void lint__when_error_is_asked_for__then_report_says_so(void **state)
{
    (void)state;
    struct lint_report report = {0};
    struct dockerfile *df = parse("# check=skip=FromAsCasing;error=true\n"
                                  "FROM scratch as Foo\n");
    assert_int_equal(dockerfile_lint(df, NULL, &report, NULL), 0);
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
    assert_int_equal(dockerfile_lint(df, NULL, &report, NULL), 0);
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
    assert_int_equal(dockerfile_lint(df, NULL, &report, &err), ERR_INPUT);
    assert_int_equal(err.line, 2);
    assert_int_equal(report.len, 0);
    dockerfile_free(df);
}

/* Warnings as "line:rule" words. */
static void assert_warnings(const char *text, const struct lint_options *options,
                            const char *wanted)
{
    struct lint_report report = {0};
    struct buf got = BUF_INIT;
    struct dockerfile *df = parse(text);
    (void)dockerfile_lint(df, options, &report, NULL);
    for (size_t i = 0; i < report.len; i++)
        buf_addf(&got, "%s%u:%s", i != 0 ? " " : "", report.warnings[i].line,
                 report.warnings[i].rule);
    assert_string_equal(buf_str(&got), wanted);
    buf_free(&got);
    lint_report_free(&report);
    dockerfile_free(df);
}

static bool env_of_tool(void *payload, const char *name, struct strv *env)
{
    (void)payload;
    if (strcmp(name, "tool") == 0)
        strv_add(env, "TOOL_HOME=/tool");
    return strcmp(name, "tool") == 0;
}

static void lint__when_image_is_known__then_its_variables_are(void **state)
{
    (void)state;
    const struct lint_options options = {.image_env = env_of_tool};
    assert_warnings("FROM tool AS a\nENV b=$TOOL_HOME c=$TOOL_X\n"
                    "FROM a\nENV d=$TOOL_HOME e=$LANG\n",
                    &options, "2:UndefinedVar 4:UndefinedVar");
    /* Not known: nothing is said of what such images often define. */
    assert_warnings("FROM other\nENV b=$OTHER_HOME c=$LANG d=${E:?no}\nCMD x\n",
                    &options, "2:UndefinedVar 3:JSONArgsRecommended");
}

static void lint__when_comment_above_says_check__then_for_that_line(void **state)
{
    (void)state;
    assert_warnings("FROM scratch\n# check=skip=JSONArgsRecommended because\n"
                    "CMD x\nENTRYPOINT y\n",
                    NULL, "4:JSONArgsRecommended");
    assert_warnings(
        "FROM scratch\n# why\n# Check = skip=all\n# check=error=true\nCMD x\n", NULL,
        "");
    assert_warnings("FROM scratch\n# check=skip=all;oops\nCMD x\n", NULL,
                    "3:JSONArgsRecommended");
    assert_warnings("# check = skip=StageNameCasing , MaintainerDeprecated\n"
                    "FROM scratch AS A\nMAINTAINER x\n",
                    NULL, "3:MaintainerDeprecated");
    assert_warnings("FROM scratch\n# check=experimental=all\n# y\nARG x\n", NULL,
                    "4:InvalidDefinitionDescription");
}

static void lint__when_a_word_is_wrong__then_what_follows_is_not_judged(void **state)
{
    (void)state;
    struct strv args = STRV_INIT;
    strv_add(&args, "V=given");
    const struct lint_options options = {.build_args = &args};
    const char *text = "FROM scratch AS A\nARG V=${x:?no}\nCMD x\nMAINTAINER me\n";
    assert_warnings(text, NULL,
                    "1:StageNameCasing 2:UndefinedVar 4:MaintainerDeprecated");
    assert_warnings(text, &options,
                    "1:StageNameCasing 3:JSONArgsRecommended 4:MaintainerDeprecated");
    assert_warnings("FROM scratch\nSTOPSIGNAL NONE\nCMD x\n", NULL, "");
    assert_warnings("FROM scratch\nCOPY --chmod=9 a b\nCMD x\n", NULL, "");
    strv_free(&args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lint__when_engine_answer_is_recorded__then_agrees),
        cmocka_unit_test(lint__when_error_is_asked_for__then_report_says_so),
        cmocka_unit_test(lint__when_image_defines_the_name__then_no_warning),
        cmocka_unit_test(lint__when_file_is_wrong__then_its_error_is_returned),
        cmocka_unit_test(lint__when_image_is_known__then_its_variables_are),
        cmocka_unit_test(lint__when_comment_above_says_check__then_for_that_line),
        cmocka_unit_test(lint__when_a_word_is_wrong__then_what_follows_is_not_judged),
    };
    return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
