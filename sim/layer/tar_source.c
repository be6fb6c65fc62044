/* SPDX-License-Identifier: MIT */
/* Content of any kind as something libarchive can pull from. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/layer/libarchive.h"
#include "sim/layer/tar_internal.h"

enum { CHUNK = 64 << 10 };

struct tar_source {
    struct content content;
    uint64_t size, at;
    int fd; /* of host content */
    struct libarchive la;
    struct archive *archive;
    struct err err; /* of reading the bytes */
    unsigned char *chunk;
};

static int read_chunk(struct tar_source *s, size_t len)
{
    const struct content *c = &s->content;
    switch (c->kind) {
    case CONTENT_SEED:
        content_seed_fill(c->from.seed, s->at, s->chunk, len);
        return 0;
    case CONTENT_RANGE:
        return blob_read(c->from.range.blob, c->from.range.offset + s->at, s->chunk,
                         len, &s->err);
    case CONTENT_HOST:
    case CONTENT_NONE:
    case CONTENT_INLINE:
        break;
    }
    for (size_t got = 0; got < len;) {
        ssize_t n = pread(s->fd, s->chunk + got, len - got, (off_t)(s->at + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(&s->err, errno, "cannot read %s", c->from.host.path);
        if (n == 0)
            return err_set(&s->err, ERR_FAILED, "%s changed while it was read",
                           c->from.host.path);
        got += (size_t)n;
    }
    return 0;
}

static la_ssize_t on_read(struct archive *archive, void *payload, const void **out)
{
    struct tar_source *s = payload;
    size_t len = s->size - s->at < CHUNK ? (size_t)(s->size - s->at) : CHUNK;
    *out = s->chunk;
    if (s->content.kind == CONTENT_INLINE)
        *out = s->content.from.bytes + s->at;
    else if (len > 0 && read_chunk(s, len) != 0) {
        s->la.archive_set_error(archive, EIO, "%s", s->err.msg);
        return -1;
    }
    s->at += len;
    return (la_ssize_t)len;
}

static la_int64_t on_skip(struct archive *archive, void *payload, la_int64_t want)
{
    (void)archive;
    struct tar_source *s = payload;
    uint64_t left = s->size - s->at;
    uint64_t n = want > 0 && (uint64_t)want < left ? (uint64_t)want : left;
    s->at += n;
    return (la_int64_t)n;
}

static int start(struct tar_source *s, bool compressed)
{
    struct archive *a = s->archive;
    if (compressed && (s->la.archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
                       s->la.archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
                       s->la.archive_read_support_filter_xz(a) != ARCHIVE_OK ||
                       s->la.archive_read_support_filter_zstd(a) != ARCHIVE_OK))
        return ARCHIVE_FATAL;
    int rc = s->la.archive_read_support_format_tar(a);
    if (rc == ARCHIVE_OK)
        rc = s->la.archive_read_open2(a, s, NULL, on_read, on_skip, NULL);
    return rc;
}

/* Opens a host file, which must still be as long as it was when it was looked at. */
static int open_host(struct tar_source *s, struct err *err)
{
    int rc = content_open_host(&s->content, &s->fd, err);
    struct stat st;
    if (rc == 0 && (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
                    (uint64_t)st.st_size != s->size))
        rc = err_set(err, ERR_FAILED, "%s changed while it was read",
                     s->content.from.host.path);
    return rc;
}

int tar_source_open(const struct content *content, uint64_t size, bool compressed,
                    struct tar_source **out, struct err *err)
{
    struct tar_source *s = xcalloc(1, sizeof *s);
    s->content = *content;
    s->size = size;
    s->fd = -1;
    s->chunk = xmalloc(CHUNK);
    int rc = libarchive_load(&s->la, err);
    if (rc == 0 && content->kind == CONTENT_HOST)
        rc = open_host(s, err);
    if (rc == 0)
        s->archive = s->la.archive_read_new();
    if (rc == 0 && (s->archive == NULL || start(s, compressed) != ARCHIVE_OK))
        rc = s->err.code != 0 ? tar_source_error(s, err)
                              : err_set(err, ERR_NOT_FOUND, "no archive");
    if (rc != 0) {
        tar_source_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

struct archive *tar_source_archive(const struct tar_source *source)
{
    return source->archive;
}

const struct libarchive *tar_source_functions(const struct tar_source *source)
{
    return &source->la;
}

int tar_source_error(const struct tar_source *source, struct err *err)
{
    if (source->err.code != 0) {
        if (err != NULL)
            *err = source->err;
        return source->err.code;
    }
    const char *why = source->archive != NULL
                          ? source->la.archive_error_string(source->archive)
                          : "no memory";
    return err_set(err, ERR_INPUT, "damaged archive: %s", why != NULL ? why : "wrong");
}

void tar_source_free(struct tar_source *source)
{
    if (source == NULL)
        return;
    if (source->archive != NULL)
        source->la.archive_read_free(source->archive);
    if (source->fd >= 0)
        close(source->fd);
    free(source->chunk);
    free(source);
}
