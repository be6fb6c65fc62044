/* SPDX-License-Identifier: MIT */
/* What a cell's failure means for the user. */
#ifndef SIM_EXEC_SANDBOX_REPORT_H
#define SIM_EXEC_SANDBOX_REPORT_H

#include <stdbool.h>

#include "sim/base/err.h"
#include "sim/exec/sandbox_cell.h"

/* ERR_ENVIRONMENT with a hint where the kernel or a privilege is lacking, else
 * ERR_FAILED. */
int cell_report_error(const struct cell_report *report, bool in_userns,
                      struct err *err);
/* Only for CELL_EXEC: the line runc prints where the program cannot be started. The
 * caller frees. */
char *cell_report_exec_line(const struct cell_report *report);

#endif
