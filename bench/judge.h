/* SPDX-License-Identifier: MIT */
/*
 * Whether a build became slower or faster, from the samples of two measurements. Where
 * processor time and waiting were measured too, a sample of wall time has three parts:
 * what it *waited* while other work had the processors, its *processor* time, and its
 * *rest* (sleep, disk, network; less than nothing where threads overlap). The first is
 * the neighbours'; what is left is the build's *own* time.
 */
#ifndef BENCH_JUDGE_H
#define BENCH_JUDGE_H

#include <stdbool.h>

#include "bench/stats.h"
#include "reports/results.h"

struct judgement {
    int verdict;          /* 1: slower, -1: faster, 0: nothing can be said */
    const char *by;       /* static: what it was seen in: "wall time", "own time" */
    struct contrast seen; /* of that, as a part of the build's own time */
};

/* in_turns: sample i of both was taken in the same round, so that each is compared with
 * its neighbour in time. What is slower in own time, in one of its two parts, or in the
 * sum of its steps (each by its own fastest samples) is slower; where they contradict
 * each other, own time and steps go before the parts. Samples of separate
 * runs meet another machine each: then wall time, own time and one of its parts must
 * all say so, or wall time alone where the parts are not known. */
void judge_builds(const struct result_build *base, const struct result_build *now,
                  bool in_turns, double min_effect, struct judgement *out);

#endif
