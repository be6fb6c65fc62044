/* SPDX-License-Identifier: MIT */
/*
 * Images and their names. An image whose last name is moved to another stays, without a
 * name, as with Docker; a store in memory keeps a limited number of those, so that a
 * million rebuilds of one name take no more room than a thousand.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sim/store/internal.h"

enum { CONFIG_LIMIT = 16 << 20, PREFIX_LEAST = 4 };

void store_image_free(struct store_image *image)
{
    free(image->config);
    strv_free(&image->names);
    *image = (struct store_image){0};
}

/* ---- putting --------------------------------------------------------------------- */

static int bad_config(struct err *err, const char *why)
{
    return err_set(err, ERR_INPUT, "the image config cannot be stored: %s", why);
}

/* The chain of rootfs.diff_ids; its layers are here and its links are written. */
static int put_chain(struct store *store, const json_t *ids, struct digest *chain,
                     struct err *err)
{
    *chain = (struct digest){{0}};
    size_t i;
    json_t *item;
    json_array_foreach (ids, i, item) {
        struct digest id, next;
        struct layer_row row;
        const char *text = json_string_value(item);
        if (text == NULL || !digest_parse(text, &id))
            return bad_config(err, "rootfs.diff_ids holds something else than digests");
        int rc = store_layer_row(store, &id, &row, err);
        if (rc == ERR_NOT_FOUND)
            return err_set(err, ERR_FAILED, "the image's layer %s is not in the store",
                           text);
        if (rc == 0)
            rc = store_chain_add(store, chain, &id, &next, err);
        if (rc != 0)
            return rc;
        *chain = next;
    }
    return 0;
}

/* The chain a config names; its layers are here. */
static int read_chain(struct store *store, const char *config, size_t len,
                      struct digest *chain, struct err *err)
{
    json_error_t why;
    json_t *root = json_loadb(config, len, 0, &why);
    if (root == NULL)
        return bad_config(err, why.text);
    const json_t *ids = json_object_get(json_object_get(root, "rootfs"), "diff_ids");
    int rc = 0;
    if (!json_is_object(root) ||
        (ids != NULL && !json_is_null(ids) && !json_is_array(ids)))
        rc = bad_config(err, "rootfs.diff_ids is no array");
    else if (json_array_size(ids) > CHAIN_LIMIT)
        rc = bad_config(err, "too many layers");
    else
        rc = put_chain(store, ids, chain, err);
    json_decref(root);
    return rc;
}

static int check_chain(struct store *store, const struct digest *chain, struct err *err)
{
    int rc = store_chain_complete(store, chain, err);
    if (rc == 0)
        return err_set(err, ERR_FAILED, "a layer of the image is not in the store");
    return rc == 1 ? 0 : rc;
}

/* chain NULL: it is read from the config. */
static int put_image(struct store *store, const struct digest *id, struct slice config,
                     const struct digest *chain, struct err *err)
{
    struct image_row row = {.created_s = store_now(store),
                            .sequence = store_next_use(store)};
    int rc = chain != NULL
                 ? check_chain(store, chain, err)
                 : read_chain(store, config.data, config.len, &row.chain, err);
    if (rc != 0)
        return rc;
    if (chain != NULL)
        row.chain = *chain;
    AUTO_BUF value = BUF_INIT;
    buf_reserve(&value, sizeof row + config.len);
    buf_add(&value, &row, sizeof row);
    buf_add(&value, config.data, config.len);
    return store_row_put(store, DB_IMAGE, slice_digest(id),
                         slice_of(value.data, value.len), err);
}

struct name_search {
    const struct digest *id;
    struct strv *names; /* may be NULL */
    size_t found;
};

static int match_name(void *payload, struct slice key, struct slice value,
                      struct err *err)
{
    (void)err;
    struct name_search *s = payload;
    if (value.len != sizeof s->id->bytes || memcmp(value.data, s->id->bytes, 32) != 0)
        return 0;
    s->found++;
    if (s->names != NULL)
        strv_addn(s->names, key.data, key.len);
    return 0;
}

/* In memory: remembers an image without a name; the oldest such goes. */
static int add_nameless(struct store *store, const struct digest *id, struct err *err)
{
    if (store->dir != NULL)
        return 0;
    if (store->nameless == NULL)
        store->nameless = xcalloc(NAMELESS_IMAGES, sizeof *store->nameless);
    struct digest *at = &store->nameless[store->nameless_count++ % NAMELESS_IMAGES],
                  oldest = *at;
    *at = *id;
    if (store->nameless_count <= NAMELESS_IMAGES || digest_equal(&oldest, id))
        return 0;
    struct name_search search = {.id = &oldest};
    store->db->ops->each(store->db, DB_NAME, match_name, &search, err);
    return search.found == 0
               ? store_row_del(store, DB_IMAGE, slice_digest(&oldest), err)
               : 0;
}

/* Moves a name here. */
static int put_name(struct store *store, const char *name, const struct digest *id,
                    struct err *err)
{
    struct digest old;
    int rc = store_row_read(store, DB_NAME, slice_string(name), &old, sizeof old, err);
    if (rc == 0 && digest_equal(&old, id))
        return 0;
    if (rc == 0)
        rc = add_nameless(store, &old, err);
    if (rc != 0 && rc != ERR_NOT_FOUND)
        return rc;
    return store_row_put(store, DB_NAME, slice_string(name), slice_digest(id), err);
}

int store_image_put_on(struct store *store, const char *config,
                       const struct digest *chain, const char *name, struct digest *id,
                       struct err *err)
{
    AUTO_FREE char *full = NULL;
    int rc = name != NULL ? store_normalise_name(name, &full, err) : 0;
    size_t len = strlen(config);
    if (rc == 0 && len > CONFIG_LIMIT)
        rc = bad_config(err, "it is larger than 16 MiB");
    if (rc != 0)
        return rc;
    *id = digest_of(config, len);
    STORE_LOCK(store);
    rc = store_group_begin(store, err);
    if (rc != 0)
        return rc;
    struct slice known;
    rc = store_row_get(store, DB_IMAGE, slice_digest(id), &known, err);
    if (rc == ERR_NOT_FOUND) {
        rc = put_image(store, id, slice_of(config, len), chain, err);
        if (rc == 0 && full == NULL)
            rc = add_nameless(store, id, err);
    }
    if (rc == 0 && full != NULL)
        rc = put_name(store, full, id, err);
    return store_group_end(store, rc, err);
}

int store_image_put(struct store *store, const char *config, const char *name,
                    struct digest *id, struct err *err)
{
    return store_image_put_on(store, config, NULL, name, id, err);
}

/* ---- finding --------------------------------------------------------------------- */

static int load_image(struct store *store, const struct digest *id,
                      struct store_image *out, struct err *err)
{
    struct slice value;
    struct image_row row;
    int rc = store_row_get(store, DB_IMAGE, slice_digest(id), &value, err);
    if (rc == 0 && value.len < sizeof row)
        rc = store_damaged(err);
    if (rc != 0)
        return rc;
    memcpy(&row, value.data, sizeof row);
    *out = (struct store_image){
        .id = *id,
        .config =
            xstrndup((const char *)value.data + sizeof row, value.len - sizeof row),
        .created_s = row.created_s,
    };
    struct name_search search = {.id = id, .names = &out->names};
    rc = store->db->ops->each(store->db, DB_NAME, match_name, &search, err);
    if (rc != 0)
        store_image_free(out);
    else if (out->names.len > 1)
        qsort(out->names.items, out->names.len, sizeof *out->names.items,
              store_compare_strings);
    return rc;
}

struct prefix_search {
    const char *prefix;
    struct digest found;
    size_t count;
};

static int match_prefix(void *payload, struct slice key, struct slice value,
                        struct err *err)
{
    (void)value, (void)err;
    struct prefix_search *s = payload;
    struct digest id;
    char hex[DIGEST_HEX + 1];
    if (key.len != sizeof id)
        return 0;
    memcpy(&id, key.data, sizeof id);
    digest_hex(&id, hex);
    if (strncmp(hex, s->prefix, strlen(s->prefix)) == 0) {
        s->found = id;
        s->count++;
    }
    return 0;
}

static int no_image(struct err *err, const char *ref)
{
    err_set(err, ERR_NOT_FOUND, "there is no image \"%.255s\" in the store", ref);
    err_hint(err, "`simbench images` lists those that are there");
    return ERR_NOT_FOUND;
}

static int find_by_prefix(struct store *store, const char *ref, struct digest *id,
                          struct err *err)
{
    struct prefix_search search = {.prefix = ref};
    if (strncmp(ref, "sha256:", 7) == 0)
        search.prefix = ref + 7;
    size_t len = strlen(search.prefix);
    if (len < PREFIX_LEAST || len > DIGEST_HEX ||
        strspn(search.prefix, "0123456789abcdef") != len)
        return no_image(err, ref);
    int rc = store->db->ops->each(store->db, DB_IMAGE, match_prefix, &search, err);
    if (rc != 0)
        return rc;
    if (search.count == 0)
        return no_image(err, ref);
    if (search.count > 1) {
        err_set(err, ERR_INPUT, "%zu images have IDs that begin with %s", search.count,
                ref);
        err_hint(err, "give more of the ID");
        return ERR_INPUT;
    }
    *id = search.found;
    return 0;
}

int store_image_resolve(struct store *store, const char *ref, struct digest *id,
                        char **name, struct err *err)
{
    AUTO_FREE char *full = NULL;
    int rc = ERR_NOT_FOUND;
    if (store_normalise_name(ref, &full, NULL) == 0)
        rc = store_row_read(store, DB_NAME, slice_string(full), id, sizeof *id, err);
    if (rc == 0 && name != NULL)
        *name = STEAL(full);
    return rc == ERR_NOT_FOUND ? find_by_prefix(store, ref, id, err) : rc;
}

int store_image_find(struct store *store, const char *ref, struct store_image *out,
                     struct err *err)
{
    STORE_LOCK(store);
    struct digest id;
    int rc = store_flush(store, err);
    if (rc == 0)
        rc = store_image_resolve(store, ref, &id, NULL, err);
    if (rc == 0)
        rc = load_image(store, &id, out, err);
    return rc == ERR_NOT_FOUND ? no_image(err, ref) : rc;
}

int store_compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- listing --------------------------------------------------------------------- */

struct listed {
    struct digest id;
    struct image_row row;
};

struct listing {
    struct listed *items;
    size_t len, cap;
};

static int add_listed(void *payload, struct slice key, struct slice value,
                      struct err *err)
{
    (void)err;
    struct listing *l = payload;
    struct listed item;
    if (key.len != sizeof item.id || value.len < sizeof item.row)
        return 0;
    memcpy(&item.id, key.data, sizeof item.id);
    memcpy(&item.row, value.data, sizeof item.row);
    GROW(l->items, l->cap, l->len + 1);
    l->items[l->len++] = item;
    return 0;
}

static int newest_first(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    if (x->row.created_s != y->row.created_s)
        return x->row.created_s < y->row.created_s ? 1 : -1;
    if (x->row.sequence != y->row.sequence)
        return x->row.sequence < y->row.sequence ? 1 : -1;
    return memcmp(&x->id, &y->id, sizeof x->id);
}

int store_image_list(struct store *store, struct store_image **out, size_t *len,
                     struct err *err)
{
    STORE_LOCK(store);
    struct listing listing = {0};
    int rc = store_flush(store, err);
    if (rc == 0)
        rc = store->db->ops->each(store->db, DB_IMAGE, add_listed, &listing, err);
    if (listing.len > 1)
        qsort(listing.items, listing.len, sizeof *listing.items, newest_first);
    struct store_image *images = xcalloc(listing.len, sizeof *images);
    size_t count = 0;
    for (; rc == 0 && count < listing.len; count++)
        rc = load_image(store, &listing.items[count].id, &images[count], err);
    free(listing.items);
    if (rc != 0) {
        while (count > 0)
            store_image_free(&images[--count]);
        free(images);
        return rc;
    }
    *out = images;
    *len = count;
    return 0;
}

/* ---- removing -------------------------------------------------------------------- */

static int remove_image(struct store *store, const struct digest *id, const char *name,
                        struct strv *removed, struct err *err)
{
    struct store_image image;
    int rc = load_image(store, id, &image, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < image.names.len; i++) {
        const char *its = image.names.items[i];
        if (name != NULL && strcmp(its, name) != 0)
            continue;
        rc = store_row_del(store, DB_NAME, slice_string(its), err);
        if (rc == 0 && removed != NULL)
            strv_take(removed, xasprintf("Untagged: %s", its));
    }
    if (rc == 0 && (name == NULL || image.names.len <= 1)) {
        char text[DIGEST_TEXT + 1];
        digest_text(id, text);
        rc = store_row_del(store, DB_IMAGE, slice_digest(id), err);
        if (rc == 0 && removed != NULL)
            strv_take(removed, xasprintf("Deleted: %s", text));
    }
    store_image_free(&image);
    return rc;
}

int store_image_remove(struct store *store, const char *ref, struct strv *removed,
                       struct err *err)
{
    STORE_LOCK(store);
    int rc = store_direct_begin(store, err);
    if (rc != 0)
        return rc;
    struct digest id;
    AUTO_FREE char *name = NULL;
    rc = store_image_resolve(store, ref, &id, &name, err);
    if (rc == 0)
        rc = remove_image(store, &id, name, removed, err);
    return store_direct_end(store, rc, err);
}
