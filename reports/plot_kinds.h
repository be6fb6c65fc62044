/* SPDX-License-Identifier: MIT */
/* The kinds of plots, and what their scripts are made of. Only for reports/plot*.c. */
#ifndef REPORTS_PLOT_KINDS_H
#define REPORTS_PLOT_KINDS_H

#include "reports/plots.h"
#include "sim/base/buf.h"

/* Each appends its plot of a scenario, or none where there is nothing to show. `name`:
 * of the scenario, fit for a file name; plots are called <name>-<kind>. */
void report_plot_bars(const struct result_scenario *s, size_t index, const char *name,
                      struct report_plots *out);
void report_plot_layers(const struct result_scenario *s, size_t index, const char *name,
                        struct report_plots *out);
void report_plot_disk(const struct result_scenario *s, size_t index, const char *name,
                      struct report_plots *out);

void report_plot_timeline(const struct result_scenario *s, size_t index,
                          const char *name, struct report_plots *out);
void report_plot_spread(const struct result_scenario *s, size_t index, const char *name,
                        struct report_plots *out);

/* `name` and `title` are copied; gp and dat are the caller's to set. */
struct report_plot *report_plots_add(struct report_plots *p, size_t scenario,
                                     const char *name, const char *title);

struct report_plot_text {
    const char *title, *subtitle; /* plain text, escaped by report_plot_script */
    const char *settings;         /* gnuplot commands, each with its newline */
    const char *plot;             /* the plot command */
    size_t keys;                  /* entries of its key */
};
void report_plot_script(const struct report_plot *plot,
                        const struct report_plot_text *text, struct buf *out);
/* s as a gnuplot string of at most `columns` columns. */
void report_plot_string(const char *s, unsigned columns, struct buf *out);
/* "SCENARIO: what", its name cut so that `what` is always read; the caller frees. */
char *report_plot_title(const struct result_scenario *s, const char *what);
/* Columns an entry of the key may take. */
enum { REPORT_PLOT_KEY = 24 };
/* s for the rest of a comment line. */
void report_plot_comment(const char *s, struct buf *out);
/* "set xtics (…)" with labels at 0, 1, … */
void report_plot_tics(const char *const *labels, size_t count, struct buf *out);
/* "set ytics (…)" likewise. */
void report_plot_rows(const char *const *labels, size_t count, struct buf *out);
/* The unit in which times up to `most_s` are shown. */
const char *report_plot_unit(double most_s, bool virtual, double *per_second);
/* "#RRGGBB", by number. */
const char *report_plot_color(size_t n);

#endif
