/* SPDX-License-Identifier: MIT */
/* The reference example on the virtual clock, over and over: builds a second, and
 * whether memory grows with their number. */
#include "bench/speed/work.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

static const char scenario[] = "bench/speed/reference.lua";
enum { SCENARIO_MOST = 1 << 16 };

static char *scenario_of(const struct work *work)
{
    return xasprintf("%s/reference.lua", work->folder);
}

static int make(struct work *work, struct err *err)
{
    AUTO_FREE char *path = scenario_of(work);
    AUTO_BUF text = BUF_INIT;
    buf_addf(&text, "local builds = %u\n", work->n);
    int r = file_read(scenario, SCENARIO_MOST, &text, err);
    if (r < 0)
        return err_hint(err, "run make bench at the top of the source tree");
    return file_write(path, text.data, text.len, err);
}

static int run(struct work *work, size_t build, struct rival *rival, struct spent *out,
               struct err *err)
{
    (void)build;
    (void)rival;
    AUTO_FREE char *report = work_store(work, "report");
    AUTO_FREE char *path = scenario_of(work);
    struct strv argv = STRV_INIT;
    rivals_ours(work->rivals, &argv);
    tool_words(&argv, "run", "-q", "--no-plots", "-o", report, path, NULL);
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
