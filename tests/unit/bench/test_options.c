/* SPDX-License-Identifier: MIT */
/* The option parser: forms of options, refusals, guesses, help. */
#include "tests/support.h"

#include <string.h>

#include "bench/cmd.h"
#include "bench/options.h"
#include "sim/base/mem.h"

struct values {
    bool flag, other;
    const char *text;
    struct strv list;
    unsigned number;
    int choice;
};

static const struct option_spec specs[] = {
    {"flag", 'f', OPTION_FLAG, offsetof(struct values, flag), NULL, "a flag", 0},
    {"other", 'x', OPTION_FLAG, offsetof(struct values, other), NULL, "another", 0},
    {"text", 't', OPTION_TEXT, offsetof(struct values, text), "WORD", "a word", 0},
    {"list", 'l', OPTION_LIST, offsetof(struct values, list), "WORD", "words", 0},
    {"number", 'n', OPTION_NUMBER, offsetof(struct values, number), "N", "number", 1},
    {"choice", 0, OPTION_CHOICE, offsetof(struct values, choice), "red|green|blue",
     "colour", 0},
};

struct outcome {
    struct values values;
    struct operands operands;
    struct err err;
    int code;
};

static struct outcome parse(const char *const *words)
{
    struct outcome o = {0};
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    struct option_set set = {specs, sizeof specs / sizeof *specs, &o.values};
    o.code = options_parse(&set, 1, words, count, &o.operands, &o.err);
    return o;
}

static void forget(struct outcome *o)
{
    strv_free(&o->values.list);
    operands_free(&o->operands);
}

static void options__every_form__is_understood(void **state)
{
    (void)state;
    const char *words[] = {"one", "-fx",        "--text", "a",  "-lb", "-l",
                           "c",   "--list=d=e", "two",    "-n", "7",   "--choice=green",
                           "--",  "--flag",     "-t",     NULL};
    struct outcome o = parse(words);
    assert_int_equal(o.code, 0);
    assert_true(o.values.flag && o.values.other);
    assert_string_equal(o.values.text, "a");
    assert_int_equal(o.values.list.len, 3);
    assert_string_equal(o.values.list.items[0], "b");
    assert_string_equal(o.values.list.items[1], "c");
    assert_string_equal(o.values.list.items[2], "d=e");
    assert_int_equal(o.values.number, 7);
    assert_int_equal(o.values.choice, 1);
    assert_int_equal(o.operands.len, 4);
    assert_string_equal(o.operands.items[2], "--flag");
    forget(&o);
}

static void options__lone_dash__is_an_operand(void **state)
{
    (void)state;
    const char *words[] = {"-", "-t", "-", NULL};
    struct outcome o = parse(words);
    assert_int_equal(o.code, 0);
    assert_int_equal(o.operands.len, 1);
    assert_string_equal(o.values.text, "-");
    forget(&o);
}

static void options__flag_with_false__is_taken_back(void **state)
{
    (void)state;
    const char *words[] = {"--flag", "--flag=false", "--other=true", NULL};
    struct outcome o = parse(words);
    assert_int_equal(o.code, 0);
    assert_false(o.values.flag);
    assert_true(o.values.other);
    forget(&o);
}

static void options__wrong_words__are_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *words[3];
        const char *message, *hint;
    } cases[] = {
        {{"--textt", "a"}, "unknown option '--textt'", "did you mean --text?"},
        {{"--zzzzzz=1"}, "unknown option '--zzzzzz'", "--help lists"},
        {{"-fz"}, "unknown option '-fz'", "--help"},
        {{"--text"}, "--text needs a value: WORD", ""},
        {{"-t"}, "--text needs a value", ""},
        {{"--flag=maybe"}, "--flag takes no value", ""},
        {{"--number", "0"}, "a whole number from 1", ""},
        {{"--number=-1"}, "a whole number", ""},
        {{"--number=3x"}, "a whole number", ""},
        {{"--number=99999999999999999999"}, "a whole number", ""},
        {{"--choice", "gree"}, "--choice knows no 'gree'", "one of red|green|blue"},
        {{"--choice="}, "--choice knows no ''", "one of"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *words[] = {cases[i].words[0], cases[i].words[1], NULL};
        struct outcome o = parse(words);
        assert_int_equal(o.code, ERR_INPUT);
        assert_non_null(strstr(o.err.msg, cases[i].message));
        assert_non_null(strstr(o.err.hint, cases[i].hint));
        forget(&o);
    }
}

static void options__takes_next__knows_which_words_belong_together(void **state)
{
    (void)state;
    struct option_set set = {specs, sizeof specs / sizeof *specs, NULL};
    static const struct {
        const char *word;
        bool takes;
    } cases[] = {{"--text", true},    {"--text=a", false}, {"-t", true},
                 {"-ta", false},      {"-ft", true},       {"-f", false},
                 {"-z", false},       {"--flag", false},   {"-", false},
                 {"--unknown", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(options_takes_next(&set, 1, cases[i].word), cases[i].takes);
}

static void options__nearest__finds_what_was_meant(void **state)
{
    (void)state;
    const char *names[] = {"build", "history", "images", "check-ignore", NULL};
    assert_string_equal(options_nearest("biuld", names), "build");
    assert_string_equal(options_nearest("image", names), "images");
    assert_string_equal(options_nearest("hist", names), "history");
    assert_string_equal(options_nearest("check_ignore", names), "check-ignore");
    assert_null(options_nearest("frobnicate", names));
    assert_null(options_nearest("", names));
}

static void options__describe__names_every_option(void **state)
{
    (void)state;
    AUTO_BUF out = BUF_INIT;
    options_describe(specs, sizeof specs / sizeof *specs, &out);
    assert_non_null(strstr(out.data, "  -f, --flag "));
    assert_non_null(strstr(out.data, "      --choice red|green|blue"));
    assert_non_null(strstr(out.data, "words (repeatable)\n"));
}

/* Which word is the command is found without knowing the command: that works as long as
 * an option's name means the same arity everywhere. */
static void commands__same_option__takes_the_same_number_of_words(void **state)
{
    (void)state;
    for (const struct command *const *a = bench_commands(); *a != NULL; a++)
        for (const struct command *const *b = a; *b != NULL; b++)
            for (size_t i = 0; i < (*a)->option_count; i++)
                for (size_t j = 0; j < (*b)->option_count; j++) {
                    const struct option_spec *x = &(*a)->options[i];
                    const struct option_spec *y = &(*b)->options[j];
                    bool flag = x->kind == OPTION_FLAG;
                    if (strcmp(x->name, y->name) == 0 ||
                        (x->letter != '\0' && x->letter == y->letter))
                        assert_int_equal(flag, y->kind == OPTION_FLAG);
                }
}

static void commands__each__can_be_found_and_is_described(void **state)
{
    (void)state;
    for (const struct command *const *c = bench_commands(); *c != NULL; c++) {
        assert_ptr_equal(bench_command_find((*c)->name), *c);
        assert_true(strlen((*c)->summary) > 10 && strlen((*c)->summary) < 70);
        assert_true((*c)->values_size > 0);
        assert_true((*c)->least_operands <= (*c)->most_operands);
    }
    assert_null(bench_command_find("explode"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options__every_form__is_understood),
        cmocka_unit_test(options__lone_dash__is_an_operand),
        cmocka_unit_test(options__flag_with_false__is_taken_back),
        cmocka_unit_test(options__wrong_words__are_refused_with_the_reason),
        cmocka_unit_test(options__takes_next__knows_which_words_belong_together),
        cmocka_unit_test(options__nearest__finds_what_was_meant),
        cmocka_unit_test(options__describe__names_every_option),
        cmocka_unit_test(commands__same_option__takes_the_same_number_of_words),
        cmocka_unit_test(commands__each__can_be_found_and_is_described),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
