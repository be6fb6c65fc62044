/* SPDX-License-Identifier: MIT */
/*
 * What the files of lua/ share: the state, its limits, protected calls, and the parts a
 * scenario file leaves behind. Stack rule: a function that takes a lua_State leaves the
 * stack as it found it unless its comment says what it pushes.
 */
#ifndef LUA_INTERNAL_H
#define LUA_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "lua/script.h"

struct kept_build; /* lua/result.c */

struct kept_variant { /* the builds of one run of `steps` */
    struct kept_build **builds;
    size_t len, cap;
    bool ran;
};

struct variant_state {
    struct workspace *start; /* the context with its Dockerfile */
    struct kept_variant kept;
};

struct scenario_state { /* beside the public struct, at the same index */
    struct variant_state *variants;
    int steps, expect; /* registry references; LUA_NOREF if none */
    int point;         /* the same: table axis -> value of a scan */
    size_t scope;
};

struct base_state;   /* lua/base.c */
struct command_call; /* lua/model.c */

struct scope { /* a scenario file; scope 0 is the stock */
    struct script *script;
    size_t index;
    struct model_source models;
    struct base_source bases;
    int model_table, base_table; /* registry references: name -> declaration */
    struct base_state *base_list;
    char *folder; /* of the scenario file; NULL for the stock */
    char *text;   /* likewise */
};

struct script {
    lua_State *L;       /* the main thread */
    lua_State *current; /* the thread that is calling out now */
    struct script_options options;
    uint64_t memory_used, spent, allocated;
    bool exhausted;
    struct scope **scopes;
    size_t scope_count;
    struct script_scenario *scenarios;
    struct scenario_state *states;
    size_t scenario_count, scenario_cap;
    size_t loading;        /* scope that script_load is filling */
    const char *open_name; /* `scenario "x"` whose table has not come yet */
    unsigned open_line;
    struct script_check *checks; /* of the expect that is running */
    size_t check_count;
    bool expecting;
    bool declaring; /* a file is being loaded: scenario, model, base may be called */
    int command_methods, apply;  /* registry references: prelude */
    struct command_call *active; /* models that run now, innermost first */
    uint64_t serials;
    struct err host_err; /* last error that came from outside Lua */
    bool has_host_err;
};

struct script *script_of(lua_State *L);

/* Calls fn(L) with `arg` as light userdata at index 1, protected, within the limits of
 * a callback of its own. Errors become err: file and line of the script, traceback in
 * the hint. */
int script_protected(struct script *script, lua_CFunction fn, void *arg,
                     struct err *err);
/* Ends a protected call early; script_protected then returns SCRIPT_STOPPED, and err is
 * left alone. */
#define SCRIPT_STOPPED 1
int script_stop(lua_State *L);
/* Counts work that Lua's instruction hook does not see; raises when it is too much. */
void script_charge(lua_State *L, uint64_t work);
/* Work left before the limit. */
uint64_t script_work_left(const struct script *script);
/* Raises an error from outside Lua at the caller's line, keeping its code and hint. */
int script_raise(lua_State *L, const struct err *err);

/* ---- sandbox.c, strings.c */
/* Pushes a fresh table of globals. */
void sandbox_push_globals(lua_State *L);
void sandbox_open(lua_State *L);
void sandbox_seed(lua_State *L);    /* math.random starts over */
void strings_replace(lua_State *L); /* puts find, match, … into the table on top */

/* ---- keys.c: misspelt names */
/* The nearest of a NULL-ended list, NULL if none is near. */
const char *keys_nearest(const char *word, const char *const *known);
/* Raises at the caller's line unless every key of the table at index is a string of the
 * list. */
void keys_check(lua_State *L, int index, const char *what, const char *const *known);
/* __index for tables and userdata that know their keys: nil for a known one and for
 * numbers, else an error. Pushes a metatable. `known` is static. */
void keys_push_strict(lua_State *L, const char *what, const char *const *known);
int keys_unknown(lua_State *L, const char *what, const char *key,
                 const char *const *known);

/* ---- values.c: sizes, times, modes as scenarios write them; raise at the caller's
 * line
 */
uint64_t value_size(lua_State *L, int index, const char *what);
uint64_t value_time_ms(lua_State *L, int index, const char *what);
uint32_t value_mode(lua_State *L, int index, const char *what);
/* Field of the table at index, its type checked; NULL or the default if absent. */
const char *value_string_field(lua_State *L, int index, const char *key);
bool value_bool_field(lua_State *L, int index, const char *key);
/* Pushes the sorted string keys of the table at index as a list; returns how many. */
size_t value_push_sorted_keys(lua_State *L, int index, const char *what);

/* ---- scan.c: points of scenarios that are run at several sizes */
enum { SCAN_POINTS_MOST = 100 };
/* Checks the scan table at index (nil: no scan) and pushes the list of its points, each
 * a table axis -> value; returns how many, 0 without a scan (then the list is empty).
 */
size_t scan_push_points(lua_State *L, int index);
/* "name [files=100, layers=5]" on the stack, for the point at index. */
void scan_push_name(lua_State *L, const char *name, int index);
/* Copies the point at index into the public struct; no call in here raises but for
 * lack of memory. */
void scan_adopt(lua_State *L, int index, const char *scan,
                struct script_scenario *scenario);

/* ---- declare.c, model.c, base.c, builder.c, result.c */
void declare_open(lua_State *L); /* scenario, check; model, base: in the table on top */
int declare_model(lua_State *L);
int declare_base(lua_State *L);
int model_run(void *self, const struct model_command *command,
              struct model_outcome *out, struct err *err);
void model_open(lua_State *L); /* metatable of c */
int base_resolve(void *self, struct store *store, const char *name,
                 struct base_image *out, struct err *err);
int base_fetch(void *self, struct store *store, const char *name, size_t layer,
               struct err *err);
void base_list_free(struct base_state *list);
void builder_open(lua_State *L); /* metatable of b */

struct running { /* one run of `steps`, what b stands for */
    struct script *script;
    const struct script_host *host;
    struct workspace *ws;
    const char *variant;
    struct kept_variant *kept;
    struct kept_build *last; /* a reference; NULL: none yet */
    size_t labels;           /* given so far */
    size_t result_bytes;     /* behind results made since the last collection */
    bool has_expect;         /* without it no result need be kept */
    bool open;               /* b works only while steps runs */
    bool busy;               /* a build is under way */
    unsigned refs;
};
/* Pushes the b of a run, which holds a reference. */
void builder_push(lua_State *L, struct running *running);
void running_unref(struct running *running);

/* ---- build_options.c */
/* The lists of a script_build, collected with the userdata that holds them. */
struct build_lists {
    struct strv args, filter;
};
/* Pushes empty ones. */
struct build_lists *build_lists_push(lua_State *L);
/* Reads the table at opts (nil: none); what build points to lives as long as the lists.
 */
void build_options_read(lua_State *L, int opts, struct script_build *build,
                        struct build_lists *lists);
/* What opts.fails says: whether failing is expected, and a part of the message. */
bool build_fails_read(lua_State *L, int opts, const char **fragment);

void result_open(lua_State *L);
struct kept_build *result_keep(const char *label, const struct build_result *from,
                               bool plan, const struct kept_build *before,
                               const struct err *failure);
struct kept_build *result_ref(struct kept_build *build);
void result_unref(struct kept_build *build);
const char *result_label(const struct kept_build *build);
/* Memory behind it, not counting what it shares. */
size_t result_bytes(const struct kept_build *build);
/* Pushes an empty result; the caller puts its reference into the place returned, so
 * that a lack of memory comes before there is something to lose. */
struct kept_build **result_push(lua_State *L);
/* Pushes variant -> label -> result for expect. */
void result_push_all(lua_State *L, struct script *script, size_t scenario);
void kept_variant_clear(struct kept_variant *kept);

#endif
