/* SPDX-License-Identifier: MIT */
/* string.find, match, gmatch and gsub over pattern.c; string.rep that counts its work.
 * They behave as the manual's section 6.4 says. */
#include <string.h>

#include "lua/internal.h"
#include "lua/pattern.h"

static void prepare(lua_State *L, struct pattern *m, const char *s, size_t len,
                    const char *p, size_t pattern_len)
{
    *m = (struct pattern){.text = s,
                          .text_end = s + len,
                          .end = p + pattern_len,
                          .limit = script_work_left(script_of(L))};
}

/* Runs one match and counts its work; raises for a malformed or endless pattern. */
static const char *match_at(lua_State *L, struct pattern *m, const char *s,
                            const char *p)
{
    const char *end = pattern_match(m, s, p);
    if (m->error != NULL)
        luaL_error(L, "%s", m->error);
    return end;
}

static void settle(lua_State *L, struct pattern *m)
{
    uint64_t steps = m->steps;
    m->steps = 0;
    script_charge(L, steps);
    m->limit = script_work_left(script_of(L));
}

static void push_capture(lua_State *L, const struct pattern *m, unsigned i,
                         const char *s, const char *end)
{
    if (i >= m->captures)
        lua_pushlstring(L, s, (size_t)(end - s));
    else if (m->capture[i].len == PATTERN_POSITION)
        lua_pushinteger(L, m->capture[i].start - m->text + 1);
    else
        lua_pushlstring(L, m->capture[i].start, m->capture[i].len);
}

/* All captures, or the whole match where there is none; returns how many. */
static int push_captures(lua_State *L, const struct pattern *m, const char *s,
                         const char *end)
{
    unsigned n = m->captures == 0 && s != NULL ? 1 : m->captures;
    luaL_checkstack(L, (int)n, "too many captures");
    for (unsigned i = 0; i < n; i++)
        push_capture(L, m, i, s, end);
    return (int)n;
}

/* A start position as string functions take it: from 1, negative from the end. */
static size_t start_position(lua_State *L, int index, size_t len)
{
    lua_Integer at = luaL_optinteger(L, index, 1);
    if (at > 0)
        return (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)len)
        return 0;
    return (size_t)((lua_Integer)len + at);
}

static bool is_plain(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr("^$*+?.([%-", p[i]) != NULL)
            return false;
    return true;
}

static int find_plain(lua_State *L, const char *s, size_t len, const char *p,
                      size_t pattern_len, size_t from)
{
    /* memmem is linear, but its time is not seen by the hook */
    script_charge(L, (len - from) / 16);
    const char *at =
        pattern_len == 0 ? s + from : memmem(s + from, len - from, p, pattern_len);
    if (at == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, at - s + 1);
    lua_pushinteger(L, at - s + (lua_Integer)pattern_len);
    return 2;
}

static int find_or_match(lua_State *L, bool find)
{
    size_t len = 0, pattern_len = 0;
    const char *s = luaL_checklstring(L, 1, &len);
    const char *p = luaL_checklstring(L, 2, &pattern_len);
    size_t from = start_position(L, 3, len);
    if (from > len) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || is_plain(p, pattern_len)))
        return find_plain(L, s, len, p, pattern_len, from);
    struct pattern m;
    prepare(L, &m, s, len, p, pattern_len);
    bool anchored = pattern_len > 0 && *p == '^';
    const char *at = s + from, *end = NULL;
    do {
        end = match_at(L, &m, at, p + (anchored ? 1 : 0));
    } while (end == NULL && at++ < m.text_end && !anchored);
    settle(L, &m);
    if (end == NULL) {
        lua_pushnil(L);
        return 1;
    }
    if (!find)
        return push_captures(L, &m, at, end);
    lua_pushinteger(L, at - s + 1);
    lua_pushinteger(L, end - s);
    return push_captures(L, &m, NULL, NULL) + 2;
}

static int string_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* upvalues: text, pattern, next position, end of the last match */
static int gmatch_next(lua_State *L)
{
    size_t len = 0, pattern_len = 0;
    const char *s = lua_tolstring(L, lua_upvalueindex(1), &len);
    const char *p = lua_tolstring(L, lua_upvalueindex(2), &pattern_len);
    size_t from = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    struct pattern m;
    prepare(L, &m, s, len, p, pattern_len);
    for (const char *at = s + from; at <= m.text_end; at++) {
        const char *end = match_at(L, &m, at, p);
        if (end == NULL || end - s == last)
            continue;
        settle(L, &m);
        lua_pushinteger(L, end - s);
        lua_pushvalue(L, -1);
        lua_replace(L, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(L, &m, at, end);
    }
    settle(L, &m);
    return 0;
}

static int string_gmatch(lua_State *L)
{
    size_t len = 0;
    luaL_checklstring(L, 1, &len);
    luaL_checkstring(L, 2);
    size_t from = start_position(L, 3, len);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(from > len ? len + 1 : from));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* Appends the replacement string at index 3, %0 to %9 and %% replaced. */
static void add_template(lua_State *L, luaL_Buffer *b, const struct pattern *m,
                         const char *s, const char *end)
{
    size_t len = 0;
    const char *r = lua_tolstring(L, 3, &len);
    for (size_t i = 0; i < len; i++) {
        if (r[i] != '%') {
            luaL_addchar(b, r[i]);
            continue;
        }
        i++;
        char c = '\0';
        if (i < len)
            c = r[i];
        if (c == '%') {
            luaL_addchar(b, '%');
        } else if (c == '0') {
            luaL_addlstring(b, s, (size_t)(end - s));
        } else if (c >= '1' && c <= '9') {
            unsigned k = (unsigned)(c - '1');
            if (k >= m->captures && !(k == 0 && m->captures == 0))
                luaL_error(L, "invalid capture index %%%d in replacement string",
                           (int)k + 1);
            push_capture(L, m, k, s, end);
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

static void add_replacement(lua_State *L, luaL_Buffer *b, const struct pattern *m,
                            const char *s, const char *end)
{
    int type = lua_type(L, 3);
    if (type == LUA_TNUMBER || type == LUA_TSTRING) {
        add_template(L, b, m, s, end);
        return;
    }
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        int n = push_captures(L, m, s, end);
        lua_call(L, n, 1);
    } else {
        push_capture(L, m, 0, s, end);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, s, (size_t)(end - s));
        return;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
}

static int string_gsub(lua_State *L)
{
    size_t len = 0, pattern_len = 0;
    const char *s = luaL_checklstring(L, 1, &len);
    const char *p = luaL_checklstring(L, 2, &pattern_len);
    int type = lua_type(L, 3);
    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING ||
                         type == LUA_TFUNCTION || type == LUA_TTABLE,
                     3, "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)len + 1), n = 0;
    bool anchored = pattern_len > 0 && *p == '^';
    p += anchored ? 1 : 0;
    struct pattern m;
    prepare(L, &m, s, len, p, pattern_len - (anchored ? 1 : 0));
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    const char *at = s, *last = NULL;
    while (n < most) {
        const char *end = match_at(L, &m, at, p);
        if (end != NULL && end != last) {
            n++;
            add_replacement(L, &b, &m, at, end);
            at = last = end;
        } else if (at < m.text_end) {
            luaL_addchar(&b, *at);
            at++;
        } else {
            break;
        }
        if (anchored)
            break;
    }
    luaL_addlstring(&b, at, (size_t)(m.text_end - at));
    luaL_pushresult(&b);
    settle(L, &m);
    lua_pushinteger(L, n);
    return 2;
}

void strings_replace(lua_State *L)
{
    static const luaL_Reg functions[] = {{"find", string_find},
                                         {"match", string_match},
                                         {"gmatch", string_gmatch},
                                         {"gsub", string_gsub},
                                         {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
