/* SPDX-License-Identifier: MIT */
/* simbench engines: what could build here, with versions. */
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/columns.h"
#include "bench/engine_tool.h"
#include "bench/version.h"

static void add_row(struct columns *t, const char *engine, const char *program,
                    const char *state, const char *about)
{
    columns_add(t, engine);
    columns_add(t, program);
    columns_add(t, state);
    columns_add(t, about);
}

/* The first tool of an engine that answers is the one a run takes. */
static void add_tool(struct columns *t, const struct engine_tool *tool, bool *taken)
{
    struct tool_state state;
    tool_probe(tool, &state);
    const char *word = state.answers ? (*taken ? "ready" : "ready, used")
                       : state.found ? "no answer"
                                     : "not found";
    AUTO_BUF about = BUF_INIT;
    buf_addf(&about, "%.100s", buf_str(&state.version));
    if (!state.answers)
        buf_addf(&about, "%s%.100s", about.len > 0 ? ": " : "", buf_str(&state.why));
    add_row(t, tool->engine, tool->name, word, buf_str(&about));
    *taken |= state.answers;
    tool_state_free(&state);
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    static const char *const names[] = {"buildkit", "classic", "buildah"};
    (void)cli;
    (void)in;
    (void)err;
    struct columns t;
    columns_begin(&t, "ENGINE|PROGRAM|STATE|VERSION");
    add_row(&t, "builtin", "simbench", "ready, used", SIMBENCH_VERSION);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool taken = false;
        for (const struct engine_tool *const *tool = engine_tools(); *tool != NULL;
             tool++)
            if (strcmp((*tool)->engine, names[i]) == 0)
                add_tool(&t, *tool, &taken);
    }
    columns_end(&t, stdout);
    return 0;
}

const struct command bench_command_engines = {
    .name = "engines",
    .operands = "",
    .summary = "the engines found here, with versions",
    .details = "DOCKER_HOST, DOCKER_CONTEXT and BUILDKIT_HOST choose the daemon.",
    .values_size = 1,
    .run = run,
};
