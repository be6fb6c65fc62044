/* SPDX-License-Identifier: MIT */
/* The image a build ends with: config and history as BuildKit writes them, and the
 * result. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/build/graph.h"

/* "created" of lines without a layer is that of the next layer made above them, or of
 * the last one (cache-semantics 7). */
static int64_t time_at(struct build *b, unsigned stage, size_t position)
{
    const struct plan_stage *plan = &b->plan->stages[stage];
    for (size_t i = position; i < plan->first_step + plan->step_count; i++)
        if (b->vertices[i].kind == VERTEX_WORK)
            return b->vertices[i].created_s;
    for (size_t i = position; i-- > plan->first_step;)
        if (b->vertices[i].kind == VERTEX_WORK)
            return b->vertices[i].created_s;
    return INT64_MIN;
}

static char *classic_line(const struct vertex *v)
{
    const struct plan_step *step = v->step;
    if (step->kind != PLAN_COPY)
        return xstrdup(step->created_by);
    struct digest d;
    char hex[DIGEST_HEX + 1];
    selection_digest(&v->selection, &d);
    digest_hex(&d, hex);
    return xasprintf("/bin/sh -c #(nop) %s %s:%s in %s ", step->word,
                     v->selection.len > 1 ? "multi" : "file", hex,
                     step->copy->dest_text);
}

static void add_history(struct build *b, struct image_config *config, unsigned stage)
{
    bool buildkit = b->options->semantics == SEMANTICS_BUILDKIT;
    char comment[] = "buildkit.dockerfile.v0";
    const struct plan_stage *plan = &b->plan->stages[stage];
    for (size_t i = plan->first_step; i < plan->first_step + plan->step_count; i++) {
        const struct vertex *v = &b->vertices[i];
        if (v->step->created_by == NULL)
            continue;
        AUTO_FREE char *line = b->options->semantics == SEMANTICS_CLASSIC
                                   ? classic_line(v)
                                   : xstrdup(v->step->created_by);
        struct image_history h = {
            .created_s = time_at(b, stage, i),
            .created_by = line,
            .comment = buildkit ? comment : NULL,
            .empty_layer = !v->has_layer,
        };
        if (h.created_s == INT64_MIN)
            h.created_s = b->options->source_date_epoch >= 0
                              ? b->options->source_date_epoch
                              : b->options->now_s;
        image_config_add_history(config, &h);
    }
}

/* The history runs through all stages the target stands on, the lowest first. */
static void add_all_history(struct build *b, struct image_config *config)
{
    unsigned *chain = xcalloc(b->plan->stage_count, sizeof *chain);
    size_t n = 0;
    chain[n++] = b->plan->target;
    while (b->plan->stages[chain[n - 1]].base.kind == PLAN_SOURCE_STAGE) {
        chain[n] = b->plan->stages[chain[n - 1]].base.index;
        n++;
    }
    while (n > 0)
        add_history(b, config, chain[--n]);
    free(chain);
}

static int set_layers(struct build *b, struct image_config *config,
                      const struct digest *chain, struct err *err)
{
    struct build_result *r = b->result;
    struct digest *ids = NULL;
    size_t n = 0;
    int rc = digest_is_zero(chain)
                 ? 0
                 : store_chain_layers(b->options->store, chain, &ids, &n, err);
    free(config->diff_ids);
    config->diff_ids = NULL;
    config->diff_id_count = 0;
    r->layers = xcalloc(n + 1, sizeof *r->layers);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct layer_info info;
        rc = store_layer_info(b->options->store, &ids[i], &info, err);
        if (rc != 0)
            break;
        image_config_add_layer(config, &ids[i]);
        r->layers[r->layer_count++] = (struct base_layer){ids[i], info.size};
        r->size += info.size;
    }
    free(ids);
    return rc;
}

int finish_image(struct build *b, struct err *err)
{
    static const struct digest empty;
    const struct vertex *tip = b->stages[b->plan->target].tip;
    struct image_config *config =
        image_config_copy(b->plan->stages[b->plan->target].config);
    add_all_history(b, config);
    const struct digest *chain = tip != NULL ? &tip->chain : &empty;
    int rc = set_layers(b, config, chain, err);
    if (config->history_count != 0)
        config->created_s = config->history[config->history_count - 1].created_s;
    for (size_t i = config->history_count; i-- > 0;)
        if (!config->history[i].empty_layer) {
            config->created_s = config->history[i].created_s;
            break;
        }
    if (b->options->source_date_epoch >= 0)
        config->created_s = b->options->source_date_epoch;
    AUTO_BUF json = BUF_INIT;
    image_config_to_json(config, &json);
    image_config_free(config);
    if (rc == 0)
        rc = store_image_put_on(b->options->store, buf_str(&json), chain,
                                b->result->image_name, &b->result->image_id, err);
    if (rc == 0)
        b->result->config_json = buf_steal(&json);
    return rc;
}

void finish_result(struct build *b)
{
    struct build_result *r = b->result;
    r->has_virtual = b->options->executor->is_virtual;
    r->wall_s = (double)(clock_monotonic_ns() - b->started_ns) / 1e9;
    const struct stage_work *target =
        b->stages != NULL ? &b->stages[b->plan->target] : NULL;
    if (target != NULL && target->tip != NULL)
        r->virtual_ms = target->tip->finish_ms;
}
