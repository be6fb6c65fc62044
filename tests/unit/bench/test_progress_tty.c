/* SPDX-License-Identifier: MIT */
/*
 * The live terminal on a real pseudo-terminal, whose output a small screen reads: rows
 * that wrap at its width, cursor up, erase to the end of the line, and a window made
 * narrower, which breaks the rows there are. Frames of the spinner come when they come;
 * what stands on the screen in the end does not depend on them.
 */
#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "bench/progress.h"
#include "reports/text.h"
#include "sim/base/mem.h"

enum { ROWS = 64, CELLS = 256 };

struct screen {
    uint32_t cells[ROWS][CELLS]; /* 0: nothing, or the right half of a wide one */
    unsigned width, row, column;
    char pending[8]; /* the start of a character or sequence */
    size_t pending_len;
};

static void new_row(struct screen *s)
{
    s->row++;
    assert_true(s->row < ROWS);
}

static void put(struct screen *s, uint32_t code)
{
    char text[8] = {0};
    struct buf b = BUF_INIT;
    report_text_put(code, &b);
    snprintf(text, sizeof text, "%s", buf_str(&b));
    buf_free(&b);
    unsigned wide = report_text_width(text);
    if (s->column + wide > s->width) {
        new_row(s);
        s->column = 0;
    }
    s->cells[s->row][s->column] = code;
    for (unsigned i = 1; i < wide; i++)
        s->cells[s->row][s->column + i] = 0;
    s->column += wide;
}

/* One whole sequence after ESC [. */
static void sequence(struct screen *s, const char *text, char kind)
{
    if (kind == 'K') {
        for (unsigned c = s->column; c < CELLS; c++)
            s->cells[s->row][c] = 0;
    } else if (kind == 'A') {
        assert_true(s->row > 0);
        s->row--;
    } else if (kind != 'm') {
        fail_msg("an escape sequence that is not known: %s", text);
    }
}

/* Takes what is whole of the pending bytes; false if more is needed. */
static bool take(struct screen *s)
{
    const unsigned char *p = (const unsigned char *)s->pending;
    if (p[0] == 0x1b) {
        char last = s->pending[s->pending_len - 1];
        if (s->pending_len < 3 || !(last >= '@' && last <= '~'))
            return false;
        sequence(s, s->pending + 1, last);
        return true;
    }
    size_t need = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (s->pending_len < need)
        return false;
    if (p[0] == '\r') {
        s->column = 0;
    } else if (p[0] == '\n') {
        new_row(s);
    } else {
        const char *text = s->pending;
        uint32_t code = report_text_next(&text);
        assert_false(report_text_hidden(code)); /* no control character gets here */
        put(s, code);
    }
    return true;
}

static void feed(struct screen *s, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        assert_true(s->pending_len + 1 < sizeof s->pending);
        s->pending[s->pending_len++] = data[i];
        s->pending[s->pending_len] = '\0';
        if (take(s))
            s->pending_len = 0;
    }
}

static unsigned length(const struct screen *s, unsigned row)
{
    unsigned n = 0;
    for (unsigned c = 0; c < CELLS; c++)
        if (s->cells[row][c] != 0)
            n = c + 1;
    return n;
}

/* A narrower window breaks long rows; the cursor stays with its text. */
static void narrow(struct screen *s, unsigned width)
{
    struct screen before = *s;
    unsigned to = 0;
    memset(s->cells, 0, sizeof s->cells);
    for (unsigned row = 0; row <= before.row; row++) {
        unsigned len = length(&before, row), at = 0;
        do {
            assert_true(to < ROWS);
            for (unsigned c = 0; c < width && at + c < len; c++)
                s->cells[to][c] = before.cells[row][at + c];
            at += width;
            to++;
        } while (at < len);
    }
    s->width = width;
    s->row = to - 1;
    unsigned rest = before.column % width;
    s->column = before.column > 0 && rest == 0 ? width : rest;
}

static char *text_of(const struct screen *s)
{
    struct buf out = BUF_INIT;
    for (unsigned row = 0; row <= s->row; row++) {
        unsigned len = length(s, row);
        for (unsigned c = 0; c < len; c++)
            if (s->cells[row][c] != 0)
                report_text_put(s->cells[row][c], &out);
        buf_addc(&out, '\n');
    }
    return buf_steal(&out);
}

/* ---- the pseudo-terminal --------------------------------------------------------- */

struct terminal {
    int master;
    FILE *out;
    struct progress_options options;
    struct progress *progress;
    struct screen *screen;
};

static void set_width(struct terminal *t, unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    assert_int_equal(ioctl(t->master, TIOCSWINSZ, &size), 0);
}

/* Shows what was written so far. */
static void look(struct terminal *t)
{
    char bytes[4096];
    ssize_t n;
    fflush(t->out);
    while ((n = read(t->master, bytes, sizeof bytes)) > 0)
        feed(t->screen, bytes, (size_t)n);
}

static void begin(struct terminal *t, unsigned short columns, bool utf8)
{
    *t = (struct terminal){.screen = xcalloc(1, sizeof *t->screen)};
    t->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(t->master >= 0);
    assert_int_equal(grantpt(t->master), 0);
    assert_int_equal(unlockpt(t->master), 0);
    set_width(t, columns);
    t->out = fopen(ptsname(t->master), "r+");
    assert_non_null(t->out);
    t->screen->width = columns;
    t->options = (struct progress_options){.kind = PROGRESS_TTY,
                                           .out = t->out,
                                           .style = {.columns = columns, .utf8 = utf8},
                                           .out_is_tty = true};
    t->progress = progress_new(&t->options);
}

static void end(struct terminal *t)
{
    progress_free(t->progress);
    look(t);
    fclose(t->out);
    close(t->master);
    free(t->screen);
}

static void say(struct terminal *t, enum build_event_kind kind,
                const struct build_step *step, const char *data)
{
    struct build_event event = {.kind = kind,
                                .step = step,
                                .stream = 1,
                                .data = data,
                                .len = data != NULL ? strlen(data) : 0,
                                .done = 25000000,
                                .total_bytes = 100000000};
    progress_listen(t->progress, &event);
}

static struct build_step step_of(unsigned index, unsigned total, const char *text,
                                 enum step_status status)
{
    return (struct build_step){.index = index,
                               .total = total,
                               .stage = "0",
                               .instruction = text,
                               .word = "RUN",
                               .status = status,
                               .has_virtual = true,
                               .virtual_ms = 1000};
}

static const char wide[] =
    "RUN 日本語日本語日本語日本語日本語 e\xcc\x81 and \x1b[31m\a more, "
    "and so long that no terminal has room for all of it";

/* Three steps side by side, the window made half as wide meanwhile. */
static void tty__resized_while_steps_run__leaves_whole_lines(void **state)
{
    (void)state;
    struct terminal t;
    begin(&t, 80, true);
    struct build_step one = step_of(1, 4, "RUN one", STEP_RAN);
    struct build_step two = step_of(2, 4, wide, STEP_RAN);
    struct build_step three = step_of(3, 4, "RUN three", STEP_CACHED);
    struct build_step four = step_of(4, 4, "RUN four", STEP_RAN);
    say(&t, BUILD_EVENT_BEGIN, NULL, NULL);
    say(&t, BUILD_EVENT_STEP_START, &one, NULL);
    say(&t, BUILD_EVENT_STEP_START, &two, NULL);
    say(&t, BUILD_EVENT_OUTPUT, &two, "first\nsecond 日本語日本語\t\x1b[2J\r\n");
    say(&t, BUILD_EVENT_STEP, &one, NULL);
    look(&t);
    AUTO_FREE char *running = text_of(t.screen);
    assert_non_null(strstr(running, "1/4 RAN       1.0 s  RUN one\n"));
    assert_non_null(strstr(running, " 2/4 RUN 日本語"));
    set_width(&t, 40);
    narrow(t.screen, 40);
    say(&t, BUILD_EVENT_STEP_START, &four, NULL);
    say(&t, BUILD_EVENT_STEP, &two, NULL);
    say(&t, BUILD_EVENT_STEP, &three, NULL);
    say(&t, BUILD_EVENT_STEP, &four, NULL);
    progress_failed(t.progress, NULL);
    look(&t);
    AUTO_FREE char *done = text_of(t.screen);
    assert_string_equal(done, "1/4 RAN       1.0 s  RUN one\n"
                              "2/4 RAN       1.0 s  RUN 日本語日本語…\n"
                              "1 step reused: RUN\n"
                              "4/4 RAN       1.0 s  RUN four\n\n");
    end(&t);
}

/* The bar stands before the text, so that a narrow window shows it. */
static void tty__transfer_in_a_narrow_window__has_its_bar(void **state)
{
    (void)state;
    struct terminal t;
    begin(&t, 60, false);
    struct build_step one = step_of(1, 12, "RUN é", STEP_RAN);
    struct build_step two = step_of(2, 12, wide, STEP_RAN);
    say(&t, BUILD_EVENT_BEGIN, NULL, NULL);
    say(&t, BUILD_EVENT_STEP_START, &two, NULL);
    say(&t, BUILD_EVENT_PROGRESS, &two, NULL);
    say(&t, BUILD_EVENT_STEP, &one, NULL);
    look(&t);
    AUTO_FREE char *running = text_of(t.screen);
    assert_non_null(strstr(running, " 1/12 RAN       1.0 s  RUN ?\n"));
    assert_non_null(strstr(running, " 2/12 [==>        ] 25.0 MB of 100 MB "));
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tty__resized_while_steps_run__leaves_whole_lines),
        cmocka_unit_test(tty__transfer_in_a_narrow_window__has_its_bar),
    };
    return cmocka_run_group_tests_name("progress_tty", tests, NULL, NULL);
}
