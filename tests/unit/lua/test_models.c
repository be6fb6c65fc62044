/* SPDX-License-Identifier: MIT */
/* Stock command models and base images, driven as a build drives them. */
#include "tests/support.h"

#include "sim/layer/view.h"
#include "tests/unit/lua/fixture.h"

struct machine {
    struct script *script;
    struct view *view;
    struct buf out;
    struct exec_result result;
    struct err err;
    const struct model_source *source;
    const char *env;
};

static void output(void *payload, int stream, const char *data, size_t len)
{
    (void)stream;
    buf_add(&((struct machine *)payload)->out, data, len);
}

static void machine_init(struct machine *m)
{
    struct script_options options = SCRIPT_OPTIONS_INIT;
    *m = (struct machine){.view = view_new()};
    if (script_new(&options, &m->script, &m->err) != 0)
        fail_msg("%s", m->err.msg);
    m->source = script_models(m->script, SCRIPT_STOCK);
    struct entry like = {.type = ENTRY_DIR, .mode = 0755};
    view_make_folders(m->view, "app", &like, &m->err);
}

static void machine_free(struct machine *m)
{
    view_free(m->view);
    buf_free(&m->out);
    script_free(m->script);
}

static int machine_run(struct machine *m, const char *script)
{
    struct strv argv = STRV_INIT, env = STRV_INIT;
    strv_add(&argv, "/bin/sh");
    strv_add(&argv, "-c");
    strv_add(&argv, script);
    strv_add(&env, "PATH=/usr/local/bin:/usr/bin:/bin");
    if (m->env != NULL)
        strv_add(&env, m->env);
    buf_clear(&m->out);
    struct exec_run run = {.argv = &argv,
                           .env = &env,
                           .cwd = "/app",
                           .user = "",
                           .network = "none",
                           .root = m->view,
                           .now_s = 1704067200,
                           .output = output,
                           .output_payload = m};
    struct executor *executor = model_executor_new(m->source);
    int rc = executor->run(executor->self, &run, &m->result, &m->err);
    model_executor_free(executor);
    strv_free(&argv);
    strv_free(&env);
    return rc;
}

/* Bytes of all files below a folder. */
static uint64_t bytes_below(struct machine *m, const char *path)
{
    struct tree *tree = view_subtree(m->view, path);
    uint64_t bytes = tree_content_bytes(tree);
    tree_free(tree);
    return bytes;
}

static void pip__any_requirements__cost_the_published_figures(void **state)
{
    (void)state;
    static const struct {
        const char *files, *command;
        unsigned ms;
        uint64_t bytes;
    } rows[] = {
        {"printf 'flask==3.0.0\\n' > r.txt", "pip install -r r.txt", 45000, 21300000},
        {"printf 'a\\nb>=1\\nc[x]==2 ; python_version>\"3\"\\n' > r.txt",
         "pip install --no-cache-dir -q -r r.txt", 45000, 21300000},
        {"printf 'a\\r\\n# c\\r\\n' > r.txt", "pip3 install -r r.txt --upgrade", 45000,
         21300000},
        {"printf 'a\\n' > r.txt", "python -m pip install --user --requirement=r.txt",
         45000, 21300000},
        {"printf -- '-r s.txt\\n' > r.txt; echo b > s.txt", "pip install -rr.txt",
         45000, 21300000},
        {":", "pip install flask gunicorn", 45000, 21300000},
        {":", "pip install a b c d e f g", 45000, 21300000}, /* 7 does not divide it */
        {"printf '# none\\n\\n' > r.txt", "pip install -r r.txt", 1000, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct machine m;
        machine_init(&m);
        assert_int_equal(machine_run(&m, rows[i].files), 0);
        uint64_t before = bytes_below(&m, "");
        if (machine_run(&m, rows[i].command) != 0)
            fail_msg("%s: %s\n%s", rows[i].command, m.err.msg, m.err.hint);
        if (m.result.virtual_ms != rows[i].ms || m.result.exit_status != 0)
            fail_msg("%s: %u ms, status %d: %s", rows[i].command,
                     (unsigned)m.result.virtual_ms, m.result.exit_status,
                     buf_str(&m.out));
        assert_int_equal(bytes_below(&m, "") - before, rows[i].bytes);
        machine_free(&m);
    }
}

static void pip__missing_file__fails_as_pip_does(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m);
    assert_int_equal(machine_run(&m, "pip install -r no.txt"), 0);
    assert_int_equal(m.result.exit_status, 1);
    assert_string_equal(buf_str(&m.out),
                        "ERROR: Could not open requirements file: [Errno 2] No such "
                        "file or directory: 'no.txt'\n");
    machine_free(&m);
}

static void pip__another_version__writes_other_bytes_at_the_same_path(void **state)
{
    (void)state;
    uint64_t seeds[3];
    static const char *const lists[] = {"flask==3.0.0", "flask==3.0.1", "flask==3.0.0"};
    for (size_t i = 0; i < 3; i++) {
        struct machine m;
        machine_init(&m);
        char *script =
            xasprintf("echo %s > r.txt; pip install -r r.txt -t /site", lists[i]);
        assert_int_equal(machine_run(&m, script), 0);
        const struct entry *e = view_lookup(m.view, "site/flask/__init__.py");
        assert_non_null(e);
        seeds[i] = e->content.from.seed;
        free(script);
        machine_free(&m);
    }
    assert_int_equal(seeds[0], seeds[2]);
    assert_int_not_equal(seeds[0], seeds[1]);
}

static void models__commands__cost_fail_and_write(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int status;
        unsigned ms;
        const char *made; /* a path that exists afterwards, or NULL */
    } rows[] = {
        {"apt-get install -y curl", 100, 0, NULL},
        {"apt-get update", 0, 8000, "var/lib/apt/lists"},
        {"apt-get update && apt-get install curl", 1, 8000, NULL},
        {"apt-get update && apt-get install -y --no-install-recommends curl git=1:2", 0,
         18000, "usr/share/git/content"},
        {"apt update && apt install -yq curl && rm -rf /var/lib/apt/lists/*", 0, 15000,
         "usr/share/curl/content"},
        {"apk add curl", 1, 0, NULL},
        {"apk add --no-cache curl", 0, 2100, "usr/share/curl/content"},
        {"npm ci", 254, 0, NULL},
        {"echo '{\"dependencies\": {\"a\": \"1\"}}' > package.json; npm ci", 1, 0,
         NULL},
        {"echo '{\"dependencies\": {\"a\": \"1\"}}' > package.json; npm install", 0,
         32000, "app/node_modules/a/index.js"},
        {"echo '{\"dependencies\": {\"a\": \"1\"}}' > package.json; touch yarn.lock; "
         "yarn "
         "install --frozen-lockfile --production",
         0, 11000, "app/node_modules/a/index.js"},
        {"echo '{\"scripts\": {\"build\": \"x\"}}' > package.json; npm run build", 0,
         12000, "app/dist/bundle.js"},
        {"echo '{}' > package.json; npm run build", 1, 0, NULL},
        {"go build", 1, 0, NULL},
        {"printf 'module x/y\\nrequire z v1\\n' > go.mod; go mod download; go build -o "
         "/bin/y .",
         0, 30000, "bin/y"},
        {"cargo build", 101, 0, NULL},
        {"printf 'name = \"t\"\\n' > Cargo.toml; cargo build --release", 0, 89000,
         "app/target/release/t"},
        {"make", 2, 0, NULL},
        {"touch Makefile; make -j4 && make install", 0, 21000, "usr/local/bin/app"},
        {"gcc -o x x.c", 1, 0, NULL},
        {"touch x.c; gcc -O2 -Wall -o x x.c", 0, 500, "app/x"},
        {"touch a.c b.c; cc -c a.c b.c", 0, 1000, "app/b.o"},
        {"python -m venv /opt/v && /opt/v/bin/pip install flask", 0, 49000,
         "opt/v/lib/python3.11/site-packages/flask/__init__.py"},
        {"python nothing.py", 2, 0, NULL},
        {"touch a.py; python3.11 a.py", 0, 1000, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct machine m;
        machine_init(&m);
        if (machine_run(&m, rows[i].script) != 0)
            fail_msg("%s: %s\n%s", rows[i].script, m.err.msg, m.err.hint);
        bool time = rows[i].status != 0 || m.result.virtual_ms == rows[i].ms;
        if (m.result.exit_status != rows[i].status || !time)
            fail_msg("%s: status %d, %u ms\n%s", rows[i].script, m.result.exit_status,
                     (unsigned)m.result.virtual_ms, buf_str(&m.out));
        if (rows[i].made != NULL && view_lookup(m.view, rows[i].made) == NULL)
            fail_msg("%s: no %s", rows[i].script, rows[i].made);
        machine_free(&m);
    }
}

static void model__of_a_scenario__wins_and_may_be_short(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    int rc = fixture_load(
        &f,
        "model \"pip\" { run = function(c) c:time(1) c:print(c.argv[2], c.env.V) end "
        "}\n"
        "model \"mytool\" { aliases = { \"mt\" }, time = \"3s\", reads = { \"/app\" "
        "},\n"
        "  writes = { [\"/opt/x\"] = \"10MB\", [\"/opt/y\"] = { text = \"y\" } } }\n"
        "model \"bad\" { run = function(c)\n c:wirte('x', 'y') end }\n"
        "scenario \"s\" { variants = { v = \"FROM x\" }, steps = function() end }\n");
    if (rc != 0)
        fail_msg("%s", f.err.msg);
    struct machine m;
    machine_init(&m);
    m.source = script_models(f.script, 0);
    m.env = "V=set";
    assert_int_equal(machine_run(&m, "pip install; mytool a; mt"), 0);
    assert_string_equal(buf_str(&m.out), "install\tset\n");
    assert_int_equal(m.result.virtual_ms, 7000);
    assert_int_equal(view_lookup(m.view, "opt/x")->size, 10000000);
    assert_true(machine_run(&m, "bad") < 0);
    assert_non_null(strstr(m.err.msg, "did you mean \"write\""));
    assert_int_equal(m.err.line, 5);
    machine_free(&m);
    fixture_free(&f);
}

static void bases__stock__have_their_published_sizes_and_share_layers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t size;
    } rows[] = {{"debian:bookworm-slim", 74800000},
                {"python:3.11-slim", 125000000},
                {"docker.io/library/python:3.12-slim", 125400000},
                {"alpine:3.20", 7800000},
                {"busybox", 4260000}};
    struct script_options options = SCRIPT_OPTIONS_INIT;
    struct script *script = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(script_new(&options, &script, &err), 0);
    const struct base_source *bases = script_bases(script, SCRIPT_STOCK);
    struct layer_memo *memo = layer_memo_new();
    struct store *store = store_open_memory(memo);
    struct digest lowest[3];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct base_image image;
        if (bases->resolve(bases->self, store, rows[i].name, &image, &err) != 0)
            fail_msg("%s: %s", rows[i].name, err.msg);
        uint64_t size = 0;
        for (size_t k = 0; k < image.layer_count; k++)
            size += image.layers[k].size;
        assert_int_equal(size, rows[i].size);
        assert_int_equal(image.config->diff_id_count, image.layer_count);
        assert_true(image.config->has_cmd);
        if (i < 3)
            lowest[i] = image.layers[0].diff_id;
        if (i == 1) {
            assert_int_equal(bases->fetch(bases->self, store, rows[i].name, 0, &err),
                             0);
            assert_true(store_layer_has(store, &image.layers[0].diff_id));
            assert_string_equal(env_get(&image.config->env, "PYTHON_VERSION"),
                                "3.11.9");
        }
        image_config_free(image.config);
        free(image.layers);
    }
    assert_true(digest_equal(&lowest[0], &lowest[1]));
    assert_true(digest_equal(&lowest[0], &lowest[2]));
    struct base_image none;
    assert_int_equal(bases->resolve(bases->self, store, "nothing:1", &none, &err),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(err.hint, "base \"nothing:1\""));
    store_close(store);
    layer_memo_free(memo);
    script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pip__any_requirements__cost_the_published_figures),
        cmocka_unit_test(pip__missing_file__fails_as_pip_does),
        cmocka_unit_test(pip__another_version__writes_other_bytes_at_the_same_path),
        cmocka_unit_test(models__commands__cost_fail_and_write),
        cmocka_unit_test(model__of_a_scenario__wins_and_may_be_short),
        cmocka_unit_test(bases__stock__have_their_published_sizes_and_share_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
