/* SPDX-License-Identifier: MIT */
/*
 * What builds left for `explain`: records by name, the newest few of each, and the
 * objects they share. A build keeps alive the objects that were put since the last one
 * was recorded (or in its group); what no build names goes with the oldest of them.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/store/internal.h"

/* Larger objects lie in files of their own: a list of 100,000 files is 10 MB, which
 * would pass through the database's log. */
enum { OBJECT_IN_TABLE = 64 << 10, OBJECT_LIMIT = 1 << 30 };
static const char in_table = 'i', in_file = 'f';

/* ---- objects --------------------------------------------------------------------- */

static bool has_object(struct store *store, const struct digest *id)
{
    STORE_LOCK(store);
    struct slice known;
    return store_row_get(store, DB_OBJECT, slice_digest(id), &known, NULL) == 0;
}

static int put_object(struct store *store, const struct digest *id, struct slice data,
                      bool apart, struct err *err)
{
    GROW(store->objects, store->object_cap, store->object_count + 1);
    store->objects[store->object_count++] = *id;
    struct slice known;
    int rc = store_row_get(store, DB_OBJECT, slice_digest(id), &known, err);
    if (rc != ERR_NOT_FOUND)
        return rc;
    AUTO_BUF value = BUF_INIT;
    buf_reserve(&value, apart ? 1 : data.len + 1);
    buf_add(&value, apart ? &in_file : &in_table, 1);
    if (!apart)
        buf_add(&value, data.data, data.len);
    return store_row_put(store, DB_OBJECT, slice_digest(id),
                         slice_of(value.data, value.len), err);
}

int store_object_put(struct store *store, const void *data, size_t len,
                     struct digest *out, struct err *err)
{
    *out = digest_of(data, len);
    bool apart = store->dir != NULL && len > OBJECT_IN_TABLE;
    int rc = store_begin(store, err);
    if (rc != 0)
        return rc;
    if (apart && !has_object(store, out)) {
        AUTO_FREE char *path = store_path(store, "objects", out, "");
        rc = store_file_write(store, path, slice_of(data, len), false, err);
    }
    STORE_LOCK(store);
    size_t kept = store->object_count;
    if (rc == 0)
        rc = put_object(store, out, slice_of(data, len), apart, err);
    /* Outside of a group the next build, wherever it is recorded, takes the object. */
    bool last = store->depth == 1;
    rc = store_group_end(store, rc, err);
    if (last && rc == 0)
        store->object_count = kept + 1;
    return rc;
}

int store_object_keep(struct store *store, const struct digest *id, struct err *err)
{
    STORE_LOCK(store);
    struct slice known;
    int rc = store_row_get(store, DB_OBJECT, slice_digest(id), &known, err);
    if (rc == ERR_NOT_FOUND)
        return err_set(err, rc, "the store has lost a list of files");
    if (rc != 0)
        return rc;
    GROW(store->objects, store->object_cap, store->object_count + 1);
    store->objects[store->object_count++] = *id;
    return 0;
}

int store_object_get(struct store *store, const struct digest *id, struct buf *out,
                     struct err *err)
{
    STORE_LOCK(store);
    struct slice value;
    char text[DIGEST_TEXT + 1];
    digest_text(id, text);
    int rc = store_row_get(store, DB_OBJECT, slice_digest(id), &value, err);
    if (rc == ERR_NOT_FOUND)
        return err_set(err, rc, "the store has no object %s", text);
    if (rc != 0)
        return rc;
    const char *bytes = value.data;
    if (value.len == 0 || bytes[0] != in_file) {
        buf_add(out, bytes + 1, value.len - 1);
        return 0;
    }
    AUTO_FREE char *path = store_path(store, "objects", id, "");
    size_t start = out->len;
    rc = file_read(path, OBJECT_LIMIT, out, err);
    struct digest real = digest_of(out->data + start, out->len - start);
    if (rc == 0 && !digest_equal(&real, id))
        rc = err_set(err, ERR_FAILED, "%s is damaged", path);
    return rc;
}

static int count_reference(struct store *store, const struct digest *id, int change,
                           struct err *err)
{
    uint64_t count = 0;
    int rc = store_row_read(store, DB_REFERENCE, slice_digest(id), &count, sizeof count,
                            err);
    if (rc != 0 && rc != ERR_NOT_FOUND)
        return rc;
    if (change > 0 || count > 1) {
        count = change > 0 ? count + 1 : count - 1;
        return store_row_put(store, DB_REFERENCE, slice_digest(id),
                             slice_of(&count, sizeof count), err);
    }
    /* A file of a removed object goes with the next prune. */
    rc = store_row_del(store, DB_REFERENCE, slice_digest(id), err);
    return rc != 0 ? rc : store_row_del(store, DB_OBJECT, slice_digest(id), err);
}

/* ---- builds ---------------------------------------------------------------------- */

/* The parts of a stored build. */
struct parts {
    struct slice name, image, objects, data;
};

static int split(struct slice value, struct parts *out, struct err *err)
{
    struct build_row row;
    if (value.len >= sizeof row) {
        memcpy(&row, value.data, sizeof row);
        const char *p = (const char *)value.data + sizeof row;
        uint64_t left = value.len - sizeof row;
        if (row.name_len <= left && row.image_len <= left && row.data_len <= left &&
            row.object_count <= left / sizeof(struct digest) &&
            row.name_len + row.image_len + row.data_len +
                    row.object_count * sizeof(struct digest) ==
                left) {
            out->name = slice_of(p, row.name_len);
            p += row.name_len;
            out->image = slice_of(p, row.image_len);
            p += row.image_len;
            out->objects = slice_of(p, row.object_count * sizeof(struct digest));
            p += out->objects.len;
            out->data = slice_of(p, row.data_len);
            return 0;
        }
    }
    return store_damaged(err);
}

static struct slice slice_id(const int64_t *id)
{
    return slice_of(id, sizeof *id);
}

static int drop_build(struct store *store, int64_t id, struct err *err)
{
    struct slice value;
    int rc = store_row_get(store, DB_BUILD, slice_id(&id), &value, err);
    struct parts parts = {0};
    if (rc == 0)
        rc = split(value, &parts, err);
    if (rc != 0)
        return rc == ERR_NOT_FOUND ? 0 : rc;
    /* The next reads reuse what the value lies in. */
    size_t count = parts.objects.len / sizeof(struct digest);
    AUTO_FREE struct digest *objects = xcalloc(count, sizeof *objects);
    if (count > 0)
        memcpy(objects, parts.objects.data, parts.objects.len);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = count_reference(store, &objects[i], -1, err);
    return rc != 0 ? rc : store_row_del(store, DB_BUILD, slice_id(&id), err);
}

/* The numbers of a name's builds, oldest first; ids has room for BUILDS_A_NAME. */
static int read_numbers(struct store *store, const char *name, int64_t *ids,
                        size_t *count, struct err *err)
{
    struct slice value;
    int rc = store_row_get(store, DB_BUILD_NAME, slice_string(name), &value, err);
    *count = 0;
    if (rc == 0 && value.len <= BUILDS_A_NAME * sizeof *ids) {
        *count = value.len / sizeof *ids;
        memcpy(ids, value.data, *count * sizeof *ids);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int store_build_newest(struct store *store, int64_t *id, struct err *err)
{
    STORE_LOCK(store);
    uint64_t number = 0;
    int rc = store_meta_get(store, "builds", &number, err);
    *id = (int64_t)number;
    return rc;
}

int store_build_list(struct store *store, const char *name, int64_t **ids, size_t *len,
                     struct err *err)
{
    STORE_LOCK(store);
    *ids = xcalloc(BUILDS_A_NAME, sizeof **ids);
    int rc = read_numbers(store, name, *ids, len, err);
    if (rc != 0)
        free(STEAL(*ids));
    return rc;
}

/* Appends the number to those of the name; the oldest goes if there are too many. */
static int list_build(struct store *store, const char *name, int64_t id,
                      struct err *err)
{
    int64_t ids[BUILDS_A_NAME + 1];
    size_t count;
    int rc = read_numbers(store, name, ids, &count, err);
    if (rc != 0)
        return rc;
    ids[count++] = id;
    size_t first = count > BUILDS_A_NAME ? 1 : 0;
    rc = first == 1 ? drop_build(store, ids[0], err) : 0;
    if (rc != 0)
        return rc;
    return store_row_put(store, DB_BUILD_NAME, slice_string(name),
                         slice_of(ids + first, (count - first) * sizeof *ids), err);
}

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct digest));
}

/* Each object once. */
static void sort_objects(struct store *store)
{
    struct digest *list = store->objects;
    size_t kept = 0;
    if (store->object_count > 1)
        qsort(list, store->object_count, sizeof *list, compare_digests);
    for (size_t i = 0; i < store->object_count; i++)
        if (kept == 0 || !digest_equal(&list[kept - 1], &list[i]))
            list[kept++] = list[i];
    store->object_count = kept;
}

static int put_build(struct store *store, const char *name, const char *image_id,
                     struct slice data, int64_t *id, struct err *err)
{
    uint64_t number = 0;
    int rc = store_meta_get(store, "builds", &number, err);
    if (rc == 0)
        rc = store_meta_put(store, "builds", ++number, err);
    *id = (int64_t)number;
    sort_objects(store);
    for (size_t i = 0; rc == 0 && i < store->object_count; i++)
        rc = count_reference(store, &store->objects[i], 1, err);
    if (rc != 0)
        return rc;
    struct build_row row = {strlen(name), image_id != NULL ? strlen(image_id) : 0,
                            store->object_count, data.len};
    AUTO_BUF value = BUF_INIT;
    buf_reserve(&value, sizeof row + row.name_len + row.image_len + data.len +
                            row.object_count * sizeof *store->objects);
    buf_add(&value, &row, sizeof row);
    buf_adds(&value, name);
    buf_adds(&value, image_id != NULL ? image_id : "");
    buf_add(&value, store->objects, store->object_count * sizeof *store->objects);
    buf_add(&value, data.data, data.len);
    rc = store_row_put(store, DB_BUILD, slice_id(id), slice_of(value.data, value.len),
                       err);
    return rc != 0 ? rc : list_build(store, name, *id, err);
}

/* NOLINTNEXTLINE(readability-function-size): seven things are what it is about */
int store_build_put(struct store *store, const char *name, const char *image_id,
                    const void *data, size_t len, int64_t *id, struct err *err)
{
    STORE_LOCK(store);
    int64_t number = 0;
    int rc = store_direct_begin(store, err);
    if (rc != 0)
        return rc;
    rc = put_build(store, name, image_id, slice_of(data, len), &number, err);
    rc = store_direct_end(store, rc, err);
    /* Within a group others may still record a build that uses the same objects. */
    if (store->depth == 0)
        store->object_count = 0;
    if (rc == 0 && id != NULL)
        *id = number;
    return rc;
}

/* ---- finding --------------------------------------------------------------------- */

static int load_build(struct store *store, int64_t id, struct strv *name,
                      struct buf *out, struct err *err)
{
    struct slice value;
    struct parts parts = {0};
    int rc = store_row_get(store, DB_BUILD, slice_id(&id), &value, err);
    if (rc == 0)
        rc = split(value, &parts, err);
    if (rc != 0)
        return rc;
    if (name != NULL)
        strv_addn(name, parts.name.data, parts.name.len);
    buf_add(out, parts.data.data, parts.data.len);
    return 0;
}

int store_build_image(struct store *store, int64_t id, struct digest *image,
                      struct err *err)
{
    STORE_LOCK(store);
    struct slice value;
    struct parts parts;
    char text[DIGEST_TEXT + 1] = "";
    int rc = store_row_get(store, DB_BUILD, slice_id(&id), &value, err);
    if (rc == ERR_NOT_FOUND)
        return err_set(err, rc, "no build %lld is recorded", (long long)id);
    if (rc == 0)
        rc = split(value, &parts, err);
    if (rc != 0)
        return rc;
    if (parts.image.len == DIGEST_TEXT)
        memcpy(text, parts.image.data, DIGEST_TEXT);
    return digest_parse(text, image)
               ? 0
               : err_set(err, ERR_NOT_FOUND, "build %lld made no image", (long long)id);
}

int store_build_last(struct store *store, const char *name, int64_t *id,
                     struct buf *out, struct err *err)
{
    STORE_LOCK(store);
    struct slice value;
    int64_t last = 0;
    int rc = store_row_get(store, DB_BUILD_NAME, slice_string(name), &value, err);
    if (rc == 0 && value.len >= sizeof last) {
        memcpy(&last, (const char *)value.data + value.len - sizeof last, sizeof last);
        rc = load_build(store, last, NULL, out, err);
    }
    if (rc == 0 && id != NULL)
        *id = last;
    if (rc == ERR_NOT_FOUND)
        err_set(err, rc, "no earlier build of this Dockerfile and target");
    return rc;
}

struct build_search {
    char image[DIGEST_TEXT + 1];
    int64_t newest; /* 0: none */
};

static int match_image(void *payload, struct slice key, struct slice value,
                       struct err *err)
{
    struct build_search *s = payload;
    struct parts parts = {0};
    int64_t id;
    int rc = split(value, &parts, err);
    if (rc != 0 || key.len != sizeof id)
        return rc;
    memcpy(&id, key.data, sizeof id);
    if (id > s->newest && parts.image.len == DIGEST_TEXT &&
        memcmp(parts.image.data, s->image, DIGEST_TEXT) == 0)
        s->newest = id;
    return 0;
}

static int find_by_image(struct store *store, const char *ref, int64_t *id,
                         struct err *err)
{
    struct digest image;
    struct build_search search = {.newest = 0};
    int rc = store_image_resolve(store, ref, &image, NULL, err);
    if (rc != 0)
        return rc;
    digest_text(&image, search.image);
    rc = store->db->ops->each(store->db, DB_BUILD, match_image, &search, err);
    if (rc == 0 && search.newest == 0) {
        err_set(err, ERR_NOT_FOUND, "no build of the image \"%.255s\" is recorded",
                ref);
        err_hint(err, "only images built in this store can be explained");
        return ERR_NOT_FOUND;
    }
    *id = search.newest;
    return rc;
}

int store_build_find(struct store *store, const char *number_or_image, int64_t *id,
                     struct strv *name, struct buf *out, struct err *err)
{
    STORE_LOCK(store);
    int rc = store_flush(store, err);
    if (rc != 0)
        return rc;
    size_t len = strlen(number_or_image);
    int64_t number = 0;
    rc = ERR_NOT_FOUND;
    if (len > 0 && len <= 18 && strspn(number_or_image, "0123456789") == len) {
        number = strtoll(number_or_image, NULL, 10);
        rc = load_build(store, number, name, out, err);
    }
    if (rc == ERR_NOT_FOUND) {
        rc = find_by_image(store, number_or_image, &number, err);
        if (rc == 0)
            rc = load_build(store, number, name, out, err);
    }
    if (rc == 0 && id != NULL)
        *id = number;
    return rc;
}
