/* SPDX-License-Identifier: MIT */
/* Finding libcurl and its functions. */
#include "sim/build/libcurl.h"

#include "sim/base/library.h"

int libcurl_load(struct libcurl *out, struct err *err)
{
    static const char *const names[] = {
#define LIBCURL_NAME(name) #name,
        LIBCURL_FUNCTIONS(LIBCURL_NAME)
#undef LIBCURL_NAME
    };
    /* The file's name stands for the interface of the headers this is compiled with. */
    static const struct library library = {
        .file = "libcurl.so.4",
        .package = "libcurl4",
        .names = names,
        .count = sizeof names / sizeof *names,
    };
    _Static_assert(sizeof *out == sizeof names, "a pointer for each name");
    return library_load(&library, out, err);
}
