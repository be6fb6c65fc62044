/* SPDX-License-Identifier: MIT */
/* Words of an instruction: the flags before its arguments, and ENV's pairs. */
#include <string.h>

#include "sim/dockerfile/parse.h"

/* Reads one flag from *at; quotes and escapes are removed. */
static void read_flag(char escape, const char **at, const char *end, struct buf *word)
{
    char quote = '\0';
    const char *p = *at;
    for (; p < end; p++) {
        char c = *p;
        if (quote == '\0' && scan_space(p, (size_t)(end - p)) > 0)
            break;
        if (c == escape) {
            if (++p == end)
                break;
            buf_addc(word, *p);
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (quote != '\0' && c == quote) {
            quote = '\0';
        } else {
            buf_addc(word, c);
        }
    }
    *at = p;
}

void flags_read(struct arena *arena, char escape, struct span *rest, struct strv *flags)
{
    const char *end = rest->p + rest->n;
    AUTO_BUF word = BUF_INIT;
    while (rest->n >= 2 && rest->p[0] == '-' && rest->p[1] == '-') {
        const char *at = rest->p;
        buf_clear(&word);
        read_flag(escape, &at, end, &word);
        *rest = span_trim_left((struct span){at, (size_t)(end - at)});
        if (word.len == 2)
            return;
        list_add(arena, flags, word.data, word.len);
    }
}

/* The end of the word at p: white space outside quotes. */
static const char *word_end(char escape, const char *p, const char *end)
{
    char quote = '\0';
    while (p < end) {
        uint32_t rune;
        size_t n = scan_rune(p, (size_t)(end - p), &rune);
        if (quote == '\0' && scan_space(p, (size_t)(end - p)) > 0)
            return p;
        if (*p == escape && quote != '\'' && p + 1 < end) {
            p++;
            n = scan_rune(p, (size_t)(end - p), &rune);
        } else if (quote == '\0' && (*p == '\'' || *p == '"')) {
            quote = *p;
        } else if (quote != '\0' && *p == quote) {
            quote = '\0';
        }
        p += n;
    }
    return end;
}

void words_read(struct arena *arena, char escape, struct span rest, struct strv *words)
{
    const char *end = rest.p + rest.n;
    for (;;) {
        rest = span_trim_left(rest);
        if (rest.n == 0)
            return;
        const char *stop = word_end(escape, rest.p, end);
        list_add(arena, words, rest.p, (size_t)(stop - rest.p));
        rest = (struct span){stop, (size_t)(end - stop)};
    }
}
