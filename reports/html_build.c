/* SPDX-License-Identifier: MIT */
/*
 * The Dockerfile of a build, line by line: reused, ran or meta, its time and its layer,
 * and why it ran. Lines that continue an instruction (after an escape character, in a
 * heredoc) are told by a small look at the text; the parser lives elsewhere, and what
 * counts, the line of each step, comes with the steps.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/html.h"
#include "reports/report.h"
#include "reports/results_json.h"
#include "reports/timeline.h"
#include "sim/base/mem.h"

struct listing {
    const struct result_build *b;
    struct report_timeline timeline;
    bool virtual;
    struct buf *out;
    size_t next;       /* step that was not shown yet */
    unsigned line;     /* of the text, from 1 */
    char escape;       /* continues a line */
    bool told_nothing; /* no-record was said */
    bool continues;    /* this line belongs to the instruction above */
    char *heredoc;     /* delimiter that ends the one we are in */
    const char *class; /* of the instruction that a line continues */
};

static const char *class_of(enum step_status status)
{
    return status == STEP_RAN ? "r" : status == STEP_CACHED ? "k" : "m";
}

static const char *word_of(enum step_status status)
{
    return status == STEP_CACHED ? "reused" : result_status_name(status);
}

/* Opens the row: number, outcome, text. More attributes may follow the class. */
static void row(struct listing *l, const char *class, const char *outcome,
                const char *text, unsigned line)
{
    buf_addf(l->out, "<tr class=%s><td>", class);
    if (line > 0)
        buf_addf(l->out, "%u", line);
    buf_addf(l->out, "<td>%s<td><code>", outcome);
    report_html_text("", text, "</code>", l->out);
}

/* That there is nothing to compare with is said once a build. */
static bool is_told(struct listing *l, const struct result_step *s)
{
    bool nothing = strcmp(report_str(s->miss_reason), "no-record") == 0;
    bool told = nothing && l->told_nothing;
    l->told_nothing |= nothing;
    return told;
}

/* A row with a data-t is a step of the replay: it takes as many milliseconds, or
 * microseconds of the wall clock (only their proportions count), and begins at data-s
 * where that is not when the one before it ends. */
static void step_row(struct listing *l, const struct report_span *span,
                     const char *text)
{
    const struct result_step *s = span->step;
    double units = l->virtual ? 1e3 : 1e6;
    AUTO_BUF class = BUF_INIT;
    buf_addf(&class, "%s data-t=%.0f", class_of(s->status), span->seconds * units);
    if (l->timeline.stage_count > 1)
        buf_addf(&class, " data-s=%.0f", span->start_s * units);
    row(l, buf_str(&class), word_of(s->status), text, s->line);
    if (s->miss_text != NULL && !is_told(l, s))
        report_html_text("<p>", s->miss_text, "</p>", l->out);
    buf_adds(l->out, "<td>");
    if (s->status != STEP_META)
        report_html_time(l->virtual, s->has_virtual, s->virtual_ms, &s->wall, l->out);
    if (s->diff_id != NULL || s->fetched_bytes > 0) {
        buf_adds(l->out, "<br>");
        report_bytes(s->diff_id != NULL ? s->size : s->fetched_bytes, l->out);
        buf_adds(l->out, s->diff_id != NULL ? "" : " fetched");
    }
    buf_addc(l->out, '\n');
    l->class = class_of(s->status);
}

static bool is_heredoc_word(int c)
{
    return isalnum(c) || c == '_' || c == '.' || c == '-';
}

/* Notes whether the next line goes on with this instruction. */
static void look_at_end(struct listing *l, const char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    l->continues = len > 0 && text[len - 1] == l->escape;
    const char *doc = strstr(text, "<<");
    if (doc == NULL || l->heredoc != NULL)
        return;
    doc += strspn(doc, "<-\"'");
    size_t word = 0;
    while (is_heredoc_word((unsigned char)doc[word]))
        word++;
    if (word > 0)
        l->heredoc = xstrndup(doc, word);
}

static void continued(struct listing *l, const char *text)
{
    row(l, l->class, "", text, l->line);
    buf_adds(l->out, "<td>\n");
    if (l->heredoc == NULL) {
        look_at_end(l, text);
    } else if (strcmp(text + strspn(text, "\t"), l->heredoc) == 0) {
        free(l->heredoc);
        l->heredoc = NULL;
        l->continues = false;
    }
}

static void text_line(struct listing *l, const char *text)
{
    size_t first = l->next;
    const struct report_span *spans = l->timeline.spans;
    l->line++;
    for (; l->next < l->b->step_count && spans[l->next].step->line <= l->line;
         l->next++) {
        const struct result_step *s = spans[l->next].step;
        bool here = l->next == first && s->line == l->line;
        step_row(l, &spans[l->next], here ? text : report_str(s->instruction));
    }
    if (l->next > first) {
        look_at_end(l, text);
        return;
    }
    const char *body = text + strspn(text, " \t");
    bool comment = *body == '#' || *body == '\0';
    if (l->heredoc != NULL || (l->continues && !comment)) {
        continued(l, text);
        return;
    }
    if (strncmp(body, "# escape=`", 10) == 0)
        l->escape = '`';
    const char *why = l->b->error != NULL ? "not run" : "not needed";
    row(l, "n", comment ? "" : why, text, l->line);
    buf_adds(l->out, "<td>\n");
}

static void text_lines(struct listing *l, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        AUTO_FREE char *line = xstrndup(text, len);
        if (len > 0 && line[len - 1] == '\r')
            line[len - 1] = '\0';
        text_line(l, line);
        text += len + (text[len] == '\n');
    }
}

void report_html_dockerfile(const struct result_build *b, bool virtual, struct buf *out)
{
    struct listing l = {
        .b = b, .virtual = virtual, .out = out, .escape = '\\', .class = "n"};
    buf_addf(out,
             "<table class=file><thead><tr><th scope=col>line<th scope=col>outcome"
             "<th scope=col>Dockerfile<th scope=col>%s, layer<tbody>\n",
             virtual ? "virtual" : "wall");
    report_timeline_init(b, virtual, &l.timeline);
    text_lines(&l, report_str(b->dockerfile));
    for (; l.next < b->step_count; l.next++)
        step_row(&l, &l.timeline.spans[l.next],
                 report_str(b->steps[l.next].instruction));
    report_timeline_free(&l.timeline);
    free(l.heredoc);
    buf_adds(out, "</table>\n");
}
