/* SPDX-License-Identifier: MIT */
/*
 * Timelines of builds (a Gantt chart): a row a stage, a box a step that ran, a diamond
 * a step that was reused. Of each variant the first build and the slowest rebuild: more
 * would not be read at this size.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/plot_kinds.h"
#include "reports/report.h"
#include "reports/text.h"
#include "reports/timeline.h"
#include "sim/base/mem.h"

enum { MAX_ROWS = 14, MAX_VARIANT = 15 /* columns of a row's label */ };

/* What a step does, by its colour. */
static const struct {
    const char *name, *color;
} kinds[] = {{"FROM: fetch", "#0072B2"},
             {"RUN", "#D55E00"},
             {"COPY, ADD", "#009E73"},
             {"other", "#999999"}};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct chart {
    const struct result_scenario *s;
    bool virtual;
    size_t row_count, most_reused;
    bool cut; /* more rows than there is room for */
    char *labels[MAX_ROWS];
    double end_s;
    bool any[KINDS];                  /* kinds that have a box */
    struct buf boxes, diamonds, ends; /* data blocks */
};

static size_t kind_of(const struct result_step *step)
{
    const char *word = report_str(step->word);
    if (strcmp(word, "FROM") == 0)
        return 0;
    if (strcmp(word, "RUN") == 0)
        return 1;
    return strcmp(word, "COPY") == 0 || strcmp(word, "ADD") == 0 ? 2 : 3;
}

static double time_of(const struct chart *c, const struct result_build *b)
{
    return c->virtual ? (double)b->virtual_ms / 1000 : b->wall.median;
}

/* The rebuild that took longest, NULL if there is none. */
static const struct result_build *slowest_rebuild(const struct chart *c,
                                                  const struct result_variant *v)
{
    const struct result_build *slowest = NULL;
    for (size_t b = 1; b < v->build_count; b++)
        if (v->builds[b].error == NULL && v->builds[b].step_count > 0 &&
            (slowest == NULL || time_of(c, &v->builds[b]) > time_of(c, slowest)))
            slowest = &v->builds[b];
    return slowest;
}

static void add_span(struct chart *c, const struct report_span *span, size_t row,
                     size_t *reused_before)
{
    const struct result_step *step = span->step;
    AUTO_BUF text = BUF_INIT;
    report_plot_comment(report_str(step->instruction), &text);
    if (step->status == STEP_CACHED) {
        buf_addf(&c->diamonds, "# %s\n%zu %.9g %zu\n", buf_str(&text), row,
                 span->start_s, (*reused_before)++);
    } else if (step->status == STEP_RAN) {
        size_t kind = kind_of(step);
        c->any[kind] = true;
        buf_addf(&c->boxes, "# %s\n%zu %.9g %.9g %zu\n", buf_str(&text), row,
                 span->start_s, span->start_s + span->seconds, kind);
    }
}

/* One without a name is called by its number. */
static void add_stage(const char *stage, struct buf *out)
{
    bool number = stage[strspn(stage, "0123456789")] == '\0';
    buf_addf(out, "%s%s, ", number ? "stage " : "", stage);
}

static void add_build(struct chart *c, const struct result_variant *v,
                      const struct result_build *b)
{
    struct report_timeline line;
    if (b == NULL || b->error != NULL || b->step_count == 0)
        return;
    report_timeline_init(b, c->virtual, &line);
    size_t shown = 0;
    for (; shown < line.stage_count && c->row_count < MAX_ROWS; shown++) {
        AUTO_BUF label = BUF_INIT;
        size_t row = c->row_count++, before = 0;
        if (c->s->variant_count > 1) {
            AUTO_BUF title = BUF_INIT;
            report_variant_title(c->s, v, &title);
            report_text_fit(buf_str(&title), MAX_VARIANT, true, &label);
            buf_adds(&label, ": ");
        }
        if (line.stage_count > 1)
            add_stage(line.stages[shown], &label);
        buf_adds(&label, report_str(b->label));
        c->labels[row] = buf_steal(&label);
        double end = 0;
        for (size_t n = 0; n < line.span_count; n++) {
            if (line.spans[n].stage != shown)
                continue;
            add_span(c, &line.spans[n], row, &before);
            end = line.spans[n].start_s + line.spans[n].seconds;
        }
        buf_addf(&c->ends, "%zu %.9g\n", row, end);
        c->most_reused = before > c->most_reused ? before : c->most_reused;
        c->end_s = fmax(c->end_s, end);
    }
    c->cut |= shown < line.stage_count;
    report_timeline_free(&line);
}

/* The clock that every build has. */
static bool all_virtual(const struct result_scenario *s)
{
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            if (s->variants[v].builds[b].error == NULL &&
                !s->variants[v].builds[b].has_virtual)
                return false;
    return true;
}

static char *data(const struct chart *c)
{
    AUTO_BUF out = BUF_INIT;
    buf_adds(&out, "# ");
    report_plot_comment(c->s->name, &out);
    buf_addf(
        &out,
        "\n# seconds on the %s clock; three blocks\n"
        "# 0, steps that ran: row, start, end, kind (0 FROM, 1 RUN, 2 COPY or ADD, "
        "3 other)\n",
        c->virtual ? "virtual" : "wall");
    buf_addf(
        &out,
        "%s\n\n# 1, steps reused: row, time, how many of the row stand before it\n",
        c->boxes.len > 0 ? buf_str(&c->boxes) : "NaN NaN NaN NaN\n");
    buf_addf(&out, "%s\n\n# 2, end of each row: row, time\n%s",
             c->diamonds.len > 0 ? buf_str(&c->diamonds) : "NaN NaN NaN\n",
             buf_str(&c->ends));
    return buf_steal(&out);
}

/* Thin boxes are drawn wide enough to be seen; white lines part neighbours. */
static void command(const struct chart *c, const char *name, struct buf *out)
{
    buf_addf(out,
             "plot \\\n  \"%s.dat\" index 0 using (unit*$2):1:(unit*$2):"
             "(unit*$3 > unit*$2+thin ? unit*$3 : unit*$2+thin):($1-0.34):($1+0.34):"
             "(tone($4)) with boxxyerror linecolor rgb variable notitle",
             name);
    buf_adds(out, ", \\\n  \"\" index 0 using (unit*($3-$2) > 3*thin ? unit*$2 : NaN):"
                  "($1-0.34):(0):(0.68) with vectors nohead linewidth 1 linecolor rgb "
                  "\"white\" notitle");
    for (size_t k = 0; k < KINDS; k++)
        if (c->any[k])
            buf_addf(out,
                     ", \\\n  keyentry with boxes linecolor rgb \"%s\" title \"%s\"",
                     kinds[k].color, kinds[k].name);
    if (c->most_reused > 0)
        buf_adds(out,
                 ", \\\n  \"\" index 1 using (-aside*($3+0.7)):1 with points "
                 "pointtype 12 pointsize 1.7 linewidth 1.5 linecolor rgb \"black\" "
                 "title \"reused\"");
    buf_adds(out, ", \\\n  \"\" index 2 using (unit*$2):1:(shown(unit*$2)) "
                  "with labels left offset 0.6,0 font \",12\" notitle");
}

/* About six tics, at 1, 2 or 5 times a power of ten. */
static double tic_step(double most)
{
    double power = pow(10, floor(log10(most / 6))), times = most / 6 / power;
    return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

static void settings(const struct chart *c, struct buf *out)
{
    struct report_plot_unit unit = report_plot_time_unit(c->end_s, c->virtual);
    double most = c->end_s * unit.factor;
    buf_addf(out, "unit = %.9g\naside = %.6g\nthin = %.6g\n", unit.factor, most * 0.022,
             most * 0.004);
    buf_addf(out, "tone(k) = k == 0 ? 0x%s : k == 1 ? 0x%s : k == 2 ? 0x%s : 0x%s\n",
             kinds[0].color + 1, kinds[1].color + 1, kinds[2].color + 1,
             kinds[3].color + 1);
    buf_addf(out, "shown(t) = sprintf(\"%s %s\", t)\n", c->virtual ? "%.1f" : "%.3g",
             unit.sign);
    buf_addf(out,
             "set xlabel \"%s, %s clock\"\nset xrange [%.6g:%.6g]\n"
             "set yrange [%zu.6:-0.6]\n",
             unit.name, c->virtual ? "virtual" : "wall",
             -most * 0.022 * ((double)c->most_reused + 0.4), most * 1.18,
             c->row_count - 1);
    buf_addf(out,
             "set arrow 1 from 0, graph 0 to 0, graph 1 nohead linecolor rgb "
             "\"#606060\"\nset xtics 0, %.6g nomirror scale 0 textcolor rgb "
             "\"black\"\n",
             tic_step(most));
    buf_adds(out, "unset grid\nset grid xtics linecolor rgb \"#D8D8D8\" linetype 1\n"
                  "set border 0\nset key samplen 1\n");
    report_plot_rows((const char *const *)c->labels, c->row_count, out);
}

static size_t keys_of(const struct chart *c)
{
    size_t keys = c->most_reused > 0;
    for (size_t k = 0; k < KINDS; k++)
        keys += c->any[k];
    return keys;
}

void report_plot_timeline(const struct result_scenario *s, size_t index,
                          const char *name, struct report_plots *out)
{
    struct chart c = {.s = s, .virtual = all_virtual(s)};
    for (size_t v = 0; v < s->variant_count; v++) {
        if (s->variants[v].build_count > 0)
            add_build(&c, &s->variants[v], &s->variants[v].builds[0]);
        add_build(&c, &s->variants[v], slowest_rebuild(&c, &s->variants[v]));
    }
    if (c.row_count > 0 && c.end_s > 0) {
        AUTO_FREE char *file = xasprintf("%s-timeline", name);
        AUTO_FREE char *title = report_plot_title(s, "timeline of the steps");
        AUTO_FREE char *subtitle =
            xasprintf("first build and slowest rebuild%s; a diamond left of zero: a "
                      "reused step",
                      c.cut ? " (the first rows)" : "");
        struct report_plot *plot = report_plots_add(out, index, file, title);
        AUTO_BUF set = BUF_INIT, draw = BUF_INIT, gp = BUF_INIT;
        settings(&c, &set);
        command(&c, plot->name, &draw);
        struct report_plot_text text = {.title = title,
                                        .subtitle = subtitle,
                                        .settings = buf_str(&set),
                                        .keys = keys_of(&c),
                                        .key_columns = 11, /* "FROM: fetch" */
                                        .plot = buf_str(&draw)};
        report_plot_script(plot, &text, &gp);
        plot->gp = buf_steal(&gp);
        plot->dat = data(&c);
    }
    for (size_t i = 0; i < c.row_count; i++)
        free(c.labels[i]);
    buf_free(&c.boxes);
    buf_free(&c.diamonds);
    buf_free(&c.ends);
}
