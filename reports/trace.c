/* SPDX-License-Identifier: MIT */
/*
 * trace.json: the builds in the Trace Event Format that chrome://tracing and Perfetto
 * read (a process a build, a thread a stage, a complete event a step), all of them from
 * zero, so that builds stand below each other on one scale. Its unit is microseconds.
 */
#include <inttypes.h>
#include <stdio.h>

#include "reports/export.h"
#include "reports/figures.h"
#include "reports/results_json.h"
#include "reports/timeline.h"

struct trace {
    struct buf *out;
    unsigned process;
    bool any;
};

static void event(struct trace *t, const char *phase, size_t thread, const char *name)
{
    buf_addf(t->out,
             "%s\n{\"ph\":\"%s\",\"pid\":%u,\"tid\":%zu,\"name\":", t->any ? "," : "",
             phase, t->process, thread);
    result_quote_json(name, t->out);
    t->any = true;
}

static void member(const char *before, const char *text, struct buf *out)
{
    buf_adds(out, before);
    result_quote_json(text, out);
}

static void step_event(struct trace *t, const struct report_span *span)
{
    const struct result_step *s = span->step;
    event(t, "X", span->stage, report_str(s->instruction));
    buf_addf(t->out, ",\"ts\":%.0f,\"dur\":%.0f,\"cat\":\"%s\",\"args\":{\"line\":%u",
             span->start_s * 1e6, span->seconds * 1e6, result_status_name(s->status),
             s->line);
    member(",\"status\":", result_status_name(s->status), t->out);
    if (s->diff_id != NULL)
        buf_addf(t->out, ",\"layer_bytes\":%" PRIu64, s->size);
    if (s->fetched_bytes > 0)
        buf_addf(t->out, ",\"fetched_bytes\":%" PRIu64, s->fetched_bytes);
    if (s->miss_text != NULL)
        member(",\"miss\":", s->miss_text, t->out);
    if (s->has_virtual && s->wall.n > 0)
        buf_addf(t->out, ",\"wall_seconds\":%.9g", s->wall.median);
    buf_adds(t->out, "}}");
}

static void build_events(struct trace *t, const struct result_scenario *s,
                         const struct result_variant *v, const struct result_build *b)
{
    struct report_timeline line;
    AUTO_BUF name = BUF_INIT;
    buf_addf(&name, "%s / ", report_str(s->name));
    report_variant_title(s, v, &name);
    buf_addf(&name, " / %s (%s clock%s)", report_str(b->label),
             b->has_virtual ? "virtual" : "wall", b->error != NULL ? ", failed" : "");
    t->process++;
    event(t, "M", 0, "process_name");
    member(",\"args\":{\"name\":", buf_str(&name), t->out);
    buf_adds(t->out, "}}");
    event(t, "M", 0, "process_sort_index");
    buf_addf(t->out, ",\"args\":{\"sort_index\":%u}}", t->process);
    report_timeline_init(b, b->has_virtual, &line);
    for (size_t i = 0; i < line.stage_count; i++) {
        AUTO_BUF stage = BUF_INIT;
        buf_addf(&stage, "stage %s", line.stages[i]);
        event(t, "M", i, "thread_name");
        member(",\"args\":{\"name\":", buf_str(&stage), t->out);
        buf_adds(t->out, "}}");
    }
    for (size_t i = 0; i < line.span_count; i++)
        step_event(t, &line.spans[i]);
    report_timeline_free(&line);
}

void report_trace(const struct results *r, struct buf *out)
{
    struct trace t = {.out = out};
    buf_adds(out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
    for (size_t i = 0; i < r->scenario_count; i++) {
        const struct result_scenario *s = &r->scenarios[i];
        for (size_t v = 0; v < s->variant_count; v++)
            for (size_t b = 0; b < s->variants[v].build_count; b++)
                build_events(&t, s, &s->variants[v], &s->variants[v].builds[b]);
    }
    buf_adds(out, "\n]}\n");
}
