/* SPDX-License-Identifier: MIT */
/* Images and names, on both backings. */
#include "tests/support.h"

#include "tests/unit/store/fixture.h"

static void name__when_normalised__then_as_docker(void **state)
{
    (void)state;
    static const struct {
        const char *name, *want; /* NULL: refused */
    } cases[] = {
        {"app", "app:latest"},
        {"app:1.0", "app:1.0"},
        {"team/app", "team/app:latest"},
        {"localhost:5000/app", "localhost:5000/app:latest"},
        {"localhost/app:x", "localhost/app:x"},
        {"reg.example.com/a/b-c/d__e.f:V_1", "reg.example.com/a/b-c/d__e.f:V_1"},
        {"Reg.Example.com/app", "Reg.Example.com/app:latest"},
        {"docker.io/library/busybox", "busybox:latest"},
        {"docker.io/team/app:2", "team/app:2"},
        {"index.docker.io/library/app", "app:latest"},
        {"python:3.11-slim", "python:3.11-slim"},
        {"a---b", "a---b:latest"},
        {"", NULL},
        {":latest", NULL},
        {"app:", NULL},
        {"App", NULL},
        {"app/", NULL},
        {"/app", NULL},
        {"a//b", NULL},
        {"-app", NULL},
        {"app-", NULL},
        {"a..b", NULL},
        {"a___b", NULL},
        {"a._b", NULL},
        {"app:.x", NULL},
        {"app:a b", NULL},
        {"app:x/y", NULL},
        {"reg.example.com:port/app", NULL},
        {"reg.example.com:/app", NULL},
        {"-reg.example.com/app", NULL},
        {"app@sha256:0167a17a64d31b610458535062936ee41b2f0fc57f1b06cbf89e15454a307169",
         NULL},
        {"0167a17a64d31b610458535062936ee41b2f0fc57f1b06cbf89e15454a307169", NULL},
        {"a\nb", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = ERR_INIT;
        char *got = NULL;
        int rc = store_normalise_name(cases[i].name, &got, &err);
        if (cases[i].want == NULL) {
            if (rc != ERR_INPUT || err.hint[0] == '\0')
                fail_msg("\"%s\" was not refused", cases[i].name);
        } else if (rc != 0 || strcmp(got, cases[i].want) != 0) {
            fail_msg("\"%s\" gave \"%s\" (%s)", cases[i].name, rc == 0 ? got : "",
                     err.msg);
        }
        free(got);
    }
    char longest[800];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    char *got = NULL;
    assert_int_equal(store_normalise_name(longest, &got, NULL), ERR_INPUT);
}

static void image__when_put__then_found_by_name_id_and_prefix(void **state)
{
    struct fixture *f = *state;
    struct digest layer = put_text(f->store, "x");
    struct digest id = put_image(f->store, "app", &layer, 1);
    char hex[DIGEST_HEX + 1], text[DIGEST_TEXT + 1];
    digest_hex(&id, hex);
    digest_text(&id, text);
    const char *refs[] = {"app", "app:latest", "docker.io/library/app", hex, text};
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++) {
        struct store_image image;
        ok(store_image_find(f->store, refs[i], &image, &err));
        assert_true(digest_equal(&image.id, &id));
        assert_int_equal(image.names.len, 1);
        assert_string_equal(image.names.items[0], "app:latest");
        assert_int_equal(image.created_s, 1000000);
        struct digest real = digest_of(image.config, strlen(image.config));
        assert_true(digest_equal(&real, &id));
        store_image_free(&image);
    }
    hex[12] = '\0';
    struct store_image image;
    ok(store_image_find(f->store, hex, &image, &err));
    store_image_free(&image);
    hex[3] = '\0';
    const char *absent[] = {hex, "ap", "app:2", "ffffffffff", "App", ""};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        struct err err = ERR_INIT;
        assert_int_equal(store_image_find(f->store, absent[i], &image, &err),
                         ERR_NOT_FOUND);
        assert_true(err.hint[0] != '\0');
    }
}

static void image__when_prefix_is_ambiguous__then_input_error(void **state)
{
    struct fixture *f = *state;
    /* Enough images that two share four digits; names are given by their number. */
    char first[1000][5];
    ok(store_begin(f->store, &err));
    for (int i = 0; i < 1000; i++) {
        char name[16], hex[DIGEST_HEX + 1];
        snprintf(name, sizeof name, "i%d", i);
        struct digest id = put_image(f->store, name, NULL, 0);
        digest_hex(&id, hex);
        memcpy(first[i], hex, 4);
        first[i][4] = '\0';
        for (int k = 0; k < i; k++) {
            if (strcmp(first[k], first[i]) != 0)
                continue;
            struct store_image image;
            assert_int_equal(store_image_find(f->store, first[i], &image, NULL),
                             ERR_INPUT);
            return;
        }
    }
    fail_msg("no two IDs share four digits");
}

static void image__when_layer_is_missing__then_refused(void **state)
{
    struct fixture *f = *state;
    struct digest absent = key_of("absent"), id;
    char *config = config_of("x", &absent, 1);
    struct err err = ERR_INIT;
    assert_int_equal(store_image_put(f->store, config, "x", &id, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "not in the store"));
    free(config);
    struct store_image image;
    assert_int_equal(store_image_find(f->store, "x", &image, NULL), ERR_NOT_FOUND);
}

static void image__when_chain_is_known__then_stored_on_it(void **state)
{
    struct fixture *f = *state;
    struct digest layer = put_text(f->store, "x"), id, absent = key_of("absent");
    struct digest chain = put_chain(f->store, no_chain, layer);
    struct digest missing = put_chain(f->store, chain, absent);
    char *config = config_of("x", &layer, 1);
    ok(store_image_put_on(f->store, config, &chain, "x", &id, &err));
    assert_int_equal(usage_of(f->store).image_bytes, 1);
    assert_int_equal(store_image_put_on(f->store, "{}", &missing, "y", &id, NULL),
                     ERR_FAILED);
    ok(store_image_put_on(f->store, "{ }", &no_chain, "y", &id, &err));
    free(config);
}

static void image__when_config_is_bad__then_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"rootfs\":{\"diff_ids\":7}}",
        "{\"rootfs\":{\"diff_ids\":[7]}}",
        "{\"rootfs\":{\"diff_ids\":[\"sha256:abc\"]}}",
    };
    struct digest id;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(store_image_put(f->store, bad[i], "x", &id, NULL), ERR_INPUT);
    assert_int_equal(store_image_put(f->store, "{}", "Bad Name", &id, NULL), ERR_INPUT);
    /* What BuildKit writes for an image without layers. */
    ok(store_image_put(f->store, "{\"rootfs\":{\"diff_ids\":null}}", "x", &id, &err));
}

static void image__when_name_moves__then_old_one_stays_nameless(void **state)
{
    struct fixture *f = *state;
    struct digest one = put_text(f->store, "1"), two = put_text(f->store, "2");
    struct digest a = put_image(f->store, "app", &one, 1);
    struct digest b = put_image(f->store, "app", &two, 1);
    assert_false(digest_equal(&a, &b));
    struct store_image *list = NULL;
    size_t len = 0;
    ok(store_image_list(f->store, &list, &len, &err));
    assert_int_equal(len, 2);
    assert_true(digest_equal(&list[0].id, &b)); /* newest first */
    assert_int_equal(list[0].names.len, 1);
    assert_int_equal(list[1].names.len, 0);
    for (size_t i = 0; i < len; i++)
        store_image_free(&list[i]);
    free(list);
}

static void image__when_removed__then_last_name_takes_it(void **state)
{
    struct fixture *f = *state;
    struct digest layer = put_text(f->store, "1"), id;
    char *config = config_of("x", &layer, 1);
    ok(store_image_put(f->store, config, "a:1", &id, &err));
    ok(store_image_put(f->store, config, "a:2", &id, &err));
    struct strv removed = STRV_INIT;
    ok(store_image_remove(f->store, "a:1", &removed, &err));
    assert_int_equal(removed.len, 1);
    assert_string_equal(removed.items[0], "Untagged: a:1");
    struct store_image image;
    ok(store_image_find(f->store, "a:2", &image, &err));
    store_image_free(&image);
    ok(store_image_remove(f->store, "a:2", &removed, &err));
    assert_int_equal(removed.len, 3);
    assert_memory_equal(removed.items[2], "Deleted: sha256:", 16);
    assert_int_equal(usage_of(f->store).images, 0);
    strv_clear(&removed);
    ok(store_image_put(f->store, config, "a:1", &id, &err));
    ok(store_image_put(f->store, config, "a:2", &id, &err));
    char hex[DIGEST_HEX + 1];
    digest_hex(&id, hex);
    ok(store_image_remove(f->store, hex, &removed, &err));
    assert_int_equal(removed.len, 3);
    assert_int_equal(store_image_remove(f->store, "a:1", NULL, NULL), ERR_NOT_FOUND);
    strv_free(&removed);
    free(config);
}

static void images__when_renamed_for_ever_in_memory__then_bounded(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2000; i++) {
        struct digest id;
        char config[64];
        snprintf(config, sizeof config, "{\"author\":\"%d\"}", i);
        ok(store_image_put(f->store, config, "app", &id, &err));
    }
    uint64_t images = usage_of(f->store).images;
    assert_true(images > 100 && images < 1000);
    struct store_image image;
    ok(store_image_find(f->store, "app", &image, &err));
    assert_string_equal(image.config, "{\"author\":\"1999\"}");
    store_image_free(&image);
}

static void usage__when_images_share__then_exact(void **state)
{
    struct fixture *f = *state;
    struct digest base = put_layer(f->store, tree_modelled("base", 1000, 1));
    struct digest layers[2] = {base};
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "app%d", i);
        layers[1] = put_layer(f->store, tree_modelled(name, 10, 100 + (uint64_t)i));
        put_image(f->store, name, layers, 2);
    }
    put_step(f->store, "k", base, tree_of("extra", "seven b"));
    struct store_usage u = usage_of(f->store);
    assert_int_equal(u.images, 3);
    assert_int_equal(u.layers, 5);
    assert_int_equal(u.records, 1);
    assert_int_equal(u.image_bytes, 1030);
    assert_int_equal(u.unshared_bytes, 3030);
    assert_int_equal(u.cache_bytes, 7);
    assert_int_equal(u.reclaimable_bytes, 7);
    ok(store_image_remove(f->store, "app0", NULL, &err));
    u = usage_of(f->store);
    assert_int_equal(u.image_bytes, 1020);
    assert_int_equal(u.cache_bytes, 7);
    assert_int_equal(u.reclaimable_bytes, 17);
    verify_clean(f->store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name__when_normalised__then_as_docker),
        BOTH(image__when_put__then_found_by_name_id_and_prefix),
        BOTH(image__when_prefix_is_ambiguous__then_input_error),
        BOTH(image__when_layer_is_missing__then_refused),
        BOTH(image__when_chain_is_known__then_stored_on_it),
        BOTH(image__when_config_is_bad__then_refused),
        BOTH(image__when_name_moves__then_old_one_stays_nameless),
        BOTH(image__when_removed__then_last_name_takes_it),
        MEMORY(images__when_renamed_for_ever_in_memory__then_bounded),
        BOTH(usage__when_images_share__then_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
