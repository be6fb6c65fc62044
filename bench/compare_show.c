/* SPDX-License-Identifier: MIT */
/* A comparison as a table, Markdown, JSON or JUnit XML. */
#include "bench/compare.h"

#include <inttypes.h>
#include <string.h>

#include "bench/columns.h"
#include "bench/json_text.h"
#include "reports/report.h"
#include "sim/base/mem.h"

static const char *verdict_word(enum verdict verdict)
{
    static const char *const words[VERDICT_COUNT] = {"same",   "improved", "REGRESSION",
                                                     "new",    "missing",  "faster",
                                                     "slower", "changed"};
    return words[verdict];
}

/* Of wall time "same" would claim too much. */
static const char *shown_verdict(const struct difference *d)
{
    return d->verdict == VERDICT_SAME && difference_is_wall(d)
               ? "~"
               : verdict_word(d->verdict);
}

static bool is_shown(const struct difference *d, bool all)
{
    return all || d->verdict != VERDICT_SAME;
}

static bool shows_any(const struct comparison *c, bool all)
{
    for (size_t i = 0; i < c->len; i++)
        if (is_shown(&c->items[i], all))
            return true;
    return false;
}

/* "scenario / variant / build" as far as it goes. */
static void add_place(const struct difference *d, struct buf *out)
{
    buf_adds(out, d->scenario);
    if (d->variant != NULL)
        buf_addf(out, " / %s", d->variant);
    if (d->engine != NULL && strcmp(d->engine, "builtin") != 0)
        buf_addf(out, " on %s", d->engine);
    if (d->build != NULL)
        buf_addf(out, " / %s", d->build);
}

static void add_value(const struct difference *d, uint64_t value, struct buf *out)
{
    if (d->metric == NULL)
        return;
    if (strcmp(d->metric, "virtual_ms") == 0)
        report_virtual(value, out);
    else if (strstr(d->metric, "bytes") != NULL)
        report_bytes(value, out);
    else
        buf_addf(out, "%" PRIu64, value);
}

/* Humane figures can hide a small change: then the exact ones. */
static void add_values(const struct difference *d, struct buf *base, struct buf *now)
{
    if (difference_is_wall(d)) {
        const struct contrast *seen = &d->wall.seen;
        report_wall(d->base_s, base);
        report_wall(d->now_s, now);
        buf_addf(now, " (x%.3f [%.3f, %.3f]", seen->ratio, seen->range.low,
                 seen->range.high);
        if (strcmp(d->wall.by, "wall time") != 0)
            buf_addf(now, " by %s", d->wall.by);
        buf_addc(now, ')');
        return;
    }
    if (d->metric == NULL)
        return;
    add_value(d, d->base, base);
    add_value(d, d->now, now);
    if (d->base == d->now || strcmp(buf_str(base), buf_str(now)) != 0)
        return;
    buf_clear(base);
    buf_clear(now);
    const char *unit = strstr(d->metric, "bytes") != NULL ? " B" : " ms";
    buf_addf(base, "%" PRIu64 "%s", d->base, unit);
    buf_addf(now, "%" PRIu64 "%s", d->now, unit);
}

static void add_totals(const struct comparison *c, struct buf *out)
{
    buf_addf(out,
             "%zu regressions, %zu improvements, %zu unchanged, %zu new, %zu missing",
             c->counts[VERDICT_WORSE], c->counts[VERDICT_BETTER],
             c->counts[VERDICT_SAME], c->counts[VERDICT_NEW], c->counts[VERDICT_GONE]);
    if (c->counts[VERDICT_SLOWER] + c->counts[VERDICT_FASTER] != 0)
        buf_addf(out, "; wall time (advice): %zu slower, %zu faster",
                 c->counts[VERDICT_SLOWER], c->counts[VERDICT_FASTER]);
}

static const char *const saving =
    "run --save writes the improved figures as the next baseline";

static bool is_worth_saving(const struct comparison *c)
{
    return c->counts[VERDICT_BETTER] != 0 && c->counts[VERDICT_WORSE] == 0;
}

static void format_table(const struct comparison *c, bool all, struct buf *out)
{
    struct columns t;
    size_t shown = 0;
    char *text = NULL;
    size_t len = 0;
    columns_begin(&t, "VERDICT|WHERE|METRIC|>BASE|>NOW");
    for (size_t i = 0; i < c->len; i++) {
        const struct difference *d = &c->items[i];
        if (!is_shown(d, all))
            continue;
        AUTO_BUF place = BUF_INIT;
        AUTO_BUF base = BUF_INIT;
        AUTO_BUF now = BUF_INIT;
        add_place(d, &place);
        add_values(d, &base, &now);
        columns_add(&t, shown_verdict(d));
        columns_add(&t, place.data);
        columns_add(&t, d->metric != NULL ? d->metric : "");
        columns_add(&t, buf_str(&base));
        columns_add(&t, buf_str(&now));
        shown++;
    }
    FILE *stream = shown != 0 ? open_memstream(&text, &len) : NULL;
    if (stream != NULL) {
        columns_end(&t, stream);
        fclose(stream);
        buf_adds(out, text);
    }
    free(text);
    strv_free(&t.cells);
    add_totals(c, out);
    buf_addc(out, '\n');
    for (size_t i = 0; i < c->notes.len; i++) {
        buf_adds(out, "note: ");
        report_escape_terminal(c->notes.items[i], out);
        buf_addc(out, '\n');
    }
    if (is_worth_saving(c))
        buf_addf(out, "note: %s\n", saving);
}

static void markdown_notes(const struct comparison *c, struct buf *out)
{
    if (c->notes.len == 0 && !is_worth_saving(c))
        return;
    buf_addc(out, '\n');
    for (size_t i = 0; i < c->notes.len; i++) {
        buf_adds(out, "* ");
        report_escape_markdown(c->notes.items[i], out);
        buf_addc(out, '\n');
    }
    if (is_worth_saving(c))
        buf_addf(out, "* %s\n", saving);
}

static void format_markdown(const struct comparison *c, bool all, struct buf *out)
{
    buf_adds(out,
             c->counts[VERDICT_WORSE] != 0 ? "**Regression.** " : "No regression. ");
    add_totals(c, out);
    buf_adds(out, "\n");
    if (!shows_any(c, all)) {
        markdown_notes(c, out);
        return;
    }
    buf_adds(out,
             "\n| verdict | where | metric | base | now |\n|---|---|---|--:|--:|\n");
    for (size_t i = 0; i < c->len; i++) {
        const struct difference *d = &c->items[i];
        if (!is_shown(d, all))
            continue;
        AUTO_BUF place = BUF_INIT;
        AUTO_BUF base = BUF_INIT;
        AUTO_BUF now = BUF_INIT;
        add_place(d, &place);
        add_values(d, &base, &now);
        buf_addf(out, "| %s | ", shown_verdict(d));
        report_escape_markdown(place.data, out);
        buf_addf(out, " | %s | %s | %s |\n", d->metric != NULL ? d->metric : "",
                 buf_str(&base), buf_str(&now));
    }
    markdown_notes(c, out);
}

static void json_figures(const struct difference *d, struct buf *out)
{
    if (d->metric == NULL)
        return;
    if (!difference_is_wall(d)) {
        buf_addf(out, "\"base\":%" PRIu64 ",\"now\":%" PRIu64 ",", d->base, d->now);
        return;
    }
    const struct contrast *seen = &d->wall.seen;
    buf_addf(out,
             "\"base\":%.9g,\"now\":%.9g,\"ratio\":%.6g,\"interval\":[%.6g,%.6g],"
             "\"p\":%.6g,\"samples\":[%zu,%zu],\"by\":\"%s\",\"in_turns\":%s,",
             d->base_s, d->now_s, seen->ratio, seen->range.low, seen->range.high,
             seen->p, d->base_samples, d->now_samples, d->wall.by,
             d->in_turns ? "true" : "false");
}

static void json_difference(const struct difference *d, struct buf *out)
{
    static const char *const verdicts[VERDICT_COUNT] = {
        "same",    "improvement", "regression", "new",
        "missing", "faster",      "slower",     "changed"};
    const char *const names[] = {"scenario", "variant", "engine", "build", "metric"};
    const char *const values[] = {d->scenario, d->variant, d->engine, d->build,
                                  d->metric};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        buf_addf(out, "%c\"%s\":", n == 0 ? '{' : ',', names[n]);
        json_text_string(out, values[n]);
    }
    buf_addc(out, ',');
    json_figures(d, out);
    bool unknown = d->verdict == VERDICT_SAME && difference_is_wall(d);
    buf_addf(out, "\"verdict\":\"%s\"}", unknown ? "~" : verdicts[d->verdict]);
}

static void format_json(const struct comparison *c, bool all, struct buf *out)
{
    const char *comma = "";
    buf_adds(out, "{\"schema\":\"simbench.comparison/1\",\"base_version\":");
    json_text_string(out, c->base_version);
    buf_adds(out, ",\"version\":");
    json_text_string(out, c->now_version);
    buf_addf(out,
             ",\"regressions\":%zu,\"improvements\":%zu,\"unchanged\":%zu,\"new\":%zu,"
             "\"missing\":%zu,\"slower\":%zu,\"faster\":%zu,\"notes\":[",
             c->counts[VERDICT_WORSE], c->counts[VERDICT_BETTER],
             c->counts[VERDICT_SAME], c->counts[VERDICT_NEW], c->counts[VERDICT_GONE],
             c->counts[VERDICT_SLOWER], c->counts[VERDICT_FASTER]);
    for (size_t i = 0; i < c->notes.len; i++) {
        buf_adds(out, i != 0 ? "," : "");
        json_text_string(out, c->notes.items[i]);
    }
    buf_adds(out, "],\"differences\":[");
    for (size_t i = 0; i < c->len; i++) {
        if (!is_shown(&c->items[i], all))
            continue;
        buf_addf(out, "%s\n", comma);
        json_difference(&c->items[i], out);
        comma = ",";
    }
    buf_adds(out, "]}\n");
}

static void junit_failure(const struct difference *d, struct buf *out)
{
    AUTO_BUF base = BUF_INIT;
    AUTO_BUF now = BUF_INIT;
    if (difference_is_wall(d)) {
        add_values(d, &base, &now);
    } else {
        buf_addf(&base, "%" PRIu64, d->base);
        buf_addf(&now, "%" PRIu64, d->now);
    }
    buf_adds(out, "><failure message=\"");
    report_escape_html(buf_str(&base), out);
    buf_adds(out, " -&gt; ");
    report_escape_html(buf_str(&now), out);
    buf_adds(out, "\"/></testcase>\n");
}

static void format_junit(const struct comparison *c, struct buf *out)
{
    buf_addf(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<testsuite name=\"simbench compare\" tests=\"%zu\" failures=\"%zu\">\n",
             c->len, c->counts[VERDICT_WORSE]);
    for (size_t i = 0; i < c->len; i++) {
        const struct difference *d = &c->items[i];
        AUTO_BUF place = BUF_INIT;
        add_place(d, &place);
        buf_adds(out, "  <testcase classname=\"");
        report_escape_html(place.data, out);
        buf_addf(out, "\" name=\"%s\"", d->metric != NULL ? d->metric : "present");
        if (d->verdict == VERDICT_WORSE)
            junit_failure(d, out);
        else if (d->verdict == VERDICT_GONE || d->verdict == VERDICT_NEW)
            buf_addf(out, "><skipped message=\"%s\"/></testcase>\n",
                     verdict_word(d->verdict));
        else
            buf_adds(out, "/>\n");
    }
    buf_adds(out, c->notes.len != 0 ? "  <system-out>" : "");
    for (size_t i = 0; i < c->notes.len; i++) {
        report_escape_html(c->notes.items[i], out);
        buf_adds(out, i + 1 < c->notes.len ? "\n" : "</system-out>\n");
    }
    buf_adds(out, "</testsuite>\n");
}

void comparison_format(const struct comparison *c, enum compare_format format, bool all,
                       struct buf *out)
{
    switch (format) {
    case COMPARE_TABLE:
        format_table(c, all, out);
        break;
    case COMPARE_MARKDOWN:
        format_markdown(c, all, out);
        break;
    case COMPARE_JSON:
        format_json(c, all, out);
        break;
    case COMPARE_JUNIT:
        format_junit(c, out);
        break;
    }
}
