/* SPDX-License-Identifier: MIT */
/* scan = { files = {100, 1000}, layers = {5, 50} }: a scenario at several sizes. Every
 * combination of the values is a point, and every point a scenario of its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lua/internal.h"
#include "sim/base/mem.h"

enum { AXES_MOST = 4 };

/* The axis at the top: a list of positive, growing numbers. Returns their count. */
static size_t check_axis(lua_State *L, const char *name)
{
    if (!lua_istable(L, -1) || lua_rawlen(L, -1) == 0)
        luaL_error(L, "scan.%s is a list of numbers", name);
    size_t n = lua_rawlen(L, -1);
    double before = 0;
    if (n > SCAN_POINTS_MOST)
        luaL_error(L, "a scan has at most %d points", (int)SCAN_POINTS_MOST);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        double value = lua_isinteger(L, -1) || lua_type(L, -1) == LUA_TNUMBER
                           ? lua_tonumber(L, -1)
                           : NAN;
        lua_pop(L, 1);
        if (!(value > before && value <= 1e15))
            luaL_error(L,
                       "scan.%s is a list of positive numbers, each greater than "
                       "the one before",
                       name);
        before = value;
    }
    return n;
}

/* Pushes the point number `at`; its axes have the names in the list at `names`. */
static void push_point(lua_State *L, int scan, int names, size_t axes, size_t at)
{
    lua_newtable(L);                    /* [point] */
    for (size_t a = axes; a > 0; a--) { /* the last axis turns fastest */
        lua_rawgeti(L, names, (lua_Integer)a);
        lua_pushvalue(L, -1);
        lua_rawget(L, scan); /* [point][name][values] */
        size_t n = lua_rawlen(L, -1);
        lua_rawgeti(L, -1, (lua_Integer)(at % n) + 1);
        lua_replace(L, -2);
        lua_rawset(L, -3); /* [point] */
        at /= n;
    }
}

size_t scan_push_points(lua_State *L, int index)
{
    int scan = lua_absindex(L, index);
    size_t points = 1;
    if (lua_isnil(L, scan)) {
        lua_newtable(L);
        return 0;
    }
    if (!lua_istable(L, scan))
        luaL_error(L, "\"scan\" is a table of name = { numbers }");
    size_t axes = value_push_sorted_keys(L, scan, "scan"); /* [names] */
    int names = lua_gettop(L);
    if (axes == 0 || axes > AXES_MOST)
        luaL_error(L, "\"scan\" has one to %d names", (int)AXES_MOST);
    for (size_t a = 1; a <= axes; a++) {
        lua_rawgeti(L, names, (lua_Integer)a);
        lua_pushvalue(L, -1);
        lua_rawget(L, scan);
        points *= check_axis(L, lua_tostring(L, -2));
        lua_settop(L, names);
        if (points > SCAN_POINTS_MOST)
            luaL_error(L, "a scan has at most %d points", (int)SCAN_POINTS_MOST);
    }
    lua_createtable(L, (int)points, 0); /* [names][points] */
    for (size_t i = 0; i < points; i++) {
        push_point(L, scan, names, axes, i);
        lua_rawseti(L, names + 1, (lua_Integer)i + 1);
    }
    lua_replace(L, names); /* [points] */
    return points;
}

void scan_push_name(lua_State *L, const char *name, int index)
{
    int point = lua_absindex(L, index);
    size_t axes = value_push_sorted_keys(L, point, "scan"); /* [names] */
    int names = lua_gettop(L);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    luaL_addstring(&text, name);
    for (size_t a = 1; a <= axes; a++) {
        luaL_addstring(&text, a == 1 ? " [" : ", ");
        lua_rawgeti(L, names, (lua_Integer)a);
        luaL_addvalue(&text);
        luaL_addchar(&text, '=');
        lua_rawgeti(L, names, (lua_Integer)a);
        lua_rawget(L, point);
        luaL_addvalue(&text);
    }
    luaL_addchar(&text, ']');
    luaL_pushresult(&text);
    lua_replace(L, names); /* [name] */
}

void scan_adopt(lua_State *L, int index, const char *scan,
                struct script_scenario *scenario)
{
    int point = lua_absindex(L, index);
    size_t axes = value_push_sorted_keys(L, point, "scan");
    struct script_axis *out = xcalloc(axes, sizeof *out);
    for (size_t a = 0; a < axes; a++) {
        lua_rawgeti(L, -1, (lua_Integer)a + 1);
        out[a].name = xstrdup(lua_tostring(L, -1));
        lua_rawget(L, point);
        out[a].value = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    scenario->scan = xstrdup(scan);
    scenario->point = out;
    scenario->point_len = axes;
}
