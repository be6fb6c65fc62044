/* SPDX-License-Identifier: MIT */
/* The simple regular expressions of the model's grep: literals, . [set] * ^ $ and, if
 * extended, + ? |. Groups, back references and counts are not there. */
#ifndef SIM_EXEC_MATCH_H
#define SIM_EXEC_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct matcher {
    const char *pattern;
    bool extended, fixed, ignore_case, whole;
    unsigned long steps; /* taken so far; bounded over all searches */
};

/* Whether the pattern uses only what is there. */
bool matcher_supported(const struct matcher *m);
/* 1 if the line holds a match, 0 if not, -1 if it takes too long. */
int matcher_search(struct matcher *m, const char *line, size_t len);

#endif
