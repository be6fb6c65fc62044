/* SPDX-License-Identifier: MIT */
/* Sizes, times and modes as scenarios write them. */
#include "lua/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/exec/model.h"

uint64_t value_size(lua_State *L, int index, const char *what)
{
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number n = lua_tonumber(L, index);
        if (n < 0 || n > 1e15 || n != floor(n))
            luaL_error(L, "%s: a size in bytes is a whole number from 0 on", what);
        return (uint64_t)n;
    }
    struct err err = ERR_INIT;
    uint64_t bytes = 0;
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L,
                   "%s: a size is a number of bytes or a text like \"21.3MB\", not "
                   "a %s",
                   what, luaL_typename(L, index));
    if (model_parse_size(lua_tostring(L, index), &bytes, &err) != 0)
        luaL_error(L, "%s: %s (%s)", what, err.msg, err.hint);
    return bytes;
}

uint64_t value_time_ms(lua_State *L, int index, const char *what)
{
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number n = lua_tonumber(L, index);
        if (!(n >= 0 && n <= 315360000.0))
            luaL_error(L, "%s: a time is a number of seconds from 0 on", what);
        return (uint64_t)llround(n * 1000.0);
    }
    struct err err = ERR_INIT;
    uint64_t ms = 0;
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L,
                   "%s: a time is a number of seconds or a text like \"45s\", not a "
                   "%s",
                   what, luaL_typename(L, index));
    if (model_parse_time(lua_tostring(L, index), &ms, &err) != 0)
        luaL_error(L, "%s: %s (%s)", what, err.msg, err.hint);
    return ms;
}

/* Lua has no octal: 0755 in a script is the number 755, and it means rwxr-xr-x. What is
 * no sensible mode when read that way (493, or 420 from tonumber("644", 8)) is taken as
 * the value itself. */
static uint32_t number_mode(lua_State *L, lua_Integer n, const char *what)
{
    if (n < 0 || n > 7777)
        luaL_error(L, "%s: a mode is written \"0644\" or 644", what);
    char text[16];
    lua_Integer digits = n;
    snprintf(text, sizeof text, "%d", (int)digits);
    if (strspn(text, "01234567") == strlen(text)) {
        uint32_t mode = (uint32_t)strtoul(text, NULL, 8);
        uint32_t owner = mode >> 6 & 7, group = mode >> 3 & 7, other = mode & 7;
        if ((group & ~owner) == 0 && (other & ~owner) == 0)
            return mode;
    }
    if (n > 07777)
        luaL_error(L, "%s: a mode is written \"0644\" or 644", what);
    return (uint32_t)n;
}

uint32_t value_mode(lua_State *L, int index, const char *what)
{
    if (lua_type(L, index) == LUA_TNUMBER)
        return number_mode(L, luaL_checkinteger(L, index), what);
    const char *text = lua_tostring(L, index);
    if (text == NULL || *text == '\0' || strlen(text) > 5 ||
        strspn(text, "01234567") != strlen(text))
        luaL_error(L, "%s: a mode is written \"0644\" or 644", what);
    return (uint32_t)strtoul(text, NULL, 8) & 07777u;
}

const char *value_string_field(lua_State *L, int index, const char *key)
{
    int type = lua_getfield(L, index, key);
    if (type != LUA_TNIL && type != LUA_TSTRING)
        luaL_error(L, "\"%s\" is a text, not a %s", key, lua_typename(L, type));
    /* the table keeps the string alive */
    const char *value = lua_tostring(L, -1);
    lua_pop(L, 1);
    return value;
}

bool value_bool_field(lua_State *L, int index, const char *key)
{
    int type = lua_getfield(L, index, key);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        luaL_error(L, "\"%s\" is true or false, not a %s", key, lua_typename(L, type));
    bool value = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return value;
}

/* Order of byte strings, whatever the locale. */
static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t value_push_sorted_keys(lua_State *L, int index, const char *what)
{
    index = lua_absindex(L, index);
    size_t n = 0;
    luaL_checkstack(L, 6, what);
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s: the keys are texts, not a list", what);
        n++;
    }
    if (n > 1000000)
        luaL_error(L, "%s has over a million entries", what);
    const char **keys = lua_newuserdatauv(L, (n + 1) * sizeof *keys, 0); /* [keys] */
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
        keys[i++] = lua_tostring(L, -2);
    qsort(keys, n, sizeof *keys, compare_keys);
    lua_createtable(L, (int)n, 0); /* [keys][list] */
    for (i = 0; i < n; i++) {
        lua_pushstring(L, keys[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_remove(L, -2); /* [list] */
    return n;
}
