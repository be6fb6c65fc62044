/* SPDX-License-Identifier: MIT */
/* Loads what history, images and diff show. */
#include "bench/images.h"

#include <string.h>

#include "sim/base/mem.h"

int bench_image_load(struct store *store, const char *ref, struct loaded_image *out,
                     struct err *err)
{
    memset(out, 0, sizeof *out);
    int r = store_image_find(store, ref, &out->image, err);
    if (r < 0)
        return r;
    r = image_config_from_json(out->image.config, strlen(out->image.config),
                               &out->config, err);
    if (r < 0)
        return r;
    out->layers = xcalloc(out->config->diff_id_count, sizeof(struct layer *));
    for (size_t i = 0; i < out->config->diff_id_count; i++) {
        r = store_layer_get(store, &out->config->diff_ids[i], &out->layers[i], err);
        if (r < 0)
            return err_wrap(err, "image %s, layer %zu", ref, i + 1);
        out->size += out->layers[i]->size;
    }
    return 0;
}

void bench_image_unload(struct loaded_image *image)
{
    for (size_t i = 0; image->layers != NULL && i < image->config->diff_id_count; i++)
        if (image->layers[i] != NULL)
            layer_unref(image->layers[i]);
    free(image->layers);
    image_config_free(image->config);
    store_image_free(&image->image);
    memset(image, 0, sizeof *image);
}

void bench_image_short_id(const struct digest *id, char out[SHORT_ID + 1])
{
    char hex[DIGEST_HEX + 1];
    digest_hex(id, hex);
    memcpy(out, hex, SHORT_ID);
    out[SHORT_ID] = '\0';
}
