/* SPDX-License-Identifier: MIT */
/* Folders that hold nothing a step asks for. Left out: folders behind symlinks. */
#include "sim/build/sent.h"

#include <string.h>

#include "sim/base/path.h"

/* Whether the word of a COPY names path or a folder above it. */
static bool word_covers(const char *word, bool parents, const char *path)
{
    AUTO_FREE char *clean = path_below_root(word);
    if (parents && ignore_pattern_matches(clean, path))
        return true;
    if (!glob_has_wildcard(clean))
        return path_is_below(path, clean);
    for (size_t n = strlen(path); n > 0;) {
        bool hit = false;
        AUTO_FREE char *head = xstrndup(path, n);
        if (glob_match(clean, head, &hit, NULL) == 0 && hit)
            return true;
        n = path_parent_len(head);
    }
    return false;
}

static bool step_covers(const struct plan_step *step, unsigned context,
                        const char *path)
{
    const struct plan_copy *copy = step->copy;
    bool here = copy != NULL && copy->from.kind == PLAN_SOURCE_CONTEXT &&
                copy->from.index == context;
    for (size_t i = 0; here && i < copy->sources.len; i++)
        if (word_covers(copy->sources.items[i], copy->parents, path))
            return true;
    for (size_t i = 0; step->run != NULL && i < step->run->mount_count; i++) {
        const struct plan_mount *m = &step->run->mounts[i];
        if (m->from.kind == PLAN_SOURCE_CONTEXT && m->from.index == context &&
            path_is_below(path, m->source))
            return true;
    }
    return false;
}

/* Whether the folder, or anything in it, is asked for. */
static bool folder_is_sent(const struct build *b, unsigned context, const char *dir)
{
    const struct tree *files = b->context_files[context];
    for (size_t i = 0; files != NULL && i < files->len; i++) {
        const char *path = files->entries[i].path;
        if (!path_is_below(path, dir))
            continue;
        for (size_t k = 0; k < b->plan->step_count; k++)
            if (step_covers(&b->plan->steps[k], context, path))
                return true;
    }
    return false;
}

/* Where matches are looked for: the folders before the component with the first
 * wildcard, with --parents those before "/./"; "" for the root. */
static char *fixed_folder(const char *word, bool parents)
{
    const char *pivot = parents ? strstr(word, "/./") : NULL;
    if (parents && pivot == NULL)
        return xstrdup("");
    AUTO_FREE char *head =
        pivot != NULL ? xstrndup(word, (size_t)(pivot - word)) : xstrdup(word);
    AUTO_FREE char *clean = path_below_root(head);
    size_t n = strlen(clean);
    while (n > 0) {
        clean[n] = '\0';
        if (!glob_has_wildcard(clean))
            break;
        n = path_parent_len(clean);
    }
    return xstrndup(clean, n);
}

/* Whether the folder is there when the copy looks for matches. */
static int is_there(const struct build *b, const struct plan_copy *copy,
                    struct view *view, const char *dir, bool *out, struct err *err)
{
    AUTO_FREE char *resolved = NULL;
    int rc = view_resolve(view, dir, true, &resolved, err);
    if (rc != 0)
        return rc;
    *out = view_lookup(view, resolved) != NULL;
    if (*out && copy->from.kind == PLAN_SOURCE_CONTEXT && strcmp(dir, resolved) == 0)
        *out = folder_is_sent(b, copy->from.index, dir);
    return 0;
}

int sent_check(const struct build *b, const struct vertex *v, struct err *err)
{
    const struct plan_copy *copy = v->step->copy;
    if (b->options->semantics != SEMANTICS_BUILDKIT)
        return 0;
    for (size_t i = 0; i < v->selection.len && i < copy->sources.len; i++) {
        const struct selected *item = &v->selection.items[i];
        if (v->sources.items[i].remote || !item->wildcard || item->matches.len != 0)
            continue;
        AUTO_FREE char *dir = fixed_folder(item->word, copy->parents);
        bool there = true;
        int rc = dir[0] != '\0' ? is_there(b, copy, item->view, dir, &there, err) : 0;
        if (rc != 0)
            return rc;
        if (there)
            continue;
        err_set(err, ERR_FAILED, "lstat /%s: no such file or directory", dir);
        return err_hint(err,
                        "nothing matches %s, and BuildKit is sent of a context only "
                        "what a step names; name a file that is there",
                        item->word);
    }
    return 0;
}
