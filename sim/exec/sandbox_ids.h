/* SPDX-License-Identifier: MIT */
/*
 * Whose files and processes a sandbox may make: as root those of any user; otherwise a
 * user namespace with uid 0 mapped to the caller, and uid 1 and up to the subordinate
 * ids /etc/subuid and /etc/subgid grant, where newuidmap and newgidmap are installed.
 */
#ifndef SIM_EXEC_SANDBOX_IDS_H
#define SIM_EXEC_SANDBOX_IDS_H

#include <stdbool.h>

#include "sim/base/err.h"
#include "sim/layer/disk.h"

struct ids {
    int userns_fd; /* -1: privileged, no user namespace */
    bool ranges;   /* subordinate ids are mapped */
    struct id_map uids, gids;
};

/* ERR_ENVIRONMENT names what forbids a user namespace. */
int ids_open(struct ids *out, struct err *err);
void ids_close(struct ids *ids);
enum disk_whiteouts ids_whiteouts(const struct ids *ids);
/* Whether an id inside exists outside; always as root. */
bool ids_has_uid(const struct ids *ids, uint32_t uid);
bool ids_has_gid(const struct ids *ids, uint32_t gid);

/* What of a kernel's settings may be the reason for a refused user namespace; NULL if
 * nothing is seen. A whole sentence, static. */
const char *ids_refusal(void);

/* disk_unpack with the owners that are mapped, whatever it takes. */
int ids_unpack(const struct ids *ids, const struct tree *tree, const char *dir,
               struct err *err);
/* file_remove_tree, also of what belongs to subordinate ids. */
int ids_remove_tree(const struct ids *ids, const char *path, struct err *err);

#endif
