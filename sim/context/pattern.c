/* SPDX-License-Identifier: MIT */
/* Patterns of .dockerignore: cleaning, classification, translation. */
#include "sim/context/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

static bool is_blank(uint32_t c)
{
    return (c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

void pattern_trim(const char **text, size_t *len)
{
    size_t used;
    while (*len > 0 && is_blank(rune_decode(*text, *len, &used))) {
        *text += used;
        *len -= used;
    }
    while (*len > 0) {
        size_t n = 1; /* bytes of the last rune */
        while (n < 4 && n < *len && ((*text)[*len - n] & 0xC0) == 0x80)
            n++;
        uint32_t rune = rune_decode(*text + *len - n, n, &used);
        if (used != n || !is_blank(rune))
            break;
        *len -= n;
    }
}

/* Adds one part of a path that is being cleaned; `floor` as for "..". */
static void clean_part(struct buf *out, const char *part, size_t n, size_t start,
                       size_t *floor, bool rooted)
{
    bool up = n == 2 && memcmp(part, "..", 2) == 0;
    if (n == 0 || (n == 1 && part[0] == '.') || (up && rooted && out->len == *floor))
        return;
    if (up && out->len > *floor) {
        while (out->len > *floor && out->data[out->len - 1] != '/')
            out->len--;
        if (out->len > *floor)
            out->len--;
        return;
    }
    if (out->len > start && out->data[out->len - 1] != '/')
        buf_addc(out, '/');
    buf_add(out, part, n);
    if (up)
        *floor = out->len;
}

void pattern_clean(const char *text, size_t len, struct buf *out)
{
    size_t start = out->len;
    bool rooted = len > 0 && text[0] == '/';
    if (rooted)
        buf_addc(out, '/');
    size_t floor = out->len;
    for (size_t i = 0; i < len;) {
        const char *slash = memchr(text + i, '/', len - i);
        size_t n = slash != NULL ? (size_t)(slash - text) - i : len - i;
        clean_part(out, text + i, n, start, &floor, rooted);
        i += n + 1;
    }
    if (out->len == start)
        buf_addc(out, '.');
    out->data[out->len] = '\0';
}

/* The translation under way. */
struct translation {
    const char *text;
    size_t len, at;
    struct buf expr;
    enum pattern_kind kind;
};

static bool next_is(const struct translation *t, char c)
{
    return t->at < t->len && t->text[t->at] == c;
}

/* Behind the first of two stars. "first": nothing stood before them. */
static void add_two_stars(struct translation *t, bool first)
{
    t->at++;
    if (next_is(t, '/'))
        t->at++;
    if (t->at < t->len) {
        buf_adds(&t->expr, "(.*/)?");
        t->kind = PATTERN_REGEX;
    } else if (t->kind == PATTERN_EXACT) {
        t->kind = PATTERN_PREFIX;
    } else {
        buf_adds(&t->expr, ".*");
        t->kind = PATTERN_REGEX;
    }
    if (first)
        t->kind = PATTERN_SUFFIX;
}

static void add_rune(struct translation *t)
{
    size_t used;
    rune_decode(t->text + t->at, t->len - t->at, &used);
    buf_add(&t->expr, t->text + t->at, used);
    t->at += used;
}

/* "*", "**" or "?", the input standing behind its first character. */
static void add_wildcard(struct translation *t, char c, bool first)
{
    if (c == '*' && next_is(t, '*')) {
        add_two_stars(t, first);
        return;
    }
    buf_adds(&t->expr, c == '*' ? "[^/]*" : "[^/]");
    t->kind = PATTERN_REGEX;
}

/* Wildcards become what RE2 has for them. Brackets, braces, "|" and "^" are passed on
 * as they are, which is why they, a wildcard between brackets and a letter behind a
 * backslash mean what they mean in an expression. */
static void translate(struct translation *t)
{
    bool first = true;
    if (t->len >= 3 && memcmp(t->text, "\xEF\xBB\xBF", 3) == 0)
        t->at = 3; /* the clients' scanner drops a byte order mark */
    buf_addc(&t->expr, '^');
    for (; t->at < t->len; first = false) {
        char c = t->text[t->at];
        if (c == '*' || c == '?') {
            t->at++;
            add_wildcard(t, c, first);
            continue;
        }
        if (c == '\\') {
            t->at++;
            buf_addc(&t->expr, c);
            if (t->at == t->len)
                break;
        } else if (c != '\0' && strchr(".+()$", c) != NULL) {
            buf_addc(&t->expr, '\\');
        }
        if (c == '[' || c == ']' || c == '\\')
            t->kind = PATTERN_REGEX;
        add_rune(t);
    }
    buf_addc(&t->expr, '$');
}

enum { PATH_END = 0, UNKNOWN = -1 }; /* stand for bytes in a pair */

static void add_pair(struct pattern_pairs *pairs, int a, int b)
{
    unsigned bit = ((unsigned)a * 167 + (unsigned)b * 13) & 255;
    pairs->bits[bit / 64] |= UINT64_C(1) << (bit % 64);
}

void pattern_pairs_of(const char *path, size_t len, struct pattern_pairs *out)
{
    int before = PATH_END;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)path[i];
        add_pair(out, before, c);
        before = c;
    }
    add_pair(out, before, PATH_END);
}

/* The pairs of neighbours that stand for themselves. Only ASCII: other letters of a
 * pattern may match bytes that are no UTF-8. */
static void find_needed(const char *text, size_t len, struct pattern_pairs *out)
{
    int before = PATH_END;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < len; i++) /* these reach beyond where they stand */
        if (text[i] == '\0' || strchr("|{}^\\", text[i]) != NULL)
            return;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)text[i];
        if (c == '[')
            return; /* not worth finding its end */
        if (c == '*' || c == '?' || c == ']' || c >= 0x80) {
            bool two = c == '*' && i + 1 < len && text[i + 1] == '*';
            i += two ? 1 : 0;
            if (two && i + 1 < len && text[i + 1] == '/')
                i++; /* it need not be there in the path */
            before = UNKNOWN;
            continue;
        }
        if (before != UNKNOWN)
            add_pair(out, before, c);
        before = c;
    }
    if (before != UNKNOWN)
        add_pair(out, before, PATH_END);
}

int pattern_compile(const char *text, size_t len, struct pattern *out, struct err *err)
{
    struct translation t = {.text = text, .len = len, .kind = PATTERN_EXACT};
    bool ignored;
    memset(out, 0, sizeof *out);
    int rc = glob_match_n(text, len, ".", 1, &ignored, err);
    if (rc != 0)
        return rc;
    translate(&t);
    if (t.kind == PATTERN_REGEX)
        rc = regex_compile(t.expr.data, t.expr.len, &out->regex, err);
    buf_free(&t.expr);
    if (rc != 0)
        return rc;
    out->kind = t.kind;
    out->text = xstrndup(text, len);
    out->len = len;
    find_needed(text, len, &out->needed);
    return 0;
}

void pattern_free(struct pattern *pattern)
{
    free(pattern->text);
    regex_free(pattern->regex);
    memset(pattern, 0, sizeof *pattern);
}

bool pattern_matches(const struct pattern *pattern, const char *path, size_t len)
{
    const char *text = pattern->text;
    size_t n = pattern->len;
    switch (pattern->kind) {
    case PATTERN_EXACT:
        return len == n && memcmp(path, text, n) == 0;
    case PATTERN_PREFIX:
        n -= 2;
        return len >= n && memcmp(path, text, n) == 0;
    case PATTERN_SUFFIX:
        text += 2;
        n -= 2;
        if (len >= n && memcmp(path + len - n, text, n) == 0)
            return true;
        /* "**" and "/x" match "x" in the root, too. */
        return n > 0 && text[0] == '/' && len == n - 1 &&
               memcmp(path, text + 1, n - 1) == 0;
    default:
        return regex_matches(pattern->regex, path, len);
    }
}
