/* SPDX-License-Identifier: MIT */
/*
 * The executor of the virtual clock. A RUN's script goes through a small shell front
 * end (exec/shell.h): lists with && || ; &, pipes, redirections, quotes, variables,
 * command words, `cd`, `set -e`, `export`, simple if/for as far as exec/shell.h says.
 * Plain file commands are built in (exec/commands.h); every other command asks the
 * model source.
 */
#ifndef SIM_EXEC_MODEL_H
#define SIM_EXEC_MODEL_H

#include "sim/exec/exec.h"

/* One simple command as a model sees it. */
struct model_command {
    const struct strv *argv;
    const struct strv *env;
    const char *cwd; /* absolute */
    struct view *root;
    uint32_t uid, gid;
    int64_t now_s;
    const struct exec_run *run;
    const char *input; /* what a pipe or < feeds it; not terminated */
    size_t input_len;
};

struct model_outcome {
    uint64_t virtual_ms;
    int exit_status;
    struct buf output; /* what it prints */
};

/* Models of commands, implemented by lua/ (models/ *.lua). Called from one thread. */
struct model_source {
    void *self;
    /* Applies the command's effects to command->root and fills out. ERR_NOT_FOUND: no
     * model of that name. */
    int (*run)(void *self, const struct model_command *command,
               struct model_outcome *out, struct err *err);
};

/* An executor for the sources given; `source` is borrowed and must outlive it. The
 * caller frees with model_executor_free. */
struct executor *model_executor_new(const struct model_source *source);
void model_executor_free(struct executor *executor);

/* A "# simbench: time=45s writes=/usr/lib/app:21MB" annotation. */
struct annotation {
    uint64_t virtual_ms;
    struct {
        char *path;
        uint64_t bytes;
    } * writes;
    size_t write_count;
    struct strv reads, removes; /* reads=PATH fails if missing; removes=PATH */
};
int annotation_parse(const char *text, struct annotation *out, struct err *err);
void annotation_free(struct annotation *a);
/* Bytes of "21MB", "1.5kB", "10", "2MiB"; ms of "45s", "100ms", "1m30s". */
int model_parse_size(const char *text, uint64_t *bytes, struct err *err);
int model_parse_time(const char *text, uint64_t *ms, struct err *err);

#endif
