/* SPDX-License-Identifier: MIT */
/* What base.c (declaring, looking up) and base_make.c (building) share. */
#ifndef LUA_BASE_H
#define LUA_BASE_H

#include "lua/internal.h"
#include "sim/image/config.h"

/* Files of base images are older than every edit of a scenario: 2023-12-01. */
#define BASE_TIME INT64_C(1701388800)

struct base_state {
    char *name;
    struct image_config *config;
    struct tree **trees;
    struct base_layer *layers;
    size_t len;
    bool measured;
    struct base_state *next;
};

/* A base in the making, owned by the collector until it is whole. */
struct making {
    struct base_state *base;
};

void base_free(struct base_state *base);
/* Pushes the name in full: "python" -> "python:latest", docker.io/library/ left out. */
void base_push_normal(lua_State *L, const char *name);
/* Pushes a struct making with an empty base of that name. */
struct base_state *base_push_making(lua_State *L, const char *name);
/* Pushes the declaration of a full name; false: nothing pushed. */
bool base_push_spec(lua_State *L, const struct scope *scope, const char *name);
/* Adds the layers and config of the declaration on top of the stack, those it builds on
 * first. Pops it. */
void base_add_spec(lua_State *L, const struct scope *scope, struct base_state *base,
                   unsigned depth);

#endif
