/* SPDX-License-Identifier: MIT */
/*
 * What needs more than one sample or more than one engine: the interval of a median,
 * and whether a real engine reused what the built-in one said it would.
 */
#include <string.h>

#include "reports/figures.h"
#include "reports/samples.h"

bool report_median_interval(const struct result_wall *wall, double *low, double *high)
{
    struct interval range = {wall->min, wall->max};
    bool known = samples_median_interval(wall->samples, wall->n, 0.95, &range);
    *low = range.low;
    *high = range.high;
    return known;
}

/* ---- engines --------------------------------------------------------------------- */

static const char model_engine[] = "builtin";

bool report_has_engines(const struct result_scenario *s)
{
    for (size_t v = 0; v < s->variant_count; v++)
        if (report_model_of(s, &s->variants[v]) != NULL)
            return true;
    return false;
}

const struct result_variant *report_model_of(const struct result_scenario *s,
                                             const struct result_variant *v)
{
    if (strcmp(report_str(v->engine), model_engine) == 0)
        return NULL;
    for (size_t i = 0; i < s->variant_count; i++)
        if (strcmp(report_str(s->variants[i].engine), model_engine) == 0 &&
            strcmp(report_str(s->variants[i].name), report_str(v->name)) == 0)
            return &s->variants[i];
    return NULL;
}

/* Steps are paired by their lines: engines number them in ways of their own. */
static const struct result_step *step_at(const struct result_build *b, unsigned line)
{
    for (size_t i = 0; i < b->step_count; i++)
        if (b->steps[i].line == line)
            return &b->steps[i];
    return NULL;
}

void report_agree(const struct result_build *model, const struct result_build *real,
                  struct report_agreement *out)
{
    *out = (struct report_agreement){0};
    for (size_t i = 0; i < model->step_count; i++) {
        const struct result_step *said = &model->steps[i];
        const struct result_step *did = step_at(real, said->line);
        if (said->status != STEP_RAN && said->status != STEP_CACHED)
            continue;
        bool same = did != NULL && did->status == said->status;
        out->steps++;
        out->same += same;
        if (!same && out->first_line == 0)
            out->first_line = said->line;
        if (said->diff_id == NULL || did == NULL || did->diff_id == NULL)
            continue;
        out->layers++;
        out->same_size += did->size == said->size;
    }
}

/* The build of `v` in row `row`, by the column that v is. */
static const struct result_build *row_of(const struct result_scenario *s,
                                         const struct report_grid *grid, size_t row,
                                         const struct result_variant *v)
{
    return report_grid_cell(grid, row, (size_t)(v - s->variants));
}

void report_agreement_text(const struct result_scenario *s,
                           const struct report_grid *grid, size_t row, size_t column,
                           struct buf *out)
{
    const struct result_variant *v = &s->variants[column];
    const struct result_variant *model = report_model_of(s, v);
    const struct result_build *real = row_of(s, grid, row, v);
    const struct result_build *said = model ? row_of(s, grid, row, model) : NULL;
    if (real == NULL || said == NULL)
        return;
    if (real->error != NULL || said->error != NULL) {
        buf_adds(out, (real->error != NULL) == (said->error != NULL)
                          ? "both fail"
                          : "only one fails");
        return;
    }
    struct report_agreement a;
    report_agree(said, real, &a);
    buf_addf(out, "%zu of %zu", a.same, a.steps);
    if (a.first_line > 0)
        buf_addf(out, " (line %u differs)", a.first_line);
    if (a.same_size < a.layers)
        buf_addf(out, ", %zu layer%s of other size", a.layers - a.same_size,
                 a.layers - a.same_size == 1 ? "" : "s");
}
