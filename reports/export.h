/* SPDX-License-Identifier: MIT */
/* The exporters, one a file; report_format_results chooses. Each appends to out. */
#ifndef REPORTS_EXPORT_H
#define REPORTS_EXPORT_H

#include "reports/plots.h"
#include "reports/report.h"

void report_table(const struct results *r, const struct report_style *style,
                  struct buf *out);
/* changes: Markdown that stands before the scenarios, NULL: none. */
void report_markdown(const struct results *r, const char *changes, struct buf *out);
void report_csv(const struct results *r, struct buf *out);
/* Every build in Chrome's trace format. */
void report_trace(const struct results *r, struct buf *out);
void report_junit(const struct results *r, struct buf *out);
/* What stands beside the page: those of `plots` that are drawn, as plots/NAME.svg. */
struct report_links {
    const struct report_plots *plots;
    bool folder, handout;
};
void report_html(const struct results *r,
                 const struct report_links *links /* or NULL */, struct buf *out);
/* A sheet a scenario, to print: the task on one page, its solution on the next. */
void report_handout_html(const struct results *r, struct buf *out);
void report_handout_markdown(const struct results *r, struct buf *out);

#endif
