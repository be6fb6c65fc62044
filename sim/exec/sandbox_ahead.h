/* SPDX-License-Identifier: MIT */
/*
 * What need not be waited for between two RUNs: the network namespace of the next one,
 * made while this one runs, and folders to be removed. A tenth of a short RUN is the
 * kernel making a network namespace (docs/performance.md).
 */
#ifndef SIM_EXEC_SANDBOX_AHEAD_H
#define SIM_EXEC_SANDBOX_AHEAD_H

/* A thread of its own, for an executor that needs no user namespace. Any thread may
 * call these. */
struct ahead;
struct ahead *ahead_new(void);
/* Ends the thread; folders not yet removed are left to the caller. NULL is legal. */
void ahead_free(struct ahead *ahead);
/* A new network namespace with its loopback device up, or -1 where none is ready: the
 * caller then makes its own (so with NULL). The descriptor is the caller's. From the
 * second call on, the next one is made meanwhile: most builds have no RUN or one. */
int ahead_take_net(struct ahead *ahead);
/* Removes the folder soon. Takes the path. */
void ahead_remove(struct ahead *ahead, char *path);

#endif
