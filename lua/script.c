/* SPDX-License-Identifier: MIT */
/*
 * The state: limits, protected calls, loading. Memory is counted by the allocator; work
 * by a count hook that, once the limit is passed, fires at every instruction, so that a
 * pcall in a loop cannot outlive it. Memory that is allocated counts as work too: a
 * loop of large strings takes few instructions.
 */
#include "lua/script.h"

#include <limits.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "lua/internal.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

enum { HOOK_INTERVAL = 1000, BYTES_A_STEP = 16 };
#define DEFAULT_MEMORY ((uint64_t)256 << 20)
#define DEFAULT_INSTRUCTIONS UINT64_C(1000000000)
#define SCENARIO_FILE_LIMIT ((size_t)4 << 20)

/* ---- limits ------------------------------------------------------------------------
 */

struct script *script_of(lua_State *L)
{
    void *self = NULL;
    lua_getallocf(L, &self);
    return self;
}

static void *allocate(void *self, void *old, size_t old_size, size_t size)
{
    struct script *script = self;
    if (old == NULL)
        old_size = 0; /* Lua passes the kind of object there */
    if (size == 0) {
        free(old);
        script->memory_used -= old_size;
        return NULL;
    }
    if (size > old_size) {
        if (script->memory_used + (size - old_size) > script->options.memory_limit)
            return NULL;
        script->allocated += size - old_size;
    }
    void *block = realloc(old, size);
    if (block != NULL)
        script->memory_used += size - old_size;
    return block;
}

uint64_t script_work_left(const struct script *script)
{
    uint64_t spent = script->spent + script->allocated / BYTES_A_STEP;
    return spent < script->options.instruction_limit
               ? script->options.instruction_limit - spent
               : 0;
}

static void hook(lua_State *L, lua_Debug *ar);

static int out_of_work(lua_State *L)
{
    struct script *script = script_of(L);
    script->exhausted = true;
    lua_sethook(L, hook, LUA_MASKCOUNT, 1);
    return luaL_error(L,
                      "the script took more than %f million instructions (an "
                      "endless loop?)",
                      (lua_Number)script->options.instruction_limit / 1e6);
}

static void hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct script *script = script_of(L);
    if (!script->exhausted && lua_gethookcount(L) == 1)
        lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_INTERVAL);
    script->spent += HOOK_INTERVAL;
    if (script->exhausted || script_work_left(script) == 0)
        out_of_work(L);
}

void script_charge(lua_State *L, uint64_t work)
{
    struct script *script = script_of(L);
    script->spent += work;
    if (script_work_left(script) == 0)
        out_of_work(L);
}

/* ---- errors ------------------------------------------------------------------------
 */

int script_raise(lua_State *L, const struct err *err)
{
    struct script *script = script_of(L);
    script->host_err = *err;
    script->has_host_err = true;
    luaL_where(L, 1);
    if (err->file[0] != '\0' && err->line != 0)
        lua_pushfstring(L, "%s:%d: %s", err->file, (int)err->line, err->msg);
    else if (err->file[0] != '\0')
        lua_pushfstring(L, "%s: %s", err->file, err->msg);
    else
        lua_pushstring(L, err->msg);
    lua_concat(L, 2);
    return lua_error(L);
}

static const char stop_mark; /* its address is the error value of script_stop */

int script_stop(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&stop_mark);
    return lua_error(L);
}

/* Finds the level whose place the message names, else the innermost Lua function. */
static bool find_place(lua_State *L, const char *msg, lua_Debug *ar, size_t *prefix)
{
    lua_Debug first = {0};
    bool have = false;
    *prefix = 0;
    for (int level = 1; level < 200 && lua_getstack(L, level, ar) != 0; level++) {
        if (lua_getinfo(L, "Sl", ar) == 0 || ar->currentline <= 0)
            continue;
        char place[LUA_IDSIZE + 16];
        int n =
            snprintf(place, sizeof place, "%s:%d: ", ar->short_src, ar->currentline);
        if (n > 0 && strncmp(msg, place, (size_t)n) == 0) {
            *prefix = (size_t)n;
            return true;
        }
        if (!have && ar->source[0] == '@')
            first = *ar;
        have = have || ar->source[0] == '@';
    }
    *ar = first;
    return have;
}

/* Fills err from the error value on top of the stack. */
static void describe(lua_State *L, struct err *err)
{
    struct script *script = script_of(L);
    size_t prefix = 0;
    lua_Debug ar = {0};
    const char *msg = lua_tostring(L, -1);
    if (msg == NULL) {
        msg = luaL_tolstring(L, -1, NULL);
        lua_remove(L, -2);
    }
    bool placed = find_place(L, msg, &ar, &prefix);
    bool outside = script->has_host_err && strstr(msg, script->host_err.msg) != NULL;
    int code = outside && script->host_err.code != ERR_NOT_FOUND ? script->host_err.code
                                                                 : ERR_INPUT;
    luaL_traceback(L, L, NULL, 1); /* [msg][traceback] */
    const char *trace = lua_tostring(L, -1);
    char hint[sizeof err->hint] = "";
    if (outside && script->host_err.hint[0] != '\0')
        snprintf(hint, sizeof hint, "%s", script->host_err.hint);
    err_set(err, code, "%s", msg + prefix);
    if (placed)
        err_at(err, ar.source + 1, (unsigned)ar.currentline);
    err_hint(err, "%s%s%s", hint, *hint != '\0' ? "\n" : "", trace);
    lua_pop(L, 1);
}

/* Message handler; upvalue: struct err. */
static int on_error(lua_State *L)
{
    struct err *err = lua_touserdata(L, lua_upvalueindex(1));
    if (lua_touserdata(L, 1) == &stop_mark)
        err->code = SCRIPT_STOPPED;
    else
        describe(L, err);
    return 1;
}

/* Arguments: function, argument, err; runs protected inside a protected call, because
 * making the handler may itself run out of memory. */
static int call_with_handler(lua_State *L)
{
    struct err *err = lua_touserdata(L, 3);
    lua_pushlightuserdata(L, err);
    lua_pushcclosure(L, on_error, 1); /* [fn][arg][err][handler] */
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    int status = lua_pcall(L, 1, 0, 4);
    if (status == LUA_OK)
        return 0;
    if (err->code == 0) { /* the handler did not come to its end */
        const char *msg = lua_tostring(L, -1);
        err_set(err, ERR_INPUT, "%s", msg != NULL ? msg : "error in error handling");
    }
    lua_pushboolean(L, true);
    return 1;
}

int script_protected(struct script *script, lua_CFunction fn, void *arg,
                     struct err *err)
{
    lua_State *L = script->current != NULL ? script->current : script->L;
    struct err local = ERR_INIT;
    uint64_t spent = script->spent, allocated = script->allocated;
    bool exhausted = script->exhausted;
    script->spent = script->allocated = 0;
    script->exhausted = false;
    if (!lua_checkstack(L, 8))
        return err_set(err, ERR_INPUT, "the script's stack is full");
    int top = lua_gettop(L);
    lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_INTERVAL);
    lua_pushcfunction(L, call_with_handler);
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    lua_pushlightuserdata(L, &local);
    int status = lua_pcall(L, 3, 1, 0);
    if (status != LUA_OK && local.code == 0) {
        const char *msg = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        err_set(&local, ERR_INPUT, "%s", msg != NULL ? msg : "not enough memory");
    }
    lua_settop(L, top);
    lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_INTERVAL);
    script->spent = spent;
    script->allocated = allocated;
    script->exhausted = exhausted;
    if (local.code < 0 && err != NULL)
        *err = local;
    return local.code;
}

/* ---- scopes and loading ------------------------------------------------------------
 */

static struct scope *add_scope(struct script *script, char *folder)
{
    struct scope *scope = xcalloc(1, sizeof *scope);
    scope->script = script;
    scope->index = script->scope_count;
    scope->models = (struct model_source){.self = scope, .run = model_run};
    scope->bases = (struct base_source){
        .self = scope, .resolve = base_resolve, .fetch = base_fetch};
    scope->model_table = scope->base_table = LUA_NOREF;
    scope->folder = folder;
    script->scopes =
        xreallocarray(script->scopes, script->scope_count + 1, sizeof(struct scope *));
    script->scopes[script->scope_count++] = scope;
    script->loading = scope->index;
    return scope;
}

struct source {
    const char *name; /* "@scenarios/x.lua" */
    const char *text;
    size_t len;
};

/* A chunk's syntax error names its line in the text: "name:3: message". */
static int raise_syntax(lua_State *L, const struct source *source)
{
    struct err err = ERR_INIT;
    const char *msg = lua_tostring(L, -1);
    unsigned line = 0;
    for (const char *p = strchr(msg, ':'); p != NULL; p = strchr(p + 1, ':')) {
        char *end = NULL;
        unsigned long n = strtoul(p + 1, &end, 10);
        if (end > p + 1 && strncmp(end, ": ", 2) == 0) {
            line = (unsigned)n;
            msg = end + 2;
            break;
        }
    }
    err_set(&err, ERR_INPUT, "%s", msg);
    struct script *script = script_of(L);
    script->host_err = err;
    script->has_host_err = true;
    script->open_line = line;
    (void)source;
    lua_pushstring(L, msg);
    return lua_error(L);
}

static int run_chunk(lua_State *L)
{
    const struct source *source = lua_touserdata(L, 1);
    struct scope *scope = script_of(L)->scopes[script_of(L)->loading];
    if (scope->model_table == LUA_NOREF) {
        lua_newtable(L);
        scope->model_table = luaL_ref(L, LUA_REGISTRYINDEX);
        lua_newtable(L);
        scope->base_table = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    if (luaL_loadbufferx(L, source->text, source->len, source->name, "t") != LUA_OK)
        return raise_syntax(L, source);
    sandbox_push_globals(L); /* [chunk][globals] */
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 0);
    return 0;
}

/* ---- the embedded files ------------------------------------------------------------
 */

struct embedded {
    const char *name;
    const unsigned char *text;
    size_t len;
};

/* clang-format off */
#define EMBED(id, file) \
    static const unsigned char id[] = {
EMBED(prelude_command, "lua/prelude/command.lua")
#include "lua/prelude/command.lua.inc"
};
EMBED(models_python, "lua/models/python.lua")
#include "lua/models/python.lua.inc"
};
EMBED(models_node, "lua/models/node.lua")
#include "lua/models/node.lua.inc"
};
EMBED(models_system, "lua/models/system.lua")
#include "lua/models/system.lua.inc"
};
EMBED(models_compile, "lua/models/compile.lua")
#include "lua/models/compile.lua.inc"
};
EMBED(bases_debian, "lua/bases/debian.lua")
#include "lua/bases/debian.lua.inc"
};
EMBED(bases_others, "lua/bases/others.lua")
#include "lua/bases/others.lua.inc"
};
/* clang-format on */

static const struct embedded stock[] = {
    {"@lua/models/python.lua", models_python, sizeof models_python},
    {"@lua/models/node.lua", models_node, sizeof models_node},
    {"@lua/models/system.lua", models_system, sizeof models_system},
    {"@lua/models/compile.lua", models_compile, sizeof models_compile},
    {"@lua/bases/debian.lua", bases_debian, sizeof bases_debian},
    {"@lua/bases/others.lua", bases_others, sizeof bases_others},
};

/* Runs the prelude, which returns the methods of c and the declarative model. */
static int run_prelude(lua_State *L)
{
    struct script *script = script_of(L);
    if (luaL_loadbufferx(L, (const char *)prelude_command, sizeof prelude_command,
                         "@lua/prelude/command.lua", "t") != LUA_OK)
        return lua_error(L);
    sandbox_push_globals(L);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 2);
    script->apply = luaL_ref(L, LUA_REGISTRYINDEX);
    script->command_methods = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int open_state(lua_State *L)
{
    sandbox_open(L);
    result_open(L);
    builder_open(L);
    run_prelude(L);
    model_open(L);
    return 0;
}

int script_new(const struct script_options *options, struct script **out,
               struct err *err)
{
    struct script *script = xcalloc(1, sizeof *script);
    script->options = *options;
    if (script->options.memory_limit == 0)
        script->options.memory_limit = DEFAULT_MEMORY;
    if (script->options.instruction_limit == 0)
        script->options.instruction_limit = DEFAULT_INSTRUCTIONS;
    uint64_t limit = script->options.instruction_limit;
    /* the stock files are ours: a caller's small limit is not meant for them */
    script->options.instruction_limit = DEFAULT_INSTRUCTIONS;
    script->L = lua_newstate(allocate, script);
    if (script->L == NULL) {
        free(script);
        return err_set(err, ERR_FAILED, "the memory limit is too small for a script");
    }
    add_scope(script, NULL);
    script->declaring = true;
    int rc = script_protected(script, open_state, NULL, err);
    for (size_t i = 0; rc == 0 && i < sizeof stock / sizeof *stock; i++) {
        struct source source = {stock[i].name, (const char *)stock[i].text,
                                stock[i].len};
        rc = script_protected(script, run_chunk, &source, err);
    }
    script->options.instruction_limit = limit;
    script->declaring = false;
    if (rc != 0) {
        script_free(script);
        return rc;
    }
    *out = script;
    return 0;
}

static void free_scenario(struct script_scenario *public, struct scenario_state *state)
{
    for (size_t v = 0; v < public->variant_count; v++) {
        free((void *)public->variants[v].name);
        free((void *)public->variants[v].dockerfile);
        workspace_free(state->variants[v].start);
        kept_variant_clear(&state->variants[v].kept);
    }
    free((void *)public->variants);
    free((void *)public->name);
    free((void *)public->lesson);
    free((void *)public->scan);
    for (size_t a = 0; a < public->point_len; a++)
        free((void *)public->point[a].name);
    free((void *)public->point);
    free((void *)public->file);
    free(state->variants);
}

void script_free(struct script *script)
{
    if (script == NULL)
        return;
    lua_close(script->L);
    for (size_t i = 0; i < script->scenario_count; i++)
        free_scenario(&script->scenarios[i], &script->states[i]);
    free(script->scenarios);
    free(script->states);
    for (size_t i = 0; i < script->scope_count; i++) {
        base_list_free(script->scopes[i]->base_list);
        free(script->scopes[i]->folder);
        free(script->scopes[i]->text);
        free(script->scopes[i]);
    }
    free(script->scopes);
    script_checks_free(script->checks, script->check_count);
    free(script);
}

static char *folder_of(const char *path)
{
    size_t n = path_parent_len(path);
    if (n > 0)
        return xstrndup(path, n);
    return xstrdup(path[0] == '/' ? "/" : ".");
}

int script_load(struct script *script, const char *path, struct err *err)
{
    AUTO_BUF text = BUF_INIT;
    int rc = file_read(path, SCENARIO_FILE_LIMIT, &text, err);
    if (rc == 0)
        return script_load_text(script, path, buf_str(&text), text.len, err);
    return rc == ERR_NOT_FOUND ? err_recode(err, ERR_INPUT) : rc;
}

int script_load_text(struct script *script, const char *path, const char *text,
                     size_t len, struct err *err)
{
    size_t before = script->scenario_count;
    add_scope(script, folder_of(path))->text = xstrndup(text, len);
    AUTO_FREE char *name = xasprintf("@%s", path);
    size_t skip = strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    struct source source = {name, text + skip, len - skip};
    script->open_name = NULL;
    script->open_line = 0;
    script->has_host_err = false;
    struct err local = ERR_INIT;
    script->declaring = true;
    int rc = script_protected(script, run_chunk, &source, &local);
    script->declaring = false;
    if (rc != 0) {
        err_at(&local, path, script->open_line);
    } else if (script->open_name != NULL) {
        rc = err_set(&local, ERR_INPUT, "scenario \"%s\" has no table after its name",
                     script->open_name);
        err_at(&local, path, script->open_line);
        err_hint(&local, "write  scenario \"name\" { variants = {…}, steps = … }");
    } else if (script->scenario_count == before) {
        rc = err_set(&local, ERR_INPUT, "the file declares no scenario");
        err_at(&local, path, 0);
        err_hint(&local, "write  scenario \"name\" { variants = {…}, steps = … }");
    }
    if (rc != 0 && err != NULL)
        *err = local;
    return rc;
}

const struct model_source *script_models(struct script *script, size_t scenario)
{
    size_t scope = scenario == SCRIPT_STOCK ? 0 : script->states[scenario].scope;
    return &script->scopes[scope]->models;
}

const struct base_source *script_bases(struct script *script, size_t scenario)
{
    size_t scope = scenario == SCRIPT_STOCK ? 0 : script->states[scenario].scope;
    return &script->scopes[scope]->bases;
}

size_t script_scenario_count(const struct script *script)
{
    return script->scenario_count;
}

const struct script_scenario *script_scenario(const struct script *script, size_t i)
{
    return &script->scenarios[i];
}

const char *script_text(const struct script *script, size_t scenario)
{
    return script->scopes[script->states[scenario].scope]->text;
}
