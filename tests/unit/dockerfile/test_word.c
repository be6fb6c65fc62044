/* SPDX-License-Identifier: MIT */
/* Word expansion against recorded answers of the engine, and our own options. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/dockerfile/word.h"
#include "tests/unit/dockerfile/word_cases.h"

static const char *look_up(void *payload, const char *name)
{
    return env_get(payload, name);
}

static struct strv variables(void)
{
    static const char *const pairs[] = {
        "x=val", "e=", "p=/a/b/c/b.txt", "q=a  b", "st=a*b", "br=a[b]c", "nl=a\nb"};
    struct strv env = STRV_INIT;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        strv_add(&env, pairs[i]);
    return env;
}

static void word_expand__when_engine_answer_is_recorded__then_agrees(void **state)
{
    (void)state;
    struct strv env = variables();
    const struct word_options options = {
        .escape = '\\', .lookup = look_up, .payload = &env};
    for (size_t i = 0; i < sizeof word_cases / sizeof word_cases[0]; i++) {
        struct err err = ERR_INIT;
        char *out = NULL;
        int rc = word_expand(word_cases[i].word, &options, &out, &err);
        if (word_cases[i].value != NULL && rc != 0)
            fail_msg("%s: refused: %s", word_cases[i].word, err.msg);
        if (word_cases[i].value != NULL && strcmp(out, word_cases[i].value) != 0)
            fail_msg("%s: %s, not %s", word_cases[i].word, out, word_cases[i].value);
        if (word_cases[i].message != NULL &&
            (rc != ERR_INPUT || strstr(err.msg, word_cases[i].message) == NULL))
            fail_msg("%s: %d %s, not: %s", word_cases[i].word, rc, err.msg,
                     word_cases[i].message);
        free(out);
    }
    strv_free(&env);
}

static void expect(const char *word, struct word_options options, const char *value)
{
    struct strv env = variables();
    struct err err = ERR_INIT;
    char *out = NULL;
    options.lookup = look_up;
    options.payload = &env;
    if (word_expand(word, &options, &out, &err) != 0)
        fail_msg("%s: refused: %s", word, err.msg);
    assert_string_equal(out, value);
    free(out);
    strv_free(&env);
}

static void
word_expand__when_escape_is_a_backtick__then_backslash_is_plain(void **state)
{
    (void)state;
    expect("C:\\a`$x`\\$x", (struct word_options){.escape = '`'}, "C:\\a$x\\val");
    expect("\"`\"\\n\"", (struct word_options){.escape = '`'}, "\"\\n");
}

static void word_expand__when_quotes_are_kept__then_they_do_not_hide_names(void **state)
{
    (void)state;
    const struct word_options body = {.escape = '\\', .keep_quotes = true};
    expect("a 'b $x' \"$x\" it's \\$x\n", body, "a 'b val' \"val\" it's $x\n");
    /* As the engine writes the body of COPY <<E. */
    expect("a\\nb \\\\ \\\" \\' \"\\$x\" a\\\nb", body, "anb \\ \" ' \"$x\" a\nb");
    expect("${u:-\"q\"} ${u:-'q'} ${x/v/\"w\"} ${u:-a\"b}", body,
           "\"q\" 'q' \"w\"al a\"b");
    const struct word_options escapes = {
        .escape = '\\', .keep_quotes = true, .keep_escapes = true};
    expect("\\n \\$x \\\\ \\", escapes, "\\n $x \\ \\");
}

static void word_expand__when_value_has_lines__then_wildcards_cross_them(void **state)
{
    (void)state;
    const struct word_options plain = {.escape = '\\'};
    expect("${nl#a*}", plain, "\nb");
    expect("${nl##a*}", plain, "");
    expect("${nl/?b/Z}", plain, "aZ");
}

static void word_expand__when_names_are_unset__then_collects_each_once(void **state)
{
    (void)state;
    struct strv unset = STRV_INIT;
    const struct word_options options = {.escape = '\\', .unset = &unset};
    char *out;
    assert_int_equal(word_expand("$a${b:-$c}$a'$d'\\$e", &options, &out, NULL), 0);
    free(out);
    assert_int_equal(unset.len, 3);
    assert_true(strv_contains(&unset, "a"));
    assert_true(strv_contains(&unset, "b"));
    assert_true(strv_contains(&unset, "c"));
    strv_free(&unset);
}

static void
word_expand_split__when_blanks_stand_outside_quotes__then_splits(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *words[4];
    } cases[] = {
        {"a b", {"a", "b"}},
        {" a  'b c' ", {"a", "b c"}},
        {"$q", {"a", "b"}},
        {"\"$q\"", {"a  b"}},
        {"a\\ b", {"a b"}},
        {"''", {""}},
        {"$u", {NULL}},
        {"a$e b", {"a", "b"}},
        {"${u:-c d}e", {"c", "de"}},
        {"a\302\240b", {"a", "b"}},
    };
    struct strv env = variables();
    const struct word_options options = {
        .escape = '\\', .lookup = look_up, .payload = &env};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strv words = STRV_INIT;
        size_t n = 0;
        assert_int_equal(word_expand_split(cases[i].word, &options, &words, NULL), 0);
        for (; n < 4 && cases[i].words[n] != NULL; n++) {
            assert_true(n < words.len);
            assert_string_equal(words.items[n], cases[i].words[n]);
        }
        assert_int_equal(words.len, n);
        strv_free(&words);
    }
    strv_free(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(word_expand__when_engine_answer_is_recorded__then_agrees),
        cmocka_unit_test(
            word_expand__when_escape_is_a_backtick__then_backslash_is_plain),
        cmocka_unit_test(
            word_expand__when_quotes_are_kept__then_they_do_not_hide_names),
        cmocka_unit_test(word_expand__when_value_has_lines__then_wildcards_cross_them),
        cmocka_unit_test(word_expand__when_names_are_unset__then_collects_each_once),
        cmocka_unit_test(
            word_expand_split__when_blanks_stand_outside_quotes__then_splits),
    };
    return cmocka_run_group_tests_name("word", tests, NULL, NULL);
}
