/* SPDX-License-Identifier: MIT */
/* The reference example on the virtual clock, over and over: builds a second, and
 * whether memory grows with their number. */
#include <stdio.h>

#include "bench/speed/work.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { BUILDS = 6 }; /* of the scenario: two variants, three builds each */

static const char scenario[] = "bench/speed/reference.lua";

static int make(struct work *work, struct err *err)
{
    (void)work;
    return file_exists(scenario)
               ? 0
               : err_set(err, ERR_INPUT, "no %s: run make bench at the top of the tree",
                         scenario);
}

static int run(struct work *work, size_t build, struct rival *rival, struct spent *out,
               struct err *err)
{
    (void)build;
    (void)rival;
    AUTO_FREE char *report = work_store(work, "report");
    AUTO_FREE char *runs = xasprintf("%u", work->n / BUILDS);
    struct strv argv = STRV_INIT;
    tool_words(&argv, work->rivals->simbench, "run", "-q", "--no-plots", "--warmup",
               "0", "--runs", runs, "-o", report, scenario, NULL);
    int r = timed_run(&argv, NULL, out, err);
    strv_free(&argv);
    return r;
}

const struct work_kind work_clock = {
    .builds = {"all"},
    .piece = "build",
    .make = make,
    .run = run,
};
