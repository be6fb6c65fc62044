/* SPDX-License-Identifier: MIT */
/* Re-hashing everything and following every reference: `df --verify`. */
#include <stdlib.h>

#include "sim/store/room.h"

struct verify {
    struct store *store;
    struct room room;
    struct strv *problems;
};

static void report(struct verify *v, const char *what, const struct digest *id,
                   const char *wrong)
{
    char text[DIGEST_TEXT + 1];
    digest_text(id, text);
    strv_take(v->problems, xasprintf("%s %s: %s", what, text, wrong));
}

/* The stream has the DiffID it is filed under, and the index can be read. */
static void verify_layer(struct verify *v, const struct room_layer *known)
{
    struct err why = ERR_INIT;
    struct layer *layer = NULL;
    if (store_layer_get(v->store, &known->id, &layer, &why) != 0) {
        report(v, "layer", &known->id, why.msg);
        return;
    }
    struct digester *digester = digester_new();
    struct digest real;
    if (store_layer_tar(v->store, &known->id, digester_sink, digester, &why) != 0) {
        report(v, "layer", &known->id, why.msg);
    } else {
        digester_finish(digester, &real);
        if (!digest_equal(&real, &known->id))
            report(v, "layer", &known->id, "its blob has another digest");
        if (tree_content_bytes(layer->tree) != known->row.size)
            report(v, "layer", &known->id, "its index has another size");
    }
    digester_free(digester);
    layer_unref(layer);
}

static void verify_chains(struct verify *v)
{
    for (size_t i = 0; i < v->room.chain_count; i++) {
        const struct room_chain *chain = &v->room.chains[i];
        struct digest real = chain_extend(&chain->row.parent, &chain->row.diff_id);
        if (!digest_equal(&real, &chain->id))
            report(v, "chain", &chain->id, "its ID is not that of its layers");
        if (chain->parent == ROOM_NONE && !digest_is_zero(&chain->row.parent))
            report(v, "chain", &chain->id, "its parent is missing");
        if (chain->image && chain->layer == ROOM_NONE)
            report(v, "layer", &chain->row.diff_id, "missing, and an image needs it");
    }
    for (size_t i = 0; i < v->room.record_count; i++) {
        const struct room_record *record = &v->room.records[i];
        if (record->chain == ROOM_NONE && !digest_is_zero(&record->row.chain))
            report(v, "record", &record->key, "its chain is missing");
    }
}

static int verify_image(void *payload, struct slice key, struct slice value,
                        struct err *err)
{
    (void)err;
    struct verify *v = payload;
    struct image_row row;
    struct digest id = {{0}};
    if (key.len != sizeof id || value.len < sizeof row) {
        strv_add(v->problems, "an image's row is damaged");
        return 0;
    }
    memcpy(&id, key.data, sizeof id);
    memcpy(&row, value.data, sizeof row);
    struct digest real =
        digest_of((const char *)value.data + sizeof row, value.len - sizeof row);
    if (!digest_equal(&real, &id))
        report(v, "image", &id, "its config has another digest");
    if (!digest_is_zero(&row.chain) &&
        table_find(&v->room.chain_index, slice_digest(&row.chain), sizeof(size_t)) ==
            NULL)
        report(v, "image", &id, "its chain is missing");
    return 0;
}

static int verify_name(void *payload, struct slice key, struct slice value,
                       struct err *err)
{
    struct verify *v = payload;
    struct slice ignored;
    int rc = store_row_get(v->store, DB_IMAGE, value, &ignored, err);
    if (rc == ERR_NOT_FOUND)
        strv_take(v->problems, xasprintf("name %.*s: its image is missing",
                                         (int)key.len, (const char *)key.data));
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

struct objects {
    struct digest *ids;
    size_t len, cap;
};

static int list_object(void *payload, struct slice key, struct slice value,
                       struct err *err)
{
    (void)value, (void)err;
    struct objects *o = payload;
    if (key.len != sizeof *o->ids)
        return 0;
    GROW(o->ids, o->cap, o->len + 1);
    memcpy(&o->ids[o->len++], key.data, key.len);
    return 0;
}

/* Another process may have recorded a build since the list was made, and with its
 * oldest build have dropped what only that one named. */
static bool still_listed(struct store *store, const struct digest *id)
{
    struct slice value;
    STORE_LOCK(store);
    return store_row_get(store, DB_OBJECT, slice_digest(id), &value, NULL) == 0;
}

static void verify_objects(struct verify *v, const struct objects *objects)
{
    for (size_t i = 0; i < objects->len; i++) {
        AUTO_BUF data = BUF_INIT;
        struct err why = ERR_INIT;
        if (store_object_get(v->store, &objects->ids[i], &data, &why) != 0) {
            if (still_listed(v->store, &objects->ids[i]))
                report(v, "object", &objects->ids[i], why.msg);
            continue;
        }
        struct digest real = digest_of(buf_str(&data), data.len);
        if (!digest_equal(&real, &objects->ids[i]))
            report(v, "object", &objects->ids[i], "its bytes have another digest");
    }
}

/* Reads the tables under the mutex; what they name is read afterwards. */
static int verify_rows(struct verify *v, struct objects *objects, struct err *err)
{
    struct store *store = v->store;
    STORE_LOCK(store);
    int rc = store_flush(store, err);
    if (rc != 0)
        return rc;
    /* What is read must come from the disk. */
    store_uncache_all(store, true);
    rc = room_read(store, &v->room, err);
    if (rc != 0)
        return rc;
    verify_chains(v);
    rc = store->db->ops->each(store->db, DB_IMAGE, verify_image, v, err);
    if (rc == 0)
        rc = store->db->ops->each(store->db, DB_NAME, verify_name, v, err);
    if (rc == 0)
        rc = store->db->ops->each(store->db, DB_OBJECT, list_object, objects, err);
    return rc;
}

int store_verify(struct store *store, struct strv *problems, struct err *err)
{
    struct verify v = {.store = store, .problems = problems};
    struct objects objects = {0};
    /* A group keeps what is verified from being removed meanwhile. */
    int rc = store_begin(store, err);
    if (rc != 0)
        return rc;
    rc = verify_rows(&v, &objects, err);
    for (size_t i = 0; rc == 0 && i < v.room.layer_count; i++)
        verify_layer(&v, &v.room.layers[i]);
    if (rc == 0)
        verify_objects(&v, &objects);
    room_free(&v.room);
    free(objects.ids);
    int ended = store_commit(store, rc == 0 ? err : NULL);
    return rc != 0 ? rc : ended;
}
