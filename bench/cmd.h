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

extern const struct command bench_command_run, bench_command_build,
    bench_command_history, bench_command_images, bench_command_df, bench_command_rmi,
    bench_command_prune, bench_command_inspect, bench_command_export,
    bench_command_import, bench_command_parse, bench_command_check_ignore,
    bench_command_plan, bench_command_explain, bench_command_context,
    bench_command_diff, bench_command_pull, bench_command_compare, bench_command_trend,
    bench_command_engines;

/* NULL-terminated, in the order of the help. */
const struct command *const *bench_commands(void);
const struct command *bench_command_find(const char *name);

#endif
