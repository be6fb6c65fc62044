/* SPDX-License-Identifier: MIT */
/* The files that differ between what a step selects and what it selected, in words. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/cache/comparing.h"
#include "sim/tree/tree.h"

static const char *type_name(unsigned type)
{
    static const char *const names[] = {"file",   "directory", "symlink", "hard link",
                                        "device", "device",    "fifo",    "socket"};
    if (type == MANIFEST_FOLLOWED)
        return "symlink";
    return type < sizeof names / sizeof *names ? names[type] : "other";
}

/* ---- ignore rules ---- */

static const struct journal_ignore *ignore_file(const struct comparing *c, bool now)
{
    const struct journal *j = now ? c->pair->now : c->pair->before;
    long context = now ? c->now->context : c->before->context;
    return context >= 0 && context < (long)j->ignore_count ? &j->ignores[context]
                                                           : NULL;
}

static void read_rules(struct comparing *c)
{
    c->rules_read = true;
    for (int now = 0; now < 2; now++) {
        const struct journal_ignore *file = ignore_file(c, now);
        if (file != NULL && file->name[0] != '\0')
            ignore_parse(file->name, file->text, strlen(file->text), &c->ignored[now],
                         NULL);
    }
}

/* Whether that build's rules exclude the path; *rule is the line that decides. */
static bool excluded(struct comparing *c, bool now, const char *path,
                     const struct ignore_rule **rule)
{
    *rule = NULL;
    if (!c->rules_read)
        read_rules(c);
    return c->ignored[now] != NULL && ignore_excluded(c->ignored[now], path, rule);
}

static char *added_words(struct comparing *c, const char *path, const char *type)
{
    const struct ignore_rule *rule;
    const struct journal_ignore *file = ignore_file(c, true);
    if (file == NULL)
        return xasprintf("new %s %s", type, path);
    if (excluded(c, false, path, &rule))
        return xasprintf("%s: no longer excluded (line %u of %s was: %s)", path,
                         rule != NULL ? rule->line : 0, ignore_file(c, false)->name,
                         rule != NULL ? rule->text : "");
    if (file->name[0] == '\0')
        return xasprintf("new %s %s (not excluded; there is no .dockerignore)", type,
                         path);
    if (!excluded(c, true, path, &rule) && rule != NULL)
        return xasprintf("new %s %s (let in by line %u of %s: %s)", type, path,
                         rule->line, file->name, rule->text);
    return xasprintf("new %s %s (not excluded; %s has no matching line)", type, path,
                     file->name);
}

static char *removed_words(struct comparing *c, const char *path, const char *type)
{
    const struct ignore_rule *rule;
    if (ignore_file(c, true) != NULL && excluded(c, true, path, &rule) && rule != NULL)
        return xasprintf("%s: now excluded by line %u of %s: %s", path, rule->line,
                         ignore_file(c, true)->name, rule->text);
    return xasprintf("%s: %s removed", path, type);
}

/* ---- one path ---- */

static void compare_content(struct comparing *c, const struct manifest_entry *x,
                            const struct manifest_entry *y)
{
    char from[DIGEST_TEXT + 1], to[DIGEST_TEXT + 1];
    digest_text(&x->digest, from);
    digest_text(&y->digest, to);
    AUTO_FREE char *words =
        x->size != y->size
            ? xasprintf("%s: content %llu → %llu bytes", y->path,
                        (unsigned long long)x->size, (unsigned long long)y->size)
            : xasprintf("%s: content changed, %llu bytes as before", y->path,
                        (unsigned long long)y->size);
    comparing_add(c, &(struct miss_note){"file", "content", y->path, from, to, words});
}

static void compare_fact(struct comparing *c, const char *path, const char *what,
                         const char *from, const char *to)
{
    if (strcmp(from, to) == 0)
        return;
    AUTO_FREE char *words = xasprintf("%s: %s %s → %s", path, what, from, to);
    comparing_add(c, &(struct miss_note){"file", what, path, from, to, words});
}

static void compare_entry(struct comparing *c, const struct manifest_entry *x,
                          const struct manifest_entry *y)
{
    if (x->type != y->type) {
        compare_fact(c, y->path, "type", type_name(x->type), type_name(y->type));
        return;
    }
    if (!digest_equal(&x->digest, &y->digest))
        compare_content(c, x, y);
    AUTO_FREE char *mode_x = xasprintf("%04o", x->mode);
    AUTO_FREE char *mode_y = xasprintf("%04o", y->mode);
    compare_fact(c, y->path, "mode", mode_x, mode_y);
    AUTO_FREE char *owner_x = xasprintf("%u:%u", x->uid, x->gid);
    AUTO_FREE char *owner_y = xasprintf("%u:%u", y->uid, y->gid);
    compare_fact(c, y->path, "owner", owner_x, owner_y);
    compare_fact(c, y->path, "target", x->target ? x->target : "",
                 y->target ? y->target : "");
    if (!digest_equal(&x->xattrs, &y->xattrs)) {
        AUTO_FREE char *words = xasprintf("%s: extended attributes changed", y->path);
        comparing_add(c,
                      &(struct miss_note){"file", "xattr", y->path, NULL, NULL, words});
    }
}

/* ---- all ---- */

/* Links that a source word names and that lead elsewhere now: the files below the old
 * and the new target come and go with them, and are not told one by one. */
struct retargeted {
    struct strv from, to;
};
struct visiting {
    struct comparing *c;
    struct retargeted links;
};

static char *where_it_leads(const struct manifest_entry *link)
{
    AUTO_FREE char *parent = xstrndup(link->path, path_parent_len(link->path));
    AUTO_FREE char *path = link->target[0] == '/' ? xstrdup(link->target)
                                                  : path_join(parent, link->target);
    return path_below_root(path);
}

static void note_link(void *payload, const struct manifest_entry *old,
                      const struct manifest_entry *now)
{
    struct visiting *v = payload;
    if (old != NULL && old->type == MANIFEST_FOLLOWED && old->target != NULL)
        strv_take(&v->links.from, where_it_leads(old));
    if (now != NULL && now->type == MANIFEST_FOLLOWED && now->target != NULL)
        strv_take(&v->links.to, where_it_leads(now));
}

static bool is_led_to(const struct strv *paths, const char *path)
{
    for (size_t i = 0; i < paths->len; i++)
        if (path_is_below(path, paths->items[i]))
            return true;
    return false;
}

static void visit(void *payload, const struct manifest_entry *old,
                  const struct manifest_entry *now)
{
    struct visiting *v = payload;
    /* Folders kept above a match come and go with it. */
    if ((old == NULL && now->type == MANIFEST_PARENT) ||
        (now == NULL && old->type == MANIFEST_PARENT))
        return;
    if (now == NULL && !is_led_to(&v->links.from, old->path)) {
        AUTO_FREE char *words = removed_words(v->c, old->path, type_name(old->type));
        comparing_add(v->c, &(struct miss_note){"file", "removed", old->path,
                                                type_name(old->type), NULL, words});
    } else if (old == NULL && !is_led_to(&v->links.to, now->path)) {
        AUTO_FREE char *words = added_words(v->c, now->path, type_name(now->type));
        comparing_add(v->c, &(struct miss_note){"file", "added", now->path, NULL,
                                                type_name(now->type), words});
    } else if (old != NULL && now != NULL) {
        compare_entry(v->c, old, now);
    }
}

void comparing_files(struct comparing *c)
{
    struct store *store = c->pair->store;
    struct manifest *old = NULL, *read = NULL;
    const struct manifest *now =
        c->pair->manifests != NULL ? c->pair->manifests[c->at] : NULL;
    if (digest_is_zero(&c->before->manifest) ||
        manifest_open(store, &c->before->manifest, &old, NULL) != 0)
        return;
    if (now == NULL && !digest_is_zero(&c->now->manifest) &&
        manifest_open(store, &c->now->manifest, &read, NULL) == 0)
        now = read;
    struct visiting v = {.c = c};
    if (now != NULL && manifest_compare(old, now, store, note_link, &v, NULL) == 0)
        manifest_compare(old, now, store, visit, &v, NULL);
    strv_free(&v.links.from);
    strv_free(&v.links.to);
    manifest_free(old);
    manifest_free(read);
}
