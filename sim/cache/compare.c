/* SPDX-License-Identifier: MIT */
/* What differs between a step and its counterpart of an earlier build, part by part. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/comparing.h"

void comparing_add(struct comparing *c, const struct miss_note *change)
{
    miss_add(c->miss, change, c->pair->most);
}

/* ---- parts by kind ---- */

static bool same_parts(const struct comparing *c, unsigned kinds)
{
    return comparing_same(c->now->inputs, c->now->input_count, c->before->inputs,
                          c->before->input_count, kinds);
}

static void compare_variables(struct comparing *c, unsigned kinds)
{
    comparing_variables(c, c->before->inputs, c->before->input_count, c->now->inputs,
                        c->now->input_count, kinds);
}

static char *join(const struct journal_step *s, unsigned kinds, bool with_names)
{
    struct buf out = BUF_INIT;
    const struct input *in;
    for (size_t i = 0; (in = comparing_nth(s->inputs, s->input_count, kinds, i)); i++)
        buf_addf(&out, "%s%s%s%s", out.len != 0 ? " " : "", with_names ? in->name : "",
                 with_names ? "=" : "", in->value);
    return buf_steal(&out);
}

static void add_value(struct comparing *c, const char *kind, const char *from,
                      const char *to)
{
    AUTO_FREE char *label = xstrdup(kind);
    for (char *p = label; *p != '\0'; p++)
        *p = (char)(*p - 'a' + 'A');
    AUTO_FREE char *words =
        xasprintf("%s: %s → %s", label, from[0] ? from : "\"\"", to[0] ? to : "\"\"");
    comparing_add(c, &(struct miss_note){kind, "value", NULL, from, to, words});
}

static void compare_single(struct comparing *c, unsigned kinds, const char *kind)
{
    if (same_parts(c, kinds))
        return;
    AUTO_FREE char *from = join(c->before, kinds, false);
    AUTO_FREE char *to = join(c->now, kinds, false);
    add_value(c, kind, from, to);
}

/* ---- the instruction ---- */

static void add_instruction(struct comparing *c, const char *what, const char *from,
                            const char *to)
{
    AUTO_FREE char *marked = explain_marked(from, to);
    AUTO_FREE char *words = xasprintf("instruction %s changed: %s", what, marked);
    comparing_add(c, &(struct miss_note){"instruction", what, NULL, from, to, words});
}

static bool same_words(const struct journal_step *a, const struct journal_step *b)
{
    if (a->source_count != b->source_count)
        return false;
    for (size_t i = 0; i < a->source_count; i++)
        if (strcmp(a->sources[i], b->sources[i]) != 0)
            return false;
    return true;
}

/* A text that resolves to something else though it reads the same: by a variable it
 * names, by the working directory, or in a part people are not shown (the lines of a
 * heredoc). */
static void compare_resolved(struct comparing *c)
{
    size_t said = c->miss->total;
    compare_variables(c, KIND(INPUT_USED));
    const struct input *was = c->before->sets, *is = c->now->sets;
    if (c->now->set_count == 1 && c->before->set_count == 1 &&
        is->kind == INPUT_SHELL && strcmp(was->value, is->value) != 0)
        add_value(c, "shell", was->value, is->value);
    bool command = strcmp(c->now->word, "RUN") == 0 ||
                   c->pair->now->semantics != SEMANTICS_BUILDKIT;
    for (size_t i = 0; c->miss->total == said; i++) {
        const struct input *x =
            comparing_nth(c->now->inputs, c->now->input_count, KIND(INPUT_TEXT), i);
        const struct input *y = comparing_nth(c->before->inputs, c->before->input_count,
                                              KIND(INPUT_TEXT), i);
        if (x == NULL || y == NULL)
            return;
        if (strcmp(x->value, y->value) == 0)
            continue;
        if (command) {
            add_instruction(c, "text", y->value, x->value);
            c->miss->reason = MISS_INSTRUCTION;
        } else {
            add_value(c, "workdir", y->value, x->value);
        }
    }
}

/* Which of its words make the difference: the command, or a flag. */
static void compare_text(struct comparing *c)
{
    bool words = same_parts(c, KIND(INPUT_TEXT)),
         flags = same_parts(c, KIND(INPUT_FLAG)),
         shell = same_parts(c, KIND(INPUT_SHELL));
    if (!words || (flags && !shell)) {
        add_instruction(c, "text", c->before->text, c->now->text);
    } else if (!flags) {
        AUTO_FREE char *from = join(c->before, KIND(INPUT_FLAG), true);
        AUTO_FREE char *to = join(c->now, KIND(INPUT_FLAG), true);
        add_instruction(c, "flag", from, to);
    }
}

static void compare_parts(struct comparing *c)
{
    struct miss *m = c->miss;
    bool text = strcmp(c->now->text, c->before->text) != 0;
    if (text)
        compare_text(c);
    m->reason = m->total != 0 ? MISS_INSTRUCTION : MISS_ENVIRONMENT;
    compare_variables(c, KIND(INPUT_ENV) | KIND(INPUT_ARG));
    compare_single(c, KIND(INPUT_USER), "user");
    compare_single(c, KIND(INPUT_WORKDIR), "workdir");
    if (!text) {
        compare_single(c, KIND(INPUT_SHELL), "shell");
        if (!same_parts(c, KIND(INPUT_TEXT) | KIND(INPUT_FLAG)))
            compare_resolved(c);
    }
    if (!same_parts(c, KIND(INPUT_OPTION)))
        compare_variables(c, KIND(INPUT_OPTION));
    if (m->total == 0) /* no part may differ unnamed */
        add_instruction(c, "text", c->before->text, c->now->text);
}

/* ---- steps without a key of their own parts ---- */

/* A line of the config: what it sets says more than its text where it sets a variable.
 */
static void compare_config(struct comparing *c)
{
    struct miss *m = c->miss;
    m->reason = MISS_INSTRUCTION;
    comparing_variables(c, c->before->sets, c->before->set_count, c->now->sets,
                        c->now->set_count, ~0u);
    if (m->total != 0 && strcmp(c->now->word, c->before->word) == 0) {
        m->reason = MISS_ENVIRONMENT;
        return;
    }
    if (strcmp(c->now->text, c->before->text) == 0)
        return;
    const char *from = c->before->text + strcspn(c->before->text, " \t"),
               *to = c->now->text + strcspn(c->now->text, " \t");
    from += strspn(from, " \t");
    to += strspn(to, " \t");
    if (strcmp(c->now->word, "USER") == 0 && strcmp(c->before->word, "USER") == 0)
        add_value(c, "user", from, to);
    else if (strcmp(c->now->word, "SHELL") == 0 &&
             strcmp(c->before->word, "SHELL") == 0)
        add_value(c, "shell", from, to);
    else
        add_instruction(c, "text", c->before->text, c->now->text);
}

/* "name chain[ config]": one name with other layers is a tag that moved. */
static void compare_base(struct comparing *c)
{
    const char *old = c->before->base, *now = c->now->base;
    AUTO_FREE char *from = xstrndup(old, strcspn(old, " "));
    AUTO_FREE char *to = xstrndup(now, strcspn(now, " "));
    bool moved = strcmp(from, to) == 0;
    AUTO_FREE char *words = moved ? xasprintf("base image %s moved: another image has "
                                              "that name now",
                                              to)
                                  : xasprintf("base image: %s → %s", from, to);
    c->miss->reason = MISS_BASE;
    comparing_add(c, &(struct miss_note){"base", "value", NULL, moved ? old : from,
                                         moved ? now : to, words});
}

static bool same_base(const char *a, const char *b)
{
    return strcmp(a + strcspn(a, " "), b + strcspn(b, " ")) == 0;
}

/* ---- all ---- */

static bool has_image(const struct journal_step *s)
{
    return s->base[0] != '\0';
}

static bool is_from(const struct journal_step *s)
{
    return strcmp(s->word, "FROM") == 0;
}

/* A line that only the image's config shows. */
static bool is_plain_config(const struct journal_step *s)
{
    return s->status == JOURNAL_CONFIG && !is_from(s);
}

/* ENV and ARG are one thing to a RUN, and so are a shell form and its exec form. */
static bool same_operation(const struct comparing *c)
{
    static const unsigned groups[] = {
        KIND(INPUT_TEXT) | KIND(INPUT_SHELL), KIND(INPUT_FLAG),    KIND(INPUT_USER),
        KIND(INPUT_ENV) | KIND(INPUT_ARG),    KIND(INPUT_WORKDIR), KIND(INPUT_OPTION)};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (!same_parts(c, groups[i]))
            return false;
    return true;
}

static void compare_work(struct comparing *c)
{
    bool parts = same_operation(c);
    if (!parts)
        compare_parts(c);
    bool content = c->now->has_content && c->before->has_content &&
                   !digest_equal(&c->now->content, &c->before->content);
    /* Other words select other files: the words are the cause. */
    if (!content || (!parts && !same_words(c->now, c->before)))
        return;
    size_t said = c->miss->total;
    comparing_files(c);
    if (parts)
        c->miss->reason = MISS_INPUT;
    /* What it reads of another stage is that stage's doing. */
    if (c->miss->total != said || c->now->read_count != 0)
        return;
    if (strcmp(c->now->text, c->before->text) != 0) {
        c->miss->reason = MISS_INSTRUCTION;
        add_instruction(c, "text", c->before->text, c->now->text);
    } else {
        comparing_add(
            c, &(struct miss_note){"file", "content",
                                   c->now->source_count != 0 ? c->now->sources[0] : "",
                                   NULL, NULL, "what it reads has changed"});
    }
}

static char *summary(const struct miss *m)
{
    enum { SAID = 3 };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < m->change_count && i < SAID; i++)
        buf_addf(&out, "%s%s", i != 0 ? "; " : "", m->changes[i].words);
    if (m->total > SAID)
        buf_addf(&out, "; and %zu more", m->total - SAID);
    return buf_steal(&out);
}

struct miss *explain_own(const struct explain_pair *pair, size_t at)
{
    if (pair->before == NULL || pair->aligned[at] < 0)
        return NULL;
    struct comparing c = {.pair = pair,
                          .at = at,
                          .now = &pair->now->steps[at],
                          .before = &pair->before->steps[pair->aligned[at]],
                          .miss = miss_new(MISS_INPUT, (unsigned)at + 1, NULL)};
    if (has_image(c.now) && has_image(c.before)) {
        if (!same_base(c.now->base, c.before->base))
            compare_base(&c);
    } else if (is_plain_config(c.now) && is_plain_config(c.before)) {
        compare_config(&c);
    } else if (!is_from(c.now)) {
        compare_work(&c);
    } else if (has_image(c.now) != has_image(c.before)) {
        add_instruction(&c, "text", c.before->text, c.now->text);
        c.miss->reason = MISS_INSTRUCTION;
    }
    ignore_free(c.ignored[0]);
    ignore_free(c.ignored[1]);
    if (c.miss->total == 0) {
        miss_free(c.miss);
        return NULL;
    }
    c.miss->text = summary(c.miss);
    return c.miss;
}
