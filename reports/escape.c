/* SPDX-License-Identifier: MIT */
/*
 * Escapes for each target. Hidden characters (report_text_hidden) and bytes that are no
 * UTF-8 show as U+FFFD, on a terminal and in gnuplot strings as a visible escape; tabs
 * and line breaks become blanks, so that a name stays on its line.
 */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "reports/report.h"
#include "reports/text.h"

/* What every document shows for a code point; blanks for \t \n \r. */
static uint32_t shown(uint32_t code)
{
    if (report_text_blank(code))
        return ' ';
    return report_text_hidden(code) ? TEXT_REPLACEMENT : code;
}

static uint32_t next_shown(const char **s)
{
    uint32_t code = report_text_next(s);
    return code == 0 ? 0 : shown(code);
}

void report_escape_html(const char *s, struct buf *out)
{
    if (s == NULL)
        return;
    for (uint32_t code = next_shown(&s); code != 0; code = next_shown(&s)) {
        if (code == '&')
            buf_adds(out, "&amp;");
        else if (code == '<')
            buf_adds(out, "&lt;");
        else if (code == '>')
            buf_adds(out, "&gt;");
        else if (code == '"')
            buf_adds(out, "&quot;");
        else if (code == '\'')
            buf_adds(out, "&#39;");
        else
            report_text_put(code, out);
    }
}

/* Markdown by backslashes, HTML by entities (an entity cannot be taken back by a
 * backslash in front of it). The zero-width blank after @ stops GitHub's mentions: it
 * looks for them after the backslashes are gone. */
static void markdown_code(uint32_t code, bool leading, char following, struct buf *out)
{
    if (code == '<')
        buf_adds(out, "&lt;");
    else if (code == '>')
        buf_adds(out, "&gt;");
    else if (code == '&')
        buf_adds(out, "&amp;");
    else if (code == '@')
        buf_adds(out, "@&#8203;");
    else if (code < 0x80 && strchr("\\`*_[]|~$", (int)code) != NULL)
        buf_addf(out, "\\%c", (char)code);
    else if (code == ':' && (following == '/' || isalpha((unsigned char)following)))
        buf_adds(out, "\\:"); /* links by themselves, :emoji: */
    else if (leading && code < 0x80 && strchr("#+-.=)", (int)code) != NULL)
        buf_addf(out, "\\%c", (char)code); /* headings, lists, rules */
    else if (code == '.' && out->len >= 3 &&
             strncmp(out->data + out->len - 3, "www", 3) == 0)
        buf_adds(out, "\\."); /* GitHub links bare www. names */
    else
        report_text_put(code, out);
}

void report_escape_markdown(const char *s, struct buf *out)
{
    if (s == NULL)
        return;
    bool leading = true; /* nothing but blanks and digits so far */
    for (uint32_t code = next_shown(&s); code != 0; code = next_shown(&s)) {
        markdown_code(code, leading, *s, out);
        leading &= code == ' ' || (code >= '0' && code <= '9');
    }
}

/* A spreadsheet takes a cell as a formula when it begins with one of = + - @ (also full
 * width), a tab or a line break, blanks before it or not: an apostrophe makes it text.
 * https://owasp.org/www-community/attacks/CSV_Injection */
static bool starts_formula(const char *s)
{
    uint32_t code = report_text_next(&s);
    while (code == ' ' || code == 0xA0 || code == 0x3000)
        code = report_text_next(&s);
    switch (code) {
    case '=':
    case '+':
    case '-':
    case '@':
    case '|':
    case '%':
    case 0xFF1D:
    case 0xFF0B:
    case 0xFF0D:
    case 0xFF20:
        return true;
    default:
        return report_text_blank(code) || report_text_hidden(code);
    }
}

void report_escape_csv(const char *s, struct buf *out)
{
    buf_addc(out, '"');
    if (s != NULL && starts_formula(s))
        buf_addc(out, '\'');
    if (s == NULL)
        s = "";
    for (uint32_t code = next_shown(&s); code != 0; code = next_shown(&s)) {
        if (code == '"')
            buf_addc(out, '"');
        report_text_put(code, out);
    }
    buf_addc(out, '"');
}

/* A double-quoted gnuplot string, quotes included. Everything in ASCII but letters,
 * digits and a few harmless marks is an octal escape: there backquotes run commands, @
 * expands macros and \ escapes, before or while the string is read. % is doubled by
 * those who use the text as a format (tics). */
void report_escape_gnuplot(const char *s, struct buf *out)
{
    uint32_t before = 0;
    buf_addc(out, '"');
    if (s == NULL)
        s = "";
    for (uint32_t code = next_shown(&s); code != 0; code = next_shown(&s)) {
        /* gnuplot's SVG leaves > as it is, and XML has no "]]>" in text. */
        if (code == '>' && before == ']')
            buf_addc(out, ' ');
        before = code;
        bool plain = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
                     (code >= '0' && code <= '9') || code >= 0x80 ||
                     strchr(" .,:;-+/=()", (int)code) != NULL;
        if (plain)
            report_text_put(code, out);
        else
            buf_addf(out, "\\%03o", (unsigned)code);
    }
    buf_addc(out, '"');
}

void report_escape_terminal(const char *s, struct buf *out)
{
    if (s == NULL)
        return;
    for (uint32_t code = report_text_next(&s); code != 0; code = report_text_next(&s)) {
        if (code == '\n')
            buf_adds(out, "\\n");
        else if (code == '\t')
            buf_adds(out, "    "); /* harmless, and meant to be read */
        else if (code == '\r')
            buf_adds(out, "\\r");
        else if (report_text_hidden(code))
            buf_addf(out, code < 0x100 ? "\\x%02x" : "\\u{%x}", (unsigned)code);
        else
            report_text_put(code, out);
    }
}
