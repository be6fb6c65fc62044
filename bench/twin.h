/* SPDX-License-Identifier: MIT */
/*
 * Twins: small real images that stand in for modelled base images, so that a lesson's
 * Dockerfile builds offline on a real builder. A twin has the modelled image's config,
 * folders, links and small files (large ones cut short), a static busybox, and one
 * shell script in the place of every shell and program.
 *
 * A RUN's effects are what the model says: they reach the script in FTP_PROXY, one of
 * the build arguments that every builder passes to RUN and none counts in a cache key.
 *
 * Each machine of a scenario has twins of its own, different by one file (that of
 * scratch holds nothing else), so that no builder finds what
 * an earlier run left in its cache; nothing is ever emptied.
 */
#ifndef BENCH_TWIN_H
#define BENCH_TWIN_H

#include "sim/base/err.h"
#include "sim/build/build.h"
#include "sim/dockerfile/dockerfile.h"
#include "sim/image/archive.h"
#include "sim/store/store.h"

struct twin {
    char *token;   /* as the Dockerfile names the base */
    char *name;    /* the twin's: as long as the token, so that the file is, too */
    char *archive; /* where it lies */
    char *digest;  /* of its manifest (OCI layouts), else NULL */
    bool loaded;   /* the builder has it */
    bool needed;   /* by the build that is being made */
};

struct twins;
/* Works below `folder`, which the caller removes. All is borrowed. */
struct twins *twins_new(const struct base_source *bases, const char *folder,
                        enum archive_format format);
void twins_free(struct twins *twins); /* NULL is legal */
/* Forgets all: the next machine's are new. */
int twins_new_machine(struct twins *twins, struct err *err);
/* All so far; borrowed until the next call. */
struct twin *twins_all(struct twins *twins, size_t *len);

/* The twins as bases of our own builder, which needs no other names and no archives;
 * borrowed. */
const struct base_source *twins_source(struct twins *twins);

/* Makes the twin of one base, which `token` names after expansion to `base`, unless it
 * is there. ERR_NOT_FOUND if the base is not modelled. */
int twins_add(struct twins *twins, const char *token, const char *base,
              struct err *err);
/* The Dockerfile with the modelled bases of FROM and COPY --from replaced, line for
 * line and column for column; their twins are made and marked as needed. `predicted` is
 * the model's build, which knows what variables stand for. */
int twins_rewrite(struct twins *twins, const struct dockerfile *df,
                  const struct buf *from, const struct build_result *predicted,
                  struct buf *out, struct err *err);

/* What the RUNs of a build do, for the stand-ins; `store` holds their layers. A RUN
 * takes its virtual time times time_scale. ERR_INPUT for what a plan cannot say: two
 * RUNs of the same words with different effects, or more than 96 kB. */
int twin_plan(struct store *store, const struct dockerfile *df,
              const struct build_result *predicted, double time_scale, struct buf *out,
              struct err *err);

#endif
