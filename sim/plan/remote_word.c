/* SPDX-License-Identifier: MIT */
/* Which words of ADD name something remote, and what such a thing is called. */
#include <string.h>
#include <strings.h>

#include "sim/base/mem.h"
#include "sim/plan/plan.h"

static bool has_prefix(const char *word, const char *prefix)
{
    return strncasecmp(word, prefix, strlen(prefix)) == 0;
}

static bool is_http(const char *word)
{
    return has_prefix(word, "http://") || has_prefix(word, "https://");
}

/* The path of an URL without query and fragment: its start and length. */
static const char *url_path(const char *url, size_t *len)
{
    const char *host = strstr(url, "://");
    host = host != NULL ? host + 3 : url;
    const char *path = host + strcspn(host, "/?#");
    *len = strcspn(path, "?#");
    return path;
}

enum plan_remote plan_remote_kind(const char *word)
{
    if (has_prefix(word, "git://") || has_prefix(word, "ssh://") ||
        (has_prefix(word, "git@") && strchr(word, ':') != NULL))
        return PLAN_REMOTE_GIT;
    if (!is_http(word))
        return PLAN_REMOTE_NONE;
    size_t n;
    const char *path = url_path(word, &n);
    return n > 4 && strncmp(path + n - 4, ".git", 4) == 0 ? PLAN_REMOTE_GIT
                                                          : PLAN_REMOTE_HTTP;
}

char *plan_remote_name(const char *url)
{
    size_t n;
    const char *path = url_path(url, &n);
    size_t start = n;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return xstrndup(path + start, n - start);
}
