/* SPDX-License-Identifier: MIT */
/*
 * Images out of the store. An archive is laid out as a folder of temporary files first;
 * a folder destination is that folder, renamed, and a tar destination is its tar. So
 * the two forms cannot differ, and nothing stands at the destination before all of it
 * is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/image/archive.h"
#include "sim/image/config.h"
#include "sim/image/dest.h"
#include "sim/image/json.h"
#include "sim/image/manifest.h"
#include "sim/layer/disk.h"
#include "sim/layer/tar.h"
#include "sim/layer/view.h"

struct written_layer {
    struct digest diff_id; /* after a clamp of times */
    struct digest digest;  /* of the file */
    uint64_t size;
};

struct export
{
    struct store *store;
    const struct export_options *options;
    struct store_image image;
    struct image_config *config; /* of it */
    char *config_json;           /* as written: DiffIDs change with a clamp */
    struct digest config_digest;
    struct written_layer *layers;
    char *folder; /* where files are laid out */
};

/* ---- one layer ------------------------------------------------------------------- */

/* The way of a layer's bytes: digest of the tar, compressor, digest of the file. */
struct stream {
    struct digester *tar, *file;
    struct compressor *compressor;
    int fd;
    uint64_t size;
    const char *path;
};

static int write_out(void *payload, const void *data, size_t len, struct err *err)
{
    struct stream *s = payload;
    digester_add(s->file, data, len);
    s->size += len;
    errno = 0;
    if (file_write_fd(s->fd, data, len, NULL) != 0)
        return dest_io_error(err, errno, s->path);
    return 0;
}

static int add_tar(void *payload, const void *data, size_t len, struct err *err)
{
    struct stream *s = payload;
    digester_add(s->tar, data, len);
    return compressor_add(s->compressor, data, len, err);
}

static int stream_layer(struct export *x, const struct digest *id, struct stream *s,
                        struct err *err)
{
    if (x->options->clamp_mtime_s < 0)
        return store_layer_tar(x->store, id, add_tar, s, err);
    struct layer *layer = NULL;
    int rc = store_layer_get(x->store, id, &layer, err);
    if (rc != 0)
        return rc;
    struct tar_options options = TAR_OPTIONS_INIT;
    options.sink = add_tar;
    options.sink_payload = s;
    options.clamp_mtime_s = x->options->clamp_mtime_s;
    struct tar_result ignored;
    rc = tar_write(layer->tree, &options, &ignored, err);
    layer_unref(layer);
    return rc;
}

/* Writes a layer's file and fills in what it became. */
static int write_layer(struct export *x, const struct digest *id, const char *path,
                       struct written_layer *out, struct err *err)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return dest_io_error(err, errno, path);
    struct stream s = {
        .tar = digester_new(), .file = digester_new(), .fd = fd, .path = path};
    int rc = compressor_new(x->options->compression, write_out, &s, &s.compressor, err);
    if (rc == 0)
        rc = stream_layer(x, id, &s, err);
    if (rc == 0)
        rc = compressor_finish(s.compressor, err);
    if (rc == 0) {
        digester_finish(s.tar, &out->diff_id);
        digester_finish(s.file, &out->digest);
        out->size = s.size;
        if (x->options->clamp_mtime_s < 0 && !digest_equal(&out->diff_id, id))
            rc = err_set(err, ERR_FAILED,
                         "a layer in the store is damaged; `simbench df --verify` says "
                         "which");
    }
    compressor_free(s.compressor);
    digester_free(s.tar);
    digester_free(s.file);
    return rc;
}

static char *path_in(const struct export *x, const char *kind, const char *suffix,
                     const struct digest *id)
{
    char hex[DIGEST_HEX + 1];
    digest_hex(id, hex);
    return xasprintf("%s/%s%s%s", x->folder, kind, hex, suffix);
}

/* Index of an earlier layer with the same DiffID, or i. */
static size_t first_of(const struct export *x, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (digest_equal(&x->config->diff_ids[k], &x->config->diff_ids[i]))
            return k;
    return i;
}

/* Layers as blobs/sha256/<hex of the file>, or <hex of the DiffID>/layer.tar. */
static int write_layers(struct export *x, bool docker, struct err *err)
{
    x->layers = xcalloc(x->config->diff_id_count, sizeof *x->layers);
    AUTO_FREE char *temp = xasprintf("%s/layer", x->folder);
    for (size_t i = 0; i < x->config->diff_id_count; i++) {
        size_t first = first_of(x, i);
        if (first < i) {
            x->layers[i] = x->layers[first];
            continue;
        }
        int rc = write_layer(x, &x->config->diff_ids[i], temp, &x->layers[i], err);
        if (rc != 0)
            return rc;
        AUTO_FREE char *path =
            docker ? path_in(x, "", "/layer.tar", &x->layers[i].diff_id)
                   : path_in(x, "blobs/sha256/", "", &x->layers[i].digest);
        if (docker) {
            AUTO_FREE char *folder = path_in(x, "", "", &x->layers[i].diff_id);
            rc = file_make_folders(folder, err);
            if (rc != 0)
                return rc;
        }
        if (rename(temp, path) != 0)
            return dest_io_error(err, errno, path);
    }
    return 0;
}

/* ---- config ---------------------------------------------------------------------- */

/* Clamped layers have other DiffIDs. They are changed in the text, so that the rest of
 * a config made elsewhere stays as it is. */
static void write_config(struct export *x)
{
    x->config_json = xstrdup(x->image.config);
    for (size_t i = 0; i < x->config->diff_id_count; i++) {
        char old[DIGEST_TEXT + 1], new[DIGEST_TEXT + 1];
        digest_text(&x->config->diff_ids[i], old);
        digest_text(&x->layers[i].diff_id, new);
        if (strcmp(old, new) == 0)
            continue;
        for (char *at = x->config_json; (at = strstr(at, old)) != NULL;)
            memcpy(at, new, DIGEST_TEXT);
    }
    x->config_digest = digest_of(x->config_json, strlen(x->config_json));
}

static int write_text(const struct export *x, const char *name, const char *text,
                      struct err *err)
{
    AUTO_FREE char *path = xasprintf("%s/%s", x->folder, name);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    errno = 0;
    if (fd < 0 || file_write_fd(fd, text, strlen(text), NULL) != 0)
        return dest_io_error(err, errno, path);
    return 0;
}

static int write_blob(const struct export *x, const char *text, struct digest *digest,
                      struct err *err)
{
    char hex[DIGEST_HEX + 1];
    *digest = digest_of(text, strlen(text));
    digest_hex(digest, hex);
    AUTO_FREE char *name = xasprintf("blobs/sha256/%s", hex);
    return write_text(x, name, text, err);
}

/* ---- layouts --------------------------------------------------------------------- */

/* "app:latest" -> "docker.io/library/app:latest", as containerd names images. */
static char *full_name(const char *name)
{
    const char *slash = strchr(name, '/');
    size_t first = slash != NULL ? (size_t)(slash - name) : 0;
    bool host = slash != NULL &&
                (memchr(name, '.', first) != NULL || memchr(name, ':', first) != NULL ||
                 strncmp(name, "localhost/", 10) == 0);
    if (host)
        return xstrdup(name);
    return xasprintf("docker.io/%s%s", slash != NULL ? "" : "library/", name);
}

static void add_index(const struct export *x, const char *name,
                      const struct digest *manifest, uint64_t size, struct buf *out)
{
    buf_addf(out, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[",
             OCI_INDEX);
    image_descriptor_write(out, OCI_MANIFEST, manifest, size);
    if (name != NULL) {
        AUTO_FREE char *full = full_name(name);
        buf_adds(out, ",\"annotations\":{\"io.containerd.image.name\":");
        image_json_string(out, full);
        buf_adds(out, ",\"org.opencontainers.image.ref.name\":");
        image_json_string(out, strrchr(name, ':') + 1);
        buf_adds(out, "}");
    }
    buf_adds(out, ",\"platform\":{\"architecture\":");
    image_json_string(out, x->config->architecture);
    buf_adds(out, ",\"os\":");
    image_json_string(out, x->config->os);
    if (x->config->variant != NULL) {
        buf_adds(out, ",\"variant\":");
        image_json_string(out, x->config->variant);
    }
    buf_adds(out, "}}]}");
}

static int lay_out_oci(struct export *x, const char *name, struct err *err)
{
    static const char *const types[] = {[COMPRESSION_NONE] = OCI_LAYER,
                                        [COMPRESSION_GZIP] = OCI_LAYER "+gzip",
                                        [COMPRESSION_ZSTD] = OCI_LAYER "+zstd"};
    AUTO_FREE char *blobs = xasprintf("%s/blobs/sha256", x->folder);
    AUTO_BUF manifest = BUF_INIT, index = BUF_INIT;
    int rc = file_make_folders(blobs, err);
    if (rc == 0)
        rc = write_layers(x, false, err);
    if (rc != 0)
        return rc;
    write_config(x);
    rc = write_blob(x, x->config_json, &x->config_digest, err);
    buf_addf(&manifest,
             "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":", OCI_MANIFEST);
    image_descriptor_write(&manifest, OCI_CONFIG, &x->config_digest,
                           strlen(x->config_json));
    buf_adds(&manifest, "},\"layers\":[");
    for (size_t i = 0; i < x->config->diff_id_count; i++) {
        buf_adds(&manifest, i > 0 ? "," : "");
        image_descriptor_write(&manifest, types[x->options->compression],
                               &x->layers[i].digest, x->layers[i].size);
        buf_addc(&manifest, '}');
    }
    buf_adds(&manifest, "]}");
    struct digest digest;
    if (rc == 0)
        rc = write_blob(x, buf_str(&manifest), &digest, err);
    if (rc == 0) {
        add_index(x, name, &digest, manifest.len, &index);
        rc = write_text(x, "index.json", buf_str(&index), err);
    }
    if (rc == 0)
        rc = write_text(x, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", err);
    return rc;
}

static int lay_out_docker(struct export *x, const char *name, struct err *err)
{
    int rc = write_layers(x, true, err);
    if (rc != 0)
        return rc;
    write_config(x);
    char hex[DIGEST_HEX + 1];
    digest_hex(&x->config_digest, hex);
    AUTO_FREE char *config = xasprintf("%s.json", hex);
    rc = write_text(x, config, x->config_json, err);
    AUTO_BUF manifest = BUF_INIT;
    buf_addf(&manifest, "[{\"Config\":\"%s\",\"RepoTags\":[", config);
    if (name != NULL)
        image_json_string(&manifest, name);
    buf_adds(&manifest, "],\"Layers\":[");
    for (size_t i = 0; i < x->config->diff_id_count; i++) {
        digest_hex(&x->layers[i].diff_id, hex);
        buf_addf(&manifest, "%s\"%s/layer.tar\"", i > 0 ? "," : "", hex);
    }
    buf_adds(&manifest, "]}]");
    return rc != 0 ? rc : write_text(x, "manifest.json", buf_str(&manifest), err);
}

/* ---- root filesystem ------------------------------------------------------------- */

static int export_rootfs(struct export *x, struct dest *dest, struct err *err)
{
    struct view *view = view_new();
    size_t count = x->config->diff_id_count, got = 0;
    struct layer **layers = xcalloc(count, sizeof(struct layer *));
    int rc = 0;
    for (; rc == 0 && got < count; got++) {
        rc = store_layer_get(x->store, &x->config->diff_ids[got], &layers[got], err);
        if (rc != 0)
            break;
        view_push(view, layers[got]->tree);
    }
    struct tree *tree = rc == 0 ? view_subtree(view, "") : NULL;
    if (rc == 0 && dest->is_folder)
        rc = disk_unpack(tree, dest->temp, DISK_PLAIN, geteuid() == 0, err);
    else if (rc == 0)
        rc = dest_write_tar(dest, tree, true, x->options->clamp_mtime_s, err);
    tree_free(tree);
    view_free(view);
    while (got > 0)
        layer_unref(layers[--got]);
    free(layers);
    return rc;
}

/* ---- the whole ------------------------------------------------------------------- */

/* The reference to write: what was asked for, else the first name of the image. */
static int choose_name(const struct export *x, char **out, struct err *err)
{
    *out = NULL;
    if (x->options->name != NULL)
        return store_normalise_name(x->options->name, out, err);
    if (x->image.names.len > 0)
        *out = xstrdup(x->image.names.items[0]);
    return 0;
}

static int export_archive(struct export *x, struct dest *dest, struct err *err)
{
    AUTO_FREE char *name = NULL, *work = NULL;
    int rc = choose_name(x, &name, err);
    if (rc == 0 && !dest->is_folder)
        rc = store_temp_folder(x->store, &work, err);
    if (rc != 0)
        return rc;
    x->folder = work != NULL ? work : dest->temp;
    rc = x->options->format == ARCHIVE_DOCKER ? lay_out_docker(x, name, err)
                                              : lay_out_oci(x, name, err);
    if (rc == 0 && work != NULL)
        rc = dest_write_folder(dest, work, err);
    if (work != NULL)
        file_remove_tree(work, NULL);
    return rc;
}

static int export_image(struct export *x, const char *ref, struct dest *dest,
                        struct err *err)
{
    int rc = store_image_find(x->store, ref, &x->image, err);
    if (rc == 0)
        rc = image_config_from_json(x->image.config, strlen(x->image.config),
                                    &x->config, err);
    if (rc != 0)
        return rc;
    bool rootfs = x->options->format == ARCHIVE_ROOTFS_TAR ||
                  x->options->format == ARCHIVE_ROOTFS_DIR;
    rc = rootfs ? export_rootfs(x, dest, err) : export_archive(x, dest, err);
    return rc;
}

int image_export(struct store *store, const char *ref, const char *dest,
                 const struct export_options *options, struct err *err)
{
    struct export x = {.store = store, .options = options};
    struct dest to;
    bool folder =
        options->format == ARCHIVE_OCI_DIR || options->format == ARCHIVE_ROOTFS_DIR;
    int rc = dest_open(&to, dest, folder, options->format == ARCHIVE_OCI_DIR, err);
    if (rc != 0)
        return rc;
    rc = store_begin(store, err); /* keeps a prune elsewhere away */
    if (rc == 0) {
        rc = export_image(&x, ref, &to, err);
        int ended = store_commit(store, rc == 0 ? err : NULL);
        rc = rc != 0 ? rc : ended;
    }
    rc = dest_close(&to, rc, err);
    store_image_free(&x.image);
    image_config_free(x.config);
    free(x.config_json);
    free(x.layers);
    return rc;
}
