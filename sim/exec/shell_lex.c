/* SPDX-License-Identifier: MIT */
/* Words, here-documents and redirections (POSIX.1-2017, Shell Command
 * Language 2.2, 2.3, 2.7). */
#include "sim/exec/shell_lex.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "sim/base/buf.h"

static const char meta[] = " \t\n;&|<>()";

int shell_syntax(struct shell_parser *ps, const char *what)
{
    err_set(ps->err, ERR_FAILED, "line %u of the script: %s", ps->line, what);
    return err_hint(ps->err, "the model's shell front end is small: annotate the RUN "
                             "with a comment above it, # simbench: time=… writes=…");
}

int shell_not_modelled(struct shell_parser *ps, const char *construct)
{
    err_set(ps->err, ERR_FAILED, "line %u of the script: %s is not modelled", ps->line,
            construct);
    return err_hint(ps->err, "annotate the RUN with a comment above it, # simbench: "
                             "time=… writes=…");
}

/* ---- words ----------------------------------------------------------------------- */

static const char *skip_single(const char *p)
{
    const char *end = strchr(p + 1, '\'');
    return end != NULL ? end + 1 : NULL;
}

/* To the closer, quotes and nested constructs inside skipped whole. */
static const char *skip_until(const char *p, char open, char close, unsigned depth)
{
    unsigned level = 1;
    while (*p != '\0') {
        if (*p == close && --level == 0)
            return p + 1;
        if (*p == open && open != '\0')
            level++;
        const char *end = shell_skip_quoted(p, depth + 1);
        if (end == NULL)
            return NULL;
        p = end == p ? p + 1 : end;
    }
    return NULL;
}

static const char *skip_double(const char *p, unsigned depth)
{
    for (p++; *p != '\0' && *p != '"';) {
        const char *end = *p == '\'' ? p : shell_skip_quoted(p, depth + 1);
        if (end == NULL)
            return NULL;
        p = end == p ? p + 1 : end;
    }
    return *p == '"' ? p + 1 : NULL;
}

static const char *skip_backquote(const char *p)
{
    for (p++; *p != '\0' && *p != '`'; p++)
        if (*p == '\\' && p[1] != '\0')
            p++;
    return *p == '`' ? p + 1 : NULL;
}

const char *shell_skip_quoted(const char *p, unsigned depth)
{
    if (depth > SHELL_PARSE_DEPTH)
        return NULL;
    switch (*p) {
    case '\\':
        return p[1] != '\0' ? p + 2 : p + 1;
    case '\'':
        return skip_single(p);
    case '"':
        return skip_double(p, depth);
    case '`':
        return skip_backquote(p);
    case '$':
        if (p[1] == '(')
            return skip_until(p + 2, '(', ')', depth);
        if (p[1] == '{')
            return skip_until(p + 2, '{', '}', depth);
        return p;
    default:
        return p;
    }
}

void shell_skip_blanks(struct shell_parser *ps)
{
    for (;;) {
        ps->p += strspn(ps->p, " \t\r");
        if (ps->p[0] == '\\' && ps->p[1] == '\n') {
            ps->p += 2;
            ps->line++;
        } else if (*ps->p == '#') {
            ps->p += strcspn(ps->p, "\n");
        } else {
            return;
        }
    }
}

/* Reads one word as written; *out NULL where none starts here. */
int shell_read_word(struct shell_parser *ps, const char **out)
{
    shell_skip_blanks(ps);
    const char *start = ps->p, *p = start;
    *out = NULL;
    while (*p != '\0' && strchr(meta, *p) == NULL) {
        const char *end = shell_skip_quoted(p, 0);
        if (end == NULL)
            return shell_syntax(ps, "a quote or $( is not closed (or nested too deep)");
        p = end == p ? p + 1 : end;
    }
    if (p == start)
        return 0;
    for (const char *q = start; q < p; q++)
        ps->line += *q == '\n';
    ps->p = p;
    *out = arena_strndup(ps->arena, start, (size_t)(p - start));
    return 0;
}

void shell_add_word(struct shell_parser *ps, struct shell_words *words,
                    const char *word)
{
    if (words->len == words->cap) {
        size_t cap = words->cap == 0 ? 4 : words->cap * 2;
        const char **items = arena_alloc(ps->arena, cap * sizeof *items);
        if (words->len != 0)
            memcpy(items, words->items, words->len * sizeof *items);
        words->items = items;
        words->cap = cap;
    }
    words->items[words->len++] = word;
}

/* Whether the keyword stands here as a whole word; it is then skipped. */
bool shell_peek_keyword(struct shell_parser *ps, const char *keyword)
{
    shell_skip_blanks(ps);
    size_t n = strlen(keyword);
    return strncmp(ps->p, keyword, n) == 0 &&
           (ps->p[n] == '\0' || strchr(" \t\r\n;&|<>()", ps->p[n]) != NULL);
}

bool shell_take_keyword(struct shell_parser *ps, const char *keyword)
{
    if (!shell_peek_keyword(ps, keyword))
        return false;
    ps->p += strlen(keyword);
    return true;
}

/* ---- heredocs -------------------------------------------------------------------- */

/* The delimiter without its quotes. */
static const char *unquote(struct shell_parser *ps, const char *word, bool *quoted)
{
    char *out = arena_strdup(ps->arena, word), *to = out;
    *quoted = false;
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '\'' || *p == '"' || *p == '\\')
            *quoted = true;
        else
            *to++ = *p;
    }
    *to = '\0';
    return out;
}

static int read_heredoc_body(struct shell_parser *ps, size_t i)
{
    AUTO_BUF body = BUF_INIT;
    const char *delimiter = ps->delimiters[i];
    while (*ps->p != '\0') {
        const char *line = ps->p;
        size_t n = strcspn(line, "\n");
        ps->p += n + (line[n] == '\n' ? 1 : 0);
        ps->line++;
        if (ps->strip_tabs[i]) {
            size_t tabs = strspn(line, "\t");
            line += tabs;
            n -= tabs;
        }
        if (n == strlen(delimiter) && strncmp(line, delimiter, n) == 0) {
            ps->pending[i]->word = arena_strndup(ps->arena, buf_str(&body), body.len);
            return 0;
        }
        buf_add(&body, line, n);
        buf_addc(&body, '\n');
    }
    return shell_syntax(ps, "a here-document has no closing delimiter");
}

/* At a line's end: the bodies of the heredocs it announced. */
int shell_read_heredocs(struct shell_parser *ps)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ps->pending_count; i++)
        rc = read_heredoc_body(ps, i);
    ps->pending_count = 0;
    return rc;
}

static int newline(struct shell_parser *ps)
{
    ps->p++;
    ps->line++;
    return shell_read_heredocs(ps);
}

/* Skips newlines and blanks. */
int shell_skip_lines(struct shell_parser *ps)
{
    for (;;) {
        shell_skip_blanks(ps);
        if (*ps->p != '\n')
            return 0;
        int rc = newline(ps);
        if (rc != 0)
            return rc;
    }
}

/* ---- redirections ---------------------------------------------------------------- */

bool shell_at_redirect(const struct shell_parser *ps)
{
    const char *p = ps->p;
    if (isdigit((unsigned char)*p) && (p[1] == '<' || p[1] == '>'))
        return true;
    return *p == '<' || *p == '>' || (*p == '&' && p[1] == '>');
}

static int add_heredoc(struct shell_parser *ps, struct shell_redirect *r)
{
    bool strip = *ps->p == '-';
    ps->p += strip ? 1 : 0;
    const char *word = NULL;
    int rc = shell_read_word(ps, &word);
    if (rc != 0)
        return rc;
    if (word == NULL || ps->pending_count == 16)
        return shell_syntax(ps, "a here-document needs a delimiter");
    bool quoted = false;
    ps->delimiters[ps->pending_count] = unquote(ps, word, &quoted);
    ps->strip_tabs[ps->pending_count] = strip;
    ps->pending[ps->pending_count++] = r;
    r->kind = REDIRECT_HERE;
    r->expand = !quoted;
    r->word = "";
    return 0;
}

/* The operator after an optional number; leaves r->kind and the text behind it. */
static int read_operator(struct shell_parser *ps, struct shell_redirect *r)
{
    static const struct {
        const char *text;
        enum shell_redirect_kind kind;
        int fd;
        bool append;
    } operators[] = {
        {"&>>", REDIRECT_BOTH, 1, true},  {"&>", REDIRECT_BOTH, 1, false},
        {">>", REDIRECT_APPEND, 1, true}, {">&", REDIRECT_DUP, 1, false},
        {">|", REDIRECT_OUT, 1, false},   {">", REDIRECT_OUT, 1, false},
        {"<<", REDIRECT_HERE, 0, false},  {"<&", REDIRECT_DUP, 0, false},
        {"<", REDIRECT_IN, 0, false},
    };
    if (strncmp(ps->p, "<<<", 3) == 0)
        return shell_not_modelled(ps, "a here-string <<<");
    if (strncmp(ps->p, "<(", 2) == 0 || strncmp(ps->p, ">(", 2) == 0)
        return shell_not_modelled(ps, "a process substitution");
    if (strncmp(ps->p, "<>", 2) == 0)
        return shell_not_modelled(ps, "the redirection <>");
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t n = strlen(operators[i].text);
        if (strncmp(ps->p, operators[i].text, n) == 0) {
            ps->p += n;
            r->kind = operators[i].kind;
            r->append = operators[i].append;
            if (r->fd < 0)
                r->fd = operators[i].fd;
            return 0;
        }
    }
    return shell_syntax(ps, "bad redirection");
}

int shell_read_redirect(struct shell_parser *ps, struct shell_redirect ***tail)
{
    struct shell_redirect *r = arena_alloc(ps->arena, sizeof *r);
    *r = (struct shell_redirect){.fd = -1};
    if (isdigit((unsigned char)*ps->p))
        r->fd = *ps->p++ - '0';
    int rc = read_operator(ps, r);
    if (rc != 0)
        return rc;
    if (r->fd > 2)
        return shell_not_modelled(ps, "a file descriptor above 2");
    if (r->kind == REDIRECT_HERE) {
        rc = add_heredoc(ps, r);
    } else {
        rc = shell_read_word(ps, &r->word);
        if (rc == 0 && r->word == NULL)
            rc = shell_syntax(ps, "a redirection needs a file name");
    }
    if (rc != 0)
        return rc;
    **tail = r;
    *tail = &r->next;
    return 0;
}
