/* SPDX-License-Identifier: MIT */
/*
 * A cell is one prepared RUN: everything the new processes need is worked out before
 * they are made, because between clone and execve of a program with several threads
 * only system calls are allowed. Shared by the sandbox_*.c files alone.
 *
 * Two processes are made. The keeper stays outside: it ends the cell when the builder
 * dies, and in a user namespace it makes what the command left readable for the
 * builder. The command itself is process 1 of its own PID namespace, as under BuildKit
 * and runc: the kernel kills what it leaves behind, and its mounts go with it.
 */
#ifndef SIM_EXEC_SANDBOX_CELL_H
#define SIM_EXEC_SANDBOX_CELL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/tree/tree.h"

enum cell_mount_kind {
    CELL_FRESH, /* a new file system of type `source` */
    CELL_BIND,  /* host file or folder `source`, with what is mounted below */
    CELL_DATA,  /* a file with `data`, in memory only */
    CELL_COVER, /* the target itself once more, with other attributes */
    CELL_LINK,  /* no mount: a symlink with the text `source` */
};

struct cell_mount {
    enum cell_mount_kind kind;
    const char *target; /* absolute inside; symlinks are followed inside */
    const char *source;
    const char *const *options; /* FRESH: name, value, …, NULL */
    const void *data;           /* DATA */
    size_t len;
    uint32_t mode;
    uint32_t uid, gid; /* DATA; BIND: made the owner if not 0 */
    uint64_t attrs;    /* MOUNT_ATTR_* */
    bool is_file;      /* a mount point that has to be made is a file */
    bool lenient;      /* left out where target or source do not exist */
};

/* Where setting up stopped; the order of cell_stages in sandbox_report.c. */
enum cell_stage {
    CELL_USERNS,
    CELL_CLONE,
    CELL_FOLDER,
    CELL_PRIVATE,
    CELL_OVERLAY,
    CELL_NETWORK,
    CELL_HOSTNAME,
    CELL_TARGET,
    CELL_MOUNT,
    CELL_PIVOT,
    CELL_CWD,
    CELL_STDIO,
    CELL_SECCOMP,
    CELL_CAPS,
    CELL_USER,
    CELL_EXEC,
    CELL_TIDY,
};

enum { CELL_DETAIL = 240, CELL_STACK = 96 << 10 };

#define CELL_ROOT "../root"
#define CELL_EMPTY "../empty"
#define CELL_SCRATCH "../scratch"
#define CELL_STUBS CELL_SCRATCH "/stubs"

/* What keeper and command tell the builder through the report pipe, each in one write.
 */
struct cell_report {
    int32_t done;   /* 1: `status` is the command's wait status; 0: a failure */
    int32_t stage;  /* enum cell_stage */
    int32_t errnum; /* of the failure */
    int32_t status;
    uint64_t waited_ns;       /* keeper and command waited for a processor; with done */
    char detail[CELL_DETAIL]; /* path or kernel message, "" if none */
};

struct cell {
    const char *folder;       /* of the run: holds upper and work; beside it, empty
                                 folders to mount on: root, scratch, empty */
    const char *const *lower; /* folders, top-most first; may be none */
    size_t lower_count;
    size_t lower_most;        /* of one overlay, but for stubs */
    const struct tree *stubs; /* mount points, sorted: on top of lower */
    int userns_fd;            /* -1: as root, no user namespace */
    bool map_groups;          /* setgroups is allowed */
    bool insecure;            /* all capabilities, no seccomp */
    bool own_net;
    int net_fd;         /* of the namespace to enter for that, -1: a new one */
    bool old_mount_api; /* lower folders as one string, for kernels before 6.7 */
    const struct cell_mount *mounts;
    size_t mount_count;
    const char *hostname;
    const char *cwd;
    uint32_t uid, gid;
    const gid_t *groups;
    size_t group_count;
    const struct sock_fprog *filter;
    const char *const *programs; /* paths tried for argv[0]; NULL-terminated */
    char *const *argv, *const *env;
    void *stack;        /* CELL_STACK bytes for the command until it executes */
    int in, out, error; /* become 0, 1, 2 */
    int report;         /* write end */
    int lifeline;       /* read end of a pipe that ends with the builder */
};

/* Makes the keeper; its pidfd, or -errno. The caller blocks all signals around it. */
int cell_start(const struct cell *cell);

/* ---- inside the new processes: system calls only -------------------------------- */

/* Process 1: sets everything up and executes. Never returns. */
_Noreturn void cell_command(struct cell *cell);
/* For a new session: its share of the processors stays the builder's. */
void cell_keep_share(void);
/* How long a thread, running or not yet waited for, was ready and had no processor; 0
 * where the kernel does not count it. */
uint64_t cell_waited_ns(pid_t pid);
/* Reports a failure and ends the process. */
_Noreturn void cell_fail(const struct cell *cell, enum cell_stage stage, int errnum,
                         const char *detail);
/* Mounts root and everything in it, and makes it the root. */
void cell_mount_all(const struct cell *cell);
/* cell_mount_all's parts: a tmpfs at SCRATCH that nobody else sees, and in it the
 * stubs; then the root, whose descriptor is returned. */
void cell_mount_scratch(const struct cell *cell);
int cell_mount_root(const struct cell *cell);
/* "l/17": prefix and number. */
void cell_numbered(char name[32], const char *prefix, size_t n);
/* mkdir -p below root, following symlinks inside; `last` is the kind of the last part.
 * O_PATH descriptor or -1 with errno. */
int cell_make_target(int root, const char *target, bool is_file);
/* Keeper: writes owner and mode of everything below folder/upper to folder/owners, then
 * makes folder and all below it the caller's own and readable. -errno. */
int cell_tidy(const struct cell *cell);

#endif
