/* SPDX-License-Identifier: MIT */
/* Makes what the microbenchmarks work on; all of it is the same every time. */
#include "bench/micro/bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/environment.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/context/context.h"

enum { INSTRUCTIONS = 1000, RULES = 100, PATHS = 10000, RECORDS = 1000, FILES = 10000 };
enum { DIGEST_BYTES = 64 << 20, FOLDER_FILES = 100 };

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

int bed_make(struct bed *bed, struct err *err)
{
    const char *tmp = environment_set("TMPDIR");
    int r = file_temp_folder(tmp != NULL ? tmp : "/tmp", "simbench-micro", &bed->folder,
                             err);
    if (r < 0)
        return r;
    buf_adds(&bed->dockerfile, "FROM scratch\n");
    for (int i = 0; i < INSTRUCTIONS; i++)
        buf_addf(&bed->dockerfile, "RUN echo \"$PATH\" && make -j4 \\\n    target%d\n",
                 i);
    buf_reserve(&bed->bytes, DIGEST_BYTES);
    memset(bed->bytes.data, 'x', DIGEST_BYTES);
    r = make_ignore(bed, err);
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
    if (bed->folder != NULL)
        file_remove_tree(bed->folder, NULL);
    free(bed->folder);
}

static int write_plain(const char *path, const char *text, struct err *err)
{
    FILE *f = fopen(path, "we");
    bool ok = f != NULL && fputs(text, f) >= 0;
    if (f != NULL)
        ok = fclose(f) == 0 && ok;
    return ok ? 0 : err_set(err, ERR_FAILED, "%s: cannot be written", path);
}

int bed_context(struct bed *bed, unsigned n, char **out, struct err *err)
{
    *out = xasprintf("%s/files%u", bed->folder, n);
    if (file_exists(*out))
        return 0;
    int r = file_make_folders(*out, err);
    for (unsigned i = 0; i < n && r == 0; i++) {
        AUTO_FREE char *dir =
            xasprintf("%s/d%u/e%u", *out, i / FOLDER_FILES / 10, i / FOLDER_FILES);
        AUTO_FREE char *path = xasprintf("%s/f%u", dir, i);
        AUTO_FREE char *text = xasprintf("%0200u\n", i);
        if (i % FOLDER_FILES == 0)
            r = file_make_folders(dir, err);
        if (r == 0)
            r = write_plain(path, text, err);
    }
    AUTO_FREE char *dockerfile = xasprintf("%s/Dockerfile", *out);
    return r == 0 ? write_plain(dockerfile, "FROM scratch\nCOPY . /app\n", err) : r;
}
