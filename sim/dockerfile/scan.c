/* SPDX-License-Identifier: MIT */
/* Characters and spans: UTF-8, white space, trimming, arena lists. */
#include "sim/dockerfile/scan.h"

#include <string.h>

/* Continuation bytes after a lead byte; 0 for ASCII, -1 for no lead byte. */
static int continuation_count(unsigned char lead)
{
    if (lead < 0x80)
        return 0;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef)
        return 2;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 3;
    return -1;
}

size_t scan_rune(const char *p, size_t n, uint32_t *out)
{
    unsigned char lead = (unsigned char)p[0];
    int more = continuation_count(lead);
    *out = 0xfffd;
    if (more < 0 || (size_t)more >= n)
        return 1;
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    uint32_t rune = more == 0 ? lead : lead & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c & 0xc0) != 0x80)
            return 1;
        rune = rune << 6 | (c & 0x3f);
    }
    if (rune < smallest[more] || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
        return 1;
    *out = rune;
    return (size_t)more + 1;
}

size_t scan_space(const char *p, size_t n)
{
    if (n == 0)
        return 0;
    unsigned char c = (unsigned char)p[0];
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r') ? 1 : 0;
    uint32_t rune;
    size_t len = scan_rune(p, n, &rune);
    bool space = rune == 0x85 || rune == 0xa0 || rune == 0x1680 ||
                 (rune >= 0x2000 && rune <= 0x200a) || rune == 0x2028 ||
                 rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
    return space ? len : 0;
}

bool scan_is_name(uint32_t rune)
{
    if (rune < 0x80)
        return rune == '_' || is_alpha((char)rune) || is_digit((char)rune);
    /* Blocks without letters: Latin-1 signs, punctuation and symbols, CJK
     * punctuation, private use, specials, emoji and the tags beyond. */
    static const uint32_t others[][2] = {
        {0x80, 0xa9},     {0xab, 0xb4},       {0xb6, 0xb9},        {0xbb, 0xbf},
        {0xd7, 0xd7},     {0xf7, 0xf7},       {0x2000, 0x2070},    {0x2072, 0x207e},
        {0x20a0, 0x2101}, {0x2190, 0x2bff},   {0x2e00, 0x2e2e},    {0x2e30, 0x3004},
        {0x3008, 0x3030}, {0xd800, 0xf8ff},   {0xfe00, 0xfe6f},    {0xff00, 0xff0f},
        {0xfff0, 0xffff}, {0x1f000, 0x1ffff}, {0xe0000, 0x10ffff},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (rune >= others[i][0] && rune <= others[i][1])
            return false;
    }
    return true;
}

struct span span_trim_left(struct span s)
{
    for (size_t k; (k = scan_space(s.p, s.n)) != 0;) {
        s.p += k;
        s.n -= k;
    }
    return s;
}

/* Bytes of the white space character that ends the span, 0 if none does. */
static size_t last_space(struct span s)
{
    for (size_t k = 1; k <= 3 && k <= s.n; k++) {
        if (((unsigned char)s.p[s.n - k] & 0xc0) != 0x80)
            return scan_space(s.p + s.n - k, k) == k ? k : 0;
    }
    return 0;
}

struct span span_trim(struct span s)
{
    s = span_trim_left(s);
    for (size_t k; s.n > 0 && (k = last_space(s)) != 0;)
        s.n -= k;
    return s;
}

struct span span_of(const char *s)
{
    return (struct span){s, strlen(s)};
}

bool span_is(struct span s, const char *word)
{
    size_t i = 0;
    while (i < s.n && word[i] != '\0' && lower(s.p[i]) == word[i])
        i++;
    return i == s.n && word[i] == '\0';
}

bool text_is(const char *text, const char *word)
{
    return span_is(span_of(text), word);
}

void list_add(struct arena *arena, struct strv *list, const char *p, size_t n)
{
    if (list->len + 2 > list->cap) {
        size_t cap = list->cap == 0 ? 4 : list->cap * 2;
        char **items = arena_alloc(arena, cap * sizeof *items);
        if (list->len > 0)
            memcpy(items, list->items, list->len * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->len++] = arena_strndup(arena, p, n);
    list->items[list->len] = NULL;
}
