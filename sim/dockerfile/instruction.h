/* SPDX-License-Identifier: MIT */
/*
 * Instructions read for their meaning: flags by name, arity, mounts. Values are still
 * as written: variables are expanded by plan/, which knows the environment. Every
 * refusal of cache-semantics section 5 that needs no environment happens here, as
 * ERR_INPUT with the instruction's line and the offending word in the message.
 */
#ifndef SIM_DOCKERFILE_INSTRUCTION_H
#define SIM_DOCKERFILE_INSTRUCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/dockerfile/dockerfile.h"

/* Judges the whole file: something before FROM, unknown instruction or flag, arity,
 * stage names, bad values that hold no variable, heredocs where none may stand. */
int dockerfile_check(const struct dockerfile *df, struct err *err);
/* The two halves of it. What is wrong wherever it stands … */
int dockerfile_check_syntax(const struct dockerfile *df, struct err *err);
/* … and values that BuildKit judges only in stages which the build needs (ports,
 * signals, mounts, modes, stage references). `stage` counts from 0; dockerfile_check
 * takes the last. Call this with the stage of --target instead. */
int dockerfile_check_target(const struct dockerfile *df, size_t stage, struct err *err);

struct from_args {
    const char *image;    /* borrowed from the instruction, like all pointers here */
    const char *platform; /* NULL if not given */
    const char *stage;    /* AS name as written, NULL if none */
};
int instruction_from(const struct instruction *in, struct from_args *out,
                     struct err *err);

enum mount_type { MOUNT_BIND, MOUNT_CACHE, MOUNT_TMPFS, MOUNT_SECRET, MOUNT_SSH };
enum mount_sharing { SHARING_SHARED, SHARING_PRIVATE, SHARING_LOCKED };

struct mount_args { /* strings owned; as written, may hold variables */
    enum mount_type type;
    char *target, *source, *from, *id, *env; /* NULL if not given */
    bool read_only;
    bool required;
    enum mount_sharing sharing;
    bool has_mode, has_uid, has_gid;
    uint32_t mode, uid, gid;
    uint64_t size; /* tmpfs, bytes; 0 if not given */
};

struct run_args {
    struct mount_args *mounts; /* as given, not sorted */
    size_t mount_count;
    const char *network;  /* "default", "none" or "host" */
    const char *security; /* "sandbox" or "insecure" */
    struct strv devices;  /* --device values */
};
int instruction_run(const struct instruction *in, struct run_args *out,
                    struct err *err);
void run_args_free(struct run_args *args);
/* One --mount value, for instance after its variables were replaced. `out` is set up
 * only on success. */
int mount_parse(const char *value, struct mount_args *out, struct err *err);
void mount_args_free(struct mount_args *mount);

struct copy_args {
    struct strv sources; /* as written; heredoc words are not among them */
    const char *dest;
    const char *from, *chown, *chmod, *checksum; /* NULL if not given */
    struct strv excludes;
    bool link, parents, keep_git_dir;
    bool has_unpack, unpack;
    /* instruction.heredocs hold inline files, in order after the sources */
};
/* COPY and ADD. */
int instruction_copy(const struct instruction *in, struct copy_args *out,
                     struct err *err);
void copy_args_free(struct copy_args *args);

struct healthcheck_args {
    bool none; /* HEALTHCHECK NONE */
    bool has_interval, has_timeout, has_start_period, has_start_interval, has_retries;
    int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
    long retries;
};
int instruction_healthcheck(const struct instruction *in, struct healthcheck_args *out,
                            struct err *err);

/* A Go duration such as "1m30s" or "500ms" in ns. */
int duration_parse(const char *text, int64_t *out_ns, struct err *err);

/* Judges of single values, variables already replaced. A word of EXPOSE as the ports it
 * stands for, "80/tcp" each, appended to out. */
int ports_parse(const char *word, struct strv *out, struct err *err);
int signal_check(const char *name, struct err *err);
int chmod_check(const char *mode, struct err *err);

/* Warnings of `docker build --check`: rule names and texts users know. */
struct lint_warning {
    const char *rule; /* "StageNameCasing" */
    const char *url;  /* "" if none */
    char *message;
    unsigned line;
};
struct lint_report {
    struct lint_warning *warnings; /* in the order of lines */
    size_t len, cap;
    bool is_error; /* "# check=error=true": warnings make the build fail */
};
/* What the rules ask of the world; all may be NULL. */
struct lint_options {
    /* CopyIgnoredFile: whether the context's ignore file shuts the path out. */
    bool (*excluded)(void *payload, const char *path);
    void *payload;
    /* Appends the variables of a base image's config, NAME=value; false: not known,
     * then what official images define is let pass. */
    bool (*image_env)(void *payload, const char *name, struct strv *env);
    void *image_payload;
    const struct strv *build_args; /* NAME=value: they stand for the values of ARGs */
};
/* Every rule that one Dockerfile can trigger, honouring a `# check=` directive. Returns
 * an error where the file does not pass dockerfile_check, and where the words of an
 * instruction cannot be expanded: *out then holds the warnings so far. */
int dockerfile_lint(const struct dockerfile *df, const struct lint_options *options,
                    struct lint_report *out, struct err *err);
void lint_report_free(struct lint_report *report);

/* Whether variables in a heredoc of COPY or ADD are replaced. Where a later one has the
 * same name, its file takes this one's place, in BuildKit before this one's text is
 * looked at. */
bool heredoc_is_expanded(const struct instruction *in, size_t at);

#endif
