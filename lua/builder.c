/* SPDX-License-Identifier: MIT */
/* b: the edits and requests of a scenario's steps. */
#include <string.h>

#include "lua/internal.h"
#include "sim/base/mem.h"

#define BUILDER "simbench.Builder"
enum {
    BUILD_LIMIT = 1000000,  /* builds of one variant that have a label */
    RESULT_BYTES = 16 << 20 /* of results that may wait for the collector */
};
#define TEXT_LIMIT ((uint64_t)64 << 20)

struct builder {
    struct running *running; /* NULL: collected */
};

static struct running *check_builder(lua_State *L)
{
    struct builder *b = luaL_checkudata(L, 1, BUILDER);
    struct running *r = b->running;
    const char *why = NULL;
    if (r == NULL || !r->open)
        why = "b works only while steps runs";
    else if (r->busy)
        why = "b cannot be used while a build is under way";
    if (why != NULL)
        luaL_error(L, "%s", why);
    return r;
}

static int finish(lua_State *L, int rc, const struct err *err)
{
    return rc == 0 ? 0 : script_raise(L, err);
}

/* ---- edits -------------------------------------------------------------------------
 */

static const char *const write_keys[] = {"text", "size", "mode", "symlink", NULL};

static int write_table(lua_State *L, struct running *r, const char *path)
{
    struct err err = ERR_INIT;
    int rc = 0;
    size_t len = 0;
    keys_check(L, 3, "b:write's table", write_keys);
    const char *link = value_string_field(L, 3, "symlink");
    if (link != NULL) {
        rc = workspace_symlink(r->ws, link, path, &err);
    } else if (lua_getfield(L, 3, "size") != LUA_TNIL) {
        rc = workspace_write_sized(r->ws, path, value_size(L, -1, path), &err);
    } else {
        value_string_field(L, 3, "text");
        lua_getfield(L, 3, "text");
        const char *text = lua_tolstring(L, -1, &len);
        rc = workspace_write(r->ws, path, text != NULL ? text : "", len, &err);
    }
    if (rc == 0 && lua_getfield(L, 3, "mode") != LUA_TNIL)
        rc = workspace_chmod(r->ws, path, value_mode(L, -1, path), &err);
    return finish(L, rc, &err);
}

static int b_write(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *path = luaL_checkstring(L, 2);
    if (lua_istable(L, 3))
        return write_table(L, r, path);
    size_t len = 0;
    const char *text = luaL_checklstring(L, 3, &len);
    struct err err = ERR_INIT;
    return finish(L, workspace_write(r->ws, path, text, len, &err), &err);
}

static int b_append(lua_State *L)
{
    struct running *r = check_builder(L);
    size_t len = 0;
    const char *path = luaL_checkstring(L, 2), *text = luaL_checklstring(L, 3, &len);
    struct err err = ERR_INIT;
    return finish(L, workspace_append(r->ws, path, text, len, &err), &err);
}

/* Pushes the text of a file of the workspace; false (nothing pushed) if it is none. */
static bool push_text(lua_State *L, struct running *r, const char *path)
{
    const struct entry *e = workspace_find(r->ws, path);
    if (e == NULL)
        return false;
    if (e->size > TEXT_LIMIT)
        luaL_error(L, "%s is too large to read", path);
    luaL_Buffer b;
    size_t size = (size_t)e->size;
    luaL_buffinitsize(L, &b, size); /* room first: what follows allocates outside Lua */
    struct buf text = BUF_INIT;
    int rc = content_load(&e->content, e->size, TEXT_LIMIT, &text, NULL);
    if (rc == 0)
        memcpy(luaL_buffaddr(&b), buf_str(&text), text.len);
    size_t len = text.len;
    buf_free(&text);
    luaL_pushresultsize(&b, len);
    return true;
}

/* Calls the function at index with the file's text and writes what it returns. */
static int edit_with(lua_State *L, struct running *r, const char *path, int fn)
{
    struct err err = ERR_INIT;
    lua_pushvalue(L, fn);
    if (!push_text(L, r, path))
        return luaL_error(L, "no file \"%s\" to edit; b:write makes one", path);
    r->busy = true; /* the function gets a text, not the workspace */
    int status = lua_pcall(L, 1, 1, 0);
    r->busy = false;
    if (status != LUA_OK)
        return lua_error(L);
    size_t len = 0;
    if (lua_type(L, -1) != LUA_TSTRING)
        return luaL_error(L, "the function for \"%s\" must return the new text, not %s",
                          path, luaL_typename(L, -1));
    const char *text = lua_tolstring(L, -1, &len);
    return finish(L, workspace_write(r->ws, path, text, len, &err), &err);
}

static int b_edit(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *path = luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    return edit_with(L, r, path, 3);
}

static int b_dockerfile(lua_State *L)
{
    struct running *r = check_builder(L);
    if (lua_isfunction(L, 2))
        return edit_with(L, r, "Dockerfile", 2);
    size_t len = 0;
    const char *text = luaL_checklstring(L, 2, &len);
    struct err err = ERR_INIT;
    return finish(L, workspace_write(r->ws, "Dockerfile", text, len, &err), &err);
}

/* .dockerignore from a text or a list of lines. */
static int b_ignore(lua_State *L)
{
    struct running *r = check_builder(L);
    struct err err = ERR_INIT;
    size_t len = 0;
    if (lua_istable(L, 2)) {
        luaL_Buffer b;
        luaL_buffinit(L, &b);
        lua_Integer n = luaL_len(L, 2);
        for (lua_Integer i = 1; i <= n && i <= 100000; i++) {
            if (lua_geti(L, 2, i) != LUA_TSTRING)
                return luaL_error(L, "b:ignore: line %d is not a text", (int)i);
            luaL_addvalue(&b);
            luaL_addchar(&b, '\n');
        }
        luaL_pushresult(&b);
    } else {
        luaL_checkstring(L, 2);
        lua_pushvalue(L, 2);
    }
    const char *text = lua_tolstring(L, -1, &len);
    return finish(L, workspace_write(r->ws, ".dockerignore", text, len, &err), &err);
}

static int b_remove(lua_State *L)
{
    struct running *r = check_builder(L);
    struct err err = ERR_INIT;
    return finish(L, workspace_remove(r->ws, luaL_checkstring(L, 2), &err), &err);
}

static int b_rename(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *from = luaL_checkstring(L, 2), *to = luaL_checkstring(L, 3);
    struct err err = ERR_INIT;
    return finish(L, workspace_rename(r->ws, from, to, &err), &err);
}

static int b_mkdir(lua_State *L)
{
    struct running *r = check_builder(L);
    struct err err = ERR_INIT;
    return finish(L, workspace_mkdir(r->ws, luaL_checkstring(L, 2), &err), &err);
}

/* As ln -s: target, then the link's path. */
static int b_symlink(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *target = luaL_checkstring(L, 2), *path = luaL_checkstring(L, 3);
    struct err err = ERR_INIT;
    return finish(L, workspace_symlink(r->ws, target, path, &err), &err);
}

static int b_chmod(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *path = luaL_checkstring(L, 2);
    uint32_t mode = value_mode(L, 3, "b:chmod");
    struct err err = ERR_INIT;
    return finish(L, workspace_chmod(r->ws, path, mode, &err), &err);
}

static int b_touch(lua_State *L)
{
    struct running *r = check_builder(L);
    struct err err = ERR_INIT;
    return finish(L, workspace_touch(r->ws, luaL_checkstring(L, 2), &err), &err);
}

static int b_read(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *path = luaL_checkstring(L, 2);
    if (!push_text(L, r, path))
        return luaL_error(L, "no file \"%s\" in the context", path);
    return 1;
}

static int b_exists(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *path = luaL_checkstring(L, 2);
    bool found = workspace_find(r->ws, path) != NULL ||
                 tree_find(workspace_tree(r->ws), path) != NULL;
    lua_pushboolean(L, found);
    return 1;
}

/* ---- builds ------------------------------------------------------------------------
 */

/* Keeps the result for expect under its label; what has none is not listed. */
static void keep(struct running *r, struct kept_build *build)
{
    struct kept_variant *kept = r->kept;
    result_unref(r->last);
    r->last = result_ref(build);
    if (result_label(build)[0] == '\0' || !r->has_expect)
        return;
    GROW(kept->builds, kept->cap, kept->len + 1);
    kept->builds[kept->len++] = result_ref(build);
}

static void check_label(lua_State *L, struct running *r, const char *label)
{
    if (++r->labels > BUILD_LIMIT)
        luaL_error(L, "over %d builds with a label in one variant", BUILD_LIMIT);
    /* labels are looked up in a set that the metatable-less registry table holds */
    lua_pushlightuserdata(L, r->kept);
    if (lua_rawget(L, LUA_REGISTRYINDEX) != LUA_TTABLE || r->labels == 1) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushlightuserdata(L, r->kept);
        lua_pushvalue(L, -2);
        lua_rawset(L, LUA_REGISTRYINDEX); /* [set] */
    }
    if (lua_getfield(L, -1, label) != LUA_TNIL)
        luaL_error(L,
                   "a build \"%s\" was made already in this variant; labels are "
                   "unique",
                   label);
    lua_pushboolean(L, true);
    lua_setfield(L, -3, label);
    lua_pop(L, 2);
}

/* What a build that ended with rc means, given what was expected. */
static void judge(lua_State *L, int rc, const struct err *err, bool fails,
                  const char *fragment, const char *label)
{
    if (rc != 0 && (!fails || rc == ERR_CANCELLED))
        script_raise(L, err);
    if (*label == '\0')
        label = "without a label";
    else
        label = lua_pushfstring(L, "\"%s\"", label);
    if (rc == 0 && fails)
        luaL_error(L, "the build %s was expected to fail and did not", label);
    if (rc != 0 && fragment != NULL && strstr(err->msg, fragment) == NULL)
        luaL_error(L, "the build %s failed as expected, but with the message: %s",
                   label, err->msg);
}

/* The collector sees a result as a few bytes; what stands behind it counts here. */
static void collect_results(lua_State *L, struct running *r, const struct kept_build *k)
{
    r->result_bytes += result_bytes(k);
    if (r->result_bytes < RESULT_BYTES)
        return;
    r->result_bytes = 0;
    lua_gc(L, LUA_GCCOLLECT);
}

/* b:build(label, opts) and b:plan(label, opts); opts at index 3. */
static int build(lua_State *L, const char *label, bool plan)
{
    struct running *r = check_builder(L);
    struct script *script = script_of(L);
    lua_settop(L, 3);
    struct build_lists *lists = build_lists_push(L); /* 4 */
    struct script_build build = {.label = label, .plan_only = plan};
    const char *fragment = NULL;
    build_options_read(L, 3, &build, lists);
    bool fails = build_fails_read(L, 3, &fragment);
    if (*label != '\0')
        check_label(L, r, label);
    luaL_checkstack(L, LUA_MINSTACK, "build");
    struct kept_build **slot = result_push(L); /* 5 */
    const struct build_result *result = NULL;
    struct err err = ERR_INIT;
    lua_State *outer = script->current;
    script->current = L;
    r->busy = true;
    int rc = r->host->build(r->host->self, r->ws, &build, &result, &err);
    r->busy = false;
    script->current = outer;
    if (result == NULL && rc != 0)
        return script_raise(L, &err);
    *slot = result_keep(label, result, plan, r->last, rc != 0 ? &err : NULL);
    keep(r, *slot);
    collect_results(L, r, *slot);
    judge(L, rc, &err, fails, fragment, label);
    lua_settop(L, 5);
    return 1;
}

static int b_build(lua_State *L)
{
    const char *label = luaL_optstring(L, 2, "");
    luaL_argcheck(L, *label != '\0' || lua_isnoneornil(L, 2), 2,
                  "a label is not empty");
    return build(L, label, false);
}

static int b_plan(lua_State *L)
{
    const char *label = luaL_optstring(L, 2, "");
    return build(L, label, true);
}

/* ---- the machine -------------------------------------------------------------------
 */

static const char *const prune_keys[] = {"all", "keep", "older_than", NULL};

static int b_prune(lua_State *L)
{
    struct running *r = check_builder(L);
    struct prune_options options = {0};
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        keys_check(L, 2, "b:prune's options", prune_keys);
        options.all = value_bool_field(L, 2, "all");
        if (lua_getfield(L, 2, "keep") != LUA_TNIL)
            options.keep_bytes = value_size(L, -1, "keep");
        if (lua_getfield(L, 2, "older_than") != LUA_TNIL)
            options.older_than_s = (int64_t)(value_time_ms(L, -1, "older_than") / 1000);
    }
    struct err err = ERR_INIT;
    return finish(L, r->host->prune(r->host->self, &options, &err), &err);
}

static int b_pull(lua_State *L)
{
    struct running *r = check_builder(L);
    struct script *script = script_of(L);
    const char *image = luaL_checkstring(L, 2);
    struct err err = ERR_INIT;
    uint64_t ms = 0, bytes = 0;
    lua_State *outer = script->current;
    script->current = L;
    r->busy = true;
    int rc = r->host->pull(r->host->self, image, &ms, &bytes, &err);
    r->busy = false;
    script->current = outer;
    if (rc != 0)
        return script_raise(L, &err);
    static const char *const keys[] = {"seconds", "bytes", NULL};
    static const char *const clocks[] = {"virtual", "wall", NULL};
    lua_createtable(L, 0, 2); /* [pull] */
    lua_createtable(L, 0, 1); /* [pull][seconds] */
    lua_pushnumber(L, (lua_Number)ms / 1000.0);
    lua_setfield(L, -2, "virtual");
    keys_push_strict(L, "seconds", clocks);
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "seconds");
    lua_pushinteger(L, (lua_Integer)bytes);
    lua_setfield(L, -2, "bytes");
    keys_push_strict(L, "the result of b:pull", keys);
    lua_setmetatable(L, -2);
    return 1;
}

static int b_fresh_machine(lua_State *L)
{
    struct running *r = check_builder(L);
    struct err err = ERR_INIT;
    return finish(L, r->host->fresh_machine(r->host->self, &err), &err);
}

static const char *const cache_keys[] = {"mode", NULL};

static int b_cache_to(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *name = luaL_checkstring(L, 2);
    bool all = false;
    if (!lua_isnoneornil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        keys_check(L, 3, "b:cache_to's options", cache_keys);
        const char *mode = value_string_field(L, 3, "mode");
        if (mode != NULL && strcmp(mode, "min") != 0 && strcmp(mode, "max") != 0)
            return luaL_error(L, "mode is \"min\" or \"max\", not \"%s\"", mode);
        all = mode != NULL && strcmp(mode, "max") == 0;
    }
    struct err err = ERR_INIT;
    return finish(L, r->host->cache_to(r->host->self, name, all, &err), &err);
}

static int b_cache_from(lua_State *L)
{
    struct running *r = check_builder(L);
    const char *name = luaL_checkstring(L, 2);
    struct err err = ERR_INIT;
    return finish(L, r->host->cache_from(r->host->self, name, &err), &err);
}

/* ---- the type ----------------------------------------------------------------------
 */

static const luaL_Reg methods[] = {
    {"append", b_append},     {"build", b_build},   {"cache_from", b_cache_from},
    {"cache_to", b_cache_to}, {"chmod", b_chmod},   {"dockerfile", b_dockerfile},
    {"edit", b_edit},         {"exists", b_exists}, {"fresh_machine", b_fresh_machine},
    {"ignore", b_ignore},     {"mkdir", b_mkdir},   {"plan", b_plan},
    {"prune", b_prune},       {"pull", b_pull},     {"read", b_read},
    {"remove", b_remove},     {"rename", b_rename}, {"symlink", b_symlink},
    {"touch", b_touch},       {"write", b_write},   {NULL, NULL}};
static const char *const method_names[] = {
    "append", "build",  "cache_from",    "cache_to", "chmod",  "dockerfile",
    "edit",   "exists", "fresh_machine", "ignore",   "mkdir",  "plan",
    "prune",  "pull",   "read",          "remove",   "rename", "symlink",
    "touch",  "write",  "variant",       NULL};

/* upvalue: the methods */
static int b_index(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "variant") == 0) {
        lua_pushstring(L, check_builder(L)->variant);
        return 1;
    }
    return keys_unknown(L, "b", key, method_names);
}

static int b_gc(lua_State *L)
{
    struct builder *b = luaL_checkudata(L, 1, BUILDER);
    if (b->running != NULL)
        running_unref(b->running);
    b->running = NULL;
    return 0;
}

static int b_tostring(lua_State *L)
{
    lua_pushliteral(L, "b");
    return 1;
}

void builder_open(lua_State *L)
{
    luaL_newmetatable(L, BUILDER); /* [mt] */
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_pushcclosure(L, b_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, b_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, b_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void builder_push(lua_State *L, struct running *running)
{
    struct builder *b = lua_newuserdatauv(L, sizeof *b, 0);
    b->running = NULL;
    luaL_setmetatable(L, BUILDER);
    b->running = running;
    running->refs++;
}
