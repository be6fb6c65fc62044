/* SPDX-License-Identifier: MIT */
/* Reading and writing of the JSON files of image archives. */
#include "sim/image/manifest.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/image/json.h"

enum { ITEMS_LIMIT = 10000 }; /* images in an index, layers in a manifest */

static int wrong(struct err *err, const char *what, const char *name, const char *want)
{
    return err_set(err, ERR_INPUT, "%s: %s is not %s", what, name, want);
}

static char *string_or_null(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? xstrdup(text) : NULL;
}

/* ---- descriptors ----------------------------------------------------------------- */

static void descriptor_free(struct image_descriptor *d)
{
    free(d->media_type);
    free(d->ref_name);
    free(d->full_name);
    free(d->os);
    free(d->arch);
    *d = (struct image_descriptor){0};
}

static int read_descriptor(const json_t *object, const char *what,
                           struct image_descriptor *out, struct err *err)
{
    const char *digest = json_string_value(json_object_get(object, "digest"));
    const json_t *size = json_object_get(object, "size");
    if (digest == NULL || strncmp(digest, "sha256:", 7) != 0 ||
        !digest_parse(digest, &out->digest))
        return wrong(err, what, "digest", "a sha256 digest");
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return wrong(err, what, "size", "a number of bytes");
    out->size = (uint64_t)json_integer_value(size);
    out->media_type = string_or_null(object, "mediaType");
    const json_t *notes = json_object_get(object, "annotations");
    out->ref_name = string_or_null(notes, "org.opencontainers.image.ref.name");
    out->full_name = string_or_null(notes, "io.containerd.image.name");
    out->is_attestation = json_object_get(notes, "vnd.docker.reference.type") != NULL;
    const json_t *platform = json_object_get(object, "platform");
    out->os = string_or_null(platform, "os");
    out->arch = string_or_null(platform, "architecture");
    return 0;
}

/* An array of descriptors under `name`. */
static int read_descriptors(const json_t *root, const char *what, const char *name,
                            struct image_descriptor **items, size_t *len,
                            struct err *err)
{
    const json_t *array = json_object_get(root, name);
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > ITEMS_LIMIT)
        return wrong(err, what, name, "an array of at most 10000 descriptors");
    *items = xcalloc(count, sizeof **items);
    for (*len = 0; *len < count;) {
        struct image_descriptor *d = &(*items)[(*len)++];
        int rc = read_descriptor(json_array_get(array, *len - 1), what, d, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

void image_descriptor_write(struct buf *out, const char *media_type,
                            const struct digest *digest, uint64_t size)
{
    char text[DIGEST_TEXT + 1];
    digest_text(digest, text);
    buf_addf(out, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%" PRIu64,
             media_type, text, size);
}

/* ---- OCI ------------------------------------------------------------------------- */

void image_index_free(struct image_index *index)
{
    for (size_t i = 0; i < index->len; i++)
        descriptor_free(&index->items[i]);
    free(index->items);
    *index = (struct image_index){0};
}

void image_manifest_free(struct image_manifest *manifest)
{
    descriptor_free(&manifest->config);
    for (size_t i = 0; i < manifest->layer_count; i++)
        descriptor_free(&manifest->layers[i]);
    free(manifest->layers);
    *manifest = (struct image_manifest){0};
}

int image_index_read(const char *json, size_t len, struct image_index *out,
                     struct err *err)
{
    json_t *root = NULL;
    *out = (struct image_index){0};
    int rc = image_json_parse(json, len, MANIFEST_LIMIT, "the image index", &root, err);
    if (rc != 0)
        return rc;
    rc = read_descriptors(root, "the image index", "manifests", &out->items, &out->len,
                          err);
    json_decref(root);
    if (rc != 0)
        image_index_free(out);
    return rc;
}

int image_manifest_read(const char *json, size_t len, struct image_manifest *out,
                        struct err *err)
{
    static const char what[] = "the image manifest";
    json_t *root = NULL;
    *out = (struct image_manifest){0};
    int rc = image_json_parse(json, len, MANIFEST_LIMIT, what, &root, err);
    if (rc != 0)
        return rc;
    rc = read_descriptor(json_object_get(root, "config"), what, &out->config, err);
    if (rc == 0)
        rc = read_descriptors(root, what, "layers", &out->layers, &out->layer_count,
                              err);
    json_decref(root);
    if (rc != 0)
        image_manifest_free(out);
    return rc;
}

/* ---- docker save ----------------------------------------------------------------- */

void docker_manifest_free(struct docker_manifest *manifest)
{
    for (size_t i = 0; i < manifest->len; i++) {
        free(manifest->items[i].config);
        strv_free(&manifest->items[i].names);
        strv_free(&manifest->items[i].layers);
    }
    free(manifest->items);
    *manifest = (struct docker_manifest){0};
}

/* null and absent are an empty list. */
static int read_strings(const json_t *object, const char *name, struct strv *out,
                        struct err *err)
{
    const json_t *array = json_object_get(object, name);
    if (array == NULL || json_is_null(array))
        return 0;
    if (!json_is_array(array) || json_array_size(array) > ITEMS_LIMIT)
        return wrong(err, "manifest.json", name, "an array of at most 10000 strings");
    size_t i;
    json_t *item;
    json_array_foreach (array, i, item) {
        if (!json_is_string(item))
            return wrong(err, "manifest.json", name, "an array of strings");
        strv_add(out, json_string_value(item));
    }
    return 0;
}

static int read_docker_image(const json_t *object, struct docker_image *out,
                             struct err *err)
{
    out->config = string_or_null(object, "Config");
    if (out->config == NULL)
        return wrong(err, "manifest.json", "Config", "a path");
    int rc = read_strings(object, "RepoTags", &out->names, err);
    return rc != 0 ? rc : read_strings(object, "Layers", &out->layers, err);
}

int docker_manifest_read(const char *json, size_t len, struct docker_manifest *out,
                         struct err *err)
{
    json_t *root = NULL;
    *out = (struct docker_manifest){0};
    int rc = image_json_parse(json, len, MANIFEST_LIMIT, "manifest.json", &root, err);
    if (rc != 0)
        return rc;
    size_t count = json_array_size(root);
    if (!json_is_array(root) || count > ITEMS_LIMIT)
        rc = wrong(err, "manifest.json", "it", "an array of at most 10000 images");
    else
        out->items = xcalloc(count, sizeof *out->items);
    while (rc == 0 && out->len < count) {
        struct docker_image *image = &out->items[out->len++];
        rc = read_docker_image(json_array_get(root, out->len - 1), image, err);
    }
    json_decref(root);
    if (rc != 0)
        docker_manifest_free(out);
    return rc;
}
