/* SPDX-License-Identifier: MIT */
/* Reads an exported image with the importer of sim/image. */
#include "bench/engine_image.h"

#include <string.h>

#include "sim/base/mem.h"
#include "sim/image/archive.h"

static int read_layers(struct store *store, const struct image_config *config,
                       uint64_t *sizes, struct build_result *out, struct err *err)
{
    out->layers = xcalloc(config->diff_id_count + 1, sizeof *out->layers);
    out->size = 0;
    for (size_t i = 0; i < config->diff_id_count; i++) {
        struct layer_info info;
        int r = store_layer_info(store, &config->diff_ids[i], &info, err);
        if (r < 0)
            return r;
        out->layers[out->layer_count++] =
            (struct base_layer){config->diff_ids[i], info.size};
        out->size += sizes[i] = info.size;
    }
    return 0;
}

int engine_image_read(struct store *store, const char *archive,
                      const struct steps_source *of, struct build_result *out,
                      struct err *err)
{
    struct store_image image = {0};
    struct image_config *config = NULL;
    char text[DIGEST_TEXT + 1];
    int r = image_import(store, archive, "built", &out->image_id, err);
    if (r < 0)
        return r;
    digest_text(&out->image_id, text);
    r = store_image_find(store, text, &image, err);
    if (r == 0)
        r = image_config_from_json(image.config, strlen(image.config), &config, err);
    if (r == 0) {
        AUTO_FREE uint64_t *sizes = xcalloc(config->diff_id_count + 1, sizeof *sizes);
        r = read_layers(store, config, sizes, out, err);
        if (r == 0)
            engine_steps_layers(of, config, sizes, out);
    }
    image_config_free(config);
    store_image_free(&image);
    return r;
}
