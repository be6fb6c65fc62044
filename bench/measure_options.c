/* SPDX-License-Identifier: MIT */
/* Percentages, durations and counts of the command line. */
#include "bench/measure_options.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double day_s = 86400;
enum { COUNT_MOST = 1000000 };

/* A plain decimal number; *end is what follows it. strtod alone would take "nan",
 * "0x1p4" and leading blanks. */
static bool read_number(const char *text, double *out, const char **end)
{
    size_t len = strspn(text, "0123456789.");
    char *stop = NULL;
    if (!isdigit((unsigned char)text[0]))
        return false;
    *out = strtod(text, &stop);
    *end = stop;
    return stop == text + len;
}

int measure_percent(const char *option, const char *text, double *out, struct err *err)
{
    double n = 0;
    const char *end = NULL;
    if (text == NULL)
        return 0;
    if (read_number(text, &n, &end) && (*end == '\0' || strcmp(end, "%") == 0) &&
        n > 0 && n <= 100) {
        *out = n / 100;
        return 0;
    }
    err_set(err, ERR_INPUT, "%s %s: a percentage is wanted", option, text);
    return err_hint(err, "such as %s 2%%", option);
}

int measure_seconds(const char *option, const char *text, double *out, struct err *err)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 0.001}, {"m", 60}, {"h", 3600}};
    double n = 0;
    const char *end = NULL;
    if (text == NULL)
        return 0;
    bool ok = read_number(text, &n, &end);
    for (size_t i = 0; i < sizeof units / sizeof *units && ok; i++) {
        double seconds = n * units[i].seconds;
        if (strcmp(end, units[i].unit) != 0 || !(seconds > 0 && seconds <= day_s))
            continue;
        *out = seconds;
        return 0;
    }
    err_set(err, ERR_INPUT, "%s %s: a duration is wanted", option, text);
    return err_hint(err, "such as %s 90s, at most 24h", option);
}

int measure_count(const char *option, const char *text, unsigned *out, struct err *err)
{
    char *end = NULL;
    if (text == NULL)
        return 0;
    unsigned long n = strtoul(text, &end, 10);
    if (isdigit((unsigned char)text[0]) && *end == '\0' && n <= COUNT_MOST) {
        *out = (unsigned)n;
        return 0;
    }
    return err_set(err, ERR_INPUT, "%s %s: a whole number from 0 to %d is wanted",
                   option, text, (int)COUNT_MOST);
}

int measure_factor(const char *option, const char *text, double *out, struct err *err)
{
    enum { FACTOR_MOST = 10 };
    double n = 0;
    const char *end = NULL;
    if (text == NULL)
        return 0;
    if (read_number(text, &n, &end) && *end == '\0' && n >= 0 && n <= FACTOR_MOST) {
        *out = n;
        return 0;
    }
    return err_set(err, ERR_INPUT, "%s %s: a number from 0 to %d is wanted", option,
                   text, (int)FACTOR_MOST);
}
