/* SPDX-License-Identifier: MIT */
/*
 * The keeper of a cell: makes process 1 in its namespaces, ends it when the builder is
 * gone (its end of the lifeline closes, whatever killed it), tells how it ended.
 * System calls only after clone.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sim/exec/sandbox_cell.h"
#include "sim/exec/sandbox_sys.h"

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif

/* As vfork: the command shares our memory until it executes, which saves a second copy
 * of the builder's page tables; we are stopped so long. The address sanitizer knows no
 * such stacks and gets a copy. */
#ifdef ADDRESS_SANITIZER
enum { SHARING = 0 };
#else
enum { SHARING = CLONE_VM | CLONE_VFORK };
#endif

static int command_main(void *cell)
{
    cell_command(cell);
}

static pid_t start_command(struct cell *cell, int *pidfd)
{
    int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                CLONE_NEWCGROUP |
                (cell->own_net && cell->net_fd < 0 ? CLONE_NEWNET : 0) | CLONE_PIDFD |
                SHARING | SIGCHLD;
    if (SHARING != 0)
        return clone(command_main, (char *)cell->stack + CELL_STACK, flags, cell,
                     pidfd);
    struct clone_args args = {.flags = (unsigned)flags & ~(unsigned)SIGCHLD,
                              .pidfd = (uint64_t)(uintptr_t)pidfd,
                              .exit_signal = SIGCHLD};
    pid_t pid = sys_clone3(&args);
    if (pid == 0)
        cell_command(cell);
    return pid;
}

/* Closes all but three: above all the ends of the output pipes, which would never end
 * for the builder. */
static void keep_only(int a, int b, int c)
{
    const int keep[3] = {a, b, c};
    unsigned from = 0;
    for (;;) {
        unsigned next = UINT_MAX;
        for (int i = 0; i < 3; i++)
            if ((unsigned)keep[i] >= from && (unsigned)keep[i] < next)
                next = (unsigned)keep[i];
        if (next > from)
            sys_close_range(from, next == UINT_MAX ? next : next - 1, 0);
        if (next == UINT_MAX)
            return;
        from = next + 1;
    }
}

static void wait_for_end(const struct cell *cell, int pidfd)
{
    struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN},
                            {.fd = cell->lifeline, .events = POLLIN}};
    while ((fds[0].revents & POLLIN) == 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents != 0) {
            syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
            fds[1].fd = -1;
        }
    }
}

static _Noreturn void keep(const struct cell *cell)
{
    /* A signal to the builder's process group is not for us: we have to outlive it. */
    setsid();
    cell_keep_share();
    signal(SIGCHLD, SIG_DFL);
    umask(022);
    if (cell->userns_fd >= 0 && setns(cell->userns_fd, CLONE_NEWUSER) != 0)
        cell_fail(cell, CELL_USERNS, errno, "");
    if (cell->net_fd >= 0 && setns(cell->net_fd, CLONE_NEWNET) != 0)
        cell_fail(cell, CELL_NETWORK, errno, "");
    if (chdir(cell->folder) != 0)
        cell_fail(cell, CELL_FOLDER, errno, cell->folder);
    int pidfd = -1;
    struct cell copy = *cell;
    pid_t pid = start_command(&copy, &pidfd);
    if (pid < 0)
        cell_fail(cell, CELL_CLONE, errno, "");
    keep_only(pidfd, cell->lifeline, cell->report);
    wait_for_end(cell, pidfd);
    struct cell_report report = {.done = 1};
    report.waited_ns = cell_waited_ns(pid) + cell_waited_ns(getpid());
    while (waitpid(pid, &report.status, 0) < 0)
        if (errno != EINTR)
            cell_fail(cell, CELL_TIDY, errno, "waitpid");
    int rc = cell->userns_fd >= 0 ? cell_tidy(cell) : 0;
    if (rc != 0)
        cell_fail(cell, CELL_TIDY, -rc, "");
    (void)!write(cell->report, &report, sizeof report);
    _exit(0);
}

int cell_start(const struct cell *cell)
{
    int pidfd = -1;
    /* No exit signal: a handler or wait(-1) elsewhere in the program sees nothing. */
    struct clone_args args = {.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
                              .pidfd = (uint64_t)(uintptr_t)&pidfd};
    pid_t pid = sys_clone3(&args);
    if (pid == 0)
        keep(cell);
    return pid < 0 ? -errno : pidfd;
}
