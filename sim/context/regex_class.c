/* SPDX-License-Identifier: MIT */
/* Sets of runes: ranges in a list, ASCII in a bitmap. Unicode classes are left out. */
#include "sim/context/regex_class.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/context/regex.h"

struct range {
    uint32_t low, high;
};

struct rune_class {
    struct range *ranges;
    size_t len, cap;
    bool negated;
    uint64_t ascii[2]; /* after negation */
};

enum { RUNE_MOST = 0x10FFFF };

uint32_t regex_next_rune(struct regex_input *in)
{
    size_t used;
    uint32_t rune = rune_decode(in->p, (size_t)(in->end - in->p), &used);
    in->p += used;
    return rune;
}

static int bad(struct err *err, const char *what)
{
    return err_set(err, ERR_INPUT, "bad pattern: %s", what);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \x{41} */
static int escape_braces(struct regex_input *in, uint32_t *out, struct err *err)
{
    const char *start = ++in->p;
    *out = 0;
    for (; in->p < in->end && hex_value(*in->p) >= 0 && *out <= RUNE_MOST; in->p++)
        *out = *out * 16 + (uint32_t)hex_value(*in->p);
    if (in->p == start || in->p == in->end || *in->p != '}' || *out > RUNE_MOST)
        return bad(err, "\\x{ needs a hexadecimal number and }");
    in->p++;
    return 0;
}

static int escape_hex(struct regex_input *in, uint32_t *out, struct err *err)
{
    if (in->p < in->end && *in->p == '{')
        return escape_braces(in, out, err);
    if (in->end - in->p < 2 || hex_value(in->p[0]) < 0 || hex_value(in->p[1]) < 0)
        return bad(err, "\\x needs two hexadecimal digits");
    *out = (uint32_t)(hex_value(in->p[0]) * 16 + hex_value(in->p[1]));
    in->p += 2;
    return 0;
}

static bool octal_next(const struct regex_input *in)
{
    return in->p < in->end && *in->p >= '0' && *in->p <= '7';
}

/* \0, \012, \12; a single digit but 0 would be a back reference. */
static int escape_octal(struct regex_input *in, uint32_t first, uint32_t *out,
                        struct err *err)
{
    if (first != 0 && !octal_next(in))
        return bad(err, "a backslash before a digit");
    *out = first;
    for (int i = 0; i < 2 && octal_next(in); i++)
        *out = *out * 8 + (uint32_t)(*in->p++ - '0');
    return 0;
}

int regex_escape(struct regex_input *in, uint32_t *out, struct err *err)
{
    if (in->p == in->end)
        return bad(err, "a backslash at the end");
    unsigned char c = (unsigned char)*in->p++;
    static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    const char *found = c != '\0' ? strchr(letters, c) : NULL;
    bool alnum =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (found != NULL)
        *out = (unsigned char)values[found - letters];
    else if (c == 'x')
        return escape_hex(in, out, err);
    else if (c >= '0' && c <= '7')
        return escape_octal(in, c - (uint32_t)'0', out, err);
    else if (c == 'p' || c == 'P')
        return bad(err, "Unicode classes (\\p) are not supported");
    else if (alnum || c >= 0x80)
        return bad(err, "a backslash before a letter or digit without a meaning");
    else
        *out = c;
    return 0;
}

struct rune_class *rune_class_new(void)
{
    return xcalloc(1, sizeof(struct rune_class));
}

void rune_class_free(struct rune_class *class)
{
    if (class == NULL)
        return;
    free(class->ranges);
    free(class);
}

static bool in_ranges(const struct rune_class *class, uint32_t rune)
{
    for (size_t i = 0; i < class->len; i++)
        if (rune >= class->ranges[i].low && rune <= class->ranges[i].high)
            return true;
    return false;
}

static void finish(struct rune_class *class)
{
    for (uint32_t c = 0; c < 128; c++)
        if (in_ranges(class, c) != class->negated)
            class->ascii[c / 64] |= UINT64_C(1) << (c % 64);
}

bool rune_class_has(const struct rune_class *class, uint32_t rune)
{
    if (rune < 128)
        return (class->ascii[rune / 64] >> (rune % 64) & 1) != 0;
    return in_ranges(class, rune) != class->negated;
}

bool rune_class_is_not_slash(const struct rune_class *class)
{
    return class->negated && class->len == 1 && class->ranges[0].low == '/' &&
           class->ranges[0].high == '/';
}

static void add_range(struct rune_class *class, uint32_t low, uint32_t high)
{
    GROW(class->ranges, class->cap, class->len + 1);
    class->ranges[class->len++] = (struct range){low, high};
}

/* `pairs` are low and high bytes in ascending order; their complement if negated. */
static void add_pairs(struct rune_class *class, const char *pairs, bool negated)
{
    uint32_t from = 0;
    for (; pairs[0] != '\0'; pairs += 2) {
        uint32_t low = (unsigned char)pairs[0], high = (unsigned char)pairs[1];
        if (!negated)
            add_range(class, low, high);
        else if (low > from)
            add_range(class, from, low - 1);
        from = high + 1;
    }
    if (negated)
        add_range(class, from, RUNE_MOST);
}

bool rune_class_add_perl(struct rune_class *class, struct regex_input *in)
{
    static const struct {
        char letter;
        const char *pairs;
    } perl[] = {{'d', "09"}, {'s', "\t\n\f\r  "}, {'w', "09AZ__az"}};
    for (size_t i = 0; in->p < in->end && i < sizeof perl / sizeof perl[0]; i++) {
        bool negated = *in->p == perl[i].letter - 'a' + 'A';
        if (*in->p == perl[i].letter || negated) {
            in->p++;
            add_pairs(class, perl[i].pairs, negated);
            finish(class);
            return true;
        }
    }
    return false;
}

/* [:alpha:] and so on, the input standing at its "[". *taken tells whether it was one.
 */
static int add_posix(struct rune_class *class, struct regex_input *in, bool *taken,
                     struct err *err)
{
    static const struct {
        const char *name, *pairs;
    } posix[] = {
        {"alnum", "09AZaz"},
        {"alpha", "AZaz"},
        {"ascii", "\1\x7F"},
        {"blank", "\t\t  "},
        {"cntrl", "\1\x1F\x7F\x7F"},
        {"digit", "09"},
        {"graph", "!~"},
        {"lower", "az"},
        {"print", " ~"},
        {"punct", "!/:@[`{~"},
        {"space", "\t\r  "},
        {"upper", "AZ"},
        {"word", "09AZ__az"},
        {"xdigit", "09AFaf"},
    };
    *taken = false;
    size_t left = (size_t)(in->end - in->p);
    const char *end = left > 2 ? memmem(in->p + 2, left - 2, ":]", 2) : NULL;
    if (end == NULL || in->p[1] != ':')
        return 0;
    const char *name = in->p + 2;
    bool negated = name < end && *name == '^';
    name += negated ? 1 : 0;
    size_t n = (size_t)(end - name);
    for (size_t i = 0; i < sizeof posix / sizeof posix[0]; i++) {
        if (strlen(posix[i].name) == n && memcmp(posix[i].name, name, n) == 0) {
            add_pairs(class, posix[i].pairs, negated);
            in->p = end + 2;
            *taken = true;
            return 0;
        }
    }
    return bad(err, "an unknown class name between [: and :]");
}

static int parse_rune(struct regex_input *in, uint32_t *out, struct err *err)
{
    if (in->p == in->end)
        return bad(err, "a [ without its ]");
    if (*in->p == '\\') {
        in->p++;
        return regex_escape(in, out, err);
    }
    *out = regex_next_rune(in);
    return 0;
}

static int parse_range(struct rune_class *class, struct regex_input *in,
                       struct err *err)
{
    uint32_t low = 0, high;
    int rc = parse_rune(in, &low, err);
    if (rc != 0)
        return rc;
    high = low;
    if (in->end - in->p >= 2 && in->p[0] == '-' && in->p[1] != ']') {
        in->p++;
        rc = parse_rune(in, &high, err);
        if (rc == 0 && high < low)
            rc = bad(err, "a range in [ ] that runs backwards");
    }
    if (rc == 0)
        add_range(class, low, high);
    return rc;
}

static int parse_member(struct rune_class *class, struct regex_input *in,
                        struct err *err)
{
    if (*in->p == '[') {
        bool taken;
        int rc = add_posix(class, in, &taken, err);
        if (rc != 0 || taken)
            return rc;
    }
    if (*in->p == '\\' && in->end - in->p > 1) {
        struct regex_input behind = {in->p + 1, in->end};
        if (rune_class_add_perl(class, &behind)) {
            *in = behind;
            return 0;
        }
    }
    return parse_range(class, in, err);
}

int rune_class_parse(struct regex_input *in, struct rune_class **out, struct err *err)
{
    struct rune_class *class = rune_class_new();
    if (in->p < in->end && *in->p == '^') {
        class->negated = true;
        in->p++;
    }
    int rc = 0;
    for (bool first = true; rc == 0; first = false) {
        if (in->p == in->end) {
            rc = bad(err, "a [ without its ]");
        } else if (*in->p == ']' && !first) {
            in->p++;
            break;
        } else {
            rc = parse_member(class, in, err);
        }
    }
    if (rc != 0) {
        rune_class_free(class);
        return rc;
    }
    memset(class->ascii, 0, sizeof class->ascii);
    finish(class);
    *out = class;
    return 0;
}
