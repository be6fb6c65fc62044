/* SPDX-License-Identifier: MIT */
/* RUNs that do next to nothing, for real: what is left is what a step costs. */
#include <stdio.h>

#include "bench/speed/work.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { FIRST, SAME };

/* ---- many RUNs ---- */

/* The variable stands before the first RUN, so that none of them is known. */
static int renew_steps(struct work *work, size_t build, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    if (build != FIRST)
        return 0;
    buf_addf(&text, "FROM scratch\nCOPY sh /bin/sh\nENV SALT=%llu\n",
             (unsigned long long)clock_monotonic_ns());
    for (unsigned i = 1; i <= work->n; i++)
        buf_addf(&text, "RUN : >/f%u\n", i);
    return work_dockerfile(work->context, text.data, err);
}

static int make_steps(struct work *work, struct err *err)
{
    return renew_steps(work, FIRST, err);
}

static int run(struct work *work, size_t build, struct rival *rival, struct spent *out,
               struct err *err)
{
    (void)build;
    AUTO_FREE char *store = work_store(work, "warm");
    return work_build(work, rival, work->context, store, out, err);
}

const struct work_kind work_steps = {
    .builds = {"first build", "no change"},
    .sandbox = true,
    .piece = "RUN",
    .make = make_steps,
    .begin = renew_steps,
    .run = run,
};

/* ---- a RUN on many layers ---- */

static int renew_layers(struct work *work, size_t build, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    if (build != FIRST)
        return 0;
    buf_adds(&text, "FROM scratch\nCOPY sh /bin/sh\n");
    for (unsigned i = 2; i <= work->n; i++)
        buf_addf(&text, "COPY f%u /f%u\n", i, i);
    buf_addf(&text, "RUN : >/top%llu\n", (unsigned long long)clock_monotonic_ns());
    return work_dockerfile(work->context, text.data, err);
}

static int make_layers(struct work *work, struct err *err)
{
    AUTO_FREE char *store = work_store(work, "warm");
    struct spent ignored;
    int r = renew_layers(work, FIRST, err);
    for (unsigned i = 2; i <= work->n && r == 0; i++) {
        AUTO_FREE char *path = xasprintf("%s/f%u", work->context, i);
        r = file_write(path, path, 1 + i % 2, err);
    }
    if (r < 0)
        return r;
    return work_build(work, &work->rivals->items[0], work->context, store, &ignored,
                      err);
}

const struct work_kind work_layers = {
    .builds = {"a new RUN on top", "no change"},
    .sandbox = true,
    .make = make_layers,
    .begin = renew_layers,
    .run = run,
};
