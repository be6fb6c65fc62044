/* SPDX-License-Identifier: MIT */
/* Twins: the Dockerfile they are built from, their plans, their archives. */
#include "tests/support.h"

#include <string.h>
#include <unistd.h>

#include "bench/twin.h"
#include "lua/script.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

struct fixture {
    char *folder;
    struct script *script;
    struct twins *twins;
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    struct script_options options = SCRIPT_OPTIONS_INIT;
    assert_int_equal(file_temp_folder("/tmp", "simbench-test", &f->folder, NULL), 0);
    assert_int_equal(script_new(&options, &f->script, NULL), 0);
    f->twins =
        twins_new(script_bases(f->script, SCRIPT_STOCK), f->folder, ARCHIVE_OCI_DIR);
    assert_int_equal(twins_new_machine(f->twins, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    twins_free(f->twins);
    script_free(f->script);
    file_remove_tree(f->folder, NULL);
    free(f->folder);
    free(f);
    return 0;
}

static struct dockerfile *parse(const char *text)
{
    struct dockerfile *df = NULL;
    assert_int_equal(dockerfile_parse("Dockerfile", text, strlen(text), &df, NULL), 0);
    return df;
}

static void twin__rewrite__names_of_the_same_length_in_their_places(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        "# FROM debian:bookworm-slim\n"
        "FROM --platform=linux/amd64 \\\n  debian:bookworm-slim AS b\n"
        "FROM mine/own\n"
        "COPY --from=b --chmod=1 x y\n"
        "COPY --from=alpine:3.20 /x /y\n"
        "FROM scratch\nFROM b\nCOPY --from=0 a b\n";
    struct dockerfile *df = parse(text);
    struct build_result predicted = {0};
    AUTO_BUF out = BUF_INIT;
    AUTO_BUF from = BUF_INIT;
    buf_adds(&from, text);
    struct err err = ERR_INIT;
    assert_int_equal(twins_rewrite(f->twins, df, &from, &predicted, &out, &err), 0);
    assert_int_equal(out.len, strlen(text));
    size_t len;
    const struct twin *all = twins_all(f->twins, &len);
    assert_int_equal(len, 3);
    AUTO_BUF wanted = BUF_INIT;
    buf_addf(&wanted,
             "# FROM debian:bookworm-slim\n"
             "FROM --platform=linux/amd64 \\\n  %s AS b\n"
             "FROM mine/own\n"
             "COPY --from=b --chmod=1 x y\n"
             "COPY --from=%s /x /y\n"
             "FROM %s\nFROM b\nCOPY --from=0 a b\n",
             all[0].name, all[1].name, all[2].name);
    assert_string_equal(out.data, wanted.data);
    assert_true(all[0].needed && strncmp(all[0].digest, "sha256:", 7) == 0);
    AUTO_FREE char *former = xstrdup(all[0].name);
    AUTO_FREE char *digest = xstrdup(all[0].digest);
    assert_int_equal(twins_new_machine(f->twins, NULL), 0);
    assert_int_equal(
        twins_add(f->twins, "debian:bookworm-slim", "debian:bookworm-slim", NULL), 0);
    all = twins_all(f->twins, &len);
    assert_string_not_equal(all[0].name, former);   /* another machine, … */
    assert_string_not_equal(all[0].digest, digest); /* … which shares no cache */
    dockerfile_free(df);
}

/* Layers of a twin of scratch: one, with nothing in it but what makes it one of a kind.
 */
static void twin__scratch__differs_from_machine_to_machine(void **state)
{
    struct fixture *f = *state;
    AUTO_FREE char *former = NULL;
    setenv("PATH", f->folder, 1); /* no busybox is needed */
    for (int machine = 0; machine < 2; machine++) {
        struct store *store = store_open_memory(NULL);
        struct store_image image = {0};
        struct digest id;
        size_t len;
        assert_int_equal(twins_add(f->twins, "scratch", "scratch", NULL), 0);
        const struct twin *twin = twins_all(f->twins, &len);
        assert_int_equal(len, 1);
        assert_int_equal(strlen(twin->name), strlen("scratch"));
        assert_int_equal(image_import(store, twin->archive, "twin", &id, NULL), 0);
        assert_int_equal(store_image_find(store, "twin", &image, NULL), 0);
        const char *layers = strstr(image.config, "\"diff_ids\"");
        assert_non_null(layers);
        assert_null(strchr(strstr(layers, "sha256:") + 1, ','));
        assert_true(former == NULL || strcmp(former, twin->digest) != 0);
        free(former);
        former = xstrdup(twin->digest);
        store_image_free(&image);
        store_close(store);
        assert_int_equal(twins_new_machine(f->twins, NULL), 0);
    }
}

static void twin__unmodelled_base__is_not_found(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    assert_int_equal(twins_add(f->twins, "no/such", "no/such", &err), ERR_NOT_FOUND);
    setenv("PATH", f->folder, 1);
    assert_int_equal(twins_add(f->twins, "busybox", "busybox", &err), ERR_ENVIRONMENT);
    assert_non_null(strstr(err.hint, "busybox-static"));
}

/* ---- plans ---- */

static void add_file(struct tree *tree, const char *path, const char *text)
{
    struct entry e = {
        .type = ENTRY_FILE, .mode = 0644, .path = path, .size = strlen(text)};
    e.content.kind = CONTENT_INLINE;
    e.content.from.bytes = text;
    tree_add(tree, &e);
}

static struct layer *put(struct store *store, const char *path, const char *text)
{
    struct tree *tree = tree_new();
    struct layer *layer = NULL;
    add_file(tree, path, text);
    tree_add(tree, &(struct entry){.type = ENTRY_WHITEOUT, .path = "gone"});
    tree_add(tree,
             &(struct entry){
                 .type = ENTRY_SYMLINK, .mode = 0777, .path = "link", .target = "a b"});
    tree_sort(tree);
    assert_int_equal(store_layer_put(store, tree, &layer, NULL), 0);
    return layer;
}

static int plan(const char *text, struct layer *const *layers, double scale,
                struct buf *out, struct err *err, struct store *store)
{
    struct dockerfile *df = parse(text);
    struct build_step steps[8] = {{0}};
    struct build_result predicted = {.steps = steps};
    for (size_t i = 0; i < df->instruction_count; i++) {
        struct build_step *step = &steps[predicted.step_count++];
        step->line = df->instructions[i].line;
        step->instruction = df->instructions[i].text;
        step->has_virtual = true;
        step->virtual_ms = 2500;
        step->has_layer = layers[i] != NULL;
        if (layers[i] != NULL)
            step->diff_id = layers[i]->diff_id;
    }
    int r = twin_plan(store, df, &predicted, scale, out, err);
    dockerfile_free(df);
    return r;
}

static void twin__plan__says_what_the_layer_holds(void **state)
{
    (void)state;
    struct store *store = store_open_memory(NULL);
    struct layer *layer = put(store, "d e/f", "text");
    struct layer *const layers[] = {NULL, layer, NULL};
    AUTO_BUF out = BUF_INIT;
    assert_int_equal(
        plan("FROM x\nRUN a \\\n  b\nCOPY a b\n", layers, 0.1, &out, NULL, store), 0);
    /* The first 16 digits of SHA-256 of "ab" and of "text". */
    assert_string_equal(out.data, "simbench:R|fb8e20fc2e4c3f24|0.250;x|/gone;"
                                  "f|644|0:0|/d e/f|4|982d9e3eb996f559;"
                                  "l|0:0|/link|a b;");
    layer_unref(layer);
    store_close(store);
}

static void twin__plan__same_words_with_other_effects_are_refused(void **state)
{
    (void)state;
    struct store *store = store_open_memory(NULL);
    struct layer *one = put(store, "f", "one"), *two = put(store, "f", "two");
    struct layer *const same[] = {NULL, one, one}, *const other[] = {NULL, one, two};
    static const char text[] = "FROM x\nRUN a b\nRUN [\"a\", \"b\"]\n";
    AUTO_BUF out = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(plan(text, same, 1, &out, &err, store), 0);
    assert_int_equal(plan(text, other, 1, &out, &err, store), ERR_INPUT);
    assert_int_equal(err.line, 3);
    assert_non_null(strstr(err.msg, "same words"));
    layer_unref(one);
    layer_unref(two);
    one = put(store, "semi;colon", "x");
    struct layer *const odd[] = {NULL, one, NULL};
    assert_int_equal(plan(text, odd, 1, &out, &err, store), ERR_INPUT);
    assert_non_null(strstr(err.msg, "semi;colon"));
    layer_unref(one);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            twin__rewrite__names_of_the_same_length_in_their_places, setup, teardown),
        cmocka_unit_test_setup_teardown(twin__scratch__differs_from_machine_to_machine,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(twin__unmodelled_base__is_not_found, setup,
                                        teardown),
        cmocka_unit_test(twin__plan__says_what_the_layer_holds),
        cmocka_unit_test(twin__plan__same_words_with_other_effects_are_refused),
    };
    return cmocka_run_group_tests_name("twin", tests, NULL, NULL);
}
