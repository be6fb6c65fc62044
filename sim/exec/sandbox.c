/* SPDX-License-Identifier: MIT */
/*
 * RUN for real: the command in namespaces over an overlay of the layers. This file is
 * the builder's side; sandbox_plan.c prepares, sandbox_keeper.c and sandbox_command.c
 * are the new processes, sandbox_changes.c reads back what they did.
 *
 * Left out: limits on memory, processes and time; a fork bomb is ended with its PID
 * namespace when the builder is interrupted.
 */
#include "sim/exec/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/exec/sandbox_changes.h"
#include "sim/exec/sandbox_plan.h"
#include "sim/exec/sandbox_report.h"
#include "sim/exec/sandbox_seccomp.h"
#include "sim/exec/sandbox_sys.h"

enum {
    CGROUP2_MAGIC = 0x63677270, /* of <linux/magic.h> */
    RESOLV_LIMIT = 1 << 20,
    CHUNK = 64 << 10,
    LOWER_MOST = 498, /* overlayfs takes 500 lower folders */
    CANCEL_MS = 50,   /* between questions whether to go on */
};

/* ---- one command -----------------------------------------------------------------
 */

enum { PIPE_OUT, PIPE_ERROR, PIPE_REPORT, PIPE_LIFE, PIPE_IN, PIPES };

struct command {
    int ends[PIPES][2]; /* read, write; -1: closed */
    int pidfd;
    struct cell_report failure, end;
    bool failed, ended, cancelled;
    uint64_t idle_ns; /* we waited for a processor only to ask whether to go on */
};

static void close_pipes(struct command *c)
{
    for (int i = 0; i < PIPES; i++)
        for (int k = 0; k < 2; k++) {
            file_closep(&c->ends[i][k]);
            c->ends[i][k] = -1;
        }
}

static int open_pipes(struct command *c, struct err *err)
{
    for (int i = 0; i < PIPES; i++)
        c->ends[i][0] = c->ends[i][1] = -1;
    for (int i = 0; i < PIPES; i++)
        if (pipe2(c->ends[i], O_CLOEXEC) != 0) {
            int saved = errno;
            close_pipes(c);
            return err_errno(err, saved, "cannot make a pipe");
        }
    return 0;
}

static void close_end(struct command *c, int pipe, int end)
{
    file_closep(&c->ends[pipe][end]);
    c->ends[pipe][end] = -1;
}

/* Starts the cell with every signal blocked: no handler of the program may run in the
 * new processes. */
static int start(struct command *c, struct cell *cell, struct err *err)
{
    sigset_t all, before;
    cell->in = c->ends[PIPE_IN][0];
    cell->out = c->ends[PIPE_OUT][1];
    cell->error = c->ends[PIPE_ERROR][1];
    cell->report = c->ends[PIPE_REPORT][1];
    cell->lifeline = c->ends[PIPE_LIFE][0];
    sigfillset(&all);
    close_end(c, PIPE_IN, 1); /* reading stdin finds its end */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    c->pidfd = cell_start(cell);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (c->pidfd < 0) {
        struct cell_report report = {.stage = CELL_CLONE, .errnum = -c->pidfd};
        return cell_report_error(&report, cell->userns_fd >= 0, err);
    }
    close_end(c, PIPE_IN, 0);
    close_end(c, PIPE_OUT, 1);
    close_end(c, PIPE_ERROR, 1);
    close_end(c, PIPE_REPORT, 1);
    close_end(c, PIPE_LIFE, 0);
    return 0;
}

static void take_report(struct command *c)
{
    struct cell_report r;
    ssize_t n = read(c->ends[PIPE_REPORT][0], &r, sizeof r);
    if (n < 0 && errno == EINTR)
        return;
    if (n != (ssize_t)sizeof r) {
        close_end(c, PIPE_REPORT, 0);
    } else if (r.done != 0) {
        c->end = r;
        c->ended = true;
    } else if (!c->failed) {
        c->failure = r;
        c->failed = true;
    }
}

static void take_output(struct command *c, int pipe, const struct exec_run *run,
                        char chunk[CHUNK])
{
    ssize_t n = read(c->ends[pipe][0], chunk, CHUNK);
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0)
        close_end(c, pipe, 0);
    else if (run->output != NULL)
        run->output(run->output_payload, pipe == PIPE_OUT ? 1 : 2, chunk, (size_t)n);
}

/* Until all three pipes have ended: every process of the cell is gone then. */
static void attend(struct command *c, const struct exec_run *run)
{
    char *chunk = xmalloc(CHUNK);
    for (;;) {
        struct pollfd fds[3];
        for (int i = 0; i < 3; i++)
            fds[i] = (struct pollfd){.fd = c->ends[i][0], .events = POLLIN};
        if (fds[0].fd < 0 && fds[1].fd < 0 && fds[2].fd < 0)
            break;
        bool asks = run->cancelled != NULL && !c->cancelled;
        if (asks && run->cancelled(run->cancelled_payload)) {
            c->cancelled = true;
            close_end(c, PIPE_LIFE, 1); /* the keeper ends the command */
        }
        uint64_t before = cell_waited_ns(gettid());
        if (poll(fds, 3, asks ? CANCEL_MS : -1) <= 0) {
            /* Meanwhile the command went on: nothing waited for us. */
            c->idle_ns += cell_waited_ns(gettid()) - before;
            continue;
        }
        for (int i = 0; i < 3; i++) {
            if (fds[i].revents == 0)
                continue;
            if (i == PIPE_REPORT)
                take_report(c);
            else
                take_output(c, i, run, chunk);
        }
    }
    free(chunk);
    siginfo_t info;
    while (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | __WALL) != 0 &&
           errno == EINTR)
        ;
    file_closep(&c->pidfd);
}

static int conclude(const struct command *c, const struct cell_plan *plan,
                    struct exec_result *out, struct err *err)
{
    const struct exec_run *run = plan->run;
    if (c->cancelled)
        return err_set(err, ERR_CANCELLED, "interrupted");
    if (c->failed && c->failure.stage == CELL_EXEC) {
        AUTO_FREE char *line = cell_report_exec_line(&c->failure);
        if (run->output != NULL)
            run->output(run->output_payload, 2, line, strlen(line));
        out->exit_status = 1; /* as runc ends */
        return 0;
    }
    if (c->failed)
        return cell_report_error(&c->failure, plan->cell.userns_fd >= 0, err);
    if (!c->ended)
        return err_set(err, ERR_FAILED, "the sandbox was killed");
    int status = c->end.status;
    out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out->exit_status = out->signal != 0 ? 128 + out->signal : WEXITSTATUS(status);
    return out->exit_status == 0 ? changes_apply(plan, err) : 0;
}

/* ---- set up at the first command ----------------------------------------------------
 */

/* A folder below the store's tmp that is locked while we live: what nobody holds is
 * removed by whoever opens the store next, perhaps before we have locked it. */
static int make_own_folder(struct sandbox *s, struct err *err)
{
    const char *dir = store_dir(s->store);
    s->cwd = get_current_dir_name();
    if (s->cwd == NULL)
        return err_errno(err, errno, "no current folder");
    AUTO_FREE char *tmp =
        dir[0] == '/' ? xasprintf("%s/tmp", dir) : xasprintf("%s/%s/tmp", s->cwd, dir);
    for (int tries = 0; tries < 100; tries++) {
        struct stat by_fd, by_name;
        int rc = file_temp_folder(tmp, "sandbox", &s->folder, err);
        if (rc != 0)
            return rc;
        s->folder_fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->folder_fd >= 0 && flock(s->folder_fd, LOCK_EX | LOCK_NB) == 0 &&
            fstat(s->folder_fd, &by_fd) == 0 && stat(s->folder, &by_name) == 0 &&
            by_fd.st_ino == by_name.st_ino)
            return 0;
        file_closep(&s->folder_fd);
        free(STEAL(s->folder));
    }
    return err_set(err, ERR_FAILED, "cannot lock a folder in %s", tmp);
}

static int fill_own_folder(struct sandbox *s, struct err *err)
{
    static const char *const folders[] = {"empty", "root", "scratch"};
    AUTO_FREE char *path = xasprintf("%s/resolv.conf", s->folder);
    AUTO_BUF servers = BUF_INIT;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        AUTO_FREE char *folder = xasprintf("%s/%s", s->folder, folders[i]);
        if (mkdir(folder, 0755) != 0 || chmod(folder, 0755) != 0)
            return err_errno(err, errno, "cannot make %s", folder);
    }
    if (file_read("/etc/resolv.conf", RESOLV_LIMIT, &servers, NULL) != 0)
        buf_clear(&servers);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || fchmod(fd, 0644) != 0)
        return err_errno(err, errno, "cannot write %s", path);
    return file_write_fd(fd, servers.data, servers.len, err);
}

static int prepare_layers(struct sandbox *s, struct err *err)
{
    if (!s->ids.ranges)
        return 0;
    s->layers = xasprintf("%s/sandbox", store_dir(s->store));
    return file_make_folders(s->layers, err);
}

/* Takes back what set_up made, however far it came. */
static void tear_down(struct sandbox *s)
{
    ahead_free(STEAL(s->ahead));
    if (s->folder != NULL)
        ids_remove_tree(&s->ids, s->folder, NULL);
    file_closep(&s->folder_fd);
    ids_close(&s->ids);
    free(STEAL(s->filter.filter));
    free(STEAL(s->folder));
    free(STEAL(s->cwd));
    free(STEAL(s->layers));
    s->folder_fd = -1;
}

static int set_up(struct sandbox *s, struct err *err)
{
    struct statfs fs;
    s->cgroup2 = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
    int rc = ids_open(&s->ids, err);
    if (rc == 0)
        rc = sandbox_filter_new(&s->filter, err);
    if (rc == 0)
        rc = make_own_folder(s, err);
    if (rc == 0)
        rc = fill_own_folder(s, err);
    if (rc == 0)
        rc = prepare_layers(s, err);
    if (rc == 0 && s->ids.userns_fd < 0)
        s->ahead = ahead_new();
    if (rc == 0)
        return 0;
    tear_down(s);
    return err_wrap(err, "--exec sandbox");
}

static int ensure_set_up(struct sandbox *s, struct err *err)
{
    pthread_mutex_lock(&s->setting_up);
    int rc = s->is_set_up ? 0 : set_up(s, err);
    s->is_set_up = rc == 0;
    pthread_mutex_unlock(&s->setting_up);
    return rc;
}

/* ---- the executor ------------------------------------------------------------------
 */

/* Removes a run's folder, now or soon. Takes the path. */
static void remove_folder(const struct sandbox *s, char *path)
{
    if (path != NULL && s->ahead != NULL) {
        ahead_remove(s->ahead, path);
        return;
    }
    if (path != NULL)
        ids_remove_tree(&s->ids, path, NULL);
    free(path);
}

static int sandbox_run(void *self, const struct exec_run *run, struct exec_result *out,
                       struct err *err)
{
    struct sandbox *s = self;
    struct cell_plan plan = {.sandbox = s, .run = run};
    struct command command = {.pidfd = -1};
    *out = (struct exec_result){.virtual_ms = UINT64_MAX};
    int rc = ensure_set_up(s, err);
    if (rc == 0)
        rc = cell_plan_make(&plan, err);
    if (rc == 0)
        rc = open_pipes(&command, err);
    if (rc == 0) {
        if (plan.cell.own_net)
            plan.cell.net_fd = ahead_take_net(s->ahead);
        rc = start(&command, &plan.cell, err);
        file_closep(&plan.cell.net_fd);
        if (rc == 0)
            attend(&command, run);
        s->waited_ns += (int64_t)(command.end.waited_ns - command.idle_ns);
        close_pipes(&command);
        if (rc == 0)
            rc = conclude(&command, &plan, out, err);
    }
    if (rc == 0 && out->exit_status == 0)
        out->handle = STEAL(plan.folder);
    else
        remove_folder(s, STEAL(plan.folder));
    cell_plan_free(&plan);
    return rc;
}

static void sandbox_release(void *self, void *handle)
{
    remove_folder(self, handle);
}

static int64_t sandbox_waited_ns(const struct executor *executor)
{
    return ((const struct sandbox *)executor->self)->waited_ns;
}

int sandbox_executor_new(struct store *store, struct executor **out, struct err *err)
{
    if (store_dir(store) == NULL)
        return err_set(err, ERR_FAILED,
                       "the sandbox needs a store on disk, not one in memory");
    struct sandbox *s = xcalloc(1, sizeof *s);
    s->store = store;
    s->lower_most = LOWER_MOST;
    s->folder_fd = s->ids.userns_fd = -1;
    pthread_mutex_init(&s->setting_up, NULL);
    s->executor = (struct executor){.self = s,
                                    .run = sandbox_run,
                                    .release = sandbox_release,
                                    .waited_ns = sandbox_waited_ns,
                                    .parallel = true};
    *out = &s->executor;
    return 0;
}

int sandbox_remove_tree(const char *path, struct err *err)
{
    struct ids ids;
    int rc = file_remove_tree(path, err);
    if (rc == 0 || ids_open(&ids, NULL) != 0)
        return rc;
    if (ids.ranges)
        rc = ids_remove_tree(&ids, path, err);
    ids_close(&ids);
    return rc;
}

void sandbox_executor_free(struct executor *executor)
{
    if (executor == NULL)
        return;
    struct sandbox *s = executor->self;
    tear_down(s);
    pthread_mutex_destroy(&s->setting_up);
    free(s);
}
