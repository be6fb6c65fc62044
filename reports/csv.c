/* SPDX-License-Identifier: MIT */
/* results.csv: one row a step, every text quoted and no text a formula. */
#include <inttypes.h>

#include "reports/export.h"
#include "reports/figures.h"
#include "reports/results_json.h"

static const char header[] =
    "scenario,file,variant,engine,exec,build_number,build,build_error,step,steps,stage,"
    "line,instruction,status,key,layer,layer_bytes,layer_modelled,base,fetched_bytes,"
    "virtual_s,wall_median_s,wall_mean_s,wall_stddev_s,wall_n,miss_reason,miss_step,"
    "miss_text\n";

static void text(const char *s, struct buf *out)
{
    if (s != NULL)
        report_escape_csv(s, out);
    buf_addc(out, ',');
}

static void number(uint64_t n, struct buf *out)
{
    buf_addf(out, "%" PRIu64 ",", n);
}

static void times(const struct result_step *s, struct buf *out)
{
    if (s->has_virtual)
        buf_addf(out, "%" PRIu64 ".%03u", s->virtual_ms / 1000,
                 (unsigned)(s->virtual_ms % 1000));
    buf_addc(out, ',');
    if (s->wall.n > 0)
        buf_addf(out, "%.9g,%.9g,%.9g,%zu,", s->wall.median, s->wall.mean,
                 s->wall.stddev, s->wall.n);
    else
        buf_adds(out, ",,,0,");
}

static void step_row(const struct result_step *s, struct buf *out)
{
    number(s->index, out);
    number(s->total, out);
    text(s->stage, out);
    number(s->line, out);
    text(s->instruction, out);
    text(result_status_name(s->status), out);
    text(s->key, out);
    text(s->diff_id, out);
    if (s->diff_id != NULL)
        buf_addf(out, "%" PRIu64 ",%s,", s->size, s->modelled ? "true" : "false");
    else
        buf_adds(out, ",,");
    text(s->base_name, out);
    number(s->fetched_bytes, out);
    times(s, out);
    text(s->miss_reason, out);
    if (s->miss_reason != NULL)
        buf_addf(out, "%u", s->miss_root);
    buf_addc(out, ',');
    if (s->miss_text != NULL)
        report_escape_csv(s->miss_text, out);
    buf_addc(out, '\n');
}

static void variant_rows(const struct result_scenario *s,
                         const struct result_variant *v, struct buf *out)
{
    AUTO_BUF names = BUF_INIT, prefix = BUF_INIT;
    text(s->name, &names);
    text(s->file, &names);
    text(v->name, &names);
    text(v->engine, &names);
    text(v->exec, &names);
    for (size_t b = 0; b < v->build_count; b++) {
        const struct result_build *build = &v->builds[b];
        buf_clear(&prefix);
        buf_add(&prefix, buf_str(&names), names.len);
        number(b + 1, &prefix);
        text(build->label, &prefix);
        text(build->error, &prefix);
        for (size_t i = 0; i < build->step_count; i++) {
            buf_add(out, buf_str(&prefix), prefix.len);
            step_row(&build->steps[i], out);
        }
    }
}

void report_csv(const struct results *r, struct buf *out)
{
    buf_adds(out, header);
    for (size_t i = 0; i < r->scenario_count; i++)
        for (size_t v = 0; v < r->scenarios[i].variant_count; v++)
            variant_rows(&r->scenarios[i], &r->scenarios[i].variants[v], out);
}
