/* SPDX-License-Identifier: MIT */
/* The syntax tree as JSON, contract section 4. Written by hand: one pass, no tree. */
#include "sim/dockerfile/dockerfile.h"
#include "sim/dockerfile/scan.h"

/* A JSON string; bytes that are no UTF-8 become U+FFFD. */
static void add_string(struct buf *out, const char *s)
{
    struct span rest = span_of(s);
    buf_addc(out, '"');
    while (rest.n > 0) {
        uint32_t rune;
        size_t n = scan_rune(rest.p, rest.n, &rune);
        unsigned char c = (unsigned char)rest.p[0];
        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '\n')
            buf_adds(out, "\\n");
        else if (c == '\t')
            buf_adds(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            buf_addf(out, "\\u%04x", c);
        else if (rune == 0xfffd)
            buf_adds(out, "\xef\xbf\xbd");
        else
            buf_add(out, rest.p, n);
        rest.p += n;
        rest.n -= n;
    }
    buf_addc(out, '"');
}

static void add_list(struct buf *out, const char *member, const struct strv *list)
{
    buf_addf(out, ",\"%s\":[", member);
    for (size_t i = 0; i < list->len; i++) {
        if (i > 0)
            buf_addc(out, ',');
        add_string(out, list->items[i]);
    }
    buf_addc(out, ']');
}

static void add_heredocs(struct buf *out, const struct instruction *in)
{
    buf_adds(out, ",\"heredocs\":[");
    for (size_t i = 0; i < in->heredoc_count; i++) {
        const struct heredoc *h = &in->heredocs[i];
        buf_adds(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        add_string(out, h->name);
        buf_adds(out, ",\"content\":");
        add_string(out, h->content);
        buf_addf(out, ",\"expand\":%s,\"chomp\":%s,\"fd\":%u}",
                 h->expand ? "true" : "false", h->chomp ? "true" : "false", h->fd);
    }
    buf_addc(out, ']');
}

/* The members of an instruction, without the braces. */
static void add_members(struct buf *out, const struct instruction *in)
{
    buf_addf(out, "\"line\":%u,\"end_line\":%u,\"instruction\":", in->line,
             in->end_line);
    add_string(out, in->name);
    add_list(out, "flags", &in->flags);
    add_list(out, "args", &in->args);
    buf_adds(out, in->json ? ",\"json\":true" : ",\"json\":false");
    add_heredocs(out, in);
    buf_adds(out, ",\"original\":");
    add_string(out, in->original);
}

static void add_instruction(struct buf *out, const struct instruction *in)
{
    unsigned depth = 0;
    for (; in != NULL; in = in->onbuild, depth++) {
        buf_adds(out, depth > 0 ? ",\"onbuild\":{" : "{");
        add_members(out, in);
        if (in->kind == INSTRUCTION_ONBUILD && in->onbuild == NULL)
            buf_adds(out, ",\"onbuild\":null");
    }
    while (depth-- > 0)
        buf_addc(out, '}');
}

void dockerfile_to_json(const struct dockerfile *df, struct buf *out)
{
    buf_adds(out, "{\"directives\":{");
    for (size_t i = 0; i < df->directive_count; i++) {
        if (i > 0)
            buf_addc(out, ',');
        add_string(out, df->directives[i].name);
        buf_addc(out, ':');
        add_string(out, df->directives[i].value);
    }
    buf_adds(out, "},\"instructions\":[");
    for (size_t i = 0; i < df->instruction_count; i++) {
        buf_adds(out, i > 0 ? ",\n" : "\n");
        add_instruction(out, &df->instructions[i]);
    }
    buf_adds(out, "\n]}\n");
}
