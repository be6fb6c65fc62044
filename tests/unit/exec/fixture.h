/* SPDX-License-Identifier: MIT */
/* A view with a few files, and one call that runs a script on it with the model. */
#ifndef TESTS_UNIT_EXEC_FIXTURE_H
#define TESTS_UNIT_EXEC_FIXTURE_H

#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/model.h"
#include "sim/layer/view.h"

#define NOW INT64_C(1704067200)

struct fixture {
    struct view *view;
    struct buf out, errs;
    struct exec_result result;
    struct err err;
    const char *user, *cwd, *annotation;
    const struct exec_mount *mounts;
    size_t mount_count;
    const struct model_source *source;
};

static inline void fixture_dir(struct fixture *f, const char *path)
{
    struct entry like = {.type = ENTRY_DIR, .mode = 0755, .mtime_ns = 0};
    struct err err = ERR_INIT;
    assert_int_equal(view_make_folders(f->view, path, &like, &err), 0);
}

static inline void fixture_file(struct fixture *f, const char *path, const char *text,
                                uint32_t mode)
{
    struct entry e = {.path = path, .type = ENTRY_FILE, .mode = mode};
    e.size = strlen(text);
    if (e.size > 0) {
        e.content.kind = CONTENT_INLINE;
        e.content.from.bytes = text;
    }
    struct err err = ERR_INIT;
    assert_int_equal(view_put(f->view, &e, &err), 0);
}

static inline void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.view = view_new(), .user = "", .cwd = "/app"};
    fixture_dir(f, "app");
    fixture_dir(f, "tmp");
    fixture_dir(f, "etc");
    fixture_file(f, "etc/passwd",
                 "root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/srv:/bin/sh\n", 0644);
    fixture_file(f, "etc/group", "root:x:0:\nwww:x:33:\n", 0644);
}

static inline void fixture_free(struct fixture *f)
{
    view_free(f->view);
    buf_free(&f->out);
    buf_free(&f->errs);
}

static inline void fixture_output(void *payload, int stream, const char *data,
                                  size_t len)
{
    struct fixture *f = payload;
    buf_add(stream == 1 ? &f->out : &f->errs, data, len);
}

static inline int fixture_run_argv(struct fixture *f, const struct strv *argv)
{
    struct strv env = STRV_INIT;
    strv_add(&env, "PATH=/usr/local/bin:/usr/bin:/bin");
    strv_add(&env, "NAME=world");
    buf_clear(&f->out);
    buf_clear(&f->errs);
    f->err = (struct err)ERR_INIT;
    struct exec_run run = {.argv = argv,
                           .env = &env,
                           .cwd = f->cwd,
                           .user = f->user,
                           .network = "none",
                           .annotation = f->annotation,
                           .mounts = f->mounts,
                           .mount_count = f->mount_count,
                           .shell_form = true,
                           .root = f->view,
                           .now_s = NOW,
                           .output = fixture_output,
                           .output_payload = f};
    struct executor *executor = model_executor_new(f->source);
    int rc = executor->run(executor->self, &run, &f->result, &f->err);
    model_executor_free(executor);
    strv_free(&env);
    return rc;
}

static inline int fixture_run(struct fixture *f, const char *script)
{
    struct strv argv = STRV_INIT;
    strv_add(&argv, "/bin/sh");
    strv_add(&argv, "-c");
    strv_add(&argv, script);
    int rc = fixture_run_argv(f, &argv);
    strv_free(&argv);
    return rc;
}

/* The text of a file, or NULL; the caller frees. */
static inline char *fixture_read(struct fixture *f, const char *path)
{
    const struct entry *e = view_lookup(f->view, path);
    struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    if (e == NULL || content_load(&e->content, e->size, 1 << 20, &text, &err) != 0)
        return NULL;
    return buf_steal(&text);
}

#endif
