/* SPDX-License-Identifier: MIT */
/*
 * Folders of files to be built from. All of it follows from a seed: 0 is the plain
 * shape (files of one size, a hundred a folder, folders two deep); another one draws
 * other sizes around the same mean, other depths, names and numbers a folder.
 */
#ifndef BENCH_SPEED_FILES_H
#define BENCH_SPEED_FILES_H

#include <stdint.h>

#include "sim/base/err.h"

struct files {
    unsigned count;
    uint64_t bytes; /* of a file, on average */
    unsigned chain; /* 0: a tree; else one folder in another, so many, the files spread
                     * over them evenly */
    uint64_t seed;
};

/* Writes them below dir/src. Like all here it ends with the data on the disk, so that
 * nobody's time has their writing in it. */
int files_make(const char *dir, const struct files *files, struct err *err);
/* Gives every file other bytes of the same number: nothing that was built before is
 * like any of them. Another salt, other bytes. */
int files_salt(const char *dir, const struct files *files, uint64_t salt,
               struct err *err);
/* The same with one file in the middle. */
int files_edit(const char *dir, const struct files *files, uint64_t salt,
               struct err *err);

#endif
