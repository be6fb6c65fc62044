/* SPDX-License-Identifier: MIT */
/* A hash map from strings to pointers. Values are borrowed; keys are copied. */
#ifndef SIM_BASE_MAP_H
#define SIM_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;
struct map *map_new(void);
void map_free(struct map *m); /* frees keys, not values; NULL is legal */
size_t map_len(const struct map *m);
/* NULL if absent. */
void *map_get(const struct map *m, const char *key);
void *map_getn(const struct map *m, const char *key, size_t len);
/* Replaces; returns the former value or NULL. `value` is not NULL. */
void *map_put(struct map *m, const char *key, void *value);
/* Removes; returns the value or NULL. */
void *map_remove(struct map *m, const char *key);
/* Insertion order is not kept: *cursor starts at 0; false at the end. Not while
 * changing. */
bool map_next(const struct map *m, size_t *cursor, const char **key, void **value);

#endif
