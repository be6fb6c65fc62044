/* SPDX-License-Identifier: MIT */
/* Flags by name, and hints for misspelt words. */
#include <string.h>

#include "sim/dockerfile/check.h"

enum { WORD_MOST = 24 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) between two short words. */
static size_t distance(const char *a, size_t an, const char *b, size_t bn)
{
    size_t rows[3][WORD_MOST + 1];
    for (size_t j = 0; j <= bn; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            bool same = a[i - 1] == b[j - 1];
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[an % 3][bn];
}

const char *suggest(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t best_distance = 3, n = strlen(word);
    for (size_t i = 0; i < count && n <= WORD_MOST; i++) {
        size_t other = strlen(words[i]);
        size_t d = other <= WORD_MOST ? distance(word, n, words[i], other) : WORD_MOST;
        if (d < best_distance) {
            best_distance = d;
            best = words[i];
        }
    }
    return best;
}

static int unknown_flag(const char *name, size_t len, const struct flag *known,
                        size_t count, struct err *err)
{
    const char *names[16];
    AUTO_FREE char *bare = xstrndup(name, len);
    count = least(count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < count; i++)
        names[i] = known[i].name;
    const char *near = suggest(bare, names, count);
    if (near != NULL) {
        err_set(err, ERR_INPUT, "unknown flag: --%s (did you mean %s?)", bare, near);
        return err_hint(err, "write --%s", near);
    }
    return err_set(err, ERR_INPUT, "unknown flag: --%s", bare);
}

static int apply_bool(const struct flag *f, const char *value, struct err *err)
{
    if (value == NULL || text_is(value, "true")) {
        *f->on = true;
    } else if (*value == '\0') {
        return err_set(err, ERR_INPUT, "missing a value on flag: --%s", f->name);
    } else if (text_is(value, "false")) {
        *f->on = false;
    } else {
        return err_set(err, ERR_INPUT, "expecting boolean value for flag --%s, not: %s",
                       f->name, value);
    }
    return 0;
}

static int apply(const struct flag *f, const char *value, struct err *err)
{
    if (f->given != NULL)
        *f->given = true;
    if (f->type == FLAG_BOOL)
        return apply_bool(f, value, err);
    if (value == NULL) {
        err_set(err, ERR_INPUT, "missing a value on flag: --%s", f->name);
        return err_hint(err, "write --%s=VALUE", f->name);
    }
    if (f->type == FLAG_LIST)
        strv_add(f->list, value);
    else
        *f->text = value;
    return 0;
}

int flags_apply(const struct instruction *in, const struct flag *known, size_t count,
                struct err *err)
{
    unsigned seen = 0;
    for (size_t i = 0; i < in->flags.len; i++) {
        const char *word = in->flags.items[i] + 2, *equals = strchr(word, '=');
        size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word), k = 0;
        while (k < count &&
               (strlen(known[k].name) != len || memcmp(known[k].name, word, len) != 0))
            k++;
        if (k == count)
            return unknown_flag(word, len, known, count, err);
        if ((seen & 1u << k) != 0 && known[k].type != FLAG_LIST)
            return err_set(err, ERR_INPUT, "duplicate flag specified: --%s",
                           known[k].name);
        seen |= 1u << k;
        int rc = apply(&known[k], equals != NULL ? equals + 1 : NULL, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int flags_none(const struct instruction *in, struct err *err)
{
    return flags_apply(in, NULL, 0, err);
}

bool bool_parse(const char *text, bool *out)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *out = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

bool has_variable(const char *text)
{
    return strchr(text, '$') != NULL;
}
