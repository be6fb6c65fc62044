/* SPDX-License-Identifier: MIT */
/* $((…)): 64-bit integers that wrap, the operators of C without assignment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/shell.h"

enum { ARITHMETIC_DEPTH = 64 };

struct sum {
    struct shell *sh;
    const char *p;
    unsigned depth;
    bool bad;
};

static int64_t ternary(struct sum *s);

static bool take(struct sum *s, const char *op)
{
    s->p += strspn(s->p, " \t\n");
    size_t n = strlen(op);
    if (strncmp(s->p, op, n) != 0)
        return false;
    /* "<" must not take half of "<<" or "<=", nor "&" half of "&&" */
    if (n == 1 && strchr("<>&|=", *op) != NULL &&
        (s->p[1] == *op || (s->p[1] == '=' && strchr("<>", *op) != NULL)))
        return false;
    s->p += n;
    return true;
}

static int64_t number(struct sum *s)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(s->p, &end, 0);
    s->bad = s->bad || end == s->p || errno != 0;
    s->p = end;
    return v;
}

static int64_t variable(struct sum *s)
{
    size_t n = strspn(s->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                            "0123456789");
    if (!shell_is_name(s->p, n)) {
        s->bad = true;
        return 0;
    }
    AUTO_FREE char *name = xstrndup(s->p, n);
    s->p += n;
    const char *value = shell_get(s->sh, name);
    struct sum inner = {.sh = s->sh, .p = value != NULL ? value : "0"};
    inner.p += strspn(inner.p, " \t");
    if (*inner.p == '\0')
        return 0;
    int64_t v = number(&inner);
    s->bad = s->bad || inner.bad || *inner.p != '\0';
    return v;
}

static int64_t unary(struct sum *s)
{
    if (s->bad || ++s->depth > ARITHMETIC_DEPTH) {
        s->bad = true;
        return 0;
    }
    int64_t v = 0;
    if (take(s, "(")) {
        v = ternary(s);
        s->bad = s->bad || !take(s, ")");
    } else if (take(s, "-")) {
        v = (int64_t)(0 - (uint64_t)unary(s));
    } else if (take(s, "+")) {
        v = unary(s);
    } else if (take(s, "!")) {
        v = unary(s) == 0;
    } else if (take(s, "~")) {
        v = ~unary(s);
    } else if (*s->p >= '0' && *s->p <= '9') {
        v = number(s);
    } else {
        v = variable(s);
    }
    s->depth--;
    return v;
}

static int64_t divide(struct sum *s, int64_t a, int64_t b, bool rest)
{
    if (b == 0) {
        s->bad = true;
        return 0;
    }
    if (b == -1)
        return rest ? 0 : (int64_t)(0 - (uint64_t)a);
    return rest ? a % b : a / b;
}

/* The binary operators, loosest first; one level of precedence a row. */
static const char *const levels[][5] = {
    {"||"},
    {"&&"},
    {"|"},
    {"^"},
    {"&"},
    {"==", "!="},
    {"<=", ">=", "<", ">"},
    {"<<", ">>"},
    {"+", "-"},
    {"*", "/", "%"},
};
enum { LEVELS = sizeof levels / sizeof *levels };

static int64_t apply(struct sum *s, const char *op, int64_t a, int64_t b)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    switch (op[0]) {
    case '|':
        return op[1] == '|' ? (a != 0 || b != 0) : (int64_t)(x | y);
    case '&':
        return op[1] == '&' ? (a != 0 && b != 0) : (int64_t)(x & y);
    case '^':
        return (int64_t)(x ^ y);
    case '=':
        return a == b;
    case '!':
        return a != b;
    case '<':
        return op[1] == '<' ? (int64_t)(x << (y & 63)) : op[1] == '=' ? a <= b : a < b;
    case '>':
        return op[1] == '>' ? a >> (y & 63) : op[1] == '=' ? a >= b : a > b;
    case '+':
        return (int64_t)(x + y);
    case '-':
        return (int64_t)(x - y);
    case '*':
        return (int64_t)(x * y);
    default:
        return divide(s, a, b, op[0] == '%');
    }
}

static int64_t binary(struct sum *s, size_t level)
{
    if (level == LEVELS)
        return unary(s);
    int64_t v = binary(s, level + 1);
    for (bool found = true; found && !s->bad;) {
        found = false;
        for (size_t i = 0; i < 5 && levels[level][i] != NULL && !found; i++) {
            if (!take(s, levels[level][i]))
                continue;
            found = true;
            v = apply(s, levels[level][i], v, binary(s, level + 1));
        }
    }
    return v;
}

static int64_t ternary(struct sum *s)
{
    if (s->bad || ++s->depth > ARITHMETIC_DEPTH) {
        s->bad = true;
        return 0;
    }
    int64_t v = binary(s, 0);
    if (!s->bad && take(s, "?")) {
        int64_t yes = ternary(s);
        s->bad = s->bad || !take(s, ":");
        int64_t no = ternary(s);
        v = v != 0 ? yes : no;
    }
    s->depth--;
    return v;
}

int shell_arithmetic(struct shell *sh, const char *text, int64_t *out)
{
    struct sum s = {.sh = sh, .p = text};
    s.p += strspn(s.p, " \t\n");
    *out = *s.p == '\0' ? 0 : ternary(&s);
    s.p += strspn(s.p, " \t\n");
    if (s.bad || *s.p != '\0')
        return shell_unsupported(sh, "the arithmetic $((%.80s))", text);
    return 0;
}
