/* SPDX-License-Identifier: MIT */
/* Running a scenario: `steps` for one variant, `expect` over the kept results. */
#include <stdlib.h>

#include "lua/internal.h"
#include "sim/base/mem.h"

void running_unref(struct running *running)
{
    if (--running->refs == 0)
        free(running);
}

struct steps_call {
    struct running *running;
    int steps, point;
};

static int call_steps(lua_State *L)
{
    struct steps_call *call = lua_touserdata(L, 1);
    sandbox_seed(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->steps);
    builder_push(L, call->running);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->point); /* nil for LUA_NOREF */
    lua_call(L, 2, 0);
    return 0;
}

int script_run_variant(struct script *script, size_t scenario, size_t variant,
                       const struct script_host *host, struct err *err)
{
    struct scenario_state *state = &script->states[scenario];
    struct variant_state *v = &state->variants[variant];
    kept_variant_clear(&v->kept);
    v->kept.ran = true;
    struct running *running = xcalloc(1, sizeof *running);
    *running = (struct running){
        .script = script,
        .host = host,
        .ws = workspace_copy(v->start),
        .variant = script->scenarios[scenario].variants[variant].name,
        .kept = &v->kept,
        .has_expect = state->expect != LUA_NOREF,
        .open = true,
        .refs = 1,
    };
    struct steps_call call = {running, state->steps, state->point};
    script->has_host_err = false;
    struct err local = ERR_INIT;
    int rc = script_protected(script, call_steps, &call, &local);
    script->current = NULL;
    if (rc != 0) {
        err_at(&local, script->scenarios[scenario].file, 0);
        if (err != NULL)
            *err = local;
    }
    result_unref(STEAL(running->last));
    workspace_free(running->ws);
    running->ws = NULL;
    running->open = false;
    running_unref(running);
    return rc;
}

struct expect_call {
    size_t scenario;
    int expect, point;
};

static int call_expect(lua_State *L)
{
    struct expect_call *call = lua_touserdata(L, 1);
    sandbox_seed(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->expect);
    result_push_all(L, script_of(L), call->scenario);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->point);
    lua_call(L, 2, 0);
    return 0;
}

int script_expect(struct script *script, size_t scenario, struct script_check **out,
                  size_t *len, struct err *err)
{
    *out = NULL;
    *len = 0;
    struct expect_call call = {scenario, script->states[scenario].expect,
                               script->states[scenario].point};
    if (call.expect == LUA_NOREF)
        return 0;
    script->expecting = true;
    script->has_host_err = false;
    struct err local = ERR_INIT;
    int rc = script_protected(script, call_expect, &call, &local);
    script->expecting = false;
    if (rc != 0) {
        err_at(&local, script->scenarios[scenario].file, 0);
        if (err != NULL)
            *err = local;
    }
    /* also after an error: the checks that came before it count */
    *out = STEAL(script->checks);
    *len = script->check_count;
    script->check_count = 0;
    return rc;
}

void script_checks_free(struct script_check *checks, size_t len)
{
    for (size_t i = 0; i < len; i++)
        free(checks[i].message);
    free(checks);
}
