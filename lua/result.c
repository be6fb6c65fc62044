/* SPDX-License-Identifier: MIT */
/*
 * Results of builds: a compact copy of struct build_result, made at once, and the Lua
 * tables made from it when a script looks. One block of memory a build; the config of
 * an image is shared by builds in a row that give the same.
 */
#include <stdlib.h>
#include <string.h>

#include "lua/internal.h"
#include "sim/base/mem.h"
#include "sim/image/config.h"

#define RESULT "simbench.Result"

struct shared_text {
    unsigned refs;
    char text[];
};

struct kept_miss {
    enum miss_reason reason;
    unsigned root;
    const char *text;
    const struct miss_change *changes;
    size_t change_count;
};

struct kept_build {
    unsigned refs;
    size_t bytes; /* of the block and the config */
    bool plan, failed, has_virtual;
    unsigned step_count, ran, reused;
    uint64_t virtual_ms, size, new_bytes, fetched_bytes;
    double wall_s;
    struct digest image_id;
    const char *label;
    struct build_step *steps; /* strings point into this block */
    struct kept_miss *misses; /* one a step; reason text NULL: none */
    struct base_layer *layers;
    size_t layer_count;
    struct shared_text *config;
    char *error, *hint; /* of a build that failed; owned */
};

/* ---- keeping -----------------------------------------------------------------------
 */

/* Lays things out in one block: first the sizes are added up, then, with a block, the
 * same calls copy. */
struct layout {
    char *block;
    size_t used;
};

static void *place(struct layout *l, const void *data, size_t size, size_t align)
{
    l->used = (l->used + align - 1) / align * align;
    char *at = l->block != NULL ? l->block + l->used : NULL;
    if (at != NULL && size > 0 && data != NULL)
        memcpy(at, data, size);
    l->used += size;
    return at;
}

static const char *place_text(struct layout *l, const char *text)
{
    return text != NULL ? place(l, text, strlen(text) + 1, 1) : NULL;
}

static void place_miss(struct layout *l, const struct miss *from, struct kept_miss *to)
{
    struct miss_change *changes =
        place(l, from->changes, from->change_count * sizeof *changes,
              _Alignof(struct miss_change));
    for (size_t i = 0; i < from->change_count; i++) {
        const struct miss_change *c = &from->changes[i];
        /* kind and what are static, as miss.h says */
        const char *name = place_text(l, c->name), *old = place_text(l, c->from);
        const char *new = place_text(l, c->to);
        if (changes != NULL) {
            changes[i].name = (char *)name;
            changes[i].from = (char *)old;
            changes[i].to = (char *)new;
        }
    }
    const char *text = place_text(l, from->text != NULL ? from->text : "");
    if (to != NULL)
        *to = (struct kept_miss){from->reason, from->root, text, changes,
                                 from->change_count};
}

static struct kept_build *lay_out(struct layout *l, const char *label,
                                  const struct build_result *from)
{
    struct kept_build *k = place(l, NULL, sizeof *k, _Alignof(struct kept_build));
    unsigned n = from != NULL ? from->step_count : 0;
    struct build_step *steps = place(l, n > 0 ? from->steps : NULL, n * sizeof *steps,
                                     _Alignof(struct build_step));
    struct kept_miss *misses =
        place(l, NULL, n * sizeof *misses, _Alignof(struct kept_miss));
    size_t layers = from != NULL ? from->layer_count : 0;
    struct base_layer *kept_layers =
        place(l, layers > 0 ? from->layers : NULL, layers * sizeof *kept_layers,
              _Alignof(struct base_layer));
    for (unsigned i = 0; i < n; i++) {
        const struct build_step *s = &from->steps[i];
        const char *stage = place_text(l, s->stage);
        const char *instruction = place_text(l, s->instruction);
        const char *word = place_text(l, s->word), *base = place_text(l, s->base_name);
        if (misses != NULL) {
            misses[i] = (struct kept_miss){.text = NULL};
            steps[i].stage = stage;
            steps[i].instruction = instruction;
            steps[i].word = word;
            steps[i].base_name = base;
        }
        if (s->miss != NULL)
            place_miss(l, s->miss, misses != NULL ? &misses[i] : NULL);
    }
    const char *kept_label = place_text(l, label);
    if (k != NULL)
        *k = (struct kept_build){.refs = 1,
                                 .step_count = n,
                                 .label = kept_label,
                                 .steps = steps,
                                 .misses = misses,
                                 .layers = kept_layers,
                                 .layer_count = layers};
    return k;
}

static void count(struct kept_build *k)
{
    for (unsigned i = 0; i < k->step_count; i++) {
        const struct build_step *s = &k->steps[i];
        k->ran += s->status == STEP_RAN ? 1 : 0;
        k->reused += s->status == STEP_CACHED ? 1 : 0;
        k->fetched_bytes += s->fetched_bytes;
        if (s->status == STEP_RAN && s->has_layer)
            k->new_bytes += s->size;
    }
}

static struct shared_text *share(const char *text, const struct kept_build *before)
{
    if (text == NULL)
        return NULL;
    if (before != NULL && before->config != NULL &&
        strcmp(before->config->text, text) == 0) {
        before->config->refs++;
        return before->config;
    }
    size_t n = strlen(text) + 1;
    struct shared_text *shared = xmalloc(sizeof *shared + n);
    shared->refs = 1;
    memcpy(shared->text, text, n);
    return shared;
}

struct kept_build *result_keep(const char *label, const struct build_result *from,
                               bool plan, const struct kept_build *before,
                               const struct err *failure)
{
    struct layout l = {NULL, 0};
    lay_out(&l, label, from);
    l.block = xmalloc(l.used);
    l.used = 0;
    struct kept_build *k = lay_out(&l, label, from);
    k->bytes = l.used;
    k->plan = plan;
    k->failed = failure != NULL;
    if (failure != NULL) {
        k->error = xstrdup(failure->msg);
        k->hint = xstrdup(failure->hint);
    }
    if (from == NULL)
        return k;
    k->has_virtual = from->has_virtual;
    k->virtual_ms = from->virtual_ms;
    k->wall_s = from->wall_s;
    k->size = from->size;
    k->image_id = from->image_id;
    k->config = share(from->config_json, before);
    if (k->config != NULL && k->config->refs == 1)
        k->bytes += strlen(k->config->text);
    count(k);
    return k;
}

struct kept_build *result_ref(struct kept_build *build)
{
    build->refs++;
    return build;
}

void result_unref(struct kept_build *build)
{
    if (build == NULL || --build->refs > 0)
        return;
    if (build->config != NULL && --build->config->refs == 0)
        free(build->config);
    free(build->error);
    free(build->hint);
    free(build);
}

const char *result_label(const struct kept_build *build)
{
    return build->label;
}

size_t result_bytes(const struct kept_build *build)
{
    return build->bytes;
}

void kept_variant_clear(struct kept_variant *kept)
{
    for (size_t i = 0; i < kept->len; i++)
        result_unref(kept->builds[i]);
    free(kept->builds);
    *kept = (struct kept_variant){0};
}

/* ---- Lua's view --------------------------------------------------------------------
 */

static void push_digest(lua_State *L, const struct digest *digest)
{
    char text[DIGEST_TEXT + 1];
    digest_text(digest, text);
    lua_pushstring(L, text);
}

static void set_integer(lua_State *L, const char *key, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, key);
}

static void set_string(lua_State *L, const char *key, const char *value)
{
    if (value == NULL)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void set_strict(lua_State *L, const char *what, const char *const *known)
{
    keys_push_strict(L, what, known);
    lua_setmetatable(L, -2);
}

static void push_seconds(lua_State *L, bool has_virtual, uint64_t ms, double wall)
{
    static const char *const known[] = {"virtual", "wall", NULL};
    lua_createtable(L, 0, 2);
    if (has_virtual) {
        lua_pushnumber(L, (lua_Number)ms / 1000.0);
        lua_setfield(L, -2, "virtual");
    }
    lua_pushnumber(L, wall);
    lua_setfield(L, -2, "wall");
    set_strict(L, "seconds", known);
}

static void push_miss(lua_State *L, const struct kept_miss *m)
{
    static const char *const known[] = {"reason", "root", "text", "changes", NULL};
    static const char *const change_known[] = {"kind", "what", "name", "path",
                                               "from", "to",   NULL};
    lua_createtable(L, 0, 4); /* [miss] */
    set_string(L, "reason", miss_reason_name(m->reason));
    set_integer(L, "root", m->root);
    set_string(L, "text", m->text);
    lua_createtable(L, (int)m->change_count, 0); /* [miss][changes] */
    for (size_t i = 0; i < m->change_count; i++) {
        const struct miss_change *c = &m->changes[i];
        lua_createtable(L, 0, 5);
        set_string(L, "kind", c->kind);
        set_string(L, "what", c->what);
        bool file = c->kind != NULL && strcmp(c->kind, "file") == 0;
        set_string(L, file ? "path" : "name", c->name);
        set_string(L, "from", c->from);
        set_string(L, "to", c->to);
        set_strict(L, "a change", change_known);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "changes");
    set_strict(L, "miss", known);
}

static const char *const layer_keys[] = {"diff_id", "size", "modelled", NULL};

static void push_layer(lua_State *L, const struct digest *diff_id, uint64_t size)
{
    lua_createtable(L, 0, 3);
    push_digest(L, diff_id);
    lua_setfield(L, -2, "diff_id");
    set_integer(L, "size", size);
    set_strict(L, "a layer", layer_keys);
}

static const char *status_name(enum step_status status, bool plan)
{
    switch (status) {
    case STEP_CACHED:
        return "cached";
    case STEP_RAN:
        return plan ? "run" : "ran";
    case STEP_META:
        return "meta";
    default:
        return "depends";
    }
}

static void push_base(lua_State *L, const struct build_step *s)
{
    static const char *const known[] = {"name", "layers", "size", NULL};
    lua_createtable(L, 0, 3);
    set_string(L, "name", s->base_name);
    set_integer(L, "layers", s->base_layers);
    set_integer(L, "size", s->base_size);
    set_strict(L, "base", known);
}

static void push_step(lua_State *L, const struct kept_build *k, unsigned i)
{
    static const char *const known[] = {
        "index",   "total",  "stage",  "line",          "instruction",
        "word",    "status", "cached", "key",           "layer",
        "seconds", "miss",   "base",   "fetched_bytes", NULL};
    const struct build_step *s = &k->steps[i];
    lua_createtable(L, 0, 14); /* [step] */
    set_integer(L, "index", s->index);
    set_integer(L, "total", s->total);
    set_string(L, "stage", s->stage);
    set_integer(L, "line", s->line);
    set_string(L, "instruction", s->instruction);
    set_string(L, "word", s->word);
    set_string(L, "status", status_name(s->status, k->plan));
    lua_pushboolean(L, s->status == STEP_CACHED);
    lua_setfield(L, -2, "cached");
    if (s->has_key) {
        push_digest(L, &s->key);
        lua_setfield(L, -2, "key");
    }
    if (s->has_layer) {
        push_layer(L, &s->diff_id, s->size);
        lua_pushboolean(L, s->modelled);
        lua_setfield(L, -2, "modelled");
        lua_setfield(L, -2, "layer");
    }
    push_seconds(L, s->has_virtual, s->virtual_ms, s->wall_s);
    lua_setfield(L, -2, "seconds");
    if (k->misses[i].text != NULL) {
        push_miss(L, &k->misses[i]);
        lua_setfield(L, -2, "miss");
    }
    if (s->base_name != NULL) {
        push_base(L, s);
        lua_setfield(L, -2, "base");
    }
    set_integer(L, "fetched_bytes", s->fetched_bytes);
    set_strict(L, "a step", known);
}

static void push_steps(lua_State *L, const struct kept_build *k)
{
    static const char *const none[] = {"1", NULL};
    lua_createtable(L, (int)k->step_count, 0);
    for (unsigned i = 0; i < k->step_count; i++) {
        push_step(L, k, i);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    set_strict(L, "steps (a list: steps[1], …)", none);
}

static void push_layers(lua_State *L, const struct kept_build *k)
{
    lua_createtable(L, (int)k->layer_count, 0);
    for (size_t i = 0; i < k->layer_count; i++) {
        push_layer(L, &k->layers[i].diff_id, k->layers[i].size);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* One row an instruction, oldest first, sizes from the layers in order. */
static void push_history_of(lua_State *L, const struct kept_build *k,
                            const struct image_config *config)
{
    static const char *const known[] = {"created_by", "size", "empty", "comment", NULL};
    size_t layer = 0;
    for (size_t i = 0; i < config->history_count; i++) {
        const struct image_history *h = &config->history[i];
        bool has = !h->empty_layer && layer < k->layer_count;
        lua_createtable(L, 0, 4);
        set_string(L, "created_by", h->created_by != NULL ? h->created_by : "");
        set_string(L, "comment", h->comment);
        set_integer(L, "size", has ? k->layers[layer].size : 0);
        lua_pushboolean(L, h->empty_layer);
        lua_setfield(L, -2, "empty");
        set_strict(L, "a row of history", known);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
        layer += has ? 1 : 0;
    }
}

/* upvalueless helper: [config userdata] keeps the parsed config for the collector */
static int config_gc(lua_State *L)
{
    struct image_config **config = lua_touserdata(L, 1);
    image_config_free(*config);
    *config = NULL;
    return 0;
}

static void push_history(lua_State *L, const struct kept_build *k)
{
    lua_newtable(L); /* [history] */
    if (k->config == NULL)
        return;
    struct image_config **config = lua_newuserdatauv(L, sizeof *config, 0);
    *config = NULL;
    if (luaL_newmetatable(L, "simbench.Config")) {
        lua_pushcfunction(L, config_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    struct err err = ERR_INIT;
    const char *json = k->config->text;
    if (image_config_from_json(json, strlen(json), config, &err) != 0)
        script_raise(L, &err);
    lua_insert(L, -2); /* [config][history] */
    push_history_of(L, k, *config);
    lua_remove(L, -2);
}

static const char *const result_keys[] = {
    "label", "ran",       "reused",        "seconds", "steps",  "size",  "layers",
    "image", "new_bytes", "fetched_bytes", "history", "failed", "error", NULL};

/* Pushes what a result has under a key; false: nothing of that name. */
static bool push_field(lua_State *L, const struct kept_build *k, const char *key)
{
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {{"ran", k->ran},
                   {"reused", k->reused},
                   {"size", k->size},
                   {"new_bytes", k->new_bytes},
                   {"fetched_bytes", k->fetched_bytes}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(numbers[i].key, key) == 0) {
            lua_pushinteger(L, (lua_Integer)numbers[i].value);
            return true;
        }
    if (strcmp(key, "seconds") == 0)
        push_seconds(L, k->has_virtual, k->virtual_ms, k->wall_s);
    else if (strcmp(key, "steps") == 0)
        push_steps(L, k);
    else if (strcmp(key, "layers") == 0)
        push_layers(L, k);
    else if (strcmp(key, "history") == 0)
        push_history(L, k);
    else if (strcmp(key, "label") == 0)
        lua_pushstring(L, k->label);
    else if (strcmp(key, "image") == 0 && !digest_is_zero(&k->image_id))
        push_digest(L, &k->image_id);
    else if (strcmp(key, "failed") == 0)
        lua_pushboolean(L, k->failed);
    else if (strcmp(key, "image") == 0 || strcmp(key, "error") == 0)
        lua_pushstring(L, strcmp(key, "error") == 0 ? k->error : NULL);
    else
        return false;
    return true;
}

static int result_index(lua_State *L)
{
    struct kept_build **k = luaL_checkudata(L, 1, RESULT);
    const char *key = luaL_checkstring(L, 2);
    lua_getiuservalue(L, 1, 1); /* [cache] what was made before */
    if (lua_istable(L, -1)) {
        lua_pushvalue(L, 2);
        if (lua_rawget(L, -2) != LUA_TNIL)
            return 1;
        lua_pop(L, 1);
    }
    if (!push_field(L, *k, key))
        return keys_unknown(L, "the result of a build", key, result_keys);
    if (!lua_istable(L, -1))
        return 1;
    if (!lua_istable(L, -2)) {
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setiuservalue(L, 1, 1);
        lua_replace(L, -3); /* [cache][value] */
    }
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
    return 1;
}

static int result_gc(lua_State *L)
{
    struct kept_build **k = luaL_checkudata(L, 1, RESULT);
    result_unref(*k);
    *k = NULL;
    return 0;
}

static int result_tostring(lua_State *L)
{
    struct kept_build **k = luaL_checkudata(L, 1, RESULT);
    lua_pushfstring(L, "build \"%s\"", (*k)->label);
    return 1;
}

void result_open(lua_State *L)
{
    static const luaL_Reg meta[] = {{"__index", result_index},
                                    {"__gc", result_gc},
                                    {"__tostring", result_tostring},
                                    {NULL, NULL}};
    luaL_newmetatable(L, RESULT);
    luaL_setfuncs(L, meta, 0);
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

struct kept_build **result_push(lua_State *L)
{
    struct kept_build **k = lua_newuserdatauv(L, sizeof *k, 1);
    *k = NULL;
    luaL_setmetatable(L, RESULT);
    return k;
}

/* ---- r of expect -------------------------------------------------------------------
 */

/* __index of r and r.variant: upvalue 1 what, 2 the table itself. */
static int no_such_build(lua_State *L)
{
    const char *known[65], *key = luaL_tolstring(L, 2, NULL);
    size_t n = 0;
    for (lua_pushnil(L); n < 64 && lua_next(L, 1) != 0; lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            known[n++] = lua_tostring(L, -2);
    known[n] = NULL;
    return keys_unknown(L, lua_tostring(L, lua_upvalueindex(1)), key, known);
}

static void guard(lua_State *L, const char *what)
{
    lua_createtable(L, 0, 2);
    lua_pushstring(L, what);
    lua_pushcclosure(L, no_such_build, 1);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

void result_push_all(lua_State *L, struct script *script, size_t scenario)
{
    const struct script_scenario *public = &script->scenarios[scenario];
    lua_newtable(L); /* [r] */
    for (size_t v = 0; v < public->variant_count; v++) {
        const struct kept_variant *kept = &script->states[scenario].variants[v].kept;
        if (!kept->ran)
            continue;
        lua_newtable(L); /* [r][variant] */
        for (size_t i = 0; i < kept->len; i++) {
            lua_pushstring(L, kept->builds[i]->label);
            *result_push(L) = result_ref(kept->builds[i]);
            lua_rawset(L, -3);
        }
        const char *what =
            lua_pushfstring(L, "variant \"%s\"", public->variants[v].name);
        lua_insert(L, -2);
        guard(L, what);
        lua_setfield(L, -3, public->variants[v].name);
        lua_pop(L, 1);
    }
    guard(L, "the scenario's results");
}
