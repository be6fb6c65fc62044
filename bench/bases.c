/* SPDX-License-Identifier: MIT */
/*
 * A base source over the images of the store, with modelled images behind it. Images of
 * registries are not fetched during a build: `simbench pull` brings them here first.
 */
#include "bench/bases.h"

#include <string.h>

#include "bench/interrupt.h"
#include "sim/base/mem.h"
#include "sim/image/config.h"

static int fill_layers(struct store *store, const struct image_config *config,
                       struct base_image *out, struct err *err)
{
    out->layers = xcalloc(config->diff_id_count, sizeof *out->layers);
    for (size_t i = 0; i < config->diff_id_count; i++) {
        struct layer *layer = NULL;
        int r = store_layer_get(store, &config->diff_ids[i], &layer, err);
        if (r < 0)
            return r;
        out->layers[i].diff_id = layer->diff_id;
        out->layers[i].size = layer->size;
        layer_unref(layer);
        out->layer_count++;
    }
    return 0;
}

int bases_from_store(struct store *store, const char *name, struct base_image *out,
                     struct err *err)
{
    struct store_image image = {0};
    memset(out, 0, sizeof *out);
    int r = store_image_find(store, name, &image, err);
    if (r < 0)
        return r;
    r = image_config_from_json(image.config, strlen(image.config), &out->config, err);
    store_image_free(&image);
    if (r == 0)
        r = fill_layers(store, out->config, out, err);
    if (r < 0)
        base_image_free(out);
    return r;
}

static int unknown_base(const char *name, bool modelled, struct err *err)
{
    err_set(err, ERR_NOT_FOUND, "there is no base image \"%s\" in the store%s", name,
            modelled ? ", and no modelled one" : "");
    err_hint(err,
             "bring it here with `simbench pull %s` or `simbench import SRC -t %s`%s",
             name, name, modelled ? "" : "; modelled base images are for --exec model");
    return ERR_NOT_FOUND;
}

static int resolve(void *self, struct store *store, const char *name,
                   struct base_image *out, struct err *err)
{
    const struct image_bases *bases = self;
    struct err why = ERR_INIT;
    int r = bases_from_store(store, name, out, &why);
    if (r == 0)
        return 0;
    if (r != ERR_NOT_FOUND) {
        if (err != NULL)
            *err = why;
        return r;
    }
    const struct base_source *modelled = bases->modelled;
    if (modelled != NULL) {
        r = modelled->resolve(modelled->self, store, name, out, &why);
        if (r != ERR_NOT_FOUND) {
            if (r < 0 && err != NULL)
                *err = why;
            return r;
        }
    }
    return unknown_base(name, modelled != NULL, err);
}

static int fetch(void *self, struct store *store, const char *name, size_t layer,
                 struct err *err)
{
    const struct image_bases *bases = self;
    int r = interrupt_check(err);
    if (r < 0)
        return r;
    struct base_image here = {0};
    if (bases_from_store(store, name, &here, NULL) == 0) {
        base_image_free(&here); /* resolved from the store: all its layers are there */
        return 0;
    }
    if (bases->modelled == NULL)
        return err_set(err, ERR_FAILED, "'%s' was removed from the store meanwhile",
                       name);
    return bases->modelled->fetch(bases->modelled->self, store, name, layer, err);
}

const struct base_source *bases_init(struct image_bases *out,
                                     const struct base_source *modelled)
{
    out->modelled = modelled;
    out->source = (struct base_source){.self = out, .resolve = resolve, .fetch = fetch};
    return &out->source;
}
