/* SPDX-License-Identifier: MIT */
/* scenario "name" {…}: reading a declaration into the script's list; check(). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lua/internal.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

#define CONTEXT_LIMIT ((uint64_t)256 << 20)

static unsigned caller_line(lua_State *L)
{
    lua_Debug ar;
    if (lua_getstack(L, 1, &ar) == 0 || lua_getinfo(L, "l", &ar) == 0 ||
        ar.currentline < 0)
        return 0;
    return (unsigned)ar.currentline;
}

/* A context in the making: collected before it moves into the script, so that an error
 * that unwinds leaves it to the collector. */
struct draft {
    struct workspace *ws;
};

static int draft_gc(lua_State *L)
{
    struct draft *draft = lua_touserdata(L, 1);
    workspace_free(draft->ws);
    draft->ws = NULL;
    return 0;
}

static struct draft *push_draft(lua_State *L)
{
    struct draft *draft = lua_newuserdatauv(L, sizeof *draft, 0);
    draft->ws = NULL;
    if (luaL_newmetatable(L, "simbench.Draft")) {
        lua_pushcfunction(L, draft_gc);
        lua_setfield(L, -2, "__gc");
        lua_pushboolean(L, false);
        lua_setfield(L, -2, "__metatable");
    }
    lua_setmetatable(L, -2);
    return draft;
}

/* ---- context -----------------------------------------------------------------------
 */

static const char *const file_keys[] = {"text", "mode", "symlink", "size", "dir", NULL};

/* The file of a path from its value at `index`: a text or {text=, mode=, …}. */
static void add_file(lua_State *L, struct workspace *ws, const char *path, int index)
{
    struct err err = ERR_INIT;
    int rc = 0;
    size_t len = 0;
    index = lua_absindex(L, index);
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &len);
        rc = workspace_write(ws, path, text, len, &err);
        if (rc != 0)
            script_raise(L, &err);
        return;
    }
    if (!lua_istable(L, index))
        luaL_error(L, "context[\"%s\"] is a text or a table, not a %s", path,
                   luaL_typename(L, index));
    keys_check(L, index, "a file of the context", file_keys);
    const char *link = value_string_field(L, index, "symlink");
    if (link != NULL) {
        rc = workspace_symlink(ws, link, path, &err);
    } else if (value_bool_field(L, index, "dir")) {
        rc = workspace_mkdir(ws, path, &err);
    } else if (lua_getfield(L, index, "size") != LUA_TNIL) {
        rc = workspace_write_sized(ws, path, value_size(L, -1, path), &err);
    } else {
        value_string_field(L, index, "text");
        lua_getfield(L, index, "text");
        const char *text = lua_tolstring(L, -1, &len);
        rc = workspace_write(ws, path, text != NULL ? text : "", len, &err);
    }
    if (rc == 0 && lua_getfield(L, index, "mode") != LUA_TNIL)
        rc = workspace_chmod(ws, path, value_mode(L, -1, path), &err);
    if (rc != 0)
        script_raise(L, &err);
    lua_settop(L, index);
}

static void add_files(lua_State *L, struct workspace *ws, int index)
{
    index = lua_absindex(L, index);
    size_t n = value_push_sorted_keys(L, index, "context"); /* [keys] */
    int keys = lua_gettop(L);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, keys, (lua_Integer)i);
        lua_pushvalue(L, -1);
        lua_gettable(L, index); /* [keys][path][value] */
        add_file(L, ws, lua_tostring(L, -2), -1);
        lua_settop(L, keys);
    }
    lua_pop(L, 1);
}

/* A folder's path relative to the scenario file, which may not lead out of its folder.
 */
static void add_folder(lua_State *L, struct workspace *ws, const char *relative)
{
    struct script *script = script_of(L);
    const char *folder = script->scopes[script->loading]->folder;
    char root[PATH_MAX], real[PATH_MAX], joined[PATH_MAX];
    struct err err = ERR_INIT;
    if (folder == NULL || relative[0] == '/')
        luaL_error(L,
                   "context \"%s\": a folder's path is relative to the scenario file",
                   relative);
    int n = snprintf(joined, sizeof joined, "%s/%s", folder, relative);
    if (n < 0 || (size_t)n >= sizeof joined || realpath(folder, root) == NULL ||
        realpath(joined, real) == NULL)
        luaL_error(L, "context \"%s\": no such folder beside the scenario file",
                   relative);
    size_t len = strlen(root);
    bool inside = strncmp(real, root, len) == 0 && real[len] == '/';
    if (!inside)
        luaL_error(L, "context \"%s\" lies outside the scenario's folder", relative);
    if (workspace_load(ws, real, CONTEXT_LIMIT, &err) != 0)
        script_raise(L, &err);
}

/* The context at `index` (nil, table or folder) added to the workspace. */
static void add_context(lua_State *L, struct workspace *ws, int index)
{
    int type = lua_type(L, index);
    if (type == LUA_TTABLE)
        add_files(L, ws, index);
    else if (type == LUA_TSTRING)
        add_folder(L, ws, lua_tostring(L, index));
    else if (type != LUA_TNIL)
        luaL_error(L,
                   "\"context\" is a table of files or the path of a folder, not a "
                   "%s",
                   luaL_typename(L, index));
}

/* ---- variants ----------------------------------------------------------------------
 */

static const char *const variant_keys[] = {"dockerfile", "context", NULL};

/* Builds the start of one variant: shared context, its own, its Dockerfile. Pushes the
 * draft. The variant's value is at `index`. */
static void push_variant(lua_State *L, int shared, int index)
{
    struct err err = ERR_INIT;
    struct draft *draft = push_draft(L);
    int top = lua_gettop(L);
    draft->ws = workspace_copy(((struct draft *)lua_touserdata(L, shared))->ws);
    lua_pushvalue(L, index);
    if (lua_istable(L, -1)) {
        keys_check(L, -1, "a variant", variant_keys);
        lua_getfield(L, -1, "context");
        add_context(L, draft->ws, -1);
        lua_pop(L, 1);
        lua_getfield(L, -1, "dockerfile");
    }
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "a variant is the text of a Dockerfile, or { dockerfile = text, "
                      "context = {…} }");
    size_t len = 0;
    const char *text = lua_tolstring(L, -1, &len);
    if (workspace_write(draft->ws, "Dockerfile", text, len, &err) != 0)
        script_raise(L, &err);
    lua_settop(L, top);
}

static char *dockerfile_of(struct workspace *ws)
{
    struct buf text = BUF_INIT;
    const struct entry *e = workspace_find(ws, "Dockerfile");
    if (e != NULL)
        content_load(&e->content, e->size, (uint64_t)64 << 20, &text, NULL);
    return buf_steal(&text);
}

/* ---- the declaration ---------------------------------------------------------------
 */

static const char *const scenario_keys[] = {"lesson", "context", "variants", "steps",
                                            "expect", "scan",    NULL};

static int function_field(lua_State *L, int index, const char *key, bool required)
{
    int type = lua_getfield(L, index, key);
    if (type == LUA_TNIL && !required) {
        lua_pop(L, 1);
        return LUA_NOREF;
    }
    if (type != LUA_TFUNCTION)
        luaL_error(L, "\"%s\" is a function, not %s", key,
                   type == LUA_TNIL ? "missing" : lua_typename(L, type));
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Moves the drafts (a list at `drafts`, names at `names`) into the script. No call in
 * here raises. */
static void adopt(lua_State *L, struct script_scenario *public,
                  struct scenario_state *state, int names, int drafts, size_t n)
{
    struct script_variant *variants = xcalloc(n, sizeof *variants);
    state->variants = xcalloc(n, sizeof *state->variants);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, names, (lua_Integer)i + 1);
        lua_rawgeti(L, drafts, (lua_Integer)i + 1);
        struct draft *draft = lua_touserdata(L, -1);
        variants[i].name = xstrdup(lua_tostring(L, -2));
        variants[i].dockerfile = dockerfile_of(draft->ws);
        state->variants[i].start = STEAL(draft->ws);
        lua_pop(L, 2);
    }
    public->variants = variants;
    public->variant_count = n;
}

/* Pushes a field of the declaration at 1; where it is a function, what it makes of the
 * point at 2. Returns the type. */
static int push_field(lua_State *L, const char *key)
{
    int type = lua_getfield(L, 1, key);
    if (type != LUA_TFUNCTION)
        return type;
    if (lua_isnil(L, 2))
        luaL_error(L, "\"%s\" is a function only in a scenario with a scan", key);
    lua_pushvalue(L, 2);
    lua_call(L, 1, 1);
    return lua_type(L, -1);
}

/* Pushes names and drafts of the variants; returns how many. */
static size_t push_variants(lua_State *L, int shared)
{
    struct workspace *ws = ((struct draft *)lua_touserdata(L, shared))->ws;
    int type = push_field(L, "variants"); /* [variants] */
    if (type == LUA_TNIL && workspace_find(ws, "Dockerfile") != NULL) {
        lua_newtable(L); /* the Dockerfile of the context is the only variant */
        char *text = dockerfile_of(ws);
        lua_pushstring(L, text);
        free(text);
        lua_setfield(L, -2, "default");
        lua_replace(L, -2);
    } else if (type != LUA_TTABLE) {
        luaL_error(L, "\"variants\" is a table of name = Dockerfile text");
    }
    int variants = lua_gettop(L);
    size_t n = value_push_sorted_keys(L, variants, "variants"); /* [variants][names] */
    if (n == 0)
        luaL_error(L, "\"variants\" is empty");
    lua_createtable(L, (int)n, 0); /* [variants][names][drafts] */
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, variants + 1, (lua_Integer)i);
        lua_gettable(L, variants); /* …[value] */
        push_variant(L, shared, lua_gettop(L));
        lua_rawseti(L, variants + 2, (lua_Integer)i);
        lua_settop(L, variants + 2);
    }
    return n;
}

static void refuse_second(lua_State *L, const struct script *script, const char *name)
{
    for (size_t i = 0; i < script->scenario_count; i++) {
        const struct script_scenario *s = &script->scenarios[i];
        if (script->states[i].scope == script->loading &&
            (strcmp(s->name, name) == 0 ||
             (s->scan != NULL && strcmp(s->scan, name) == 0)))
            luaL_error(L, "scenario \"%s\" was declared already in line %d", name,
                       (int)s->line);
    }
}

static void grow(struct script *script)
{
    if (script->scenario_count < script->scenario_cap)
        return;
    script->scenario_cap = script->scenario_cap * 2 + 8;
    script->scenarios = xreallocarray(script->scenarios, script->scenario_cap,
                                      sizeof *script->scenarios);
    script->states =
        xreallocarray(script->states, script->scenario_cap, sizeof *script->states);
}

/* The declaration is the table at 1; `scan` and the point at 2 for a point of a scan,
 * else NULL and nil. */
static void declare_one(lua_State *L, const char *name, const char *scan)
{
    struct script *script = script_of(L);
    const char *lesson = value_string_field(L, 1, "lesson");
    struct draft *shared = push_draft(L); /* [shared] */
    int at = lua_gettop(L);
    shared->ws = workspace_new();
    push_field(L, "context");
    add_context(L, shared->ws, at + 1);
    lua_settop(L, at);
    size_t n = push_variants(L, at); /* [shared][variants][names][drafts] */
    struct scenario_state state = {
        .scope = script->loading, .expect = LUA_NOREF, .point = LUA_NOREF};
    state.expect = function_field(L, 1, "expect", false);
    state.steps = function_field(L, 1, "steps", true);
    if (scan != NULL) {
        lua_pushvalue(L, 2);
        state.point = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_Debug ar;
    const char *file = "";
    if (lua_getstack(L, 1, &ar) != 0 && lua_getinfo(L, "S", &ar) != 0)
        file = ar.source + 1;
    grow(script);
    struct script_scenario public = {
        .name = xstrdup(name),
        .lesson = xstrdup(lesson != NULL ? lesson : ""),
        .file = xstrdup(file),
        .line = (unsigned)lua_tointeger(L, lua_upvalueindex(2)),
        .has_expect = state.expect != LUA_NOREF,
    };
    if (scan != NULL)
        scan_adopt(L, 2, scan, &public);
    adopt(L, &public, &state, at + 2, at + 3, n);
    script->scenarios[script->scenario_count] = public;
    script->states[script->scenario_count++] = state;
}

/* upvalues: name, line */
static int declare_scenario(lua_State *L)
{
    struct script *script = script_of(L);
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    script->open_name = NULL;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    keys_check(L, 1, "a scenario", scenario_keys);
    refuse_second(L, script, name);
    lua_pushnil(L); /* 2: the point */
    lua_getfield(L, 1, "scan");
    size_t points = scan_push_points(L, 3); /* 3 scan, 4 points */
    if (points == 0) {
        lua_settop(L, 2);
        declare_one(L, name, NULL);
        return 0;
    }
    lua_replace(L, 3); /* 3 points */
    int all = luaL_ref(L, LUA_REGISTRYINDEX);
    for (size_t i = 1; i <= points; i++) {
        lua_settop(L, 1);
        lua_rawgeti(L, LUA_REGISTRYINDEX, all); /* 2 points */
        lua_rawgeti(L, 2, (lua_Integer)i);
        lua_replace(L, 2);          /* 2 point */
        scan_push_name(L, name, 2); /* 3 name: kept alive while it is in use */
        declare_one(L, lua_tostring(L, 3), name);
    }
    luaL_unref(L, LUA_REGISTRYINDEX, all);
    return 0;
}

static int open_scenario(lua_State *L)
{
    struct script *script = script_of(L);
    const char *name = luaL_checkstring(L, 1);
    unsigned line = caller_line(L);
    if (*name == '\0')
        return luaL_error(L, "a scenario needs a name");
    if (script->loading == 0 || !script->declaring)
        return luaL_error(L, "scenario() belongs at the top of a scenario file");
    lua_pushvalue(L, 1);
    lua_pushinteger(L, (lua_Integer)line);
    lua_pushcclosure(L, declare_scenario, 2);
    lua_pushvalue(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "simbench.open"); /* keeps the name alive */
    script->open_name = name;
    script->open_line = line;
    return 1;
}

/* ---- check -------------------------------------------------------------------------
 */

static int check(lua_State *L)
{
    struct script *script = script_of(L);
    luaL_checkany(L, 1);
    const char *message = luaL_optstring(L, 2, "check");
    if (!script->expecting)
        return luaL_error(L, "check() belongs in expect");
    if (script->check_count >= 100000)
        return luaL_error(L, "over 100000 checks");
    bool ok = lua_toboolean(L, 1) != 0;
    script->checks =
        xreallocarray(script->checks, script->check_count + 1, sizeof *script->checks);
    script->checks[script->check_count++] = (struct script_check){
        .message = xstrdup(message), .ok = ok, .line = caller_line(L)};
    lua_pushboolean(L, ok);
    return 1;
}

void declare_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"scenario", open_scenario},
                                         {"model", declare_model},
                                         {"base", declare_base},
                                         {"check", check},
                                         {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
