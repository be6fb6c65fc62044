/* SPDX-License-Identifier: MIT */
/* What may go wrong around a store on disk: killed processes, full disks, damage,
 * several processes and threads. */
#include "tests/support.h"

#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/store/fixture.h"

/* Builds for ever: layers, chains, records, images, objects. */
static void build_on(struct store *store, unsigned seed)
{
    for (unsigned i = 0;; i++) {
        char text[64], name[64];
        snprintf(text, sizeof text, "content %u of %u", i, seed);
        snprintf(name, sizeof name, "app%u", i % 3);
        struct digest object;
        if (store_begin(store, NULL) != 0)
            _exit(1);
        struct digest chain = put_step(store, text, no_chain, tree_of("a", text));
        struct digest top = put_layer(store, tree_modelled("m", 100, i));
        put_chain(store, chain, top);
        struct digest layers[] = {chain, top};
        put_image(store, name, layers, 2);
        if (store_object_put(store, text, strlen(text), &object, NULL) != 0 ||
            store_build_put(store, "D\n", NULL, text, strlen(text), NULL, NULL) != 0 ||
            store_commit(store, NULL) != 0)
            _exit(1);
    }
}

static pid_t start_builder(const struct fixture *f, unsigned seed)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setenv("TEST_CHILD", "1", 1);
        struct store *store = NULL;
        if (store_open(f->dir, NULL, &store, NULL) != 0)
            _exit(1);
        build_on(store, seed);
    }
    return pid;
}

static void wait_for_work(const struct fixture *f, int turns)
{
    /* Until the builder has come far enough to be in the middle of something. */
    char *path = xasprintf("%s/store.db-wal", f->dir);
    struct stat st;
    for (int i = 0; i < 2000 && (stat(path, &st) != 0 || st.st_size == 0); i++)
        usleep(500);
    free(path);
    usleep((useconds_t)(turns * 3500));
}

static void store__when_killed_at_any_moment__then_verifies(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    f->store = NULL;
    for (int round = 0; round < 8; round++) {
        pid_t pid = start_builder(f, (unsigned)round);
        wait_for_work(f, round);
        kill(pid, SIGKILL);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        ok(store_open(f->dir, NULL, &f->store, &err));
        verify_clean(f->store);
        char *tmp = xasprintf("%s/tmp", f->dir);
        assert_int_equal(rmdir(tmp), 0); /* nothing was left in it */
        assert_int_equal(mkdir(tmp, 0777), 0);
        free(tmp);
        store_close(f->store);
        f->store = NULL;
    }
}

static void store__when_others_build_and_prune__then_verifies(void **state)
{
    struct fixture *f = *state;
    pid_t pids[2] = {start_builder(f, 1), start_builder(f, 2)};
    for (int round = 0; round < 3; round++) {
        struct prune_options options = {.all = true, .now_s = 1};
        ok(store_prune(f->store, &options, NULL, NULL, &err));
        put_step(f->store, "mine", no_chain, tree_of("mine", "x"));
        verify_clean(f->store);
    }
    for (int i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, WNOHANG), 0); /* still at work */
        kill(pids[i], SIGKILL);
        waitpid(pids[i], &status, 0);
    }
    verify_clean(f->store);
}

static void store__when_tmp_of_a_living_process__then_left_alone(void **state)
{
    struct fixture *f = *state;
    put_text(f->store, "makes its folder in tmp");
    struct store *other = NULL;
    ok(store_open(f->dir, NULL, &other, &err));
    store_close(other);
    put_text(f->store, "and still has it");
}

struct worker {
    struct fixture *f;
    int number;
};

static void *work(void *payload)
{
    struct worker *w = payload;
    for (int i = 0; i < 30; i++) {
        char key[32], text[32];
        snprintf(text, sizeof text, "shared %d", i);
        snprintf(key, sizeof key, "%d of %d", i, w->number);
        struct layer *layer = NULL;
        if (store_begin(w->f->store, NULL) != 0 ||
            store_layer_put(w->f->store, tree_of("f", text), &layer, NULL) != 0)
            abort();
        struct record record = {.key = key_of(key)}, got;
        if (store_chain_put(w->f->store, &no_chain, &layer->diff_id, &record.chain,
                            NULL) != 0 ||
            store_record_put(w->f->store, &record, NULL) != 0 ||
            store_record_get(w->f->store, &record.key, &got, NULL) != 0 ||
            store_commit(w->f->store, NULL) != 0)
            abort();
        layer_unref(layer);
    }
    return NULL;
}

static void store__when_used_by_threads__then_whole(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[4];
    struct worker workers[4];
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){f, i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    struct store_usage u = usage_of(f->store);
    assert_int_equal(u.layers, 30);
    assert_int_equal(u.records, 120);
    verify_clean(f->store);
}

static void expect_good_end(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* In a child, so that the limit does not outlive the test. */
static void store__when_disk_is_full__then_clear_error_and_nothing_half(void **state)
{
    struct fixture *f = *state;
    put_step(f->store, "before", no_chain, tree_of("f", "small"));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setenv("TEST_CHILD", "1", 1);
        struct rlimit limit = {20000, 20000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        char *big = xmalloc(400001);
        memset(big, 'x', 400000);
        big[400000] = '\0';
        struct layer *layer = NULL;
        struct err err = ERR_INIT;
        struct digest id;
        bool good =
            store_layer_put(f->store, tree_of("f", big), &layer, &err) == ERR_FAILED &&
            layer == NULL && err.hint[0] != '\0' &&
            strstr(err.msg, "cannot write") != NULL;
        err = (struct err)ERR_INIT;
        good = good &&
               store_object_put(f->store, big, 400000, &id, &err) == ERR_FAILED &&
               err.hint[0] != '\0';
        struct layer_writer *writer = NULL;
        good = good && store_layer_writer_new(f->store, &writer, &err) == 0 &&
               store_layer_write(writer, big, 400000, &err) == ERR_FAILED;
        store_layer_writer_free(writer);
        /* The database cannot grow either: a put fails, a look-up does not. */
        good = good && store_begin(f->store, &err) == 0;
        for (int i = 0; good && i < 500; i++) {
            char key[16];
            snprintf(key, sizeof key, "%d", i);
            struct record record = {.key = key_of(key)};
            good = store_record_put(f->store, &record, &err) == 0;
        }
        good = good && store_commit(f->store, &err) == ERR_FAILED &&
               has_record(f->store, "before") && !has_record(f->store, "7");
        _exit(good ? 0 : 1);
    }
    expect_good_end(pid);
    reopen(f);
    assert_int_equal(usage_of(f->store).layers, 1);
    verify_clean(f->store);
}

/* What a power failure may leave: a blob with its name, without its bytes or its row.
 */
static void
layer_put__when_a_blob_without_a_row_is_damaged__then_written_again(void **state)
{
    struct fixture *f = *state;
    struct digest id = put_text(f->store, "the whole text");
    ok(store_prune(f->store, &(struct prune_options){.all = true, .now_s = 2000000},
                   NULL, NULL, &err));
    char *path = blob_path(f, "blobs/sha256", &id);
    assert_false(file_exists(path));
    ok(file_write(path, "half", 4, &err));
    put_text(f->store, "the whole text");
    verify_clean(f->store);
    free(path);
}

static void layer_put__when_a_blob_without_a_row_is_sound__then_kept(void **state)
{
    struct fixture *f = *state;
    struct digest id = put_text(f->store, "the whole text");
    char *path = blob_path(f, "blobs/sha256", &id),
         *kept = xasprintf("%s/kept", f->root);
    assert_int_equal(link(path, kept), 0);
    ok(store_prune(f->store, &(struct prune_options){.all = true, .now_s = 2000000},
                   NULL, NULL, &err));
    assert_int_equal(rename(kept, path), 0);
    struct stat before, after;
    assert_int_equal(stat(path, &before), 0);
    put_text(f->store, "the whole text");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    verify_clean(f->store);
    free(path);
    free(kept);
}

/* Every wait for the disk fails from now on in this process. */
static void break_the_disk(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EIO), SCMP_SYS(fdatasync), 0) != 0 ||
        seccomp_load(filter) != 0)
        _exit(2);
    seccomp_release(filter);
}

/* In a child: so many steps in one group, of which none may be known afterwards. */
static void commit_on_broken_disk(const struct fixture *f, int steps)
{
    setenv("TEST_CHILD", "1", 1);
    break_the_disk();
    if (store_begin(f->store, NULL) != 0)
        _exit(3);
    for (int i = 0; i < steps; i++) {
        char key[32];
        struct layer *layer = NULL;
        snprintf(key, sizeof key, "step %d", i);
        struct record record = {.key = key_of(key)};
        /* One of many says so at once; what came before it must not be kept either. */
        if (store_layer_put(f->store, tree_of("f", key), &layer, NULL) != 0)
            continue;
        if (store_chain_put(f->store, &no_chain, &layer->diff_id, &record.chain,
                            NULL) != 0 ||
            store_record_put(f->store, &record, NULL) != 0)
            _exit(4);
        layer_unref(layer);
    }
    struct err err = ERR_INIT;
    bool good = store_commit(f->store, &err) == ERR_FAILED &&
                strstr(err.msg, "cannot write") != NULL &&
                !has_record(f->store, "step 0");
    _exit(good ? 0 : 1);
}

static void
commit__when_a_blob_cannot_reach_the_disk__then_no_row_names_it(void **state)
{
    struct fixture *f = *state;
    put_step(f->store, "before", no_chain, tree_of("f", "small"));
    const int counts[] = {1, 3, 64, 100};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            commit_on_broken_disk(f, counts[i]);
        expect_good_end(pid);
        reopen(f);
        assert_int_equal(usage_of(f->store).layers, 1);
        assert_true(has_record(f->store, "before"));
        verify_clean(f->store);
    }
}

static void verify__when_damaged__then_each_is_named(void **state)
{
    struct fixture *f = *state;
    struct digest blob = put_text(f->store, "to be flipped");
    struct digest gone = put_text(f->store, "to be removed");
    struct digest model = put_layer(f->store, tree_modelled("m", 10, 1));
    struct digest object;
    char *big = xcalloc(1, 70000);
    ok(store_object_put(f->store, big, 70000, &object, &err));
    free(big);
    put_chain(f->store, key_of("no parent"), blob);
    reopen(f);
    char *path = blob_path(f, "blobs/sha256", &blob);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 520), 1);
    close(fd);
    free(path);
    path = blob_path(f, "blobs/sha256", &gone);
    unlink(path);
    free(path);
    path = blob_path(f, "index", &model);
    assert_int_equal(truncate(path, 20), 0);
    free(path);
    path = blob_path(f, "objects", &object);
    assert_int_equal(truncate(path, 69999), 0);
    free(path);
    struct strv problems = STRV_INIT;
    ok(store_verify(f->store, &problems, &err));
    assert_int_equal(problems.len, 5);
    strv_free(&problems);
    struct layer *layer = NULL;
    assert_int_equal(store_layer_get(f->store, &model, &layer, NULL), ERR_FAILED);
}

static void run_sql(const struct fixture *f, const char *sql)
{
    char *path = xasprintf("%s/store.db", f->dir);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    free(path);
}

static void store__when_of_newer_format_or_foreign__then_input_error(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    struct err err = ERR_INIT;
    run_sql(f, "PRAGMA user_version=99");
    assert_int_equal(store_open(f->dir, NULL, &store, &err), ERR_INPUT);
    assert_non_null(strstr(err.msg, "format 99"));
    assert_true(err.hint[0] != '\0');
    run_sql(f, "PRAGMA user_version=1; PRAGMA application_id=5");
    assert_int_equal(store_open(f->dir, NULL, &store, &err), ERR_INPUT);
    store_close(f->store);
    f->store = NULL;
    char *path = xasprintf("%s/store.db", f->dir), *wal = xasprintf("%s-wal", path);
    unlink(wal);
    char junk[4096];
    memset(junk, 'j', sizeof junk);
    assert_int_equal(file_write(path, junk, sizeof junk, NULL), 0);
    assert_int_equal(store_open(f->dir, NULL, &store, NULL), ERR_INPUT);
    free(path);
    free(wal);
}

static void store__when_folder_cannot_be_made__then_failed(void **state)
{
    struct fixture *f = *state;
    char *path = xasprintf("%s/file", f->root), *below = xasprintf("%s/store", path);
    ok(file_write(path, "x", 1, &err));
    struct store *store = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(store_open(below, NULL, &store, &err), ERR_FAILED);
    assert_true(err.hint[0] != '\0');
    free(path);
    free(below);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK(store__when_killed_at_any_moment__then_verifies),
        DISK(store__when_others_build_and_prune__then_verifies),
        DISK(store__when_tmp_of_a_living_process__then_left_alone),
        BOTH(store__when_used_by_threads__then_whole),
        DISK(store__when_disk_is_full__then_clear_error_and_nothing_half),
        DISK(layer_put__when_a_blob_without_a_row_is_damaged__then_written_again),
        DISK(layer_put__when_a_blob_without_a_row_is_sound__then_kept),
        DISK(commit__when_a_blob_cannot_reach_the_disk__then_no_row_names_it),
        DISK(verify__when_damaged__then_each_is_named),
        DISK(store__when_of_newer_format_or_foreign__then_input_error),
        DISK(store__when_folder_cannot_be_made__then_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
