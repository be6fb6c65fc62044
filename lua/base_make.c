/* SPDX-License-Identifier: MIT */
/* From the declaration of a base image to layer trees and a config. */
#include "lua/base.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"

enum { FROM_DEPTH = 10 };

static const char *const file_keys[] = {"text", "size", "mode", "symlink",
                                        "dir",  "uid",  "gid",  NULL};

static int making_gc(lua_State *L)
{
    struct making *m = lua_touserdata(L, 1);
    if (m->base != NULL)
        base_free(m->base);
    m->base = NULL;
    return 0;
}

struct base_state *base_push_making(lua_State *L, const char *name)
{
    struct making *m = lua_newuserdatauv(L, sizeof *m, 0);
    m->base = NULL;
    if (luaL_newmetatable(L, "simbench.Base")) {
        lua_pushcfunction(L, making_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    m->base = xcalloc(1, sizeof *m->base);
    m->base->name = xstrdup(name);
    m->base->config = image_config_new();
    free(m->base->config->architecture);
    /* the same image, and ID, on every machine */
    m->base->config->architecture = xstrdup("amd64");
    m->base->config->created_s = BASE_TIME;
    return m->base;
}

static uint64_t text_seed(const char *path, const char *from, uint64_t size)
{
    struct digester *d = digester_new();
    struct digest digest;
    digester_add_string(d, path);
    digester_add_string(d, from);
    digester_add_u64(d, size);
    digester_finish(d, &digest);
    digester_free(d);
    uint64_t seed = 0;
    memcpy(&seed, digest.bytes, sizeof seed);
    return seed;
}

static void add_parents(struct tree *tree, const char *path)
{
    for (const char *p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
        AUTO_FREE char *parent = xstrndup(path, (size_t)(p - path));
        struct entry e = {.path = parent,
                          .type = ENTRY_DIR,
                          .mode = 0755,
                          .mtime_ns = BASE_TIME * INT64_C(1000000000)};
        tree_add(tree, &e);
    }
}

/* An entry at the path, parents before it; what is declared explicitly comes later and
 * wins, because tree_sort keeps the last. */
static void add_entry(struct tree *tree, const char *path, struct entry *e)
{
    AUTO_FREE char *clean = path_below_root(path);
    e->path = clean;
    e->mtime_ns = BASE_TIME * INT64_C(1000000000);
    tree_add(tree, e);
}

static void add_bulk(struct tree *tree, const char *path, uint64_t size,
                     const char *from)
{
    AUTO_FREE char *clean = path_below_root(path);
    struct entry e = {.type = ENTRY_FILE, .mode = 0644, .size = size};
    e.content.kind = size > 0 ? CONTENT_SEED : CONTENT_NONE;
    e.content.from.seed = text_seed(clean, from, size);
    add_parents(tree, clean);
    add_entry(tree, path, &e);
}

static uint32_t id_field(lua_State *L, int table, const char *key)
{
    lua_getfield(L, table, key);
    lua_Integer id = luaL_optinteger(L, -1, 0);
    lua_pop(L, 1);
    return (uint32_t)id;
}

/* The file declared for `path` by the value on top of the stack. */
static void read_file(lua_State *L, const char *path, const char *from, struct entry *e)
{
    int value = lua_gettop(L);
    *e = (struct entry){.type = ENTRY_FILE, .mode = 0644};
    size_t len = 0;
    const char *text = NULL;
    if (lua_istable(L, value)) {
        keys_check(L, value, "a file of a base", file_keys);
        const char *link = value_string_field(L, value, "symlink");
        if (link != NULL) {
            e->type = ENTRY_SYMLINK;
            e->target = link;
            e->mode = 0777;
        } else if (value_bool_field(L, value, "dir")) {
            e->type = ENTRY_DIR;
            e->mode = 0755;
        } else if (lua_getfield(L, value, "size") != LUA_TNIL) {
            e->size = value_size(L, -1, path);
            e->content.kind = e->size > 0 ? CONTENT_SEED : CONTENT_NONE;
            e->content.from.seed = text_seed(path, from, e->size);
        }
        if (lua_getfield(L, value, "mode") != LUA_TNIL)
            e->mode = value_mode(L, -1, path);
        e->uid = id_field(L, value, "uid");
        e->gid = id_field(L, value, "gid");
        lua_getfield(L, value, "text");
        text = lua_tolstring(L, -1, &len);
    } else {
        text = luaL_checklstring(L, value, &len);
    }
    if (text != NULL && len > 0 && e->type == ENTRY_FILE) {
        e->size = len;
        e->content.kind = CONTENT_INLINE;
        e->content.from.bytes = text;
    }
}

/* The table of files on top of the stack. */
static void add_files(lua_State *L, struct tree *tree, const char *from)
{
    int files = lua_gettop(L);
    if (!lua_istable(L, files))
        luaL_error(L, "\"files\" is a table of [\"/path\"] = text");
    size_t n = value_push_sorted_keys(L, files, "files");
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, files + 1, (lua_Integer)i);
        const char *path = lua_tostring(L, -1);
        lua_pushvalue(L, -1);
        lua_gettable(L, files);
        struct entry e;
        read_file(L, path, from, &e);
        char *clean = path_below_root(path);
        add_parents(tree, clean);
        free(clean);
        add_entry(tree, path, &e);
        lua_settop(L, files + 1);
    }
    lua_settop(L, files);
}

/* What every image with a shell has, for a base that lists no files. */
static void add_default_files(struct tree *tree)
{
    static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n";
    static const char group[] = "root:x:0:\n";
    struct entry e = {.type = ENTRY_DIR, .mode = 0755};
    static const char *const folders[] = {"bin", "etc", "root", "usr", "usr/bin"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        add_entry(tree, folders[i], &e);
    e.mode = 01777;
    add_entry(tree, "tmp", &e);
    e = (struct entry){.type = ENTRY_FILE, .mode = 0644, .size = sizeof passwd - 1};
    e.content.kind = CONTENT_INLINE;
    e.content.from.bytes = passwd;
    add_entry(tree, "etc/passwd", &e);
    e.size = sizeof group - 1;
    e.content.from.bytes = group;
    add_entry(tree, "etc/group", &e);
}

/* Spreads what the files leave of the layer's size over its bulk files; `layer` is the
 * index of its table. */
static void add_rest(lua_State *L, struct tree *tree, int layer, uint64_t size,
                     const char *from)
{
    tree_sort(tree);
    uint64_t files = tree_content_bytes(tree);
    if (files > size)
        luaL_error(L, "a layer's files have %f bytes, more than its size",
                   (lua_Number)files);
    uint64_t rest = size - files;
    int type = lua_getfield(L, layer, "bulk");
    lua_Integer n = type == LUA_TTABLE ? luaL_len(L, -1) : 1;
    if (rest == 0 || n < 1)
        return;
    for (lua_Integer i = 1; i <= n; i++) {
        const char *path =
            type == LUA_TSTRING ? lua_tostring(L, -1) : "/usr/share/base/content";
        if (type == LUA_TTABLE) {
            lua_geti(L, layer + 1, i);
            path = luaL_checkstring(L, -1);
        }
        uint64_t share = rest / (uint64_t)n;
        if (i == n)
            share = rest - share * (uint64_t)(n - 1);
        add_bulk(tree, path, share, from);
        lua_settop(L, layer + 1);
    }
}

/* One layer from the table on top of the stack. */
static void add_layer(lua_State *L, struct base_state *base)
{
    int layer = lua_gettop(L);
    struct tree *tree = tree_new();
    base->trees = xreallocarray(base->trees, base->len + 1, sizeof(struct tree *));
    base->layers = xreallocarray(base->layers, base->len + 1, sizeof *base->layers);
    base->layers[base->len] = (struct base_layer){.size = 0};
    base->trees[base->len++] = tree;
    const char *created_by = value_string_field(L, layer, "created_by");
    const char *from = created_by != NULL ? created_by : base->name;
    if (lua_getfield(L, layer, "size") == LUA_TNIL)
        lua_pushinteger(L, -1);
    else
        lua_pushinteger(L, (lua_Integer)value_size(L, -1, "size"));
    lua_Integer size = lua_tointeger(L, -1);
    lua_settop(L, layer);
    if (lua_getfield(L, layer, "files") != LUA_TNIL)
        add_files(L, tree, from);
    else if (base->len == 1 && size >= 4096)
        add_default_files(tree);
    lua_settop(L, layer);
    if (size >= 0)
        add_rest(L, tree, layer, (uint64_t)size, from);
    lua_settop(L, layer);
    tree_sort(tree);
    base->layers[base->len - 1].size = tree_content_bytes(tree);
    struct image_history h = {
        .created_s = BASE_TIME,
        .created_by = (char *)(created_by != NULL ? created_by : "base layer")};
    image_config_add_history(base->config, &h);
}

static void read_strings(lua_State *L, int spec, const char *key, struct strv *out)
{
    int type = lua_getfield(L, spec, key);
    if (type == LUA_TSTRING)
        strv_add(out, lua_tostring(L, -1));
    else if (type == LUA_TTABLE) {
        lua_Integer n = luaL_len(L, -1);
        for (lua_Integer i = 1; i <= n && i <= 10000; i++) {
            lua_geti(L, -1, i);
            strv_add(out, luaL_checkstring(L, -1));
            lua_pop(L, 1);
        }
    } else if (type != LUA_TNIL)
        luaL_error(L, "\"%s\" is a text or a list of texts", key);
    lua_pop(L, 1);
}

/* One NAME=value; a later image of the chain replaces an earlier one's. */
static void set_pair(lua_State *L, const char *key, const char *pair, struct strv *out)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair)
        luaL_error(L, "\"%s\": \"%s\" is not NAME=value", key, pair);
    char *name = xstrndup(pair, (size_t)(equals - pair));
    env_set(out, name, equals + 1);
    free(name);
}

/* env and labels: { "A=1", "B=2" } in order, or { A = "1" }. */
static void read_pairs(lua_State *L, int spec, const char *key, struct strv *out)
{
    int type = lua_getfield(L, spec, key);
    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (type != LUA_TTABLE)
        luaL_error(L, "\"%s\" is a table", key);
    int table = lua_gettop(L);
    lua_Integer len = luaL_len(L, table);
    for (lua_Integer i = 1; i <= len && i <= 10000; i++) {
        lua_geti(L, table, i);
        set_pair(L, key, luaL_checkstring(L, -1), out);
        lua_settop(L, table);
    }
    if (len > 0) {
        lua_settop(L, table - 1);
        return;
    }
    size_t n = value_push_sorted_keys(L, table, key);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, table + 1, (lua_Integer)i);
        lua_pushvalue(L, -1);
        lua_gettable(L, table);
        luaL_tolstring(L, -1, NULL);
        lua_pushfstring(L, "%s=%s", lua_tostring(L, -3), lua_tostring(L, -1));
        set_pair(L, key, lua_tostring(L, -1), out);
        lua_settop(L, table + 1);
    }
    lua_settop(L, table - 1);
}

static void read_text(lua_State *L, int spec, const char *key, char **out)
{
    const char *text = value_string_field(L, spec, key);
    if (text != NULL) {
        free(*out);
        *out = xstrdup(text);
    }
}

static void read_config(lua_State *L, int spec, struct image_config *config)
{
    struct strv *lists[] = {&config->cmd, &config->entrypoint, &config->shell};
    bool *flags[] = {&config->has_cmd, &config->has_entrypoint, &config->has_shell};
    static const char *const keys[] = {"cmd", "entrypoint", "shell"};
    for (size_t i = 0; i < 3; i++) {
        if (lua_getfield(L, spec, keys[i]) != LUA_TNIL) {
            strv_clear(lists[i]);
            read_strings(L, spec, keys[i], lists[i]);
            *flags[i] = true;
        }
        lua_pop(L, 1);
    }
    read_pairs(L, spec, "env", &config->env);
    read_pairs(L, spec, "labels", &config->labels);
    read_strings(L, spec, "expose", &config->exposed);
    read_strings(L, spec, "volumes", &config->volumes);
    read_strings(L, spec, "onbuild", &config->onbuild);
    read_text(L, spec, "workdir", &config->workdir);
    read_text(L, spec, "user", &config->user);
}

static bool push_declared(lua_State *L, const struct scope *scope, const char *name)
{
    if (scope->base_table == LUA_NOREF)
        return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, scope->base_table);
    if (lua_getfield(L, -1, name) == LUA_TTABLE) {
        lua_remove(L, -2);
        return true;
    }
    lua_pop(L, 2);
    return false;
}

bool base_push_spec(lua_State *L, const struct scope *scope, const char *name)
{
    return push_declared(L, scope, name) ||
           push_declared(L, scope->script->scopes[0], name);
}

/* Adds the layers and config of the declaration on top of the stack, those it builds
 * on first. Pops it. */
void base_add_spec(lua_State *L, const struct scope *scope, struct base_state *base,
                   unsigned depth)
{
    int spec = lua_gettop(L);
    luaL_checkstack(L, 20, "base");
    const char *from = value_string_field(L, spec, "from");
    if (from != NULL) {
        base_push_normal(L, from);
        if (depth > FROM_DEPTH || !base_push_spec(L, scope, lua_tostring(L, -1)))
            luaL_error(L, "base \"%s\": no base \"%s\" to build on", base->name, from);
        base_add_spec(L, scope, base, depth + 1);
    }
    lua_settop(L, spec);
    if (lua_getfield(L, spec, "layers") == LUA_TTABLE) {
        lua_Integer n = luaL_len(L, spec + 1);
        for (lua_Integer i = 1; i <= n; i++) {
            lua_geti(L, spec + 1, i);
            add_layer(L, base);
            lua_settop(L, spec + 1);
        }
    } else if (from == NULL) { /* { size = , files = }: one layer */
        lua_newtable(L);
        static const char *const keys[] = {"size", "files"};
        for (size_t i = 0; i < 2; i++) {
            lua_getfield(L, spec, keys[i]);
            lua_setfield(L, -2, keys[i]);
        }
        add_layer(L, base);
    }
    lua_settop(L, spec);
    read_config(L, spec, base->config);
    lua_settop(L, spec - 1);
}
