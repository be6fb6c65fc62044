/* SPDX-License-Identifier: MIT */
/* Shell patterns of ${name#pattern} and ${name/pattern/text}: "*", "?" and literals. */
#include <stdlib.h>
#include <string.h>

#include "sim/dockerfile/lexer.h"

int word_pattern_compile(struct span text, struct pattern *out, struct err *err)
{
    *out = (struct pattern){xreallocarray(NULL, text.n + 1, sizeof *out->atoms), 0};
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        struct atom *atom = &out->atoms[out->len++];
        atom->byte = c;
        atom->kind = c == '*' ? ATOM_ANY : c == '?' ? ATOM_ONE : ATOM_LITERAL;
        if (c != '\\')
            continue;
        /* Docker knows these escapes and no other. */
        if (i + 1 == text.n || strchr("*?\\/}\"'$", text.p[i + 1]) == NULL) {
            word_pattern_free(out);
            return err_set(err, ERR_INPUT,
                           "invalid pattern (%.*s) in substitution: invalid escape",
                           (int)text.n, text.p);
        }
        atom->byte = text.p[++i];
    }
    return 0;
}

void word_pattern_free(struct pattern *p)
{
    free(p->atoms);
    *p = (struct pattern){0};
}

static size_t rune_len(struct span v, size_t at)
{
    uint32_t rune;
    return scan_rune(v.p + at, v.n - at, &rune);
}

/*
 * All positions that the pattern can have reached, as a set over the value: one pass an
 * atom, so that hostile patterns ("*a*a*a…") cost length times length at most.
 */
static void advance(const struct atom *atom, struct span v, const bool *from, bool *to)
{
    memset(to, 0, v.n + 1);
    bool any = false;
    for (size_t i = 0; i <= v.n; i++) {
        if (atom->kind == ATOM_ANY) {
            any = any || from[i];
            to[i] = any;
        } else if (from[i] && i < v.n) {
            if (atom->kind == ATOM_ONE)
                to[i + rune_len(v, i)] = true;
            else if (v.p[i] == atom->byte)
                to[i + 1] = true;
        }
    }
}

static bool none(const bool *set, size_t n)
{
    return memchr(set, true, n) == NULL;
}

long pattern_prefix(const struct pattern *p, struct span value, bool longest)
{
    AUTO_FREE bool *now = xcalloc(value.n + 1, 1);
    AUTO_FREE bool *next = xcalloc(value.n + 1, 1);
    now[0] = true;
    for (size_t i = 0; i < p->len; i++) {
        advance(&p->atoms[i], value, now, next);
        bool *swap = now;
        now = next;
        next = swap;
        if (none(now, value.n + 1))
            return -1;
    }
    long found = -1;
    for (size_t i = 0; i <= value.n && (found < 0 || longest); i++) {
        if (now[i])
            found = (long)i;
    }
    return found;
}

long pattern_suffix(const struct pattern *p, struct span value, bool longest)
{
    /* Backwards: which starts can reach the end. */
    AUTO_FREE bool *now = xcalloc(value.n + 1, 1);
    AUTO_FREE bool *next = xcalloc(value.n + 1, 1);
    now[value.n] = true;
    for (size_t a = p->len; a-- > 0;) {
        const struct atom *atom = &p->atoms[a];
        bool any = false;
        for (size_t i = value.n + 1; i-- > 0;) {
            if (atom->kind == ATOM_ANY)
                next[i] = any = any || now[i];
            else if (i == value.n)
                next[i] = false;
            else if (atom->kind == ATOM_ONE)
                next[i] = now[i + rune_len(value, i)];
            else
                next[i] = now[i + 1] && value.p[i] == atom->byte;
        }
        bool *swap = now;
        now = next;
        next = swap;
    }
    long found = -1;
    for (size_t i = 0; i <= value.n && (found < 0 || !longest); i++) {
        if (now[i] && (i == value.n || ((unsigned char)value.p[i] & 0xc0) != 0x80))
            found = (long)i;
    }
    return found;
}
