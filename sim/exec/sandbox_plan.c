/* SPDX-License-Identifier: MIT */
/* A RUN made ready: see sandbox_plan.h. */
#include "sim/exec/sandbox_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/store/store.h"

/* What BuildKit calls the machine of a RUN. */
#define HOSTNAME "buildkitsandbox"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

char *cell_plan_text(struct cell_plan *plan, const char *fmt, ...)
{
    char *formatted = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&formatted, fmt, args);
    va_end(args);
    char *kept = arena_strdup(&plan->memory, n >= 0 ? formatted : "");
    free(formatted);
    return kept;
}

const char *cell_plan_host_path(struct cell_plan *plan, const char *path)
{
    if (path[0] == '/')
        return arena_strdup(&plan->memory, path);
    return cell_plan_text(plan, "%s/%s", plan->sandbox->cwd, path);
}

/* ---- who and what ------------------------------------------------------------------
 */

static int set_user(struct cell_plan *plan, struct err *err)
{
    const struct ids *ids = &plan->sandbox->ids;
    struct sandbox_user *user = &plan->user;
    int rc = sandbox_user_find(plan->run->root, plan->run->user, user, err);
    if (rc != 0)
        return rc;
    if (!ids_has_uid(ids, user->uid) || !ids_has_gid(ids, user->gid)) {
        err_set(err, ERR_ENVIRONMENT, "USER %.200s: id %u:%u is not mapped",
                plan->run->user, user->uid, user->gid);
        return err_hint(err, "run as root, or get subordinate ids: newuidmap and "
                             "newgidmap (package uidmap), a range in /etc/subuid and "
                             "/etc/subgid");
    }
    size_t kept = 0;
    for (size_t i = 0; i < user->group_count; i++)
        if (ids_has_gid(ids, user->groups[i]))
            user->groups[kept++] = user->groups[i];
    plan->cell.uid = user->uid;
    plan->cell.gid = user->gid;
    plan->cell.groups = user->groups;
    plan->cell.group_count = kept;
    plan->cell.map_groups = ids->userns_fd < 0 || ids->ranges;
    return 0;
}

static void set_environment(struct cell_plan *plan)
{
    const struct exec_run *run = plan->run;
    strv_copy(&plan->env, run->env);
    for (size_t i = 0; i < run->mount_count; i++) {
        const struct exec_mount *m = &run->mounts[i];
        if (m->kind == EXEC_MOUNT_FILE && m->env != NULL) {
            AUTO_FREE char *value = xstrndup(m->data != NULL ? m->data : "", m->len);
            env_set(&plan->env, m->env, value);
        }
        if (m->kind == EXEC_MOUNT_SSH && env_get(&plan->env, "SSH_AUTH_SOCK") == NULL)
            env_set(&plan->env, "SSH_AUTH_SOCK", m->target);
    }
    const char *home = env_get(&plan->env, "HOME");
    if (home == NULL || home[0] == '\0')
        env_set(&plan->env, "HOME", plan->user.home);
}

/* Every file argv[0] may mean. */
static int set_programs(struct cell_plan *plan, struct err *err)
{
    const struct strv *argv = plan->run->argv;
    if (argv->len == 0 || argv->items[0][0] == '\0')
        return err_set(err, ERR_FAILED, "RUN without a command");
    const char *name = argv->items[0];
    if (strchr(name, '/') != NULL) {
        strv_add(&plan->programs, name);
        return 0;
    }
    const char *path = env_get(&plan->env, "PATH");
    if (path == NULL)
        path = DEFAULT_PATH;
    for (;; path++) {
        size_t n = strcspn(path, ":");
        strv_take(&plan->programs,
                  xasprintf("%.*s/%s", n > 0 ? (int)n : 1, n > 0 ? path : ".", name));
        path += n;
        if (*path == '\0')
            return 0;
    }
}

/* ---- files and folders -------------------------------------------------------------
 */

static int make_folder(struct cell_plan *plan, const char *name, struct err *err)
{
    const char *path = cell_plan_text(plan, "%s/%s", plan->folder, name);
    if (mkdir(path, 0755) != 0 || chmod(path, 0755) != 0)
        return err_errno(err, errno, "cannot make the folder %s", path);
    return 0;
}

/* The upper folder is what the command sees as "/" itself, its time the present. */
static int make_upper(struct cell_plan *plan, struct err *err)
{
    const struct entry *root = view_lookup(plan->run->root, "");
    int rc = make_folder(plan, "upper", err);
    if (rc != 0 || root == NULL)
        return rc;
    const char *path = cell_plan_text(plan, "%s/upper", plan->folder);
    if ((plan->cell.userns_fd < 0 && chown(path, root->uid, root->gid) != 0) ||
        chmod(path, root->mode != 0 ? root->mode : 0755) != 0)
        return err_errno(err, errno, "cannot prepare %s", path);
    return 0;
}

/* The tree as a folder, whole or not at all. */
static int unpack_to(const struct sandbox *s, const struct tree *tree, const char *path,
                     struct err *err)
{
    AUTO_FREE char *temp = NULL;
    int rc = file_temp_folder(s->folder, "layer", &temp, err);
    if (rc == 0 && chmod(temp, 0755) != 0)
        rc = err_errno(err, errno, "cannot prepare %s", temp);
    if (rc == 0)
        rc = ids_unpack(&s->ids, tree, temp, err);
    /* Another process or thread may have been faster. */
    if (rc == 0 && rename(temp, path) != 0) {
        rc = file_exists(path) ? 0 : err_errno(err, errno, "cannot write %s", path);
        ids_remove_tree(&s->ids, temp, NULL);
    }
    return rc;
}

/* With subordinate ids the layers are kept apart: the store, which knows of no
 * namespace, could make their files only as the caller's own. */
static int layer_folder(struct cell_plan *plan, const struct digest *diff_id,
                        char **out, struct err *err)
{
    const struct sandbox *s = plan->sandbox;
    if (!s->ids.ranges)
        return store_layer_unpacked(s->store, diff_id, (int)ids_whiteouts(&s->ids), out,
                                    err);
    char hex[DIGEST_HEX + 1];
    digest_hex(diff_id, hex);
    AUTO_FREE char *path = xasprintf("%s/%s", s->layers, hex);
    struct layer *layer = NULL;
    int rc = 0;
    if (!file_exists(path)) {
        rc = store_layer_get(s->store, diff_id, &layer, err);
        if (rc == 0)
            rc = unpack_to(s, layer->tree, path, err);
        layer_unref(layer);
    }
    if (rc == 0)
        *out = STEAL(path);
    return rc;
}

static int unpack_merged(const struct sandbox *s, const struct digest *ids,
                         size_t count, const char *path, struct err *err)
{
    struct layer **layers = xcalloc(count, sizeof *layers);
    struct view *view = view_new();
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = store_layer_get(s->store, &ids[i], &layers[i], err);
        if (rc == 0)
            view_push(view, layers[i]->tree);
    }
    struct tree *all = rc == 0 ? view_subtree(view, "") : NULL;
    if (rc == 0)
        rc = unpack_to(s, all, path, err);
    tree_free(all);
    view_free(view);
    for (size_t i = 0; i < count; i++)
        layer_unref(layers[i]);
    free(layers);
    return rc;
}

/* The lowest layers of an image that has more than overlays take, as one folder, for
 * as long as the executor lives. */
static int merged_folder(struct cell_plan *plan, size_t count, char **out,
                         struct err *err)
{
    const struct sandbox *s = plan->sandbox;
    const struct digest *ids = plan->run->layers;
    struct digest all = digest_of(ids, count * sizeof *ids);
    char hex[DIGEST_HEX + 1];
    digest_hex(&all, hex);
    AUTO_FREE char *path = xasprintf("%s/merged-%s", s->folder, hex);
    int rc = file_exists(path) ? 0 : unpack_merged(s, ids, count, path, err);
    if (rc == 0)
        *out = STEAL(path);
    return rc;
}

/* Whether layers[index - 1] stands higher up once more, as layers without content do:
 * it hides itself there, and overlayfs refuses a folder that is named twice. */
static bool is_above(const struct exec_run *run, size_t index)
{
    for (size_t i = index; i < run->layer_count; i++)
        if (digest_equal(&run->layers[i], &run->layers[index - 1]))
            return true;
    return false;
}

/* How many of the lowest layers are merged, so that two overlays take the rest and
 * that: whole overlays full, to do it seldom while an image grows. */
static size_t count_merged(const struct cell_plan *plan)
{
    const size_t step = plan->sandbox->lower_most, most = 2 * step;
    const size_t n = plan->run->layer_count;
    return n <= most ? 0 : (n - most + step) / step * step;
}

static int set_lower(struct cell_plan *plan, struct err *err)
{
    const struct exec_run *run = plan->run;
    const size_t merged = count_merged(plan);
    int rc = 0;
    for (size_t i = run->layer_count; i > merged && rc == 0; i--) {
        char *path = NULL;
        if (is_above(run, i))
            continue;
        rc = layer_folder(plan, &run->layers[i - 1], &path, err);
        if (rc == 0)
            strv_add(&plan->lower, cell_plan_host_path(plan, path));
        free(path);
    }
    if (rc == 0 && merged > 0) {
        char *path = NULL;
        rc = merged_folder(plan, merged, &path, err);
        if (rc == 0)
            strv_take(&plan->lower, path);
    }
    plan->cell.lower = (const char *const *)plan->lower.items;
    plan->cell.lower_count = plan->lower.len;
    return rc;
}

int cell_plan_make(struct cell_plan *plan, struct err *err)
{
    const struct exec_run *run = plan->run;
    const struct sandbox *s = plan->sandbox;
    plan->stubs = tree_new();
    plan->cell.userns_fd = s->ids.userns_fd;
    plan->cell.lower_most = s->lower_most;
    plan->cell.old_mount_api = s->old_mount_api;
    plan->cell.insecure = run->insecure;
    plan->cell.own_net = strcmp(run->network, "host") != 0;
    plan->cell.net_fd = -1;
    plan->cell.hostname = run->hostname != NULL ? run->hostname : HOSTNAME;
    plan->cell.cwd = run->cwd != NULL && run->cwd[0] == '/' ? run->cwd : "/";
    plan->cell.filter = run->insecure ? NULL : &s->filter;
    int rc = set_user(plan, err);
    if (rc != 0)
        return rc;
    set_environment(plan);
    rc = set_programs(plan, err);
    if (rc == 0)
        rc = file_temp_folder(s->folder, "run", &plan->folder, err);
    if (rc == 0)
        rc = make_upper(plan, err);
    if (rc == 0)
        rc = make_folder(plan, "work", err);
    if (rc == 0)
        rc = cell_plan_system_mounts(plan, false, err);
    if (rc == 0)
        rc = cell_plan_run_mounts(plan, err);
    if (rc == 0)
        rc = cell_plan_system_mounts(plan, true, err);
    if (rc == 0)
        rc = set_lower(plan, err);
    tree_sort(plan->stubs);
    plan->cell.stubs = plan->stubs;
    plan->cell.folder = plan->folder;
    plan->cell.mounts = plan->mounts;
    plan->cell.mount_count = plan->mount_count;
    plan->cell.programs = (const char *const *)plan->programs.items;
    plan->cell.stack = plan->stack = xmalloc(CELL_STACK);
    plan->cell.argv = run->argv->items;
    plan->cell.env = plan->env.items;
    return rc;
}

void cell_plan_free(struct cell_plan *plan)
{
    for (size_t i = 0; i < plan->place_count; i++) {
        free(plan->places[i].given);
        free(plan->places[i].resolved);
    }
    free(plan->places);
    free(plan->mounts);
    tree_free(plan->stubs);
    strv_free(&plan->env);
    strv_free(&plan->programs);
    strv_free(&plan->lower);
    sandbox_user_free(&plan->user);
    arena_free(&plan->memory);
    free(plan->folder);
    free(plan->stack);
}
