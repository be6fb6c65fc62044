/* SPDX-License-Identifier: MIT */
/*
 * The error value every fallible function fills in.
 *
 * A function that can fail returns 0, or one of the negative codes below, and takes a
 * `struct err *` last. The value is owned by the caller and holds its text inside, so
 * there is nothing to free and a Lua error that unwinds past it leaks nothing. It is
 * set once, where the failure is noticed; callers on the way up may add context with
 * err_wrap() or err_at(). Only bench/ prints it.
 */
#ifndef SIM_BASE_ERR_H
#define SIM_BASE_ERR_H

enum err_code {
    ERR_FAILED = -1,      /* the work failed: a step, an expectation, an I/O error */
    ERR_INPUT = -2,       /* wrong usage, or input that cannot be read */
    ERR_ENVIRONMENT = -3, /* something that was asked for is lacking on this machine */
    ERR_NOT_FOUND = -4,   /* looked up and not there; callers that can go on test it */
    ERR_CANCELLED = -5,   /* interrupted from outside */
};

struct err {
    int code;       /* 0 or an enum err_code */
    unsigned line;  /* line in `file` from 1, 0 if none */
    char file[256]; /* input the message is about, "" if none */
    char msg[1024];
    char hint[512]; /* what to do about it, "" if nothing is known */
};

#define ERR_INIT                                                                       \
    {                                                                                  \
        0                                                                              \
    }

/* Sets code and message, clears place and hint; returns code. `err` may be NULL. */
int err_set(struct err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set with ERR_FAILED, and ": strerror(errnum)" appended. ENOENT and ENOTDIR
 * do not change the code: use err_set where they mean ERR_NOT_FOUND. */
int err_errno(struct err *err, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the message; returns the code it already had. */
int err_wrap(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Another code for the same message: what is bad input to a part may be failed work to
 * the whole. Returns code. */
int err_recode(struct err *err, int code);

/* Names the input and line the error is about unless one is named already; returns
 * the code. `file` may be NULL to set the line alone. */
int err_at(struct err *err, const char *file, unsigned line);

/* Sets the hint; returns the code. */
int err_hint(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The exit code of the public contract: 0, 1, 2 or 3; 130 for ERR_CANCELLED. */
int err_exit_code(int code);

#endif
