/* SPDX-License-Identifier: MIT */
/*
 * Views against a model that is too simple to be wrong: a flat list of paths. Random
 * layers are stacked, random changes made; after each the view shows what the model
 * holds, and the diff, put on top as a layer, shows it too.
 */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/view.h"

enum { FILES_MOST = 400, STEPS = 12, ROUNDS = 250, PATH_ROOM = 24 };

struct item {
    char path[PATH_ROOM];
    enum entry_type type;
    uint32_t mode;
    uint64_t seed; /* of a file's content */
};

struct model {
    struct item items[FILES_MOST];
    size_t len;
};

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x * 0x2545f4914f6cdd1du >> 11;
}

static size_t below(uint64_t *x, size_t n)
{
    return (size_t)(next_random(x) % n);
}

/* ---- the model
 * ----------------------------------------------------------------------- */

static struct item *find(struct model *m, const char *path)
{
    for (size_t i = 0; i < m->len; i++)
        if (strcmp(m->items[i].path, path) == 0)
            return &m->items[i];
    return NULL;
}

static void drop(struct model *m, const char *path, bool itself)
{
    size_t len = 0;
    for (size_t i = 0; i < m->len; i++) {
        const char *at = m->items[i].path;
        bool gone = path_is_below(at, path) && (itself || strcmp(at, path) != 0);
        if (!gone)
            m->items[len++] = m->items[i];
    }
    m->len = len;
}

static bool parent_is_dir(struct model *m, const char *path)
{
    size_t n = path_parent_len(path);
    if (n == 0)
        return true;
    char parent[PATH_ROOM];
    snprintf(parent, sizeof parent, "%.*s", (int)n, path);
    const struct item *p = find(m, parent);
    return p != NULL && p->type == ENTRY_DIR;
}

static void put(struct model *m, const struct item *item)
{
    struct item *old = find(m, item->path);
    if (old != NULL && old->type == ENTRY_DIR && item->type != ENTRY_DIR)
        drop(m, item->path, false);
    old = find(m, item->path);
    if (old == NULL)
        old = &m->items[m->len++];
    assert_true(m->len < FILES_MOST);
    *old = *item;
}

static int compare_items(const void *a, const void *b)
{
    return path_compare(((const struct item *)a)->path, ((const struct item *)b)->path);
}

/* ---- random things
 * -------------------------------------------------------------------- */

static void random_path(uint64_t *x, char out[PATH_ROOM])
{
    static const char *const names[] = {"a", "b", "a.x", "a-", "c"};
    size_t depth = 1 + below(x, 4), len = 0;
    for (size_t i = 0; i < depth; i++)
        len += (size_t)snprintf(out + len, PATH_ROOM - len, "%s%s", i ? "/" : "",
                                names[below(x, 5)]);
}

static struct item random_item(uint64_t *x)
{
    static const enum entry_type types[] = {ENTRY_FILE, ENTRY_FILE, ENTRY_DIR,
                                            ENTRY_DIR, ENTRY_SYMLINK};
    struct item item = {.type = types[below(x, 5)]};
    random_path(x, item.path);
    item.mode = item.type == ENTRY_SYMLINK ? 0777 : below(x, 4) != 0 ? 0755 : 0700;
    item.seed = item.type == ENTRY_FILE ? 1 + below(x, 3) : 0;
    return item;
}

static struct entry entry_of(const struct item *item)
{
    struct entry e = {.path = item->path, .type = item->type, .mode = item->mode};
    if (item->type == ENTRY_SYMLINK)
        e.target = "t";
    if (item->type == ENTRY_FILE) {
        e.size = 10;
        e.content = (struct content){.kind = CONTENT_SEED, .from.seed = item->seed};
    }
    return e;
}

/* ---- comparing
 * ------------------------------------------------------------------------ */

static int add_shown(void *payload, const struct entry *e, struct err *err)
{
    (void)err;
    if (e->path[0] != '\0')
        buf_addf(payload, "%s %d %o %d\n", e->path, e->type, e->mode,
                 e->type == ENTRY_FILE ? (int)e->content.from.seed : 0);
    return 0;
}

static void show_view(struct view *v, struct buf *out)
{
    assert_int_equal(view_walk(v, "", add_shown, out, NULL), 0);
}

static void show_model(struct model *m, struct buf *out)
{
    qsort(m->items, m->len, sizeof *m->items, compare_items);
    for (size_t i = 0; i < m->len; i++) {
        struct entry e = entry_of(&m->items[i]);
        add_shown(out, &e, NULL);
    }
}

static void assert_view_is(struct view *v, struct model *m, const char *when, int round)
{
    AUTO_BUF got = BUF_INIT;
    AUTO_BUF want = BUF_INIT;
    show_view(v, &got);
    show_model(m, &want);
    if (strcmp(buf_str(&got), buf_str(&want)) != 0)
        fail_msg("round %d, %s: view:\n%smodel:\n%s", round, when, buf_str(&got),
                 buf_str(&want));
    char path[PATH_ROOM];
    uint64_t x = (uint64_t)round + 77;
    for (int i = 0; i < 20; i++) {
        random_path(&x, path);
        const struct entry *e = view_lookup(v, path);
        const struct item *item = find(m, path);
        assert_int_equal(e != NULL, item != NULL);
        if (e != NULL)
            assert_int_equal(e->type, item->type);
    }
}

/* ---- the test
 * --------------------------------------------------------------------------- */

/* A layer as other tools make them: whiteouts of what may be there or not, opaque
 * folders. Applied to the model by its own words. */
static struct tree *foreign_layer(uint64_t *x, struct model *m)
{
    struct tree *t = tree_new();
    struct model made = {.len = 0};
    for (size_t n = below(x, 6); n > 0; n--) { /* what goes */
        char path[PATH_ROOM];
        random_path(x, path);
        const struct item *here = find(m, path);
        bool opaque = here != NULL && here->type == ENTRY_DIR && below(x, 2) == 0;
        if (!parent_is_dir(m, path) || find(&made, path) != NULL)
            continue;
        AUTO_FREE char *mark = xasprintf("%s/.wh..wh..opq", path);
        struct entry e = {.path = opaque ? mark : path,
                          .type = opaque ? ENTRY_OPAQUE : ENTRY_WHITEOUT};
        struct item same = {.type = ENTRY_DIR};
        if (opaque)
            same = *here;
        drop(m, path, true);
        if (opaque) {
            put(m, &same);
            put(&made, &same);
            struct entry dir = entry_of(&same);
            tree_add(t, &dir);
        } else {
            snprintf(same.path, sizeof same.path, "%s", path);
            same.type = ENTRY_WHITEOUT;
            put(&made, &same);
        }
        tree_add(t, &e);
    }
    for (size_t n = below(x, 12); n > 0; n--) { /* what comes */
        struct item item = random_item(x);
        const struct item *there = find(&made, item.path);
        /* A layer has one entry for a path, and its parents stand in it. */
        if (there != NULL || !parent_is_dir(&made, item.path))
            continue;
        put(m, &item);
        put(&made, &item);
        struct entry e = entry_of(&item);
        tree_add(t, &e);
    }
    tree_sort(t);
    return t;
}

static void change(uint64_t *x, struct view *v, struct model *m)
{
    struct item item = random_item(x);
    if (below(x, 4) == 0) {
        view_remove(v, item.path);
        drop(m, item.path, true);
        return;
    }
    struct entry e = entry_of(&item);
    struct err err = ERR_INIT;
    int rc = view_put(v, &e, &err);
    assert_int_equal(rc == 0, parent_is_dir(m, item.path));
    if (rc == 0)
        put(m, &item);
}

/* Every entry of a diff says something: it differs from below, or leads to one that
 * does, or its folder was stirred (which shows no difference). */
static void assert_no_idle_entry(const struct tree *layer, struct model *before)
{
    for (size_t i = 0; i < layer->len; i++) {
        const struct entry *e = &layer->entries[i];
        const struct item *old = find(before, e->path);
        if (e->type == ENTRY_WHITEOUT) {
            assert_non_null(old);
            continue;
        }
        if (e->type == ENTRY_DIR || old == NULL)
            continue;
        struct entry was = entry_of(old);
        assert_false(entry_same(e, &was));
    }
}

static void view__when_random__then_as_the_model(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t x = (uint64_t)round * 7919 + 1;
        struct view *v = view_new();
        struct model m = {.len = 0};
        struct tree *layers[STEPS];
        for (size_t step = 0; step < STEPS; step++) {
            struct model before = m;
            if (below(&x, 3) == 0) {
                layers[step] = foreign_layer(&x, &m);
            } else {
                for (size_t n = 1 + below(&x, 15); n > 0; n--)
                    change(&x, v, &m);
                assert_view_is(v, &m, "changed", round);
                assert_int_equal(view_diff(v, &layers[step], NULL), 0);
                assert_no_idle_entry(layers[step], &before);
            }
            view_push(v, layers[step]);
            assert_view_is(v, &m, "pushed", round);
        }
        struct view *again = view_new();
        for (size_t step = 0; step < STEPS; step++)
            view_push(again, layers[step]);
        assert_view_is(again, &m, "stacked anew", round);
        view_free(again);
        view_free(v);
        for (size_t step = 0; step < STEPS; step++)
            tree_free(layers[step]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(view__when_random__then_as_the_model),
    };
    return cmocka_run_group_tests_name("view_random", tests, NULL, NULL);
}
