/* SPDX-License-Identifier: MIT */
/* simbench compare: a gate on counters and virtual time. */
#include <stdio.h>

#include "bench/cmd.h"
#include "bench/compare.h"
#include "bench/measure_options.h"

struct compare_values {
    int format, gate;
    const char *min_effect;
};

static const struct option_spec options[] = {
    {"format", 0, OPTION_CHOICE, offsetof(struct compare_values, format), COMPARE_WORDS,
     "how it is written", 0},
    {"gate", 0, OPTION_CHOICE, offsetof(struct compare_values, gate), GATE_WORDS,
     "what may fail: counters and virtual time, or wall time too", 0},
    {"min-effect", 0, OPTION_TEXT, offsetof(struct compare_values, min_effect),
     "PERCENT", "changes of wall time that matter (5%)", 0},
};

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct compare_values *values = in->values;
    struct results *base = NULL, *now = NULL;
    struct comparison comparison = {0};
    struct compare_options how = COMPARE_OPTIONS_INIT;
    how.gate_wall = values->gate == 1;
    int r = measure_percent("--min-effect", values->min_effect, &how.min_effect, err);
    if (r == 0)
        r = compare_load(in->operands[0], &base, err);
    if (r == 0)
        r = compare_load(in->operands[1], &now, err);
    if (r == 0) {
        AUTO_BUF out = BUF_INIT;
        compare_results(base, now, &how, &comparison);
        comparison_format(&comparison, (enum compare_format)values->format,
                          cli->common.verbose, &out);
        fputs(out.data, stdout);
        r = comparison_verdict(&comparison, err);
    }
    comparison_free(&comparison);
    results_free(base);
    results_free(now);
    return r;
}

const struct command bench_command_compare = {
    .name = "compare",
    .operands = "BASE.json NEW.json",
    .summary = "regression check between two result files",
    .details = "Steps run, bytes written and fetched and virtual time are compared "
               "exactly: any rise is a regression\n(exit status 1). Wall time is "
               "advice, or a regression with --gate wall; both need repetitions\n"
               "(run --runs) on one machine. -v lists what is unchanged as well.",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct compare_values),
    .least_operands = 2,
    .most_operands = 2,
    .run = run,
};
