/* SPDX-License-Identifier: MIT */
/* Chooses the exporter. */
#include "reports/report.h"

#include "reports/export.h"

void report_format_results(const struct results *r, enum report_format format,
                           const struct report_style *style, struct buf *out)
{
    switch (format) {
    case REPORT_TABLE:
        report_table(r, style, out);
        break;
    case REPORT_MARKDOWN:
        report_markdown(r, NULL, out);
        break;
    case REPORT_CSV:
        report_csv(r, out);
        break;
    case REPORT_JSON:
        results_to_json(r, out);
        break;
    case REPORT_JUNIT:
        report_junit(r, out);
        break;
    case REPORT_HTML:
        report_html(r, NULL, out);
        break;
    }
}
