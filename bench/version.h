/* SPDX-License-Identifier: MIT */
/* The version that --version prints and results.json carries. */
#ifndef BENCH_VERSION_H
#define BENCH_VERSION_H

#define SIMBENCH_VERSION "0.1.0"

#endif
