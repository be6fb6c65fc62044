/* SPDX-License-Identifier: MIT */
/* The script that stands in for the shells and programs of a twin. */
#ifndef BENCH_TWIN_SCRIPT_H
#define BENCH_TWIN_SCRIPT_H

#define TWIN_FOLDER ".simbench"
#define TWIN_SHELL "/" TWIN_FOLDER "/sh"

extern const char twin_script[];

#endif
