/* SPDX-License-Identifier: MIT */
/*
 * Headers that ustar (POSIX.1-1988) can say, which are nearly all. The bytes are those
 * libarchive would write: a property test holds them side by side. What needs a pax
 * record, and devices, are left to tar_pax.c.
 */
#include <string.h>

#include "sim/layer/tar_internal.h"

enum {
    NAME = 0,
    NAME_LEN = 100,
    MODE = 100,
    UID = 108,
    GID = 116,
    SIZE = 124,
    MTIME = 136,
    CHECKSUM = 148,
    CHECKSUM_LEN = 8,
    TYPE = 156,
    LINK = 157,
    LINK_LEN = 100,
    MAGIC = 257,
    DEV_MAJOR = 329,
    DEV_MINOR = 337,
    PREFIX = 345,
    PREFIX_LEN = 155,
    SHORT_DIGITS = 6, /* of mode, owner, device, sum */
    LONG_DIGITS = 11, /* of size and time */
};

/* What six digits hold. */
#define OWNER_MOST ((UINT32_C(1) << 18) - 1)
#define SIZE_MOST ((UINT64_C(1) << 33) - 1)
#define TIME_MOST INT64_C(0x7ffffffe)

static void put_octal(unsigned char *at, uint64_t n, unsigned digits)
{
    for (unsigned i = digits; i-- > 0; n >>= 3)
        at[i] = (unsigned char)('0' + (n & 7));
}

static bool is_ascii(const char *s, size_t len)
{
    unsigned char all = 0;
    for (size_t i = 0; i < len; i++)
        all |= (unsigned char)s[i];
    return all < 0x80;
}

/* A name that is too long for its place is cut at a slash, as late as need be. */
static bool put_name(unsigned char *block, const char *name, size_t len)
{
    if (len > NAME_LEN) {
        size_t from = len - NAME_LEN - 1; /* what follows this slash may just fit */
        from += from == 0 && name[0] == '/' ? 1 : 0;
        const char *slash = memchr(name + from, '/', len - from);
        size_t before = slash != NULL ? (size_t)(slash - name) : 0;
        if (slash == NULL || before > PREFIX_LEN || before + 1 == len)
            return false;
        memcpy(block + PREFIX, name, before);
        name += before + 1;
        len -= before + 1;
    }
    memcpy(block + NAME, name, len);
    return true;
}

static char type_flag(enum entry_type type)
{
    switch (type) {
    case ENTRY_FILE:
    case ENTRY_WHITEOUT:
    case ENTRY_OPAQUE:
        return '0';
    case ENTRY_HARDLINK:
        return '1';
    case ENTRY_SYMLINK:
        return '2';
    case ENTRY_DIR:
        return '5';
    case ENTRY_FIFO:
        return '6';
    case ENTRY_CHAR:
    case ENTRY_BLOCK:
    case ENTRY_SOCKET:
        break;
    }
    return '\0';
}

bool tar_header_make(const struct tar_head *head, unsigned char block[TAR_BLOCK])
{
    char type = type_flag(head->type);
    size_t name_len = strlen(head->name);
    size_t target_len = head->target != NULL ? strlen(head->target) : 0;
    if (type == '\0' || head->xattr_count != 0 || head->uid > OWNER_MOST ||
        head->gid > OWNER_MOST || head->size > SIZE_MOST || head->mtime_s < 0 ||
        head->mtime_s > TIME_MOST || target_len > LINK_LEN ||
        !is_ascii(head->name, name_len) || !is_ascii(head->target, target_len))
        return false;
    memset(block, 0, TAR_BLOCK);
    if (!put_name(block, head->name, name_len))
        return false;
    memset(block + CHECKSUM, ' ', CHECKSUM_LEN);
    put_octal(block + MODE, head->mode, SHORT_DIGITS);
    put_octal(block + UID, head->uid, SHORT_DIGITS);
    put_octal(block + GID, head->gid, SHORT_DIGITS);
    put_octal(block + DEV_MAJOR, 0, SHORT_DIGITS);
    put_octal(block + DEV_MINOR, 0, SHORT_DIGITS);
    static const unsigned ended[] = {MODE, UID, GID, DEV_MAJOR, DEV_MINOR};
    for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
        block[ended[i] + SHORT_DIGITS] = ' ';
    put_octal(block + SIZE, head->size, LONG_DIGITS);
    put_octal(block + MTIME, (uint64_t)head->mtime_s, LONG_DIGITS);
    block[SIZE + LONG_DIGITS] = block[MTIME + LONG_DIGITS] = ' ';
    block[TYPE] = (unsigned char)type;
    if (target_len != 0)
        memcpy(block + LINK, head->target, target_len);
    memcpy(block + MAGIC, "ustar\00000", 8);
    uint64_t sum = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += block[i];
    put_octal(block + CHECKSUM, sum, SHORT_DIGITS);
    block[CHECKSUM + SHORT_DIGITS] = '\0';
    return true;
}
