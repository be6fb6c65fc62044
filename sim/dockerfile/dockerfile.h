/* SPDX-License-Identifier: MIT */
/*
 * Dockerfile text to syntax tree, as contract section 4 describes it. Syntax only: an
 * unknown instruction is in the tree; dockerfile/instruction.h judges meaning. No I/O.
 */
#ifndef SIM_DOCKERFILE_DOCKERFILE_H
#define SIM_DOCKERFILE_DOCKERFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/base/mem.h"

enum instruction_kind {
    INSTRUCTION_UNKNOWN,
    INSTRUCTION_ADD,
    INSTRUCTION_ARG,
    INSTRUCTION_CMD,
    INSTRUCTION_COPY,
    INSTRUCTION_ENTRYPOINT,
    INSTRUCTION_ENV,
    INSTRUCTION_EXPOSE,
    INSTRUCTION_FROM,
    INSTRUCTION_HEALTHCHECK,
    INSTRUCTION_LABEL,
    INSTRUCTION_MAINTAINER,
    INSTRUCTION_ONBUILD,
    INSTRUCTION_RUN,
    INSTRUCTION_SHELL,
    INSTRUCTION_STOPSIGNAL,
    INSTRUCTION_USER,
    INSTRUCTION_VOLUME,
    INSTRUCTION_WORKDIR,
};

struct heredoc {
    char *name;    /* delimiter without quotes */
    char *content; /* lines as in the file, leading tabs kept, nothing expanded */
    bool expand;   /* false where any part of the delimiter was quoted */
    bool chomp;    /* <<- */
    unsigned fd;   /* the number before <<, else 0 */
};

struct instruction {
    enum instruction_kind kind;
    unsigned line, end_line; /* from 1 */
    char *name;              /* first word, lower case */
    struct strv flags;       /* leading --words, quotes and escapes removed */
    struct strv args;        /* contract section 4 */
    bool json;               /* the arguments are a JSON array of strings */
    struct heredoc *heredocs;
    size_t heredoc_count;
    char *original;   /* contract section 4: joined, nothing put in between */
    char *rest;       /* REST of contract section 4: original without word and flags */
    char *text;       /* for people: as written, continuations joined by one space */
    char *annotation; /* text after "# simbench:" of the comment line right above, or
                         NULL */
    char *comment; /* comment lines since the instruction before, "#" and outer blanks
                      removed, one a line; or NULL */
    struct instruction *onbuild; /* ONBUILD: the instruction after the word, or NULL */
};

struct directive {
    char *name, *value; /* name in lower case */
    unsigned line;
};

struct dockerfile {
    char *name; /* for messages */
    struct directive *directives;
    size_t directive_count;
    struct instruction *instructions;
    size_t instruction_count;
    char escape; /* '\\' or '`' */
    /* Lines that were skipped with a warning: empty lines inside a continuation. */
    unsigned *empty_continuations;
    size_t empty_continuation_count;
    struct arena arena; /* private: every string and list above lives here */
};

/* Text beyond this many bytes is refused (a Dockerfile of BuildKit is at most 1 MiB
 * when it is read from a context). */
#define DOCKERFILE_LIMIT ((size_t)1 << 20)

/* `name` stands in messages. Errors are ERR_INPUT with file and line. */
int dockerfile_parse(const char *name, const char *text, size_t len,
                     struct dockerfile **out, struct err *err);
/* Reads a file and parses it. A missing file, a folder or junk is ERR_INPUT. */
int dockerfile_parse_file(const char *path, struct dockerfile **out, struct err *err);
void dockerfile_free(struct dockerfile *df); /* NULL is legal */

/* The JSON of `simbench parse`, one object and a newline, appended to out. */
void dockerfile_to_json(const struct dockerfile *df, struct buf *out);

/* Parses one instruction as if it stood alone (an ONBUILD trigger of a base image). */
int dockerfile_parse_trigger(const char *name, const char *text,
                             struct dockerfile **out, struct err *err);

#endif
