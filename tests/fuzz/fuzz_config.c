/* SPDX-License-Identifier: MIT */
/*
 * Image configs and the manifests of image archives, of any bytes. The first byte
 * chooses the reader. A config that is read must be written as one that reads the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/image/config.h"
#include "sim/image/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_config(const char *json, size_t len)
{
    struct image_config *c = NULL, *again = NULL;
    if (image_config_from_json(json, len, &c, NULL) != 0)
        return;
    struct buf first = BUF_INIT, second = BUF_INIT;
    image_config_to_json(c, &first);
    if (image_config_from_json(first.data, first.len, &again, NULL) != 0)
        abort();
    image_config_to_json(again, &second);
    if (strcmp(buf_str(&first), buf_str(&second)) != 0)
        abort();
    struct image_config *copy = image_config_copy(c);
    image_config_free(copy);
    image_config_free(c);
    image_config_free(again);
    buf_free(&first);
    buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    const char *json = (const char *)data + 1;
    struct image_index index;
    struct image_manifest manifest;
    struct docker_manifest docker;
    switch (data[0]) {
    case 'i':
        if (image_index_read(json, len - 1, &index, NULL) == 0)
            image_index_free(&index);
        break;
    case 'm':
        if (image_manifest_read(json, len - 1, &manifest, NULL) == 0)
            image_manifest_free(&manifest);
        break;
    case 'd':
        if (docker_manifest_read(json, len - 1, &docker, NULL) == 0)
            docker_manifest_free(&docker);
        break;
    default:
        try_config(json, len - 1);
    }
    return 0;
}
