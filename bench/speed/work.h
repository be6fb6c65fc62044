/* SPDX-License-Identifier: MIT */
/*
 * One workload: a context, the builds that are timed in it, and what this machine could
 * do at best. A build has a part outside the clock, which puts everything into the
 * state it starts from, and a part on it, which is one process.
 */
#ifndef BENCH_SPEED_WORK_H
#define BENCH_SPEED_WORK_H

#include <stdbool.h>

#include "bench/speed/files.h"
#include "bench/speed/rival.h"

enum { WORK_BUILDS = 3, WORK_LIMITS = 2 };

struct work;

/* What the machine needs for the same data without building anything. */
struct limit {
    const char *name;
    /* Shell scripts, one a build; $1 the context, $2 a file to write, $3 its MiB. NULL:
     * no limit is known for that build. */
    const char *scripts[WORK_BUILDS];
};

struct work_kind {
    const char
        *builds[WORK_BUILDS + 1]; /* labels up to NULL, in the order of a round */
    struct limit limits[WORK_LIMITS + 1];
    bool sandbox;      /* its RUNs are run for real */
    const char *piece; /* what one of n is, where a time for each is worth knowing */
    int (*make)(struct work *work, struct err *err);
    /* Once before all do this build in a round; may be NULL. */
    int (*begin)(struct work *work, size_t build, struct err *err);
    /* Before each one's turn at it; may be NULL. */
    int (*prepare)(struct work *work, size_t build, struct rival *rival,
                   struct err *err);
    int (*run)(struct work *work, size_t build, struct rival *rival, struct spent *out,
               struct err *err);
};
extern const struct work_kind work_files, work_first, work_steps, work_layers,
    work_records, work_clock;

/* What we want to be, measured against others: 0 where nothing was promised. */
struct goals {
    double engine[WORK_BUILDS]; /* so many times faster than BuildKit */
    double limit[WORK_BUILDS];  /* at most so many times the limit */
    double each_s;              /* seconds of the first build for each of n, at most */
    uint64_t peak_bytes;        /* memory of any build, at most */
};

/* Of which the program is asked to be; see work_list. */
enum work_size { WORK_USUAL, WORK_BIG, WORK_HUGE };

struct work {
    const struct work_kind *kind;
    const char *title;
    const char *axis;   /* of its scan; NULL: it is a point of none */
    unsigned n;         /* place on the axis */
    struct files files; /* of the context */
    enum work_size size;
    enum { PEERS_NONE, PEERS_BUILDKIT, PEERS_ALL } peers; /* who does it too */
    struct goals goals;
    /* While it is measured: */
    struct rivals *rivals;
    char *folder;    /* everything is below it */
    char *context;   /* stays the same but for edits */
    char *fresh;     /* never the same twice */
    unsigned serial; /* different for every change */
};

/* All of them, scans in ascending order. */
const struct work *work_list(size_t *count);

/* Makes an empty place below `parent` for it, and the context. */
int work_open(struct work *work, struct rivals *rivals, const char *parent,
              struct err *err);
void work_close(struct work *work); /* removes all of it */

/* For the kinds: */
char *work_store(const struct work *work, const char *name); /* the caller frees */
int work_build(struct work *work, struct rival *rival, const char *context,
               const char *store, struct spent *out, struct err *err);
/* A Dockerfile and the shell it needs (sh, a static busybox). */
int work_dockerfile(const char *context, const char *text, struct err *err);

/* Whether a RUN can be run here by our own program; else why not. */
bool work_sandbox_works(struct rivals *rivals, const char *parent, struct err *why);

#endif
