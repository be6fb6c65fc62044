/* SPDX-License-Identifier: MIT */
/*
 * Plots of bytes: the layers of each variant's last image, stacked; and the disk that a
 * variant's images take as they are added, with shared layers counted once and without
 * sharing.
 */
#include <stdio.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/plot_kinds.h"
#include "reports/report.h"
#include "sim/base/map.h"
#include "sim/base/mem.h"

static const double mega = 1e6;

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

/* Layers of all last images -> how many of them hold it, as slots of `counts`. */
static struct map *count_holders(const struct result_scenario *s, size_t *counts)
{
    struct map *holders = map_new();
    size_t used = 0;
    for (size_t v = 0; v < s->variant_count; v++) {
        const struct result_build *b = last_image(&s->variants[v]);
        for (size_t i = 0; b != NULL && i < b->layer_count; i++) {
            size_t *slot = map_get(holders, report_str(b->layers[i].diff_id));
            if (slot == NULL) {
                slot = &counts[used++];
                map_put(holders, report_str(b->layers[i].diff_id), slot);
            }
            ++*slot;
        }
    }
    return holders;
}

static double stack_data(const struct result_scenario *s, struct buf *out)
{
    size_t all = 1;
    double highest = 0;
    for (size_t v = 0; v < s->variant_count; v++) {
        const struct result_build *b = last_image(&s->variants[v]);
        all += b != NULL ? b->layer_count : 0;
    }
    AUTO_FREE size_t *counts = xcalloc(all, sizeof *counts);
    struct map *holders = count_holders(s, counts);
    buf_adds(out, "# ");
    report_plot_comment(s->name, out);
    buf_adds(out,
             "\n# layers of each variant's last image, lowest first\n"
             "# columns: variant, lower edge MB, upper edge MB, shared with another "
             "variant (1) or not (0)");
    for (size_t v = 0; v < s->variant_count; v++) {
        const struct result_build *b = last_image(&s->variants[v]);
        double at = 0;
        buf_adds(out, "\n# ");
        report_plot_comment(s->variants[v].name, out);
        buf_addc(out, '\n');
        for (size_t i = 0; b != NULL && i < b->layer_count; i++) {
            double size = (double)b->layers[i].size / mega;
            size_t *count = map_get(holders, report_str(b->layers[i].diff_id));
            buf_addf(out, "%zu %.9g %.9g %d\n", v, at, at + size, *count > 1);
            at += size;
        }
        highest = at > highest ? at : highest;
    }
    map_free(holders);
    return highest;
}

void report_plot_layers(const struct result_scenario *s, size_t index, const char *name,
                        struct report_plots *out)
{
    AUTO_BUF dat = BUF_INIT, set = BUF_INIT, draw = BUF_INIT, gp = BUF_INIT;
    double highest = stack_data(s, &dat);
    if (!(highest > 0))
        return;
    AUTO_FREE const char **labels = xcalloc(s->variant_count, sizeof *labels);
    for (size_t v = 0; v < s->variant_count; v++)
        labels[v] = report_str(s->variants[v].name);
    AUTO_FREE char *file = xasprintf("%s-layers", name);
    AUTO_FREE char *title = report_plot_title(s, "layers of the last image");
    struct report_plot *plot = report_plots_add(out, index, file, title);
    buf_addf(&set,
             "set ylabel \"megabytes\"\nset yrange [0:%.6g]\nset xrange [-0.6:%zu.6]\n"
             "set style fill solid 1.0 border linecolor rgb \"white\"\n",
             highest * 1.05, s->variant_count - 1);
    report_plot_tics(labels, s->variant_count, &set);
    buf_addf(&draw,
             "plot \\\n  \"%s.dat\" using 1:(($2+$3)/2):($1-0.3):($1+0.3):2:3:"
             "($4 > 0 ? 0x56B4E9 : 0xE69F00) with boxxyerror linecolor rgb variable "
             "notitle, \\\n"
             "  keyentry with boxes linecolor rgb \"#56B4E9\" title "
             "\"also in another variant\", \\\n"
             "  keyentry with boxes linecolor rgb \"#E69F00\" title \"only here\"",
             plot->name);
    struct report_plot_text text = {
        .title = title,
        .subtitle = "content bytes of each layer, the lowest layer at the bottom",
        .settings = buf_str(&set),
        .keys = 2,
        .plot = buf_str(&draw)};
    report_plot_script(plot, &text, &gp);
    plot->gp = buf_steal(&gp);
    plot->dat = buf_steal(&dat);
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

static void disk_data(const struct result_variant *v, const char **labels,
                      size_t *count, struct buf *out)
{
    struct map *stored = map_new();
    uint64_t apart = 0, shared = 0;
    size_t image = 0;
    buf_adds(out, "# variant ");
    report_plot_comment(report_str(v->name), out);
    buf_adds(out,
             "\n# columns: image, MB without sharing, MB with shared layers counted "
             "once\n");
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
        buf_addf(out, "\n%zu %.9g %.9g\n", image, (double)apart / mega,
                 (double)shared / mega);
        labels[image++] = report_str(build->label);
    }
    map_free(stored);
    *count = image;
}

void report_plot_disk(const struct result_scenario *s, size_t index, const char *name,
                      struct report_plots *out)
{
    const struct result_variant *v = most_images(s);
    if (v == NULL)
        return;
    AUTO_BUF dat = BUF_INIT, set = BUF_INIT, draw = BUF_INIT, gp = BUF_INIT;
    AUTO_FREE const char **labels = xcalloc(v->build_count, sizeof *labels);
    size_t count = 0;
    disk_data(v, labels, &count, &dat);
    AUTO_FREE char *file = xasprintf("%s-disk", name);
    AUTO_FREE char *title = report_plot_title(s, "disk use as images are added");
    AUTO_FREE char *subtitle =
        xasprintf("variant %s: content bytes of all images kept", report_str(v->name));
    struct report_plot *plot = report_plots_add(out, index, file, title);
    buf_addf(&set,
             "set ylabel \"megabytes\"\nset yrange [0:*]\nset xrange [-0.4:%zu.4]\n",
             count - 1);
    report_plot_tics(labels, count, &set);
    buf_addf(
        &draw,
        "plot \\\n  \"%s.dat\" using 1:2 with linespoints linecolor rgb \"#D55E00\" "
        "linewidth 2 pointtype 5 title \"without sharing\", \\\n"
        "  \"\" using 1:3 with linespoints linecolor rgb \"#0072B2\" linewidth 2 "
        "pointtype 7 title \"layers shared\"",
        plot->name);
    struct report_plot_text text = {.title = title,
                                    .subtitle = subtitle,
                                    .settings = buf_str(&set),
                                    .keys = 2,
                                    .plot = buf_str(&draw)};
    report_plot_script(plot, &text, &gp);
    plot->gp = buf_steal(&gp);
    plot->dat = buf_steal(&dat);
}
