/* SPDX-License-Identifier: MIT */
/*
 * Plots of bytes: the layers of each variant's last image, stacked; and the disk that a
 * variant's images take as they are added, with shared layers counted once and without
 * sharing.
 */
#include <stdlib.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/plot_kinds.h"
#include "reports/report.h"
#include "reports/text.h"
#include "sim/base/map.h"
#include "sim/base/mem.h"

/* The last build of a variant that made an image, NULL if none did. */
static const struct result_build *last_image(const struct result_variant *v)
{
    for (size_t b = v->build_count; b-- > 0;)
        if (v->builds[b].layer_count > 0)
            return &v->builds[b];
    return NULL;
}

/* ---- layers stacked ---------------------------------------------------------------
 */

struct stacks {
    const struct result_scenario *s;
    struct map *holders; /* diff_id -> how many last images have it */
    size_t *counts;
    uint64_t highest; /* bytes */
    bool any_shared, any_alone;
    struct report_plot_unit unit;
    struct buf labels;
    unsigned label_count;
};

static void survey_stack(struct stacks *st, const struct result_build *b, size_t *used)
{
    uint64_t total = 0;
    for (size_t i = 0; i < b->layer_count; i++) {
        size_t *slot = map_get(st->holders, report_str(b->layers[i].diff_id));
        if (slot == NULL) {
            slot = &st->counts[(*used)++];
            map_put(st->holders, report_str(b->layers[i].diff_id), slot);
        }
        ++*slot;
        total += b->layers[i].size;
    }
    st->highest = total > st->highest ? total : st->highest;
}

static void survey_stacks(struct stacks *st)
{
    size_t all = 1, used = 0;
    for (size_t v = 0; v < st->s->variant_count; v++) {
        const struct result_build *b = last_image(&st->s->variants[v]);
        all += b != NULL ? b->layer_count : 0;
    }
    st->counts = xcalloc(all, sizeof *st->counts);
    st->holders = map_new();
    for (size_t v = 0; v < st->s->variant_count; v++) {
        const struct result_build *b = last_image(&st->s->variants[v]);
        if (b != NULL)
            survey_stack(st, b, &used);
    }
    st->unit = report_plot_bytes_unit((double)st->highest);
}

/* What made a layer; base images come with theirs. */
static const char *maker_of(const struct result_build *b, const char *diff_id)
{
    for (size_t i = 0; i < b->step_count; i++)
        if (b->steps[i].diff_id != NULL && strcmp(b->steps[i].diff_id, diff_id) == 0)
            return report_str(b->steps[i].instruction);
    return "base";
}

/* Words in a box that is high enough for a line of them. */
static void label_box(struct stacks *st, const struct result_build *b, size_t variant,
                      size_t layer, double middle)
{
    enum { LINES = 18 /* that a graph is high */, SIZE = 9 };
    uint64_t size = b->layers[layer].size;
    unsigned columns =
        (unsigned)(0.75 * REPORT_PLOT_COLUMNS / ((double)st->s->variant_count + 0.2));
    if (size * LINES < st->highest || columns < SIZE)
        return;
    AUTO_BUF text = BUF_INIT, safe = BUF_INIT;
    if (columns > SIZE + 6) {
        report_escape_terminal(maker_of(b, report_str(b->layers[layer].diff_id)),
                               &safe);
        report_text_fit(buf_str(&safe), columns - SIZE - 1, true, &text);
        buf_addc(&text, ' ');
    }
    report_bytes(size, &text);
    buf_addf(&st->labels, "set label %u ", 10 + st->label_count++);
    report_plot_string(buf_str(&text), columns, &st->labels);
    buf_addf(&st->labels,
             " at first %zu, first %.6g center font \",12\" noenhanced front\n",
             variant, middle);
}

static void stack_data(struct stacks *st, struct buf *out)
{
    buf_adds(out, "# ");
    report_plot_comment(st->s->name, out);
    buf_addf(out,
             "\n# layers of each variant's last image, lowest first\n"
             "# columns: variant, lower edge %s, upper edge %s, shared with another "
             "variant (1) or not (0)",
             st->unit.sign, st->unit.sign);
    for (size_t v = 0; v < st->s->variant_count; v++) {
        const struct result_build *b = last_image(&st->s->variants[v]);
        uint64_t at = 0;
        buf_adds(out, "\n# ");
        report_plot_comment(st->s->variants[v].name, out);
        buf_addc(out, '\n');
        for (size_t i = 0; b != NULL && i < b->layer_count; i++) {
            uint64_t top = at + b->layers[i].size;
            size_t *count = map_get(st->holders, report_str(b->layers[i].diff_id));
            double low = (double)at * st->unit.factor;
            double high = (double)top * st->unit.factor;
            st->any_shared |= *count > 1 && top > at;
            st->any_alone |= *count == 1 && top > at;
            label_box(st, b, v, i, (low + high) / 2);
            buf_addf(out, "%zu %.9g %.9g %d\n", v, low, high, *count > 1);
            at = top;
        }
    }
}

static void stack_settings(const struct stacks *st, struct buf *out)
{
    AUTO_FREE const char **labels = xcalloc(st->s->variant_count, sizeof *labels);
    for (size_t v = 0; v < st->s->variant_count; v++)
        labels[v] = report_str(st->s->variants[v].name);
    buf_addf(out,
             "set ylabel \"%s\"\nset yrange [0:%.6g]\nset xrange [-0.6:%zu.6]\n"
             "set style fill solid 1.0 border linecolor rgb \"white\"\n",
             st->unit.name, (double)st->highest * st->unit.factor * 1.05,
             st->s->variant_count - 1);
    buf_adds(out, buf_str(&st->labels));
    report_plot_tics(labels, st->s->variant_count, out);
}

static void stack_command(const struct stacks *st, const char *name, struct buf *out)
{
    buf_addf(out,
             "plot \\\n  \"%s.dat\" using 1:(($2+$3)/2):($1-0.3):($1+0.3):2:3:"
             "($4 > 0 ? 0x56B4E9 : 0xE69F00) with boxxyerror linecolor rgb variable "
             "notitle",
             name);
    if (st->any_shared)
        buf_adds(out, ", \\\n  keyentry with boxes linecolor rgb \"#56B4E9\" title "
                      "\"also in another variant\"");
    if (st->any_alone && st->s->variant_count > 1)
        buf_adds(out, ", \\\n  keyentry with boxes linecolor rgb \"#E69F00\" title "
                      "\"only here\"");
}

void report_plot_layers(const struct result_scenario *s, size_t index, const char *name,
                        struct report_plots *out)
{
    struct stacks st = {.s = s};
    survey_stacks(&st);
    if (st.highest > 0) {
        AUTO_BUF dat = BUF_INIT, set = BUF_INIT, draw = BUF_INIT, gp = BUF_INIT;
        AUTO_FREE char *file = xasprintf("%s-layers", name);
        AUTO_FREE char *title = report_plot_title(s, "layers of the last image");
        struct report_plot *plot = report_plots_add(out, index, file, title);
        stack_data(&st, &dat);
        stack_settings(&st, &set);
        stack_command(&st, plot->name, &draw);
        struct report_plot_text text = {
            .title = title,
            .subtitle = "content bytes of each layer, the lowest layer at the bottom",
            .settings = buf_str(&set),
            .keys = s->variant_count > 1 ? 2 : 0,
            .key_columns = REPORT_PLOT_KEY,
            .plot = buf_str(&draw)};
        report_plot_script(plot, &text, &gp);
        plot->gp = buf_steal(&gp);
        plot->dat = buf_steal(&dat);
    }
    map_free(st.holders);
    free(st.counts);
    buf_free(&st.labels);
}

/* ---- disk with and without sharing --------------------------------------------------
 */

static size_t images_of(const struct result_variant *v)
{
    size_t images = 0;
    for (size_t b = 0; b < v->build_count; b++)
        images += v->builds[b].layer_count > 0;
    return images;
}

/* The variant with the most builds, where it has at least three images: below that
 * there is no curve to see. */
static const struct result_variant *most_images(const struct result_scenario *s)
{
    const struct result_variant *most = NULL;
    size_t count = 2;
    for (size_t v = 0; v < s->variant_count; v++) {
        if (images_of(&s->variants[v]) > count) {
            most = &s->variants[v];
            count = images_of(most);
        }
    }
    return most;
}

/* Content bytes of all images of a variant, each by itself. */
static uint64_t bytes_apart(const struct result_variant *v)
{
    uint64_t apart = 0;
    for (size_t b = 0; b < v->build_count; b++)
        for (size_t i = 0; i < v->builds[b].layer_count; i++)
            apart += v->builds[b].layers[i].size;
    return apart;
}

static void disk_data(const struct result_variant *v,
                      const struct report_plot_unit *unit, const char **labels,
                      struct buf *out)
{
    struct map *stored = map_new();
    uint64_t apart = 0, shared = 0;
    size_t image = 0;
    buf_adds(out, "# variant ");
    report_plot_comment(report_str(v->name), out);
    buf_addf(out,
             "\n# columns: image, %s without sharing, %s with shared layers counted "
             "once\n",
             unit->sign, unit->sign);
    for (size_t b = 0; b < v->build_count; b++) {
        const struct result_build *build = &v->builds[b];
        if (build->layer_count == 0)
            continue;
        for (size_t i = 0; i < build->layer_count; i++) {
            apart += build->layers[i].size;
            if (map_put(stored, report_str(build->layers[i].diff_id), (void *)v) ==
                NULL)
                shared += build->layers[i].size;
        }
        buf_adds(out, "# ");
        report_plot_comment(report_str(build->label), out);
        buf_addf(out, "\n%zu %.9g %.9g\n", image, (double)apart * unit->factor,
                 (double)shared * unit->factor);
        labels[image++] = report_str(build->label);
    }
    map_free(stored);
}

/* Two lines, each with its last figure. */
static void disk_command(const char *name, struct buf *out)
{
    static const struct {
        const char *title, *color, *point;
    } lines[] = {{"without sharing", "#D55E00", "5"},
                 {"layers shared", "#0072B2", "7"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        buf_addf(out,
                 "%s \\\n  \"%s.dat\" using 1:%zu with linespoints linecolor rgb "
                 "\"%s\" linewidth 2 pointtype %s title \"%s\"",
                 i > 0 ? "," : "plot", name, i + 2, lines[i].color, lines[i].point,
                 lines[i].title);
        buf_addf(out,
                 ", \\\n  \"\" using ($1 == last ? $1 : NaN):%zu:(shown($%zu)) with "
                 "labels right offset 0.5,0.8 font \",12\" notitle",
                 i + 2, i + 2);
    }
}

void report_plot_disk(const struct result_scenario *s, size_t index, const char *name,
                      struct report_plots *out)
{
    const struct result_variant *v = most_images(s);
    if (v == NULL)
        return;
    AUTO_BUF dat = BUF_INIT, set = BUF_INIT, draw = BUF_INIT, gp = BUF_INIT;
    AUTO_FREE const char **labels = xcalloc(v->build_count, sizeof *labels);
    double most = (double)bytes_apart(v);
    struct report_plot_unit unit = report_plot_bytes_unit(most);
    size_t count = images_of(v);
    disk_data(v, &unit, labels, &dat);
    AUTO_FREE char *file = xasprintf("%s-disk", name);
    AUTO_FREE char *title = report_plot_title(s, "disk use as images are added");
    AUTO_FREE char *subtitle =
        xasprintf("content bytes of all images kept; variant %s", report_str(v->name));
    struct report_plot *plot = report_plots_add(out, index, file, title);
    buf_addf(&set,
             "last = %zu\nshown(y) = sprintf(\"%%.3g %s\", y)\n"
             "set ylabel \"%s\"\nset yrange [0:%.6g]\nset xrange [-0.4:%zu.4]\n",
             count - 1, unit.sign, unit.name,
             most > 0 ? most * unit.factor * 1.12 : 1.0, count - 1);
    report_plot_tics(labels, count, &set);
    disk_command(plot->name, &draw);
    struct report_plot_text text = {.title = title,
                                    .subtitle = subtitle,
                                    .settings = buf_str(&set),
                                    .keys = 2,
                                    .key_columns = REPORT_PLOT_KEY,
                                    .plot = buf_str(&draw)};
    report_plot_script(plot, &text, &gp);
    plot->gp = buf_steal(&gp);
    plot->dat = buf_steal(&dat);
}
