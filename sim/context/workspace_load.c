/* SPDX-License-Identifier: MIT */
/* A workspace from a host folder. Owners, times and special modes are left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/buf.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/context/workspace_nodes.h"

enum { DEPTH_MOST = 256, ENTRIES_MOST = 1000000, TARGET_LONGEST = 4095 };

struct load {
    struct workspace *ws;
    const char *dir;
    uint64_t limit, bytes;
    unsigned depth;
    struct buf path; /* of the entry being looked at, below dir */
};

static int failed(const struct load *load, struct err *err)
{
    return err_errno(err, errno, "cannot read %s/%s", load->dir, buf_str(&load->path));
}

/* The node for the entry being looked at, new or of the same type. */
static int place(struct load *load, enum entry_type type, uint32_t mode,
                 struct node **out, struct err *err)
{
    const char *path = buf_str(&load->path);
    *out = workspace_node(load->ws, path);
    if (*out != NULL && (*out)->entry.type != type)
        return err_set(err, ERR_INPUT, "%s is in the workspace as something else",
                       path);
    if (load->ws->len > ENTRIES_MOST)
        return err_set(err, ERR_INPUT, "%s holds more than %d files", load->dir,
                       ENTRIES_MOST);
    if (*out == NULL)
        *out = workspace_add(load->ws, xstrdup(path), type, mode,
                             WORKSPACE_EPOCH * 1000000000);
    return 0;
}

static int load_file(struct load *load, int parent, const char *name, struct err *err)
{
    struct node *node;
    AUTO_CLOSE int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return failed(load, err);
    AUTO_BUF data = BUF_INIT;
    for (;;) {
        buf_reserve(&data, 65536);
        ssize_t n = read(fd, data.data + data.len, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(load, err);
        if (n == 0)
            break;
        data.len += (size_t)n;
        load->bytes += (uint64_t)n;
        if (load->bytes > load->limit)
            return err_set(err, ERR_INPUT, "%s holds more than %" PRIu64 " bytes",
                           load->dir, load->limit);
    }
    uint32_t mode = (st.st_mode & 0111) != 0 ? 0755 : 0644;
    int rc = place(load, ENTRY_FILE, mode, &node, err);
    if (rc == 0)
        workspace_set_bytes(load->ws, node, xstrndup(buf_str(&data), data.len),
                            data.len);
    return rc;
}

static int load_symlink(struct load *load, int parent, const char *name,
                        struct err *err)
{
    char target[TARGET_LONGEST + 1];
    struct node *node;
    ssize_t n = readlinkat(parent, name, target, sizeof target);
    if (n < 0)
        return failed(load, err);
    if (n > TARGET_LONGEST)
        return err_set(err, ERR_INPUT, "%s/%s: its target is too long", load->dir,
                       buf_str(&load->path));
    int rc = place(load, ENTRY_SYMLINK, 0777, &node, err);
    if (rc != 0)
        return rc;
    free((char *)node->entry.target);
    node->entry.target = xstrndup(target, (size_t)n);
    workspace_mark(load->ws, node);
    return 0;
}

static int load_folder(struct load *load, int parent, const char *name,
                       struct err *err);

static int load_entry(struct load *load, int parent, const char *name, struct err *err)
{
    struct stat st;
    struct node *node;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(load, err);
    switch (st.st_mode & S_IFMT) {
    case S_IFREG:
        return load_file(load, parent, name, err);
    case S_IFLNK:
        return load_symlink(load, parent, name, err);
    case S_IFDIR: {
        int rc = place(load, ENTRY_DIR, 0755, &node, err);
        return rc == 0 ? load_folder(load, parent, name, err) : rc;
    }
    default:
        return err_set(err, ERR_INPUT,
                       "%s/%s is neither a file, a folder nor a symlink", load->dir,
                       buf_str(&load->path));
    }
}

static int load_folder(struct load *load, int parent, const char *name, struct err *err)
{
    if (load->depth >= DEPTH_MOST)
        return err_set(err, ERR_INPUT, "%s: folders lie more than %d deep", load->dir,
                       DEPTH_MOST);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL) {
        failed(load, err);
        file_closep(&fd);
        return ERR_FAILED;
    }
    size_t len = load->path.len;
    int rc = 0;
    load->depth++;
    for (const struct dirent *d; rc == 0 && (d = readdir(stream)) != NULL;) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (len != 0)
            buf_addc(&load->path, '/');
        buf_adds(&load->path, d->d_name);
        rc = load_entry(load, fd, d->d_name, err);
        load->path.len = len;
        load->path.data[len] = '\0';
    }
    load->depth--;
    closedir(stream);
    return rc;
}

int workspace_load(struct workspace *ws, const char *dir, uint64_t limit,
                   struct err *err)
{
    struct load load = {.ws = ws, .dir = dir, .limit = limit};
    struct stat st;
    if (stat(dir, &st) != 0)
        return err_set(err, ERR_INPUT, "cannot read the folder %s: %s", dir,
                       strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT, "%s is not a folder", dir);
    int rc = load_folder(&load, AT_FDCWD, dir, err);
    buf_free(&load.path);
    return rc;
}
