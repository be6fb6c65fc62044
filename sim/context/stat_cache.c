/* SPDX-License-Identifier: MIT */
/*
 * The stat cache's file: header, folders, records, names (each ended by NUL), in the
 * byte order of the machine. The check sum finds accidents, not forgeries; offsets are
 * checked where they are used all the same.
 */
#include "sim/context/stat_cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

#define MAGIC UINT64_C(0x3174617473626973) /* also tells the byte order */
enum { SECOND = 1000000000, TICK_NS = 20000000, TICK_COARSE_NS = 2 * SECOND };

struct header {
    uint64_t magic;
    uint64_t checksum; /* of all that follows */
    uint64_t root_dev, root_ino;
    int64_t started_ns;
    uint64_t folder_count, record_count, names_len;
};

struct folder {
    uint64_t path; /* offset among the names */
    uint64_t first, count;
};

struct stat_cache {
    void *map;
    size_t map_len;
    const struct header *header;
    const struct folder *folders;
    const struct stat_record *records;
    const char *names;
};

/* Four lanes, so that one multiplication need not wait for the other. */
static uint64_t checksum_add(uint64_t seed, const void *data, size_t len)
{
    const uint64_t k = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t lane[4] = {seed ^ 1, seed ^ 2, seed ^ 3, seed ^ 4}, word;
    const unsigned char *p = data;
    uint64_t rest = len;
    for (; len >= sizeof lane; p += sizeof lane, len -= sizeof lane)
        for (size_t i = 0; i < 4; i++) {
            memcpy(&word, p + i * sizeof word, sizeof word);
            lane[i] = (lane[i] ^ word) * k;
            lane[i] ^= lane[i] >> 29;
        }
    for (; len > 0; p++, len--)
        rest = (rest ^ *p) * k;
    for (size_t i = 0; i < 4; i++)
        rest = ((rest ^ lane[i]) * k) ^ (rest >> 31);
    return rest;
}

static uint64_t header_checksum(const struct header *h)
{
    return checksum_add(0, &h->root_dev, sizeof *h - offsetof(struct header, root_dev));
}

/* Whether the map is whole and of this context; sets the views. */
static bool is_valid(struct stat_cache *c, uint64_t root_dev, uint64_t root_ino)
{
    const struct header *h = c->header = c->map;
    size_t left = c->map_len - sizeof *h;
    if (h->magic != MAGIC || h->root_dev != root_dev || h->root_ino != root_ino ||
        h->folder_count > left / sizeof(struct folder))
        return false;
    left -= h->folder_count * sizeof(struct folder);
    if (h->record_count > left / sizeof(struct stat_record))
        return false;
    left -= h->record_count * sizeof(struct stat_record);
    c->folders = (const struct folder *)(h + 1);
    c->records = (const struct stat_record *)(c->folders + h->folder_count);
    c->names = (const char *)(c->records + h->record_count);
    if (left != h->names_len || left == 0 || c->names[left - 1] != '\0')
        return false;
    uint64_t sum = header_checksum(h);
    sum = checksum_add(sum, c->folders, h->folder_count * sizeof(struct folder));
    sum = checksum_add(sum, c->records, h->record_count * sizeof(struct stat_record));
    return checksum_add(sum, c->names, left) == h->checksum;
}

struct stat_cache *stat_cache_open(const char *file, uint64_t root_dev,
                                   uint64_t root_ino)
{
    AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size < sizeof(struct header))
        return NULL;
    struct stat_cache *c = xcalloc(1, sizeof *c);
    c->map_len = (size_t)st.st_size;
    c->map = mmap(NULL, c->map_len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (c->map == MAP_FAILED || !is_valid(c, root_dev, root_ino)) {
        stat_cache_close(c);
        return NULL;
    }
    return c;
}

void stat_cache_close(struct stat_cache *cache)
{
    if (cache == NULL)
        return;
    if (cache->map != MAP_FAILED)
        munmap(cache->map, cache->map_len);
    free(cache);
}

size_t stat_cache_len(const struct stat_cache *cache)
{
    return cache != NULL ? cache->header->record_count : 0;
}

static const char *name_at(const struct stat_cache *cache, uint64_t offset)
{
    return offset < cache->header->names_len ? cache->names + offset : "";
}

const char *stat_cache_name(const struct stat_cache *cache,
                            const struct stat_record *record)
{
    return name_at(cache, record->name);
}

const char *stat_cache_folder_at(const struct stat_cache *cache, size_t at)
{
    if (cache == NULL || at >= cache->header->folder_count)
        return NULL;
    return name_at(cache, cache->folders[at].path);
}

bool stat_cache_folder(const struct stat_cache *cache, const char *path,
                       const struct stat_record **first, const struct stat_record **end)
{
    if (cache == NULL)
        return false;
    const struct header *h = cache->header;
    size_t low = 0, high = h->folder_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct folder *f = &cache->folders[mid];
        int order = path_compare(path, name_at(cache, f->path));
        if (order == 0) {
            if (f->first > h->record_count || f->count > h->record_count - f->first)
                return false;
            *first = cache->records + f->first;
            *end = *first + f->count;
            return true;
        }
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}

bool stat_cache_is_racy(const struct stat_cache *cache,
                        const struct stat_record *record)
{
    /* A change time in whole seconds tells a file system that keeps no finer ones. */
    int64_t tick = record->ctime_ns % SECOND == 0 ? TICK_COARSE_NS : TICK_NS;
    int64_t latest = cache->header->started_ns - tick;
    return record->mtime_ns >= latest || record->ctime_ns >= latest;
}

void stat_writer_folder(struct stat_writer *w, const char *path)
{
    struct folder folder = {.path = w->names.len, .first = w->record_count};
    buf_add(&w->folders, &folder, sizeof folder);
    buf_add(&w->names, path, strlen(path) + 1);
    w->folder_count++;
}

void stat_writer_add(struct stat_writer *w, const char *name,
                     const struct stat_record *record)
{
    struct stat_record copy = *record;
    struct folder *folder =
        (struct folder *)(void *)(w->folders.data + w->folders.len) - 1;
    copy.name = w->names.len;
    buf_add(&w->names, name, strlen(name) + 1);
    buf_add(&w->records, &copy, sizeof copy);
    w->record_count++;
    folder->count++;
}

static int write_parts(const struct stat_writer *w, int fd, const struct header *h)
{
    int rc = file_write_fd(fd, h, sizeof *h, NULL);
    if (rc == 0)
        rc = file_write_fd(fd, w->folders.data, w->folders.len, NULL);
    if (rc == 0)
        rc = file_write_fd(fd, w->records.data, w->records.len, NULL);
    if (rc == 0)
        rc = file_write_fd(fd, w->names.data, w->names.len, NULL);
    return rc;
}

void stat_writer_finish(struct stat_writer *w, const char *file, uint64_t root_dev,
                        uint64_t root_ino, int64_t started_ns)
{
    AUTO_FREE char *temp = NULL;
    struct header h = {
        .magic = MAGIC,
        .root_dev = root_dev,
        .root_ino = root_ino,
        .started_ns = started_ns,
        .folder_count = w->folder_count,
        .record_count = w->record_count,
        .names_len = w->names.len,
    };
    uint64_t sum = header_checksum(&h);
    sum = checksum_add(sum, w->folders.data, w->folders.len);
    sum = checksum_add(sum, w->records.data, w->records.len);
    h.checksum = checksum_add(sum, w->names.data, w->names.len);
    int fd = file_create_temp(file, &temp, NULL);
    if (fd >= 0) {
        int rc = write_parts(w, fd, &h);
        if (close(fd) != 0 || rc != 0 || rename(temp, file) != 0)
            unlink(temp);
    }
    buf_free(&w->folders);
    buf_free(&w->records);
    buf_free(&w->names);
    memset(w, 0, sizeof *w);
}
