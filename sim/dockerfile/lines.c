/* SPDX-License-Identifier: MIT */
/* Lines of a Dockerfile, and the parser directives on its first ones. */
#include <string.h>

#include "sim/dockerfile/parse.h"

int reader_next_raw(struct reader *r, struct span *line, struct err *err)
{
    if (r->at == r->end)
        return 0;
    size_t left = (size_t)(r->end - r->at);
    const char *nl = memchr(r->at, '\n', left);
    size_t n = nl != NULL ? (size_t)(nl - r->at) + 1 : left;
    r->line++;
    if (n - (nl != NULL) > LINE_MOST) {
        err_set(err, ERR_INPUT, "the line is longer than %d bytes", LINE_MOST);
        err_hint(err,
                 "end it with a continuation character and go on in the next line, "
                 "or COPY a file");
        return err_at(err, r->name, r->line);
    }
    *line = (struct span){r->at, n};
    r->at += n;
    return 1;
}

int reader_next(struct reader *r, struct span *line, struct err *err)
{
    int rc = reader_next_raw(r, line, err);
    while (rc == 1 && line->n > 0 &&
           (line->p[line->n - 1] == '\n' || line->p[line->n - 1] == '\r'))
        line->n--;
    return rc;
}

/* "# name = value": false where the line has another form. */
static bool split_directive(struct span line, struct span *name, struct span *value)
{
    const char *p = line.p, *end = line.p + line.n;
    if (p == end || *p++ != '#')
        return false;
    while (p < end && is_blank(*p))
        p++;
    name->p = p;
    if (p == end || !is_alpha(*p))
        return false;
    while (p < end && (is_alpha(*p) || is_digit(*p)))
        p++;
    name->n = (size_t)(p - name->p);
    while (p < end && is_blank(*p))
        p++;
    if (p == end || *p++ != '=')
        return false;
    *value = span_trim((struct span){p, (size_t)(end - p)});
    return value->n > 0;
}

static int add_directive(struct dockerfile *df, const char *name, struct span value,
                         unsigned number, struct err *err)
{
    for (size_t i = 0; i < df->directive_count; i++) {
        if (strcmp(df->directives[i].name, name) == 0)
            return err_set(err, ERR_INPUT, "only one %s parser directive can be used",
                           name);
    }
    if (strcmp(name, "escape") == 0) {
        if (value.n != 1 || (value.p[0] != '\\' && value.p[0] != '`'))
            return err_set(err, ERR_INPUT,
                           "invalid escape token '%.*s' does not match ` or \\",
                           (int)value.n, value.p);
        df->escape = value.p[0];
    }
    struct directive *d = &df->directives[df->directive_count++];
    d->name = arena_strdup(&df->arena, name);
    d->value = arena_strndup(&df->arena, value.p, value.n);
    d->line = number;
    return 1;
}

int directive_read(struct dockerfile *df, struct span line, unsigned number,
                   struct err *err)
{
    static const char *const known[] = {"syntax", "escape", "check"};
    struct span name, value;
    if (!split_directive(line, &name, &value))
        return 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!span_is(name, known[i]))
            continue;
        if (df->directives == NULL)
            df->directives = arena_alloc(&df->arena, sizeof known / sizeof known[0] *
                                                         sizeof *df->directives);
        int rc = add_directive(df, known[i], value, number, err);
        return rc < 0 ? err_at(err, df->name, number) : rc;
    }
    return 0;
}
