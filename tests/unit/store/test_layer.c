/* SPDX-License-Identifier: MIT */
/* Layers: DiffIDs, blobs, indexes, contents, on both backings. */
#include "tests/support.h"

#include "sim/layer/disk.h"
#include "tests/unit/store/fixture.h"

static int add_to_buf(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    buf_add(payload, data, len);
    return 0;
}

static int add_to_digest(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    digester_add(payload, data, len);
    return 0;
}

static struct digest digest_of_tar(struct store *store, const struct digest *id)
{
    struct digester *d = digester_new();
    struct digest real;
    ok(store_layer_tar(store, id, add_to_digest, d, &err));
    digester_finish(d, &real);
    digester_free(d);
    return real;
}

/* Several files, a folder, links; all contents inline. */
static struct tree *varied_tree(void)
{
    struct tree *tree = tree_new();
    struct entry e = {.path = "dir", .mode = 0755, .type = ENTRY_DIR};
    tree_add(tree, &e);
    for (int i = 0; i < 40; i++) {
        char path[32], text[200];
        int len = snprintf(text, sizeof text, "%*d", 1 + i * 4, i);
        snprintf(path, sizeof path, "dir/f%02d", i);
        e = (struct entry){.path = path, .mode = 0600, .type = ENTRY_FILE};
        e.size = (uint64_t)len;
        e.content.kind = CONTENT_INLINE;
        e.content.from.bytes = text;
        tree_add(tree, &e);
    }
    e = (struct entry){.path = "link", .target = "dir/f00", .type = ENTRY_SYMLINK};
    e.mode = 0777;
    tree_add(tree, &e);
    e = (struct entry){.path = "hard", .target = "dir/f00", .type = ENTRY_HARDLINK};
    tree_add(tree, &e);
    e = (struct entry){.path = "gone", .type = ENTRY_WHITEOUT};
    tree_add(tree, &e);
    e = (struct entry){.path = "empty", .mode = 0644, .type = ENTRY_FILE};
    tree_add(tree, &e);
    tree_sort(tree);
    return tree;
}

static void layer__when_put__then_diff_id_is_digest_of_its_tar(void **state)
{
    struct fixture *f = *state;
    struct layer *layer = NULL;
    ok(store_layer_put(f->store, varied_tree(), &layer, &err));
    struct digest real = digest_of_tar(f->store, &layer->diff_id);
    assert_true(digest_equal(&real, &layer->diff_id));
    struct digest measured;
    uint64_t tar_size = 0;
    struct tree *again = varied_tree();
    ok(store_layer_measure(f->store, again, &measured, &tar_size, &err));
    tree_free(again);
    assert_true(digest_equal(&measured, &layer->diff_id));
    assert_int_equal(tar_size, layer->tar_size);
    assert_int_equal(layer->size, tree_content_bytes(layer->tree));
    assert_false(layer->modelled);
    struct layer_info info;
    ok(store_layer_info(f->store, &measured, &info, &err));
    assert_int_equal(info.size, layer->size);
    assert_int_equal(info.tar_size, layer->tar_size);
    layer_unref(layer);
    verify_clean(f->store);
}

static void layer__when_empty__then_known_digest(void **state)
{
    struct fixture *f = *state;
    /* The DiffID BuildKit gives a RUN that changes nothing. */
    struct digest want, got = put_layer(f->store, tree_new());
    assert_true(digest_parse(
        "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef", &want));
    assert_true(digest_equal(&got, &want));
}

static void layer__when_put_twice__then_one(void **state)
{
    struct fixture *f = *state;
    struct layer *a = NULL, *b = NULL, *c = NULL;
    ok(store_layer_put(f->store, varied_tree(), &a, &err));
    ok(store_layer_put(f->store, varied_tree(), &b, &err));
    ok(store_layer_get(f->store, &a->diff_id, &c, &err));
    assert_ptr_equal(a, b);
    assert_ptr_equal(a, c);
    assert_int_equal(usage_of(f->store).layers, 1);
    layer_unref(a);
    layer_unref(b);
    layer_unref(c);
}

static void layer__when_absent__then_not_found(void **state)
{
    struct fixture *f = *state;
    struct digest id = key_of("absent");
    struct layer *layer = NULL;
    struct layer_info info;
    struct err err = ERR_INIT;
    assert_int_equal(store_layer_get(f->store, &id, &layer, &err), ERR_NOT_FOUND);
    assert_int_equal(store_layer_info(f->store, &id, &info, &err), ERR_NOT_FOUND);
    assert_int_equal(store_layer_tar(f->store, &id, add_to_buf, NULL, &err),
                     ERR_NOT_FOUND);
    assert_false(store_layer_has(f->store, &id));
}

static void layer__when_reopened__then_same_tree(void **state)
{
    struct fixture *f = *state;
    struct digest id = put_layer(f->store, varied_tree());
    reopen(f);
    struct layer *layer = NULL;
    ok(store_layer_get(f->store, &id, &layer, &err));
    struct tree *want = varied_tree();
    assert_int_equal(layer->tree->len, want->len);
    for (size_t i = 0; i < want->len; i++) {
        const struct entry *w = &want->entries[i], *g = &layer->tree->entries[i];
        assert_string_equal(w->path, g->path);
        assert_int_equal(w->type, g->type);
        assert_int_equal(w->size, g->size);
        struct buf a = BUF_INIT, b = BUF_INIT;
        ok(content_load(&w->content, w->size, 1000, &a, &err));
        ok(content_load(&g->content, g->size, 1000, &b, &err));
        assert_string_equal(buf_str(&a), buf_str(&b));
        buf_free(&a);
        buf_free(&b);
    }
    tree_free(want);
    layer_unref(layer);
    char *blob = blob_path(f, "blobs/sha256", &id);
    struct buf tar = BUF_INIT;
    ok(file_read(blob, 1 << 20, &tar, &err));
    struct digest real = digest_of(tar.data, tar.len);
    assert_true(digest_equal(&real, &id));
    buf_free(&tar);
    free(blob);
}

/* A tree of one host file that the test may then change or remove. */
static struct tree *host_tree(const struct fixture *f, size_t size)
{
    char *path = xasprintf("%s/host", f->root);
    char *data = xmalloc(size);
    content_seed_fill(9, 0, data, size);
    ok(file_write(path, data, size, &err));
    free(data);
    free(path);
    int fd = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct host_root *root = host_root_new(fd);
    struct tree *tree = tree_new();
    struct entry e = {.path = "copied", .size = size, .mode = 0644};
    e.type = ENTRY_FILE;
    e.content.kind = CONTENT_HOST;
    e.content.from.host.root = root;
    e.content.from.host.path = "host";
    tree_add(tree, &e);
    tree_sort(tree);
    host_root_unref(root);
    return tree;
}

static void layer__when_host_files_go_after_put__then_contents_stay(void **state)
{
    struct fixture *f = *state;
    /* Below and above the size from which a blob is kept open. */
    static const size_t sizes[] = {1000, 300000};
    for (size_t i = 0; i < 2; i++) {
        struct layer *layer = NULL;
        ok(store_layer_put(f->store, host_tree(f, sizes[i]), &layer, &err));
        char *path = xasprintf("%s/host", f->root);
        assert_int_equal(unlink(path), 0);
        free(path);
        struct buf got = BUF_INIT;
        const struct entry *e = tree_find(layer->tree, "copied");
        assert_non_null(e);
        ok(content_load(&e->content, e->size, 1 << 20, &got, &err));
        char *want = xmalloc(sizes[i]);
        content_seed_fill(9, 0, want, sizes[i]);
        assert_int_equal(got.len, sizes[i]);
        assert_memory_equal(got.data, want, sizes[i]);
        free(want);
        buf_free(&got);
        layer_unref(layer);
    }
}

static void layer__when_too_much_for_memory__then_refused(void **state)
{
    struct fixture *f = *state;
    struct tree *tree = host_tree(f, 1);
    char *path = xasprintf("%s/host", f->root);
    assert_int_equal(truncate(path, (64 << 20) + 1), 0);
    free(path);
    tree->entries[0].size = (64 << 20) + 1;
    struct layer *layer = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(store_layer_put(f->store, tree, &layer, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "memory"));
    assert_true(err.hint[0] != '\0');
}

static void layer__when_modelled__then_no_blob_and_tar_is_generated(void **state)
{
    struct fixture *f = *state;
    struct layer *layer = NULL;
    ok(store_layer_put(f->store, tree_modelled("big", 3000000, 5), &layer, &err));
    assert_true(layer->modelled);
    assert_int_equal(layer->size, 3000000);
    struct digest id = layer->diff_id;
    struct digest real = digest_of_tar(f->store, &id);
    assert_true(digest_equal(&real, &id));
    layer_unref(layer);
    if (f->memory)
        return;
    char *blob = blob_path(f, "blobs/sha256", &id);
    assert_false(file_exists(blob));
    free(blob);
    reopen(f);
    real = digest_of_tar(f->store, &id);
    assert_true(digest_equal(&real, &id));
    verify_clean(f->store);
}

static void layer__when_modelled_with_host_file__then_kept_inline(void **state)
{
    struct fixture *f = *state;
    struct tree *tree = host_tree(f, 5000);
    struct tree *seed = tree_modelled("big", 100, 5);
    tree_add(tree, &seed->entries[0]);
    tree_free(seed);
    struct digest id = put_layer(f->store, tree);
    char *path = xasprintf("%s/host", f->root);
    unlink(path);
    free(path);
    if (!f->memory)
        reopen(f);
    struct digest real = digest_of_tar(f->store, &id);
    assert_true(digest_equal(&real, &id));
    verify_clean(f->store);
}

static void layers__when_both_backings__then_same_diff_ids(void **state)
{
    struct fixture *f = *state;
    struct store *memory = store_open_memory(NULL);
    struct digest a = put_layer(f->store, varied_tree());
    struct digest b = put_layer(memory, varied_tree());
    assert_true(digest_equal(&a, &b));
    store_close(memory);
}

static void layer__when_made_elsewhere__then_bytes_are_kept(void **state)
{
    struct fixture *f = *state;
    /* One file in old tar format, which no writer of ours makes: it ends in one record
     * of 10,240 bytes. */
    char tar[10240] = {0};
    strcpy(tar, "./hello");
    strcpy(tar + 100, "0000644");
    strcpy(tar + 108, "0000000");
    strcpy(tar + 116, "0000000");
    strcpy(tar + 124, "00000000005");
    strcpy(tar + 136, "00000000000");
    memset(tar + 148, ' ', 8);
    unsigned sum = 0;
    for (int i = 0; i < 512; i++)
        sum += (unsigned char)tar[i];
    snprintf(tar + 148, 8, "%06o", sum);
    memcpy(tar + 512, "world", 5);
    struct digest want = digest_of(tar, sizeof tar), other = key_of("other");
    for (int round = 0; round < 2; round++) {
        struct layer_writer *writer = NULL;
        struct layer *layer = NULL;
        ok(store_layer_writer_new(f->store, &writer, &err));
        ok(store_layer_write(writer, tar, 700, &err));
        ok(store_layer_write(writer, tar + 700, sizeof tar - 700, &err));
        if (round == 0) {
            struct err err = ERR_INIT;
            assert_int_equal(store_layer_finish(writer, &other, &layer, &err),
                             ERR_INPUT);
            assert_null(layer);
        } else {
            ok(store_layer_finish(writer, &want, &layer, &err));
            assert_int_equal(layer->tar_size, sizeof tar);
            assert_int_equal(layer->size, 5);
            const struct entry *e = tree_find(layer->tree, "hello");
            assert_non_null(e);
            struct buf got = BUF_INIT;
            ok(content_load(&e->content, e->size, 100, &got, &err));
            assert_string_equal(buf_str(&got), "world");
            buf_free(&got);
        }
        layer_unref(layer);
        store_layer_writer_free(writer);
    }
    struct buf got = BUF_INIT;
    ok(store_layer_tar(f->store, &want, add_to_buf, &got, &err));
    assert_int_equal(got.len, sizeof tar);
    assert_memory_equal(got.data, tar, sizeof tar);
    buf_free(&got);
    if (!f->memory) { /* the index of a blob can be made again */
        char *index = blob_path(f, "index", &want);
        assert_int_equal(truncate(index, 10), 0);
        free(index);
        reopen(f);
    }
    verify_clean(f->store);
    verify_clean(f->store);
}

static void layer__when_not_a_tar__then_nothing_stored(void **state)
{
    struct fixture *f = *state;
    struct layer_writer *writer = NULL;
    struct layer *layer = NULL;
    char junk[2000];
    memset(junk, 'x', sizeof junk);
    ok(store_layer_writer_new(f->store, &writer, &err));
    ok(store_layer_write(writer, junk, sizeof junk, &err));
    assert_true(store_layer_finish(writer, NULL, &layer, NULL) < 0);
    store_layer_writer_free(writer);
    struct digest id = digest_of(junk, sizeof junk);
    assert_false(store_layer_has(f->store, &id));
    assert_int_equal(usage_of(f->store).layers, 0);
}

static void layers__when_hundreds_are_used__then_few_descriptors(void **state)
{
    struct fixture *f = *state;
    char *text = xmalloc(140001);
    memset(text, 'x', 140000);
    text[140000] = '\0';
    struct digest ids[262];
    ok(store_begin(f->store, &err));
    for (int i = 0; i < 262; i++) {
        snprintf(text, 8, "%07d", i);
        text[7] = ' ';
        ids[i] = put_text(f->store, text);
    }
    ok(store_commit(f->store, &err));
    free(text);
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    assert_true(fd < 262);
    for (int i = 0; i < 262; i++) {
        struct layer *layer = NULL;
        ok(store_layer_get(f->store, &ids[i], &layer, &err));
        assert_int_equal(layer->size, 140000);
        layer_unref(layer);
    }
}

static void layer__when_unpacked__then_once(void **state)
{
    struct fixture *f = *state;
    struct digest id = put_text(f->store, "hello");
    char *a = NULL, *b = NULL, *file = NULL;
    ok(store_layer_unpacked(f->store, &id, DISK_PLAIN, &a, &err));
    file = xasprintf("%s/file", a);
    struct buf got = BUF_INIT;
    ok(file_read(file, 100, &got, &err));
    assert_string_equal(buf_str(&got), "hello");
    ok(store_layer_unpacked(f->store, &id, DISK_PLAIN, &b, &err));
    assert_string_equal(a, b);
    assert_int_equal(usage_of(f->store).unpacked_bytes, 5);
    struct digest absent = key_of("absent");
    char *none = NULL;
    assert_int_equal(store_layer_unpacked(f->store, &absent, DISK_PLAIN, &none, NULL),
                     ERR_NOT_FOUND);
    buf_free(&got);
    free(file);
    free(a);
    free(b);
}

static void layer__when_unpacked_in_memory__then_error(void **state)
{
    struct fixture *f = *state;
    struct digest id = put_text(f->store, "hello");
    char *path = NULL;
    assert_int_equal(store_layer_unpacked(f->store, &id, DISK_PLAIN, &path, NULL),
                     ERR_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(layer__when_put__then_diff_id_is_digest_of_its_tar),
        BOTH(layer__when_empty__then_known_digest),
        BOTH(layer__when_put_twice__then_one),
        BOTH(layer__when_absent__then_not_found),
        DISK(layer__when_reopened__then_same_tree),
        BOTH(layer__when_host_files_go_after_put__then_contents_stay),
        MEMORY(layer__when_too_much_for_memory__then_refused),
        BOTH(layer__when_modelled__then_no_blob_and_tar_is_generated),
        BOTH(layer__when_modelled_with_host_file__then_kept_inline),
        DISK(layers__when_both_backings__then_same_diff_ids),
        BOTH(layer__when_made_elsewhere__then_bytes_are_kept),
        BOTH(layer__when_not_a_tar__then_nothing_stored),
        DISK(layers__when_hundreds_are_used__then_few_descriptors),
        DISK(layer__when_unpacked__then_once),
        MEMORY(layer__when_unpacked_in_memory__then_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
