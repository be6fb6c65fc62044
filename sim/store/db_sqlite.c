/* SPDX-License-Identifier: MIT */
/*
 * The tables of a store in SQLite: WAL mode, so that readers never wait for a writer;
 * synchronous=NORMAL, so that a commit costs no sync (a power failure may lose the last
 * transactions, never damage the file: https://www.sqlite.org/wal.html).
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/store/db.h"

enum {
    FORMAT = 1,
    APPLICATION = 0x73696d62, /* "simb" */
    BUSY_MS = 30000,
    /* What is left in the log is read again by the next process; moving it into the
     * file costs two syncs. Builds that made layers have synced those as well; what
     * only looked up and left its record does not wait for the disk, if it can be
     * avoided. */
    LOG_PAGES_LAYERS = 256,
    LOG_PAGES_MOST = 1024,
};

enum verb { GET, PUT, DEL, EACH, VERBS };

struct lite {
    struct db db;
    sqlite3 *handle;
    bool put_layer;                             /* since it was opened */
    sqlite3_stmt *statements[DB_TABLES][VERBS]; /* prepared when first used */
    struct buf value;                           /* what get() gave last */
};

static const char *const names[DB_TABLES] = {
    [DB_META] = "meta",           [DB_LAYER] = "layer", [DB_CHAIN] = "chain",
    [DB_RECORD] = "record",       [DB_ALIAS] = "alias", [DB_COLLECTED] = "collected",
    [DB_IMAGE] = "image",         [DB_NAME] = "name",   [DB_OBJECT] = "object",
    [DB_REFERENCE] = "reference", [DB_BUILD] = "build", [DB_BUILD_NAME] = "build_name",
    [DB_MEASURED] = "measured",
};

static int fail(struct lite *l, int rc, struct err *err)
{
    int code = ERR_FAILED;
    if (rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT)
        code = ERR_INPUT;
    err_set(err, code, "store.db: %s", sqlite3_errmsg(l->handle));
    if (rc == SQLITE_FULL || rc == SQLITE_IOERR)
        err_hint(err, "is the disk full? `simbench prune` makes room");
    else if (code == ERR_INPUT)
        err_hint(err, "move the store's folder away; it is made anew");
    else if (rc == SQLITE_BUSY)
        err_hint(err, "another process has been writing to the store for long");
    return code;
}

static int execute(struct lite *l, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(l->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : fail(l, rc & 0xff, err);
}

static int statement(struct lite *l, enum db_table table, enum verb verb,
                     sqlite3_stmt **out, struct err *err)
{
    static const char *const texts[VERBS] = {
        [GET] = "SELECT value FROM %s WHERE key = ?1",
        [PUT] = ("INSERT INTO %s(key, value) VALUES(?1, ?2) "
                 "ON CONFLICT(key) DO UPDATE SET value = excluded.value"),
        [DEL] = "DELETE FROM %s WHERE key = ?1",
        [EACH] = "SELECT key, value FROM %s",
    };
    sqlite3_stmt **at = &l->statements[table][verb];
    if (*at == NULL) {
        AUTO_BUF sql = BUF_INIT;
        const char *hole = strchr(texts[verb], '%');
        buf_add(&sql, texts[verb], (size_t)(hole - texts[verb]));
        buf_adds(&sql, names[table]);
        buf_adds(&sql, hole + 2);
        int rc = sqlite3_prepare_v3(l->handle, buf_str(&sql), -1,
                                    SQLITE_PREPARE_PERSISTENT, at, NULL);
        if (rc != SQLITE_OK)
            return fail(l, rc & 0xff, err);
    }
    *out = *at;
    return 0;
}

static void bind(sqlite3_stmt *s, int at, struct slice bytes)
{
    /* An empty value must not become NULL. */
    if (bytes.len == 0)
        sqlite3_bind_zeroblob(s, at, 0);
    else
        sqlite3_bind_blob64(s, at, bytes.data, bytes.len, SQLITE_STATIC);
}

static struct slice column(sqlite3_stmt *s, int at)
{
    const void *data = sqlite3_column_blob(s, at);
    int len = sqlite3_column_bytes(s, at);
    return slice_of(data, data != NULL ? (size_t)len : 0);
}

static int get(struct db *db, enum db_table table, struct slice key, struct slice *out,
               struct err *err)
{
    struct lite *l = (struct lite *)db;
    sqlite3_stmt *s = NULL;
    int rc = statement(l, table, GET, &s, err);
    if (rc != 0)
        return rc;
    bind(s, 1, key);
    int step = sqlite3_step(s);
    if (step == SQLITE_ROW) {
        struct slice found = column(s, 0);
        buf_clear(&l->value);
        buf_add(&l->value, found.data, found.len);
        *out = slice_of(l->value.data, l->value.len);
    } else {
        rc = step == SQLITE_DONE ? ERR_NOT_FOUND : fail(l, step & 0xff, err);
    }
    sqlite3_reset(s);
    return rc;
}

static int run(struct lite *l, sqlite3_stmt *s, struct err *err)
{
    int step = sqlite3_step(s);
    int rc = step == SQLITE_DONE ? 0 : fail(l, step & 0xff, err);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return rc;
}

static int put(struct db *db, enum db_table table, struct slice key, struct slice value,
               struct err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = statement((struct lite *)db, table, PUT, &s, err);
    if (rc != 0)
        return rc;
    if (table == DB_LAYER)
        ((struct lite *)db)->put_layer = true;
    bind(s, 1, key);
    bind(s, 2, value);
    return run((struct lite *)db, s, err);
}

static int del(struct db *db, enum db_table table, struct slice key, struct err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = statement((struct lite *)db, table, DEL, &s, err);
    if (rc != 0)
        return rc;
    bind(s, 1, key);
    return run((struct lite *)db, s, err);
}

static int each(struct db *db, enum db_table table, db_visitor *fn, void *payload,
                struct err *err)
{
    struct lite *l = (struct lite *)db;
    sqlite3_stmt *s = NULL;
    int rc = statement(l, table, EACH, &s, err);
    while (rc == 0) {
        int step = sqlite3_step(s);
        if (step == SQLITE_DONE)
            break;
        if (step != SQLITE_ROW)
            rc = fail(l, step & 0xff, err);
        else
            rc = fn(payload, column(s, 0), column(s, 1), err);
    }
    if (s != NULL)
        sqlite3_reset(s);
    return rc;
}

static int begin(struct db *db, struct err *err)
{
    return execute((struct lite *)db, "BEGIN IMMEDIATE", err);
}

static void rollback(struct db *db)
{
    /* A failure means that SQLite has rolled back by itself. */
    execute((struct lite *)db, "ROLLBACK", NULL);
}

static int commit(struct db *db, struct err *err)
{
    int rc = execute((struct lite *)db, "COMMIT", err);
    if (rc != 0)
        rollback(db);
    return rc;
}

static void read_begin(struct db *db)
{
    execute((struct lite *)db, "BEGIN", NULL);
}

static void read_end(struct db *db)
{
    execute((struct lite *)db, "COMMIT", NULL);
}

static void close_lite(struct db *db)
{
    struct lite *l = (struct lite *)db;
    for (int t = 0; t < DB_TABLES; t++)
        for (int v = 0; v < VERBS; v++)
            sqlite3_finalize(l->statements[t][v]);
    sqlite3_close(l->handle);
    buf_free(&l->value);
    free(l);
}

static int read_format(struct lite *l, int *version, int *application, struct err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(l->handle,
                                "SELECT user_version, application_id "
                                "FROM pragma_user_version, pragma_application_id",
                                -1, &s, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        *version = sqlite3_column_int(s, 0);
        *application = sqlite3_column_int(s, 1);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_OK ? 0 : fail(l, rc & 0xff, err);
}

static int make_tables(struct lite *l, struct err *err)
{
    AUTO_BUF sql = BUF_INIT;
    for (int t = 0; t < DB_TABLES; t++) {
        /* Rows of a few hundred bytes at most lie best in the index itself. */
        bool large = t == DB_IMAGE || t == DB_OBJECT || t == DB_BUILD;
        buf_addf(&sql,
                 "CREATE TABLE IF NOT EXISTS %s("
                 "key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL)%s;",
                 names[t], large ? "" : " WITHOUT ROWID");
    }
    buf_addf(&sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION,
             FORMAT);
    int rc = begin(&l->db, err);
    if (rc == 0)
        rc = execute(l, buf_str(&sql), err);
    if (rc != 0) {
        rollback(&l->db);
        return rc;
    }
    return commit(&l->db, err);
}

static int check_format(struct lite *l, struct err *err)
{
    int version = 0, application = 0;
    int rc = read_format(l, &version, &application, err);
    if (rc != 0)
        return rc;
    if (version == 0 && application == 0)
        return make_tables(l, err);
    if (application != APPLICATION)
        return err_set(err, ERR_INPUT, "store.db was made by another program");
    if (version > FORMAT) {
        err_set(err, ERR_INPUT, "the store has format %d; this program reads %d",
                version, FORMAT);
        err_hint(err, "use a newer simbench, or another --store");
        return ERR_INPUT;
    }
    return 0;
}

/* After each commit: how long the log has become. */
static int on_commit(void *payload, sqlite3 *handle, const char *name, int pages)
{
    const struct lite *l = payload;
    /* If it is not possible now, because somebody reads, the next commit tries again.
     */
    if (pages >= (l->put_layer ? LOG_PAGES_LAYERS : LOG_PAGES_MOST))
        sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

int db_open_sqlite(const char *dir, struct db **out, struct err *err)
{
    static const struct db_ops ops = {
        .get = get,
        .put = put,
        .del = del,
        .each = each,
        .read_begin = read_begin,
        .read_end = read_end,
        .begin = begin,
        .commit = commit,
        .rollback = rollback,
        .close = close_lite,
    };
    struct lite *l = xcalloc(1, sizeof *l);
    l->db.ops = &ops;
    AUTO_FREE char *path = xasprintf("%s/store.db", dir);
    int rc = sqlite3_open_v2(
        path, &l->handle,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) {
        rc = fail(l, rc & 0xff, err);
        close_lite(&l->db);
        return rc;
    }
    sqlite3_extended_result_codes(l->handle, 0);
    sqlite3_busy_timeout(l->handle, BUSY_MS);
    /* The last process to close would sync the log into the file, for nothing. */
    sqlite3_db_config(l->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    rc = execute(l,
                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                 "PRAGMA foreign_keys=OFF;"
                 "PRAGMA journal_size_limit=4194304; PRAGMA cache_size=-16384",
                 err);
    sqlite3_wal_hook(l->handle, on_commit, l);
    if (rc == 0)
        rc = check_format(l, err);
    if (rc != 0) {
        close_lite(&l->db);
        return rc;
    }
    *out = &l->db;
    return 0;
}
