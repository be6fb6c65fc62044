/* SPDX-License-Identifier: MIT */
/* Figures for people, escapes, widths and cuts. */
#include "tests/support.h"

#include <math.h>

#include "reports/text.h"
#include "tests/unit/reports/model.h"

static void bytes__when_formatted__then_three_digits(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {{0, "0 B"},
                 {812, "812 B"},
                 {999, "999 B"},
                 {1000, "1.00 kB"},
                 {4213, "4.21 kB"},
                 {9994, "9.99 kB"},
                 {9996, "10.0 kB"},
                 {99949, "99.9 kB"},
                 {99951, "100 kB"},
                 {999499, "999 kB"},
                 {999500, "1.00 MB"},
                 {21300000, "21.3 MB"},
                 {125000000, "125 MB"},
                 {UINT64_MAX, "18.4 EB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF out = BUF_INIT;
        report_bytes(cases[i].bytes, &out);
        assert_string_equal(buf_str(&out), cases[i].text);
    }
}

static void virtual__when_formatted__then_tenths(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {{0, "0.0 s"},   {49, "0.0 s"},        {50, "0.1 s"},
                 {120, "0.1 s"}, {45000, "45.0 s"},    {57300, "57.3 s"},
                 {999, "1.0 s"}, {3600000, "3600.0 s"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF out = BUF_INIT;
        report_virtual(cases[i].ms, &out);
        assert_string_equal(buf_str(&out), cases[i].text);
    }
}

static void wall__when_formatted__then_unit_fits(void **state)
{
    (void)state;
    const struct {
        double s;
        const char *text;
    } cases[] = {{0, "0.00 µs"},
                 {0.00085, "850 µs"},
                 {0.0009996, "1.00 ms"},
                 {0.00321, "3.21 ms"},
                 {0.9996, "1.00 s"},
                 {45, "45.0 s"},
                 {99.9, "99.9 s"},
                 {150, "2.50 min"},
                 {NAN, "?"},
                 {-1, "?"},
                 {INFINITY, "?"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF out = BUF_INIT;
        report_wall(cases[i].s, &out);
        assert_string_equal(buf_str(&out), cases[i].text);
    }
}

typedef void escape(const char *s, struct buf *out);

static void escape__when_special__then_defused(void **state)
{
    (void)state;
    static const struct {
        escape *escape;
        const char *in, *out;
    } cases[] = {
        {report_escape_html, "<a href=\"x\">&'",
         "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"},
        {report_escape_html, "a\tb\nc", "a b c"},
        {report_escape_html, "\x1b[m\x7f\xff\xe2\x80\xae", "�[m���"},
        {report_escape_html, "é日😀", "é日😀"},
        {report_escape_markdown, "# h", "\\# h"},
        {report_escape_markdown, "1. a|b_c", "1\\. a\\|b\\_c"},
        {report_escape_markdown, "45.0 s", "45\\.0 s"},
        {report_escape_markdown, "a:7: b :x:", "a:7: b \\:x:"},
        {report_escape_markdown, "a 1.5", "a 1.5"},
        {report_escape_markdown, "app.py", "app.py"},
        {report_escape_markdown, "<b>@x\n[l](u)", "&lt;b&gt;@&#8203;x \\[l\\](u)"},
        {report_escape_markdown, "http://x www.y", "http\\://x www\\.y"},
        {report_escape_csv, "a \"b\", c", "\"a \"\"b\"\", c\""},
        {report_escape_csv, "=1+1", "\"'=1+1\""},
        {report_escape_csv, " +1", "\"' +1\""},
        {report_escape_csv, "-1", "\"'-1\""},
        {report_escape_csv, "@x", "\"'@x\""},
        {report_escape_csv, "\tx", "\"' x\""},
        {report_escape_csv, "＝1", "\"'＝1\""},
        {report_escape_csv, "", "\"\""},
        {report_escape_csv, "a=1", "\"a=1\""},
        {report_escape_gnuplot, "a`date`\"@M\\n{}",
         "\"a\\140date\\140\\042\\100M\\134n"
         "\\173\\175\""},
        {report_escape_gnuplot, "50%\n'", "\"50\\045 \\047\""},
        {report_escape_gnuplot, "a]]>b", "\"a\\135\\135 \\076b\""},
        {report_escape_terminal, "\x1b[31m\a\r\n\t\x7f",
         "\\x1b[31m\\x07\\r\\n    \\x7f"},
        {report_escape_terminal, "\xc2\x9b\xe2\x80\xae é", "\\x9b\\u{202e} é"},
        {report_escape_terminal, "\xff\xc0\x80\xed\xa0\x80", "������"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF out = BUF_INIT;
        cases[i].escape(cases[i].in, &out);
        assert_string_equal(buf_str(&out), cases[i].out);
    }
}

static void escape__when_every_byte__then_no_control_passes(void **state)
{
    (void)state;
    static escape *const escapes[] = {report_escape_html, report_escape_markdown,
                                      report_escape_csv, report_escape_gnuplot,
                                      report_escape_terminal};
    char all[256];
    for (int i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
    for (size_t e = 0; e < sizeof escapes / sizeof *escapes; e++) {
        AUTO_BUF out = BUF_INIT;
        escapes[e](all, &out);
        for (const char *p = buf_str(&out); *p != '\0';) {
            uint32_t code = report_text_next(&p);
            assert_true(code >= 0x20 && (code < 0x7F || code > 0x9F));
        }
    }
}

static void cell__when_too_long__then_cut_to_width(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        unsigned columns;
        bool right, utf8;
        const char *out;
    } cases[] = {{"abc", 5, false, true, "abc  "},
                 {"abc", 5, true, true, "  abc"},
                 {"abcdef", 5, false, true, "abcd…"},
                 {"abcdef", 5, false, false, "ab..."},
                 {"日本語", 5, false, true, "日本…"},
                 {"日本語", 4, false, true, "日… "},
                 {"e\xcc\x81x", 2, false, true, "e\xcc\x81x"},
                 {"abcdef", 2, false, false, ".."}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_BUF out = BUF_INIT;
        report_text_cell(cases[i].in, cases[i].columns, cases[i].right, cases[i].utf8,
                         &out);
        assert_string_equal(buf_str(&out), cases[i].out);
    }
}

static void format_parse__when_word__then_format(void **state)
{
    (void)state;
    enum report_format f;
    assert_true(report_format_parse("table", &f) && f == REPORT_TABLE);
    assert_true(report_format_parse("junit", &f) && f == REPORT_JUNIT);
    assert_false(report_format_parse("Table", &f));
    assert_false(report_format_parse("", &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes__when_formatted__then_three_digits),
        cmocka_unit_test(virtual__when_formatted__then_tenths),
        cmocka_unit_test(wall__when_formatted__then_unit_fits),
        cmocka_unit_test(escape__when_special__then_defused),
        cmocka_unit_test(escape__when_every_byte__then_no_control_passes),
        cmocka_unit_test(cell__when_too_long__then_cut_to_width),
        cmocka_unit_test(format_parse__when_word__then_format)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
