/* SPDX-License-Identifier: MIT */
/* The handout as a page to print: a sheet a scenario, its solution on the next. */
#include "reports/handout.h"

#include <string.h>

#include "reports/export.h"
#include "reports/figures.h"
#include "reports/html.h"

static void listing(const char *text, struct buf *out)
{
    buf_adds(out, "<ol class=listing>\n");
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        AUTO_BUF line = BUF_INIT;
        buf_add(&line, text, len);
        report_html_text("<li><code>", buf_str(&line), "</code>\n", out);
        text += len + (text[len] == '\n');
    }
    buf_adds(out, "</ol>\n");
}

static void table(const struct handout_part *part, const char *title, bool solved,
                  struct buf *out)
{
    const struct result_build *rows = handout_steps(part);
    const struct result_build *builds = &part->variant->builds[part->first];
    report_html_text("<div class=scroll tabindex=0 role=group aria-label=\"", title,
                     " ", out);
    buf_addf(out, "%zu%s\">", part->first + 1, solved ? ", solved" : "");
    buf_adds(out, "<table class=answers><thead><tr><th scope=col>line"
                  "<th scope=col>step");
    for (size_t b = 0; b < part->count; b++)
        report_html_text("<th scope=col>", builds[b].label, "", out);
    buf_adds(out, "\n<tbody>\n");
    for (size_t i = 0; i < rows->step_count; i++) {
        if (!handout_asks(&rows->steps[i]))
            continue;
        buf_addf(out, "<tr><td>%u<th scope=row>", rows->steps[i].line);
        report_html_text("<code>", rows->steps[i].instruction, "</code>", out);
        for (size_t b = 0; b < part->count; b++) {
            const struct result_step *step = handout_step(&builds[b], &rows->steps[i]);
            bool runs = step != NULL && step->status == STEP_RAN;
            buf_adds(out, solved && runs ? "<td class=r>" : "<td>");
            buf_adds(out, solved ? handout_answer(step) : "");
        }
        buf_addc(out, '\n');
    }
    buf_adds(out, "<tr><td><th scope=row>time of the build");
    for (size_t b = 0; b < part->count; b++) {
        buf_adds(out, "<td>");
        if (solved)
            handout_time(&builds[b], out);
    }
    buf_adds(out, "\n</table></div>\n");
}

static void parts(const struct result_scenario *s, bool solved, struct buf *out)
{
    for (size_t v = 0; v < s->variant_count; v++) {
        struct handout_part part;
        AUTO_BUF title = BUF_INIT;
        report_variant_title(s, &s->variants[v], &title);
        report_html_text("<h3>", buf_str(&title), "</h3>\n", out);
        for (size_t at = 0; handout_next(&s->variants[v], at, &part);
             at += part.count) {
            if (part.new_text && !solved)
                listing(report_str(s->variants[v].builds[at].dockerfile), out);
            table(&part, buf_str(&title), solved, out);
        }
    }
}

void report_handout_html(const struct results *r, struct buf *out)
{
    report_html_head("simbench handout", false, out);
    buf_adds(out, "<body class=handout><main>\n<h1>Which steps will run?</h1>\n");
    for (size_t i = 0; i < r->scenario_count; i++) {
        const struct result_scenario *s = &r->scenarios[i];
        if (!handout_has(s))
            continue;
        report_html_text("<section class=sheet>\n<h2>", s->name, "</h2>\n", out);
        buf_adds(out, "<p>Each column is a build, made after what its heading says. "
                      "Write into each field whether the step <em>runs</em> or is "
                      "<em>reused</em> from the cache, and guess how long the build "
                      "takes.</p>\n");
        parts(s, false, out);
        report_html_text("</section>\n<section class=sheet>\n<h2>Solution: ", s->name,
                         "</h2>\n", out);
        if (report_str(s->lesson)[0] != '\0')
            report_html_text("<p class=lesson>", s->lesson, "</p>\n", out);
        parts(s, true, out);
        report_html_cost(s, out);
        buf_adds(out, "</section>\n");
    }
    buf_adds(out, "</main></body></html>\n");
}
