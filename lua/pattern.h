/* SPDX-License-Identifier: MIT */
/*
 * Lua patterns (reference manual 6.4.1) with a bound on the work of a match. Lua's own
 * matcher is a C function that the instruction hook cannot stop: ("a"):rep(1e5):find(
 * (".-"):rep(9) .. "b") would run for years.
 */
#ifndef LUA_PATTERN_H
#define LUA_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATTERN_CAPTURES = 32 };
#define PATTERN_POSITION SIZE_MAX /* length of a () capture */

struct pattern {
    const char *text, *text_end; /* subject */
    const char *end;             /* of the pattern */
    uint64_t steps, limit;
    unsigned depth, captures;
    struct {
        const char *start;
        size_t len; /* PATTERN_POSITION, or open: PATTERN_POSITION - 1 */
    } capture[PATTERN_CAPTURES];
    const char *error; /* malformed pattern, or too much work; NULL */
};

/* End of the match of pattern `p` at `s`, or NULL; look at error then. */
const char *pattern_match(struct pattern *m, const char *s, const char *p);

#endif
