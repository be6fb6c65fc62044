/* SPDX-License-Identifier: MIT */
/* Private to sim/dockerfile: the parser's parts, in the order in which they run. */
#ifndef SIM_DOCKERFILE_PARSE_H
#define SIM_DOCKERFILE_PARSE_H

#include "sim/dockerfile/dockerfile.h"
#include "sim/dockerfile/scan.h"

/* A line may have this many bytes before its line feed, as in BuildKit. */
enum { LINE_MOST = 65535 };

struct reader {
    const char *at, *end;
    const char *name; /* for messages */
    unsigned line;    /* number of the line that was read last */
};
/* The next line without its end. 1 if there is one, 0 at the end, negative if it is
 * too long. */
int reader_next(struct reader *r, struct span *line, struct err *err);
/* The same with its end. */
int reader_next_raw(struct reader *r, struct span *line, struct err *err);

/* directives.c: whether this first line is a directive (1), ends them (0), or is wrong
 * (negative). */
int directive_read(struct dockerfile *df, struct span line, unsigned number,
                   struct err *err);

/* flags.c: moves the leading --words of *rest to flags. */
void flags_read(struct arena *arena, char escape, struct span *rest,
                struct strv *flags);
/* Words of an ENV, LABEL or ARG line: quotes and escapes kept, blanks in them too. */
void words_read(struct arena *arena, char escape, struct span rest, struct strv *words);

/* args.c: word, flags and arguments of an instruction whose `original` is set. */
int instruction_read(struct dockerfile *df, struct instruction *in, struct err *err);
enum instruction_kind instruction_kind_of(struct span word);

/* heredoc.c: the bodies behind an instruction's line. */
int heredocs_read(struct dockerfile *df, struct reader *reader, struct instruction *in,
                  struct err *err);

#endif
