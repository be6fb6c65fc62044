/* SPDX-License-Identifier: MIT */
/* Child processes with their output captured and their time bounded. */
#include "bench/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/environment.h"
#include "bench/interrupt.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

enum { OUTPUT_MOST = 1 << 20, POLL_MS = 20, GRACE_MS = 3000 };

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

/* Our environment with what was asked for; the strings are borrowed. */
static char **environment_with(const struct strv *more)
{
    struct strv changed = STRV_INIT;
    size_t n = 0;
    for (char **e = environment_all(); *e != NULL; e++)
        n++;
    char **all = xcalloc(n + more->len + 1, sizeof *all);
    n = 0;
    for (size_t i = 0; i < more->len; i++) {
        strv_addn(&changed, more->items[i], strcspn(more->items[i], "="));
        all[n++] = more->items[i];
    }
    for (char **e = environment_all(); *e != NULL; e++) {
        AUTO_FREE char *name = xstrndup(*e, strcspn(*e, "="));
        if (!strv_contains(&changed, name))
            all[n++] = *e;
    }
    strv_free(&changed);
    return all;
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
    if (options->heard != NULL)
        posix_spawn_file_actions_adddup2(&actions, write_end, STDERR_FILENO);
    else if (options->quiet)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                         0);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF |
                                        (options->group ? POSIX_SPAWN_SETPGROUP : 0));
    AUTO_FREE char **changed =
        options->environment != NULL ? environment_with(options->environment) : NULL;
    /* posix_spawn takes char *const[] for history's sake and does not write to it. */
    int r = posix_spawnp(pid, argv[0], &actions, &attr, (char *const *)argv,
                         changed != NULL ? changed : environment_all());
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return r;
}

/* A process that runs. */
struct running {
    const struct process_options *options;
    pid_t pid;
    int fd;     /* of its output, -1 if that is not wanted */
    int end_fd; /* tells its end at once; -1 where the kernel has no such thing */
    bool open;  /* there may be more */
    int enough; /* what `heard` returned */
};

/* Reads what there is. */
static void drain(struct running *run, struct err *err)
{
    char chunk[4096];
    const struct process_options *options = run->options;
    ssize_t n = read(run->fd, chunk, sizeof chunk);
    run->open = n > 0 || (n < 0 && errno == EINTR);
    if (n <= 0)
        return;
    if (options->heard != NULL)
        run->enough = options->heard(options->heard_payload, chunk, (size_t)n, err);
    else if (options->output->len < OUTPUT_MOST)
        buf_add(options->output, chunk, (size_t)n);
}

static void stop(const struct running *run, int *status)
{
    const struct timespec moment = {.tv_nsec = POLL_MS * 1000000L};
    pid_t whom = run->options->group ? -run->pid : run->pid;
    for (int waited = 0; run->options->group && waited < GRACE_MS; waited += POLL_MS) {
        if (waited == 0)
            kill(whom, SIGTERM);
        nanosleep(&moment, NULL);
        if (waitpid(run->pid, status, WNOHANG) == run->pid) {
            kill(whom, SIGKILL); /* what it left behind */
            return;
        }
    }
    kill(whom, SIGKILL);
    while (waitpid(run->pid, status, 0) < 0 && errno == EINTR)
        ;
}

/* Why it must end now: 0 for no reason. */
static int reason_to_stop(const struct running *run, uint64_t begun, struct err *err)
{
    unsigned limit = run->options->timeout_ms;
    if (run->enough < 0)
        return run->enough;
    if (interrupt_pending() && !run->options->unhurried)
        return interrupt_check(err);
    if (limit != 0 && clock_monotonic_ns() - begun > limit * UINT64_C(1000000))
        return err_set(err, ERR_FAILED, "no answer within %u ms", limit);
    return 0;
}

/* Waits for the end of the process, reading its output meanwhile. */
static int wait_for(struct running *run, int *status, struct err *err)
{
    uint64_t begun = clock_monotonic_ns();
    for (;;) {
        struct pollfd wanted[] = {
            {.fd = run->open ? run->fd : -1, .events = POLLIN},
            {.fd = run->end_fd, .events = POLLIN},
        };
        if (poll(wanted, 2, POLL_MS) > 0 && wanted[0].revents != 0)
            drain(run, err);
        if (!run->open || wanted[0].revents == 0) {
            pid_t done = wait4(run->pid, status, WNOHANG, run->options->usage);
            if (done == run->pid)
                break;
        }
        int r = reason_to_stop(run, begun, err);
        if (r < 0) {
            stop(run, status);
            return r;
        }
    }
    /* What is left in the pipe; a grandchild may hold it open, so never wait for it. */
    struct pollfd rest = {.fd = run->fd, .events = POLLIN};
    while (run->open && run->enough == 0 && poll(&rest, 1, 0) > 0)
        drain(run, err);
    return run->enough;
}

int process_run(const char *const *argv, const struct process_options *options,
                int *status, struct err *err)
{
    int ends[2] = {-1, -1};
    pid_t pid;
    bool listens = options->output != NULL || options->heard != NULL;
    if (listens && pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, errno, "pipe");
    AUTO_CLOSE int read_end = ends[0];
    int failed = start(argv, options, ends[1], &pid);
    if (ends[1] >= 0)
        close(ends[1]);
    if (failed != 0)
        return err_set(err, ERR_ENVIRONMENT, "cannot run %s: %s", argv[0],
                       strerror(failed));
    int how = 0;
    AUTO_CLOSE int end_fd = pidfd_open(pid, 0);
    struct running run = {.options = options,
                          .pid = pid,
                          .fd = read_end,
                          .end_fd = end_fd,
                          .open = listens};
    int r = wait_for(&run, &how, err);
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return r < 0 ? err_wrap(err, "%s", argv[0]) : 0;
}
