/* SPDX-License-Identifier: MIT */
/* The kinds of plots, and what their scripts are made of. Only for reports/plot*.c. */
#ifndef REPORTS_PLOT_KINDS_H
#define REPORTS_PLOT_KINDS_H

#include "reports/growth.h"
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

/* Of the scan that begins with scenario s. */
void report_plot_growth(const struct report_growths *all,
                        const struct result_scenario *s, size_t index, const char *name,
                        struct report_plots *out);

/* `name` and `title` are copied; gp and dat are the caller's to set. */
struct report_plot *report_plots_add(struct report_plots *p, size_t scenario,
                                     const char *name, const char *title);

/* A file name of `text` that no plot has; the caller frees. */
char *report_plots_name(const struct report_plots *p, const char *text);

struct report_plot_text {
    const char *title, *subtitle; /* plain text, escaped by report_plot_script */
    const char *settings;         /* gnuplot commands, each with its newline */
    const char *plot;             /* the plot command */
    size_t keys;                  /* entries of its key */
    unsigned key_columns;         /* of the widest of them */
};
void report_plot_script(const struct report_plot *plot,
                        const struct report_plot_text *text, struct buf *out);
/* s as a gnuplot string of at most `columns` columns. */
void report_plot_string(const char *s, unsigned columns, struct buf *out);
/* "SCENARIO: what", its name cut so that `what` is always read; the caller frees. */
char *report_plot_title(const struct result_scenario *s, const char *what);
char *report_plot_title_of(const char *name, const char *what);
/* Columns: what an entry of the key may take, and about what a graph is wide. */
enum { REPORT_PLOT_KEY = 24, REPORT_PLOT_COLUMNS = 76 };
/* Columns that the widest variant title takes in a key. */
unsigned report_plot_key_columns(const struct result_scenario *s);
/* s for the rest of a comment line. */
void report_plot_comment(const char *s, struct buf *out);
/* "set xtics (…)" with labels at 0, 1, … */
void report_plot_tics(const char *const *labels, size_t count, struct buf *out);
/* "set ytics (…)" likewise. */
void report_plot_rows(const char *const *labels, size_t count, struct buf *out);
/* The unit in which an axis is shown: what it has is multiplied by factor. */
struct report_plot_unit {
    const char *name, *sign; /* "seconds", "s" */
    double factor;
};
/* For seconds up to most_s; on the virtual clock nothing is smaller than they are. */
struct report_plot_unit report_plot_time_unit(double most_s, bool virtual);
struct report_plot_unit report_plot_bytes_unit(double most_bytes);
/* "#RRGGBB", by number. */
const char *report_plot_color(size_t n);
/* How an area of that number is filled (" fillstyle …"): where the colours are used up
 * patterns tell those that have the same. */
const char *report_plot_fill(size_t n);

#endif
