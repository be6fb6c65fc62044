/* SPDX-License-Identifier: MIT */
/* A session on a real builder; the engines of bench/engine.c differ only in its name.
 */
#ifndef BENCH_ENGINE_REAL_H
#define BENCH_ENGINE_REAL_H

#include "bench/engine.h"

int engine_real_open(const char *engine, enum semantics semantics,
                     const struct engine_options *options, void **session,
                     struct err *err);
void engine_real_close(void *session);
int engine_real_build(void *session, struct workspace *ws,
                      const struct script_build *build, const struct build_result **out,
                      struct err *err);
int engine_real_prune(void *session, const struct prune_options *options,
                      struct err *err);
int engine_real_pull(void *session, const char *image, uint64_t *ms, uint64_t *bytes,
                     struct err *err);
int engine_real_fresh_machine(void *session, struct err *err);
int engine_real_cache_to(void *session, const char *name, bool all, struct err *err);
int engine_real_cache_from(void *session, const char *name, struct err *err);
const struct build_result *engine_real_predicted(void *session);

#endif
