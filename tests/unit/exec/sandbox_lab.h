/* SPDX-License-Identifier: MIT */
/*
 * RUN for real, on a small image of busybox. Tests are skipped where there is no static
 * busybox or the kernel allows neither root nor an unprivileged user what the sandbox
 * needs.
 */
#ifndef TESTS_UNIT_EXEC_SANDBOX_LAB_H
#define TESTS_UNIT_EXEC_SANDBOX_LAB_H

#include "tests/support.h"

#include "sim/base/mem.h"
#include "sim/exec/sandbox.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { LAYERS_MOST = 80 };

struct image {
    char *dir; /* of the store */
    struct store *store;
    struct executor *executor; /* NULL: cannot be had here */
    struct layer *layers[LAYERS_MOST];
    struct digest ids[LAYERS_MOST];
    size_t layer_count;
};

/* For cmocka_run_group_tests: the state is a struct image. */
int sandbox_setup(void **state);
int sandbox_teardown(void **state);
/* The image as it was set up; skips the test where there is no sandbox. */
struct image *need_sandbox(void **state);
/* Another one, of a store below the folder; false where it cannot be made. */
bool image_open(struct image *image, const char *parent);
void image_close(struct image *image);
/* Takes the executor away where it is refused what no set-up asks for. */
void image_probe(struct image *image);
/* Whether it works without a user namespace. */
bool is_privileged(const struct image *image);
/* text: of a file, or where a link leads. */
void add_entry(struct tree *tree, const char *path, enum entry_type type, uint32_t mode,
               const char *text);
/* Takes the tree. */
void push_layer(struct image *image, struct tree *tree);
struct view *image_view(const struct image *image);

struct trial {
    struct exec_run run; /* what a test sets; the rest is filled in */
    int rc;
    struct err err;
    struct exec_result result;
    struct view *view;
    struct buf out, errors;
};

void try_argv(struct image *image, struct trial *t, const struct strv *argv);
/* By /bin/sh. */
void try_script(struct image *image, struct trial *t, const char *script);
void trial_free(struct image *image, struct trial *t);
/* Its output, whatever the status; errors of the sandbox fail the test. */
void expect_output(struct image *image, struct trial *t, const char *script,
                   const char *expected);
/* A line a change: path, kind, mode, owner, target or text. */
void list_changes(const struct trial *t, struct buf *out);
void expect_changes(struct image *image, struct trial *t, const char *script,
                    const char *expected);

#endif
