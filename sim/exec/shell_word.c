/* SPDX-License-Identifier: MIT */
/*
 * Words: quotes, parameters, command substitution, then field splitting and globbing.
 * While a word is expanded every character carries a mark that says how it came about.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/glob.h"
#include "sim/exec/shell.h"

enum mark {
    MARK_LITERAL = 'l', /* unquoted in the script: patterns count */
    MARK_QUOTED = 'q',
    MARK_VALUE = 'x', /* from an unquoted expansion: split, patterns count */
    MARK_BREAK = 'b', /* a field ends here: between the words of "$@" */
    MARK_EMPTY = 'e', /* "" was written: the field exists though it is empty */
};

/* ${V%p} tries every length: quadratic, so long values are refused. */
enum { TRIM_LIMIT = 16384 };

struct marked {
    struct buf text, marks;
};

static void marked_free(struct marked *m)
{
    buf_free(&m->text);
    buf_free(&m->marks);
}

static void add(struct marked *m, char c, enum mark mark)
{
    buf_addc(&m->text, c);
    buf_addc(&m->marks, (char)mark);
}

static void add_text(struct marked *m, const char *s, size_t n, enum mark mark)
{
    for (size_t i = 0; i < n; i++)
        add(m, s[i], mark);
}

/* ---- variables ------------------------------------------------------------------- */

const char *shell_get(const struct shell *sh, const char *name)
{
    const char *value = env_get(&sh->vars, name);
    return value != NULL ? value : env_get(&sh->env, name);
}

void shell_set(struct shell *sh, const char *name, const char *value)
{
    env_set(env_find(&sh->env, name) >= 0 ? &sh->env : &sh->vars, name, value);
}

static void drop(struct strv *list, const char *name)
{
    long i = env_find(list, name);
    if (i < 0)
        return;
    free(list->items[i]);
    memmove(&list->items[i], &list->items[i + 1],
            (list->len - (size_t)i) * sizeof *list->items);
    list->len--;
}

void shell_export(struct shell *sh, const char *name, const char *value)
{
    const char *kept = value != NULL ? value : env_get(&sh->vars, name);
    if (kept != NULL)
        env_set(&sh->env, name, kept);
    drop(&sh->vars, name);
}

void shell_unset(struct shell *sh, const char *name)
{
    drop(&sh->vars, name);
    drop(&sh->env, name);
}

bool shell_is_name(const char *name, size_t len)
{
    if (len == 0 || isdigit((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return false;
    return true;
}

/* ---- $ --------------------------------------------------------------------------- */

static int expand_into(struct shell *sh, const char *word, size_t len, bool quoted,
                       struct marked *out);

/* "$@" and $* */
static void add_arguments(struct shell *sh, char which, bool quoted, struct marked *out)
{
    enum mark mark = quoted ? MARK_QUOTED : MARK_VALUE;
    for (size_t i = 1; i < sh->args.len; i++) {
        if (i > 1 && quoted && which == '@')
            add(out, ' ', MARK_BREAK);
        else if (i > 1)
            add(out, ' ', mark);
        if (quoted && sh->args.items[i][0] == '\0')
            add(out, ' ', MARK_EMPTY);
        add_text(out, sh->args.items[i], strlen(sh->args.items[i]), mark);
    }
}

/* The value of a special or ordinary parameter; NULL if unset. */
static const char *parameter(struct shell *sh, const char *name, char room[32])
{
    if (strcmp(name, "?") == 0)
        snprintf(room, 32, "%d", sh->status);
    else if (strcmp(name, "#") == 0)
        snprintf(room, 32, "%zu", sh->args.len > 0 ? sh->args.len - 1 : 0);
    else if (strcmp(name, "$") == 0)
        snprintf(room, 32, "1");
    else if (strcmp(name, "-") == 0)
        snprintf(room, 32, "%s%s%s", sh->errexit ? "e" : "", sh->nounset ? "u" : "",
                 sh->xtrace ? "x" : "");
    else if (strcmp(name, "!") == 0)
        return NULL;
    else if (isdigit((unsigned char)name[0])) {
        size_t i = strtoul(name, NULL, 10);
        return i < sh->args.len ? sh->args.items[i] : NULL;
    } else
        return shell_get(sh, name);
    return room;
}

static int add_value(struct shell *sh, const char *name, bool quoted,
                     struct marked *out)
{
    char room[32];
    if (strcmp(name, "@") == 0 || strcmp(name, "*") == 0) {
        add_arguments(sh, name[0], quoted, out);
        return 0;
    }
    const char *value = parameter(sh, name, room);
    if (value == NULL && sh->nounset) {
        shell_complain(sh, "sh: %s: parameter not set\n", name);
        sh->status = 2;
        sh->exiting = true;
    }
    if (value != NULL)
        add_text(out, value, strlen(value), quoted ? MARK_QUOTED : MARK_VALUE);
    return 0;
}

/* ${V#p} ${V##p} ${V%p} ${V%%p}: what is left of value. */
static void trim(const char *value, const char *pattern, bool suffix, bool longest,
                 const char **start, size_t *len)
{
    size_t n = strlen(value);
    *start = value;
    *len = n;
    for (size_t k = 0; k <= n; k++) {
        size_t cut = longest ? n - k : k;
        const char *part = suffix ? value + n - cut : value;
        if (!shell_pattern_matches(pattern, part, cut))
            continue;
        *start = suffix ? value : value + cut;
        *len = n - cut;
        return;
    }
}

static int add_trimmed(struct shell *sh, const char *value, const char *op, bool quoted,
                       struct marked *out)
{
    bool longest = op[0] == op[1];
    if (value != NULL && strlen(value) > TRIM_LIMIT)
        return shell_unsupported(sh, "trimming a value of over 16 KiB");
    AUTO_FREE char *pattern = NULL;
    int rc = shell_expand_one(sh, op + (longest ? 2 : 1), true, &pattern);
    if (rc != 0)
        return rc;
    const char *start = NULL;
    size_t len = 0;
    trim(value != NULL ? value : "", pattern, op[0] == '%', longest, &start, &len);
    add_text(out, start, len, quoted ? MARK_QUOTED : MARK_VALUE);
    return 0;
}

/* ${V:-w} and its kin; op points to "-", "=", "?" or "+". */
static int add_conditional(struct shell *sh, const char *name, const char *value,
                           const char *op, bool quoted, struct marked *out)
{
    const char *word = op + 1;
    if (*op == '+')
        return value != NULL ? expand_into(sh, word, strlen(word), quoted, out) : 0;
    if (value != NULL) {
        add_text(out, value, strlen(value), quoted ? MARK_QUOTED : MARK_VALUE);
        return 0;
    }
    if (*op == '-')
        return expand_into(sh, word, strlen(word), quoted, out);
    AUTO_FREE char *text = NULL;
    int rc = shell_expand_one(sh, word, false, &text);
    if (rc != 0)
        return rc;
    if (*op == '=') {
        shell_set(sh, name, text);
        add_text(out, text, strlen(text), quoted ? MARK_QUOTED : MARK_VALUE);
        return 0;
    }
    shell_complain(sh, "sh: %s: %s\n", name,
                   *text != '\0' ? text : "parameter not set or null");
    sh->status = 2;
    sh->exiting = true;
    return 0;
}

/* The length of a parameter's name: a name, digits, or one special character. */
static size_t parameter_length(const char *p, size_t len)
{
    size_t n = 0;
    if (len > 0 && !isdigit((unsigned char)*p))
        while (n < len && (isalnum((unsigned char)p[n]) || p[n] == '_'))
            n++;
    if (n == 0)
        while (n < len && isdigit((unsigned char)p[n]))
            n++;
    if (n == 0 && len > 0 && strchr("?#$-!@*", *p) != NULL)
        n = 1;
    return n;
}

static int add_length(struct shell *sh, const char *name, bool quoted,
                      struct marked *out)
{
    char room[32], text[32];
    const char *value = parameter(sh, name, room);
    snprintf(text, sizeof text, "%zu", value != NULL ? strlen(value) : 0);
    add_text(out, text, strlen(text), quoted ? MARK_QUOTED : MARK_VALUE);
    return 0;
}

/* The inside of ${…}. */
static int add_braced(struct shell *sh, const char *body, size_t len, bool quoted,
                      struct marked *out)
{
    AUTO_FREE char *copy = xstrndup(body, len);
    bool length =
        len > 1 && copy[0] == '#' && parameter_length(copy + 1, len - 1) == len - 1;
    size_t n = parameter_length(copy + (length ? 1 : 0), len - (length ? 1 : 0));
    AUTO_FREE char *name = xstrndup(copy + (length ? 1 : 0), n);
    if (length)
        return add_length(sh, name, quoted, out);
    const char *op = copy + n;
    if (n != 0 && *op == '\0')
        return add_value(sh, name, quoted, out);
    char room[32];
    const char *value = n != 0 ? parameter(sh, name, room) : NULL;
    AUTO_FREE char *kept = value != NULL ? xstrdup(value) : NULL;
    if (n != 0 && (*op == '#' || *op == '%'))
        return add_trimmed(sh, kept, op, quoted, out);
    bool colon = *op == ':';
    op += colon ? 1 : 0;
    if (n == 0 || *op == '\0' || strchr("-=?+", *op) == NULL)
        return shell_unsupported(sh, "the expansion ${%.60s}", copy);
    if (colon && kept != NULL && *kept == '\0')
        return add_conditional(sh, name, NULL, op, quoted, out);
    return add_conditional(sh, name, kept, op, quoted, out);
}

static int add_captured(struct shell *sh, const char *text, size_t len, bool quoted,
                        struct marked *out)
{
    AUTO_BUF printed = BUF_INIT;
    int rc = shell_capture(sh, text, len, &printed);
    size_t n = printed.len;
    while (n > 0 && printed.data[n - 1] == '\n')
        n--;
    if (rc == 0)
        add_text(out, buf_str(&printed), n, quoted ? MARK_QUOTED : MARK_VALUE);
    return rc;
}

/* `…`: inside, a backslash quotes only $, ` and itself. */
static int add_backquoted(struct shell *sh, const char *body, size_t len, bool quoted,
                          struct marked *out)
{
    AUTO_BUF text = BUF_INIT;
    for (size_t i = 0; i < len; i++) {
        if (body[i] == '\\' && i + 1 < len && strchr("$`\\", body[i + 1]) != NULL)
            i++;
        buf_addc(&text, body[i]);
    }
    return add_captured(sh, buf_str(&text), text.len, quoted, out);
}

static int add_arithmetic(struct shell *sh, const char *body, size_t len, bool quoted,
                          struct marked *out)
{
    struct marked inner = {0};
    int rc = expand_into(sh, body, len, true, &inner);
    int64_t value = 0;
    if (rc == 0)
        rc = shell_arithmetic(sh, buf_str(&inner.text), &value);
    marked_free(&inner);
    if (rc != 0)
        return rc;
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    add_text(out, text, strlen(text), quoted ? MARK_QUOTED : MARK_VALUE);
    return 0;
}

/* At a "$"; *used gets how many bytes it took. */
static int add_dollar(struct shell *sh, const char *p, size_t len, bool quoted,
                      struct marked *out, size_t *used)
{
    if (len > 1 && (p[1] == '(' || p[1] == '{')) {
        const char *end = shell_skip_quoted(p, 0);
        if (end == NULL || end > p + len)
            return shell_unsupported(sh, "an unclosed $%c", p[1]);
        *used = (size_t)(end - p);
        if (p[1] == '{')
            return add_braced(sh, p + 2, *used - 3, quoted, out);
        if (*used > 5 && p[2] == '(' && strncmp(end - 2, "))", 2) == 0)
            return add_arithmetic(sh, p + 3, *used - 5, quoted, out);
        return add_captured(sh, p + 2, *used - 3, quoted, out);
    }
    size_t n = parameter_length(p + 1, len - 1);
    if (n > 1 && isdigit((unsigned char)p[1]))
        n = 1;
    *used = n + 1;
    if (n == 0) {
        add(out, '$', quoted ? MARK_QUOTED : MARK_LITERAL);
        return 0;
    }
    AUTO_FREE char *name = xstrndup(p + 1, n);
    return add_value(sh, name, quoted, out);
}

/* ---- quotes ---------------------------------------------------------------------- */

static int add_double(struct shell *sh, const char *p, size_t len, struct marked *out)
{
    if (len == 0)
        add(out, ' ', MARK_EMPTY);
    return expand_into(sh, p, len, true, out);
}

/* A backslash; inside double quotes it quotes only $ ` " \ and newline. */
static size_t add_escaped(const char *p, size_t len, bool quoted, struct marked *out)
{
    if (len < 2) {
        add(out, '\\', MARK_QUOTED);
        return 1;
    }
    if (p[1] == '\n')
        return 2;
    if (quoted && strchr("$`\"\\", p[1]) == NULL) {
        add(out, '\\', MARK_QUOTED);
        return 1;
    }
    add(out, p[1], MARK_QUOTED);
    return 2;
}

/* The construct that starts at p; *used how many bytes it took. */
static int expand_at(struct shell *sh, const char *p, size_t len, bool quoted,
                     struct marked *out, size_t *used)
{
    *used = 1;
    if (*p == '\\') {
        *used = add_escaped(p, len, quoted, out);
        return 0;
    }
    if (*p == '$')
        return add_dollar(sh, p, len, quoted, out, used);
    if (*p == '`' || *p == '"' || (*p == '\'' && !quoted)) {
        const char *end = shell_skip_quoted(p, 0);
        if (end == NULL || end > p + len)
            return shell_unsupported(sh, "an unclosed %c", *p);
        *used = (size_t)(end - p);
        if (*p == '`')
            return add_backquoted(sh, p + 1, *used - 2, quoted, out);
        if (*p == '"')
            return add_double(sh, p + 1, *used - 2, out);
        if (*used == 2)
            add(out, ' ', MARK_EMPTY);
        add_text(out, p + 1, *used - 2, MARK_QUOTED);
        return 0;
    }
    add(out, *p, quoted ? MARK_QUOTED : MARK_LITERAL);
    return 0;
}

static int expand_into(struct shell *sh, const char *word, size_t len, bool quoted,
                       struct marked *out)
{
    if (++sh->depth > SHELL_DEPTH_LIMIT)
        return shell_unsupported(sh, "an expansion nested this deep");
    int rc = 0;
    size_t i = 0;
    if (!quoted && len > 0 && word[0] == '~' && (len == 1 || word[1] == '/')) {
        const char *home = shell_get(sh, "HOME");
        home = home != NULL ? home : "/root";
        add_text(out, home, strlen(home), MARK_QUOTED);
        i = 1;
    }
    while (rc == 0 && i < len) {
        size_t used = 0;
        rc = expand_at(sh, word + i, len - i, quoted, out, &used);
        i += used;
        if (rc == 0 && out->text.len > SHELL_BYTES_LIMIT)
            rc = shell_unsupported(sh, "a word of over 64 MiB");
    }
    sh->depth--;
    return rc;
}

/* ---- fields ---------------------------------------------------------------------- */

static void add_pattern(struct buf *out, char c, bool quoted)
{
    if (quoted && strchr("*?[]\\", c) != NULL)
        buf_addc(out, '\\');
    buf_addc(out, c);
}

struct field {
    struct buf text, pattern;
    bool exists, globs;
};

static void end_field(struct shell *sh, struct field *f, bool force, struct strv *out)
{
    if (!f->exists && !force)
        return;
    size_t before = out->len;
    if (f->globs && !sh->noglob)
        shell_glob(sh->root, sh->cwd, buf_str(&f->pattern), out);
    if (out->len == before)
        strv_add(out, buf_str(&f->text));
    buf_clear(&f->text);
    buf_clear(&f->pattern);
    f->exists = f->globs = false;
}

int shell_expand(struct shell *sh, const char *word, struct strv *out)
{
    struct marked m = {0};
    int rc = expand_into(sh, word, strlen(word), false, &m);
    const char *ifs = shell_get(sh, "IFS");
    ifs = ifs != NULL ? ifs : " \t\n";
    struct field f = {0};
    for (size_t i = 0; rc == 0 && i < m.text.len; i++) {
        char c = m.text.data[i], mark = m.marks.data[i];
        if (mark == MARK_BREAK) {
            end_field(sh, &f, true, out);
        } else if (mark == MARK_VALUE && strchr(ifs, c) != NULL && c != '\0') {
            end_field(sh, &f, !isspace((unsigned char)c), out);
        } else {
            f.exists = true;
            if (mark == MARK_EMPTY)
                continue;
            buf_addc(&f.text, c);
            add_pattern(&f.pattern, c, mark == MARK_QUOTED);
            f.globs = f.globs || (mark != MARK_QUOTED && strchr("*?[", c) != NULL);
        }
    }
    if (rc == 0)
        end_field(sh, &f, false, out);
    buf_free(&f.text);
    buf_free(&f.pattern);
    marked_free(&m);
    return rc;
}

int shell_expand_one(struct shell *sh, const char *word, bool pattern, char **out)
{
    struct marked m = {0};
    struct buf text = BUF_INIT;
    int rc = expand_into(sh, word, strlen(word), false, &m);
    for (size_t i = 0; rc == 0 && i < m.text.len; i++)
        if (m.marks.data[i] != MARK_EMPTY)
            add_pattern(&text, m.text.data[i],
                        pattern && m.marks.data[i] == MARK_QUOTED);
    marked_free(&m);
    *out = buf_steal(&text);
    if (rc != 0) {
        free(*out);
        *out = NULL;
    }
    return rc;
}

int shell_expand_heredoc(struct shell *sh, const char *body, struct buf *out)
{
    struct marked m = {0};
    int rc = 0;
    /* as in double quotes, but that a double quote is an ordinary character */
    for (size_t i = 0, len = strlen(body); rc == 0 && i < len;) {
        size_t used = 1;
        if (body[i] == '"' || body[i] == '\'')
            add(&m, body[i], MARK_QUOTED);
        else
            rc = expand_at(sh, body + i, len - i, true, &m, &used);
        i += used;
    }
    if (rc == 0)
        buf_add(out, buf_str(&m.text), m.text.len);
    marked_free(&m);
    return rc;
}
