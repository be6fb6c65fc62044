/* SPDX-License-Identifier: MIT */
/* Why a step ran: the `miss` object of contract 1.1. */
#ifndef SIM_CACHE_MISS_H
#define SIM_CACHE_MISS_H

#include <stddef.h>

#include "sim/base/buf.h"

enum miss_reason {
    MISS_NO_RECORD,
    MISS_INSTRUCTION,
    MISS_INPUT,
    MISS_ENVIRONMENT,
    MISS_BASE,
    MISS_PARENT,
    MISS_NO_CACHE,
    MISS_COLLECTED,
};
/* "no-record", "instruction", … as the contract spells them. */
const char *miss_reason_name(enum miss_reason reason);

struct miss_change {  /* strings owned; NULL where it does not apply */
    const char *kind; /* static: "file", "env", "arg", "instruction", "base", … */
    const char *what; /* static: "content", "mode", "value", "added", … */
    char *name;       /* path of a file, name of a variable; NULL for the others */
    char *from, *to;  /* NULL: null in JSON */
    char *words;      /* the change in a line for people */
};

struct miss {
    enum miss_reason reason;
    unsigned root; /* index of the step that is the cause */
    struct miss_change *changes;
    size_t change_count, change_cap;
    size_t total; /* changes found, listed or not */
    char *text;   /* one line for people */
    char *remedy; /* what would have spared the run, a line; NULL: none is known */
};

struct miss_note { /* a change that is about to be added; all borrowed, in the order
                    * above
                    */
    const char *kind, *what, *name, *from, *to, *words;
};

/* All strings are copied; `text` may be NULL. */
struct miss *miss_new(enum miss_reason reason, unsigned root, const char *text);
/* Counts a change, and lists a copy of it unless `most` are listed. */
void miss_add(struct miss *miss, const struct miss_note *change, size_t most);
/* Copies the changes of another. */
void miss_add_all(struct miss *miss, const struct miss *from);

void miss_free(struct miss *miss); /* NULL is legal */
/* The object, or "null" for NULL; appended to out. */
void miss_to_json(const struct miss *miss, struct buf *out);

#endif
