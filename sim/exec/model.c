/* SPDX-License-Identifier: MIT */
/*
 * The model executor: annotation or shell, on a view. Mounts are laid into the view for
 * the run and taken out again, so what is written into them is dropped; cache mounts
 * start empty. Secrets and networks make no difference to a model.
 */
#include "sim/exec/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/shell.h"

/* ---- annotations -------------------------------------------------------------------
 */

/* What decides the bytes that an annotated RUN writes: the command, its annotation, the
 * file's place, and the files it says it reads. */
static int annotation_seed(const struct exec_run *run, const struct annotation *a,
                           struct digester *d, struct err *err)
{
    for (size_t i = 0; i < run->argv->len; i++)
        digester_add_string(d, run->argv->items[i]);
    digester_add_string(d, run->annotation);
    for (size_t i = 0; i < a->reads.len; i++) {
        AUTO_FREE char *clean = path_below_root(a->reads.items[i]), *path = NULL;
        int rc = view_resolve(run->root, clean, true, &path, err);
        if (rc != 0)
            return rc;
        const struct entry *e = view_lookup(run->root, path);
        if (e == NULL) {
            err_set(err, ERR_FAILED, "annotation: reads=%s: no such file in the image",
                    a->reads.items[i]);
            return err_hint(err, "copy it before this RUN, or correct the path");
        }
        struct digest digest = {0};
        if (e->type == ENTRY_FILE) {
            rc = content_digest(&e->content, e->size, &digest, err);
            if (rc != 0)
                return rc;
        }
        digester_add_digest(d, &digest);
    }
    return 0;
}

static int annotation_write(const struct exec_run *run, const char *target,
                            uint64_t bytes, const struct digest *base, struct err *err)
{
    AUTO_FREE char *clean = path_below_root(target), *path = NULL;
    int rc = view_resolve(run->root, clean, true, &path, err);
    if (rc != 0)
        return rc;
    const struct entry *old = view_lookup(run->root, path);
    bool folder =
        target[strlen(target) - 1] == '/' || (old != NULL && old->type == ENTRY_DIR);
    if (folder) {
        char *inside = path_join(path, "modelled");
        free(path);
        path = inside;
    }
    struct entry e = {
        .path = path,
        .type = ENTRY_DIR,
        .mode = 0755,
        .mtime_ns = run->now_s * INT64_C(1000000000),
    };
    if (path_parent_len(path) > 0) {
        AUTO_FREE char *parent = xstrndup(path, path_parent_len(path));
        rc = view_make_folders(run->root, parent, &e, err);
        if (rc != 0)
            return rc;
    }
    e.type = ENTRY_FILE;
    e.mode = 0644;
    e.size = bytes;
    e.content.kind = bytes > 0 ? CONTENT_SEED : CONTENT_NONE;
    struct digester *d = digester_new();
    struct digest seed;
    digester_add_digest(d, base);
    digester_add_string(d, path);
    digester_finish(d, &seed);
    digester_free(d);
    memcpy(&e.content.from.seed, seed.bytes, sizeof e.content.from.seed);
    return view_put(run->root, &e, err);
}

static int run_annotated(const struct exec_run *run, struct exec_result *out,
                         struct err *err)
{
    struct annotation a;
    int rc = annotation_parse(run->annotation, &a, err);
    if (rc != 0)
        return rc;
    struct digester *d = digester_new();
    struct digest base = {0};
    rc = annotation_seed(run, &a, d, err);
    digester_finish(d, &base);
    digester_free(d);
    for (size_t i = 0; rc == 0 && i < a.removes.len; i++) {
        AUTO_FREE char *path = path_below_root(a.removes.items[i]);
        if (*path == '\0')
            rc = err_set(err, ERR_FAILED,
                         "annotation: removes=/ would remove the image");
        else
            view_remove(run->root, path);
    }
    for (size_t i = 0; rc == 0 && i < a.write_count; i++)
        rc = annotation_write(run, a.writes[i].path, a.writes[i].bytes, &base, err);
    out->virtual_ms = a.virtual_ms;
    annotation_free(&a);
    return rc;
}

/* ---- mounts ------------------------------------------------------------------------
 */

struct laid { /* one mount laid into the view */
    char *target;
    char *made;          /* the topmost folder made for it, NULL if none */
    struct tree *hidden; /* what stood there before */
};

/* The first part of the path that does not exist; NULL if all of it does. */
static char *first_missing(struct view *root, const char *path)
{
    for (const char *p = path;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        AUTO_FREE char *part = xstrndup(path, (size_t)(p - path));
        if (view_lookup(root, part) == NULL)
            return STEAL(part);
        if (*p == '\0')
            return NULL;
    }
}

static int put_tree(struct view *root, const struct tree *tree, size_t skip,
                    const char *to, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < tree->len; i++) {
        struct entry e = tree->entries[i];
        const char *rest = e.path + skip;
        rest += *rest == '/' ? 1 : 0;
        AUTO_FREE char *path = *rest != '\0' ? path_join(to, rest) : xstrdup(to);
        if (e.type == ENTRY_HARDLINK || e.type == ENTRY_SOCKET)
            continue;
        e.path = path;
        rc = *path != '\0' ? view_put(root, &e, err) : 0;
    }
    return rc;
}

static int mount_content(const struct exec_run *run, const struct exec_mount *m,
                         const char *target, struct err *err)
{
    struct entry e = {
        .path = target,
        .type = m->kind == EXEC_MOUNT_FILE ? ENTRY_FILE : ENTRY_DIR,
        .mode = m->mode != 0                 ? m->mode
                : m->kind == EXEC_MOUNT_FILE ? 0400
                                             : 0755,
        .uid = m->uid,
        .gid = m->gid,
        .mtime_ns = run->now_s * INT64_C(1000000000),
    };
    if (m->source != NULL) {
        AUTO_FREE char *source = NULL;
        int rc = view_resolve(m->source, m->source_path, true, &source, err);
        if (rc != 0)
            return rc;
        struct tree *tree = view_subtree(m->source, source);
        rc = put_tree(run->root, tree, strlen(source), target, err);
        tree_free(tree);
        return rc;
    }
    if (m->kind == EXEC_MOUNT_FILE && m->len > 0) {
        e.size = m->len;
        e.content.kind = CONTENT_INLINE;
        e.content.from.bytes = m->data;
    }
    return view_put(run->root, &e, err);
}

static int lay_mount(const struct exec_run *run, const struct exec_mount *m,
                     struct laid *laid, struct err *err)
{
    AUTO_FREE char *clean = path_below_root(m->target);
    int rc = view_resolve(run->root, clean, true, &laid->target, err);
    if (rc != 0)
        return rc;
    laid->made = first_missing(run->root, laid->target);
    if (laid->made == NULL)
        laid->hidden = view_subtree(run->root, laid->target);
    struct entry folder = {
        .mode = 0755, .type = ENTRY_DIR, .mtime_ns = run->now_s * INT64_C(1000000000)};
    if (path_parent_len(laid->target) > 0) {
        AUTO_FREE char *parent = xstrndup(laid->target, path_parent_len(laid->target));
        rc = view_make_folders(run->root, parent, &folder, err);
    }
    if (rc == 0) {
        view_remove(run->root, laid->target);
        rc = mount_content(run, m, laid->target, err);
    }
    return rc == 0 ? 0 : err_wrap(err, "mount at %s", m->target);
}

static int take_out(struct view *root, struct laid *laid, struct err *err)
{
    int rc = 0;
    if (laid->target != NULL && *laid->target != '\0')
        view_remove(root, laid->made != NULL ? laid->made : laid->target);
    if (laid->hidden != NULL && laid->target != NULL)
        rc = put_tree(root, laid->hidden, strlen(laid->target), laid->target, err);
    tree_free(laid->hidden);
    free(laid->target);
    free(laid->made);
    return rc;
}

/* ---- the executor ------------------------------------------------------------------
 */

static int run_commands(const struct model_source *source, const struct exec_run *run,
                        struct exec_result *out, struct err *err)
{
    struct shell sh;
    struct shell_stream streams[] = {{.kind = STREAM_RUN, .number = 1},
                                     {.kind = STREAM_RUN, .number = 2}};
    struct shell_input in = {.data = BUF_INIT};
    int rc = shell_init(&sh, run, source, err);
    sh.in = &in;
    sh.out = &streams[0];
    sh.errs = &streams[1];
    for (size_t i = 0; i < run->mount_count; i++) {
        const struct exec_mount *m = &run->mounts[i];
        if (m->kind == EXEC_MOUNT_FILE && m->env != NULL) {
            AUTO_FREE char *value = xstrndup(m->data != NULL ? m->data : "", m->len);
            env_set(&sh.env, m->env, value);
        }
    }
    if (rc == 0 && run->argv->len == 0)
        rc = err_set(err, ERR_FAILED, "RUN without a command");
    if (rc == 0)
        rc = shell_run_argv(&sh, run->argv);
    out->exit_status = sh.status;
    out->virtual_ms = sh.ms;
    shell_free(&sh);
    buf_free(&in.data);
    return rc;
}

static int run_with_mounts(const struct model_source *source,
                           const struct exec_run *run, struct exec_result *out,
                           struct err *err)
{
    struct laid *laid = xcalloc(run->mount_count + 1, sizeof *laid);
    int rc = 0;
    size_t done = 0;
    for (; rc == 0 && done < run->mount_count; done++)
        if (run->mounts[done].target != NULL &&
            run->mounts[done].kind != EXEC_MOUNT_SSH)
            rc = lay_mount(run, &run->mounts[done], &laid[done], err);
    if (rc == 0)
        rc = run_commands(source, run, out, err);
    while (done > 0) {
        struct err ignored = ERR_INIT;
        int failed = take_out(run->root, &laid[--done], rc == 0 ? err : &ignored);
        rc = rc != 0 ? rc : failed;
    }
    free(laid);
    return rc;
}

static int run_model(void *self, const struct exec_run *run, struct exec_result *out,
                     struct err *err)
{
    *out = (struct exec_result){0};
    if (run->annotation != NULL)
        return run_annotated(run, out, err);
    return run_with_mounts(self, run, out, err);
}

static void release(void *self, void *handle)
{
    (void)self, (void)handle; /* nothing of a model's run lies outside the view */
}

struct executor *model_executor_new(const struct model_source *source)
{
    struct executor *executor = xcalloc(1, sizeof *executor);
    executor->run = run_model;
    executor->release = release;
    executor->is_virtual = true;
    /* The interface wants a pointer that may be written through; it never is. */
    memcpy(&executor->self, &source, sizeof source);
    return executor;
}

void model_executor_free(struct executor *executor)
{
    free(executor);
}
