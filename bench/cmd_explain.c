/* SPDX-License-Identifier: MIT */
/* simbench explain: why each step of a build ran. */
#include <stdint.h>

#include "bench/cmd.h"
#include "bench/explain_show.h"

struct explain_values {
    const char *against;
    bool all;
    int format;
};
enum { FORMAT_TEXT, FORMAT_JSON };

static const struct option_spec options[] = {
    {"against", 0, OPTION_TEXT, offsetof(struct explain_values, against), "BUILD",
     "compare with this build (number or image) instead of the one before", 0},
    {"all", 'a', OPTION_FLAG, offsetof(struct explain_values, all), NULL,
     "list every change, not the first ten", 0},
    {"format", 0, OPTION_CHOICE, offsetof(struct explain_values, format), "text|json",
     "json: one object", 0},
};

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct explain_values *values = in->values;
    const char *build = in->operand_count != 0 ? in->operands[0] : NULL;
    AUTO_STORE *store = NULL;
    struct account account = {0};
    int r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = account_load(store, build, values->against,
                         values->all ? SIZE_MAX : EXPLAIN_LISTED, &account, err);
    if (r == 0 && values->format == FORMAT_JSON)
        explain_show_json(&account, stdout);
    else if (r == 0)
        explain_show_text(&account, values->all, stdout);
    account_free(&account);
    return r;
}

const struct command bench_command_explain = {
    .name = "explain",
    .operands = "[IMAGE|BUILD]",
    .summary = "why each step of a build ran, down to the path that changed",
    .details = "Without an operand it is the newest build of the store. The last 20 "
               "builds of each\nDockerfile and target are remembered.",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct explain_values),
    .least_operands = 0,
    .most_operands = 1,
    .run = run,
};
