/* SPDX-License-Identifier: MIT */
/* What is timed of single rooms. */
#include "bench/speed/rooms.h"

#include "sim/base/mem.h"
#include "sim/context/context.h"
#include "sim/dockerfile/dockerfile.h"
#include "sim/layer/tar.h"

static int run_parse(struct bed *bed, unsigned n, struct err *err)
{
    int r = 0;
    for (unsigned i = 0; i < n && r == 0; i++) {
        struct dockerfile *df = NULL;
        r = dockerfile_parse("Dockerfile", bed->dockerfile.data, bed->dockerfile.len,
                             &df, err);
        dockerfile_free(df);
    }
    return r;
}

static int run_ignore(struct bed *bed, unsigned n, struct err *err)
{
    size_t excluded = 0;
    for (size_t i = 0; i < n && i < bed->paths.len; i++)
        excluded += ignore_excluded(bed->ignore, bed->paths.items[i], NULL);
    return excluded != 0 ? 0 : err_set(err, ERR_FAILED, "nothing was excluded");
}

static int scan(struct bed *bed, unsigned n, bool cached, struct err *err)
{
    struct context_options options = CONTEXT_OPTIONS_INIT;
    struct context_stats stats;
    struct tree *tree = NULL;
    AUTO_FREE char *dir = NULL;
    int r = bed_context(bed, n, &dir, err);
    AUTO_FREE char *cache = xasprintf("%s/stat-cache%u", bed->folder, n);
    if (cached)
        options.stat_cache = cache;
    if (r == 0)
        r = context_scan(dir, &options, &tree, &stats, err);
    tree_free(tree);
    return r;
}

static int run_scan(struct bed *bed, unsigned n, struct err *err)
{
    return scan(bed, n, false, err);
}

static int run_scan_cached(struct bed *bed, unsigned n, struct err *err)
{
    return scan(bed, n, true, err);
}

static int run_digest(struct bed *bed, unsigned n, struct err *err)
{
    struct digest digest = digest_of(bed->bytes.data, (size_t)n << 20);
    return digest_is_zero(&digest) ? err_set(err, ERR_FAILED, "no digest") : 0;
}

static int run_look_up(struct bed *bed, unsigned n, struct err *err)
{
    int r = 0;
    for (unsigned i = 0; i < n && r == 0; i++) {
        struct digest key = digest_of(&i, sizeof i);
        struct record record;
        r = store_record_get(bed->store, &key, &record, err);
    }
    return r;
}

static int run_tar(struct bed *bed, unsigned n, struct err *err)
{
    struct tar_options options = TAR_OPTIONS_INIT;
    struct tar_result result;
    (void)n; /* as many as the bed's tree has */
    return tar_write(bed->tree, &options, &result, err);
}

const struct room rooms[] = {
    {"parse, 1000 instructions", 1, run_parse},
    {"ignore, 100 rules, 10000 paths", 10000, run_ignore},
    {"scan, 1000 files", 1000, run_scan},
    {"scan, 10000 files", 10000, run_scan},
    {"scan with stat cache, 1000 files", 1000, run_scan_cached},
    {"scan with stat cache, 10000 files", 10000, run_scan_cached},
    {"digest, 64 MiB", 64, run_digest},
    {"key look-up, 1000 records", 1000, run_look_up},
    {"tar and DiffID, 10000 files", 10000, run_tar},
    {NULL, 0, NULL},
};
