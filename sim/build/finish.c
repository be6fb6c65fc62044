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

/* Lives as long as the build. */
static char *classic_line(struct build *b, const struct vertex *v)
{
    const struct plan_step *step = v->step;
    if (step->kind != PLAN_COPY)
        return (char *)step->created_by;
    struct digest d;
    char hex[DIGEST_HEX + 1];
    selection_digest(&v->selection, &d);
    digest_hex(&d, hex);
    AUTO_FREE char *line =
        xasprintf("/bin/sh -c #(nop) %s %s:%s in %s ", step->word,
                  v->selection.len > 1 ? "multi" : "file", hex, step->copy->dest_text);
    return arena_strdup(&b->arena, line);
}

/* The rows of a stage's lines, from `at` on; their strings are the plan's or the
 * build's. Returns where they end. */
static size_t add_history(struct build *b, struct image_history *rows, size_t at,
                          unsigned stage)
{
    const struct plan_stage *plan = &b->plan->stages[stage];
    for (size_t i = plan->first_step; i < plan->first_step + plan->step_count; i++) {
        const struct vertex *v = &b->vertices[i];
        if (v->step->created_by == NULL)
            continue;
        struct image_history *h = &rows[at++];
        *h = (struct image_history){.created_s = time_at(b, stage, i),
                                    .empty_layer = !v->has_layer};
        h->created_by = (char *)v->step->created_by;
        if (b->options->semantics == SEMANTICS_CLASSIC)
            h->created_by = classic_line(b, v);
        if (b->options->semantics == SEMANTICS_BUILDKIT)
            h->comment = (char *)"buildkit.dockerfile.v0";
        if (h->created_s == INT64_MIN)
            h->created_s = b->options->source_date_epoch >= 0
                               ? b->options->source_date_epoch
                               : b->options->now_s;
    }
    return at;
}

/* The history runs through all stages the target stands on, the lowest first. */
static void set_history(struct build *b, struct image_config *config)
{
    unsigned *chain = xcalloc(b->plan->stage_count, sizeof *chain);
    size_t n = 0, rows = config->history_count;
    chain[n++] = b->plan->target;
    while (b->plan->stages[chain[n - 1]].base.kind == PLAN_SOURCE_STAGE) {
        chain[n] = b->plan->stages[chain[n - 1]].base.index;
        n++;
    }
    for (size_t i = 0; i < n; i++)
        rows += b->plan->stages[chain[i]].step_count;
    struct image_history *all = xcalloc(rows + 1, sizeof *all);
    if (config->history_count != 0)
        memcpy(all, config->history, config->history_count * sizeof *all);
    config->history = all;
    while (n > 0)
        config->history_count = add_history(b, all, config->history_count, chain[--n]);
    free(chain);
}

static int set_layers(struct build *b, struct image_config *config, struct err *err)
{
    struct build_result *r = b->result;
    int rc = digest_is_zero(&r->chain)
                 ? 0
                 : store_chain_layers(b->options->store, &r->chain, &config->diff_ids,
                                      &config->diff_id_count, err);
    size_t n = config->diff_id_count;
    r->layers = xcalloc(n + 1, sizeof *r->layers);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct layer_info info;
        rc = store_layer_info(b->options->store, &config->diff_ids[i], &info, err);
        if (rc != 0)
            break;
        r->layers[r->layer_count++] =
            (struct base_layer){config->diff_ids[i], info.size};
        r->size += info.size;
    }
    return rc;
}

static void set_created(const struct build *b, struct image_config *config)
{
    if (config->history_count != 0)
        config->created_s = config->history[config->history_count - 1].created_s;
    for (size_t i = config->history_count; i-- > 0;)
        if (!config->history[i].empty_layer) {
            config->created_s = config->history[i].created_s;
            break;
        }
    if (b->options->source_date_epoch >= 0)
        config->created_s = b->options->source_date_epoch;
}

int finish_image(struct build *b, struct err *err)
{
    struct build_result *r = b->result;
    const struct vertex *tip = b->stages[b->plan->target].tip;
    if (tip != NULL)
        r->chain = tip->chain;
    /* The plan's, but for history and layers: nothing else is copied. */
    struct image_config config = *b->plan->stages[b->plan->target].config;
    config.diff_ids = NULL;
    config.diff_id_count = 0;
    set_history(b, &config);
    int rc = set_layers(b, &config, err);
    set_created(b, &config);
    AUTO_BUF json = BUF_INIT;
    buf_reserve(&json, 4096);
    image_config_to_json(&config, &json);
    free(config.history);
    free(config.diff_ids);
    if (rc == 0)
        rc = store_image_put_on(b->options->store, buf_str(&json), &r->chain,
                                r->image_name, &r->image_id, err);
    if (rc == 0)
        r->config_json = buf_steal(&json);
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
