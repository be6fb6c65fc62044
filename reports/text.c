/* SPDX-License-Identifier: MIT */
/* UTF-8, widths and cutting. */
#include "reports/text.h"

#include <stddef.h>
#include <string.h>

static unsigned sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first < 0xE0)
        return 2;
    if (first >= 0xE0 && first < 0xF0)
        return 3;
    if (first >= 0xF0 && first < 0xF5)
        return 4;
    return 0;
}

uint32_t report_text_next(const char **s)
{
    const unsigned char *p = (const unsigned char *)*s;
    if (*p == '\0')
        return 0;
    unsigned len = sequence_length(*p);
    if (len <= 1) {
        *s += 1;
        return len == 1 ? *p : TEXT_REPLACEMENT;
    }
    uint32_t code = *p & (0xFFU >> (len + 1));
    for (unsigned i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            *s += 1;
            return TEXT_REPLACEMENT;
        }
        code = code << 6 | (p[i] & 0x3FU);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[len] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        *s += 1;
        return TEXT_REPLACEMENT;
    }
    *s += len;
    return code;
}

void report_text_put(uint32_t code, struct buf *out)
{
    if (code < 0x80) {
        buf_addc(out, (char)code);
        return;
    }
    if (code < 0x800) {
        buf_addc(out, (char)(0xC0 | code >> 6));
    } else {
        if (code < 0x10000) {
            buf_addc(out, (char)(0xE0 | code >> 12));
        } else {
            buf_addc(out, (char)(0xF0 | code >> 18));
            buf_addc(out, (char)(0x80 | (code >> 12 & 0x3F)));
        }
        buf_addc(out, (char)(0x80 | (code >> 6 & 0x3F)));
    }
    buf_addc(out, (char)(0x80 | (code & 0x3F)));
}

struct range {
    uint32_t first, last;
};

static bool in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

#define IN(code, table) in_ranges(code, table, sizeof(table) / sizeof *(table))

bool report_text_blank(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r';
}

bool report_text_hidden(uint32_t code)
{
    static const struct range hidden[] = {
        {0x01, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C},  {0x200B, 0x200F},
        {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFDD0, 0xFDEF},  {0xFEFF, 0xFEFF},
        {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF}};
    if (code >= 0x20 && code < 0x7F)
        return false;
    return !report_text_blank(code) &&
           (IN(code, hidden) || (code > 0xFFFF && (code & 0xFFFE) == 0xFFFE));
}

static unsigned code_width(uint32_t code)
{
    static const struct range none[] = {
        {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
        {0x064B, 0x065F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF},
        {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
    static const struct range wide[] = {
        {0x1100, 0x115F},   {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},
        {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    if (code < 0x300)
        return 1;
    if (IN(code, none))
        return 0;
    return IN(code, wide) ? 2 : 1;
}

unsigned report_text_width(const char *s)
{
    unsigned width = 0;
    for (uint32_t code = report_text_next(&s); code != 0; code = report_text_next(&s))
        width += code_width(code);
    return width;
}

void report_text_fit(const char *s, unsigned columns, bool utf8, struct buf *out)
{
    if (report_text_width(s) <= columns) {
        buf_adds(out, s);
        return;
    }
    unsigned mark = utf8 ? 1 : 3, used = 0;
    if (columns < mark) {
        buf_add(out, "...", columns);
        return;
    }
    for (const char *p = s; *p != '\0';) {
        const char *start = p;
        unsigned width = code_width(report_text_next(&p));
        if (used + width > columns - mark)
            break;
        buf_add(out, start, (size_t)(p - start));
        used += width;
    }
    buf_adds(out, utf8 ? "…" : "...");
}

void report_text_cell(const char *s, unsigned columns, bool right, bool utf8,
                      struct buf *out)
{
    AUTO_BUF fitted = BUF_INIT;
    report_text_fit(s, columns, utf8, &fitted);
    unsigned width = report_text_width(buf_str(&fitted));
    if (!right)
        buf_adds(out, buf_str(&fitted));
    for (; width < columns; width++)
        buf_addc(out, ' ');
    if (right)
        buf_adds(out, buf_str(&fitted));
}

void report_text_ascii(const char *s, struct buf *out)
{
    for (uint32_t code = report_text_next(&s); code != 0; code = report_text_next(&s)) {
        if (code < 0x80)
            buf_addc(out, (char)code);
        else if (code == 0xB5)
            buf_addc(out, 'u');
        else if (code == 0xB7)
            buf_addc(out, '-');
        else if (code == 0x2026)
            buf_adds(out, "...");
        else
            buf_addc(out, '?');
    }
}
