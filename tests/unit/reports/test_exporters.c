/* SPDX-License-Identifier: MIT */
/*
 * Every exporter against its golden file, and against names that are markup, formulas,
 * terminal escapes or commands: the shape of the output must be that of harmless names.
 */
#include "tests/support.h"

#include <jansson.h>

#include "reports/export.h"
#include "reports/handout.h"
#include "reports/text.h"
#include "tests/unit/reports/model.h"

static void format__when_reference__then_golden(void **state)
{
    (void)state;
    static const struct {
        enum report_format format;
        struct report_style style;
        const char *file;
    } cases[] = {{REPORT_TABLE, {80, false, true}, "table.txt"},
                 {REPORT_TABLE, {0, true, false}, "table-ascii-color.txt"},
                 {REPORT_TABLE, {40, false, true}, "table-narrow.txt"},
                 {REPORT_MARKDOWN, {0}, "report.md"},
                 {REPORT_CSV, {0}, "results.csv"},
                 {REPORT_JUNIT, {0}, "junit.xml"},
                 {REPORT_HTML, {0}, "index.html"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct results *r = model_results();
        AUTO_BUF out = BUF_INIT;
        report_format_results(r, cases[i].format, &cases[i].style, &out);
        assert_golden(cases[i].file, &out);
        results_free(r);
    }
}

static void format__when_empty__then_no_crash(void **state)
{
    (void)state;
    for (int format = REPORT_TABLE; format <= REPORT_HTML; format++) {
        struct report_style style = {.columns = 80};
        struct results *r = results_new("1", 0);
        AUTO_BUF out = BUF_INIT;
        report_format_results(r, (enum report_format)format, &style, &out);
        struct result_scenario *s = results_add_scenario(r, NULL, NULL, NULL);
        struct result_variant *v = result_add_variant(s, NULL, NULL, NULL);
        result_add_build(v, NULL, NULL, NULL, NULL);
        result_add_check(s, NULL, false, 0);
        results_add_scenario(r, "no variants", "", "f");
        report_format_results(r, (enum report_format)format, &style, &out);
        assert_true(out.len > 0);
        results_free(r);
    }
}

/* Lines of a table are never wider than the terminal. */
static void table__when_any_width__then_fits(void **state)
{
    (void)state;
    for (unsigned columns = 40; columns <= 200; columns += 5) {
        for (int evil = 0; evil <= 1; evil++) {
            struct results *r = evil ? model_all(model_hostile) : model_results();
            struct report_style style = {.columns = columns, .utf8 = true};
            AUTO_BUF out = BUF_INIT;
            report_format_results(r, REPORT_TABLE, &style, &out);
            char *rest = out.data;
            for (char *line = strsep(&rest, "\n"); line != NULL;
                 line = strsep(&rest, "\n"))
                if (report_text_width(line) > columns)
                    fail_msg("%u columns: %s", columns, line);
            results_free(r);
        }
    }
}

static void markdown__when_rebuild_failed__then_no_cost(void **state)
{
    (void)state;
    struct results *r = model_results();
    AUTO_BUF before = BUF_INIT, after = BUF_INIT;
    report_markdown(r, NULL, &before);
    r->scenarios[0].variants[1].builds[1].error = xstrdup("disk full");
    r->scenarios[0].error = xstrdup("disk full");
    report_markdown(r, NULL, &after);
    assert_non_null(strstr(buf_str(&before), "“bad” costs 44.9 s more than “good”"));
    assert_null(strstr(buf_str(&after), "costs"));
    assert_non_null(
        strstr(buf_str(&after), "build good, edit app.py failed: disk full"));
    results_free(r);
}

typedef void exporter(const struct results *r, struct buf *out);

static void handout__when_reference__then_golden(void **state)
{
    (void)state;
    static const struct {
        exporter *export;
        const char *file;
    } cases[] = {{report_handout_html, "handout.html"},
                 {report_handout_markdown, "handout.md"},
                 {report_trace, "trace.json"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct results *r = model_results();
        AUTO_BUF out = BUF_INIT;
        cases[i].export(r, &out);
        assert_golden(cases[i].file, &out);
        results_free(r);
    }
}

/* Before the solution nothing of it is on the sheet. */
static void handout__when_task__then_nothing_given_away(void **state)
{
    (void)state;
    struct results *r = model_results();
    AUTO_BUF out = BUF_INIT;
    report_handout_markdown(r, &out);
    char *solution = strstr(out.data, "## Solution");
    assert_non_null(solution);
    *solution = '\0';
    assert_null(strstr(out.data, "| runs |"));
    assert_null(strstr(out.data, " s |"));
    assert_null(strstr(out.data, r->scenarios[0].lesson));
    results_free(r);
}

/* Seven builds of one Dockerfile stand in two tables, an eighth with another apart. */
static void handout__when_many_builds__then_split_evenly(void **state)
{
    (void)state;
    struct results *r = results_new("1", 0);
    struct result_variant *v = result_add_variant(
        results_add_scenario(r, "s", NULL, NULL), "v", "builtin", "model");
    for (int i = 0; i < 8; i++)
        result_add_build(v, "b", NULL, i < 7 ? "FROM a\n" : "FROM b\n", NULL);
    static const size_t expected[] = {4, 3, 1};
    struct handout_part part;
    size_t parts = 0;
    for (size_t at = 0; handout_next(v, at, &part); at += part.count) {
        assert_true(parts < 3);
        assert_int_equal(part.count, expected[parts]);
        assert_int_equal(part.new_text, parts != 1);
        parts++;
    }
    assert_int_equal(parts, 3);
    results_free(r);
}

/* ---- hostile names --------------------------------------------------------------- */

static void render(const char *text, enum report_format format, struct buf *out)
{
    struct results *r = model_all(text);
    struct report_style style = {.columns = 80, .utf8 = true};
    report_format_results(r, format, &style, out);
    results_free(r);
}

static void assert_no_controls(const char *text)
{
    for (const char *p = text; *p != '\0';) {
        uint32_t code = report_text_next(&p);
        if (code != '\n' && report_text_hidden(code))
            fail_msg("U+%04X before %.40s", (unsigned)code, p);
    }
}

/* The tags of a document without the text between them. */
static void tags_of(const char *text, struct buf *out)
{
    while ((text = strchr(text, '<')) != NULL) {
        size_t len = strcspn(text, ">");
        buf_add(out, text, len);
        buf_addc(out, '\n');
        text += len;
    }
}

/* Attributes of JUnit hold text: only their names are compared. */
static void drop_values(struct buf *b)
{
    size_t to = 0;
    bool in_value = false;
    for (size_t i = 0; i < b->len; i++) {
        if (b->data[i] == '"')
            in_value = !in_value;
        if (!in_value)
            b->data[to++] = b->data[i];
    }
    b->len = to;
    b->data[to] = '\0';
}

static void html__when_hostile__then_same_tags(void **state)
{
    (void)state;
    static const enum report_format formats[] = {REPORT_HTML, REPORT_JUNIT};
    for (size_t i = 0; i < 2; i++) {
        AUTO_BUF evil = BUF_INIT, plain = BUF_INIT;
        AUTO_BUF evil_tags = BUF_INIT, plain_tags = BUF_INIT;
        render(model_hostile, formats[i], &evil);
        render(model_harmless, formats[i], &plain);
        assert_no_controls(buf_str(&evil));
        tags_of(buf_str(&evil), &evil_tags);
        tags_of(buf_str(&plain), &plain_tags);
        if (formats[i] == REPORT_JUNIT) {
            drop_values(&evil_tags);
            drop_values(&plain_tags);
        }
        assert_string_equal(buf_str(&evil_tags), buf_str(&plain_tags));
    }
}

/* What a line of Markdown is made of: its head, and the bars of a table row. */
static void markdown_shape(const char *text, struct buf *out)
{
    for (const char *p = text; *p != '\0'; p++) {
        bool start = p == text || p[-1] == '\n';
        if (start && strchr("#-|*", *p) != NULL)
            buf_addc(out, *p);
        else if (*p == '|' && p[-1] != '\\')
            buf_addc(out, '|');
        else if (*p == '\n')
            buf_addc(out, '\n');
    }
}

/* Text between two fences: there nothing is markup. */
static void drop_fences(struct buf *b)
{
    char *to = b->data, *rest = b->data;
    bool fenced = false;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        bool fence = strncmp(line, "```", 3) == 0;
        if (!fenced || fence) {
            size_t len = strlen(line);
            memmove(to, line, len);
            to += len;
            *to++ = '\n';
        }
        fenced ^= fence;
    }
    *to = '\0';
    b->len = (size_t)(to - b->data);
}

/* Labels are names in quotes. */
static void drop_labels(struct buf *b)
{
    char *label = b->data;
    while ((label = strstr(label, "aria-label=\"")) != NULL) {
        label += strlen("aria-label=\"");
        char *end = strchr(label, '"');
        memmove(label, end, strlen(end) + 1);
    }
    b->len = strlen(b->data);
}

static void handout__when_hostile__then_same_tags(void **state)
{
    (void)state;
    static const char *const texts[] = {model_hostile, model_harmless};
    struct buf tags[2] = {BUF_INIT}, shape[2] = {BUF_INIT};
    for (size_t i = 0; i < 2; i++) {
        struct results *r = model_all(texts[i]);
        AUTO_BUF html = BUF_INIT, markdown = BUF_INIT;
        report_handout_html(r, &html);
        report_handout_markdown(r, &markdown);
        assert_no_controls(buf_str(&html));
        assert_no_controls(buf_str(&markdown));
        drop_labels(&html);
        tags_of(buf_str(&html), &tags[i]);
        drop_fences(&markdown);
        markdown_shape(buf_str(&markdown), &shape[i]);
        results_free(r);
    }
    assert_string_equal(buf_str(&tags[0]), buf_str(&tags[1]));
    assert_string_equal(buf_str(&shape[0]), buf_str(&shape[1]));
    for (size_t i = 0; i < 2; i++) {
        buf_free(&tags[i]);
        buf_free(&shape[i]);
    }
}

/* A fence in a Dockerfile does not end the listing. */
static void handout__when_dockerfile_has_fences__then_longer_one(void **state)
{
    (void)state;
    struct results *r = model_results();
    struct result_build *b = &r->scenarios[0].variants[0].builds[0];
    free(b->dockerfile);
    b->dockerfile = xstrdup("FROM a\n````\n# evil\n");
    AUTO_BUF out = BUF_INIT;
    report_handout_markdown(r, &out);
    assert_non_null(strstr(buf_str(&out), "`````dockerfile\nFROM a\n````\n# evil\n"
                                          "`````\n"));
    results_free(r);
}

static void trace__when_hostile__then_json_with_the_same_events(void **state)
{
    (void)state;
    static const char *const texts[] = {model_hostile, model_harmless};
    size_t events[2];
    for (size_t i = 0; i < 2; i++) {
        struct results *r = model_all(texts[i]);
        AUTO_BUF out = BUF_INIT;
        report_trace(r, &out);
        assert_no_controls(buf_str(&out));
        json_t *trace = json_loadb(buf_str(&out), out.len, 0, NULL);
        assert_non_null(trace);
        events[i] = json_array_size(json_object_get(trace, "traceEvents"));
        json_decref(trace);
        results_free(r);
    }
    assert_int_equal(events[0], 6 * 4);
    assert_int_equal(events[1], 6 * 4);
}

static void table__when_hostile__then_no_escape(void **state)
{
    (void)state;
    AUTO_BUF out = BUF_INIT;
    render(model_hostile, REPORT_TABLE, &out);
    assert_no_controls(buf_str(&out));
    assert_null(strchr(buf_str(&out), '\x1b'));
}

static void markdown__when_hostile__then_same_shape(void **state)
{
    (void)state;
    AUTO_BUF evil = BUF_INIT, plain = BUF_INIT, shape = BUF_INIT, expected = BUF_INIT;
    render(model_hostile, REPORT_MARKDOWN, &evil);
    render(model_harmless, REPORT_MARKDOWN, &plain);
    markdown_shape(buf_str(&evil), &shape);
    markdown_shape(buf_str(&plain), &expected);
    assert_string_equal(buf_str(&shape), buf_str(&expected));
    assert_no_controls(buf_str(&evil));
    assert_null(strstr(buf_str(&evil), "<script"));
    assert_null(strstr(buf_str(&evil), " `touch"));
}

/* Fields of the CSV line at *p (quotes honoured); moves behind it. */
static size_t csv_fields(const char **p)
{
    size_t fields = 1;
    bool quoted = false;
    for (; **p != '\0'; ++*p) {
        if (**p == '"')
            quoted = !quoted;
        else if (!quoted && **p == ',')
            fields++;
        else if (!quoted && **p == '\n')
            break;
    }
    *p += **p == '\n';
    return fields;
}

static void csv__when_hostile__then_same_columns_and_no_formula(void **state)
{
    (void)state;
    static const char *const names[] = {
        model_hostile, "=HYPERLINK(\"x\")", "@SUM(1)", "+1", "-1", "\r=1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        AUTO_BUF out = BUF_INIT;
        render(names[i], REPORT_CSV, &out);
        assert_no_controls(buf_str(&out));
        const char *p = buf_str(&out);
        size_t columns = csv_fields(&p), rows = 0;
        for (; *p != '\0'; rows++)
            assert_int_equal(csv_fields(&p), columns);
        assert_int_equal(rows, 6);
        static const char *const starts[] = {",\"=", ",\"+", ",\"-", ",\"@", "\n\"="};
        for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
            assert_null(strstr(buf_str(&out), starts[s]));
    }
}

/* ---- the Dockerfile view --------------------------------------------------------- */

static void html__when_lines_continue__then_they_belong_to_their_step(void **state)
{
    (void)state;
    struct build_step steps[] = {{.index = 1,
                                  .total = 2,
                                  .line = 1,
                                  .stage = "0",
                                  .instruction = "FROM a",
                                  .status = STEP_CACHED,
                                  .base_name = "a"},
                                 {.index = 2,
                                  .total = 2,
                                  .line = 3,
                                  .stage = "0",
                                  .instruction = "RUN a b",
                                  .status = STEP_RAN}};
    struct build_result built = {.steps = steps, .step_count = 2};
    struct results *r = results_new("1", 0);
    struct result_scenario *s = results_add_scenario(r, "s", NULL, NULL);
    result_add_build(result_add_variant(s, "v", "builtin", "model"), "b", &built,
                     "FROM a\n# note\nRUN a \\\n  b\n\nFROM other\nRUN <<E\n x\nE\n",
                     NULL);
    AUTO_BUF out = BUF_INIT;
    report_html(r, NULL, &out);
    static const char *const rows[] = {
        "<tr class=k data-t=0><td>1<td>reused<td><code>FROM a</code>",
        "<tr class=n><td>2<td><td><code># note</code>",
        "<tr class=r data-t=0><td>3<td>ran<td><code>RUN a \\</code>",
        "<tr class=r><td>4<td><td><code>  b</code>",
        "<tr class=n><td>6<td>not needed<td><code>FROM other</code>"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strstr(buf_str(&out), rows[i]) == NULL)
            fail_msg("no %s in %s", rows[i], strstr(buf_str(&out), "<main"));
    results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format__when_reference__then_golden),
        cmocka_unit_test(format__when_empty__then_no_crash),
        cmocka_unit_test(table__when_any_width__then_fits),
        cmocka_unit_test(markdown__when_rebuild_failed__then_no_cost),
        cmocka_unit_test(html__when_hostile__then_same_tags),
        cmocka_unit_test(handout__when_reference__then_golden),
        cmocka_unit_test(handout__when_task__then_nothing_given_away),
        cmocka_unit_test(handout__when_many_builds__then_split_evenly),
        cmocka_unit_test(handout__when_hostile__then_same_tags),
        cmocka_unit_test(handout__when_dockerfile_has_fences__then_longer_one),
        cmocka_unit_test(trace__when_hostile__then_json_with_the_same_events),
        cmocka_unit_test(table__when_hostile__then_no_escape),
        cmocka_unit_test(markdown__when_hostile__then_same_shape),
        cmocka_unit_test(csv__when_hostile__then_same_columns_and_no_formula),
        cmocka_unit_test(html__when_lines_continue__then_they_belong_to_their_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
