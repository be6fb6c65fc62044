/* SPDX-License-Identifier: MIT */
/* Humane figures: three digits and a unit. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "reports/report.h"

/* Three digits of a value below 1000: 4.21, 21.3, 125. The bounds are where rounding
 * would make a fourth. */
static void three_digits(double value, const char *unit, struct buf *out)
{
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    buf_addf(out, "%.*f %s", decimals, value, unit);
}

void report_bytes(uint64_t bytes, struct buf *out)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) {
        buf_addf(out, "%" PRIu64 " B", bytes);
        return;
    }
    double value = (double)bytes / 1000;
    size_t unit = 0;
    for (; value >= 999.5; unit++)
        value /= 1000;
    three_digits(value, units[unit], out);
}

void report_virtual(uint64_t ms, struct buf *out)
{
    uint64_t tenths = ms / 100 + (ms % 100 >= 50);
    buf_addf(out, "%" PRIu64 ".%" PRIu64 " s", tenths / 10, tenths % 10);
}

void report_wall(double seconds, struct buf *out)
{
    if (!isfinite(seconds) || seconds < 0)
        buf_adds(out, "?");
    else if (seconds < 999.5e-6)
        three_digits(seconds * 1e6, "µs", out);
    else if (seconds < 999.5e-3)
        three_digits(seconds * 1e3, "ms", out);
    else if (seconds < 99.95)
        three_digits(seconds, "s", out);
    else
        three_digits(seconds / 60, "min", out);
}

void report_figure(const char *metric, double value, struct buf *out)
{
    if (strcmp(metric, "wall_s") == 0)
        report_wall(value, out);
    else if (strcmp(metric, "virtual_ms") == 0)
        report_virtual((uint64_t)value, out);
    else if (strstr(metric, "bytes") != NULL)
        report_bytes((uint64_t)value, out);
    else
        buf_addf(out, "%.0f", value);
}

bool report_format_parse(const char *word, enum report_format *out)
{
    static const struct {
        const char *word;
        enum report_format format;
    } formats[] = {{"table", REPORT_TABLE}, {"markdown", REPORT_MARKDOWN},
                   {"csv", REPORT_CSV},     {"json", REPORT_JSON},
                   {"junit", REPORT_JUNIT}, {"html", REPORT_HTML}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(word, formats[i].word) == 0) {
            *out = formats[i].format;
            return true;
        }
    }
    return false;
}
