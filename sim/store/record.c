/* SPDX-License-Identifier: MIT */
/* Cache records, aliases and chains. */
#include <stdlib.h>
#include <string.h>

#include "sim/store/internal.h"

/* ---- records --------------------------------------------------------------------- */

size_t store_records_decode(struct slice value, struct record_row *rows)
{
    size_t count = value.len / sizeof *rows;
    if (count > RECORDS_A_KEY)
        count = RECORDS_A_KEY;
    if (count > 0)
        memcpy(rows, value.data, count * sizeof *rows);
    return count;
}

static int read_rows(struct db *db, struct slice key, struct record_row *rows,
                     size_t *count, struct err *err)
{
    struct slice value = {0};
    int rc = db->ops->get(db, DB_RECORD, key, &value, err);
    *count = rc == 0 ? store_records_decode(value, rows) : 0;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static size_t find_chain(const struct record_row *rows, size_t count,
                         const struct digest *chain)
{
    size_t i = 0;
    while (i < count && !digest_equal(&rows[i].chain, chain))
        i++;
    return i;
}

/* Makes `row` the newest of its key; of records with one outcome one stays, and the
 * oldest goes when there are too many. */
static void insert_row(struct record_row *rows, size_t *count,
                       const struct record_row *row)
{
    struct record_row newest = *row;
    size_t at = find_chain(rows, *count, &row->chain);
    if (at < *count)
        newest.uses += rows[at].uses;
    else if (*count < RECORDS_A_KEY)
        (*count)++;
    else
        at--;
    memmove(&rows[1], &rows[0], at * sizeof *rows);
    rows[0] = newest;
}

int store_records_merge(struct store *store, struct slice key, struct slice value,
                        struct err *err)
{
    struct record_row fresh[RECORDS_A_KEY], rows[RECORDS_A_KEY];
    size_t fresh_count = store_records_decode(value, fresh), count = 0;
    int rc = read_rows(store->db, key, rows, &count, err);
    if (rc != 0)
        return rc;
    while (fresh_count > 0)
        insert_row(rows, &count, &fresh[--fresh_count]);
    return store_row_put(store, DB_RECORD, key, slice_of(rows, count * sizeof *rows),
                         err);
}

static int put_record(struct store *store, const struct record *record, struct err *err)
{
    /* A store on disk merges with what other processes wrote when it flushes. */
    bool later = store->pending != NULL && !store->direct;
    struct db *place = later ? store->pending : store->db;
    struct record_row rows[RECORDS_A_KEY];
    size_t count = 0;
    int rc = read_rows(place, slice_digest(&record->key), rows, &count, err);
    if (rc != 0)
        return rc;
    struct record_row row = {
        .chain = record->chain,
        .layer = record->layer,
        .virtual_ms = record->virtual_ms,
        .wall_ns = record->wall_ns,
        .created_s = record->created_s,
        .uses = 1,
        .use_seq = store_next_use(store),
        .last_used_s = store_now(store),
    };
    insert_row(rows, &count, &row);
    return store_row_put(store, DB_RECORD, slice_digest(&record->key),
                         slice_of(rows, count * sizeof *rows), err);
}

int store_record_put(struct store *store, const struct record *record, struct err *err)
{
    STORE_LOCK(store);
    int rc = store_group_begin(store, err);
    if (rc != 0)
        return rc;
    return store_group_end(store, put_record(store, record, err), err);
}

int store_record_add(struct store *store, const struct record *record, struct err *err)
{
    {
        STORE_LOCK(store);
        struct slice value;
        struct record_row rows[RECORDS_A_KEY];
        size_t count = 0;
        int rc =
            store_row_get(store, DB_RECORD, slice_digest(&record->key), &value, err);
        if (rc == 0)
            count = store_records_decode(value, rows);
        else if (rc != ERR_NOT_FOUND)
            return rc;
        if (find_chain(rows, count, &record->chain) < count)
            return 0;
    }
    return store_record_put(store, record, err);
}

/* Key and chain name a record. */
struct record_name {
    struct digest key, chain;
};

/* A use is not written at once: a look-up must cost no transaction. */
static void touch(struct store *store, const struct digest *key,
                  const struct digest *chain)
{
    struct record_name name = {*key, *chain};
    struct slice slice = slice_of(&name, sizeof name);
    struct touch *t = table_find(&store->touches, slice, sizeof *t);
    struct touch now = {
        .count = t != NULL ? t->count + 1 : 1,
        .use_seq = store_next_use(store),
        .last_used_s = store_now(store),
    };
    if (t != NULL)
        *t = now;
    else
        table_put(&store->touches, slice, slice_of(&now, sizeof now));
}

static void count_use(struct record_row *row, const struct touch *t)
{
    row->uses += t->count;
    if (t->use_seq > row->use_seq)
        row->use_seq = t->use_seq;
    if (t->last_used_s > row->last_used_s)
        row->last_used_s = t->last_used_s;
}

int store_touch_write(struct store *store, struct slice key_and_chain,
                      const struct touch *t, struct err *err)
{
    struct record_name name;
    memcpy(&name, key_and_chain.data, sizeof name);
    struct record_row rows[RECORDS_A_KEY];
    size_t count = 0;
    int rc = read_rows(store->db, slice_digest(&name.key), rows, &count, err);
    size_t at = find_chain(rows, count, &name.chain);
    if (rc != 0 || at == count) /* collected meanwhile */
        return rc;
    count_use(&rows[at], t);
    return store_row_put(store, DB_RECORD, slice_digest(&name.key),
                         slice_of(rows, count * sizeof *rows), err);
}

/* 1 if a usable row was found; `use` counts it. */
static int find_row(struct store *store, struct db *place, const struct digest *key,
                    bool use, struct record *out, struct err *err)
{
    struct record_row rows[RECORDS_A_KEY];
    size_t count = 0;
    int rc = read_rows(place, slice_digest(key), rows, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = store_chain_complete(store, &rows[i].chain, err);
        if (rc != 1)
            continue;
        *out = (struct record){.key = *key,
                               .chain = rows[i].chain,
                               .layer = rows[i].layer,
                               .virtual_ms = rows[i].virtual_ms,
                               .wall_ns = rows[i].wall_ns,
                               .created_s = rows[i].created_s};
        if (!use)
            return 1;
        if (store->pending != NULL) {
            touch(store, key, &rows[i].chain);
            return 1;
        }
        struct touch now = {1, store_next_use(store), store_now(store)};
        count_use(&rows[i], &now);
        int put = store->db->ops->put(store->db, DB_RECORD, slice_digest(key),
                                      slice_of(rows, count * sizeof *rows), err);
        return put != 0 ? put : 1;
    }
    return rc;
}

static int find_record(struct store *store, const struct digest *key, bool use,
                       struct record *out, struct err *err)
{
    int rc = store_refresh(store, err);
    if (rc == 0 && store->dirty)
        rc = find_row(store, store->pending, key, use, out, err);
    if (rc == 0)
        rc = find_row(store, store->db, key, use, out, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no cache record of this key");
    return rc == 1 ? 0 : rc;
}

int store_record_get(struct store *store, const struct digest *key, struct record *out,
                     struct err *err)
{
    STORE_LOCK(store);
    return find_record(store, key, true, out, err);
}

int store_record_peek(struct store *store, const struct digest *key, struct record *out,
                      struct err *err)
{
    STORE_LOCK(store);
    return find_record(store, key, false, out, err);
}

bool store_record_was_collected(struct store *store, const struct digest *key)
{
    STORE_LOCK(store);
    struct slice ignored;
    struct record usable;
    if (find_record(store, key, false, &usable, NULL) == 0)
        return false;
    return store_row_get(store, DB_COLLECTED, slice_digest(key), &ignored, NULL) == 0;
}

bool store_record_lacks_layers(struct store *store, const struct digest *key)
{
    STORE_LOCK(store);
    struct slice ignored;
    struct record usable;
    return find_record(store, key, false, &usable, NULL) != 0 &&
           store_row_get(store, DB_RECORD, slice_digest(key), &ignored, NULL) == 0;
}

/* ---- aliases --------------------------------------------------------------------- */

int store_alias_get(struct store *store, const struct digest *fast, struct digest *key,
                    struct err *err)
{
    STORE_LOCK(store);
    int rc = store_row_read(store, DB_ALIAS, slice_digest(fast), key, sizeof *key, err);
    if (rc == ERR_NOT_FOUND)
        err_set(err, rc, "no content key is known for this step");
    return rc;
}

int store_alias_put(struct store *store, const struct digest *fast,
                    const struct digest *key, struct err *err)
{
    STORE_LOCK(store);
    int rc = store_group_begin(store, err);
    if (rc == 0)
        rc = store_group_end(
            store,
            store_row_put(store, DB_ALIAS, slice_digest(fast), slice_digest(key), err),
            err);
    return rc;
}

/* ---- chains ---------------------------------------------------------------------- */

struct digest chain_extend(const struct digest *chain, const struct digest *diff_id)
{
    if (digest_is_zero(chain))
        return *diff_id;
    char text[2 * DIGEST_TEXT + 2];
    digest_text(chain, text);
    text[DIGEST_TEXT] = ' ';
    digest_text(diff_id, text + DIGEST_TEXT + 1);
    return digest_of(text, sizeof text - 1);
}

static int read_chain(struct store *store, const struct digest *chain,
                      struct chain_row *out, struct err *err)
{
    struct slice known;
    if (table_get(&store->chains, slice_digest(chain), &known)) {
        memcpy(out, known.data, sizeof *out);
        return 0;
    }
    int rc =
        store_row_read(store, DB_CHAIN, slice_digest(chain), out, sizeof *out, err);
    if (rc == 0 && store->dir != NULL)
        table_put(&store->chains, slice_digest(chain), slice_of(out, sizeof *out));
    return rc;
}

int store_chain_add(struct store *store, const struct digest *parent,
                    const struct digest *diff_id, struct digest *out, struct err *err)
{
    struct chain_row row = {*parent, *diff_id};
    *out = chain_extend(parent, diff_id);
    struct slice known;
    int rc = store_row_get(store, DB_CHAIN, slice_digest(out), &known, err);
    if (rc != ERR_NOT_FOUND)
        return rc;
    return store_row_put(store, DB_CHAIN, slice_digest(out), slice_of(&row, sizeof row),
                         err);
}

int store_chain_put(struct store *store, const struct digest *parent,
                    const struct digest *diff_id, struct digest *out, struct err *err)
{
    STORE_LOCK(store);
    int rc = store_group_begin(store, err);
    if (rc != 0)
        return rc;
    return store_group_end(store, store_chain_add(store, parent, diff_id, out, err),
                           err);
}

int store_chain_list(struct store *store, const struct digest *chain,
                     struct digest **out, size_t *len, struct err *err)
{
    struct digest at = *chain, *list = NULL;
    size_t count = 0, cap = 0;
    while (!digest_is_zero(&at)) {
        struct chain_row row;
        int rc = read_chain(store, &at, &row, err);
        if (rc == 0 && count >= CHAIN_LIMIT)
            rc = store_damaged(err);
        if (rc != 0) {
            free(list);
            return rc;
        }
        GROW(list, cap, count + 1);
        list[count++] = row.diff_id;
        at = row.parent;
    }
    for (size_t i = 0; i < count / 2; i++) {
        struct digest swap = list[i];
        list[i] = list[count - 1 - i];
        list[count - 1 - i] = swap;
    }
    *out = list;
    *len = count;
    return 0;
}

int store_chain_layers(struct store *store, const struct digest *chain,
                       struct digest **out, size_t *len, struct err *err)
{
    STORE_LOCK(store);
    int rc = store_chain_list(store, chain, out, len, err);
    if (rc == ERR_NOT_FOUND) {
        char text[DIGEST_TEXT + 1];
        digest_text(chain, text);
        err_set(err, rc, "the store knows no chain %s", text);
    }
    return rc;
}

int store_chain_complete(struct store *store, const struct digest *chain,
                         struct err *err)
{
    struct slice known;
    struct digest at = *chain;
    for (size_t depth = 0; !digest_is_zero(&at); depth++) {
        if (table_get(&store->complete, slice_digest(&at), &known))
            break;
        struct chain_row row;
        struct layer_row layer;
        int rc =
            depth < CHAIN_LIMIT ? read_chain(store, &at, &row, err) : ERR_NOT_FOUND;
        if (rc == 0)
            rc = store_layer_row(store, &row.diff_id, &layer, err);
        if (rc != 0)
            return rc == ERR_NOT_FOUND ? 0 : rc;
        at = row.parent;
    }
    /* Everything above what was known is complete too. */
    for (at = *chain; !digest_is_zero(&at);) {
        struct chain_row row;
        if (table_get(&store->complete, slice_digest(&at), &known) ||
            read_chain(store, &at, &row, NULL) != 0)
            break;
        table_put(&store->complete, slice_digest(&at), slice_of("", 0));
        at = row.parent;
    }
    return 1;
}
