/* SPDX-License-Identifier: MIT */
/* JSON text, written by hand where one line an event is wanted at once. */
#include "bench/json_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Length of the UTF-8 sequence at s, 0 if it is none (overlong, surrogate, cut). */
static size_t utf8_length(const unsigned char *s)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    if (s[0] < 0x80)
        return 1;
    for (size_t extra = 1; extra <= 3; extra++) {
        if ((s[0] & forms[extra - 1].mask) != forms[extra - 1].lead)
            continue;
        uint32_t rune = s[0] & (unsigned char)~forms[extra - 1].mask;
        for (size_t i = 1; i <= extra; i++) {
            if ((s[i] & 0xc0) != 0x80)
                return 0;
            rune = rune << 6 | (s[i] & 0x3fU);
        }
        bool surrogate = rune >= 0xd800 && rune <= 0xdfff;
        return rune < forms[extra - 1].least || surrogate || rune > 0x10ffff
                   ? 0
                   : extra + 1;
    }
    return 0;
}

static void add_escaped(struct buf *out, unsigned char c)
{
    static const char *const shorts[] = {
        ['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\t'] = "\\t", ['\r'] = "\\r",
    };
    if (c < sizeof shorts / sizeof *shorts && shorts[c] != NULL)
        buf_adds(out, shorts[c]);
    else if (c < 0x20 || c == 0x7f)
        buf_addf(out, "\\u%04x", c);
    else
        buf_addc(out, (char)c);
}

void json_text_string(struct buf *out, const char *s)
{
    if (s == NULL) {
        buf_adds(out, "null");
        return;
    }
    buf_addc(out, '"');
    const unsigned char *p = (const unsigned char *)s;
    while (*p != '\0') {
        size_t len = utf8_length(p);
        if (len == 1)
            add_escaped(out, *p);
        else if (len == 0)
            buf_adds(out, "\xef\xbf\xbd");
        else
            buf_add(out, p, len);
        p += len != 0 ? len : 1;
    }
    buf_addc(out, '"');
}

void json_text_digest(struct buf *out, const struct digest *d)
{
    char text[DIGEST_TEXT + 1];
    digest_text(d, text);
    buf_addf(out, "\"%s\"", text);
}

static void drop_zeros(struct buf *out)
{
    while (out->data[out->len - 1] == '0')
        out->len--;
    if (out->data[out->len - 1] == '.')
        out->len--;
    out->data[out->len] = '\0';
}

void json_text_ms(struct buf *out, uint64_t ms)
{
    buf_addf(out, "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
    drop_zeros(out);
}

void json_text_seconds(struct buf *out, double seconds)
{
    buf_addf(out, "%.6f", seconds);
    drop_zeros(out);
}
