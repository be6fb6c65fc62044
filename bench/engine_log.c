/* SPDX-License-Identifier: MIT */
/* Lines in, steps out: the parts that the formats share, and the three line formats. */
#include "bench/engine_log.h"

#include <ctype.h>
#include <string.h>

#include "bench/engine_log_parts.h"
#include "sim/base/mem.h"

enum { LOG_MOST = 16 << 20, LINE_MOST = 1 << 16 };

struct engine_log *engine_log_new(enum log_format format)
{
    struct engine_log *log = xcalloc(1, sizeof *log);
    log->format = format;
    return log;
}

void engine_log_free(struct engine_log *log)
{
    if (log == NULL)
        return;
    for (size_t i = 0; i < log->len; i++) {
        free(log->steps[i].stage);
        free(log->steps[i].text);
        free(log->steps[i].error);
        free(log->ids[i]);
    }
    free(log->steps);
    free(log->ids);
    buf_free(&log->pending);
    free(log->complaint);
    free(log->last_line);
    free(log);
}

enum log_format engine_log_format(const struct engine_log *log)
{
    return log->format;
}

const struct log_step *engine_log_steps(const struct engine_log *log, size_t *len)
{
    *len = log->len;
    return log->steps;
}

const char *engine_log_complaint(const struct engine_log *log)
{
    if (log->complaint != NULL)
        return log->complaint;
    return log->last_line != NULL ? log->last_line : "";
}

/* ---- shared ---- */

long engine_log_find(const struct engine_log *log, const char *id)
{
    for (size_t i = 0; i < log->len; i++)
        if (log->ids[i] != NULL && strcmp(log->ids[i], id) == 0)
            return (long)i;
    return -1;
}

struct log_step *engine_log_add(struct engine_log *log, const char *id)
{
    if (log->len == log->cap) {
        log->cap = log->cap != 0 ? log->cap * 2 : 16;
        log->steps = xreallocarray(log->steps, log->cap, sizeof *log->steps);
        log->ids = xreallocarray(log->ids, log->cap, sizeof *log->ids);
    }
    log->ids[log->len] = id != NULL ? xstrdup(id) : NULL;
    log->steps[log->len] = (struct log_step){.seconds = -1};
    return &log->steps[log->len++];
}

/* "12/34" at *at, which is moved past it. */
static bool read_fraction(const char **at, unsigned *number, unsigned *of)
{
    unsigned parts[2] = {0, 0};
    const char *p = *at;
    for (int i = 0; i < 2; i++) {
        size_t digits = strspn(p, "0123456789");
        if (digits == 0 || digits > 6)
            return false;
        for (size_t d = 0; d < digits; d++)
            parts[i] = parts[i] * 10 + (unsigned)(p[d] - '0');
        p += digits;
        if (i == 0 && *p++ != '/')
            return false;
    }
    *number = parts[0];
    *of = parts[1];
    *at = p;
    return true;
}

/* "[linux/amd64 stage 2/5] RUN …": the platform stands there in builds for several. */
bool engine_log_vertex(const char *name, struct log_step *out)
{
    const char *end = name[0] == '[' ? strchr(name, ']') : NULL;
    if (end == NULL || end[1] != ' ')
        return false;
    const char *fraction = end;
    while (fraction > name + 1 && fraction[-1] != ' ')
        fraction--;
    const char *at = fraction;
    if (!read_fraction(&at, &out->number, &out->of) || at != end)
        return false;
    const char *stage_end = fraction > name + 1 ? fraction - 1 : fraction;
    const char *stage = stage_end;
    while (stage > name + 1 && stage[-1] != ' ')
        stage--;
    out->stage = xstrndup(stage, (size_t)(stage_end - stage));
    out->text = xstrdup(end + 2);
    return true;
}

static const char *after(const char *line, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(line, prefix, len) == 0 ? line + len : NULL;
}

static void complain(struct engine_log *log, const char *line)
{
    static const char *const words[] = {
        "ERROR: ", "Error: ", "error: ", "Error response from daemon: "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *what = after(line, words[i]);
        if (what == NULL)
            continue;
        free(log->complaint);
        log->complaint = xstrdup(what);
    }
    if (line[strspn(line, "- \t")] == '\0')
        return;
    free(log->last_line);
    log->last_line = xstrdup(line);
}

/* ---- BuildKit's plain text: "#7 [b 2/3] RUN x", "#7 CACHED", "#7 DONE 0.3s" ---- */

static void plain_state(struct log_step *step, const char *text)
{
    const char *rest;
    if (strcmp(text, "CACHED") == 0) {
        step->cached = true;
    } else if ((rest = after(text, "DONE ")) != NULL) {
        char *end;
        double seconds = strtod(rest, &end);
        if (end != rest && strcmp(end, "s") == 0)
            step->seconds = seconds;
    } else if ((rest = after(text, "ERROR: ")) != NULL) {
        free(step->error);
        step->error = xstrdup(rest);
    } else if (after(text, "extracting sha256:") != NULL) {
        step->fetched = true;
    }
}

static void plain_line(struct engine_log *log, const char *line)
{
    size_t digits = line[0] == '#' ? strspn(line + 1, "0123456789") : 0;
    if (digits == 0 || line[1 + digits] != ' ') {
        complain(log, line);
        return;
    }
    AUTO_FREE char *id = xstrndup(line, 1 + digits);
    const char *text = line + digits + 2;
    long at = engine_log_find(log, id);
    if (at >= 0) {
        plain_state(&log->steps[at], text);
        return;
    }
    struct log_step found = {.seconds = -1, .started = true};
    if (engine_log_vertex(text, &found))
        *engine_log_add(log, id) = found;
}

/* ---- the classic builder: "Step 2/5 : RUN x", " ---> Using cache" ---- */

static void finish_step(struct engine_log *log, uint64_t now_ns)
{
    if (log->current && log->len > 0)
        log->steps[log->len - 1].seconds = (double)(now_ns - log->since_ns) / 1e9;
    log->current = false;
}

static void begin_step(struct engine_log *log, const struct log_step *step,
                       uint64_t now_ns)
{
    finish_step(log, now_ns);
    *engine_log_add(log, NULL) = *step;
    log->current = true;
    log->since_ns = now_ns;
}

/* The number of the step that is due. */
static unsigned due_number(const struct engine_log *log)
{
    return log->len > 0 ? log->steps[log->len - 1].number + 1 : 1;
}

/* Where the fraction of a step's line stands. A command's output may end without a
 * newline right before it: within a line it counts where it has the number that is due.
 */
static const char *step_line(const struct engine_log *log, const char *line,
                             const char *word)
{
    const char *at = after(line, word);
    if (at != NULL || log->len == 0)
        return at;
    AUTO_FREE char *next =
        xasprintf("%s%u/%u", word, due_number(log), log->steps[log->len - 1].of);
    const char *inside = strstr(line, next);
    return inside != NULL ? inside + strlen(word) : NULL;
}

static void classic_line(struct engine_log *log, const char *line, uint64_t now_ns)
{
    struct log_step step = {.seconds = -1, .started = true};
    const char *at = step_line(log, line, "Step ");
    if (at != NULL && read_fraction(&at, &step.number, &step.of) &&
        step.number == due_number(log) && (at = after(at, " : ")) != NULL) {
        step.stage = xstrdup("");
        step.text = xstrdup(at);
        begin_step(log, &step, now_ns);
        return;
    }
    if (log->len > 0 && strcmp(line, " ---> Using cache") == 0)
        log->steps[log->len - 1].cached = true;
    else if (log->len > 0 && strstr(line, ": Pulling from ") != NULL)
        log->steps[log->len - 1].fetched = true;
    complain(log, line);
}

/* ---- buildah: "[1/2] STEP 2/5: RUN x", "--> Using cache 1f…", "--> 1f…" ---- */

static void buildah_line(struct engine_log *log, const char *line, uint64_t now_ns)
{
    struct log_step step = {.seconds = -1, .started = true};
    unsigned stage = 1, stages = 1;
    const char *start = line, *at = line;
    if (*at == '[' && (++at, read_fraction(&at, &stage, &stages)) &&
        after(at, "] ") != NULL)
        start = at + 2;
    at = step_line(log, start, "STEP ");
    if (at != NULL && read_fraction(&at, &step.number, &step.of) &&
        (step.number == due_number(log) || step.number == 1) &&
        (at = after(at, ": ")) != NULL) {
        step.stage = xasprintf("%u", stage);
        step.text = xstrdup(at);
        begin_step(log, &step, now_ns);
        return;
    }
    if (log->len > 0 && after(line, "--> Using cache ") != NULL)
        log->steps[log->len - 1].cached = true;
    else if (log->len > 0 && after(line, "Copying blob ") != NULL)
        log->steps[log->len - 1].fetched = true;
    else if (after(start, "COMMIT") != NULL)
        return; /* the last step is over only with its commit */
    complain(log, line);
}

/* ---- in ---- */

static void take_line(struct engine_log *log, char *line, size_t len, uint64_t now_ns)
{
    while (len > 0 && line[len - 1] == '\r')
        len--;
    line[len] = '\0';
    char *last = strrchr(line, '\r'); /* a progress bar wrote over itself */
    if (last != NULL)
        line = last + 1;
    if (log->format == LOG_PLAIN)
        plain_line(log, line);
    else if (log->format == LOG_CLASSIC)
        classic_line(log, line, now_ns);
    else if (log->format == LOG_BUILDAH)
        buildah_line(log, line, now_ns);
    else
        complain(log, line);
}

static void take_lines(struct engine_log *log, uint64_t now_ns)
{
    char *data = log->pending.data;
    size_t begin = 0;
    for (;;) {
        char *end = memchr(data + begin, '\n', log->pending.len - begin);
        size_t len =
            end != NULL ? (size_t)(end - data) - begin : log->pending.len - begin;
        if (end == NULL && len < LINE_MOST)
            break;
        take_line(log, data + begin, len, now_ns);
        begin += len + (end != NULL);
        if (end == NULL)
            break;
    }
    memmove(data, data + begin, log->pending.len - begin);
    log->pending.len -= begin;
    data[log->pending.len] = '\0';
}

int engine_log_feed(struct engine_log *log, const char *data, size_t len,
                    uint64_t now_ns, struct err *err)
{
    log->total += len;
    if (log->total > LOG_MOST)
        return err_set(err, ERR_FAILED, "it printed more than %d MiB", LOG_MOST >> 20);
    for (size_t i = 0; i < len; i++)
        if (data[i] != '\0') /* which would end our lines early */
            buf_addc(&log->pending, data[i]);
    if (log->format != LOG_RAWJSON && log->pending.len > 0)
        take_lines(log, now_ns);
    return 0;
}

void engine_log_end(struct engine_log *log, uint64_t now_ns)
{
    if (log->format == LOG_RAWJSON) {
        engine_log_read_json(log);
    } else if (log->pending.len > 0) {
        buf_addc(&log->pending, '\n');
        take_lines(log, now_ns);
    }
    finish_step(log, now_ns);
}

void engine_log_rest(struct engine_log *log, const char *line, size_t len)
{
    AUTO_FREE char *copy = xstrndup(line, len);
    take_line(log, copy, strlen(copy), 0);
}
