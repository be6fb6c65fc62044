/* SPDX-License-Identifier: MIT */
/* Who a RUN is: USER by the image's own /etc/passwd and /etc/group. */
#ifndef SIM_EXEC_SANDBOX_USER_H
#define SIM_EXEC_SANDBOX_USER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/base/err.h"
#include "sim/layer/view.h"

struct sandbox_user {
    uint32_t uid, gid;
    gid_t *groups; /* owned; the primary one included */
    size_t group_count, group_cap;
    char *home; /* owned; "/" if unknown */
};

/* user: "", "name", "uid", with ":group" or ":gid". A number needs no entry (group 0
 * then); an unknown name is ERR_FAILED. */
int sandbox_user_find(struct view *root, const char *user, struct sandbox_user *out,
                      struct err *err);
void sandbox_user_free(struct sandbox_user *user); /* the members */

#endif
