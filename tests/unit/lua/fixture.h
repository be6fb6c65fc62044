/* SPDX-License-Identifier: MIT */
/* A scenario file from a text, and a host that records what is asked of it. */
#ifndef TESTS_UNIT_LUA_FIXTURE_H
#define TESTS_UNIT_LUA_FIXTURE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lua/script.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

struct fixture {
    struct script *script;
    char *folder, *path;
    struct err err;
    struct buf log; /* what the host was asked, a line each */
    struct build_step steps[2];
    struct build_result result;
    struct base_layer layer;
    int build_rc;
    struct script_options options;
};

static inline void fixture_log(void *payload, const char *line)
{
    struct fixture *f = payload;
    buf_addf(&f->log, "%s\n", line);
}

static inline int host_build(void *self, struct workspace *ws,
                             const struct script_build *build,
                             const struct build_result **out, struct err *err)
{
    struct fixture *f = self;
    const struct entry *e = workspace_find(ws, "Dockerfile");
    buf_addf(&f->log, "build %s target=%s args=%s%s%s files=%zu df=%u\n", build->label,
             build->target != NULL ? build->target : "-",
             build->build_args.len > 0 ? build->build_args.items[0] : "",
             build->no_cache ? " no_cache" : "", build->plan_only ? " plan" : "",
             workspace_tree(ws)->len, e != NULL ? (unsigned)e->size : 0);
    *out = &f->result;
    return f->build_rc == 0
               ? 0
               : err_at((err_set(err, f->build_rc, "step 2 exited with 1"), err),
                        "Dockerfile", 2);
}

static inline int host_prune(void *self, const struct prune_options *options,
                             struct err *err)
{
    (void)err;
    buf_addf(&((struct fixture *)self)->log, "prune all=%d keep=%u\n", options->all,
             (unsigned)options->keep_bytes);
    return 0;
}

static inline int host_pull(void *self, const char *image, uint64_t *ms,
                            uint64_t *bytes, struct err *err)
{
    buf_addf(&((struct fixture *)self)->log, "pull %s\n", image);
    *ms = 1500;
    *bytes = 42;
    if (strcmp(image, "missing") == 0)
        return err_set(err, ERR_NOT_FOUND, "no image missing");
    return 0;
}

static inline int host_fresh(void *self, struct err *err)
{
    (void)err;
    buf_adds(&((struct fixture *)self)->log, "fresh\n");
    return 0;
}

static inline int host_cache_to(void *self, const char *name, bool all, struct err *err)
{
    (void)err;
    buf_addf(&((struct fixture *)self)->log, "cache_to %s %d\n", name, all);
    return 0;
}

static inline int host_cache_from(void *self, const char *name, struct err *err)
{
    (void)err;
    buf_addf(&((struct fixture *)self)->log, "cache_from %s\n", name);
    return 0;
}

static inline struct script_host fixture_host(struct fixture *f)
{
    return (struct script_host){.self = f,
                                .build = host_build,
                                .prune = host_prune,
                                .pull = host_pull,
                                .fresh_machine = host_fresh,
                                .cache_to = host_cache_to,
                                .cache_from = host_cache_from};
}

static inline void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.log = BUF_INIT};
    f->options.log = fixture_log;
    f->options.log_payload = f;
    assert_int_equal(file_temp_folder("/tmp", "simbench-lua", &f->folder, &f->err), 0);
    f->path = xasprintf("%s/a.lua", f->folder);
    static struct miss_change change = {.kind = "file", .what = "content"};
    static struct miss miss = {.reason = MISS_INPUT, .root = 2, .change_count = 1};
    change.name = (char *)(uintptr_t) "app.py";
    miss.changes = &change;
    miss.text = (char *)(uintptr_t) "app.py changed";
    f->steps[0] = (struct build_step){.index = 1,
                                      .total = 2,
                                      .stage = "0",
                                      .line = 1,
                                      .instruction = "FROM x",
                                      .word = "FROM",
                                      .status = STEP_CACHED,
                                      .base_name = "x",
                                      .base_layers = 1,
                                      .has_virtual = true};
    f->steps[1] = (struct build_step){.index = 2,
                                      .total = 2,
                                      .stage = "0",
                                      .line = 2,
                                      .instruction = "COPY . .",
                                      .word = "COPY",
                                      .status = STEP_RAN,
                                      .has_layer = true,
                                      .size = 10,
                                      .has_virtual = true,
                                      .virtual_ms = 100,
                                      .miss = &miss};
    f->layer.size = 10;
    f->result = (struct build_result){.steps = f->steps,
                                      .step_count = 2,
                                      .layers = &f->layer,
                                      .layer_count = 1,
                                      .size = 10,
                                      .has_virtual = true,
                                      .virtual_ms = 100};
}

/* Loads a scenario text; the code of script_load. */
static inline int fixture_load(struct fixture *f, const char *text)
{
    struct err err = ERR_INIT;
    script_free(f->script);
    f->script = NULL;
    f->err = (struct err)ERR_INIT;
    buf_clear(&f->log);
    assert_int_equal(file_write(f->path, text, strlen(text), &err), 0);
    if (script_new(&f->options, &f->script, &err) != 0)
        fail_msg("%s:%u %s\n%s", err.file, err.line, err.msg, err.hint);
    return script_load(f->script, f->path, &f->err);
}

/* Runs all variants of the first scenario, then nothing more. */
static inline int fixture_run(struct fixture *f)
{
    struct script_host host = fixture_host(f);
    int rc = 0;
    for (size_t v = 0; rc == 0 && v < script_scenario(f->script, 0)->variant_count; v++)
        rc = script_run_variant(f->script, 0, v, &host, &f->err);
    return rc;
}

/* A whole scenario around the body of steps, one variant "v". */
static inline int fixture_steps(struct fixture *f, const char *body)
{
    char *text = xasprintf("scenario \"s\" { context = { [\"app.py\"] = \"one\\n\" },\n"
                           "variants = { v = \"FROM x\\n\" }, steps = function(b)\n%s\n"
                           "end }\n",
                           body);
    int rc = fixture_load(f, text);
    if (rc != 0)
        fail_msg("%s:%u %s", f->err.file, f->err.line, f->err.msg);
    free(text);
    return fixture_run(f);
}

static inline void fixture_free(struct fixture *f)
{
    struct err err = ERR_INIT;
    script_free(f->script);
    buf_free(&f->log);
    file_remove_tree(f->folder, &err);
    free(f->folder);
    free(f->path);
}

#endif
