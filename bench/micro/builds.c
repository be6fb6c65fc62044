/* SPDX-License-Identifier: MIT */
/* Whole builds by the program, its start and its end included, as a user waits for
 * them: one COPY of n files, cold, with nothing changed, after an edit; and a RUN in
 * the sandbox. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/micro/bed.h"
#include "bench/process.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

static char *store_of(const struct bed *bed, unsigned n, const char *what)
{
    return xasprintf("%s/store-%s-%u", bed->folder, what, n);
}

static int build(struct bed *bed, unsigned n, const char *what, struct err *err)
{
    AUTO_FREE char *context = NULL;
    AUTO_FREE char *store = store_of(bed, n, what);
    AUTO_BUF said = BUF_INIT;
    int status = 0;
    int r = bed_context(bed, n, &context, err);
    const char *const argv[] = {bed->simbench, "build", "--store", store, "-q",
                                "--progress",  "quiet", context,   NULL};
    struct process_options how = {.output = &said};
    if (r == 0)
        r = process_run(argv, &how, &status, err);
    if (r == 0 && status != 0)
        r = err_set(err, ERR_FAILED, "simbench build ended with status %d", status);
    return r;
}

static int prepare_cold(struct bed *bed, unsigned n, struct err *err)
{
    AUTO_FREE char *context = NULL;
    AUTO_FREE char *store = store_of(bed, n, "cold");
    int r = bed_context(bed, n, &context, err);
    return r == 0 ? file_remove_tree(store, err) : r;
}

static int run_cold(struct bed *bed, unsigned n, struct err *err)
{
    return build(bed, n, "cold", err);
}

static int prepare_same(struct bed *bed, unsigned n, struct err *err)
{
    return build(bed, n, "warm", err);
}

static int run_warm(struct bed *bed, unsigned n, struct err *err)
{
    return build(bed, n, "warm", err);
}

static int prepare_edit(struct bed *bed, unsigned n, struct err *err)
{
    AUTO_FREE char *context = NULL;
    int r = build(bed, n, "warm", err); /* what stands there now is in the store */
    if (r == 0)
        r = bed_context(bed, n, &context, err);
    AUTO_FREE char *path = xasprintf("%s/edited", context);
    AUTO_FREE char *text = xasprintf("%u\n", ++bed->edits);
    FILE *f = r == 0 ? fopen(path, "we") : NULL;
    if (f == NULL)
        return r < 0 ? r : err_set(err, ERR_FAILED, "%s: cannot be written", path);
    fputs(text, f);
    fclose(f);
    return 0;
}

const struct micro micro_builds[] = {
    {"build, no change, 1000 files", 1000, prepare_same, run_warm},
    {"build, an edit, 1000 files", 1000, prepare_edit, run_warm},
    {"build, cold, 1000 files", 1000, prepare_cold, run_cold},
    {"build, no change, 10000 files", 10000, prepare_same, run_warm},
    {"build, an edit, 10000 files", 10000, prepare_edit, run_warm},
    {"build, cold, 10000 files", 10000, prepare_cold, run_cold},
    {NULL, 0, NULL, NULL},
};

const struct micro micro_big[] = {
    {"build, no change, 100000 files", 100000, prepare_same, run_warm},
    {"build, an edit, 100000 files", 100000, prepare_edit, run_warm},
    {"build, cold, 100000 files", 100000, prepare_cold, run_cold},
    {NULL, 0, NULL, NULL},
};

/* ---- the sandbox ----------------------------------------------------------------- */

static const char *const busybox = "/bin/busybox";

static int make_sandbox_context(struct bed *bed, char **out, struct err *err)
{
    *out = xasprintf("%s/sandbox", bed->folder);
    if (file_exists(*out))
        return 0;
    AUTO_FREE char *shell = xasprintf("%s/sh", *out);
    AUTO_FREE char *dockerfile = xasprintf("%s/Dockerfile", *out);
    AUTO_BUF program = BUF_INIT;
    static const char text[] = "FROM scratch\nCOPY --chmod=755 sh /bin/sh\nRUN :\n";
    int r = file_make_folders(*out, err);
    if (r == 0)
        r = file_read(busybox, 64 << 20, &program, err);
    if (r == 0)
        r = file_write(shell, program.data, program.len, err);
    return r == 0 ? file_write(dockerfile, text, sizeof text - 1, err) : r;
}

static int run_sandbox(struct bed *bed, unsigned n, struct err *err)
{
    AUTO_FREE char *context = NULL;
    AUTO_FREE char *store = store_of(bed, n, "sandbox");
    AUTO_BUF said = BUF_INIT;
    int status = 0;
    int r = make_sandbox_context(bed, &context, err);
    const char *const argv[] = {bed->simbench, "build",   "--store",    store,
                                "--exec",      "sandbox", "--no-cache", "-q",
                                "--progress",  "quiet",   context,      NULL};
    struct process_options how = {.output = &said, .quiet = true};
    if (r == 0)
        r = process_run(argv, &how, &status, err);
    if (r == 0 && status != 0)
        r = err_set(err, ERR_ENVIRONMENT, "a build in the sandbox ended with status %d",
                    status);
    return r;
}

const struct micro micro_sandbox = {"build with a RUN in the sandbox", 1, NULL,
                                    run_sandbox};

bool micro_sandbox_works(struct bed *bed, struct err *why)
{
    if (file_exists(busybox))
        return run_sandbox(bed, 1, why) == 0;
    err_set(why, ERR_ENVIRONMENT, "no %s (Debian: busybox-static)", busybox);
    return false;
}
