/* SPDX-License-Identifier: MIT */
/* A RUN as the executors take it: environment, mounts, network. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/path.h"
#include "sim/build/graph.h"

struct run_parts { /* what an exec_run borrows */
    struct strv argv, env, strings;
    struct exec_mount *mounts;
    size_t mount_count;
    int *locks; /* descriptors of locked cache mounts */
    size_t lock_count;
};

static char *keep(struct run_parts *parts, char *s)
{
    strv_take(&parts->strings, s);
    return s;
}

static void parts_free(struct run_parts *parts)
{
    strv_free(&parts->argv);
    strv_free(&parts->env);
    strv_free(&parts->strings);
    free(parts->mounts);
    for (size_t i = 0; i < parts->lock_count; i++)
        close(parts->locks[i]);
    free(parts->locks);
}

/* ---- mounts ---- */

static const struct build_secret *find_secret(const struct build_options *o,
                                              const char *id)
{
    for (size_t i = 0; i < o->secret_count; i++)
        if (strcmp(o->secrets[i].id, id) == 0)
            return &o->secrets[i];
    return NULL;
}

/* What the files are that a cache mount starts from: a stage's by its last step and
 * the layers it has now, so that the cache of a stage that ran again starts anew (as in
 * BuildKit), a context's by the files themselves. */
static struct digest cache_origin(const struct build *b, const struct vertex *v,
                                  const struct plan_mount *m)
{
    const struct vertex *tip =
        m->from.kind == PLAN_SOURCE_STAGE ? b->stages[m->from.index].tip : NULL;
    if (m->from.kind == PLAN_SOURCE_IMAGE)
        return b->bases[m->from.index].chain;
    if (m->from.kind != PLAN_SOURCE_CONTEXT) {
        struct digest both[2] = {{{0}}};
        if (tip != NULL) {
            both[0] = tip->chain_key;
            both[1] = tip->chain;
        }
        return digest_of(both, sizeof both);
    }
    size_t nth = 0;
    for (const struct plan_mount *before = v->step->run->mounts; before < m; before++)
        nth += plan_mount_reads(before);
    const struct buf *selected = &v->selection.items[nth].digests;
    return digest_of(buf_str(selected), selected->len);
}

/* Folder of a cache mount: by id, and by what it starts from. Two sources of one id are
 * two folders here, two places of one in BuildKit. */
static char *cache_folder(struct build *b, struct vertex *v, const struct plan_mount *m)
{
    char hex[DIGEST_HEX + 1];
    struct digest d = cache_origin(b, v, m);
    digest_hex(&d, hex);
    AUTO_BUF name = BUF_INIT;
    buf_addf(&name, "%s\n%u %s %s", m->id, (unsigned)m->from.kind, hex, m->source);
    if (plan_mount_is_owned(m))
        buf_addf(&name, "\n%u:%u %o", m->uid, m->gid, m->has_mode ? m->mode : 0755);
    d = digest_of(buf_str(&name), name.len);
    digest_hex(&d, hex);
    return xasprintf("%s/mounts/%s", store_dir(b->options->store), hex);
}

static int lock_folder(struct run_parts *parts, const char *folder, bool wait,
                       bool *taken, struct err *err)
{
    AUTO_FREE char *path = xasprintf("%s.lock", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
        if (fd >= 0)
            close(fd);
        *taken = false;
        return wait ? err_set(err, ERR_FAILED, "cannot lock the cache mount %s", path)
                    : 0;
    }
    *taken = true;
    parts->locks =
        xreallocarray(parts->locks, parts->lock_count + 1, sizeof *parts->locks);
    parts->locks[parts->lock_count++] = fd;
    return 0;
}

static int make_cache_folder(const char *folder, const struct exec_mount *m,
                             struct err *err)
{
    int rc = file_make_folders(folder, err);
    if (rc == 0 && geteuid() == 0 && chown(folder, m->uid, m->gid) != 0)
        rc = err_set(err, ERR_FAILED, "cannot set the owner of %s", folder);
    if (rc == 0 && chmod(folder, m->mode) != 0)
        rc = err_set(err, ERR_FAILED, "cannot set the mode of %s", folder);
    return rc;
}

/* The files a cache mount starts as, for the executor. */
static int cache_start(struct build *b, struct vertex *v, const struct plan_mount *m,
                       struct exec_mount *out, struct err *err)
{
    if (plan_mount_reads(m)) {
        out->source_path = m->source;
        pthread_mutex_lock(&b->lock);
        int rc = sources_view(b, v, &m->from, &out->source, err);
        pthread_mutex_unlock(&b->lock);
        return rc;
    }
    if (m->source[0] == '\0')
        return 0;
    err_set(err, ERR_FAILED, "cache mount %s: an empty cache has no /%s", m->target,
            m->source);
    return err_hint(err, "say with from= whose /%s it starts from", m->source);
}

static int cache_mount(struct build *b, struct vertex *v, const struct plan_mount *m,
                       struct run_parts *parts, struct exec_mount *out, struct err *err)
{
    out->kind = EXEC_MOUNT_CACHE;
    if (plan_mount_is_owned(m)) {
        out->uid = m->uid;
        out->gid = m->gid;
    }
    out->mode = plan_mount_is_owned(m) && m->has_mode ? m->mode : 0755;
    int rc = cache_start(b, v, m, out, err);
    if (rc != 0 || store_dir(b->options->store) == NULL)
        return rc; /* the model keeps nothing between builds */
    char *folder = keep(parts, cache_folder(b, v, m));
    bool taken = true;
    AUTO_FREE char *parent = xasprintf("%s/mounts", store_dir(b->options->store));
    rc = file_make_folders(parent, err);
    if (rc == 0 && m->sharing != SHARING_SHARED)
        rc = lock_folder(parts, folder, m->sharing == SHARING_LOCKED, &taken, err);
    if (!taken) /* private and in use: a second folder */
        folder = keep(parts, xasprintf("%s.%u", folder, v->position));
    if (rc == 0 && v->no_cache)
        rc = file_remove_tree(folder, err);
    if (rc == 0 && out->source == NULL && !file_exists(folder))
        rc = make_cache_folder(folder, out, err);
    out->host_path = folder;
    return rc;
}

static int secret_mount(struct build *b, const struct plan_mount *m,
                        struct exec_mount *out, bool *skip, struct err *err)
{
    const struct build_secret *secret = find_secret(b->options, m->id);
    *skip = secret == NULL;
    if (secret == NULL && m->required) {
        err_set(err, ERR_FAILED, "secret %s: not found", m->id);
        return err_hint(err, "pass it with --secret id=%s,src=FILE", m->id);
    }
    if (secret == NULL)
        return 0;
    out->kind = EXEC_MOUNT_FILE;
    out->env = m->env;
    out->data = secret->data;
    out->len = secret->len;
    out->mode = m->has_mode ? m->mode : 0400;
    out->uid = m->uid;
    out->gid = m->gid;
    out->read_only = true;
    return 0;
}

static int ssh_mount(struct build *b, const struct plan_mount *m,
                     struct exec_mount *out, struct run_parts *parts, bool *skip,
                     struct err *err)
{
    *skip = b->options->ssh_socket == NULL;
    if (*skip && m->required) {
        err_set(err, ERR_FAILED, "ssh agent %s: no socket was given", m->id);
        return err_hint(err, "pass one with --ssh default=SOCKET");
    }
    out->kind = EXEC_MOUNT_SSH;
    out->host_path = b->options->ssh_socket;
    out->mode = m->has_mode ? m->mode : 0600;
    out->uid = m->uid;
    out->gid = m->gid;
    if (out->target == NULL)
        out->target = keep(parts, xstrdup("/run/buildkit/ssh_agent.0"));
    return 0;
}

static int one_mount(struct build *b, struct vertex *v, const struct plan_mount *m,
                     struct run_parts *parts, struct err *err)
{
    struct exec_mount *out = &parts->mounts[parts->mount_count];
    *out = (struct exec_mount){.target = m->target, .read_only = m->read_only};
    bool skip = false;
    int rc = 0;
    switch (m->type) {
    case MOUNT_BIND:
        out->kind = EXEC_MOUNT_TREE;
        out->source_path = m->source;
        pthread_mutex_lock(&b->lock);
        rc = sources_view(b, v, &m->from, &out->source, err);
        pthread_mutex_unlock(&b->lock);
        break;
    case MOUNT_CACHE:
        rc = cache_mount(b, v, m, parts, out, err);
        break;
    case MOUNT_TMPFS:
        out->kind = EXEC_MOUNT_TMPFS;
        out->size = m->size;
        out->mode = m->has_mode ? m->mode : 01777;
        break;
    case MOUNT_SECRET:
        rc = secret_mount(b, m, out, &skip, err);
        break;
    case MOUNT_SSH:
        rc = ssh_mount(b, m, out, parts, &skip, err);
        break;
    }
    if (rc == 0 && !skip)
        parts->mount_count++;
    return rc;
}

static int make_mounts(struct build *b, struct vertex *v, struct run_parts *parts,
                       struct err *err)
{
    const struct plan_run *run = v->step->run;
    parts->mounts = xcalloc(run->mount_count + 1, sizeof *parts->mounts);
    for (size_t i = 0; i < run->mount_count; i++) {
        int rc = one_mount(b, v, &run->mounts[i], parts, err);
        if (rc != 0)
            return rc;
    }
    if (run->script_file != NULL)
        parts->mounts[parts->mount_count++] = (struct exec_mount){
            .kind = EXEC_MOUNT_FILE,
            .target = run->argv.items[run->argv.len - 1], /* after the shell */
            .data = run->script,
            .len = strlen(run->script),
            .mode = 0755,
        };
    return 0;
}

/* ---- the command ---- */

struct output {
    struct build *b;
    struct vertex *v;
    struct buf tail; /* what a failure message shows */
};

static void take_output(void *payload, int stream, const char *data, size_t len)
{
    struct output *out = payload;
    static const size_t TAIL = 4096;
    buf_add(&out->tail, data, len);
    if (out->tail.len > 2 * TAIL) {
        memmove(out->tail.data, out->tail.data + out->tail.len - TAIL, TAIL);
        out->tail.len = TAIL;
        out->tail.data[TAIL] = '\0';
    }
    struct build *b = out->b;
    if (b->options->listener == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    struct build_event event = {.kind = BUILD_EVENT_OUTPUT,
                                .step = &b->result->steps[out->v->position],
                                .result = b->result,
                                .stream = stream,
                                .data = data,
                                .len = len};
    b->options->listener(b->options->listener_payload, &event);
    pthread_mutex_unlock(&b->lock);
}

static int failed_command(struct vertex *v, const struct exec_result *result,
                          const struct buf *tail, struct err *err)
{
    AUTO_BUF argv = BUF_INIT;
    for (size_t i = 0; i < v->step->run->argv.len; i++)
        buf_addf(&argv, "%s%s", i != 0 ? " " : "", v->step->run->argv.items[i]);
    err_set(err, ERR_FAILED, "process \"%s\" did not complete successfully: %s %d",
            buf_str(&argv), result->signal != 0 ? "killed by signal" : "exit code:",
            result->signal != 0 ? result->signal : result->exit_status);
    const char *text = buf_str(tail);
    size_t n = tail->len;
    while (n > 0 && text[n - 1] == '\n')
        n--;
    size_t start = n;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    if (n > start)
        err_hint(err, "its last words: %.*s", (int)(n - start > 300 ? 300 : n - start),
                 text + start);
    return ERR_FAILED;
}

static void fill_env(struct build *b, const struct plan_step *step,
                     struct run_parts *parts)
{
    for (size_t i = 0; i < step->env->len; i++)
        strv_take(&parts->env, xasprintf("%s=%s", step->env->vars[i].name,
                                         step->env->vars[i].value));
    struct strv proxies = STRV_INIT;
    plan_proxy_env(b->options->build_args, &proxies);
    for (size_t i = 0; i < proxies.len; i++) {
        AUTO_FREE char *name =
            xstrndup(proxies.items[i], strcspn(proxies.items[i], "="));
        if (env_find(&parts->env, name) < 0)
            strv_add(&parts->env, proxies.items[i]);
    }
    strv_free(&proxies);
}

static const char *network_of(const struct build *b, const struct plan_run *run)
{
    if (strcmp(run->network, "default") != 0)
        return run->network;
    return b->options->network != NULL ? b->options->network : "none";
}

int run_command(struct build *b, struct vertex *v, struct stack *stack,
                uint64_t *virtual_ms, void **handle, struct err *err)
{
    const struct build_options *o = b->options;
    const struct plan_step *step = v->step;
    struct run_parts parts = {0};
    struct output output = {.b = b, .v = v};
    if (step->run->insecure && !o->allow_insecure) {
        err_set(err, ERR_FAILED, "security mode \"insecure\" is not allowed");
        return err_hint(err, "allow it with --allow security.insecure");
    }
    for (size_t i = 0; i < step->run->argv.len; i++)
        strv_add(&parts.argv, step->run->argv.items[i]);
    fill_env(b, step, &parts);
    int rc = make_mounts(b, v, &parts, err);
    struct exec_run run = {
        .argv = &parts.argv,
        .env = &parts.env,
        .cwd = step->cwd,
        .user = step->user,
        .network = network_of(b, step->run),
        .insecure = step->run->insecure,
        .mounts = parts.mounts,
        .mount_count = parts.mount_count,
        .hosts = o->hosts,
        .host_count = o->host_count,
        .annotation = step->in->annotation,
        .shell_form = step->run->shell_form,
        .script = step->run->script,
        .root = stack->view,
        .layers = stack->ids,
        .layer_count = stack->len,
        .now_s = build_made_s(b),
        .output = take_output,
        .output_payload = &output,
    };
    struct exec_result result = {0};
    if (rc == 0)
        rc = o->executor->run(o->executor->self, &run, &result, err);
    *handle = result.handle;
    if (rc == 0 && o->executor->is_virtual)
        *virtual_ms += result.virtual_ms;
    if (rc == 0 && (result.exit_status != 0 || result.signal != 0))
        rc = failed_command(v, &result, &output.tail, err);
    buf_free(&output.tail);
    parts_free(&parts);
    return rc;
}
