/* SPDX-License-Identifier: MIT */
/*
 * The parser's loop: lines, comments and continuations. What an instruction's line
 * holds is args.c's business, bodies behind it heredoc.c's.
 */
#include <string.h>

#include "sim/base/file.h"
#include "sim/dockerfile/dockerfile.h"
#include "sim/dockerfile/parse.h"

struct parser {
    struct dockerfile *df;
    struct reader reader;
    size_t cap, empty_cap;
    bool directives_over;
    char *annotation;    /* of the comment line that was read last, or NULL */
    struct buf comment;  /* comment lines right above */
    struct buf original; /* of an instruction of several lines */
    struct buf text;
    struct err *err;
};

/* Whether the escape character ends the line: then *line loses it and what follows. */
static bool continues(char escape, struct span *line)
{
    size_t n = line->n;
    while (n > 0 && (line->p[n - 1] == ' ' || line->p[n - 1] == '\t'))
        n--;
    if (n == 0 || line->p[n - 1] != escape || (n > 1 && line->p[n - 2] == escape))
        return false;
    line->n = n - 1;
    return true;
}

static void note_comment(struct parser *ps, struct span line)
{
    static const char mark[] = "simbench:";
    struct span text = span_trim((struct span){line.p + 1, line.n - 1});
    if (ps->comment.len > 0)
        buf_addc(&ps->comment, '\n');
    buf_add(&ps->comment, text.p, text.n);
    ps->annotation = NULL;
    if (text.n >= sizeof mark - 1 && memcmp(text.p, mark, sizeof mark - 1) == 0) {
        text = span_trim(
            (struct span){text.p + sizeof mark - 1, text.n - (sizeof mark - 1)});
        ps->annotation = arena_strndup(&ps->df->arena, text.p, text.n);
    }
}

static void forget_comment(struct parser *ps)
{
    buf_clear(&ps->comment);
    ps->annotation = NULL;
}

static void note_empty_line(struct parser *ps)
{
    struct dockerfile *df = ps->df;
    if (df->empty_continuation_count == ps->empty_cap) {
        ps->empty_cap = ps->empty_cap == 0 ? 4 : ps->empty_cap * 2;
        unsigned *grown = arena_alloc(&df->arena, ps->empty_cap * sizeof *grown);
        if (df->empty_continuation_count > 0)
            memcpy(grown, df->empty_continuations,
                   df->empty_continuation_count * sizeof *grown);
        df->empty_continuations = grown;
    }
    df->empty_continuations[df->empty_continuation_count++] = ps->reader.line;
}

static void add_text(struct buf *text, struct span piece)
{
    piece = span_trim(piece);
    if (piece.n > 0 && text->len > 0)
        buf_addc(text, ' ');
    buf_add(text, piece.p, piece.n);
}

/* The lines after a continuation character. */
static int join_lines(struct parser *ps, struct span first, struct instruction *in)
{
    buf_clear(&ps->original);
    buf_clear(&ps->text);
    buf_add(&ps->original, first.p, first.n);
    add_text(&ps->text, first);
    bool more = true, seen_word = first.n > 0;
    while (more) {
        struct span line;
        int rc = reader_next(&ps->reader, &line, ps->err);
        if (rc <= 0)
            return rc;
        struct span content = span_trim_left(line);
        if (content.n > 0 && content.p[0] == '#')
            continue;
        if (content.n == 0) {
            note_empty_line(ps);
            continue;
        }
        more = continues(ps->df->escape, &line);
        if (!seen_word) {
            line = span_trim_left(line);
            seen_word = line.n > 0;
            in->line = ps->reader.line;
        }
        buf_add(&ps->original, line.p, line.n);
        add_text(&ps->text, line);
    }
    return 0;
}

static int read_instruction(struct parser *ps, struct span line)
{
    struct dockerfile *df = ps->df;
    GROW(df->instructions, ps->cap, df->instruction_count + 1);
    struct instruction *in = &df->instructions[df->instruction_count++];
    *in = (struct instruction){.line = ps->reader.line, .annotation = ps->annotation};
    if (ps->comment.len > 0)
        in->comment = arena_strndup(&df->arena, ps->comment.data, ps->comment.len);
    forget_comment(ps);
    int rc = 0;
    if (continues(df->escape, &line)) {
        rc = join_lines(ps, line, in);
        in->original =
            arena_strndup(&df->arena, buf_str(&ps->original), ps->original.len);
        in->text = arena_strndup(&df->arena, buf_str(&ps->text), ps->text.len);
    } else {
        struct span text = span_trim(line);
        in->original = arena_strndup(&df->arena, line.p, line.n);
        in->text =
            text.n == line.n ? in->original : arena_strndup(&df->arena, text.p, text.n);
    }
    in->end_line = ps->reader.line;
    if (rc == 0)
        rc = instruction_read(df, in, ps->err);
    if (rc == 0)
        rc = heredocs_read(df, &ps->reader, in, ps->err);
    in->end_line = ps->reader.line;
    for (struct instruction *t = in->onbuild; t != NULL; t = t->onbuild)
        t->end_line = in->end_line;
    return rc == 0 ? 0 : err_at(ps->err, df->name, in->line);
}

static int read_line(struct parser *ps, struct span line)
{
    line = span_trim_left(line);
    if (!ps->directives_over) {
        int rc = directive_read(ps->df, line, ps->reader.line, ps->err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
        ps->directives_over = true;
    }
    if (line.n == 0) {
        ps->annotation = NULL;
        return 0;
    }
    if (line.p[0] == '#') {
        note_comment(ps, line);
        return 0;
    }
    return read_instruction(ps, line);
}

static int read_all(struct parser *ps)
{
    struct reader *r = &ps->reader;
    if (r->end - r->at >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0)
        r->at += 3;
    for (;;) {
        struct span line;
        int rc = reader_next(r, &line, ps->err);
        if (rc == 1)
            rc = read_line(ps, line);
        else if (rc == 0)
            break;
        if (rc < 0)
            return rc;
    }
    if (ps->df->instruction_count > 0)
        return 0;
    err_set(ps->err, ERR_INPUT, "file with no instructions");
    err_hint(ps->err, "a Dockerfile starts with FROM, for example: FROM scratch");
    return err_at(ps->err, ps->df->name, 0);
}

/* What no Dockerfile holds: too much of it, nothing, or NUL bytes. */
static int refuse_junk(const char *name, const char *text, size_t len, struct err *err)
{
    if (len > DOCKERFILE_LIMIT)
        err_set(err, ERR_INPUT, "the Dockerfile has %zu bytes; %zu is the most", len,
                DOCKERFILE_LIMIT);
    else if (len == 0)
        err_set(err, ERR_INPUT, "the Dockerfile cannot be empty");
    else {
        const char *nul = memchr(text, '\0', len);
        if (nul == NULL)
            return 0;
        unsigned line = 1;
        for (const char *p = text; (p = memchr(p, '\n', (size_t)(nul - p))) != NULL;
             p++)
            line++;
        err_set(err, ERR_INPUT, "a NUL byte: this is a binary file, not a Dockerfile");
        return err_at(err, name, line);
    }
    return err_at(err, name, 0);
}

int dockerfile_parse(const char *name, const char *text, size_t len,
                     struct dockerfile **out, struct err *err)
{
    int rc = refuse_junk(name, text, len, err);
    if (rc != 0)
        return rc;
    struct dockerfile *df = xcalloc(1, sizeof *df);
    df->name = arena_strdup(&df->arena, name);
    df->escape = '\\';
    struct parser ps = {.df = df,
                        .reader = {.at = text, .end = text + len, .name = df->name},
                        .err = err};
    rc = read_all(&ps);
    buf_free(&ps.comment);
    buf_free(&ps.original);
    buf_free(&ps.text);
    if (rc == 0)
        *out = df;
    else
        dockerfile_free(df);
    return rc;
}

int dockerfile_parse_file(const char *path, struct dockerfile **out, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    int rc = file_read(path, DOCKERFILE_LIMIT, &text, err);
    if (rc == ERR_NOT_FOUND)
        rc = err_set(err, ERR_INPUT, "no Dockerfile at %s", path);
    if (rc != 0)
        return rc; /* it names the file */
    return dockerfile_parse(path, buf_str(&text), text.len, out, err);
}

int dockerfile_parse_trigger(const char *name, const char *text,
                             struct dockerfile **out, struct err *err)
{
    int rc = dockerfile_parse(name, text, strlen(text), out, err);
    if (rc == 0 && (*out)->instruction_count != 1) {
        dockerfile_free(*out);
        *out = NULL;
        rc = err_set(err, ERR_INPUT,
                     "an ONBUILD trigger must be one instruction: %.200s", text);
        err_at(err, name, 0);
    }
    return rc;
}

void dockerfile_free(struct dockerfile *df)
{
    if (df == NULL)
        return;
    free(df->instructions);
    arena_free(&df->arena);
    free(df);
}
