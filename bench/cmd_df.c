/* SPDX-License-Identifier: MIT */
/* simbench df: laid out as `docker system df`: the room the store takes, what can go,
 * what sharing saves; with -v a row an image. */
#include <inttypes.h>
#include <stdio.h>

#include "bench/age.h"
#include "bench/cmd.h"
#include "bench/columns.h"
#include "bench/sharing.h"
#include "sim/base/file.h"

struct df_values {
    bool verify;
    int format;
};
enum { FORMAT_TABLE, FORMAT_JSON };

static const struct option_spec options[] = {
    {"verify", 0, OPTION_FLAG, offsetof(struct df_values, verify), NULL,
     "re-hash everything and check every reference", 0},
    {"format", 0, OPTION_CHOICE, offsetof(struct df_values, format), "table|json",
     "json: one object", 0},
};

static uint64_t saved_by_sharing(const struct store_usage *u)
{
    return u->unshared_bytes > u->image_bytes ? u->unshared_bytes - u->image_bytes : 0;
}

static void print_json(const struct store_usage *u)
{
    printf("{\"images\":%" PRIu64 ",\"layers\":%" PRIu64 ",\"records\":%" PRIu64
           ",\"mounts\":%" PRIu64,
           u->images, u->layers, u->records, u->mounts);
    printf(",\"image_bytes\":%" PRIu64 ",\"unshared_bytes\":%" PRIu64
           ",\"cache_bytes\":%" PRIu64 ",\"mount_bytes\":%" PRIu64
           ",\"unpacked_bytes\":%" PRIu64 ",\"reclaimable_bytes\":%" PRIu64 "}\n",
           u->image_bytes, u->unshared_bytes, u->cache_bytes, u->mount_bytes,
           u->unpacked_bytes, u->reclaimable_bytes);
}

static void add_row(struct columns *t, const char *type, const char *total,
                    uint64_t bytes, uint64_t reclaimable)
{
    columns_add(t, type);
    columns_add(t, total);
    columns_add_bytes(t, bytes);
    columns_add_bytes(t, reclaimable);
}

static void print_table(const struct store_usage *u)
{
    struct columns t;
    char n[4][24];
    snprintf(n[0], sizeof n[0], "%" PRIu64, u->images);
    snprintf(n[1], sizeof n[1], "%" PRIu64, u->records);
    snprintf(n[2], sizeof n[2], "%" PRIu64, u->mounts);
    columns_begin(&t, "TYPE|>TOTAL|>SIZE|>RECLAIMABLE|>SAVED BY SHARING");
    add_row(&t, "Images", n[0], u->image_bytes, 0);
    columns_add_bytes(&t, saved_by_sharing(u));
    add_row(&t, "Build Cache", n[1], u->cache_bytes, u->cache_bytes);
    columns_add(&t, "");
    add_row(&t, "Cache Mounts", n[2], u->mount_bytes, u->mount_bytes);
    columns_add(&t, "");
    add_row(&t, "Unpacked Layers", "", u->unpacked_bytes, u->unpacked_bytes);
    columns_add(&t, "");
    columns_end(&t, stdout);
    AUTO_BUF text = BUF_INIT;
    report_bytes(u->unshared_bytes, &text);
    printf("\n%" PRIu64 " layers. Without sharing the images would take %s.\n",
           u->layers, text.data);
    buf_clear(&text);
    report_bytes(u->reclaimable_bytes, &text);
    printf("Reclaimable with `simbench prune`: %s.\n", text.data);
}

static void add_image(struct columns *t, const struct shared_image *image,
                      const char *name)
{
    char id[SHORT_ID + 1];
    AUTO_BUF age = BUF_INIT;
    bench_image_short_id(&image->loaded.image.id, id);
    age_add(&age, image->loaded.image.created_s, clock_realtime_s());
    columns_add(t, name);
    columns_add(t, id);
    columns_add(t, buf_str(&age));
    columns_add_bytes(t, image->loaded.size);
    columns_add_bytes(t, image->shared_bytes);
    columns_add_bytes(t, image->loaded.size - image->shared_bytes);
}

/* The images one by one, as `docker system df -v`. */
static int print_images(struct store *store, struct err *err)
{
    struct sharing sharing = {0};
    struct columns t;
    int r = sharing_load(store, &sharing, err);
    if (r == 0) {
        puts("\nImages space usage:\n");
        columns_begin(&t, "IMAGE|IMAGE ID|CREATED|>SIZE|>SHARED SIZE|>UNIQUE SIZE");
        for (size_t i = 0; i < sharing.len; i++) {
            const struct strv *names = &sharing.images[i].loaded.image.names;
            for (size_t n = 0; n < names->len; n++)
                add_image(&t, &sharing.images[i], names->items[n]);
            if (names->len == 0)
                add_image(&t, &sharing.images[i], "<none>");
        }
        columns_end(&t, stdout);
    }
    sharing_free(&sharing);
    return r;
}

static int verify(const struct cli *cli, struct store *store, struct err *err)
{
    struct strv problems = STRV_INIT;
    int r = store_verify(store, &problems, err);
    for (size_t i = 0; i < problems.len; i++) {
        print_text(cli, problems.items[i]);
        putchar('\n');
    }
    if (r == 0 && problems.len != 0) {
        err_set(err, ERR_FAILED, "the store has %zu fault%s", problems.len,
                problems.len == 1 ? "" : "s");
        r = err_hint(err,
                     "remove the images named, or the whole store, and build anew");
    } else if (r == 0) {
        puts("verified: every layer and reference is sound");
    }
    strv_free(&problems);
    return r;
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct df_values *values = in->values;
    AUTO_STORE *store = NULL;
    struct store_usage usage = {0};
    int r = cli_open_store(cli, &store, err);
    if (r == 0 && values->verify)
        return verify(cli, store, err);
    if (r == 0)
        r = store_usage(store, &usage, err);
    if (r < 0)
        return r;
    if (values->format == FORMAT_JSON)
        print_json(&usage);
    else
        print_table(&usage);
    if (values->format == FORMAT_TABLE && cli->common.verbose)
        return print_images(store, err);
    return 0;
}

const struct command bench_command_df = {
    .name = "df",
    .operands = "",
    .summary = "the room the store takes and what is shared",
    .details = "With -v: each image, what it shares and what is its own.",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct df_values),
    .run = run,
};
