/* SPDX-License-Identifier: MIT */
/* The docker command: buildx, the BuildKit inside its daemon, and the classic builder.
 */
#include <stddef.h>

#include "bench/engine_tool.h"
#include "bench/environment.h"
#include "sim/base/mem.h"

static void add_pairs(struct strv *argv, const char *option, const struct strv *values)
{
    for (size_t i = 0; values != NULL && i < values->len; i++)
        tool_words(argv, option, values->items[i], NULL);
}

static void add_common(const struct tool_build *build, struct strv *argv,
                       struct strv *env)
{
    tool_words(argv, "-f", build->dockerfile, "-t", build->image, NULL);
    if (build->target != NULL)
        tool_words(argv, "--target", build->target, NULL);
    add_pairs(argv, "--build-arg", build->build_args);
    if (build->no_cache)
        strv_add(argv, "--no-cache");
    if (build->offline)
        strv_add(argv, "--network=none");
    if (build->plan != NULL) {
        /* Without a value docker takes it from its environment. */
        tool_words(argv, "--build-arg", "FTP_PROXY", NULL);
        strv_take(env, xasprintf("FTP_PROXY=%s", build->plan));
    }
    tool_words(env, "DOCKER_CLI_HINTS=false", "BUILDX_GIT_INFO=0",
               "BUILDX_NO_DEFAULT_ATTESTATIONS=1", NULL);
}

static void buildx_build(const struct tool_build *build, struct strv *argv,
                         struct strv *env)
{
    /* The builder inside the daemon, which sees the daemon's images: others would have
     * to fetch what was only loaded. It has the name of docker's context. */
    const char *context = environment_set("DOCKER_CONTEXT");
    tool_words(argv, "docker", "buildx", "build", "--builder",
               context != NULL ? context : "default", "--load",
               build->format == LOG_RAWJSON ? "--progress=rawjson" : "--progress=plain",
               NULL);
    add_common(build, argv, env);
    add_pairs(argv, "--no-cache-filter", build->no_cache_filter);
    strv_add(argv, build->context);
}

static void docker_build(const struct tool_build *build, struct strv *argv,
                         struct strv *env)
{
    tool_words(argv, "docker", "build", "--progress=plain", NULL);
    tool_words(env, "DOCKER_BUILDKIT=1", NULL);
    add_common(build, argv, env);
    add_pairs(argv, "--no-cache-filter", build->no_cache_filter);
    strv_add(argv, build->context);
}

static void classic_build(const struct tool_build *build, struct strv *argv,
                          struct strv *env)
{
    tool_words(argv, "docker", "build", "--force-rm", NULL);
    tool_words(env, "DOCKER_BUILDKIT=0", NULL);
    add_common(build, argv, env);
    strv_add(argv, build->context);
}

static void docker_load(const char *archive, struct strv *argv)
{
    tool_words(argv, "docker", "load", "-q", "-i", archive, NULL);
}

static void docker_save(const char *image, const char *file, struct strv *argv)
{
    tool_words(argv, "docker", "save", "-o", file, image, NULL);
}

static void docker_remove(const char *image, struct strv *argv)
{
    tool_words(argv, "docker", "rmi", image, NULL);
}

static const char *const buildx_version[] = {"docker", "buildx", "version", NULL};
static const char *const docker_version[] = {"docker", "--version", NULL};
static const char *const docker_answers[] = {"docker", "version", "--format",
                                             "{{.Server.Version}}", NULL};

const struct engine_tool tool_buildx = {
    .engine = "buildkit",
    .name = "docker buildx",
    .version = buildx_version,
    .answers = docker_answers,
    .format = LOG_RAWJSON,
    .old_format = LOG_PLAIN,
    .json_since = "0.13",
    .archive = ARCHIVE_DOCKER,
    .build = buildx_build,
    .load = docker_load,
    .save = docker_save,
    .remove = docker_remove,
};
const struct engine_tool tool_docker = {
    .engine = "buildkit",
    .name = "docker build",
    .version = docker_version,
    .answers = docker_answers,
    .format = LOG_PLAIN,
    .archive = ARCHIVE_DOCKER,
    .build = docker_build,
    .load = docker_load,
    .save = docker_save,
    .remove = docker_remove,
};
/* A Dockerfile from elsewhere is sent in the context under a name of chance, which COPY
 * can see: it has to stand in the place of the context's own. */
const struct engine_tool tool_classic = {
    .engine = "classic",
    .name = "docker build",
    .version = docker_version,
    .answers = docker_answers,
    .format = LOG_CLASSIC,
    .archive = ARCHIVE_DOCKER,
    .dockerfile_inside = true,
    .build = classic_build,
    .load = docker_load,
    .save = docker_save,
    .remove = docker_remove,
};
