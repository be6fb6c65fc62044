/* SPDX-License-Identifier: MIT */
/* Counts the holders of each layer. */
#include "bench/sharing.h"

#include <stdlib.h>

#include "sim/base/map.h"
#include "sim/base/mem.h"

static size_t *slot_of(const struct sharing *s, const struct digest *diff_id)
{
    char text[DIGEST_TEXT + 1];
    digest_text(diff_id, text);
    return map_get(s->holders, text);
}

/* An image that holds a layer twice counts once. */
static bool held_before(const struct loaded_image *image, size_t layer)
{
    for (size_t i = 0; i < layer; i++)
        if (digest_equal(&image->layers[i]->diff_id, &image->layers[layer]->diff_id))
            return true;
    return false;
}

static void count_layers(struct sharing *s)
{
    size_t all = 0, used = 0;
    for (size_t i = 0; i < s->len; i++)
        all += s->images[i].loaded.config->diff_id_count;
    s->counts = xcalloc(all + 1, sizeof *s->counts);
    for (size_t i = 0; i < s->len; i++) {
        const struct loaded_image *image = &s->images[i].loaded;
        for (size_t l = 0; l < image->config->diff_id_count; l++) {
            size_t *slot = slot_of(s, &image->layers[l]->diff_id);
            if (slot == NULL) {
                char text[DIGEST_TEXT + 1];
                digest_text(&image->layers[l]->diff_id, text);
                slot = &s->counts[used++];
                map_put(s->holders, text, slot);
            }
            *slot += held_before(image, l) ? 0 : 1;
        }
    }
}

int sharing_load(struct store *store, struct sharing *out, struct err *err)
{
    struct store_image *list = NULL;
    size_t len = 0;
    *out = (struct sharing){.holders = map_new()};
    int r = store_image_list(store, &list, &len, err);
    out->images = xcalloc(len + 1, sizeof *out->images);
    for (size_t i = 0; i < len; i++) {
        char id[DIGEST_TEXT + 1];
        digest_text(&list[i].id, id);
        if (r == 0)
            r = bench_image_load(store, id, &out->images[out->len++].loaded, err);
        store_image_free(&list[i]);
    }
    free(list);
    if (r < 0)
        return r;
    count_layers(out);
    for (size_t i = 0; i < out->len; i++) {
        struct shared_image *image = &out->images[i];
        for (size_t l = 0; l < image->loaded.config->diff_id_count; l++)
            if (sharing_count(out, &image->loaded.layers[l]->diff_id) > 1)
                image->shared_bytes += image->loaded.layers[l]->size;
    }
    return 0;
}

void sharing_free(struct sharing *s)
{
    for (size_t i = 0; i < s->len; i++)
        bench_image_unload(&s->images[i].loaded);
    free(s->images);
    free(s->counts);
    map_free(s->holders);
    *s = (struct sharing){0};
}

size_t sharing_count(const struct sharing *s, const struct digest *diff_id)
{
    const size_t *slot = slot_of(s, diff_id);
    return slot != NULL ? *slot : 0;
}
