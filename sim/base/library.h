/* SPDX-License-Identifier: MIT */
/* Shared libraries that are loaded when they are first needed, not with the program. */
#ifndef SIM_BASE_LIBRARY_H
#define SIM_BASE_LIBRARY_H

#include <stddef.h>

#include "sim/base/err.h"

struct library {
    const char *file;    /* name that stands for its interface: "libx.so.1" */
    const char *package; /* Debian's package that holds it, for the hint */
    const char *const *names;
    size_t count;
};

/* Fills in the addresses of the functions named, as many pointers to functions one
 * after the other at `functions`. The library stays loaded as long as the process
 * lives; to load it again costs next to nothing. ERR_ENVIRONMENT if it or one of the
 * functions is not there. */
int library_load(const struct library *library, void *functions, struct err *err);

#endif
