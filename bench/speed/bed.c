/* SPDX-License-Identifier: MIT */
/* Makes what single rooms work on; all of it is the same every time. */
#include "bench/speed/rooms.h"

#include <stdio.h>
#include <string.h>

#include "bench/speed/files.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/context/context.h"

enum { INSTRUCTIONS = 1000, RULES = 100, PATHS = 10000, RECORDS = 1000, FILES = 10000 };
enum { DIGEST_BYTES = 64 << 20 };

static int make_ignore(struct bed *bed, struct err *err)
{
    AUTO_BUF rules = BUF_INIT;
    for (int i = 0; i < RULES; i++)
        buf_addf(&rules, i % 4 == 3 ? "!src/keep%d/*.c\n" : "**/out%d/*.o\n", i);
    for (int i = 0; i < PATHS; i++) {
        AUTO_FREE char *path =
            xasprintf("src/dir%d/out%d/file%d.o", i % 37, i % 101, i);
        strv_add(&bed->paths, path);
    }
    return ignore_parse("rules", rules.data, rules.len, &bed->ignore, err);
}

static int make_store(struct bed *bed, struct err *err)
{
    AUTO_FREE char *dir = xasprintf("%s/records", bed->folder);
    int r = store_open(dir, NULL, &bed->store, err);
    if (r == 0)
        r = store_begin(bed->store, err);
    for (unsigned i = 0; i < RECORDS && r == 0; i++) {
        struct record record = {.key = digest_of(&i, sizeof i), .virtual_ms = i};
        r = store_record_put(bed->store, &record, err);
    }
    return r == 0 ? store_commit(bed->store, err) : r;
}

int bed_make(struct bed *bed, const char *folder, struct err *err)
{
    bed->folder = folder;
    buf_adds(&bed->dockerfile, "FROM scratch\n");
    for (int i = 0; i < INSTRUCTIONS; i++)
        buf_addf(&bed->dockerfile, "RUN echo \"$PATH\" && make -j4 \\\n    target%d\n",
                 i);
    buf_reserve(&bed->bytes, DIGEST_BYTES);
    memset(bed->bytes.data, 'x', DIGEST_BYTES);
    int r = make_ignore(bed, err);
    if (r == 0)
        r = make_store(bed, err);
    AUTO_FREE char *dir = NULL;
    if (r == 0)
        r = bed_context(bed, FILES, &dir, err);
    struct context_options options = CONTEXT_OPTIONS_INIT;
    struct context_stats stats;
    return r == 0 ? context_scan(dir, &options, &bed->tree, &stats, err) : r;
}

void bed_free(struct bed *bed)
{
    buf_free(&bed->dockerfile);
    buf_free(&bed->bytes);
    ignore_free(bed->ignore);
    strv_free(&bed->paths);
    store_close(bed->store);
    tree_free(bed->tree);
}

int bed_context(struct bed *bed, unsigned n, char **out, struct err *err)
{
    const struct files files = {.count = n, .bytes = 1024};
    *out = xasprintf("%s/files%u", bed->folder, n);
    return file_exists(*out) ? 0 : files_make(*out, &files, err);
}
