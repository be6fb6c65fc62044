/* SPDX-License-Identifier: MIT */
/*
 * --progress tty: finished steps scroll by, reused ones folded into one line, and the
 * last line lives: spinner, running step, elapsed time, transfer bar. One line is
 * redrawn, never a region, so that a resized window is not torn; where a window that
 * became narrower has broken that line (as most terminals do), its rows are taken away
 * together. A thread of its own moves the spinner while a long step says nothing.
 */
#include "bench/progress_show.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "bench/environment.h"
#include "bench/explain_show.h"
#include "reports/text.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { TICK_MS = 100, BAR_MOST = 20, RUNNING_MOST = 16 };

struct running {
    unsigned index, of; /* index 0: free */
    uint64_t since_ns;
    uint64_t done, total; /* of a transfer; total 0: none */
    char *text;
};

struct live {
    const struct progress_options *options;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t ticker;
    bool has_ticker, stopping;
    unsigned drawn; /* columns of the living line on the screen, 0: none */
    unsigned tick;
    struct running running[RUNNING_MOST];
    struct buf last_line; /* newest output of the running command */
    unsigned folded;
    struct buf folded_words;
};

/* ---- the living line --------------------------------------------------------------
 */

/* The last column stays free: what a terminal does there differs. */
static unsigned width_of(const struct live *live)
{
    return environment_style(live->options->out, COLOR_NEVER).columns - 1;
}

/* At most `width` columns, in characters that the terminal knows. */
static void fit(const char *text, unsigned width, bool utf8, struct buf *out)
{
    AUTO_BUF ascii = BUF_INIT;
    if (!utf8)
        report_text_ascii(text, &ascii);
    report_text_fit(utf8 ? text : buf_str(&ascii), width, utf8, out);
}

static void erase(struct live *live)
{
    if (live->drawn == 0)
        return;
    unsigned rows = (live->drawn - 1) / (width_of(live) + 1);
    fputs("\r\033[K", live->options->out);
    for (; rows > 0; rows--)
        fputs("\033[A\033[K", live->options->out);
    live->drawn = 0;
}

static const struct running *oldest(const struct live *live, unsigned *count)
{
    const struct running *first = NULL;
    *count = 0;
    for (size_t i = 0; i < RUNNING_MOST; i++) {
        const struct running *r = &live->running[i];
        if (r->index == 0)
            continue;
        ++*count;
        if (first == NULL || r->since_ns < first->since_ns)
            first = r;
    }
    return first;
}

static void add_bar(const struct running *r, unsigned width, struct buf *out)
{
    int bar = width >= 4 * BAR_MOST ? BAR_MOST : (int)width / 5;
    uint64_t done = r->done < r->total ? r->done : r->total;
    int filled = (int)((double)done / (double)r->total * bar);
    buf_adds(out, " [");
    for (int i = 0; i < bar; i++)
        buf_adds(out, i < filled ? "=" : i == filled ? ">" : " ");
    buf_adds(out, "] ");
    report_bytes(r->done, out);
    buf_adds(out, " of ");
    report_bytes(r->total, out);
}

/* What lives: time, step, bar, instruction, and what its command says. */
static void compose(const struct live *live, const struct running *r, unsigned more,
                    unsigned width, struct buf *out)
{
    static const char *const dots[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"};
    static const char *const bars[] = {"-", "\\", "|", "/"};
    bool utf8 = live->options->style.utf8;
    buf_addf(out, "%s ", utf8 ? dots[live->tick % 8] : bars[live->tick % 4]);
    report_wall((double)(clock_monotonic_ns() - r->since_ns) * 1e-9, out);
    buf_addf(out, " %u/%u", r->index, r->of);
    if (r->total != 0)
        add_bar(r, width, out);
    if (more > 0)
        buf_addf(out, " (and %u more)", more);
    buf_addc(out, ' ');
    /* A long instruction leaves half of the line to the output. */
    bool says = live->last_line.len != 0;
    unsigned used = report_text_width(buf_str(out));
    unsigned rest = width > used ? width - used : 0;
    report_text_fit(r->text, says ? rest / 2 : rest, utf8, out);
    if (says)
        buf_addf(out, " | %s", live->last_line.data);
}

static void draw(struct live *live)
{
    unsigned count;
    const struct running *r = oldest(live, &count);
    erase(live);
    if (r == NULL)
        return;
    unsigned width = width_of(live);
    bool utf8 = live->options->style.utf8;
    AUTO_BUF line = BUF_INIT;
    AUTO_BUF cut = BUF_INIT;
    compose(live, r, count - 1, width, &line);
    fit(buf_str(&line), width, utf8, &cut);
    fputs(buf_str(&cut), live->options->out);
    fflush(live->options->out);
    live->drawn = report_text_width(buf_str(&cut));
}

static void *tick(void *payload)
{
    struct live *live = payload;
    pthread_mutex_lock(&live->lock);
    while (!live->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&live->wake, &live->lock, &until);
        live->tick++;
        if (!live->stopping)
            draw(live);
    }
    pthread_mutex_unlock(&live->lock);
    return NULL;
}

static void *tty_start(const struct progress_options *options)
{
    struct live *live = xcalloc(1, sizeof *live);
    live->options = options;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&live->lock, NULL);
    pthread_cond_init(&live->wake, &attr);
    pthread_condattr_destroy(&attr);
    live->has_ticker = pthread_create(&live->ticker, NULL, tick, live) == 0;
    return live;
}

/* ---- what happens -----------------------------------------------------------------
 */

static struct running *running_slot(struct live *live, unsigned index)
{
    for (size_t i = 0; i < RUNNING_MOST; i++)
        if (live->running[i].index == index)
            return &live->running[i];
    return NULL;
}

static void step_starts(struct live *live, const struct build_step *step)
{
    struct running *r = running_slot(live, 0);
    if (r == NULL)
        return;
    AUTO_BUF text = BUF_INIT;
    report_escape_terminal(step->instruction, &text);
    *r = (struct running){
        .index = step->index,
        .of = step->total,
        .since_ns = clock_monotonic_ns(),
        .text = xstrdup(buf_str(&text)),
    };
}

static void step_ends(struct live *live, const struct build_step *step)
{
    struct running *r = running_slot(live, step->index);
    if (r == NULL)
        return;
    free(r->text);
    *r = (struct running){0};
    buf_clear(&live->last_line);
}

/* Keeps the last whole line of what a command printed. */
static void keep_line(struct live *live, const char *data, size_t len)
{
    while (len != 0 && (data[len - 1] == '\n' || data[len - 1] == '\r'))
        len--;
    size_t start = len;
    while (start != 0 && data[start - 1] != '\n' && data[start - 1] != '\r')
        start--;
    buf_clear(&live->last_line);
    progress_output_line(data + start, len - start, &live->last_line);
}

static void transfer(struct live *live, const struct build_event *event)
{
    struct running *r =
        event->step != NULL ? running_slot(live, event->step->index) : NULL;
    if (r == NULL)
        return;
    r->done = event->done;
    r->total = event->total_bytes;
}

static void tty_event(void *self, const struct build_event *event)
{
    struct live *live = self;
    pthread_mutex_lock(&live->lock);
    switch (event->kind) {
    case BUILD_EVENT_STEP_START:
        step_starts(live, event->step);
        break;
    case BUILD_EVENT_STEP:
        step_ends(live, event->step);
        break;
    case BUILD_EVENT_OUTPUT:
        keep_line(live, event->data, event->len);
        break;
    case BUILD_EVENT_PROGRESS:
        transfer(live, event);
        break;
    case BUILD_EVENT_BEGIN:
    case BUILD_EVENT_WARNING:
        break;
    }
    pthread_mutex_unlock(&live->lock);
}

/* ---- finished steps ---------------------------------------------------------------
 */

static void tty_render(const struct progress_options *options,
                       const struct build_step *step, struct buf *out)
{
    /* The first word is for a folded line, the rest for a line of its own. */
    AUTO_BUF seconds = BUF_INIT;
    AUTO_BUF text = BUF_INIT;
    AUTO_BUF line = BUF_INIT;
    progress_step_seconds(step, &seconds);
    report_escape_terminal(step->instruction, &text);
    int digits = snprintf(NULL, 0, "%u", step->total);
    buf_addf(&line, "%*u/%u %-7s %7s  %s", digits, step->index, step->total,
             progress_status_word(step->status, options->plan), seconds.data,
             buf_str(&text));
    unsigned columns = environment_style(options->out, COLOR_NEVER).columns;
    buf_addf(out, "%s\n", step->word);
    if (options->style.color && step->status == STEP_RAN)
        buf_adds(out, "\033[33m");
    fit(buf_str(&line), columns - 1, options->style.utf8, out);
    if (options->style.color && step->status == STEP_RAN)
        buf_adds(out, "\033[0m");
}

static void unfold(struct live *live)
{
    if (live->folded == 0)
        return;
    AUTO_BUF cut = BUF_INIT;
    AUTO_BUF line = BUF_INIT;
    buf_addf(&line, "%u step%s reused:%s", live->folded, live->folded == 1 ? "" : "s",
             live->folded_words.data);
    report_text_fit(line.data, width_of(live), live->options->style.utf8, &cut);
    fprintf(live->options->out, "%s%s%s\n",
            live->options->style.color ? "\033[32m" : "", cut.data,
            live->options->style.color ? "\033[0m" : "");
    live->folded = 0;
    buf_clear(&live->folded_words);
}

static void tty_step(void *self, const char *text, enum step_status status)
{
    struct live *live = self;
    const char *line = strchr(text, '\n');
    pthread_mutex_lock(&live->lock);
    erase(live);
    if (status == STEP_CACHED) {
        live->folded++;
        buf_addf(&live->folded_words, " %.*s", (int)(line - text), text);
    } else {
        unfold(live);
        fprintf(live->options->out, "%s\n", line + 1);
    }
    draw(live);
    fflush(live->options->out);
    pthread_mutex_unlock(&live->lock);
}

static void settle(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    erase(live);
    unfold(live);
    for (size_t i = 0; i < RUNNING_MOST; i++) {
        free(live->running[i].text);
        live->running[i] = (struct running){0};
    }
    fflush(live->options->out);
    pthread_mutex_unlock(&live->lock);
}

static void tty_image(void *self, const struct build_result *result)
{
    struct live *live = self;
    settle(live);
    if (live->options->plan)
        return;
    AUTO_BUF text = BUF_INIT;
    AUTO_BUF shown = BUF_INIT;
    progress_summary(result, &text);
    fit(buf_str(&text), UINT_MAX, live->options->style.utf8, &shown);
    explain_show_line(buf_str(&shown), 0, live->options->out);
}

static void tty_failed(void *self, const struct err *err)
{
    (void)err;
    settle(self);
}

static void tty_stop(void *self)
{
    struct live *live = self;
    settle(live);
    pthread_mutex_lock(&live->lock);
    live->stopping = true;
    pthread_cond_signal(&live->wake);
    pthread_mutex_unlock(&live->lock);
    if (live->has_ticker)
        pthread_join(live->ticker, NULL);
    pthread_cond_destroy(&live->wake);
    pthread_mutex_destroy(&live->lock);
    buf_free(&live->last_line);
    buf_free(&live->folded_words);
    free(live);
}

const struct progress_show progress_show_tty = {
    .start = tty_start,
    .render = tty_render,
    .step = tty_step,
    .event = tty_event,
    .image = tty_image,
    .failed = tty_failed,
    .stop = tty_stop,
};
