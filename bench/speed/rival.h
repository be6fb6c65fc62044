/* SPDX-License-Identifier: MIT */
/* Who builds: our own program and the real builders that are found here, each as its
 * client process. */
#ifndef BENCH_SPEED_RIVAL_H
#define BENCH_SPEED_RIVAL_H

#include <stdbool.h>

#include "bench/engine_tool.h"
#include "bench/speed/timed.h"

enum { RIVALS_MOST = 8 };

struct rival {
    const char *name;   /* as tables show it: "simbench", "docker buildx" */
    const char *engine; /* as results.json spells it: "builtin", "buildkit" */
    char *version;
    const struct engine_tool *tool; /* NULL: our own program */
    enum log_format format;
    struct strv images; /* names given so far */
    bool gone;          /* it failed: it is asked no more */
};

struct rivals {
    struct rival items[RIVALS_MOST]; /* ours is the first */
    size_t count;
    const char *simbench; /* path of our program */
    unsigned builds;      /* so far: names of images and profiles */
    const char *profile;  /* our program runs under perf, which writes this; NULL: no */
};

/* Ours, and with `peers` every real one that answers: `peers` is "1" for all or a list
 * of engines ("buildkit,classic"). Two ways to one daemon's BuildKit count as one. */
int rivals_find(const char *simbench, const char *peers, struct rivals *out,
                struct err *err);
void rivals_free(struct rivals *rivals);

/* Begins the command line of our program. */
void rivals_ours(const struct rivals *rivals, struct strv *argv);

/* What is built: the Dockerfile lies in the context. */
struct errand {
    const char *context;
    const char *store; /* for our own program */
    bool sandbox;      /* for our own program: RUNs are run for real */
};
int rival_build(struct rivals *rivals, struct rival *rival, const struct errand *errand,
                struct spent *out, struct err *err);
/* Takes the images away that were named; the caches keep what they keep. */
void rivals_clean(struct rivals *rivals);

#endif
