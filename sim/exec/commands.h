/* SPDX-License-Identifier: MIT */
/*
 * The commands the shell knows itself, with real effect on the view: umask 022, owner
 * the user of the RUN, times those of the build, messages and exit status as the real
 * tools'. They cost nothing on the virtual clock, `sleep` excepted.
 */
#ifndef SIM_EXEC_COMMANDS_H
#define SIM_EXEC_COMMANDS_H

#include <stdbool.h>

#include "sim/base/buf.h"
#include "sim/exec/shell.h"

/* Returns the exit status, or negative: it cannot be modelled, sh->err says why. */
typedef int command_fn(struct shell *sh, const struct strv *argv);

struct command {
    const char *name;
    command_fn *run;
};

/* Built-ins of the shell itself (cd, set, sh, …): no model replaces them. NULL: no. */
command_fn *command_special(const char *name);
/* POSIX special built-ins, after which assignments stay. */
bool command_is_special(const char *name);
/* Other commands by their base name; NULL if unknown. */
command_fn *command_find(const char *name);
/* Sets sh->status from what the command returns. */
int command_run(struct shell *sh, command_fn *fn, const struct strv *argv);
/* A command named by path: a script in the view runs by its #! line; a path that names
 * nothing is "not found". *done false: something else must run it. */
int command_run_file(struct shell *sh, const char *path, const struct strv *argv,
                     bool *done);
/* A script found along PATH. */
int command_run_found(struct shell *sh, const struct strv *argv, bool *done);

/* One-letter flags, "-rf -v", and long ones the caller maps: reads from *i on, which
 * afterwards is the first operand; the letters met are appended to out. `known` lists
 * the letters; a letter followed by ':' takes a value, kept by `value` (may be NULL).
 * Returns 0, or 1 after a message for an unknown option. */
struct command_options {
    char letters[64];
    const char *value[128]; /* by letter: the last value given */
};
struct command_long {
    const char *name;
    char letter;
};
int command_options(struct shell *sh, const struct strv *argv, const char *known,
                    const struct command_long *longs, struct command_options *out,
                    size_t *first);
bool command_has(const struct command_options *options, char letter);
/* Reads all of the operands from `first` on, or standard input where there is none or
 * "-"; appended to out. Returns the exit status after messages for what is missing. */
int command_read_all(struct shell *sh, const struct strv *argv, size_t first,
                     struct buf *out);

/* The operand without trailing slashes; the caller frees. */
char *command_trimmed(const char *name);
int command_missing_operand(struct shell *sh, const struct strv *argv); /* 1 */
/* Modes as chmod takes them: "755", "u+x,go-w", "a=rX". false if malformed. */
bool command_parse_mode(const char *text, uint32_t old, bool folder, uint32_t *out);

/* ---- the tables, by file */
extern const struct command commands_file[], commands_attribute[], commands_text[],
    commands_system[];
command_fn command_test; /* test and [ */

#endif
