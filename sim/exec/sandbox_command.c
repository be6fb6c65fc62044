/* SPDX-License-Identifier: MIT */
/*
 * Process 1 of a cell, from clone (in the run's folder) to execve. It gives up what
 * runc gives up for BuildKit, in this order: the host's mounts, descriptors, system
 * calls (seccomp, while it still may install a filter without no_new_privs, which
 * BuildKit leaves unset), capabilities, the user. System calls only.
 */
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sim/exec/sandbox_cell.h"
#include "sim/exec/sandbox_sys.h"

/* Docker's default set, read off a RUN of BuildKit 0.32 (CapBnd a80425fb). */
#define CAP(name) (UINT64_C(1) << CAP_##name)
static const uint64_t default_caps =
    CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(KILL) |
    CAP(SETGID) | CAP(SETUID) | CAP(SETPCAP) | CAP(NET_BIND_SERVICE) | CAP(NET_RAW) |
    CAP(SYS_CHROOT) | CAP(MKNOD) | CAP(AUDIT_WRITE) | CAP(SETFCAP);

_Noreturn void cell_fail(const struct cell *cell, enum cell_stage stage, int errnum,
                         const char *detail)
{
    struct cell_report report = {.stage = (int32_t)stage, .errnum = errnum};
    size_t n = strnlen(detail, sizeof report.detail - 1);
    memcpy(report.detail, detail, n);
    /* Shorter than PIPE_BUF: all or nothing. Without a reader nobody cares. */
    (void)!write(cell->report, &report, sizeof report);
    _exit(125);
}

/* Into the working folder; like runc, makes it if an earlier step removed it. */
static void enter_folder(const struct cell *cell)
{
    if (chdir(cell->cwd) == 0)
        return;
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = errno == ENOENT ? cell_make_target(root, cell->cwd, false) : -1;
    if (fd < 0 || fchdir(fd) != 0)
        cell_fail(cell, CELL_CWD, errno, cell->cwd);
    close(fd);
    close(root);
}

/* Streams become 0, 1, 2 and belong to the user, so that /dev/stdout can be opened;
 * the report pipe becomes 3 and closes with execve; nothing else stays open. */
static int arrange_descriptors(const struct cell *cell)
{
    const int from[4] = {cell->in, cell->out, cell->error, cell->report};
    int moved[4];
    for (int i = 0; i < 4; i++) {
        if (i < 3)
            (void)fchown(from[i], cell->uid, cell->gid);
        moved[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 4);
        if (moved[i] < 0)
            cell_fail(cell, CELL_STDIO, errno, "");
    }
    for (int i = 0; i < 4; i++)
        if (dup3(moved[i], i, i == 3 ? O_CLOEXEC : 0) < 0)
            cell_fail(cell, CELL_STDIO, errno, "");
    sys_close_range(4, UINT_MAX, 0);
    return 3;
}

static void install_filter(const struct cell *cell)
{
    if (cell->filter != NULL &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, cell->filter) != 0)
        cell_fail(cell, CELL_SECCOMP, errno, "");
}

static void drop_bounding(const struct cell *cell)
{
    for (unsigned cap = 0; cap < 64; cap++) {
        if ((default_caps >> cap & 1) != 0 || cell->insecure)
            continue;
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
            if (errno == EINVAL)
                break; /* past the last one this kernel knows */
            cell_fail(cell, CELL_CAPS, errno, "");
        }
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static void set_caps(const struct cell *cell)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2] = {{0}, {0}};
    if (syscall(SYS_capget, &header, caps) != 0)
        cell_fail(cell, CELL_CAPS, errno, "");
    for (int i = 0; i < 2; i++) {
        uint32_t wanted = (uint32_t)(default_caps >> (32 * i));
        caps[i].permitted &= cell->insecure ? UINT32_MAX : wanted;
        caps[i].effective = caps[i].permitted;
        caps[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &header, caps) != 0)
        cell_fail(cell, CELL_CAPS, errno, "");
}

/* By the bare calls: those of the C library would tell threads that do not exist. */
static void become_user(const struct cell *cell)
{
    if (cell->map_groups &&
        syscall(SYS_setgroups, cell->group_count, cell->groups) != 0)
        cell_fail(cell, CELL_USER, errno, "setgroups");
    if (syscall(SYS_setresgid, cell->gid, cell->gid, cell->gid) != 0)
        cell_fail(cell, CELL_USER, errno, "setresgid");
    if (cell->uid == 0)
        set_caps(cell);
    /* Leaving uid 0 clears all sets but the bounding one. */
    if (syscall(SYS_setresuid, cell->uid, cell->uid, cell->uid) != 0)
        cell_fail(cell, CELL_USER, errno, "setresuid");
}

/* Default actions (the builder may ignore SIGPIPE), nothing blocked. */
static void reset_signals(void)
{
    /* By the kernel's call: the C library keeps two signals to itself, and they may
     * have come to us ignored. A zeroed struct is the default action. */
    static const unsigned long fresh[8];
    for (int n = 1; n < NSIG; n++)
        syscall(SYS_rt_sigaction, n, fresh, NULL, (size_t)8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* As a lookup in PATH does: the first file that can be executed; what is there but
 * cannot decides the message if nothing can. */
static _Noreturn void execute(const struct cell *cell)
{
    int failure = ENOENT;
    for (const char *const *p = cell->programs; *p != NULL; p++) {
        execve(*p, cell->argv, cell->env);
        if (errno != ENOENT && errno != ENOTDIR)
            failure = errno;
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            break;
    }
    cell_fail(cell, CELL_EXEC, failure, cell->argv[0]);
}

_Noreturn void cell_command(struct cell *cell)
{
    setsid();
    cell_keep_share();
    umask(022);
    cell_mount_all(cell);
    if (sethostname(cell->hostname, strlen(cell->hostname)) != 0)
        cell_fail(cell, CELL_HOSTNAME, errno, cell->hostname);
    if (cell->own_net && cell->net_fd < 0 && sys_raise_loopback() != 0)
        cell_fail(cell, CELL_NETWORK, errno, "");
    enter_folder(cell);
    cell->report = arrange_descriptors(cell);
    install_filter(cell);
    drop_bounding(cell);
    become_user(cell);
    /* For the death of the keeper, which outlives the builder only to end us. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    reset_signals();
    execute(cell);
}
