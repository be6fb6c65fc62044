/* SPDX-License-Identifier: MIT */
/* The error value: formatting and context. Printing is bench/'s business. */
#include "sim/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
    if (err == NULL)
        return code;
    memset(err, 0, sizeof *err);
    err->code = code;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return code;
}

int err_errno(struct err *err, int errnum, const char *fmt, ...)
{
    if (err == NULL)
        return ERR_FAILED;
    memset(err, 0, sizeof *err);
    err->code = ERR_FAILED;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->msg)
        snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", strerror(errnum));
    return ERR_FAILED;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    if (err == NULL)
        return ERR_FAILED;
    char context[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(context, sizeof context, fmt, ap);
    va_end(ap);
    /* What does not fit is cut at the end of the older, inner message. */
    size_t n = strlen(context), room = sizeof err->msg - 1 - n - 2;
    memmove(err->msg + n + 2, err->msg, room);
    err->msg[sizeof err->msg - 1] = '\0';
    memcpy(err->msg, context, n);
    memcpy(err->msg + n, ": ", 2);
    return err->code;
}

int err_recode(struct err *err, int code)
{
    if (err != NULL)
        err->code = code;
    return code;
}

int err_at(struct err *err, const char *file, unsigned line)
{
    if (err == NULL)
        return ERR_FAILED;
    if (err->line == 0)
        err->line = line;
    if (file != NULL && err->file[0] == '\0')
        snprintf(err->file, sizeof err->file, "%s", file);
    return err->code;
}

int err_hint(struct err *err, const char *fmt, ...)
{
    if (err == NULL)
        return ERR_FAILED;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
    return err->code;
}

int err_exit_code(int code)
{
    switch (code) {
    case 0:
        return 0;
    case ERR_INPUT:
        return 2;
    case ERR_ENVIRONMENT:
        return 3;
    case ERR_CANCELLED:
        return 130;
    default:
        return 1;
    }
}
