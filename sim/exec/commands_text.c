/* SPDX-License-Identifier: MIT */
/* Commands that print: text in, text out, and the names of files. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/commands.h"
#include "sim/exec/files.h"
#include "sim/exec/glob.h"
#include "sim/exec/match.h"

/* ---- echo, printf ------------------------------------------------------------------
 */

/* One backslash escape at p (behind the backslash); returns behind it. */
static const char *add_escape(const char *p, struct buf *out, bool *stop)
{
    static const char letters[] = "abfnrtv\\\"'e", values[] = "\a\b\f\n\r\t\v\\\"'\033";
    const char *at = *p != '\0' ? strchr(letters, *p) : NULL;
    if (at != NULL) {
        buf_addc(out, values[at - letters]);
        return p + 1;
    }
    if (*p == 'c') {
        *stop = true;
        return p + 1;
    }
    bool hex = *p == 'x';
    const char *digits = hex ? "0123456789abcdefABCDEF" : "01234567";
    size_t most = hex ? 2 : *p == '0' ? 4 : 3, n = strspn(p + (hex ? 1 : 0), digits);
    n = n < most ? n : most;
    if (n == 0) {
        buf_addc(out, '\\');
        return p;
    }
    char text[8];
    snprintf(text, sizeof text, "%.*s", (int)n, p + (hex ? 1 : 0));
    buf_addc(out, (char)strtoul(text, NULL, hex ? 16 : 8));
    return p + n + (hex ? 1 : 0);
}

static void add_escaped(const char *text, struct buf *out, bool *stop)
{
    for (const char *p = text; *p != '\0' && !*stop;) {
        if (*p == '\\')
            p = add_escape(p + 1, out, stop);
        else
            buf_addc(out, *p++);
    }
}

/* dash, Debian's /bin/sh, reads escapes in every echo and knows -n alone; bash and
 * busybox want -e (their manuals). */
static bool echo_is_dash(struct shell *sh)
{
    const struct strv *argv = sh->run->argv;
    if (argv->len > 0 && strcmp(path_base(argv->items[0]), "sh") != 0)
        return false;
    AUTO_FREE char *path = files_path(sh, "/bin/sh", true);
    return path != NULL && strcmp(path_base(path), "dash") == 0;
}

static int echo(struct shell *sh, const struct strv *argv)
{
    bool dash = echo_is_dash(sh), newline = true, escapes = dash, stop = false;
    size_t i = 1;
    for (; i < argv->len; i++) {
        const char *word = argv->items[i];
        const char *known = dash ? "n" : "neE";
        if (word[0] != '-' || word[1] == '\0' ||
            strspn(word + 1, known) != strlen(word) - 1 || (dash && word[2] != '\0'))
            break;
        newline = newline && strchr(word, 'n') == NULL;
        escapes = escapes || strchr(word, 'e') != NULL;
    }
    AUTO_BUF out = BUF_INIT;
    for (size_t k = i; k < argv->len && !stop; k++) {
        buf_adds(&out, k > i ? " " : "");
        if (escapes)
            add_escaped(argv->items[k], &out, &stop);
        else
            buf_adds(&out, argv->items[k]);
    }
    if (newline && !stop)
        buf_addc(&out, '\n');
    return shell_write(sh, sh->out, buf_str(&out), out.len);
}

/* One % conversion with its argument; returns behind it, NULL if it is malformed. */
static const char *add_conversion(const char *p, const char *arg, struct buf *out,
                                  bool *stop)
{
    size_t flags = strspn(p, "-+ 0#"), width = strspn(p + flags, "0123456789");
    size_t n = flags + width;
    if (p[n] == '.')
        n += 1 + strspn(p + n + 1, "0123456789");
    if (n > 8)
        return NULL;
    char spec[32], room[300];
    long long number = strtoll(arg, NULL, 0);
    if ((arg[0] == '\'' || arg[0] == '"') && arg[1] != '\0')
        number = (unsigned char)arg[1];
    switch (p[n]) {
    case '%':
        buf_addc(out, '%');
        break;
    case 'c':
        buf_add(out, arg, *arg != '\0' ? 1 : 0);
        break;
    case 'b':
        add_escaped(arg, out, stop);
        break;
    case 's': {
        long pad = strtol(p + flags, NULL, 10);
        const char *dot = memchr(p, '.', n);
        size_t len = strlen(arg), most = dot != NULL ? strtoul(dot + 1, NULL, 10) : len;
        len = len < most ? len : most;
        bool left = memchr(p, '-', flags) != NULL;
        for (long k = (long)len; !left && k < pad && k < 10000; k++)
            buf_addc(out, ' ');
        buf_add(out, arg, len);
        for (long k = (long)len; left && k < pad && k < 10000; k++)
            buf_addc(out, ' ');
        break;
    }
    default:
        if (p[n] == '\0' || strchr("diuoxX", p[n]) == NULL || width > 3)
            return NULL;
        snprintf(spec, sizeof spec, "%%%.*sll%c", (int)n, p, p[n]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(room, sizeof room, spec, number);
#pragma GCC diagnostic pop
        buf_adds(out, room);
    }
    return p + n + 1;
}

static int print_formatted(struct shell *sh, const struct strv *argv)
{
    size_t next = argv->len > 1 && strcmp(argv->items[1], "--") == 0 ? 3 : 2;
    if (argv->len < next) {
        shell_complain(sh, "printf: usage: printf format [arg ...]\n");
        return 2;
    }
    const char *format = argv->items[next - 1];
    AUTO_BUF out = BUF_INIT;
    bool stop = false, used = true;
    do {
        used = false;
        for (const char *p = format; *p != '\0' && !stop;) {
            if (*p == '\\') {
                p = add_escape(p + 1, &out, &stop);
                continue;
            }
            if (*p != '%') {
                buf_addc(&out, *p++);
                continue;
            }
            bool literal = p[1] == '%';
            const char *arg = !literal && next < argv->len ? argv->items[next++] : "";
            used = used || !literal;
            p = add_conversion(p + 1, arg, &out, &stop);
            if (p == NULL)
                return shell_unsupported(sh, "printf '%.60s'", format);
        }
        if (out.len > SHELL_BYTES_LIMIT)
            return shell_unsupported(sh, "printf of over 64 MiB");
    } while (used && next < argv->len && !stop);
    return shell_write(sh, sh->out, buf_str(&out), out.len);
}

/* ---- cat, head, tail, wc, tee, sort ------------------------------------------------
 */

static int cat(struct shell *sh, const struct strv *argv)
{
    AUTO_BUF text = BUF_INIT;
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "u", NULL, &o, &first);
    if (status == 0)
        status = command_read_all(sh, argv, first, &text);
    if (status < 0)
        return status;
    int rc = shell_write(sh, sh->out, buf_str(&text), text.len);
    return rc != 0 ? rc : status;
}

/* Start of the last `count` lines. */
static size_t last_lines(const struct buf *text, size_t count)
{
    size_t i = text->len;
    if (i > 0 && text->data[i - 1] == '\n')
        i--;
    for (; i > 0; i--)
        if (text->data[i - 1] == '\n' && --count == 0)
            break;
    return count == 0 || i == 0 ? i : 0;
}

static size_t first_lines(const struct buf *text, size_t count)
{
    size_t i = 0;
    for (; i < text->len && count > 0; i++)
        count -= text->data[i] == '\n' ? 1 : 0;
    return i;
}

/* Where head ends, or tail starts. */
static size_t cut_at(const struct buf *text, bool tail, bool bytes, bool from_start,
                     size_t count)
{
    size_t skipped = from_start && count > 0 ? count - 1 : count;
    if (bytes) {
        size_t cut = skipped < text->len ? skipped : text->len;
        return tail && !from_start ? text->len - cut : cut;
    }
    if (tail && !from_start)
        return count == 0 ? text->len : last_lines(text, count);
    return first_lines(text, skipped);
}

/* head and tail: [-n N] [-c N] [-N] */
static int head_or_tail(struct shell *sh, const struct strv *argv)
{
    bool tail = strcmp(path_base(argv->items[0]), "tail") == 0;
    struct command_options o = {0};
    size_t first = 2;
    bool bare = argv->len > 1 && argv->items[1][0] == '-' &&
                isdigit((unsigned char)argv->items[1][1]);
    AUTO_BUF text = BUF_INIT;
    int status = bare ? 0 : command_options(sh, argv, "n:c:q", NULL, &o, &first);
    if (status == 0)
        status = command_read_all(sh, argv, first, &text);
    if (status < 0)
        return status;
    bool bytes = o.value['c'] != NULL;
    const char *number = bare ? argv->items[1] + 1 : o.value[bytes ? 'c' : 'n'];
    number = number != NULL ? number : "10";
    bool from_start = number[0] == '+';
    if (number[0] == '-' || (from_start && !tail))
        return shell_unsupported(sh, "%s %s", argv->items[0], number);
    size_t count = strtoul(number + (from_start ? 1 : 0), NULL, 10);
    size_t cut = cut_at(&text, tail, bytes, from_start, count);
    int rc = tail ? shell_write(sh, sh->out, buf_str(&text) + cut, text.len - cut)
                  : shell_write(sh, sh->out, buf_str(&text), cut);
    return rc != 0 ? rc : status;
}

static int count_words(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0, lines = 0, words = 0;
    AUTO_BUF text = BUF_INIT;
    int status = command_options(sh, argv, "lwcm", NULL, &o, &first);
    if (status == 0)
        status = command_read_all(sh, argv, first, &text);
    if (status < 0)
        return status;
    bool inside = false;
    for (size_t i = 0; i < text.len; i++) {
        bool space = isspace((unsigned char)text.data[i]) != 0;
        lines += text.data[i] == '\n' ? 1 : 0;
        words += !space && !inside ? 1 : 0;
        inside = !space;
    }
    bool all = o.letters[0] == '\0';
    const char *gap = "";
    const size_t values[] = {lines, words, text.len};
    for (size_t i = 0; i < 3; i++) {
        bool wanted =
            all || command_has(&o, "lwc"[i]) || (i == 2 && command_has(&o, 'm'));
        if (wanted) {
            shell_print(sh, "%s%zu", gap, values[i]);
            gap = " ";
        }
    }
    if (first + 1 == argv->len)
        shell_print(sh, " %s", argv->items[first]);
    shell_print(sh, "\n");
    return status;
}

static int tee(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    AUTO_BUF text = BUF_INIT;
    int status = command_options(sh, argv, "ai", NULL, &o, &first);
    struct strv none = {.items = argv->items, .len = 1};
    if (status == 0)
        status = command_read_all(sh, &none, 1, &text);
    if (status != 0)
        return status;
    int rc = shell_write(sh, sh->out, buf_str(&text), text.len);
    for (size_t i = first; rc == 0 && i < argv->len; i++) {
        struct shell_redirect r = {
            .kind = command_has(&o, 'a') ? REDIRECT_APPEND : REDIRECT_OUT,
            .fd = 1,
            .append = command_has(&o, 'a'),
        };
        /* the name is no word to expand any more */
        AUTO_BUF b = BUF_INIT;
        for (const char *p = argv->items[i]; *p != '\0'; p++) {
            buf_addc(&b, '\\');
            buf_addc(&b, *p);
        }
        r.word = buf_str(&b);
        struct shell_redirection scope;
        bool ok = false;
        rc = shell_redirect_begin(sh, &r, &scope, &ok);
        if (rc == 0 && ok)
            rc = shell_write(sh, sh->out, buf_str(&text), text.len);
        status = ok ? status : 1;
        int ended = shell_redirect_end(sh, &scope);
        rc = rc != 0 ? rc : ended;
    }
    return rc != 0 ? rc : status;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int sort_lines(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    AUTO_BUF text = BUF_INIT;
    int status = command_options(sh, argv, "ur", NULL, &o, &first);
    if (status == 0)
        status = command_read_all(sh, argv, first, &text);
    if (status < 0)
        return status;
    struct strv lines = STRV_INIT;
    for (const char *p = buf_str(&text); *p != '\0';) {
        size_t n = strcspn(p, "\n");
        strv_addn(&lines, p, n);
        p += n + (p[n] == '\n' ? 1 : 0);
    }
    if (lines.len > 0)
        qsort(lines.items, lines.len, sizeof *lines.items, compare_lines);
    for (size_t i = 0; i < lines.len; i++) {
        size_t at = command_has(&o, 'r') ? lines.len - 1 - i : i;
        size_t before = command_has(&o, 'r') ? at + 1 : at - 1;
        bool same = i > 0 && strcmp(lines.items[at], lines.items[before]) == 0;
        if (!same || !command_has(&o, 'u'))
            shell_print(sh, "%s\n", lines.items[at]);
    }
    strv_free(&lines);
    return status;
}

/* ---- grep --------------------------------------------------------------------------
 */

struct grep {
    struct matcher matcher;
    bool invert, quiet, count, numbers, names, only_names, silent;
    size_t found;
};

static void print_match(struct shell *sh, const struct grep *g, const char *name,
                        size_t number, const char *line, size_t len)
{
    if (g->quiet || g->count || g->only_names)
        return;
    if (g->names)
        shell_print(sh, "%s:", name);
    if (g->numbers)
        shell_print(sh, "%zu:", number);
    shell_print(sh, "%.*s\n", (int)len, line);
}

static int grep_text(struct shell *sh, struct grep *g, const char *name,
                     const struct buf *text)
{
    size_t number = 0, found = 0;
    for (const char *p = buf_str(text); *p != '\0';) {
        size_t n = strcspn(p, "\n");
        int matched = matcher_search(&g->matcher, p, n);
        number++;
        if (matched < 0)
            return shell_unsupported(sh, "grep with a pattern this slow");
        if ((matched == 1) != g->invert) {
            found++;
            print_match(sh, g, name, number, p, n);
        }
        p += n + (p[n] == '\n' ? 1 : 0);
    }
    if (g->count)
        shell_print(sh, "%s%s%zu\n", g->names ? name : "", g->names ? ":" : "", found);
    if (g->only_names && found > 0)
        shell_print(sh, "%s\n", name);
    g->found += found;
    return 0;
}

/* The operand at i, or standard input where there is none. */
static int grep_one(struct shell *sh, struct grep *g, const struct strv *argv, size_t i,
                    bool *missing)
{
    AUTO_BUF text = BUF_INIT;
    struct strv none = {.items = argv->items, .len = 1};
    const char *name = i < argv->len ? argv->items[i] : "-";
    const char *why = NULL;
    if (strcmp(name, "-") != 0)
        why = files_read(sh, name, &text);
    else
        command_read_all(sh, &none, 1, &text);
    if (why == NULL)
        return grep_text(sh, g, name, &text);
    if (!g->silent)
        shell_complain(sh, "grep: %s: %s\n", name, why);
    *missing = true;
    return 0;
}

static int grep(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    static const struct command_long longs[] = {
        {"quiet", 'q'}, {"ignore-case", 'i'}, {"invert-match", 'v'}, {NULL, 0}};
    int status = command_options(sh, argv, "EFGqsivcnhHle:x", longs, &o, &first);
    if (status != 0)
        return status;
    const char *pattern = o.value['e'];
    if (pattern == NULL && first < argv->len)
        pattern = argv->items[first++];
    if (pattern == NULL) {
        shell_complain(sh, "Usage: grep [OPTION]... PATTERNS [FILE]...\n");
        return 2;
    }
    bool extended = strcmp(path_base(argv->items[0]), "egrep") == 0;
    struct grep g = {
        .invert = command_has(&o, 'v'),
        .quiet = command_has(&o, 'q'),
        .count = command_has(&o, 'c'),
        .numbers = command_has(&o, 'n'),
        .only_names = command_has(&o, 'l'),
        .silent = command_has(&o, 's'),
        .names = argv->len > first + 1 && !command_has(&o, 'h'),
        .matcher = {.pattern = pattern,
                    .extended = extended || command_has(&o, 'E'),
                    .fixed = command_has(&o, 'F'),
                    .ignore_case = command_has(&o, 'i'),
                    .whole = command_has(&o, 'x')},
    };
    if (!matcher_supported(&g.matcher))
        return shell_unsupported(sh, "grep with the pattern %.60s", pattern);
    bool missing = false;
    for (size_t i = first; i < argv->len || i == first; i++) {
        int rc = grep_one(sh, &g, argv, i, &missing);
        if (rc != 0)
            return rc;
    }
    if (missing && !(g.quiet && g.found > 0))
        return 2;
    return g.found > 0 ? 0 : 1;
}

/* ---- names -------------------------------------------------------------------------
 */

static int base_name(struct shell *sh, const struct strv *argv)
{
    if (argv->len < 2) {
        shell_complain(sh, "basename: missing operand\n");
        return 1;
    }
    AUTO_FREE char *name = xstrdup(argv->items[1]);
    size_t n = strlen(name);
    while (n > 1 && name[n - 1] == '/')
        name[--n] = '\0';
    const char *base = n == 1 ? name : path_base(name);
    n = strlen(base);
    size_t cut = argv->len > 2 ? strlen(argv->items[2]) : 0;
    if (cut > 0 && cut < n && strcmp(base + n - cut, argv->items[2]) == 0)
        n -= cut;
    shell_print(sh, "%.*s\n", (int)n, base);
    return 0;
}

static int dir_name(struct shell *sh, const struct strv *argv)
{
    if (argv->len < 2) {
        shell_complain(sh, "dirname: missing operand\n");
        return 1;
    }
    AUTO_FREE char *name = xstrdup(argv->items[1]);
    size_t n = strlen(name);
    while (n > 1 && name[n - 1] == '/')
        name[--n] = '\0';
    n = path_parent_len(name);
    shell_print(sh, "%.*s\n", n > 0 ? (int)n : 1,
                n > 0            ? name
                : name[0] == '/' ? "/"
                                 : ".");
    return 0;
}

static int print_dir(struct shell *sh, const struct strv *argv)
{
    (void)argv;
    shell_print(sh, "%s\n", sh->cwd);
    return 0;
}

/* readlink [-f] FILE, realpath FILE */
static int read_link(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "fenm", NULL, &o, &first);
    if (status != 0 || first >= argv->len)
        return status != 0 ? status : 1;
    bool whole =
        o.letters[0] != '\0' || strcmp(path_base(argv->items[0]), "realpath") == 0;
    AUTO_FREE char *path = files_path(sh, argv->items[first], whole);
    const struct entry *e = path != NULL ? view_lookup(sh->root, path) : NULL;
    if (whole && path != NULL) {
        shell_print(sh, "/%s\n", path);
        return 0;
    }
    if (e == NULL || e->type != ENTRY_SYMLINK)
        return 1;
    shell_print(sh, "%s\n", e->target);
    return 0;
}

const struct command commands_text[] = {
    {"echo", echo},         {"printf", print_formatted}, {"cat", cat},
    {"head", head_or_tail}, {"tail", head_or_tail},      {"wc", count_words},
    {"tee", tee},           {"sort", sort_lines},        {"grep", grep},
    {"egrep", grep},        {"basename", base_name},     {"dirname", dir_name},
    {"pwd", print_dir},     {"readlink", read_link},     {"realpath", read_link},
    {NULL, NULL},
};
