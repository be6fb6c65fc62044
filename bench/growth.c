/* SPDX-License-Identifier: MIT */
/* The growth table of scans. */
#include "bench/growth.h"

#include "bench/columns.h"
#include "reports/figures.h"
#include "reports/growth.h"

void growth_show(const struct result_scenario *scenarios, size_t count, FILE *out)
{
    struct report_growths all;
    report_growths_init(scenarios, count, &all);
    struct columns t;
    columns_begin(&t, "GROWTH WITH|AT|VARIANT|BUILD|METRIC|>POINTS|>EXPONENT");
    for (size_t i = 0; i < all.count; i++) {
        const struct report_growth *g = &all.items[i];
        AUTO_BUF who = BUF_INIT;
        AUTO_BUF exponent = BUF_INIT;
        report_growth_variant(g, &who);
        report_growth_exponent(g, false, &exponent);
        columns_add(&t, g->first->point[g->axis].name);
        columns_add(&t, g->place);
        columns_add(&t, buf_str(&who));
        columns_add(&t,
                    report_str(g->first->variants[g->variant].builds[g->build].label));
        columns_add(&t, report_metric_name(g->metric));
        columns_add_count(&t, g->len);
        columns_add(&t, buf_str(&exponent));
    }
    if (all.count == 0) {
        strv_free(&t.cells);
    } else {
        columns_end(&t, out);
        fputc('\n', out);
    }
    report_growths_free(&all);
}
