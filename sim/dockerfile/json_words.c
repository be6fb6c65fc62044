/* SPDX-License-Identifier: MIT */
/*
 * The exec form: is the text a JSON array, and of strings only? A small reader of its
 * own, because the answer for anything that is no JSON is "shell form" and not an
 * error, and because this runs for each instruction of every build.
 */
#include <string.h>

#include "sim/dockerfile/scan.h"

struct json {
    const char *at, *end;
};

/* Nesting beyond this counts as no JSON, to spare the stack. */
enum { DEPTH_MOST = 2000 };

static void skip_blanks(struct json *j)
{
    while (j->at < j->end &&
           (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r'))
        j->at++;
}

static bool take(struct json *j, char c)
{
    if (j->at == j->end || *j->at != c)
        return false;
    j->at++;
    return true;
}

static bool hex4(struct json *j, uint32_t *out)
{
    if (j->end - j->at < 4)
        return false;
    *out = 0;
    for (int i = 0; i < 4; i++, j->at++) {
        char c = lower(*j->at);
        if (is_digit(c))
            *out = *out << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *out = *out << 4 | (uint32_t)(c - 'a' + 10);
        else
            return false;
    }
    return true;
}

static size_t put_rune(char *to, uint32_t r)
{
    if (r < 0x80) {
        to[0] = (char)r;
        return 1;
    }
    size_t n = r < 0x800 ? 2 : r < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, r >>= 6)
        to[i] = (char)(0x80 | (r & 0x3f));
    to[0] = (char)(lead[n] | r);
    return n;
}

/* The rune of \uXXXX, with the second half of a surrogate pair where there is one. */
static bool unicode_escape(struct json *j, uint32_t *rune)
{
    if (!hex4(j, rune))
        return false;
    if (*rune < 0xd800 || *rune > 0xdfff)
        return true;
    struct json ahead = *j;
    uint32_t low;
    if (*rune < 0xdc00 && take(&ahead, '\\') && take(&ahead, 'u') &&
        hex4(&ahead, &low) && low >= 0xdc00 && low <= 0xdfff) {
        *rune = 0x10000 + ((*rune - 0xd800) << 10) + (low - 0xdc00);
        *j = ahead;
    } else {
        *rune = 0xfffd;
    }
    return true;
}

static bool escape(struct json *j, char **to)
{
    static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
    if (j->at == j->end)
        return false;
    char c = *j->at++;
    if (c == 'u') {
        uint32_t rune;
        if (!unicode_escape(j, &rune))
            return false;
        /* A NUL cannot live in our strings; Docker refuses it when the step runs. */
        *to += put_rune(*to, rune != 0 ? rune : 0xfffd);
        return true;
    }
    const char *found = memchr(from, c, sizeof from - 1);
    if (found == NULL)
        return false;
    *(*to)++ = plain[found - from];
    return true;
}

/* A string after its opening quote; written to `to`, which has room for 3 bytes for
 * each byte left (U+FFFD for a broken one). Returns the end of what was written, NULL
 * where it is no JSON string. */
static char *string(struct json *j, char *to)
{
    while (j->at < j->end) {
        unsigned char c = (unsigned char)*j->at;
        if (c == '"') {
            j->at++;
            return to;
        }
        if (c < 0x20)
            return NULL;
        if (c == '\\') {
            j->at++;
            if (!escape(j, &to))
                return NULL;
        } else if (c < 0x80) {
            *to++ = *j->at++;
        } else {
            uint32_t rune;
            j->at += scan_rune(j->at, (size_t)(j->end - j->at), &rune);
            to += put_rune(to, rune);
        }
    }
    return NULL;
}

static bool digits(struct json *j)
{
    const char *start = j->at;
    while (j->at < j->end && is_digit(*j->at))
        j->at++;
    return j->at > start;
}

static bool number(struct json *j)
{
    take(j, '-');
    if (!take(j, '0') && !digits(j))
        return false;
    if (take(j, '.') && !digits(j))
        return false;
    if (take(j, 'e') || take(j, 'E')) {
        if (!take(j, '+'))
            take(j, '-');
        return digits(j);
    }
    return true;
}

static bool literal(struct json *j, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(j->end - j->at) < n || memcmp(j->at, word, n) != 0)
        return false;
    j->at += n;
    return true;
}

static bool skip_value(struct json *j, char *scratch, unsigned depth);

/* The members of an array or object after its bracket. */
static bool skip_members(struct json *j, char *scratch, char close, unsigned depth)
{
    skip_blanks(j);
    if (take(j, close))
        return true;
    do {
        if (close == '}') {
            skip_blanks(j);
            if (!take(j, '"') || string(j, scratch) == NULL)
                return false;
            skip_blanks(j);
            if (!take(j, ':'))
                return false;
        }
        if (!skip_value(j, scratch, depth))
            return false;
    } while (take(j, ','));
    return take(j, close);
}

/* One value of any kind and the blanks around it. */
static bool skip_value(struct json *j, char *scratch, unsigned depth)
{
    bool ok;
    skip_blanks(j);
    if (depth == DEPTH_MOST)
        return false;
    if (take(j, '"'))
        ok = string(j, scratch) != NULL;
    else if (take(j, '['))
        ok = skip_members(j, scratch, ']', depth + 1);
    else if (take(j, '{'))
        ok = skip_members(j, scratch, '}', depth + 1);
    else
        ok = literal(j, "true") || literal(j, "false") || literal(j, "null") ||
             number(j);
    skip_blanks(j);
    return ok;
}

static bool at_end(struct json *j)
{
    skip_blanks(j);
    return j->at == j->end;
}

enum json_verdict json_words(struct arena *arena, struct span text, struct strv *out)
{
    struct json j = {text.p, text.p + text.n};
    skip_blanks(&j);
    if (!take(&j, '['))
        return JSON_NO;
    skip_blanks(&j);
    if (take(&j, ']'))
        return at_end(&j) ? JSON_WORDS : JSON_NO;
    AUTO_FREE char *scratch = xmalloc(3 * text.n + 8);
    bool mixed = false;
    for (;;) {
        skip_blanks(&j);
        if (take(&j, '"')) {
            char *end = string(&j, scratch);
            if (end == NULL)
                return JSON_NO;
            list_add(arena, out, scratch, (size_t)(end - scratch));
        } else {
            mixed = true;
            if (!skip_value(&j, scratch, 0))
                return JSON_NO;
        }
        skip_blanks(&j);
        if (take(&j, ']'))
            return !at_end(&j) ? JSON_NO : mixed ? JSON_MIXED : JSON_WORDS;
        if (!take(&j, ','))
            return JSON_NO;
    }
}
