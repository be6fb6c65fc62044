/* SPDX-License-Identifier: MIT */
/*
 * .dockerignore: verdicts, deciding lines, bad patterns. The expected verdicts were
 * checked against what BuildKit 0.32 leaves out of `COPY . /`.
 */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/context/ignore.h"
#include "sim/context/pattern.h"

struct verdict {
    const char *lines, *path;
    bool excluded;
    unsigned line; /* that decided; 0: none */
};

static struct ignore *parse(const char *text)
{
    struct ignore *ig = NULL;
    struct err err = ERR_INIT;
    if (ignore_parse(".dockerignore", text, strlen(text), &ig, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return ig;
}

static void check(const struct verdict *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ignore *ig = parse(v[i].lines);
        const struct ignore_rule *rule = NULL;
        bool excluded = ignore_excluded(ig, v[i].path, &rule);
        unsigned line = rule != NULL ? rule->line : 0;
        if (excluded != v[i].excluded || line != v[i].line)
            fail_msg("%s: %s is %s by line %u", v[i].lines, v[i].path,
                     excluded ? "excluded" : "kept", line);
        ignore_free(ig);
    }
}

static void ignore__lines__are_cleaned(void **state)
{
    (void)state;
    static const struct verdict v[] = {
        {"", "a", false, 0},
        {"# a\n\na\n", "a", true, 3},
        {" # a\n", "# a", true, 1},
        {"\\#a\n", "#a", true, 1},
        {"\\!a\n", "!a", true, 1},
        {"\xEF\xBB\xBF#a\n/a/\n", "a", true, 2},
        {"\xEF\xBB\xBF"
         "a\n",
         "a", true, 1},
        {"a\r\n", "a", true, 1},
        {"  ./b/../a/.//  \n", "a", true, 1},
        {"\xC2\xA0"
         "a\xE3\x80\x80\n",
         "a", true, 1},
        {"a /\n", "a", true, 1},
        {"a /\n", "a ", false, 0},
        {".\n", "a", false, 0},
        {"/\n", "a", false, 0},
        {"../a\n", "a", false, 0},
        {"/../a\n", "a", true, 1},
        {"a\n./!a\n", "a", false, 2},
        {"*\n!/\xC3\xBC\n", "\xC3\xBC", false, 2},
        {"*\n", "", false, 0},
        {"a\n", "/", false, 0}, /* no clean path, but it must end */
    };
    check(v, sizeof v / sizeof v[0]);
}

static void ignore__wildcards__match_as_documented(void **state)
{
    (void)state;
    static const struct verdict v[] = {
        {"*.go", "a.go", true, 1},
        {"*.go", "b/a.go", false, 0},
        {"*/*.go", "b/a.go", true, 1},
        {"*/*.go", "b/c/a.go", false, 0},
        {"**/*.go", "a.go", true, 1},
        {"**/*.go", "b/c/a.go", true, 1},
        {"**/*.go", "b\n/a.go", false, 0},
        {"**/x", "x", true, 1},
        {"**/x", "a/b/x/y", true, 1},
        {"**/x", "ax", false, 0},
        {"**x", "a/bx", true, 1},
        {"**x*", "a/bx", false, 0},
        {"**", "a/b", true, 1},
        {"d/**", "d", false, 0},
        {"d/**", "d/e/f", true, 1},
        {"d**", "d1", true, 1},
        {"a/**/b", "a/b", true, 1},
        {"a/**/b", "a/x/y/b", true, 1},
        {"a/**/b", "ab", false, 0},
        {"a**b", "a/x/b", true, 1},
        {"a**b", "ax/b", true, 1},
        {"a?c", "abc", true, 1},
        {"a?c", "a/c", false, 0},
        {"?", "\xC3\xBC", true, 1},
        {"?", "\xFF", true, 1},
        {"[a-c]x", "bx", true, 1},
        {"[^a-c]x", "bx", false, 0},
        {"[!b]x", "bx", true, 1},
        {"[!b]x", "cx", false, 0},
        {"[\\]]", "]", true, 1},
        {"\\*", "*", true, 1},
        {"\\*", "a", false, 0},
        {"A", "a", false, 0},
        {"a.b*", "axb", false, 0},
        {"x+y*", "x+y", true, 1},
        {"(x)*", "(x)", true, 1},
    };
    check(v, sizeof v / sizeof v[0]);
}

/* Where the clients' translation into an expression shows. */
static void ignore__expression_characters__mean_what_clients_make_of_them(void **state)
{
    (void)state;
    static const struct verdict v[] = {
        {"a^b", "a^b", true, 1},           {"a^b*", "a^b", false, 0},
        {"d\\d", "d1", true, 1},           {"d\\d", "dd", false, 0},
        {"[a?b]", "a", false, 0},          {"[a*b]", "ab", false, 0},
        {"[a*b]", "aab]", true, 1},        {"\\x61", "a", true, 1},
        {"\\141", "a", true, 1},           {"[[:alpha:]]1", "x1", true, 1},
        {"[[:^alpha:]]1", "x1", false, 0}, {"a|b", "b", false, 0},
        {"a|b*", "xb", true, 1},           {"[^a]|c", "xyc", true, 1},
        {"?{2}", "ab", true, 1},           {"?{2}", "abc", false, 0},
        {"[a]{2,}", "aaaa", true, 1},      {"[a]{2,}", "a", false, 0},
        {"[a]{0,2}b", "aab", true, 1},     {"[a]{0,2}b", "aaab", false, 0},
        {"[a]{,2}", "a{,2}", true, 1},     {"{0}?x", "a/bx", true, 1},
        {"a*\\", "ab$c", true, 1},         {"a*\\", "ab", false, 0},
        {"\\Qa*", "a", false, 0},          {"*\\b", "a b", true, 1},
        {"*\\b", "a-", false, 0},
    };
    check(v, sizeof v / sizeof v[0]);
}

static void ignore__reinclusion__goes_by_the_last_rule(void **state)
{
    (void)state;
    static const struct verdict v[] = {
        {"d\n!d/x.txt\n", "d", true, 1},
        {"d\n!d/x.txt\n", "d/x.txt", false, 2},
        {"d\n!d/x.txt\n", "d/y", true, 1},
        {"*\n!d\n", "d/e/f", false, 2},
        {"!a\na\n", "a", true, 2},
        {"a\n!a\na\n", "a", true, 3},
        {"a\n!a\na\n", "a/b", true, 3},
        {"*.md\n!README*\nREADME-secret.md\n", "README.md", false, 2},
        {"*.md\n!README*\nREADME-secret.md\n", "README-secret.md", true, 3},
        {"*.md\nREADME-secret.md\n!README*\n", "README-secret.md", false, 3},
        {"d\n!**/x\n", "d/e/x", false, 2},
        /* A `!` rule is not tried where nothing was excluded yet. */
        {"d/e/f\n!d\n", "d/e/f", true, 1},
        {"d\n!d/e/f\nd/e\n", "d/e/f", false, 2},
        /* A walk does not enter foo/x: the rule has nothing literal below it. */
        {"foo\n!foo/*/**\n", "foo/x/y", true, 1},
    };
    check(v, sizeof v / sizeof v[0]);
}

static void ignore__rule__keeps_its_text_and_line(void **state)
{
    (void)state;
    struct ignore *ig = parse("# one\n  /a/  \n ! ./b\n");
    const struct ignore_rule *rule;
    assert_int_equal(ignore_len(ig), 2);
    assert_true(ignore_excluded(ig, "a", &rule));
    assert_string_equal(rule->text, "/a/");
    assert_int_equal(rule->line, 2);
    assert_false(rule->negated);
    ignore_free(ig);
    ig = parse("*\n ! ./b\n");
    assert_false(ignore_excluded(ig, "b", &rule));
    assert_string_equal(rule->text, "! ./b");
    assert_true(rule->negated);
    ignore_free(ig);
}

static void ignore_parse__bad_pattern__names_the_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a\n!\n",        "a\n!/\n",    "a\n[\n",       "a\n[]a]\n",       "a\n[a-]\n",
        "a\n[-a]\n",     "a\nx\\\n",   "a\n[z-a]\n",   "a\n\\1\n",        "a\n\\E\n",
        "a\n\\pL\n",     "a\n\\x{\n",  "a\n?{2,1}\n",  "a\n?{1001}\n",    "a\n*{2}\n",
        "a\n[[:no:]]\n", "a\n?|{2}\n", "a\n[a-\xFF\n", "a\n\\\xC3\xBC\n", "a\n\\xZZ\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ignore *ig = NULL;
        struct err err = ERR_INIT;
        if (ignore_parse("F", bad[i], strlen(bad[i]), &ig, &err) != ERR_INPUT)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.line, 2);
        assert_string_equal(err.file, "F");
        assert_true(err.msg[0] != '\0');
    }
}

static void ignore_parse__long_line__is_refused(void **state)
{
    (void)state;
    struct ignore *ig = NULL;
    AUTO_BUF text = BUF_INIT;
    for (int i = 0; i < 65535; i++)
        buf_addc(&text, 'a');
    assert_int_equal(ignore_parse("F", text.data, text.len, &ig, NULL), 0);
    ignore_free(ig);
    buf_addc(&text, 'a');
    assert_int_equal(ignore_parse("F", text.data, text.len, &ig, NULL), ERR_INPUT);
}

static void ignore_parse__bad_idle_rule__is_never_tried(void **state)
{
    (void)state;
    struct ignore *ig = parse("!\\1\na\n");
    assert_true(ignore_excluded(ig, "a", NULL));
    ignore_free(ig);
}

static void ignore__many_rules__all_count(void **state)
{
    (void)state;
    AUTO_BUF text = BUF_INIT;
    for (int i = 0; i < 1000; i++)
        buf_addf(&text, "d%d/*.c\n!d%d/k.c\n", i, i);
    struct ignore *ig = parse(text.data);
    const struct ignore_rule *rule;
    assert_true(ignore_excluded(ig, "d999/x.c", &rule));
    assert_int_equal(rule->line, 1999);
    assert_false(ignore_excluded(ig, "d998/k.c", &rule));
    assert_int_equal(rule->line, 1998);
    ignore_free(ig);
}

static void ignore_may_reinclude__literal_rules__name_their_folders(void **state)
{
    (void)state;
    struct ignore *ig = parse("*\n!d/e/f\n!g/**\n");
    assert_true(ignore_may_reinclude(ig, "d"));
    assert_true(ignore_may_reinclude(ig, "d/e"));
    assert_true(ignore_may_reinclude(ig, "g"));
    assert_true(ignore_may_reinclude(ig, ""));
    assert_false(ignore_may_reinclude(ig, "d/x"));
    assert_false(ignore_may_reinclude(ig, "g/x"));
    assert_false(ignore_may_reinclude(ig, "de"));
    ignore_free(ig);
    ig = parse("*\n!*.c\n");
    assert_true(ignore_may_reinclude(ig, "any"));
    ignore_free(ig);
    ig = parse("*\n");
    assert_false(ignore_may_reinclude(ig, "any"));
    ignore_free(ig);
}

static void ignore_pattern_matches__exclude_flag__covers_what_lies_below(void **state)
{
    (void)state;
    assert_true(ignore_pattern_matches("d", "d/e"));
    assert_true(ignore_pattern_matches("./d/", "d"));
    assert_true(ignore_pattern_matches("#a", "#a"));
    assert_true(ignore_pattern_matches("**/*.txt", "d/a.txt"));
    assert_false(ignore_pattern_matches("/d", "d"));
    assert_false(ignore_pattern_matches("!d", "d"));
    assert_false(ignore_pattern_matches("[", "["));
}

static void ignore_from_patterns__negated__lets_back_in(void **state)
{
    (void)state;
    struct strv patterns = STRV_INIT;
    struct ignore *ig = NULL;
    struct err err = ERR_INIT;
    strv_add(&patterns, "*.txt");
    strv_add(&patterns, "!a.txt");
    assert_int_equal(ignore_from_patterns(&patterns, &ig, &err), 0);
    assert_true(ignore_excluded(ig, "b.txt", NULL));
    assert_false(ignore_excluded(ig, "a.txt", NULL));
    ignore_free(ig);
    strv_add(&patterns, "[");
    assert_int_equal(ignore_from_patterns(&patterns, &ig, &err), ERR_INPUT);
    assert_non_null(strstr(err.msg, "\"[\""));
    strv_free(&patterns);
}

static void glob_match__cases__as_go_has_them(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        int result; /* 1, 0, or ERR_INPUT */
    } cases[] = {
        {"", "", 1},
        {"", "a", 0},
        {"abc", "abc", 1},
        {"*", "abc", 1},
        {"*", "a/b", 0},
        {"*c", "abc", 1},
        {"a*", "ab/c", 0},
        {"a*/b", "abc/b", 1},
        {"a*/b", "a/c/b", 0},
        {"**", "a/b", 0},
        {"a**b", "axb", 1},
        {"a*b*c*d*e*/f", "axbxcxdxe/f", 1},
        {"a*b*c*d*e*/f", "axbxcxdxexxx/fff", 0},
        {"a?b",
         "a\xC3\xBC"
         "b",
         1},
        {"a?b", "a/b", 0},
        {"a[^a]b", "a/b", 1},
        {"[a-z]", "q", 1},
        {"[^a-z]", "q", 0},
        {"[\\-x]", "-", 1},
        {"[\\]a]", "]", 1},
        {"\\*", "*", 1},
        {"\\*", "x", 0},
        {"[*]", "*", 1},
        {"*[^x]*z", "a/bz", 0}, /* no way back to the first star */
        {"a[", "x", ERR_INPUT},
        {"[]a]", "]", ERR_INPUT},
        {"[-]", "-", ERR_INPUT},
        {"[a-]", "a", ERR_INPUT},
        {"[a-b-c]", "a", ERR_INPUT},
        {"[", "a", ERR_INPUT},
        {"[^", "a", ERR_INPUT},
        {"a\\", "a", ERR_INPUT},
        {"*\\", "a", ERR_INPUT},
        {"x*\\", "a", 0}, /* what lies behind the failure is not looked at */
        {"[z-a]", "m", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool out = false;
        struct err err = ERR_INIT;
        int rc = glob_match(cases[i].pattern, cases[i].name, &out, &err);
        int result = rc != 0 ? rc : out ? 1 : 0;
        if (result != cases[i].result)
            fail_msg("%s %s: %d", cases[i].pattern, cases[i].name, result);
    }
}

static void glob_has_wildcard__escapes__do_not_count(void **state)
{
    (void)state;
    assert_true(glob_has_wildcard("a*"));
    assert_true(glob_has_wildcard("a\\\\?"));
    assert_true(glob_has_wildcard("[a]"));
    assert_false(glob_has_wildcard("a\\*"));
    assert_false(glob_has_wildcard("a]\\"));
}

static void add_random(struct buf *out, const char *const *pieces, size_t count)
{
    buf_adds(out, pieces[(size_t)rand() % count]);
}

/* A path that the pattern may well match: its wildcards replaced, now and then a byte
 * changed. */
static void path_like(const struct pattern *p, struct buf *out)
{
    static const char *const fills[] = {"", "a", "b", "ab", "a/b", "/", "\xff", "b/"};
    buf_clear(out);
    buf_adds(out, "");
    for (size_t i = 0; i < p->len; i++)
        if (strchr("*?[]{}|^\\", p->text[i]) != NULL || rand() % 40 == 0)
            add_random(out, fills, sizeof fills / sizeof *fills);
        else if (rand() % 40 != 0)
            buf_addc(out, p->text[i]);
}

static void pattern__passed_over__would_not_have_matched(void **state)
{
    static const char *const pieces[] = {"a",     "b",
                                         "/",     ".",
                                         "*",     "*",
                                         "**",    "**/",
                                         "/**",   "?",
                                         "[ab]",  "[a",
                                         "]",     "\\*",
                                         "\\",    "|",
                                         "{1}",   "^",
                                         "+",     "(",
                                         ")",     "$",
                                         "/a",    "b.",
                                         "é",     "\xEF\xBF\xBD",
                                         "-x-y-", "\xEF\xBB\xBF",
                                         "1",     ",",
                                         "-"};
    enum { PATTERNS = 60000, PATHS = 4 };
    size_t matched = 0, passed = 0;
    AUTO_BUF text = BUF_INIT;
    AUTO_BUF path = BUF_INIT;
    (void)state;
    srand(9);
    for (int i = 0; i < PATTERNS; i++) {
        struct pattern p;
        buf_clear(&text);
        for (int n = 1 + rand() % 6; n > 0; n--)
            add_random(&text, pieces, sizeof pieces / sizeof *pieces);
        if (pattern_compile(text.data, text.len, &p, NULL) != 0)
            continue;
        for (int k = 0; k < PATHS; k++) {
            struct pattern_pairs pairs;
            path_like(&p, &path);
            pattern_pairs_of(path.data, path.len, &pairs);
            bool may = pattern_may_match(&p, &pairs);
            bool does = pattern_matches(&p, path.data, path.len);
            if (does && !may)
                fail_msg("%s does not match %s any more", p.text, path.data);
            matched += does;
            passed += !may;
        }
        pattern_free(&p);
    }
    assert_true(matched > 10000);
    assert_true(passed > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ignore__lines__are_cleaned),
        cmocka_unit_test(ignore__wildcards__match_as_documented),
        cmocka_unit_test(ignore__expression_characters__mean_what_clients_make_of_them),
        cmocka_unit_test(ignore__reinclusion__goes_by_the_last_rule),
        cmocka_unit_test(ignore__rule__keeps_its_text_and_line),
        cmocka_unit_test(ignore_parse__bad_pattern__names_the_line),
        cmocka_unit_test(ignore_parse__long_line__is_refused),
        cmocka_unit_test(ignore_parse__bad_idle_rule__is_never_tried),
        cmocka_unit_test(ignore__many_rules__all_count),
        cmocka_unit_test(ignore_may_reinclude__literal_rules__name_their_folders),
        cmocka_unit_test(ignore_pattern_matches__exclude_flag__covers_what_lies_below),
        cmocka_unit_test(ignore_from_patterns__negated__lets_back_in),
        cmocka_unit_test(pattern__passed_over__would_not_have_matched),
        cmocka_unit_test(glob_match__cases__as_go_has_them),
        cmocka_unit_test(glob_has_wildcard__escapes__do_not_count),
    };
    return cmocka_run_group_tests_name("ignore", tests, NULL, NULL);
}
