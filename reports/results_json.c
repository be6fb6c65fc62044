/* SPDX-License-Identifier: MIT */
/*
 * results.json, written. By hand rather than by jansson: virtual seconds are exact
 * milliseconds in their shortest form, wall seconds have nine digits, and small objects
 * stand on one line.
 */
#include "reports/results_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/figures.h"
#include "reports/growth.h"
#include "reports/text.h"
#include "sim/base/mem.h"

static const char *const status_names[] = {[STEP_CACHED] = "cached",
                                           [STEP_RAN] = "ran",
                                           [STEP_META] = "meta",
                                           [STEP_DEPENDS] = "depends"};

const char *result_status_name(enum step_status status)
{
    return status_names[status];
}

bool result_status_parse(const char *word, enum step_status *out)
{
    for (unsigned i = 0; i < sizeof status_names / sizeof *status_names; i++) {
        if (strcmp(word, status_names[i]) == 0) {
            *out = (enum step_status)i;
            return true;
        }
    }
    return false;
}

void result_format_time(int64_t seconds, char out[32])
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(out, 32, "1970-01-01T00:00:00Z");
}

bool result_parse_time(const char *text, int64_t *out)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (end == NULL || *end != '\0')
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}

void result_set_miss(struct result_step *step, const json_t *miss)
{
    if (!json_is_object(miss))
        return;
    const char *reason = json_string_value(json_object_get(miss, "reason"));
    const char *text = json_string_value(json_object_get(miss, "text"));
    json_int_t root = json_integer_value(json_object_get(miss, "root"));
    step->miss_reason = xstrdup(reason != NULL ? reason : "no-record");
    step->miss_text = text != NULL ? xstrdup(text) : NULL;
    step->miss_root = root > 0 && root <= UINT32_MAX ? (unsigned)root : 0;
    step->miss_json = json_dumps(miss, JSON_COMPACT | JSON_ENSURE_ASCII);
}

/* ---- the pen: members in order, commas and indentation where they belong -----------
 */

struct pen {
    struct buf *out;
    unsigned depth;
    bool first; /* nothing stands in the open object or array yet */
    bool flat;  /* on one line */
};

void result_quote_json(const char *s, struct buf *out)
{
    buf_addc(out, '"');
    for (uint32_t code = report_text_next(&s); code != 0; code = report_text_next(&s)) {
        if (code == '"' || code == '\\')
            buf_addf(out, "\\%c", (char)code);
        else if (code == '\n')
            buf_adds(out, "\\n");
        else if (code == '\t')
            buf_adds(out, "\\t");
        else if (code < 0x20 || (code <= 0xFFFF && report_text_hidden(code)))
            buf_addf(out, "\\u%04x", (unsigned)code);
        else
            report_text_put(code, out);
    }
    buf_addc(out, '"');
}

static void next(struct pen *p, const char *key)
{
    if (!p->first)
        buf_addc(p->out, ',');
    p->first = false;
    if (!p->flat) {
        buf_addc(p->out, '\n');
        for (unsigned i = 0; i < p->depth; i++)
            buf_adds(p->out, "  ");
    }
    if (key != NULL)
        buf_addf(p->out, p->flat ? "\"%s\":" : "\"%s\": ", key);
}

static void begin(struct pen *p, const char *key, char bracket)
{
    next(p, key);
    buf_addc(p->out, bracket);
    p->depth++;
    p->first = true;
}

static void end(struct pen *p, char bracket)
{
    p->depth--;
    if (!p->first && !p->flat) {
        buf_addc(p->out, '\n');
        for (unsigned i = 0; i < p->depth; i++)
            buf_adds(p->out, "  ");
    }
    p->first = false;
    buf_addc(p->out, bracket);
}

static void begin_flat(struct pen *p, const char *key, char bracket)
{
    begin(p, key, bracket);
    p->flat = true;
}

static void end_flat(struct pen *p, char bracket)
{
    end(p, bracket);
    p->flat = false;
}

static void add_string(struct pen *p, const char *key, const char *value)
{
    next(p, key);
    if (value != NULL)
        result_quote_json(value, p->out);
    else
        buf_adds(p->out, "null");
}

static void add_raw(struct pen *p, const char *key, const char *json)
{
    next(p, key);
    buf_adds(p->out, json != NULL ? json : "null");
}

static void add_uint(struct pen *p, const char *key, uint64_t value)
{
    next(p, key);
    buf_addf(p->out, "%" PRIu64, value);
}

static void add_real(struct pen *p, const char *key, double value)
{
    next(p, key);
    buf_addf(p->out, "%.9g", value);
}

/* Milliseconds as seconds: 45000 -> 45, 57300 -> 57.3, 1 -> 0.001. */
static void add_virtual(struct pen *p, const char *key, bool has, uint64_t ms)
{
    next(p, key);
    if (!has) {
        buf_adds(p->out, "null");
        return;
    }
    buf_addf(p->out, "%" PRIu64, ms / 1000);
    if (ms % 1000 == 0)
        return;
    buf_addf(p->out, ".%03u", (unsigned)(ms % 1000));
    while (p->out->data[p->out->len - 1] == '0')
        p->out->data[--p->out->len] = '\0';
}

/* ---- the model ------------------------------------------------------------------- */

/* seconds.wall of several runs is their median: one slow run moves it least. */
static void add_seconds(struct pen *p, bool has, uint64_t ms,
                        const struct result_wall *wall)
{
    begin_flat(p, "seconds", '{');
    if (wall->n > 0)
        add_real(p, "wall", wall->median);
    else
        add_raw(p, "wall", NULL);
    add_virtual(p, "virtual", has, ms);
    end_flat(p, '}');
}

static void add_wall(struct pen *p, const char *key, const struct result_wall *wall)
{
    if (wall->n == 0)
        return;
    begin_flat(p, key, '{');
    add_uint(p, "n", wall->n);
    add_real(p, "mean", wall->mean);
    add_real(p, "median", wall->median);
    add_real(p, "stddev", wall->stddev);
    add_real(p, "min", wall->min);
    add_real(p, "max", wall->max);
    begin(p, "samples", '[');
    for (size_t i = 0; i < wall->n; i++)
        add_real(p, NULL, wall->samples[i]);
    end(p, ']');
    end_flat(p, '}');
}

static void add_layer(struct pen *p, const char *key, const char *diff_id,
                      uint64_t size, bool modelled)
{
    begin_flat(p, key, '{');
    add_string(p, "diff_id", diff_id);
    add_uint(p, "size", size);
    if (modelled)
        add_raw(p, "modelled", "true");
    end_flat(p, '}');
}

static void add_base(struct pen *p, const struct result_step *s)
{
    begin_flat(p, "base", '{');
    add_string(p, "name", s->base_name);
    add_uint(p, "layers", s->base_layers);
    add_uint(p, "size", s->base_size);
    if (s->fetched_bytes > 0)
        add_uint(p, "fetched", s->fetched_bytes);
    end_flat(p, '}');
}

static void add_step(struct pen *p, const struct result_step *s)
{
    begin(p, NULL, '{');
    add_uint(p, "index", s->index);
    add_uint(p, "total", s->total);
    add_string(p, "stage", s->stage);
    add_uint(p, "line", s->line);
    add_string(p, "instruction", s->instruction);
    add_string(p, "status", result_status_name(s->status));
    add_string(p, "key", s->key);
    if (s->diff_id != NULL)
        add_layer(p, "layer", s->diff_id, s->size, s->modelled);
    else
        add_raw(p, "layer", NULL);
    if (s->base_name != NULL)
        add_base(p, s);
    add_seconds(p, s->has_virtual, s->virtual_ms, &s->wall);
    if (s->has_start)
        add_uint(p, "start_ms", s->start_ms);
    add_raw(p, "miss", s->miss_json);
    add_wall(p, "wall", &s->wall);
    end(p, '}');
}

static void add_build(struct pen *p, const struct result_build *b)
{
    begin(p, NULL, '{');
    add_string(p, "label", b->label);
    add_uint(p, "ran", b->ran);
    add_uint(p, "reused", b->reused);
    add_seconds(p, b->has_virtual, b->virtual_ms, &b->wall);
    add_wall(p, "wall", &b->wall);
    add_wall(p, "cpu", &b->cpu);
    add_wall(p, "waited", &b->waited);
    add_uint(p, "new_bytes", b->new_bytes);
    add_uint(p, "fetched_bytes", b->fetched_bytes);
    add_uint(p, "size", b->size);
    if (b->peak_bytes != 0)
        add_uint(p, "peak_bytes", b->peak_bytes);
    add_string(p, "image", b->image_id);
    begin(p, "layers", '[');
    for (size_t i = 0; i < b->layer_count; i++)
        add_layer(p, NULL, b->layers[i].diff_id, b->layers[i].size, false);
    end(p, ']');
    add_string(p, "error", b->error);
    add_string(p, "dockerfile", b->dockerfile);
    begin(p, "steps", '[');
    for (size_t i = 0; i < b->step_count; i++)
        add_step(p, &b->steps[i]);
    end(p, ']');
    end(p, '}');
}

/* One repetition has no order to tell. */
static void add_turns(struct pen *p, const struct result_variant *v)
{
    begin_flat(p, "turns", '[');
    for (size_t i = 0; i < v->turn_count; i++)
        add_uint(p, NULL, v->turns[i]);
    end_flat(p, ']');
}

static void add_variant(struct pen *p, const struct result_variant *v)
{
    begin(p, NULL, '{');
    add_string(p, "name", v->name);
    add_string(p, "engine", v->engine);
    add_string(p, "exec", v->exec);
    if (v->engine_version != NULL)
        add_string(p, "engine_version", v->engine_version);
    if (v->turn_count > 1)
        add_turns(p, v);
    begin(p, "builds", '[');
    for (size_t i = 0; i < v->build_count; i++)
        add_build(p, &v->builds[i]);
    end(p, ']');
    end(p, '}');
}

static void add_scan(struct pen *p, const struct result_scenario *s)
{
    begin_flat(p, "scan", '{');
    add_string(p, "name", s->scan);
    begin(p, "point", '[');
    for (size_t i = 0; i < s->point_len; i++) {
        begin(p, NULL, '{');
        add_string(p, "axis", s->point[i].name);
        add_real(p, "value", s->point[i].value);
        end(p, '}');
    }
    end(p, ']');
    end_flat(p, '}');
}

static void add_scenario(struct pen *p, const struct result_scenario *s)
{
    begin(p, NULL, '{');
    add_string(p, "name", s->name);
    add_string(p, "lesson", s->lesson);
    add_string(p, "file", s->file);
    if (s->source != NULL)
        add_string(p, "source", s->source);
    add_string(p, "error", s->error);
    if (s->scan != NULL)
        add_scan(p, s);
    begin(p, "checks", '[');
    for (size_t i = 0; i < s->check_count; i++) {
        begin_flat(p, NULL, '{');
        add_string(p, "message", s->checks[i].message);
        add_raw(p, "ok", s->checks[i].ok ? "true" : "false");
        add_uint(p, "line", s->checks[i].line);
        end_flat(p, '}');
    }
    end(p, ']');
    begin(p, "variants", '[');
    for (size_t i = 0; i < s->variant_count; i++)
        add_variant(p, &s->variants[i]);
    end(p, ']');
    end(p, '}');
}

static void add_growth(struct pen *p, const struct report_growth *g)
{
    const struct result_variant *v = &g->first->variants[g->variant];
    begin_flat(p, NULL, '{');
    add_string(p, "scan", g->first->scan);
    add_string(p, "file", g->first->file);
    add_string(p, "axis", g->first->point[g->axis].name);
    add_string(p, "at", g->place);
    add_string(p, "variant", v->name);
    add_string(p, "engine", v->engine);
    add_string(p, "exec", v->exec);
    add_string(p, "build", v->builds[g->build].label);
    add_string(p, "metric", report_metric_name(g->metric));
    add_uint(p, "points", g->len);
    add_real(p, "factor", g->fit.factor);
    add_real(p, "exponent", g->fit.exponent);
    if (g->len > 2)
        add_real(p, "error", g->fit.error);
    else
        add_raw(p, "error", NULL);
    end_flat(p, '}');
}

/* What follows from the points of scans; nothing without one. */
static void add_growths(struct pen *p, const struct results *r)
{
    struct report_growths all;
    report_growths_init(r->scenarios, r->scenario_count, &all);
    if (all.count > 0) {
        begin(p, "growth", '[');
        for (size_t i = 0; i < all.count; i++)
            add_growth(p, &all.items[i]);
        end(p, ']');
    }
    report_growths_free(&all);
}

void results_to_json(const struct results *r, struct buf *out)
{
    char started[32];
    result_format_time(r->started_s, started);
    struct pen p = {.out = out, .depth = 1, .first = true};
    buf_addc(out, '{');
    add_string(&p, "schema", "simbench.results/1");
    add_string(&p, "version", r->version);
    add_string(&p, "started", started);
    if (r->machine_id != NULL) {
        begin_flat(&p, "machine", '{');
        add_string(&p, "id", r->machine_id);
        add_string(&p, "text", r->machine);
        end_flat(&p, '}');
    }
    if (r->program != NULL)
        add_string(&p, "program", r->program);
    begin(&p, "scenarios", '[');
    for (size_t i = 0; i < r->scenario_count; i++)
        add_scenario(&p, &r->scenarios[i]);
    end(&p, ']');
    add_growths(&p, r);
    end(&p, '}');
    buf_addc(out, '\n');
}
