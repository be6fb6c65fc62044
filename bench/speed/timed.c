/* SPDX-License-Identifier: MIT */
/* Times processes. */
#include "bench/speed/timed.h"

#include <string.h>

#include "bench/process.h"
#include "sim/base/file.h"

enum { LIMIT_MS = 1800000, TAIL = 2000, KIB = 1024 };

/* Keeps the end of what is said. */
static int keep_tail(void *payload, const char *data, size_t len, struct err *err)
{
    (void)err;
    struct buf *tail = payload;
    if (tail->len > (size_t)TAIL * 4) {
        memmove(tail->data, tail->data + tail->len - TAIL, TAIL);
        tail->len = TAIL;
    }
    buf_add(tail, data, len);
    return 0;
}

static const char *last_line(struct buf *said)
{
    while (said->len > 0 && said->data[said->len - 1] == '\n')
        said->data[--said->len] = '\0';
    const char *line = strrchr(buf_str(said), '\n');
    return line != NULL ? line + 1 : buf_str(said);
}

int timed_run(const struct strv *argv, const struct strv *environment,
              struct spent *out, struct err *err)
{
    AUTO_BUF said = BUF_INIT;
    struct rusage usage = {0};
    struct process_options how = {.heard = keep_tail,
                                  .heard_payload = &said,
                                  .environment = environment,
                                  .timeout_ms = LIMIT_MS,
                                  .group = true,
                                  .usage = &usage};
    int status = 0;
    uint64_t begun = clock_monotonic_ns();
    int r = process_run((const char *const *)argv->items, &how, &status, err);
    out->seconds = (double)(clock_monotonic_ns() - begun) / 1e9;
    out->peak_bytes = (uint64_t)usage.ru_maxrss * KIB;
    if (r == 0 && status != 0)
        r = err_set(err, ERR_FAILED, "%s ended with status %d: %s", argv->items[0],
                    status, last_line(&said));
    return r;
}

int timed_script(const char *script, const char *const *operands, struct spent *out,
                 struct err *err)
{
    struct strv argv = STRV_INIT;
    strv_add(&argv, "sh");
    strv_add(&argv, "-c");
    strv_add(&argv, script);
    strv_add(&argv, "sh");
    for (; *operands != NULL; operands++)
        strv_add(&argv, *operands);
    int r = timed_run(&argv, NULL, out, err);
    strv_free(&argv);
    return r;
}
