/* SPDX-License-Identifier: MIT */
/* Which engines there are. */
#include "bench/engine.h"

#include <string.h>

#include "sim/dockerfile/dockerfile.h"

int engine_find(const char *name, const struct engine **out, struct err *err)
{
    static const char *const real[] = {"buildkit", "classic", "buildah"};
    if (strcmp(name, engine_builtin.name) == 0) {
        *out = &engine_builtin;
        return 0;
    }
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        if (strcmp(name, real[i]) != 0)
            continue;
        err_set(err, ERR_ENVIRONMENT,
                "this version of simbench cannot run scenarios on %s", name);
        return err_hint(err,
                        "--engine builtin --semantics %s follows its cache rules; "
                        "simbench engines lists what is installed",
                        name);
    }
    err_set(err, ERR_INPUT, "unknown engine '%s'", name);
    return err_hint(err, "one of builtin|buildkit|classic|buildah");
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
