/* SPDX-License-Identifier: MIT */
/*
 * Signals. The handler sets a flag; builds look at it before each RUN and each fetch,
 * the runner before each build, so that temporary files are removed on the usual way
 * out.
 */
#include "bench/interrupt.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "sim/base/mem.h"

enum { WATCH_MS = 50 };

/* The one piece of changeable state of the program: a signal handler has no argument to
 * reach anything else by. NOLINTNEXTLINE(*-avoid-non-const-global-variables) */
static volatile sig_atomic_t pending;

static void on_signal(int number)
{
    (void)number;
    pending = 1;
}

void interrupt_setup(void)
{
    /* SA_RESETHAND: the second signal ends the process as usual. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
}

bool interrupt_pending(void)
{
    return pending != 0;
}

int interrupt_check(struct err *err)
{
    return pending != 0 ? err_set(err, ERR_CANCELLED, "interrupted") : 0;
}

/* ---- commands that really run -----------------------------------------------------
 */

/* Looks for a signal while a RUN goes on. */
struct watch {
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool finished;
};

/* Our direct children, each the keeper of a sandbox: with it all it holds is gone. */
static void kill_children(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    while (tasks != NULL && (task = readdir(tasks)) != NULL) {
        char path[64];
        long pid;
        snprintf(path, sizeof path, "/proc/self/task/%.20s/children", task->d_name);
        FILE *list = task->d_name[0] != '.' ? fopen(path, "re") : NULL;
        AUTO_FREE char *word = NULL;
        size_t cap = 0;
        while (list != NULL && getdelim(&word, &cap, ' ', list) > 0)
            if ((pid = strtol(word, NULL, 10)) > 0)
                kill((pid_t)pid, SIGKILL);
        if (list != NULL)
            fclose(list);
    }
    if (tasks != NULL)
        closedir(tasks);
}

static void *watch_run(void *payload)
{
    struct watch *watch = payload;
    pthread_mutex_lock(&watch->lock);
    while (!watch->finished) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WATCH_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&watch->over, &watch->lock, &until);
        if (!watch->finished && pending != 0)
            kill_children();
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

/* A command in a sandbox is in a session of its own and never hears of Ctrl-C. */
static int run_watched(const struct executor *inner, const struct exec_run *run,
                       struct exec_result *out, struct err *err)
{
    struct watch watch = {.lock = PTHREAD_MUTEX_INITIALIZER,
                          .over = PTHREAD_COND_INITIALIZER};
    pthread_t watcher;
    bool watched = pthread_create(&watcher, NULL, watch_run, &watch) == 0;
    int r = inner->run(inner->self, run, out, err);
    pthread_mutex_lock(&watch.lock);
    watch.finished = true;
    pthread_cond_signal(&watch.over);
    pthread_mutex_unlock(&watch.lock);
    if (watched)
        pthread_join(watcher, NULL);
    return r;
}

static int run_unless_interrupted(void *self, const struct exec_run *run,
                                  struct exec_result *out, struct err *err)
{
    const struct executor *inner = ((struct interruptible *)self)->inner;
    int r = interrupt_check(err);
    if (r < 0)
        return r;
    if (inner->is_virtual)
        return inner->run(inner->self, run, out, err);
    r = run_watched(inner, run, out, err);
    if (pending == 0 || (r == 0 && out->exit_status == 0))
        return r;
    if (r == 0) /* the command was killed: that is no failure of its own */
        inner->release(inner->self, out->handle);
    return interrupt_check(err);
}

static void release(void *self, void *handle)
{
    const struct executor *inner = ((struct interruptible *)self)->inner;
    inner->release(inner->self, handle);
}

const struct executor *interrupt_executor(struct interruptible *out,
                                          const struct executor *inner)
{
    out->inner = inner;
    out->executor = *inner;
    out->executor.self = out;
    out->executor.run = run_unless_interrupted;
    out->executor.release = release;
    return &out->executor;
}
