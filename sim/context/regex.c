/* SPDX-License-Identifier: MIT */
/*
 * A set-of-states matcher for the expressions of regex.h. An expression is a row of
 * branches, each a list of items that are passed in order, so that a state is a
 * position in the row and moving on without input only ever goes forward: one ascending
 * pass closes a state set.
 *
 * Unicode classes (\pL) are left out: the expression is refused.
 */
#include "sim/context/regex.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/context/regex_class.h"

enum item_kind {
    ITEM_RUNE,  /* this rune */
    ITEM_ANY,   /* any rune but a newline */
    ITEM_CLASS, /* a rune of the set */
    ITEM_SKIP,  /* the next `skip` items are optional */
    ITEM_BEGIN, /* here the text begins */
    ITEM_END,   /* here the text ends */
    ITEM_EDGE,  /* between a word character and another */
    ITEM_INNER, /* not there */
    ITEM_MATCH, /* a branch is done */
};

struct item {
    enum item_kind kind;
    bool star; /* any number of times; ITEM_RUNE, ITEM_ANY, ITEM_CLASS */
    uint32_t rune;
    size_t skip;
    struct rune_class *class;
};

struct regex {
    struct item *items;
    size_t len, cap;
    struct rune_class **classes; /* owned; items share them */
    size_t class_len, class_cap;
    size_t *branches; /* first items */
    size_t branch_len, branch_cap;
    bool anchored;         /* a match can only start at the front */
    char *prefix, *suffix; /* literal ends that a match must have */
    size_t prefix_len, suffix_len;
    /* prefix, any number of runes but "/", suffix: no simulation is needed. */
    bool simple;
    bool any_folder; /* ... below any folder */
};

uint32_t rune_decode(const char *s, size_t n, size_t *used)
{
    const unsigned char *p = (const unsigned char *)s;
    *used = 1;
    if (p[0] < 0x80)
        return p[0];
    size_t need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < need)
        return REGEX_BAD_RUNE;
    uint32_t r = p[0] & (0x7FU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return REGEX_BAD_RUNE;
        r = r << 6 | (p[i] & 0x3FU);
    }
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (r < least[need] || r > 0x10FFFF || (r >= 0xD800 && r <= 0xDFFF))
        return REGEX_BAD_RUNE;
    *used = need;
    return r;
}

size_t rune_encode(uint32_t rune, char *out)
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    size_t n = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (rune & 0x3F));
        rune >>= 6;
    }
    out[0] = (char)((0xF00U >> n & 0xF0) | rune);
    return n;
}

static struct item *add_item(struct regex *re, enum item_kind kind)
{
    GROW(re->items, re->cap, re->len + 1);
    struct item *item = &re->items[re->len++];
    memset(item, 0, sizeof *item);
    item->kind = kind;
    return item;
}

static void add_class(struct regex *re, struct rune_class *class)
{
    add_item(re, ITEM_CLASS)->class = class;
    GROW(re->classes, re->class_cap, re->class_len + 1);
    re->classes[re->class_len++] = class;
}

/* \Q: everything up to \E, or all the rest, stands for itself. */
static void parse_quoted(struct regex *re, struct regex_input *in)
{
    const char *end = memmem(in->p, (size_t)(in->end - in->p), "\\E", 2);
    const char *stop = end != NULL ? end : in->end;
    while (in->p < stop)
        add_item(re, ITEM_RUNE)->rune = regex_next_rune(in);
    if (end != NULL)
        in->p = end + 2;
}

/* What follows a backslash outside a class. */
static int parse_backslash(struct regex *re, struct regex_input *in, struct err *err)
{
    switch (in->p < in->end ? *in->p : '\0') {
    case 'A':
        in->p++;
        add_item(re, ITEM_BEGIN);
        return 0;
    case 'z':
        in->p++;
        add_item(re, ITEM_END);
        return 0;
    case 'b':
        in->p++;
        add_item(re, ITEM_EDGE);
        return 0;
    case 'B':
        in->p++;
        add_item(re, ITEM_INNER);
        return 0;
    case 'Q':
        in->p++;
        parse_quoted(re, in);
        return 0;
    default:
        break;
    }
    struct rune_class *class = rune_class_new();
    if (rune_class_add_perl(class, in)) {
        add_class(re, class);
        return 0;
    }
    rune_class_free(class);
    uint32_t rune;
    int rc = regex_escape(in, &rune, err);
    if (rc == 0)
        add_item(re, ITEM_RUNE)->rune = rune;
    return rc;
}

static int parse_item(struct regex *re, struct regex_input *in, struct err *err)
{
    switch (*in->p) {
    case '\\':
        in->p++;
        return parse_backslash(re, in, err);
    case '[': {
        in->p++;
        struct rune_class *class;
        int rc = rune_class_parse(in, &class, err);
        if (rc == 0)
            add_class(re, class);
        return rc;
    }
    case '.':
        in->p++;
        add_item(re, ITEM_ANY);
        return 0;
    case '^':
        in->p++;
        add_item(re, ITEM_BEGIN);
        return 0;
    case '$':
        in->p++;
        add_item(re, ITEM_END);
        return 0;
    default:
        add_item(re, ITEM_RUNE)->rune = regex_next_rune(in);
        return 0;
    }
}

/* A number below ten million without leading zeros; -1 for a larger one. */
static bool parse_count(struct regex_input *in, long *out)
{
    const char *start = in->p;
    *out = 0;
    for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++)
        if (*out >= 0)
            *out = *out > 1000000 ? -1 : *out * 10 + (*in->p - '0');
    return in->p > start && (in->p == start + 1 || *start != '0');
}

enum { REPEAT_MOST = 1000, ITEMS_MOST = 100000, NO_END = -2 };

/* {n}, {n,} or {n,m}: takes it and returns true; anything else stays. */
static bool parse_repeat(struct regex_input *in, long *least, long *most)
{
    struct regex_input ahead = {in->p + 1, in->end};
    if (!parse_count(&ahead, least))
        return false;
    *most = *least;
    if (ahead.p < ahead.end && *ahead.p == ',') {
        ahead.p++;
        if (ahead.p < ahead.end && *ahead.p == '}')
            *most = NO_END;
        else if (!parse_count(&ahead, most))
            return false;
    }
    if (ahead.p == ahead.end || *ahead.p != '}')
        return false;
    in->p = ahead.p + 1;
    return true;
}

/* Makes the last item occur that often. */
static int repeat(struct regex *re, long least, long most, struct err *err)
{
    if (least < 0 || least > REPEAT_MOST || most > REPEAT_MOST || most == -1 ||
        (most >= 0 && most < least))
        return err_set(err, ERR_INPUT, "bad pattern: a count in { } that cannot be");
    struct item last = re->items[--re->len];
    if (last.star) {
        re->len++; /* any number, that many times */
        return 0;
    }
    bool width =
        last.kind == ITEM_RUNE || last.kind == ITEM_ANY || last.kind == ITEM_CLASS;
    long copies = most == NO_END ? least + 1 : most;
    if (re->len + (size_t)copies * 2 > ITEMS_MOST)
        return err_set(err, ERR_INPUT, "bad pattern: the counts in { } are too large");
    for (long i = 0; i < copies; i++) {
        bool star = most == NO_END && i == least && width;
        if (i >= least && !star)
            add_item(re, ITEM_SKIP)->skip = 1;
        struct item *copy = add_item(re, last.kind);
        *copy = last;
        copy->star = star;
    }
    return 0;
}

static void add_branch(struct regex *re)
{
    GROW(re->branches, re->branch_cap, re->branch_len + 1);
    re->branches[re->branch_len++] = re->len;
}

/* At "{": a repetition of the last item, or the character. */
static int parse_brace(struct regex *re, struct regex_input *in, bool *repeated,
                       struct err *err)
{
    long least, most;
    if (!parse_repeat(in, &least, &most)) {
        *repeated = false;
        return parse_item(re, in, err);
    }
    if (*repeated || re->len == re->branches[re->branch_len - 1])
        return err_set(err, ERR_INPUT, "bad pattern: a { } that repeats nothing");
    *repeated = true;
    return repeat(re, least, most, err);
}

/* Groups occur as "(.*" "/)?" only, and stars behind one item that is not repeated. */
static int parse(struct regex *re, struct regex_input *in, struct err *err)
{
    size_t group = 0;
    bool repeated = false; /* what came last was a repetition */
    int rc = 0;
    add_branch(re);
    while (rc == 0 && in->p < in->end) {
        char c = *in->p;
        if (c == '{') {
            rc = parse_brace(re, in, &repeated, err);
            continue;
        }
        repeated = c == '*' || c == ')';
        if (c == '(') {
            in->p++;
            group = re->len;
            add_item(re, ITEM_SKIP);
        } else if (c == ')') {
            in->p += 2;
            re->items[group].skip = re->len - group - 1;
        } else if (c == '*') {
            in->p++;
            re->items[re->len - 1].star = true;
        } else if (c == '|') {
            in->p++;
            add_item(re, ITEM_MATCH);
            add_branch(re);
        } else {
            rc = parse_item(re, in, err);
        }
    }
    add_item(re, ITEM_MATCH);
    return rc;
}

static bool is_literal(const struct item *item)
{
    return item->kind == ITEM_RUNE && !item->star && item->rune != REGEX_BAD_RUNE;
}

/* Whether a match may lack the item at i. */
static bool is_optional(const struct regex *re, size_t i)
{
    return (i >= 1 && re->items[i - 1].kind == ITEM_SKIP) ||
           (i >= 2 && re->items[i - 2].kind == ITEM_SKIP && re->items[i - 2].skip == 2);
}

static char *encode_items(const struct item *items, size_t n, size_t *len)
{
    char *out = xmalloc(n * 4 + 1);
    *len = 0;
    for (size_t i = 0; i < n; i++)
        *len += rune_encode(items[i].rune, out + *len);
    return out;
}

/* Notes the literal ends, and whether one `[^/]*` is all there is between them. */
static void find_ends(struct regex *re)
{
    size_t first = 1, end = re->len - 1;
    if (end - first >= 3 && re->items[first].kind == ITEM_SKIP &&
        re->items[first].skip == 2) {
        re->any_folder = true;
        first += 3;
    }
    size_t front = first, back = end;
    while (front < end && is_literal(&re->items[front]))
        front++;
    bool to_end =
        end > first && re->items[end - 1].kind == ITEM_END && !is_optional(re, end - 1);
    if (to_end)
        for (back--; back > front && is_literal(&re->items[back - 1]) &&
                     !is_optional(re, back - 1);)
            back--;
    re->prefix = encode_items(re->items + first, front - first, &re->prefix_len);
    if (to_end)
        re->suffix = encode_items(re->items + back, end - 1 - back, &re->suffix_len);
    re->simple = to_end && back == front + 1 && re->items[front].star &&
                 re->items[front].kind == ITEM_CLASS &&
                 rune_class_is_not_slash(re->items[front].class);
    if (re->any_folder &&
        ((re->prefix_len > 0 && memchr(re->prefix, '/', re->prefix_len) != NULL) ||
         (re->suffix_len > 0 && memchr(re->suffix, '/', re->suffix_len) != NULL)))
        re->simple = false;
}

int regex_compile(const char *expr, size_t len, struct regex **out, struct err *err)
{
    struct regex *re = xcalloc(1, sizeof *re);
    struct regex_input in = {expr, expr + len};
    int rc = parse(re, &in, err);
    if (rc != 0) {
        regex_free(re);
        return rc;
    }
    re->anchored = true;
    for (size_t i = 0; i < re->branch_len; i++)
        if (re->items[re->branches[i]].kind != ITEM_BEGIN)
            re->anchored = false;
    if (re->branch_len == 1 && re->anchored)
        find_ends(re);
    *out = re;
    return 0;
}

void regex_free(struct regex *re)
{
    if (re == NULL)
        return;
    for (size_t i = 0; i < re->class_len; i++)
        rune_class_free(re->classes[i]);
    free(re->classes);
    free(re->branches);
    free(re->items);
    free(re->prefix);
    free(re->suffix);
    free(re);
}

static bool is_word(const char *text, size_t len, size_t at)
{
    if (at >= len)
        return false;
    unsigned char c = (unsigned char)text[at];
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

/* Whether an item without width holds between text[at - 1] and text[at]. */
static bool holds(const struct item *item, const char *text, size_t len, size_t at)
{
    bool edge = (at > 0 && is_word(text, len, at - 1)) != is_word(text, len, at);
    switch (item->kind) {
    case ITEM_BEGIN:
        return at == 0;
    case ITEM_END:
        return at == len;
    case ITEM_EDGE:
        return edge;
    case ITEM_INNER:
        return !edge;
    default:
        return item->star;
    }
}

static bool takes(const struct item *item, uint32_t rune)
{
    switch (item->kind) {
    case ITEM_RUNE:
        return rune == item->rune;
    case ITEM_ANY:
        return rune != '\n';
    case ITEM_CLASS:
        return rune_class_has(item->class, rune);
    default:
        return false;
    }
}

enum { WORD = 64, SMALL_WORDS = 8 };

static void set_bit(uint64_t *set, size_t i)
{
    set[i / WORD] |= UINT64_C(1) << (i % WORD);
}

/* Adds the states that are reached without input; true if a branch is done. */
static bool close_set(const struct regex *re, uint64_t *set, const char *text,
                      size_t len, size_t at)
{
    for (size_t w = 0; w < re->len / WORD + 1; w++) {
        uint64_t seen = 0;
        for (uint64_t left; (left = set[w] & ~seen) != 0;) {
            size_t bit = (size_t)__builtin_ctzll(left);
            seen |= UINT64_C(1) << bit;
            size_t i = w * WORD + bit;
            const struct item *item = &re->items[i];
            if (item->kind == ITEM_MATCH)
                return true;
            if (item->kind == ITEM_SKIP)
                set_bit(set, i + 1 + item->skip);
            if (item->kind == ITEM_SKIP || holds(item, text, len, at))
                set_bit(set, i + 1);
        }
    }
    return false;
}

/* next = the states that one rune leads to; false if there is none. */
static bool step(const struct regex *re, const uint64_t *set, uint64_t *next,
                 uint32_t rune)
{
    bool any = false;
    size_t words = re->len / WORD + 1;
    memset(next, 0, words * sizeof *next);
    for (size_t w = 0; w < words; w++)
        for (uint64_t left = set[w]; left != 0; left &= left - 1) {
            size_t i = w * WORD + (size_t)__builtin_ctzll(left);
            if (takes(&re->items[i], rune)) {
                set_bit(next, re->items[i].star ? i : i + 1);
                any = true;
            }
        }
    return any;
}

static bool simulate(const struct regex *re, const char *text, size_t len)
{
    uint64_t small[2][SMALL_WORDS] = {{0}};
    size_t words = re->len / WORD + 1;
    AUTO_FREE uint64_t *large = NULL;
    uint64_t *set = small[0], *next = small[1];
    if (words > SMALL_WORDS) {
        large = xcalloc(words * 2, sizeof *large);
        set = large;
        next = large + words;
    }
    bool alive = true;
    for (size_t at = 0; alive || !re->anchored;) {
        for (size_t i = 0; i < re->branch_len && (at == 0 || !re->anchored); i++)
            set_bit(set, re->branches[i]);
        if (close_set(re, set, text, len, at))
            return true;
        if (at == len)
            return false;
        size_t used;
        uint32_t rune = rune_decode(text + at, len - at, &used);
        alive = step(re, set, next, rune);
        at += used;
        uint64_t *swap = set;
        set = next;
        next = swap;
    }
    return false;
}

bool regex_matches(const struct regex *re, const char *text, size_t len)
{
    const char *tail = text;
    size_t tail_len = len;
    if (re->prefix == NULL)
        return simulate(re, text, len);
    if (re->suffix != NULL &&
        (len < re->suffix_len ||
         memcmp(text + len - re->suffix_len, re->suffix, re->suffix_len) != 0))
        return false;
    if (re->any_folder) {
        const char *slash = memrchr(text, '/', len);
        if (!re->simple || (slash != NULL && memchr(text, '\n', len) != NULL))
            return simulate(re, text, len);
        if (slash != NULL) {
            tail = slash + 1;
            tail_len = (size_t)(text + len - tail);
        }
    }
    if (tail_len < re->prefix_len || memcmp(tail, re->prefix, re->prefix_len) != 0)
        return false;
    if (!re->simple)
        return simulate(re, text, len);
    return tail_len >= re->prefix_len + re->suffix_len &&
           memchr(tail + re->prefix_len, '/',
                  tail_len - re->prefix_len - re->suffix_len) == NULL;
}
