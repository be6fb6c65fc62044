/* SPDX-License-Identifier: MIT */
/* The scan of a folder: what is kept, in which order, with which digests. */
#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/context/context.h"

static int setup(void **state)
{
    char *dir = NULL;
    int rc = file_temp_folder("/tmp", "scan-", &dir, NULL);
    *state = dir;
    return rc;
}

static int teardown(void **state)
{
    int rc = file_remove_tree(*state, NULL);
    free(*state);
    return rc;
}

/* Writes dir/name; parents are made. */
static void put(const char *dir, const char *name, const char *text)
{
    struct err err = ERR_INIT;
    AUTO_FREE char *path = path_join(dir, name);
    AUTO_FREE char *parent = xstrndup(path, path_parent_len(path));
    if (file_make_folders(parent, &err) != 0 ||
        file_write(path, text, strlen(text), &err) != 0)
        fail_msg("%s", err.msg);
}

static struct tree *scan(const char *dir, const struct context_options *options,
                         struct context_stats *stats)
{
    static const struct context_options none = CONTEXT_OPTIONS_INIT;
    struct err err = ERR_INIT;
    struct tree *tree = NULL;
    if (context_scan(dir, options != NULL ? options : &none, &tree, stats, &err) != 0)
        fail_msg("%s", err.msg);
    return tree;
}

/* Paths, one a line with a mark of the type, in their order. */
static char *listing(const struct tree *tree)
{
    struct buf out = BUF_INIT;
    assert_true(tree->sorted);
    for (size_t i = 0; i < tree->len; i++) {
        const struct entry *e = &tree->entries[i];
        if (i > 0)
            assert_true(path_compare(tree->entries[i - 1].path, e->path) < 0);
        const char *mark = e->type == ENTRY_DIR       ? "/"
                           : e->type == ENTRY_SYMLINK ? "@"
                           : e->type == ENTRY_FIFO    ? "|"
                           : e->type == ENTRY_SOCKET  ? "="
                                                      : "";
        buf_addf(&out, "%s%s ", e->path, mark);
    }
    return buf_steal(&out);
}

static void assert_scan(const char *dir, const struct context_options *options,
                        const char *expected)
{
    struct tree *tree = scan(dir, options, NULL);
    AUTO_FREE char *got = listing(tree);
    tree_free(tree);
    assert_string_equal(got, expected);
}

static void assert_digest(const struct tree *tree, const char *path, const char *text)
{
    const struct entry *e = tree_find(tree, path);
    struct digest want = digest_of(text, strlen(text));
    assert_non_null(e);
    assert_true(e->has_digest);
    assert_memory_equal(&e->digest, &want, sizeof want);
}

static void context_scan__all_types__are_told_apart(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *link = path_join(dir, "link"), *fifo = path_join(dir, "fifo");
    AUTO_FREE char *tool = path_join(dir, "d/tool"), *sock = path_join(dir, "sock");
    put(dir, "d/tool", "#!");
    put(dir, "d.txt", "");
    put(dir, "a", "hello");
    assert_int_equal(chmod(tool, 06755), 0);
    assert_int_equal(symlink("../x", link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", sock);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);

    struct context_stats stats;
    struct tree *tree = scan(dir, NULL, &stats);
    AUTO_FREE char *got = listing(tree);
    assert_string_equal(got, "/ a d/ d/tool d.txt fifo| link@ sock= ");
    assert_digest(tree, "a", "hello");
    assert_digest(tree, "d.txt", "");
    assert_int_equal(tree_find(tree, "d/tool")->mode, 06755);
    assert_string_equal(tree_find(tree, "link")->target, "../x");
    assert_int_equal(tree_find(tree, "a")->uid, 0);
    assert_int_equal(tree_find(tree, "d.txt")->content.kind, CONTENT_NONE);
    assert_int_equal(stats.files, 6);
    assert_int_equal(stats.folders, 2);
    assert_int_equal(stats.bytes, 7);
    assert_int_equal(stats.hashed_files, 3);

    /* The content can be read later, by way of the tree alone. */
    AUTO_BUF text = BUF_INIT;
    const struct entry *a = tree_find(tree, "a");
    assert_int_equal(a->content.kind, CONTENT_HOST);
    assert_int_equal(content_load(&a->content, a->size, 100, &text, NULL), 0);
    assert_string_equal(text.data, "hello");
    tree_free(tree);
}

static void context_scan__ignored__is_left_out(void **state)
{
    const char *dir = *state;
    struct context_stats stats;
    put(dir, ".dockerignore", "node_modules\n*.log\ngone\n!keep/x.log\n!gone/deep/*\n");
    put(dir, "node_modules/m/index.js", "");
    put(dir, "keep/x.log", "");
    put(dir, "a.log", "");
    put(dir, "gone/deep/stays", "");
    put(dir, "gone/deep2/not", "");
    put(dir, "gone/neither", "");
    put(dir, "app.js", "");
    assert_scan(dir, NULL,
                "/ .dockerignore app.js gone/ gone/deep/ gone/deep/stays keep/ "
                "keep/x.log ");
    put(dir, ".dockerignore", "*\n!gone/other\n");
    struct tree *tree = scan(dir, NULL, &stats);
    assert_int_equal(tree->len, 1);
    assert_int_equal(stats.folders, 1);
    assert_true(stats.dropped_files > 0);
    tree_free(tree);
}

static void
context_scan__ignore_file_of_the_dockerfile__replaces_the_other(void **state)
{
    const char *dir = *state;
    put(dir, ".dockerignore", "a\n");
    put(dir, "a", "");
    put(dir, "b", "");
    put(dir, "docker/Dockerfile", "");
    put(dir, "docker/Dockerfile.dockerignore", "b\ndocker\n.dockerignore\n");
    AUTO_FREE char *dockerfile = path_join(dir, "docker/Dockerfile");
    struct context_options options = {.dockerfile = dockerfile};
    assert_scan(dir, &options, "/ a ");
    AUTO_FREE char *other = path_join(dir, "b");
    options.dockerfile = other;
    assert_scan(dir, &options,
                "/ .dockerignore b docker/ docker/Dockerfile "
                "docker/Dockerfile.dockerignore ");
}

static void context_scan__wanted__limits_what_is_seen(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *link = path_join(dir, "link"), *up = path_join(dir, "d/up");
    AUTO_FREE char *loop = path_join(dir, "loop"), *abs = path_join(dir, "abs");
    put(dir, "a", "");
    put(dir, "b", "");
    put(dir, "d/e/f", "");
    put(dir, "d/x", "");
    put(dir, "d/e/g", "");
    assert_int_equal(symlink("d/e", link), 0);
    assert_int_equal(symlink("../../../b", up), 0);
    assert_int_equal(symlink("loop", loop), 0);
    assert_int_equal(symlink("/d/up", abs), 0);
    static const struct {
        const char *wanted[3], *seen;
    } cases[] = {
        {{"a"}, "/ a "},
        {{"d/e"}, "/ d/ d/e/ d/e/f d/e/g "},
        {{"b", "d/x"}, "/ b d/ d/x "},
        {{"d/e/f", "d/e"}, "/ d/ d/e/ d/e/f d/e/g "},
        {{"missing", "d/no"}, "/ d/ "},
        {{"link/f"}, "/ d/ d/e/ d/e/f link@ "},
        {{"link"}, "/ d/ d/e/ d/e/f d/e/g link@ "},
        {{"d/up"}, "/ b d/ d/up@ "},
        {{"loop/x", "a"}, "/ a loop@ "},
        {{"abs"}, "/ abs@ b d/ d/up@ "},
        {{"a", ""}, "/ a abs@ b d/ d/e/ d/e/f d/e/g d/up@ d/x link@ loop@ "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strv wanted = STRV_INIT;
        for (size_t k = 0; cases[i].wanted[k] != NULL; k++)
            strv_add(&wanted, cases[i].wanted[k]);
        struct context_options options = {.wanted = &wanted};
        assert_scan(dir, &options, cases[i].seen);
        strv_free(&wanted);
    }
    struct strv wanted = STRV_INIT;
    struct context_options options = {.wanted = &wanted};
    assert_scan(dir, &options, "/ ");
}

static void context_scan__wrong_context__is_an_error(void **state)
{
    const char *dir = *state;
    static const struct context_options options = CONTEXT_OPTIONS_INIT;
    AUTO_FREE char *file = path_join(dir, "file"), *none = path_join(dir, "none");
    struct tree *tree = NULL;
    struct err err = ERR_INIT;
    put(dir, "file", "");
    assert_int_equal(context_scan(file, &options, &tree, NULL, &err), ERR_INPUT);
    assert_non_null(strstr(err.msg, "not a folder"));
    assert_int_equal(context_scan(none, &options, &tree, NULL, &err), ERR_INPUT);
    put(dir, ".dockerignore", "\n[\n");
    assert_int_equal(context_scan(dir, &options, &tree, NULL, &err), ERR_INPUT);
    assert_int_equal(err.line, 2);
    assert_null(tree);
}

static void context_scan__unreadable__names_the_path(void **state)
{
    const char *dir = *state;
    static const struct context_options options = CONTEXT_OPTIONS_INIT;
    AUTO_FREE char *file = path_join(dir, "d/secret"), *sub = path_join(dir, "d");
    struct tree *tree = NULL;
    struct err file_err = ERR_INIT, folder_err = ERR_INIT;
    bool root = geteuid() == 0; /* who can read everything, so be somebody else */
    put(dir, "d/secret", "x");
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(chmod(file, 0), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    int file_rc = context_scan(dir, &options, &tree, NULL, &file_err);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(sub, 0), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    int folder_rc = context_scan(dir, &options, &tree, NULL, &folder_err);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(file_rc, ERR_FAILED);
    assert_non_null(strstr(file_err.msg, "d/secret"));
    assert_non_null(strstr(file_err.hint, ".dockerignore"));
    assert_int_equal(folder_rc, ERR_FAILED);
    assert_non_null(strstr(folder_err.msg, "cannot read d"));
}

static void context_scan__xattrs__count_but_for_system_ones(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *cache = path_join(dir, "cache");
    AUTO_FREE char *context = path_join(dir, "context");
    AUTO_FREE char *inner = path_join(context, "f");
    put(dir, "context/f", "x");
    if (setxattr(inner, "user.b", "2", 1, 0) != 0 ||
        setxattr(inner, "user.a", "1", 1, 0) != 0 ||
        setxattr(context, "user.top", "t", 1, 0) != 0)
        skip(); /* the file system has none */
    struct context_options options = {.stat_cache = cache};
    for (int i = 0; i < 2; i++) { /* the second time by way of the cache */
        struct tree *tree = scan(context, &options, NULL);
        const struct entry *e = tree_find(tree, "f");
        assert_int_equal(e->xattr_count, 2);
        assert_string_equal(e->xattrs[0].name, "user.a");
        assert_memory_equal(e->xattrs[1].value, "2", 1);
        assert_int_equal(tree_find(tree, "")->xattr_count, 1);
        tree_free(tree);
    }
}

static void context_scan__no_digests__reads_no_file(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *cache = path_join(dir, "cache");
    struct context_options options = {.no_digests = true, .stat_cache = cache};
    struct context_stats stats;
    put(dir, "a", "x");
    struct tree *tree = scan(dir, &options, &stats);
    assert_false(tree_find(tree, "a")->has_digest);
    assert_int_equal(stats.hashed_files, 0);
    assert_false(file_exists(cache));
    tree_free(tree);
}

static void context_scan__owner__counts_if_asked_for(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *file = path_join(dir, "a");
    struct context_options options = {.keep_owner = true};
    put(dir, "a", "x");
    if (geteuid() == 0)
        assert_int_equal(chown(file, 12, 34), 0);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    struct tree *tree = scan(dir, &options, NULL);
    assert_int_equal(tree_find(tree, "a")->uid, st.st_uid);
    assert_int_equal(tree_find(tree, "a")->gid, st.st_gid);
    tree_free(tree);
}

/* Many files in one folder and many folders: chunks, threads, large files. */
static void context_scan__threads__give_the_same_tree(void **state)
{
    const char *dir = *state;
    struct err err = ERR_INIT;
    AUTO_BUF big = BUF_INIT;
    for (int i = 0; i < 700; i++) {
        AUTO_FREE char *name = xasprintf("many/%03d", i);
        put(dir, name, name);
    }
    for (int i = 0; i < 60; i++) {
        AUTO_FREE char *name = xasprintf("d%d/e/f%d", i % 20, i);
        put(dir, name, name);
    }
    while (big.len < 300000)
        buf_addf(&big, "%zu ", big.len);
    put(dir, "many/big", big.data);
    struct tree *trees[2];
    for (unsigned i = 0; i < 2; i++) {
        struct context_options options = {.threads = i == 0 ? 1 : 8};
        trees[i] = scan(dir, &options, NULL);
    }
    AUTO_FREE char *one = listing(trees[0]), *eight = listing(trees[1]);
    assert_string_equal(one, eight);
    assert_int_equal(trees[0]->len, 1 + 1 + 700 + 1 + 40 + 60);
    for (size_t i = 0; i < trees[0]->len; i++) {
        struct entry e = trees[0]->entries[i];
        const struct entry *other = &trees[1]->entries[i];
        if (e.type != ENTRY_FILE)
            continue;
        assert_memory_equal(&e.digest, &other->digest, sizeof e.digest);
        e.has_digest = false;
        assert_int_equal(entry_need_digest(&e, &err), 0);
        assert_memory_equal(&e.digest, &other->digest, sizeof e.digest);
    }
    tree_free(trees[0]);
    tree_free(trees[1]);
}

static void context_filter__tree_in_memory__as_the_scan_would(void **state)
{
    const char *dir = *state;
    static const char *const rules[] = {"*.log\n", "d\n!d/e/f\n", "*\n!d/x\n", "*\n",
                                        ""};
    put(dir, "a.log", "");
    put(dir, "d/e/f", "1");
    put(dir, "d/e/g", "2");
    put(dir, "d/x", "3");
    put(dir, "z", "4");
    struct tree *all = scan(dir, NULL, NULL);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct ignore *ig = NULL;
        AUTO_FREE char *own = path_join(dir, "Own");
        struct context_options options = {.dockerfile = own};
        AUTO_FREE char *text = xasprintf("%s\nOwn.dockerignore\n", rules[i]);
        put(dir, "Own.dockerignore", text);
        struct tree *scanned = scan(dir, &options, NULL);
        assert_int_equal(ignore_parse("i", text, strlen(text), &ig, NULL), 0);
        struct tree *filtered = context_filter(all, ig);
        AUTO_FREE char *want = listing(scanned), *got = listing(filtered);
        assert_string_equal(got, want);
        tree_free(filtered);
        tree_free(scanned);
        ignore_free(ig);
    }
    struct tree *copy = context_filter(all, NULL);
    assert_int_equal(copy->len, all->len);
    tree_free(copy);
    tree_free(all);
}

static void context_scan__second_names__are_hard_links(void **state)
{
    const char *dir = *state;
    put(dir, "b", "text");
    AUTO_FREE char *first = path_join(dir, "b");
    AUTO_FREE char *second = path_join(dir, "d/c");
    AUTO_FREE char *folder = path_join(dir, "d");
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_int_equal(link(first, second), 0);
    struct tree *tree = scan(dir, NULL, NULL);
    const struct entry *e = tree_find(tree, "d/c");
    assert_int_equal(tree_find(tree, "b")->type, ENTRY_FILE);
    assert_int_equal(e->type, ENTRY_HARDLINK);
    assert_string_equal(e->target, "b");
    tree_free(tree);
    /* Alone it is a file like any other. */
    struct strv wanted = STRV_INIT;
    strv_add(&wanted, "d/c");
    struct context_options options = {.wanted = &wanted};
    tree = scan(dir, &options, NULL);
    assert_int_equal(tree_find(tree, "d/c")->type, ENTRY_FILE);
    assert_int_equal(tree_find(tree, "d/c")->size, 4);
    tree_free(tree);
    strv_free(&wanted);
}

int main(void)
{
#define SCAN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        SCAN_TEST(context_scan__all_types__are_told_apart),
        SCAN_TEST(context_scan__ignored__is_left_out),
        SCAN_TEST(context_scan__ignore_file_of_the_dockerfile__replaces_the_other),
        SCAN_TEST(context_scan__wanted__limits_what_is_seen),
        SCAN_TEST(context_scan__wrong_context__is_an_error),
        SCAN_TEST(context_scan__unreadable__names_the_path),
        SCAN_TEST(context_scan__xattrs__count_but_for_system_ones),
        SCAN_TEST(context_scan__no_digests__reads_no_file),
        SCAN_TEST(context_scan__owner__counts_if_asked_for),
        SCAN_TEST(context_scan__threads__give_the_same_tree),
        SCAN_TEST(context_scan__second_names__are_hard_links),
        SCAN_TEST(context_filter__tree_in_memory__as_the_scan_would),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
