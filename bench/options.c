/* SPDX-License-Identifier: MIT */
/* The table-driven option parser, its help text and its guess at misspelt words. */
#include "bench/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

enum { NUMBER_MOST = 1000000, HELP_COLUMN = 30, NEAREST_WORD = 64 };

struct found {
    const struct option_spec *spec;
    void *value;
};

static void *value_at(const struct option_set *set, const struct option_spec *spec)
{
    /* A set may be listed for its help alone. */
    return set->values != NULL ? (char *)set->values + spec->offset : NULL;
}

/* name is not terminated: "store=x" with len 5. */
static struct found find_long(const struct option_set *sets, size_t set_count,
                              const char *name, size_t len)
{
    for (size_t s = 0; s < set_count; s++)
        for (size_t i = 0; i < sets[s].count; i++) {
            const struct option_spec *spec = &sets[s].specs[i];
            if (strlen(spec->name) == len && strncmp(spec->name, name, len) == 0)
                return (struct found){spec, value_at(&sets[s], spec)};
        }
    return (struct found){NULL, NULL};
}

static struct found find_letter(const struct option_set *sets, size_t set_count,
                                char letter)
{
    for (size_t s = 0; s < set_count; s++)
        for (size_t i = 0; i < sets[s].count; i++)
            if (sets[s].specs[i].letter == letter)
                return (struct found){&sets[s].specs[i],
                                      value_at(&sets[s], &sets[s].specs[i])};
    return (struct found){NULL, NULL};
}

static int store_flag(const struct found *f, const char *text, struct err *err)
{
    bool *flag = f->value;
    if (text == NULL || strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
        *flag = true;
    else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
        *flag = false;
    else
        return err_set(err, ERR_INPUT, "--%s takes no value, but '%s' was given",
                       f->spec->name, text);
    return 0;
}

static int store_number(const struct found *f, const char *text, struct err *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' ||
        n > NUMBER_MOST || n < f->spec->least) {
        return err_set(err, ERR_INPUT,
                       "--%s %s: a whole number from %u to %u is wanted", f->spec->name,
                       text, f->spec->least, (unsigned)NUMBER_MOST);
    }
    *(unsigned *)f->value = (unsigned)n;
    return 0;
}

static int store_choice(const struct found *f, const char *text, struct err *err)
{
    int position = 0;
    size_t len = strlen(text);
    for (const char *word = f->spec->argument; word != NULL; position++) {
        const char *bar = strchr(word, '|');
        size_t word_len = bar != NULL ? (size_t)(bar - word) : strlen(word);
        if (word_len == len && strncmp(word, text, len) == 0) {
            *(int *)f->value = position;
            return 0;
        }
        word = bar != NULL ? bar + 1 : NULL;
    }
    err_set(err, ERR_INPUT, "--%s knows no '%s'", f->spec->name, text);
    return err_hint(err, "one of %s", f->spec->argument);
}

static int store_value(const struct found *f, const char *text, struct err *err)
{
    if (f->spec->kind == OPTION_FLAG)
        return store_flag(f, text, err);
    if (text == NULL)
        return err_set(err, ERR_INPUT, "--%s needs a value: %s", f->spec->name,
                       f->spec->argument);
    switch (f->spec->kind) {
    case OPTION_FLAG:
        break;
    case OPTION_TEXT:
        *(const char **)f->value = text;
        return 0;
    case OPTION_LIST:
        strv_add(f->value, text);
        return 0;
    case OPTION_NUMBER:
        return store_number(f, text, err);
    case OPTION_CHOICE:
        return store_choice(f, text, err);
    }
    return 0;
}

static int unknown_option(const struct option_set *sets, size_t set_count,
                          const char *word, struct err *err)
{
    size_t total = 0, n = 0;
    for (size_t s = 0; s < set_count; s++)
        total += sets[s].count;
    AUTO_FREE const char **names = xcalloc(total + 1, sizeof *names);
    for (size_t s = 0; s < set_count; s++)
        for (size_t i = 0; i < sets[s].count; i++)
            names[n++] = sets[s].specs[i].name;
    char name[NEAREST_WORD] = "";
    if (strncmp(word, "--", 2) == 0) {
        size_t len = strcspn(word + 2, "=");
        if (len >= sizeof name)
            len = sizeof name - 1;
        memcpy(name, word + 2, len);
        name[len] = '\0';
    }
    const char *near = options_nearest(name, names);
    err_set(err, ERR_INPUT, "unknown option '%.*s'", (int)strcspn(word, "="), word);
    if (near != NULL)
        return err_hint(err, "did you mean --%s? --help lists all options", near);
    return err_hint(err, "--help lists all options");
}

/* State of one pass over the words. */
struct pass {
    const struct option_set *sets;
    size_t set_count;
    const char *const *words;
    size_t word_count, at;
};

/* The word after this one, NULL at the end. */
static const char *next_word(struct pass *p)
{
    return p->at + 1 < p->word_count ? p->words[++p->at] : NULL;
}

static int parse_long(struct pass *p, struct err *err)
{
    const char *word = p->words[p->at];
    size_t len = strcspn(word + 2, "=");
    struct found f = find_long(p->sets, p->set_count, word + 2, len);
    if (f.spec == NULL)
        return unknown_option(p->sets, p->set_count, word, err);
    const char *text = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;
    if (text == NULL && f.spec->kind != OPTION_FLAG)
        text = next_word(p);
    return store_value(&f, text, err);
}

static int parse_letters(struct pass *p, struct err *err)
{
    const char *word = p->words[p->at];
    for (const char *c = word + 1; *c != '\0'; c++) {
        struct found f = find_letter(p->sets, p->set_count, *c);
        if (f.spec == NULL)
            return unknown_option(p->sets, p->set_count, word, err);
        const char *text = NULL;
        if (f.spec->kind != OPTION_FLAG && c[1] == '\0')
            text = next_word(p);
        else if (f.spec->kind != OPTION_FLAG)
            text = c[1] == '=' ? c + 2 : c + 1;
        int r = store_value(&f, text, err);
        if (r < 0 || text != NULL)
            return r;
    }
    return 0;
}

static void operands_add(struct operands *operands, const char *word)
{
    GROW(operands->items, operands->cap, operands->len + 1);
    operands->items[operands->len++] = word;
}

int options_parse(const struct option_set *sets, size_t set_count,
                  const char *const *words, size_t word_count,
                  struct operands *operands, struct err *err)
{
    struct pass p = {sets, set_count, words, word_count, 0};
    bool ended = false;
    for (; p.at < word_count; p.at++) {
        const char *word = words[p.at];
        int r = 0;
        if (ended || word[0] != '-' || word[1] == '\0')
            operands_add(operands, word);
        else if (strcmp(word, "--") == 0)
            ended = true;
        else if (word[1] == '-')
            r = parse_long(&p, err);
        else
            r = parse_letters(&p, err);
        if (r < 0)
            return r;
    }
    return 0;
}

void options_free(const struct option_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->specs[i].kind == OPTION_LIST)
            strv_free(value_at(set, &set->specs[i]));
}

void operands_free(struct operands *operands)
{
    free(operands->items);
    *operands = (struct operands){0};
}

bool options_takes_next(const struct option_set *sets, size_t set_count,
                        const char *word)
{
    if (word[0] != '-' || word[1] == '\0')
        return false;
    if (word[1] == '-') {
        struct found f = find_long(sets, set_count, word + 2, strlen(word + 2));
        return f.spec != NULL && f.spec->kind != OPTION_FLAG;
    }
    for (const char *c = word + 1; *c != '\0'; c++) {
        struct found f = find_letter(sets, set_count, *c);
        if (f.spec == NULL)
            return false;
        if (f.spec->kind != OPTION_FLAG)
            return c[1] == '\0';
    }
    return false;
}

void options_describe(const struct option_spec *specs, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_BUF left = BUF_INIT;
        if (specs[i].letter != '\0')
            buf_addf(&left, "  -%c, --%s", specs[i].letter, specs[i].name);
        else
            buf_addf(&left, "      --%s", specs[i].name);
        if (specs[i].argument != NULL)
            buf_addf(&left, " %s", specs[i].argument);
        if (left.len + 2 > HELP_COLUMN)
            buf_addf(out, "%s\n%*s", left.data, HELP_COLUMN, "");
        else
            buf_addf(out, "%-*s", HELP_COLUMN, left.data);
        buf_addf(out, "%s%s\n", specs[i].help,
                 specs[i].kind == OPTION_LIST ? " (repeatable)" : "");
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAREST_WORD + 1];
    size_t n = strlen(b);
    if (n > NEAREST_WORD || strlen(a) > NEAREST_WORD)
        return NEAREST_WORD;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(least(row[j], row[j - 1]) + 1, replaced);
        }
    }
    return row[n];
}

const char *options_nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    size_t len = strlen(word), best_distance = len / 3 + 2;
    if (len == 0)
        return NULL;
    for (; *candidates != NULL; candidates++) {
        size_t d = strncmp(word, *candidates, len) == 0 && len >= 3
                       ? 1 /* the beginning of it is a good guess as well */
                       : distance(word, *candidates);
        if (d < best_distance) {
            best = *candidates;
            best_distance = d;
        }
    }
    return best;
}
