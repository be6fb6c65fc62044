/* SPDX-License-Identifier: MIT */
/*
 * simbench context: what COPY sees of a folder, and which ignore line keeps the rest
 * out. Walks the whole folder, ignored parts too: their size is what the lines save.
 */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/build_setup.h"
#include "bench/cmd.h"
#include "bench/columns.h"
#include "bench/interrupt.h"
#include "bench/json_text.h"
#include "reports/report.h"
#include "sim/base/map.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/cache/habits.h"
#include "sim/context/context.h"

struct context_values {
    const char *file;
    int format;
};
enum { FORMAT_TABLE, FORMAT_JSON, FOLDERS_SHOWN = 10 };

static const struct option_spec options[] = {
    {"file", 'f', OPTION_TEXT, offsetof(struct context_values, file), "FILE",
     "the Dockerfile: FILE.dockerignore beside it counts first", 0},
    {"format", 0, OPTION_CHOICE, offsetof(struct context_values, format), "table|json",
     "json: one object", 0},
};

struct tally {
    uint64_t files, bytes;
};
struct folder {
    char *path;
    struct tally kept;
};
struct survey {
    const struct ignore *ignored;
    struct tally kept, dropped;
    struct tally *by_line; /* dropped, by the line of the ignore file */
    const char **texts;    /* of the rules, borrowed */
    size_t line_cap;
    struct map *folders; /* path -> struct folder */
    struct habits habits;
};

static void count(struct tally *t, uint64_t bytes)
{
    t->files++;
    t->bytes += bytes;
}

static void count_line(struct survey *s, const struct ignore_rule *rule, uint64_t bytes)
{
    size_t need = (size_t)rule->line + 1;
    if (need > s->line_cap) {
        size_t cap = need * 2;
        s->by_line = xreallocarray(s->by_line, cap, sizeof *s->by_line);
        s->texts = xreallocarray(s->texts, cap, sizeof *s->texts);
        memset(s->by_line + s->line_cap, 0, (cap - s->line_cap) * sizeof *s->by_line);
        memset(s->texts + s->line_cap, 0, (cap - s->line_cap) * sizeof *s->texts);
        s->line_cap = cap;
    }
    s->texts[rule->line] = rule->text;
    count(&s->by_line[rule->line], bytes);
}

static void count_folders(struct survey *s, const char *path, uint64_t bytes)
{
    for (size_t len = path_parent_len(path); len != 0;) {
        struct folder *folder = map_getn(s->folders, path, len);
        if (folder == NULL) {
            folder = xcalloc(1, sizeof *folder);
            folder->path = xstrndup(path, len);
            map_put(s->folders, folder->path, folder);
        }
        count(&folder->kept, bytes);
        len = path_parent_len(folder->path);
    }
}

static void count_file(struct survey *s, const char *path, uint64_t bytes)
{
    const struct ignore_rule *rule = NULL;
    if (s->ignored != NULL && ignore_excluded(s->ignored, path, &rule)) {
        count(&s->dropped, bytes);
        if (rule != NULL)
            count_line(s, rule, bytes);
        return;
    }
    count(&s->kept, bytes);
    count_folders(s, path, bytes);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk(struct survey *s, const char *dir, struct err *err)
{
    AUTO_FREE char *root = xstrdup(dir);
    char *roots[] = {root, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (fts == NULL)
        return err_errno(err, errno, "cannot walk %s", dir);
    int r = 0;
    size_t prefix = strlen(root);
    FTSENT *at;
    while (r == 0 && (at = fts_read(fts)) != NULL) {
        const char *path = at->fts_path + prefix;
        path += strspn(path, "/");
        if (at->fts_info == FTS_DNR || at->fts_info == FTS_ERR ||
            at->fts_info == FTS_NS)
            r = err_errno(err, at->fts_errno, "cannot read %s", at->fts_path);
        else if (at->fts_info != FTS_D && at->fts_info != FTS_DP &&
                 at->fts_info != FTS_DC)
            count_file(
                s, path,
                S_ISREG(at->fts_statp->st_mode) ? (uint64_t)at->fts_statp->st_size : 0);
        if (r == 0)
            r = interrupt_check(err);
    }
    fts_close(fts);
    return r;
}

static int by_bytes(const void *a, const void *b)
{
    const struct folder *x = *(struct folder *const *)a,
                        *y = *(struct folder *const *)b;
    if (x->kept.bytes != y->kept.bytes)
        return x->kept.bytes < y->kept.bytes ? 1 : -1;
    return strcmp(x->path, y->path);
}

/* All folders, biggest first; the caller frees the array. */
static struct folder **sorted_folders(const struct survey *s, size_t *len)
{
    struct folder **all = xcalloc(map_len(s->folders), sizeof(struct folder *));
    size_t cursor = 0, n = 0;
    const char *key;
    void *value;
    while (map_next(s->folders, &cursor, &key, &value))
        all[n++] = value;
    qsort(all, n, sizeof(struct folder *), by_bytes);
    *len = n;
    return all;
}

/* ---- showing ----------------------------------------------------------------------
 */

static void add_tally(struct columns *t, const char *what, const struct tally *tally)
{
    columns_add(t, what);
    columns_add_count(t, tally->files);
    columns_add_bytes(t, tally->bytes);
}

static void print_habits(const struct habits *h)
{
    if (h->len == 0)
        return;
    struct columns t;
    printf("\nChanged often in the last %zu builds, and copied before a RUN:\n\n",
           h->builds);
    columns_begin(&t, "FILE|>CHANGES|COPIED BY|RUNS AGAIN|>COST");
    for (size_t i = 0; i < h->len && i < FOLDERS_SHOWN; i++) {
        const struct habit *habit = &h->items[i];
        AUTO_FREE char *copy = xasprintf("step %u", habit->copy);
        AUTO_FREE char *run = xasprintf("step %u", habit->run);
        AUTO_BUF cost = BUF_INIT;
        if (habit->virtual_cost)
            report_virtual(habit->cost_ms, &cost);
        else
            report_wall((double)habit->cost_ms / 1000, &cost);
        buf_adds(&cost, habit->virtual_cost ? " virtual" : " wall");
        columns_add(&t, habit->path);
        columns_add_count(&t, habit->changes);
        columns_add(&t, copy);
        columns_add(&t, run);
        columns_add(&t, buf_str(&cost));
    }
    columns_end(&t, stdout);
}

static void print_survey(const struct survey *s)
{
    struct columns t;
    columns_begin(&t, "CONTEXT|>FILES|>SIZE");
    add_tally(&t, "kept", &s->kept);
    add_tally(&t, "dropped", &s->dropped);
    columns_end(&t, stdout);
    if (s->dropped.files != 0) {
        putchar('\n');
        columns_begin(&t, "DROPPED BY LINE|>FILES|>SIZE");
        for (size_t line = 0; line < s->line_cap; line++) {
            if (s->by_line[line].files == 0)
                continue;
            AUTO_FREE char *name = xasprintf("%zu: %s", line, s->texts[line]);
            add_tally(&t, name, &s->by_line[line]);
        }
        columns_end(&t, stdout);
    }
    size_t len;
    AUTO_FREE struct folder **folders = sorted_folders(s, &len);
    if (len != 0)
        putchar('\n');
    columns_begin(&t, "BIGGEST FOLDERS|>FILES|>SIZE");
    for (size_t i = 0; i < len && i < FOLDERS_SHOWN; i++)
        add_tally(&t, folders[i]->path, &folders[i]->kept);
    if (len != 0)
        columns_end(&t, stdout);
    else
        strv_free(&t.cells);
    print_habits(&s->habits);
}

static void json_habits(struct buf *out, const struct habits *h)
{
    buf_addf(out, ",\"builds\":%zu,\"often\":[", h->builds);
    for (size_t i = 0; i < h->len; i++) {
        const struct habit *habit = &h->items[i];
        buf_adds(out, i != 0 ? ",{\"path\":" : "{\"path\":");
        json_text_string(out, habit->path);
        buf_addf(out,
                 ",\"changes\":%u,\"copy\":%u,\"run\":%u,\"seconds\":", habit->changes,
                 habit->copy, habit->run);
        json_text_ms(out, habit->cost_ms);
        buf_addf(out, ",\"clock\":\"%s\"}", habit->virtual_cost ? "virtual" : "wall");
    }
    buf_addc(out, ']');
}

static void json_tally(struct buf *out, const struct tally *t)
{
    buf_addf(out, "\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", t->files, t->bytes);
}

static void print_json(const struct survey *s)
{
    AUTO_BUF out = BUF_INIT;
    const char *comma = "";
    buf_adds(&out, "{\"kept\":{");
    json_tally(&out, &s->kept);
    buf_adds(&out, ",\"dropped\":{");
    json_tally(&out, &s->dropped);
    buf_adds(&out, ",\"lines\":[");
    for (size_t line = 0; line < s->line_cap; line++) {
        if (s->by_line[line].files == 0)
            continue;
        buf_addf(&out, "%s{\"line\":%zu,\"pattern\":", comma, line);
        json_text_string(&out, s->texts[line]);
        buf_addc(&out, ',');
        json_tally(&out, &s->by_line[line]);
        comma = ",";
    }
    buf_adds(&out, "],\"folders\":[");
    size_t len;
    AUTO_FREE struct folder **folders = sorted_folders(s, &len);
    for (size_t i = 0; i < len && i < FOLDERS_SHOWN; i++) {
        buf_adds(&out, i != 0 ? ",{\"path\":" : "{\"path\":");
        json_text_string(&out, folders[i]->path);
        buf_addc(&out, ',');
        json_tally(&out, &folders[i]->kept);
    }
    buf_addc(&out, ']');
    json_habits(&out, &s->habits);
    buf_addc(&out, '}');
    puts(out.data);
}

static void survey_free(struct survey *s)
{
    size_t cursor = 0;
    const char *key;
    void *value;
    while (map_next(s->folders, &cursor, &key, &value)) {
        struct folder *folder = value;
        free(folder->path);
        free(folder);
    }
    map_free(s->folders);
    free(s->by_line);
    free(s->texts);
    habits_free(&s->habits);
}

/* What the builds of this folder tell; a folder never built has no such story. */
static int find_habits(const struct cli *cli, const char *dir, const char *dockerfile,
                       struct habits *out, struct err *err)
{
    AUTO_STORE *store = NULL;
    AUTO_FREE char *folder = realpath(dir, NULL);
    /* Without a store there is no story, and the rest is told all the same. */
    if (folder == NULL || cli_open_store(cli, &store, NULL) != 0)
        return 0;
    return habits_find(store, dockerfile != NULL ? dockerfile : "Dockerfile", folder,
                       out, err);
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct context_values *values = in->values;
    struct ignore *ignored = NULL;
    int r = bench_check_context(in->operands[0], err);
    if (r == 0)
        r = context_ignore(in->operands[0], values->file, &ignored, err);
    if (r < 0)
        return r;
    struct survey survey = {.ignored = ignored, .folders = map_new()};
    r = walk(&survey, in->operands[0], err);
    if (r == 0)
        r = find_habits(cli, in->operands[0], values->file, &survey.habits, err);
    if (r == 0 && values->format == FORMAT_JSON)
        print_json(&survey);
    else if (r == 0)
        print_survey(&survey);
    survey_free(&survey);
    ignore_free(ignored);
    return r;
}

const struct command bench_command_context = {
    .name = "context",
    .operands = "CONTEXT",
    .summary = "what COPY sees of a folder, and what .dockerignore drops",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct context_values),
    .least_operands = 1,
    .most_operands = 1,
    .run = run,
};
