/* SPDX-License-Identifier: MIT */
/*
 * index.html: one page that asks for nothing else, without scripts (its own policy
 * forbids them, so that no name can bring one in). End tags that HTML lets one leave
 * out are left out: the page of fifty scenarios stays small.
 */
#include "reports/html.h"

#include <string.h>

#include "reports/export.h"
#include "reports/results_json.h"

static const unsigned char style_sheet[] = {
#include "reports/templates/page.css.inc"
};

enum { OPEN_BUILDS = 3 }; /* of a variant, shown unfolded */

void report_html_text(const char *before, const char *s, const char *after,
                      struct buf *out)
{
    buf_adds(out, before);
    report_escape_html(s, out);
    buf_adds(out, after);
}

bool report_html_virtual(const struct result_scenario *s)
{
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            if (!s->variants[v].builds[b].has_virtual)
                return false;
    return true;
}

void report_html_time(bool virtual, bool has_virtual, uint64_t ms,
                      const struct result_wall *wall, struct buf *out)
{
    if (virtual && has_virtual)
        report_virtual(ms, out);
    else if (!virtual && wall->n > 0)
        report_wall(wall->median, out);
    else
        buf_adds(out, "–");
}

static void variant_title(const struct result_scenario *s, size_t variant,
                          struct buf *out)
{
    AUTO_BUF title = BUF_INIT;
    report_variant_title(s, &s->variants[variant], &title);
    report_escape_html(buf_str(&title), out);
}

/* ---- checks, costs, figures ------------------------------------------------------ */

static void checks(const struct result_scenario *s, struct buf *out)
{
    if (s->error != NULL)
        report_html_text("<p class=fail><b>Stopped by an error:</b> ", s->error,
                         "</p>\n", out);
    if (s->check_count == 0)
        return;
    buf_adds(out, "<ul class=checks>\n");
    for (int ok = 0; ok <= 1; ok++) {
        for (size_t c = 0; c < s->check_count; c++) {
            const struct result_check *check = &s->checks[c];
            if (check->ok != (ok == 1))
                continue;
            report_html_text(ok ? "<li class=pass><b>passed</b> "
                                : "<li class=fail><b>failed</b> ",
                             check->message, "", out);
            if (!ok) {
                report_html_text(" <small>(", s->file, "", out);
                buf_addf(out, ":%u)</small>", check->line);
            }
            buf_addc(out, '\n');
        }
    }
    buf_adds(out, "</ul>\n");
}

static void cost(const struct result_scenario *s, struct buf *out)
{
    struct report_cost found;
    if (!report_cost_of(s, &found))
        return;
    AUTO_BUF text = BUF_INIT;
    report_cost_text(s, &found, &text);
    report_html_text("<p class=cost>", buf_str(&text), "</p>\n", out);
}

static void figures_row(const struct result_build *b, struct buf *out)
{
    buf_addf(out, "<td>%u / %u<td>", b->ran, b->reused);
    report_bytes(b->new_bytes, out);
    buf_adds(out, "<td>");
    report_bytes(b->fetched_bytes, out);
    buf_adds(out, "<td>");
    if (b->error != NULL)
        buf_adds(out, "<b class=fail>failed</b>");
    else
        report_html_time(true, b->has_virtual, b->virtual_ms, &b->wall, out);
    buf_adds(out, "<td>");
    report_html_time(false, false, 0, &b->wall, out);
    if (b->wall.n > 1) {
        buf_adds(out, " <small>");
        report_wall(b->wall.min, out);
        buf_adds(out, " to ");
        report_wall(b->wall.max, out);
        buf_adds(out, "</small>");
    }
    buf_addc(out, '\n');
}

static void figures(const struct result_scenario *s, const struct report_grid *grid,
                    struct buf *out)
{
    buf_adds(out, "<div class=scroll tabindex=0 role=group aria-label=\"Figures\">"
                  "<table class=figures><thead><tr><th scope=col>build"
                  "<th scope=col>run / reused<th scope=col>new layers"
                  "<th scope=col>fetched<th scope=col>virtual clock"
                  "<th scope=col>wall clock\n");
    for (size_t row = 0; row < grid->row_count; row++) {
        report_html_text("<tbody><tr><th colspan=6 scope=rowgroup>", grid->labels[row],
                         "\n", out);
        for (size_t v = 0; v < grid->column_count; v++) {
            const struct result_build *b = report_grid_cell(grid, row, v);
            if (b == NULL)
                continue;
            buf_adds(out, "<tr><th scope=row>");
            variant_title(s, v, out);
            figures_row(b, out);
        }
    }
    buf_adds(out, "</table></div>\n");
}

/* ---- variants -------------------------------------------------------------------- */

static void build(const struct result_build *b, bool open, bool virtual,
                  struct buf *out)
{
    report_html_text(open ? "<details open><summary><b>" : "<details><summary><b>",
                     b->label, "</b> ", out);
    buf_addf(out, "<span>%u ran, %u reused · ", b->ran, b->reused);
    if (b->error != NULL)
        buf_adds(out, "failed");
    else
        report_html_time(virtual, b->has_virtual, b->virtual_ms, &b->wall, out);
    buf_adds(out, "</span></summary>\n");
    if (b->error != NULL)
        report_html_text("<p class=fail>", b->error, "</p>\n", out);
    report_html_dockerfile(b, virtual, out);
    buf_adds(out, "</details>\n");
}

static void variants(const struct result_scenario *s, struct buf *out)
{
    bool virtual = report_html_virtual(s);
    struct report_html_holders *holders = report_html_holders_new(s);
    buf_adds(out, "<div class=variants>\n");
    for (size_t v = 0; v < s->variant_count; v++) {
        const struct result_variant *variant = &s->variants[v];
        buf_adds(out, "<article><h3>");
        variant_title(s, v, out);
        buf_adds(out, "</h3>\n");
        for (size_t b = 0; b < variant->build_count; b++)
            build(&variant->builds[b], b < OPEN_BUILDS, virtual, out);
        report_html_stacks(s, v, holders, out);
        buf_adds(out, "</article>\n");
    }
    buf_adds(out, "</div>\n");
    report_html_holders_free(holders);
}

static void plot_links(const struct report_plots *plots, size_t scenario,
                       struct buf *out)
{
    bool any = false;
    for (size_t i = 0; plots != NULL && i < plots->count; i++) {
        const struct report_plot *p = &plots->items[i];
        if (p->scenario != scenario || !p->drawn)
            continue;
        buf_adds(out, any ? ", " : "<p class=plots>Plots: ");
        report_html_text("<a href=\"plots/", p->name, ".svg\">", out);
        report_html_text("", p->title, "</a>", out);
        any = true;
    }
    buf_adds(out, any ? "</p>\n" : "");
}

static void scenario(const struct results *r, size_t index,
                     const struct report_plots *plots, struct buf *out)
{
    const struct result_scenario *s = &r->scenarios[index];
    bool ok = report_scenario_ok(s);
    buf_addf(out, "<section aria-labelledby=s%zu>\n", index + 1);
    buf_addf(out, "<h2 id=s%zu>", index + 1);
    report_html_text("", s->name, "", out);
    buf_addf(out, " <span class=%s>%s</span></h2>\n", ok ? "pass" : "fail",
             ok ? "passed" : "failed");
    if (s->lesson != NULL)
        report_html_text("<p class=lesson>", s->lesson, "</p>\n", out);
    checks(s, out);
    cost(s, out);
    struct report_grid grid;
    report_grid_init(s, &grid);
    if (grid.row_count > 0) {
        report_html_bars(s, &grid, out);
        figures(s, &grid, out);
    }
    report_grid_free(&grid);
    variants(s, out);
    plot_links(plots, index, out);
    report_html_text("<p class=file>", s->file, "</p>\n</section>\n", out);
}

/* ---- the page -------------------------------------------------------------------- */

static void contents(const struct results *r, struct buf *out)
{
    buf_adds(out, "<nav aria-label=Scenarios><h2>Scenarios</h2><ol>\n");
    for (size_t i = 0; i < r->scenario_count; i++) {
        const struct result_scenario *s = &r->scenarios[i];
        struct report_cost found;
        buf_addf(out, "<li><a href=#s%zu>", i + 1);
        report_html_text("", s->name, "</a>", out);
        if (!report_scenario_ok(s))
            buf_adds(out, " <b class=fail>failed</b>");
        if (report_cost_of(s, &found)) {
            report_html_text(" <small>", found.worst->name, ": +", out);
            if (found.has_virtual)
                report_virtual(found.virtual_ms, out);
            else
                report_wall(found.wall_s, out);
            buf_adds(out, "</small>");
        }
        buf_addc(out, '\n');
    }
    buf_adds(out, "</ol></nav>\n");
}

void report_html(const struct results *r, const struct report_plots *plots,
                 struct buf *out)
{
    char started[32];
    AUTO_BUF headline = BUF_INIT;
    struct report_totals totals;
    report_count(r, &totals);
    report_headline(r, &headline);
    result_format_time(r->started_s, started);
    buf_adds(
        out,
        "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:\">\n"
        "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=color-scheme content=\"light dark\">\n"
        "<title>simbench report</title>\n<link rel=icon href=\"data:,\">\n<style>\n");
    buf_add(out, style_sheet, sizeof style_sheet);
    buf_adds(out,
             "</style></head>\n<body><a class=skip href=#main>to the scenarios</a>\n"
             "<header><h1>simbench report</h1>\n");
    buf_addf(out, "<p class=%s>", totals.failed_scenarios > 0 ? "fail" : "pass");
    report_html_text("", buf_str(&headline), "</p>\n", out);
    report_html_text("<p>simbench ", r->version, "", out);
    buf_addf(out,
             ", <time datetime=%s>%s</time>. Virtual seconds come from command models "
             "and are exact; wall seconds were measured here. They are never added.</p>"
             "\n</header>\n",
             started, started);
    contents(r, out);
    buf_adds(out, "<main id=main>\n");
    for (size_t i = 0; i < r->scenario_count; i++)
        scenario(r, i, plots, out);
    buf_adds(out, "</main>\n</body></html>\n");
}
