/* SPDX-License-Identifier: MIT */
/* simbench prune: cache records and layers that nothing needs. */
#include <inttypes.h>
#include <stdio.h>

#include "bench/cmd.h"
#include "sim/base/file.h"
#include "sim/dockerfile/instruction.h"
#include "sim/exec/model.h"

struct prune_values {
    bool all;
    const char *keep, *older_than;
};

static const struct option_spec options[] = {
    {"all", 'a', OPTION_FLAG, offsetof(struct prune_values, all), NULL,
     "also records of images that are kept", 0},
    {"keep", 0, OPTION_TEXT, offsetof(struct prune_values, keep), "SIZE",
     "stop when the cache is this small (500MB)", 0},
    {"older-than", 0, OPTION_TEXT, offsetof(struct prune_values, older_than),
     "DURATION", "only what was unused for so long (48h, 90m)", 0},
};

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct prune_values *values = in->values;
    struct prune_options prune = {.all = values->all, .now_s = clock_realtime_s()};
    uint64_t freed = 0, records = 0;
    int64_t ns = 0;
    if (values->keep != NULL && model_parse_size(values->keep, &prune.keep_bytes, err))
        return err_wrap(err, "--keep");
    if (values->older_than != NULL) {
        if (duration_parse(values->older_than, &ns, err) < 0)
            return err_wrap(err, "--older-than");
        prune.older_than_s = ns / 1000000000;
    }
    AUTO_STORE *store = NULL;
    int r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = store_prune(store, &prune, &freed, &records, err);
    if (r < 0)
        return r;
    AUTO_BUF text = BUF_INIT;
    report_bytes(freed, &text);
    printf("removed %" PRIu64 " cache record%s, freed %s\n", records,
           records == 1 ? "" : "s", text.data);
    return 0;
}

const struct command bench_command_prune = {
    .name = "prune",
    .operands = "",
    .summary = "remove cache records and layers that nothing needs",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct prune_values),
    .run = run,
};
