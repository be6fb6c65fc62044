/* SPDX-License-Identifier: MIT */
/* Lists of selected files: what differs is found, what is equal is shared. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/manifest.h"

static struct tree *many(unsigned count, unsigned changed)
{
    struct tree *t = tree_new();
    struct entry dir = {.path = "d", .type = ENTRY_DIR, .mode = 0755};
    tree_add(t, &dir);
    for (unsigned i = 0; i < count; i++) {
        AUTO_FREE char *path = xasprintf("d/file%05u", i);
        AUTO_FREE char *text = xasprintf("%u%s", i, i == changed ? " changed" : "");
        struct entry e = {
            .path = path, .type = ENTRY_FILE, .mode = 0644, .size = strlen(text)};
        e.content.kind = CONTENT_INLINE;
        e.content.from.bytes = text;
        tree_add(t, &e);
    }
    tree_sort(t);
    return t;
}

static struct manifest *list(struct tree *t)
{
    struct view *view = view_new();
    struct selection sel = {0};
    struct selection_rules rules = {.semantics = SEMANTICS_BUILDKIT};
    struct manifest *m = NULL;
    view_push(view, t);
    assert_int_equal(selection_add(&sel, view, "d", &rules, NULL), 0);
    assert_int_equal(manifest_of_selection(&sel, &rules, NULL, &m, NULL), 0);
    selection_free(&sel);
    view_free(view);
    tree_free(t);
    return m;
}

struct seen {
    unsigned count;
    char path[64];
};

static void see(void *payload, const struct manifest_entry *old,
                const struct manifest_entry *now)
{
    struct seen *seen = payload;
    seen->count++;
    snprintf(seen->path, sizeof seen->path, "%c %s",
             old == NULL   ? '+'
             : now == NULL ? '-'
                           : '~',
             now != NULL ? now->path : old->path);
}

static void compare__one_edit_of_many__is_found(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    struct store *store = store_open_memory(NULL);
    struct manifest *a = list(many(MANY, MANY)), *b = list(many(MANY, 777)), *stored;
    struct seen seen = {0};
    struct digest id, again;
    assert_int_equal(manifest_put(a, store, &id, NULL), 0);
    assert_int_equal(manifest_put(a, store, &again, NULL), 0);
    assert_true(digest_equal(&id, &again));
    assert_int_equal(manifest_open(store, &id, &stored, NULL), 0);
    assert_int_equal(manifest_compare(stored, b, store, see, &seen, NULL), 0);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.path, "~ d/file00777");
    assert_true(manifest_has(stored, store, "d/file19999"));
    assert_false(manifest_has(stored, store, "d/file20000"));
    manifest_free(a);
    manifest_free(b);
    manifest_free(stored);
    store_close(store);
}

static void compare__added_and_removed__are_told_apart(void **state)
{
    (void)state;
    struct store *store = store_open_memory(NULL);
    struct manifest *a = list(many(10, 10)), *b = list(many(11, 11));
    struct seen seen = {0};
    assert_int_equal(manifest_compare(a, b, store, see, &seen, NULL), 0);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.path, "+ d/file00010");
    assert_int_equal(manifest_compare(b, a, store, see, &seen, NULL), 0);
    assert_string_equal(seen.path, "- d/file00010");
    manifest_free(a);
    manifest_free(b);
    store_close(store);
}

/* The bytes that a second list adds to the store, and that a damaged one is told. */
static void put__after_one_edit__adds_one_piece(void **state)
{
    (void)state;
    struct store *store = store_open_memory(NULL);
    struct manifest *a = list(many(20000, 20000)), *b = list(many(20000, 5));
    struct digest one, other, object;
    assert_int_equal(manifest_put(a, store, &one, NULL), 0);
    assert_int_equal(manifest_put(b, store, &other, NULL), 0);
    AUTO_BUF x = BUF_INIT;
    AUTO_BUF y = BUF_INIT;
    assert_int_equal(store_object_get(store, &one, &x, NULL), 0);
    assert_int_equal(store_object_get(store, &other, &y, NULL), 0);
    assert_int_equal(x.len, y.len);
    assert_true(x.len > 4 + 10 * sizeof(struct digest)); /* some pieces */
    unsigned differ = 0;
    for (size_t i = 4; i + sizeof one <= x.len; i += sizeof one)
        differ += memcmp(x.data + i, y.data + i, sizeof one) != 0;
    assert_int_equal(differ, 1);
    assert_int_equal(store_object_put(store, "SBC1\x05", 5, &object, NULL), 0);
    struct manifest *bad;
    struct seen seen = {0};
    assert_int_equal(manifest_open(store, &object, &bad, NULL), 0);
    assert_int_equal(manifest_compare(bad, a, store, see, &seen, NULL), ERR_FAILED);
    manifest_free(bad);
    assert_int_equal(store_object_put(store, "what", 4, &object, NULL), 0);
    assert_int_equal(manifest_open(store, &object, &bad, NULL), ERR_FAILED);
    manifest_free(a);
    manifest_free(b);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compare__one_edit_of_many__is_found),
        cmocka_unit_test(compare__added_and_removed__are_told_apart),
        cmocka_unit_test(put__after_one_edit__adds_one_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
