/* SPDX-License-Identifier: MIT */
/* What every unit test includes first: cmocka and its prerequisites, in their order. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif
