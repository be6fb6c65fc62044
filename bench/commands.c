/* SPDX-License-Identifier: MIT */
/* The table of commands. */
#include "bench/cmd.h"

#include <string.h>

const struct command *const *commands_all(void)
{
    static const struct command *const all[] = {
        &command_run,
        &command_build,
        &command_plan,
        &command_history,
        &command_images,
        &command_inspect,
        &command_diff,
        &command_df,
        &command_prune,
        &command_rmi,
        &command_export,
        &command_import,
        &command_pull,
        &command_context,
        &command_parse,
        &command_check_ignore,
        &command_compare,
        &command_engines,
        NULL,
    };
    return all;
}

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands_all(); *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}
