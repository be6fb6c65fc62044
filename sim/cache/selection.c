/* SPDX-License-Identifier: MIT */
/* Source words to matches to digests. How they land in the image is build/copy.c. */
#include "sim/cache/selection.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/context/ignore.h"

/* ---- matches ---- */

/* Paths below `dir` that match the rest of a pattern, one component at a time. */
static int expand_glob(struct view *view, const char *dir, const char *pattern,
                       struct strv *out, struct err *err)
{
    size_t n = strcspn(pattern, "/");
    AUTO_FREE char *part = xstrndup(pattern, n);
    const char *rest = pattern[n] == '/' ? pattern + n + 1 : NULL;
    struct strv names = STRV_INIT;
    view_list(view, dir, &names);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < names.len; i++) {
        bool hit;
        rc = glob_match(part, names.items[i], &hit, err);
        if (rc != 0 || !hit)
            continue;
        char *path = path_join(dir, names.items[i]);
        if (rest == NULL) {
            strv_take(out, path);
            continue;
        }
        const struct entry *e = view_lookup(view, path);
        if (e != NULL && e->type == ENTRY_DIR)
            rc = expand_glob(view, path, rest, out, err);
        free(path);
    }
    strv_free(&names);
    return rc;
}

/* Folders before the first wildcard are followed where they are symlinks. Where they
 * are missing nothing matches; that BuildKit wants them when it copies is build/sent.c.
 */
static int expand_word(struct view *view, const char *word, struct strv *out,
                       struct err *err)
{
    size_t fixed = 0;
    for (size_t i = 0; word[i] != '\0'; i++) {
        if (word[i] != '/')
            continue;
        AUTO_FREE char *head = xstrndup(word, i);
        if (glob_has_wildcard(head))
            break;
        fixed = i + 1;
    }
    if (fixed == 0)
        return expand_glob(view, "", word, out, err);
    AUTO_FREE char *prefix = xstrndup(word, fixed - 1);
    AUTO_FREE char *dir = NULL;
    int rc = view_resolve(view, prefix, true, &dir, err);
    if (rc != 0 || view_lookup(view, dir) == NULL)
        return rc;
    return expand_glob(view, dir, word + fixed, out, err);
}

/* Every entry below `dir` that the pattern of --parents lets in: itself or a folder
 * above it matches, as in .dockerignore. */
static void add_included(struct selected *item, const char *dir, const char *pattern,
                         const struct selection_rules *rules)
{
    struct tree *all = view_subtree(item->view, dir);
    size_t base = strlen(dir);
    for (size_t i = 0; all != NULL && i < all->len; i++) {
        const char *path = all->entries[i].path, *name = path + base;
        name += *name == '/';
        if (name[0] == '\0' || !ignore_pattern_matches(pattern, name) ||
            selection_excludes(rules->excludes, name))
            continue;
        strv_add(&item->matches, path);
        strv_add(&item->kept, name);
    }
    tree_free(all);
}

/* --parents: what follows the first "/./" (or the whole word) is a pattern, what stands
 * before it names the folders it is looked for in. */
static int find_with_parents(struct selected *item, const struct selection_rules *rules,
                             struct err *err)
{
    const char *dot = strstr(item->word, "/./");
    AUTO_FREE char *head = xstrndup(item->word, dot ? (size_t)(dot - item->word) : 0);
    AUTO_FREE char *base = path_below_root(head);
    AUTO_FREE char *pattern = path_below_root(dot != NULL ? dot + 3 : item->word);
    struct strv bases = STRV_INIT;
    bool wild = glob_has_wildcard(base);
    int rc = 0;
    if (wild)
        rc = expand_word(item->view, base, &bases, err);
    else
        strv_add(&bases, base);
    for (size_t i = 0; rc == 0 && i < bases.len; i++) {
        AUTO_FREE char *dir = NULL;
        rc = view_resolve(item->view, bases.items[i], true, &dir, err);
        if (rc == 0 && pattern[0] != '\0')
            add_included(item, dir, pattern, rules);
    }
    strv_free(&bases);
    item->wildcard = wild || glob_has_wildcard(pattern);
    if (rc == 0 && !item->wildcard && item->matches.len == 0) {
        err_set(err, ERR_FAILED, "\"/%s%s%s\" not found", base,
                base[0] != '\0' ? "/" : "", pattern);
        rc = err_hint(err, "it is not there, or an --exclude shuts it out");
    }
    return rc;
}

/* Where the excludes match the root itself, as "*" and "**" do, only what a `!` lets
 * back in below a folder counts to BuildKit: a file does not, and what is missing is
 * noticed only when the step runs. With --parents the paths are looked for first. */
static bool root_excluded(const struct selection_rules *rules)
{
    return rules->semantics == SEMANTICS_BUILDKIT && !rules->parents &&
           rules->excludes != NULL && ignore_excludes_root(rules->excludes);
}

static int find_matches(struct selected *item, const struct selection_rules *rules,
                        struct err *err)
{
    if (rules->parents)
        return find_with_parents(item, rules, err);
    AUTO_FREE char *clean = path_below_root(item->word);
    item->wildcard = glob_has_wildcard(clean);
    if (item->wildcard) {
        int rc = expand_word(item->view, clean, &item->matches, err);
        if (rc == 0 && item->matches.len == 0 && rules->semantics == SEMANTICS_CLASSIC)
            return err_set(err, ERR_FAILED,
                           "no source files were specified: nothing "
                           "matches %s",
                           item->word);
        return rc;
    }
    AUTO_FREE char *resolved = NULL;
    int rc = view_resolve(item->view, clean, true, &resolved, err);
    if (rc != 0)
        return rc;
    if (view_lookup(item->view, resolved) == NULL && !root_excluded(rules)) {
        err_set(err, ERR_FAILED, "\"/%s\" not found", clean);
        return err_hint(err, "the path is looked up in the build context (or the stage "
                             "named by --from); check its spelling and .dockerignore");
    }
    strv_add(&item->matches, clean);
    return 0;
}

/* ---- digests ---- */

struct hashing {
    const struct selection_rules *rules;
    struct selected *item;
    struct digester *list; /* (path, entry digest) pairs */
    struct digester *one;
    size_t base;     /* length of the copied folder's path, to cut it off */
    bool top_counts; /* whether the folder's own metadata counts */
    bool root_excluded;
    size_t listed; /* entries in list */
};

static void keep_capability(const struct entry *from, struct entry *e,
                            struct xattr *room)
{
    e->xattr_count = 0;
    for (size_t i = 0; i < from->xattr_count; i++)
        if (strcmp(from->xattrs[i].name, "security.capability") == 0) {
            *room = from->xattrs[i];
            e->xattrs = room;
            e->xattr_count = 1;
        }
}

static int entry_digest(const struct entry *entry, const struct hashing *h,
                        struct digest *out, struct err *err)
{
    struct entry e = *entry;
    struct xattr room;
    int rc = entry_need_digest(&e, err);
    if (rc != 0)
        return rc;
    if (h->rules->semantics == SEMANTICS_CLASSIC) {
        e.uid = e.gid = 0;
        keep_capability(entry, &e, &room);
    }
    entry_key_digest(&e, h->one, out);
    return 0;
}

static const char *relative(const char *path, size_t base)
{
    path += base;
    return *path == '/' ? path + 1 : path;
}

static int path_digest(struct selected *item, const char *path, struct hashing *h,
                       struct digest *out, struct err *err);

/* With --exclude and --parents, BuildKit takes what lies at the top of a context for
 * sources of their own: symlinks there are followed, and have to lead somewhere. */
static bool is_followed(const struct hashing *h, const struct entry *e)
{
    return h->rules->semantics == SEMANTICS_BUILDKIT &&
           (h->rules->excludes != NULL || h->rules->parents) && h->base == 0 &&
           e->type == ENTRY_SYMLINK && strchr(e->path, '/') == NULL;
}

static int followed_digest(const struct hashing *h, const char *path,
                           struct digest *out, struct err *err)
{
    struct selection_rules plain = {.semantics = h->rules->semantics};
    struct hashing own = {.rules = &plain,
                          .item = h->item,
                          .list = digester_new(),
                          .one = digester_new()};
    int rc = path_digest(h->item, path, &own, out, err);
    digester_free(own.list);
    digester_free(own.one);
    return rc;
}

static int hash_entry(void *payload, const struct entry *entry, struct err *err)
{
    struct hashing *h = payload;
    const char *name = relative(entry->path, h->base);
    if (name[0] == '\0' && !h->top_counts)
        return 0;
    if (name[0] != '\0' && selection_excludes(h->rules->excludes, name))
        return 0;
    struct digest d;
    int rc = is_followed(h, entry) ? followed_digest(h, entry->path, &d, err)
                                   : entry_digest(entry, h, &d, err);
    if (rc != 0)
        return rc;
    digester_add_string(h->list, name);
    digester_add_digest(h->list, &d);
    h->listed++;
    return 0;
}

/* To the linear builders a second name of a file is another thing than a copy (row 69).
 */
static int hash_links_too(struct view *view, const char *dir, struct hashing *h,
                          struct err *err)
{
    struct tree *all = view_subtree(view, dir);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < all->len; i++)
        rc = hash_entry(h, &all->entries[i], err);
    tree_free(all);
    return rc;
}

/* Digest of what one path selects, its own name left out. If the root is excluded and
 * h->listed is 0 afterwards there is none. */
static int path_digest(struct selected *item, const char *path, struct hashing *h,
                       struct digest *out, struct err *err)
{
    AUTO_FREE char *resolved = NULL;
    int rc = view_resolve(item->view, path, true, &resolved, err);
    if (rc != 0)
        return rc;
    const struct entry *e = view_lookup(item->view, resolved);
    h->listed = 0;
    if (h->root_excluded && (e == NULL || e->type != ENTRY_DIR))
        return 0;
    if (e == NULL)
        return err_set(err, ERR_FAILED, "\"/%s\" not found", path);
    bool classic = h->rules->semantics == SEMANTICS_CLASSIC;
    if (e->type != ENTRY_DIR) {
        rc = entry_digest(e, h, out, err);
        if (rc == 0 && classic) {
            /* The classic builder's header holds the name. */
            digester_add_string(h->one, resolved);
            digester_add_digest(h->one, out);
            digester_finish(h->one, out);
        }
        return rc;
    }
    /* The root of a context is no entry of it; buildah copies a folder's content only,
     * so that the folder's own mode does not count there (row 50). */
    h->top_counts = resolved[0] != '\0' && !h->root_excluded &&
                    h->rules->semantics != SEMANTICS_BUILDAH;
    h->base = classic ? 0 : strlen(resolved);
    rc = h->rules->semantics == SEMANTICS_BUILDKIT
             ? view_walk(item->view, resolved, hash_entry, h, err)
             : hash_links_too(item->view, resolved, h, err);
    digester_finish(h->list, out);
    return rc;
}

/* Metadata of the folders that --parents keeps above a match. */
static void add_parents(struct selected *item, size_t k, struct hashing *h,
                        struct buf *out)
{
    const char *match = item->matches.items[k];
    size_t above = strlen(match) - strlen(item->kept.items[k]);
    for (size_t n = path_parent_len(match); n > above;) {
        AUTO_FREE char *dir = xstrndup(match, n);
        const struct entry *e = view_lookup(item->view, dir);
        struct digest d;
        if (e != NULL && entry_digest(e, h, &d, NULL) == 0)
            buf_add(out, d.bytes, sizeof d.bytes);
        n = path_parent_len(dir);
    }
}

static int parents_digest(struct hashing *h, const char *match, struct digest *out,
                          struct err *err)
{
    const struct entry *e = view_lookup(h->item->view, match);
    return is_followed(h, e) ? followed_digest(h, match, out, err)
                             : entry_digest(e, h, out, err);
}

/* Paths and digests of all matches. */
static int pairs_digest(struct selected *item, struct hashing *h, struct err *err)
{
    bool buildkit = h->rules->semantics == SEMANTICS_BUILDKIT;
    AUTO_BUF pairs = BUF_INIT;
    for (size_t i = 0; i < item->matches.len; i++) {
        const char *match = item->matches.items[i];
        struct digest d;
        int rc = h->rules->parents ? parents_digest(h, match, &d, err)
                                   : path_digest(item, match, h, &d, err);
        if (rc != 0)
            return rc;
        if (h->root_excluded && h->listed == 0)
            continue;
        if (buildkit)
            buf_add(&pairs, match, strlen(match) + 1);
        buf_add(&pairs, d.bytes, sizeof d.bytes);
        if (h->rules->parents)
            add_parents(item, i, h, &pairs);
    }
    if (h->root_excluded && pairs.len == 0)
        return 0; /* as for a lone match that does not count */
    struct digest all = digest_of(buf_str(&pairs), pairs.len);
    /* The linear builders know a list of files, not the words they came from (row 58).
     */
    if (buildkit)
        buf_add(&item->digests, all.bytes, sizeof all.bytes);
    else
        buf_add(&item->digests, buf_str(&pairs), pairs.len);
    return 0;
}

static int item_digest(struct selected *item, struct hashing *h, struct err *err)
{
    AUTO_FREE char *word = path_below_root(item->word);
    bool plain = !h->rules->parents && item->matches.len == 1 &&
                 strcmp(path_base(item->matches.items[0]), path_base(word)) == 0;
    if (!plain)
        return pairs_digest(item, h, err);
    struct digest d;
    int rc = path_digest(item, item->matches.items[0], h, &d, err);
    if (rc == 0 && (!h->root_excluded || h->listed != 0))
        buf_add(&item->digests, d.bytes, sizeof d.bytes);
    return rc;
}

int selection_add(struct selection *sel, struct view *view, const char *word,
                  const struct selection_rules *rules, struct err *err)
{
    GROW(sel->items, sel->cap, sel->len + 1);
    struct selected *item = &sel->items[sel->len++];
    *item = (struct selected){.view = view, .word = xstrdup(word)};
    int rc = find_matches(item, rules, err);
    if (rc != 0)
        return rc;
    struct hashing h = {.rules = rules,
                        .item = item,
                        .list = digester_new(),
                        .one = digester_new(),
                        .root_excluded = root_excluded(rules)};
    rc = item_digest(item, &h, err);
    digester_free(h.list);
    digester_free(h.one);
    return rc;
}

void selection_free(struct selection *sel)
{
    for (size_t i = 0; i < sel->len; i++) {
        free(sel->items[i].word);
        strv_free(&sel->items[i].matches);
        strv_free(&sel->items[i].kept);
        buf_free(&sel->items[i].digests);
    }
    free(sel->items);
    *sel = (struct selection){0};
}

void selection_digest(const struct selection *sel, struct digest *out)
{
    AUTO_BUF all = BUF_INIT;
    for (size_t i = 0; i < sel->len; i++)
        buf_add(&all, buf_str(&sel->items[i].digests), sel->items[i].digests.len);
    *out = digest_of(buf_str(&all), all.len);
}

bool selection_excludes(const struct ignore *excludes, const char *relative_path)
{
    return excludes != NULL && ignore_excluded(excludes, relative_path, NULL);
}
