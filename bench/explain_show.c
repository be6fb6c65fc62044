/* SPDX-License-Identifier: MIT */
/* The causes of a build as text and as JSON. */
#include "bench/explain_show.h"

#include <inttypes.h>
#include <string.h>

#include "bench/columns.h"
#include "bench/json_text.h"
#include "reports/report.h"
#include "reports/text.h"
#include "sim/base/mem.h"

enum { WIDTH = 80, SHOWN = 10 };

/* ---- text ---- */

void explain_show_line(const char *text, unsigned indent, FILE *out)
{
    AUTO_BUF safe = BUF_INIT;
    report_escape_terminal(text, &safe);
    size_t column = indent;
    bool first = true;
    fprintf(out, "%*s", (int)indent, "");
    for (const char *p = buf_str(&safe); *p != '\0';) {
        size_t n = strcspn(p, " ");
        AUTO_FREE char *word = xstrndup(p, n);
        size_t width = report_text_width(word);
        if (!first && column + 1 + width > WIDTH) {
            fprintf(out, "\n%*s", (int)indent + 2, "");
            column = indent + 2;
            first = true;
        }
        fprintf(out, "%s%s", first ? "" : " ", word);
        column += width + !first;
        first = false;
        p += n;
        p += strspn(p, " ");
    }
    fputc('\n', out);
}

static const char *because(const struct miss *m)
{
    switch (m->reason) {
    case MISS_NO_RECORD:
        return "ran: nothing to compare with";
    case MISS_INSTRUCTION:
        return "ran because the instructions changed:";
    case MISS_INPUT:
        return "ran because what it reads changed:";
    case MISS_ENVIRONMENT:
        return "ran because its environment changed:";
    case MISS_BASE:
        return "ran because the base image changed:";
    case MISS_PARENT:
        return "cascade";
    case MISS_NO_CACHE:
        return "ran because of --no-cache";
    case MISS_COLLECTED:
        return "ran because its record was collected";
    }
    return "ran";
}

static bool same_changes(const struct miss *a, const struct miss *b)
{
    if (a->reason != b->reason || a->total != b->total ||
        a->change_count != b->change_count)
        return false;
    for (size_t i = 0; i < a->change_count; i++)
        if (strcmp(a->changes[i].words, b->changes[i].words) != 0)
            return false;
    return a->change_count != 0;
}

/* An earlier step that said just this; 0: none. */
static size_t said_before(const struct account *a, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (a->misses[i] != NULL && same_changes(a->misses[i], a->misses[at]))
            return i + 1;
    return 0;
}

static void show_changes(const struct miss *m, bool all, FILE *out)
{
    size_t shown = all || m->change_count <= SHOWN ? m->change_count : SHOWN;
    if (m->total > 1)
        fprintf(out, "    %zu changes\n", m->total);
    for (size_t i = 0; i < shown; i++)
        explain_show_line(m->changes[i].words, 4, out);
    if (shown < m->total)
        fprintf(out, "    and %zu more (--all lists them)\n", m->total - shown);
}

static void show_closest(const struct account *a, size_t at, FILE *out)
{
    const struct account_closest *c = &a->closest[at];
    if (c->build == 0)
        return;
    AUTO_BUF text = BUF_INIT;
    buf_addf(&text, "closest record: build %" PRId64 "; ", c->build);
    if (c->build == a->against)
        buf_addf(&text, "without the change%s above", c->miss->total == 1 ? "" : "s");
    else
        buf_addf(&text, "without %zu change%s (%s)", c->miss->total,
                 c->miss->total == 1 ? "" : "s", c->miss->text);
    buf_adds(&text, " this step would have been reused");
    explain_show_line(buf_str(&text), 2, out);
}

static void show_miss(const struct account *a, size_t at, bool all, FILE *out)
{
    const struct miss *m = a->misses[at];
    size_t before = m->reason != MISS_PARENT ? said_before(a, at) : 0;
    if (m->reason == MISS_PARENT) {
        fprintf(out, "  cascade from step %u%s\n", m->root,
                m->change_count != 0 ? ", which did not run itself:" : "");
        if (m->change_count != 0 && said_before(a, at) == 0)
            show_changes(m, all, out);
    } else if (before != 0) {
        fprintf(out, "  ran for the same cause as step %zu\n", before);
        return;
    } else if (m->change_count == 0) {
        fprintf(out, "  %s\n", because(m));
        if (m->reason == MISS_COLLECTED || m->reason == MISS_NO_RECORD)
            explain_show_line(m->text, 4, out);
    } else {
        fprintf(out, "  %s\n", because(m));
        show_changes(m, all, out);
    }
    show_closest(a, at, out);
    if (m->remedy != NULL) {
        AUTO_FREE char *text = xasprintf("remedy: %s", m->remedy);
        explain_show_line(text, 2, out);
    }
}

void explain_show_text(const struct account *a, bool all, FILE *out)
{
    unsigned ran = account_ran(a);
    AUTO_BUF head = BUF_INIT;
    buf_addf(&head, "build %" PRId64 " of %s", a->number, a->now->dockerfile);
    if (a->now->target[0] != '\0')
        buf_addf(&head, ", target %s", a->now->target);
    if (a->against != 0)
        buf_addf(&head, ", compared with build %" PRId64, a->against);
    buf_addf(&head, ": %u of %zu steps ran", ran, a->now->len);
    explain_show_line(buf_str(&head), 0, out);
    for (size_t i = 0; i < a->now->len; i++) {
        const struct journal_step *s = &a->now->steps[i];
        if (s->status != JOURNAL_RAN)
            continue;
        AUTO_FREE char *text = xasprintf("step %zu/%zu, line %u: %s", i + 1,
                                         a->now->len, s->line, s->text);
        fputc('\n', out);
        explain_show_line(text, 0, out);
        show_miss(a, i, all, out);
    }
    if (ran == 0)
        fputs("every step was reused: nothing changed that counts\n", out);
}

/* ---- JSON ---- */

static void json_step(const struct account *a, size_t at, struct buf *out)
{
    static const char *const names[] = {
        [JOURNAL_REUSED] = "cached", [JOURNAL_RAN] = "ran", [JOURNAL_CONFIG] = "meta"};
    const struct journal_step *s = &a->now->steps[at];
    const struct account_closest *c = &a->closest[at];
    buf_addf(out, "{\"index\":%zu,\"total\":%zu,\"stage\":", at + 1, a->now->len);
    json_text_string(out, s->stage);
    buf_addf(out, ",\"line\":%u,\"instruction\":", s->line);
    json_text_string(out, s->text);
    buf_addf(out, ",\"status\":\"%s\",\"miss\":", names[s->status]);
    miss_to_json(a->misses[at], out);
    buf_adds(out, ",\"closest\":");
    if (c->build != 0) {
        buf_addf(out, "{\"build\":%" PRId64 ",\"differences\":%zu,\"text\":", c->build,
                 c->miss->total);
        json_text_string(out, c->miss->text);
        buf_addc(out, '}');
    } else {
        buf_adds(out, "null");
    }
    buf_addc(out, '}');
}

void explain_show_json(const struct account *a, FILE *out)
{
    AUTO_BUF text = BUF_INIT;
    buf_addf(&text, "{\"build\":%" PRId64 ",\"against\":", a->number);
    buf_addf(&text, a->against != 0 ? "%" PRId64 : "null", a->against);
    buf_adds(&text, ",\"dockerfile\":");
    json_text_string(&text, a->now->dockerfile);
    buf_adds(&text, ",\"target\":");
    json_text_string(&text, a->now->target[0] != '\0' ? a->now->target : NULL);
    buf_adds(&text, ",\"steps\":[");
    for (size_t i = 0; i < a->now->len; i++) {
        if (i != 0)
            buf_addc(&text, ',');
        json_step(a, i, &text);
    }
    buf_adds(&text, "]}\n");
    fputs(text.data, out);
}
