/* SPDX-License-Identifier: MIT */
/* --progress json: contract 1.1, one object a line and nothing else. */
#include "bench/progress_show.h"

#include <inttypes.h>

#include "bench/json_text.h"
#include "sim/base/mem.h"
#include "sim/cache/miss.h"

struct json_lines {
    const struct progress_options *options;
};

static void put_line(const struct progress_options *options, const char *text)
{
    fputs(text, options->out);
    fputc('\n', options->out);
    fflush(options->out);
}

static void *json_start(const struct progress_options *options)
{
    struct json_lines *self = xcalloc(1, sizeof *self);
    self->options = options;
    AUTO_BUF line = BUF_INIT;
    buf_adds(&line, "{\"event\":\"build\",\"engine\":\"builtin\",\"exec\":");
    json_text_string(&line, options->exec);
    buf_adds(&line, ",\"dockerfile\":");
    json_text_string(&line, options->dockerfile);
    buf_adds(&line, ",\"context\":");
    json_text_string(&line, options->context);
    buf_addc(&line, '}');
    put_line(options, line.data);
    return self;
}

static const char *status_name(enum step_status status, bool plan)
{
    switch (status) {
    case STEP_CACHED:
        return "cached";
    case STEP_RAN:
        return plan ? "run" : "ran";
    case STEP_META:
        return "meta";
    case STEP_DEPENDS:
        return "depends";
    }
    return "meta";
}

static void add_seconds(struct buf *out, double wall_s, bool has_virtual, uint64_t ms)
{
    buf_adds(out, ",\"seconds\":{\"wall\":");
    json_text_seconds(out, wall_s);
    buf_adds(out, ",\"virtual\":");
    if (has_virtual)
        json_text_ms(out, ms);
    else
        buf_adds(out, "null");
    buf_addc(out, '}');
}

static void add_layer(struct buf *out, const struct digest *diff_id, uint64_t size)
{
    buf_adds(out, "{\"diff_id\":");
    json_text_digest(out, diff_id);
    buf_addf(out, ",\"size\":%" PRIu64, size);
}

static void add_result(struct buf *out, const struct build_step *step)
{
    buf_adds(out, ",\"key\":");
    if (step->has_key)
        json_text_digest(out, &step->key);
    else
        buf_adds(out, "null");
    buf_adds(out, ",\"layer\":");
    if (step->has_layer) {
        add_layer(out, &step->diff_id, step->size);
        buf_adds(out, step->modelled ? ",\"modelled\":true}" : "}");
    } else {
        buf_adds(out, "null");
    }
    if (step->base_name != NULL) {
        buf_adds(out, ",\"base\":{\"name\":");
        json_text_string(out, step->base_name);
        buf_addf(out, ",\"layers\":%u,\"size\":%" PRIu64 "}", step->base_layers,
                 step->base_size);
    }
}

static void json_render(const struct progress_options *options,
                        const struct build_step *step, struct buf *out)
{
    buf_addf(out,
             "{\"event\":\"step\",\"index\":%u,\"total\":%u,\"stage\":", step->index,
             step->total);
    json_text_string(out, step->stage);
    buf_addf(out, ",\"line\":%u,\"instruction\":", step->line);
    json_text_string(out, step->instruction);
    buf_addf(out, ",\"status\":\"%s\"", status_name(step->status, options->plan));
    if (step->depends_on != 0)
        buf_addf(out, ",\"depends_on\":%u", step->depends_on);
    add_result(out, step);
    add_seconds(out, step->wall_s, step->has_virtual, step->virtual_ms);
    buf_adds(out, ",\"miss\":");
    miss_to_json(step->status == STEP_RAN ? step->miss : NULL, out);
    buf_addc(out, '}');
}

static void json_step(void *self, const char *text, enum step_status status)
{
    (void)status;
    put_line(((struct json_lines *)self)->options, text);
}

static void json_image(void *self, const struct build_result *result)
{
    const struct json_lines *lines = self;
    if (lines->options->plan)
        return;
    AUTO_BUF out = BUF_INIT;
    buf_adds(&out, "{\"event\":\"image\",\"id\":");
    json_text_digest(&out, &result->image_id);
    buf_adds(&out, ",\"name\":");
    json_text_string(&out, result->image_name);
    buf_adds(&out, ",\"layers\":[");
    for (size_t i = 0; i < result->layer_count; i++) {
        if (i != 0)
            buf_addc(&out, ',');
        add_layer(&out, &result->layers[i].diff_id, result->layers[i].size);
        buf_addc(&out, '}');
    }
    buf_addf(&out, "],\"size\":%" PRIu64, result->size);
    add_seconds(&out, result->wall_s, result->has_virtual, result->virtual_ms);
    buf_addc(&out, '}');
    put_line(lines->options, out.data);
}

static void json_failed(void *self, const struct err *err)
{
    AUTO_BUF out = BUF_INIT;
    buf_adds(&out, "{\"event\":\"error\",\"message\":");
    json_text_string(&out, err->msg);
    buf_adds(&out, ",\"file\":");
    json_text_string(&out, err->file[0] != '\0' ? err->file : NULL);
    if (err->line != 0)
        buf_addf(&out, ",\"line\":%u", err->line);
    else
        buf_adds(&out, ",\"line\":null");
    buf_adds(&out, ",\"hint\":");
    json_text_string(&out, err->hint[0] != '\0' ? err->hint : NULL);
    buf_addc(&out, '}');
    put_line(((struct json_lines *)self)->options, out.data);
}

const struct progress_show progress_show_json = {
    .start = json_start,
    .render = json_render,
    .step = json_step,
    .image = json_image,
    .failed = json_failed,
    .stop = free,
};
