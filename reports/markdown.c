/* SPDX-License-Identifier: MIT */
/* report.md, for a pull request: a headline, what failed, then a table a scenario. */
#include "reports/export.h"
#include "reports/figures.h"
#include "reports/growth.h"

enum { FEW_CHECKS = 3 }; /* passed ones that are listed */

static void escaped(const char *before, const char *s, const char *after,
                    struct buf *out)
{
    buf_adds(out, before);
    report_escape_markdown(s, out);
    buf_adds(out, after);
}

static void check_line(const struct result_scenario *s, const struct result_check *c,
                       struct buf *out)
{
    escaped(c->ok ? "- ✅ " : "- ❌ ", report_str(c->message), "", out);
    if (!c->ok) {
        escaped(" (", report_str(s->file), "", out);
        if (c->line > 0)
            buf_addf(out, ", line %u", c->line);
        buf_addc(out, ')');
    }
    buf_addc(out, '\n');
}

static void failures(const struct result_scenario *s, struct buf *out)
{
    if (s->error != NULL)
        escaped("- ❌ stopped by an error: ", s->error, "\n", out);
    for (size_t v = 0; v < s->variant_count; v++) {
        for (size_t b = 0; b < s->variants[v].build_count; b++) {
            const struct result_build *build = &s->variants[v].builds[b];
            if (!report_build_broke(s, build))
                continue;
            AUTO_BUF title = BUF_INIT;
            report_variant_title(s, &s->variants[v], &title);
            escaped("- ❌ build ", buf_str(&title), "", out);
            escaped(", ", report_str(build->label), "", out);
            escaped(" failed: ", build->error, "\n", out);
        }
    }
    for (size_t c = 0; c < s->check_count; c++)
        if (!s->checks[c].ok)
            check_line(s, &s->checks[c], out);
}

static void wall(const struct result_wall *w, struct buf *out)
{
    double low, high;
    if (w->n == 0)
        buf_adds(out, "–");
    else
        report_wall(w->median, out);
    if (w->n < 2)
        return;
    bool confident = report_median_interval(w, &low, &high);
    buf_adds(out, " (");
    report_wall(low, out);
    buf_adds(out, " to ");
    report_wall(high, out);
    buf_adds(out, confident ? ", 95%)" : ")");
}

static void row(const struct result_scenario *s, const struct report_grid *grid,
                size_t at, size_t variant, struct buf *out)
{
    const struct result_build *b = report_grid_cell(grid, at, variant);
    AUTO_BUF title = BUF_INIT;
    report_variant_title(s, &s->variants[variant], &title);
    escaped("| ", report_str(b->label), " | ", out);
    escaped("", buf_str(&title), " | ", out);
    buf_addf(out, "%u / %u | ", b->ran, b->reused);
    report_bytes(b->new_bytes, out);
    buf_adds(out, " | ");
    report_bytes(b->fetched_bytes, out);
    buf_adds(out, " | ");
    if (b->error != NULL)
        buf_adds(out, "failed");
    else if (b->has_virtual)
        report_virtual(b->virtual_ms, out);
    else
        buf_adds(out, "–");
    buf_adds(out, " | ");
    wall(&b->wall, out);
    if (report_has_engines(s)) {
        AUTO_BUF agreement = BUF_INIT;
        report_agreement_text(s, grid, at, variant, &agreement);
        escaped(" | ", agreement.len > 0 ? buf_str(&agreement) : "–", "", out);
    }
    buf_adds(out, " |\n");
}

static void table(const struct result_scenario *s, struct buf *out)
{
    struct report_grid grid;
    report_grid_init(s, &grid);
    bool engines = report_has_engines(s);
    if (grid.row_count > 0)
        buf_addf(out,
                 "| build | variant | steps run / reused | new layers | fetched | "
                 "virtual clock | wall clock |%s\n"
                 "|---|---|--:|--:|--:|--:|--:|%s\n",
                 engines ? " agrees with built-in |" : "", engines ? "--:|" : "");
    for (size_t r = 0; r < grid.row_count; r++)
        for (size_t v = 0; v < grid.column_count; v++)
            if (report_grid_cell(&grid, r, v) != NULL)
                row(s, &grid, r, v, out);
    if (grid.row_count > 0)
        buf_addc(out, '\n');
    report_grid_free(&grid);
}

static void scenario(const struct result_scenario *s, struct buf *out)
{
    escaped("## ", s->name, "\n\n", out);
    if (report_str(s->lesson)[0] != '\0')
        escaped("", s->lesson, "\n\n", out);
    if (!report_scenario_ok(s)) {
        failures(s, out);
        buf_addc(out, '\n');
    }
    table(s, out);
    struct report_cost cost;
    if (report_cost_of(s, &cost)) {
        AUTO_BUF text = BUF_INIT;
        report_cost_text(s, &cost, &text);
        escaped("", buf_str(&text), "\n\n", out);
    }
    size_t passed = 0;
    for (size_t c = 0; c < s->check_count; c++)
        passed += s->checks[c].ok;
    if (passed > FEW_CHECKS)
        buf_addf(out, "✅ %zu of %zu checks hold\n\n", passed, s->check_count);
    for (size_t c = 0; passed <= FEW_CHECKS && c < s->check_count; c++)
        if (s->checks[c].ok)
            check_line(s, &s->checks[c], out);
    if (passed > 0 && passed <= FEW_CHECKS)
        buf_addc(out, '\n');
}

static void growth_row(const struct report_growth *g, struct buf *out)
{
    AUTO_BUF who = BUF_INIT, values = BUF_INIT, exponent = BUF_INIT;
    report_growth_variant(g, &who);
    report_growth_values(g, &values);
    report_growth_exponent(g, true, &exponent);
    escaped("| ", report_str(g->first->point[g->axis].name), " | ", out);
    escaped("", g->place, " | ", out);
    escaped("", buf_str(&who), " | ", out);
    escaped("", report_str(g->first->variants[g->variant].builds[g->build].label),
            " | ", out);
    buf_addf(out, "%s | %s | %s |\n", report_metric_words(g->metric), buf_str(&values),
             buf_str(&exponent));
}

/* How the figures of each scan grow. */
static void growth(const struct results *r, struct buf *out)
{
    struct report_growths all;
    report_growths_init(r->scenarios, r->scenario_count, &all);
    for (size_t i = 0; i < r->scenario_count; i++) {
        if (!report_growth_begins(&all, r->scenarios, i))
            continue;
        escaped("## ", report_str(r->scenarios[i].scan), ": how it grows\n\n", out);
        buf_adds(out,
                 "| with | at | variant | build | figure | from → to | exponent |\n"
                 "|---|---|---|---|---|--:|--:|\n");
        for (size_t g = 0; g < all.count; g++)
            if (report_same_scan(all.items[g].first, &r->scenarios[i]))
                growth_row(&all.items[g], out);
        buf_addc(out, '\n');
    }
    report_growths_free(&all);
}

void report_markdown(const struct results *r, const char *changes, struct buf *out)
{
    AUTO_BUF headline = BUF_INIT;
    report_headline(r, &headline);
    buf_addf(out, "# simbench: %s\n\n", buf_str(&headline));
    if (changes != NULL)
        buf_addf(out, "## Against the baseline\n\n%s\n", changes);
    struct report_totals t;
    report_count(r, &t);
    if (t.failed_scenarios > 0) {
        buf_adds(out, "**Failed:**\n\n");
        for (size_t i = 0; i < r->scenario_count; i++) {
            if (report_scenario_ok(&r->scenarios[i]))
                continue;
            escaped("- ", r->scenarios[i].name, "\n", out);
        }
        buf_addc(out, '\n');
    }
    buf_adds(out,
             "Virtual seconds come from command models and are exact; wall seconds "
             "were measured.\n\n");
    growth(r, out);
    /* What failed is read first. */
    for (int ok = 0; ok <= 1; ok++)
        for (size_t i = 0; i < r->scenario_count; i++)
            if (report_scenario_ok(&r->scenarios[i]) == (ok == 1))
                scenario(&r->scenarios[i], out);
    while (out->len >= 2 && out->data[out->len - 1] == '\n' &&
           out->data[out->len - 2] == '\n')
        out->data[--out->len] = '\0';
}
