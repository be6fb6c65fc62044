/* SPDX-License-Identifier: MIT */
/*
 * Runs over time, in one SQLite file: what every build of a run cost, on which machine,
 * by which versions, at which commit. A run is appended whole or not at all, and
 * several processes may append at once.
 */
#ifndef BENCH_HISTORY_H
#define BENCH_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "reports/results.h"
#include "sim/base/err.h"

struct history_run {
    int64_t id, started_s;
    char *version, *commit; /* of simbench; NULL if they are not known */
};
struct history_point {
    size_t run; /* position in runs */
    double value;
    double low, high; /* 95% interval of a median; both value if there is none */
    size_t samples;   /* 1 for what is counted */
};
struct history_series { /* one metric of one build on one machine, oldest first */
    char *machine_id, *machine; /* "" if it is not known */
    char *scenario, *variant, *engine, *exec, *build, *metric;
    unsigned nth; /* of the builds with this label in the variant, from 0 */
    struct history_point *points;
    size_t len, cap;
};
struct history {
    struct history_run *runs; /* oldest first */
    size_t run_count, run_cap;
    struct history_series *series; /* by machine, scenario, variant, engine, build */
    size_t series_count, series_cap;
};

/* Metrics: steps_run, steps_reused, new_bytes, fetched_bytes, virtual_ms and wall_s (a
 * median). Builds that failed have none. The file is made if it is not there; ERR_INPUT
 * if it is something else than a history, or one of a newer version. commit may be
 * NULL. */
int history_append(const char *path, const struct results *results, const char *commit,
                   struct err *err);

/* The commit of the checkout we stand in; NULL if it is none, or there is no git. The
 * caller frees. */
char *history_commit(void);

struct history_query { /* NULL: any */
    const char *metric, *machine_id;
    const char *scenario; /* a glob: * ? [] */
    size_t last;          /* newest points of each series; 0: all */
};
/* ERR_INPUT for a missing file or no history. history_free in any case. */
int history_read(const char *path, const struct history_query *query,
                 struct history *out, struct err *err);
void history_free(struct history *h); /* the members */

#endif
