/* SPDX-License-Identifier: MIT */
/*
 * The tables for a terminal: one a scenario, builds down, variants side by side. As
 * many variants stand beside each other as the width holds; the others follow below.
 */
#include <stdlib.h>
#include <string.h>

#include "reports/export.h"
#include "reports/figures.h"
#include "reports/report.h"
#include "reports/text.h"
#include "sim/base/mem.h"

enum { RUN_REUSED, NEW_LAYERS, VIRTUAL, WALL, COLUMNS };
enum { LEAST_WIDTH = 40, LEAST_LABEL = 16, GAP = 2, WIDE_GAP = 3 };
enum { FEW_CHECKS = 3 }; /* passed ones that are listed */

struct figures {
    char *text[COLUMNS];
};

struct table {
    const struct result_scenario *s;
    const struct report_style *style;
    struct buf *out;
    struct report_grid grid;
    unsigned total, label, group, gap;
    size_t columns[COLUMNS], column_count; /* those that are shown */
    unsigned width[COLUMNS];
};

static const char *const heads[2][COLUMNS] = {{"run/", "new", "virtual", "wall"},
                                              {"reused", "layers", "clock", "clock"}};

static void paint(const struct report_style *style, const char *code, struct buf *out)
{
    if (style->color)
        buf_addf(out, "\x1b[%sm", code);
}

/* Text of the model as it may stand on this terminal. */
static char *cleaned(const struct report_style *style, const char *s)
{
    AUTO_BUF safe = BUF_INIT, ascii = BUF_INIT;
    report_escape_terminal(s, &safe);
    if (style->utf8)
        return buf_steal(&safe);
    report_text_ascii(buf_str(&safe), &ascii);
    return buf_steal(&ascii);
}

static void figures_of(const struct table *t, const struct result_build *b,
                       struct figures *out)
{
    AUTO_BUF bytes = BUF_INIT, virtual = BUF_INIT, wall = BUF_INIT;
    *out = (struct figures){0};
    if (b == NULL)
        return;
    report_bytes(b->new_bytes, &bytes);
    if (b->has_virtual)
        report_virtual(b->virtual_ms, &virtual);
    else
        buf_addc(&virtual, '-');
    if (b->wall.n > 0)
        report_wall(b->wall.median, &wall);
    else
        buf_addc(&wall, '-');
    out->text[RUN_REUSED] = xasprintf("%u/%u", b->ran, b->reused);
    out->text[NEW_LAYERS] = buf_steal(&bytes);
    out->text[VIRTUAL] = b->error != NULL ? xstrdup("failed") : buf_steal(&virtual);
    out->text[WALL] =
        b->error != NULL ? xstrdup("failed") : cleaned(t->style, buf_str(&wall));
}

static void figures_free(struct figures *f)
{
    for (size_t i = 0; i < COLUMNS; i++)
        free(f->text[i]);
}

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static unsigned columns_of(const struct report_style *style)
{
    return style->columns == 0 ? 80 : larger(style->columns, LEAST_WIDTH);
}

/* Virtual time where some build has it. Wall time where nothing else was taken, or
 * several samples: a single one beside virtual time says what the first build of all
 * paid to make the modelled files, and nothing of the lesson. */
static void choose_columns(struct table *t)
{
    bool shown[COLUMNS] = {[RUN_REUSED] = true, [NEW_LAYERS] = true};
    for (size_t v = 0; v < t->s->variant_count; v++) {
        const struct result_variant *variant = &t->s->variants[v];
        for (size_t b = 0; b < variant->build_count; b++) {
            const struct result_build *build = &variant->builds[b];
            shown[VIRTUAL] |= build->has_virtual;
            shown[WALL] |= build->wall.n > 1 || !build->has_virtual;
        }
    }
    t->column_count = 0;
    for (size_t c = 0; c < COLUMNS; c++)
        if (shown[c])
            t->columns[t->column_count++] = c;
}

static void measure(struct table *t)
{
    choose_columns(t);
    for (size_t c = 0; c < COLUMNS; c++)
        t->width[c] =
            larger((unsigned)strlen(heads[0][c]), (unsigned)strlen(heads[1][c]));
    t->label = 5;
    for (size_t row = 0; row < t->grid.row_count; row++) {
        AUTO_FREE char *label = cleaned(t->style, t->grid.labels[row]);
        t->label = larger(t->label, report_text_width(label));
        for (size_t v = 0; v < t->s->variant_count; v++) {
            struct figures f;
            figures_of(t, report_grid_cell(&t->grid, row, v), &f);
            for (size_t c = 0; c < COLUMNS; c++)
                t->width[c] =
                    larger(t->width[c], f.text[c] ? report_text_width(f.text[c]) : 0);
            figures_free(&f);
        }
    }
    t->group = (unsigned)t->column_count - 1;
    for (size_t i = 0; i < t->column_count; i++)
        t->group += t->width[t->columns[i]];
}

static void line_end(struct buf *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    buf_addc(out, '\n');
}

static void bar(const struct table *t)
{
    buf_adds(t->out, t->style->utf8 ? " │" : " |");
    buf_adds(t->out, t->gap == WIDE_GAP ? " " : "");
}

static void rule(const struct table *t, size_t count)
{
    const char *dash = t->style->utf8 ? "─" : "-";
    for (unsigned i = 0; i < t->label + 1; i++)
        buf_adds(t->out, dash);
    for (size_t v = 0; v < count; v++) {
        buf_adds(t->out, t->style->utf8 ? "┼" : "+");
        for (unsigned i = 0; i < t->group + t->gap - (v + 1 < count ? 1 : GAP); i++)
            buf_adds(t->out, dash);
    }
    buf_addc(t->out, '\n');
}

static void head(const struct table *t, size_t first, size_t count)
{
    paint(t->style, "1", t->out);
    report_text_cell("", t->label, false, t->style->utf8, t->out);
    for (size_t v = first; v < first + count; v++) {
        AUTO_BUF title = BUF_INIT;
        report_variant_title(t->s, &t->s->variants[v], &title);
        AUTO_FREE char *shown = cleaned(t->style, buf_str(&title));
        bar(t);
        unsigned blank = t->gap == WIDE_GAP ? 0 : 1;
        buf_adds(t->out, blank > 0 ? " " : "");
        report_text_cell(shown, t->group - blank, false, t->style->utf8, t->out);
    }
    paint(t->style, "0", t->out);
    line_end(t->out);
    for (size_t line = 0; line < 2; line++) {
        report_text_cell(line == 1 ? "build" : "", t->label, false, t->style->utf8,
                         t->out);
        for (size_t v = 0; v < count; v++) {
            bar(t);
            for (size_t i = 0; i < t->column_count; i++) {
                size_t c = t->columns[i];
                buf_adds(t->out, i > 0 ? " " : "");
                report_text_cell(heads[line][c], t->width[c], true, t->style->utf8,
                                 t->out);
            }
        }
        line_end(t->out);
    }
}

static void cell(const struct table *t, const struct result_build *b)
{
    struct figures f;
    figures_of(t, b, &f);
    bool failed = b != NULL && b->error != NULL;
    for (size_t i = 0; i < t->column_count; i++) {
        size_t c = t->columns[i];
        bool red = failed && c >= VIRTUAL;
        buf_adds(t->out, i > 0 ? " " : "");
        if (red)
            paint(t->style, "31", t->out);
        report_text_cell(report_str(f.text[c]), t->width[c], true, t->style->utf8,
                         t->out);
        if (red)
            paint(t->style, "0", t->out);
    }
    figures_free(&f);
}

static void block(const struct table *t, size_t first, size_t count)
{
    head(t, first, count);
    rule(t, count);
    for (size_t row = 0; row < t->grid.row_count; row++) {
        AUTO_FREE char *label = cleaned(t->style, t->grid.labels[row]);
        report_text_cell(label, t->label, false, t->style->utf8, t->out);
        for (size_t v = first; v < first + count; v++) {
            bar(t);
            cell(t, report_grid_cell(&t->grid, row, v));
        }
        line_end(t->out);
    }
}

static void blocks(struct table *t)
{
    measure(t);
    size_t each = 1;
    unsigned label = t->label < LEAST_LABEL ? t->label : LEAST_LABEL;
    while (each < t->s->variant_count &&
           label + (each + 1) * (t->group + GAP) <= t->total)
        each++;
    bool wide = t->label + each * (t->group + WIDE_GAP) <= t->total;
    t->gap = wide ? WIDE_GAP : GAP;
    unsigned used = (unsigned)each * (t->group + t->gap);
    unsigned room = t->total > used + 4 ? t->total - used : 4;
    t->label = t->label < room ? t->label : room;
    for (size_t v = 0; v < t->s->variant_count; v += each) {
        size_t left = t->s->variant_count - v;
        if (v > 0)
            buf_addc(t->out, '\n');
        block(t, v, left < each ? left : each);
    }
}

/* Words of `s` in lines of the terminal's width, each after `blanks`; `mark` stands
 * before the first and the other lines are indented as far. */
static void wrapped(const struct table *t, unsigned blanks, const char *mark,
                    const char *s)
{
    AUTO_FREE char *text = cleaned(t->style, s);
    unsigned indent = blanks + report_text_width(mark), column = indent;
    buf_addf(t->out, "%*s%s", (int)blanks, "", mark);
    for (const char *p = text; *p != '\0';) {
        size_t len = strcspn(p, " ");
        AUTO_FREE char *word = xstrndup(p, len);
        unsigned width = report_text_width(word);
        if (column > indent && column + 1 + width > t->total) {
            buf_addf(t->out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            buf_addc(t->out, ' ');
            column++;
        }
        report_text_fit(word, t->total - indent, t->style->utf8, t->out);
        column += width;
        p += len + (p[len] == ' ');
    }
    buf_addc(t->out, '\n');
}

static void failures(const struct table *t)
{
    const char *mark = t->style->utf8 ? "✗ " : "FAILED ";
    for (size_t v = 0; v < t->s->variant_count; v++) {
        const struct result_variant *variant = &t->s->variants[v];
        for (size_t b = 0; b < variant->build_count; b++) {
            if (variant->builds[b].error == NULL)
                continue;
            bool broke = report_build_broke(t->s, &variant->builds[b]);
            AUTO_BUF text = BUF_INIT;
            report_variant_title(t->s, variant, &text);
            buf_addf(&text, ", %s: %s", report_str(variant->builds[b].label),
                     variant->builds[b].error);
            if (!broke)
                buf_adds(&text, " (as expected)");
            paint(t->style, broke ? "31" : "0", t->out);
            wrapped(t, 2, broke ? mark : "", buf_str(&text));
            paint(t->style, "0", t->out);
        }
    }
}

/* How far the engines did what the built-in one said they would. */
static void agreements(const struct table *t)
{
    for (size_t v = 0; v < t->s->variant_count; v++) {
        struct report_agreement sum = {0};
        if (report_model_of(t->s, &t->s->variants[v]) == NULL)
            continue;
        size_t model =
            (size_t)(report_model_of(t->s, &t->s->variants[v]) - t->s->variants);
        for (size_t row = 0; row < t->grid.row_count; row++) {
            const struct result_build *said = report_grid_cell(&t->grid, row, model);
            const struct result_build *did = report_grid_cell(&t->grid, row, v);
            struct report_agreement one = {0};
            if (said != NULL && did != NULL)
                report_agree(said, did, &one);
            sum.steps += one.steps;
            sum.same += one.same;
        }
        AUTO_BUF text = BUF_INIT;
        report_variant_title(t->s, &t->s->variants[v], &text);
        buf_addf(&text, ": %zu of %zu steps agree with the built-in engine", sum.same,
                 sum.steps);
        wrapped(t, 2, "", buf_str(&text));
    }
}

static void checks(const struct table *t, bool ok)
{
    const char *mark = t->style->utf8 ? (ok ? "✓ " : "✗ ") : (ok ? "ok " : "FAILED ");
    for (size_t c = 0; c < t->s->check_count; c++) {
        if (t->s->checks[c].ok != ok)
            continue;
        AUTO_BUF text = BUF_INIT;
        buf_adds(&text, report_str(t->s->checks[c].message));
        if (!ok && t->s->checks[c].line > 0)
            buf_addf(&text, " (%s:%u)", report_str(t->s->file), t->s->checks[c].line);
        paint(t->style, ok ? "32" : "31", t->out);
        wrapped(t, 2, mark, buf_str(&text));
        paint(t->style, "0", t->out);
    }
}

/* A long list of what holds is its last line only. */
static void passed_checks(const struct table *t)
{
    size_t passed = 0;
    for (size_t c = 0; c < t->s->check_count; c++)
        passed += t->s->checks[c].ok;
    if (passed <= FEW_CHECKS)
        checks(t, true);
    if (t->s->check_count == 0)
        return;
    bool all = passed == t->s->check_count;
    paint(t->style, all ? "32" : "31", t->out);
    buf_addf(t->out, "Checks: %zu of %zu hold", passed, t->s->check_count);
    paint(t->style, "0", t->out);
    buf_addc(t->out, '\n');
}

void report_scenario_table(const struct result_scenario *s,
                           const struct report_style *style, struct buf *out)
{
    struct table t = {.s = s, .style = style, .out = out};
    t.total = columns_of(style);
    AUTO_FREE char *name = cleaned(style, s->name);
    paint(style, "1", out);
    report_text_fit(name, t.total, style->utf8, out);
    paint(style, "0", out);
    buf_addc(out, '\n');
    if (report_str(s->lesson)[0] != '\0')
        wrapped(&t, 2, "", s->lesson);
    if (s->variant_count > 0) {
        buf_addc(out, '\n');
        report_grid_init(s, &t.grid);
        blocks(&t);
        buf_addc(out, '\n');
        agreements(&t);
        report_grid_free(&t.grid);
    }
    if (s->error != NULL) {
        AUTO_FREE char *text = xasprintf("stopped: %s", s->error);
        wrapped(&t, 2, style->utf8 ? "✗ " : "FAILED ", text);
    }
    failures(&t);
    checks(&t, false);
    passed_checks(&t);
}

void report_table(const struct results *r, const struct report_style *style,
                  struct buf *out)
{
    for (size_t i = 0; i < r->scenario_count; i++) {
        report_scenario_table(&r->scenarios[i], style, out);
        buf_addc(out, '\n');
    }
    AUTO_BUF headline = BUF_INIT;
    struct table t = {.style = style, .out = out, .total = columns_of(style)};
    report_headline(r, &headline);
    wrapped(&t, 0, "", buf_str(&headline));
}
