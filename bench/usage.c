/* SPDX-License-Identifier: MIT */
/* Processor time and waiting, as Linux counts them. Leaves out other systems. */
#include "bench/usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"

static double seconds_of(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double cpu_of(int whom)
{
    struct rusage r;
    if (getrusage(whom, &r) != 0)
        return 0;
    return seconds_of(&r.ru_utime) + seconds_of(&r.ru_stime);
}

/* Nanoseconds on a processor, nanoseconds waiting for one, turns. */
static double thread_waited(const char *thread)
{
    AUTO_FREE char *path = xasprintf("/proc/self/task/%s/schedstat", thread);
    AUTO_BUF text = BUF_INIT;
    if (file_read(path, 256, &text, NULL) != 0)
        return 0;
    char *second = NULL;
    strtod(buf_str(&text), &second);
    return strtod(second, NULL) / 1e9;
}

static double threads_waited(void)
{
    double sum = 0;
    DIR *dir = opendir("/proc/self/task");
    struct dirent *e;
    while (dir != NULL && (e = readdir(dir)) != NULL)
        if (e->d_name[0] != '.')
            sum += thread_waited(e->d_name);
    if (dir != NULL)
        closedir(dir);
    return sum;
}

void usage_read(const struct executor *executor, struct usage *out)
{
    out->cpu = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
    out->waited = threads_waited();
    if (executor != NULL && executor->waited_ns != NULL)
        out->waited += (double)executor->waited_ns(executor) / 1e9;
}

/* ---- precedence ------------------------------------------------------------------ */

enum { FIRST = -20 }; /* the highest there is */
static const char group_file[] = "/proc/self/autogroup";

/* "/autogroup-12 nice 0"; there is no such file where the kernel does not group. */
static int group_nice(void)
{
    AUTO_BUF text = BUF_INIT;
    static const char word[] = " nice ";
    if (file_read(group_file, 256, &text, NULL) != 0)
        return 0;
    const char *at = strstr(buf_str(&text), word);
    return at != NULL ? (int)strtol(at + strlen(word), NULL, 10) : 0;
}

static void set_group_nice(int nice)
{
    FILE *out = fopen(group_file, "we");
    if (out == NULL)
        return;
    fprintf(out, "%d", nice);
    fclose(out);
}

void usage_take_precedence(struct precedence *out)
{
    *out = (struct precedence){.nice = getpriority(PRIO_PROCESS, 0),
                               .group_nice = group_nice()};
    if (out->group_nice == FIRST) /* of a run beside us, or one that was killed */
        out->group_nice = out->nice;
    out->taken = setpriority(PRIO_PROCESS, 0, FIRST) == 0;
    if (out->taken)
        set_group_nice(FIRST);
}

void usage_leave_precedence(const struct precedence *p)
{
    if (!p->taken)
        return;
    setpriority(PRIO_PROCESS, 0, p->nice);
    set_group_nice(p->group_nice);
}
