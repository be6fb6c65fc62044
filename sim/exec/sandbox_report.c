/* SPDX-License-Identifier: MIT */
/* Messages for the stages of a cell. */
#include "sim/exec/sandbox_report.h"

#include <errno.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/sandbox_ids.h"

static const char *const cell_stages[] = {
    [CELL_USERNS] = "enter the user namespace",
    [CELL_CLONE] = "make mount, PID, IPC, UTS, cgroup and network namespaces",
    [CELL_FOLDER] = "enter its folder",
    [CELL_PRIVATE] = "make its mounts private",
    [CELL_OVERLAY] = "mount the layers with overlayfs",
    [CELL_NETWORK] = "bring up the loopback device",
    [CELL_HOSTNAME] = "set the host name",
    [CELL_TARGET] = "make the mount point",
    [CELL_MOUNT] = "mount",
    [CELL_PIVOT] = "change the root",
    [CELL_CWD] = "enter the working folder",
    [CELL_STDIO] = "arrange its descriptors",
    [CELL_SECCOMP] = "install the seccomp filter",
    [CELL_CAPS] = "drop capabilities",
    [CELL_USER] = "change the user",
    [CELL_EXEC] = "execute",
    [CELL_TIDY] = "end",
};

/* Stages that ask for a right or a feature of the kernel, not for something of the
 * image. */
static bool needs_environment(const struct cell_report *r)
{
    switch ((enum cell_stage)r->stage) {
    case CELL_USERNS:
    case CELL_CLONE:
    case CELL_PRIVATE:
    case CELL_OVERLAY:
    case CELL_NETWORK:
    case CELL_PIVOT:
    case CELL_SECCOMP:
    case CELL_CAPS:
        return r->errnum != ENOENT && r->errnum != ENOMEM;
    case CELL_MOUNT:
        return r->errnum == EPERM || r->errnum == ENODEV || r->errnum == ENOSYS;
    default:
        return r->errnum == ENOSYS;
    }
}

static const char *remedy(const struct cell_report *r, bool in_userns)
{
    const char *setting = in_userns ? ids_refusal() : NULL;
    if (setting != NULL)
        return setting;
    if (r->errnum == ENOSYS)
        return "the sandbox needs Linux 5.12 or later, and openat2, clone3 and the "
               "mount calls not filtered away by seccomp";
    if (r->stage == CELL_OVERLAY && r->errnum == ENODEV)
        return "load the kernel module: modprobe overlay";
    if (r->stage == CELL_OVERLAY && r->errnum == EINVAL)
        return "put the store (--store) on a file system that overlayfs can write to: "
               "ext4, xfs, btrfs or tmpfs, not another overlay";
    if (r->stage == CELL_CLONE && r->errnum == ENOSPC)
        return "raise the limits in /proc/sys/user/max_*_namespaces";
    if (in_userns)
        return "run as root; a container around this program may forbid mounts in "
               "user namespaces";
    return "CAP_SYS_ADMIN is needed: a container around this program has to be "
           "privileged";
}

int cell_report_error(const struct cell_report *report, bool in_userns, struct err *err)
{
    struct cell_report r = *report;
    const size_t stages = sizeof cell_stages / sizeof *cell_stages;
    const char *what = r.stage >= 0 && (size_t)r.stage < stages ? cell_stages[r.stage]
                                                                : "do something";
    r.detail[CELL_DETAIL - 1] = '\0';
    int code = needs_environment(&r) ? ERR_ENVIRONMENT : ERR_FAILED;
    const char *between = r.detail[0] == '\0'       ? ""
                          : r.stage == CELL_OVERLAY ? ": "
                                                    : " ";
    err_set(err, code, "the sandbox cannot %s%s%s: %s", what, between, r.detail,
            strerror(r.errnum));
    return code == ERR_ENVIRONMENT ? err_hint(err, "%s", remedy(&r, in_userns)) : code;
}

char *cell_report_exec_line(const struct cell_report *report)
{
    const char *name = report->detail;
    int n = (int)strnlen(name, CELL_DETAIL);
    if (report->errnum == ENOENT && strchr(name, '/') == NULL)
        return xasprintf("exec: \"%.*s\": executable file not found in $PATH\n", n,
                         name);
    return xasprintf("exec: \"%.*s\": %s\n", n, name, strerror(report->errnum));
}
