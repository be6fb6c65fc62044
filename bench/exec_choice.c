/* SPDX-License-Identifier: MIT */
/* Opens and closes executors; the only place that knows both kinds. */
#include "bench/exec_choice.h"

#include <string.h>

#include "sim/exec/sandbox.h"

int bench_exec_open(enum exec_kind kind, struct store *store,
                    const struct model_source *models, struct exec_choice *out,
                    struct err *err)
{
    memset(out, 0, sizeof *out);
    out->kind = kind;
    if (kind == EXEC_SANDBOX) {
        int r = sandbox_executor_new(store, &out->owned, err);
        if (r < 0)
            return r;
    } else {
        out->owned = model_executor_new(models);
    }
    out->executor = interrupt_executor(&out->guard, out->owned);
    return 0;
}

void bench_exec_close(struct exec_choice *choice)
{
    if (choice->owned == NULL)
        return;
    if (choice->kind == EXEC_SANDBOX)
        sandbox_executor_free(choice->owned);
    else
        model_executor_free(choice->owned);
    choice->owned = NULL;
}

const char *bench_exec_name(enum exec_kind kind)
{
    return kind == EXEC_SANDBOX ? "sandbox" : "model";
}
