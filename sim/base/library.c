/* SPDX-License-Identifier: MIT */
/* Shared libraries by dlopen. */
#include "sim/base/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(const struct library *library, void *functions, struct err *err)
{
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const char *why = handle == NULL ? dlerror() : NULL;
    for (size_t i = 0; handle != NULL && why == NULL && i < library->count; i++) {
        /* POSIX lets what dlsym gives stand for a function. */
        void *found = dlsym(handle, library->names[i]);
        if (found == NULL)
            why = dlerror();
        memcpy((char *)functions + i * sizeof found, &found, sizeof found);
    }
    if (why != NULL) {
        err_set(err, ERR_ENVIRONMENT, "cannot load a library: %s", why);
        err_hint(err, "install it (Debian: %s)", library->package);
    }
    if (handle != NULL)
        dlclose(handle); /* RTLD_NODELETE: it stays */
    return why != NULL ? ERR_ENVIRONMENT : 0;
}
