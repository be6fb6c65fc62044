/* SPDX-License-Identifier: MIT */
/* Child processes with their output captured and their time bounded. */
#include "bench/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/environment.h"
#include "bench/interrupt.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

enum { OUTPUT_MOST = 1 << 20, POLL_MS = 20 };

char *process_find(const char *name)
{
    const char *path = environment_set("PATH");
    while (path != NULL) {
        size_t len = strcspn(path, ":");
        AUTO_FREE char *dir = xstrndup(path, len);
        char *full = path_join(len != 0 ? dir : ".", name);
        if (access(full, X_OK) == 0)
            return full;
        free(full);
        path = path[len] == ':' ? path + len + 1 : NULL;
    }
    return NULL;
}

/* Starts it with standard input empty and SIGPIPE as usual. */
static int start(const char *const *argv, const struct process_options *options,
                 int write_end, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t defaults;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (write_end >= 0)
        posix_spawn_file_actions_adddup2(&actions, write_end, STDOUT_FILENO);
    if (options->quiet)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                         0);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    /* posix_spawn takes char *const[] for history's sake and does not write to it. */
    int r = posix_spawnp(pid, argv[0], &actions, &attr, (char *const *)argv,
                         environment_all());
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return r;
}

/* Reads what there is; false at the end of the output. */
static bool drain(int fd, struct buf *output)
{
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n > 0 && output->len < OUTPUT_MOST)
        buf_add(output, chunk, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

static int stop(pid_t pid, int *status)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    return 0;
}

/* Waits for the end of the process, reading its output meanwhile. */
static int wait_for(pid_t pid, int fd, const struct process_options *options,
                    int *status, struct err *err)
{
    uint64_t begun = clock_monotonic_ns();
    bool open = fd >= 0;
    for (;;) {
        struct pollfd wanted = {.fd = open ? fd : -1, .events = POLLIN};
        if (poll(&wanted, 1, POLL_MS) > 0 && open)
            open = drain(fd, options->output);
        if (!open || wanted.revents == 0) {
            pid_t done = waitpid(pid, status, WNOHANG);
            if (done == pid)
                break;
        }
        if (interrupt_pending()) {
            stop(pid, status);
            return interrupt_check(err);
        }
        if (options->timeout_ms != 0 &&
            clock_monotonic_ns() - begun > options->timeout_ms * UINT64_C(1000000)) {
            stop(pid, status);
            return err_set(err, ERR_FAILED, "no answer within %u ms",
                           options->timeout_ms);
        }
    }
    /* What is left in the pipe; a grandchild may hold it open, so never wait for it. */
    struct pollfd rest = {.fd = fd, .events = POLLIN};
    while (open && poll(&rest, 1, 0) > 0 && drain(fd, options->output))
        ;
    return 0;
}

int process_run(const char *const *argv, const struct process_options *options,
                int *status, struct err *err)
{
    int ends[2] = {-1, -1};
    pid_t pid;
    if (options->output != NULL && pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, errno, "pipe");
    AUTO_CLOSE int read_end = ends[0];
    int failed = start(argv, options, ends[1], &pid);
    if (ends[1] >= 0)
        close(ends[1]);
    if (failed != 0)
        return err_set(err, ERR_ENVIRONMENT, "cannot run %s: %s", argv[0],
                       strerror(failed));
    int how = 0;
    int r = wait_for(pid, read_end, options, &how, err);
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return r < 0 ? err_wrap(err, "%s", argv[0]) : 0;
}
