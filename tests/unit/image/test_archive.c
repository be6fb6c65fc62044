/* SPDX-License-Identifier: MIT */
/* Export and import: there and back in every form, other tools, hostile archives. */
#include "tests/support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "sim/image/archive.h"
#include "sim/image/config.h"
#include "tests/unit/store/fixture.h"

/* An image of three layers (one of them twice, one empty, one modelled), "app:1". */
static struct digest make_image(struct store *store)
{
    struct digest layers[4] = {
        put_layer(store, tree_of("hello", "hello world\n")),
        put_layer(store, tree_new()),
        put_layer(store, tree_modelled("model", 100000, 3)),
    };
    layers[3] = layers[1];
    struct image_config *c = image_config_new();
    char by[] = "COPY . . # buildkit";
    c->created_s = 1704067200;
    env_set(&c->env, "PATH", "/bin");
    for (int i = 0; i < 4; i++) {
        struct image_history h = {.created_s = 1704067200, .created_by = by};
        image_config_add_layer(c, &layers[i]);
        image_config_add_history(c, &h);
    }
    struct buf json = BUF_INIT;
    struct digest id;
    image_config_to_json(c, &json);
    ok(store_image_put(store, buf_str(&json), "app:1", &id, &err));
    buf_free(&json);
    image_config_free(c);
    return id;
}

static char *out_path(const struct fixture *f, const char *name)
{
    return xasprintf("%s/%s", f->root, name);
}

static const struct {
    enum archive_format format;
    enum compression compression;
} forms[] = {
    {ARCHIVE_OCI_DIR, COMPRESSION_NONE}, {ARCHIVE_OCI_DIR, COMPRESSION_GZIP},
    {ARCHIVE_OCI_TAR, COMPRESSION_ZSTD}, {ARCHIVE_OCI_TAR, COMPRESSION_NONE},
    {ARCHIVE_DOCKER, COMPRESSION_NONE},  {ARCHIVE_DOCKER, COMPRESSION_GZIP},
};

static void archive__when_exported_and_imported__then_same_image(void **state)
{
    struct fixture *f = *state;
    struct digest id = make_image(f->store);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *dest = out_path(f, "out"), *dir = out_path(f, "other");
        struct export_options options = EXPORT_OPTIONS_INIT;
        options.format = forms[i].format;
        options.compression = forms[i].compression;
        ok(image_export(f->store, "app:1", dest, &options, &err));
        for (int memory = 0; memory < 2; memory++) {
            struct store *other = NULL;
            if (memory)
                other = store_open_memory(NULL);
            else
                ok(store_open(dir, NULL, &other, &err));
            struct digest got;
            ok(image_import(other, dest, NULL, &got, &err));
            assert_true(digest_equal(&got, &id));
            ok(image_import(other, dest, "renamed", &got, &err));
            struct store_image image;
            ok(store_image_find(other, "app:1", &image, &err));
            store_image_free(&image);
            ok(store_image_find(other, "renamed", &image, &err));
            assert_true(digest_equal(&image.id, &id));
            store_image_free(&image);
            verify_clean(other);
            store_close(other);
        }
        file_remove_tree(dest, NULL);
        file_remove_tree(dir, NULL);
        free(dest);
        free(dir);
    }
}

static struct digest digest_of_file(const char *path)
{
    struct buf data = BUF_INIT;
    ok(file_read(path, 64 << 20, &data, &err));
    struct digest d = digest_of(data.data, data.len);
    buf_free(&data);
    return d;
}

static void archive__when_exported_from_both_backings__then_same_bytes(void **state)
{
    struct fixture *f = *state;
    struct store *memory = store_open_memory(NULL);
    make_image(f->store);
    make_image(memory);
    static const enum archive_format tars[] = {ARCHIVE_OCI_TAR, ARCHIVE_DOCKER,
                                               ARCHIVE_ROOTFS_TAR};
    for (size_t i = 0; i < 3; i++) {
        struct export_options options = EXPORT_OPTIONS_INIT;
        options.format = tars[i];
        options.compression = COMPRESSION_GZIP;
        char *a = out_path(f, "a.tar"), *b = out_path(f, "b.tar");
        ok(image_export(f->store, "app:1", a, &options, &err));
        ok(image_export(memory, "app:1", b, &options, &err));
        struct digest da = digest_of_file(a), db = digest_of_file(b);
        assert_true(digest_equal(&da, &db));
        free(a);
        free(b);
    }
    store_close(memory);
}

static void export__when_names_differ__then_asked_or_first_or_none(void **state)
{
    struct fixture *f = *state;
    struct digest id = make_image(f->store);
    char *dest = out_path(f, "layout"), *index = xasprintf("%s/index.json", dest);
    struct export_options options = EXPORT_OPTIONS_INIT;
    options.format = ARCHIVE_OCI_DIR;
    options.name = "reg.example.com/team/x";
    ok(image_export(f->store, "app:1", dest, &options, &err));
    struct buf json = BUF_INIT;
    ok(file_read(index, 100000, &json, &err));
    assert_non_null(strstr(buf_str(&json),
                           "\"annotations\":{\"io.containerd.image.name\":\"reg."
                           "example.com/team/x:latest\",\"org.opencontainers.image.ref."
                           "name\":\"latest\"}"));
    options.name = NULL;
    ok(image_export(f->store, "app:1", dest, &options, &err)); /* replaced */
    buf_clear(&json);
    ok(file_read(index, 100000, &json, &err));
    assert_non_null(strstr(buf_str(&json), "\"docker.io/library/app:1\""));
    struct digest other;
    ok(store_image_put(f->store, "{}", "app:1", &other, &err)); /* the name moves */
    char hex[DIGEST_HEX + 1];
    digest_hex(&id, hex);
    ok(image_export(f->store, hex, dest, &options, &err));
    buf_clear(&json);
    ok(file_read(index, 100000, &json, &err));
    assert_null(strstr(buf_str(&json), "annotations"));
    struct err err = ERR_INIT;
    assert_int_equal(image_import(f->store, dest, NULL, &other, &err), ERR_INPUT);
    assert_non_null(strstr(err.hint, "-t"));
    buf_free(&json);
    free(index);
    free(dest);
}

static void
export__when_destination_is_wrong__then_refused_and_nothing_left(void **state)
{
    struct fixture *f = *state;
    make_image(f->store);
    char *full = out_path(f, "full"), *file = xasprintf("%s/file", full);
    ok(file_make_folders(full, &err));
    ok(file_write(file, "x", 1, &err));
    struct export_options options = EXPORT_OPTIONS_INIT;
    options.format = ARCHIVE_OCI_DIR;
    assert_int_equal(image_export(f->store, "app:1", full, &options, NULL), ERR_INPUT);
    assert_int_equal(image_export(f->store, "app:1", file, &options, NULL), ERR_INPUT);
    options.format = ARCHIVE_ROOTFS_DIR;
    assert_int_equal(image_export(f->store, "app:1", full, &options, NULL), ERR_INPUT);
    options.format = ARCHIVE_OCI_TAR;
    assert_int_equal(image_export(f->store, "app:1", full, &options, NULL), ERR_INPUT);
    char *none = out_path(f, "none/x.tar");
    assert_int_equal(image_export(f->store, "app:1", none, &options, NULL), ERR_FAILED);
    char *out = out_path(f, "x.tar");
    assert_int_equal(image_export(f->store, "absent", out, &options, NULL),
                     ERR_NOT_FOUND);
    assert_false(file_exists(out));
    assert_true(file_exists(file));
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(full), 0);
    if (!f->memory)
        assert_int_equal(file_remove_tree(f->dir, NULL), 0);
    assert_int_equal(rmdir(f->root), 0); /* no temporary file beside them */
    assert_int_equal(mkdir(f->root, 0700), 0);
    free(full);
    free(file);
    free(none);
    free(out);
}

/* In a child, so that the limit does not outlive the test. */
static void export__when_disk_is_full__then_clear_error_and_nothing_left(void **state)
{
    struct fixture *f = *state;
    make_image(f->store);
    char *dest = out_path(f, "out");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit limit = {50000, 50000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        static const enum archive_format formats[] = {
            ARCHIVE_OCI_DIR, ARCHIVE_OCI_TAR, ARCHIVE_DOCKER, ARCHIVE_ROOTFS_TAR,
            ARCHIVE_ROOTFS_DIR};
        bool good = true;
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
            struct export_options options = EXPORT_OPTIONS_INIT;
            struct err err = ERR_INIT;
            options.format = formats[i];
            good =
                good &&
                image_export(f->store, "app:1", dest, &options, &err) == ERR_FAILED &&
                strstr(err.msg, "File too large") != NULL && !file_exists(dest);
        }
        if (f->memory && rmdir(f->root) != 0)
            good = false;
        _exit(good ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    free(dest);
}

static void export__when_times_are_clamped__then_config_follows(void **state)
{
    struct fixture *f = *state;
    struct digest id = make_image(f->store);
    char *dest = out_path(f, "c.tar");
    struct export_options options = EXPORT_OPTIONS_INIT;
    options.format = ARCHIVE_OCI_TAR;
    options.clamp_mtime_s = 1000;
    ok(image_export(f->store, "app:1", dest, &options, &err));
    struct store *other = store_open_memory(NULL);
    struct digest got;
    ok(image_import(other, dest, NULL, &got, &err));
    assert_false(digest_equal(&got, &id));
    struct store_image image;
    ok(store_image_find(other, "app:1", &image, &err));
    struct image_config *c = NULL;
    ok(image_config_from_json(image.config, strlen(image.config), &c, &err));
    struct layer *layer = NULL;
    ok(store_layer_get(other, &c->diff_ids[0], &layer, &err));
    assert_int_equal(layer->tree->entries[0].mtime_ns, 1000ll * 1000000000);
    layer_unref(layer);
    image_config_free(c);
    store_image_free(&image);
    store_close(other);
    free(dest);
}

static void rootfs__when_exported__then_merged(void **state)
{
    struct fixture *f = *state;
    struct tree *top = tree_of("added", "new");
    struct entry gone = {.path = "hello", .type = ENTRY_WHITEOUT};
    tree_add(top, &gone);
    struct digest layers[2] = {put_layer(f->store, tree_of("hello", "hello")),
                               put_layer(f->store, top)};
    put_image(f->store, "root", layers, 2);
    char *dest = out_path(f, "rootfs"), *tar = out_path(f, "rootfs.tar");
    struct export_options options = EXPORT_OPTIONS_INIT;
    options.format = ARCHIVE_ROOTFS_DIR;
    ok(image_export(f->store, "root", dest, &options, &err));
    char *hello = xasprintf("%s/hello", dest), *added = xasprintf("%s/added", dest);
    assert_false(file_exists(hello));
    assert_true(file_exists(added));
    options.format = ARCHIVE_ROOTFS_TAR;
    ok(image_export(f->store, "root", tar, &options, &err));
    struct digest id;
    ok(image_import(f->store, tar, "again", &id, &err));
    struct store_image image;
    ok(store_image_find(f->store, "again", &image, &err));
    struct image_config *c = NULL;
    ok(image_config_from_json(image.config, strlen(image.config), &c, &err));
    assert_int_equal(c->diff_id_count, 1);
    struct layer *layer = NULL;
    ok(store_layer_get(f->store, &c->diff_ids[0], &layer, &err));
    assert_non_null(tree_find(layer->tree, "added"));
    assert_null(tree_find(layer->tree, "hello"));
    layer_unref(layer);
    image_config_free(c);
    store_image_free(&image);
    verify_clean(f->store);
    free(dest);
    free(tar);
    free(hello);
    free(added);
}

/* ---- other tools ----------------------------------------------------------------- */

/* Exit status; 127 where the tool is not installed. */
static int run(const char *command)
{
    AUTO_FREE char *quiet = xasprintf("(%s) >/dev/null 2>&1", command);
    int status = system(quiet);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void archive__when_read_by_skopeo__then_accepted(void **state)
{
    struct fixture *f = *state;
    if (run("skopeo --version") != 0)
        skip();
    struct digest id = make_image(f->store);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        static const char *const kinds[] = {[ARCHIVE_OCI_DIR] = "oci",
                                            [ARCHIVE_OCI_TAR] = "oci-archive",
                                            [ARCHIVE_DOCKER] = "docker-archive"};
        char *dest = out_path(f, "out"), *copy = out_path(f, "copy");
        struct export_options options = EXPORT_OPTIONS_INIT;
        options.format = forms[i].format;
        options.compression = forms[i].compression;
        ok(image_export(f->store, "app:1", dest, &options, &err));
        /* skopeo checks every digest when it copies. */
        AUTO_FREE char *command = xasprintf(
            "skopeo copy --insecure-policy %s:%s%s oci:%s:app", kinds[forms[i].format],
            dest, forms[i].format == ARCHIVE_DOCKER ? "" : ":1", copy);
        if (run(command) != 0)
            fail_msg("%s", command);
        struct digest got;
        ok(image_import(f->store, copy, "back", &got, &err));
        /* It rewrites a docker archive's config to OCI's, which is another image. */
        if (forms[i].format != ARCHIVE_DOCKER)
            assert_true(digest_equal(&got, &id));
        file_remove_tree(dest, NULL);
        file_remove_tree(copy, NULL);
        free(dest);
        free(copy);
    }
}

static void archive__when_unpacked_by_umoci__then_same_files(void **state)
{
    struct fixture *f = *state;
    if (run("umoci --version") != 0)
        skip();
    make_image(f->store);
    char *dest = out_path(f, "layout"), *bundle = out_path(f, "bundle");
    struct export_options options = EXPORT_OPTIONS_INIT;
    options.format = ARCHIVE_OCI_DIR;
    options.compression = COMPRESSION_GZIP;
    ok(image_export(f->store, "app:1", dest, &options, &err));
    AUTO_FREE char *command =
        xasprintf("umoci unpack %s --image %s:1 %s", geteuid() == 0 ? "" : "--rootless",
                  dest, bundle);
    assert_int_equal(run(command), 0);
    AUTO_FREE char *hello = xasprintf("%s/rootfs/hello", bundle);
    struct buf text = BUF_INIT;
    ok(file_read(hello, 100, &text, &err));
    assert_string_equal(buf_str(&text), "hello world\n");
    buf_free(&text);
    free(dest);
    free(bundle);
}

/* ---- hostile archives ------------------------------------------------------------ */

/* A layout folder with these files; "@" in a text stands for the digest of `blob`. */
static void write_layout(const char *dir, const char *index, const char *blob)
{
    file_remove_tree(dir, NULL);
    char *blobs = xasprintf("%s/blobs/sha256", dir);
    ok(file_make_folders(blobs, &err));
    struct digest id = key_of(blob);
    char hex[DIGEST_HEX + 1];
    digest_hex(&id, hex);
    char *path = xasprintf("%s/%s", blobs, hex);
    ok(file_write(path, blob, strlen(blob), &err));
    free(path);
    path = xasprintf("%s/oci-layout", dir);
    ok(file_write(path, "{}", 2, &err));
    free(path);
    struct buf text = BUF_INIT;
    for (; *index != '\0'; index++) {
        if (*index == '@')
            buf_addf(&text, "sha256:%s", hex);
        else if (*index == '#')
            buf_addf(&text, "%zu", strlen(blob));
        else
            buf_addc(&text, *index);
    }
    path = xasprintf("%s/index.json", dir);
    ok(file_write(path, buf_str(&text), text.len, &err));
    buf_free(&text);
    free(path);
    free(blobs);
}

static void import__when_layout_is_wrong__then_input_error(void **state)
{
    struct fixture *f = *state;
    static const char manifest[] =
        "{\"config\":{\"digest\":\"sha256:"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaa\",\"size\":1},\"layers\":[]}";
    static const struct {
        const char *index, *blob;
    } cases[] = {
        {"", ""},
        {"{}", ""},
        {"{\"manifests\":7}", ""},
        {"{\"manifests\":[]}", ""},
        {"{\"manifests\":[7]}", ""},
        {"{\"manifests\":[{\"digest\":\"../../etc/passwd\",\"size\":1}]}", ""},
        {"{\"manifests\":[{\"digest\":\"@\",\"size\":-1}]}", ""},
        {"{\"manifests\":[{\"digest\":\"@\",\"size\":1e99}]}", ""},
        {"{\"manifests\":[{\"digest\":\"@\",\"size\":999}]}", "{}"},
        {"{\"manifests\":[{\"digest\":\"@\",\"size\":#}]}", "{}"},
        {"{\"manifests\":[{\"digest\":\"@\",\"size\":#}]}", "not json"},
        {"{\"manifests\":[{\"digest\":\"@\",\"size\":#}]}", manifest},
        {"{\"manifests\":[{\"digest\":\"@\",\"size\":#,\"platform\":{\"os\":"
         "\"windows\",\"architecture\":\"x\"}}]}",
         manifest},
        {"{\"manifests\":[{\"digest\":\"@\",\"size\":#},{\"digest\":\"@\",\"size\":#}]"
         "}",
         manifest},
        /* An index that holds itself cannot be: its digest would have to be in it. This
         * one is an index of the wrong kind. */
        {"{\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
         "\"digest\":\"@\",\"size\":#}]}",
         manifest},
    };
    char *dir = out_path(f, "layout");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_layout(dir, cases[i].index, cases[i].blob);
        struct err err = ERR_INIT;
        struct digest id;
        int rc = image_import(f->store, dir, "x", &id, &err);
        if (rc != ERR_INPUT || strncmp(err.msg, dir, strlen(dir)) != 0)
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
    assert_int_equal(usage_of(f->store).layers, 0);
    free(dir);
}

/* Writes a tar of named texts. */
static void write_tar(const char *path, const char *const files[][2], size_t count)
{
    char *work = xasprintf("%s.d", path);
    file_remove_tree(work, NULL);
    ok(file_make_folders(work, &err));
    for (size_t i = 0; i < count; i++) {
        char *name = xasprintf("%s/%s", work, files[i][0]);
        ok(file_write(name, files[i][1], strlen(files[i][1]), &err));
        free(name);
    }
    AUTO_FREE char *command = xasprintf("tar -C %s -cf %s .", work, path);
    assert_int_equal(run(command), 0);
    file_remove_tree(work, NULL);
    free(work);
}

static void import__when_docker_archive_is_wrong__then_input_error(void **state)
{
    struct fixture *f = *state;
    static const char config[] =
        "{\"rootfs\":{\"diff_ids\":[\"sha256:"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]}}";
    static const char *const manifests[] = {
        "",
        "{}",
        "[]",
        "[7]",
        "[{}]",
        "[{\"Config\":\"absent\"}]",
        "[{\"Config\":\"../../../../etc/passwd\",\"Layers\":[]}]",
        "[{\"Config\":\"c\",\"Layers\":[]}]",
        "[{\"Config\":\"c\",\"Layers\":[\"/etc/passwd\"]}]",
        "[{\"Config\":\"c\",\"Layers\":[\"l\"]}]",
        "[{\"Config\":\"c\",\"Layers\":7}]",
        "[{\"Config\":\"c\",\"RepoTags\":[7],\"Layers\":[\"l\"]}]",
        "[{\"Config\":"
        "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
        "\",\"Layers\":[\"l\"]}]",
    };
    char *tar = out_path(f, "docker.tar");
    for (size_t i = 0; i < sizeof manifests / sizeof *manifests; i++) {
        const char *const files[][2] = {
            {"manifest.json", manifests[i]},
            {"c", config},
            {"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
             config},
            {"l", "no tar at all"},
        };
        write_tar(tar, files, 4);
        struct err err = ERR_INIT;
        struct digest id;
        int rc = image_import(f->store, tar, "x", &id, &err);
        if (rc != ERR_INPUT)
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
    assert_int_equal(usage_of(f->store).layers, 0);
    free(tar);
}

static void import__when_layer_is_not_what_it_claims__then_refused(void **state)
{
    struct fixture *f = *state;
    make_image(f->store);
    char *dest = out_path(f, "layout");
    struct export_options options = EXPORT_OPTIONS_INIT;
    options.format = ARCHIVE_OCI_DIR;
    ok(image_export(f->store, "app:1", dest, &options, &err));
    struct digest layer, id;
    struct tree *tree = tree_of("hello", "hello world\n");
    uint64_t size;
    ok(store_layer_measure(f->store, tree, &layer, &size, &err));
    tree_free(tree);
    char hex[DIGEST_HEX + 1];
    digest_hex(&layer, hex);
    char *blob = xasprintf("%s/blobs/sha256/%s", dest, hex);
    int fd = open(blob, O_WRONLY);
    assert_int_equal(pwrite(fd, "J", 1, 512), 1);
    close(fd);
    struct store *other = store_open_memory(NULL);
    options.compression = COMPRESSION_GZIP;
    char *packed = out_path(f, "packed");
    ok(image_export(f->store, "app:1", packed, &options, &err));
    struct err err = ERR_INIT;
    assert_int_equal(image_import(other, dest, NULL, &id, &err), ERR_INPUT);
    assert_non_null(strstr(err.msg, hex));
    assert_int_equal(truncate(blob, (off_t)size - 1), 0);
    assert_int_equal(image_import(other, dest, NULL, &id, &err), ERR_INPUT);
    assert_int_equal(unlink(blob), 0);
    assert_int_equal(image_import(other, dest, NULL, &id, &err), ERR_INPUT);
    assert_int_equal(usage_of(other).images, 0);
    free(blob);
    /* Another file of the same tar: the byte of the gzip header that names the system.
     */
    AUTO_FREE char *command =
        xasprintf("for f in %s/blobs/sha256/*; do case $(od -An -tx1 -N2 $f) in "
                  "*1f*8b*) printf '\\0' | "
                  "dd of=$f bs=1 seek=9 conv=notrunc;; esac; done",
                  packed);
    assert_int_equal(run(command), 0);
    err = (struct err)ERR_INIT;
    assert_int_equal(image_import(other, packed, NULL, &id, &err), ERR_INPUT);
    assert_non_null(strstr(err.msg, "digest"));
    store_close(other);
    free(packed);
    free(dest);
}

static void import__when_no_archive__then_input_error(void **state)
{
    struct fixture *f = *state;
    char *file = out_path(f, "file"), *absent = out_path(f, "absent");
    struct digest id;
    ok(file_write(file, "just text, no archive", 21, &err));
    struct err err = ERR_INIT;
    assert_int_equal(image_import(f->store, file, "x", &id, &err), ERR_INPUT);
    assert_int_equal(image_import(f->store, absent, "x", &id, &err), ERR_INPUT);
    assert_int_equal(image_import(f->store, f->root, "x", &id, &err), ERR_INPUT);
    assert_true(err.hint[0] != '\0');
    assert_int_equal(image_import(f->store, "/dev/null", "x", &id, &err), ERR_INPUT);
    assert_int_equal(image_import(f->store, file, "Bad Name", &id, &err), ERR_INPUT);
    assert_int_equal(truncate(file, 0), 0);
    assert_int_equal(image_import(f->store, file, "x", &id, NULL), ERR_INPUT);
    free(file);
    free(absent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK(archive__when_exported_and_imported__then_same_image),
        DISK(archive__when_exported_from_both_backings__then_same_bytes),
        BOTH(export__when_names_differ__then_asked_or_first_or_none),
        BOTH(export__when_destination_is_wrong__then_refused_and_nothing_left),
        BOTH(export__when_disk_is_full__then_clear_error_and_nothing_left),
        MEMORY(export__when_times_are_clamped__then_config_follows),
        BOTH(rootfs__when_exported__then_merged),
        MEMORY(archive__when_read_by_skopeo__then_accepted),
        MEMORY(archive__when_unpacked_by_umoci__then_same_files),
        BOTH(import__when_layout_is_wrong__then_input_error),
        MEMORY(import__when_docker_archive_is_wrong__then_input_error),
        MEMORY(import__when_layer_is_not_what_it_claims__then_refused),
        BOTH(import__when_no_archive__then_input_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
