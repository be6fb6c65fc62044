/* SPDX-License-Identifier: MIT */
/*
 * ADD of a git repository by the git command: URL[#REF[:SUBDIR]]. The work tree is read
 * into memory and removed at once; without --keep-git-dir there is no .git in it. What
 * is read is the same for one commit whenever and by whomever it is fetched: no times
 * in the index, no reflog, modes as with a umask of 022.
 */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/build/remote.h"
#include "sim/context/context.h"

enum { MESSAGE_MOST = 4096 };
#define REPOSITORY_MOST (UINT64_C(1) << 30)

struct reference {
    char *url, *ref, *subdir;
};

static void reference_free(struct reference *r)
{
    free(r->url);
    free(r->ref);
    free(r->subdir);
}

static void split(const char *word, struct reference *out)
{
    size_t n = strcspn(word, "#");
    out->url = xstrndup(word, n);
    const char *fragment = word[n] == '#' ? word + n + 1 : "";
    size_t r = strcspn(fragment, ":");
    out->ref = r != 0 ? xstrndup(fragment, r) : xstrdup("HEAD");
    out->subdir = path_below_root(fragment[r] == ':' ? fragment + r + 1 : "");
}

static void read_message(int fd, struct buf *out)
{
    char chunk[1024];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0 && out->len < MESSAGE_MOST)
            buf_add(out, chunk, (size_t)n);
}

/* Runs git with these words in `dir`; its complaints become the error. */
static int git(const char *dir, const char *const *words, struct err *err)
{
    const char *argv[16] = {"git", "-C", dir};
    size_t n = 3;
    while (*words != NULL && n < 15)
        argv[n++] = *words++;
    int ends[2];
    if (pipe(ends) != 0)
        return err_errno(err, errno, "cannot make a pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    pid_t pid;
    int failed =
        posix_spawnp(&pid, "git", &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed != 0) {
        close(ends[0]);
        err_set(err, ERR_ENVIRONMENT, "cannot run git: %s", strerror(failed));
        return err_hint(err, "install it: apt-get install git");
    }
    AUTO_BUF message = BUF_INIT;
    read_message(ends[0], &message);
    close(ends[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    while (message.len > 0 && message.data[message.len - 1] == '\n')
        message.data[--message.len] = '\0';
    return err_set(err, ERR_FAILED, "git %s: %s", argv[3], buf_str(&message));
}

/* Exactly the asked commit, whether a branch, a tag or a full id. */
static int check_out(const struct reference *r, const char *dir, struct err *err)
{
    const char *const init[] = {"init", "-q", ".", NULL};
    const char *const remote[] = {"remote", "add", "origin", r->url, NULL};
    const char *const fetch[] = {"fetch", "-q", "--depth=1", "origin", r->ref, NULL};
    const char *const all[] = {"fetch", "-q", "origin", NULL};
    const char *const checkout[] = {"checkout", "-q", "FETCH_HEAD", NULL};
    const char *const by_name[] = {"checkout", "-q", r->ref, NULL};
    const char *const modules[] = {"submodule", "update",      "-q",
                                   "--init",    "--recursive", NULL};
    if (r->ref[0] == '-')
        return err_set(err, ERR_FAILED, "%s is no git reference", r->ref);
    int rc = git(dir, init, err);
    if (rc == 0)
        rc = git(dir, remote, err);
    if (rc != 0)
        return rc;
    if (git(dir, fetch, err) == 0) {
        rc = git(dir, checkout, err);
    } else { /* a server need not serve single commits */
        rc = git(dir, all, err);
        if (rc == 0)
            rc = git(dir, by_name, err);
    }
    return rc == 0 ? git(dir, modules, err) : rc;
}

/* Whether two fetches of one commit differ in it. */
static bool is_momentary(const char *path)
{
    return strcmp(path, ".git/FETCH_HEAD") == 0 || path_is_below(path, ".git/logs");
}

/* Of files git knows whether they can be executed; its objects are read-only. */
static uint32_t plain_mode(const struct entry *e)
{
    if (e->type == ENTRY_DIR || (e->mode & 0100) != 0)
        return 0755;
    return (e->mode & 0200) != 0 ? 0644 : 0444;
}

/* A tree that no longer needs the folder: contents in memory. */
static int read_in(const struct tree *from, bool git_dir, struct tree **out,
                   struct err *err)
{
    struct tree *t = tree_new();
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < from->len; i++) {
        struct entry e = from->entries[i];
        AUTO_BUF bytes = BUF_INIT;
        if (is_momentary(e.path) || (!git_dir && path_is_below(e.path, ".git")))
            continue;
        if (e.type != ENTRY_SYMLINK)
            e.mode = plain_mode(&e);
        if (e.type == ENTRY_FILE && e.size != 0) {
            rc = content_load(&e.content, e.size, REPOSITORY_MOST, &bytes, err);
            e.content.kind = CONTENT_INLINE;
            e.content.from.bytes = buf_str(&bytes);
        }
        if (rc == 0)
            tree_add(t, &e);
    }
    if (rc != 0) {
        tree_free(t);
        return rc;
    }
    tree_sort(t);
    *out = t;
    return 0;
}

int remote_git(struct store *store, const struct plan_copy *copy, const char *url,
               struct tree **out, struct err *err)
{
    static const char *const plain_index[] = {"read-tree", "HEAD", NULL};
    struct reference r = {0};
    split(url, &r);
    AUTO_FREE char *parent = store_dir(store) != NULL
                                 ? xasprintf("%s/tmp", store_dir(store))
                                 : xstrdup("/tmp");
    AUTO_FREE char *dir = NULL;
    int rc = file_temp_folder(parent, "git", &dir, err);
    if (rc == 0)
        rc = check_out(&r, dir, err);
    if (rc == 0 && copy->keep_git_dir)
        rc = git(dir, plain_index, err);
    AUTO_FREE char *root = rc == 0 ? path_join(dir, r.subdir) : NULL;
    if (rc == 0 && !file_exists(root))
        rc = err_set(err, ERR_FAILED, "no folder %s in %s", r.subdir, r.ref);
    if (rc != 0)
        err_wrap(err, "%s", r.url);
    struct tree *files = NULL;
    if (rc == 0) {
        struct context_options options = CONTEXT_OPTIONS_INIT;
        rc = context_scan(root, &options, &files, NULL, err);
    }
    if (rc == 0)
        rc = read_in(files, copy->keep_git_dir, out, err);
    tree_free(files);
    if (dir != NULL)
        file_remove_tree(dir, NULL);
    reference_free(&r);
    return rc;
}
