/* SPDX-License-Identifier: MIT */
/* Records, aliases, chains and groups, on both backings. */
#include "tests/support.h"

#include "tests/unit/store/fixture.h"

static void record__when_put__then_found_whole(void **state)
{
    struct fixture *f = *state;
    struct digest chain = put_step(f->store, "k", no_chain, tree_of("a", "1"));
    struct digest key = key_of("k");
    struct record got;
    ok(store_record_get(f->store, &key, &got, &err));
    assert_true(digest_equal(&got.key, &key));
    assert_true(digest_equal(&got.chain, &chain));
    assert_true(digest_equal(&got.layer, &chain)); /* one layer: its own chain */
    assert_int_equal(got.virtual_ms, 100);
    assert_int_equal(got.wall_ns, 5);
    assert_int_equal(got.created_s, 77);
    struct digest other = key_of("other");
    struct err err = ERR_INIT;
    assert_int_equal(store_record_get(f->store, &other, &got, &err), ERR_NOT_FOUND);
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void record__when_several_of_one_key__then_newest_wins(void **state)
{
    struct fixture *f = *state;
    struct digest key = key_of("k");
    struct record got;
    struct digest a = put_step(f->store, "k", no_chain, tree_of("a", "1"));
    struct digest b = put_step(f->store, "k", no_chain, tree_of("a", "2"));
    ok(store_record_get(f->store, &key, &got, &err));
    assert_true(digest_equal(&got.chain, &b));
    put_step(f->store, "k", no_chain, tree_of("a", "1")); /* made again */
    ok(store_record_get(f->store, &key, &got, &err));
    assert_true(digest_equal(&got.chain, &a));
    assert_int_equal(usage_of(f->store).records, 2);
}

static void record__when_layers_of_newest_are_missing__then_older(void **state)
{
    struct fixture *f = *state;
    struct digest a = put_step(f->store, "k", no_chain, tree_of("a", "1"));
    struct digest absent = key_of("no such layer");
    struct digest key = key_of("k");
    struct record record = {.key = key, .chain = put_chain(f->store, a, absent)};
    ok(store_record_put(f->store, &record, &err));
    struct record got;
    ok(store_record_get(f->store, &key, &got, &err));
    assert_true(digest_equal(&got.chain, &a));
    record.key = key_of("only");
    ok(store_record_put(f->store, &record, &err));
    assert_false(has_record(f->store, "only"));
}

static void record__when_chain_is_empty__then_found(void **state)
{
    struct fixture *f = *state;
    struct record record = {.key = key_of("FROM scratch")};
    ok(store_record_put(f->store, &record, &err));
    assert_true(has_record(f->store, "FROM scratch"));
}

static void record__when_many_outcomes__then_bounded(void **state)
{
    struct fixture *f = *state;
    ok(store_begin(f->store, &err));
    for (int i = 0; i < 40; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        put_step(f->store, "RUN date", no_chain, tree_of("d", text));
    }
    ok(store_commit(f->store, &err));
    assert_int_equal(usage_of(f->store).records, 8);
}

static void record__when_put_in_group__then_seen_inside_and_after(void **state)
{
    struct fixture *f = *state;
    ok(store_begin(f->store, &err));
    ok(store_begin(f->store, &err));
    struct digest a = put_step(f->store, "k1", no_chain, tree_of("a", "1"));
    put_step(f->store, "k2", a, tree_of("b", "2"));
    assert_true(has_record(f->store, "k1"));
    assert_true(has_record(f->store, "k2"));
    ok(store_commit(f->store, &err));
    assert_true(has_record(f->store, "k2"));
    ok(store_commit(f->store, &err));
    assert_true(has_record(f->store, "k2"));
    if (!f->memory) {
        reopen(f);
        assert_true(has_record(f->store, "k1"));
        assert_true(has_record(f->store, "k2"));
    }
}

static void group__when_not_committed__then_invisible_to_others(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    ok(store_open(f->dir, NULL, &other, &err));
    ok(store_begin(f->store, &err));
    put_step(f->store, "k", no_chain, tree_of("a", "1"));
    assert_false(has_record(other, "k"));
    ok(store_commit(f->store, &err));
    assert_true(has_record(other, "k"));
    store_close(other);
}

static void record__when_two_processes_add_under_one_key__then_both_stay(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    ok(store_open(f->dir, NULL, &other, &err));
    ok(store_begin(f->store, &err));
    ok(store_begin(other, &err));
    put_step(f->store, "k", no_chain, tree_of("a", "1"));
    put_step(other, "k", no_chain, tree_of("a", "2"));
    ok(store_commit(other, &err));
    ok(store_commit(f->store, &err));
    store_close(other);
    assert_int_equal(usage_of(f->store).records, 2);
    verify_clean(f->store);
}

/* Reads in one transaction see one moment, keep no writer waiting, and end with the
 * next group. */
static void read__when_together__then_of_one_moment_until_a_group(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    struct digest key = key_of("new");
    struct record found;
    put_step(f->store, "old", no_chain, tree_of("a", "1"));
    ok(store_open(f->dir, NULL, &other, &err));
    store_read_begin(f->store);
    ok(store_record_peek(f->store, (struct digest[]){key_of("old")}, &found, &err));
    put_step(other, "new", no_chain, tree_of("a", "2"));
    assert_int_equal(store_record_peek(f->store, &key, &found, NULL), ERR_NOT_FOUND);
    ok(store_begin(f->store, &err));
    ok(store_record_peek(f->store, &key, &found, &err));
    store_read_begin(f->store);
    put_step(f->store, "own", no_chain, tree_of("a", "3"));
    assert_true(has_record(f->store, "own"));
    ok(store_commit(f->store, &err));
    assert_true(has_record(other, "own"));
    store_close(other);
    verify_clean(f->store);
}

static void alias__when_put__then_found(void **state)
{
    struct fixture *f = *state;
    struct digest fast = key_of("fast"), slow = key_of("slow"), got;
    assert_int_equal(store_alias_get(f->store, &fast, &got, NULL), ERR_NOT_FOUND);
    ok(store_alias_put(f->store, &fast, &slow, &err));
    ok(store_alias_get(f->store, &fast, &got, &err));
    assert_true(digest_equal(&got, &slow));
}

static void chain__when_extended__then_as_oci_says(void **state)
{
    (void)state;
    /* Worked with sha256sum by the rule of the OCI image spec, "Layer ChainID". */
    struct digest a, b, want;
    assert_true(digest_parse(
        "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef", &a));
    assert_true(digest_parse(
        "0167a17a64d31b610458535062936ee41b2f0fc57f1b06cbf89e15454a307169", &b));
    struct digest one = chain_extend(&no_chain, &a);
    assert_true(digest_equal(&one, &a));
    const char *text =
        "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef "
        "sha256:0167a17a64d31b610458535062936ee41b2f0fc57f1b06cbf89e15454a307169";
    want = digest_of(text, strlen(text));
    struct digest two = chain_extend(&a, &b);
    assert_true(digest_equal(&two, &want));
}

static void chain__when_put__then_lists_lowest_first(void **state)
{
    struct fixture *f = *state;
    struct digest layers[3], chain = no_chain;
    for (int i = 0; i < 3; i++) {
        char text[2] = {(char)('a' + i), '\0'};
        layers[i] = key_of(text);
        chain = put_chain(f->store, chain, layers[i]);
    }
    struct digest *got = NULL;
    size_t len = 0;
    ok(store_chain_layers(f->store, &chain, &got, &len, &err));
    assert_int_equal(len, 3);
    assert_memory_equal(got, layers, sizeof layers);
    free(got);
    ok(store_chain_layers(f->store, &no_chain, &got, &len, &err));
    assert_int_equal(len, 0);
    free(got);
    struct digest unknown = key_of("unknown");
    assert_int_equal(store_chain_layers(f->store, &unknown, &got, &len, NULL),
                     ERR_NOT_FOUND);
}

static void uses__when_counted_in_groups__then_guide_the_collector(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        char text[8];
        snprintf(text, sizeof text, "leaf%d", i);
        put_step(f->store, text, no_chain, tree_modelled(text, 8 << 20, (uint64_t)i));
    }
    ok(store_begin(f->store, &err));
    assert_true(has_record(f->store, "leaf0"));
    ok(store_commit(f->store, &err));
    if (!f->memory)
        reopen(f);
    struct prune_options options = {.keep_bytes = 10 << 20, .now_s = 1000000};
    uint64_t freed = 0, removed = 0;
    ok(store_prune(f->store, &options, &freed, &removed, &err));
    assert_int_equal(removed, 2);
    assert_int_equal(freed, 16 << 20);
    assert_true(has_record(f->store, "leaf0"));
    assert_false(has_record(f->store, "leaf1"));
    assert_false(has_record(f->store, "leaf2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(record__when_put__then_found_whole),
        BOTH(record__when_several_of_one_key__then_newest_wins),
        BOTH(record__when_layers_of_newest_are_missing__then_older),
        BOTH(record__when_chain_is_empty__then_found),
        BOTH(record__when_many_outcomes__then_bounded),
        BOTH(record__when_put_in_group__then_seen_inside_and_after),
        DISK(group__when_not_committed__then_invisible_to_others),
        DISK(record__when_two_processes_add_under_one_key__then_both_stay),
        DISK(read__when_together__then_of_one_moment_until_a_group),
        BOTH(alias__when_put__then_found),
        cmocka_unit_test(chain__when_extended__then_as_oci_says),
        BOTH(chain__when_put__then_lists_lowest_first),
        BOTH(uses__when_counted_in_groups__then_guide_the_collector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
