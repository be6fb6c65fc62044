/* SPDX-License-Identifier: MIT */
/* A backtracking matcher with a bound on its steps. */
#include "sim/exec/match.h"

#include <ctype.h>
#include <string.h>

#define MATCH_STEPS 50000000ul
enum { MATCH_DEPTH = 2000 };

struct run {
    struct matcher *m;
    const char *start, *end; /* the line */
    const char *stop;        /* end of the alternative */
    unsigned depth;
    bool exhausted;
};

bool matcher_supported(const struct matcher *m)
{
    if (m->fixed)
        return true;
    bool in_set = false;
    for (const char *p = m->pattern; *p != '\0'; p++) {
        if (*p == '\\' && !in_set) {
            bool quoted =
                m->extended && p[1] != '\0' && strchr("(){}|+?", p[1]) != NULL;
            if (!quoted &&
                (p[1] == '\0' || strchr("(){}|+?<>bBwWsS123456789", p[1]) != NULL))
                return false;
            p++;
        } else if (*p == '[' && !in_set) {
            in_set = true;
            p += p[1] == '^' ? 1 : 0;
            p += p[1] == ']' ? 1 : 0;
        } else if (*p == ']' && in_set) {
            in_set = false;
        } else if (!in_set && m->extended && strchr("(){}", *p) != NULL) {
            return false;
        }
    }
    return !in_set;
}

static bool same(const struct matcher *m, unsigned char a, unsigned char b)
{
    return a == b || (m->ignore_case && tolower(a) == tolower(b));
}

/* Length of the element at p: one character, an escape, a set. */
static size_t element_length(const char *p, const char *stop)
{
    if (*p == '\\' && p + 1 < stop)
        return 2;
    if (*p != '[')
        return 1;
    const char *q = p + 1;
    q += *q == '^' ? 1 : 0;
    q += *q == ']' ? 1 : 0;
    for (; q < stop && *q != ']'; q++)
        if (q[0] == '[' && q[1] == ':') {
            const char *close = strstr(q + 2, ":]");
            q = close != NULL && close < stop ? close + 1 : q;
        }
    return q < stop ? (size_t)(q - p) + 1 : 1;
}

static bool class_has(const char *name, unsigned char c)
{
    static const struct {
        const char *name;
        int (*is)(int);
    } classes[] = {{"alpha:]", isalpha}, {"digit:]", isdigit},  {"alnum:]", isalnum},
                   {"space:]", isspace}, {"upper:]", isupper},  {"lower:]", islower},
                   {"punct:]", ispunct}, {"xdigit:]", isxdigit}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(name, classes[i].name, strlen(classes[i].name)) == 0)
            return classes[i].is(c) != 0;
    return false;
}

static bool set_has(const struct matcher *m, const char *p, size_t len, unsigned char c)
{
    const char *q = p + 1, *end = p + len - 1;
    bool negate = *q == '^', found = false;
    q += negate ? 1 : 0;
    for (const char *first = q; q < end; q++) {
        if (q[0] == '[' && q[1] == ':') {
            found = found || class_has(q + 2, c);
            const char *close = strstr(q + 2, ":]");
            q = close != NULL ? close + 1 : q;
        } else if (q > first && *q == '-' && q + 1 < end) {
            found = found || ((unsigned char)q[-1] <= c && c <= (unsigned char)q[1]);
        } else {
            found = found || same(m, (unsigned char)*q, c);
        }
    }
    return found != negate;
}

static bool element_has(const struct run *r, const char *p, size_t len, unsigned char c)
{
    if (*p == '.' && len == 1)
        return true;
    if (*p == '[' && len > 1)
        return set_has(r->m, p, len, c);
    return same(r->m, (unsigned char)p[len - 1], c);
}

static bool match_here(struct run *r, const char *p, const char *s);

/* As many as fit, then fewer. */
static bool match_repeat(struct run *r, const char *p, size_t len, const char *s)
{
    char op = p[len];
    size_t least = op == '+' ? 1 : 0, most = op == '?' ? 1 : (size_t)(r->end - s);
    size_t n = 0;
    while (n < most && s + n < r->end && element_has(r, p, len, (unsigned char)s[n]))
        n++;
    r->m->steps += n;
    for (;; n--) {
        if (n >= least && match_here(r, p + len + 1, s + n))
            return true;
        if (n <= least || r->exhausted)
            return false;
    }
}

static bool match_here(struct run *r, const char *p, const char *s)
{
    if (++r->m->steps > MATCH_STEPS || r->depth > MATCH_DEPTH) {
        r->exhausted = true;
        return false;
    }
    r->depth++;
    bool matched = false;
    for (;;) {
        if (p == r->stop) {
            matched = !r->m->whole || s == r->end;
            break;
        }
        if (*p == '$' && p + 1 == r->stop) {
            matched = s == r->end;
            break;
        }
        size_t len = element_length(p, r->stop);
        bool repeat =
            p + len < r->stop &&
            (p[len] == '*' || (r->m->extended && (p[len] == '+' || p[len] == '?')));
        if (repeat) {
            matched = match_repeat(r, p, len, s);
            break;
        }
        if (s == r->end || !element_has(r, p, len, (unsigned char)*s))
            break;
        p += len;
        s++;
    }
    r->depth--;
    return matched;
}

static bool search_alternative(struct run *r, const char *p)
{
    if (p < r->stop && *p == '^')
        return match_here(r, p + 1, r->start);
    for (const char *s = r->start; s <= r->end && !r->exhausted; s++) {
        if (match_here(r, p, s))
            return true;
        if (r->m->whole)
            break;
    }
    return false;
}

static bool search_fixed(struct matcher *m, const char *line, size_t len)
{
    size_t n = strlen(m->pattern);
    if (m->whole && n != len)
        return false;
    for (size_t i = 0; i + n <= len; i++) {
        size_t k = 0;
        while (k < n &&
               same(m, (unsigned char)line[i + k], (unsigned char)m->pattern[k]))
            k++;
        m->steps += k + 1;
        if (k == n)
            return true;
    }
    return false;
}

int matcher_search(struct matcher *m, const char *line, size_t len)
{
    if (m->fixed)
        return search_fixed(m, line, len) ? 1 : m->steps > MATCH_STEPS ? -1 : 0;
    struct run r = {.m = m, .start = line, .end = line + len};
    for (const char *p = m->pattern;;) {
        r.stop = p;
        while (*r.stop != '\0' && !(m->extended && *r.stop == '|'))
            r.stop += element_length(r.stop, p + strlen(p));
        if (search_alternative(&r, p))
            return 1;
        if (r.exhausted)
            return -1;
        if (*r.stop == '\0')
            return 0;
        p = r.stop + 1;
    }
}
