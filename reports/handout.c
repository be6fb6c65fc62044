/* SPDX-License-Identifier: MIT */
/*
 * The handout in Markdown, and what it shares with the one in HTML: a sheet a scenario
 * with the Dockerfiles and tables to fill in (which steps will run?), then the solution
 * with the lesson, which would give the answer away on the first page.
 */
#include "reports/handout.h"

#include <string.h>

#include "reports/export.h"
#include "reports/figures.h"
#include "reports/report.h"

static bool same_text(const struct result_build *a, const struct result_build *b)
{
    return strcmp(report_str(a->dockerfile), report_str(b->dockerfile)) == 0;
}

bool handout_next(const struct result_variant *v, size_t first,
                  struct handout_part *out)
{
    if (first >= v->build_count)
        return false;
    *out = (struct handout_part){.variant = v, .first = first};
    size_t alike = 1;
    while (first + alike < v->build_count &&
           same_text(&v->builds[first], &v->builds[first + alike]))
        alike++;
    /* Seven are four and three, not six and one. */
    size_t tables = (alike + HANDOUT_BUILDS - 1) / HANDOUT_BUILDS;
    out->count = (alike + tables - 1) / tables;
    out->new_text = first == 0 || !same_text(&v->builds[first], &v->builds[first - 1]);
    return true;
}

const struct result_build *handout_steps(const struct handout_part *part)
{
    const struct result_build *most = &part->variant->builds[part->first];
    for (size_t i = 1; i < part->count; i++)
        if (part->variant->builds[part->first + i].step_count > most->step_count)
            most = &part->variant->builds[part->first + i];
    return most;
}

const struct result_step *handout_step(const struct result_build *b,
                                       const struct result_step *row)
{
    for (size_t i = 0; i < b->step_count; i++)
        if (b->steps[i].line == row->line && b->steps[i].index == row->index)
            return &b->steps[i];
    return NULL;
}

bool handout_asks(const struct result_step *step)
{
    return step->status == STEP_RAN || step->status == STEP_CACHED;
}

const char *handout_answer(const struct result_step *step)
{
    if (step == NULL || !handout_asks(step))
        return "–";
    return step->status == STEP_RAN ? "runs" : "reused";
}

void handout_time(const struct result_build *b, struct buf *out)
{
    if (b->error != NULL)
        buf_adds(out, "failed");
    else if (b->has_virtual)
        report_virtual(b->virtual_ms, out);
    else if (b->wall.n > 0)
        report_wall(b->wall.median, out);
    else
        buf_adds(out, "–");
}

bool handout_has(const struct result_scenario *s)
{
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            if (s->variants[v].builds[b].step_count > 0)
                return true;
    return false;
}

/* ---- Markdown -------------------------------------------------------------------- */

/* The longest run of backticks in s: a fence has one more. */
static size_t longest_ticks(const char *s)
{
    size_t longest = 2;
    for (; *s != '\0'; s++) {
        size_t n = strspn(s, "`");
        longest = n > longest ? n : longest;
        s += n > 0 ? n - 1 : 0;
    }
    return longest;
}

static void fenced(const char *text, struct buf *out)
{
    AUTO_BUF fence = BUF_INIT;
    for (size_t n = longest_ticks(text) + 1; n > 0; n--)
        buf_addc(&fence, '`');
    buf_addf(out, "%sdockerfile\n", buf_str(&fence));
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        AUTO_BUF line = BUF_INIT;
        buf_add(&line, text, len);
        report_escape_terminal(buf_str(&line), out); /* nothing hidden */
        buf_addc(out, '\n');
        text += len + (text[len] == '\n');
    }
    buf_addf(out, "%s\n\n", buf_str(&fence));
}

static void cell(const char *text, struct buf *out)
{
    report_escape_markdown(text, out);
    buf_adds(out, " | ");
}

static void end_row(struct buf *out)
{
    out->data[--out->len] = '\0'; /* the blank behind the last bar */
    buf_addc(out, '\n');
}

static void table(const struct handout_part *part, bool solved, struct buf *out)
{
    const struct result_build *rows = handout_steps(part);
    const struct result_build *builds = &part->variant->builds[part->first];
    buf_adds(out, "| line | step | ");
    for (size_t b = 0; b < part->count; b++)
        cell(report_str(builds[b].label), out);
    end_row(out);
    buf_adds(out, "|--:|---|");
    for (size_t b = 0; b < part->count; b++)
        buf_adds(out, ":-:|");
    buf_addc(out, '\n');
    for (size_t i = 0; i < rows->step_count; i++) {
        if (!handout_asks(&rows->steps[i]))
            continue;
        buf_addf(out, "| %u | ", rows->steps[i].line);
        cell(report_str(rows->steps[i].instruction), out);
        for (size_t b = 0; b < part->count; b++)
            cell(solved ? handout_answer(handout_step(&builds[b], &rows->steps[i]))
                        : "     ",
                 out);
        end_row(out);
    }
    buf_adds(out, "|  | time | ");
    for (size_t b = 0; b < part->count; b++) {
        AUTO_BUF time = BUF_INIT;
        if (solved)
            handout_time(&builds[b], &time);
        cell(buf_str(&time), out);
    }
    end_row(out);
    buf_addc(out, '\n');
}

static void parts(const struct result_scenario *s, bool solved, struct buf *out)
{
    for (size_t v = 0; v < s->variant_count; v++) {
        struct handout_part part;
        AUTO_BUF title = BUF_INIT;
        report_variant_title(s, &s->variants[v], &title);
        buf_adds(out, "### ");
        report_escape_markdown(buf_str(&title), out);
        buf_adds(out, "\n\n");
        for (size_t at = 0; handout_next(&s->variants[v], at, &part);
             at += part.count) {
            if (part.new_text && !solved)
                fenced(report_str(s->variants[v].builds[at].dockerfile), out);
            table(&part, solved, out);
        }
    }
}

static void solution(const struct result_scenario *s, struct buf *out)
{
    struct report_cost cost;
    buf_adds(out, "<div style=\"page-break-after: always\"></div>\n\n## Solution: ");
    report_escape_markdown(s->name, out);
    buf_adds(out, "\n\n");
    if (report_str(s->lesson)[0] != '\0') {
        report_escape_markdown(s->lesson, out);
        buf_adds(out, "\n\n");
    }
    parts(s, true, out);
    if (report_cost_of(s, &cost)) {
        AUTO_BUF text = BUF_INIT;
        report_cost_text(s, &cost, &text);
        report_escape_markdown(buf_str(&text), out);
        buf_adds(out, "\n\n");
    }
    buf_adds(out, "<div style=\"page-break-after: always\"></div>\n\n");
}

void report_handout_markdown(const struct results *r, struct buf *out)
{
    buf_adds(out, "# Which steps will run?\n\n");
    for (size_t i = 0; i < r->scenario_count; i++) {
        const struct result_scenario *s = &r->scenarios[i];
        if (!handout_has(s))
            continue;
        buf_adds(out, "## ");
        report_escape_markdown(s->name, out);
        buf_adds(out,
                 "\n\nEach column is a build, made after what its heading says. Write "
                 "into each field whether the step *runs* or is *reused* from the "
                 "cache, and guess how long the build takes.\n\n");
        parts(s, false, out);
        solution(s, out);
    }
}
