/* SPDX-License-Identifier: MIT */
/* Views of layer stacks: look-ups, changes, resolving, diffs, one by one. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/layer/view.h"

/* A tree from words: "d/" folder, "f=text" file, "l>target" symlink, "h=>target" hard
 * link, "-w" whiteout, "o!" opaque folder. Mode by type, mtime 1 s. */
static struct tree *tree_of(const char *words)
{
    struct tree *t = tree_new();
    AUTO_FREE char *copy = xstrdup(words);
    char *rest = copy;
    for (char *w; (w = strtok_r(rest, " ", &rest)) != NULL;) {
        struct entry e = {.mode = 0644, .mtime_ns = 1000000000, .path = w};
        char *mark = strpbrk(w, "=>!");
        size_t n = strlen(w);
        if (w[0] == '-') {
            e = (struct entry){.path = w + 1, .type = ENTRY_WHITEOUT};
        } else if (mark != NULL && mark[0] == '!') {
            strcpy(mark, "");
            AUTO_FREE char *path = xasprintf("%s%s.wh..wh..opq", w, *w ? "/" : "");
            e = (struct entry){.path = path, .type = ENTRY_OPAQUE};
            tree_add(t, &e);
            continue;
        } else if (mark != NULL && mark[0] == '=' && mark[1] == '>') {
            mark[0] = '\0';
            e.type = ENTRY_HARDLINK;
            e.target = mark + 2;
        } else if (mark != NULL && mark[0] == '=') {
            mark[0] = '\0';
            e.size = strlen(mark + 1);
            e.content =
                (struct content){.kind = CONTENT_INLINE, .from.bytes = mark + 1};
        } else if (mark != NULL) {
            mark[0] = '\0';
            e.type = ENTRY_SYMLINK;
            e.target = mark + 1;
        } else {
            assert_int_equal(w[n - 1], '/');
            w[n - 1] = '\0';
            e.type = ENTRY_DIR;
            e.mode = 0755;
        }
        tree_add(t, &e);
    }
    tree_sort(t);
    return t;
}

static void show(struct buf *out, const struct entry *e)
{
    if (out->len > 0)
        buf_addc(out, ' ');
    if (e->type == ENTRY_WHITEOUT)
        buf_addc(out, '-');
    buf_adds(out, e->path);
    if (e->type == ENTRY_DIR)
        buf_addc(out, '/');
    if (e->type == ENTRY_SYMLINK)
        buf_addf(out, ">%s", e->target);
    if (e->type == ENTRY_HARDLINK)
        buf_addf(out, "=>%s", e->target);
    if (e->type == ENTRY_FILE && e->content.kind == CONTENT_INLINE)
        buf_addf(out, "=%.*s", (int)e->size, e->content.from.bytes);
    else if (e->type == ENTRY_FILE)
        buf_addc(out, '=');
}

static int show_walk(void *payload, const struct entry *e, struct err *err)
{
    (void)err;
    show(payload, e);
    return 0;
}

static void assert_walk(struct view *v, const char *path, const char *want)
{
    struct buf got = BUF_INIT;
    assert_int_equal(view_walk(v, path, show_walk, &got, NULL), 0);
    assert_string_equal(buf_str(&got), want);
    buf_free(&got);
}

static void assert_tree(struct tree *t, const char *want)
{
    struct buf got = BUF_INIT;
    for (size_t i = 0; i < t->len; i++)
        show(&got, &t->entries[i]);
    assert_string_equal(buf_str(&got), want);
    assert_true(t->sorted);
    buf_free(&got);
}

static void assert_diff(struct view *v, const char *want)
{
    struct tree *t = NULL;
    assert_int_equal(view_diff(v, &t, NULL), 0);
    assert_tree(t, want);
    tree_free(t);
}

/* "put WORDS; remove PATH" one after the other. */
static void change(struct view *v, const char *steps)
{
    AUTO_FREE char *copy = xstrdup(steps);
    char *rest = copy;
    for (char *s; (s = strtok_r(rest, ";", &rest)) != NULL;) {
        s += strspn(s, " ");
        if (strncmp(s, "rm ", 3) == 0) {
            view_remove(v, s + 3);
            continue;
        }
        struct tree *t = tree_of(s);
        struct err err = ERR_INIT;
        for (size_t i = 0; i < t->len; i++)
            if (view_put(v, &t->entries[i], &err) != 0)
                fail_msg("%s: %s", s, err.msg);
        tree_free(t);
    }
}

enum { LAYERS = 4 };

static void lookup__when_layers_are_stacked__then_merged(void **state)
{
    (void)state;
    static const struct {
        const char *layers[LAYERS], *want;
    } cases[] = {
        {{""}, "/"},
        {{"a/ a/b=1", "a/ a/c=2"}, "/ a/ a/b=1 a/c=2"},
        {{"a=1", "a=2", "a=3"}, "/ a=3"},
        {{"a/ a/b=1 b=1", "-a"}, "/ b=1"},
        {{"a/ a/b=1", "a/ -a/b"}, "/ a/"},
        {{"a/ a/b=1", "-a", "a/ a/c=1"}, "/ a/ a/c=1"},
        {{"a/ a/b=1", "a=file"}, "/ a=file"},
        {{"a=file", "a/ a/b=1"}, "/ a/ a/b=1"},
        {{"a/ a/b=1", "a=x", "a/ a/c=2"}, "/ a/ a/c=2"},
        {{"a/ a/b=1 a/s/ a/s/x=1", "a/ a! a/c=2"}, "/ a/ a/c=2"},
        {{"a/ a/s/ a/s/x=1 a/s/y=1", "a/ a! a/s/ a/s/z=2", "a/s/w=3"},
         "/ a/ a/s/ a/s/w=3 a/s/z=2"},
        {{"x=1 y/ y/z=1", "! w=1"}, "/ w=1"},
        {{"a/b/c=1", "a/d=2"}, "/ a/ a/b/ a/b/c=1 a/d=2"}, /* folders not told of */
        {{"a/ a/b=1", "a/b/c=2"}, "/ a/ a/b/ a/b/c=2"},
        {{"a/ a.x=1 a-b=2 a/z=3"}, "/ a/ a/z=3 a-b=2 a.x=1"},
        {{"a=1 b=>a", "a=2"}, "/ a=2 b=1"}, /* the link keeps its file */
        {{"a=1 b=>a", "-a"}, "/ b=1"},
        {{"a=1 b=>a c=>b"}, "/ a=1 b=1 c=1"},
        {{"l>a", "l/ l/x=1"}, "/ l/ l/x=1"},
        {{"-none a=1"}, "/ a=1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct view *v = view_new();
        struct tree *trees[LAYERS] = {0};
        for (size_t k = 0; k < LAYERS && cases[i].layers[k] != NULL; k++)
            view_push(v, trees[k] = tree_of(cases[i].layers[k]));
        assert_walk(v, "", cases[i].want);
        assert_false(view_changed(v));
        assert_diff(v, "");
        view_free(v);
        for (size_t k = 0; k < LAYERS; k++)
            tree_free(trees[k]);
    }
}

static void diff__when_changes_are_made__then_a_layer_as_buildkit_makes_it(void **s)
{
    (void)s;
    static const struct {
        const char *below, *steps, *layer, *merged;
    } cases[] = {
        {"", "a=1", "a=1", "/ a=1"},
        {"a/ a/b=1", "a/c=2", "a/ a/c=2", "/ a/ a/b=1 a/c=2"},
        {"d/ d/e/ d/e/f=1", "d/e/f=2", "d/ d/e/ d/e/f=2", "/ d/ d/e/ d/e/f=2"},
        {"a=1", "a=1", "", "/ a=1"}, /* the same file again */
        {"a/ a/b=1", "a/ a/b=1", "", "/ a/ a/b=1"},
        {"a/ a/b=1", "rm a/b", "a/ -a/b", "/ a/"},
        {"a/ a/b=1", "rm a", "-a", "/"},
        {"a/ a/b=1", "rm none", "", "/ a/ a/b=1"},
        {"a/", "a/x=1; rm a/x", "a/", "/ a/"}, /* came and went */
        {"", "x=1; rm x", "", "/"},
        /* A folder replaced by a folder: a whiteout for each child, not for what is
         * below them. */
        {"a/ a/b=1 a/s/ a/s/x=1", "rm a; a/; a/n=1", "a/ -a/b a/n=1 -a/s",
         "/ a/ a/n=1"},
        {"a/ a/s/ a/s/x=1 a/s/y=1", "rm a; a/; a/s/; a/s/x=1", "a/ a/s/ -a/s/y",
         "/ a/ a/s/ a/s/x=1"},
        {"a/ a/b=1", "a=file", "a=file", "/ a=file"},
        {"a=file", "a/; a/b=1", "a/ a/b=1", "/ a/ a/b=1"},
        {"a/ a/b=1", "a=file; rm a; a/", "a/ -a/b", "/ a/"},
        {"a/ a/b=1", "rm a; a>x", "a>x", "/ a>x"},
        {"l>a", "l>b", "l>b", "/ l>b"},
        {"a=1", "b=>a", "b=1", "/ a=1 b=1"},
        {"", "b=1; a=>b; c=>a", "a=1 b=>a c=>a", "/ a=1 b=1 c=1"},
        {"", "b=1; a=>b; b=2", "a=1 b=2", "/ a=1 b=2"},
        {"a=1 b=>a", "b=2", "b=2", "/ a=1 b=2"},
        {"a=1 b=>a", "rm a", "-a", "/ b=1"},
        {"x/ x/a=1", "rm x/a; x/a=1", "x/", "/ x/ x/a=1"},
        {"a/ b=1", "b=2; a.c=1", "a.c=1 b=2", "/ a/ a.c=1 b=2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct view *v = view_new();
        struct tree *below = tree_of(cases[i].below), *layer = NULL;
        view_push(v, below);
        change(v, cases[i].steps);
        assert_walk(v, "", cases[i].merged);
        assert_diff(v, cases[i].layer);
        assert_int_equal(view_diff(v, &layer, NULL), 0);
        view_push(v, layer);
        assert_false(view_changed(v));
        assert_walk(v, "", cases[i].merged);
        view_free(v);
        tree_free(below);
        tree_free(layer);
    }
}

static void diff__when_only_metadata_changed__then_the_entry_with_its_content(void **s)
{
    (void)s;
    struct tree *below = tree_of("a/ a/b=1 c/");
    struct view *v = view_new();
    view_push(v, below);
    struct entry e = *view_lookup(v, "a/b");
    e.mode = 0600;
    assert_int_equal(view_put(v, &e, NULL), 0);
    assert_true(view_changed(v));
    assert_diff(v, "a/ a/b=1");
    e = *view_lookup(v, "c");
    e.uid = 5;
    assert_int_equal(view_put(v, &e, NULL), 0);
    assert_diff(v, "a/ a/b=1 c/");
    e = *view_lookup(v, "");
    e.mode = 0700;
    assert_int_equal(view_put(v, &e, NULL), 0);
    assert_int_equal(view_lookup(v, "")->mode, 0700);
    assert_diff(v, "a/ a/b=1 c/"); /* a layer has no root folder */
    view_free(v);
    tree_free(below);
}

static void diff__when_a_parent_changed_too__then_it_is_as_it_is_now(void **state)
{
    (void)state;
    struct tree *below = tree_of("a/ a/b=1"), *layer = NULL;
    struct view *v = view_new();
    view_push(v, below);
    change(v, "a/b=2");
    struct entry e = *view_lookup(v, "a");
    e.mode = 0711;
    view_put(v, &e, NULL);
    view_diff(v, &layer, NULL);
    assert_tree(layer, "a/ a/b=2");
    assert_int_equal(layer->entries[0].mode, 0711);
    tree_free(layer);
    tree_free(below);
    view_free(v);
}

static void put__when_it_cannot_stand_there__then_failed(void **state)
{
    (void)state;
    struct view *v = view_new();
    change(v, "f=1; d/");
    static const struct entry bad[] = {
        {.path = "none/x", .type = ENTRY_DIR},
        {.path = "f/x", .type = ENTRY_DIR},
        {.path = "", .type = ENTRY_FILE},
        {.path = "w", .type = ENTRY_WHITEOUT},
        {.path = "h", .type = ENTRY_HARDLINK, .target = "none"},
        {.path = "h", .type = ENTRY_HARDLINK, .target = "d"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = ERR_INIT;
        assert_int_equal(view_put(v, &bad[i], &err), ERR_FAILED);
        assert_non_null(strstr(err.msg, bad[i].path));
    }
    assert_walk(v, "", "/ d/ f=1");
    const struct entry socket = {.path = "s", .type = ENTRY_SOCKET};
    assert_int_equal(view_put(v, &socket, NULL), 0);
    assert_null(view_lookup(v, "s"));
    view_remove(v, "");
    assert_walk(v, "", "/");
    view_free(v);
}

static void resolve__when_links_are_on_the_way__then_as_in_a_chroot(void **state)
{
    (void)state;
    struct tree *t = tree_of("d/ d/f=1 d/up>../e d/abs>/e/g d/self>self e/ e/g=1 "
                             "out>../../etc rel>d one>two two>d/f loop>pool pool>loop "
                             "dang>no/where slash>d/ root>/ dot>./d/../e");
    struct view *v = view_new();
    view_push(v, t);
    static const struct {
        const char *path;
        bool follow;
        const char *want;
    } cases[] = {
        {"", true, ""},
        {"/", true, ""},
        {"..", true, ""},
        {"../../d/f", true, "d/f"},
        {"d//./f/", true, "d/f"},
        {"d/up/g", true, "e/g"},
        {"d/up", true, "e"},
        {"d/up", false, "d/up"},
        {"d/up/", false, "e"},
        {"d/abs", true, "e/g"},
        {"rel/up/g", false, "e/g"},
        {"rel/abs", false, "d/abs"},
        {"out", true, "etc"},
        {"out/passwd", true, "etc/passwd"},
        {"one", true, "d/f"},
        {"one", false, "one"},
        {"rel/../x", true, "x"},
        {"d/up/..", true, ""},
        {"new/../d", true, "d"},
        {"new/a/b", true, "new/a/b"},
        {"dang", true, "no/where"},
        {"dang/x", true, "no/where/x"},
        {"slash/f", true, "d/f"},
        {"root/d/f", true, "d/f"},
        {"root", true, ""},
        {"dot/g", true, "e/g"},
        {"d/f/x", true, "d/f/x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = NULL;
        assert_int_equal(view_resolve(v, cases[i].path, cases[i].follow, &got, NULL),
                         0);
        assert_string_equal(got, cases[i].want);
        free(got);
    }
    static const char *const loops[] = {"loop", "d/self", "loop/x"};
    for (size_t i = 0; i < 3; i++) {
        char *got = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(view_resolve(v, loops[i], true, &got, &err), ERR_FAILED);
        assert_null(got);
    }
    view_free(v);
    tree_free(t);
}

static void resolve__when_40_links_follow_each_other__then_the_last_that_may(void **s)
{
    (void)s;
    struct view *v = view_new();
    for (int i = 0; i <= 41; i++) {
        char path[8], target[8];
        snprintf(path, sizeof path, "l%02d", i);
        snprintf(target, sizeof target, "l%02d", i + 1);
        struct entry e = {.path = path, .type = ENTRY_SYMLINK, .target = target};
        assert_int_equal(view_put(v, &e, NULL), 0);
    }
    char *got = NULL;
    assert_int_equal(view_resolve(v, "l02", true, &got, NULL), 0);
    assert_string_equal(got, "l42");
    free(got);
    assert_int_equal(view_resolve(v, "l01", true, &got, NULL), ERR_FAILED);
    view_free(v);
}

static void make_folders__when_parts_are_missing__then_made_as_told(void **state)
{
    (void)state;
    struct tree *t = tree_of("d/ l>d f=1 dang>x/y");
    struct view *v = view_new();
    view_push(v, t);
    const struct entry like = {.path = "", .type = ENTRY_DIR, .mode = 0750, .uid = 3};
    struct err err = ERR_INIT;
    assert_int_equal(view_make_folders(v, "/l/a/b", &like, &err), 0);
    assert_int_equal(view_make_folders(v, "d", &like, &err), 0);
    assert_int_equal(view_make_folders(v, "dang/z/", &like, &err), 0);
    assert_int_equal(view_make_folders(v, "/", &like, &err), 0);
    assert_walk(v, "", "/ d/ d/a/ d/a/b/ dang>x/y f=1 l>d x/ x/y/ x/y/z/");
    assert_int_equal(view_lookup(v, "d")->mode, 0755);
    assert_int_equal(view_lookup(v, "d/a")->mode, 0750);
    assert_int_equal(view_lookup(v, "d/a/b")->uid, 3);
    assert_int_equal(view_make_folders(v, "f/a", &like, &err), ERR_FAILED);
    assert_int_equal(view_make_folders(v, "f", &like, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "f is not a folder"));
    view_free(v);
    tree_free(t);
}

static void list_and_subtree__when_asked_for_a_folder__then_what_is_there(void **state)
{
    (void)state;
    struct tree *a = tree_of("d/ d/b=1 d/a=2 d/k=>d/b x=>d/b"), *b = tree_of("d/ -d/a");
    struct view *v = view_new();
    view_push(v, a);
    view_push(v, b);
    change(v, "d/0=3; d/z/");
    struct strv names = STRV_INIT;
    view_list(v, "d", &names);
    static const char *const want[] = {"0", "b", "k", "z"};
    assert_int_equal(names.len, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(names.items[i], want[i]);
    strv_clear(&names);
    view_list(v, "d/0", &names);
    view_list(v, "none", &names);
    assert_int_equal(names.len, 0);
    strv_free(&names);
    static const struct {
        const char *path, *want;
    } cases[] = {
        {"d", "d/ d/0=3 d/b=1 d/k=>d/b d/z/"},         {"d/k", "d/k=1"}, {"x", "x=1"},
        {"", "/ d/ d/0=3 d/b=1 d/k=>d/b d/z/ x=>d/b"}, {"none", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree *t = view_subtree(v, cases[i].path);
        assert_tree(t, cases[i].want);
        tree_free(t);
    }
    view_free(v);
    tree_free(a);
    tree_free(b);
}

static int stop_at_b(void *payload, const struct entry *e, struct err *err)
{
    (void)err;
    ++*(int *)payload;
    return strcmp(e->path, "b") == 0 ? 9 : 0;
}

static void walk__when_the_function_stops__then_its_value_is_returned(void **state)
{
    (void)state;
    struct view *v = view_new();
    change(v, "a=1 b=1 c=1");
    int seen = 0;
    assert_int_equal(view_walk(v, "", stop_at_b, &seen, NULL), 9);
    assert_int_equal(seen, 3);
    view_free(v);
    view_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup__when_layers_are_stacked__then_merged),
        cmocka_unit_test(
            diff__when_changes_are_made__then_a_layer_as_buildkit_makes_it),
        cmocka_unit_test(
            diff__when_only_metadata_changed__then_the_entry_with_its_content),
        cmocka_unit_test(diff__when_a_parent_changed_too__then_it_is_as_it_is_now),
        cmocka_unit_test(put__when_it_cannot_stand_there__then_failed),
        cmocka_unit_test(resolve__when_links_are_on_the_way__then_as_in_a_chroot),
        cmocka_unit_test(
            resolve__when_40_links_follow_each_other__then_the_last_that_may),
        cmocka_unit_test(make_folders__when_parts_are_missing__then_made_as_told),
        cmocka_unit_test(list_and_subtree__when_asked_for_a_folder__then_what_is_there),
        cmocka_unit_test(walk__when_the_function_stops__then_its_value_is_returned),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
