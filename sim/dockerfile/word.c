/* SPDX-License-Identifier: MIT */
/*
 * The reader of Dockerfile words. Behaviour was established by building with BuildKit
 * 0.32; where it is odd, it is odd on purpose: escapes stay in the text of
 * ${name/pattern/text}, and the text of ${name//pattern/text} is a template in which
 * $0 is what matched.
 */
#include "sim/dockerfile/word.h"

#include <string.h>

#include "sim/dockerfile/lexer.h"

/* ${a:-${b:-…}}: deeper nesting is refused before it can exhaust the stack. */
enum { NESTING_MOST = 200, VALUE_MOST = 1 << 24 };

struct lexer {
    const char *at, *end;
    const struct word_options *opt;
    struct err *err;
    unsigned nesting;
    bool raw;        /* quotes and escapes stay */
    bool in_pattern; /* escapes stay, for a pattern or what replaces it */
    bool keep_names; /* variables stay as written */
    bool open_quote; /* the failure is a quote that was not closed */
};

/* Where text goes: one string, or words that unquoted white space separates. */
struct sink {
    struct buf text;
    struct strv *words; /* NULL: one string */
    bool in_word;
};

static void put_raw(struct sink *s, const char *p, size_t n)
{
    buf_add(&s->text, p, n);
    s->in_word = true;
}

static void end_word(struct sink *s)
{
    if (s->in_word)
        strv_addn(s->words, buf_str(&s->text), s->text.len);
    buf_clear(&s->text);
    s->in_word = false;
}

static void put_plain(struct sink *s, const char *p, size_t n)
{
    if (s->words == NULL) {
        buf_add(&s->text, p, n);
        return;
    }
    for (size_t i = 0; i < n;) {
        size_t k = scan_space(p + i, n - i);
        if (k > 0) {
            end_word(s);
            i += k;
        } else {
            put_raw(s, p + i++, 1);
        }
    }
}

static int syntax(struct lexer *lx, const char *what)
{
    return err_set(lx->err, ERR_INPUT, "syntax error: %s", what);
}

static size_t left(const struct lexer *lx)
{
    return (size_t)(lx->end - lx->at);
}

static bool next_is(const struct lexer *lx, char c)
{
    return lx->at < lx->end && *lx->at == c;
}

/* Up to and with the closing quote; `from` is the opening one. */
static int single_quoted(struct lexer *lx, struct sink *out)
{
    const char *from = lx->at++;
    const char *close = memchr(lx->at, '\'', left(lx));
    if (close == NULL) {
        lx->open_quote = true;
        return err_set(
            lx->err, ERR_INPUT,
            "unexpected end of statement while looking for matching single-quote");
    }
    lx->at = close + 1;
    if (lx->raw)
        put_raw(out, from, (size_t)(lx->at - from));
    else
        put_raw(out, from + 1, (size_t)(close - from - 1));
    return 0;
}

static int dollar(struct lexer *lx, struct buf *out);

/* An escape character inside double quotes: c stands before lx->at, where there is
 * more. */
static void escaped_in_quotes(struct lexer *lx, struct sink *out)
{
    char c = lx->at[-1];
    bool escapes = *lx->at == '"' || *lx->at == '$' || *lx->at == c;
    /* In a pattern a plain one is doubled, to stay itself. */
    if (lx->in_pattern || (escapes && lx->raw))
        put_raw(out, &c, 1);
    if (escapes)
        c = *lx->at++;
    put_raw(out, &c, 1);
}

static int double_quoted(struct lexer *lx, struct sink *out)
{
    lx->at++;
    put_raw(out, "\"", lx->raw ? 1 : 0);
    while (lx->at < lx->end) {
        char c = *lx->at;
        if (c == '"') {
            lx->at++;
            put_raw(out, "\"", lx->raw ? 1 : 0);
            return 0;
        }
        if (c == '$') {
            AUTO_BUF value = BUF_INIT;
            int rc = dollar(lx, &value);
            if (rc != 0)
                return rc;
            put_raw(out, buf_str(&value), value.len);
            continue;
        }
        lx->at++;
        if (c == lx->opt->escape && lx->at == lx->end)
            break;
        if (c == lx->opt->escape)
            escaped_in_quotes(lx, out);
        else
            put_raw(out, &c, 1);
    }
    lx->open_quote = true;
    return err_set(
        lx->err, ERR_INPUT,
        "unexpected end of statement while looking for matching double-quote");
}

/* An escape character outside quotes. */
static void escaped(struct lexer *lx, struct sink *out)
{
    char escape = *lx->at++;
    if (lx->at == lx->end) {
        if (lx->in_pattern || lx->opt->keep_escapes)
            put_raw(out, &escape, 1);
        return;
    }
    char next = *lx->at++;
    bool keep = lx->in_pattern || lx->raw ||
                (lx->opt->keep_escapes && next != '$' && next != escape);
    if (keep)
        put_raw(out, &escape, 1);
    put_raw(out, &next, 1);
}

/* Text up to `stop` (which is passed over) or, if it is 0, to the end. */
static int read_until(struct lexer *lx, char stop, struct sink *out)
{
    while (lx->at < lx->end) {
        char c = *lx->at;
        int rc = 0;
        if (c == stop && stop != '\0') {
            lx->at++;
            return 0;
        }
        if (c == '$') {
            AUTO_BUF value = BUF_INIT;
            rc = dollar(lx, &value);
            if (rc == 0)
                put_plain(out, buf_str(&value), value.len);
        } else if (c == '\'' && !lx->opt->keep_quotes) {
            rc = single_quoted(lx, out);
        } else if (c == '"' && !lx->opt->keep_quotes) {
            rc = double_quoted(lx, out);
        } else if (c == lx->opt->escape) {
            escaped(lx, out);
        } else {
            uint32_t rune;
            size_t n = scan_rune(lx->at, left(lx), &rune);
            put_plain(out, lx->at, n);
            lx->at += n;
        }
        if (rc != 0)
            return rc;
        if (out->text.len > VALUE_MOST)
            return syntax(lx, "the expanded text is longer than 16 MiB");
    }
    return stop == '\0' ? 0 : syntax(lx, "missing '}'");
}

/* A part of ${…}; an open quote in it means that the "}" was not found. */
static int read_part(struct lexer *lx, char stop, bool pattern, struct buf *out)
{
    struct sink sink = {BUF_INIT, NULL, false};
    const bool around = lx->in_pattern;
    lx->in_pattern = pattern;
    int rc = read_until(lx, stop, &sink);
    lx->in_pattern = around;
    if (rc != 0 && (lx->open_quote || (lx->at == lx->end && stop == '/')))
        rc = syntax(lx, stop == '/' ? "missing '/' in ${}" : "missing '}'");
    if (rc == 0)
        buf_add(out, buf_str(&sink.text), sink.text.len);
    buf_free(&sink.text);
    return rc;
}

/* The name at the reader: a word, a number, or one special parameter. */
static struct span name_at(struct lexer *lx)
{
    const char *start = lx->at;
    if (lx->at < lx->end && is_digit(*lx->at)) {
        while (lx->at < lx->end && is_digit(*lx->at))
            lx->at++;
    } else if (lx->at < lx->end && *lx->at != '\0' && strchr("@*#?-$!", *lx->at)) {
        lx->at++;
    } else {
        uint32_t rune;
        while (lx->at < lx->end) {
            size_t n = scan_rune(lx->at, left(lx), &rune);
            if (!scan_is_name(rune))
                break;
            lx->at += n;
        }
    }
    return (struct span){start, (size_t)(lx->at - start)};
}

/* NULL if unset. */
static const char *value_of(const struct lexer *lx, const char *name)
{
    const char *value =
        lx->opt->lookup != NULL ? lx->opt->lookup(lx->opt->payload, name) : NULL;
    struct strv *unset = lx->opt->unset;
    if (value == NULL && unset != NULL && !strv_contains(unset, name))
        strv_add(unset, name);
    return value;
}

/* ${name:-word} and its kin; `op` is one of - + ?, `colon` that empty means unset. */
static int alternative(struct lexer *lx, const char *name, char op, bool colon,
                       struct buf *out)
{
    AUTO_BUF word = BUF_INIT;
    int rc = read_part(lx, '}', false, &word);
    if (rc != 0)
        return rc;
    const char *value = value_of(lx, name);
    bool is_set = value != NULL && !(colon && value[0] == '\0');
    if (op == '+') {
        if (is_set)
            buf_adds(out, buf_str(&word));
    } else if (is_set) {
        buf_adds(out, value);
    } else if (op == '-') {
        buf_adds(out, buf_str(&word));
    } else if (word.len > 0) {
        return err_set(lx->err, ERR_INPUT, "%s: %s", name, buf_str(&word));
    } else {
        return err_set(lx->err, ERR_INPUT, "%s: is not allowed to be %s", name,
                       value == NULL ? "unset" : "empty");
    }
    return 0;
}

/* ${name#pattern} and its kin; `op` is # or %. */
static int trimmed(struct lexer *lx, const char *name, char op, struct buf *out)
{
    AUTO_BUF text = BUF_INIT;
    int rc = read_part(lx, '}', true, &text);
    if (rc != 0)
        return rc;
    const char *found = value_of(lx, name);
    struct span value = span_of(found != NULL ? found : "");
    struct span source = {buf_str(&text), text.len};
    bool longest = source.n > 0 && source.p[0] == op;
    if (longest)
        source = (struct span){source.p + 1, source.n - 1};
    struct pattern pattern;
    rc = word_pattern_compile(source, &pattern, lx->err);
    if (rc != 0)
        return rc;
    long at = op == '#' ? pattern_prefix(&pattern, value, longest)
                        : pattern_suffix(&pattern, value, longest);
    word_pattern_free(&pattern);
    if (at < 0)
        buf_adds(out, value.p);
    else if (op == '#')
        buf_adds(out, value.p + at);
    else
        buf_add(out, value.p, (size_t)at);
    return 0;
}

/* The text of ${name//pattern/text}: $0 or ${0} is what matched, $$ is a dollar, other
 * names are empty. */
static void add_template(struct buf *out, struct span t, struct span match)
{
    for (size_t i = 0; i < t.n;) {
        if (t.p[i] != '$' || i + 1 == t.n) {
            buf_addc(out, t.p[i++]);
            continue;
        }
        bool brace = t.p[i + 1] == '{';
        size_t start = i + (brace ? 2 : 1), end = start;
        while (end < t.n &&
               (is_alpha(t.p[end]) || is_digit(t.p[end]) || t.p[end] == '_'))
            end++;
        if (t.p[i + 1] == '$') {
            buf_addc(out, '$');
            i += 2;
        } else if (end == start || (brace && (end == t.n || t.p[end] != '}'))) {
            buf_addc(out, t.p[i++]);
        } else {
            if (end - start == 1 && t.p[start] == '0')
                buf_add(out, match.p, match.n);
            i = end + (brace ? 1 : 0);
        }
    }
}

static void replace(const struct pattern *pattern, struct span value, struct span text,
                    bool all, struct buf *out)
{
    size_t i = 0;
    bool after_match = false; /* an empty match right behind a match does not count */
    while (i <= value.n) {
        struct span rest = {value.p + i, value.n - i};
        long n = pattern_prefix(pattern, rest, true);
        bool hit = n > 0 || (n == 0 && !after_match);
        after_match = false;
        if (hit && all)
            add_template(out, text, (struct span){rest.p, (size_t)n});
        else if (hit)
            buf_add(out, text.p, text.n);
        if (hit && !all) {
            buf_add(out, rest.p + n, rest.n - (size_t)n);
            return;
        }
        if (hit && n > 0) {
            i += (size_t)n;
            after_match = true;
        } else {
            uint32_t rune;
            size_t k = rest.n > 0 ? scan_rune(rest.p, rest.n, &rune) : 1;
            buf_add(out, rest.p, rest.n > 0 ? k : 0);
            i += k;
        }
    }
}

/* ${name/pattern/text}, ${name//pattern/text}. */
static int replaced(struct lexer *lx, const char *name, struct buf *out)
{
    bool all = next_is(lx, '/');
    if (all)
        lx->at++;
    AUTO_BUF source = BUF_INIT;
    AUTO_BUF text = BUF_INIT;
    int rc = read_part(lx, '/', true, &source);
    if (rc == 0)
        rc = read_part(lx, '}', true, &text);
    if (rc != 0)
        return rc;
    const char *found = value_of(lx, name);
    struct span value = span_of(found != NULL ? found : "");
    /* Matching is quadratic: bound what a hostile file can ask for. */
    if (value.n > 65536 || source.len > 4096 || value.n * (source.len + 1) > 1u << 22)
        return syntax(lx, "the pattern or the value is too long for a replacement");
    struct pattern pattern;
    rc = word_pattern_compile((struct span){buf_str(&source), source.len}, &pattern,
                              lx->err);
    if (rc != 0)
        return rc;
    replace(&pattern, value, (struct span){buf_str(&text), text.len}, all, out);
    word_pattern_free(&pattern);
    return 0;
}

/* After "${". */
static int braced(struct lexer *lx, struct buf *out)
{
    if (lx->at == lx->end)
        return syntax(lx, "missing '}'");
    if (next_is(lx, '}') || next_is(lx, ':'))
        return syntax(lx, "bad substitution");
    struct span span = name_at(lx);
    AUTO_FREE char *name = xstrndup(span.p, span.n);
    if (lx->at == lx->end)
        return syntax(lx, "missing '}'");
    char op = *lx->at++;
    bool colon = op == ':';
    if (op == '}') {
        const char *value = value_of(lx, name);
        buf_adds(out, value != NULL ? value : "");
        return 0;
    }
    if (colon) {
        if (lx->at == lx->end || next_is(lx, '}'))
            return syntax(lx, "missing '}'");
        op = *lx->at++;
    }
    if (op == '-' || op == '+' || op == '?')
        return alternative(lx, name, op, colon, out);
    if (!colon && (op == '#' || op == '%'))
        return trimmed(lx, name, op, out);
    if (!colon && op == '/')
        return replaced(lx, name, out);
    uint32_t rune;
    lx->at--;
    return err_set(lx->err, ERR_INPUT, "unsupported modifier (%s%.*s) in substitution",
                   colon ? ":" : "", (int)scan_rune(lx->at, left(lx), &rune), lx->at);
}

static int dollar(struct lexer *lx, struct buf *out)
{
    const char *start = lx->at++;
    int rc = 0;
    if (next_is(lx, '{')) {
        lx->at++;
        if (++lx->nesting > NESTING_MOST)
            return syntax(lx, "variables are nested too deeply");
        rc = braced(lx, out);
        lx->nesting--;
    } else {
        struct span span = name_at(lx);
        if (span.n == 0) {
            buf_addc(out, '$');
            return 0;
        }
        if (!lx->keep_names) {
            AUTO_FREE char *name = xstrndup(span.p, span.n);
            const char *value = value_of(lx, name);
            buf_adds(out, value != NULL ? value : "");
        }
    }
    if (rc == 0 && lx->keep_names) {
        buf_clear(out);
        buf_add(out, start, (size_t)(lx->at - start));
    }
    return rc;
}

static int explain(struct err *err, const char *word, int rc)
{
    if (rc != 0)
        err_wrap(err, "failed to process \"%.200s\"", word);
    return rc;
}

int word_expand(const char *word, const struct word_options *options, char **out,
                struct err *err)
{
    struct span text = span_of(word);
    const char special[] = {'$', '\'', '"', options->escape, '\0'};
    if (strcspn(word, special) == text.n) {
        *out = xstrndup(word, text.n);
        return 0;
    }
    struct lexer lx = {
        .at = text.p, .end = text.p + text.n, .opt = options, .err = err};
    struct sink sink = {BUF_INIT, NULL, false};
    int rc = read_until(&lx, '\0', &sink);
    if (rc == 0)
        *out = buf_steal(&sink.text);
    buf_free(&sink.text);
    return explain(err, word, rc);
}

static int split(struct lexer *lx, struct strv *out)
{
    struct sink sink = {BUF_INIT, out, false};
    int rc = read_until(lx, '\0', &sink);
    if (rc == 0)
        end_word(&sink);
    buf_free(&sink.text);
    return rc;
}

int word_expand_split(const char *word, const struct word_options *options,
                      struct strv *out, struct err *err)
{
    struct span text = span_of(word);
    struct lexer lx = {
        .at = text.p, .end = text.p + text.n, .opt = options, .err = err};
    return explain(err, word, split(&lx, out));
}

int lexer_split(struct span text, char escape, bool raw, struct strv *out,
                struct err *err)
{
    struct word_options options = {.escape = escape};
    struct lexer lx = {.at = text.p,
                       .end = text.p + text.n,
                       .opt = &options,
                       .err = err,
                       .raw = raw,
                       .keep_names = true};
    return split(&lx, out);
}
