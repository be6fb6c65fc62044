/* SPDX-License-Identifier: MIT */
/* The tables of a store in memory, and of what a store on disk has not written yet. */
#include <stdlib.h>

#include "sim/base/mem.h"
#include "sim/store/db.h"

struct memory {
    struct db db;
    struct table tables[DB_TABLES];
};

static int get(struct db *db, enum db_table table, struct slice key, struct slice *out,
               struct err *err)
{
    (void)err;
    const struct memory *m = (struct memory *)db;
    return table_get(&m->tables[table], key, out) ? 0 : ERR_NOT_FOUND;
}

static int put(struct db *db, enum db_table table, struct slice key, struct slice value,
               struct err *err)
{
    (void)err;
    table_put(&((struct memory *)db)->tables[table], key, value);
    return 0;
}

static int del(struct db *db, enum db_table table, struct slice key, struct err *err)
{
    (void)err;
    table_remove(&((struct memory *)db)->tables[table], key);
    return 0;
}

static int each(struct db *db, enum db_table table, db_visitor *fn, void *payload,
                struct err *err)
{
    const struct memory *m = (struct memory *)db;
    struct table_cursor cursor = {0};
    struct slice key, value;
    while (table_next(&m->tables[table], &cursor, &key, &value)) {
        int rc = fn(payload, key, value, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int begin(struct db *db, struct err *err)
{
    (void)db, (void)err;
    return 0;
}

static void nothing(struct db *db)
{
    (void)db;
}

void db_memory_clear(struct db *db)
{
    for (int i = 0; i < DB_TABLES; i++)
        table_free(&((struct memory *)db)->tables[i]);
}

static void close_memory(struct db *db)
{
    db_memory_clear(db);
    free(db);
}

struct db *db_open_memory(void)
{
    static const struct db_ops ops = {
        .get = get,
        .put = put,
        .del = del,
        .each = each,
        .begin = begin,
        .commit = begin,
        .rollback = nothing,
        .read_begin = nothing,
        .read_end = nothing,
        .close = close_memory,
    };
    struct memory *m = xcalloc(1, sizeof *m);
    m->db.ops = &ops;
    return &m->db;
}
