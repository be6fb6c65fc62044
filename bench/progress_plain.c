/* SPDX-License-Identifier: MIT */
/* --progress plain: a line a step, for logs and pipes; and quiet. */
#include "bench/progress_show.h"

#include <limits.h>
#include <string.h>

#include "bench/environment.h"
#include "reports/text.h"
#include "sim/base/mem.h"

struct plain_lines {
    const struct progress_options *options;
    struct buf partial; /* output of a command that has no newline yet */
};

const char *progress_status_word(enum step_status status, bool plan)
{
    switch (status) {
    case STEP_CACHED:
        return "CACHED";
    case STEP_RAN:
        return plan ? "RUN" : "RAN";
    case STEP_META:
        return "META";
    case STEP_DEPENDS:
        return "DEPENDS";
    }
    return "META";
}

void progress_step_seconds(const struct build_step *step, struct buf *out)
{
    if (step->has_virtual || step->wall_s < 1e-6) /* reused: no time at all */
        report_virtual(step->has_virtual ? step->virtual_ms : 0, out);
    else
        report_wall(step->wall_s, out);
}

void progress_summary(const struct build_result *result, struct buf *out)
{
    unsigned ran = 0, reused = 0;
    for (unsigned i = 0; i < result->step_count; i++) {
        ran += result->steps[i].status == STEP_RAN;
        reused += result->steps[i].status == STEP_CACHED;
    }
    char id[DIGEST_HEX + 1];
    digest_hex(&result->image_id, id);
    id[12] = '\0';
    buf_addf(out, "image %s", id);
    if (result->image_name != NULL)
        buf_addf(out, " %s", result->image_name);
    buf_addf(out, ": %u of %u steps ran, %u reused, ", ran, result->step_count, reused);
    report_bytes(result->size, out);
    buf_adds(out, ", ");
    if (result->has_virtual) {
        report_virtual(result->virtual_ms, out);
        buf_adds(out, " virtual, ");
    }
    report_wall(result->wall_s, out);
    buf_adds(out, " wall");
}

void progress_output_line(const char *text, size_t len, struct buf *out)
{
    AUTO_BUF plain = BUF_INIT;
    while (len != 0 && text[len - 1] == '\r')
        len--;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\t')
            buf_adds(&plain, "    ");
        else
            buf_addc(&plain, text[i]);
    report_escape_terminal(buf_str(&plain), out);
}

static void *plain_start(const struct progress_options *options)
{
    struct plain_lines *self = xcalloc(1, sizeof *self);
    self->options = options;
    return self;
}

/* What stands behind the outcome. */
static void add_cost(const struct progress_options *options,
                     const struct build_step *step, struct buf *out)
{
    if (step->depends_on == step->index)
        buf_adds(out, "on an image that is not here ");
    else if (step->depends_on != 0)
        buf_addf(out, "on the output of step %u ", step->depends_on);
    bool costs = step->status == STEP_RAN || step->status == STEP_DEPENDS;
    if (options->plan && costs && !step->cost_known)
        buf_adds(out, "cost not known");
    else
        progress_step_seconds(step, out);
}

/* Columns of the instruction: on a terminal the line is not to wrap, in a file nothing
 * is cut. */
static unsigned room_for_text(const struct progress_options *options, size_t others)
{
    enum { LEAST = 16 };
    if (!options->out_is_tty)
        return UINT_MAX;
    unsigned columns = environment_style(options->out, COLOR_NEVER).columns;
    return columns > others + LEAST ? columns - (unsigned)others : LEAST;
}

static void plain_render(const struct progress_options *options,
                         const struct build_step *step, struct buf *out)
{
    static const char *const colors[] = {[STEP_CACHED] = "32",
                                         [STEP_RAN] = "33",
                                         [STEP_META] = "2",
                                         [STEP_DEPENDS] = "36"};
    AUTO_BUF text = BUF_INIT;
    AUTO_BUF after = BUF_INIT;
    const char *word = progress_status_word(step->status, options->plan);
    add_cost(options, step, &after);
    report_escape_terminal(step->instruction, &text);
    size_t start = out->len;
    buf_addf(out, "Step %u/%u: ", step->index, step->total);
    size_t others = out->len - start + strlen(" [] ") + strlen(word) +
                    report_text_width(buf_str(&after));
    report_text_fit(buf_str(&text), room_for_text(options, others), options->style.utf8,
                    out);
    if (options->style.color)
        buf_addf(out, " \033[%sm[%s]\033[0m ", colors[step->status], word);
    else
        buf_addf(out, " [%s] ", word);
    buf_adds(out, buf_str(&after));
}

static void print_partial(struct plain_lines *lines)
{
    AUTO_BUF safe = BUF_INIT;
    progress_output_line(buf_str(&lines->partial), lines->partial.len, &safe);
    fprintf(lines->options->out, "  | %s\n", buf_str(&safe));
    buf_clear(&lines->partial);
}

static void end_partial(struct plain_lines *lines)
{
    if (lines->partial.len != 0)
        print_partial(lines);
}

static void plain_output(struct plain_lines *lines, const char *data, size_t len)
{
    while (len != 0) {
        const char *end = memchr(data, '\n', len);
        size_t taken = end != NULL ? (size_t)(end - data) : len;
        buf_add(&lines->partial, data, taken);
        if (end != NULL) {
            print_partial(lines);
            taken++;
        }
        data += taken;
        len -= taken;
    }
    fflush(lines->options->out);
}

static void plain_event(void *self, const struct build_event *event)
{
    struct plain_lines *lines = self;
    if (event->kind == BUILD_EVENT_OUTPUT && !lines->options->hide_lines)
        plain_output(lines, event->data, event->len);
    else if (event->kind == BUILD_EVENT_STEP)
        end_partial(lines);
}

static void plain_step(void *self, const char *text, enum step_status status)
{
    struct plain_lines *lines = self;
    (void)status;
    end_partial(lines);
    fprintf(lines->options->out, "%s\n", text);
    fflush(lines->options->out);
}

static void plain_image(void *self, const struct build_result *result)
{
    struct plain_lines *lines = self;
    if (lines->options->plan)
        return;
    AUTO_BUF text = BUF_INIT;
    progress_summary(result, &text);
    fprintf(lines->options->out, "%s\n", text.data);
}

static void plain_stop(void *self)
{
    struct plain_lines *lines = self;
    end_partial(lines);
    buf_free(&lines->partial);
    free(lines);
}

const struct progress_show progress_show_plain = {
    .start = plain_start,
    .render = plain_render,
    .step = plain_step,
    .event = plain_event,
    .image = plain_image,
    .stop = plain_stop,
};

/* ---- quiet ------------------------------------------------------------------------
 */

static void quiet_image(void *self, const struct build_result *result)
{
    const struct plain_lines *lines = self;
    if (lines->options->plan)
        return;
    char id[DIGEST_TEXT + 1];
    digest_text(&result->image_id, id);
    fprintf(lines->options->out, "%s\n", id);
}

const struct progress_show progress_show_quiet = {
    .start = plain_start,
    .image = quiet_image,
    .stop = plain_stop,
};
