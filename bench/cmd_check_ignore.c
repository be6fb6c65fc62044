/* SPDX-License-Identifier: MIT */
/* simbench check-ignore: which paths .dockerignore excludes; contract section 5. */
#include <stdio.h>

#include "bench/build_setup.h"
#include "bench/cmd.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/context/context.h"

struct check_ignore_values {
    const char *context;
};

static const struct option_spec options[] = {
    {"context", 0, OPTION_TEXT, offsetof(struct check_ignore_values, context), "DIR",
     "the folder whose .dockerignore is asked", 0},
};

/* Prints the verdict on one path; true if it is excluded. */
static bool check(const struct cli *cli, const struct ignore *ignored, const char *path)
{
    AUTO_FREE char *clean = path_below_root(path);
    const struct ignore_rule *decider = NULL;
    bool excluded = ignored != NULL && ignore_excluded(ignored, clean, &decider);
    if (cli->common.verbose) {
        if (decider == NULL)
            return excluded;
        printf(".dockerignore:%u:", decider->line);
        print_text(cli, decider->text);
        putchar('\t');
    } else if (!excluded) {
        return false;
    }
    print_text(cli, path);
    putchar('\n');
    return excluded;
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct check_ignore_values *values = in->values;
    struct ignore *ignored = NULL;
    if (values->context == NULL) {
        err_set(err, ERR_INPUT, "check-ignore: --context DIR is missing");
        return err_hint(err, "usage: simbench check-ignore [-v] --context DIR PATH...");
    }
    int r = bench_check_context(values->context, err);
    if (r == 0)
        r = context_ignore(values->context, NULL, &ignored, err);
    if (r < 0)
        return ERR_INPUT; /* 1 is taken: it means that no path is excluded */
    bool any = false;
    for (size_t i = 0; i < in->operand_count; i++)
        any |= check(cli, ignored, in->operands[i]);
    ignore_free(ignored);
    return any ? 0 : err_set(err, ERR_FAILED, "%s", ""); /* an answer, no failure */
}

const struct command bench_command_check_ignore = {
    .name = "check-ignore",
    .operands = "PATH...",
    .summary = "which paths .dockerignore excludes, with -v by which line",
    .details = "Exit status: 0 at least one path is excluded, 1 none is, 2 a bad "
               "pattern or wrong usage.",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct check_ignore_values),
    .least_operands = 1,
    .most_operands = COMMAND_MANY,
    .run = run,
};
