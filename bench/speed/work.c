/* SPDX-License-Identifier: MIT */
/* The list of workloads, and what all kinds need. */
#include "bench/speed/work.h"

#include <string.h>
#include <sys/stat.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)

#define MB UINT64_C(1000000)

/* Order: no change, one file edited, first build. */
#define GOALS_10K                                                                      \
    {                                                                                  \
        .engine = {10, 15, 15}, .limit = { 1.5, 1.5, 2 }                               \
    }
#define GOALS_MORE(memory)                                                             \
    {                                                                                  \
        .engine = {10, 15, 15}, .limit = {1.5, 1.5, 2.5}, .peak_bytes = (memory)       \
    }

#define FILES(number, text, when, ...)                                                 \
    {                                                                                  \
        .kind = &work_files, .title = (text), .axis = "files", .n = (number),          \
        .files = {.count = (number), .bytes = KIB}, .size = (when), __VA_ARGS__        \
    }
#define FILE_SIZE(kib, text, when)                                                     \
    {                                                                                  \
        .kind = &work_first, .title = (text), .axis = "KiB a file", .n = (kib),        \
        .files = {.count = 4, .bytes = (kib)*KIB}, .size = (when)                      \
    }
#define DEPTH(levels, text, when)                                                      \
    {                                                                                  \
        .kind = &work_files, .title = (text), .axis = "folders deep", .n = (levels),   \
        .files = {.count = 1000, .bytes = KIB, .chain = (levels)}, .size = (when)      \
    }
#define COUNTED(what, word, number, text, when, ...)                                   \
    {                                                                                  \
        .kind = &(what), .title = (text), .axis = (word), .n = (number),               \
        .size = (when), __VA_ARGS__                                                    \
    }
#define RECORDS(number, text, when)                                                    \
    COUNTED(work_records, "records", number, text, when,                               \
            .files = {.count = 100, .bytes = KIB})

const struct work *work_list(size_t *count)
{
    static const struct work list[] = {
        FILES(100, "100 files", WORK_USUAL),
        FILES(1000, "1,000 files", WORK_USUAL, .peers = PEERS_ALL),
        FILES(10000, "10,000 files", WORK_USUAL, .peers = PEERS_ALL,
              .goals = GOALS_10K),
        FILES(100000, "100,000 files", WORK_BIG, .peers = PEERS_BUILDKIT,
              .goals = GOALS_MORE(150 * MB)),
        FILES(1000000, "1,000,000 files", WORK_HUGE, .goals = GOALS_MORE(1000 * MB)),
        {.kind = &work_first,
         .title = "64 files of 16 MiB",
         .files = {.count = 64, .bytes = 16 * MIB},
         .size = WORK_BIG,
         .peers = PEERS_BUILDKIT,
         .goals = {.engine = {4}, .limit = {1.5}}},
        FILE_SIZE(64, "4 files of 64 KiB", WORK_USUAL),
        FILE_SIZE(1024, "4 files of 1 MiB", WORK_USUAL),
        FILE_SIZE(16384, "4 files of 16 MiB", WORK_USUAL),
        FILE_SIZE(262144, "4 files of 256 MiB", WORK_BIG),
        DEPTH(1, "1,000 files, 1 deep", WORK_USUAL),
        DEPTH(16, "1,000 files, 16 deep", WORK_USUAL),
        DEPTH(256, "1,000 files, 256 deep", WORK_USUAL),
        COUNTED(work_steps, "steps", 1, "1 RUN", WORK_USUAL),
        COUNTED(work_steps, "steps", 10, "10 RUNs", WORK_USUAL),
        COUNTED(work_steps, "steps", 50, "50 RUNs", WORK_USUAL, .peers = PEERS_ALL,
                .goals = {.engine = {10, 10}, .each_s = 0.009}),
        COUNTED(work_steps, "steps", 200, "200 RUNs", WORK_BIG),
        COUNTED(work_steps, "steps", 1000, "1,000 RUNs", WORK_BIG),
        COUNTED(work_layers, "layers", 1, "1 layer", WORK_USUAL),
        COUNTED(work_layers, "layers", 10, "10 layers", WORK_USUAL),
        COUNTED(work_layers, "layers", 100, "100 layers", WORK_USUAL),
        COUNTED(work_layers, "layers", 500, "500 layers", WORK_BIG),
        RECORDS(10, "10 records", WORK_USUAL),
        RECORDS(1000, "1,000 records", WORK_USUAL),
        RECORDS(100000, "100,000 records", WORK_USUAL),
        RECORDS(1000000, "1,000,000 records", WORK_BIG),
        COUNTED(work_clock, "builds", 100, "100 virtual builds", WORK_USUAL),
        COUNTED(work_clock, "builds", 1000, "1,000 virtual builds", WORK_USUAL),
        COUNTED(work_clock, "builds", 10000, "10,000 virtual builds", WORK_USUAL,
                .goals = {.each_s = 1.0 / 20000}),
        COUNTED(work_clock, "builds", 100000, "100,000 virtual builds", WORK_BIG,
                .goals = {.each_s = 1.0 / 20000}),
        COUNTED(work_clock, "builds", 1000000, "1,000,000 virtual builds", WORK_HUGE,
                .goals = {.each_s = 1.0 / 20000}),
    };
    *count = sizeof list / sizeof *list;
    return list;
}

int work_open(struct work *work, struct rivals *rivals, const char *parent,
              struct err *err)
{
    work->rivals = rivals;
    int r = file_temp_folder(parent, "work", &work->folder, err);
    if (r < 0)
        return r;
    work->context = path_join(work->folder, "context");
    work->fresh = path_join(work->folder, "fresh");
    r = file_make_folders(work->context, err);
    if (r == 0)
        r = file_make_folders(work->fresh, err);
    return r == 0 ? work->kind->make(work, err) : r;
}

void work_close(struct work *work)
{
    if (work->folder != NULL)
        file_remove_tree(work->folder, NULL);
    free(work->folder);
    free(work->context);
    free(work->fresh);
    work->folder = work->context = work->fresh = NULL;
}

char *work_store(const struct work *work, const char *name)
{
    return xasprintf("%s/store-%s", work->folder, name);
}

int work_build(struct work *work, struct rival *rival, const char *context,
               const char *store, struct spent *out, struct err *err)
{
    const struct errand errand = {context, store, work->kind->sandbox};
    return rival_build(work->rivals, rival, &errand, out, err);
}

static int copy_shell(const char *context, struct err *err)
{
    static const char *const busybox = "/bin/busybox";
    enum { MOST = 64 << 20 };
    AUTO_FREE char *shell = path_join(context, "sh");
    AUTO_BUF program = BUF_INIT;
    if (file_exists(shell))
        return 0;
    int r = file_read(busybox, MOST, &program, err);
    if (r < 0) {
        err_set(err, ERR_ENVIRONMENT, "no %s", busybox);
        return err_hint(err, "apt-get install busybox-static");
    }
    r = file_write(shell, program.data, program.len, err);
    if (r == 0 && chmod(shell, 0755) != 0)
        r = err_set(err, ERR_FAILED, "cannot make %s executable", shell);
    return r;
}

int work_dockerfile(const char *context, const char *text, struct err *err)
{
    AUTO_FREE char *path = path_join(context, "Dockerfile");
    int r = copy_shell(context, err);
    return r == 0 ? file_write(path, text, strlen(text), err) : r;
}

bool work_sandbox_works(struct rivals *rivals, const char *parent, struct err *why)
{
    struct work work = {.kind = &work_steps, .n = 1};
    struct spent ignored;
    int r = work_open(&work, rivals, parent, why);
    AUTO_FREE char *store = work_store(&work, "warm");
    if (r == 0)
        r = work_build(&work, &rivals->items[0], work.context, store, &ignored, why);
    work_close(&work);
    return r == 0;
}
