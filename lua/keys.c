/* SPDX-License-Identifier: MIT */
/* Misspelt keys, methods and fields: an error at the caller's line, with the nearest
 * known name. */
#include "lua/internal.h"

#include <string.h>

enum { KEY_LENGTH = 40 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits from a to b (Levenshtein); long words are not compared. */
static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned row[KEY_LENGTH + 1];
    if (n > KEY_LENGTH || m > KEY_LENGTH)
        return KEY_LENGTH;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned cost = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = smallest(row[j] + 1, row[j - 1] + 1, cost);
        }
    }
    return row[m];
}

const char *keys_nearest(const char *word, const char *const *known)
{
    const char *best = NULL;
    unsigned least = (unsigned)strlen(word) / 3 + 1;
    for (; *known != NULL; known++) {
        unsigned d = distance(word, *known);
        if (d <= least && (best == NULL || d < least)) {
            best = *known;
            least = d;
        }
    }
    return best;
}

int keys_unknown(lua_State *L, const char *what, const char *key,
                 const char *const *known)
{
    const char *nearest = keys_nearest(key, known);
    if (nearest != NULL)
        return luaL_error(L, "%s has no \"%s\"; did you mean \"%s\"?", what, key,
                          nearest);
    luaL_Buffer list;
    luaL_buffinit(L, &list);
    for (const char *const *k = known; *k != NULL; k++) {
        luaL_addstring(&list, k == known ? "" : ", ");
        luaL_addstring(&list, *k);
    }
    luaL_pushresult(&list);
    return luaL_error(L, "%s has no \"%s\"; there are: %s", what, key,
                      lua_tostring(L, -1));
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known != NULL; known++)
        if (strcmp(key, *known) == 0)
            return true;
    return false;
}

void keys_check(lua_State *L, int index, const char *what, const char *const *known)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 4, what);
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s takes named fields only, not a list", what);
        const char *key = lua_tostring(L, -2);
        if (!is_known(key, known))
            keys_unknown(L, what, key, known);
    }
}

/* upvalues: what, known */
static int strict_index(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    const char *key = lua_tostring(L, 2);
    const char *const *known = lua_touserdata(L, lua_upvalueindex(2));
    if (!is_known(key, known))
        return keys_unknown(L, lua_tostring(L, lua_upvalueindex(1)), key, known);
    return 0;
}

void keys_push_strict(lua_State *L, const char *what, const char *const *known)
{
    if (!luaL_newmetatable(L, what)) /* [mt] one of each kind a state */
        return;
    lua_pushstring(L, what);
    lua_pushlightuserdata(L, (void *)known);
    lua_pushcclosure(L, strict_index, 2);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
}
