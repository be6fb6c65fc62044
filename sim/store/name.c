/* SPDX-License-Identifier: MIT */
/*
 * Image names, by the grammar of the distribution project's reference documentation
 * (https://pkg.go.dev/github.com/distribution/reference): [host[:port]/]path[:tag].
 * Docker's own host and "library/" are left away, as Docker shows names.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/store/store.h"

enum { NAME_LIMIT = 255, TAG_LIMIT = 128 };

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Letters and digits, with one ".", one or two "_", or any number of "-" between. */
static bool part_is_valid(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        if (!is_lower_or_digit(s[i]))
            return false;
        while (i < n && is_lower_or_digit(s[i]))
            i++;
        size_t start = i;
        while (i < n && (s[i] == '.' || s[i] == '_' || s[i] == '-') && s[i] == s[start])
            i++;
        size_t len = i - start;
        if (i < n &&
            (len == 0 || (s[start] == '.' && len > 1) || (s[start] == '_' && len > 2)))
            return false;
        if (i == n && len > 0)
            return false;
    }
    return n > 0;
}

static bool path_is_valid(const char *s, size_t n)
{
    for (;;) {
        const char *slash = memchr(s, '/', n);
        size_t len = slash != NULL ? (size_t)(slash - s) : n;
        if (!part_is_valid(s, len))
            return false;
        if (slash == NULL)
            return true;
        s += len + 1;
        n -= len + 1;
    }
}

static bool host_is_valid(const char *s, size_t n)
{
    const char *colon = memchr(s, ':', n);
    size_t host = colon != NULL ? (size_t)(colon - s) : n;
    for (size_t i = host + 1; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    if (host == 0 || host + 1 == n)
        return false;
    /* Labels of letters, digits and inner dashes, joined by dots. */
    for (size_t i = 0; i < host; i++) {
        bool edge = i == 0 || i + 1 == host || s[i - 1] == '.' || s[i + 1] == '.';
        bool plain = is_word(s[i]) && s[i] != '_';
        bool dot = s[i] == '.' && i > 0 && i + 1 < host && s[i - 1] != '.';
        bool dash = s[i] == '-' && !edge;
        if (!plain && !dot && !dash)
            return false;
    }
    return true;
}

static bool tag_is_valid(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > TAG_LIMIT || !is_word(s[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_word(s[i]) && s[i] != '.' && s[i] != '-')
            return false;
    return true;
}

/* Length of the host in front, 0 if the first part is a plain name. */
static size_t host_len(const char *s, size_t n)
{
    const char *slash = memchr(s, '/', n);
    if (slash == NULL)
        return 0;
    size_t len = (size_t)(slash - s);
    bool is_host = memchr(s, '.', len) != NULL || memchr(s, ':', len) != NULL ||
                   (len == 9 && memcmp(s, "localhost", 9) == 0);
    return is_host ? len : 0;
}

static int refuse(struct err *err, const char *name, const char *why)
{
    err_set(err, ERR_INPUT, "\"%.255s\" is no image name: %s", name, why);
    err_hint(err, "a name is [HOST[:PORT]/]PATH[:TAG] in lower case, such as "
                  "app:1.0");
    return ERR_INPUT;
}

static const char *after(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

int store_normalise_name(const char *name, char **out, struct err *err)
{
    if (strlen(name) > NAME_LIMIT + 1 + TAG_LIMIT)
        return refuse(err, name, "too long");
    if (strchr(name, '@') != NULL)
        return refuse(err, name, "digests are not supported here, give a tag");
    const char *rest = after(name, "docker.io/");
    if (rest == NULL)
        rest = after(name, "index.docker.io/");
    if (rest != NULL && after(rest, "library/") != NULL)
        rest = after(rest, "library/");
    if (rest == NULL)
        rest = name;
    const char *last = strrchr(rest, '/');
    const char *tag = strchr(last != NULL ? last : rest, ':');
    size_t n = tag != NULL ? (size_t)(tag - rest) : strlen(rest);
    size_t host = host_len(rest, n);
    if (host > 0 && !host_is_valid(rest, host))
        return refuse(err, name, "the host is malformed");
    size_t path = host > 0 ? host + 1 : 0;
    if (n > NAME_LIMIT || !path_is_valid(rest + path, n - path))
        return refuse(err, name, "the path is malformed");
    struct digest ignored;
    if (host == 0 && tag == NULL && digest_parse(rest, &ignored))
        return refuse(err, name, "it would be taken for an image ID");
    if (tag != NULL && !tag_is_valid(tag + 1))
        return refuse(err, name, "the tag is malformed");
    *out = xasprintf("%.*s:%s", (int)n, rest, tag != NULL ? tag + 1 : "latest");
    return 0;
}
