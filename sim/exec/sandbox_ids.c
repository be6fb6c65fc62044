/* SPDX-License-Identifier: MIT */
/* User namespaces and their id maps (user_namespaces(7), newuidmap(1)). */
#include "sim/exec/sandbox_ids.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/exec/sandbox_sys.h"

enum {
    RANGES = sizeof((struct id_map *)0)->ranges / sizeof *((struct id_map *)0)->ranges
};

static bool is_privileged(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2];
    const uint32_t needed = 1u << CAP_SYS_ADMIN | 1u << CAP_CHOWN | 1u << CAP_SETUID |
                            1u << CAP_SETGID | 1u << CAP_DAC_OVERRIDE;
    return geteuid() == 0 && syscall(SYS_capget, &header, caps) == 0 &&
           (caps[0].effective & needed) == needed;
}

/* ---- maps ------------------------------------------------------------------------ */

/* "name:first:count" lines of /etc/subuid that are the caller's. */
static void read_ranges(const char *path, uint32_t id, const char *name,
                        struct id_map *map)
{
    AUTO_BUF text = BUF_INIT;
    uint32_t inside = 1;
    if (file_read(path, 1 << 20, &text, NULL) != 0 || text.len == 0)
        return;
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && map->len < RANGES;) {
        const char *owner = strsep(&line, ":");
        const char *first = strsep(&line, ":");
        if (first == NULL || line == NULL)
            continue;
        char *end, digits[16];
        snprintf(digits, sizeof digits, "%u", id);
        if (strcmp(owner, digits) != 0 && strcmp(owner, name) != 0)
            continue;
        unsigned long start = strtoul(first, &end, 10);
        if (*end != '\0' || end == first || start > UINT32_MAX)
            continue;
        unsigned long count = strtoul(line, &end, 10);
        if (count == 0 || count > UINT32_MAX - start || count > UINT32_MAX - inside)
            continue;
        map->ranges[map->len].inside = inside;
        map->ranges[map->len].outside = (uint32_t)start;
        map->ranges[map->len++].count = (uint32_t)count;
        inside += (uint32_t)count;
    }
}

static void plan_maps(struct ids *ids, bool ranges)
{
    char buffer[4096];
    struct passwd entry, *found = NULL;
    const uint32_t uid = geteuid(), gid = getegid();
    ids->uids = ids->gids = (struct id_map){.len = 1};
    ids->uids.ranges[0].outside = uid;
    ids->gids.ranges[0].outside = gid;
    ids->uids.ranges[0].count = ids->gids.ranges[0].count = 1;
    if (!ranges)
        return;
    getpwuid_r(uid, &entry, buffer, sizeof buffer, &found);
    const char *name = found != NULL ? entry.pw_name : "";
    read_ranges("/etc/subuid", uid, name, &ids->uids);
    read_ranges("/etc/subgid", uid, name, &ids->gids);
    ids->ranges = ids->uids.len > 1 && ids->gids.len > 1;
}

/* newuidmap PID INSIDE OUTSIDE COUNT …: 0 if it did. */
static int run_map_helper(const char *program, pid_t pid, const struct id_map *map)
{
    static const char *const folders[] = {"/usr/bin", "/bin", "/usr/local/bin"};
    struct strv argv = STRV_INIT;
    strv_add(&argv, program);
    strv_take(&argv, xasprintf("%d", (int)pid));
    for (unsigned i = 0; i < map->len; i++) {
        strv_take(&argv, xasprintf("%u", map->ranges[i].inside));
        strv_take(&argv, xasprintf("%u", map->ranges[i].outside));
        strv_take(&argv, xasprintf("%u", map->ranges[i].count));
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    int status = -1;
    char *env[] = {NULL};
    for (size_t i = 0; i < sizeof folders / sizeof *folders && status == -1; i++) {
        AUTO_FREE char *path = xasprintf("%s/%s", folders[i], program);
        pid_t helper;
        if (posix_spawn(&helper, path, &actions, NULL, argv.items, env) == 0)
            while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
                ;
    }
    posix_spawn_file_actions_destroy(&actions);
    strv_free(&argv);
    return status == 0 ? 0 : -1;
}

static int write_proc(pid_t pid, const char *file, const char *text, struct err *err)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/%s", (int)pid, file);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t len = strlen(text);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
        err_set(err, ERR_ENVIRONMENT, "a user namespace gets no id map: %s: %s", path,
                strerror(errno));
        return err_hint(err, "%s",
                        ids_refusal() != NULL ? ids_refusal() : "run as root");
    }
    return 0;
}

static int map_single(pid_t pid, struct err *err)
{
    AUTO_FREE char *uids = xasprintf("0 %u 1", (unsigned)geteuid());
    AUTO_FREE char *gids = xasprintf("0 %u 1", (unsigned)getegid());
    int rc = write_proc(pid, "setgroups", "deny", err);
    if (rc == 0)
        rc = write_proc(pid, "uid_map", uids, err);
    return rc == 0 ? write_proc(pid, "gid_map", gids, err) : rc;
}

/* ---- the namespace ----------------------------------------------------------------
 */

static const char *setting_at_fault(const char *path, char bad)
{
    AUTO_BUF text = BUF_INIT;
    return file_read(path, 64, &text, NULL) == 0 && text.len > 0 && text.data[0] == bad
               ? path
               : NULL;
}

const char *ids_refusal(void)
{
    if (setting_at_fault("/proc/sys/kernel/unprivileged_userns_clone", '0') != NULL)
        return "unprivileged user namespaces are off: run as root, or "
               "sysctl kernel.unprivileged_userns_clone=1";
    if (setting_at_fault("/proc/sys/user/max_user_namespaces", '0') != NULL)
        return "user namespaces are off: run as root, or raise "
               "sysctl user.max_user_namespaces";
    if (setting_at_fault("/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
                         '1') != NULL)
        return "AppArmor restricts unprivileged user namespaces: run as root, or "
               "sysctl kernel.apparmor_restrict_unprivileged_userns=0";
    return NULL;
}

static int refused(struct err *err, int errnum)
{
    err_set(err, ERR_ENVIRONMENT, "no user namespace can be made: %s",
            strerror(errnum));
    const char *why = ids_refusal();
    return err_hint(err, "%s",
                    why != NULL ? why
                                : "run as root, or where user namespaces are allowed "
                                  "(containers usually forbid them)");
}

/* A process in a new user namespace that waits for the end of the pipe. */
static pid_t start_holder(int *go)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    struct clone_args args = {.flags = CLONE_NEWUSER};
    pid_t pid = sys_clone3(&args);
    if (pid == 0) {
        char c;
        close(ends[1]);
        (void)!read(ends[0], &c, 1);
        _exit(0);
    }
    int saved = errno;
    close(ends[0]);
    if (pid < 0)
        close(ends[1]);
    *go = ends[1];
    errno = saved;
    return pid;
}

/* Makes the namespace and keeps a descriptor of it. 1: the ranges are refused. */
static int make_namespace(struct ids *ids, struct err *err)
{
    int go;
    pid_t pid = start_holder(&go);
    if (pid < 0)
        return refused(err, errno);
    int rc = 0;
    if (!ids->ranges)
        rc = map_single(pid, err);
    else if (run_map_helper("newuidmap", pid, &ids->uids) != 0 ||
             run_map_helper("newgidmap", pid, &ids->gids) != 0)
        rc = 1;
    if (rc == 0) {
        AUTO_FREE char *path = xasprintf("/proc/%d/ns/user", (int)pid);
        ids->userns_fd = open(path, O_RDONLY | O_CLOEXEC);
        if (ids->userns_fd < 0)
            rc = refused(err, errno);
    }
    close(go);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
    return rc;
}

int ids_open(struct ids *out, struct err *err)
{
    *out = (struct ids){.userns_fd = -1};
    if (is_privileged())
        return 0;
    plan_maps(out, true);
    int rc = make_namespace(out, err);
    if (rc == 1) {
        out->ranges = false;
        plan_maps(out, false);
        rc = make_namespace(out, err);
    }
    return rc;
}

void ids_close(struct ids *ids)
{
    file_closep(&ids->userns_fd);
    ids->userns_fd = -1;
}

enum disk_whiteouts ids_whiteouts(const struct ids *ids)
{
    return ids->userns_fd >= 0 ? DISK_OVERLAY_USER : DISK_OVERLAY;
}

static bool has_id(const struct id_map *map, uint32_t id)
{
    for (unsigned i = 0; i < map->len; i++)
        if (id >= map->ranges[i].inside &&
            id - map->ranges[i].inside < map->ranges[i].count)
            return true;
    return false;
}

bool ids_has_uid(const struct ids *ids, uint32_t uid)
{
    return ids->userns_fd < 0 || has_id(&ids->uids, uid);
}

bool ids_has_gid(const struct ids *ids, uint32_t gid)
{
    return ids->userns_fd < 0 || has_id(&ids->gids, gid);
}

/* ---- work done inside -------------------------------------------------------------
 */

/* Runs fn in a forked process that has joined the namespace: the only place from where
 * files of subordinate ids can be made and removed. fn uses memory and files only. */
static int run_inside(const struct ids *ids, int (*fn)(const void *, struct err *),
                      const void *payload, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, errno, "cannot make a pipe");
    pid_t pid = fork();
    if (pid == 0) {
        struct err inside = ERR_INIT;
        int rc = setns(ids->userns_fd, CLONE_NEWUSER) == 0
                     ? fn(payload, &inside)
                     : err_errno(&inside, errno, "cannot enter the user namespace");
        if (rc != 0)
            (void)!write(ends[1], &inside, sizeof inside);
        _exit(rc != 0);
    }
    int saved = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_errno(err, saved, "cannot fork");
    }
    struct err told = ERR_INIT;
    ssize_t n = read(ends[0], &told, sizeof told);
    close(ends[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (n == (ssize_t)sizeof told && told.code != 0) {
        if (err != NULL)
            *err = told;
        return told.code;
    }
    return status == 0 ? 0 : err_set(err, ERR_FAILED, "a helper process was killed");
}

struct unpacking {
    const struct ids *ids;
    const struct tree *tree;
    const char *dir;
};

static int unpack_inside(const void *payload, struct err *err)
{
    const struct unpacking *u = payload;
    return disk_unpack(u->tree, u->dir, ids_whiteouts(u->ids), true, err);
}

int ids_unpack(const struct ids *ids, const struct tree *tree, const char *dir,
               struct err *err)
{
    struct unpacking u = {.ids = ids, .tree = tree, .dir = dir};
    if (ids->ranges)
        return run_inside(ids, unpack_inside, &u, err);
    return disk_unpack(tree, dir, ids_whiteouts(ids), ids->userns_fd < 0, err);
}

static int remove_inside(const void *payload, struct err *err)
{
    return file_remove_tree(payload, err);
}

int ids_remove_tree(const struct ids *ids, const char *path, struct err *err)
{
    if (!ids->ranges)
        return file_remove_tree(path, err);
    return file_remove_tree(path, NULL) == 0
               ? 0
               : run_inside(ids, remove_inside, path, err);
}
