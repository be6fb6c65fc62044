/* SPDX-License-Identifier: MIT */
/* Stores to test, on disk and in memory, and things to put into them. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/store/store.h"

struct fixture {
    struct store *store;
    struct layer_memo *memo;
    char *root; /* a folder that goes with the test */
    char *dir;  /* of the store */
    bool memory;
};

/* A failure in a child process ends it: it must not go on with the parent's tests. */
#define ok(call)                                                                       \
    do {                                                                               \
        struct err err = ERR_INIT;                                                     \
        int rc_ = (call);                                                              \
        if (rc_ != 0 && getenv("TEST_CHILD") != NULL)                                  \
            _exit(9);                                                                  \
        if (rc_ != 0)                                                                  \
            fail_msg("%s: %d %s", #call, rc_, err.msg);                                \
    } while (0)

static inline int setup(void **state, bool memory)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    struct err err = ERR_INIT;
    f->memory = memory;
    f->memo = layer_memo_new();
    const char *tmp = getenv("TMPDIR");
    if (file_temp_folder(tmp != NULL ? tmp : "/tmp", "store", &f->root, &err) != 0)
        return -1;
    f->dir = xasprintf("%s/store", f->root);
    if (memory)
        f->store = store_open_memory(f->memo);
    else if (store_open(f->dir, f->memo, &f->store, &err) != 0)
        return -1;
    store_set_clock(f->store, 1000000);
    *state = f;
    return 0;
}

static inline int setup_memory(void **state)
{
    return setup(state, true);
}

static inline int setup_disk(void **state)
{
    return setup(state, false);
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    layer_memo_free(f->memo);
    file_remove_tree(f->root, NULL);
    free(f->root);
    free(f->dir);
    free(f);
    return 0;
}

/* Every test of a table runs on both backings. */
#define BOTH(test)                                                                     \
    {#test ":memory", test, setup_memory, teardown, NULL},                             \
    {                                                                                  \
#test ":disk", test, setup_disk, teardown, NULL                                \
    }
#define DISK(test)                                                                     \
    {                                                                                  \
#test, test, setup_disk, teardown, NULL                                        \
    }
#define MEMORY(test)                                                                   \
    {                                                                                  \
#test, test, setup_memory, teardown, NULL                                      \
    }

/* A new connection to the same store, as another process has. */
static inline void reopen(struct fixture *f)
{
    struct store *store = NULL;
    store_close(f->store);
    f->store = NULL;
    ok(store_open(f->dir, f->memo, &store, &err));
    f->store = store;
    store_set_clock(store, 1000000);
}

static inline struct digest key_of(const char *text)
{
    return digest_of(text, strlen(text));
}

/* A layer of one file. */
static inline struct tree *tree_of(const char *path, const char *text)
{
    struct tree *tree = tree_new();
    struct entry e = {.path = path, .size = strlen(text), .mode = 0644};
    e.mtime_ns = 1700000000ll * 1000000000;
    e.type = ENTRY_FILE;
    e.content.kind = text[0] != '\0' ? CONTENT_INLINE : CONTENT_NONE;
    e.content.from.bytes = text;
    tree_add(tree, &e);
    tree_sort(tree);
    return tree;
}

static inline struct tree *tree_modelled(const char *path, uint64_t size, uint64_t seed)
{
    struct tree *tree = tree_new();
    struct entry e = {.path = path, .size = size, .mode = 0644, .type = ENTRY_FILE};
    e.content.kind = CONTENT_SEED;
    e.content.from.seed = seed;
    tree_add(tree, &e);
    tree_sort(tree);
    return tree;
}

static inline struct digest put_layer(struct store *store, struct tree *tree)
{
    struct layer *layer = NULL;
    ok(store_layer_put(store, tree, &layer, &err));
    struct digest id = layer->diff_id;
    layer_unref(layer);
    return id;
}

static inline struct digest put_text(struct store *store, const char *text)
{
    return put_layer(store, tree_of("file", text));
}

static inline struct digest put_chain(struct store *store, struct digest parent,
                                      struct digest layer)
{
    struct digest chain;
    ok(store_chain_put(store, &parent, &layer, &chain, &err));
    return chain;
}

static const struct digest no_chain = {{0}};

/* A step: a layer on a chain under a key. Returns the chain. */
static inline struct digest put_step(struct store *store, const char *key,
                                     struct digest parent, struct tree *tree)
{
    struct digest layer = put_layer(store, tree);
    struct record record = {.key = key_of(key),
                            .chain = put_chain(store, parent, layer),
                            .layer = layer,
                            .virtual_ms = 100,
                            .wall_ns = 5,
                            .created_s = 77};
    ok(store_record_put(store, &record, &err));
    return record.chain;
}

static inline bool has_record(struct store *store, const char *key)
{
    struct digest id = key_of(key);
    struct record record;
    return store_record_get(store, &id, &record, NULL) == 0;
}

/* The config of an image with these layers. */
static inline char *config_of(const char *name, const struct digest *layers,
                              size_t count)
{
    struct buf config = BUF_INIT;
    buf_addf(&config,
             "{\"author\":\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[", name);
    for (size_t i = 0; i < count; i++) {
        char text[DIGEST_TEXT + 1];
        digest_text(&layers[i], text);
        buf_addf(&config, "%s\"%s\"", i > 0 ? "," : "", text);
    }
    buf_adds(&config, "]}}");
    return buf_steal(&config);
}

static inline struct digest put_image(struct store *store, const char *name,
                                      const struct digest *layers, size_t count)
{
    struct digest id;
    char *config = config_of(name != NULL ? name : "none", layers, count);
    ok(store_image_put(store, config, name, &id, &err));
    free(config);
    return id;
}

static inline void verify_clean(struct store *store)
{
    struct strv problems = STRV_INIT;
    ok(store_verify(store, &problems, &err));
    if (problems.len > 0)
        fail_msg("%zu problems, first: %s", problems.len, problems.items[0]);
    strv_free(&problems);
}

static inline struct store_usage usage_of(struct store *store)
{
    struct store_usage usage;
    ok(store_usage(store, &usage, &err));
    return usage;
}

static inline char *blob_path(const struct fixture *f, const char *kind,
                              const struct digest *id)
{
    char hex[DIGEST_HEX + 1];
    digest_hex(id, hex);
    return xasprintf("%s/%s/%s", f->dir, kind, hex);
}

#endif
