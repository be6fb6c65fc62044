/* SPDX-License-Identifier: MIT */
/* Matching by recursion over the pattern's items; every look at a byte is counted. */
#include "lua/pattern.h"

#include <ctype.h>
#include <string.h>

enum { PATTERN_DEPTH = 200 };
#define OPEN (PATTERN_POSITION - 1)

static const char *fail(struct pattern *m, const char *why)
{
    m->error = why;
    return NULL;
}

/* Where the single-character item at p ends. */
static const char *item_end(struct pattern *m, const char *p)
{
    if (p == m->end)
        return fail(m, "malformed pattern (ends too early)");
    char c = *p++;
    if (c == '%')
        return p < m->end ? p + 1 : fail(m, "malformed pattern (ends with '%')");
    if (c != '[')
        return p;
    p += p < m->end && *p == '^' ? 1 : 0;
    for (bool first = true; first || p >= m->end || *p != ']'; first = false) {
        if (p >= m->end)
            return fail(m, "malformed pattern (missing ']')");
        p += *p == '%' ? 2 : 1;
    }
    return p + 1;
}

static bool in_class(unsigned char c, unsigned char class)
{
    bool yes;
    switch (tolower(class)) {
    case 'a':
        yes = isalpha(c) != 0;
        break;
    case 'c':
        yes = iscntrl(c) != 0;
        break;
    case 'd':
        yes = isdigit(c) != 0;
        break;
    case 'g':
        yes = isgraph(c) != 0;
        break;
    case 'l':
        yes = islower(c) != 0;
        break;
    case 'p':
        yes = ispunct(c) != 0;
        break;
    case 's':
        yes = isspace(c) != 0;
        break;
    case 'u':
        yes = isupper(c) != 0;
        break;
    case 'w':
        yes = isalnum(c) != 0;
        break;
    case 'x':
        yes = isxdigit(c) != 0;
        break;
    default:
        return class == c;
    }
    return isupper(class) ? !yes : yes;
}

/* p stands at "[", end behind "]". */
static bool in_set(unsigned char c, const char *p, const char *end)
{
    const char *last = end - 1;
    bool wanted = true;
    p++;
    if (*p == '^') {
        wanted = false;
        p++;
    }
    for (; p < last; p++) {
        if (*p == '%') {
            p++;
            if (in_class(c, (unsigned char)*p))
                return wanted;
        } else if (p + 2 < last && p[1] == '-') {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2])
                return wanted;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return wanted;
        }
    }
    return !wanted;
}

/* Whether the item [p, end) takes the character at s. */
static bool takes(struct pattern *m, const char *s, const char *p, const char *end)
{
    m->steps += 1 + (*p == '[' ? (uint64_t)(end - p) : 0);
    if (s >= m->text_end)
        return false;
    unsigned char c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_class(c, (unsigned char)p[1]);
    case '[':
        return in_set(c, p, end);
    default:
        return (unsigned char)*p == c;
    }
}

static const char *match(struct pattern *m, const char *s, const char *p);

/* %bxy */
static const char *balance(struct pattern *m, const char *s, const char *p)
{
    if (p + 1 >= m->end)
        return fail(m, "malformed pattern (missing arguments to '%b')");
    if (s >= m->text_end || *s != *p)
        return NULL;
    unsigned long level = 1;
    for (s++; s < m->text_end; s++) {
        m->steps++;
        if (*s == p[1]) {
            if (--level == 0)
                return s + 1;
        } else if (*s == *p) {
            level++;
        }
    }
    return NULL;
}

static const char *longest(struct pattern *m, const char *s, const char *p,
                           const char *end)
{
    size_t n = 0;
    while (takes(m, s + n, p, end))
        n++;
    for (;; n--) {
        const char *rest = match(m, s + n, end + 1);
        if (rest != NULL || n == 0 || m->error != NULL)
            return rest;
    }
}

static const char *shortest(struct pattern *m, const char *s, const char *p,
                            const char *end)
{
    for (;; s++) {
        const char *rest = match(m, s, end + 1);
        if (rest != NULL || m->error != NULL)
            return rest;
        if (!takes(m, s, p, end))
            return NULL;
    }
}

static const char *open_capture(struct pattern *m, const char *s, const char *p)
{
    if (m->captures == PATTERN_CAPTURES)
        return fail(m, "too many captures");
    bool position = p + 1 < m->end && p[1] == ')';
    m->capture[m->captures].start = s;
    m->capture[m->captures].len = position ? PATTERN_POSITION : OPEN;
    m->captures++;
    const char *rest = match(m, s, p + (position ? 2 : 1));
    if (rest == NULL)
        m->captures--;
    return rest;
}

static const char *close_capture(struct pattern *m, const char *s, const char *p)
{
    unsigned i = m->captures;
    while (i > 0 && m->capture[i - 1].len != OPEN)
        i--;
    if (i == 0)
        return fail(m, "invalid pattern capture");
    m->capture[i - 1].len = (size_t)(s - m->capture[i - 1].start);
    const char *rest = match(m, s, p + 1);
    if (rest == NULL)
        m->capture[i - 1].len = OPEN;
    return rest;
}

/* %1 … %9: the same text again. */
static const char *again(struct pattern *m, const char *s, char digit)
{
    unsigned i = (unsigned)(digit - '1');
    if (digit == '0' || i >= m->captures || m->capture[i].len >= OPEN)
        return fail(m, "invalid capture index in pattern");
    size_t n = m->capture[i].len;
    m->steps += n;
    if ((size_t)(m->text_end - s) < n || memcmp(m->capture[i].start, s, n) != 0)
        return NULL;
    return s + n;
}

static bool at_frontier(struct pattern *m, const char *s, const char *p,
                        const char *end)
{
    unsigned char before = s == m->text ? '\0' : (unsigned char)s[-1];
    unsigned char here = s < m->text_end ? (unsigned char)*s : '\0';
    m->steps += 2;
    return !in_set(before, p, end) && in_set(here, p, end);
}

/* Items that take no single character: % b f digit. *s and *p move on; false: no
 * match, or not such an item with *special false. */
static bool match_special(struct pattern *m, const char **s, const char **p,
                          bool *special)
{
    const char *q = *p;
    *special = *q == '%' && q + 1 < m->end &&
               (q[1] == 'b' || q[1] == 'f' || isdigit((unsigned char)q[1]));
    if (!*special)
        return false;
    if (q[1] == 'f') {
        if (q + 2 >= m->end || q[2] != '[') {
            fail(m, "missing '[' after '%f' in pattern");
            return false;
        }
        const char *end = item_end(m, q + 2);
        *p = end;
        return end != NULL && at_frontier(m, *s, q + 2, end);
    }
    const char *next = q[1] == 'b' ? balance(m, *s, q + 2) : again(m, *s, q[1]);
    *p = q + (q[1] == 'b' ? 4 : 2);
    *s = next;
    return next != NULL;
}

/* One item and its repetition; true: *result is the answer, false: go on at *s, *p. */
static bool match_item(struct pattern *m, const char **s, const char **p,
                       const char **result)
{
    const char *end = item_end(m, *p);
    *result = NULL;
    if (end == NULL)
        return true;
    char repeat = '\0';
    if (end < m->end)
        repeat = *end;
    if (repeat == '*') {
        *result = longest(m, *s, *p, end);
        return true;
    }
    if (repeat == '-') {
        *result = shortest(m, *s, *p, end);
        return true;
    }
    bool taken = takes(m, *s, *p, end);
    if (repeat == '?') {
        *result = taken ? match(m, *s + 1, end + 1) : NULL;
        if (*result != NULL || m->error != NULL)
            return true;
        *p = end + 1;
        return false;
    }
    if (!taken)
        return true;
    if (repeat == '+') {
        *result = longest(m, *s + 1, *p, end);
        return true;
    }
    *s += 1;
    *p = end;
    return false;
}

static const char *match_items(struct pattern *m, const char *s, const char *p)
{
    while (p < m->end && m->error == NULL) {
        if (m->steps > m->limit)
            return fail(m, "the pattern takes too much work");
        if (*p == '(')
            return open_capture(m, s, p);
        if (*p == ')')
            return close_capture(m, s, p);
        if (*p == '$' && p + 1 == m->end)
            return s == m->text_end ? s : NULL;
        bool special = false;
        if (match_special(m, &s, &p, &special))
            continue;
        const char *result = NULL;
        if (special || match_item(m, &s, &p, &result))
            return result;
    }
    return m->error == NULL ? s : NULL;
}

static const char *match(struct pattern *m, const char *s, const char *p)
{
    if (m->depth >= PATTERN_DEPTH)
        return fail(m, "pattern too complex");
    m->depth++;
    const char *end = match_items(m, s, p);
    m->depth--;
    return end;
}

const char *pattern_match(struct pattern *m, const char *s, const char *p)
{
    m->captures = 0;
    m->depth = 0;
    m->steps++;
    const char *end = match(m, s, p);
    for (unsigned i = 0; end != NULL && i < m->captures; i++)
        if (m->capture[i].len == OPEN)
            return fail(m, "unfinished capture");
    return end;
}
