/* SPDX-License-Identifier: MIT */
/* The thread of sandbox_ahead.h. It leaves the namespaces it makes: nothing of a RUN
 * ever happens in it. */
#include "sim/exec/sandbox_ahead.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/exec/sandbox_sys.h"

struct ahead {
    pthread_t thread;
    pthread_mutex_t lock; /* of what stands below */
    pthread_cond_t work;
    struct strv folders; /* to be removed */
    int net;             /* ready, or -1 */
    unsigned taken;      /* how often one was asked for */
    bool wants_net, quits;
};

/* A thread can go into a namespace of its own and come back. */
static int make_net(void)
{
    int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    int net = -1;
    if (home < 0 || unshare(CLONE_NEWNET) != 0) {
        file_closep(&home);
        return -1;
    }
    if (sys_raise_loopback() == 0)
        net = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (setns(home, CLONE_NEWNET) != 0)
        file_closep(&net);
    close(home);
    return net;
}

/* One that is ready stays: it may have been asked for again while it was made. */
static bool needs_net(const struct ahead *a)
{
    return a->wants_net && a->net < 0;
}

/* One piece of work, outside the lock. */
static void work_once(struct ahead *a)
{
    if (needs_net(a)) {
        a->wants_net = false;
        pthread_mutex_unlock(&a->lock);
        int net = make_net();
        pthread_mutex_lock(&a->lock);
        a->net = net;
        return;
    }
    char *path = a->folders.items[--a->folders.len];
    pthread_mutex_unlock(&a->lock);
    file_remove_tree(path, NULL); /* else with the folder it lies in */
    free(path);
    pthread_mutex_lock(&a->lock);
}

static void *work(void *payload)
{
    struct ahead *a = payload;
    pthread_mutex_lock(&a->lock);
    while (!a->quits) {
        if (needs_net(a) || a->folders.len > 0)
            work_once(a);
        else
            pthread_cond_wait(&a->work, &a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

struct ahead *ahead_new(void)
{
    struct ahead *a = xcalloc(1, sizeof *a);
    sigset_t all, before;
    a->net = -1;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->work, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&a->thread, NULL, work, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        return a;
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->work);
    free(a);
    return NULL; /* everything works without it */
}

void ahead_free(struct ahead *a)
{
    if (a == NULL)
        return;
    pthread_mutex_lock(&a->lock);
    a->quits = true;
    pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    file_closep(&a->net);
    strv_free(&a->folders);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->work);
    free(a);
}

int ahead_take_net(struct ahead *a)
{
    if (a == NULL)
        return -1;
    pthread_mutex_lock(&a->lock);
    int net = a->net;
    a->net = -1;
    a->wants_net = a->taken++ > 0;
    pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
    return net;
}

void ahead_remove(struct ahead *a, char *path)
{
    pthread_mutex_lock(&a->lock);
    strv_take(&a->folders, path);
    pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
}
