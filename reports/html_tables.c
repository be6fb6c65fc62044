/* SPDX-License-Identifier: MIT */
/* The parts of a scenario on the page that stand above its Dockerfiles: what was
 * checked, what the worse order costs, the figures of every build. */
#include "reports/html.h"
#include "reports/report.h"

enum { FEW_CHECKS = 3 }; /* passed ones that are not folded up */

static void check_item(const struct result_scenario *s,
                       const struct result_check *check, struct buf *out)
{
    report_html_text(check->ok ? "<li class=pass><b>passed</b> "
                               : "<li class=fail><b>failed</b> ",
                     check->message, "", out);
    if (!check->ok) {
        report_html_text(" <small>(", s->file, "", out);
        buf_addf(out, ":%u)</small>", check->line);
    }
    buf_addc(out, '\n');
}

static size_t check_list(const struct result_scenario *s, bool ok, struct buf *out)
{
    size_t count = 0;
    for (size_t c = 0; c < s->check_count; c++) {
        if (s->checks[c].ok != ok)
            continue;
        buf_adds(out, count++ == 0 ? "<ul class=checks>\n" : "");
        check_item(s, &s->checks[c], out);
    }
    buf_adds(out, count > 0 ? "</ul>\n" : "");
    return count;
}

void report_html_checks(const struct result_scenario *s, struct buf *out)
{
    if (s->error != NULL)
        report_html_text("<p class=fail><b>Stopped by an error:</b> ", s->error,
                         "</p>\n", out);
    size_t passed = s->check_count - check_list(s, false, out);
    if (passed == 0)
        return;
    bool fold = passed > FEW_CHECKS;
    if (fold)
        buf_addf(out,
                 "<details class=folded><summary>%zu of %zu checks hold</summary>\n",
                 passed, s->check_count);
    check_list(s, true, out);
    buf_adds(out, fold ? "</details>\n" : "");
}

void report_html_cost(const struct result_scenario *s, struct buf *out)
{
    struct report_cost found;
    if (!report_cost_of(s, &found))
        return;
    AUTO_BUF text = BUF_INIT;
    report_cost_text(s, &found, &text);
    report_html_text("<p class=cost>", buf_str(&text), "</p>\n", out);
}

/* ---- figures --------------------------------------------------------------------- */

static void interval(const struct result_wall *wall, struct buf *out)
{
    double low, high;
    if (wall->n < 2)
        return;
    bool confident = report_median_interval(wall, &low, &high);
    buf_adds(out, " <small>");
    report_wall(low, out);
    buf_adds(out, " to ");
    report_wall(high, out);
    buf_addf(out, confident ? " (95%%, %zu runs)</small>" : " (%zu runs)</small>",
             wall->n);
}

static void row(const struct result_scenario *s, const struct result_build *b,
                struct buf *out)
{
    buf_addf(out, "<td>%u / %u<td>", b->ran, b->reused);
    report_bytes(b->new_bytes, out);
    buf_adds(out, "<td>");
    report_bytes(b->fetched_bytes, out);
    buf_adds(out, "<td>");
    if (b->error != NULL)
        buf_adds(out, report_build_broke(s, b) ? "<b class=fail>failed</b>"
                                               : "failed, as expected");
    else
        report_html_time(true, b->has_virtual, b->virtual_ms, &b->wall, out);
    buf_adds(out, "<td>");
    report_html_time(false, false, 0, &b->wall, out);
    interval(&b->wall, out);
}

static void agreement(const struct result_scenario *s, const struct report_grid *grid,
                      size_t at, size_t column, struct buf *out)
{
    AUTO_BUF text = BUF_INIT;
    report_agreement_text(s, grid, at, column, &text);
    report_html_text("<td>", text.len > 0 ? buf_str(&text) : "–", "", out);
}

static bool repeated(const struct report_grid *grid)
{
    for (size_t i = 0; i < grid->row_count * grid->column_count; i++)
        if (grid->cells[i] != NULL && grid->cells[i]->wall.n > 1)
            return true;
    return false;
}

void report_html_table(const struct result_scenario *s, const struct report_grid *grid,
                       struct buf *out)
{
    bool engines = report_has_engines(s);
    buf_addf(out,
             "<div class=scroll tabindex=0 role=group aria-label=\"Figures\">"
             "<table class=figures><thead><tr><th scope=col>build"
             "<th scope=col>run / reused<th scope=col>new layers"
             "<th scope=col>fetched<th scope=col>virtual clock"
             "<th scope=col>wall clock%s%s\n",
             repeated(grid) ? ", median" : "",
             engines ? "<th scope=col>steps that agree with the built-in engine" : "");
    for (size_t at = 0; at < grid->row_count; at++) {
        buf_addf(out, "<tbody><tr><th colspan=%d scope=rowgroup>", engines ? 7 : 6);
        report_html_text("", grid->labels[at], "\n", out);
        for (size_t v = 0; v < grid->column_count; v++) {
            const struct result_build *b = report_grid_cell(grid, at, v);
            if (b == NULL)
                continue;
            AUTO_BUF title = BUF_INIT;
            report_variant_title(s, &s->variants[v], &title);
            report_html_text("<tr><th scope=row>", buf_str(&title), "", out);
            row(s, b, out);
            if (engines)
                agreement(s, grid, at, v, out);
            buf_addc(out, '\n');
        }
    }
    buf_adds(out, "</table></div>\n");
}
