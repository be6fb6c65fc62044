/* SPDX-License-Identifier: MIT */
/* Names of images, by the grammar of the distribution project's documentation. */
#include <string.h>

#include "sim/dockerfile/check.h"

static bool is_small(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c);
}

/* Letters and digits with ".", "_", "__" or dashes between. */
static bool is_component(const char *p, size_t n)
{
    if (n == 0 || !is_small(p[0]) || !is_small(p[n - 1]))
        return false;
    for (size_t i = 0; i < n;) {
        size_t k = 0;
        while (i + k < n && !is_small(p[i + k]))
            k++;
        char c = p[i];
        for (size_t j = 1; j < k; j++) {
            if (p[i + j] != c)
                return false;
        }
        if (k > 0 && !(c == '-' || (c == '.' && k == 1) || (c == '_' && k <= 2)))
            return false;
        i += k > 0 ? k : 1;
    }
    return true;
}

static bool is_tag(const char *p, size_t n)
{
    if (n == 0 || n > 128 || p[0] == '.' || p[0] == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_alpha(p[i]) && !is_digit(p[i]) && strchr("_.-", p[i]) == NULL)
            return false;
    }
    return true;
}

static bool is_digest(const char *p)
{
    const char *colon = strchr(p, ':');
    if (colon == NULL || colon == p || !is_alpha(p[0]))
        return false;
    return strlen(colon + 1) >= 32 &&
           strspn(colon + 1, "0123456789abcdefABCDEF") == strlen(colon + 1);
}

/* Whether the part before the first slash is a registry's host. */
static bool is_host(const char *p, size_t n)
{
    bool marked = n == 9 && memcmp(p, "localhost", 9) == 0;
    for (size_t i = 0; i < n; i++) {
        marked = marked || p[i] == '.' || p[i] == ':' || (p[i] >= 'A' && p[i] <= 'Z');
        if (!is_alpha(p[i]) && !is_digit(p[i]) && strchr(".-:[]", p[i]) == NULL)
            return false;
    }
    return marked && n > 0 && p[0] != '-' && p[0] != '.' && p[n - 1] != '-' &&
           p[n - 1] != ':';
}

bool reference_valid(const char *name)
{
    const char *at = strchr(name, '@');
    size_t n = at != NULL ? (size_t)(at - name) : strlen(name);
    if (at != NULL && !is_digest(at + 1))
        return false;
    const char *slash = memrchr(name, '/', n);
    const char *last = slash != NULL ? slash + 1 : name;
    const char *colon = memchr(last, ':', n - (size_t)(last - name));
    if (colon != NULL) {
        size_t before = (size_t)(colon - name);
        if (!is_tag(colon + 1, n - before - 1))
            return false;
        n = before;
    }
    const char *p = name, *end = name + n;
    const char *first = memchr(p, '/', n);
    if (first != NULL && is_host(p, (size_t)(first - p)))
        p = first + 1;
    for (;;) {
        const char *stop = memchr(p, '/', (size_t)(end - p));
        if (!is_component(p, (size_t)((stop != NULL ? stop : end) - p)))
            return false;
        if (stop == NULL)
            return true;
        p = stop + 1;
    }
}
