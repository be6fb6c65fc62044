/* SPDX-License-Identifier: MIT */
/* The system calls a RUN may not make, as a filter program. */
#ifndef SIM_EXEC_SANDBOX_SECCOMP_H
#define SIM_EXEC_SANDBOX_SECCOMP_H

#include <linux/filter.h>

#include "sim/base/err.h"

/* Fills in out; its instructions are the caller's to free. */
int sandbox_filter_new(struct sock_fprog *out, struct err *err);

#endif
