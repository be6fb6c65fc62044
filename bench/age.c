/* SPDX-License-Identifier: MIT */
/* Ages in the largest unit that says something. */
#include "bench/age.h"

#include <inttypes.h>
#include <stddef.h>

void age_add(struct buf *out, int64_t then_s, int64_t now_s)
{
    static const struct {
        int64_t seconds, upto; /* of one unit; ages below `upto` are told in it */
        const char *name;
    } units[] = {
        {1, 60, "second"},
        {60, 3600, "minute"},
        {3600, INT64_C(48) * 3600, "hour"},
        {86400, INT64_C(14) * 86400, "day"},
        {INT64_C(7) * 86400, INT64_C(60) * 86400, "week"},
        {INT64_C(30) * 86400, INT64_C(730) * 86400, "month"},
        {INT64_C(365) * 86400, INT64_MAX, "year"},
    };
    if (then_s == INT64_MIN) {
        buf_adds(out, "N/A");
        return;
    }
    int64_t age = now_s - then_s;
    if (age < 0) {
        buf_adds(out, "in the future");
        return;
    }
    size_t u = 0;
    while (age >= units[u].upto)
        u++;
    int64_t n = age / units[u].seconds;
    buf_addf(out, "%" PRId64 " %s%s ago", n, units[u].name, n == 1 ? "" : "s");
}
