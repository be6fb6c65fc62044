/* SPDX-License-Identifier: MIT */
/*
 * The list of plots and what all scripts share: terminals, type, colours, titles. The
 * colours are Okabe and Ito's, chosen to be told apart by colour-blind readers
 * (https://jfly.uni-koeln.de/color/).
 */
#include "reports/plots.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/plot_kinds.h"
#include "reports/report.h"
#include "reports/text.h"
#include "sim/base/map.h"
#include "sim/base/mem.h"

enum { MAX_NAME = 48, MAX_TITLE = 62, TURNED_FITS = 11 };

enum { COLORS = 8 };

const char *report_plot_color(size_t n)
{
    static const char *const colors[COLORS] = {"#0072B2", "#E69F00", "#009E73",
                                               "#CC79A7", "#56B4E9", "#D55E00",
                                               "#F0E442", "#7F7F7F"};
    return colors[n % COLORS];
}

const char *report_plot_fill(size_t n)
{
    static const char *const fills[] = {"", " fillstyle pattern 4",
                                        " fillstyle pattern 5", " fillstyle pattern 1"};
    return fills[n / COLORS % (sizeof fills / sizeof *fills)];
}

unsigned report_plot_key_columns(const struct result_scenario *s)
{
    unsigned most = 0;
    for (size_t v = 0; v < s->variant_count; v++) {
        AUTO_BUF title = BUF_INIT;
        report_variant_title(s, &s->variants[v], &title);
        unsigned width = report_text_width(buf_str(&title));
        most = width > most ? width : most;
    }
    return most < REPORT_PLOT_KEY ? most : REPORT_PLOT_KEY;
}

/* Lower-case letters and digits of a name, other runs as one dash. */
static char *slug(const char *name)
{
    AUTO_BUF out = BUF_INIT;
    for (const char *p = name; *p != '\0' && out.len < MAX_NAME; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x80 && isalnum(c))
            buf_addc(&out, (char)tolower(c));
        else if (out.len > 0 && out.data[out.len - 1] != '-')
            buf_addc(&out, '-');
    }
    while (out.len > 0 && out.data[out.len - 1] == '-')
        out.data[--out.len] = '\0';
    return out.len > 0 ? buf_steal(&out) : xstrdup("scenario");
}

void report_plot_string(const char *s, unsigned columns, struct buf *out)
{
    AUTO_BUF safe = BUF_INIT, cut = BUF_INIT;
    report_escape_terminal(s, &safe);
    report_text_fit(buf_str(&safe), columns, true, &cut);
    report_escape_gnuplot(buf_str(&cut), out);
}

char *report_plot_title_of(const char *name, const char *what)
{
    AUTO_BUF safe = BUF_INIT, out = BUF_INIT;
    report_escape_terminal(name, &safe);
    report_text_fit(buf_str(&safe), MAX_TITLE - report_text_width(what) - 2, true,
                    &out);
    buf_addf(&out, ": %s", what);
    return buf_steal(&out);
}

char *report_plot_title(const struct result_scenario *s, const char *what)
{
    return report_plot_title_of(report_str(s->name), what);
}

void report_plot_comment(const char *s, struct buf *out)
{
    report_escape_terminal(s, out);
}

/* Splits a label at blanks into at most three lines of about `width` columns. */
static void broken(const char *label, unsigned width, struct buf *out)
{
    unsigned lines = 1, column = 0;
    for (const char *p = label; *p != '\0';) {
        size_t len = strcspn(p, " ");
        AUTO_FREE char *word = xstrndup(p, len);
        unsigned w = report_text_width(word);
        if (column > 0 && column + 1 + w > width) {
            if (lines++ == 3) {
                buf_adds(out, " …");
                return;
            }
            buf_addc(out, '\n');
            column = 0;
        } else if (column > 0) {
            buf_addc(out, ' ');
            column++;
        }
        report_text_fit(word, width, true, out);
        column += w < width ? w : width;
        p += len + (p[len] == ' ');
    }
}

/* gnuplot formats tic labels like numbers: % stands doubled. */
static void tic_string(const char *line, size_t len, struct buf *out)
{
    AUTO_BUF doubled = BUF_INIT;
    for (size_t i = 0; i < len; i++) {
        buf_addc(&doubled, line[i]);
        if (line[i] == '%')
            buf_addc(&doubled, '%');
    }
    AUTO_BUF quoted = BUF_INIT;
    report_escape_gnuplot(buf_str(&doubled), &quoted);
    buf_add(out, quoted.data + 1, quoted.len - 2);
}

/* A label in lines, as one string of a list of tics; returns the number of lines. */
static unsigned tic_label(const char *lines, struct buf *out)
{
    unsigned rows = 1;
    buf_addc(out, '"');
    for (const char *p = lines; *p != '\0';) {
        size_t len = strcspn(p, "\n");
        tic_string(p, len, out);
        p += len;
        if (*p == '\n') {
            buf_adds(out, "\\n");
            p++;
            rows++;
        }
    }
    buf_addc(out, '"');
    return rows;
}

void report_plot_tics(const char *const *labels, size_t count, struct buf *out)
{
    bool turned = count > 6;
    unsigned most = 1, first = 0;
    unsigned width = turned ? 22 : count <= 2 ? 33 : (unsigned)(66 / count);
    buf_addf(out, "set xtics %sscale 0 textcolor rgb \"black\" (",
             turned ? "rotate by 35 right " : "");
    for (size_t i = 0; i < count; i++) {
        AUTO_BUF safe = BUF_INIT, lines = BUF_INIT;
        report_escape_terminal(labels[i], &safe);
        if (turned)
            report_text_fit(buf_str(&safe), width, true, &lines);
        else
            broken(buf_str(&safe), width, &lines);
        if (i == 0)
            first = report_text_width(buf_str(&lines));
        buf_addf(out, "%s\\\n  ", i > 0 ? ", " : "");
        unsigned rows = tic_label(buf_str(&lines), out);
        buf_addf(out, " %zu", i);
        most = rows > most ? rows : most;
    }
    buf_adds(out, ")\n");
    if (!turned) /* gnuplot leaves room for one line */
        buf_addf(out, "set bmargin %u.5\n", most + 1);
    else if (first > TURNED_FITS) /* it does not see that the first stands out */
        buf_addf(out, "set lmargin %u\n", first);
}

void report_plot_rows(const char *const *labels, size_t count, struct buf *out)
{
    enum { WIDTH = 32 };
    buf_adds(out, "set ytics scale 0 font \",12\" textcolor rgb \"black\" (");
    for (size_t i = 0; i < count; i++) {
        AUTO_BUF safe = BUF_INIT, lines = BUF_INIT;
        report_escape_terminal(labels[i], &safe);
        report_text_fit(buf_str(&safe), WIDTH, true, &lines);
        buf_addf(out, "%s\\\n  ", i > 0 ? ", " : "");
        tic_label(buf_str(&lines), out);
        buf_addf(out, " %zu", i);
    }
    buf_adds(out, ")\n");
}

struct report_plot_unit report_plot_time_unit(double most_s, bool virtual)
{
    enum { LONG_S = 900, HOURS_S = 3 * 3600 }; /* from here on in minutes, in hours */
    if (!virtual && most_s < 1e-3)
        return (struct report_plot_unit){"microseconds", "µs", 1e6};
    if (!virtual && most_s < 1)
        return (struct report_plot_unit){"milliseconds", "ms", 1e3};
    if (most_s < LONG_S)
        return (struct report_plot_unit){"seconds", "s", 1};
    if (most_s < HOURS_S)
        return (struct report_plot_unit){"minutes", "min", 1.0 / 60};
    return (struct report_plot_unit){"hours", "h", 1.0 / 3600};
}

struct report_plot_unit report_plot_bytes_unit(double most_bytes)
{
    static const struct report_plot_unit units[] = {{"bytes", "B", 1},
                                                    {"kilobytes", "kB", 1e-3},
                                                    {"megabytes", "MB", 1e-6},
                                                    {"gigabytes", "GB", 1e-9},
                                                    {"terabytes", "TB", 1e-12}};
    size_t n = 0;
    while (n + 1 < sizeof units / sizeof *units && most_bytes * units[n].factor >= 1000)
        n++;
    return units[n];
}

/* ---- scripts --------------------------------------------------------------------- */

static void drawing(const char *name, const char *terminal, const char *ext,
                    const char *plot, struct buf *out)
{
    buf_addf(out, "set terminal %s\nset output \"%s.%s\"\n%s\nset output\n", terminal,
             name, ext, plot);
}

void report_plot_script(const struct report_plot *plot,
                        const struct report_plot_text *text, struct buf *out)
{
    const char *name = plot->name;
    buf_adds(out, "# ");
    report_plot_comment(plot->title, out);
    buf_addf(out,
             "\n# Draws %s.svg and %s.png from %s.dat, in this folder: gnuplot %s.gp\n"
             "set encoding utf8\n"
             "unset title\n",
             name, name, name, name);
    buf_adds(out, "set label 1 ");
    report_plot_string(text->title, MAX_TITLE, out);
    buf_adds(out,
             " at screen 0.02, screen 0.95 left font \"sans-serif,18\" noenhanced\n"
             "set label 2 ");
    report_plot_string(text->subtitle, 100, out);
    /* The key stands in rows, right below; the graph begins under it. */
    enum { SAMPLE = 6, MOST = 6 }; /* columns besides an entry's text; entries a row */
    size_t each = REPORT_PLOT_COLUMNS / (text->key_columns + SAMPLE);
    each = each < MOST ? each : MOST;
    size_t rows = (text->keys + each - 1) / each;
    buf_adds(out, " at screen 0.02, screen 0.885 left font \",13\" noenhanced "
                  "textcolor rgb \"#404040\"\n");
    buf_addf(out, "set tmargin at screen %.2f\n",
             rows > 6 ? 0.46 : 0.82 - 0.06 * (double)rows);
    buf_addf(out,
             "set rmargin at screen 0.98\n"
             "set key at screen 0.98, screen 0.835 right top horizontal "
             "noenhanced Left reverse samplen 1.5 width 1 maxcols %zu\n",
             each);
    buf_adds(out, "set border 1 linecolor rgb \"#606060\"\n"
                  "set grid ytics linecolor rgb \"#D8D8D8\" linetype 1 linewidth 1\n"
                  "set ytics nomirror scale 0 textcolor rgb \"black\"\n"
                  "set style fill solid 1.0 noborder\n");
    buf_adds(out, text->settings);
    drawing(name,
            "svg size 720,450 dynamic noenhanced font \"sans-serif,14\" "
            "fontscale 1.1 "
            "background rgb \"white\"",
            "svg", text->plot, out);
    drawing(name,
            "pngcairo size 1200,750 noenhanced font \"sans,14\" fontscale 1.33 "
            "linewidth 1.7 "
            "background rgb \"white\"",
            "png", text->plot, out);
}

/* ---- the list -------------------------------------------------------------------- */

struct report_plot *report_plots_add(struct report_plots *p, size_t scenario,
                                     const char *name, const char *title)
{
    p->items = xreallocarray(p->items, p->count + 1, sizeof *p->items);
    struct report_plot *plot = &p->items[p->count++];
    *plot = (struct report_plot){
        .scenario = scenario, .name = xstrdup(name), .title = xstrdup(title)};
    return plot;
}

char *report_plots_name(const struct report_plots *p, const char *text)
{
    AUTO_FREE char *base = slug(text);
    char *name = xstrdup(base);
    unsigned next = 2;
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->items[i].name, name) != 0)
            continue;
        free(name);
        name = xasprintf("%s-%u", base, next++);
        i = SIZE_MAX; /* from the first again */
    }
    return name;
}

/* A file name of `text` that is not among those taken; it then is. */
static char *unique(const char *text, struct map *taken)
{
    AUTO_FREE char *base = slug(text);
    char *name = xstrdup(base);
    for (unsigned n = 2; map_get(taken, name) != NULL; n++) {
        free(name);
        name = xasprintf("%s-%u", base, n);
    }
    map_put(taken, name, taken);
    return name;
}

void report_plots_init(const struct results *r, struct report_plots *out)
{
    *out = (struct report_plots){0};
    struct map *taken = map_new();
    struct report_growths growths;
    report_growths_init(r->scenarios, r->scenario_count, &growths);
    for (size_t i = 0; i < r->scenario_count; i++) {
        const struct result_scenario *s = &r->scenarios[i];
        if (report_growth_begins(&growths, r->scenarios, i)) {
            AUTO_FREE char *scan = unique(report_str(s->scan), taken);
            report_plot_growth(&growths, s, i, scan, out);
        }
        AUTO_FREE char *name = unique(report_str(s->name), taken);
        report_plot_bars(s, i, name, out);
        report_plot_layers(s, i, name, out);
        report_plot_disk(s, i, name, out);
        report_plot_timeline(s, i, name, out);
        report_plot_spread(s, i, name, out);
    }
    report_growths_free(&growths);
    map_free(taken);
}

void report_plots_free(struct report_plots *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i].name);
        free(p->items[i].title);
        free(p->items[i].gp);
        free(p->items[i].dat);
    }
    free(p->items);
    *p = (struct report_plots){0};
}
