/* SPDX-License-Identifier: MIT */
/* The exporters: one result model in, one text or a report folder out. */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include <stdbool.h>

#include "reports/results.h"
#include "reports/trend.h"

enum report_format {
    REPORT_TABLE, /* for a terminal */
    REPORT_MARKDOWN,
    REPORT_CSV,
    REPORT_JSON,
    REPORT_JUNIT,
    REPORT_HTML,
};
/* "table", "markdown", … -> format; false for an unknown word. */
bool report_format_parse(const char *word, enum report_format *out);

struct report_style {
    unsigned columns; /* width of the terminal, 80 if unknown */
    bool color;
    bool utf8; /* box drawing and … may be used */
};

void report_format_results(const struct results *r, enum report_format format,
                           const struct report_style *style, struct buf *out);
/* The summary table of one scenario, as REPORT_TABLE prints it. */
void report_scenario_table(const struct result_scenario *s,
                           const struct report_style *style, struct buf *out);

struct report_options {
    bool no_plots;
    bool handout; /* handout.html and handout.md too */
    const char
        *changes; /* Markdown: against a baseline, put first in report.md; NULL */
    const struct report_trends *trends; /* of a history, drawn too; NULL */
    unsigned jobs; /* gnuplot processes at once, 0: number of processors */
};
/* Writes index.html, report.md, results.json, results.csv, trace.json and plots/ into
 * dir. The old
 * report, if one stands there, is replaced file by file only when all of the new one is
 * written; a folder that holds something else is refused. `notice` gets a line such as
 * "gnuplot not found: no plots" ("" if none). */
int report_write(const struct results *r, const char *dir,
                 const struct report_options *opt, struct buf *notice, struct err *err);

/* Humane figures: 125 MB, 21.3 MB, 812 B (decimal units, three digits); 45.0 s, 57.3 s,
 * 120 ms is "0.1 s" on the virtual clock; wall times choose µs, ms, s, min. */
void report_bytes(uint64_t bytes, struct buf *out);
void report_virtual(uint64_t ms, struct buf *out);
void report_wall(double seconds, struct buf *out);

/* A value of the metric of that name: virtual_ms, wall_s, …_bytes, else a count. */
void report_figure(const char *metric, double value, struct buf *out);

/* Escapes for each target: control characters never get through. */
void report_escape_html(const char *s, struct buf *out);
void report_escape_markdown(const char *s, struct buf *out);
void report_escape_csv(const char *s, struct buf *out); /* quoted; formulas defused */
void report_escape_gnuplot(const char *s, struct buf *out);
void report_escape_terminal(const char *s, struct buf *out);

#endif
