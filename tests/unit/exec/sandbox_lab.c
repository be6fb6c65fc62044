/* SPDX-License-Identifier: MIT */
/* The image and the runs of sandbox_lab.h. */
#include "tests/unit/exec/sandbox_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/exec/sandbox_plan.h"

static const int64_t now_s = 1704067200; /* 2024-01-01 */

/* ---- an image ---------------------------------------------------------------------
 */

void add_entry(struct tree *tree, const char *path, enum entry_type type, uint32_t mode,
               const char *text)
{
    struct entry e = {.path = path, .type = type, .mode = mode};
    e.mtime_ns = now_s * INT64_C(1000000000);
    if (type == ENTRY_SYMLINK || type == ENTRY_HARDLINK) {
        e.target = text;
    } else if (type == ENTRY_FILE && text[0] != '\0') {
        e.size = strlen(text);
        e.content = (struct content){.kind = CONTENT_INLINE, .from.bytes = text};
    }
    tree_add(tree, &e);
}

void push_layer(struct image *image, struct tree *tree)
{
    struct err err = ERR_INIT;
    size_t n = image->layer_count++;
    assert_true(n < LAYERS_MOST);
    tree_sort(tree);
    assert_int_equal(store_layer_put(image->store, tree, &image->layers[n], &err), 0);
    image->ids[n] = image->layers[n]->diff_id;
}

static bool add_busybox(struct tree *tree)
{
    static const char *const applets[] = {
        "sh",   "id",    "cat",   "ls",    "touch", "mkdir", "chmod", "chown",   "rm",
        "ln",   "stat",  "mknod", "mount", "sleep", "env",   "grep",  "sort",    "tr",
        "head", "mkdir", "rmdir", "wc",    "true",  "pwd",   "umask", "hostname"};
    static struct buf program; /* the tree points into it until it is stored */
    struct err err = ERR_INIT;
    const char *const places[] = {"/bin/busybox", "/usr/bin/busybox"};
    for (size_t i = 0; i < COUNT(places) && program.len == 0; i++)
        file_read(places[i], 16 << 20, &program, &err);
    if (program.len == 0)
        return false;
    struct entry e = {.path = "bin/busybox", .type = ENTRY_FILE, .mode = 0755};
    e.size = program.len;
    e.content = (struct content){.kind = CONTENT_INLINE, .from.bytes = program.data};
    tree_add(tree, &e);
    buf_free(&program);
    for (size_t i = 0; i < COUNT(applets); i++) {
        AUTO_FREE char *path = path_join("bin", applets[i]);
        add_entry(tree, path, ENTRY_SYMLINK, 0777, "busybox");
    }
    return true;
}

static struct tree *base_tree(void)
{
    struct tree *tree = tree_new();
    add_entry(tree, "bin", ENTRY_DIR, 0755, NULL);
    if (!add_busybox(tree)) {
        tree_free(tree);
        return NULL;
    }
    add_entry(tree, "etc", ENTRY_DIR, 0755, NULL);
    add_entry(tree, "etc/passwd", ENTRY_FILE, 0644,
              "root:x:0:0:root:/root:/bin/sh\n# a comment\n\n"
              "app:x:1000:1001::/home/app:/bin/sh\nwww:x:33:33::/srv:/bin/sh\n");
    add_entry(tree, "etc/group", ENTRY_FILE, 0644,
              "root:x:0:\nmore:x:50:www,app\nwww:x:33:\nother:x:51:www\n");
    add_entry(tree, "root", ENTRY_DIR, 0700, NULL);
    add_entry(tree, "tmp", ENTRY_DIR, 01777, NULL);
    add_entry(tree, "data", ENTRY_DIR, 0755, NULL);
    add_entry(tree, "data/a", ENTRY_FILE, 0644, "first\n");
    add_entry(tree, "data/b", ENTRY_FILE, 0644, "second\n");
    add_entry(tree, "srv", ENTRY_DIR, 0755, NULL);
    add_entry(tree, "srv/theirs", ENTRY_FILE, 0644, "x\n");
    tree->entries[tree->len - 1].uid = 7;
    tree->entries[tree->len - 1].gid = 8;
    return tree;
}

/* An image with the base layer below dir; executor NULL where it cannot be had. */
bool image_open(struct image *image, const char *parent)
{
    struct err err = ERR_INIT;
    *image = (struct image){0};
    struct tree *tree = base_tree();
    if (tree == NULL)
        return false;
    assert_int_equal(file_temp_folder(parent, "simbench-test", &image->dir, &err), 0);
    assert_int_equal(store_open(image->dir, NULL, &image->store, &err), 0);
    int rc = sandbox_executor_new(image->store, &image->executor, &err);
    if (rc != 0)
        assert_int_equal(rc, ERR_ENVIRONMENT);
    push_layer(image, tree);
    return true;
}

void image_close(struct image *image)
{
    for (size_t i = 0; i < image->layer_count; i++)
        layer_unref(image->layers[i]);
    sandbox_executor_free(image->executor);
    store_close(image->store);
    if (image->dir != NULL)
        assert_int_equal(sandbox_remove_tree(image->dir, NULL), 0);
    free(image->dir);
}

/* Drops what a test put on top of the base. */
static void image_reset(struct image *image)
{
    while (image->layer_count > 1)
        layer_unref(image->layers[--image->layer_count]);
}

/* ---- a run ------------------------------------------------------------------------
 */

static void take_output(void *payload, int stream, const char *data, size_t len)
{
    struct trial *t = payload;
    buf_add(stream == 1 ? &t->out : &t->errors, data, len);
}

struct view *image_view(const struct image *image)
{
    struct view *view = view_new();
    for (size_t i = 0; i < image->layer_count; i++)
        view_push(view, image->layers[i]->tree);
    return view;
}

void try_argv(struct image *image, struct trial *t, const struct strv *argv)
{
    struct strv env = STRV_INIT;
    strv_add(&env, "PATH=/bin:/nowhere");
    strv_add(&env, "GIVEN=yes");
    t->view = image_view(image);
    t->run.argv = argv;
    t->run.env = &env;
    if (t->run.cwd == NULL)
        t->run.cwd = "/";
    if (t->run.user == NULL)
        t->run.user = "";
    if (t->run.network == NULL)
        t->run.network = "none";
    t->run.root = t->view;
    t->run.layers = image->ids;
    t->run.layer_count = image->layer_count;
    t->run.now_s = now_s;
    t->run.output = take_output;
    t->run.output_payload = t;
    t->rc = image->executor->run(image->executor->self, &t->run, &t->result, &t->err);
    strv_free(&env);
}

void try_script(struct image *image, struct trial *t, const char *script)
{
    struct strv argv = STRV_INIT;
    strv_add(&argv, "/bin/sh");
    strv_add(&argv, "-c");
    strv_add(&argv, script);
    try_argv(image, t, &argv);
    strv_free(&argv);
}

void trial_free(struct image *image, struct trial *t)
{
    if (t->rc == 0)
        image->executor->release(image->executor->self, t->result.handle);
    view_free(t->view);
    buf_free(&t->out);
    buf_free(&t->errors);
}

/* Its output, whatever the status; errors of the sandbox fail the test. */
void expect_output(struct image *image, struct trial *t, const char *script,
                   const char *expected)
{
    try_script(image, t, script);
    if (t->rc != 0)
        print_error("%s: %s (%s)\n", script, t->err.msg, t->err.hint);
    assert_int_equal(t->rc, 0);
    assert_string_equal(buf_str(&t->errors), "");
    assert_string_equal(buf_str(&t->out), expected);
}

/* A line a change: path, kind, mode, owner, target or text. */
void list_changes(const struct trial *t, struct buf *out)
{
    static const char kinds[] = "fdlhcbpswo";
    struct tree *tree = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(view_diff(t->view, &tree, &err), 0);
    for (size_t i = 0; i < tree->len; i++) {
        const struct entry *e = &tree->entries[i];
        buf_addf(out, "%s %c %o %u:%u", e->path, kinds[e->type], e->mode, e->uid,
                 e->gid);
        if (e->target != NULL)
            buf_addf(out, " %s", e->target);
        if (e->type == ENTRY_FILE && e->size > 0) {
            AUTO_BUF text = BUF_INIT;
            assert_int_equal(content_load(&e->content, e->size, 1 << 20, &text, &err),
                             0);
            buf_addf(out, " '%.*s'", (int)strcspn(text.data, "\n"), text.data);
        }
        buf_addc(out, '\n');
    }
    tree_free(tree);
}

void expect_changes(struct image *image, struct trial *t, const char *script,
                    const char *expected)
{
    AUTO_BUF changes = BUF_INIT;
    expect_output(image, t, script, "");
    assert_int_equal(t->result.exit_status, 0);
    list_changes(t, &changes);
    assert_string_equal(buf_str(&changes), expected);
}

/* A kernel, a container or valgrind may refuse what no set-up asks for. */
void image_probe(struct image *image)
{
    if (image->executor == NULL)
        return;
    struct trial t = {0};
    try_script(image, &t, "true");
    bool refused = t.rc == ERR_ENVIRONMENT;
    trial_free(image, &t);
    if (refused) {
        sandbox_executor_free(image->executor);
        image->executor = NULL;
    }
}

struct image *need_sandbox(void **state)
{
    struct image *image = *state;
    if (image->executor == NULL)
        skip();
    image_reset(image);
    return image;
}

bool is_privileged(const struct image *image)
{
    return ((const struct sandbox *)image->executor->self)->ids.userns_fd < 0;
}

int sandbox_setup(void **state)
{
    struct image *image = xcalloc(1, sizeof *image);
    *state = image;
    if (image_open(image, "/tmp"))
        image_probe(image);
    return 0;
}

int sandbox_teardown(void **state)
{
    struct image *image = *state;
    image_close(image);
    free(image);
    return 0;
}
