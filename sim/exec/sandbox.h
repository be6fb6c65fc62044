/* SPDX-License-Identifier: MIT */
/* The executor that really runs commands: namespaces, overlayfs, seccomp, capabilities.
 */
#ifndef SIM_EXEC_SANDBOX_H
#define SIM_EXEC_SANDBOX_H

#include "sim/exec/exec.h"
#include "sim/store/store.h"

/* An executor over the store's unpacked layers. It sets itself up at its first run,
 * whose ERR_ENVIRONMENT names what the kernel or the user's rights lack: a build that
 * reuses every RUN needs neither. The store, which must be on disk, is borrowed. */
int sandbox_executor_new(struct store *store, struct executor **out, struct err *err);
/* A store_remover: also removes what belongs to subordinate ids of the caller, from
 * inside a user namespace. */
int sandbox_remove_tree(const char *path, struct err *err);
void sandbox_executor_free(struct executor *executor);

#endif
