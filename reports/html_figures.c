/* SPDX-License-Identifier: MIT */
/* Drawings of the page: bars of the builds, stacks of layers. SVG holds the shapes,
 * HTML the words, so that these stay readable at any width. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/html.h"
#include "reports/report.h"
#include "sim/base/map.h"
#include "sim/base/mem.h"

enum { COLORS = 6 }; /* of variants, in the style sheet: .v0 … */

static double seconds_of(const struct result_build *b, bool virtual)
{
    if (b->error != NULL)
        return 0;
    return virtual ? (double)b->virtual_ms / 1000 : b->wall.median;
}

static void bar(const struct result_scenario *s, const struct result_build *b,
                size_t variant, bool virtual, double longest, struct buf *out)
{
    double part = longest > 0 ? seconds_of(b, virtual) / longest : 0;
    AUTO_BUF title = BUF_INIT;
    report_variant_title(s, &s->variants[variant], &title);
    report_html_text("<dd><span>", buf_str(&title), "</span>", out);
    buf_addf(out,
             "<svg viewBox=\"0 0 1000 10\" preserveAspectRatio=none "
             "aria-hidden=true><rect class=v%zu width=%.1f height=10 /></svg>"
             "<span>",
             variant % COLORS, part * 1000);
    if (b->error != NULL)
        buf_adds(out, "failed");
    else
        report_html_time(virtual, b->has_virtual, b->virtual_ms, &b->wall, out);
    buf_adds(out, "</span>\n");
}

/* The variants that are shown on one clock. */
static void bars(const struct result_scenario *s, const struct report_grid *grid,
                 bool virtual, struct buf *out)
{
    double longest = 0;
    size_t shown = 0;
    AUTO_FREE bool *here = xcalloc(grid->column_count + 1, sizeof *here);
    for (size_t v = 0; v < grid->column_count; v++)
        here[v] = report_html_virtual(&s->variants[v]) == virtual;
    for (size_t i = 0; i < grid->row_count * grid->column_count; i++) {
        if (grid->cells[i] == NULL || !here[i % grid->column_count])
            continue;
        longest = fmax(longest, seconds_of(grid->cells[i], virtual));
        shown++;
    }
    if (shown == 0)
        return;
    buf_addf(out,
             "<figure class=bars><figcaption>First build and rebuilds, %s</figcaption>"
             "<dl>\n",
             virtual ? "virtual clock" : "wall clock (median)");
    for (size_t row = 0; row < grid->row_count; row++) {
        report_html_text("<dt>", grid->labels[row], "\n", out);
        for (size_t v = 0; v < grid->column_count; v++) {
            const struct result_build *b = report_grid_cell(grid, row, v);
            if (b != NULL && here[v])
                bar(s, b, v, virtual, longest, out);
        }
    }
    buf_adds(out, "</dl></figure>\n");
}

void report_html_bars(const struct result_scenario *s, const struct report_grid *grid,
                      struct buf *out)
{
    bars(s, grid, true, out);
    bars(s, grid, false, out);
}

/* ---- who has which layer --------------------------------------------------------- */

struct report_html_holders {
    struct map *of; /* diff_id -> slot */
    size_t *slots;  /* number of the variant that has it plus one; 0: several */
};

/* Notes that variant number `v` has the layers of a build; returns the slots in use. */
static size_t note_layers(struct report_html_holders *h, size_t used,
                          const struct result_build *b, size_t v)
{
    for (size_t i = 0; i < b->layer_count; i++) {
        const char *id = report_str(b->layers[i].diff_id);
        size_t *slot = map_get(h->of, id);
        if (slot == NULL) {
            slot = &h->slots[used++];
            *slot = v + 1;
            map_put(h->of, id, slot);
        } else if (*slot != v + 1) {
            *slot = 0;
        }
    }
    return used;
}

struct report_html_holders *report_html_holders_new(const struct result_scenario *s)
{
    size_t all = 1, used = 0;
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            all += s->variants[v].builds[b].layer_count;
    struct report_html_holders *h = xcalloc(1, sizeof *h);
    h->of = map_new();
    h->slots = xcalloc(all, sizeof *h->slots);
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            used = note_layers(h, used, &s->variants[v].builds[b], v);
    return h;
}

void report_html_holders_free(struct report_html_holders *h)
{
    map_free(h->of);
    free(h->slots);
    free(h);
}

/* ---- stacks ---------------------------------------------------------------------- */

/* Where a layer of a build comes from. */
enum origin { FROM_BASE, KEPT, NEW, ORIGINS };

struct stack {
    uint64_t bytes[ORIGINS], shared, total;
};

static enum origin origin_of(const struct map *steps, const char *diff_id)
{
    const struct result_step *step = map_get(steps, diff_id);
    if (step == NULL)
        return FROM_BASE;
    return step->status == STEP_RAN ? NEW : KEPT;
}

static struct map *steps_by_layer(const struct result_build *b)
{
    struct map *steps = map_new();
    for (size_t i = 0; i < b->step_count; i++)
        if (b->steps[i].diff_id != NULL)
            map_put(steps, b->steps[i].diff_id, &b->steps[i]);
    return steps;
}

static void rect(const char *class, const char *place, double at, double width,
                 struct buf *out)
{
    buf_addf(out, "<rect class=%s x=%.1f width=%.1f %s />", class, at, width, place);
}

/* Shapes of one image: a box a layer; below it a line where another variant has the
 * layer too. `scale`: units a byte. */
static struct stack shapes(const struct result_build *b,
                           const struct report_html_holders *holders, double scale,
                           struct buf *out)
{
    static const char *const classes[ORIGINS] = {"base", "kept", "new"};
    struct map *steps = steps_by_layer(b);
    struct stack sum = {0};
    for (size_t i = 0; i < b->layer_count; i++) {
        const char *id = report_str(b->layers[i].diff_id);
        uint64_t size = b->layers[i].size;
        enum origin origin = origin_of(steps, id);
        const size_t *holder = map_get(holders->of, id);
        double at = (double)sum.total * scale, width = (double)size * scale;
        if (width >= 0.05)
            rect(classes[origin], "height=14", at, width, out);
        if (*holder == 0) {
            if (width >= 0.05)
                rect("also", "y=16 height=3", at, width, out);
            sum.shared += size;
        }
        sum.bytes[origin] += size;
        sum.total += size;
    }
    map_free(steps);
    return sum;
}

static void words(const struct stack *sum, struct buf *out)
{
    static const char *const names[ORIGINS] = {"base", "kept", "new"};
    report_bytes(sum->total, out);
    buf_adds(out, sum->total > 0 ? " = " : "");
    const char *between = "";
    for (int o = 0; o < ORIGINS; o++) {
        if (sum->bytes[o] == 0)
            continue;
        buf_addf(out, "%s%s ", between, names[o]);
        report_bytes(sum->bytes[o], out);
        between = " + ";
    }
    if (sum->shared > 0) {
        buf_adds(out, "; ");
        report_bytes(sum->shared, out);
        buf_adds(out, " also in another variant");
    }
}

static double widest(const struct result_scenario *s)
{
    double most = 0;
    for (size_t v = 0; v < s->variant_count; v++) {
        for (size_t b = 0; b < s->variants[v].build_count; b++) {
            const struct result_build *build = &s->variants[v].builds[b];
            double size = 0;
            for (size_t i = 0; i < build->layer_count; i++)
                size += (double)build->layers[i].size;
            most = fmax(most, size);
        }
    }
    return most;
}

void report_html_stacks(const struct result_scenario *s, size_t variant,
                        const struct report_html_holders *holders, struct buf *out)
{
    const struct result_variant *v = &s->variants[variant];
    double most = widest(s);
    if (!(most > 0))
        return;
    buf_adds(out, "<figure class=stack><figcaption>Layers of each image, to scale: "
                  "<span class=base>base</span> <span class=kept>kept from the cache"
                  "</span> <span class=new>new in this build</span> "
                  "<span class=also>also in another variant</span></figcaption><dl>\n");
    for (size_t b = 0; b < v->build_count; b++) {
        if (v->builds[b].layer_count == 0)
            continue;
        report_html_text("<dt>", v->builds[b].label,
                         "<dd><svg viewBox=\"0 0 1000 20\" preserveAspectRatio=none "
                         "aria-hidden=true>",
                         out);
        struct stack sum = shapes(&v->builds[b], holders, 1000 / most, out);
        buf_adds(out, "</svg><small>");
        words(&sum, out);
        buf_adds(out, "</small>\n");
    }
    buf_adds(out, "</dl></figure>\n");
}
