/* SPDX-License-Identifier: MIT */
/* model "pip" {…}: declaring command models, and c, the command a model sees. */
#include <stdlib.h>
#include <string.h>

#include "lua/internal.h"
#include "sim/base/digest.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/view.h"

#define COMMAND "simbench.Command"
#define READ_LIMIT ((uint64_t)64 << 20)

struct command_call {
    struct scope *scope;
    const struct model_command *command;
    struct model_outcome *out;
    bool found;
    unsigned depth;             /* c:run within c:run */
    uint64_t serial;            /* which c belongs to it */
    struct command_call *outer; /* the calls that are under way */
};

/* c does not point at its call: a script may keep it longer. */
struct command_handle {
    uint64_t serial;
};

/* ---- declaring ---------------------------------------------------------------------
 */

static const char *const model_keys[] = {"run",     "time",   "writes", "reads",
                                         "removes", "output", "status", "aliases",
                                         "why",     NULL};

static void check_model(lua_State *L, int spec)
{
    keys_check(L, spec, "a model", model_keys);
    int top = lua_gettop(L);
    if (lua_getfield(L, spec, "run") != LUA_TNIL && !lua_isfunction(L, -1))
        luaL_error(L, "\"run\" is a function, not a %s", luaL_typename(L, -1));
    bool runs = !lua_isnil(L, -1);
    if (lua_getfield(L, spec, "time") != LUA_TNIL)
        value_time_ms(L, -1, "time");
    if (lua_getfield(L, spec, "writes") != LUA_TNIL && !lua_istable(L, -1))
        luaL_error(L, "\"writes\" is a table of [\"/path\"] = size");
    bool says = !lua_isnil(L, -1) || !lua_isnil(L, -2);
    if (!runs && !says)
        luaL_error(L, "a model needs \"run\", or \"time\" and \"writes\"");
    lua_settop(L, top);
}

/* Puts the declaration at `spec` under a name, a text at the top of the stack. */
static void put_model(lua_State *L, const struct scope *scope, int spec)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, scope->model_table); /* [name][models] */
    lua_insert(L, -2);
    lua_pushvalue(L, spec);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* upvalue: the name */
static int declare_named_model(lua_State *L)
{
    struct script *script = script_of(L);
    const struct scope *scope = script->scopes[script->loading];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    check_model(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    put_model(L, scope, 1);
    if (lua_getfield(L, 1, "aliases") == LUA_TNIL)
        return 0;
    if (!lua_istable(L, -1))
        return luaL_error(L, "\"aliases\" is a list of names");
    lua_Integer n = luaL_len(L, 2);
    for (lua_Integer i = 1; i <= n && i <= 1000; i++) {
        if (lua_geti(L, 2, i) != LUA_TSTRING)
            return luaL_error(L, "\"aliases\" is a list of names");
        put_model(L, scope, 1);
    }
    return 0;
}

int declare_model(lua_State *L)
{
    luaL_checkstring(L, 1);
    if (!script_of(L)->declaring)
        return luaL_error(L, "model() belongs at the top of a scenario file");
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, declare_named_model, 1);
    return 1;
}

/* ---- c -----------------------------------------------------------------------------
 */

static struct command_call *check_command(lua_State *L)
{
    struct command_handle *h = luaL_checkudata(L, 1, COMMAND);
    for (struct command_call *call = script_of(L)->active; call != NULL;
         call = call->outer)
        if (call->serial == h->serial)
            return call;
    luaL_error(L, "c works only while its model runs");
    return NULL;
}

/* Clean path in the view of what the model calls path; the caller frees. */
static char *clean_path(const struct command_call *call, const char *path)
{
    AUTO_FREE char *full = path[0] == '/' ? NULL : path_join(call->command->cwd, path);
    AUTO_FREE char *clean = path_below_root(full != NULL ? full : path);
    char *out = NULL;
    if (view_resolve(call->command->root, clean, true, &out, NULL) != 0)
        return STEAL(clean);
    return out;
}

static const struct entry *lookup(const struct command_call *call, const char *path)
{
    AUTO_FREE char *clean = clean_path(call, path);
    return view_lookup(call->command->root, clean);
}

static int c_read(lua_State *L)
{
    struct command_call *call = check_command(L);
    const char *path = luaL_checkstring(L, 2);
    const struct entry *e = lookup(call, path);
    if (e == NULL || e->type != ENTRY_FILE || e->size > READ_LIMIT) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path,
                        e == NULL               ? "No such file or directory"
                        : e->type == ENTRY_FILE ? "File too large"
                                                : "Is a directory");
        return 2;
    }
    luaL_Buffer b;
    luaL_buffinitsize(L, &b, (size_t)e->size);
    struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    int rc = content_load(&e->content, e->size, READ_LIMIT, &text, &err);
    size_t len = rc == 0 ? text.len : 0;
    if (len > 0)
        memcpy(luaL_buffaddr(&b), text.data, len);
    buf_free(&text);
    luaL_pushresultsize(&b, len);
    return rc == 0 ? 1 : script_raise(L, &err);
}

static int c_exists(lua_State *L)
{
    struct command_call *call = check_command(L);
    lua_pushboolean(L, lookup(call, luaL_checkstring(L, 2)) != NULL);
    return 1;
}

static int c_is_dir(lua_State *L)
{
    struct command_call *call = check_command(L);
    const struct entry *e = lookup(call, luaL_checkstring(L, 2));
    lua_pushboolean(L, e != NULL && e->type == ENTRY_DIR);
    return 1;
}

static int c_size(lua_State *L)
{
    struct command_call *call = check_command(L);
    const struct entry *e = lookup(call, luaL_checkstring(L, 2));
    if (e == NULL || e->type != ENTRY_FILE)
        return 0;
    lua_pushinteger(L, (lua_Integer)e->size);
    return 1;
}

/* A text that is equal where the file (or the whole folder) is equal. */
static int digest_entry(void *payload, const struct entry *entry, struct err *err)
{
    struct digester *d = payload;
    struct digest content = {0};
    if (entry->type == ENTRY_FILE) {
        int rc = content_digest(&entry->content, entry->size, &content, err);
        if (rc != 0)
            return rc;
    }
    digester_add_string(d, entry->path);
    digester_add_u64(d, entry->mode);
    digester_add_string(d, entry->target != NULL ? entry->target : "");
    digester_add_digest(d, &content);
    return 0;
}

static int c_digest(lua_State *L)
{
    struct command_call *call = check_command(L);
    const char *path = luaL_checkstring(L, 2);
    struct err err = ERR_INIT;
    struct digest digest;
    struct digester *d = digester_new();
    char *clean = clean_path(call, path);
    int rc = view_walk(call->command->root, clean, digest_entry, d, &err);
    free(clean);
    digester_finish(d, &digest);
    digester_free(d);
    if (rc != 0)
        return script_raise(L, &err);
    char text[DIGEST_HEX + 1];
    digest_hex(&digest, text);
    lua_pushstring(L, text);
    return 1;
}

static int c_list(lua_State *L)
{
    struct command_call *call = check_command(L);
    const char *path = luaL_optstring(L, 2, ".");
    lua_newtable(L);
    char *clean = clean_path(call, path);
    struct strv names = STRV_INIT;
    view_list(call->command->root, clean, &names);
    free(clean);
    /* only a lack of memory can raise here; the names are small then */
    for (size_t i = 0; i < names.len; i++) {
        lua_pushstring(L, names.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    strv_free(&names);
    return 1;
}

static struct entry new_entry(const struct command_call *call, enum entry_type type,
                              uint32_t mode)
{
    return (struct entry){.type = type,
                          .mode = mode,
                          .uid = call->command->uid,
                          .gid = call->command->gid,
                          .mtime_ns = call->command->now_s * INT64_C(1000000000)};
}

/* Puts the entry at the path, its parents made. Takes the clean path. */
static int put(struct command_call *call, const char *path, char *resolved,
               struct entry *e, struct err *err)
{
    AUTO_FREE char *clean = resolved;
    struct view *root = call->command->root;
    int rc = 0;
    if (*clean == '\0')
        return err_set(err, ERR_FAILED, "%s is no file that could be written", path);
    if (path_parent_len(clean) > 0) {
        AUTO_FREE char *parent = xstrndup(clean, path_parent_len(clean));
        struct entry folder = new_entry(call, ENTRY_DIR, 0755);
        if (view_lookup(root, parent) == NULL)
            rc = view_make_folders(root, parent, &folder, err);
    }
    e->path = clean;
    return rc != 0 ? rc : view_put(root, e, err);
}

/* What the bytes of a modelled file come from: its path, and what the model says
 * decides them (by default the command line). */
static uint64_t seed_of(const struct command_call *call, const char *clean,
                        const char *from)
{
    struct digester *d = digester_new();
    digester_add_string(d, clean);
    if (from != NULL)
        digester_add_string(d, from);
    for (size_t i = 0; from == NULL && i < call->command->argv->len; i++)
        digester_add_string(d, call->command->argv->items[i]);
    struct digest digest;
    digester_finish(d, &digest);
    digester_free(d);
    uint64_t seed = 0;
    memcpy(&seed, digest.bytes, sizeof seed);
    return seed;
}

static const char *const file_keys[] = {"size", "text", "mode", "from", NULL};

/* c:write(path, text) or (path, { size =, text =, mode =, from = }) */
static int c_write(lua_State *L)
{
    struct command_call *call = check_command(L);
    const char *path = luaL_checkstring(L, 2);
    struct entry e = new_entry(call, ENTRY_FILE, 0644);
    size_t len = 0;
    const char *text = NULL, *from = NULL;
    lua_settop(L, 3);
    if (lua_istable(L, 3)) {
        keys_check(L, 3, "c:write's table", file_keys);
        from = value_string_field(L, 3, "from");
        if (lua_getfield(L, 3, "mode") != LUA_TNIL)
            e.mode = value_mode(L, -1, "mode");
        if (lua_getfield(L, 3, "size") != LUA_TNIL) {
            e.size = value_size(L, -1, "size");
            e.content.kind = e.size > 0 ? CONTENT_SEED : CONTENT_NONE;
        } else {
            value_string_field(L, 3, "text");
            lua_getfield(L, 3, "text");
            text = lua_tolstring(L, -1, &len);
        }
    } else {
        text = luaL_checklstring(L, 3, &len);
    }
    if (text != NULL && len > 0) {
        e.size = len;
        e.content.kind = CONTENT_INLINE;
        e.content.from.bytes = text;
    }
    struct err err = ERR_INIT;
    char *clean = clean_path(call, path);
    if (e.content.kind == CONTENT_SEED)
        e.content.from.seed = seed_of(call, clean, from);
    return put(call, path, clean, &e, &err) == 0 ? 0 : script_raise(L, &err);
}

static int c_mkdir(lua_State *L)
{
    struct command_call *call = check_command(L);
    const char *path = luaL_checkstring(L, 2);
    struct entry e = new_entry(call, ENTRY_DIR, 0755);
    const struct entry *old = lookup(call, path);
    struct err err = ERR_INIT;
    if (old != NULL && old->type == ENTRY_DIR)
        return 0;
    return put(call, path, clean_path(call, path), &e, &err) == 0
               ? 0
               : script_raise(L, &err);
}

static int c_symlink(lua_State *L)
{
    struct command_call *call = check_command(L);
    struct entry e = new_entry(call, ENTRY_SYMLINK, 0777);
    e.target = luaL_checkstring(L, 2);
    const char *path = luaL_checkstring(L, 3);
    struct err err = ERR_INIT;
    return put(call, path, clean_path(call, path), &e, &err) == 0
               ? 0
               : script_raise(L, &err);
}

static int c_remove(lua_State *L)
{
    struct command_call *call = check_command(L);
    const char *path = luaL_checkstring(L, 2);
    char *clean = clean_path(call, path);
    bool root = *clean == '\0';
    if (!root)
        view_remove(call->command->root, clean);
    free(clean);
    return root ? luaL_error(L, "c:remove(\"%s\") would remove the whole image", path)
                : 0;
}

static int c_time(lua_State *L)
{
    struct command_call *call = check_command(L);
    call->out->virtual_ms += value_time_ms(L, 2, "c:time");
    return 0;
}

static int c_print(lua_State *L)
{
    struct command_call *call = check_command(L);
    int n = lua_gettop(L);
    for (int i = 2; i <= n; i++) {
        size_t len = 0;
        const char *text = luaL_tolstring(L, i, &len);
        if (call->out->output.len + len > READ_LIMIT)
            return luaL_error(L, "a model may print 64 MiB at most");
        buf_adds(&call->out->output, i > 2 ? "\t" : "");
        buf_add(&call->out->output, text, len);
        lua_pop(L, 1);
    }
    buf_addc(&call->out->output, '\n');
    return 0;
}

/* Ends the model: the command exits with this status after printing the message. */
static int c_fail(lua_State *L)
{
    struct command_call *call = check_command(L);
    lua_Integer status = luaL_checkinteger(L, 2);
    luaL_argcheck(L, status >= 1 && status <= 255, 2, "a status is 1 to 255");
    const char *message = luaL_optstring(L, 3, NULL);
    call->out->exit_status = (int)status;
    if (message != NULL)
        buf_addf(&call->out->output, "%s\n", message);
    return script_stop(L);
}

static void push_strings(lua_State *L, const struct strv *v)
{
    lua_createtable(L, (int)v->len, 0);
    for (size_t i = 0; i < v->len; i++) {
        lua_pushstring(L, v->items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_environment(lua_State *L, const struct strv *env)
{
    lua_createtable(L, 0, (int)env->len);
    for (size_t i = 0; i < env->len; i++) {
        const char *pair = env->items[i], *equals = strchr(pair, '=');
        if (equals == NULL)
            continue;
        lua_pushlstring(L, pair, (size_t)(equals - pair));
        lua_pushstring(L, equals + 1);
        lua_rawset(L, -3);
    }
}

static const char *const command_names[] = {
    "argv",   "env",   "cwd",    "uid",  "gid",   "input",  "read",    "exists",
    "is_dir", "size",  "digest", "list", "write", "mkdir",  "symlink", "remove",
    "time",   "print", "fail",   "run",  "opts",  "spread", NULL};

/* A table of the command's, made when it is first asked for: user value `slot`. */
static void push_once(lua_State *L, int slot, const struct strv *list,
                      void (*make)(lua_State *L, const struct strv *list))
{
    if (lua_getiuservalue(L, 1, slot) == LUA_TTABLE)
        return;
    make(L, list);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, slot);
}

enum { ARGV_SLOT = 1, ENV_SLOT, COMMAND_SLOTS = ENV_SLOT };

/* upvalue: the methods */
static int c_index(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    const struct model_command *command = check_command(L)->command;
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "argv") == 0)
        push_once(L, ARGV_SLOT, command->argv, push_strings);
    else if (strcmp(key, "env") == 0)
        push_once(L, ENV_SLOT, command->env, push_environment);
    else if (strcmp(key, "cwd") == 0)
        lua_pushstring(L, command->cwd);
    else if (strcmp(key, "uid") == 0)
        lua_pushinteger(L, command->uid);
    else if (strcmp(key, "gid") == 0)
        lua_pushinteger(L, command->gid);
    else if (strcmp(key, "input") == 0)
        lua_pushlstring(L, command->input != NULL ? command->input : "",
                        command->input != NULL ? command->input_len : 0);
    else
        return keys_unknown(L, "c", key, command_names);
    return 1;
}

/* ---- running -----------------------------------------------------------------------
 */

/* Pushes the declaration for a name in one table; false: nothing pushed. */
static bool push_declared(lua_State *L, int table, const char *name)
{
    if (table == LUA_NOREF)
        return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, table);
    if (lua_getfield(L, -1, name) == LUA_TTABLE) {
        lua_remove(L, -2);
        return true;
    }
    lua_pop(L, 2);
    return false;
}

/* The file's own models first, then the stock ones; each by the full name, then without
 * a version behind it (pip3, python3.11). */
static bool push_model(lua_State *L, const struct scope *scope, const char *command)
{
    const char *name = path_base(command);
    size_t n = strlen(name);
    while (n > 0 && strchr("0123456789.", name[n - 1]) != NULL)
        n--;
    n -= n > 0 && name[n - 1] == '-' ? 1 : 0;
    char stem[128] = "";
    if (n > 0 && n < sizeof stem)
        snprintf(stem, sizeof stem, "%.*s", (int)n, name);
    const struct scope *stock = scope->script->scopes[0];
    return push_declared(L, scope->model_table, name) ||
           push_declared(L, scope->model_table, stem) ||
           push_declared(L, stock->model_table, name) ||
           push_declared(L, stock->model_table, stem);
}

/* Applies the declaration on top of the stack to the call, and pops it. */
static void apply(lua_State *L, struct command_call *call)
{
    struct script *script = script_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->apply);
    struct command_handle *h = lua_newuserdatauv(L, sizeof *h, COMMAND_SLOTS);
    call->serial = h->serial = ++script->serials;
    luaL_setmetatable(L, COMMAND);
    lua_rotate(L, -3, 2); /* …[apply][c][spec] */
    call->outer = script->active;
    script->active = call;
    lua_call(L, 2, 0);
    script->active = call->outer;
}

static int call_model(lua_State *L)
{
    struct command_call *call = lua_touserdata(L, 1);
    call->found = push_model(L, call->scope, call->command->argv->items[0]);
    if (call->found)
        apply(L, call);
    return 0;
}

/* c:run{"pip", "install", …}: another model in this one's place, as far as its effects,
 * time and output go; if it fails, so does this one. Returns 0, nil if there is none of
 * that name. */
static int c_run(lua_State *L)
{
    struct command_call *call = check_command(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 2);
    luaL_argcheck(L, n >= 1 && n <= 10000, 2, "a list of words");
    luaL_argcheck(L, call->depth < 10, 2, "models that run each other too deep");
    for (lua_Integer i = 1; i <= n; i++)
        if (lua_geti(L, 2, i) != LUA_TSTRING)
            return luaL_argerror(L, 2, "a list of texts");
        else
            lua_pop(L, 1);
    if (lua_geti(L, 2, 1), !push_model(L, call->scope, lua_tostring(L, -1)))
        return 0;
    /* the words live in the table at 2; the vector is memory of the collector */
    char **items = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *items, 0);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_geti(L, 2, i);
        items[i - 1] = (char *)lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    items[n] = NULL;
    struct strv argv = {.items = items, .len = (size_t)n};
    struct model_command command = *call->command;
    command.argv = &argv;
    struct command_call inner = *call;
    inner.command = &command;
    inner.depth++;
    lua_insert(L, -2); /* …[items][model] */
    apply(L, &inner);
    lua_pushinteger(L, call->out->exit_status);
    return 1;
}

int model_run(void *self, const struct model_command *command,
              struct model_outcome *out, struct err *err)
{
    struct scope *scope = self;
    struct command_call call = {.scope = scope, .command = command, .out = out};
    struct command_call *outer = scope->script->active;
    int rc = script_protected(scope->script, call_model, &call, err);
    scope->script->active = outer;
    if (rc == SCRIPT_STOPPED)
        return 0; /* c:fail: the status is in out */
    if (rc != 0)
        return err_wrap(err, "model of %s", command->argv->items[0]);
    if (!call.found)
        return err_set(err, ERR_NOT_FOUND, "no model for the command %s",
                       command->argv->items[0]);
    return 0;
}

void model_open(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"read", c_read},     {"exists", c_exists}, {"is_dir", c_is_dir},
        {"size", c_size},     {"digest", c_digest}, {"list", c_list},
        {"write", c_write},   {"mkdir", c_mkdir},   {"symlink", c_symlink},
        {"remove", c_remove}, {"time", c_time},     {"print", c_print},
        {"fail", c_fail},     {"run", c_run},       {NULL, NULL}};
    luaL_newmetatable(L, COMMAND); /* [mt] */
    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->command_methods);
    luaL_setfuncs(L, methods, 0);
    lua_pushcclosure(L, c_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
