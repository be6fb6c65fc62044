/* SPDX-License-Identifier: MIT */
/* A small laboratory for builds in memory: a workspace, one base image "busybox", the
 * model executor without Lua models (plain file commands are built in). */
#ifndef TESTS_UNIT_BUILD_LAB_H
#define TESTS_UNIT_BUILD_LAB_H

#include "sim/build/build.h"
#include "sim/build/memo.h"
#include "sim/context/workspace.h"

struct lab {
    struct store *store;
    struct layer_memo *memo;
    struct build_memo *plans; /* NULL: each build parses and plans anew */
    struct executor *executor;
    struct base_source bases;
    struct workspace *ws;
    struct tree *base_tree;  /* busybox's only layer */
    const char *base_env;    /* an extra variable of its config, NULL: none */
    struct workspace *other; /* the named context "other"; NULL: none */
    struct strv args;
    struct build_secret secret; /* id NULL: none; borrowed */
    struct exec_host host;      /* name NULL: none; borrowed */
    enum semantics semantics;
    const char *target;
    bool no_cache, plan_only;
    const struct strv *no_cache_filter; /* NULL: none */
    int64_t source_date_epoch;
    build_listener *listener; /* NULL: none */
    void *listener_payload;
    void (*adjust)(struct tree *files); /* changes the context on its way; NULL: none */
};

void lab_open(struct lab *lab, enum semantics semantics);
void lab_close(struct lab *lab);
/* "path=text" entries; "path/" makes a folder, "path@target" a symlink. */
void lab_files(struct lab *lab, const char *const *files);
/* Builds; returns the code, err says why. The caller frees out. */
int lab_build(struct lab *lab, const char *dockerfile, struct build_result *out,
              struct err *err);
/* The name "busybox" means another image from now on: its layer has one file more. */
void lab_move_base(struct lab *lab);
/* Plans are good only while bases stay what they are. */
void lab_forget_plans(struct lab *lab);
/* One letter a RUN, COPY, ADD or WORKDIR step: C cached, R ran. */
void lab_letters(const struct build_result *result, char *out);

#endif
