/* SPDX-License-Identifier: MIT */
/* Makes folders of files from a seed. */
#include "bench/speed/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { BLOCK = 1 << 16, PLAIN_FOLDER = 100, PLAIN_DEPTH = 2, FAN_OUT = 10 };
enum { LEAST_FOLDER = 20, FOLDER_SPREAD = 180, DEPTH_SPREAD = 5, STEM_MOST = 16 };

/* A number drawn from two others: the finalizer of splitmix64 (Steele, Lea and Flood,
 * 2014). */
static uint64_t draw(uint64_t seed, uint64_t which)
{
    uint64_t x = seed + (which + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* What the seed makes of a tree. */
struct shape {
    unsigned per_folder, depth;
    char stem[STEM_MOST + 1];
};

static struct shape shape_of(const struct files *files)
{
    struct shape s = {PLAIN_FOLDER, PLAIN_DEPTH, "f"};
    if (files->seed == 0)
        return s;
    s.per_folder = LEAST_FOLDER + (unsigned)(draw(files->seed, 1) % FOLDER_SPREAD);
    s.depth = PLAIN_DEPTH + (unsigned)(draw(files->seed, 2) % DEPTH_SPREAD);
    size_t len = 1 + (size_t)(draw(files->seed, 3) % STEM_MOST);
    for (size_t i = 0; i < len; i++)
        s.stem[i] = (char)('a' + draw(files->seed, 4 + i) % 26);
    return s;
}

/* Path of the folder of file i below the context. */
static void add_folder(const struct files *files, const struct shape *s, unsigned i,
                       struct buf *out)
{
    buf_adds(out, "src");
    for (unsigned level = 0; files->chain != 0 && level <= i % files->chain; level++)
        buf_addf(out, "/c%u", level);
    unsigned folder = i / s->per_folder;
    for (unsigned level = 0; files->chain == 0 && level < s->depth; level++) {
        unsigned below = 1;
        for (unsigned l = level + 1; l < s->depth; l++)
            below *= FAN_OUT;
        buf_addf(out, "/%s%u", s->stem, folder / below);
    }
}

static uint64_t size_of(const struct files *files, unsigned i)
{
    if (files->seed == 0)
        return files->bytes;
    return files->bytes / 2 + draw(files->seed ^ i, 20) % (files->bytes + 1);
}

/* Bytes of no pattern, so that nothing on the way can save work. */
static int write_bytes(int fd, uint64_t seed, uint64_t size, struct err *err)
{
    uint64_t block[BLOCK / sizeof(uint64_t)];
    int r = 0;
    for (uint64_t done = 0; done < size && r == 0; done += BLOCK) {
        size_t len = size - done < BLOCK ? (size_t)(size - done) : BLOCK;
        for (size_t w = 0; w < (len + 7) / 8; w++)
            block[w] = draw(seed, done / 8 + w);
        r = file_write_fd(fd, block, len, err);
    }
    return r;
}

static int write_file(const char *path, const struct files *files, unsigned i,
                      struct err *err)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, errno, "cannot make %s", path);
    return write_bytes(fd, draw(files->seed, UINT64_C(1000) + i), size_of(files, i),
                       err);
}

static int to_disk(const char *dir, struct err *err)
{
    AUTO_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) != 0)
        return err_errno(err, errno, "cannot write %s to the disk", dir);
    return 0;
}

int files_make(const char *dir, const struct files *files, struct err *err)
{
    struct shape shape = shape_of(files);
    AUTO_BUF before = BUF_INIT;
    int r = 0;
    for (unsigned i = 0; i < files->count && r == 0; i++) {
        AUTO_BUF path = BUF_INIT;
        buf_addf(&path, "%s/", dir);
        add_folder(files, &shape, i, &path);
        if (strcmp(buf_str(&before), path.data) != 0) {
            r = file_make_folders(path.data, err);
            buf_clear(&before);
            buf_adds(&before, path.data);
        }
        buf_addf(&path, "/%s%u", shape.stem, i);
        if (r == 0)
            r = write_file(path.data, files, i, err);
    }
    return r == 0 ? to_disk(dir, err) : r;
}

static int salt_one(const char *dir, const struct files *files, unsigned i,
                    uint64_t salt, struct err *err)
{
    struct shape shape = shape_of(files);
    uint64_t size = size_of(files, i), word = draw(salt, i);
    AUTO_BUF path = BUF_INIT;
    buf_addf(&path, "%s/", dir);
    add_folder(files, &shape, i, &path);
    buf_addf(&path, "/%s%u", shape.stem, i);
    AUTO_CLOSE int fd = open(path.data, O_WRONLY | O_CLOEXEC);
    size_t len = size < sizeof word ? (size_t)size : sizeof word;
    if (fd < 0 || pwrite(fd, &word, len, 0) != (ssize_t)len)
        return err_errno(err, errno, "cannot change %s", path.data);
    return 0;
}

int files_salt(const char *dir, const struct files *files, uint64_t salt,
               struct err *err)
{
    int r = 0;
    for (unsigned i = 0; i < files->count && r == 0; i++)
        r = salt_one(dir, files, i, salt, err);
    return r == 0 ? to_disk(dir, err) : r;
}

int files_edit(const char *dir, const struct files *files, uint64_t salt,
               struct err *err)
{
    int r = salt_one(dir, files, files->count / 2, salt, err);
    return r == 0 ? to_disk(dir, err) : r;
}
