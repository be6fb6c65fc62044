/* SPDX-License-Identifier: MIT */
/*
 * The tables of a store and their two backings: SQLite and memory. What the rows mean
 * is the business of the files above (rows.h); a backing keeps bytes under bytes.
 */
#ifndef SIM_STORE_DB_H
#define SIM_STORE_DB_H

#include "sim/base/err.h"
#include "sim/store/table.h"

enum db_table {
    DB_META,       /* name -> number */
    DB_LAYER,      /* DiffID -> struct layer_row */
    DB_CHAIN,      /* chain ID -> struct chain_row */
    DB_RECORD,     /* key -> struct record_row[], newest first */
    DB_ALIAS,      /* fast key -> key */
    DB_COLLECTED,  /* key of a collected record -> number, growing */
    DB_IMAGE,      /* image ID -> struct image_row, config */
    DB_NAME,       /* "app:latest" -> image ID */
    DB_OBJECT,     /* digest -> where, bytes */
    DB_REFERENCE,  /* digest of an object -> how many builds name it */
    DB_BUILD,      /* number -> struct build_row and what follows it */
    DB_BUILD_NAME, /* name -> numbers of its builds, oldest first */
    DB_MEASURED,   /* recipe of a modelled layer -> struct measured */
    DB_TABLES,
};

typedef int db_visitor(void *payload, struct slice key, struct slice value,
                       struct err *err);

struct db {
    const struct db_ops *ops;
};

struct db_ops {
    /* 0, ERR_NOT_FOUND (with no message), or an error. *out is borrowed until the next
     * call. */
    int (*get)(struct db *db, enum db_table table, struct slice key, struct slice *out,
               struct err *err);
    int (*put)(struct db *db, enum db_table table, struct slice key, struct slice value,
               struct err *err);
    /* A missing key is fine. */
    int (*del)(struct db *db, enum db_table table, struct slice key, struct err *err);
    /* Every row, in any order; the visitor changes nothing and reads nothing from the
     * same table; non-zero stops. */
    int (*each)(struct db *db, enum db_table table, db_visitor *fn, void *payload,
                struct err *err);
    /* Reads until read_end see one moment, and cost no lock each. It waits for nobody
     * and keeps nobody waiting; nothing is written meanwhile. Failing is no harm. */
    void (*read_begin)(struct db *db);
    void (*read_end)(struct db *db);
    /* One transaction for what comes between. It may wait for other processes. */
    int (*begin)(struct db *db, struct err *err);
    int (*commit)(struct db *db, struct err *err); /* rolls back if it fails */
    void (*rollback)(struct db *db);
    void (*close)(struct db *db);
};

/* dir/store.db. ERR_INPUT if it is of a newer format or none of ours. */
int db_open_sqlite(const char *dir, struct db **out, struct err *err);
/* Its transactions group nothing: it cannot fail. */
struct db *db_open_memory(void);
/* Empties one in memory. */
void db_memory_clear(struct db *db);

#endif
