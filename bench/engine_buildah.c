/* SPDX-License-Identifier: MIT */
/* buildah, and podman, which builds with the same code. */
#include <stddef.h>

#include "bench/engine_tool.h"
#include "sim/base/mem.h"

static void add_build(const struct tool_build *build, struct strv *argv)
{
    tool_words(argv, "build", "--layers", "--force-rm", "-f", build->dockerfile, "-t",
               build->image, NULL);
    if (build->target != NULL)
        tool_words(argv, "--target", build->target, NULL);
    for (size_t i = 0; build->build_args != NULL && i < build->build_args->len; i++)
        tool_words(argv, "--build-arg", build->build_args->items[i], NULL);
    if (build->no_cache)
        strv_add(argv, "--no-cache");
    if (build->offline)
        strv_add(argv, "--network=none");
    if (build->plan != NULL) {
        strv_add(argv, "--build-arg");
        strv_take(argv, xasprintf("FTP_PROXY=%s", build->plan));
    }
    strv_add(argv, build->context);
}

static void buildah_build(const struct tool_build *build, struct strv *argv,
                          struct strv *env)
{
    (void)env;
    strv_add(argv, "buildah");
    add_build(build, argv);
}

static void podman_build(const struct tool_build *build, struct strv *argv,
                         struct strv *env)
{
    (void)env;
    strv_add(argv, "podman");
    add_build(build, argv);
}

static void buildah_load(const char *archive, struct strv *argv)
{
    tool_words(argv, "buildah", "pull", "-q", NULL);
    strv_take(argv, xasprintf("docker-archive:%s", archive));
}

static void buildah_save(const char *image, const char *file, struct strv *argv)
{
    tool_words(argv, "buildah", "push", "-q", image, NULL);
    strv_take(argv, xasprintf("docker-archive:%s", file));
}

/* Forced, because a build that failed leaves its container standing on our twin. */
static void buildah_remove(const char *image, struct strv *argv)
{
    tool_words(argv, "buildah", "rmi", "-f", image, NULL);
}

static void podman_load(const char *archive, struct strv *argv)
{
    tool_words(argv, "podman", "load", "-q", "-i", archive, NULL);
}

static void podman_save(const char *image, const char *file, struct strv *argv)
{
    tool_words(argv, "podman", "save", "-q", "--format=docker-archive", "-o", file,
               image, NULL);
}

static void podman_remove(const char *image, struct strv *argv)
{
    tool_words(argv, "podman", "rmi", "-f", image, NULL);
}

static const char *const buildah_version[] = {"buildah", "--version", NULL};
static const char *const podman_version[] = {"podman", "--version", NULL};

const struct engine_tool tool_buildah = {
    .engine = "buildah",
    .name = "buildah",
    .version = buildah_version,
    .format = LOG_BUILDAH,
    .archive = ARCHIVE_DOCKER,
    .build = buildah_build,
    .load = buildah_load,
    .save = buildah_save,
    .remove = buildah_remove,
};
const struct engine_tool tool_podman = {
    .engine = "buildah",
    .name = "podman",
    .version = podman_version,
    .format = LOG_BUILDAH,
    .archive = ARCHIVE_DOCKER,
    .build = podman_build,
    .load = podman_load,
    .save = podman_save,
    .remove = podman_remove,
};
