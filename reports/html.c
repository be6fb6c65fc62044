/* SPDX-License-Identifier: MIT */
/*
 * index.html: one page that asks for nothing else. All of it is there without scripts;
 * the one that it has is let in by its hash, so that no name can bring another. End
 * tags that HTML lets one leave out are left out: the page of fifty scenarios stays
 * small.
 */
#include "reports/html.h"

#include <string.h>

#include "reports/export.h"
#include "reports/results_json.h"

enum { OPEN_BUILDS = 3 }; /* of a variant, shown unfolded */

void report_html_text(const char *before, const char *s, const char *after,
                      struct buf *out)
{
    buf_adds(out, before);
    report_escape_html(s, out);
    buf_adds(out, after);
}

bool report_html_virtual(const struct result_variant *v)
{
    size_t finished = 0;
    for (size_t b = 0; b < v->build_count; b++) {
        if (v->builds[b].error != NULL)
            continue;
        if (!v->builds[b].has_virtual)
            return false;
        finished++;
    }
    return finished > 0;
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

/* ---- variants -------------------------------------------------------------------- */

static void build(const struct result_scenario *s, const struct result_build *b,
                  bool virtual, bool open, struct buf *out)
{
    bool broke = report_build_broke(s, b);
    report_html_text(open ? "<details open><summary><b>" : "<details><summary><b>",
                     b->label, "</b> ", out);
    buf_addf(out, "<span>%u ran, %u reused · ", b->ran, b->reused);
    if (b->error != NULL)
        buf_adds(out, broke ? "failed" : "failed, as expected");
    else
        report_html_time(virtual, b->has_virtual, b->virtual_ms, &b->wall, out);
    buf_adds(out, "</span></summary>\n");
    if (b->error != NULL)
        report_html_text(broke ? "<p class=fail>" : "<p>", b->error, "</p>\n", out);
    report_html_dockerfile(b, virtual, out);
    buf_adds(out, "</details>\n");
}

static void variants(const struct result_scenario *s, struct buf *out)
{
    struct report_html_holders *holders = report_html_holders_new(s);
    buf_adds(out, "<div class=variants>\n");
    for (size_t v = 0; v < s->variant_count; v++) {
        const struct result_variant *variant = &s->variants[v];
        buf_adds(out, "<article><h3>");
        variant_title(s, v, out);
        buf_adds(out, "</h3>\n");
        bool virtual = report_html_virtual(variant);
        for (size_t b = 0; b < variant->build_count; b++)
            build(s, &variant->builds[b], virtual, b < OPEN_BUILDS, out);
        report_html_stacks(s, v, holders, out);
        buf_adds(out, "</article>\n");
    }
    buf_adds(out, "</div>\n");
    report_html_holders_free(holders);
}

static void plot_links(const struct report_links *links, size_t scenario, bool of_scan,
                       struct buf *out)
{
    const struct report_plots *plots = links->plots;
    bool any = false;
    for (size_t i = 0; plots != NULL && i < plots->count; i++) {
        const struct report_plot *p = &plots->items[i];
        if (p->scenario != scenario || p->of_scan != of_scan || !p->drawn)
            continue;
        buf_adds(out, any ? ", " : "<p class=plots>Plots: ");
        report_html_text("<a href=\"plots/", p->name, ".svg\">", out);
        report_html_text("", p->title, "</a>", out);
        any = true;
    }
    buf_adds(out, any ? "</p>\n" : "");
}

static void scenario(const struct results *r, size_t index,
                     const struct report_links *links, struct buf *out)
{
    const struct result_scenario *s = &r->scenarios[index];
    bool ok = report_scenario_ok(s);
    buf_addf(out, "<section aria-labelledby=s%zu>\n", index + 1);
    buf_addf(out, "<h2 id=s%zu>", index + 1);
    report_html_text("", s->name, "", out);
    buf_addf(out, " <span class=%s>%s</span></h2>\n", ok ? "pass" : "fail",
             ok ? "passed" : "failed");
    if (report_str(s->lesson)[0] != '\0')
        report_html_text("<p class=lesson>", s->lesson, "</p>\n", out);
    report_html_checks(s, out);
    report_html_cost(s, out);
    struct report_grid grid;
    report_grid_init(s, &grid);
    if (grid.row_count > 0) {
        report_html_bars(s, &grid, out);
        report_html_table(s, &grid, out);
    }
    report_grid_free(&grid);
    variants(s, out);
    plot_links(links, index, false, out);
    report_html_text("<p class=file>", s->file, "</p>\n</section>\n", out);
}

/* ---- the page -------------------------------------------------------------------- */

static void contents(const struct results *r, const struct report_growths *growths,
                     struct buf *out)
{
    buf_adds(out, "<nav aria-label=Scenarios><h2>Scenarios</h2><ol>\n");
    for (size_t i = 0; i < r->scenario_count; i++) {
        const struct result_scenario *s = &r->scenarios[i];
        struct report_cost found;
        if (report_growth_begins(growths, r->scenarios, i)) {
            buf_addf(out, "<li class=growth><a href=#g%zu>", i + 1);
            report_html_text("", report_str(s->scan), ": how it grows</a>\n", out);
        }
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

void report_html(const struct results *r, const struct report_links *links,
                 struct buf *out)
{
    static const struct report_links none;
    links = links != NULL ? links : &none;
    char started[32];
    AUTO_BUF headline = BUF_INIT;
    struct report_totals totals;
    report_count(r, &totals);
    report_headline(r, &headline);
    result_format_time(r->started_s, started);
    report_html_head("simbench report", true, out);
    buf_adds(out, "<body><a class=skip href=#main>to the scenarios</a>\n"
                  "<header><h1>simbench report</h1>\n");
    buf_addf(out, "<p class=%s>", totals.failed_scenarios > 0 ? "fail" : "pass");
    report_html_text("", buf_str(&headline), "</p>\n", out);
    report_html_text("<p>simbench ", r->version, "", out);
    buf_addf(out,
             ", <time datetime=%s>%s</time>. Virtual seconds come from command models "
             "and are exact; wall seconds were measured here. They are never added.</p>"
             "\n",
             started, started);
    if (links->folder)
        buf_adds(out, "<p>Beside this page: <a href=report.md>report.md</a>, "
                      "<a href=results.csv>results.csv</a>, "
                      "<a href=results.json>results.json</a>, "
                      "<a href=trace.json>trace.json</a> (timelines, for "
                      "chrome://tracing or Perfetto)");
    if (links->handout)
        buf_adds(out, ", <a href=handout.html>handout.html</a> (to print)");
    buf_adds(out, links->folder ? ".</p>\n</header>\n" : "</header>\n");
    struct report_growths growths;
    report_growths_init(r->scenarios, r->scenario_count, &growths);
    contents(r, &growths, out);
    buf_adds(out, "<main id=main>\n");
    for (size_t i = 0; i < r->scenario_count; i++) {
        if (report_growth_begins(&growths, r->scenarios, i)) {
            report_html_growth(&growths, &r->scenarios[i], i + 1, out);
            plot_links(links, i, true, out);
            buf_adds(out, "</section>\n");
        }
        scenario(r, i, links, out);
    }
    report_growths_free(&growths);
    buf_adds(out, "</main>\n");
    report_html_script(out);
    buf_adds(out, "</body></html>\n");
}
