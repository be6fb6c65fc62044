/* SPDX-License-Identifier: MIT */
/* Sources of ADD that lie elsewhere. */
#include "sim/build/remote.h"

#include <string.h>
#include <strings.h>

bool remote_is_url(const char *word)
{
    static const char *const schemes[] = {"http://", "https://", "git://", "ssh://", "git@"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncasecmp(word, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

int remote_fetch(struct store *store, const struct plan_copy *copy, const char *url,
                 struct tree **out, char **path, struct err *err)
{
    (void)store;
    (void)copy;
    (void)out;
    (void)path;
    return err_set(err, ERR_FAILED, "ADD %s: remote sources cannot be fetched here", url);
}
