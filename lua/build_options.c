/* SPDX-License-Identifier: MIT */
/* The options of b:build and b:plan. */
#include "lua/internal.h"

static const char *const build_keys[] = {"target",          "args",  "no_cache",
                                         "no_cache_filter", "fails", NULL};

static int lists_gc(lua_State *L)
{
    struct build_lists *lists = lua_touserdata(L, 1);
    strv_free(&lists->args);
    strv_free(&lists->filter);
    return 0;
}

struct build_lists *build_lists_push(lua_State *L)
{
    struct build_lists *lists = lua_newuserdatauv(L, sizeof *lists, 0);
    *lists = (struct build_lists){.args = STRV_INIT};
    if (luaL_newmetatable(L, "simbench.BuildLists")) {
        lua_pushcfunction(L, lists_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return lists;
}

/* args = { VERSION = "2" } or { "VERSION=2", "TOKEN" } at the top of the stack. */
static void read_args(lua_State *L, struct strv *out)
{
    if (!lua_istable(L, -1))
        luaL_error(L, "\"args\" is a table of NAME = value, not a %s",
                   luaL_typename(L, -1));
    lua_Integer n = luaL_len(L, -1);
    int table = lua_gettop(L);
    for (lua_Integer i = 1; i <= n && i <= 10000; i++) {
        if (lua_geti(L, table, i) != LUA_TSTRING)
            luaL_error(L, "\"args\": item %d is not a text NAME=value", (int)i);
        strv_add(out, lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    if (n > 0)
        return;
    size_t count = value_push_sorted_keys(L, table, "args");
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, table + 1, (lua_Integer)i);
        lua_pushvalue(L, -1);
        lua_gettable(L, table); /* …[name][value] */
        const char *value = luaL_tolstring(L, -1, NULL);
        lua_pushfstring(L, "%s=%s", lua_tostring(L, -3), value);
        strv_add(out, lua_tostring(L, -1));
        lua_settop(L, table + 1);
    }
    lua_settop(L, table);
}

/* no_cache_filter = "stage" or a list of stages, at the top of the stack. */
static void read_filter(lua_State *L, struct strv *out)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        strv_add(out, lua_tostring(L, -1));
        return;
    }
    if (!lua_istable(L, -1))
        luaL_error(L, "\"no_cache_filter\" is a stage's name or a list of them");
    lua_Integer n = luaL_len(L, -1);
    for (lua_Integer i = 1; i <= n && i <= 10000; i++) {
        if (lua_geti(L, -1, i) != LUA_TSTRING)
            luaL_error(L, "\"no_cache_filter\": item %d is not a text", (int)i);
        strv_add(out, lua_tostring(L, -1));
        lua_pop(L, 1);
    }
}

bool build_fails_read(lua_State *L, int opts, const char **fragment)
{
    *fragment = NULL;
    if (!lua_istable(L, opts))
        return false;
    int type = lua_getfield(L, opts, "fails");
    if (type == LUA_TSTRING)
        *fragment = lua_tostring(L, -1);
    else if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        luaL_error(L, "\"fails\" is true or a part of the expected message");
    bool fails = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return fails;
}

void build_options_read(lua_State *L, int opts, struct script_build *build,
                        struct build_lists *lists)
{
    if (lua_isnoneornil(L, opts))
        return;
    luaL_checktype(L, opts, LUA_TTABLE);
    keys_check(L, opts, "a build's options", build_keys);
    build->target = value_string_field(L, opts, "target");
    build->no_cache = value_bool_field(L, opts, "no_cache");
    int top = lua_gettop(L);
    if (lua_getfield(L, opts, "args") != LUA_TNIL)
        read_args(L, &lists->args);
    lua_settop(L, top);
    if (lua_getfield(L, opts, "no_cache_filter") != LUA_TNIL)
        read_filter(L, &lists->filter);
    lua_settop(L, top);
    build->build_args = lists->args;
    build->no_cache_filter = lists->filter;
}
