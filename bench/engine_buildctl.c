/* SPDX-License-Identifier: MIT */
/*
 * buildctl: BuildKit without docker. Bases are named contexts, so nothing is loaded,
 * and an image exists only where it is written to: the build that is measured writes
 * none.
 */
#include <string.h>

#include "bench/engine_tool.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

static void add_opt(struct strv *argv, const char *name, const char *value)
{
    strv_add(argv, "--opt");
    strv_take(argv, xasprintf("%s=%s", name, value));
}

static void add_local(struct strv *argv, const char *name, const char *dir)
{
    strv_add(argv, "--local");
    strv_take(argv, xasprintf("%s=%s", name, dir));
}

static void add_bases(const struct tool_build *build, struct strv *argv)
{
    for (size_t i = 0; i < build->base_count; i++) {
        const struct tool_base *base = &build->bases[i];
        strv_add(argv, "--oci-layout");
        strv_take(argv, xasprintf("base%zu=%s", i, base->archive));
        strv_add(argv, "--opt");
        strv_take(argv, xasprintf("context:%s=oci-layout://base%zu@%s", base->name, i,
                                  base->digest));
    }
}

static void buildctl_build(const struct tool_build *build, struct strv *argv,
                           struct strv *env)
{
    (void)env;
    AUTO_FREE char *dir = xstrndup(
        build->dockerfile, (size_t)(path_base(build->dockerfile) - build->dockerfile));
    tool_words(argv, "buildctl", "build",
               build->format == LOG_RAWJSON ? "--progress=rawjson" : "--progress=plain",
               "--frontend=dockerfile.v0", NULL);
    add_local(argv, "context", build->context);
    add_local(argv, "dockerfile", dir);
    add_opt(argv, "filename", path_base(build->dockerfile));
    if (build->target != NULL)
        add_opt(argv, "target", build->target);
    for (size_t i = 0; build->build_args != NULL && i < build->build_args->len; i++) {
        strv_add(argv, "--opt");
        strv_take(argv, xasprintf("build-arg:%s", build->build_args->items[i]));
    }
    if (build->no_cache)
        strv_add(argv, "--no-cache");
    AUTO_BUF stages = BUF_INIT;
    for (size_t i = 0;
         build->no_cache_filter != NULL && i < build->no_cache_filter->len; i++)
        buf_addf(&stages, "%s%s", i > 0 ? "," : "", build->no_cache_filter->items[i]);
    if (stages.len > 0)
        add_opt(argv, "no-cache", stages.data);
    if (build->offline)
        add_opt(argv, "force-network-mode", "none");
    if (build->plan != NULL)
        add_opt(argv, "build-arg:FTP_PROXY", build->plan);
    add_bases(build, argv);
    if (build->output != NULL) {
        strv_add(argv, "--output");
        strv_take(argv,
                  xasprintf("type=docker,dest=%s,name=%s,compression=uncompressed",
                            build->output, build->image));
    }
}

static const char *const version[] = {"buildctl", "--version", NULL};
static const char *const answers[] = {"buildctl", "debug", "workers", NULL};

const struct engine_tool tool_buildctl = {
    .engine = "buildkit",
    .name = "buildctl",
    .version = version,
    .answers = answers,
    .format = LOG_RAWJSON,
    .old_format = LOG_PLAIN,
    .json_since = "0.13",
    .archive = ARCHIVE_OCI_DIR,
    .build = buildctl_build,
};
