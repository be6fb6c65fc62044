/* SPDX-License-Identifier: MIT */
/*
 * The mounts every RUN has, as seen in a RUN of BuildKit 0.32 (/proc/self/mountinfo).
 *
 * Instead of a device cgroup all mounts but the six device nodes are nodev: a node that
 * a RUN makes gets into the image but opens nothing. An insecure RUN may open devices,
 * change /sys and see all of /proc.
 */
#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/sandbox_plan.h"
#include "sim/exec/sandbox_sys.h"

#define NOTHING (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define READ_ONLY (MOUNT_ATTR_RDONLY | NOTHING)

#define OPTIONS(...)                                                                   \
    (const char *const[])                                                              \
    {                                                                                  \
        __VA_ARGS__, NULL                                                              \
    }
#define DEVICE(name)                                                                   \
    {                                                                                  \
        CELL_BIND, "/dev/" name, "/dev/" name, .is_file = true                         \
    }

#define LINK(name, to)                                                                 \
    {                                                                                  \
        .kind = CELL_LINK, .target = "/dev/" name, .source = (to)                      \
    }

static const struct cell_mount first_mounts[] = {
    {CELL_FRESH, "/proc", "proc", .attrs = NOTHING},
    {CELL_FRESH, "/dev", "tmpfs", OPTIONS("mode", "755", "size", "65536k"),
     .attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
    {CELL_FRESH, "/dev/shm", "tmpfs", OPTIONS("mode", "1777", "size", "65536k"),
     .attrs = NOTHING},
    {CELL_FRESH, "/dev/mqueue", "mqueue", .attrs = NOTHING},
    DEVICE("null"),
    DEVICE("zero"),
    DEVICE("full"),
    DEVICE("random"),
    DEVICE("urandom"),
    DEVICE("tty"),
    LINK("ptmx", "pts/ptmx"),
    LINK("fd", "/proc/self/fd"),
    LINK("stdin", "/proc/self/fd/0"),
    LINK("stdout", "/proc/self/fd/1"),
    LINK("stderr", "/proc/self/fd/2"),
};

/* Hidden or made read-only by the OCI defaults; those that exist. */
static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq",
                                        "/proc/sys", "/proc/sysrq-trigger"};
static const char *const hidden_folders[] = {"/proc/acpi", "/proc/asound", "/proc/scsi",
                                             "/sys/firmware",
                                             "/sys/devices/virtual/powercap"};
static const char *const hidden_files[] = {"/proc/kcore",         "/proc/keys",
                                           "/proc/latency_stats", "/proc/timer_list",
                                           "/proc/timer_stats",   "/proc/sched_debug"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int add_terminals(struct cell_plan *plan, struct err *err)
{
    /* Group 5 is tty everywhere; without it terminals belong to their maker's group. */
    static const char *const without_group[] = {"ptmxmode", "0666", "mode", "0620",
                                                NULL};
    static const char *const with_group[] = {"ptmxmode", "0666", "mode", "0620",
                                             "gid",      "5",    NULL};
    const struct cell_mount pts = {
        CELL_FRESH, "/dev/pts", "devpts",
        .options = ids_has_gid(&plan->sandbox->ids, 5) ? with_group : without_group,
        .attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
    return cell_plan_add_mount(plan, &pts, err);
}

/* A fresh sysfs shows the network devices of the own namespace; who shares the host's
 * from a user namespace may only have the host's. */
static int add_sys(struct cell_plan *plan, struct err *err)
{
    const uint64_t read = plan->run->insecure ? 0 : MOUNT_ATTR_RDONLY;
    struct cell_mount sys = {CELL_FRESH, "/sys", "sysfs", .attrs = NOTHING | read};
    bool host = plan->cell.userns_fd >= 0 && !plan->cell.own_net;
    if (host) {
        sys.kind = CELL_BIND;
        sys.source = "/sys";
    }
    int rc = cell_plan_add_mount(plan, &sys, err);
    if (rc != 0 || host || !plan->sandbox->cgroup2)
        return rc;
    struct cell_mount cgroup = {CELL_FRESH, "/sys/fs/cgroup", "cgroup2",
                                .attrs = NOTHING | read};
    return cell_plan_add_mount(plan, &cgroup, err);
}

static const char *hosts_text(struct cell_plan *plan)
{
    const struct exec_run *run = plan->run;
    AUTO_BUF text = BUF_INIT;
    buf_addf(&text, "127.0.0.1\tlocalhost %s\n", plan->cell.hostname);
    buf_adds(&text, "::1\tlocalhost ip6-localhost ip6-loopback\n");
    for (size_t i = 0; i < run->host_count; i++)
        buf_addf(&text, "%s\t%s\n", run->hosts[i].address, run->hosts[i].name);
    return arena_strdup(&plan->memory, buf_str(&text));
}

static int add_network_files(struct cell_plan *plan, struct err *err)
{
    struct cell_mount file = {CELL_BIND, "/etc/resolv.conf", .attrs = READ_ONLY,
                              .is_file = true};
    file.source = cell_plan_text(plan, "%s/resolv.conf", plan->sandbox->folder);
    int rc = cell_plan_add_mount(plan, &file, err);
    file.target = "/etc/hosts";
    file.kind = CELL_DATA;
    file.mode = 0644;
    file.data = hosts_text(plan);
    file.len = strlen(file.data);
    return rc == 0 ? cell_plan_add_mount(plan, &file, err) : rc;
}

static int hide(struct cell_plan *plan, const char *const *paths, size_t count,
                const char *source, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct cell_mount m = {CELL_BIND, paths[i], source, .lenient = true};
        m.kind = source != NULL ? CELL_BIND : CELL_COVER;
        m.attrs = READ_ONLY & ~(source != NULL ? (uint64_t)MOUNT_ATTR_NODEV : 0);
        rc = cell_plan_add_mount(plan, &m, err);
    }
    return rc;
}

int cell_plan_system_mounts(struct cell_plan *plan, bool late, struct err *err)
{
    int rc = 0;
    if (late) {
        if (plan->run->insecure)
            return 0;
        rc = hide(plan, read_only, COUNT(read_only), NULL, err);
        if (rc == 0)
            rc = hide(plan, hidden_files, COUNT(hidden_files), "/dev/null", err);
        const char *empty = cell_plan_text(plan, "%s/empty", plan->sandbox->folder);
        return rc == 0 ? hide(plan, hidden_folders, COUNT(hidden_folders), empty, err)
                       : rc;
    }
    for (size_t i = 0; i < COUNT(first_mounts) && rc == 0; i++) {
        struct cell_mount m = first_mounts[i];
        if (plan->run->insecure && strcmp(m.target, "/dev") == 0)
            m.attrs &= ~(uint64_t)MOUNT_ATTR_NODEV;
        rc = cell_plan_add_mount(plan, &m, err);
    }
    if (rc == 0)
        rc = add_terminals(plan, err);
    if (rc == 0)
        rc = add_sys(plan, err);
    return rc == 0 ? add_network_files(plan, err) : rc;
}
