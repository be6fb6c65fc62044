/* SPDX-License-Identifier: MIT */
/* Base images of a build: resolved once a name, fetched when a step needs their files.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/build/graph.h"

void base_image_free(struct base_image *base)
{
    image_config_free(base->config);
    free(base->layers);
    *base = (struct base_image){0};
}

void base_refs_free(struct base_ref *bases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(bases[i].name);
        base_image_free(&bases[i].image);
        buf_free(&bases[i].config_json);
    }
    free(bases);
}

/* Modelled bandwidth, contract section 3: python:3.11-slim, 125 MB, takes 12 s. */
uint64_t build_fetch_ms(uint64_t bytes)
{
    return bytes / 1000000 * 96 + bytes % 1000000 * 96 / 1000000;
}

static int resolve(struct build *b, struct base_ref *base, struct err *err)
{
    const struct base_source *source = b->options->bases;
    int rc =
        source->resolve(source->self, b->options->store, base->name, &base->image, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < base->image.layer_count; i++)
        base->chain = chain_extend(&base->chain, &base->image.layers[i].diff_id);
    image_config_to_json(base->image.config, &base->config_json);
    return 0;
}

int build_find_base(void *build, const char *name, unsigned line,
                    const struct image_config **config, unsigned *index,
                    struct err *err)
{
    struct build *b = build;
    for (size_t i = 0; i < b->base_count; i++)
        if (strcmp(b->bases[i].name, name) == 0) {
            *config = b->bases[i].image.config;
            *index = (unsigned)i;
            return 0;
        }
    GROW(b->bases, b->base_cap, b->base_count + 1);
    struct base_ref *base = &b->bases[b->base_count];
    *base = (struct base_ref){.name = xstrdup(name), .line = line};
    b->base_count++;
    int rc = resolve(b, base, err);
    if (rc == ERR_NOT_FOUND && err->msg[0] == '\0')
        err_set(err, ERR_FAILED, "%s: image not found", name);
    if (rc != 0) {
        if (err->code == ERR_NOT_FOUND)
            err_recode(err, ERR_FAILED);
        return err_at(err, b->dockerfile_name, line);
    }
    *config = base->image.config;
    *index = (unsigned)(b->base_count - 1);
    return 0;
}

bool build_base_is_here(struct build *b, const struct base_ref *base)
{
    for (size_t i = 0; i < base->image.layer_count; i++)
        if (!store_layer_has(b->options->store, &base->image.layers[i].diff_id))
            return false;
    return true;
}

static uint64_t bytes_to_fetch(struct build *b, const struct base_ref *base)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < base->image.layer_count; i++)
        if (!store_layer_has(b->options->store, &base->image.layers[i].diff_id))
            bytes += base->image.layers[i].size;
    return bytes;
}

static void tell_progress(struct build *b, const struct vertex *v, uint64_t done,
                          uint64_t total)
{
    struct build_event event = {.kind = BUILD_EVENT_PROGRESS,
                                .step = &b->result->steps[v->position],
                                .result = b->result,
                                .done = done,
                                .total_bytes = total};
    if (b->options->listener != NULL)
        b->options->listener(b->options->listener_payload, &event);
}

int build_fetch_base(struct build *b, const struct base_ref *base, struct vertex *v,
                     struct digest *chain, struct err *err)
{
    const struct base_source *source = b->options->bases;
    struct store *store = b->options->store;
    uint64_t fetched = 0, total = bytes_to_fetch(b, base);
    *chain = (struct digest){0};
    for (size_t i = 0; i < base->image.layer_count; i++) {
        const struct base_layer *layer = &base->image.layers[i];
        if (!store_layer_has(store, &layer->diff_id)) {
            int rc = source->fetch(source->self, store, base->name, i, err);
            if (rc != 0)
                return err_at(err, b->dockerfile_name, v->step->line);
            fetched += layer->size;
            tell_progress(b, v, fetched, total);
        }
        int rc = store_chain_put(store, chain, &layer->diff_id, chain, err);
        if (rc != 0)
            return rc;
    }
    v->fetched_bytes += fetched;
    if (b->options->executor->is_virtual)
        v->virtual_ms += build_fetch_ms(fetched);
    return 0;
}
