/* SPDX-License-Identifier: MIT */
/*
 * .dockerignore: lines to rules, and the verdict on a path. The rules are applied as
 * BuildKit's client applies them on its walk: from the root down, each folder handing
 * on which rules applied to it; a rule that could not change the verdict at some path
 * is not tried there, so it is not handed on from there either.
 */
#include "sim/context/ignore.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/context/ignore_walk.h"
#include "sim/context/pattern.h"

/* BuildKit reads by lines of less than 64 KiB. */
enum { LINE_LIMIT = 65536, WORD = 64, SMALL_WORDS = 8 };

struct rule {
    struct ignore_rule line;
    struct pattern pattern;
};

struct ignore {
    struct rule *rules;
    size_t len, cap;
    bool negations;         /* there are `!` rules */
    bool positives;         /* ... and others */
    bool literal_only;      /* the `!` rules have no wildcard but a last one */
    struct strv reincluded; /* then: the folders or files they name, with a last "/" */
    struct arena text;
};

/* Copies text, with U+FFFD for each byte that is not UTF-8: patterns travel as text. */
static void add_valid(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0, used; i < len; i += used) {
        char bytes[4];
        buf_add(out, bytes, rune_encode(rune_decode(text + i, len - i, &used), bytes));
    }
}

static bool has_suffix(const char *text, size_t len, const char *suffix)
{
    size_t n = strlen(suffix);
    return len >= n && memcmp(text + len - n, suffix, n) == 0;
}

/* Notes what a `!` rule could let back in, for ignore_may_reinclude. */
static void note_negation(struct ignore *ig, const char *text, size_t n)
{
    if (has_suffix(text, n, "/**"))
        n -= 3;
    if (has_suffix(text, n, "/*"))
        n -= 2;
    if (!ig->negations)
        ig->literal_only = true;
    ig->negations = true;
    for (size_t i = 0; i < n; i++)
        if (text[i] != '\0' && strchr("*[]?^\\", text[i]) != NULL)
            ig->literal_only = false;
    AUTO_BUF base = BUF_INIT;
    buf_add(&base, text, n);
    buf_addc(&base, '/');
    strv_addn(&ig->reincluded, base.data, base.len);
}

/* A pattern after cleaning, "!" in front of it if it negates. */
static int add_pattern(struct ignore *ig, const struct ignore_rule *line,
                       const char *text, size_t len, struct err *err)
{
    bool negated = text[0] == '!', ignored;
    if (negated && len == 1)
        return err_set(err, ERR_INPUT, "a ! needs a pattern behind it");
    text += negated ? 1 : 0;
    len -= negated ? 1 : 0;
    /* Before any exclusion a `!` rule is never tried: only its syntax counts. */
    bool idle = negated && !ig->positives;
    struct pattern pattern;
    if (negated)
        note_negation(ig, text, len);
    else
        ig->positives = true;
    int rc = pattern_compile(text, len, &pattern, err);
    if (rc != 0)
        return idle && glob_match_n(text, len, ".", 1, &ignored, NULL) == 0 ? 0 : rc;
    GROW(ig->rules, ig->cap, ig->len + 1);
    ig->rules[ig->len] = (struct rule){*line, pattern};
    ig->rules[ig->len++].line.negated = negated;
    return 0;
}

/* A pattern that is not cleaned, "!" in front of it if it negates. */
static int add_joined(struct ignore *ig, const struct ignore_rule *line,
                      const char *text, size_t len, struct err *err)
{
    AUTO_BUF clean = BUF_INIT;
    pattern_trim(&text, &len);
    if (len == 0)
        return 0;
    pattern_clean(text, len, &clean);
    return add_pattern(ig, line, clean.data, clean.len, err);
}

/* One line without its end, a comment already excluded. */
static int add_line(struct ignore *ig, unsigned number, const char *text, size_t len,
                    struct err *err)
{
    pattern_trim(&text, &len);
    if (len == 0)
        return 0;
    struct ignore_rule line = {.line = number};
    line.text = arena_strndup(&ig->text, text, len);

    AUTO_BUF valid = BUF_INIT;
    AUTO_BUF clean = BUF_INIT;
    add_valid(&valid, text, len);
    const char *p = valid.data;
    size_t n = valid.len;
    bool negated = *p == '!';
    p += negated ? 1 : 0;
    n -= negated ? 1 : 0;
    pattern_trim(&p, &n);
    if (n > 0)
        pattern_clean(p, n, &clean);
    p = buf_str(&clean);
    n = clean.len;
    if (n > 1 && p[0] == '/') {
        p++;
        n--;
    }
    /* The clients join "!" and the cleaned pattern, and clean that once more. */
    AUTO_BUF joined = BUF_INIT;
    if (negated)
        buf_addc(&joined, '!');
    buf_add(&joined, p, n);
    return add_joined(ig, &line, joined.data, joined.len, err);
}

int ignore_parse(const char *name, const char *text, size_t len, struct ignore **out,
                 struct err *err)
{
    struct ignore *ig = xcalloc(1, sizeof *ig);
    const char *end = text + len;
    unsigned number = 0;
    int rc = 0;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    while (rc == 0 && text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop != NULL ? stop : end;
        size_t n = (size_t)(stop - text);
        number++;
        if (n >= LINE_LIMIT)
            rc =
                err_set(err, ERR_INPUT, "a line of more than %d bytes", LINE_LIMIT - 1);
        else if (n > 0 && *text != '#')
            rc = add_line(ig, number, text, n, err);
        text = stop < end ? stop + 1 : end;
    }
    if (rc != 0) {
        err_at(err, name, number);
        ignore_free(ig);
        return rc;
    }
    *out = ig;
    return 0;
}

int ignore_from_patterns(const struct strv *patterns, struct ignore **out,
                         struct err *err)
{
    struct ignore *ig = xcalloc(1, sizeof *ig);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < patterns->len; i++) {
        AUTO_BUF valid = BUF_INIT;
        const char *text = patterns->items[i];
        struct ignore_rule line = {.line = (unsigned)i + 1};
        line.text = arena_strdup(&ig->text, text);
        add_valid(&valid, text, strlen(text));
        rc = add_joined(ig, &line, buf_str(&valid), valid.len, err);
        if (rc != 0)
            err_wrap(err, "\"%.200s\"", text);
    }
    if (rc != 0) {
        ignore_free(ig);
        return rc;
    }
    *out = ig;
    return 0;
}

void ignore_free(struct ignore *ig)
{
    if (ig == NULL)
        return;
    for (size_t i = 0; i < ig->len; i++)
        pattern_free(&ig->rules[i].pattern);
    free(ig->rules);
    strv_free(&ig->reincluded);
    arena_free(&ig->text);
    free(ig);
}

size_t ignore_len(const struct ignore *ig)
{
    return ig->len;
}

size_t ignore_state_words(const struct ignore *ig)
{
    return ig->len / WORD + 1;
}

bool ignore_step(const struct ignore *ig, const char *path, size_t len,
                 const uint64_t *parent, uint64_t *own,
                 const struct ignore_rule **decider)
{
    bool excluded = false;
    const struct ignore_rule *last = NULL;
    struct pattern_pairs pairs;
    pattern_pairs_of(path, len, &pairs);
    memset(own, 0, ignore_state_words(ig) * sizeof *own);
    for (size_t i = 0; i < ig->len; i++) {
        const struct rule *rule = &ig->rules[i];
        bool applies = (parent[i / WORD] >> (i % WORD) & 1) != 0;
        if (!applies && (rule->line.negated != excluded ||
                         !pattern_may_match(&rule->pattern, &pairs) ||
                         !pattern_matches(&rule->pattern, path, len)))
            continue;
        own[i / WORD] |= UINT64_C(1) << (i % WORD);
        if (excluded == rule->line.negated) {
            excluded = !rule->line.negated;
            last = &rule->line;
        }
    }
    if (decider != NULL)
        *decider = last;
    return excluded;
}

bool ignore_excluded(const struct ignore *ig, const char *path,
                     const struct ignore_rule **decider)
{
    uint64_t small[2][SMALL_WORDS];
    size_t words = ignore_state_words(ig);
    AUTO_FREE uint64_t *large = NULL;
    uint64_t *parent = small[0], *own = small[1];
    bool excluded = false;
    if (decider != NULL)
        *decider = NULL;
    if (words > SMALL_WORDS) {
        large = xcalloc(words * 2, sizeof *large);
        parent = large;
        own = large + words;
    }
    memset(own, 0, words * sizeof *own);
    for (size_t len = 0; path[len] != '\0';) {
        len += path[len] == '/' ? 1 : 0;
        len += strcspn(path + len, "/");
        uint64_t *swap = parent;
        parent = own;
        own = swap;
        excluded = ignore_step(ig, path, len, parent, own, decider);
        if (excluded && path[len] != '\0' && !ignore_may_reinclude_n(ig, path, len))
            return true; /* a walk would not enter it */
    }
    return excluded;
}

bool ignore_excludes_root(const struct ignore *ig)
{
    size_t words = ignore_state_words(ig);
    AUTO_FREE uint64_t *state = xcalloc(words * 2, sizeof *state);
    return ignore_step(ig, "", 0, state, state + words, NULL);
}

bool ignore_may_reinclude_n(const struct ignore *ig, const char *dir, size_t len)
{
    if (!ig->negations || !ig->literal_only)
        return ig->negations;
    for (size_t i = 0; i < ig->reincluded.len; i++) {
        const char *base = ig->reincluded.items[i];
        if (strncmp(base, dir, len) == 0 && base[len] == '/')
            return true;
    }
    return false;
}

bool ignore_may_reinclude(const struct ignore *ig, const char *dir)
{
    size_t len = strlen(dir);
    return len == 0 ? ig->negations : ignore_may_reinclude_n(ig, dir, len);
}

bool ignore_pattern_matches(const char *pattern, const char *path)
{
    struct ignore *ig;
    struct strv patterns = STRV_INIT;
    strv_add(&patterns, pattern);
    bool matched = false;
    if (ignore_from_patterns(&patterns, &ig, NULL) == 0) {
        matched = ignore_excluded(ig, path, NULL);
        ignore_free(ig);
    }
    strv_free(&patterns);
    return matched;
}
