/* SPDX-License-Identifier: MIT */
/*
 * Steps on a time axis. On the virtual clock the builder says when each began. For
 * measured times what a step reads from is found in its text (FROM name, --from= of
 * COPY and of a mount), which is all that result files of any engine have; a stage
 * named by a variable is found where FROM's resolved name is in the model.
 */
#include "reports/timeline.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reports/figures.h"
#include "sim/base/mem.h"

enum { NO_STAGE = -1 };

struct scheduler {
    const struct result_build *b;
    struct report_timeline *t;
    double *stage_end; /* so far */
};

static bool is_word(const char *name, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(name, word, len) == 0;
}

/* The line where the n-th FROM of the Dockerfile stands (from 0), 0 if there is none.
 * A stage that the target does not need has no steps, but counts. */
static unsigned line_of_from(const char *dockerfile, unsigned long n)
{
    unsigned line = 1;
    for (const char *p = report_str(dockerfile); *p != '\0'; line++) {
        const char *word = p + strspn(p, " \t");
        if (strncasecmp(word, "FROM", 4) == 0 && isblank((unsigned char)word[4]) &&
            n-- == 0)
            return line;
        p += strcspn(p, "\n");
        p += *p == '\n';
    }
    return 0;
}

static long stage_by_number(const struct scheduler *s, const char *name, size_t len)
{
    if (len == 0 || len > 4 || strspn(name, "0123456789") < len)
        return NO_STAGE;
    unsigned line = line_of_from(s->b->dockerfile, strtoul(name, NULL, 10));
    for (size_t i = 0; line > 0 && i < s->t->span_count; i++)
        if (s->t->spans[i].step->line == line)
            return (long)s->t->spans[i].stage;
    return NO_STAGE;
}

/* The stage called so; of those before stage `below` only. */
static long find_stage(const struct scheduler *s, const char *name, size_t len,
                       size_t below)
{
    for (size_t i = below; i-- > 0;)
        if (is_word(name, len, s->t->stages[i]))
            return (long)i;
    long stage = stage_by_number(s, name, len);
    return stage < (long)below ? stage : NO_STAGE;
}

static double end_of(const struct scheduler *s, long stage)
{
    return stage == NO_STAGE ? 0 : s->stage_end[stage];
}

/* The end of the stage that FROM names, 0 for an image. */
static double base_end(const struct scheduler *s, const struct result_step *step,
                       size_t stage)
{
    const char *p = report_str(step->instruction);
    p += strcspn(p, " \t");
    for (;;) {
        p += strspn(p, " \t");
        size_t len = strcspn(p, " \t");
        if (len == 0)
            return 0;
        if (strncmp(p, "--", 2) == 0) {
            p += len;
            continue;
        }
        const char *name = step->base_name;
        long found = find_stage(s, p, len, stage);
        if (found == NO_STAGE && name != NULL)
            found = find_stage(s, name, strlen(name), stage);
        return end_of(s, found);
    }
}

/* The latest end of the stages named by from= in the step's flags. */
static double sources_end(const struct scheduler *s, const struct result_step *step,
                          size_t stage)
{
    double latest = 0;
    const char *p = report_str(step->instruction);
    p += strcspn(p, " \t");
    for (;;) {
        p += strspn(p, " \t");
        size_t len = strcspn(p, " \t");
        if (strncmp(p, "--", 2) != 0)
            return latest;
        AUTO_FREE char *flag = xstrndup(p, len);
        const char *from = strstr(flag, "from=");
        if (from != NULL && (from[-1] == '-' || from[-1] == ',' || from[-1] == '=')) {
            from += strlen("from=");
            from += strspn(from, "\"'");
            size_t width = strcspn(from, ",\"'");
            latest = fmax(latest, end_of(s, find_stage(s, from, width, stage)));
        }
        p += len;
    }
}

static double seconds_of(const struct result_step *step, bool virtual)
{
    if (virtual)
        return step->has_virtual ? (double)step->virtual_ms / 1000 : 0;
    return step->wall.n > 0 ? step->wall.median : 0;
}

static size_t stage_of(struct report_timeline *t, const char *name)
{
    for (size_t i = 0; i < t->stage_count; i++)
        if (strcmp(t->stages[i], name) == 0)
            return i;
    t->stages[t->stage_count] = name;
    return t->stage_count++;
}

void report_timeline_init(const struct result_build *b, bool virtual,
                          struct report_timeline *out)
{
    *out = (struct report_timeline){
        .spans = xcalloc(b->step_count + 1, sizeof *out->spans),
        .span_count = b->step_count,
        .stages = xcalloc(b->step_count + 1, sizeof *out->stages),
    };
    for (size_t i = 0; i < b->step_count; i++) {
        out->spans[i].step = &b->steps[i];
        out->spans[i].stage = stage_of(out, report_str(b->steps[i].stage));
    }
    AUTO_FREE double *ends = xcalloc(out->stage_count + 1, sizeof *ends);
    struct scheduler s = {.b = b, .t = out, .stage_end = ends};
    for (size_t i = 0; i < b->step_count; i++) {
        const struct result_step *step = &b->steps[i];
        struct report_span *span = &out->spans[i];
        double start = ends[span->stage];
        if (virtual && step->has_start)
            start = (double)step->start_ms / 1000;
        else if (strcmp(report_str(step->word), "FROM") == 0)
            start = fmax(start, base_end(&s, step, span->stage));
        else
            start = fmax(start, sources_end(&s, step, span->stage));
        span->start_s = start;
        span->seconds = seconds_of(step, virtual);
        ends[span->stage] = start + span->seconds;
        out->end_s = fmax(out->end_s, ends[span->stage]);
    }
}

void report_timeline_free(struct report_timeline *t)
{
    free(t->spans);
    free(t->stages);
    *t = (struct report_timeline){0};
}
