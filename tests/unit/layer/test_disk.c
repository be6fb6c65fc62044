/* SPDX-License-Identifier: MIT */
/* Layers as folders: unpacked, and upper folders read back. */
#include "tests/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/layer/disk.h"

struct place {
    char *dir;
    char *outside; /* a file that nothing may touch */
};

static int setup(void **state)
{
    struct place *p = xcalloc(1, sizeof *p);
    char *base = NULL;
    assert_int_equal(file_temp_folder("/tmp", "simbench-disk", &base, NULL), 0);
    p->dir = xasprintf("%s/in", base);
    p->outside = xasprintf("%s/outside", base);
    assert_int_equal(mkdir(p->dir, 0700), 0);
    assert_int_equal(mkdir(p->outside, 0700), 0);
    free(base);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    AUTO_FREE char *base = xstrndup(p->dir, strlen(p->dir) - 3);
    assert_int_equal(file_remove_tree(base, NULL), 0);
    free(p->dir);
    free(p->outside);
    free(p);
    return 0;
}

static bool is_root(void)
{
    return geteuid() == 0;
}

static struct stat stat_below(const struct place *p, const char *path)
{
    AUTO_FREE char *full = xasprintf("%s/%s", p->dir, path);
    struct stat st;
    if (lstat(full, &st) != 0)
        fail_msg("%s: %s", path, strerror(errno));
    return st;
}

static void assert_text(const struct place *p, const char *path, const char *want)
{
    AUTO_FREE char *full = xasprintf("%s/%s", p->dir, path);
    AUTO_BUF got = BUF_INIT;
    assert_int_equal(file_read(full, 1000, &got, NULL), 0);
    assert_string_equal(buf_str(&got), want);
}

static struct entry file(const char *path, const char *text)
{
    return (struct entry){.path = path,
                          .type = ENTRY_FILE,
                          .mode = 0644,
                          .uid = geteuid(),
                          .gid = getegid(),
                          .size = strlen(text),
                          .content = {.kind = CONTENT_INLINE, .from.bytes = text}};
}

static struct tree *tree_of(const struct entry *entries, size_t len)
{
    struct tree *t = tree_new();
    for (size_t i = 0; i < len; i++)
        tree_add(t, &entries[i]);
    tree_sort(t);
    return t;
}

static void unpack__when_each_kind_of_entry__then_it_stands_there(void **state)
{
    const struct place *p = *state;
    static const struct xattr xattrs[] = {{"trusted.overlay.redirect", "/x", 2},
                                          {"user.overlay.opaque", "y", 1},
                                          {"user.x", "v", 1}};
    struct entry entries[] = {
        {.path = "d", .type = ENTRY_DIR, .mode = 0555, .mtime_ns = 5000000000},
        file("d/f", "hello"),
        {.path = "d/h", .type = ENTRY_HARDLINK, .target = "d/f"},
        {.path = "l", .type = ENTRY_SYMLINK, .target = "/etc", .mtime_ns = -1},
        {.path = "p", .type = ENTRY_FIFO, .mode = 0640},
        {.path = "s", .type = ENTRY_SOCKET},
        file("deep/er/f", "x"), /* folders that nothing tells of */
        file("t", ""),
        {.path = "z", .type = ENTRY_CHAR, .dev_major = 1, .dev_minor = 3, .mode = 0666},
    };
    entries[1].mode = 06755;
    entries[1].xattrs = xattrs;
    entries[1].xattr_count = 3;
    entries[1].mtime_ns = 1500000000123456789;
    struct tree *t = tree_of(entries, sizeof entries / sizeof *entries);
    struct err err = ERR_INIT;
    if (disk_unpack(t, p->dir, DISK_PLAIN, false, &err) != 0)
        fail_msg("%s", err.msg);
    tree_free(t);
    assert_text(p, "d/f", "hello");
    assert_text(p, "deep/er/f", "x");
    struct stat st = stat_below(p, "d/f");
    assert_int_equal(st.st_mode, S_IFREG | 06755);
    assert_int_equal(st.st_nlink, 2);
    assert_int_equal(st.st_mtim.tv_sec, 1500000000);
    assert_int_equal(st.st_mtim.tv_nsec, 123456789);
    assert_int_equal(stat_below(p, "d/h").st_ino, st.st_ino);
    st = stat_below(p, "d");
    assert_int_equal(st.st_mode, S_IFDIR | 0555);
    assert_int_equal(st.st_mtim.tv_sec, 5);
    assert_int_equal(stat_below(p, "deep").st_mode, S_IFDIR | 0755);
    st = stat_below(p, "l");
    assert_true(S_ISLNK(st.st_mode));
    assert_true(st.st_mtim.tv_sec == -1 && st.st_mtim.tv_nsec == 999999999);
    assert_int_equal(stat_below(p, "p").st_mode, S_IFIFO | 0640);
    if (is_root())
        assert_true(stat_below(p, "z").st_rdev == makedev(1, 3));
    AUTO_FREE char *f = xasprintf("%s/d/f", p->dir), *s = xasprintf("%s/s", p->dir);
    assert_false(file_exists(s));
    char value[8];
    if (getxattr(f, "user.x", value, sizeof value) == 1) /* not on every tmpfs */
        assert_int_equal(value[0], 'v');
    assert_int_equal(getxattr(f, "user.overlay.opaque", value, sizeof value), -1);
    assert_int_equal(getxattr(f, "trusted.overlay.redirect", value, sizeof value), -1);
}

static void unpack__when_owners_are_kept__then_set_before_the_mode(void **state)
{
    const struct place *p = *state;
    if (!is_root())
        skip();
    struct entry entries[] = {
        {.path = "d", .type = ENTRY_DIR, .mode = 02755, .uid = 7, .gid = 8},
        file("f", "x"),
        {.path = "l", .type = ENTRY_SYMLINK, .target = "f", .uid = 9, .gid = 10}};
    entries[1].uid = 5;
    entries[1].gid = 6;
    entries[1].mode = 04755;
    struct tree *t = tree_of(entries, 3);
    assert_int_equal(disk_unpack(t, p->dir, DISK_PLAIN, true, NULL), 0);
    tree_free(t);
    struct stat st = stat_below(p, "f");
    assert_int_equal(st.st_uid, 5);
    assert_int_equal(st.st_gid, 6);
    assert_int_equal(st.st_mode, S_IFREG | 04755);
    assert_int_equal(stat_below(p, "d").st_mode, S_IFDIR | 02755);
    assert_int_equal(stat_below(p, "l").st_uid, 9);
}

/* Trees that no reader here makes, but somebody might. */
static void unpack__when_it_would_leave_the_folder__then_failed(void **state)
{
    const struct place *p = *state;
    const struct {
        struct entry entries[2];
    } cases[] = {
        {{{.path = "l", .type = ENTRY_SYMLINK, .target = p->outside},
          file("l/f", "stray")}},
        {{{.path = "m", .type = ENTRY_SYMLINK, .target = "../outside"},
          {.path = "m/d", .type = ENTRY_DIR, .mode = 0755}}},
        {{{.path = "n", .type = ENTRY_SYMLINK, .target = p->outside},
          {.path = "o", .type = ENTRY_HARDLINK, .target = "n/secret"}}},
        {{{.path = "q", .type = ENTRY_FIFO}, file("q/f", "x")}},
        {{{.path = "r", .type = ENTRY_DIR, .mode = 0755},
          {.path = "s", .type = ENTRY_HARDLINK, .target = "none"}}},
    };
    /* Also where the link stays inside: an entry stands in a folder or nowhere. */
    const struct entry inner[] = {{.path = "a", .type = ENTRY_DIR, .mode = 0755},
                                  {.path = "k", .type = ENTRY_SYMLINK, .target = "a"},
                                  file("k/f", "x")};
    struct tree *bad = tree_of(inner, 3);
    assert_int_equal(disk_unpack(bad, p->dir, DISK_PLAIN, false, NULL), ERR_FAILED);
    tree_free(bad);
    AUTO_FREE char *secret = xasprintf("%s/secret", p->outside);
    assert_int_equal(file_write(secret, "s", 1, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree *t = tree_of(cases[i].entries, 2);
        struct err err = ERR_INIT;
        assert_int_equal(disk_unpack(t, p->dir, DISK_PLAIN, false, &err), ERR_FAILED);
        assert_non_null(strstr(err.msg, t->entries[1].path));
        tree_free(t);
    }
    AUTO_FREE char *stray = xasprintf("%s/f", p->outside);
    AUTO_FREE char *dir = xasprintf("%s/d", p->outside);
    assert_false(file_exists(stray));
    assert_false(file_exists(dir));
    struct stat st;
    assert_int_equal(stat(secret, &st), 0);
    assert_int_equal(st.st_nlink, 1);
}

static void unpack__when_something_stands_there__then_failed(void **state)
{
    const struct place *p = *state;
    const struct entry e = file("f", "x");
    struct tree *t = tree_of(&e, 1);
    assert_int_equal(disk_unpack(t, p->dir, DISK_PLAIN, false, NULL), 0);
    assert_int_equal(disk_unpack(t, p->dir, DISK_PLAIN, false, NULL), ERR_FAILED);
    AUTO_FREE char *none = xasprintf("%s/none", p->dir);
    assert_int_equal(disk_unpack(t, none, DISK_PLAIN, false, NULL), ERR_FAILED);
    tree_free(t);
}

static void unpack__when_whiteouts__then_as_overlayfs_wants_them(void **state)
{
    const struct place *p = *state;
    const struct entry entries[] = {{.path = "d", .type = ENTRY_DIR, .mode = 0755},
                                    {.path = "d/.wh..wh..opq", .type = ENTRY_OPAQUE},
                                    {.path = "d/f", .type = ENTRY_WHITEOUT}};
    struct tree *t = tree_of(entries, 3);
    struct err err = ERR_INIT;
    assert_int_equal(disk_unpack(t, p->dir, DISK_PLAIN, false, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "whiteout"));
    AUTO_FREE char *d = xasprintf("%s/d", p->dir);
    assert_int_equal(rmdir(d), 0);
    int rc = disk_unpack(t, p->dir, is_root() ? DISK_OVERLAY : DISK_OVERLAY_USER, false,
                         &err);
    tree_free(t);
    if (rc != 0 && strstr(err.msg, "not supported") != NULL)
        skip(); /* a tmpfs without such attributes */
    assert_int_equal(rc, 0);
    struct stat st = stat_below(p, "d/f");
    assert_true(S_ISCHR(st.st_mode) && st.st_rdev == 0);
    char value[4];
    assert_int_equal(
        getxattr(d, is_root() ? "trusted.overlay.opaque" : "user.overlay.opaque", value,
                 sizeof value),
        1);
    assert_int_equal(value[0], 'y');
}

/* ---- upper folders
 * ------------------------------------------------------------------- */

static void show(struct buf *out, const struct entry *e)
{
    static const char marks[] = {'=', '/', '>', '~', '!', 'b', '|', 's', '-', '*'};
    if (out->len > 0)
        buf_addc(out, ' ');
    buf_addf(out, "%s%c", e->path, marks[e->type]);
    if (e->target != NULL)
        buf_adds(out, e->target);
    if (e->type == ENTRY_FILE)
        assert_int_equal(content_load(&e->content, e->size, 1000, out, NULL), 0);
}

static void make(const struct place *p, const char *path, const char *text)
{
    AUTO_FREE char *full = xasprintf("%s/%s", p->dir, path);
    if (text == NULL)
        assert_int_equal(mkdir(full, 0755), 0);
    else
        assert_int_equal(file_write(full, text, strlen(text), NULL), 0);
}

static void assert_diff(struct view *v, const char *want)
{
    struct tree *layer = NULL;
    AUTO_BUF got = BUF_INIT;
    assert_int_equal(view_diff(v, &layer, NULL), 0);
    for (size_t i = 0; i < layer->len; i++)
        show(&got, &layer->entries[i]);
    tree_free(layer);
    assert_string_equal(buf_str(&got), want);
}

static void apply__when_an_upper_folder__then_the_changes(void **state)
{
    const struct place *p = *state;
    const struct entry below[] = {
        {.path = "d", .type = ENTRY_DIR, .mode = 0755},
        file("d/old", "1"),
        {.path = "gone", .type = ENTRY_DIR, .mode = 0755},
        file("gone/x", "1"),
        {.path = "op", .type = ENTRY_DIR, .mode = 0755},
        file("op/a", "1"),
        file("op/b", "1"),
    };
    struct tree *layer = tree_of(below, 7);
    struct view *v = view_new();
    view_push(v, layer);
    make(p, "d", NULL);
    make(p, "d/a b", "new");
    make(p, "d/\xff", "x");
    make(p, "op", NULL);
    make(p, "op/b", "2");
    AUTO_FREE char *from = xasprintf("%s/d/a b", p->dir);
    AUTO_FREE char *link = xasprintf("%s/0link", p->dir);
    AUTO_FREE char *sym = xasprintf("%s/sym", p->dir);
    AUTO_FREE char *pipe = xasprintf("%s/pipe", p->dir);
    AUTO_FREE char *gone = xasprintf("%s/gone", p->dir);
    AUTO_FREE char *op = xasprintf("%s/op", p->dir);
    assert_int_equal(linkat(AT_FDCWD, from, AT_FDCWD, link, 0), 0);
    assert_int_equal(symlink("d/none", sym), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    snprintf(where.sun_path, sizeof where.sun_path, "%s/sock", p->dir);
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    const char *mark = is_root() ? "trusted.overlay.opaque" : "user.overlay.opaque";
    if (mknod(gone, S_IFCHR, makedev(0, 0)) != 0 || setxattr(op, mark, "y", 1, 0) != 0)
        skip(); /* not permitted, or a tmpfs without such attributes */
    struct err err = ERR_INIT;
    if (disk_apply_upper(p->dir, is_root() ? DISK_OVERLAY : DISK_OVERLAY_USER, NULL,
                         NULL, v, &err) != 0)
        fail_msg("%s", err.msg);
    const struct entry *e = view_lookup(v, "d/a b");
    assert_int_equal(e->content.kind, CONTENT_HOST);
    assert_int_equal(e->uid, geteuid());
    assert_int_equal(view_lookup(v, "op")->xattr_count, 0);
    assert_diff(v, "0link=new d/ d/a b~0link d/\xff=x gone- op/ op/a- op/b=2 pipe| "
                   "sym>d/none");
    view_free(v);
    tree_free(layer);
}

static void apply__when_in_a_user_namespace__then_ids_are_mapped_back(void **state)
{
    const struct place *p = *state;
    make(p, "f", "x");
    struct id_map map = {.ranges = {{0, 500000, 1}, {10, geteuid(), 1}}, .len = 2};
    struct id_map groups = {.ranges = {{20, getegid(), 5}}, .len = 1};
    struct view *v = view_new();
    struct err err = ERR_INIT;
    assert_int_equal(
        disk_apply_upper(p->dir, DISK_OVERLAY_USER, &map, &groups, v, &err), 0);
    assert_int_equal(view_lookup(v, "f")->uid, 10);
    assert_int_equal(view_lookup(v, "f")->gid, 20);
    map.len = 1;
    assert_int_equal(
        disk_apply_upper(p->dir, DISK_OVERLAY_USER, &map, &groups, v, &err),
        ERR_FAILED);
    assert_non_null(strstr(err.msg, "f belongs to id"));
    view_free(v);
}

static void apply__when_attributes__then_only_those_of_the_file(void **state)
{
    const struct place *p = *state;
    make(p, "f", "x");
    AUTO_FREE char *f = xasprintf("%s/f", p->dir);
    if (setxattr(f, "user.x", "v", 1, 0) != 0 ||
        setxattr(f, "user.overlay.origin", "o", 1, 0) != 0)
        skip();
    struct view *v = view_new();
    assert_int_equal(disk_apply_upper(p->dir, DISK_OVERLAY_USER, NULL, NULL, v, NULL),
                     0);
    const struct entry *e = view_lookup(v, "f");
    assert_int_equal(e->xattr_count, 1);
    assert_string_equal(e->xattrs[0].name, "user.x");
    assert_memory_equal(e->xattrs[0].value, "v", 1);
    assert_int_equal(setxattr(f, "user.overlay.metacopy", "", 0, 0), 0);
    struct err err = ERR_INIT;
    assert_int_equal(disk_apply_upper(p->dir, DISK_OVERLAY_USER, NULL, NULL, v, &err),
                     ERR_FAILED);
    assert_non_null(strstr(err.hint, "metacopy=off"));
    view_free(v);
}

/* Deeper than descriptors may be open. */
static void both__when_nested_deeply__then_fine(void **state)
{
    const struct place *p = *state;
    enum { DEPTH = 1500 };
    AUTO_BUF path = BUF_INIT;
    struct tree *t = tree_new();
    for (int i = 0; i < DEPTH; i++) {
        buf_adds(&path, i == 0 ? "d" : "/d");
        struct entry e = {.path = path.data,
                          .type = ENTRY_DIR,
                          .mode = 0755,
                          .uid = geteuid(),
                          .gid = getegid()};
        tree_add(t, &e);
    }
    struct err err = ERR_INIT;
    if (disk_unpack(t, p->dir, DISK_OVERLAY_USER, false, &err) != 0)
        fail_msg("%s", err.msg);
    struct view *v = view_new();
    if (disk_apply_upper(p->dir, DISK_OVERLAY_USER, NULL, NULL, v, &err) != 0)
        fail_msg("%s", err.msg);
    struct tree *back = view_subtree(v, "");
    assert_int_equal(back->len, DEPTH + 1);
    for (size_t i = 0; i < DEPTH; i++)
        assert_true(entry_same(&t->entries[i], &back->entries[i + 1]));
    view_free(v);
    tree_free(t);
    tree_free(back);
    /* rm -rf of this room's own making: the helper of base/ holds a descriptor a level
     */
    AUTO_FREE char *top = xasprintf("%s/d", p->dir);
    while (path.len > 0) {
        AUTO_FREE char *last = xasprintf("%s/%s", p->dir, path.data);
        assert_int_equal(rmdir(last), 0);
        path.len -= path.len > 1 ? 2 : 1;
        path.data[path.len] = '\0';
    }
    assert_false(file_exists(top));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(unpack__when_each_kind_of_entry__then_it_stands_there),
        IN_FOLDER(unpack__when_owners_are_kept__then_set_before_the_mode),
        IN_FOLDER(unpack__when_it_would_leave_the_folder__then_failed),
        IN_FOLDER(unpack__when_something_stands_there__then_failed),
        IN_FOLDER(unpack__when_whiteouts__then_as_overlayfs_wants_them),
        IN_FOLDER(apply__when_an_upper_folder__then_the_changes),
        IN_FOLDER(apply__when_in_a_user_namespace__then_ids_are_mapped_back),
        IN_FOLDER(apply__when_attributes__then_only_those_of_the_file),
        IN_FOLDER(both__when_nested_deeply__then_fine),
    };
    return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
