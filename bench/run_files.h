/* SPDX-License-Identifier: MIT */
/* The scenario files of a run: loaded first, all of them, then run in order or on
 * several threads, shown in order in any case. */
#ifndef BENCH_RUN_FILES_H
#define BENCH_RUN_FILES_H

#include "bench/runner.h"

struct scenario_file {
    const char *path;
    struct script *script;
    size_t *scenarios; /* indices of those that were chosen */
    size_t count;
    size_t first;             /* position of the first of them in results */
    struct script *before;    /* measured in turns with it: bench/again.h; NULL: none */
    size_t *before_scenarios; /* of each chosen one; SIZE_MAX: none */
};
struct scenario_files {
    struct scenario_file *items;
    size_t len;
    size_t chosen; /* scenarios in all */
};

/* Loads the files and chooses the scenarios whose names match `filter` (a glob, NULL
 * for all). print() of a script comes out on standard error. ERR_INPUT if one cannot be
 * loaded: nothing has run yet. */
int run_files_load(const char *const *paths, size_t count, const char *filter,
                   struct scenario_files *out, struct err *err);
void run_files_free(struct scenario_files *files);

/* Runs everything that was chosen. Output goes to `out` in the order of the files,
 * failures to standard error through print_failure after their file. */
struct run_files_options {
    struct runner_options runner;
    unsigned jobs;     /* files at once */
    bool keep_sources; /* the text of the files, in the results */
    bool former;       /* `again` gets what the files have in `before`, only that */
    FILE *out;
    void (*print_failure)(void *payload, const struct err *err);
    void *payload;
};
/* The exit code of the failures. `again` gets what is measured in turns; NULL: nothing.
 */
int run_files(const struct scenario_files *files, struct results *results,
              struct results *again, const struct run_files_options *options);

#endif
