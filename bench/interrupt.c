/* SPDX-License-Identifier: MIT */
/*
 * Signals. The handler sets a flag; builds look at it before each RUN and each fetch,
 * the runner before each build, so that temporary files are removed on the usual way
 * out.
 */
#include "bench/interrupt.h"

#include <signal.h>

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

static bool is_pending(void *payload)
{
    (void)payload;
    return interrupt_pending();
}

/* A command in a sandbox is in a session of its own and never hears of Ctrl-C: the
 * executor asks us while it runs. */
static int run_unless_interrupted(void *self, const struct exec_run *run,
                                  struct exec_result *out, struct err *err)
{
    const struct executor *inner = ((struct interruptible *)self)->inner;
    int r = interrupt_check(err);
    if (r < 0)
        return r;
    struct exec_run watched = *run;
    watched.cancelled = is_pending;
    return inner->run(inner->self, &watched, out, err);
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
