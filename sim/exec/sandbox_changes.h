/* SPDX-License-Identifier: MIT */
/* What a command left behind, brought into the view. */
#ifndef SIM_EXEC_SANDBOX_CHANGES_H
#define SIM_EXEC_SANDBOX_CHANGES_H

#include "sim/exec/sandbox_plan.h"

/* Applies the upper folder to run->root, with owners and modes as they were inside, and
 * adds the folders BuildKit leaves: /proc, /dev, /sys. */
int changes_apply(const struct cell_plan *plan, struct err *err);

#endif
