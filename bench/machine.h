/* SPDX-License-Identifier: MIT */
/* Which machine this is, as far as times are concerned. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "sim/base/buf.h"

/* id: 12 hex digits, equal for machines of one processor model, number of processors,
 * memory in GiB and architecture; text: the same and the kernel, for people. No name
 * of a host or user is in either. Appends to both. */
void machine_describe(struct buf *id, struct buf *text);

#endif
