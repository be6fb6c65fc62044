/* SPDX-License-Identifier: MIT */
/* The mounts of one RUN (RUN --mount), and where in the image mounts go. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/sandbox_plan.h"
#include "sim/exec/sandbox_sys.h"

/* ---- mount points ------------------------------------------------------------------
 */

/* Notes path and the folders above it as they are in the image, so that the stubs on
 * top of the layers change nothing but what is missing. */
static int add_stub(struct cell_plan *plan, const char *path, bool is_file,
                    struct err *err)
{
    const struct entry missing = {.type = ENTRY_DIR,
                                  .mode = 0755,
                                  .mtime_ns = plan->run->now_s * INT64_C(1000000000)};
    const size_t len = strlen(path);
    for (size_t end = 0;;) {
        AUTO_FREE char *part = xstrndup(path, end);
        const struct entry *there = view_lookup(plan->run->root, part);
        struct entry made = missing;
        if (end == len && is_file)
            made.type = ENTRY_FILE;
        if (there != NULL && there->type != ENTRY_DIR)
            return err_set(err, ERR_FAILED, "/%s is no folder", part);
        struct entry *stub =
            tree_add_as(plan->stubs, there != NULL ? there : &made, part);
        stub->uid = ids_has_uid(&plan->sandbox->ids, stub->uid) ? stub->uid : 0;
        stub->gid = ids_has_gid(&plan->sandbox->ids, stub->gid) ? stub->gid : 0;
        if (end == len)
            return 0;
        end += end > 0;
        end += strcspn(path + end, "/");
    }
}

/* What is mounted needs something of its kind to be mounted on. */
static int need_point(struct cell_plan *plan, const char *path, bool is_file,
                      struct err *err)
{
    const struct entry *there = view_lookup(plan->run->root, path);
    if (there == NULL)
        return add_stub(plan, path, is_file, err);
    if (is_file == (there->type != ENTRY_DIR))
        return 0;
    return err_set(err, ERR_FAILED, "/%s is %s", path,
                   is_file ? "a folder" : "no folder");
}

/* Where a target lies; *inside: in something mounted earlier. */
static int resolve_target(struct cell_plan *plan, const char *clean, char **out,
                          bool *inside, struct err *err)
{
    const struct place *best = NULL;
    for (size_t i = 0; i < plan->place_count; i++) {
        const struct place *p = &plan->places[i];
        if (path_is_below(clean, p->given) &&
            (best == NULL || strlen(p->given) >= strlen(best->given)))
            best = p;
    }
    if (best != NULL) {
        *inside = true;
        *out = xasprintf("%s%s", best->resolved, clean + strlen(best->given));
        return 0;
    }
    int rc = view_resolve(plan->run->root, clean, true, out, err);
    for (size_t i = 0; rc == 0 && i < plan->place_count && !*inside; i++)
        *inside = path_is_below(*out, plan->places[i].resolved);
    return rc;
}

int cell_plan_add_mount(struct cell_plan *plan, const struct cell_mount *mount,
                        struct err *err)
{
    AUTO_FREE char *clean = path_below_root(mount->target);
    AUTO_FREE char *resolved = NULL;
    bool inside = false;
    int rc = resolve_target(plan, clean, &resolved, &inside, err);
    if (rc == 0 && resolved[0] == '\0')
        rc = err_set(err, ERR_FAILED, "cannot mount on /");
    if (rc == 0 && !inside && !mount->lenient)
        rc = need_point(plan, resolved, mount->is_file, err);
    if (rc != 0)
        return err_wrap(err, "mount %s", mount->target);
    GROW(plan->mounts, plan->mount_cap, plan->mount_count + 1);
    struct cell_mount *m = &plan->mounts[plan->mount_count++];
    *m = *mount;
    m->target = cell_plan_text(plan, "/%s", resolved);
    if (m->kind != CELL_LINK && !m->lenient) {
        GROW(plan->places, plan->place_cap, plan->place_count + 1);
        plan->places[plan->place_count++] =
            (struct place){.given = STEAL(clean), .resolved = STEAL(resolved)};
    }
    return 0;
}

/* ---- RUN --mount -------------------------------------------------------------------
 */

/* The source's entries with paths from the mount's root; a single file is "file". */
static struct tree *rebase(const struct tree *from, const char *path)
{
    struct tree *to = tree_new();
    const size_t skip = strlen(path);
    for (size_t i = 0; i < from->len; i++) {
        struct entry e = from->entries[i];
        const char *rest = e.path + skip + (skip > 0 && e.path[skip] == '/');
        if (e.type == ENTRY_HARDLINK)
            e.target += skip + (skip > 0);
        tree_add_as(to, &e, e.type != ENTRY_DIR && *rest == '\0' ? "file" : rest);
    }
    tree_sort(to);
    return to;
}

/* Where in its view the source of a mount lies, symlinks followed. */
static int find_source(const struct exec_mount *mount, char **path, bool *is_file,
                       struct err *err)
{
    int rc = view_resolve(mount->source, mount->source_path, true, path, err);
    const struct entry *e = rc == 0 ? view_lookup(mount->source, *path) : NULL;
    if (rc == 0 && e == NULL)
        rc = err_set(err, ERR_FAILED, "/%s: not found in the source of the mount %s",
                     mount->source_path, mount->target);
    *is_file = e != NULL && e->type != ENTRY_DIR;
    return rc;
}

/* What lies at path of the mount's view, into an empty folder; a file as "file". */
static int unpack_source(struct cell_plan *plan, const struct exec_mount *mount,
                         const char *path, const char *dir, struct err *err)
{
    struct tree *found = view_subtree(mount->source, path);
    struct tree *based = rebase(found, path);
    int rc = ids_unpack(&plan->sandbox->ids, based, dir, err);
    tree_free(based);
    tree_free(found);
    return rc == 0 ? 0 : err_wrap(err, "mount %s", mount->target);
}

/* A copy of files of a context or stage, which a writable mount may change in vain. */
static int add_tree(struct cell_plan *plan, const struct exec_mount *mount,
                    struct cell_mount *out, struct err *err)
{
    AUTO_FREE char *path = NULL;
    int rc = find_source(mount, &path, &out->is_file, err);
    if (rc != 0)
        return rc;
    const char *dir = cell_plan_text(plan, "%s/tree%u", plan->folder, plan->trees++);
    if (mkdir(dir, 0755) != 0)
        return err_errno(err, errno, "cannot make the folder %s", dir);
    out->kind = CELL_BIND;
    out->source = out->is_file ? cell_plan_text(plan, "%s/file", dir) : dir;
    return unpack_source(plan, mount, path, dir, err);
}

static bool is_empty_folder(const char *path)
{
    DIR *dir = opendir(path);
    int count = 0;
    while (dir != NULL && count < 3 && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count == 2; /* "." and ".." */
}

/* Fills a cache mount that starts with files, all or nothing. */
static int seed_cache(struct cell_plan *plan, const struct exec_mount *mount,
                      const char *path, struct err *err)
{
    AUTO_FREE char *parent =
        xstrndup(mount->host_path, path_parent_len(mount->host_path));
    AUTO_FREE char *temp = NULL;
    int rc = file_temp_folder(parent, "seed", &temp, err);
    if (rc == 0 && chmod(temp, 0755) != 0)
        rc = err_errno(err, errno, "cannot set the mode of %s", temp);
    if (rc == 0)
        rc = unpack_source(plan, mount, path, temp, err);
    if (rc == 0 && rename(temp, mount->host_path) == 0)
        return 0;
    if (rc == 0 && errno != ENOTEMPTY && errno != EEXIST) /* another RUN was faster */
        rc = err_errno(err, errno, "cannot make the folder %s", mount->host_path);
    if (temp != NULL)
        ids_remove_tree(&plan->sandbox->ids, temp, NULL);
    return rc;
}

/* In a user namespace nobody outside could give a new folder to its owner. */
static int add_cache(struct cell_plan *plan, const struct exec_mount *mount,
                     struct cell_mount *out, struct err *err)
{
    const struct ids *ids = &plan->sandbox->ids;
    AUTO_FREE char *path = NULL;
    int rc = 0;
    if (mount->source != NULL)
        rc = find_source(mount, &path, &out->is_file, err);
    if (rc == 0 && mount->source == NULL)
        rc = file_make_folders(mount->host_path, err);
    else if (rc == 0 && !file_exists(mount->host_path))
        rc = seed_cache(plan, mount, path, err);
    out->kind = CELL_BIND;
    out->source = cell_plan_host_path(plan, mount->host_path);
    if (out->is_file)
        out->source = cell_plan_text(plan, "%s/file", out->source);
    if (rc == 0 && mount->source == NULL && ids->userns_fd >= 0 &&
        ids_has_uid(ids, mount->uid) && ids_has_gid(ids, mount->gid) &&
        is_empty_folder(mount->host_path)) {
        out->uid = mount->uid;
        out->gid = mount->gid;
    }
    return rc;
}

static void add_file(struct cell_plan *plan, const struct exec_mount *mount,
                     struct cell_mount *out)
{
    const struct ids *ids = &plan->sandbox->ids;
    out->kind = CELL_DATA;
    out->is_file = true;
    out->data = mount->data;
    out->len = mount->len;
    out->mode = mount->mode;
    out->uid = ids_has_uid(ids, mount->uid) ? mount->uid : 0;
    out->gid = ids_has_gid(ids, mount->gid) ? mount->gid : 0;
    out->attrs |= MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
    if ((mount->mode & 0111) == 0) /* a heredoc script is executed */
        out->attrs |= MOUNT_ATTR_NOEXEC;
}

static void add_tmpfs(struct cell_plan *plan, const struct exec_mount *mount,
                      struct cell_mount *out)
{
    const char **options = arena_alloc(&plan->memory, 5 * sizeof *options);
    options[0] = "mode";
    options[1] = "1777";
    options[2] = mount->size > 0 ? "size" : NULL;
    options[3] = cell_plan_text(plan, "%llu", (unsigned long long)mount->size);
    options[4] = NULL;
    out->kind = CELL_FRESH;
    out->source = "tmpfs";
    out->options = options;
    out->attrs |= MOUNT_ATTR_NOSUID;
}

static int add_run_mount(struct cell_plan *plan, const struct exec_mount *mount,
                         struct err *err)
{
    struct cell_mount m = {.target = mount->target};
    int rc = 0;
    m.attrs = (mount->read_only ? MOUNT_ATTR_RDONLY : 0) |
              (plan->run->insecure ? 0 : MOUNT_ATTR_NODEV);
    switch (mount->kind) {
    case EXEC_MOUNT_TREE:
        rc = add_tree(plan, mount, &m, err);
        break;
    case EXEC_MOUNT_CACHE:
        rc = add_cache(plan, mount, &m, err);
        break;
    case EXEC_MOUNT_TMPFS:
        add_tmpfs(plan, mount, &m);
        break;
    case EXEC_MOUNT_FILE:
        add_file(plan, mount, &m);
        break;
    case EXEC_MOUNT_SSH:
        m.kind = CELL_BIND;
        m.is_file = true;
        m.source = cell_plan_host_path(plan, mount->host_path);
        break;
    }
    return rc == 0 ? cell_plan_add_mount(plan, &m, err) : rc;
}

/* Outer ones first, as BuildKit sorts them. */
static int compare_targets(const void *a, const void *b)
{
    const struct exec_mount *x = *(const struct exec_mount *const *)a;
    const struct exec_mount *y = *(const struct exec_mount *const *)b;
    return path_compare(x->target, y->target);
}

int cell_plan_run_mounts(struct cell_plan *plan, struct err *err)
{
    const struct exec_run *run = plan->run;
    const struct exec_mount **sorted =
        arena_alloc(&plan->memory, (run->mount_count + 1) * sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < run->mount_count; i++)
        if (run->mounts[i].target != NULL)
            sorted[count++] = &run->mounts[i];
    qsort(sorted, count, sizeof *sorted, compare_targets);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_run_mount(plan, sorted[i], err);
    return rc;
}
