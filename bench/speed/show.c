/* SPDX-License-Identifier: MIT */
/* Tables of medians and ratios. A ratio of ours to another time: below 1 is faster. */
#include "bench/speed/show.h"

#include <string.h>

#include "bench/columns.h"
#include "reports/report.h"
#include "sim/base/mem.h"

/* A build of all that did it. */
struct row {
    const struct work *work;
    const struct result_scenario *scenario;
    size_t build;
    const struct result_build *ours;
};

static const struct result_build *build_of(const struct row *row, size_t variant)
{
    return &row->scenario->variants[variant].builds[row->build];
}

static bool is_limit(const struct result_variant *v)
{
    return strcmp(v->engine, "machine") == 0;
}

/* The largest limit: what needs two things at once needs the longer. 0: none. */
static double limit_of(const struct row *row)
{
    double most = 0;
    for (size_t v = 1; v < row->scenario->variant_count; v++) {
        const struct result_wall *wall = &build_of(row, v)->wall;
        if (is_limit(&row->scenario->variants[v]) && wall->n != 0 &&
            wall->median > most)
            most = wall->median;
    }
    return most;
}

/* Calls `each` for every build that we have times of. */
static void for_rows(const struct shown *s,
                     void (*each)(const struct row *row, void *payload), void *payload)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct result_scenario *scenario = &s->results->scenarios[i];
        for (size_t b = 0; b < scenario->variants[0].build_count; b++) {
            struct row row = {&s->works[i], scenario, b,
                              &scenario->variants[0].builds[b]};
            if (row.ours->wall.n != 0)
                each(&row, payload);
        }
    }
}

static void add_time(struct columns *t, double seconds)
{
    AUTO_BUF text = BUF_INIT;
    if (seconds > 0)
        report_wall(seconds, &text);
    columns_add(t, buf_str(&text));
}

/* Nothing for 0. */
static void add_number(struct columns *t, const char *before, int digits, double x)
{
    AUTO_FREE char *text = x > 0 ? xasprintf("%s%.*f", before, digits, x) : xstrdup("");
    columns_add(t, text);
}

static void add_name(struct columns *t, const struct row *row)
{
    AUTO_FREE char *name = xasprintf("%s: %s", row->work->title, row->ours->label);
    columns_add(t, name);
}

static void add_limit_row(const struct row *row, void *payload)
{
    struct columns *t = payload;
    double limit = limit_of(row);
    add_name(t, row);
    add_time(t, row->ours->wall.median);
    columns_add_bytes(t, row->ours->peak_bytes);
    add_time(t, limit);
    add_number(t, "", 2, limit > 0 ? row->ours->wall.median / limit : 0);
    add_number(t, "", 1, row->work->goals.limit[row->build]);
}

void show_limits(const struct shown *s, FILE *out)
{
    struct columns t;
    columns_begin(&t, "BUILD|>TIME|>MEMORY|>LIMIT|>RATIO|>GOAL");
    for_rows(s, add_limit_row, &t);
    columns_end(&t, out);
}

static void add_peer_rows(const struct row *row, void *payload)
{
    struct columns *t = payload;
    for (size_t v = 1; v < row->scenario->variant_count; v++) {
        const struct result_variant *variant = &row->scenario->variants[v];
        const struct result_wall *wall = &build_of(row, v)->wall;
        if (is_limit(variant) || wall->n == 0)
            continue;
        bool goal = strcmp(variant->engine, "buildkit") == 0;
        add_name(t, row);
        columns_add(t, variant->name);
        add_time(t, wall->median);
        add_time(t, row->ours->wall.median);
        add_number(t, "1/", 1, wall->median / row->ours->wall.median);
        add_number(t, "1/", 0, goal ? row->work->goals.engine[row->build] : 0);
    }
}

void show_peers(const struct shown *s, FILE *out)
{
    struct columns t;
    columns_begin(&t, "BUILD|ENGINE|>ITS TIME|>OURS|>RATIO|>GOAL");
    size_t headings = t.cells.len;
    for_rows(s, add_peer_rows, &t);
    if (t.cells.len == headings) {
        strv_free(&t.cells);
        return;
    }
    fputc('\n', out);
    columns_end(&t, out);
}

static void show_piece(const struct row *row, void *payload)
{
    const char *piece = row->work->kind->piece;
    FILE *out = payload;
    AUTO_BUF each = BUF_INIT;
    AUTO_BUF goal = BUF_INIT;
    double seconds = row->ours->wall.median / row->work->n;
    if (piece == NULL)
        return;
    report_wall(seconds, &each);
    if (row->build == 0 && row->work->goals.each_s > 0)
        report_wall(row->work->goals.each_s, &goal);
    fprintf(out, "%s: %s: %s a %s, %.0f a second%s%s\n", row->work->title,
            row->ours->label, each.data, piece, 1 / seconds,
            goal.len != 0 ? "; goal: at most " : "", buf_str(&goal));
}

static void show_memory(const struct row *row, void *payload)
{
    uint64_t goal = row->work->goals.peak_bytes;
    if (goal == 0)
        return;
    AUTO_BUF peak = BUF_INIT;
    AUTO_BUF most = BUF_INIT;
    report_bytes(row->ours->peak_bytes, &peak);
    report_bytes(goal, &most);
    fprintf(payload, "%s: %s: %s of memory; goal: at most %s\n", row->work->title,
            row->ours->label, peak.data, most.data);
}

void show_pieces(const struct shown *s, FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < s->count; i++)
        any |= s->works[i].kind->piece != NULL || s->works[i].goals.peak_bytes != 0;
    if (any)
        fputc('\n', out);
    for_rows(s, show_piece, out);
    for_rows(s, show_memory, out);
}
