/* SPDX-License-Identifier: MIT */
/*
 * Slash-separated paths as text: no file system is asked. Inside simbench a path below
 * a root (a context, an image) is relative and clean: no leading or trailing "/", no
 * "." or
 * ".." parts; the root itself is "".
 */
#ifndef SIM_BASE_PATH_H
#define SIM_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* As Go's path.Clean: shortest equal path, "." for empty. The caller frees. */
char *path_clean(const char *path);
/* Clean path below a root: "/a/../b/" -> "b", "../x" -> "x" (".." never climbs above
 * the root), "." -> "". The caller frees. */
char *path_below_root(const char *path);
/* base/name, or name alone where base is "". The caller frees. */
char *path_join(const char *base, const char *name);
/* Last component; borrowed from path. */
const char *path_base(const char *path);
/* Length of the parent of a clean relative path: 0 for "a", 1 for "a/b". */
size_t path_parent_len(const char *path);
/* Order of a depth-first walk that visits names in byte order: "a" < "a/b" < "a.txt".
 * <0, 0, >0. */
int path_compare(const char *a, const char *b);
/* Whether path is `dir` or lies below it; every path lies below "". */
bool path_is_below(const char *path, const char *dir);

#endif
