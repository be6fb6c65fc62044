/* SPDX-License-Identifier: MIT */
/*
 * Runs gnuplot on finished scripts: several at once, no shell, no start-up files, a
 * time limit. A child's end is seen by the end of its stderr pipe, so that nobody
 * else's children are waited for.
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

enum { MAX_JOBS = 16, MAX_SAID = 4096 };

struct job {
    struct report_plot *plot; /* NULL: this place is free */
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

/* The child: gnuplot -d SCRIPT in the plots' folder, with few variables (GNUTERM and
 * its like would change what is drawn). */
static int spawn_in(const struct pool *p, const char *script, int err_fd, pid_t *pid)
{
    AUTO_FREE char *path = environment("PATH", "/usr/local/bin:/usr/bin:/bin");
    AUTO_FREE char *home = environment("HOME", "/");
    char locale[] = "LC_ALL=C.UTF-8", settings[] = "-d";
    AUTO_FREE char *program = xstrdup(p->run->gnuplot);
    AUTO_FREE char *file = xstrdup(script);
    char *env[] = {path, home, locale, NULL};
    char *argv[] = {program, settings, file, NULL};
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
    int rc = posix_spawnp(pid, program, &actions, &attr, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return rc;
}

static struct job *free_place(struct pool *p)
{
    for (unsigned i = 0; i < p->places; i++)
        if (p->jobs[i].plot == NULL)
            return &p->jobs[i];
    return NULL;
}

static int start(struct pool *p, struct report_plot *plot, struct err *err)
{
    struct job *job = free_place(p);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, errno, "cannot make a pipe for gnuplot");
    AUTO_FREE char *script = xasprintf("%s.gp", plot->name);
    int rc = spawn_in(p, script, ends[1], &job->pid);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        if (rc != ENOENT && rc != EACCES)
            return err_errno(err, rc, "cannot run %s", p->run->gnuplot);
        p->missing = true;
        return 0;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    job->plot = plot;
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

static void finish(struct pool *p, struct job *job, bool late)
{
    int status = 0;
    if (late)
        kill(job->pid, SIGKILL);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    struct report_plot *plot = job->plot;
    bool clean = !late && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    /* posix_spawn may fail only in the child: 127. */
    if (!late && WIFEXITED(status) && WEXITSTATUS(status) == 127 && job->said.len == 0)
        p->missing = true;
    else if (clean && complete(p->run->dir, plot->name, "svg", "</svg>") &&
             complete(p->run->dir, plot->name, "png", "IEND"))
        plot->drawn = true;
    else if (late)
        buf_addf(p->notice, "plots/%s.gp: gnuplot took over %u s: plot left out\n",
                 plot->name, p->run->limit_s);
    else {
        buf_addf(p->notice, "plots/%s.gp: gnuplot failed", plot->name);
        add_said(job, p->notice);
        buf_adds(p->notice, ": plot left out\n");
    }
    if (!plot->drawn)
        remove_files(p->run, plot);
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
        bool runs = p->jobs[i].plot != NULL;
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
        if (job->plot == NULL)
            continue;
        bool ended = (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && drain(job);
        if (ended || now >= job->deadline_ns)
            finish(p, job, !ended);
    }
}

int report_plots_draw(struct report_plots *plots, const struct report_plot_run *run,
                      struct buf *notice, struct err *err)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned jobs = run->jobs > 0    ? run->jobs
                    : processors > 0 ? (unsigned)processors
                                     : 1;
    struct pool p = {.run = run, .notice = notice};
    p.places = jobs < MAX_JOBS ? jobs : MAX_JOBS;
    int rc = 0;
    size_t next = 0;
    while (rc == 0 && next < plots->count && !p.missing) {
        struct report_plot *plot = &plots->items[next++];
        rc = write_file(run->dir, plot->name, "gp", plot->gp, err);
        if (rc == 0)
            rc = write_file(run->dir, plot->name, "dat", plot->dat, err);
        if (rc == 0)
            rc = start(&p, plot, err);
        while (p.busy == p.places)
            wait_some(&p);
    }
    while (p.busy > 0)
        wait_some(&p);
    if (!p.missing)
        return rc;
    for (size_t i = 0; i < next; i++)
        remove_files(run, &plots->items[i]);
    buf_addf(notice, "%s not found: no plots (apt-get install gnuplot-nox)\n",
             run->gnuplot);
    return rc;
}
