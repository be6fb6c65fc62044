/* SPDX-License-Identifier: MIT */
/*
 * RUN for real, on a small image of busybox. Skipped where there is no static busybox
 * or the kernel allows neither root nor an unprivileged user what the sandbox needs.
 */
#include "tests/support.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/sandbox.h"
#include "sim/exec/sandbox_plan.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { LAYERS_MOST = 80, OTHER_USER = 65534 };

static const int64_t now_s = 1704067200; /* 2024-01-01 */

/* ---- an image ---------------------------------------------------------------------
 */

struct image {
    char *dir; /* of the store */
    struct store *store;
    struct executor *executor; /* NULL: cannot be had here */
    struct layer *layers[LAYERS_MOST];
    struct digest ids[LAYERS_MOST];
    size_t layer_count;
};

static void add_entry(struct tree *tree, const char *path, enum entry_type type,
                      uint32_t mode, const char *text)
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

static void push_layer(struct image *image, struct tree *tree)
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
static bool image_open(struct image *image, const char *parent)
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

static void image_close(struct image *image)
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

struct trial {
    struct exec_run run; /* what a test sets; the rest is filled in */
    int rc;
    struct err err;
    struct exec_result result;
    struct view *view;
    struct buf out, errors;
};

static void take_output(void *payload, int stream, const char *data, size_t len)
{
    struct trial *t = payload;
    buf_add(stream == 1 ? &t->out : &t->errors, data, len);
}

static struct view *image_view(const struct image *image)
{
    struct view *view = view_new();
    for (size_t i = 0; i < image->layer_count; i++)
        view_push(view, image->layers[i]->tree);
    return view;
}

static void try_argv(struct image *image, struct trial *t, const struct strv *argv)
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

static void try_script(struct image *image, struct trial *t, const char *script)
{
    struct strv argv = STRV_INIT;
    strv_add(&argv, "/bin/sh");
    strv_add(&argv, "-c");
    strv_add(&argv, script);
    try_argv(image, t, &argv);
    strv_free(&argv);
}

static void trial_free(struct image *image, struct trial *t)
{
    if (t->rc == 0)
        image->executor->release(image->executor->self, t->result.handle);
    view_free(t->view);
    buf_free(&t->out);
    buf_free(&t->errors);
}

/* Its output, whatever the status; errors of the sandbox fail the test. */
static void expect_output(struct image *image, struct trial *t, const char *script,
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
static void list_changes(const struct trial *t, struct buf *out)
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

static void expect_changes(struct image *image, struct trial *t, const char *script,
                           const char *expected)
{
    AUTO_BUF changes = BUF_INIT;
    expect_output(image, t, script, "");
    assert_int_equal(t->result.exit_status, 0);
    list_changes(t, &changes);
    assert_string_equal(buf_str(&changes), expected);
}

/* A kernel, a container or valgrind may refuse what no set-up asks for. */
static void probe(struct image *image)
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

static struct image *need_sandbox(void **state)
{
    struct image *image = *state;
    if (image->executor == NULL)
        skip();
    image_reset(image);
    return image;
}

static bool is_privileged(const struct image *image)
{
    return ((const struct sandbox *)image->executor->self)->ids.userns_fd < 0;
}

/* ---- who ---------------------------------------------------------------------------
 */

static void run__when_user_is_named__then_ids_and_home_are_the_images(void **state)
{
    struct image *image = need_sandbox(state);
    if (!is_privileged(image))
        skip();
    static const struct {
        const char *user, *expected;
    } cases[] = {
        {"", "0 0 0 /root\n"},
        {"root", "0 0 0 /root\n"},
        {"0", "0 0 0 /root\n"},
        {"app", "1000 1001 50 1001 /home/app\n"},
        {"1000", "1000 1001 50 1001 /home/app\n"},
        {"www", "33 33 33 50 51 /srv\n"},
        {"www:other", "33 51 51 /srv\n"},
        {"app:7", "1000 7 7 /home/app\n"},
        {"4321", "4321 0 0 /\n"},
        {"4321:99", "4321 99 99 /\n"},
        {":more", "0 50 50 /root\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trial t = {.run.user = cases[i].user};
        expect_output(image, &t,
                      "echo $(id -u) $(id -g) $(id -G | tr ' ' '\\n' | sort -n) $HOME",
                      cases[i].expected);
        trial_free(image, &t);
    }
}

static void run__when_user_is_unknown__then_error_names_it(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct {
        const char *user, *text;
    } cases[] = {
        {"nobody", "unable to find user nobody"},
        {"app:staff", "unable to find group staff"},
        {"3000000000", "2147483647"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trial t = {.run.user = cases[i].user};
        try_script(image, &t, "true");
        assert_int_equal(t.rc, ERR_FAILED);
        assert_non_null(strstr(t.err.msg, cases[i].text));
        trial_free(image, &t);
    }
}

/* ---- what it is given
 * ----------------------------------------------------------------
 */

static void run__environment_and_descriptors__hold_nothing_else(void **state)
{
    struct image *image = need_sandbox(state);
    int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    setenv("SECRET_OF_THE_CALLER", "x", 1);
    struct trial t = {0};
    expect_output(image, &t,
                  "env | grep -v -e SHLVL -e PWD | sort; ls /proc/$$/fd; "
                  "umask; pwd; cat; echo end",
                  "GIVEN=yes\nHOME=/root\nPATH=/bin:/nowhere\n0\n1\n2\n0022\n/\nend\n");
    trial_free(image, &t);
    unsetenv("SECRET_OF_THE_CALLER");
    close(leak);
}

static void run__names_of_machine_and_hosts__are_those_asked_for(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct exec_host hosts[] = {{"db", "10.0.0.7"}};
    struct trial t = {.run.hosts = hosts, .run.host_count = 1};
    expect_output(image, &t, "hostname; cat /etc/hosts",
                  "buildkitsandbox\n127.0.0.1\tlocalhost buildkitsandbox\n"
                  "::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.7\tdb\n");
    trial_free(image, &t);
    struct trial named = {.run.hostname = "box"};
    expect_output(image, &named, "hostname; grep -c box /etc/hosts", "box\n1\n");
    trial_free(image, &named);
}

static void run__streams__stay_apart_and_large_output_arrives(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    try_script(image, &t, "echo one; echo two >&2; head -c 300000 /dev/zero");
    assert_int_equal(t.rc, 0);
    assert_string_equal(buf_str(&t.errors), "two\n");
    assert_int_equal(t.out.len, 4 + 300000);
    trial_free(image, &t);
}

static void run__without_network__then_only_loopback(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_output(image, &t,
                  "ls /sys/class/net; grep -c : /proc/net/dev; "
                  "cat /sys/class/net/lo/operstate",
                  "lo\n1\nunknown\n");
    trial_free(image, &t);
}

/* ---- how it ends
 * -----------------------------------------------------------------------
 */

static void run__when_it_ends__then_status_is_reported(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct {
        const char *script;
        int status;
    } cases[] = {
        {"exit 0", 0},
        {"exit 7", 7},
        {"sh -c 'kill -9 $$'; exit $?", 137},
        /* As process 1 of its namespace it is immune to its own signals. */
        {"kill -9 $$; exit 4", 4},
        /* What it leaves behind dies with it. */
        {"sleep 1000 & (sleep 1000 &) ; exit 5", 5},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trial t = {0};
        try_script(image, &t, cases[i].script);
        assert_int_equal(t.rc, 0);
        assert_int_equal(t.result.exit_status, cases[i].status);
        assert_int_equal(t.result.signal, 0);
        assert_int_equal(t.result.virtual_ms, UINT64_MAX);
        assert_true((t.result.handle != NULL) == (cases[i].status == 0));
        trial_free(image, &t);
    }
}

static void run__when_program_cannot_start__then_line_and_status(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct {
        const char *program, *line;
    } cases[] = {
        {"nosuch", "exec: \"nosuch\": executable file not found in $PATH\n"},
        {"/bin/nosuch", "exec: \"/bin/nosuch\": No such file or directory\n"},
        {"/etc/passwd", "exec: \"/etc/passwd\": Permission denied\n"},
        {"/etc", "exec: \"/etc\": Permission denied\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strv argv = STRV_INIT;
        struct trial t = {0};
        strv_add(&argv, cases[i].program);
        try_argv(image, &t, &argv);
        assert_int_equal(t.rc, 0);
        assert_int_equal(t.result.exit_status, 1);
        assert_string_equal(buf_str(&t.errors), cases[i].line);
        trial_free(image, &t);
        strv_free(&argv);
    }
}

/* ---- what it changes
 * -------------------------------------------------------------------
 */

static void run__changes__are_those_of_the_upper_folder(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_changes(image, &t,
                   "echo new >/data/n; rm /data/a; ln /data/n /data/link; "
                   "ln -s n /data/sym; chmod 4711 /data/b; mkdir -m 700 /data/d; "
                   "chmod 0 /data/n",
                   "data d 755 0:0\ndata/a w 0 0:0\ndata/b f 4711 0:0 'second'\n"
                   "data/d d 700 0:0\ndata/link f 0 0:0 'new'\n"
                   "data/n h 0 0:0 data/link\ndata/sym l 777 0:0 n\n"
                   "dev d 755 0:0\nproc d 755 0:0\nsys d 755 0:0\n");
    trial_free(image, &t);
}

static void run__when_nothing_changes__then_only_mount_points_are_left(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_changes(image, &t, "mkdir /dev/x; cat /etc/resolv.conf >/dev/null",
                   "dev d 755 0:0\nproc d 755 0:0\nsys d 755 0:0\n");
    trial_free(image, &t);
    struct trial failing = {0};
    try_script(image, &failing, "echo x >/made; exit 1");
    assert_false(view_changed(failing.view));
    trial_free(image, &failing);
}

static void run__when_etc_changes__then_no_stub_file_is_left(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_changes(image, &t, "echo x >/etc/x",
                   "dev d 755 0:0\netc d 755 0:0\netc/x f 644 0:0 'x'\n"
                   "proc d 755 0:0\nsys d 755 0:0\n");
    trial_free(image, &t);
}

static void run__when_working_folder_is_missing__then_it_is_made(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {.run.cwd = "/w/x"};
    expect_output(image, &t, "pwd", "/w/x\n");
    const struct entry *e = view_lookup(t.view, "w/x");
    assert_non_null(e);
    assert_int_equal(e->type, ENTRY_DIR);
    trial_free(image, &t);
}

/* ---- what it may
 * -----------------------------------------------------------------------
 */

static void run__rights__are_dockers_default_set(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_output(
        image, &t,
        "grep -E '^(Cap|NoNew|Seccomp:|SigBlk|SigIgn)' /proc/self/status; true",
        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
        "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
        "CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n"
        "CapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n");
    trial_free(image, &t);
    if (!is_privileged(image))
        return;
    struct trial user = {.run.user = "app"};
    expect_output(image, &user, "grep -E '^Cap(Eff|Bnd)' /proc/self/status",
                  "CapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\n");
    trial_free(image, &user);
}

static void run__when_insecure__then_it_may_mount(void **state)
{
    struct image *image = need_sandbox(state);
    const char *script = "mkdir /m; mount -t tmpfs x /m 2>/dev/null && echo mounted; "
                         "grep Seccomp: /proc/self/status";
    struct trial t = {0};
    expect_output(image, &t, script, "Seccomp:\t2\n");
    trial_free(image, &t);
    struct trial insecure = {.run.insecure = true};
    expect_output(image, &insecure, script, "mounted\nSeccomp:\t0\n");
    trial_free(image, &insecure);
}

static void run__what_belongs_to_the_machine__is_out_of_reach(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_output(image, &t,
                  "(mknod /tmp/zero c 1 5; head -c 1 /tmp/zero && echo read; "
                  "echo x >/proc/sys/kernel/hostname && echo set; ls /proc/acpi; "
                  "cat /proc/keys; echo x >/sys/x && echo made) 2>/dev/null; "
                  "ls /dev | tr '\\n' ' '; (echo x >/dev/full) 2>/dev/null; echo $?",
                  "fd full mqueue null ptmx pts random shm stderr stdin stdout tty "
                  "urandom zero 1\n");
    trial_free(image, &t);
}

/* ---- mounts
 * ----------------------------------------------------------------------------
 */

static void run__tree_mounts__are_read_and_writes_are_dropped(void **state)
{
    struct image *image = need_sandbox(state);
    struct view *source = image_view(image);
    const struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_TREE,
         .target = "/mnt/rw",
         .source = source,
         .source_path = "data"},
        {.kind = EXEC_MOUNT_TREE,
         .target = "/mnt/ro",
         .source = source,
         .source_path = "data",
         .read_only = true},
        {.kind = EXEC_MOUNT_TREE,
         .target = "/one",
         .source = source,
         .source_path = "data/b",
         .read_only = true},
    };
    struct trial t = {.run.mounts = mounts, .run.mount_count = COUNT(mounts)};
    expect_output(image, &t,
                  "cd /mnt; ls ro; cat /one; rm rw/a; echo x >rw/n; cat rw/*; "
                  "(echo x >ro/n) 2>/dev/null; echo $?; (echo x >/one) 2>/dev/null; "
                  "echo $?",
                  "a\nb\nsecond\nsecond\nx\n1\n1\n");
    assert_null(view_lookup(t.view, "mnt"));
    assert_null(view_lookup(t.view, "one"));
    assert_non_null(view_lookup(t.view, "data/a"));
    trial_free(image, &t);
    view_free(source);
}

static void run__when_mount_source_is_missing__then_error_names_it(void **state)
{
    struct image *image = need_sandbox(state);
    struct view *source = image_view(image);
    const struct exec_mount mount = {.kind = EXEC_MOUNT_TREE,
                                     .target = "/mnt",
                                     .source = source,
                                     .source_path = "no/such"};
    struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
    try_script(image, &t, "true");
    assert_int_equal(t.rc, ERR_FAILED);
    assert_non_null(strstr(t.err.msg, "/no/such: not found"));
    trial_free(image, &t);
    view_free(source);
}

static void run__cache_mount__is_kept_and_leaves_no_mount_point(void **state)
{
    struct image *image = need_sandbox(state);
    AUTO_FREE char *cache = path_join(image->dir, "mounts/cache");
    const struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_CACHE, .target = "/root/.cache/x", .host_path = cache},
        {.kind = EXEC_MOUNT_TMPFS, .target = "/root/.cache/x/t", .size = 4096},
    };
    for (int i = 0; i < 2; i++) {
        struct trial t = {.run.mounts = mounts, .run.mount_count = COUNT(mounts)};
        expect_changes(image, &t,
                       i == 0 ? "echo kept >/root/.cache/x/f; echo x >"
                                "/root/.cache/x/t/gone"
                              : "grep -q kept /root/.cache/x/f && ! ls "
                                "/root/.cache/x/t/gone 2>/dev/null",
                       "dev d 755 0:0\nproc d 755 0:0\nsys d 755 0:0\n");
        trial_free(image, &t);
    }
}

/* Run by somebody with subordinate ids, these files are not the caller's. */
static void remove_tree__of_what_other_ids_left__then_gone(void **state)
{
    struct image *image = need_sandbox(state);
    struct err err = ERR_INIT;
    AUTO_FREE char *cache = path_join(image->dir, "mounts/theirs");
    const struct exec_mount mount = {
        .kind = EXEC_MOUNT_CACHE, .target = "/c", .host_path = cache};
    struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
    /* With one id mapped, giving files away is refused. */
    expect_output(image, &t,
                  "mkdir -p /c/x/y; touch /c/x/y/f; chown -R 5:5 /c/x 2>/dev/null; "
                  "chmod 0 /c/x/y; chmod 0 /c/x",
                  "");
    trial_free(image, &t);
    assert_int_equal(sandbox_remove_tree(cache, &err), 0);
    assert_false(file_exists(cache));
}

static void run__when_folders_are_nested_deep__then_they_are_read_back(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {0};
    expect_output(image, &t,
                  "i=0; while [ $i -lt 1300 ]; do mkdir d; cd d; i=$((i+1)); done; "
                  "echo deep >f; chmod 0 f",
                  "");
    AUTO_BUF path = BUF_INIT;
    for (int i = 0; i < 1300; i++)
        buf_adds(&path, "d/");
    buf_adds(&path, "f");
    const struct entry *e = view_lookup(t.view, buf_str(&path));
    assert_non_null(e);
    assert_int_equal(e->mode, 0);
    trial_free(image, &t);
}

static void run__secrets__are_files_or_variables_and_stay_out(void **state)
{
    struct image *image = need_sandbox(state);
    const struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_FILE,
         .target = "/run/secrets/s",
         .data = "hidden\n",
         .len = 7,
         .mode = 0400},
        {.kind = EXEC_MOUNT_FILE, .env = "TOKEN", .data = "abcdef", .len = 3},
        {.kind = EXEC_MOUNT_FILE,
         .target = "/dev/pipes/EOF",
         .data = "#!/bin/sh\necho script\n",
         .len = 22,
         .mode = 0755},
    };
    struct trial t = {.run.mounts = mounts, .run.mount_count = COUNT(mounts)};
    expect_output(image, &t,
                  "cat /run/secrets/s; stat -c %a /run/secrets/s; echo $TOKEN; "
                  "/dev/pipes/EOF; (echo x >/run/secrets/s) 2>/dev/null; echo $?",
                  "hidden\n400\nabc\nscript\n1\n");
    assert_null(view_lookup(t.view, "run"));
    trial_free(image, &t);
}

static void run__ssh_mount__is_the_agents_socket(void **state)
{
    struct image *image = need_sandbox(state);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/agent", image->dir);
    AUTO_CLOSE int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(agent, (struct sockaddr *)&address, sizeof address), 0);
    const struct exec_mount mount = {.kind = EXEC_MOUNT_SSH,
                                     .target = "/run/buildkit/ssh_agent.0",
                                     .host_path = address.sun_path};
    struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
    expect_output(image, &t, "[ -S $SSH_AUTH_SOCK ] && echo $SSH_AUTH_SOCK",
                  "/run/buildkit/ssh_agent.0\n");
    assert_null(view_lookup(t.view, "run"));
    trial_free(image, &t);
}

/* ---- images that want out
 * ----------------------------------------------------------------
 */

static void run__when_image_has_links_for_folders__then_it_stays_inside(void **state)
{
    struct image *image = need_sandbox(state);
    AUTO_FREE char *outside = path_join(image->dir, "outside");
    assert_int_equal(mkdir(outside, 0777), 0);
    AUTO_FREE char *climbing = xasprintf("../../../../../../..%s", outside);
    struct tree *tree = tree_new();
    add_entry(tree, "etc", ENTRY_WHITEOUT, 0, NULL);
    push_layer(image, tree);
    tree = tree_new();
    add_entry(tree, "etc", ENTRY_SYMLINK, 0777, climbing);
    add_entry(tree, "dev", ENTRY_SYMLINK, 0777, "../../tmp/dev");
    add_entry(tree, "run", ENTRY_SYMLINK, 0777, outside);
    push_layer(image, tree);
    const struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_TMPFS, .target = "/run/../run/a/../b"},
        {.kind = EXEC_MOUNT_FILE, .target = "/../../run/s", .data = "x", .len = 1},
    };
    struct trial t = {.run.mounts = mounts, .run.mount_count = COUNT(mounts)};
    expect_output(image, &t, "grep -c buildkitsandbox /etc/hosts; cat /run/s", "1\nx");
    trial_free(image, &t);
    assert_int_equal(rmdir(outside), 0); /* nothing was made there */
}

static void run__when_mount_point_is_in_the_way__then_error_names_it(void **state)
{
    struct image *image = need_sandbox(state);
    static const struct {
        const char *target, *text;
    } cases[] = {
        {"/data/a/below", "/data/a is no folder"},
        {"/", "cannot mount on /"},
        {"/data/a", "/data/a is no folder"},
        {"/proc/no", "/proc/no"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct exec_mount mount = {.kind = EXEC_MOUNT_TMPFS,
                                         .target = cases[i].target};
        struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
        try_script(image, &t, "true");
        assert_int_equal(t.rc, ERR_FAILED);
        assert_non_null(strstr(t.err.msg, cases[i].text));
        trial_free(image, &t);
    }
}

/* ---- layers
 * ------------------------------------------------------------------------------
 */

static void run__when_there_are_no_layers__then_an_empty_root(void **state)
{
    struct image *image = need_sandbox(state);
    struct strv argv = STRV_INIT;
    struct trial t = {0};
    size_t count = image->layer_count;
    strv_add(&argv, "/bin/sh");
    image->layer_count = 0;
    try_argv(image, &t, &argv);
    image->layer_count = count;
    assert_int_equal(t.rc, 0);
    assert_int_equal(t.result.exit_status, 1);
    trial_free(image, &t);
    strv_free(&argv);
}

/* WORKDIR twice, COPY of what is there: layers without content are all the same. */
static void run__when_a_layer_stands_twice__then_once_is_enough(void **state)
{
    struct image *image = need_sandbox(state);
    for (int i = 0; i < 3; i++) {
        struct tree *tree = tree_new();
        if (i == 1)
            add_entry(tree, "between", ENTRY_FILE, 0644, "x");
        push_layer(image, tree);
    }
    struct trial t = {0};
    expect_output(image, &t, "cat /between", "x");
    trial_free(image, &t);
}

/* More than fit into one page of mount options by their paths. */
static void run__when_there_are_many_layers__then_all_are_seen(void **state)
{
    struct image *image = need_sandbox(state);
    struct sandbox *sandbox = image->executor->self;
    for (int i = 0; i < 60; i++) {
        char name[32];
        struct tree *tree = tree_new();
        add_entry(tree, "many", ENTRY_DIR, 0755, NULL);
        snprintf(name, sizeof name, "many/%d", i);
        add_entry(tree, name, ENTRY_FILE, 0644, "");
        if (i == 59)
            add_entry(tree, "many/7", ENTRY_WHITEOUT, 0, NULL);
        push_layer(image, tree);
    }
    const size_t most = sandbox->lower_most;
    for (int how = 0; how < 3; how++) {
        sandbox->old_mount_api = how == 1;
        sandbox->lower_most = how == 2 ? 40 : most; /* the lowest 40 in one */
        struct trial t = {0};
        expect_output(image, &t, "ls /many | wc -l; rm /many/3; ls /many | wc -l",
                      "59\n58\n");
        assert_null(view_lookup(t.view, "many/3"));
        trial_free(image, &t);
    }
    sandbox->lower_most = most;
    struct trial over = {0};
    sandbox->lower_most = 20;
    try_script(image, &over, "true");
    sandbox->lower_most = most;
    assert_int_equal(over.rc, ERR_FAILED);
    assert_non_null(strstr(over.err.msg, "61 layers are more"));
    trial_free(image, &over);
}

/* ---- beside each other, and without root
 * ---------------------------------------------------
 */

struct job {
    struct image *image;
    int number;
    bool good;
};

static void *work(void *payload)
{
    struct job *job = payload;
    job->good = true;
    for (int i = 0; i < 3; i++) {
        struct trial t = {0};
        AUTO_FREE char *script =
            xasprintf("echo %d >/mine; cat /mine; ls / | wc -l", job->number);
        AUTO_FREE char *expected = xasprintf("%d\n10\n", job->number);
        try_script(job->image, &t, script);
        job->good &= t.rc == 0 && strcmp(buf_str(&t.out), expected) == 0;
        trial_free(job->image, &t);
    }
    return NULL;
}

/* Folders that executors over the image's store hold. */
static size_t count_own_folders(const struct image *image)
{
    AUTO_FREE char *pattern = path_join(image->dir, "tmp/sandbox*");
    glob_t found = {0};
    glob(pattern, 0, NULL, &found);
    size_t n = found.gl_pathc;
    globfree(&found);
    return n;
}

/* Their first RUNs set a new executor up, all at once. */
static void run__from_several_threads__then_each_sees_its_own(void **state)
{
    struct image *shared = need_sandbox(state), fresh = *shared, *image = &fresh;
    struct err err = ERR_INIT;
    struct job jobs[4];
    pthread_t threads[COUNT(jobs)];
    const size_t before = count_own_folders(shared);
    assert_int_equal(sandbox_executor_new(shared->store, &fresh.executor, &err), 0);
    assert_int_equal(count_own_folders(shared), before); /* not before it runs */
    for (size_t i = 0; i < COUNT(jobs); i++) {
        jobs[i] = (struct job){.image = image, .number = (int)i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
    }
    for (size_t i = 0; i < COUNT(jobs); i++) {
        pthread_join(threads[i], NULL);
        assert_true(jobs[i].good);
    }
    assert_int_equal(count_own_folders(shared), before + 1);
    sandbox_executor_free(fresh.executor);
    assert_int_equal(count_own_folders(shared), before);
}

static bool is_started(void *payload)
{
    const struct trial *t = payload;
    return t->out.len > 0;
}

static void run__when_cancelled__then_the_command_ends(void **state)
{
    struct image *image = need_sandbox(state);
    struct trial t = {.run.cancelled = is_started};
    t.run.cancelled_payload = &t;
    try_script(image, &t, "echo started; (sleep 1000 &); sleep 1000; echo over");
    assert_int_equal(t.rc, ERR_CANCELLED);
    assert_string_equal(buf_str(&t.out), "started\n");
    trial_free(image, &t);
}

/* The command holds a pipe open that ends with it. */
static void run__when_builder_is_killed__then_the_command_ends(void **state)
{
    struct image *image = need_sandbox(state);
    AUTO_FREE char *cache = path_join(image->dir, "mounts/fifo");
    AUTO_FREE char *fifo = path_join(cache, "f");
    assert_int_equal(file_make_folders(cache, NULL), 0);
    assert_int_equal(mkfifo(fifo, 0666), 0);
    fflush(NULL);
    pid_t builder = fork();
    if (builder == 0) {
        const struct exec_mount mount = {
            .kind = EXEC_MOUNT_CACHE, .target = "/c", .host_path = cache};
        struct trial t = {.run.mounts = &mount, .run.mount_count = 1};
        try_script(image, &t, "exec 3>/c/f; sleep 1000 & (sleep 1000 &); sleep 1000");
        _exit(0);
    }
    AUTO_CLOSE int fd = open(fifo, O_RDONLY | O_CLOEXEC); /* once it runs */
    kill(builder, SIGKILL);
    waitpid(builder, NULL, 0);
    char c;
    assert_int_equal(read(fd, &c, 1), 0);
}

static int as_other_user(const char *dir)
{
    struct image image;
    struct trial t = {0};
    if (setgroups(0, NULL) != 0 || setresgid(OTHER_USER, OTHER_USER, OTHER_USER) != 0 ||
        setresuid(OTHER_USER, OTHER_USER, OTHER_USER) != 0 ||
        prctl(PR_SET_DUMPABLE, 1) != 0 || /* else /proc/self is still root's */
        !image_open(&image, dir))
        return 77;
    probe(&image);
    if (image.executor == NULL) {
        image_close(&image);
        return 77;
    }
    try_script(&image, &t,
               "id -u; mkdir -m 700 /p; echo x >/p/f; chmod 0 /p/f /p; "
               "echo y >/data/y; chmod 600 /data/y; ln /data/y /data/z; rm -r /tmp; "
               "chmod 4755 /data/b; chmod 600 /srv/theirs");
    AUTO_BUF changes = BUF_INIT;
    if (t.rc == 0)
        list_changes(&t, &changes);
    bool good = t.rc == 0 && strcmp(buf_str(&t.out), "0\n") == 0 &&
                strcmp(buf_str(&changes),
                       "data d 755 0:0\ndata/b f 4755 0:0 'second'\n"
                       "data/y f 600 0:0 'y'\ndata/z h 600 0:0 data/y\n"
                       "dev d 755 0:0\np d 0 0:0\np/f f 0 0:0 'x'\n"
                       "proc d 755 0:0\nsrv d 755 0:0\nsrv/theirs f 600 7:8 'x'\n"
                       "sys d 755 0:0\ntmp w 0 0:0\n") == 0;
    if (!good)
        print_error("%d %s\n%s%s%s", t.rc, t.err.msg, buf_str(&t.out),
                    buf_str(&t.errors), buf_str(&changes));
    trial_free(&image, &t);
    image_close(&image);
    return good ? 0 : 1;
}

static void run__when_not_root__then_works_in_a_user_namespace(void **state)
{
    need_sandbox(state);
    if (geteuid() != 0)
        skip(); /* then all tests are this one */
    char *dir = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(file_temp_folder("/tmp", "simbench-test", &dir, &err), 0);
    assert_int_equal(chmod(dir, 0777), 0);
    fflush(NULL);
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(as_other_user(dir));
    waitpid(child, &status, 0);
    assert_int_equal(file_remove_tree(dir, NULL), 0);
    free(dir); /* skip() does not come back */
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int group_setup(void **state)
{
    struct image *image = xcalloc(1, sizeof *image);
    *state = image;
    if (image_open(image, "/tmp"))
        probe(image);
    return 0;
}

static int group_teardown(void **state)
{
    struct image *image = *state;
    image_close(image);
    free(image);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run__when_user_is_named__then_ids_and_home_are_the_images),
        cmocka_unit_test(run__when_user_is_unknown__then_error_names_it),
        cmocka_unit_test(run__environment_and_descriptors__hold_nothing_else),
        cmocka_unit_test(run__names_of_machine_and_hosts__are_those_asked_for),
        cmocka_unit_test(run__streams__stay_apart_and_large_output_arrives),
        cmocka_unit_test(run__without_network__then_only_loopback),
        cmocka_unit_test(run__when_it_ends__then_status_is_reported),
        cmocka_unit_test(run__when_program_cannot_start__then_line_and_status),
        cmocka_unit_test(run__changes__are_those_of_the_upper_folder),
        cmocka_unit_test(run__when_nothing_changes__then_only_mount_points_are_left),
        cmocka_unit_test(run__when_etc_changes__then_no_stub_file_is_left),
        cmocka_unit_test(run__when_working_folder_is_missing__then_it_is_made),
        cmocka_unit_test(run__rights__are_dockers_default_set),
        cmocka_unit_test(run__when_insecure__then_it_may_mount),
        cmocka_unit_test(run__what_belongs_to_the_machine__is_out_of_reach),
        cmocka_unit_test(run__tree_mounts__are_read_and_writes_are_dropped),
        cmocka_unit_test(run__when_mount_source_is_missing__then_error_names_it),
        cmocka_unit_test(run__cache_mount__is_kept_and_leaves_no_mount_point),
        cmocka_unit_test(remove_tree__of_what_other_ids_left__then_gone),
        cmocka_unit_test(run__when_folders_are_nested_deep__then_they_are_read_back),
        cmocka_unit_test(run__secrets__are_files_or_variables_and_stay_out),
        cmocka_unit_test(run__ssh_mount__is_the_agents_socket),
        cmocka_unit_test(run__when_image_has_links_for_folders__then_it_stays_inside),
        cmocka_unit_test(run__when_mount_point_is_in_the_way__then_error_names_it),
        cmocka_unit_test(run__when_there_are_no_layers__then_an_empty_root),
        cmocka_unit_test(run__when_a_layer_stands_twice__then_once_is_enough),
        cmocka_unit_test(run__when_there_are_many_layers__then_all_are_seen),
        cmocka_unit_test(run__from_several_threads__then_each_sees_its_own),
        cmocka_unit_test(run__when_cancelled__then_the_command_ends),
        cmocka_unit_test(run__when_builder_is_killed__then_the_command_ends),
        cmocka_unit_test(run__when_not_root__then_works_in_a_user_namespace),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
