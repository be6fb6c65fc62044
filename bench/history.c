/* SPDX-License-Identifier: MIT */
/* The history file: a table of runs, a table of their figures. */
#include "bench/history.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/process.h"
#include "bench/stats.h"
#include "sim/base/mem.h"

enum {
    APPLICATION = 0x53424831, /* "SBH1": tells the file from other SQLite files */
    FORMAT = 1,
    BUSY_MS = 10000,
    GIT_ANSWER_MS = 5000,
};

static const char *const schema =
    "CREATE TABLE run (id INTEGER PRIMARY KEY, started INTEGER NOT NULL,"
    " version TEXT, machine_id TEXT NOT NULL, machine TEXT NOT NULL, git_commit TEXT);"
    "CREATE TABLE figure (run INTEGER NOT NULL REFERENCES run(id),"
    " scenario TEXT NOT NULL, variant TEXT NOT NULL, engine TEXT NOT NULL,"
    " engine_version TEXT, exec TEXT NOT NULL, build TEXT NOT NULL,"
    " nth INTEGER NOT NULL, metric TEXT NOT NULL, value REAL NOT NULL,"
    " low REAL NOT NULL, high REAL NOT NULL, samples INTEGER NOT NULL,"
    " PRIMARY KEY (run, scenario, variant, engine, exec, build, nth, metric))"
    " WITHOUT ROWID;";

static int sql_error(sqlite3 *db, const char *path, int rc, struct err *err)
{
    int kind = rc & 0xff; /* without what an extended code adds */
    /* The handle may have gone on since: its message counts for this error only. */
    bool own = db != NULL && (sqlite3_errcode(db) & 0xff) == kind;
    const char *why = own ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    if (kind == SQLITE_NOTADB)
        err_set(err, ERR_INPUT, "this is no history of simbench");
    else if (kind == SQLITE_FULL || kind == SQLITE_IOERR || kind == SQLITE_READONLY)
        err_set(err, ERR_FAILED, "cannot write the history: %s", why);
    else
        err_set(err, kind == SQLITE_CANTOPEN ? ERR_INPUT : ERR_FAILED, "%s", why);
    err_at(err, path, 0);
    if (kind == SQLITE_FULL || kind == SQLITE_IOERR)
        return err_hint(err, "it is as it was before; make room and run again");
    return err_hint(err, "simbench run --history FILE.db writes one");
}

static int execute(sqlite3 *db, const char *path, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sql_error(db, path, rc, err);
}

static int query_number(sqlite3 *db, const char *path, const char *sql, int *out,
                        struct err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return rc == SQLITE_ROW ? 0 : sql_error(db, path, rc, err);
}

/* An empty file becomes a history if `make` is set; anything else must be one. */
static int check_format(sqlite3 *db, const char *path, bool make, struct err *err)
{
    int application = 0, format = 0, tables = 0;
    int r = query_number(db, path, "PRAGMA application_id", &application, err);
    if (r == 0)
        r = query_number(db, path, "PRAGMA user_version", &format, err);
    if (r == 0)
        r = query_number(db, path, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (r < 0)
        return r;
    if (application == 0 && tables == 0 && make) {
        AUTO_FREE char *sql =
            xasprintf("%s PRAGMA application_id = %d; PRAGMA user_version = %d;",
                      schema, APPLICATION, FORMAT);
        return execute(db, path, sql, err);
    }
    if (application != APPLICATION)
        return sql_error(db, path, SQLITE_NOTADB, err);
    if (format == FORMAT)
        return 0;
    err_set(err, ERR_INPUT, "a history of format %d; this simbench knows %d", format,
            (int)FORMAT);
    return err_at(err, path, 0);
}

static int open_file(const char *path, int flags, sqlite3 **db, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) /* for SQLite a broken disk */
        return sql_error(NULL, path, SQLITE_NOTADB, err);
    int rc = sqlite3_open_v2(path, db, flags, NULL);
    if (rc != SQLITE_OK)
        return sql_error(*db, path, rc, err);
    sqlite3_busy_timeout(*db, BUSY_MS);
    return 0;
}

/* ---- appending ------------------------------------------------------------------- */

struct appending {
    sqlite3 *db;
    sqlite3_stmt *insert; /* of a figure */
    const char *path;
    int rc; /* the first that was no success */
};

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC); /* NULL binds NULL */
}

static const char *given(const char *text)
{
    return text != NULL ? text : "";
}

static int append_run(struct appending *a, const struct results *results,
                      const char *commit, sqlite3_int64 *id)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(a->db,
                                "INSERT INTO run (started, version, machine_id, "
                                "machine, git_commit) VALUES (?, ?, ?, ?, ?)",
                                -1, &s, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, results->started_s);
        bind_text(s, 2, results->version);
        bind_text(s, 3, given(results->machine_id));
        bind_text(s, 4, given(results->machine));
        bind_text(s, 5, commit);
        rc = sqlite3_step(s);
        *id = sqlite3_last_insert_rowid(a->db);
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void append_figure(struct appending *a, const char *metric, double value,
                          struct interval range, size_t samples)
{
    if (a->rc != SQLITE_OK)
        return;
    bind_text(a->insert, 9, metric);
    sqlite3_bind_double(a->insert, 10, value);
    sqlite3_bind_double(a->insert, 11, range.low);
    sqlite3_bind_double(a->insert, 12, range.high);
    sqlite3_bind_int64(a->insert, 13, (sqlite3_int64)samples);
    int rc = sqlite3_step(a->insert);
    sqlite3_reset(a->insert);
    if (rc != SQLITE_DONE)
        a->rc = rc;
}

static void append_count(struct appending *a, const char *metric, uint64_t n)
{
    double value = (double)n;
    append_figure(a, metric, value, (struct interval){value, value}, 1);
}

static void append_build(struct appending *a, const struct result_variant *v, size_t at)
{
    const struct result_build *b = &v->builds[at];
    int nth = 0;
    if (b->error != NULL)
        return;
    for (size_t i = 0; i < at; i++)
        nth += strcmp(given(v->builds[i].label), given(b->label)) == 0;
    bind_text(a->insert, 7, given(b->label));
    sqlite3_bind_int(a->insert, 8, nth);
    append_count(a, "steps_run", b->ran);
    append_count(a, "steps_reused", b->reused);
    append_count(a, "new_bytes", b->new_bytes);
    append_count(a, "fetched_bytes", b->fetched_bytes);
    if (b->has_virtual)
        append_count(a, "virtual_ms", b->virtual_ms);
    if (b->wall.n == 0)
        return;
    struct interval range = {b->wall.median, b->wall.median};
    samples_median_interval(b->wall.samples, b->wall.n, 0.95, &range);
    append_figure(a, "wall_s", b->wall.median, range, b->wall.n);
}

static void append_figures(struct appending *a, const struct results *results,
                           sqlite3_int64 run)
{
    sqlite3_bind_int64(a->insert, 1, run);
    for (size_t i = 0; i < results->scenario_count; i++) {
        const struct result_scenario *s = &results->scenarios[i];
        bind_text(a->insert, 2, s->name);
        for (size_t j = 0; j < s->variant_count; j++) {
            const struct result_variant *v = &s->variants[j];
            bind_text(a->insert, 3, v->name);
            bind_text(a->insert, 4, v->engine);
            bind_text(a->insert, 5, v->engine_version);
            bind_text(a->insert, 6, given(v->exec));
            for (size_t k = 0; k < v->build_count; k++)
                append_build(a, v, k);
        }
    }
}

static int append_all(struct appending *a, const struct results *results,
                      const char *commit, struct err *err)
{
    sqlite3_int64 run = 0;
    a->rc = append_run(a, results, commit, &run);
    if (a->rc == SQLITE_OK)
        a->rc = sqlite3_prepare_v2(
            a->db, "INSERT INTO figure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            -1, &a->insert, NULL);
    if (a->rc == SQLITE_OK)
        append_figures(a, results, run);
    sqlite3_finalize(a->insert);
    return a->rc == SQLITE_OK ? 0 : sql_error(a->db, a->path, a->rc, err);
}

int history_append(const char *path, const struct results *results, const char *commit,
                   struct err *err)
{
    struct appending a = {.path = path};
    int r = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &a.db, err);
    if (r == 0)
        r = execute(a.db, path, "BEGIN IMMEDIATE", err);
    if (r == 0)
        r = check_format(a.db, path, true, err);
    if (r == 0)
        r = append_all(&a, results, commit, err);
    if (r == 0)
        r = execute(a.db, path, "COMMIT", err);
    sqlite3_close(a.db); /* without a COMMIT nothing of it stays */
    return r;
}

char *history_commit(void)
{
    const char *const argv[] = {"git", "rev-parse", "--verify", "HEAD", NULL};
    AUTO_BUF said = BUF_INIT;
    struct process_options how = {
        .output = &said, .quiet = true, .timeout_ms = GIT_ANSWER_MS};
    int status = 0;
    if (process_run(argv, &how, &status, NULL) < 0 || status != 0 || said.len == 0)
        return NULL;
    return xstrndup(said.data, strcspn(said.data, "\r\n"));
}

/* ---- reading --------------------------------------------------------------------- */

static char *column_copy(sqlite3_stmt *s, int at)
{
    const char *text = (const char *)sqlite3_column_text(s, at);
    return text != NULL ? xstrdup(text) : NULL;
}

static bool same_column(sqlite3_stmt *s, int at, const char *text)
{
    return strcmp(given((const char *)sqlite3_column_text(s, at)), text) == 0;
}

static void read_run(struct history *h, sqlite3_stmt *s)
{
    GROW(h->runs, h->run_cap, h->run_count + 1);
    h->runs[h->run_count++] =
        (struct history_run){.id = sqlite3_column_int64(s, 0),
                             .started_s = sqlite3_column_int64(s, 1),
                             .version = column_copy(s, 2),
                             .commit = column_copy(s, 3)};
}

static bool is_series(const struct history_series *x, sqlite3_stmt *s)
{
    return same_column(s, 1, x->machine_id) && same_column(s, 2, x->scenario) &&
           same_column(s, 3, x->variant) && same_column(s, 4, x->engine) &&
           same_column(s, 5, x->exec) && same_column(s, 6, x->build) &&
           sqlite3_column_int(s, 7) == (int)x->nth && same_column(s, 8, x->metric);
}

static struct history_series *new_series(struct history *h, sqlite3_stmt *s)
{
    GROW(h->series, h->series_cap, h->series_count + 1);
    struct history_series *x = &h->series[h->series_count++];
    *x = (struct history_series){.machine_id = column_copy(s, 1),
                                 .scenario = column_copy(s, 2),
                                 .variant = column_copy(s, 3),
                                 .engine = column_copy(s, 4),
                                 .exec = column_copy(s, 5),
                                 .build = column_copy(s, 6),
                                 .nth = (unsigned)sqlite3_column_int(s, 7),
                                 .metric = column_copy(s, 8),
                                 .machine = column_copy(s, 13)};
    return x;
}

static void read_point(struct history *h, sqlite3_stmt *s)
{
    sqlite3_int64 id = sqlite3_column_int64(s, 0);
    struct history_series *x =
        h->series_count != 0 ? &h->series[h->series_count - 1] : NULL;
    if (x == NULL || !is_series(x, s))
        x = new_series(h, s);
    size_t run = x->len != 0 ? x->points[x->len - 1].run : 0;
    while (run < h->run_count && h->runs[run].id != id)
        run++;
    if (run == h->run_count)
        return;
    GROW(x->points, x->cap, x->len + 1);
    x->points[x->len++] =
        (struct history_point){.run = run,
                               .value = sqlite3_column_double(s, 9),
                               .low = sqlite3_column_double(s, 10),
                               .high = sqlite3_column_double(s, 11),
                               .samples = (size_t)sqlite3_column_int64(s, 12)};
}

/* Called for each row. */
typedef void row_reader(struct history *h, sqlite3_stmt *s);

static int read_rows(sqlite3 *db, const char *sql, const struct history_query *query,
                     row_reader *read, struct history *out, struct err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK && query != NULL) {
        bind_text(s, 1, query->metric);
        bind_text(s, 2, query->machine_id);
        bind_text(s, 3, query->scenario);
    }
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(s);
        if (rc == SQLITE_ROW)
            read(out, s);
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? 0
                             : sql_error(db, sqlite3_db_filename(db, "main"), rc, err);
}

static void keep_last(struct history_series *x, size_t last)
{
    if (last == 0 || x->len <= last)
        return;
    memmove(x->points, x->points + x->len - last, last * sizeof *x->points);
    x->len = last;
}

int history_read(const char *path, const struct history_query *query,
                 struct history *out, struct err *err)
{
    sqlite3 *db = NULL;
    *out = (struct history){0};
    int r = open_file(path, SQLITE_OPEN_READONLY, &db, err);
    if (r == 0)
        r = check_format(db, path, false, err);
    if (r == 0)
        r = execute(db, path, "BEGIN", err); /* both tables at one moment */
    if (r == 0)
        r = read_rows(db,
                      "SELECT id, started, version, git_commit FROM run ORDER BY id",
                      NULL, read_run, out, err);
    if (r == 0)
        r = read_rows(db,
                      "SELECT f.run, r.machine_id, scenario, variant, engine, exec, "
                      "build, nth, metric, value, low, high, samples, r.machine "
                      "FROM figure f JOIN run r ON r.id = f.run "
                      "WHERE (?1 IS NULL OR metric = ?1) "
                      "AND (?2 IS NULL OR r.machine_id = ?2) "
                      "AND (?3 IS NULL OR scenario GLOB ?3) "
                      "ORDER BY r.machine_id, scenario, variant, engine, exec, build, "
                      "nth, metric, f.run",
                      query, read_point, out, err);
    sqlite3_close(db);
    for (size_t i = 0; i < out->series_count; i++)
        keep_last(&out->series[i], query->last);
    return r;
}

void history_free(struct history *h)
{
    for (size_t i = 0; i < h->run_count; i++) {
        free(h->runs[i].version);
        free(h->runs[i].commit);
    }
    for (size_t i = 0; i < h->series_count; i++) {
        struct history_series *x = &h->series[i];
        char *const owned[] = {x->machine_id, x->machine, x->scenario, x->variant,
                               x->engine,     x->exec,    x->build,    x->metric};
        for (size_t o = 0; o < sizeof owned / sizeof *owned; o++)
            free(owned[o]);
        free(x->points);
    }
    free(h->runs);
    free(h->series);
    *h = (struct history){0};
}
