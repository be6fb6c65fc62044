/* SPDX-License-Identifier: MIT */
/*
 * How a RUN happens: one interface, two executors. The model (exec/model.h) applies
 * what command models say to the view and charges a virtual clock; the sandbox
 * (exec/sandbox.h) runs the command in namespaces over an overlay and reads the changes
 * back into the view.
 */
#ifndef SIM_EXEC_EXEC_H
#define SIM_EXEC_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/layer/view.h"

enum exec_mount_kind {
    EXEC_MOUNT_TREE,  /* files from a context or stage: `tree`, read from the view */
    EXEC_MOUNT_CACHE, /* host folder `host_path`, kept between builds; with a view it is
                         not there yet, and starts as a copy of those files */
    EXEC_MOUNT_TMPFS,
    EXEC_MOUNT_FILE, /* secret or heredoc script: `data` as a file */
    EXEC_MOUNT_SSH,  /* the agent socket `host_path` */
};

struct exec_mount {
    enum exec_mount_kind kind;
    const char *target; /* absolute path inside */
    bool read_only;
    struct view *source;     /* TREE; CACHE: NULL starts empty */
    const char *source_path; /* clean path in source */
    const char *host_path;   /* CACHE, SSH */
    const char *env;         /* FILE: also (target NULL: only) as this variable */
    const void *data;        /* FILE */
    size_t len;
    uint64_t size; /* TMPFS limit, 0: none */
    uint32_t mode, uid, gid;
};

struct exec_host { /* an /etc/hosts entry */
    const char *name, *address;
};

/* Receives output as it comes; stream 1 or 2. */
typedef void exec_output(void *payload, int stream, const char *data, size_t len);

struct exec_run {
    const struct strv *argv;
    const struct strv *env; /* NAME=value; complete */
    const char *cwd;        /* absolute */
    const char *user;       /* "" or "0", "name", "uid:gid", "name:group" */
    const char *network;    /* "none", "host" */
    bool insecure;          /* --security=insecure, already permitted */
    const struct exec_mount *mounts;
    size_t mount_count;
    const struct exec_host *hosts;
    size_t host_count;
    const char *hostname;        /* NULL: a fixed one */
    const char *annotation;      /* "# simbench:" text of the RUN, NULL if none */
    bool shell_form;             /* argv is a shell and one script */
    const char *script;          /* shell form: the script text, else NULL */
    struct view *root;           /* what it sees, and where its changes go */
    const struct digest *layers; /* of root's layers, lowest first (sandbox) */
    size_t layer_count;
    int64_t now_s;       /* mtime for what a model writes */
    exec_output *output; /* may be NULL */
    void *output_payload;
    /* Sandbox: asked several times a second while the command runs; true ends it and
     * all it started, and run returns ERR_CANCELLED. May be NULL. */
    bool (*cancelled)(void *payload);
    void *cancelled_payload;
};

struct exec_result {
    int exit_status;     /* 128+n for signal n */
    int signal;          /* 0 if it exited */
    uint64_t virtual_ms; /* model only; UINT64_MAX in the sandbox */
    /* Sandbox: folder that CONTENT_HOST entries of the view point into; the caller
     * passes it to executor.release when the layer is written. NULL if none. */
    void *handle;
};

struct executor {
    void *self;
    /* 0 also where the command itself failed: see exit_status. Negative: it could not
     * be run at all (no model: ERR_FAILED with hint; a privilege: ERR_ENVIRONMENT). */
    int (*run)(void *self, const struct exec_run *run, struct exec_result *out,
               struct err *err);
    void (*release)(void *self, void *handle); /* handle may be NULL */
    /* Sandbox: how long its commands were ready to run so far while every processor was
     * busy, as far as the kernel tells: not of what a command started itself. NULL: no
     * processes. */
    int64_t (*waited_ns)(const struct executor *executor);
    bool is_virtual; /* on the virtual clock: the model */
    bool parallel;   /* run may be called from several threads at once */
};

#endif
