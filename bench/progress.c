/* SPDX-License-Identifier: MIT */
/*
 * The order of steps and the last lines of output; the ways of showing are in
 * progress_json.c, progress_plain.c and progress_tty.c.
 */
#include "bench/progress.h"

#include <string.h>
#include <unistd.h>

#include "bench/environment.h"
#include "bench/progress_show.h"
#include "sim/base/mem.h"

enum { TAIL_BYTES = 8192, TAIL_LINES = 20 };

struct held_step {
    char *text; /* rendered; NULL: not finished yet */
    enum step_status status;
};

struct progress {
    struct progress_options options;
    const struct progress_show *show;
    void *self;
    struct held_step *held;
    size_t total, next;
    struct buf tail; /* the last output of commands, where it is not shown */
};

static enum progress_kind kind_of(const struct progress_options *options)
{
    if (options->kind != PROGRESS_AUTO)
        return options->kind;
    return options->out_is_tty && environment_can_move() ? PROGRESS_TTY
                                                         : PROGRESS_PLAIN;
}

struct progress *progress_new(const struct progress_options *options)
{
    static const struct progress_show *const shows[] = {
        [PROGRESS_TTY] = &progress_show_tty,
        [PROGRESS_PLAIN] = &progress_show_plain,
        [PROGRESS_JSON] = &progress_show_json,
        [PROGRESS_QUIET] = &progress_show_quiet,
    };
    struct progress *p = xcalloc(1, sizeof *p);
    p->options = *options;
    p->options.kind = kind_of(options);
    p->show = shows[p->options.kind];
    p->self = p->show->start(&p->options);
    return p;
}

static void forget_steps(struct progress *p)
{
    for (size_t i = 0; i < p->total; i++)
        free(p->held[i].text);
    free(p->held);
    p->held = NULL;
    p->total = p->next = 0;
}

/* Room for all steps of the build this step belongs to. */
static bool make_room(struct progress *p, const struct build_step *step)
{
    size_t need = step->total > step->index ? step->total : step->index;
    if (need > p->total) {
        p->held = xreallocarray(p->held, need, sizeof *p->held);
        memset(p->held + p->total, 0, (need - p->total) * sizeof *p->held);
        p->total = need;
    }
    return step->index != 0;
}

static void show_next(struct progress *p)
{
    struct held_step *held = &p->held[p->next++];
    if (held->text == NULL)
        return;
    p->show->step(p->self, held->text, held->status);
    free(held->text);
    held->text = NULL;
}

static void finished_step(struct progress *p, const struct build_step *step)
{
    if (p->show->step == NULL || !make_room(p, step))
        return;
    struct held_step *held = &p->held[step->index - 1];
    struct buf text = BUF_INIT;
    p->show->render(&p->options, step, &text);
    free(held->text);
    held->text = buf_steal(&text);
    held->status = step->status;
    while (p->next < p->total && p->held[p->next].text != NULL)
        show_next(p);
}

/* Keeps the end of what commands say, for the case that one fails. */
static void keep_tail(struct progress *p, const char *data, size_t len)
{
    buf_add(&p->tail, data, len);
    if (p->tail.len <= (size_t)2 * TAIL_BYTES)
        return;
    memmove(p->tail.data, p->tail.data + p->tail.len - TAIL_BYTES, TAIL_BYTES);
    p->tail.len = TAIL_BYTES;
    p->tail.data[TAIL_BYTES] = '\0';
}

void progress_listen(void *progress, const struct build_event *event)
{
    struct progress *p = progress;
    if (p->show->event != NULL)
        p->show->event(p->self, event);
    switch (event->kind) {
    case BUILD_EVENT_BEGIN:
        forget_steps(p);
        break;
    case BUILD_EVENT_STEP:
        finished_step(p, event->step);
        break;
    case BUILD_EVENT_STEP_START:
        buf_clear(&p->tail);
        break;
    case BUILD_EVENT_OUTPUT:
        if (p->options.kind != PROGRESS_PLAIN || p->options.hide_lines)
            keep_tail(p, event->data, event->len);
        break;
    case BUILD_EVENT_PROGRESS:
    case BUILD_EVENT_WARNING:
        break;
    }
}

static void show_held(struct progress *p)
{
    while (p->next < p->total)
        show_next(p);
}

void progress_image(struct progress *p, const struct build_result *result)
{
    show_held(p);
    if (p->show->image != NULL)
        p->show->image(p->self, result);
}

static void print_tail(const struct buf *tail)
{
    size_t start = tail->len, lines = 0;
    while (start > 0 && lines <= TAIL_LINES)
        if (tail->data[--start] == '\n' && start + 1 < tail->len)
            lines++;
    const char *line = tail->data + start + (lines > TAIL_LINES);
    while (line[0] != '\0') {
        size_t len = strcspn(line, "\n");
        AUTO_BUF safe = BUF_INIT;
        progress_output_line(line, len, &safe);
        fprintf(stderr, "  | %s\n", buf_str(&safe));
        line += len + (line[len] == '\n');
    }
}

void progress_failed(struct progress *p, const struct err *err)
{
    show_held(p);
    if (p->show->failed != NULL)
        p->show->failed(p->self, err);
    if (p->tail.len != 0) {
        fflush(p->options.out);
        print_tail(&p->tail);
    }
}

void progress_free(struct progress *p)
{
    if (p == NULL)
        return;
    p->show->stop(p->self);
    forget_steps(p);
    buf_free(&p->tail);
    free(p);
}
