/* SPDX-License-Identifier: MIT */
/*
 * FROM scratch, a busybox, COPY of many files. Nothing changed: each builder has built
 * just this before. One file edited: it knows all but one file. First build: a folder
 * it never saw, of files it never saw, and for our own program an empty store; the
 * files are in the page cache, for everybody.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/speed/work.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/store/store.h"

enum { SAME, EDITED, FIRST };

#define STAT "find \"$1\" -printf '%s %T@ %i\\n' >/dev/null"
#define READ "tar -C \"$1\" -cf - . | sha256sum"
#define HASH "find \"$1/src\" -type f -exec sha256sum {} + >/dev/null"
#define WRITE "dd if=/dev/zero of=\"$2\" bs=1M count=\"$3\" conv=fsync; rm \"$2\""

static const char dockerfile[] = "FROM scratch\nCOPY sh /bin/sh\nCOPY src /src\n";

static int make(const struct work *work, const char *context, struct err *err)
{
    int r = work_dockerfile(context, dockerfile, err);
    return r == 0 ? files_make(context, &work->files, err) : r;
}

static int make_both(struct work *work, struct err *err)
{
    int r = make(work, work->context, err);
    return r == 0 ? make(work, work->fresh, err) : r;
}

static int make_fresh(struct work *work, struct err *err)
{
    return make(work, work->fresh, err);
}

/* Other bytes under another name: neither the content nor the folder is known. */
static int renew(struct work *work, struct err *err)
{
    char *name = xasprintf("%s/fresh-%u", work->folder, ++work->serial);
    int r = files_salt(work->fresh, &work->files, clock_monotonic_ns(), err);
    if (r == 0 && rename(work->fresh, name) != 0)
        r = err_errno(err, errno, "cannot rename %s", work->fresh);
    if (r < 0) {
        free(name);
        return r;
    }
    free(work->fresh);
    work->fresh = name;
    return 0;
}

static int begin(struct work *work, size_t build, struct err *err)
{
    return build == FIRST ? renew(work, err) : 0;
}

static int begin_first(struct work *work, size_t build, struct err *err)
{
    return begin(work, FIRST + build, err);
}

static int prepare(struct work *work, size_t build, struct rival *rival,
                   struct err *err)
{
    AUTO_FREE char *warm = work_store(work, "warm");
    AUTO_FREE char *cold = work_store(work, "cold");
    struct spent ignored;
    if (build == SAME)
        return work_build(work, rival, work->context, warm, &ignored, err);
    if (build == EDITED)
        return files_edit(work->context, &work->files, clock_monotonic_ns(), err);
    return rival->tool == NULL ? file_remove_tree(cold, err) : 0;
}

static int prepare_first(struct work *work, size_t build, struct rival *rival,
                         struct err *err)
{
    return prepare(work, FIRST + build, rival, err);
}

static int run(struct work *work, size_t build, struct rival *rival, struct spent *out,
               struct err *err)
{
    AUTO_FREE char *store = work_store(work, build == FIRST ? "cold" : "warm");
    return work_build(work, rival, build == FIRST ? work->fresh : work->context, store,
                      out, err);
}

static int run_first(struct work *work, size_t build, struct rival *rival,
                     struct spent *out, struct err *err)
{
    return run(work, FIRST + build, rival, out, err);
}

const struct work_kind work_files = {
    .builds = {"no change", "an edit", "first build"},
    .limits = {{"find, tar", {STAT, READ, READ}}},
    .make = make_both,
    .begin = begin,
    .prepare = prepare,
    .run = run,
};

const struct work_kind work_first = {
    .builds = {"first build"},
    .limits = {{"write", {WRITE}}, {"hash", {HASH}}},
    .make = make_fresh,
    .begin = begin_first,
    .prepare = prepare_first,
    .run = run_first,
};

/* ---- among many records ---- */

static int fill(const char *dir, unsigned records, struct err *err)
{
    struct store *store = NULL;
    int r = store_open(dir, NULL, &store, err);
    if (r < 0)
        return r;
    r = store_begin(store, err);
    for (unsigned i = 0; i < records && r == 0; i++) {
        struct record record = {.key = digest_of(&i, sizeof i), .virtual_ms = i};
        r = store_record_put(store, &record, err);
    }
    if (r == 0)
        r = store_commit(store, err);
    store_close(store);
    return r;
}

/* In a process of its own: what memory it takes would count as the builds' (see struct
 * process_options). */
static int fill_apart(const char *dir, unsigned records, struct err *err)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(fill(dir, records, NULL) == 0 ? 0 : 1);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0
               ? 0
               : err_set(err, ERR_FAILED, "%s: cannot be filled with records", dir);
}

static int make_records(struct work *work, struct err *err)
{
    AUTO_FREE char *warm = work_store(work, "warm");
    int r = make(work, work->context, err);
    return r == 0 ? fill_apart(warm, work->n, err) : r;
}

const struct work_kind work_records = {
    .builds = {"no change", "an edit"},
    .make = make_records,
    .begin = begin,
    .prepare = prepare,
    .run = run,
};
