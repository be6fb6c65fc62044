/* SPDX-License-Identifier: MIT */
/* Figures that follow from the model. */
#include "reports/figures.h"

#include <stdlib.h>
#include <string.h>

#include "reports/report.h"
#include "sim/base/map.h"
#include "sim/base/mem.h"

const char *report_str(const char *s)
{
    return s != NULL ? s : "";
}

bool report_build_broke(const struct result_scenario *s, const struct result_build *b)
{
    return b->error != NULL && s->error != NULL;
}

static void count_scenario(const struct result_scenario *s, struct report_totals *t)
{
    size_t failed = t->failed_builds + t->failed_checks;
    for (size_t v = 0; v < s->variant_count; v++) {
        t->builds += s->variants[v].build_count;
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            t->failed_builds += report_build_broke(s, &s->variants[v].builds[b]);
    }
    t->checks += s->check_count;
    for (size_t c = 0; c < s->check_count; c++)
        t->failed_checks += !s->checks[c].ok;
    t->scenarios++;
    if (s->error != NULL || t->failed_builds + t->failed_checks > failed)
        t->failed_scenarios++;
}

void report_count(const struct results *r, struct report_totals *out)
{
    *out = (struct report_totals){0};
    for (size_t i = 0; i < r->scenario_count; i++)
        count_scenario(&r->scenarios[i], out);
}

bool report_scenario_ok(const struct result_scenario *s)
{
    struct report_totals t = {0};
    count_scenario(s, &t);
    return t.failed_scenarios == 0;
}

static void counted(struct buf *out, size_t n, const char *noun)
{
    buf_addf(out, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

void report_headline(const struct results *r, struct buf *out)
{
    struct report_totals t;
    report_count(r, &t);
    counted(out, t.scenarios, "scenario");
    buf_adds(out, ", ");
    counted(out, t.builds, "build");
    buf_adds(out, ": ");
    if (t.checks == 0)
        buf_adds(out, "nothing was checked");
    else if (t.failed_checks == 0)
        buf_addf(out, t.checks == 1 ? "%zu check passed" : "all %zu checks passed",
                 t.checks);
    else
        buf_addf(out, "%zu of %zu checks failed", t.failed_checks, t.checks);
    if (t.failed_builds > 0) {
        buf_adds(out, ", ");
        counted(out, t.failed_builds, "build");
        buf_adds(out, " failed");
    }
    size_t errors = 0;
    for (size_t i = 0; i < r->scenario_count; i++)
        errors += r->scenarios[i].error != NULL;
    if (errors > 0) {
        buf_adds(out, ", ");
        counted(out, errors, "scenario");
        buf_adds(out, " stopped by an error");
    }
}

void report_variant_title(const struct result_scenario *s,
                          const struct result_variant *v, struct buf *out)
{
    bool differ = false;
    for (size_t i = 0; i < s->variant_count; i++)
        differ |=
            strcmp(report_str(v->engine), report_str(s->variants[i].engine)) != 0 ||
            strcmp(report_str(v->exec), report_str(s->variants[i].exec)) != 0;
    buf_adds(out, report_str(v->name));
    if (differ)
        buf_addf(out, " (%s, %s)", report_str(v->engine), report_str(v->exec));
}

/* ---- the grid -------------------------------------------------------------------- */

/* What finding rows needs besides the grid. */
struct finder {
    struct map *rows; /* "<nth>:<label>" -> slot of the label in the grid */
    struct map *seen; /* label -> how often in this variant, in counts */
    size_t *counts;
    size_t count_len;
};

/* Row of the variant's next build called label; a new one where no variant had as many
 * builds of it before. */
static size_t find_row(struct report_grid *g, struct finder *f, const char *label)
{
    size_t *nth = map_get(f->seen, label);
    if (nth == NULL) {
        nth = &f->counts[f->count_len++];
        map_put(f->seen, label, nth);
    }
    AUTO_FREE char *key = xasprintf("%zu:%s", (*nth)++, label);
    const char **slot = map_get(f->rows, key);
    if (slot == NULL) {
        slot = &g->labels[g->row_count++];
        *slot = label;
        map_put(f->rows, key, slot);
    }
    return (size_t)(slot - g->labels);
}

void report_grid_init(const struct result_scenario *s, struct report_grid *out)
{
    size_t most = 1, n = 0;
    for (size_t v = 0; v < s->variant_count; v++)
        most += s->variants[v].build_count;
    AUTO_FREE size_t *row_of = xcalloc(most, sizeof *row_of);
    AUTO_FREE size_t *counts = xcalloc(most, sizeof *counts);
    struct finder f = {.rows = map_new(), .counts = counts};
    *out = (struct report_grid){.column_count = s->variant_count};
    out->labels = xcalloc(most, sizeof *out->labels);
    for (size_t v = 0; v < s->variant_count; v++) {
        f.seen = map_new();
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            row_of[n++] = find_row(out, &f, report_str(s->variants[v].builds[b].label));
        map_free(f.seen);
    }
    map_free(f.rows);
    /* One more: none of either is legal. */
    out->cells =
        xcalloc(out->row_count * s->variant_count + 1, sizeof(struct result_build *));
    n = 0;
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            out->cells[row_of[n++] * s->variant_count + v] = &s->variants[v].builds[b];
}

void report_grid_free(struct report_grid *g)
{
    free(g->labels);
    free(g->cells);
    *g = (struct report_grid){0};
}

const struct result_build *report_grid_cell(const struct report_grid *g, size_t row,
                                            size_t column)
{
    return g->cells[row * g->column_count + column];
}

/* ---- what it cost ---------------------------------------------------------------- */

struct sum {
    bool has_virtual, measured, failed;
    uint64_t virtual_ms, bytes;
    double wall_s;
};

static struct sum rebuilds_of(const struct result_variant *v)
{
    struct sum sum = {.has_virtual = true, .measured = true};
    for (size_t b = 1; b < v->build_count; b++) {
        const struct result_build *build = &v->builds[b];
        sum.failed |= build->error != NULL;
        sum.has_virtual &= build->has_virtual;
        sum.measured &= build->wall.n > 0;
        sum.virtual_ms += build->virtual_ms;
        sum.wall_s += build->wall.median;
        sum.bytes += build->new_bytes + build->fetched_bytes;
    }
    return sum;
}

static bool costs_more(const struct sum *a, const struct sum *b, bool by_virtual)
{
    return by_virtual ? a->virtual_ms > b->virtual_ms : a->wall_s > b->wall_s;
}

/* Variants are compared on one engine: the built-in one, else that of the first. */
static const struct result_variant *first_compared(const struct result_scenario *s)
{
    for (size_t v = 0; v < s->variant_count; v++)
        if (strcmp(report_str(s->variants[v].engine), "builtin") == 0)
            return &s->variants[v];
    return s->variant_count > 0 ? &s->variants[0] : NULL;
}

static bool is_compared(const struct result_variant *first,
                        const struct result_variant *v)
{
    return strcmp(report_str(first->engine), report_str(v->engine)) == 0 &&
           strcmp(report_str(first->exec), report_str(v->exec)) == 0;
}

/* Whether they can be compared, and on which clock. */
static bool cost_clock(const struct result_scenario *s,
                       const struct result_variant *first, bool *has_virtual)
{
    bool measured = true;
    *has_virtual = true;
    for (size_t v = 0; v < s->variant_count; v++) {
        if (!is_compared(first, &s->variants[v]))
            continue;
        struct sum sum = rebuilds_of(&s->variants[v]);
        if (s->variants[v].build_count != first->build_count || sum.failed)
            return false;
        *has_virtual &= sum.has_virtual;
        measured &= sum.measured;
    }
    return *has_virtual || measured;
}

bool report_cost_of(const struct result_scenario *s, struct report_cost *out)
{
    const struct result_variant *first = first_compared(s);
    if (first == NULL || first->build_count < 2)
        return false;
    *out = (struct report_cost){
        .rebuilds = first->build_count - 1, .worst = first, .best = first};
    if (!cost_clock(s, first, &out->has_virtual))
        return false;
    struct sum worst = rebuilds_of(first), best = worst;
    for (size_t v = 0; v < s->variant_count; v++) {
        if (!is_compared(first, &s->variants[v]))
            continue;
        struct sum sum = rebuilds_of(&s->variants[v]);
        if (costs_more(&sum, &worst, out->has_virtual)) {
            worst = sum;
            out->worst = &s->variants[v];
        }
        if (costs_more(&best, &sum, out->has_virtual)) {
            best = sum;
            out->best = &s->variants[v];
        }
    }
    out->virtual_ms = worst.virtual_ms - (out->has_virtual ? best.virtual_ms : 0);
    out->wall_s = worst.wall_s - best.wall_s;
    out->worst_bytes = worst.bytes;
    out->best_bytes = best.bytes;
    return out->worst != out->best;
}

void report_cost_text(const struct result_scenario *s, const struct report_cost *cost,
                      struct buf *out)
{
    buf_adds(out, "“");
    report_variant_title(s, cost->worst, out);
    buf_adds(out, "” costs ");
    if (cost->has_virtual)
        report_virtual(cost->virtual_ms, out);
    else
        report_wall(cost->wall_s, out);
    buf_addf(out, " more than “");
    report_variant_title(s, cost->best, out);
    buf_addf(out, "” over %zu rebuild%s (%s clock), and stores or fetches ",
             cost->rebuilds, cost->rebuilds == 1 ? "" : "s",
             cost->has_virtual ? "virtual" : "wall");
    report_bytes(cost->worst_bytes, out);
    buf_adds(out, " against ");
    report_bytes(cost->best_bytes, out);
    buf_addc(out, '.');
}
