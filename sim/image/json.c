/* SPDX-License-Identifier: MIT */
/* Go-flavoured JSON strings, and bounded parsing. */
#include "sim/image/json.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at s (at most `left` bytes), 0 if there is
 * none: no over-long forms, no surrogates, nothing above U+10FFFF (RFC 3629). */
static size_t utf8_len(const unsigned char *s, size_t left)
{
    size_t n = s[0] < 0x80   ? 1
               : s[0] < 0xc2 ? 0
               : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3
                             : 4;
    if (n == 0 || s[0] > 0xf4 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static void ascii(struct buf *out, unsigned char c)
{
    static const char shorts[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    const char *found = c != 0 ? strchr(shorts, c) : NULL;
    if (found != NULL) {
        buf_addc(out, '\\');
        buf_addc(out, letters[found - shorts]);
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
        buf_addf(out, "\\u%04x", c);
    } else {
        buf_addc(out, (char)c);
    }
}

/* Bytes at s that stand for themselves. */
static size_t plain_len(const unsigned char *s, size_t len)
{
    size_t n = 0;
    while (n < len && s[n] >= 0x20 && s[n] < 0x80 && s[n] != '"' && s[n] != '\\' &&
           s[n] != '<' && s[n] != '>' && s[n] != '&')
        n++;
    return n;
}

void image_json_stringn(struct buf *out, const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    buf_reserve(out, len + 2);
    buf_addc(out, '"');
    for (;;) {
        size_t plain = plain_len(p, len);
        buf_add(out, p, plain);
        p += plain;
        len -= plain;
        if (len == 0)
            break;
        size_t n = utf8_len(p, len);
        if (n == 0)
            buf_adds(out, "\\ufffd");
        else if (n == 1)
            ascii(out, p[0]);
        else if (n == 3 && p[0] == 0xe2 && p[1] == 0x80 &&
                 (p[2] == 0xa8 || p[2] == 0xa9))
            buf_addf(out, "\\u20%02x", p[2] - 0x80); /* line and paragraph separator */
        else
            buf_add(out, p, n);
        n = n == 0 ? 1 : n;
        p += n;
        len -= n;
    }
    buf_addc(out, '"');
}

void image_json_string(struct buf *out, const char *s)
{
    image_json_stringn(out, s, strlen(s));
}

void image_json_list(struct buf *out, const struct strv *v)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < v->len; i++) {
        if (i > 0)
            buf_addc(out, ',');
        image_json_string(out, v->items[i]);
    }
    buf_addc(out, ']');
}

int image_json_parse(const char *json, size_t len, size_t limit, const char *what,
                     struct json_t **out, struct err *err)
{
    if (len > limit)
        return err_set(err, ERR_INPUT, "%s has %zu bytes; at most %zu are read", what,
                       len, limit);
    json_error_t why;
    json_t *root = json_loadb(json, len, 0, &why);
    if (root == NULL)
        return err_set(err, ERR_INPUT, "%s is no JSON: %s (byte %d)", what, why.text,
                       why.position);
    if (!json_is_object(root) && !json_is_array(root)) {
        json_decref(root);
        return err_set(err, ERR_INPUT, "%s is neither a JSON object nor an array",
                       what);
    }
    *out = root;
    return 0;
}
