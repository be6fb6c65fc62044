/* SPDX-License-Identifier: MIT */
/* The graph of what holds what, and the figures of `df`. */
#include "sim/store/room.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

static size_t find(const struct table *index, const struct digest *id)
{
    const size_t *at = table_find(index, slice_digest(id), sizeof *at);
    return at != NULL ? *at : ROOM_NONE;
}

static bool take(struct slice from, void *to, size_t len)
{
    if (from.len != len)
        return false;
    memcpy(to, from.data, len);
    return true;
}

/* Rows of another size are damaged: `df --verify` tells, the rest ignores them. */
static int add_layer(void *payload, struct slice key, struct slice value,
                     struct err *err)
{
    (void)err;
    struct room *room = payload;
    struct room_layer layer = {.chains = 0};
    if (!take(key, &layer.id, sizeof layer.id) ||
        !take(value, &layer.row, sizeof layer.row))
        return 0;
    table_put(&room->layer_index, key, slice_of(&room->layer_count, sizeof(size_t)));
    GROW(room->layers, room->layer_cap, room->layer_count + 1);
    room->layers[room->layer_count++] = layer;
    return 0;
}

static int add_chain(void *payload, struct slice key, struct slice value,
                     struct err *err)
{
    (void)err;
    struct room *room = payload;
    struct room_chain chain = {.parent = ROOM_NONE, .layer = ROOM_NONE};
    if (!take(key, &chain.id, sizeof chain.id) ||
        !take(value, &chain.row, sizeof chain.row))
        return 0;
    table_put(&room->chain_index, key, slice_of(&room->chain_count, sizeof(size_t)));
    GROW(room->chains, room->chain_cap, room->chain_count + 1);
    room->chains[room->chain_count++] = chain;
    return 0;
}

static int add_records(void *payload, struct slice key, struct slice value,
                       struct err *err)
{
    (void)err;
    struct room *room = payload;
    struct record_row rows[RECORDS_A_KEY];
    size_t count = store_records_decode(value, rows);
    for (size_t i = 0; key.len == sizeof(struct digest) && i < count; i++) {
        struct room_record record = {.row = rows[i], .chain = ROOM_NONE};
        memcpy(&record.key, key.data, sizeof record.key);
        GROW(room->records, room->record_cap, room->record_count + 1);
        room->records[room->record_count++] = record;
    }
    return 0;
}

static int add_image(void *payload, struct slice key, struct slice value,
                     struct err *err)
{
    (void)key, (void)err;
    struct room *room = payload;
    struct image_row row;
    if (value.len < sizeof row)
        return 0;
    memcpy(&row, value.data, sizeof row);
    room->images++;
    size_t at = find(&room->chain_index, &row.chain);
    for (size_t depth = 0; at != ROOM_NONE && depth < CHAIN_LIMIT; depth++) {
        struct room_chain *chain = &room->chains[at];
        chain->image = true;
        if (chain->layer != ROOM_NONE) {
            room->layers[chain->layer].image = true;
            room->unshared_bytes += room->layers[chain->layer].row.size;
        }
        at = chain->parent;
    }
    return 0;
}

static void link_chains(struct room *room)
{
    for (size_t i = 0; i < room->chain_count; i++) {
        struct room_chain *chain = &room->chains[i];
        chain->parent = find(&room->chain_index, &chain->row.parent);
        chain->layer = find(&room->layer_index, &chain->row.diff_id);
    }
}

static bool chain_lives(const struct room_chain *chain)
{
    return chain->at + chain->below > 0;
}

/* Counts a record at its chain and above, or takes it away. */
static void count_record(struct room *room, size_t at, bool add)
{
    for (size_t depth = 0; at != ROOM_NONE && depth < CHAIN_LIMIT; depth++) {
        struct room_chain *chain = &room->chains[at];
        bool lived = chain_lives(chain);
        uint64_t *count = depth == 0 ? &chain->at : &chain->below;
        *count = add ? *count + 1 : *count - 1;
        struct room_layer *layer =
            chain->layer != ROOM_NONE ? &room->layers[chain->layer] : NULL;
        if (layer != NULL && lived != chain_lives(chain)) {
            layer->chains = add ? layer->chains + 1 : layer->chains - 1;
            if (!add && layer->chains == 0 && !layer->image)
                room->cache_bytes -= layer->row.size;
        }
        at = chain->parent;
    }
}

void room_drop(struct room *room, size_t record)
{
    room->records[record].gone = true;
    count_record(room, room->records[record].chain, false);
}

int room_read(struct store *store, struct room *room, struct err *err)
{
    *room = (struct room){0};
    struct db *db = store->db;
    int rc = db->ops->each(db, DB_LAYER, add_layer, room, err);
    if (rc == 0)
        rc = db->ops->each(db, DB_CHAIN, add_chain, room, err);
    if (rc == 0)
        rc = db->ops->each(db, DB_RECORD, add_records, room, err);
    link_chains(room);
    if (rc == 0)
        rc = db->ops->each(db, DB_IMAGE, add_image, room, err);
    if (rc != 0) {
        room_free(room);
        return rc;
    }
    for (size_t i = 0; i < room->record_count; i++) {
        room->records[i].chain = find(&room->chain_index, &room->records[i].row.chain);
        count_record(room, room->records[i].chain, true);
    }
    for (size_t i = 0; i < room->layer_count; i++) {
        const struct room_layer *layer = &room->layers[i];
        uint64_t *sum = layer->image        ? &room->image_bytes
                        : layer->chains > 0 ? &room->cache_bytes
                                            : &room->loose_bytes;
        *sum += layer->row.size;
    }
    return 0;
}

void room_free(struct room *room)
{
    free(room->layers);
    free(room->chains);
    free(room->records);
    table_free(&room->layer_index);
    table_free(&room->chain_index);
    *room = (struct room){0};
}

void room_folders_read(const struct store *store, const char *kind,
                       struct room_folders *out)
{
    if (store->dir == NULL)
        return;
    AUTO_FREE char *parent = xasprintf("%s/%s", store->dir, kind);
    DIR *dir = opendir(parent);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        char *path = xasprintf("%s/%s", parent, e->d_name);
        if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
            free(path);
            continue;
        }
        GROW(out->items, out->cap, out->len + 1);
        struct room_folder *folder = &out->items[out->len++];
        /* The time of last change: modification times of layers are the image's. */
        *folder = (struct room_folder){path, store_folder_bytes(path), st.st_ctime};
        out->bytes += folder->bytes;
    }
    if (dir != NULL)
        closedir(dir);
}

void room_folders_free(struct room_folders *folders)
{
    for (size_t i = 0; i < folders->len; i++)
        free(folders->items[i].path);
    free(folders->items);
    *folders = (struct room_folders){0};
}

int store_usage(struct store *store, struct store_usage *out, struct err *err)
{
    STORE_LOCK(store);
    struct room room;
    int rc = store_flush(store, err);
    if (rc == 0)
        rc = room_read(store, &room, err);
    if (rc != 0)
        return rc;
    struct room_folders mounts = {0}, unpacked = {0};
    room_folders_read(store, "mounts", &mounts);
    room_folders_read(store, "unpacked", &unpacked);
    room_folders_read(store, "sandbox", &unpacked);
    *out = (struct store_usage){
        .images = room.images,
        .layers = room.layer_count,
        .records = room.record_count,
        .mounts = mounts.len,
        .image_bytes = room.image_bytes,
        .unshared_bytes = room.unshared_bytes,
        .cache_bytes = room.cache_bytes,
        .mount_bytes = mounts.bytes,
        .unpacked_bytes = unpacked.bytes,
        .reclaimable_bytes =
            room.cache_bytes + room.loose_bytes + mounts.bytes + unpacked.bytes,
    };
    room_folders_free(&mounts);
    room_folders_free(&unpacked);
    room_free(&room);
    return 0;
}
