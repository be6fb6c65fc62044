/* SPDX-License-Identifier: MIT */
/* Random small projects and single edits of them, for the property tests of sim/build.
 * All of it follows from a seed. */
#ifndef TESTS_UNIT_BUILD_RANDOM_PROJECT_H
#define TESTS_UNIT_BUILD_RANDOM_PROJECT_H

#include "tests/unit/build/lab.h"

enum { PROJECT_LINES = 40 };

struct project {
    uint64_t seed;
    char *lines[PROJECT_LINES]; /* of the Dockerfile */
    size_t len;
    struct strv ignore; /* lines of .dockerignore; none: no file */
    unsigned stages;
    bool all_flags;   /* BuildKit's words too */
    unsigned counter; /* makes texts that occur nowhere else */
};

/* An edit, and each change that may be named for it: "kind what name|from|to"; "*"
 * stands for any text. */
struct project_edit {
    char *what; /* for messages */
    struct strv allowed;
    bool nothing_runs; /* nor may any cause be named */
};

uint64_t project_random(struct project *p, uint64_t below);
/* Makes a project with its files in lab's workspace. */
void project_make(struct project *p, struct lab *lab, uint64_t seed);
void project_free(struct project *p);
char *project_dockerfile(const struct project *p);
/* Makes one edit. The caller frees out->what and out->allowed. */
void project_edit(struct project *p, struct lab *lab, struct project_edit *out);

#endif
