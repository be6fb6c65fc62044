/* SPDX-License-Identifier: MIT */
/*
 * The entries of a tar that ustar headers cannot say, and devices: libarchive writes
 * them, with pax records. A name of an extended attribute that holds "=", "%" or bytes
 * that do not print is written percent-encoded: libarchive does so.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sim/base/mem.h"
#include "sim/layer/libarchive.h"
#include "sim/layer/tar_internal.h"

struct tar_pax {
    struct libarchive la;
    struct archive *archive;
    struct archive_entry *header;
    struct tar_out *out;
    locale_t c, before;
    bool ended;      /* what libarchive adds when it is freed is not wanted */
    int rc;          /* what tar_out_add returned */
    struct err *err; /* of the call under way */
};

static la_ssize_t on_bytes(struct archive *archive, void *payload, const void *data,
                           size_t len)
{
    struct tar_pax *pax = payload;
    if (pax->rc == 0 && !pax->ended)
        pax->rc = tar_out_add(pax->out, data, len, pax->err);
    if (pax->rc == 0 && !pax->ended)
        return (la_ssize_t)len;
    pax->la.archive_set_error(archive, EIO, "stopped");
    return -1;
}

/* What libarchive complains of, unless the sink stopped it. */
static int fail(struct tar_pax *pax, const char *what)
{
    if (pax->rc != 0)
        return pax->rc;
    const char *why = pax->la.archive_error_string(pax->archive);
    return err_set(pax->err, ERR_FAILED, "cannot write %s to the layer: %s", what,
                   why != NULL ? why : "unknown reason");
}

static int open_archive(struct tar_pax *pax)
{
    const struct libarchive *la = &pax->la;
    pax->archive = la->archive_write_new();
    pax->header = la->archive_entry_new();
    if (pax->archive == NULL || pax->header == NULL)
        return err_set(pax->err, ERR_FAILED, "libarchive has no memory");
    /* Without blocks every byte passes on_bytes before the call that wrote it returns,
     * so that offsets are exact. The option hdrcharset=BINARY would give every entry a
     * pax header; see needs_binary. */
    if (la->archive_write_set_format_pax_restricted(pax->archive) != ARCHIVE_OK ||
        la->archive_write_set_options(pax->archive, "xattrheader=SCHILY") !=
            ARCHIVE_OK ||
        la->archive_write_set_bytes_per_block(pax->archive, 0) != ARCHIVE_OK ||
        la->archive_write_set_bytes_in_last_block(pax->archive, 1) != ARCHIVE_OK ||
        la->archive_write_open2(pax->archive, pax, NULL, on_bytes, NULL, NULL) !=
            ARCHIVE_OK)
        return fail(pax, "the tar's start");
    return 0;
}

int tar_pax_new(struct tar_out *out, struct tar_pax **made, struct err *err)
{
    struct tar_pax *pax = xcalloc(1, sizeof *pax);
    pax->out = out;
    pax->err = err;
    int rc = libarchive_load(&pax->la, err);
    if (rc != 0) {
        free(pax);
        return rc;
    }
    pax->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    pax->before = uselocale(pax->c);
    rc = open_archive(pax);
    if (rc != 0) {
        tar_pax_free(pax);
        return rc;
    }
    *made = pax;
    return 0;
}

void tar_pax_free(struct tar_pax *pax)
{
    if (pax == NULL)
        return;
    pax->ended = true;
    if (pax->archive != NULL)
        pax->la.archive_write_free(pax->archive);
    pax->la.archive_entry_free(pax->header);
    uselocale(pax->before);
    freelocale(pax->c);
    free(pax);
}

static mode_t type_bits(enum entry_type type)
{
    switch (type) {
    case ENTRY_DIR:
        return S_IFDIR;
    case ENTRY_SYMLINK:
        return S_IFLNK;
    case ENTRY_CHAR:
        return S_IFCHR;
    case ENTRY_BLOCK:
        return S_IFBLK;
    case ENTRY_FIFO:
        return S_IFIFO;
    case ENTRY_FILE:
    case ENTRY_HARDLINK:
    case ENTRY_SOCKET:
    case ENTRY_WHITEOUT:
    case ENTRY_OPAQUE:
        break;
    }
    return S_IFREG;
}

static void set_header(const struct tar_pax *pax, const struct tar_head *head)
{
    const struct libarchive *la = &pax->la;
    struct archive_entry *h = pax->header;
    la->archive_entry_clear(h);
    la->archive_entry_set_pathname(h, head->name);
    la->archive_entry_set_mode(h, type_bits(head->type) | (mode_t)head->mode);
    la->archive_entry_set_uid(h, head->uid);
    la->archive_entry_set_gid(h, head->gid);
    la->archive_entry_set_mtime(h, head->mtime_s, 0);
    la->archive_entry_set_size(h, (la_int64_t)head->size);
    if (head->type == ENTRY_SYMLINK)
        la->archive_entry_set_symlink(h, head->target);
    if (head->type == ENTRY_HARDLINK)
        la->archive_entry_set_hardlink(h, head->target);
    if (head->type == ENTRY_CHAR || head->type == ENTRY_BLOCK) {
        la->archive_entry_set_rdevmajor(h, head->dev_major);
        la->archive_entry_set_rdevminor(h, head->dev_minor);
    }
    /* libarchive keeps attributes as a stack: added backwards they come out sorted. */
    for (size_t i = head->xattr_count; i > 0; i--) {
        const struct xattr *x = &head->xattrs[i - 1];
        la->archive_entry_xattr_add_entry(h, x->name, x->value, x->len);
    }
}

static bool has_high_byte(const char *s)
{
    for (; s != NULL && *s != '\0'; s++)
        if ((unsigned char)*s >= 0x80)
            return true;
    return false;
}

/* libarchive converts names from the locale, which tar_pax_new made "C", to UTF-8; a
 * name that is not ASCII cannot be, is written byte for byte with a record that says
 * so, and ARCHIVE_WARN is returned. */
static bool needs_binary(const struct tar_head *head)
{
    return has_high_byte(head->name) || has_high_byte(head->target);
}

int tar_pax_header(struct tar_pax *pax, const struct tar_head *head, struct err *err)
{
    pax->err = err;
    set_header(pax, head);
    int rc = pax->la.archive_write_header(pax->archive, pax->header);
    if (rc == ARCHIVE_OK || (rc == ARCHIVE_WARN && pax->rc == 0 && needs_binary(head)))
        return 0;
    return fail(pax, head->name);
}

int tar_pax_data(struct tar_pax *pax, const void *data, size_t len, struct err *err)
{
    const char *from = data;
    pax->err = err;
    while (len > 0) {
        la_ssize_t n = pax->la.archive_write_data(pax->archive, from, len);
        if (n <= 0)
            return fail(pax, "a file's content");
        from += n;
        len -= (size_t)n;
    }
    return 0;
}

int tar_pax_finish(struct tar_pax *pax, struct err *err)
{
    pax->err = err;
    if (pax->la.archive_write_finish_entry(pax->archive) != ARCHIVE_OK)
        return fail(pax, "a file's end");
    return 0;
}
