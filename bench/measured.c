/* SPDX-License-Identifier: MIT */
/* Tables of wall time: one scenario's repetitions, and --aa. */
#include "bench/measured.h"

#include <math.h>
#include <string.h>

#include "bench/columns.h"
#include "bench/judge.h"
#include "reports/report.h"
#include "sim/base/mem.h"

enum { RUNS_LEAST = 6 }; /* a 95% interval of a median needs them */

static void add_wall(struct columns *t, double seconds)
{
    AUTO_BUF text = BUF_INIT;
    report_wall(seconds, &text);
    columns_add(t, buf_str(&text));
}

static void add_interval(struct columns *t, const struct result_wall *wall)
{
    AUTO_BUF text = BUF_INIT;
    struct interval range;
    if (samples_median_interval(wall->samples, wall->n, 0.95, &range)) {
        report_wall(range.low, &text);
        buf_adds(&text, " .. ");
        report_wall(range.high, &text);
    } else {
        buf_adds(&text, "~");
    }
    columns_add(t, buf_str(&text));
}

/* "good", "good on buildkit". */
static void add_variant(const struct result_variant *v, struct buf *out)
{
    buf_adds(out, v->name);
    if (strcmp(v->engine, "builtin") != 0)
        buf_addf(out, " on %s", v->engine);
}

static void add_ratio(struct columns *t, const struct result_wall *first,
                      const struct result_wall *wall)
{
    AUTO_BUF text = BUF_INIT;
    struct contrast c;
    stats_contrast(first->samples, first->n, wall->samples, wall->n, &c);
    if (first == wall)
        buf_adds(&text, "1");
    else if (!stats_differs(&c))
        buf_adds(&text, "~");
    else
        buf_addf(&text, "%.3g [%.3g, %.3g]", c.ratio, c.range.low, c.range.high);
    columns_add(t, buf_str(&text));
}

static void warn_drift(const struct result_variant *v, const struct result_build *b,
                       FILE *out)
{
    struct drift d;
    stats_drift(b->wall.samples, b->wall.n, &d);
    if (!d.drifts)
        return;
    AUTO_BUF name = BUF_INIT;
    AUTO_BUF text = BUF_INIT;
    add_variant(v, &name);
    buf_addf(&name, ", %s", b->label);
    report_escape_terminal(buf_str(&name), &text);
    fprintf(out, "warning: %s drifts: the later half took %.0f%% %s than the earlier\n",
            buf_str(&text), fabs(d.change) * 100, d.change > 0 ? "longer" : "less");
}

/* Relative width of the median's interval; infinite where there is none. */
static double width_of(const struct result_wall *wall)
{
    struct interval range;
    if (!samples_median_interval(wall->samples, wall->n, 0.95, &range))
        return HUGE_VAL;
    return wall->median > 0 ? (range.high - range.low) / wall->median : 0;
}

static void warn(const struct result_scenario *s, double precision, FILE *out)
{
    double widest = 0;
    bool few = false;
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++) {
            const struct result_build *build = &s->variants[v].builds[b];
            few |= build->wall.n < RUNS_LEAST;
            widest = fmax(widest, width_of(&build->wall));
            warn_drift(&s->variants[v], build, out);
        }
    if (few)
        fprintf(out,
                "warning: too few repetitions for an interval: at least %d are "
                "needed\n",
                RUNS_LEAST);
    if (precision > 0 && few)
        fprintf(out, "warning: precision %.3g%% was not reached\n", precision * 100);
    else if (precision > 0 && widest > precision)
        fprintf(out,
                "warning: precision %.3g%% was not reached, the widest interval is "
                "%.3g%% of its median\n",
                precision * 100, widest * 100);
}

static bool was_repeated(const struct result_scenario *s)
{
    for (size_t v = 0; v < s->variant_count; v++)
        if (s->variants[v].turn_count > 1)
            return true;
    return false;
}

void measured_show(const struct result_scenario *s, double precision, FILE *out)
{
    struct columns t;
    size_t most = 0;
    if (!was_repeated(s) && !(precision > 0))
        return;
    columns_begin(&t, "WALL TIME OF|VARIANT|>RUNS|>MEDIAN|>95% INTERVAL|>LEAST|>MOST|"
                      ">RATIO TO THE FIRST");
    for (size_t v = 0; v < s->variant_count; v++)
        if (s->variants[v].build_count > most)
            most = s->variants[v].build_count;
    for (size_t b = 0; b < most; b++) {
        const struct result_build *first = NULL;
        for (size_t v = 0; v < s->variant_count; v++) {
            if (b >= s->variants[v].build_count)
                continue;
            const struct result_build *build = &s->variants[v].builds[b];
            AUTO_BUF name = BUF_INIT;
            if (first == NULL)
                first = build;
            add_variant(&s->variants[v], &name);
            columns_add(&t, build->label);
            columns_add(&t, buf_str(&name));
            columns_add_count(&t, build->wall.n);
            add_wall(&t, build->wall.median);
            add_interval(&t, &build->wall);
            add_wall(&t, build->wall.min);
            add_wall(&t, build->wall.max);
            add_ratio(&t, &first->wall, &build->wall);
        }
    }
    columns_end(&t, out);
    warn(s, precision, out);
    fputc('\n', out);
}

/* ---- A/A ------------------------------------------------------------------------- */

struct noise {
    double floor;  /* furthest ratio from 1 */
    double *reach; /* of each judged build: furthest end of its interval from 1 */
    size_t judged, cap, alarms;
};

static void add_noise(struct columns *t, const struct result_variant *v,
                      const struct result_build *one, const struct result_build *again,
                      struct noise *noise)
{
    struct judgement judged;
    AUTO_BUF name = BUF_INIT;
    AUTO_BUF ratio = BUF_INIT;
    judge_builds(one, again, true, 0.05, &judged);
    const struct contrast c = judged.seen;
    int verdict = judged.verdict;
    add_variant(v, &name);
    columns_add(t, one->label);
    columns_add(t, buf_str(&name));
    columns_add_count(t, one->wall.n);
    add_wall(t, one->wall.median);
    add_wall(t, again->wall.median);
    if (c.enough)
        buf_addf(&ratio, "%.3f [%.3f, %.3f]", c.ratio, c.range.low, c.range.high);
    else
        buf_adds(&ratio, "~");
    columns_add(t, buf_str(&ratio));
    columns_add(t, verdict == 0 ? "~" : verdict > 0 ? "slower" : "faster");
    if (!c.enough)
        return;
    GROW(noise->reach, noise->cap, noise->judged + 1);
    noise->reach[noise->judged++] = fmax(c.range.high - 1, 1 - c.range.low);
    noise->alarms += verdict != 0;
    noise->floor = fmax(noise->floor, fabs(c.ratio - 1));
}

void measured_noise(const struct result_scenario *one,
                    const struct result_scenario *again, FILE *out)
{
    struct columns t;
    struct noise noise = {0};
    columns_begin(
        &t, "THE SAME TWICE|VARIANT|>RUNS|>MEDIAN|>AGAIN|>RATIO, 99% INTERVAL|VERDICT");
    for (size_t v = 0; v < one->variant_count && v < again->variant_count; v++)
        for (size_t b = 0;
             b < one->variants[v].build_count && b < again->variants[v].build_count;
             b++)
            add_noise(&t, &one->variants[v], &one->variants[v].builds[b],
                      &again->variants[v].builds[b], &noise);
    columns_end(&t, out);
    if (noise.judged == 0)
        fputs("Noise floor: not known, 5 repetitions are the least (--runs)\n\n", out);
    else
        fprintf(out,
                "Noise floor: medians of the same build differ by up to %.1f%%; "
                "their intervals reach %.1f%% (half of the builds less). False "
                "alarms: %zu of %zu\n\n",
                noise.floor * 100, samples_median(noise.reach, noise.judged) * 100,
                noise.alarms, noise.judged);
    free(noise.reach);
}
