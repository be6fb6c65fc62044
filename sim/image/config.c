/* SPDX-License-Identifier: MIT */
/* The config value: made, copied, freed, added to. */
#include "sim/image/config.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

const char *image_architecture(void)
{
    /* Go's GOARCH for what the compiler was asked to make: what runs here. */
#if defined(__x86_64__)
    return "amd64";
#elif defined(__aarch64__)
    return "arm64";
#elif defined(__i386__)
    return "386";
#elif defined(__arm__)
    return "arm";
#elif defined(__riscv) && __riscv_xlen == 64
    return "riscv64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    return "ppc64le";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__loongarch64)
    return "loong64";
#else
    return "unknown";
#endif
}

struct image_config *image_config_new(void)
{
    struct image_config *c = xcalloc(1, sizeof *c);
    c->os = xstrdup("linux");
    c->architecture = xstrdup(image_architecture());
    c->created_s = INT64_MIN;
    return c;
}

static char *copy_or_null(const char *s)
{
    return s != NULL ? xstrdup(s) : NULL;
}

static struct strv strv_dup(const struct strv *v)
{
    struct strv copy = STRV_INIT;
    strv_copy(&copy, v);
    return copy;
}

struct image_config *image_config_copy(const struct image_config *c)
{
    struct image_config *n = xmalloc(sizeof *n);
    *n = *c;
    n->os = copy_or_null(c->os);
    n->architecture = copy_or_null(c->architecture);
    n->variant = copy_or_null(c->variant);
    n->author = copy_or_null(c->author);
    n->user = copy_or_null(c->user);
    n->workdir = copy_or_null(c->workdir);
    n->stop_signal = copy_or_null(c->stop_signal);
    n->env = strv_dup(&c->env);
    n->cmd = strv_dup(&c->cmd);
    n->entrypoint = strv_dup(&c->entrypoint);
    n->shell = strv_dup(&c->shell);
    n->exposed = strv_dup(&c->exposed);
    n->volumes = strv_dup(&c->volumes);
    n->labels = strv_dup(&c->labels);
    n->onbuild = strv_dup(&c->onbuild);
    n->healthcheck.test = strv_dup(&c->healthcheck.test);
    n->diff_ids = NULL;
    n->history = NULL;
    n->diff_id_count = n->history_count = 0;
    for (size_t i = 0; i < c->diff_id_count; i++)
        image_config_add_layer(n, &c->diff_ids[i]);
    for (size_t i = 0; i < c->history_count; i++)
        image_config_add_history(n, &c->history[i]);
    return n;
}

void image_config_free(struct image_config *c)
{
    if (c == NULL)
        return;
    char *strings[] = {c->os,   c->architecture, c->variant,    c->author,
                       c->user, c->workdir,      c->stop_signal};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    struct strv *lists[] = {&c->env,    &c->cmd,     &c->entrypoint,
                            &c->shell,  &c->exposed, &c->volumes,
                            &c->labels, &c->onbuild, &c->healthcheck.test};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        strv_free(lists[i]);
    for (size_t i = 0; i < c->history_count; i++) {
        free(c->history[i].created_by);
        free(c->history[i].comment);
        free(c->history[i].author);
    }
    free(c->history);
    free(c->diff_ids);
    free(c);
}

/* Both lists grow by doubling at powers of two, so that no capacity need be kept. */
#define PUSH(items, count)                                                             \
    do {                                                                               \
        if (((count) & ((count)-1)) == 0)                                              \
            (items) =                                                                  \
                xreallocarray((items), (count) == 0 ? 1 : (count)*2, sizeof *(items)); \
        (count)++;                                                                     \
    } while (0)

void image_config_add_layer(struct image_config *c, const struct digest *diff_id)
{
    PUSH(c->diff_ids, c->diff_id_count);
    c->diff_ids[c->diff_id_count - 1] = *diff_id;
}

void image_config_add_history(struct image_config *c, const struct image_history *h)
{
    struct image_history copy = *h;
    copy.created_by = copy_or_null(h->created_by);
    copy.comment = copy_or_null(h->comment);
    copy.author = copy_or_null(h->author);
    PUSH(c->history, c->history_count);
    c->history[c->history_count - 1] = copy;
}

void image_config_add_sorted(struct strv *set, const char *value)
{
    size_t lo = 0, hi = set->len;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(set->items[mid], value);
        if (order == 0)
            return;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    strv_add(set, value);
    char *added = set->items[set->len - 1];
    memmove(&set->items[lo + 1], &set->items[lo],
            (set->len - 1 - lo) * sizeof *set->items);
    set->items[lo] = added;
}
