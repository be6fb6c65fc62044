/* SPDX-License-Identifier: MIT */
/* Which engines there are. */
#include "bench/engine.h"

#include <string.h>

#include "bench/engine_real.h"
#include "bench/engine_tool.h"
#include "sim/base/mem.h"
#include "sim/dockerfile/dockerfile.h"

static int buildkit_open(const struct engine_options *options, void **session,
                         struct err *err)
{
    return engine_real_open("buildkit", SEMANTICS_BUILDKIT, options, session, err);
}

static int classic_open(const struct engine_options *options, void **session,
                        struct err *err)
{
    return engine_real_open("classic", SEMANTICS_CLASSIC, options, session, err);
}

static int buildah_open(const struct engine_options *options, void **session,
                        struct err *err)
{
    return engine_real_open("buildah", SEMANTICS_BUILDAH, options, session, err);
}

#define REAL_ENGINE(word, opener)                                                      \
    {                                                                                  \
        .name = (word), .open = (opener), .close = engine_real_close,                  \
        .build = engine_real_build, .prune = engine_real_prune,                        \
        .pull = engine_real_pull, .fresh_machine = engine_real_fresh_machine,          \
        .cache_to = engine_real_cache_to, .cache_from = engine_real_cache_from,        \
        .predicted = engine_real_predicted                                             \
    }

int engine_find(const char *name, const struct engine **out, struct err *err)
{
    static const struct engine real[] = {
        REAL_ENGINE("buildkit", buildkit_open),
        REAL_ENGINE("classic", classic_open),
        REAL_ENGINE("buildah", buildah_open),
    };
    if (strcmp(name, engine_builtin.name) == 0) {
        *out = &engine_builtin;
        return 0;
    }
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        const struct engine_tool *tool;
        enum log_format format;
        if (strcmp(name, real[i].name) != 0)
            continue;
        *out = &real[i];
        return tool_choose(name, &tool, &format, err);
    }
    err_set(err, ERR_INPUT, "unknown engine '%s'", name);
    return err_hint(err, "one of builtin|buildkit|classic|buildah");
}

char *engine_version(const char *name)
{
    for (const struct engine_tool *const *t = engine_tools(); *t != NULL; t++) {
        struct tool_state state;
        if (strcmp((*t)->engine, name) != 0)
            continue;
        tool_probe(*t, &state);
        char *text = state.answers
                         ? xasprintf("%s: %s", (*t)->name, buf_str(&state.version))
                         : NULL;
        tool_state_free(&state);
        if (text != NULL)
            return text;
    }
    return NULL;
}

int engine_dockerfile(struct workspace *ws, struct buf *out, struct err *err)
{
    const struct entry *entry = tree_find(workspace_tree(ws), "Dockerfile");
    if (entry == NULL || entry->type != ENTRY_FILE) {
        err_set(err, ERR_INPUT, "the workspace has no file Dockerfile");
        return err_hint(err, "write one with b:dockerfile(text)");
    }
    return content_load(&entry->content, entry->size, DOCKERFILE_LIMIT, out, err);
}
