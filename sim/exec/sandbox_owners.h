/* SPDX-License-Identifier: MIT */
/*
 * What the keeper writes down before it makes the changes of a command readable for the
 * builder: in a user namespace a file may belong to a subordinate id or deny its owner
 * everything, and the builder could neither read nor remove it. A file of records, each
 * followed by the capability attribute and the path (no NUL), in walk order.
 */
#ifndef SIM_EXEC_SANDBOX_OWNERS_H
#define SIM_EXEC_SANDBOX_OWNERS_H

#include <stdint.h>

#define OWNERS_FILE "owners"

struct owner_record {
    uint64_t inode;
    uint32_t links;
    uint32_t mode; /* 07777 */
    uint32_t uid, gid;
    uint32_t cap_len, path_len;
};

enum { OWNER_CAP_LIMIT = 64 };

#endif
