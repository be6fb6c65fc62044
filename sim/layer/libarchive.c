/* SPDX-License-Identifier: MIT */
/* Finding libarchive and its functions. */
#include "sim/layer/libarchive.h"

#include "sim/base/library.h"

int libarchive_load(struct libarchive *out, struct err *err)
{
    static const char *const names[] = {
#define LIBARCHIVE_NAME(name) #name,
        LIBARCHIVE_FUNCTIONS(LIBARCHIVE_NAME)
#undef LIBARCHIVE_NAME
    };
    /* The file's name stands for the interface of the headers this is compiled with. */
    static const struct library library = {
        .file = "libarchive.so.13",
        .package = "libarchive13",
        .names = names,
        .count = sizeof names / sizeof *names,
    };
    _Static_assert(sizeof *out == sizeof names, "a pointer for each name");
    return library_load(&library, out, err);
}
