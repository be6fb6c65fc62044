/* SPDX-License-Identifier: MIT */
/* simbench df: the room the store takes, what sharing saves, what can go. */
#include <inttypes.h>
#include <stdio.h>

#include "bench/cmd.h"
#include "bench/columns.h"

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
                    uint64_t bytes, uint64_t shared)
{
    columns_add(t, type);
    columns_add(t, total);
    columns_add_bytes(t, bytes);
    columns_add_bytes(t, shared);
}

static void print_table(const struct store_usage *u)
{
    struct columns t;
    char n[4][24];
    snprintf(n[0], sizeof n[0], "%" PRIu64, u->images);
    snprintf(n[1], sizeof n[1], "%" PRIu64, u->records);
    snprintf(n[2], sizeof n[2], "%" PRIu64, u->mounts);
    columns_begin(&t, "TYPE|>TOTAL|>SIZE|>SAVED BY SHARING");
    add_row(&t, "Images", n[0], u->image_bytes, saved_by_sharing(u));
    add_row(&t, "Build Cache", n[1], u->cache_bytes, 0);
    add_row(&t, "Cache Mounts", n[2], u->mount_bytes, 0);
    add_row(&t, "Unpacked Layers", "", u->unpacked_bytes, 0);
    columns_end(&t, stdout);
    AUTO_BUF text = BUF_INIT;
    report_bytes(u->unshared_bytes, &text);
    printf("\n%" PRIu64 " layers. Without sharing the images would take %s.\n",
           u->layers, text.data);
    buf_clear(&text);
    report_bytes(u->reclaimable_bytes, &text);
    printf("Reclaimable with `simbench prune`: %s.\n", text.data);
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
    return 0;
}

const struct command bench_command_df = {
    .name = "df",
    .operands = "",
    .summary = "the room the store takes and what is shared",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct df_values),
    .run = run,
};
