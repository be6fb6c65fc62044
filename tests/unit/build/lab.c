/* SPDX-License-Identifier: MIT */
/* Builds in memory for the tests of sim/build. */
#include "tests/unit/build/lab.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/model.h"

static void add(struct tree *t, const char *path, enum entry_type type, uint32_t mode,
                const char *text)
{
    struct entry e = {.path = path, .type = type, .mode = mode};
    if (type == ENTRY_FILE) {
        e.size = strlen(text);
        e.content.kind = CONTENT_INLINE;
        e.content.from.bytes = text;
    } else if (type == ENTRY_SYMLINK) {
        e.target = text;
    }
    tree_add(t, &e);
}

static struct tree *busybox(void)
{
    struct tree *t = tree_new();
    add(t, "bin", ENTRY_DIR, 0755, NULL);
    add(t, "bin/sh", ENTRY_FILE, 0755, "shell");
    add(t, "etc", ENTRY_DIR, 0755, NULL);
    add(t, "etc/passwd", ENTRY_FILE, 0644,
        "root:x:0:0::/root:/bin/sh\nbob:x:50:60::/:/bin/sh\n");
    add(t, "etc/group", ENTRY_FILE, 0644, "root:x:0:\nstaff:x:70:\n");
    add(t, "tmp", ENTRY_DIR, 01777, NULL);
    tree_sort(t);
    return t;
}

static struct tree *copy_tree(const struct tree *from)
{
    struct tree *t = tree_new();
    for (size_t i = 0; i < from->len; i++)
        tree_add(t, &from->entries[i]);
    tree_sort(t);
    return t;
}

static int resolve(void *self, struct store *store, const char *name,
                   struct base_image *out, struct err *err)
{
    struct lab *lab = self;
    if (strcmp(name, "busybox") != 0)
        return err_set(err, ERR_NOT_FOUND, "%s: not known", name);
    *out = (struct base_image){.config = image_config_new(), .layer_count = 1};
    if (lab->base_env != NULL)
        strv_add(&out->config->env, lab->base_env);
    out->layers = xcalloc(1, sizeof *out->layers);
    uint64_t tar_size;
    out->layers[0].size = tree_content_bytes(lab->base_tree);
    int rc = store_layer_measure(store, lab->base_tree, &out->layers[0].diff_id,
                                 &tar_size, err);
    if (rc == 0)
        image_config_add_layer(out->config, &out->layers[0].diff_id);
    return rc;
}

static int fetch(void *self, struct store *store, const char *name, size_t layer,
                 struct err *err)
{
    struct lab *lab = self;
    struct layer *stored;
    (void)name;
    (void)layer;
    int rc = store_layer_put(store, copy_tree(lab->base_tree), &stored, err);
    if (rc == 0)
        layer_unref(stored);
    return rc;
}

static int no_model(void *self, const struct model_command *command,
                    struct model_outcome *out, struct err *err)
{
    (void)self;
    (void)out;
    return err_set(err, ERR_NOT_FOUND, "no model of %s", command->argv->items[0]);
}

static const struct model_source no_models = {NULL, no_model};

void lab_open(struct lab *lab, enum semantics semantics)
{
    *lab = (struct lab){.semantics = semantics, .source_date_epoch = -1};
    lab->memo = layer_memo_new();
    lab->store = store_open_memory(lab->memo);
    lab->executor = model_executor_new(&no_models);
    lab->base_tree = busybox();
    lab->bases = (struct base_source){lab, resolve, fetch};
    lab->ws = workspace_new();
}

void lab_close(struct lab *lab)
{
    workspace_free(lab->ws);
    workspace_free(lab->other);
    tree_free(lab->base_tree);
    model_executor_free(lab->executor);
    store_close(lab->store);
    layer_memo_free(lab->memo);
    build_memo_free(lab->plans);
    strv_free(&lab->args);
}

void lab_files(struct lab *lab, const char *const *files)
{
    for (; *files != NULL; files++) {
        const char *mark = strpbrk(*files, "=@");
        AUTO_FREE char *path = xstrndup(*files, mark != NULL ? (size_t)(mark - *files)
                                                             : strlen(*files) - 1);
        if (mark == NULL)
            workspace_mkdir(lab->ws, path, NULL);
        else if (*mark == '@')
            workspace_symlink(lab->ws, mark + 1, path, NULL);
        else
            workspace_write(lab->ws, path, mark + 1, strlen(mark + 1), NULL);
    }
}

int lab_build(struct lab *lab, const char *dockerfile, struct build_result *out,
              struct err *err)
{
    workspace_write(lab->ws, "Dockerfile", dockerfile, strlen(dockerfile), NULL);
    struct tree *files = copy_tree(workspace_tree(lab->ws));
    if (lab->adjust != NULL)
        lab->adjust(files);
    struct build_context contexts[] = {{.files = files}, {.name = "other"}};
    struct build_options options = BUILD_OPTIONS_INIT;
    options.contexts = contexts;
    options.context_count = 1;
    if (lab->other != NULL) {
        contexts[1].files = workspace_tree(lab->other);
        options.context_count = 2;
    }
    options.secrets = &lab->secret;
    options.secret_count = lab->secret.id != NULL;
    options.hosts = &lab->host;
    options.host_count = lab->host.name != NULL;
    options.dockerfile_text = dockerfile;
    options.dockerfile_len = strlen(dockerfile);
    options.build_args = &lab->args;
    options.semantics = lab->semantics;
    options.target = lab->target;
    options.no_cache = lab->no_cache;
    options.no_cache_filter = lab->no_cache_filter;
    options.plan_only = lab->plan_only;
    options.source_date_epoch = lab->source_date_epoch;
    options.listener = lab->listener;
    options.listener_payload = lab->listener_payload;
    options.now_s = WORKSPACE_EPOCH;
    options.memo = lab->plans;
    options.store = lab->store;
    options.bases = &lab->bases;
    options.executor = lab->executor;
    int rc = build_run(&options, out, err);
    tree_free(files);
    return rc;
}

void lab_forget_plans(struct lab *lab)
{
    build_memo_free(lab->plans);
    lab->plans = build_memo_new();
}

void lab_move_base(struct lab *lab)
{
    add(lab->base_tree, "moved", ENTRY_FILE, 0644, "moved");
    tree_sort(lab->base_tree);
    if (lab->plans != NULL)
        lab_forget_plans(lab);
}

void lab_letters(const struct build_result *result, char *out)
{
    for (unsigned i = 0; i < result->step_count; i++) {
        const struct build_step *s = &result->steps[i];
        if (s->status == STEP_META || strcmp(s->word, "FROM") == 0)
            continue;
        *out++ = s->status == STEP_CACHED ? 'C' : 'R';
    }
    *out = '\0';
}
