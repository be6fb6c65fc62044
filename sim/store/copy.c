/* SPDX-License-Identifier: MIT */
/* Cache export and import: from one store to another, whatever their backings. */
#include <stdlib.h>

#include "sim/store/room.h"

/* A modelled layer is copied as its recipe, another as its tar, byte for byte. */
static int copy_on_disk(struct store *from, struct store *to, const struct digest *id,
                        struct err *err)
{
    struct layer *layer = NULL, *copy = NULL;
    int rc = store_layer_get(from, id, &layer, err);
    if (rc != 0)
        return rc;
    if (layer->modelled) {
        rc = store_layer_put(to, layer_tree_copy(layer->tree), &copy, err);
    } else {
        struct layer_writer *writer = NULL;
        rc = store_layer_writer_new(to, &writer, err);
        if (rc == 0)
            rc = store_layer_tar(from, id, store_layer_write, writer, err);
        if (rc == 0)
            rc = store_layer_finish(writer, id, &copy, err);
        store_layer_writer_free(writer);
    }
    layer_unref(copy);
    layer_unref(layer);
    return rc;
}

/* Two stores in memory share what never changes. */
static int copy_in_memory(struct store *from, struct store *to, const struct digest *id,
                          struct err *err)
{
    struct layer *layer = NULL, *copy = NULL;
    int rc = store_layer_get(from, id, &layer, err);
    if (rc != 0)
        return rc;
    struct layer_row row = {layer->size, layer->tar_size,
                            layer->modelled ? LAYER_MODELLED : 0};
    rc = store_layer_enter(to, (struct layer_box *)layer, &row, &copy, err);
    layer_unref(copy);
    return rc;
}

static int copy_layer(struct store *from, struct store *to, const struct digest *id,
                      struct err *err)
{
    if (store_layer_has(to, id))
        return 0;
    bool memory = from->dir == NULL && to->dir == NULL;
    int rc =
        memory ? copy_in_memory(from, to, id, err) : copy_on_disk(from, to, id, err);
    return rc;
}

static int copy_chain_layers(struct store *from, struct store *to,
                             const struct digest *chain, struct err *err)
{
    struct digest *layers = NULL;
    size_t count = 0;
    int rc = store_chain_layers(from, chain, &layers, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = copy_layer(from, to, &layers[i], err);
    free(layers);
    return rc;
}

struct alias {
    struct digest fast, key;
};
struct aliases {
    struct alias *items;
    size_t len, cap;
};

static int list_alias(void *payload, struct slice key, struct slice value,
                      struct err *err)
{
    (void)err;
    struct aliases *a = payload;
    struct alias item;
    if (key.len != sizeof item.fast || value.len != sizeof item.key)
        return 0;
    memcpy(&item.fast, key.data, sizeof item.fast);
    memcpy(&item.key, value.data, sizeof item.key);
    GROW(a->items, a->cap, a->len + 1);
    a->items[a->len++] = item;
    return 0;
}

/* The rows to copy: only one store's mutex is held at a time. */
static int read_rows(struct store *from, struct room *room, struct aliases *aliases,
                     struct err *err)
{
    STORE_LOCK(from);
    int rc = store_flush(from, err);
    if (rc == 0)
        rc = room_read(from, room, err);
    if (rc == 0)
        rc = from->db->ops->each(from->db, DB_ALIAS, list_alias, aliases, err);
    return rc;
}

static int oldest_first(const void *a, const void *b)
{
    const struct room_record *x = a, *y = b;
    return (x->row.use_seq > y->row.use_seq) - (x->row.use_seq < y->row.use_seq);
}

static int write_rows(struct store *to, const struct room *room,
                      const struct aliases *aliases, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < room->chain_count; i++) {
        struct digest ignored;
        const struct chain_row *row = &room->chains[i].row;
        rc = store_chain_put(to, &row->parent, &row->diff_id, &ignored, err);
    }
    for (size_t i = 0; rc == 0 && i < aliases->len; i++)
        rc = store_alias_put(to, &aliases->items[i].fast, &aliases->items[i].key, err);
    for (size_t i = 0; rc == 0 && i < room->record_count; i++) {
        const struct room_record *r = &room->records[i];
        struct record record = {.key = r->key,
                                .chain = r->row.chain,
                                .layer = r->row.layer,
                                .virtual_ms = r->row.virtual_ms,
                                .wall_ns = r->row.wall_ns,
                                .created_s = r->row.created_s};
        rc = store_record_add(to, &record, err);
    }
    return rc;
}

static int copy_all(struct store *from, struct store *to, bool all,
                    const struct digest *chains, size_t chain_count, struct err *err)
{
    struct room room = {0};
    struct aliases aliases = {0};
    int rc = read_rows(from, &room, &aliases, err);
    for (size_t i = 0; rc == 0 && all && i < room.layer_count; i++)
        rc = copy_layer(from, to, &room.layers[i].id, err);
    for (size_t i = 0; rc == 0 && !all && i < chain_count; i++)
        rc = copy_chain_layers(from, to, &chains[i], err);
    if (rc == 0 && room.record_count > 1)
        qsort(room.records, room.record_count, sizeof *room.records, oldest_first);
    if (rc == 0)
        rc = write_rows(to, &room, &aliases, err);
    room_free(&room);
    free(aliases.items);
    return rc;
}

int store_copy_cache(struct store *from, struct store *to, bool all,
                     const struct digest *chains, size_t chain_count, struct err *err)
{
    if (from == to)
        return 0;
    int rc = store_begin(from, err);
    if (rc != 0)
        return rc;
    rc = store_begin(to, err);
    if (rc == 0) {
        rc = copy_all(from, to, all, chains, chain_count, err);
        int ended = store_commit(to, rc == 0 ? err : NULL);
        rc = rc != 0 ? rc : ended;
    }
    int ended = store_commit(from, rc == 0 ? err : NULL);
    return rc != 0 ? rc : ended;
}
