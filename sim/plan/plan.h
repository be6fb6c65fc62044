/* SPDX-License-Identifier: MIT */
/*
 * From syntax tree to the steps a target needs: stages and what they stand on,
 * arguments and variables resolved, the image config each stage ends with, its history
 * lines. Names what each step reads but reads nothing itself; base images are asked of
 * the caller.
 *
 * A plan borrows the Dockerfile; everything else is owned by it and freed at once.
 */
#ifndef SIM_PLAN_PLAN_H
#define SIM_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/context/ignore.h"
#include "sim/dockerfile/dockerfile.h"
#include "sim/dockerfile/instruction.h"
#include "sim/image/config.h"

enum semantics { SEMANTICS_BUILDKIT, SEMANTICS_CLASSIC, SEMANTICS_BUILDAH };

struct plan_var {
    const char *name, *value;
    bool is_arg; /* set by ARG, not ENV */
};
/* The environment a step sees, in the order that counts for a key. Shared by steps. */
struct plan_env {
    struct plan_var *vars;
    size_t len;
};

enum plan_source_kind {
    PLAN_SOURCE_CONTEXT, /* index of options.contexts: 0 is the main one */
    PLAN_SOURCE_STAGE,   /* index of plan.stages */
    PLAN_SOURCE_IMAGE,   /* index of what options.base returned */
    PLAN_SOURCE_SCRATCH, /* nothing */
};
struct plan_source {
    enum plan_source_kind kind;
    unsigned index;
};

struct plan_words {
    const char **items;
    size_t len;
};

struct plan_file { /* an inline file of COPY or ADD */
    const char *name;
    const char *data;
    size_t len;
};

struct plan_copy {
    bool add;
    struct plan_source from;
    struct plan_words sources; /* expanded; paths, and for ADD URLs */
    const char *dest;          /* absolute; a trailing "/" is kept and counts */
    const char *dest_text;     /* as written, expanded */
    const char *chown, *chmod, *checksum; /* NULL: not given */
    struct plan_words exclude_words;
    const struct ignore *excludes; /* --exclude, compiled; NULL: none */
    struct plan_file *files;
    size_t file_count;
    bool link, parents, keep_git_dir;
    bool unpack;        /* ADD: local archives are extracted */
    bool unpack_remote; /* and what an URL gives: only where --unpack asks for it */
};

struct plan_mount {
    enum mount_type type;
    const char *target;      /* absolute, clean; NULL: a secret in a variable only */
    struct plan_source from; /* bind; cache: SCRATCH unless from= */
    const char *source;      /* clean path in from, "" for the root */
    const char *id, *env;    /* id never NULL for cache and secret */
    bool read_only, required;
    bool has_mode, has_uid, has_gid;
    enum mount_sharing sharing;
    uint32_t mode, uid, gid;
    uint64_t size;
};

/* Whether the mount shows files of a context, a stage or an image: a bind mount, or a
 * cache mount that starts as a copy of them. */
bool plan_mount_reads(const struct plan_mount *m);
/* Whether a cache mount starts as an empty folder of a given owner or mode; with a
 * source, uid=, gid= and mode= mean nothing. */
bool plan_mount_is_owned(const struct plan_mount *m);

struct plan_run {
    struct plan_words argv;
    bool shell_form;
    const char *script;        /* shell form: the text the shell gets */
    struct plan_mount *mounts; /* sorted by target */
    size_t mount_count;
    const char *script_file; /* heredoc with #!: a file of this name in /dev/pipes */
    const char *network;     /* "default", "none", "host" */
    bool insecure;
};

enum plan_kind { PLAN_FROM, PLAN_RUN, PLAN_COPY, PLAN_WORKDIR, PLAN_CONFIG };

struct plan_step {
    enum plan_kind kind;
    unsigned stage; /* index of plan.stages */
    unsigned line;
    const struct instruction *in;
    const char *word;           /* "RUN", … in capitals */
    const char *text;           /* for people */
    const struct plan_env *env; /* as the step sees it */
    const struct plan_env
        *build_args;  /* ARGs in scope with values, for history lines */
    const char *cwd;  /* as in the key: spelling kept */
    const char *user; /* "" for root */
    struct plan_words shell;
    struct plan_copy *copy; /* PLAN_COPY */
    struct plan_run *run;   /* PLAN_RUN */
    const char
        *record; /* linear semantics: the text that stands for the step in a key */
    const char *created_by; /* history line, NULL: none */
};

struct plan_stage {
    const char *name; /* AS name in lower case, else its number */
    bool named, needed;
    unsigned line;
    struct plan_source base;
    const char *base_name;         /* the FROM operand, expanded */
    size_t first_step, step_count; /* in plan.steps; 0 if not needed */
    struct image_config *config; /* at its end, without diff_ids; NULL if not needed */
};

struct plan {
    struct plan_stage *stages;
    size_t stage_count;
    struct plan_step *steps; /* of needed stages, in the order of the file */
    size_t step_count;
    unsigned target; /* index of the target stage */
    struct plan_memory *memory;
};

struct plan_options {
    const char *target;            /* name or number, NULL: the last stage */
    const struct strv *build_args; /* "NAME=value", or "NAME" (ignored) */
    const char *const
        *contexts; /* names of named contexts; [0] is the main one: NULL */
    size_t context_count;
    enum semantics semantics;
    const char *default_network; /* NULL: "default" */
    /* Resolves an image name: *config is borrowed and lives as long as the plan, *index
     * is the caller's number for it. */
    int (*base)(void *payload, const char *name, unsigned line,
                const struct image_config **config, unsigned *index, struct err *err);
    void *base_payload;
};

/* The Dockerfile has passed dockerfile_check_syntax; what only needed stages must
 * satisfy is checked here. ERR_INPUT with line. */
int plan_new(const struct dockerfile *df, const struct plan_options *options,
             struct plan **out, struct err *err);
void plan_free(struct plan *plan); /* NULL is legal */
/* What a source word of ADD names. */
enum plan_remote { PLAN_REMOTE_NONE, PLAN_REMOTE_HTTP, PLAN_REMOTE_GIT };
enum plan_remote plan_remote_kind(const char *word);
/* Last part of an URL's path, "" if it ends in "/"; the caller frees. */
char *plan_remote_name(const char *url);

/* Proxy variables among build_args, in both cases, as "NAME=value": in the environment
 * of every RUN, never in keys or history. Appended to out. */
void plan_proxy_env(const struct strv *build_args, struct strv *out);

#endif
