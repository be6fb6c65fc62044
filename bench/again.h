/* SPDX-License-Identifier: MIT */
/*
 * The baseline measured again. Wall times of two runs meet two machines: other work
 * comes and goes between them. Where the scenario that the baseline measured is at hand
 * (its text is kept in the file) and this is the simbench that measured it, it can be
 * measured once more, in turns with the new one.
 */
#ifndef BENCH_AGAIN_H
#define BENCH_AGAIN_H

#include "bench/run_files.h"
#include "reports/results.h"

/* Digest of this program; false where it cannot be read. */
bool again_program(struct buf *out);

/* Gives the files the scenarios of the same names as `base` has them. Nothing where
 * `program` (NULL is legal) is not what measured them, or a text cannot be loaded. */
void again_load(const struct results *base, const char *program,
                struct scenario_files *files);

/* Puts the new samples in the place of the baseline's, build by build, where the same
 * steps ran and were reused with the same sizes; these builds are then `in_turns`. */
void again_take_over(struct results *base, const struct results *again);

#endif
