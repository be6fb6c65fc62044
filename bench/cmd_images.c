/* SPDX-License-Identifier: MIT */
/* simbench images: what is stored, newest first; and rmi. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/age.h"
#include "bench/cmd.h"
#include "bench/columns.h"
#include "bench/images.h"
#include "bench/json_text.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

struct images_values {
    bool no_trunc;
    int format;
};
enum { FORMAT_TABLE, FORMAT_JSON };

static const struct option_spec options[] = {
    {"no-trunc", 0, OPTION_FLAG, offsetof(struct images_values, no_trunc), NULL,
     "show whole IDs", 0},
    {"format", 0, OPTION_CHOICE, offsetof(struct images_values, format), "table|json",
     "json: one object an image", 0},
};

static void print_json(const struct store_image *image, uint64_t size)
{
    char created[32];
    AUTO_BUF out = BUF_INIT;
    image_format_time(image->created_s, created);
    buf_adds(&out, "{\"id\":");
    json_text_digest(&out, &image->id);
    buf_adds(&out, ",\"names\":[");
    for (size_t i = 0; i < image->names.len; i++) {
        if (i != 0)
            buf_addc(&out, ',');
        json_text_string(&out, image->names.items[i]);
    }
    buf_addf(&out, "],\"created\":\"%s\",\"size\":%" PRIu64 "}", created, size);
    puts(out.data);
}

static void add_row(struct columns *t, const struct images_values *values,
                    const struct store_image *image, const char *name, uint64_t size)
{
    char id[DIGEST_TEXT + 1], short_id[SHORT_ID + 1];
    AUTO_BUF age = BUF_INIT;
    digest_text(&image->id, id);
    bench_image_short_id(&image->id, short_id);
    /* The tag stands after the last colon, unless that belongs to a host's port. */
    const char *colon = name != NULL ? strrchr(name, ':') : NULL;
    if (colon != NULL && strchr(colon, '/') != NULL)
        colon = NULL;
    AUTO_FREE char *repository = name == NULL ? xstrdup("<none>")
                                 : colon != NULL
                                     ? xstrndup(name, (size_t)(colon - name))
                                     : xstrdup(name);
    age_add(&age, image->created_s, clock_realtime_s());
    columns_add(t, repository);
    columns_add(t, colon != NULL ? colon + 1 : "<none>");
    columns_add(t, values->no_trunc ? id : short_id);
    columns_add(t, age.data);
    columns_add_bytes(t, size);
}

static int image_size(struct store *store, const struct store_image *image,
                      uint64_t *size, struct err *err)
{
    struct loaded_image loaded = {0};
    char id[DIGEST_TEXT + 1];
    digest_text(&image->id, id);
    int r = bench_image_load(store, id, &loaded, err);
    *size = loaded.size;
    bench_image_unload(&loaded);
    return r;
}

static int show_image(struct store *store, const struct cli *cli,
                      const struct images_values *values,
                      const struct store_image *image, struct columns *t,
                      struct err *err)
{
    uint64_t size;
    if (cli->common.quiet) {
        char id[DIGEST_TEXT + 1], short_id[SHORT_ID + 1];
        digest_text(&image->id, id);
        bench_image_short_id(&image->id, short_id);
        puts(values->no_trunc ? id : short_id);
        return 0;
    }
    int r = image_size(store, image, &size, err);
    if (r < 0)
        return r;
    if (values->format == FORMAT_JSON) {
        print_json(image, size);
        return 0;
    }
    for (size_t i = 0; i < image->names.len; i++)
        add_row(t, values, image, image->names.items[i], size);
    if (image->names.len == 0)
        add_row(t, values, image, NULL, size);
    return 0;
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct images_values *values = in->values;
    AUTO_STORE *store = NULL;
    struct store_image *images = NULL;
    size_t len = 0;
    struct columns t;
    int r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = store_image_list(store, &images, &len, err);
    columns_begin(&t, "REPOSITORY|TAG|IMAGE ID|CREATED|SIZE");
    for (size_t i = 0; i < len; i++) {
        if (r == 0)
            r = show_image(store, cli, values, &images[i], &t, err);
        store_image_free(&images[i]);
    }
    free(images);
    if (r == 0 && values->format == FORMAT_TABLE && !cli->common.quiet)
        columns_end(&t, stdout);
    strv_free(&t.cells);
    return r;
}

const struct command bench_command_images = {
    .name = "images",
    .operands = "",
    .summary = "the images in the store (-q: IDs only)",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct images_values),
    .run = run,
};

/* ---- rmi --------------------------------------------------------------------------
 */

static int run_rmi(struct cli *cli, const struct invocation *in, struct err *err)
{
    AUTO_STORE *store = NULL;
    struct strv removed = STRV_INIT;
    int r = cli_open_store(cli, &store, err);
    for (size_t i = 0; i < in->operand_count && r == 0; i++)
        r = store_image_remove(store, in->operands[i], &removed, err);
    for (size_t i = 0; i < removed.len; i++) {
        print_text(cli, removed.items[i]);
        putchar('\n');
    }
    strv_free(&removed);
    return r;
}

const struct command bench_command_rmi = {
    .name = "rmi",
    .operands = "IMAGE...",
    .summary = "take images out of the store",
    .details = "A name is taken away; the image goes with its last name, or when it is "
               "given by ID.\nLayers stay until `simbench prune`.",
    .values_size = 1,
    .least_operands = 1,
    .most_operands = COMMAND_MANY,
    .run = run_rmi,
};
