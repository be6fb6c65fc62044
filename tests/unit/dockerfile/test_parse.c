/* SPDX-License-Identifier: MIT */
/* Syntax tree of the contract's section 4, member by member. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/dockerfile/dockerfile.h"

static struct dockerfile *parse(const char *text)
{
    struct err err = ERR_INIT;
    struct dockerfile *df = NULL;
    if (dockerfile_parse("Dockerfile", text, strlen(text), &df, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return df;
}

/* The JSON without white space between instructions. */
static const struct {
    const char *text, *json;
} trees[] = {
    {"FROM scratch\n",
     "{\"line\":1,\"end_line\":1,\"instruction\":\"from\",\"flags\":[],"
     "\"args\":[\"scratch\"],\"json\":false,\"heredocs\":[],"
     "\"original\":\"FROM scratch\"}"},
    {"  Run a \\\n\n # c\n   b  \n",
     "{\"line\":1,\"end_line\":4,\"instruction\":\"run\",\"flags\":[],"
     "\"args\":[\"a    b\"],\"json\":false,\"heredocs\":[],"
     "\"original\":\"Run a    b  \"}"},
    {"COPY --from=\"x y\" --link -- --a b\r\n",
     "{\"line\":1,\"end_line\":1,\"instruction\":\"copy\","
     "\"flags\":[\"--from=x y\",\"--link\"],\"args\":[\"--a\",\"b\"],\"json\":false,"
     "\"heredocs\":[],\"original\":\"COPY --from=\\\"x y\\\" --link -- --a b\"}"},
    {"RUN 3<<-\"E F\" cat <<G\n\ta\n\t\tE F\n$x\nG",
     "{\"line\":1,\"end_line\":5,\"instruction\":\"run\",\"flags\":[],"
     "\"args\":[\"3<<-\\\"E F\\\" cat <<G\"],\"json\":false,\"heredocs\":["
     "{\"name\":\"E "
     "F\",\"content\":\"\\ta\\n\",\"expand\":false,\"chomp\":true,\"fd\":3},"
     "{\"name\":\"G\",\"content\":\"$x\\n\",\"expand\":true,\"chomp\":false,\"fd\":0}],"
     "\"original\":\"RUN 3<<-\\\"E F\\\" cat <<G\"}"},
    {"ENV a=\"b c\" 'd'=\\ e\n",
     "{\"line\":1,\"end_line\":1,\"instruction\":\"env\",\"flags\":[],"
     "\"args\":[\"a\",\"\\\"b c\\\"\",\"'d'\",\"\\\\ "
     "e\"],\"json\":false,\"heredocs\":[],"
     "\"original\":\"ENV a=\\\"b c\\\" 'd'=\\\\ e\"}"},
    {"LABEL k  v w\n",
     "{\"line\":1,\"end_line\":1,\"instruction\":\"label\",\"flags\":[],"
     "\"args\":[\"k\",\"v w\"],\"json\":false,\"heredocs\":[],"
     "\"original\":\"LABEL k  v w\"}"},
    {"healthcheck --retries=2 cmd [\"a\", \"b\"]\n",
     "{\"line\":1,\"end_line\":1,\"instruction\":\"healthcheck\","
     "\"flags\":[\"--retries=2\"],\"args\":[\"cmd\",\"a\",\"b\"],\"json\":true,"
     "\"heredocs\":[],\"original\":\"healthcheck --retries=2 cmd [\\\"a\\\", "
     "\\\"b\\\"]\"}"},
    {"ONBUILD COPY --link <<E /x\ny\nE\n",
     "{\"line\":1,\"end_line\":3,\"instruction\":\"onbuild\",\"flags\":[],\"args\":[],"
     "\"json\":false,\"heredocs\":[],\"original\":\"ONBUILD COPY --link <<E /x\","
     "\"onbuild\":{\"line\":1,\"end_line\":3,\"instruction\":\"copy\","
     "\"flags\":[\"--link\"],\"args\":[\"<<E\",\"/x\"],\"json\":false,"
     "\"heredocs\":[{\"name\":\"E\",\"content\":\"y\\n\",\"expand\":true,"
     "\"chomp\":false,\"fd\":0}],\"original\":\"COPY --link <<E /x\"}}"},
    {"foo [\"a\"] \xff\n",
     "{\"line\":1,\"end_line\":1,\"instruction\":\"foo\",\"flags\":[],\"args\":[],"
     "\"json\":false,\"heredocs\":[],\"original\":\"foo [\\\"a\\\"] \xef\xbf\xbd\"}"},
};

static void to_json__when_parsed__then_every_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        struct dockerfile *df = parse(trees[i].text);
        struct buf json = BUF_INIT, expected = BUF_INIT;
        dockerfile_to_json(df, &json);
        buf_addf(&expected, "{\"directives\":{},\"instructions\":[\n%s\n]}\n",
                 trees[i].json);
        assert_string_equal(buf_str(&json), buf_str(&expected));
        buf_free(&json);
        buf_free(&expected);
        dockerfile_free(df);
    }
}

static void to_json__when_directives__then_lower_case_names(void **state)
{
    (void)state;
    struct dockerfile *df = parse("\xef\xbb\xbf#  Escape = ` \r\n# SYNTAX=a/b:1\n"
                                  "# check=skip=all\n\n#syntax=late\nRUN a`\nb\n");
    assert_int_equal(df->directive_count, 3);
    assert_string_equal(df->directives[0].name, "escape");
    assert_string_equal(df->directives[1].value, "a/b:1");
    assert_int_equal(df->directives[2].line, 3);
    assert_int_equal(df->escape, '`');
    assert_string_equal(df->instructions[0].original, "RUN ab");
    dockerfile_free(df);
}

/* The rest of `CMD REST`: JSON words joined by "|", or NULL for the shell form. */
static const struct {
    const char *rest, *words;
} json_forms[] = {
    {"[]", ""},
    {"[ \"a\" , \"b\" ]", "a|b"},
    {"[\"\\u00e9\\ud83d\\ude00\\ud800\"]", "\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd"},
    {"[\"\\n\\\"\\\\\\/\"]", "\n\"\\/"},
    {"[\"a\"] b", NULL},
    {"[\"a\"]]", NULL},
    {"[\"a\",]", NULL},
    {"[\"a\" \"b\"]", NULL},
    {"['a']", NULL},
    {"[\"a\tb\"]", NULL},
    {"[\"a\\q\"]", NULL},
    {"[1] x", NULL},
    {"[01]", NULL},
    {"[{\"a\":}]", NULL},
    {"[a", NULL},
    {"[[[[", NULL},
};

static void parse__when_text_looks_like_json__then_docker_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof json_forms / sizeof json_forms[0]; i++) {
        struct buf text = BUF_INIT, words = BUF_INIT;
        buf_addf(&text, "CMD %s\n", json_forms[i].rest);
        struct dockerfile *df = parse(buf_str(&text));
        const struct instruction *in = &df->instructions[0];
        assert_int_equal(in->json, json_forms[i].words != NULL);
        for (size_t k = 0; k < in->args.len; k++)
            buf_addf(&words, "%s%s", k > 0 ? "|" : "", in->args.items[k]);
        assert_string_equal(buf_str(&words), json_forms[i].words != NULL
                                                 ? json_forms[i].words
                                                 : json_forms[i].rest);
        buf_free(&text);
        buf_free(&words);
        dockerfile_free(df);
    }
}

static void parse__when_json_array_is_mixed__then_error(void **state)
{
    (void)state;
    static const char *const mixed[] = {
        "CMD [1]",         "CMD [\"a\",null]",   "CMD [\"a\",[1,{\"x\":[]}]]",
        "CMD [{}]",        "CMD [-1.5e+3,true]", "VOLUME [[],\"a\"]",
        "CMD [{\"a\":{}}]"};
    for (size_t i = 0; i < sizeof mixed / sizeof mixed[0]; i++) {
        struct dockerfile *df = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(dockerfile_parse("D", mixed[i], strlen(mixed[i]), &df, &err),
                         ERR_INPUT);
        assert_non_null(strstr(err.msg, "comprised of strings only"));
    }
}

/* Whether the line opens heredocs: names joined by "|". */
static const struct {
    const char *line, *names;
} heredoc_lines[] = {
    {"RUN cat <<A <<'B'", "A|B"},
    {"RUN cat<<A", ""},
    {"RUN cat <<<A", ""},
    {"RUN cat << A 3<< 'B'", "A|B"},
    {"RUN cat << -A", "-A"},
    {"RUN cat << <<A", ""},
    {"RUN cat <<", ""},
    {"RUN cat <<- A", ""},
    {"RUN echo \"<<A\"", ""},
    {"RUN cat <<A it's", ""},
    {"RUN cat <<\"\"", ""},
    {"RUN cat <<A>x", "A>x"},
    {"RUN cat <<\\A", "A"},
    {"RUN cat <<'A'B", "AB"},
    {"RUN cat <<$x", "$x"},
    {"CMD cat <<A", ""},
    {"COPY <<A <<A /x/", "A|A"},
    {"ADD <<A /x", "A"},
    {"ENV a=<<A", ""},
    {"RUN [\"<<A\"]", ""},
    {"COPY [\"<<A\",\"/x\"]", ""},
};

static void parse__when_line_opens_heredocs__then_their_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heredoc_lines / sizeof heredoc_lines[0]; i++) {
        struct buf text = BUF_INIT, names = BUF_INIT;
        buf_addf(&text, "%s\n", heredoc_lines[i].line);
        char *list = xstrdup(heredoc_lines[i].names), *at = list;
        for (char *name; (name = strsep(&at, "|")) != NULL && *name != '\0';)
            buf_addf(&text, "body\n%s\n", name);
        struct dockerfile *df = parse(buf_str(&text));
        assert_int_equal(df->instruction_count, 1);
        const struct instruction *in = &df->instructions[0];
        for (size_t k = 0; k < in->heredoc_count; k++)
            buf_addf(&names, "%s%s", k > 0 ? "|" : "", in->heredocs[k].name);
        assert_string_equal(buf_str(&names), heredoc_lines[i].names);
        free(list);
        buf_free(&text);
        buf_free(&names);
        dockerfile_free(df);
    }
}

static void parse__when_continued__then_text_has_single_blanks(void **state)
{
    (void)state;
    struct dockerfile *df = parse("RUN a && \\\n     b\\\n\tc  \nRUN  x  y \n\\\n"
                                  "ENV q=\\\\\nENV z=1 \\");
    assert_string_equal(df->instructions[0].text, "RUN a && b c");
    assert_string_equal(df->instructions[1].text, "RUN  x  y");
    assert_string_equal(df->instructions[1].rest, "x  y");
    assert_string_equal(df->instructions[2].original, "ENV q=\\\\");
    assert_int_equal(df->instructions[2].line, 6);
    assert_string_equal(df->instructions[3].text, "ENV z=1");
    dockerfile_free(df);
}

static void parse__when_annotated__then_only_directly_above(void **state)
{
    (void)state;
    struct dockerfile *df =
        parse("#simbench: time=1s\nRUN a\n# simbench:  time=2s  \n# more\nRUN b\n"
              "# simbench: time=3s\n\nRUN c\n# x\n  # simbench: time=4s\nRUN d \\\n"
              "# simbench: time=5s\n e\nRUN f\n");
    assert_string_equal(df->instructions[0].annotation, "time=1s");
    assert_null(df->instructions[1].annotation);
    assert_null(df->instructions[2].annotation);
    assert_string_equal(df->instructions[3].annotation, "time=4s");
    assert_null(df->instructions[4].annotation);
    assert_string_equal(df->instructions[1].comment, "simbench:  time=2s\nmore");
    dockerfile_free(df);
}

static void parse__when_too_large__then_error(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct dockerfile *df = NULL;
    struct err err = ERR_INIT;
    while (text.len <= DOCKERFILE_LIMIT)
        buf_adds(&text, "FROM scratch\n");
    assert_int_equal(dockerfile_parse("D", text.data, text.len, &df, &err), ERR_INPUT);
    assert_non_null(strstr(err.msg, "is the most"));
    buf_clear(&text);
    buf_adds(&text, "FROM scratch\nENV a=");
    while (text.len < 13 + 65535)
        buf_addc(&text, 'x');
    buf_addc(&text, '\n');
    assert_int_equal(dockerfile_parse("D", text.data, text.len, &df, &err), 0);
    dockerfile_free(df);
    buf_free(&text);
}

static void parse_file__when_unreadable__then_input_error(void **state)
{
    (void)state;
    char folder[] = "/tmp/test-parse-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = xasprintf("%s/Dockerfile", folder);
    struct dockerfile *df = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(dockerfile_parse_file(path, &df, &err), ERR_INPUT);
    assert_non_null(strstr(err.msg, path));
    assert_string_equal(err.file, ""); /* once is enough */
    assert_int_equal(dockerfile_parse_file(folder, &df, &err), ERR_INPUT);
    assert_int_equal(file_write(path, "FROM a\n", 7, NULL), 0);
    assert_int_equal(dockerfile_parse_file(path, &df, &err), 0);
    assert_string_equal(df->name, path);
    dockerfile_free(df);
    assert_int_equal(file_remove_tree(folder, NULL), 0);
    free(path);
}

static void parse_trigger__when_one_instruction__then_it(void **state)
{
    (void)state;
    struct dockerfile *df = NULL;
    assert_int_equal(dockerfile_parse_trigger("ONBUILD", "RUN <<E\nx\nE\n", &df, NULL),
                     0);
    assert_int_equal(df->instructions[0].heredoc_count, 1);
    dockerfile_free(df);
    assert_int_equal(dockerfile_parse_trigger("ONBUILD", "RUN a\nRUN b", &df, NULL),
                     ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_json__when_parsed__then_every_member),
        cmocka_unit_test(to_json__when_directives__then_lower_case_names),
        cmocka_unit_test(parse__when_text_looks_like_json__then_docker_verdict),
        cmocka_unit_test(parse__when_json_array_is_mixed__then_error),
        cmocka_unit_test(parse__when_line_opens_heredocs__then_their_names),
        cmocka_unit_test(parse__when_continued__then_text_has_single_blanks),
        cmocka_unit_test(parse__when_annotated__then_only_directly_above),
        cmocka_unit_test(parse__when_too_large__then_error),
        cmocka_unit_test(parse_file__when_unreadable__then_input_error),
        cmocka_unit_test(parse_trigger__when_one_instruction__then_it),
    };
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
