/* SPDX-License-Identifier: MIT */
/*
 * The small POSIX-like shell of the model executor, running on a view.
 *
 * Lists (; newline && || and &, which here runs in the foreground), pipes (the left
 * side's output becomes the right side's input), redirections of 0, 1 and 2, heredocs,
 * quotes, ${…} with the POSIX modifiers, $(…), $((…)), globbing, { }, ( ), !, if, for,
 * while, until, case, and the special built-ins. Times: a built-in costs nothing on the
 * virtual clock but `sleep`; every other command costs what its model says.
 */
#ifndef SIM_EXEC_SHELL_H
#define SIM_EXEC_SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/exec/exec.h"
#include "sim/exec/model.h"
#include "sim/exec/shell_parse.h"
#include "sim/layer/view.h"

/* What one RUN may do at most; beyond it the step is refused with a message. */
enum {
    SHELL_COMMAND_LIMIT = 100000,
    SHELL_DEPTH_LIMIT = 100,
    SHELL_LOOP_LIMIT = 10000
};
#define SHELL_BYTES_LIMIT ((size_t)64 << 20)

enum shell_stream_kind { STREAM_RUN, STREAM_NULL, STREAM_BUF, STREAM_FILE };

struct shell_stream {
    enum shell_stream_kind kind;
    int number;      /* RUN: 1 or 2 */
    bool append;     /* FILE */
    char *path;      /* FILE: clean path in the view */
    struct buf data; /* BUF, FILE */
};

struct shell_input {
    struct buf data;
    size_t pos;
};

struct shell {
    const struct exec_run *run;
    const struct model_source *source;
    struct view *root;
    struct strv env;  /* exported */
    struct strv vars; /* not exported */
    struct strv args; /* $0 $1 … */
    char *cwd;        /* absolute */
    uint32_t uid, gid;
    uint64_t ms;
    int status; /* of the last command */
    bool errexit, nounset, xtrace, pipefail, noglob;
    unsigned unchecked; /* >0: in a condition, where errexit does not apply */
    bool exiting;
    unsigned loops, breaking, continuing; /* loop levels: open, to leave, to go on in */
    unsigned commands, depth;
    size_t output_bytes; /* buffered so far, against SHELL_BYTES_LIMIT */
    struct shell_input *in;
    struct shell_stream *out, *errs;
    struct err *err;
};

/* Prepares a shell for the run: environment, working directory, user. `in`, `out` and
 * `errs` are the caller's. */
int shell_init(struct shell *sh, const struct exec_run *run,
               const struct model_source *source, struct err *err);
void shell_free(struct shell *sh); /* the members */

/* Runs a script. 0, with the exit status in sh->status, or negative: it cannot be
 * modelled (err says what and how to go on). */
int shell_run_text(struct shell *sh, const char *text, size_t len);
int shell_run_node(struct shell *sh, const struct shell_node *node);
/* Runs one command by its argv: exec form, and each simple command of a script. */
int shell_run_argv(struct shell *sh, const struct strv *argv);
/* A new shell's start with a script of its own (sh -c, sh FILE, a #! script): state is
 * a copy, effects stay in the view. `args` are $0 $1 …. */
int shell_run_script(struct shell *sh, const char *text, size_t len,
                     const struct strv *args, const char *flags);

/* Runs text in a subshell and appends what it prints: $(…). */
int shell_capture(struct shell *sh, const char *text, size_t len, struct buf *out);

/* ---- variables and words (shell_word.c) */
const char *shell_get(const struct shell *sh, const char *name); /* NULL: unset */
void shell_set(struct shell *sh, const char *name, const char *value);
void shell_export(struct shell *sh, const char *name, const char *value);
void shell_unset(struct shell *sh, const char *name);
bool shell_is_name(const char *name, size_t len);
/* Expansion, field splitting, globbing; appended to out. */
int shell_expand(struct shell *sh, const char *word, struct strv *out);
/* Without splitting and globbing; the caller frees *out. `pattern`: quoted characters
 * that mean something in a pattern get a backslash. */
int shell_expand_one(struct shell *sh, const char *word, bool pattern, char **out);
/* The body of a here-document. */
int shell_expand_heredoc(struct shell *sh, const char *body, struct buf *out);
/* $((…)): shell_arith.c */
int shell_arithmetic(struct shell *sh, const char *text, int64_t *out);

/* ---- streams (shell_io.c) */
int shell_write(struct shell *sh, struct shell_stream *to, const char *data,
                size_t len);
/* To standard output and standard error of the command. */
void shell_print(struct shell *sh, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void shell_complain(struct shell *sh, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void shell_stream_free(struct shell_stream *stream);
/* Applies redirections around a command. *ok false: one failed as in sh, the status is
 * set and the command is skipped. shell_redirect_end in any case. */
struct shell_redirection {
    struct shell_input *in;
    struct shell_stream *out, *errs; /* what they were */
    struct shell_stream *opened[8];
    struct shell_input *inputs[8];
    size_t opened_count, input_count;
};
int shell_redirect_begin(struct shell *sh, const struct shell_redirect *list,
                         struct shell_redirection *scope, bool *ok);
int shell_redirect_end(struct shell *sh, struct shell_redirection *scope);

/* "X is not modelled", with the two remedies as the hint; returns the code. */
int shell_unsupported(struct shell *sh, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
