/* SPDX-License-Identifier: MIT */
/* Reading the bytes an entry refers to, and keeping open what they are read from. */
#include "sim/tree/content.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum {
    CHUNK = 256 << 10,     /* one read of a big file */
    SMALL_READ = 16 << 10, /* files up to here are read on the stack */
};

struct host_root {
    atomic_uint refs;
    int fd;
};

struct blob {
    atomic_uint refs;
    int fd;     /* negative: in memory */
    void *data; /* owned */
    uint64_t size;
};

struct host_root *host_root_new(int dirfd)
{
    struct host_root *root = xmalloc(sizeof *root);
    atomic_init(&root->refs, 1);
    root->fd = dirfd;
    return root;
}

struct host_root *host_root_ref(struct host_root *root)
{
    atomic_fetch_add_explicit(&root->refs, 1, memory_order_relaxed);
    return root;
}

void host_root_unref(struct host_root *root)
{
    if (root == NULL ||
        atomic_fetch_sub_explicit(&root->refs, 1, memory_order_acq_rel) != 1)
        return;
    close(root->fd);
    free(root);
}

int host_root_fd(const struct host_root *root)
{
    return root->fd;
}

struct blob *blob_from_fd(int fd, uint64_t size)
{
    struct blob *blob = xmalloc(sizeof *blob);
    atomic_init(&blob->refs, 1);
    blob->fd = fd;
    blob->data = NULL;
    blob->size = size;
    return blob;
}

struct blob *blob_from_memory(void *data, uint64_t size)
{
    struct blob *blob = blob_from_fd(-1, size);
    blob->data = data;
    return blob;
}

struct blob *blob_ref(struct blob *blob)
{
    atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    return blob;
}

void blob_unref(struct blob *blob)
{
    if (blob == NULL ||
        atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (blob->fd >= 0)
        close(blob->fd);
    free(blob->data);
    free(blob);
}

uint64_t blob_size(const struct blob *blob)
{
    return blob->size;
}

int blob_read(const struct blob *blob, uint64_t offset, void *out, size_t len,
              struct err *err)
{
    if (offset > blob->size || len > blob->size - offset)
        return err_set(err, ERR_FAILED,
                       "%zu bytes at %" PRIu64 " lie beyond a blob of %" PRIu64
                       " bytes",
                       len, offset, blob->size);
    if (blob->fd < 0) {
        if (blob->data != NULL && len > 0)
            memcpy(out, (const char *)blob->data + offset, len);
        return 0;
    }
    char *p = out;
    while (len > 0) {
        ssize_t n = pread(blob->fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "cannot read a blob");
        if (n == 0)
            return err_set(err, ERR_FAILED,
                           "a blob ends at %" PRIu64 " of %" PRIu64 " bytes", offset,
                           blob->size);
        p += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

/* ---- modelled content ------------------------------------------------------------ */

/* Word number `index` of the file: the output function of SplitMix64 (Steele, Lea and
 * Flood, 2014) over a counter, so that any offset can be had at once. */
static inline uint64_t seed_word(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Words lie in the file with their lowest byte first, whatever the machine. */
static inline uint64_t little_endian(uint64_t word)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

void content_seed_fill(uint64_t seed, uint64_t offset, void *out, size_t len)
{
    unsigned char *p = out;
    uint64_t index = offset / 8;
    size_t skip = (size_t)(offset % 8);
    if (skip != 0 && len > 0) {
        uint64_t word = little_endian(seed_word(seed, index++));
        size_t n = len < 8 - skip ? len : 8 - skip;
        memcpy(p, (const unsigned char *)&word + skip, n);
        p += n;
        len -= n;
    }
    size_t words = len / 8;
    for (size_t i = 0; i < words; i++) {
        uint64_t word = little_endian(seed_word(seed, index + i));
        memcpy(p + 8 * i, &word, 8);
    }
    if (len % 8 != 0) {
        uint64_t word = little_endian(seed_word(seed, index + words));
        memcpy(p + 8 * words, &word, len % 8);
    }
}

/* ---- streams --------------------------------------------------------------------- */

static int changed(const char *path, struct err *err)
{
    err_set(err, ERR_FAILED, "%s changed while it was read", path);
    return err_hint(err, "let nothing write to the folder while it is built");
}

/* Opens a file of a scanned folder. Whatever was put in its place since, the kernel
 * does not leave the folder on the way to it; before Linux 5.6 only its last part is
 * kept from being a link. */
static int open_below(int root, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return openat(root, path, (int)how.flags);
    return (int)fd;
}

/* Up to len bytes, fewer only at the end of the file; negative on error. */
static ssize_t read_full(int fd, char *out, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = read(fd, out + got, len - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static int stream_big_file(int fd, const char *path, uint64_t size, content_sink *sink,
                           void *payload, struct err *err)
{
    size_t cap = size < CHUNK ? (size_t)size : CHUNK;
    AUTO_FREE char *chunk = xmalloc(cap);
    for (uint64_t left = size; left > 0;) {
        size_t want = left < cap ? (size_t)left : cap;
        ssize_t n = read_full(fd, chunk, want);
        if (n < 0)
            return err_errno(err, errno, "cannot read %s", path);
        if ((size_t)n < want)
            return changed(path, err);
        int rc = sink(payload, chunk, want, err);
        if (rc != 0)
            return rc;
        left -= want;
    }
    ssize_t more = read_full(fd, chunk, 1);
    if (more < 0)
        return err_errno(err, errno, "cannot read %s", path);
    return more != 0 ? changed(path, err) : 0;
}

int content_open_host(const struct content *content, int *fd, struct err *err)
{
    *fd = open_below(content->from.host.root->fd, content->from.host.path);
    if (*fd < 0)
        return err_errno(err, errno, "cannot open %s", content->from.host.path);
    return 0;
}

static int stream_host(const struct content *content, uint64_t size, content_sink *sink,
                       void *payload, struct err *err)
{
    const char *path = content->from.host.path;
    AUTO_CLOSE int fd = -1;
    int rc = content_open_host(content, &fd, err);
    if (rc != 0)
        return rc;
    if (size >= SMALL_READ)
        return stream_big_file(fd, path, size, sink, payload, err);
    /* One byte more than the file should have: a single read tells its true length,
     * as regular files are read short at their end alone. */
    char small[SMALL_READ];
    ssize_t n = read(fd, small, (size_t)size + 1);
    if (n < 0)
        return err_errno(err, errno, "cannot read %s", path);
    if ((uint64_t)n != size)
        return changed(path, err);
    return sink(payload, small, (size_t)n, err);
}

/* Content that is produced a chunk at a time by offset. */
static int stream_chunks(const struct content *content, uint64_t size,
                         content_sink *sink, void *payload, struct err *err)
{
    size_t cap = size < CHUNK ? (size_t)size : CHUNK;
    AUTO_FREE char *chunk = xmalloc(cap);
    for (uint64_t done = 0; done < size;) {
        size_t n = size - done < cap ? (size_t)(size - done) : cap;
        int rc = 0;
        if (content->kind == CONTENT_SEED)
            content_seed_fill(content->from.seed, done, chunk, n);
        else
            rc = blob_read(content->from.range.blob, content->from.range.offset + done,
                           chunk, n, err);
        if (rc == 0)
            rc = sink(payload, chunk, n, err);
        if (rc != 0)
            return rc;
        done += n;
    }
    return 0;
}

int content_stream(const struct content *content, uint64_t size, content_sink *sink,
                   void *payload, struct err *err)
{
    switch (content->kind) {
    case CONTENT_NONE:
        if (size != 0)
            return err_set(err, ERR_FAILED,
                           "a file of %" PRIu64 " bytes has no content", size);
        return 0;
    case CONTENT_INLINE:
        return size != 0 ? sink(payload, content->from.bytes, (size_t)size, err) : 0;
    case CONTENT_HOST:
        return stream_host(content, size, sink, payload, err);
    case CONTENT_RANGE: {
        const struct blob *blob = content->from.range.blob;
        uint64_t offset = content->from.range.offset;
        if (blob->data != NULL && offset <= blob->size && size <= blob->size - offset)
            return size != 0 ? sink(payload, (const char *)blob->data + offset,
                                    (size_t)size, err)
                             : 0;
        return stream_chunks(content, size, sink, payload, err);
    }
    case CONTENT_SEED:
        return stream_chunks(content, size, sink, payload, err);
    }
    return err_set(err, ERR_FAILED, "content of an unknown kind %d", content->kind);
}

static int sink_buf(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    buf_add(payload, data, len);
    return 0;
}

int content_load(const struct content *content, uint64_t size, uint64_t limit,
                 struct buf *out, struct err *err)
{
    if (size > limit)
        return err_set(err, ERR_INPUT,
                       "a file has %" PRIu64 " bytes; at most %" PRIu64 " are read",
                       size, limit);
    buf_reserve(out, (size_t)size);
    buf_add(out, "", 0); /* a string even if nothing comes */
    return content_stream(content, size, sink_buf, out, err);
}

static int sink_whole_digest(void *payload, const void *data, size_t len,
                             struct err *err)
{
    (void)err;
    *(struct digest *)payload = digest_of(data, len);
    return 0;
}

int content_digest(const struct content *content, uint64_t size, struct digest *out,
                   struct err *err)
{
    if (content->kind == CONTENT_SEED && size != 0) {
        uint8_t text[8 + 16] = {'m', 'o', 'd', 'e', 'l', 'l', 'e', 'd'};
        for (unsigned i = 0; i < 8; i++) {
            text[8 + i] = (uint8_t)(content->from.seed >> (8 * i));
            text[16 + i] = (uint8_t)(size >> (8 * i));
        }
        *out = digest_of(text, sizeof text);
        return 0;
    }
    if (size < SMALL_READ) { /* comes in one piece */
        *out = digest_of("", 0);
        return content_stream(content, size, sink_whole_digest, out, err);
    }
    struct digester *d = digester_new();
    int rc = content_stream(content, size, digester_sink, d, err);
    digester_finish(d, out);
    digester_free(d);
    return rc;
}
