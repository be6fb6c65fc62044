/* SPDX-License-Identifier: MIT */
/*
 * The programs through which real builders are asked, as their command lines. Which
 * daemon they speak to is the user's choice, by the usual variables (DOCKER_HOST,
 * DOCKER_CONTEXT, BUILDKIT_HOST, CONTAINERS_STORAGE_CONF, …), which are passed on.
 * No command here deletes anything but images that simbench itself named, and what
 * containers of their builds were left standing on them.
 */
#ifndef BENCH_ENGINE_TOOL_H
#define BENCH_ENGINE_TOOL_H

#include "bench/engine_log.h"
#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/image/archive.h"

/* One image that stands in for a base; see bench/twin.h. */
struct tool_base {
    const char *name;    /* as the Dockerfile that is built calls it */
    const char *archive; /* file or folder, in the tool's format */
    const char *digest;  /* of the manifest, where the format has one, else NULL */
};

/* What one build is to do. */
struct tool_build {
    const char *context, *dockerfile; /* paths; the latter's folder holds it alone */
    const char *image;                /* name for the result */
    const char *target;               /* NULL: the last stage */
    const struct strv *build_args, *no_cache_filter;
    const char *plan; /* value of FTP_PROXY for the stand-ins, NULL: none */
    bool no_cache, offline;
    const struct tool_base *bases;
    size_t base_count;
    enum log_format format;
    const char *output; /* buildctl: write the image there too; NULL: no */
};

struct engine_tool {
    const char *engine;                          /* "buildkit" */
    const char *name;                            /* "docker buildx" */
    const char *const *version, *const *answers; /* argv; exit status 0 is yes */
    enum log_format format;
    enum log_format old_format; /* before `json_since` ("0.13"), if that is not NULL */
    const char *json_since;
    enum archive_format archive; /* of bases */
    bool dockerfile_inside; /* the Dockerfile that is built must lie in the context */
    void (*build)(const struct tool_build *build, struct strv *argv, struct strv *env);
    /* argv of bringing a base in, of writing an image to a file, of taking a name away;
     * NULL where nothing has to be done. */
    void (*load)(const char *archive, struct strv *argv);
    void (*save)(const char *image, const char *file, struct strv *argv);
    void (*remove)(const char *image, struct strv *argv);
};
extern const struct engine_tool tool_buildx, tool_docker, tool_classic, tool_buildctl,
    tool_buildah, tool_podman;

/* NULL-terminated, in the order in which they are preferred. */
const struct engine_tool *const *engine_tools(void);

struct tool_state {
    bool found, answers;
    struct buf version; /* one line */
    struct buf why;     /* it does not answer */
    enum log_format format;
};
void tool_probe(const struct engine_tool *tool, struct tool_state *out);
void tool_state_free(struct tool_state *state);

/* The first tool of the engine that is found and answers. ERR_ENVIRONMENT says of each
 * why not, and how to get one. */
int tool_choose(const char *engine, const struct engine_tool **out,
                enum log_format *format, struct err *err);

/* Adds words up to NULL. */
void tool_words(struct strv *argv, ...) __attribute__((sentinel));

#endif
