/* SPDX-License-Identifier: MIT */
/*
 * A RUN made ready: user, environment, mounts and mount points worked out on the view,
 * folders made, so that the new processes have nothing left to decide.
 *
 * Mount points the image lacks lie in a folder of their own that becomes the top-most
 * lower layer: they are there while the command runs and never get into its changes.
 */
#ifndef SIM_EXEC_SANDBOX_PLAN_H
#define SIM_EXEC_SANDBOX_PLAN_H

#include <pthread.h>

#include "sim/base/mem.h"
#include "sim/exec/exec.h"
#include "sim/exec/sandbox_ahead.h"
#include "sim/exec/sandbox_cell.h"
#include "sim/exec/sandbox_ids.h"
#include "sim/exec/sandbox_user.h"

struct sandbox { /* the executor */
    struct executor executor;
    struct store *store;
    pthread_mutex_t setting_up; /* what stands below is made by the first RUN */
    bool is_set_up;
    struct ids ids;
    struct sock_fprog filter;
    char *cwd;    /* what relative paths are relative to: the processes change theirs */
    char *folder; /* absolute; below the store's tmp: resolv.conf, empty, a folder for
                     each run */
    int folder_fd;       /* locked while we live */
    char *layers;        /* with subordinate ids: layers unpacked with their owners */
    bool old_mount_api;  /* set by tests: mount as on kernels before 6.7 */
    size_t lower_most;   /* layers in one overlay; tests make it small */
    bool cgroup2;        /* the host has the one hierarchy */
    struct ahead *ahead; /* NULL: in a user namespace */
    _Atomic int64_t waited_ns; /* of all commands so far */
};

struct place {              /* a mount's target */
    char *given, *resolved; /* clean; resolved: by the image's symlinks */
};

struct cell_plan {
    const struct sandbox *sandbox;
    const struct exec_run *run;
    struct cell cell;
    struct arena memory; /* strings of the cell */
    struct cell_mount *mounts;
    struct place *places; /* of mounts that later ones may lie in */
    size_t mount_count, mount_cap, place_count, place_cap;
    struct tree *stubs; /* mount points to be made */
    struct strv env, programs, lower;
    struct sandbox_user user;
    char *folder; /* of the run */
    void *stack;
    unsigned trees;
};

int cell_plan_make(struct cell_plan *plan,
                   struct err *err);         /* sandbox and run are set */
void cell_plan_free(struct cell_plan *plan); /* the members; not the folder */

/* ---- parts of cell_plan_make ---- */

/* What every RUN has: /proc, /dev, /sys, and which of it is hidden. `late`: what is
 * mounted after the RUN's own mounts. */
int cell_plan_system_mounts(struct cell_plan *plan, bool late, struct err *err);
int cell_plan_run_mounts(struct cell_plan *plan, struct err *err);
/* Appends a mount; the target is resolved, and made a stub if it is missing. */
int cell_plan_add_mount(struct cell_plan *plan, const struct cell_mount *mount,
                        struct err *err);
/* The path, absolute on the host. */
const char *cell_plan_host_path(struct cell_plan *plan, const char *path);
char *cell_plan_text(struct cell_plan *plan, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
