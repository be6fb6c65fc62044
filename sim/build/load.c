/* SPDX-License-Identifier: MIT */
/* What a build reads first: the Dockerfile, and the parts of the contexts its steps
 * name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/build/graph.h"
#include "sim/context/context.h"

/* The name that messages and records use: as the user gave it, else "Dockerfile". */
static char *display_name(const struct build_options *options)
{
    return xstrdup(options->dockerfile != NULL ? options->dockerfile : "Dockerfile");
}

static int read_file(struct build *b, struct err *err)
{
    const struct build_options *o = b->options;
    AUTO_FREE char *path = o->dockerfile != NULL
                               ? xstrdup(o->dockerfile)
                               : path_join(o->contexts[0].dir, "Dockerfile");
    int rc = file_read(path, DOCKERFILE_LIMIT, &b->dockerfile_text, err);
    if (rc == 0)
        return 0;
    if (rc == ERR_NOT_FOUND) {
        err_set(err, ERR_INPUT, "cannot find the Dockerfile %s", path);
        err_hint(err, "name another one with -f FILE");
    }
    return ERR_INPUT;
}

static bool take_kept(struct build *b, const char *text, size_t len)
{
    struct planned kept;
    if (b->options->memo == NULL)
        return false;
    memo_key(b, text, len, &b->memo_key);
    if (!memo_take(b->options->memo, &b->memo_key, &kept))
        return false;
    b->dockerfile = kept.dockerfile;
    b->plan = kept.plan;
    b->bases = kept.bases;
    b->base_count = kept.base_count;
    b->base_cap = kept.base_cap;
    b->operations = kept.operations;
    return true;
}

int build_load_dockerfile(struct build *b, struct err *err)
{
    const struct build_options *o = b->options;
    b->dockerfile_name = display_name(o);
    const char *text = o->dockerfile_text;
    size_t len = o->dockerfile_len;
    if (text == NULL) {
        int rc = read_file(b, err);
        if (rc != 0)
            return rc;
        text = buf_str(&b->dockerfile_text);
        len = b->dockerfile_text.len;
    }
    if (take_kept(b, text, len))
        return 0;
    int rc = dockerfile_parse(b->dockerfile_name, text, len, &b->dockerfile, err);
    if (rc == 0)
        rc = dockerfile_check_syntax(b->dockerfile, err);
    return rc == 0 ? 0 : err_at(err, b->dockerfile_name, 0);
}

/* ---- contexts ---- */

/* The folder a source word surely lies in: all of it, or what is before a wildcard. */
static void add_wanted(struct strv *wanted, const char *word)
{
    AUTO_FREE char *clean = path_below_root(word);
    size_t n = 0;
    for (const char *part = clean; *part != '\0';) {
        size_t len = strcspn(part, "/");
        AUTO_FREE char *name = xstrndup(part, len);
        if (glob_has_wildcard(name))
            break;
        n = (size_t)(part - clean) + len;
        part += len + (part[len] == '/');
    }
    clean[n] = '\0';
    if (!strv_contains(wanted, clean))
        strv_add(wanted, clean);
}

static void gather_wanted(const struct build *b, unsigned context, struct strv *wanted)
{
    for (size_t i = 0; i < b->plan->step_count; i++) {
        const struct plan_step *step = &b->plan->steps[i];
        const struct plan_copy *copy = step->copy;
        bool here = copy != NULL && copy->from.kind == PLAN_SOURCE_CONTEXT &&
                    copy->from.index == context;
        for (size_t k = 0; here && k < copy->sources.len; k++)
            if (!copy->add ||
                plan_remote_kind(copy->sources.items[k]) == PLAN_REMOTE_NONE)
                add_wanted(wanted, copy->sources.items[k]);
        for (size_t k = 0; step->run != NULL && k < step->run->mount_count; k++) {
            const struct plan_mount *m = &step->run->mounts[k];
            if (m->from.kind == PLAN_SOURCE_CONTEXT && m->from.index == context)
                add_wanted(wanted, m->source);
        }
    }
}

static int ignore_of_files(const struct tree *files, const char *dockerfile,
                           struct ignore **out, struct err *err)
{
    AUTO_FREE char *own = xasprintf("%s.dockerignore", dockerfile);
    const struct entry *e = tree_find(files, own);
    if (e == NULL || e->type != ENTRY_FILE) {
        free(own);
        own = xstrdup(".dockerignore");
        e = tree_find(files, own);
    }
    *out = NULL;
    if (e == NULL || e->type != ENTRY_FILE)
        return 0;
    AUTO_BUF text = BUF_INIT;
    int rc = content_load(&e->content, e->size, DOCKERFILE_LIMIT, &text, err);
    if (rc != 0)
        return rc;
    return ignore_parse(own, buf_str(&text), text.len, out, err);
}

static int scan_memory(struct build *b, size_t i, struct err *err)
{
    const struct tree *files = b->options->contexts[i].files;
    struct ignore *ig;
    int rc =
        ignore_of_files(files, i == 0 ? b->dockerfile_name : "Dockerfile", &ig, err);
    if (rc != 0)
        return rc;
    if (ig != NULL) {
        b->context_trees[i] = context_filter(files, ig);
        files = b->context_trees[i];
    }
    b->context_files[i] = files;
    ignore_free(ig);
    return 0;
}

static int scan_folder(struct build *b, size_t i, const struct strv *wanted,
                       struct err *err)
{
    const struct build_options *o = b->options;
    AUTO_FREE char *dockerfile =
        i != 0 || o->dockerfile == NULL ? NULL : xstrdup(o->dockerfile);
    if (i == 0 && dockerfile == NULL)
        dockerfile = path_join(o->contexts[0].dir, "Dockerfile");
    struct context_options options = CONTEXT_OPTIONS_INIT;
    AUTO_FREE char *cache = NULL;
    if (store_dir(o->store) != NULL) {
        struct digest id = digest_of(o->contexts[i].dir, strlen(o->contexts[i].dir));
        char hex[DIGEST_HEX + 1];
        digest_hex(&id, hex);
        cache = xasprintf("%s/stat-%.16s", store_dir(o->store), hex);
    }
    options.dockerfile = dockerfile;
    options.stat_cache = cache;
    options.wanted = wanted;
    options.keep_owner = o->semantics == SEMANTICS_BUILDAH;
    int rc =
        context_scan(o->contexts[i].dir, &options, &b->context_trees[i], NULL, err);
    b->context_files[i] = b->context_trees[i];
    return rc;
}

int build_scan_contexts(struct build *b, struct err *err)
{
    size_t n = b->options->context_count;
    b->context_trees = xcalloc(n, sizeof *b->context_trees);
    b->context_files = xcalloc(n, sizeof *b->context_files);
    for (size_t i = 0; i < n; i++) {
        struct strv wanted = STRV_INIT;
        gather_wanted(b, (unsigned)i, &wanted);
        int rc = 0;
        if (wanted.len != 0 && b->options->contexts[i].files != NULL)
            rc = scan_memory(b, i, err);
        else if (wanted.len != 0)
            rc = scan_folder(b, i, &wanted, err);
        strv_free(&wanted);
        if (rc != 0)
            return rc;
    }
    return 0;
}
