/* SPDX-License-Identifier: MIT */
/* simbench inspect: the image config, indented or byte for byte. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "sim/base/mem.h"

struct inspect_values {
    bool raw;
};

static const struct option_spec options[] = {
    {"raw", 0, OPTION_FLAG, offsetof(struct inspect_values, raw), NULL,
     "the stored bytes, whose SHA-256 is the image's ID", 0},
};

static int print_indented(const char *config, struct err *err)
{
    json_error_t why;
    json_t *json = json_loads(config, 0, &why);
    if (json == NULL)
        return err_set(err, ERR_FAILED, "the stored config is damaged: %s", why.text);
    AUTO_FREE char *text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    if (text == NULL)
        return err_set(err, ERR_FAILED, "the stored config cannot be printed");
    puts(text);
    return 0;
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct inspect_values *values = in->values;
    struct store_image image = {0};
    AUTO_STORE *store = NULL;
    int r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = store_image_find(store, in->operands[0], &image, err);
    if (r == 0 && values->raw)
        fputs(image.config, stdout);
    else if (r == 0)
        r = print_indented(image.config, err);
    if (r == 0 || image.config != NULL)
        store_image_free(&image);
    return r;
}

const struct command bench_command_inspect = {
    .name = "inspect",
    .operands = "IMAGE",
    .summary = "the config of an image as JSON",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct inspect_values),
    .least_operands = 1,
    .most_operands = 1,
    .run = run,
};
