/* SPDX-License-Identifier: MIT */
/* What --chmod does to a mode: octal replaces it, words change it as chmod(1) with no
 * umask does. The text was checked by chmod_check. */
#include <stdlib.h>
#include <string.h>

#include "sim/build/graph.h"

enum { SET_UID = 04000, SET_GID = 02000, STICKY = 01000, EXECUTE = 0111 };

/* The bits that a who-word such as "ug" speaks of; none means all. */
static uint32_t who_bits(const char *who, size_t n)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < n; i++)
        bits |= who[i] == 'u'   ? SET_UID | 0700
                : who[i] == 'g' ? SET_GID | 0070
                : who[i] == 'o' ? 0007
                                : SET_UID | SET_GID | 0777;
    return n == 0 ? SET_UID | SET_GID | 0777 : bits;
}

/* "u", "g" or "o" at the right of an operator: that class's bits for every class. */
static uint32_t copied_bits(char from, uint32_t mode)
{
    uint32_t three = mode >> (from == 'u' ? 6 : from == 'g' ? 3 : 0) & 7;
    return three << 6 | three << 3 | three;
}

static uint32_t perm_bits(char c, char op, uint32_t who, uint32_t mode, bool folder)
{
    switch (c) {
    case 'r':
        return 0444 & who;
    case 'w':
        return 0222 & who;
    case 'x':
        return EXECUTE & who;
    case 'X':
        return op == '-' || folder || (mode & EXECUTE) != 0 ? EXECUTE & who : 0;
    case 's':
        return (SET_UID | SET_GID) & who;
    case 't':
        return (who & ~07u) != 0 ? STICKY : 0;
    default:
        return copied_bits(c, mode) & who;
    }
}

uint32_t chmod_apply(const char *text, uint32_t mode, bool folder)
{
    if (text[0] >= '0' && text[0] <= '7')
        return (uint32_t)strtoul(text, NULL, 8);
    const uint32_t before = mode;
    for (const char *p = text; *p != '\0'; p += *p == ',') {
        size_t n = strspn(p, "ugoa");
        uint32_t who = who_bits(p, n);
        for (p += n; *p != '\0' && strchr("+-=", *p) != NULL;) {
            char op = *p++;
            uint32_t bits = 0;
            for (; *p != '\0' && strchr("rwxXstugo", *p) != NULL; p++)
                bits |=
                    perm_bits(*p, op, who, strchr("ugo", *p) ? mode : before, folder);
            if (op == '=')
                mode &= ~who;
            mode = op == '-' ? mode & ~bits : mode | bits;
        }
    }
    return mode;
}
