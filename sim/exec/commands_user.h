/* SPDX-License-Identifier: MIT */
/* useradd, adduser (Debian's and busybox's), groupadd and addgroup: lines in
 * /etc/passwd, /etc/group and /etc/shadow, and a home folder. */
#ifndef SIM_EXEC_COMMANDS_USER_H
#define SIM_EXEC_COMMANDS_USER_H

#include "sim/exec/commands.h"

command_fn command_useradd, command_adduser, command_groupadd;

#endif
