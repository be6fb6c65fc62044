/* SPDX-License-Identifier: MIT */
/*
 * The JSON files of image archives: OCI index and manifest (Docker's schema 2 reads the
 * same), and docker save's manifest.json. Everything read here comes from outside.
 */
#ifndef SIM_IMAGE_MANIFEST_H
#define SIM_IMAGE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/base/err.h"

enum { MANIFEST_LIMIT = 4 << 20 }; /* bytes of any of these files */

struct image_descriptor {
    char *media_type; /* NULL: not given */
    struct digest digest;
    uint64_t size;
    char *ref_name;      /* org.opencontainers.image.ref.name, NULL: none */
    char *full_name;     /* io.containerd.image.name, NULL: none */
    bool is_attestation; /* not an image but a statement about one */
    char *os, *arch;     /* of the platform, NULL: not given */
};

struct image_index {
    struct image_descriptor *items;
    size_t len;
};

struct image_manifest {
    struct image_descriptor config;
    struct image_descriptor *layers;
    size_t layer_count;
};

struct docker_image { /* an element of manifest.json */
    char *config;     /* path in the archive */
    struct strv names, layers;
};
struct docker_manifest {
    struct docker_image *items;
    size_t len;
};

/* Each: ERR_INPUT with what is wrong; on success the caller frees the members. */
int image_index_read(const char *json, size_t len, struct image_index *out,
                     struct err *err);
int image_manifest_read(const char *json, size_t len, struct image_manifest *out,
                        struct err *err);
int docker_manifest_read(const char *json, size_t len, struct docker_manifest *out,
                         struct err *err);
void image_index_free(struct image_index *index);
void image_manifest_free(struct image_manifest *manifest);
void docker_manifest_free(struct docker_manifest *manifest);

/* {"mediaType":…,"digest":…,"size":N without the closing brace, for more members. */
void image_descriptor_write(struct buf *out, const char *media_type,
                            const struct digest *digest, uint64_t size);

#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"

#endif
