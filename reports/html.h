/* SPDX-License-Identifier: MIT */
/* The parts of the page, one idea a file. Only for reports/html*.c. */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include "reports/figures.h"
#include "reports/growth.h"
#include "reports/results.h"
#include "sim/base/buf.h"

/* before, s escaped, after. */
void report_html_text(const char *before, const char *s, const char *after,
                      struct buf *out);
/* The clock that a variant's figures are shown on: virtual where all builds have it. */
bool report_html_virtual(const struct result_variant *v);
/* Seconds on that clock, "–" where there are none. */
void report_html_time(bool virtual, bool has_virtual, uint64_t ms,
                      const struct result_wall *wall, struct buf *out);

/* From the doctype to the end of <head>: style sheet, and a policy that forbids scripts
 * but, on request, the page's own. */
void report_html_head(const char *title, bool with_script, struct buf *out);
void report_html_script(struct buf *out);

/* What was checked, what the worse variant costs (nothing where that is unknown), the
 * figures of every build. */
void report_html_checks(const struct result_scenario *s, struct buf *out);
void report_html_cost(const struct result_scenario *s, struct buf *out);
void report_html_table(const struct result_scenario *s, const struct report_grid *grid,
                       struct buf *out);

/* The exponents of the scan that begins with s, as a section that is not ended yet. */
void report_html_growth(const struct report_growths *all,
                        const struct result_scenario *s, size_t number,
                        struct buf *out);

/* Bars: each build, each variant; a drawing for each clock that is needed. */
void report_html_bars(const struct result_scenario *s, const struct report_grid *grid,
                      struct buf *out);
/* The layer stack of every build of a variant; `holders` from report_html_holders. */
struct report_html_holders;
void report_html_stacks(const struct result_scenario *s, size_t variant,
                        const struct report_html_holders *holders, struct buf *out);
/* Which layers more than one variant of s has; report_html_holders_free frees. */
struct report_html_holders *report_html_holders_new(const struct result_scenario *s);
void report_html_holders_free(struct report_html_holders *h);

/* The Dockerfile of one build, line by line, with what became of each. */
void report_html_dockerfile(const struct result_build *b, bool virtual,
                            struct buf *out);

#endif
