/* SPDX-License-Identifier: MIT */
/* The table of commands. */
#include "bench/cmd.h"

#include <string.h>

const struct command *const *bench_commands(void)
{
    static const struct command *const all[] = {
        &bench_command_run,     &bench_command_build,        &bench_command_plan,
        &bench_command_explain, &bench_command_history,      &bench_command_images,
        &bench_command_inspect, &bench_command_diff,         &bench_command_df,
        &bench_command_prune,   &bench_command_rmi,          &bench_command_export,
        &bench_command_import,  &bench_command_pull,         &bench_command_context,
        &bench_command_parse,   &bench_command_check_ignore, &bench_command_compare,
        &bench_command_trend,   &bench_command_engines,      NULL,
    };
    return all;
}

const struct command *bench_command_find(const char *name)
{
    for (const struct command *const *c = bench_commands(); *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}
