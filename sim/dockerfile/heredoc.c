/* SPDX-License-Identifier: MIT */
/* Heredocs: which words of a line open one, and the bodies in the lines behind it. */
#include <string.h>

#include "sim/dockerfile/lexer.h"
#include "sim/dockerfile/parse.h"

/* More in one instruction than anybody writes; bounds what one line can ask for. */
enum { HEREDOCS_MOST = 1000 };

static bool may_hold_heredocs(const struct instruction *in)
{
    return !in->json && (in->kind == INSTRUCTION_RUN || in->kind == INSTRUCTION_COPY ||
                         in->kind == INSTRUCTION_ADD);
}

/* The delimiter as one word, quotes and escapes removed; false if it is not one. */
static bool read_delimiter(struct span text, struct heredoc *out, struct arena *arena)
{
    struct strv plain = STRV_INIT, raw = STRV_INIT;
    struct err ignored = ERR_INIT;
    bool ok = lexer_split(text, '\\', false, &plain, &ignored) == 0 && plain.len == 1 &&
              lexer_split(text, '\\', true, &raw, &ignored) == 0 && raw.len == 1;
    ok = ok && plain.items[0][0] != '\0';
    if (ok) {
        out->name = arena_strdup(arena, plain.items[0]);
        out->expand = strcmp(plain.items[0], raw.items[0]) == 0;
    }
    strv_free(&plain);
    strv_free(&raw);
    return ok;
}

/* Whether the word at *at opens a heredoc: N<<DELIMITER, N<<-DELIMITER, or N<< with the
 * delimiter in the next word, which is passed over (never <<- and a blank). */
static bool read_heredoc(const struct strv *words, size_t *at, struct heredoc *out,
                         struct arena *arena)
{
    *out = (struct heredoc){0};
    const char *word = words->items[*at];
    unsigned fd = 0;
    for (; is_digit(*word); word++)
        fd = fd < 100000000 ? fd * 10 + (unsigned)(*word - '0') : fd;
    if (word[0] != '<' || word[1] != '<')
        return false;
    word += 2;
    out->fd = fd;
    if (*word == '\0' && *at + 1 < words->len) {
        word = words->items[++*at];
    } else if (*word == '-') {
        out->chomp = true;
        word++;
    }
    return *word != '\0' && strchr(word, '<') == NULL &&
           read_delimiter(span_of(word), out, arena);
}

static void find(struct dockerfile *df, struct instruction *in, const char *line)
{
    struct strv words = STRV_INIT;
    struct err ignored = ERR_INIT;
    size_t cap = 0;
    /* In a line with an open quote BuildKit sees no heredoc: the rest is the shell's
     * business. */
    int rc = lexer_split(span_of(line), '\\', true, &words, &ignored);
    for (size_t i = 0; rc == 0 && i < words.len && in->heredoc_count < HEREDOCS_MOST;
         i++) {
        struct heredoc found;
        if (!read_heredoc(&words, &i, &found, &df->arena))
            continue;
        if (in->heredoc_count == cap) {
            cap = cap == 0 ? 2 : cap * 2;
            struct heredoc *grown = arena_alloc(&df->arena, cap * sizeof *grown);
            if (in->heredoc_count > 0)
                memcpy(grown, in->heredocs, in->heredoc_count * sizeof *grown);
            in->heredocs = grown;
        }
        in->heredocs[in->heredoc_count++] = found;
    }
    strv_free(&words);
}

static bool ends_body(const struct heredoc *h, struct span line)
{
    while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    while (h->chomp && line.n > 0 && line.p[0] == '\t') {
        line.p++;
        line.n--;
    }
    return strlen(h->name) == line.n && memcmp(h->name, line.p, line.n) == 0;
}

static int read_body(struct dockerfile *df, struct reader *reader, struct heredoc *h,
                     struct err *err)
{
    const char *start = reader->at;
    for (;;) {
        const char *here = reader->at;
        struct span line;
        int rc = reader_next_raw(reader, &line, err);
        if (rc < 0)
            return rc;
        if (rc == 0) {
            err_set(err, ERR_INPUT, "unterminated heredoc: no line \"%s\" ends it",
                    h->name);
            return err_hint(err, "add a line that holds %s and nothing else", h->name);
        }
        if (ends_body(h, line)) {
            h->content = arena_strndup(&df->arena, start, (size_t)(here - start));
            return 0;
        }
    }
}

int heredocs_read(struct dockerfile *df, struct reader *reader, struct instruction *in,
                  struct err *err)
{
    struct instruction *holder = in->onbuild != NULL ? in->onbuild : in;
    if (!may_hold_heredocs(holder) || strstr(in->original, "<<") == NULL)
        return 0;
    find(df, holder, in->original);
    for (size_t i = 0; i < holder->heredoc_count; i++) {
        int rc = read_body(df, reader, &holder->heredocs[i], err);
        if (rc != 0)
            return rc;
    }
    return 0;
}
