/* SPDX-License-Identifier: MIT */
/*
 * base "name" {…}: modelled base images. A declaration becomes layer trees and a config
 * the first time a build asks for it; DiffIDs are computed once.
 */
#include "lua/base.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"

enum { BASE_LAYERS = 200 };

void base_free(struct base_state *base)
{
    for (size_t i = 0; i < base->len; i++)
        tree_free(base->trees[i]);
    free(base->trees);
    free(base->layers);
    image_config_free(base->config);
    free(base->name);
    free(base);
}

void base_list_free(struct base_state *list)
{
    while (list != NULL) {
        struct base_state *next = list->next;
        base_free(list);
        list = next;
    }
}

/* ---- declaring ---------------------------------------------------------------------
 */

static const char *const base_keys[] = {
    "from",   "layers", "size",   "env",     "cmd",     "entrypoint", "workdir", "user",
    "labels", "shell",  "expose", "volumes", "onbuild", "files",      NULL};
static const char *const layer_keys[] = {"size", "files", "created_by", "bulk", NULL};

static void check_layers(lua_State *L, int spec)
{
    int top = lua_gettop(L);
    if (lua_getfield(L, spec, "layers") == LUA_TNIL) {
        lua_settop(L, top);
        return;
    }
    if (!lua_istable(L, -1))
        luaL_error(L, "\"layers\" is a list of layers");
    lua_Integer n = luaL_len(L, -1);
    if (n > BASE_LAYERS)
        luaL_error(L, "over %d layers", BASE_LAYERS);
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_geti(L, top + 1, i) != LUA_TTABLE)
            luaL_error(L, "layer %d is not a table", (int)i);
        keys_check(L, -1, "a layer of a base", layer_keys);
        if (lua_getfield(L, -1, "size") != LUA_TNIL)
            value_size(L, -1, "size");
        lua_pop(L, 2);
    }
    lua_settop(L, top);
}

/* upvalue: the name */
static int declare_named_base(lua_State *L)
{
    struct script *script = script_of(L);
    const struct scope *scope = script->scopes[script->loading];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    keys_check(L, 1, "a base", base_keys);
    if (lua_getfield(L, 1, "size") != LUA_TNIL)
        value_size(L, -1, "size");
    lua_settop(L, 1);
    check_layers(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, scope->base_table);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_rawset(L, -3);
    return 0;
}

/* "python" -> "python:latest"; docker.io/library/ is what a bare name means. Pushes. */
void base_push_normal(lua_State *L, const char *name)
{
    static const char *const prefixes[] = {
        "docker.io/library/", "index.docker.io/library/", "docker.io/", "library/"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            name += strlen(prefixes[i]);
            break;
        }
    const char *last = path_base(name);
    bool tagged = strchr(last, ':') != NULL || strchr(last, '@') != NULL;
    lua_pushfstring(L, "%s%s", name, tagged ? "" : ":latest");
}

int declare_base(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    if (!script_of(L)->declaring)
        return luaL_error(L, "base() belongs at the top of a scenario file");
    luaL_argcheck(L, *name != '\0', 1, "an image's name");
    base_push_normal(L, name);
    lua_pushcclosure(L, declare_named_base, 1);
    return 1;
}

struct base_call {
    struct scope *scope;
    const char *name;
    struct base_state *found;
};

/* Finds or makes the base of a name. */
static int find_base(lua_State *L)
{
    struct base_call *call = lua_touserdata(L, 1);
    base_push_normal(L, call->name); /* 2 */
    const char *name = lua_tostring(L, 2);
    for (struct base_state *b = call->scope->base_list; b != NULL; b = b->next)
        if (strcmp(b->name, name) == 0) {
            call->found = b;
            return 0;
        }
    struct base_state *base = base_push_making(L, name); /* 3 */
    if (!base_push_spec(L, call->scope, name))
        return 0;
    base_add_spec(L, call->scope, base, 0);
    struct image_history last = {
        .created_s = BASE_TIME, .created_by = (char *)"CMD", .empty_layer = true};
    if (base->config->has_cmd) {
        struct buf text = BUF_INIT;
        buf_adds(&text, "CMD [");
        for (size_t i = 0; i < base->config->cmd.len; i++)
            buf_addf(&text, "%s\"%s\"", i > 0 ? " " : "", base->config->cmd.items[i]);
        buf_adds(&text, "]");
        last.created_by = text.data;
        image_config_add_history(base->config, &last);
        buf_free(&text);
    }
    ((struct making *)lua_touserdata(L, 3))->base = NULL;
    base->next = call->scope->base_list;
    call->scope->base_list = base;
    call->found = base;
    return 0;
}

static int lookup(struct scope *scope, const char *name, struct base_state **out,
                  struct err *err)
{
    /* by the name as it is written most often, without a call into Lua */
    for (struct base_state *b = scope->base_list; b != NULL; b = b->next)
        if (strcmp(b->name, name) == 0) {
            *out = b;
            return 0;
        }
    struct base_call call = {.scope = scope, .name = name};
    int rc = script_protected(scope->script, find_base, &call, err);
    if (rc != 0)
        return rc;
    if (call.found == NULL) {
        err_set(err, ERR_NOT_FOUND, "no modelled base image \"%s\"", name);
        return err_hint(
            err, "declare it in the scenario: base \"%s\" { size = \"80MB\" }", name);
    }
    *out = call.found;
    return 0;
}

/* The DiffIDs, once. */
static int measure(struct base_state *base, struct store *store, struct err *err)
{
    for (size_t i = 0; i < base->len; i++) {
        uint64_t tar_size = 0;
        int rc = store_layer_measure(store, base->trees[i], &base->layers[i].diff_id,
                                     &tar_size, err);
        if (rc != 0)
            return err_wrap(err, "base image %s", base->name);
    }
    for (size_t i = 0; i < base->len; i++)
        image_config_add_layer(base->config, &base->layers[i].diff_id);
    base->measured = true;
    return 0;
}

int base_resolve(void *self, struct store *store, const char *name,
                 struct base_image *out, struct err *err)
{
    struct base_state *base = NULL;
    int rc = lookup(self, name, &base, err);
    if (rc == 0 && !base->measured)
        rc = measure(base, store, err);
    if (rc != 0)
        return rc;
    *out = (struct base_image){.config = image_config_copy(base->config),
                               .layer_count = base->len};
    out->layers = xcalloc(base->len + 1, sizeof *out->layers);
    memcpy(out->layers, base->layers, base->len * sizeof *out->layers);
    return 0;
}

int base_fetch(void *self, struct store *store, const char *name, size_t layer,
               struct err *err)
{
    struct base_state *base = NULL;
    int rc = lookup(self, name, &base, err);
    if (rc != 0 || base == NULL)
        return rc;
    if (layer >= base->len)
        return err_set(err, ERR_FAILED, "base image %s has no layer %zu", name, layer);
    struct tree *copy = tree_new();
    for (size_t i = 0; i < base->trees[layer]->len; i++)
        tree_add(copy, &base->trees[layer]->entries[i]);
    tree_sort(copy);
    struct layer *stored = NULL;
    rc = store_layer_put(store, copy, &stored, err);
    if (rc == 0)
        layer_unref(stored);
    return rc;
}
