/* SPDX-License-Identifier: MIT */
/* From the options of `build` and `plan` to struct build_options. */
#ifndef BENCH_BUILD_SETUP_H
#define BENCH_BUILD_SETUP_H

#include <stdbool.h>

#include "bench/bases.h"
#include "bench/cli.h"
#include "bench/exec_choice.h"
#include "bench/options.h"
#include "lua/script.h"
#include "sim/build/build.h"

struct build_values {
    const char *file, *target, *against, *iidfile, *compression, *ssh;
    struct strv tags, build_args, no_cache_filter, contexts, outputs, secrets, hosts,
        allow;
    bool no_cache, check, explain, pull;
    int exec, progress, semantics, network;
    unsigned jobs;
};

#define SEMANTICS_WORDS "buildkit|classic|buildah"

/* The rows of the option table that `build` and `plan` share. */
#define BUILD_VALUE(member) offsetof(struct build_values, member)
#define BUILD_SHARED_OPTIONS                                                             \
    {"file",                                                                             \
     'f',                                                                                \
     OPTION_TEXT,                                                                        \
     BUILD_VALUE(file),                                                                  \
     "FILE",                                                                             \
     "the Dockerfile (default: CONTEXT/Dockerfile; -: standard input)",                  \
     0},                                                                                 \
        {"target",                                                                       \
         0,                                                                              \
         OPTION_TEXT,                                                                    \
         BUILD_VALUE(target),                                                            \
         "STAGE",                                                                        \
         "stop at this stage (name or number)",                                          \
         0},                                                                             \
        {"build-arg",                                                                    \
         0,                                                                              \
         OPTION_LIST,                                                                    \
         BUILD_VALUE(build_args),                                                        \
         "K[=V]",                                                                        \
         "value of an ARG; without =V from the environment",                             \
         0},                                                                             \
        {"no-cache",                                                                     \
         0,                                                                              \
         OPTION_FLAG,                                                                    \
         BUILD_VALUE(no_cache),                                                          \
         NULL,                                                                           \
         "reuse nothing; results are still saved",                                       \
         0},                                                                             \
        {"no-cache-filter",                                                              \
         0,                                                                              \
         OPTION_LIST,                                                                    \
         BUILD_VALUE(no_cache_filter),                                                   \
         "STAGE",                                                                        \
         "reuse nothing in this stage",                                                  \
         0},                                                                             \
        {"build-context",                                                                \
         0,                                                                              \
         OPTION_LIST,                                                                    \
         BUILD_VALUE(contexts),                                                          \
         "NAME=DIR",                                                                     \
         "a folder that COPY --from=NAME and FROM NAME see",                             \
         0},                                                                             \
        {"exec",                                                                         \
         0,                                                                              \
         OPTION_CHOICE,                                                                  \
         BUILD_VALUE(exec),                                                              \
         EXEC_WORDS,                                                                     \
         "how RUN happens: modelled, or for real",                                       \
         0},                                                                             \
        {"semantics",         0, OPTION_CHOICE, BUILD_VALUE(semantics), SEMANTICS_WORDS, \
         "whose cache rules", 0},                                                        \
        {"secret",                                                                       \
         0,                                                                              \
         OPTION_LIST,                                                                    \
         BUILD_VALUE(secrets),                                                           \
         "id=ID[,src=FILE|,env=VAR]",                                                    \
         "a secret for RUN --mount=type=secret",                                         \
         0},                                                                             \
        {"ssh",                                                                          \
         0,                                                                              \
         OPTION_TEXT,                                                                    \
         BUILD_VALUE(ssh),                                                               \
         "default[=SOCKET]",                                                             \
         "the agent for RUN --mount=type=ssh",                                           \
         0},                                                                             \
        {"add-host",                                                                     \
         0,                                                                              \
         OPTION_LIST,                                                                    \
         BUILD_VALUE(hosts),                                                             \
         "NAME:ADDRESS",                                                                 \
         "an entry of /etc/hosts for RUN",                                               \
         0},                                                                             \
        {"allow",                                                                        \
         0,                                                                              \
         OPTION_LIST,                                                                    \
         BUILD_VALUE(allow),                                                             \
         "security.insecure",                                                            \
         "permit RUN --security=insecure",                                               \
         0},                                                                             \
        {"network",        0, OPTION_CHOICE, BUILD_VALUE(network), "none|host",          \
         "network of RUN", 0},                                                           \
        {"pull", 0, OPTION_FLAG, BUILD_VALUE(pull), NULL, "resolve FROM anew", 0},       \
        {"against",                                                                      \
         0,                                                                              \
         OPTION_TEXT,                                                                    \
         BUILD_VALUE(against),                                                           \
         "BUILD",                                                                        \
         "say why steps ran compared with this build",                                   \
         0},                                                                             \
        {"jobs",                                                                         \
         'j',                                                                            \
         OPTION_NUMBER,                                                                  \
         BUILD_VALUE(jobs),                                                              \
         "N",                                                                            \
         "stages built at once (default: processors)",                                   \
         1},                                                                             \
    {                                                                                    \
        "progress", 0, OPTION_CHOICE, BUILD_VALUE(progress), PROGRESS_WORDS,             \
            "how the build is shown", 0                                                  \
    }

/* Everything a build borrows; zero-initialise, fill with build_setup, end with
 * bench_build_setup_free whatever happened. Must not move in between. */
struct build_setup {
    struct build_options options;
    struct store *store;
    struct script *script; /* stock models and bases; NULL in the sandbox */
    struct exec_choice exec;
    struct image_bases bases;
    struct build_context *contexts;
    struct build_secret *secrets;
    struct exec_host *hosts;
    struct strv words; /* owned strings that the options point to */
    struct strv build_args;
    struct buf dockerfile; /* text from standard input */
    const char *dockerfile_name;
};

int bench_build_setup(const struct cli *cli, const struct build_values *values,
                      const char *context, struct build_setup *out, struct err *err);
void bench_build_setup_free(struct build_setup *setup);

/* ERR_INPUT unless dir is a folder that can be read. */
int bench_check_context(const char *dir, struct err *err);
/* What stands on standard input, at most `limit` bytes and one more. */
int bench_read_stdin(size_t limit, struct buf *out, struct err *err);

#endif
