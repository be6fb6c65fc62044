/* SPDX-License-Identifier: MIT */
/* Judges of single values: durations, ports, signals, file modes. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sim/dockerfile/check.h"

/* Go's time.ParseDuration. */
static const struct {
    const char *unit;
    int64_t ns;
} units[] = {
    {"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000},
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000},
};

static int bad_duration(const char *text, const char *what, struct err *err)
{
    err_set(err, ERR_INPUT, "time: %s duration \"%.100s\"", what, text);
    return err_hint(err, "write a number and a unit, for example 30s, 1m30s or 500ms");
}

/* The fraction after "." in units of `ns`. */
static int64_t fraction(const char *p, size_t n, int64_t ns)
{
    double value = 0, scale = 1;
    for (size_t i = 0; i < n && i < 18; i++) {
        scale /= 10;
        value += (p[i] - '0') * scale;
    }
    return (int64_t)(value * (double)ns + 0.5);
}

/* One number with its unit; moves *at behind it. */
static int duration_part(const char *text, const char **at, int64_t *sum,
                         struct err *err)
{
    const char *p = *at;
    int64_t whole = 0;
    bool over = false;
    const char *start = p;
    for (; is_digit(*p); p++)
        over |= __builtin_mul_overflow(whole, 10, &whole) ||
                __builtin_add_overflow(whole, *p - '0', &whole);
    size_t digits = (size_t)(p - start);
    const char *point = *p == '.' ? ++p : p;
    while (point > start + digits && is_digit(*p))
        p++;
    size_t decimals = (size_t)(p - point);
    if (digits + decimals == 0)
        return bad_duration(text, "invalid", err);
    size_t unit = strcspn(p, ".0123456789");
    if (unit == 0)
        return bad_duration(text, "missing unit in", err);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].unit) != unit || memcmp(units[i].unit, p, unit) != 0)
            continue;
        int64_t part;
        over |= __builtin_mul_overflow(whole, units[i].ns, &part) ||
                __builtin_add_overflow(part, fraction(point, decimals, units[i].ns),
                                       &part) ||
                __builtin_add_overflow(*sum, part, sum);
        *at = p + unit;
        return over ? bad_duration(text, "invalid", err) : 0;
    }
    return bad_duration(text, "unknown unit in", err);
}

int duration_parse(const char *text, int64_t *out_ns, struct err *err)
{
    const char *p = text;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    int64_t sum = 0;
    if (strcmp(p, "0") != 0) {
        if (*p == '\0')
            return bad_duration(text, "invalid", err);
        while (*p != '\0') {
            int rc = duration_part(text, &p, &sum, err);
            if (rc != 0)
                return rc;
        }
    }
    *out_ns = negative ? -sum : sum;
    return 0;
}

/* "80" or "80-82" of at most n bytes; a number may have a "+" in front. */
static bool port_range(const char *p, size_t n, unsigned *low, unsigned *high)
{
    *low = *high = 0;
    unsigned *to = low;
    size_t digits = 0;
    bool plus = false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '-' && to == low && digits > 0) {
            to = high;
            digits = 0;
            plus = false;
        } else if (p[i] == '+' && digits == 0 && !plus) {
            plus = true;
        } else if (is_digit(p[i]) && *to <= 65535) {
            *to = *to * 10 + (unsigned)(p[i] - '0');
            digits++;
        } else {
            return false;
        }
    }
    if (to == low)
        *high = *low;
    return digits > 0 && *low <= 65535 && *high <= 65535 && *low <= *high;
}

static int bad_port(const char *word, const char *what, struct err *err)
{
    err_set(err, ERR_INPUT, "invalid port: \"%.200s\": %s", word, what);
    return err_hint(err, "write a port and, if you like, its protocol: 80 or 53/udp");
}

/* The address before "IP:host:container"; brackets around an IPv6 one. */
static bool is_address(const char *p, size_t n)
{
    char text[64];
    unsigned char bytes[16];
    if (n >= 2 && p[0] == '[' && p[n - 1] == ']') {
        p++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof text)
        return n == 0;
    memcpy(text, p, n);
    text[n] = '\0';
    return inet_pton(AF_INET, text, bytes) == 1 ||
           inet_pton(AF_INET6, text, bytes) == 1;
}

/* What stands before the container's port: "host:" or "IP:host:". */
static int check_host_part(const char *word, size_t n, unsigned count, struct err *err)
{
    const char *colon = memrchr(word, ':', n);
    const char *host = colon != NULL ? colon + 1 : word;
    size_t host_len = n - (size_t)(host - word);
    unsigned low, high;
    if (host_len > 0 && !port_range(host, host_len, &low, &high))
        return err_set(err, ERR_INPUT, "invalid hostPort: %.*s", (int)host_len, host);
    if (colon != NULL && !is_address(word, (size_t)(colon - word)))
        return err_set(err, ERR_INPUT, "invalid IP address: %.*s", (int)(colon - word),
                       word);
    if (host_len > 0 && count > 1 && high - low + 1 != count)
        return err_set(err, ERR_INPUT,
                       "invalid ranges specified for container and host Ports: %.200s",
                       word);
    return 0;
}

int ports_parse(const char *word, struct strv *out, struct err *err)
{
    const char *slash = strchr(word, '/');
    size_t n = slash != NULL ? (size_t)(slash - word) : strlen(word);
    char proto[5] = "tcp";
    if (slash != NULL && slash[1] != '\0') {
        if (!text_is(slash + 1, "tcp") && !text_is(slash + 1, "udp") &&
            !text_is(slash + 1, "sctp")) {
            AUTO_FREE char *what = xasprintf("invalid proto: %.100s", slash + 1);
            return bad_port(word, what, err);
        }
        for (size_t i = 0; i <= strlen(slash + 1); i++)
            proto[i] = lower(slash[1 + i]);
    }
    const char *colon = memrchr(word, ':', n);
    const char *port = colon != NULL ? colon + 1 : word;
    size_t port_len = n - (size_t)(port - word);
    if (port_len == 0)
        return bad_port(word, "no port specified", err);
    unsigned low, high;
    if (!port_range(port, port_len, &low, &high)) {
        err_set(err, ERR_INPUT, "invalid containerPort: %.*s", (int)port_len, port);
        return err_hint(err, "a port is a number from 0 to 65535, or a range low-high");
    }
    if (colon != NULL) {
        int rc = check_host_part(word, (size_t)(colon - word), high - low + 1, err);
        if (rc != 0)
            return rc;
    }
    for (unsigned i = low; i <= high; i++)
        strv_take(out, xasprintf("%u/%s", i, proto));
    return 0;
}

/* RTMIN, RTMIN+1…15, RTMAX, RTMAX-1…14. */
static bool is_realtime(const char *name)
{
    struct span s = span_of(name);
    if (s.n < 5)
        return false;
    bool max = span_is((struct span){name, 5}, "rtmax");
    if (!max && !span_is((struct span){name, 5}, "rtmin"))
        return false;
    if (s.n == 5)
        return true;
    char *end;
    if (name[5] != (max ? '-' : '+') || !is_digit(name[6]) || name[6] == '0')
        return false;
    long k = strtol(name + 6, &end, 10);
    return *end == '\0' && k <= (max ? 14 : 15);
}

int signal_check(const char *name, struct err *err)
{
    static const char *const names[] = {
        "abrt",   "alrm",   "bus",  "chld", "cld",    "cont",  "fpe",  "hup",  "ill",
        "int",    "io",     "iot",  "kill", "pipe",   "poll",  "prof", "pwr",  "quit",
        "segv",   "stkflt", "stop", "sys",  "term",   "trap",  "tstp", "ttin", "ttou",
        "unused", "urg",    "usr1", "usr2", "vtalrm", "winch", "xcpu", "xfsz",
    };
    char *end;
    long number = strtol(name, &end, 10);
    if (end != name && *end == '\0' && number != 0)
        return 0;
    const char *bare = name;
    if (strlen(name) > 3 && span_is((struct span){name, 3}, "sig"))
        bare += 3;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_is(bare, names[i]))
            return 0;
    }
    if (is_realtime(bare))
        return 0;
    err_set(err, ERR_INPUT, "invalid signal: %.200s", name);
    return err_hint(err, "write a name such as SIGTERM, or a number");
}

static bool symbolic_mode(const char *p)
{
    for (;;) {
        p += strspn(p, "ugoa");
        if (*p == '\0' || strchr("+-=", *p) == NULL)
            return false;
        while (*p != '\0' && strchr("+-=", *p) != NULL) {
            p++;
            size_t copied = strspn(p, "ugo");
            p += copied > 0 ? copied : strspn(p, "rwxXst");
        }
        if (*p == '\0')
            return true;
        if (*p++ != ',')
            return false;
    }
}

int chmod_check(const char *mode, struct err *err)
{
    if (*mode == '\0')
        return 0;
    char *end;
    bool octal = is_digit(*mode);
    unsigned long bits = strtoul(mode, &end, 8);
    if (octal ? *end == '\0' && bits <= 07777 : symbolic_mode(mode))
        return 0;
    err_set(err, ERR_INPUT,
            "invalid chmod parameter: '%.100s'. it should be octal string and between "
            "0 and 07777",
            mode);
    return err_hint(err, "write --chmod=755, or symbolic: --chmod=u+x");
}
