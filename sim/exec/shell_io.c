/* SPDX-License-Identifier: MIT */
/* Where a command's output goes and its input comes from. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/files.h"
#include "sim/exec/shell.h"

void shell_stream_free(struct shell_stream *stream)
{
    free(stream->path);
    buf_free(&stream->data);
}

int shell_write(struct shell *sh, struct shell_stream *to, const char *data, size_t len)
{
    if (to->kind == STREAM_NULL || len == 0)
        return 0;
    if (to->kind == STREAM_RUN) {
        if (sh->run->output != NULL)
            sh->run->output(sh->run->output_payload, to->number, data, len);
        return 0;
    }
    sh->output_bytes += len;
    if (sh->output_bytes > 4 * SHELL_BYTES_LIMIT ||
        to->data.len + len > SHELL_BYTES_LIMIT)
        return shell_unsupported(sh, "output of over 64 MiB");
    buf_add(&to->data, data, len);
    return 0;
}

__attribute__((format(printf, 3, 0))) static void
write_formatted(struct shell *sh, struct shell_stream *to, const char *fmt, va_list ap)
{
    char room[512];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(room, sizeof room, fmt, ap);
    if (n >= 0 && (size_t)n < sizeof room) {
        shell_write(sh, to, room, (size_t)n);
    } else if (n >= 0) {
        AUTO_FREE char *text = xmalloc((size_t)n + 1);
        vsnprintf(text, (size_t)n + 1, fmt, again);
        shell_write(sh, to, text, (size_t)n);
    }
    va_end(again);
}

void shell_print(struct shell *sh, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_formatted(sh, sh->out, fmt, ap);
    va_end(ap);
}

void shell_complain(struct shell *sh, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_formatted(sh, sh->errs, fmt, ap);
    va_end(ap);
}

/* ---- redirections ---------------------------------------------------------------- */

static struct shell_stream *open_stream(struct shell_redirection *scope,
                                        enum shell_stream_kind kind)
{
    struct shell_stream *s = xcalloc(1, sizeof *s);
    s->kind = kind;
    scope->opened[scope->opened_count++] = s;
    return s;
}

static int refuse(struct shell *sh, const char *name, const char *why, bool *ok)
{
    *ok = false;
    sh->status = sh->run->shell_form ? 2 : 1;
    shell_complain(sh, "sh: cannot %s: %s\n", name, why);
    return 0;
}

/* Opens a file for output: it exists, and is empty unless appended to, from now on. */
static int open_output(struct shell *sh, const char *name, bool append,
                       struct shell_redirection *scope, struct shell_stream **out,
                       bool *ok)
{
    if (strcmp(name, "/dev/null") == 0) {
        *out = open_stream(scope, STREAM_NULL);
        return 0;
    }
    if (strcmp(name, "/dev/stdout") == 0 || strcmp(name, "/dev/fd/1") == 0) {
        *out = sh->out;
        return 0;
    }
    if (strcmp(name, "/dev/stderr") == 0 || strcmp(name, "/dev/fd/2") == 0) {
        *out = sh->errs;
        return 0;
    }
    AUTO_FREE char *what = xasprintf("create %s", name);
    AUTO_FREE char *path = files_path(sh, name, true);
    if (path == NULL || *name == '\0')
        return refuse(sh, what, "Directory nonexistent", ok);
    const struct entry *e = view_lookup(sh->root, path);
    const char *why = e == NULL              ? files_parent_problem(sh, path)
                      : e->type == ENTRY_DIR ? "Is a directory"
                      : !files_may(sh, e, 2) ? "Permission denied"
                                             : NULL;
    if (why != NULL)
        return refuse(sh, what, e == NULL ? "Directory nonexistent" : why, ok);
    int rc = e == NULL || !append ? files_write(sh, path, "", 0) : 0;
    if (rc != 0)
        return rc;
    *out = open_stream(scope, STREAM_FILE);
    (*out)->append = append;
    (*out)->path = xstrdup(path);
    return 0;
}

static int open_input(struct shell *sh, const char *name,
                      struct shell_redirection *scope, bool *ok)
{
    struct shell_input *in = xcalloc(1, sizeof *in);
    scope->inputs[scope->input_count++] = in;
    if (strcmp(name, "/dev/null") != 0 && strcmp(name, "/dev/stdin") != 0) {
        const char *why = files_read(sh, name, &in->data);
        AUTO_FREE char *what = xasprintf("open %s", name);
        if (why != NULL)
            return refuse(sh, what, why + 0, ok);
    }
    if (strcmp(name, "/dev/stdin") != 0)
        sh->in = in;
    return 0;
}

static int duplicate(struct shell *sh, const struct shell_redirect *r, const char *to,
                     struct shell_redirection *scope, bool *ok)
{
    struct shell_stream *s = NULL;
    if (r->fd == 0) {
        if (strcmp(to, "0") == 0)
            return 0;
        return strcmp(to, "-") == 0
                   ? open_input(sh, "/dev/null", scope, ok)
                   : shell_unsupported(sh, "the redirection <&%.20s", to);
    }
    if (strcmp(to, "1") == 0)
        s = sh->out;
    else if (strcmp(to, "2") == 0)
        s = sh->errs;
    else if (strcmp(to, "-") == 0)
        s = open_stream(scope, STREAM_NULL);
    else if (strspn(to, "0123456789") == strlen(to))
        return shell_unsupported(sh, "a file descriptor above 2");
    if (s == NULL) { /* >&FILE: both */
        int rc = open_output(sh, to, false, scope, &s, ok);
        if (rc != 0 || !*ok)
            return rc;
        sh->out = sh->errs = s;
        return 0;
    }
    *(r->fd == 1 ? &sh->out : &sh->errs) = s;
    return 0;
}

static int redirect(struct shell *sh, const struct shell_redirect *r,
                    struct shell_redirection *scope, bool *ok)
{
    if (r->kind == REDIRECT_HERE) {
        struct shell_input *in = xcalloc(1, sizeof *in);
        scope->inputs[scope->input_count++] = in;
        sh->in = in;
        if (r->expand)
            return shell_expand_heredoc(sh, r->word, &in->data);
        buf_adds(&in->data, r->word);
        return 0;
    }
    AUTO_FREE char *name = NULL;
    int rc = shell_expand_one(sh, r->word, false, &name);
    if (rc != 0)
        return rc;
    struct shell_stream *s = NULL;
    switch (r->kind) {
    case REDIRECT_IN:
        return open_input(sh, name, scope, ok);
    case REDIRECT_DUP:
        return duplicate(sh, r, name, scope, ok);
    default:
        if (r->fd == 0)
            return shell_unsupported(sh, "output to file descriptor 0");
        rc = open_output(sh, name, r->append, scope, &s, ok);
        if (rc != 0 || !*ok)
            return rc;
        if (r->kind == REDIRECT_BOTH)
            sh->out = sh->errs = s;
        else
            *(r->fd == 1 ? &sh->out : &sh->errs) = s;
        return 0;
    }
}

int shell_redirect_begin(struct shell *sh, const struct shell_redirect *list,
                         struct shell_redirection *scope, bool *ok)
{
    *scope = (struct shell_redirection){.in = sh->in, .out = sh->out, .errs = sh->errs};
    *ok = true;
    int rc = 0;
    for (; rc == 0 && *ok && list != NULL; list = list->next) {
        if (scope->opened_count == 8 || scope->input_count == 8)
            return shell_unsupported(sh, "a command with over 8 redirections");
        rc = redirect(sh, list, scope, ok);
    }
    return rc;
}

/* Puts what was written into the file. */
static int flush(struct shell *sh, struct shell_stream *s)
{
    if (s->kind != STREAM_FILE || s->data.len == 0)
        return 0;
    AUTO_BUF whole = BUF_INIT;
    const struct entry *e = view_lookup(sh->root, s->path);
    if (e == NULL || e->type != ENTRY_FILE)
        return 0; /* removed while it was open: the bytes are nowhere */
    if (s->append &&
        content_load(&e->content, e->size, SHELL_BYTES_LIMIT, &whole, sh->err) != 0)
        return err_wrap(sh->err, "appending to /%s", s->path);
    buf_add(&whole, s->data.data, s->data.len);
    return files_write(sh, s->path, whole.data, whole.len);
}

int shell_redirect_end(struct shell *sh, struct shell_redirection *scope)
{
    int rc = 0;
    sh->in = scope->in;
    sh->out = scope->out;
    sh->errs = scope->errs;
    for (size_t i = 0; i < scope->opened_count; i++) {
        int failed = rc == 0 ? flush(sh, scope->opened[i]) : 0;
        rc = rc != 0 ? rc : failed;
        shell_stream_free(scope->opened[i]);
        free(scope->opened[i]);
    }
    for (size_t i = 0; i < scope->input_count; i++) {
        buf_free(&scope->inputs[i]->data);
        free(scope->inputs[i]);
    }
    return rc;
}
