/* SPDX-License-Identifier: MIT */
/* RFC 3339 times, by arithmetic: no locale, no time zone data. */
#include <string.h>

#include "sim/image/config.h"

enum { DAY = 86400 };

/* Days from 1970-01-01 to year-month-day of the proleptic Gregorian calendar: years
 * that begin in March put the leap day last. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void put_digits(char *at, int n, int64_t value)
{
    for (; n > 0; value /= 10)
        at[--n] = (char)('0' + value % 10);
}

void image_format_time(int64_t seconds, char out[32])
{
    /* Years 0 to 9999, what RFC 3339 can say. */
    const int64_t least = -62167219200, most = 253402300799;
    seconds = seconds < least ? least : seconds > most ? most : seconds;
    int64_t days = seconds / DAY, rest = seconds % DAY;
    if (rest < 0) {
        rest += DAY;
        days--;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t d = doy - (153 * mp + 2) / 5 + 1;
    int64_t m = mp < 10 ? mp + 3 : mp - 9;
    int64_t y = yoe + era * 400 + (m <= 2);
    static const char shape[] = "0000-00-00T00:00:00Z";
    memcpy(out, shape, sizeof shape);
    put_digits(out, 4, y);
    put_digits(out + 5, 2, m);
    put_digits(out + 8, 2, d);
    put_digits(out + 11, 2, rest / 3600);
    put_digits(out + 14, 2, rest / 60 % 60);
    put_digits(out + 17, 2, rest % 60);
}

/* Reads `n` digits; -1 if one of them is none. */
static int digits(const char **p, int n)
{
    int value = 0;
    for (; n > 0; n--, (*p)++) {
        if (**p < '0' || **p > '9')
            return -1;
        value = value * 10 + (**p - '0');
    }
    return value;
}

static bool skip(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static int days_in_month(int y, int m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m == 2 && leap ? 29 : days[m - 1];
}

static bool parse_zone(const char **p, int64_t *offset_s)
{
    *offset_s = 0;
    if (skip(p, 'Z') || skip(p, 'z'))
        return true;
    int sign = **p == '+' ? 1 : **p == '-' ? -1 : 0;
    if (sign == 0)
        return false;
    (*p)++;
    int h = digits(p, 2);
    if (h < 0 || h > 23 || !skip(p, ':'))
        return false;
    int m = digits(p, 2);
    if (m < 0 || m > 59)
        return false;
    *offset_s = (int64_t)sign * (h * 3600 + m * 60);
    return true;
}

/* Fractions of a second are read and dropped. */
static bool parse_clock(const char **p, int64_t *out_s)
{
    int h = digits(p, 2);
    if (h < 0 || h > 23 || !skip(p, ':'))
        return false;
    int min = digits(p, 2);
    if (min < 0 || min > 59 || !skip(p, ':'))
        return false;
    int s = digits(p, 2);
    if (s < 0 || s > 60)
        return false;
    if (skip(p, '.')) {
        if (**p < '0' || **p > '9')
            return false;
        while (**p >= '0' && **p <= '9')
            (*p)++;
    }
    *out_s = (int64_t)h * 3600 + (int64_t)min * 60 + s;
    return true;
}

bool image_parse_time(const char *text, int64_t *out_s)
{
    const char *p = text;
    int y = digits(&p, 4);
    if (y < 0 || !skip(&p, '-'))
        return false;
    int m = digits(&p, 2);
    if (m < 1 || m > 12 || !skip(&p, '-'))
        return false;
    int d = digits(&p, 2);
    if (d < 1 || d > days_in_month(y, m) || !(skip(&p, 'T') || skip(&p, 't')))
        return false;
    int64_t clock_s, zone_s;
    if (!parse_clock(&p, &clock_s) || !parse_zone(&p, &zone_s) || *p != '\0')
        return false;
    *out_s = days_from_civil(y, m, d) * DAY + clock_s - zone_s;
    return true;
}
