/* SPDX-License-Identifier: MIT */
/* What differs between a step and its counterpart of an earlier build, part by part. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/journal.h"

/* More changes than this are counted in the text, not listed. */
enum { CHANGES_MOST = 1000 };

struct comparing {
    const struct journal_step *now, *before;
    struct miss *miss;
    size_t cap;
    struct buf first; /* the first changes in words */
    size_t worded;
};

static void add(struct comparing *c, const struct miss_change *change)
{
    struct miss *m = c->miss;
    if (m->change_count == CHANGES_MOST)
        return;
    GROW(m->changes, c->cap, m->change_count + 1);
    struct miss_change *out = &m->changes[m->change_count++];
    *out = *change;
    out->name = change->name != NULL ? xstrdup(change->name) : NULL;
    out->from = change->from != NULL ? xstrdup(change->from) : NULL;
    out->to = change->to != NULL ? xstrdup(change->to) : NULL;
}

static void say(struct comparing *c, const char *text)
{
    if (c->worded++ < 3)
        buf_addf(&c->first, "%s%s", c->first.len != 0 ? "; " : "", text);
}

static void add_value(struct comparing *c, const char *kind, const char *name,
                      const char *from, const char *to)
{
    const char *what = from == NULL ? "added" : to == NULL ? "removed" : "value";
    add(c, &(struct miss_change){kind, what, (char *)(uintptr_t)name,
                                 (char *)(uintptr_t)from, (char *)(uintptr_t)to});
    AUTO_FREE char *text = NULL;
    AUTO_FREE char *label =
        xasprintf("%s%s%s", kind, name != NULL ? " " : "", name != NULL ? name : "");
    if (strcmp(kind, "env") == 0 || strcmp(kind, "arg") == 0)
        for (char *p = label; *p != '\0' && *p != ' '; p++)
            *p = (char)(*p - 'a' + 'A');
    if (from == NULL)
        text = xasprintf("%s added: %s", label, to);
    else if (to == NULL)
        text = xasprintf("%s removed, was %s", label, from);
    else
        text = xasprintf("%s: %s → %s", label, from[0] ? from : "\"\"",
                         to[0] ? to : "\"\"");
    say(c, text);
}

/* ---- parts by kind ---- */

static bool is_kind(const struct input *in, enum input_kind a, enum input_kind b)
{
    return in->kind == a || in->kind == b;
}

static const struct input *nth(const struct journal_step *s, enum input_kind a,
                               enum input_kind b, size_t n)
{
    for (size_t i = 0; i < s->input_count; i++)
        if (is_kind(&s->inputs[i], a, b) && n-- == 0)
            return &s->inputs[i];
    return NULL;
}

static const struct input *named(const struct journal_step *s, enum input_kind a,
                                 enum input_kind b, const char *name)
{
    for (size_t i = 0; i < s->input_count; i++)
        if (is_kind(&s->inputs[i], a, b) && strcmp(s->inputs[i].name, name) == 0)
            return &s->inputs[i];
    return NULL;
}

/* Whether the lists of these kinds are equal, names, values and order. */
static bool same_list(const struct comparing *c, enum input_kind a, enum input_kind b)
{
    for (size_t i = 0;; i++) {
        const struct input *x = nth(c->now, a, b, i), *y = nth(c->before, a, b, i);
        if (x == NULL || y == NULL)
            return x == y;
        if (strcmp(x->name, y->name) != 0 || strcmp(x->value, y->value) != 0)
            return false;
    }
}

static const char *variable_kind(const struct input *in)
{
    return in->kind == INPUT_ENV ? "env" : "arg";
}

static void compare_variables(struct comparing *c, enum input_kind a, enum input_kind b)
{
    size_t before = c->miss->change_count;
    for (size_t i = 0; i < c->now->input_count; i++) {
        const struct input *in = &c->now->inputs[i];
        if (!is_kind(in, a, b))
            continue;
        const struct input *old = named(c->before, a, b, in->name);
        if (old == NULL || strcmp(old->value, in->value) != 0)
            add_value(c, variable_kind(in), in->name, old ? old->value : NULL,
                      in->value);
    }
    for (size_t i = 0; i < c->before->input_count; i++) {
        const struct input *in = &c->before->inputs[i];
        if (is_kind(in, a, b) && named(c->now, a, b, in->name) == NULL)
            add_value(c, variable_kind(in), in->name, in->value, NULL);
    }
    if (c->miss->change_count != before || same_list(c, a, b))
        return;
    for (size_t i = 0;; i++) { /* the same variables in another order */
        const struct input *x = nth(c->now, a, b, i), *y = nth(c->before, a, b, i);
        if (x == NULL || y == NULL)
            return;
        if (strcmp(x->name, y->name) == 0)
            continue;
        add(c, &(struct miss_change){
                   variable_kind(x), "order", (char *)(uintptr_t)x->name,
                   (char *)(uintptr_t)y->name, (char *)(uintptr_t)x->name});
        AUTO_FREE char *text = xasprintf(
            "the order of the variables: %s is where %s was", x->name, y->name);
        say(c, text);
        return;
    }
}

static char *join(const struct journal_step *s, enum input_kind kind)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < s->input_count; i++)
        if (s->inputs[i].kind == kind)
            buf_addf(&out, "%s%s", out.len != 0 ? " " : "", s->inputs[i].value);
    return buf_steal(&out);
}

static void compare_single(struct comparing *c, enum input_kind kind, const char *name)
{
    if (same_list(c, kind, kind))
        return;
    AUTO_FREE char *from = join(c->before, kind);
    AUTO_FREE char *to = join(c->now, kind);
    add_value(c, name, NULL, from, to);
}

/* ---- the instruction ---- */

static void add_instruction(struct comparing *c, const char *what, const char *from,
                            const char *to)
{
    add(c, &(struct miss_change){"instruction", what, NULL, (char *)(uintptr_t)from,
                                 (char *)(uintptr_t)to});
    AUTO_FREE char *text = xasprintf("instruction %s changed: %s → %s", what,
                                     from[0] ? from : "(none)", to[0] ? to : "(none)");
    say(c, text);
}

static char *flags_text(const struct journal_step *s)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < s->input_count; i++)
        if (s->inputs[i].kind == INPUT_FLAG)
            buf_addf(&out, "%s%s=%s", out.len != 0 ? " " : "", s->inputs[i].name,
                     s->inputs[i].value);
    return buf_steal(&out);
}

static void compare_flags(struct comparing *c)
{
    if (same_list(c, INPUT_FLAG, INPUT_FLAG))
        return;
    AUTO_FREE char *from = flags_text(c->before);
    AUTO_FREE char *to = flags_text(c->now);
    add_instruction(c, "flag", from, to);
}

static bool same_parts(const struct comparing *c)
{
    return same_list(c, INPUT_TEXT, INPUT_TEXT) &&
           same_list(c, INPUT_FLAG, INPUT_FLAG) &&
           same_list(c, INPUT_SHELL, INPUT_SHELL) &&
           same_list(c, INPUT_ENV, INPUT_ARG) && same_list(c, INPUT_USER, INPUT_USER) &&
           same_list(c, INPUT_WORKDIR, INPUT_WORKDIR) &&
           same_list(c, INPUT_OPTION, INPUT_OPTION);
}

/* A text that resolves to something else though it reads the same: by a variable it
 * names, or by the working directory. */
static void compare_resolved(struct comparing *c)
{
    size_t before = c->miss->change_count;
    compare_variables(c, INPUT_USED, INPUT_USED);
    for (size_t i = 0; c->miss->change_count == before; i++) {
        const struct input *x = nth(c->now, INPUT_TEXT, INPUT_TEXT, i);
        const struct input *y = nth(c->before, INPUT_TEXT, INPUT_TEXT, i);
        if (x == NULL || y == NULL)
            return;
        if (strcmp(x->value, y->value) != 0)
            add_value(c, "workdir", NULL, y->value, x->value);
    }
}

static void compare_parts(struct comparing *c)
{
    struct miss *m = c->miss;
    bool text = strcmp(c->now->text, c->before->text) != 0;
    bool same_words = same_list(c, INPUT_TEXT, INPUT_TEXT);
    if (text && (!same_words || (same_list(c, INPUT_FLAG, INPUT_FLAG) &&
                                 !same_list(c, INPUT_SHELL, INPUT_SHELL))))
        add_instruction(c, "text", c->before->text, c->now->text);
    else if (text)
        compare_flags(c);
    m->reason = m->change_count != 0 ? MISS_INSTRUCTION : MISS_ENVIRONMENT;
    compare_variables(c, INPUT_ENV, INPUT_ARG);
    compare_single(c, INPUT_USER, "user");
    compare_single(c, INPUT_WORKDIR, "workdir");
    if (!text) {
        compare_single(c, INPUT_SHELL, "shell");
        if (!same_words || !same_list(c, INPUT_FLAG, INPUT_FLAG))
            compare_resolved(c);
    }
    if (!same_list(c, INPUT_OPTION, INPUT_OPTION))
        compare_variables(c, INPUT_OPTION, INPUT_OPTION);
    if (m->change_count == 0) /* no part may differ unnamed */
        add_instruction(c, "text", c->before->text, c->now->text);
}

/* ---- files ---- */

struct listing {
    struct manifest_entry *items;
    size_t len, cap;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct manifest_entry *)a)->path,
                  ((const struct manifest_entry *)b)->path);
}

static void read_listing(const char *data, size_t len, struct listing *out)
{
    const char *at = data, *end = data + len;
    struct manifest_entry e;
    while (manifest_next(&at, end, &e)) {
        GROW(out->items, out->cap, out->len + 1);
        out->items[out->len++] = e;
    }
    if (out->len != 0)
        qsort(out->items, out->len, sizeof *out->items, by_path);
}

static void add_file(struct comparing *c, const char *path, const char *what,
                     const char *from, const char *to, const char *words)
{
    add(c, &(struct miss_change){"file", what, (char *)(uintptr_t)path,
                                 (char *)(uintptr_t)from, (char *)(uintptr_t)to});
    AUTO_FREE char *text = xasprintf("%s: %s", path, words);
    say(c, text);
}

static void compare_content(struct comparing *c, const struct manifest_entry *x,
                            const struct manifest_entry *y)
{
    char from[DIGEST_TEXT + 1], to[DIGEST_TEXT + 1];
    digest_text(&x->digest, from);
    digest_text(&y->digest, to);
    AUTO_FREE char *words =
        x->size != y->size
            ? xasprintf("content %llu → %llu bytes", (unsigned long long)x->size,
                        (unsigned long long)y->size)
            : xasprintf("content changed, %llu bytes as before",
                        (unsigned long long)y->size);
    add_file(c, y->path, "content", from, to, words);
}

static void compare_numbers(struct comparing *c, const char *path, const char *what,
                            const char *from, const char *to)
{
    if (strcmp(from, to) == 0)
        return;
    AUTO_FREE char *words = xasprintf("%s %s → %s", what, from, to);
    add_file(c, path, what, from, to, words);
}

static const char *type_name(unsigned type)
{
    static const char *const names[] = {"file",   "directory", "symlink", "hard link",
                                        "device", "device",    "fifo",    "socket"};
    return type < sizeof names / sizeof *names ? names[type] : "?";
}

static void compare_entry(struct comparing *c, const struct manifest_entry *x,
                          const struct manifest_entry *y)
{
    if (x->type != y->type) {
        compare_numbers(c, y->path, "type", type_name(x->type), type_name(y->type));
        return;
    }
    if (!digest_equal(&x->digest, &y->digest) || x->size != y->size)
        compare_content(c, x, y);
    AUTO_FREE char *mode_x = xasprintf("%04o", x->mode);
    AUTO_FREE char *mode_y = xasprintf("%04o", y->mode);
    compare_numbers(c, y->path, "mode", mode_x, mode_y);
    AUTO_FREE char *owner_x = xasprintf("%u:%u", x->uid, x->gid);
    AUTO_FREE char *owner_y = xasprintf("%u:%u", y->uid, y->gid);
    compare_numbers(c, y->path, "owner", owner_x, owner_y);
    compare_numbers(c, y->path, "target", x->target ? x->target : "",
                    y->target ? y->target : "");
    if (!digest_equal(&x->xattrs, &y->xattrs))
        add_file(c, y->path, "xattr", NULL, NULL, "extended attributes changed");
}

static void compare_listings(struct comparing *c, const struct listing *old,
                             const struct listing *now)
{
    size_t i = 0, k = 0;
    while (i < old->len || k < now->len) {
        int order = i == old->len   ? 1
                    : k == now->len ? -1
                                    : strcmp(old->items[i].path, now->items[k].path);
        if (order < 0) {
            add_file(c, old->items[i].path, "removed", type_name(old->items[i].type),
                     NULL, "removed");
            i++;
        } else if (order > 0) {
            add_file(c, now->items[k].path, "added", NULL,
                     type_name(now->items[k].type), "added");
            k++;
        } else {
            compare_entry(c, &old->items[i++], &now->items[k++]);
        }
    }
}

static void compare_files(struct comparing *c, const char *manifest, size_t len,
                          const struct journal_source *source)
{
    AUTO_BUF old = BUF_INIT;
    if (manifest == NULL || digest_is_zero(&c->before->manifest) ||
        source->load(source->self, &c->before->manifest, &old, NULL) != 0)
        return;
    struct listing x = {0}, y = {0};
    read_listing(buf_str(&old), old.len, &x);
    read_listing(manifest, len, &y);
    compare_listings(c, &x, &y);
    free(x.items);
    free(y.items);
}

struct miss *journal_compare(const struct journal_step *now,
                             const struct journal_step *before,
                             const char *now_manifest, size_t now_len,
                             const struct journal_source *source)
{
    struct comparing c = {
        .now = now, .before = before, .miss = xcalloc(1, sizeof *c.miss)};
    bool content = now->has_content && before->has_content &&
                   !digest_equal(&now->content, &before->content);
    bool parts = !same_parts(&c);
    if (parts)
        compare_parts(&c);
    if (content && !(parts && c.miss->reason == MISS_INSTRUCTION)) {
        if (!parts)
            c.miss->reason = MISS_INPUT;
        compare_files(&c, now_manifest, now_len, source);
    }
    if (!parts && !content) {
        miss_free(c.miss);
        buf_free(&c.first);
        return NULL;
    }
    size_t more = c.worded > 3 ? c.worded - 3 : 0;
    if (more != 0)
        buf_addf(&c.first, "; and %zu more", more);
    if (c.first.len == 0)
        buf_adds(&c.first, "what it reads has changed");
    c.miss->text = buf_steal(&c.first);
    return c.miss;
}
