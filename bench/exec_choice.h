/* SPDX-License-Identifier: MIT */
/* --exec model|sandbox: one executor, whichever was asked for. */
#ifndef BENCH_EXEC_CHOICE_H
#define BENCH_EXEC_CHOICE_H

#include "bench/interrupt.h"
#include "sim/base/err.h"
#include "sim/exec/exec.h"
#include "sim/exec/model.h"
#include "sim/store/store.h"

enum exec_kind { EXEC_MODEL, EXEC_SANDBOX };
#define EXEC_WORDS "model|sandbox"

struct exec_choice {
    enum exec_kind kind;
    struct executor *owned;
    struct interruptible guard; /* stops at Ctrl-C */
    const struct executor *executor;
};

/* The store and the models (model only; may be NULL for the sandbox) are borrowed;
 * *out must stay where it is until exec_close. */
int bench_exec_open(enum exec_kind kind, struct store *store,
                    const struct model_source *models, struct exec_choice *out,
                    struct err *err);
void bench_exec_close(struct exec_choice *choice);
const char *bench_exec_name(enum exec_kind kind);

#endif
