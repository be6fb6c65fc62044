/* SPDX-License-Identifier: MIT */
/* Variables that differ between a step and its counterpart, and what they are for. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/comparing.h"

const struct input *comparing_nth(const struct input *list, size_t len, unsigned kinds,
                                  size_t n)
{
    for (size_t i = 0; i < len; i++)
        if ((KIND(list[i].kind) & kinds) != 0 && n-- == 0)
            return &list[i];
    return NULL;
}

static const struct input *named(const struct input *list, size_t len, unsigned kinds,
                                 const char *name)
{
    for (size_t i = 0; i < len; i++)
        if ((KIND(list[i].kind) & kinds) != 0 && strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

bool comparing_same(const struct input *a, size_t n, const struct input *b, size_t m,
                    unsigned kinds)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < n && (KIND(a[i].kind) & kinds) == 0)
            i++;
        while (k < m && (KIND(b[k].kind) & kinds) == 0)
            k++;
        if (i == n || k == m)
            return i == n && k == m;
        if (strcmp(a[i].name, b[k].name) != 0 || strcmp(a[i].value, b[k].value) != 0)
            return false;
    }
}

bool comparing_names(const char *text, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = strchr(text, '$'); p != NULL; p = strchr(p + 1, '$')) {
        const char *word = p + 1 + (p[1] == '{');
        if (strncmp(word, name, n) == 0 && !isalnum((unsigned char)word[n]) &&
            word[n] != '_')
            return true;
    }
    return false;
}

/* Whether an ARG or ENV line sets the variable. */
static bool declares(const struct journal_step *s, const char *name)
{
    if (strcmp(s->word, "ARG") != 0 && strcmp(s->word, "ENV") != 0)
        return false;
    for (size_t i = 0; i < s->set_count; i++)
        if (strcmp(s->sets[i].name, name) == 0)
            return true;
    return false;
}

/* Where the variable comes from, and whether any text asks for it: a change of one that
 * nobody asks for is the surprise. */
static char *origin(const struct comparing *c, const struct journal *j, size_t at,
                    const char *name)
{
    size_t line = 0, from = at + 1;
    for (size_t i = at; line == 0 && i-- > 0;)
        if (declares(&j->steps[i], name)) {
            line = j->steps[i].line;
            from = i + 1;
        }
    if (line == 0)
        return xstrdup("");
    for (size_t i = from; i < j->len; i++)
        if (comparing_names(j->steps[i].text, name))
            return xasprintf(" (line %zu)", line);
    if (c->pair->now->semantics != SEMANTICS_BUILDKIT)
        return xasprintf(" (line %zu, used by no instruction)", line);
    return xasprintf(" (used by no instruction, but it is in the environment of every "
                     "RUN below line %zu)",
                     line);
}

static void add_variable(struct comparing *c, const struct input *old,
                         const struct input *now)
{
    const struct input *is = now != NULL ? now : old;
    bool env = is->kind == INPUT_ENV;
    const char *kind = env ? "env" : "arg", *label = env ? "ENV" : "ARG";
    const char *from = old != NULL ? old->value : NULL,
               *to = now != NULL ? now->value : NULL;
    bool gone = now == NULL;
    AUTO_FREE char *where =
        gone ? origin(c, c->pair->before, (size_t)(c->before - c->pair->before->steps),
                      is->name)
             : origin(c, c->pair->now, c->at, is->name);
    AUTO_FREE char *words = NULL;
    if (old == NULL)
        words = xasprintf("%s %s: added, %s%s", label, is->name, to[0] ? to : "empty",
                          where);
    else if (gone)
        words = xasprintf("%s %s: removed, was %s", label, is->name,
                          from[0] ? from : "empty");
    else
        words = xasprintf("%s %s: %s → %s%s", label, is->name, from[0] ? from : "\"\"",
                          to[0] ? to : "\"\"", where);
    comparing_add(c, &(struct miss_note){kind,
                                         old == NULL ? "added"
                                         : gone      ? "removed"
                                                     : "value",
                                         is->name, from, to, words});
}

void comparing_variables(struct comparing *c, const struct input *before, size_t m,
                         const struct input *now, size_t n, unsigned kinds)
{
    size_t said = c->miss->total;
    for (size_t i = 0; i < n; i++) {
        if ((KIND(now[i].kind) & kinds) == 0)
            continue;
        const struct input *old = named(before, m, kinds, now[i].name);
        if (old == NULL || strcmp(old->value, now[i].value) != 0)
            add_variable(c, old, &now[i]);
    }
    for (size_t i = 0; i < m; i++)
        if ((KIND(before[i].kind) & kinds) != 0 &&
            named(now, n, kinds, before[i].name) == NULL)
            add_variable(c, &before[i], NULL);
    if (c->miss->total != said)
        return;
    for (size_t i = 0;; i++) { /* the same variables in another order? */
        const struct input *x = comparing_nth(now, n, kinds, i),
                           *y = comparing_nth(before, m, kinds, i);
        if (x == NULL || y == NULL)
            return;
        if (strcmp(x->name, y->name) == 0)
            continue;
        AUTO_FREE char *words = xasprintf(
            "the order of the variables: %s stands where %s stood", x->name, y->name);
        comparing_add(c,
                      &(struct miss_note){x->kind == INPUT_ENV ? "env" : "arg", "order",
                                          x->name, y->name, x->name, words});
        return;
    }
}
