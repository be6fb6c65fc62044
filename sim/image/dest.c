/* SPDX-License-Identifier: MIT */
/* Temporary files and folders beside a destination, and their rename. */
#include "sim/image/dest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/layer/tar.h"

int dest_io_error(struct err *err, int errnum, const char *path)
{
    err_errno(err, errnum, "cannot write %s", path);
    if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
        err_hint(err, "make room on the disk, or write to another place");
    return ERR_FAILED;
}

/* ---- opening --------------------------------------------------------------------- */

/* Whether a folder holds nothing, or an OCI layout where one is to be replaced. */
static bool may_replace(const char *path, bool oci)
{
    AUTO_FREE char *mark = xasprintf("%s/oci-layout", path);
    if (oci && file_exists(mark))
        return true;
    DIR *dir = opendir(path);
    bool empty = dir != NULL;
    for (struct dirent *e; dir != NULL && empty && (e = readdir(dir)) != NULL;)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    if (dir != NULL)
        closedir(dir);
    return empty;
}

static int check_place(const struct dest *d, bool oci, struct err *err)
{
    struct stat st;
    if (stat(d->path, &st) != 0)
        return 0;
    if (!d->is_folder && S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT, "%s is a directory; the archive is one file",
                       d->path);
    if (d->is_folder && !S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT, "%s exists and is no directory", d->path);
    if (d->is_folder && !may_replace(d->path, oci)) {
        err_set(err, ERR_INPUT, "%s exists and is not empty", d->path);
        err_hint(err, "name a folder that is empty or does not exist");
        return ERR_INPUT;
    }
    return 0;
}

static int open_folder(struct dest *d, struct err *err)
{
    AUTO_FREE char *parent = xstrdup(d->path);
    char *slash = strrchr(parent, '/');
    if (slash != NULL)
        slash[slash == parent] = '\0';
    int rc = file_temp_folder(slash != NULL ? parent : ".", ".export", &d->temp, err);
    if (rc == 0 && chmod(d->temp, 0755) != 0)
        rc = dest_io_error(err, errno, d->temp);
    return rc;
}

int dest_open(struct dest *d, const char *path, bool folder, bool oci, struct err *err)
{
    *d = (struct dest){.is_folder = folder, .fd = -1};
    if (!folder && strcmp(path, "-") == 0) {
        d->fd = STDOUT_FILENO;
        return 0;
    }
    if (path[0] == '\0')
        return err_set(err, ERR_INPUT, "no destination is named");
    d->path = xstrdup(path);
    for (size_t n = strlen(d->path); n > 1 && d->path[n - 1] == '/';)
        d->path[--n] = '\0';
    int rc = check_place(d, oci, err);
    if (rc == 0 && folder)
        rc = open_folder(d, err);
    if (rc == 0 && !folder) {
        d->fd = file_create_temp(d->path, &d->temp, err);
        rc = d->fd < 0 ? d->fd : 0;
    }
    return rc != 0 ? dest_close(d, rc, err) : 0;
}

/* ---- closing --------------------------------------------------------------------- */

/* A folder takes an empty one's place by rename(2); a layout that is there goes aside
 * first. */
static int rename_folder(struct dest *d, struct err *err)
{
    if (rename(d->temp, d->path) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return dest_io_error(err, errno, d->path);
    if (renameat2(AT_FDCWD, d->temp, AT_FDCWD, d->path, RENAME_EXCHANGE) != 0)
        return dest_io_error(err, errno, d->path);
    return file_remove_tree(d->temp, err); /* now the old one */
}

int dest_close(struct dest *d, int rc, struct err *err)
{
    if (rc == 0 && d->path != NULL && d->fd >= 0 && fdatasync(d->fd) != 0)
        rc = dest_io_error(err, errno, d->path);
    if (d->fd >= 0 && d->fd != STDOUT_FILENO && close(d->fd) != 0 && rc == 0)
        rc = dest_io_error(err, errno, d->path);
    if (rc == 0 && d->temp != NULL) {
        if (d->is_folder)
            rc = rename_folder(d, err);
        else if (rename(d->temp, d->path) != 0)
            rc = dest_io_error(err, errno, d->path);
    }
    if (rc != 0 && d->temp != NULL)
        file_remove_tree(d->temp, NULL);
    free(d->temp);
    free(d->path);
    *d = (struct dest){.fd = -1};
    return rc;
}

/* ---- tars ------------------------------------------------------------------------ */

static int write_out(void *payload, const void *data, size_t len, struct err *err)
{
    const struct dest *d = payload;
    errno = 0;
    if (file_write_fd(d->fd, data, len, NULL) != 0)
        return dest_io_error(err, errno, d->path != NULL ? d->path : "standard output");
    return 0;
}

int dest_write_tar(struct dest *d, const struct tree *tree, bool rootfs,
                   int64_t clamp_mtime_s, struct err *err)
{
    struct tar_options options = TAR_OPTIONS_INIT;
    options.sink = write_out;
    options.sink_payload = d;
    options.rootfs = rootfs;
    options.clamp_mtime_s = clamp_mtime_s;
    struct tar_result ignored;
    return tar_write(tree, &options, &ignored, err);
}

/* Adds what is in a folder of our own making, two levels deep at most below blobs/. */
static int add_folder(struct tree *tree, struct host_root *root, const char *folder,
                      const char *below, struct err *err)
{
    AUTO_FREE char *path = xasprintf("%s/%s", folder, below);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return dest_io_error(err, errno, path);
    int rc = 0;
    for (struct dirent *e; rc == 0 && (e = readdir(dir)) != NULL;) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        AUTO_FREE char *name = below[0] == '\0' ? xstrdup(e->d_name)
                                                : xasprintf("%s/%s", below, e->d_name);
        if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            rc = dest_io_error(err, errno, path);
            break;
        }
        bool is_folder = S_ISDIR(st.st_mode);
        struct entry entry = {
            .path = name,
            .type = is_folder ? ENTRY_DIR : ENTRY_FILE,
            .mode = is_folder ? 0755 : 0644,
            .size = is_folder ? 0 : (uint64_t)st.st_size,
        };
        if (entry.size > 0) {
            entry.content.kind = CONTENT_HOST;
            entry.content.from.host.root = root;
            entry.content.from.host.path = name;
        }
        tree_add(tree, &entry);
        if (is_folder)
            rc = add_folder(tree, root, folder, name, err);
    }
    closedir(dir);
    return rc;
}

int dest_write_folder(struct dest *d, const char *folder, struct err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return dest_io_error(err, errno, folder);
    struct host_root *root = host_root_new(fd);
    struct tree *tree = tree_new();
    int rc = add_folder(tree, root, folder, "", err);
    tree_sort(tree);
    if (rc == 0)
        rc = dest_write_tar(d, tree, false, -1, err);
    tree_free(tree);
    host_root_unref(root);
    return rc;
}
