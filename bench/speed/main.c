/* SPDX-License-Identifier: MIT */
/*
 * make bench: whole builds beside the machine's limits and beside real builders, how
 * they grow, and single rooms; tables, a result file that simbench compare reads, and a
 * report with plots. Run at the top of the tree.
 * usage: speed SIMBENCH RESULT.json REPORT [NAME=VALUE]...
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/environment.h"
#include "bench/interrupt.h"
#include "bench/machine.h"
#include "bench/measure_options.h"
#include "bench/speed/rooms.h"
#include "bench/speed/show.h"
#include "bench/version.h"
#include "reports/report.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

static const char usage[] =
    "usage: speed SIMBENCH RESULT.json REPORT [NAME=VALUE]...\n"
    "  RUNS=11     rounds, at most\n"
    "  SECONDS=4   a workload begins no round after it (five at least;\n"
    "              two after sixty times as long)\n"
    "  BIG=1       100,000 files, gigabytes, 1,000 steps, a million records\n"
    "  HUGE=1      and 1,000,000 files, 1,000,000 virtual builds\n"
    "  PEERS=1     real builders, too; or some: PEERS=buildkit,buildah\n"
    "  SEED=0      other sizes, depths and names of files\n"
    "  PROFILE=FOLDER  our builds run under perf, which writes there\n"
    "  ONLY='*'    workloads (and \"rooms\") whose names match\n";

enum { RUNS = 11, SECONDS = 4 };

struct settings {
    unsigned runs, seed;
    double seconds;
    enum work_size size;
    const char *peers, *only; /* NULL: none, all */
    const char *profiles;
};

static int set(struct settings *s, const char *name, const char *value, struct err *err)
{
    if (strcmp(name, "RUNS") == 0)
        return measure_count(name, value, &s->runs, err);
    if (strcmp(name, "SECONDS") == 0)
        return measure_seconds(name, value, &s->seconds, err);
    if (strcmp(name, "SEED") == 0)
        return measure_count(name, value, &s->seed, err);
    if (strcmp(name, "BIG") == 0)
        s->size = s->size > WORK_BIG ? s->size : WORK_BIG;
    else if (strcmp(name, "HUGE") == 0)
        s->size = WORK_HUGE;
    else if (strcmp(name, "PEERS") == 0)
        s->peers = value;
    else if (strcmp(name, "ONLY") == 0)
        s->only = value;
    else if (strcmp(name, "PROFILE") == 0)
        s->profiles = value;
    else
        return err_set(err, ERR_INPUT, "unknown setting %s", name);
    return 0;
}

static int read_settings(int argc, char **argv, struct settings *s, struct err *err)
{
    int r = 0;
    for (int i = 4; i < argc && r == 0; i++) {
        const char *equals = strchr(argv[i], '=');
        if (equals == NULL)
            return err_set(err, ERR_INPUT, "%s is not NAME=VALUE", argv[i]);
        AUTO_FREE char *name = xstrndup(argv[i], (size_t)(equals - argv[i]));
        if (equals[1] != '\0') /* make gives what is not set so */
            r = set(s, name, equals + 1, err);
    }
    return r;
}

static bool is_wanted(const struct settings *s, const char *name)
{
    return s->only == NULL || fnmatch(s->only, name, 0) == 0;
}

/* The workloads to be measured, with the seed in them; the caller frees. */
static struct work *choose(const struct settings *s, bool sandbox, size_t *count)
{
    size_t all;
    const struct work *list = work_list(&all);
    struct work *chosen = xcalloc(all, sizeof *chosen);
    *count = 0;
    for (size_t i = 0; i < all; i++) {
        if (list[i].size > s->size || !is_wanted(s, list[i].title) ||
            (list[i].kind->sandbox && !sandbox))
            continue;
        chosen[*count] = list[i];
        chosen[(*count)++].files.seed = s->seed;
    }
    return chosen;
}

/* What is being measured, where somebody waits for it. */
static void tell(const char *what)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%-40s\r", what);
}

static int measure_all(const struct measure *m, const struct settings *s,
                       struct work *works, size_t count, struct err *err)
{
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++) {
        tell(works[i].title);
        r = measure_work(m, &works[i], err);
    }
    /* Last: a child is counted as large as its parent was when it began. */
    if (r == 0 && is_wanted(s, "rooms")) {
        tell("rooms");
        r = rooms_measure(m, err);
    }
    tell("");
    return r;
}

static void show(const struct shown *shown)
{
    show_limits(shown, stdout);
    show_peers(shown, stdout);
    show_pieces(shown, stdout);
    show_growth(shown, stdout);
    rooms_show(shown->results, stdout);
}

static int save(const struct results *results, const char *file, const char *report,
                struct err *err)
{
    const struct report_options options = {0};
    AUTO_BUF json = BUF_INIT;
    AUTO_BUF notice = BUF_INIT;
    results_to_json(results, &json);
    int r = file_write(file, json.data, json.len, err);
    if (r == 0)
        r = report_write(results, report, &options, &notice, err);
    if (r == 0)
        printf("%s%sresults: %s\nreport: %s/index.html\n", buf_str(&notice),
               notice.len != 0 ? "\n" : "", file, report);
    return r;
}

static struct results *begin_results(FILE *out)
{
    AUTO_BUF id = BUF_INIT;
    AUTO_BUF text = BUF_INIT;
    machine_describe(&id, &text);
    struct results *results = results_new(SIMBENCH_VERSION, clock_realtime_s());
    results_set_machine(results, id.data, text.data);
    fprintf(out, "%s\n", text.data);
    return results;
}

static int bench(char **argv, const struct settings *s, const char *folder,
                 struct err *err)
{
    struct rivals rivals;
    struct err why = ERR_INIT;
    size_t count;
    int r = rivals_find(argv[1], s->peers, &rivals, err);
    bool sandbox = r == 0 && work_sandbox_works(&rivals, folder, &why);
    struct results *results = begin_results(stdout);
    if (r == 0 && !sandbox)
        printf("left out: what needs the sandbox: %s\n", why.msg);
    for (size_t i = 1; r == 0 && i < rivals.count; i++)
        printf("%s: %s\n", rivals.items[i].name, rivals.items[i].version);
    putchar('\n');
    AUTO_FREE struct work *works = choose(s, sandbox, &count);
    const struct measure m = {results,    &rivals,     folder, s->runs,
                              s->seconds, s->profiles, stdout};
    if (r == 0)
        r = measure_all(&m, s, works, count, err);
    if (r == 0) {
        const struct shown shown = {works, count, results};
        show(&shown);
        r = save(results, argv[2], argv[3], err);
    }
    rivals_free(&rivals);
    results_free(results);
    return r;
}

int main(int argc, char **argv)
{
    struct settings settings = {.runs = RUNS, .seconds = SECONDS};
    struct err err = ERR_INIT;
    const char *tmp = environment_set("TMPDIR");
    AUTO_FREE char *folder = NULL;
    if (argc < 4) {
        fputs(usage, stderr);
        return 2;
    }
    interrupt_setup();
    int r = read_settings(argc, argv, &settings, &err);
    if (r == 0)
        r = file_temp_folder(tmp != NULL ? tmp : "/tmp", "simbench-speed", &folder,
                             &err);
    if (r == 0)
        r = bench(argv, &settings, folder, &err);
    if (folder != NULL)
        file_remove_tree(folder, NULL);
    if (r < 0)
        fprintf(stderr, "speed: %s%s%s\n", err.msg,
                err.hint[0] != '\0' ? "\nhint: " : "", err.hint);
    return err_exit_code(r);
}
