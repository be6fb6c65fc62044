/* SPDX-License-Identifier: MIT */
/* The collector, and copies of caches, on both backings. */
#include "tests/support.h"

#include "tests/unit/store/fixture.h"

static uint64_t prune(struct store *store, bool all, uint64_t keep, uint64_t *removed)
{
    struct prune_options options = {.all = all, .keep_bytes = keep, .now_s = 1000000};
    uint64_t freed = 0, records = 0;
    ok(store_prune(store, &options, &freed, &records, &err));
    if (removed != NULL)
        *removed = records;
    return freed;
}

static struct tree *mb(const char *path, unsigned n)
{
    return tree_modelled(path, (uint64_t)n << 20, n + (uint64_t)path[0]);
}

static void prune__when_keep_is_small__then_old_leaves_first(void **state)
{
    struct fixture *f = *state;
    /* base <- a <- a2 ; base <- b. a2 is used last. */
    struct digest base = put_step(f->store, "base", no_chain, mb("base", 1));
    struct digest a = put_step(f->store, "a", base, mb("a", 2));
    put_step(f->store, "b", base, mb("b", 3));
    put_step(f->store, "a2", a, mb("c", 4));
    uint64_t removed;
    assert_int_equal(prune(f->store, false, 7 << 20, &removed), 3 << 20);
    assert_int_equal(removed, 1);
    assert_false(has_record(f->store, "b"));
    /* "base" and "a" are no leaves: only a2 can go, though it is the newest. */
    assert_int_equal(prune(f->store, false, 6 << 20, &removed), 4 << 20);
    assert_false(has_record(f->store, "a2"));
    assert_true(has_record(f->store, "a"));
    assert_true(has_record(f->store, "base"));
    struct digest key = key_of("b"), never = key_of("never");
    assert_true(store_record_was_collected(f->store, &key));
    assert_false(store_record_was_collected(f->store, &never));
    put_step(f->store, "b", base, mb("b", 3));
    assert_false(store_record_was_collected(f->store, &key));
    verify_clean(f->store);
}

static void prune__when_often_used__then_kept(void **state)
{
    struct fixture *f = *state;
    put_step(f->store, "often", no_chain, mb("o", 1));
    put_step(f->store, "remade", no_chain, mb("r", 1));
    for (int i = 0; i < 5; i++) {
        assert_true(has_record(f->store, "often"));
        put_step(f->store, "remade", no_chain, mb("r", 1)); /* counts as well */
    }
    put_step(f->store, "x", no_chain, mb("x", 1));
    put_step(f->store, "y", no_chain, mb("y", 1));
    put_step(f->store, "z", no_chain, mb("z", 1));
    /* Ranks: often 1/5 + 2/2, remade 2/5 + 2/2, x 3/5 + 1/2, y 4/5 + 1/2,
     * z 5/5 + 1/2. */
    prune(f->store, false, 4 << 20, NULL);
    assert_false(has_record(f->store, "x"));
    assert_true(has_record(f->store, "often"));
    assert_true(has_record(f->store, "remade"));
}

static void prune__when_images_hold__then_kept_unless_all(void **state)
{
    struct fixture *f = *state;
    struct digest base = put_layer(f->store, mb("base", 1));
    struct digest chain = put_step(f->store, "base", no_chain, mb("base", 1));
    struct digest top = put_layer(f->store, mb("top", 2));
    put_step(f->store, "top", chain, mb("top", 2));
    put_step(f->store, "other", chain, mb("other", 4));
    struct digest layers[] = {base, top};
    put_image(f->store, "app", layers, 2);
    uint64_t removed;
    assert_int_equal(prune(f->store, false, 0, &removed), 4 << 20);
    assert_int_equal(removed, 1);
    assert_true(has_record(f->store, "top"));
    assert_int_equal(prune(f->store, true, 0, &removed), 0);
    assert_int_equal(removed, 2);
    assert_false(has_record(f->store, "top"));
    assert_true(store_layer_has(f->store, &top));
    verify_clean(f->store);
    ok(store_image_remove(f->store, "app", NULL, &err));
    assert_int_equal(prune(f->store, false, 0, &removed), 3 << 20);
    assert_int_equal(usage_of(f->store).layers, 0);
    verify_clean(f->store);
}

static void prune__when_recent__then_kept_with_what_it_stands_on(void **state)
{
    struct fixture *f = *state;
    store_set_clock(f->store, 1000);
    struct digest base = put_step(f->store, "base", no_chain, mb("base", 1));
    put_step(f->store, "old", base, mb("old", 2));
    store_set_clock(f->store, 5000);
    put_step(f->store, "new", base, mb("new", 3));
    struct prune_options options = {.older_than_s = 1000, .now_s = 5500};
    uint64_t freed, removed;
    ok(store_prune(f->store, &options, &freed, &removed, &err));
    assert_int_equal(freed, 2 << 20);
    assert_int_equal(removed, 1);
    assert_true(has_record(f->store, "base"));
    assert_true(has_record(f->store, "new"));
}

static void prune__when_layer_is_in_use__then_it_stays(void **state)
{
    struct fixture *f = *state;
    struct layer *layer = NULL;
    ok(store_layer_put(f->store, mb("used", 1), &layer, &err));
    assert_int_equal(prune(f->store, true, 0, NULL), 0);
    assert_true(store_layer_has(f->store, &layer->diff_id));
    struct digest id = layer->diff_id;
    layer_unref(layer);
    assert_int_equal(prune(f->store, true, 0, NULL), 1 << 20);
    assert_false(store_layer_has(f->store, &id));
}

static void prune__when_aliases_and_objects_dangle__then_gone(void **state)
{
    struct fixture *f = *state;
    struct digest fast = key_of("fast"), slow = key_of("slow"), got, object;
    put_step(f->store, "slow", no_chain, mb("s", 1));
    ok(store_alias_put(f->store, &fast, &slow, &err));
    ok(store_object_put(f->store, "x", 1, &object, &err));
    prune(f->store, false, 100 << 20, NULL);
    ok(store_alias_get(f->store, &fast, &got, &err));
    prune(f->store, false, 0, NULL);
    assert_int_equal(store_alias_get(f->store, &fast, &got, NULL), ERR_NOT_FOUND);
    struct buf out = BUF_INIT;
    assert_int_equal(store_object_get(f->store, &object, &out, NULL), ERR_NOT_FOUND);
    buf_free(&out);
}

static void prune__when_in_a_group__then_refused(void **state)
{
    struct fixture *f = *state;
    struct prune_options options = {.all = true};
    ok(store_begin(f->store, &err));
    assert_int_equal(store_prune(f->store, &options, NULL, NULL, NULL), ERR_FAILED);
    ok(store_commit(f->store, &err));
}

static void prune__when_all_is_empty__then_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t removed;
    assert_int_equal(prune(f->store, true, 0, &removed), 0);
    assert_int_equal(removed, 0);
}

static void prune__when_on_disk__then_files_go_too(void **state)
{
    struct fixture *f = *state;
    struct digest chain = put_step(f->store, "k", no_chain, tree_of("f", "12345"));
    char *blob = blob_path(f, "blobs/sha256", &chain);
    char *index = blob_path(f, "index", &chain);
    struct digest stray = key_of("left by a killed build");
    char *left = blob_path(f, "blobs/sha256", &stray);
    ok(file_write(left, "x", 1, &err));
    char *mount = xasprintf("%s/mounts/pip", f->dir);
    char *wheel = xasprintf("%s/wheel", mount);
    ok(file_make_folders(mount, &err));
    ok(file_write(wheel, "0123456789", 10, &err));
    assert_true(file_exists(blob) && file_exists(index));
    struct store_usage u = usage_of(f->store);
    assert_int_equal(u.mounts, 1);
    assert_int_equal(u.mount_bytes, 10);
    assert_int_equal(u.reclaimable_bytes, 15);
    assert_int_equal(prune(f->store, false, 12, NULL), 5);
    assert_true(file_exists(wheel));
    assert_int_equal(prune(f->store, false, 0, NULL), 10);
    assert_false(file_exists(blob) || file_exists(index) || file_exists(left) ||
                 file_exists(mount));
    free(blob);
    free(index);
    free(left);
    free(mount);
    free(wheel);
}

static void prune__when_another_process_prunes__then_no_stale_hit(void **state)
{
    struct fixture *f = *state;
    struct digest chain = put_step(f->store, "k", no_chain, tree_of("f", "12345"));
    assert_true(has_record(f->store, "k")); /* its chain is known as complete */
    struct store *other = NULL;
    ok(store_open(f->dir, NULL, &other, &err));
    prune(other, true, 0, NULL);
    assert_false(has_record(f->store, "k"));
    /* The record comes back without its layer, as from a cache export of mode min. */
    struct record bare = {.key = key_of("k"), .chain = chain, .layer = chain};
    put_chain(other, no_chain, chain);
    ok(store_record_put(other, &bare, &err));
    assert_false(has_record(f->store, "k"));
    put_step(f->store, "k", no_chain, tree_of("f", "12345"));
    assert_true(has_record(other, "k"));
    struct layer *layer = NULL;
    struct digest key = key_of("k");
    struct record record;
    ok(store_record_get(f->store, &key, &record, &err));
    ok(store_layer_get(other, &record.layer, &layer, &err));
    layer_unref(layer);
    store_close(other);
    verify_clean(f->store);
}

static void prune__when_many_records__then_down_to_the_size(void **state)
{
    struct fixture *f = *state;
    ok(store_begin(f->store, &err));
    struct digest chain = no_chain;
    for (int i = 0; i < 150; i++) {
        char name[16];
        snprintf(name, sizeof name, "k%d", i);
        chain = put_step(f->store, name, i % 7 == 0 ? no_chain : chain,
                         tree_modelled(name, 1000, (uint64_t)i));
    }
    ok(store_commit(f->store, &err));
    prune(f->store, false, 60000, NULL);
    struct store_usage u = usage_of(f->store);
    assert_true(u.cache_bytes <= 60000 && u.cache_bytes > 50000);
    assert_int_equal(u.records * 1000, u.cache_bytes);
    verify_clean(f->store);
}

/* ---- copies ---------------------------------------------------------------------- */

/* As a build with a builder stage: base, stage on it, result on base. */
static void fill(struct store *store, struct digest *result)
{
    struct digest base = put_step(store, "base", no_chain, mb("base", 1));
    put_step(store, "stage", base, tree_of("stage", "s"));
    *result = put_step(store, "result", base, tree_of("result", "r"));
    struct digest fast = key_of("fast"), slow = key_of("result");
    ok(store_alias_put(store, &fast, &slow, &err));
}

static void copy_between(struct store *from, struct store *to, bool all)
{
    struct digest result, fast = key_of("fast"), got;
    fill(from, &result);
    ok(store_copy_cache(from, to, all, &result, 1, &err));
    assert_true(has_record(to, "base"));
    assert_true(has_record(to, "result"));
    assert_int_equal(has_record(to, "stage"), all);
    ok(store_alias_get(to, &fast, &got, &err));
    assert_int_equal(usage_of(to).records, 3);
    assert_int_equal(usage_of(to).layers, all ? 3 : 2);
    ok(store_copy_cache(from, to, all, &result, 1, &err)); /* again: no change */
    assert_int_equal(usage_of(to).records, 3);
    verify_clean(to);
}

static void copy__when_min_or_max__then_layers_as_asked(void **state)
{
    struct fixture *f = *state;
    for (int all = 0; all < 2; all++) {
        char *dir = xasprintf("%s/other%d", f->root, all);
        struct store *disk = NULL, *memory = store_open_memory(NULL);
        ok(store_open(dir, NULL, &disk, &err));
        copy_between(f->store, memory, all == 1);
        copy_between(f->store, disk, all == 1);
        store_close(disk);
        store_close(memory);
        free(dir);
    }
    struct store *fresh = store_open_memory(NULL);
    ok(store_copy_cache(fresh, f->store, true, NULL, 0, &err));
    ok(store_copy_cache(f->store, f->store, true, NULL, 0, &err));
    store_close(fresh);
}

static void prune__when_records_are_counted__then_so_many_stay(void **state)
{
    struct fixture *f = *state;
    char name[16];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "step%d", i);
        put_step(f->store, name, no_chain, mb(name, 1));
    }
    struct prune_options options = {.keep_records = 10, .now_s = 1000000};
    uint64_t removed = 0;
    ok(store_prune(f->store, &options, NULL, &removed, &err));
    assert_int_equal(removed, 30);
    assert_true(has_record(f->store, "step39"));
    assert_false(has_record(f->store, "step0"));
    ok(store_prune(f->store, &options, NULL, &removed, &err));
    assert_int_equal(removed, 0);
    verify_clean(f->store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(prune__when_keep_is_small__then_old_leaves_first),
        BOTH(prune__when_often_used__then_kept),
        BOTH(prune__when_records_are_counted__then_so_many_stay),
        BOTH(prune__when_images_hold__then_kept_unless_all),
        BOTH(prune__when_recent__then_kept_with_what_it_stands_on),
        BOTH(prune__when_layer_is_in_use__then_it_stays),
        BOTH(prune__when_aliases_and_objects_dangle__then_gone),
        BOTH(prune__when_in_a_group__then_refused),
        BOTH(prune__when_all_is_empty__then_nothing),
        DISK(prune__when_on_disk__then_files_go_too),
        DISK(prune__when_another_process_prunes__then_no_stale_hit),
        BOTH(prune__when_many_records__then_down_to_the_size),
        BOTH(copy__when_min_or_max__then_layers_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
