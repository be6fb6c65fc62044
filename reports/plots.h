/* SPDX-License-Identifier: MIT */
/*
 * Plots, drawn by gnuplot: a script and its data for each, and the run of them. Without
 * gnuplot there are no plots at all.
 */
#ifndef REPORTS_PLOTS_H
#define REPORTS_PLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/results.h"
#include "reports/trend.h"

struct report_plot {
    size_t scenario; /* which one it shows; SIZE_MAX: none of the results */
    char *name;      /* file name without extension: [a-z0-9-], unique in the report */
    char *title;     /* one line, for the alternative text of pages */
    char *gp, *dat;  /* contents of NAME.gp and NAME.dat */
    bool of_scan;    /* of all points of the scan that the scenario begins */
    bool drawn;      /* NAME.svg and NAME.png stand in the folder */
};
struct report_plots {
    struct report_plot *items;
    size_t count;
};

/* Scripts and data of every plot; nothing is run or written. */
void report_plots_init(const struct results *r, struct report_plots *out);
/* Adds those of trends with two runs at least; with r not NULL, of its scenarios only.
 */
void report_plots_add_trends(const struct results *r,
                             const struct report_trends *trends,
                             struct report_plots *out);
void report_plots_free(struct report_plots *p); /* the members */

/* Writes scripts and data into `dir` (which stands) and draws them with `jobs` gnuplot
 * processes at once, 0: one a processor; sets `drawn`. Without gnuplot nothing is
 * written; that, and a script that failed or took over `limit_s` seconds, is a line in
 * notice. `gnuplot` is the program's name or path. */
struct report_plot_run {
    const char *dir, *gnuplot;
    unsigned jobs, limit_s;
};
int report_plots_draw(struct report_plots *p, const struct report_plot_run *run,
                      struct buf *notice, struct err *err);
/* Draws into a folder of any kind (made if it is not there): files of the same names
 * are replaced when all is drawn, others stay. */
int report_write_plots(struct report_plots *p, const char *dir, struct buf *notice,
                       struct err *err);

#endif
