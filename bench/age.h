/* SPDX-License-Identifier: MIT */
/* Times for people. */
#ifndef BENCH_AGE_H
#define BENCH_AGE_H

#include <stdint.h>

#include "sim/base/buf.h"

/* "3 minutes ago"; "N/A" for INT64_MIN, "in the future" where it lies ahead. */
void age_add(struct buf *out, int64_t then_s, int64_t now_s);

#endif
