/* SPDX-License-Identifier: MIT */
/*
 * Go's filepath.Match, which COPY wildcards follow (documented at pkg.go.dev): the
 * pattern is cut at its stars, and each piece takes the first place where it fits;
 * there is no way back to an earlier star. The whole pattern is checked even where the
 * name has already failed.
 */
#include <string.h>

#include "sim/context/ignore.h"
#include "sim/context/pattern.h"

struct span {
    const char *p, *end;
};

static int bad(struct err *err, const char *what)
{
    return err_set(err, ERR_INPUT, "bad pattern: %s", what);
}

/* One end of a range between brackets. */
static int class_rune(struct span *piece, uint32_t *out, struct err *err)
{
    if (piece->p == piece->end)
        return bad(err, "a [ without its ]");
    if (*piece->p == '-' || *piece->p == ']')
        return bad(err, "a range in [ ] that lacks an end, or nothing in [ ]");
    if (*piece->p == '\\' && ++piece->p == piece->end)
        return bad(err, "a backslash at the end");
    size_t used;
    *out = rune_decode(piece->p, (size_t)(piece->end - piece->p), &used);
    if (*out == REGEX_BAD_RUNE && used == 1)
        return bad(err, "a character in [ ] that is not UTF-8");
    piece->p += used;
    if (piece->p == piece->end)
        return bad(err, "a [ without its ]");
    return 0;
}

/* Behind a "[". *has tells whether the class has the rune. */
static int match_class(struct span *piece, uint32_t rune, bool *has, struct err *err)
{
    bool negated = piece->p < piece->end && *piece->p == '^';
    bool found = false;
    piece->p += negated ? 1 : 0;
    for (bool first = true; first || piece->p == piece->end || *piece->p != ']';
         first = false) {
        uint32_t low = 0, high;
        int rc = class_rune(piece, &low, err);
        high = low;
        if (rc == 0 && *piece->p == '-') {
            piece->p++;
            rc = class_rune(piece, &high, err);
        }
        if (rc != 0)
            return rc;
        found = found || (low <= rune && rune <= high);
    }
    piece->p++;
    *has = found != negated;
    return 0;
}

/* Takes one rune off the name; 0 if it is empty. */
static uint32_t take_rune(struct span *name)
{
    size_t used = 0;
    uint32_t rune = 0;
    if (name->p < name->end)
        rune = rune_decode(name->p, (size_t)(name->end - name->p), &used);
    name->p += used;
    return rune;
}

/* A character that stands for itself, or behind a backslash. */
static int match_literal(struct span *piece, const struct span *name, char c, bool *one,
                         struct err *err)
{
    if (c == '\\' && piece->p == piece->end)
        return bad(err, "a backslash at the end");
    if (c == '\\')
        c = *piece->p++;
    *one = name->p < name->end && *name->p == c;
    return 0;
}

/* Matches a piece without stars at the front of *name and takes it off there; *fits is
 * false if it does not. */
static int match_piece(struct span piece, struct span *name, bool *fits,
                       struct err *err)
{
    struct span rest = *name;
    *fits = true;
    while (piece.p < piece.end) {
        bool one = true;
        int rc = 0;
        char c = *piece.p++;
        if (rest.p == rest.end || !*fits) {
            *fits = false;
            rest.p = rest.end;
        }
        if (c == '[') {
            rc = match_class(&piece, take_rune(&rest), &one, err);
        } else if (c == '?') {
            one = *fits && *rest.p != '/';
            take_rune(&rest);
        } else {
            rc = match_literal(&piece, &rest, c, &one, err);
            rest.p += *fits ? 1 : 0;
        }
        if (rc != 0)
            return rc;
        *fits = *fits && one;
    }
    *name = rest;
    return 0;
}

/* Takes leading stars and the piece up to the next star off the pattern. */
static struct span next_piece(struct span *pattern, bool *star)
{
    *star = false;
    while (pattern->p < pattern->end && *pattern->p == '*') {
        pattern->p++;
        *star = true;
    }
    struct span piece = {pattern->p, pattern->p};
    bool in_class = false;
    for (; piece.end < pattern->end; piece.end++) {
        char c = *piece.end;
        if (c == '\\' && piece.end + 1 < pattern->end)
            piece.end++;
        else if (c == '[' || c == ']')
            in_class = c == '[';
        else if (c == '*' && !in_class)
            break;
    }
    pattern->p = piece.end;
    return piece;
}

/* Places one piece: at the front of the name, or behind a star at the first place up to
 * the next slash where it fits; the last piece must reach the end of the name. */
static int place(struct span piece, bool star, bool last, struct span *name,
                 bool *placed, struct err *err)
{
    *placed = false;
    for (const char *start = name->p;; start++) {
        struct span rest = {start, name->end};
        bool fits;
        int rc = match_piece(piece, &rest, &fits, err);
        if (rc != 0)
            return rc;
        if (fits && (!last || rest.p == rest.end)) {
            *name = rest;
            *placed = true;
            return 0;
        }
        if (!star || start == name->end || *start == '/')
            return 0;
    }
}

int glob_match_n(const char *pattern, size_t pattern_len, const char *name,
                 size_t name_len, bool *out, struct err *err)
{
    struct span left = {pattern, pattern + pattern_len};
    struct span rest = {name, name + name_len};
    *out = false;
    while (left.p < left.end) {
        bool star, placed;
        struct span piece = next_piece(&left, &star);
        if (star && piece.p == piece.end) {
            *out = memchr(rest.p, '/', (size_t)(rest.end - rest.p)) == NULL;
            return 0;
        }
        int rc = place(piece, star, left.p == left.end, &rest, &placed, err);
        if (rc != 0 || !placed)
            return rc;
    }
    *out = rest.p == rest.end;
    return 0;
}

int glob_match(const char *pattern, const char *name, bool *out, struct err *err)
{
    return glob_match_n(pattern, strlen(pattern), name, strlen(name), out, err);
}

bool glob_has_wildcard(const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '\\' && pattern[1] != '\0')
            pattern++;
        else if (strchr("*?[", *pattern) != NULL)
            return true;
    }
    return false;
}
