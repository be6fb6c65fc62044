/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes .dockerignore and COPY wildcards. Input: paths to judge, one a line, an empty
 * line, then the ignore file. What must hold beyond memory safety: a verdict does not
 * change when asked again, and a rule that decided has its line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/context/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct ignore *ig, const char *path)
{
    const struct ignore_rule *first = NULL, *second = NULL;
    bool verdict = ignore_excluded(ig, path, &first);
    if (verdict != ignore_excluded(ig, path, &second) || first != second)
        abort();
    if (verdict && (first == NULL || first->line == 0 || first->negated))
        abort();
    ignore_may_reinclude(ig, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *gap = size > 0 ? memmem(text, size, "\n\n", 2) : NULL;
    struct ignore *ig = NULL;
    if (gap == NULL)
        return 0;
    const char *rules = gap + 2;
    size_t rules_len = size - (size_t)(rules - text);
    struct strv paths = STRV_INIT;
    for (const char *p = text; p <= gap;) {
        const char *end = memchr(p, '\n', size - (size_t)(p - text));
        strv_addn(&paths, p, (size_t)(end - p));
        p = end + 1;
    }
    bool parsed = ignore_parse("fuzz", rules, rules_len, &ig, NULL) == 0;
    char *pattern = strndup(rules, rules_len);
    for (size_t i = 0; i < paths.len; i++) {
        bool matched = false;
        if (parsed)
            judge(ig, paths.items[i]);
        glob_match(pattern, paths.items[i], &matched, NULL);
        ignore_pattern_matches(pattern, paths.items[i]);
    }
    free(pattern);
    ignore_free(ig);
    strv_free(&paths);
    return 0;
}
