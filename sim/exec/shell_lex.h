/* SPDX-License-Identifier: MIT */
/* The reading of words, here-documents and redirections for the shell's grammar. Each
 * returns 0 or a negative code with the parser's err set. */
#ifndef SIM_EXEC_SHELL_LEX_H
#define SIM_EXEC_SHELL_LEX_H

#include "sim/exec/shell_parse.h"

struct shell_parser {
    const char *p;
    unsigned line, depth;
    struct arena *arena;
    struct shell_redirect *pending[16]; /* heredocs whose bodies follow the line */
    const char *delimiters[16];
    bool strip_tabs[16];
    size_t pending_count;
    struct err *err;
};

/* Errors with the script's line: malformed, and a construct that is not there. */
int shell_syntax(struct shell_parser *ps, const char *what);
int shell_not_modelled(struct shell_parser *ps, const char *construct);
/* Blanks, comments and joined lines; then also newlines, with the here-documents that
 * the line announced. */
void shell_skip_blanks(struct shell_parser *ps);
int shell_skip_lines(struct shell_parser *ps);
int shell_read_heredocs(struct shell_parser *ps);
/* One word as written; *out NULL where none starts here. */
int shell_read_word(struct shell_parser *ps, const char **out);
void shell_add_word(struct shell_parser *ps, struct shell_words *words,
                    const char *word);
/* Whether the keyword stands here as a whole word; take skips it. */
bool shell_peek_keyword(struct shell_parser *ps, const char *keyword);
bool shell_take_keyword(struct shell_parser *ps, const char *keyword);
bool shell_at_redirect(const struct shell_parser *ps);
/* Appends to the list that *tail ends. */
int shell_read_redirect(struct shell_parser *ps, struct shell_redirect ***tail);

#endif
