/* SPDX-License-Identifier: MIT */
/* simbench engines: what could build here, with versions. */
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/columns.h"
#include "bench/process.h"
#include "bench/version.h"
#include "sim/base/mem.h"

enum { ANSWER_MS = 3000 };

struct known_engine {
    const char *name, *program;
};

/* The first line of `PROGRAM --version`. */
static void program_version(const char *program, struct buf *out)
{
    const char *argv[] = {program, "--version", NULL};
    AUTO_BUF said = BUF_INIT;
    struct process_options how = {
        .output = &said, .quiet = true, .timeout_ms = ANSWER_MS};
    int status = 0;
    if (process_run(argv, &how, &status, NULL) < 0 || status != 0 || said.len == 0)
        buf_adds(out, "does not tell its version");
    else
        buf_add(out, said.data, strcspn(said.data, "\r\n"));
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    static const struct known_engine engines[] = {
        {"buildkit", "docker"}, {"buildkit", "buildctl"}, {"classic", "docker"},
        {"buildah", "buildah"}, {"buildah", "podman"},
    };
    (void)cli;
    (void)in;
    (void)err;
    struct columns t;
    columns_begin(&t, "ENGINE|PROGRAM|STATE|VERSION");
    columns_add(&t, "builtin");
    columns_add(&t, "simbench");
    columns_add(&t, "ready");
    columns_add(&t, SIMBENCH_VERSION);
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        AUTO_FREE char *path = process_find(engines[i].program);
        AUTO_BUF version = BUF_INIT;
        if (path != NULL)
            program_version(engines[i].program, &version);
        columns_add(&t, engines[i].name);
        columns_add(&t, engines[i].program);
        columns_add(&t, path != NULL ? "found" : "not found");
        columns_add(&t, buf_str(&version));
    }
    columns_end(&t, stdout);
    puts("\nScenarios run on builtin; this version cannot drive the others.");
    return 0;
}

const struct command bench_command_engines = {
    .name = "engines",
    .operands = "",
    .summary = "the engines found here, with versions",
    .values_size = 1,
    .run = run,
};
