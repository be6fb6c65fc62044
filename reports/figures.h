/* SPDX-License-Identifier: MIT */
/*
 * What several exporters work out from the model in the same way: totals, the grid of
 * builds by variants, what one variant cost more than another, shared layers.
 */
#ifndef REPORTS_FIGURES_H
#define REPORTS_FIGURES_H

#include <stdbool.h>

#include "reports/results.h"
#include "sim/base/buf.h"

struct report_totals {
    size_t scenarios, failed_scenarios; /* an error or a failed check */
    size_t builds, failed_builds;
    size_t checks, failed_checks;
};
void report_count(const struct results *r, struct report_totals *out);
/* "3 scenarios, 18 builds: 9 of 10 checks passed, 1 build failed". */
void report_headline(const struct results *r, struct buf *out);
bool report_scenario_ok(const struct result_scenario *s);
/* Whether a failed build is a failure of s: one that a scenario did not expect stops
 * it with an error, and one that it expected is part of the lesson. */
bool report_build_broke(const struct result_scenario *s, const struct result_build *b);
/* The name, with engine and exec where the variants of s differ in them; not escaped.
 */
void report_variant_title(const struct result_scenario *s,
                          const struct result_variant *v, struct buf *out);
/* A string of the model, "" for NULL. */
const char *report_str(const char *s);

/* Rows are build labels (the n-th build of a label is a row of its own), columns the
 * variants; a cell is NULL where a variant lacks the build. */
struct report_grid {
    const char **labels; /* borrowed from the model */
    size_t row_count, column_count;
    const struct result_build **cells; /* row by row */
};
void report_grid_init(const struct result_scenario *s, struct report_grid *out);
void report_grid_free(struct report_grid *g); /* the members */
const struct result_build *report_grid_cell(const struct report_grid *g, size_t row,
                                            size_t column);

/* Where the median of what was measured lies with at least 95% confidence, whatever the
 * distribution: two of the samples, by their ranks (binomial with p = 1/2). Below six
 * samples no two of them are enough: false, and the fastest and the slowest. */
bool report_median_interval(const struct result_wall *wall, double *low, double *high);

/* ---- several engines ---- */

/* The same build on the built-in engine (model) and on another, step by step. */
struct report_agreement {
    size_t steps, same; /* compared: reused or not */
    size_t layers, same_size;
    unsigned first_line; /* of a step that differs, 0: none */
};
bool report_has_engines(const struct result_scenario *s);
/* The variant of the same name on the built-in engine; NULL where v is of that engine
 * itself or there is none. */
const struct result_variant *report_model_of(const struct result_scenario *s,
                                             const struct result_variant *v);
void report_agree(const struct result_build *model, const struct result_build *real,
                  struct report_agreement *out);
/* The build of row `row` of v's model against v's own: "5 of 5", "4 of 5 (line 3
 * differs)"; "" where there is nothing to compare. */
void report_agreement_text(const struct result_scenario *s,
                           const struct report_grid *grid, size_t row, size_t column,
                           struct buf *out);

/* The variants whose rebuilds (all builds but the first) cost most and least, by the
 * virtual clock where every build has it, else by medians of the wall clock. Of several
 * engines on one only: the built-in one if it is there. */
struct report_cost {
    const struct result_variant *worst, *best;
    size_t rebuilds;
    bool has_virtual;
    uint64_t virtual_ms; /* the difference */
    double wall_s;
    uint64_t worst_bytes, best_bytes; /* new layers and fetches of the rebuilds */
};
/* False if there are not two variants with equally many rebuilds, if one failed, or if
 * there is no difference. */
bool report_cost_of(const struct result_scenario *s, struct report_cost *out);
/* One sentence of it, not escaped. */
void report_cost_text(const struct result_scenario *s, const struct report_cost *cost,
                      struct buf *out);

#endif
