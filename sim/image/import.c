/* SPDX-License-Identifier: MIT */
/*
 * Images into the store. The config is kept byte for byte, so that the image has the ID
 * it has elsewhere; layers are kept as their uncompressed tars. Every digest that the
 * archive states is checked. Manifests of several platforms: the one this program runs
 * on. Left out: encrypted layers, and layers that lie elsewhere (urls).
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/image/archive.h"
#include "sim/image/config.h"
#include "sim/image/manifest.h"
#include "sim/image/source.h"
#include "sim/layer/compress.h"
#include "sim/layer/tar.h"

enum {
    CONFIG_LIMIT = 16 << 20,
    NESTING = 4,           /* indexes in indexes */
    LAYER_GIB_LIMIT = 256, /* of one layer, decompressed */
};

struct import {
    struct store *store;
    const char *name; /* asked for, or NULL */
    struct source source;
    struct strv names; /* that the image gets */
    struct buf config;
    struct image_config *parsed; /* of it */
};

/* ---- layers ---------------------------------------------------------------------- */

/* The way of a layer's bytes: digest of the file, decompressor, store. */
struct stream {
    struct digester *file;
    struct decompressor *decompressor;
    struct layer_writer *writer;
    uint64_t bytes;
};

static int add_file(void *payload, const void *data, size_t len, struct err *err)
{
    struct stream *s = payload;
    digester_add(s->file, data, len);
    return decompressor_add(s->decompressor, data, len, err);
}

static int add_tar(void *payload, const void *data, size_t len, struct err *err)
{
    struct stream *s = payload;
    s->bytes += len;
    if (s->bytes >> 30 >= LAYER_GIB_LIMIT)
        return err_set(err, ERR_INPUT, "a layer is larger than %d GiB",
                       LAYER_GIB_LIMIT);
    return store_layer_write(s->writer, data, len, err);
}

static int stream_layer(struct stream *s, const struct content *content, uint64_t size,
                        const struct digest *file_digest, struct err *err)
{
    int rc = decompressor_new(add_tar, s, &s->decompressor, err);
    if (rc == 0)
        rc = content_stream(content, size, add_file, s, err);
    if (rc == 0)
        rc = decompressor_finish(s->decompressor, err);
    struct digest real;
    digester_finish(s->file, &real);
    if (rc == 0 && file_digest != NULL && !digest_equal(&real, file_digest))
        rc = err_set(err, ERR_INPUT, "its digest is another than the archive says");
    return rc;
}

/* file_digest may be NULL: docker save states none. */
static int import_layer(struct import *im, const char *path,
                        const struct digest *diff_id,
                        const struct image_descriptor *descriptor, struct err *err)
{
    if (store_layer_has(im->store, diff_id))
        return 0;
    struct content content;
    uint64_t size;
    int rc = source_find(&im->source, path, &content, &size, err);
    if (rc == 0 && descriptor != NULL && size != descriptor->size)
        rc = err_set(err, ERR_INPUT, "it has %llu bytes, not %llu",
                     (unsigned long long)size, (unsigned long long)descriptor->size);
    struct stream s = {.file = digester_new()};
    struct layer *layer = NULL;
    if (rc == 0)
        rc = store_layer_writer_new(im->store, &s.writer, err);
    if (rc == 0)
        rc = stream_layer(&s, &content, size,
                          descriptor != NULL ? &descriptor->digest : NULL, err);
    if (rc == 0)
        rc = store_layer_finish(s.writer, diff_id, &layer, err);
    store_layer_writer_free(s.writer);
    decompressor_free(s.decompressor);
    digester_free(s.file);
    layer_unref(layer);
    if (rc != 0)
        err_wrap(err, "the layer %s", path);
    return rc == ERR_NOT_FOUND ? ERR_INPUT : rc;
}

static int parse_config(struct import *im, size_t layers, struct err *err)
{
    int rc =
        image_config_from_json(buf_str(&im->config), im->config.len, &im->parsed, err);
    if (rc == 0 && im->parsed->diff_id_count != layers)
        rc = err_set(err, ERR_INPUT, "the config names %zu layers, the manifest %zu",
                     im->parsed->diff_id_count, layers);
    if (rc == 0 && memchr(im->config.data, '\0', im->config.len) != NULL)
        rc = err_set(err, ERR_INPUT, "the config holds a zero byte");
    return rc;
}

/* ---- OCI ------------------------------------------------------------------------- */

static char *blob_path(const struct digest *digest)
{
    char hex[DIGEST_HEX + 1];
    digest_hex(digest, hex);
    return xasprintf("blobs/sha256/%s", hex);
}

static int read_blob(struct import *im, const struct image_descriptor *d,
                     uint64_t limit, struct buf *out, struct err *err)
{
    AUTO_FREE char *path = blob_path(&d->digest);
    int rc = source_read(&im->source, path, limit, out, err);
    if (rc != 0)
        return rc == ERR_NOT_FOUND ? ERR_INPUT : rc;
    struct digest real = digest_of(buf_str(out), out->len);
    if (!digest_equal(&real, &d->digest) || out->len != d->size)
        return err_set(err, ERR_INPUT, "%s is damaged: another digest or size", path);
    return 0;
}

static bool is_index(const struct image_descriptor *d)
{
    return d->media_type != NULL && (strcmp(d->media_type, OCI_INDEX) == 0 ||
                                     strcmp(d->media_type, DOCKER_LIST) == 0);
}

/* Not of another platform, as far as it says. */
static bool fits(const struct image_descriptor *d)
{
    if (d->is_attestation || (d->os != NULL && strcmp(d->os, "linux") != 0))
        return false;
    return d->arch == NULL || strcmp(d->arch, image_architecture()) == 0;
}

static bool has_name(const struct image_descriptor *d, const char *full)
{
    char *candidates[2] = {d->full_name, d->ref_name};
    for (size_t i = 0; i < 2; i++) {
        AUTO_FREE char *normal = NULL;
        if (candidates[i] != NULL &&
            store_normalise_name(candidates[i], &normal, NULL) == 0 &&
            strcmp(normal, full) == 0)
            return true;
    }
    return false;
}

/* The one that fits, or of several the one of the asked name. */
static int choose(struct import *im, const struct image_index *index,
                  const struct image_descriptor **out, struct err *err)
{
    AUTO_FREE char *full = NULL;
    if (im->name != NULL && store_normalise_name(im->name, &full, err) != 0)
        return ERR_INPUT;
    const struct image_descriptor *fitting = NULL, *named = NULL;
    size_t count = 0;
    for (size_t i = 0; i < index->len; i++) {
        const struct image_descriptor *d = &index->items[i];
        if (!fits(d))
            continue;
        fitting = d;
        count++;
        if (full != NULL && named == NULL && has_name(d, full))
            named = d;
    }
    *out = count == 1 ? fitting : named;
    if (*out != NULL)
        return 0;
    if (index->len == 0 || count == 0) {
        err_set(err, ERR_INPUT, "it holds no image for linux/%s", image_architecture());
        return ERR_INPUT;
    }
    err_set(err, ERR_INPUT, "it holds %zu images", count);
    err_hint(err, "name the one to import with -t, or import an archive of one image");
    return ERR_INPUT;
}

/* A name that says more than a tag. */
static void take_name(struct import *im, const struct image_descriptor *d)
{
    if (im->name != NULL || im->names.len > 0)
        return;
    if (d->full_name != NULL)
        strv_add(&im->names, d->full_name);
    else if (d->ref_name != NULL && strpbrk(d->ref_name, ":/") != NULL)
        strv_add(&im->names, d->ref_name);
}

static int find_manifest(struct import *im, struct buf *manifest, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    int rc = source_read(&im->source, "index.json", MANIFEST_LIMIT, &text, err);
    for (int depth = 0; rc == 0; depth++) {
        struct image_index index;
        const struct image_descriptor *chosen = NULL;
        rc = image_index_read(buf_str(&text), text.len, &index, err);
        if (rc != 0)
            break;
        rc = choose(im, &index, &chosen, err);
        if (rc == 0)
            take_name(im, chosen);
        bool nested = rc == 0 && is_index(chosen);
        if (rc == 0 && nested && depth >= NESTING)
            rc = err_set(err, ERR_INPUT, "its indexes are nested too deeply");
        buf_clear(nested ? &text : manifest);
        if (rc == 0)
            rc = read_blob(im, chosen, MANIFEST_LIMIT, nested ? &text : manifest, err);
        image_index_free(&index);
        if (!nested)
            break;
    }
    return rc;
}

static int import_oci(struct import *im, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    struct image_manifest manifest = {0};
    int rc = find_manifest(im, &text, err);
    if (rc == 0)
        rc = image_manifest_read(buf_str(&text), text.len, &manifest, err);
    if (rc == 0)
        rc = read_blob(im, &manifest.config, CONFIG_LIMIT, &im->config, err);
    if (rc == 0)
        rc = parse_config(im, manifest.layer_count, err);
    for (size_t i = 0; rc == 0 && i < manifest.layer_count; i++) {
        AUTO_FREE char *path = blob_path(&manifest.layers[i].digest);
        rc = import_layer(im, path, &im->parsed->diff_ids[i], &manifest.layers[i], err);
    }
    image_manifest_free(&manifest);
    return rc;
}

/* ---- docker save ----------------------------------------------------------------- */

static int choose_docker(struct import *im, const struct docker_manifest *manifest,
                         const struct docker_image **out, struct err *err)
{
    *out = manifest->len == 1 ? &manifest->items[0] : NULL;
    AUTO_FREE char *full = NULL;
    if (im->name != NULL && store_normalise_name(im->name, &full, err) != 0)
        return ERR_INPUT;
    for (size_t i = 0; *out == NULL && full != NULL && i < manifest->len; i++)
        if (strv_contains(&manifest->items[i].names, full))
            *out = &manifest->items[i];
    if (*out != NULL)
        return 0;
    err_set(err, ERR_INPUT, "it holds %zu images", manifest->len);
    err_hint(err, "name the one to import with -t, or import an archive of one image");
    return ERR_INPUT;
}

/* "<hex>.json" and "blobs/sha256/<hex>" state the digest of the config. */
static int check_config_name(const struct import *im, const char *path, struct err *err)
{
    const char *base = path_base(path);
    char hex[DIGEST_HEX + 1] = "";
    struct digest want, real = digest_of(buf_str(&im->config), im->config.len);
    if (strlen(base) >= DIGEST_HEX)
        memcpy(hex, base, DIGEST_HEX);
    if (!digest_parse(hex, &want) || digest_equal(&want, &real))
        return 0;
    return err_set(err, ERR_INPUT, "the config %.200s is damaged", path);
}

static int import_docker_image(struct import *im, const struct docker_image *image,
                               struct err *err)
{
    int rc = source_read(&im->source, image->config, CONFIG_LIMIT, &im->config, err);
    if (rc == 0)
        rc = check_config_name(im, image->config, err);
    if (rc == 0)
        rc = parse_config(im, image->layers.len, err);
    for (size_t i = 0; rc == 0 && i < image->layers.len; i++)
        rc = import_layer(im, image->layers.items[i], &im->parsed->diff_ids[i], NULL,
                          err);
    if (im->name == NULL)
        strv_copy(&im->names, &image->names);
    return rc == ERR_NOT_FOUND ? ERR_INPUT : rc;
}

static int import_docker(struct import *im, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    struct docker_manifest manifest = {0};
    const struct docker_image *image = NULL;
    int rc = source_read(&im->source, "manifest.json", MANIFEST_LIMIT, &text, err);
    if (rc == 0)
        rc = docker_manifest_read(buf_str(&text), text.len, &manifest, err);
    if (rc == 0)
        rc = choose_docker(im, &manifest, &image, err);
    if (rc == 0)
        rc = import_docker_image(im, image, err);
    docker_manifest_free(&manifest);
    return rc;
}

/* ---- a root filesystem ----------------------------------------------------------- */

/* One layer, and a config that says no more than that. */
static int import_rootfs(struct import *im, struct err *err)
{
    struct layer_writer *writer = NULL;
    struct layer *layer = NULL;
    int rc = store_layer_writer_new(im->store, &writer, err);
    struct tar_options options = TAR_OPTIONS_INIT;
    options.sink = store_layer_write;
    options.sink_payload = writer;
    options.rootfs = true;
    struct tar_result tar;
    if (rc == 0)
        rc = tar_write(im->source.tree, &options, &tar, err);
    if (rc == 0)
        rc = store_layer_finish(writer, &tar.diff_id, &layer, err);
    store_layer_writer_free(writer);
    layer_unref(layer);
    if (rc != 0)
        return rc;
    struct image_config *config = image_config_new();
    char comment[] = "imported root filesystem";
    struct image_history history = {.created_s = INT64_MIN, .comment = comment};
    image_config_add_layer(config, &tar.diff_id);
    image_config_add_history(config, &history);
    image_config_to_json(config, &im->config);
    image_config_free(config);
    return 0;
}

/* ---- the whole ------------------------------------------------------------------- */

static int import_source(struct import *im, struct err *err)
{
    if (source_has(&im->source, "oci-layout") && source_has(&im->source, "index.json"))
        return import_oci(im, err);
    if (im->source.root != NULL) {
        err_set(err, ERR_INPUT, "the folder is no OCI image layout");
        err_hint(err, "a root filesystem is imported as a tar archive");
        return ERR_INPUT;
    }
    if (source_has(&im->source, "manifest.json"))
        return import_docker(im, err);
    if (im->source.tree->len == 0)
        return err_set(err, ERR_INPUT, "the archive is empty");
    return import_rootfs(im, err);
}

static int store_image(struct import *im, struct digest *id, struct err *err)
{
    if (im->name != NULL)
        strv_add(&im->names, im->name);
    if (im->names.len == 0) {
        err_set(err, ERR_INPUT, "the archive names no image");
        err_hint(err, "give it a name with -t");
        return ERR_INPUT;
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < im->names.len; i++)
        rc = store_image_put(im->store, buf_str(&im->config), im->names.items[i], id,
                             err);
    return rc;
}

static int import_image(struct import *im, const char *src, const char *spool,
                        struct digest *id, struct err *err)
{
    int rc = source_open(src, spool, &im->source, err);
    if (rc != 0)
        return rc;
    rc = store_begin(im->store, err);
    if (rc == 0) {
        rc = import_source(im, err);
        if (rc == 0)
            rc = store_image(im, id, err);
        int ended = store_commit(im->store, rc == 0 ? err : NULL);
        rc = rc != 0 ? rc : ended;
    }
    source_close(&im->source);
    return rc;
}

int image_import(struct store *store, const char *src, const char *name,
                 struct digest *id, struct err *err)
{
    struct import im = {.store = store, .name = name};
    AUTO_FREE char *checked = NULL, *spool = NULL;
    int rc = name != NULL ? store_normalise_name(name, &checked, err) : 0;
    if (rc == 0)
        rc = store_temp_folder(store, &spool, err);
    if (rc != 0)
        return rc;
    rc = import_image(&im, src, spool, id, err);
    file_remove_tree(spool, NULL);
    strv_free(&im.names);
    buf_free(&im.config);
    image_config_free(im.parsed);
    if (rc != 0)
        err_wrap(err, "%s", src);
    return rc;
}
