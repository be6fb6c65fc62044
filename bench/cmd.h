/* SPDX-License-Identifier: MIT */
/* The subcommands: one const table, from which the help is made. */
#ifndef BENCH_CMD_H
#define BENCH_CMD_H

#include <stddef.h>

#include "bench/cli.h"
#include "bench/options.h"
#include "sim/base/err.h"

struct invocation {
    void *values; /* the command's struct of option values */
    const char *const *operands;
    size_t operand_count;
};

struct command {
    const char *name;
    const char *operands; /* as the synopsis shows them, "" for none */
    const char *summary;  /* one line */
    const char *details;  /* more for --help, NULL for none */
    const struct option_spec *options;
    size_t option_count;
    size_t values_size;
    size_t least_operands, most_operands;
    /* 0 or a negative code. An err without a message is a failure that has been told
     * already, or that is an answer (check-ignore). */
    int (*run)(struct cli *cli, const struct invocation *in, struct err *err);
};
#define COMMAND_MANY SIZE_MAX
#define COMMAND_OPTIONS(table)                                                         \
    .options = (table), .option_count = sizeof(table) / sizeof *(table)

extern const struct command command_run, command_build, command_history, command_images,
    command_df, command_rmi, command_prune, command_inspect, command_export,
    command_import, command_parse, command_check_ignore, command_plan, command_context,
    command_diff, command_pull, command_compare, command_engines;

/* NULL-terminated, in the order of the help. */
const struct command *const *commands_all(void);
const struct command *command_find(const char *name);

#endif
