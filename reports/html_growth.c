/* SPDX-License-Identifier: MIT */
/* The growth of a scan's figures on the page: exponents, and a small drawing of each
 * series on logarithmic axes. */
#include <math.h>

#include "reports/html.h"
#include "reports/report.h"

/* What the rows of one axis and metric span, so that their drawings compare. */
struct range {
    double low_x, high_x, low_y, high_y;
};

static struct range range_of(const struct report_growths *all,
                             const struct report_growth *like)
{
    struct range r = {HUGE_VAL, 0, HUGE_VAL, 0};
    for (size_t i = 0; i < all->count; i++) {
        const struct report_growth *g = &all->items[i];
        if (!report_same_scan(g->first, like->first) || g->axis != like->axis ||
            g->metric != like->metric)
            continue;
        for (size_t p = 0; p < g->len; p++) {
            r.low_x = fmin(r.low_x, g->x[p]);
            r.high_x = fmax(r.high_x, g->x[p]);
            r.low_y = fmin(r.low_y, g->y[p]);
            r.high_y = fmax(r.high_y, g->y[p]);
        }
    }
    return r;
}

/* Where a value stands between two others, on a logarithmic axis. */
static double part(double value, double low, double high)
{
    return high > low ? log(value / low) / log(high / low) : 0.5;
}

static void drawing(const struct report_growth *g, const struct range *r,
                    struct buf *out)
{
    buf_adds(out, "<svg class=grow viewBox=\"0 0 100 28\" aria-hidden=true><polyline "
                  "points=\"");
    for (size_t p = 0; p < g->len; p++)
        buf_addf(out, "%s%.1f,%.1f", p > 0 ? " " : "",
                 3 + 94 * part(g->x[p], r->low_x, r->high_x),
                 25 - 22 * part(g->y[p], r->low_y, r->high_y));
    buf_adds(out, "\" /></svg>");
}

static void row(const struct report_growths *all, const struct report_growth *g,
                struct buf *out)
{
    struct range r = range_of(all, g);
    AUTO_BUF who = BUF_INIT, exponent = BUF_INIT;
    report_growth_variant(g, &who);
    report_growth_exponent(g, true, &exponent);
    report_html_text("<tr><th scope=row>", buf_str(&who), ", ", out);
    report_html_text(
        "", report_str(g->first->variants[g->variant].builds[g->build].label), "", out);
    report_html_text("<td>", report_str(g->first->point[g->axis].name), "", out);
    if (g->place[0] != '\0')
        report_html_text(" <small>at ", g->place, "</small>", out);
    buf_addf(out, "<td>%s<td>", report_metric_words(g->metric));
    report_growth_values(g, out);
    buf_addf(out, "<td>%s<td>", buf_str(&exponent));
    drawing(g, &r, out);
    buf_addc(out, '\n');
}

void report_html_growth(const struct report_growths *all,
                        const struct result_scenario *s, size_t number, struct buf *out)
{
    buf_addf(out, "<section aria-labelledby=g%zu><h2 id=g%zu>", number, number);
    report_html_text(
        "", report_str(s->scan),
        ": how it grows</h2>\n<p>The exponent k of a figure that is about "
        "c·n<sup>k</sup>: 0 does not grow, 1 grows in proportion, 2 with "
        "the square. Least squares on the logarithms, ± standard error.</p>"
        "\n<div class=scroll tabindex=0 role=group aria-label=Growth>"
        "<table class=\"figures growth\"><thead><tr><th scope=col>variant, "
        "build<th scope=col>n<th scope=col>figure<th scope=col>from, to"
        "<th scope=col>exponent<th scope=col>drawn (log)<tbody>\n",
        out);
    for (size_t i = 0; i < all->count; i++)
        if (report_same_scan(all->items[i].first, s))
            row(all, &all->items[i], out);
    buf_adds(out, "</table></div>\n");
}
