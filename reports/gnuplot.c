/* SPDX-License-Identifier: MIT */
/*
 * Runs gnuplot on finished scripts: several processes at once, no shell, no start-up
 * files, a time limit. A process draws a handful of plots, because its start costs as
 * much as a plot; what such a batch leaves undone is tried again one by one, so that a
 * script that fails takes no other with it. A child's end is seen by the end of its
 * stderr pipe, so that nobody else's children are waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/plots.h"
#include "reports/report.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { MAX_JOBS = 16, MAX_SAID = 4096, BATCH = 8 };

struct job {
    struct report_plot *plots[BATCH];
    size_t len; /* 0: this place is free */
    pid_t pid;
    int fd; /* read end of its stderr */
    uint64_t deadline_ns;
    struct buf said;
};

struct pool {
    const struct report_plot_run *run;
    struct buf *notice;
    struct job jobs[MAX_JOBS];
    unsigned places, busy;
    struct report_plots *plots;
    size_t next, batch;         /* the first that was not started; how many at once */
    struct report_plot **again; /* to be drawn alone */
    size_t again_len;
    bool missing;
};

static int write_file(const char *dir, const char *name, const char *ext,
                      const char *text, struct err *err)
{
    AUTO_FREE char *path = xasprintf("%s/%s.%s", dir, name, ext);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_errno(err, errno, "cannot create %s", path);
    int rc = file_write_fd(fd, text, strlen(text), err);
    if (close(fd) != 0 && rc == 0)
        rc = err_errno(err, errno, "cannot close");
    return rc != 0 ? err_wrap(err, "%s", path) : 0;
}

/* Whether the file ends as a whole one of its kind does. */
static bool complete(const char *dir, const char *name, const char *ext,
                     const char *mark)
{
    AUTO_FREE char *path = xasprintf("%s/%s.%s", dir, name, ext);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    char tail[33] = {0};
    if (fd < 0 || lseek(fd, -16, SEEK_END) < 0)
        return false;
    ssize_t n = read(fd, tail, sizeof tail - 1);
    return n > 0 && memmem(tail, (size_t)n, mark, strlen(mark)) != NULL;
}

static void remove_files(const struct report_plot_run *run, const struct report_plot *p)
{
    static const char *const exts[] = {"gp", "dat", "svg", "png"};
    for (size_t i = 0; i < sizeof exts / sizeof *exts; i++) {
        AUTO_FREE char *path = xasprintf("%s/%s.%s", run->dir, p->name, exts[i]);
        unlink(path);
    }
}

static char *environment(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return xasprintf("%s=%s", name, value != NULL ? value : fallback);
}

/* The child: gnuplot -d SCRIPT… in the plots' folder, each from a clean state, with few
 * variables (GNUTERM and its like would change what is drawn). */
static int spawn_in(const struct pool *p, struct job *job, int err_fd)
{
    enum { WORDS = 3 }; /* a script: -e, reset, its name */
    AUTO_FREE char *path = environment("PATH", "/usr/local/bin:/usr/bin:/bin");
    AUTO_FREE char *home = environment("HOME", "/");
    char locale[] = "LC_ALL=C.UTF-8", settings[] = "-d";
    AUTO_FREE char *program = xstrdup(p->run->gnuplot);
    char execute[] = "-e", reset[] = "reset";
    char *env[] = {path, home, locale, NULL};
    char *argv[2 + WORDS * BATCH + 1] = {program, settings};
    for (size_t i = 0; i < job->len; i++) {
        argv[2 + WORDS * i] = execute;
        argv[3 + WORDS * i] = reset;
        argv[4 + WORDS * i] = xasprintf("%s.gp", job->plots[i]->name);
    }
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_t attr;
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
    posix_spawn_file_actions_addchdir_np(&actions, p->run->dir);
    int rc = posix_spawnp(&job->pid, program, &actions, &attr, argv, env);
    for (size_t i = 0; i < job->len; i++)
        free(argv[4 + WORDS * i]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return rc;
}

static struct job *free_place(struct pool *p)
{
    for (unsigned i = 0; i < p->places; i++)
        if (p->jobs[i].len == 0)
            return &p->jobs[i];
    return NULL;
}

static int start(struct pool *p, struct job *job, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, errno, "cannot make a pipe for gnuplot");
    int rc = spawn_in(p, job, ends[1]);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        job->len = 0;
        if (rc != ENOENT && rc != EACCES)
            return err_errno(err, rc, "cannot run %s", p->run->gnuplot);
        p->missing = true;
        return 0;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    job->fd = ends[0];
    job->deadline_ns = clock_monotonic_ns() + p->run->limit_s * UINT64_C(1000000000);
    p->busy++;
    return 0;
}

/* The last line of what it said: there the error stands, after the command it is in. */
static void add_said(const struct job *job, struct buf *out)
{
    const char *said = buf_str(&job->said), *last = "";
    size_t last_len = 0;
    for (const char *line = said; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (strspn(line, " ^\t") < len) {
            last = line;
            last_len = len < 200 ? len : 200;
        }
        line += len + (line[len] == '\n');
    }
    AUTO_FREE char *text = xstrndup(last, last_len);
    buf_adds(out, last_len > 0 ? ": " : "");
    report_escape_terminal(text, out);
}

/* The only plot of a job, which failed. */
static void leave_out(struct pool *p, const struct job *job, bool late, int status)
{
    const char *name = job->plots[0]->name;
    if (late) {
        buf_addf(p->notice, "plots/%s.gp: gnuplot took over %u s: plot left out\n",
                 name, p->run->limit_s);
    } else {
        buf_addf(p->notice, "plots/%s.gp: gnuplot failed", name);
        if (WIFSIGNALED(status))
            buf_addf(p->notice, " (signal %d)", WTERMSIG(status));
        add_said(job, p->notice);
        buf_adds(p->notice, ": plot left out\n");
    }
    remove_files(p->run, job->plots[0]);
}

static void finish(struct pool *p, struct job *job, bool late)
{
    int status = 0;
    if (late)
        kill(job->pid, SIGKILL);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    bool clean = !late && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    /* posix_spawn may fail only in the child: 127. */
    if (!late && WIFEXITED(status) && WEXITSTATUS(status) == 127 && job->said.len == 0)
        p->missing = true;
    for (size_t i = 0; !p->missing && i < job->len; i++) {
        struct report_plot *plot = job->plots[i];
        plot->drawn = clean && complete(p->run->dir, plot->name, "svg", "</svg>") &&
                      complete(p->run->dir, plot->name, "png", "IEND");
        if (!plot->drawn && job->len > 1)
            p->again[p->again_len++] = plot;
        else if (!plot->drawn)
            leave_out(p, job, late, status);
    }
    close(job->fd);
    buf_free(&job->said);
    *job = (struct job){.fd = -1};
    p->busy--;
}

/* Takes what a job said; true when its pipe has ended. */
static bool drain(struct job *job)
{
    char bytes[1024];
    for (;;) {
        ssize_t n = read(job->fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno != EAGAIN;
        if (n == 0)
            return true;
        if (job->said.len < MAX_SAID)
            buf_add(&job->said, bytes, (size_t)n);
    }
}

/* Waits until some job says something, ends or is late. */
static void wait_some(struct pool *p)
{
    struct pollfd fds[MAX_JOBS];
    uint64_t now = clock_monotonic_ns(), wait_ns = UINT64_MAX;
    for (unsigned i = 0; i < p->places; i++) {
        bool runs = p->jobs[i].len > 0;
        fds[i] = (struct pollfd){.fd = runs ? p->jobs[i].fd : -1, .events = POLLIN};
        if (!runs)
            continue;
        uint64_t end = p->jobs[i].deadline_ns, left = end > now ? end - now : 0;
        wait_ns = left < wait_ns ? left : wait_ns;
    }
    poll(fds, p->places, (int)(wait_ns / 1000000 + 1));
    now = clock_monotonic_ns();
    for (unsigned i = 0; i < p->places; i++) {
        struct job *job = &p->jobs[i];
        if (job->len == 0)
            continue;
        bool ended = (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && drain(job);
        if (ended || now >= job->deadline_ns)
            finish(p, job, !ended);
    }
}

/* Writes the scripts and data of the next plots and starts their process. */
static int start_batch(struct pool *p, struct err *err)
{
    struct job *job = free_place(p);
    int rc = 0;
    while (rc == 0 && p->next < p->plots->count && job->len < p->batch) {
        struct report_plot *plot = &p->plots->items[p->next++];
        job->plots[job->len++] = plot;
        rc = write_file(p->run->dir, plot->name, "gp", plot->gp, err);
        if (rc == 0)
            rc = write_file(p->run->dir, plot->name, "dat", plot->dat, err);
    }
    if (rc != 0)
        job->len = 0;
    return rc == 0 ? start(p, job, err) : rc;
}

static int start_again(struct pool *p, struct err *err)
{
    struct job *job = free_place(p);
    job->plots[0] = p->again[--p->again_len];
    job->len = 1;
    return start(p, job, err);
}

/* Whether plots are missing because nothing more can be written: a report without them
 * is not to take the place of one that has them. */
static int check_room(const struct pool *p, struct err *err)
{
    enum { PLOT_BYTES = 256 * 1024 }; /* more than one takes */
    bool all = true;
    for (size_t i = 0; i < p->plots->count; i++)
        all &= p->plots->items[i].drawn;
    if (all || p->missing)
        return 0;
    AUTO_FREE char *path = xasprintf("%s/room", p->run->dir);
    AUTO_FREE char *zeros = xcalloc(PLOT_BYTES, 1);
    int rc = file_write(path, zeros, PLOT_BYTES, err);
    unlink(path);
    return rc != 0 ? err_wrap(err, "no room for the plots") : 0;
}

static int draw_all(struct pool *p, struct err *err)
{
    int rc = 0;
    while (rc == 0 && !p->missing) {
        if (p->busy == p->places) {
            wait_some(p);
            continue;
        }
        if (p->again_len > 0)
            rc = start_again(p, err);
        else if (p->next < p->plots->count)
            rc = start_batch(p, err);
        else if (p->busy > 0)
            wait_some(p);
        else
            break;
    }
    while (p->busy > 0)
        wait_some(p);
    return rc;
}

int report_plots_draw(struct report_plots *plots, const struct report_plot_run *run,
                      struct buf *notice, struct err *err)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned jobs = run->jobs > 0    ? run->jobs
                    : processors > 0 ? (unsigned)processors
                                     : 1;
    struct pool p = {.run = run, .notice = notice, .plots = plots};
    p.places = jobs < MAX_JOBS ? jobs : MAX_JOBS;
    size_t share = (plots->count + p.places - 1) / p.places;
    p.batch = share < 1 ? 1 : share < BATCH ? share : BATCH;
    p.again = xcalloc(plots->count + 1, sizeof(struct report_plot *));
    int rc = draw_all(&p, err);
    free(p.again);
    if (rc == 0)
        rc = check_room(&p, err);
    if (!p.missing)
        return rc;
    for (size_t i = 0; i < p.next; i++)
        remove_files(run, &plots->items[i]);
    buf_addf(notice, "%s not found: no plots (apt-get install gnuplot-nox)\n",
             run->gnuplot);
    return rc;
}
