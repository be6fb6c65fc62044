/* SPDX-License-Identifier: MIT */
/*
 * What a scenario may call: an allow-list of the base, table, string, math, utf8 and
 * coroutine libraries. Every file gets copies of the library tables, so that what one
 * changes no other sees; the table behind strings' methods can be reached by none.
 */
#include <lualib.h>
#include <string.h>

#include "lua/internal.h"

static const char libraries_key; /* registry: name -> allowed functions */
static const char seed_key;      /* registry: math.randomseed */

/* Elements one table.move, insert or remove may shift. */
#define SHIFT_LIMIT 10000000

static int say(lua_State *L)
{
    struct script *script = script_of(L);
    luaL_Buffer line;
    int n = lua_gettop(L);
    luaL_buffinit(L, &line);
    for (int i = 1; i <= n; i++) {
        luaL_tolstring(L, i, NULL);
        if (i > 1) {
            lua_pushliteral(L, "\t");
            lua_insert(L, -2);
            lua_concat(L, 2);
        }
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    script_charge(L, 100);
    if (script->options.log != NULL)
        script->options.log(script->options.log_payload, lua_tostring(L, -1));
    return 0;
}

/* setmetatable without __gc: finalizers run with the instruction hook switched off. */
static int set_metatable(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "__gc is not available in a scenario");
        lua_pop(L, 1);
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

/* Calls the original (upvalue 1) with all arguments. */
static int call_original(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int bounded_move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    if (last >= first) {
        lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;
        luaL_argcheck(L, count < SHIFT_LIMIT, 3, "too many elements to move");
        script_charge(L, count);
    }
    return call_original(L);
}

/* table.insert, remove, concat, sort, unpack: a __len of the script's may claim any
 * length, and each takes a loop in C as long as that. */
static int bounded_length(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 1);
    luaL_argcheck(L, n >= 0 && n <= SHIFT_LIMIT, 1, "table is too long");
    script_charge(L, (uint64_t)n / 8);
    return call_original(L);
}

static int bounded_concat(lua_State *L)
{
    lua_Integer first = luaL_optinteger(L, 3, 1);
    lua_Integer last = lua_isnoneornil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
    if (last >= first) {
        lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;
        luaL_argcheck(L, count < SHIFT_LIMIT, 1, "too many elements");
        script_charge(L, count);
    }
    return call_original(L);
}

static int bounded_rep(lua_State *L)
{
    size_t len = 0, gap = 0;
    luaL_checklstring(L, 1, &len);
    lua_Integer n = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &gap);
    uint64_t limit = script_of(L)->options.memory_limit;
    if (n > 0 && len + gap > 0 && (uint64_t)n > limit / (len + gap))
        return luaL_error(L, "not enough memory (string.rep of %d bytes, %f times)",
                          (int)(len < 1000000 ? len : 1000000), (lua_Number)n);
    if (n > 0 && len + gap == 0)
        lua_settop(L, 1);
    if (n > 0 && len + gap == 0)
        return 1;
    return call_original(L);
}

/* upvalue: the script's handler */
static int guarded_handler(lua_State *L)
{
    if (script_of(L)->exhausted)
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

/* xpcall whose handler does not see the end of the instructions: an error that the hook
 * raises calls the handler with the hook switched off. */
static int bounded_xpcall(lua_State *L)
{
    int n = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded_handler, 1);
    lua_replace(L, 2);
    lua_pushvalue(L, 1);
    lua_insert(L, 3); /* [f][handler][f][arguments] */
    int status = lua_pcall(L, n - 2, LUA_MULTRET, 2);
    lua_pushboolean(L, status == LUA_OK);
    if (status != LUA_OK) {
        lua_insert(L, -2);
        return 2;
    }
    lua_replace(L, 2);
    return lua_gettop(L) - 1;
}

struct wrapped {
    const char *library, *name;
    lua_CFunction wrapper;
};

static const struct wrapped wrappers[] = {
    {"table", "move", bounded_move},     {"table", "insert", bounded_length},
    {"table", "remove", bounded_length}, {"table", "sort", bounded_length},
    {"table", "concat", bounded_concat}, {"string", "rep", bounded_rep},
};

static const char *const base_names[] = {
    "assert",   "error",    "getmetatable", "ipairs",   "next",   "pairs",
    "pcall",    "rawequal", "rawget",       "rawlen",   "rawset", "select",
    "tonumber", "tostring", "type",         "_VERSION", NULL};
static const char *const table_names[] = {"concat", "insert", "move",   "pack",
                                          "remove", "sort",   "unpack", NULL};
static const char *const string_names[] = {
    "byte",  "char",  "find", "format",  "gmatch", "gsub",  "len",
    "lower", "match", "rep",  "reverse", "sub",    "upper", NULL};
static const char *const math_names[] = {
    "abs",  "acos",       "asin",      "atan", "ceil", "cos",    "deg",
    "exp",  "floor",      "fmod",      "huge", "log",  "max",    "maxinteger",
    "min",  "mininteger", "modf",      "pi",   "rad",  "random", "sin",
    "sqrt", "tan",        "tointeger", "type", "ult",  NULL};
static const char *const utf8_names[] = {"char", "charpattern", "codepoint", "codes",
                                         "len",  "offset",      NULL};
static const char *const coroutine_names[] = {"close",  "create",  "isyieldable",
                                              "resume", "running", "status",
                                              "wrap",   "yield",   NULL};

static const struct library {
    const char *name;
    lua_CFunction open;
    const char *const *allowed;
} libraries[] = {
    {LUA_GNAME, luaopen_base, base_names},
    {LUA_TABLIBNAME, luaopen_table, table_names},
    {LUA_STRLIBNAME, luaopen_string, string_names},
    {LUA_MATHLIBNAME, luaopen_math, math_names},
    {LUA_UTF8LIBNAME, luaopen_utf8, utf8_names},
    {LUA_COLIBNAME, luaopen_coroutine, coroutine_names},
};
enum { LIBRARIES = sizeof libraries / sizeof *libraries };

/* Puts wrappers around what is in the table of a library on top. */
static void wrap(lua_State *L, const char *library)
{
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
        if (strcmp(wrappers[i].library, library) != 0)
            continue;
        lua_getfield(L, -1, wrappers[i].name);
        lua_pushcclosure(L, wrappers[i].wrapper, 1);
        lua_setfield(L, -2, wrappers[i].name);
    }
}

/* Pushes a table with the allowed functions of one library. */
static void push_allowed(lua_State *L, const struct library *library)
{
    luaL_requiref(L, library->name, library->open, 0); /* [lib] */
    lua_newtable(L);                                   /* [lib][allowed] */
    for (const char *const *name = library->allowed; *name != NULL; name++) {
        lua_getfield(L, -2, *name);
        lua_setfield(L, -2, *name);
    }
    if (strcmp(library->name, LUA_MATHLIBNAME) == 0) {
        lua_getfield(L, -2, "randomseed");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &seed_key);
    }
    lua_remove(L, -2); /* [allowed] */
    if (strcmp(library->name, LUA_STRLIBNAME) == 0)
        strings_replace(L);
    wrap(L, library->name);
}

/* "x":method() goes through a table of its own. */
static void close_string_metatable(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1); /* [""][mt] */
    push_allowed(L, &libraries[2]);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

void sandbox_open(lua_State *L)
{
    lua_newtable(L); /* [libs] */
    for (size_t i = 0; i < LIBRARIES; i++) {
        push_allowed(L, &libraries[i]);
        lua_setfield(L, -2, libraries[i].name);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &libraries_key);
    close_string_metatable(L);
    sandbox_seed(L);
}

void sandbox_seed(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &seed_key);
    lua_pushinteger(L, 20240101);
    lua_call(L, 1, 0);
}

static void copy_into(lua_State *L, int from, int to)
{
    from = lua_absindex(L, from);
    to = lua_absindex(L, to);
    for (lua_pushnil(L); lua_next(L, from) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2); /* [key][key][value] */
        lua_rawset(L, to);
    }
}

void sandbox_push_globals(lua_State *L)
{
    lua_newtable(L); /* [globals] */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &libraries_key);
    for (size_t i = 0; i < LIBRARIES; i++) {
        lua_getfield(L, -1, libraries[i].name); /* [globals][libs][lib] */
        if (i == 0) {
            copy_into(L, -1, -3);
            lua_pop(L, 1);
            continue;
        }
        lua_newtable(L);
        copy_into(L, -2, -1);
        lua_setfield(L, -4, libraries[i].name);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, set_metatable);
    lua_setfield(L, -2, "setmetatable");
    lua_pushcfunction(L, bounded_xpcall);
    lua_setfield(L, -2, "xpcall");
    lua_pushcfunction(L, say);
    lua_setfield(L, -2, "print");
    lua_pushcfunction(L, say);
    lua_setfield(L, -2, "log");
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    declare_open(L);
}
