/* SPDX-License-Identifier: MIT */
/* simbench pull: a base image from a registry, by way of skopeo. */
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/process.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/image/archive.h"

struct pull_values {
    const char *from;
    bool insecure;
};

static const struct option_spec options[] = {
    {"from", 0, OPTION_TEXT, offsetof(struct pull_values, from), "TRANSPORT:REF",
     "where skopeo finds it (default: docker://NAME)", 0},
    {"tls-verify-off", 0, OPTION_FLAG, offsetof(struct pull_values, insecure), NULL,
     "accept a registry without a valid certificate", 0},
};

static int copy_to(const char *layout, const char *source, bool insecure, bool quiet,
                   struct err *err)
{
    AUTO_FREE char *target = xasprintf("oci:%s:image", layout);
    const char *argv[] = {
        "skopeo", "copy", insecure ? "--src-tls-verify=false" : "--src-tls-verify=true",
        source,   target, NULL};
    AUTO_BUF said = BUF_INIT;
    struct process_options how = {.output = quiet ? &said : NULL};
    int status = 0;
    int r = process_run(argv, &how, &status, err);
    if (r == 0 && status != 0) {
        err_set(err, ERR_FAILED, "skopeo could not copy %s (exit status %d)", source,
                status);
        r = err_hint(err, "its message stands above; skopeo login REGISTRY for private "
                          "images");
    }
    return r;
}

static int pull(struct store *store, const char *name, const char *source,
                bool insecure, bool quiet, struct err *err)
{
    AUTO_FREE char *tmp = path_join(store_dir(store), "tmp");
    AUTO_FREE char *folder = NULL;
    struct digest id;
    int r = file_temp_folder(tmp, "pull", &folder, err);
    if (r < 0)
        return r;
    AUTO_FREE char *layout = path_join(folder, "layout");
    r = copy_to(layout, source, insecure, quiet, err);
    if (r == 0)
        r = image_import(store, layout, name, &id, err);
    struct err ignored = ERR_INIT;
    file_remove_tree(folder, r < 0 ? &ignored : err);
    if (r < 0)
        return r;
    char text[DIGEST_TEXT + 1];
    digest_text(&id, text);
    puts(text);
    return 0;
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct pull_values *values = in->values;
    AUTO_STORE *store = NULL;
    AUTO_FREE char *name = NULL;
    int r = store_normalise_name(in->operands[0], &name, err);
    if (r < 0)
        return r;
    AUTO_FREE char *skopeo = process_find("skopeo");
    if (skopeo == NULL) {
        err_set(err, ERR_ENVIRONMENT, "pull: skopeo is not installed");
        return err_hint(err, "apt-get install skopeo; or import a saved image with "
                             "`simbench import`");
    }
    AUTO_FREE char *source =
        values->from != NULL ? xstrdup(values->from) : xasprintf("docker://%s", name);
    r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = pull(store, name, source, values->insecure, cli->common.quiet, err);
    return r;
}

const struct command bench_command_pull = {
    .name = "pull",
    .operands = "NAME",
    .summary = "bring a real base image into the store (through skopeo)",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct pull_values),
    .least_operands = 1,
    .most_operands = 1,
    .run = run,
};
