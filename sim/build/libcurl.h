/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/build: libcurl, loaded when a URL is fetched. It brings 25 libraries
 * along, and linking them would cost every build 4 ms.
 */
#ifndef SIM_BUILD_LIBCURL_H
#define SIM_BUILD_LIBCURL_H

#include <curl/curl.h>

#include "sim/base/err.h"

/* Every function that is used. */
#define LIBCURL_FUNCTIONS(X)                                                           \
    X(curl_easy_cleanup)                                                               \
    X(curl_easy_getinfo)                                                               \
    X(curl_easy_init)                                                                  \
    X(curl_easy_perform)                                                               \
    X(curl_easy_setopt)                                                                \
    X(curl_easy_strerror)                                                              \
    X(curl_slist_append)                                                               \
    X(curl_slist_free_all)

/* The headers make macros of these that check their arguments. */
#undef curl_easy_getinfo
#undef curl_easy_setopt

struct libcurl {
#define LIBCURL_MEMBER(name) __typeof__(name) *name;
    LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
};

/* Fills in all members; the library stays loaded as long as the process lives.
 * ERR_ENVIRONMENT if it is not on this machine. */
int libcurl_load(struct libcurl *out, struct err *err);

#endif
