/* SPDX-License-Identifier: MIT */
/* test and [: POSIX, with the file tests that the view can answer. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/commands.h"
#include "sim/exec/files.h"

struct test {
    struct shell *sh;
    char *const *argv;
    size_t len, i;
    unsigned depth;
    bool bad;
};

static bool either(struct test *t);

static bool is_word(const struct test *t, size_t i, const char *word)
{
    return i < t->len && strcmp(t->argv[i], word) == 0;
}

static bool file_test(struct test *t, char op, const char *name)
{
    struct shell *sh = t->sh;
    AUTO_FREE char *path =
        *name != '\0' ? files_path(sh, name, op != 'L' && op != 'h') : NULL;
    const struct entry *e = path != NULL ? view_lookup(sh->root, path) : NULL;
    if (e == NULL)
        return false;
    switch (op) {
    case 'e':
        return true;
    case 'f':
        return e->type == ENTRY_FILE;
    case 'd':
        return e->type == ENTRY_DIR;
    case 'L':
    case 'h':
        return e->type == ENTRY_SYMLINK;
    case 's':
        return e->size > 0 || e->type == ENTRY_DIR;
    case 'r':
        return files_may(sh, e, 4);
    case 'w':
        return files_may(sh, e, 2);
    case 'u':
        return (e->mode & 04000) != 0;
    case 'g':
        return (e->mode & 02000) != 0;
    case 'p':
        return e->type == ENTRY_FIFO;
    case 'c':
        return e->type == ENTRY_CHAR;
    case 'b':
        return e->type == ENTRY_BLOCK;
    default: /* 'x': root too needs one x bit on a file */
        return files_may(sh, e, 1) && (e->type == ENTRY_DIR || (e->mode & 0111) != 0);
    }
}

static long long integer(struct test *t, const char *text)
{
    char *end = NULL;
    long long n = strtoll(text, &end, 10);
    end += strspn(end, " \t");
    if (end == text || *end != '\0') {
        shell_complain(t->sh, "test: Illegal number: %s\n", text);
        t->bad = true;
    }
    return n;
}

static int64_t mtime(struct test *t, const char *name)
{
    const struct entry *e = files_stat(t->sh, name);
    return e != NULL ? e->mtime_ns : INT64_MIN;
}

/* A OP B; *out the answer. false: the middle word is no operator. */
static bool binary(struct test *t, const char *a, const char *op, const char *b,
                   bool *out)
{
    static const char *const numeric[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
    if (strcmp(op, "=") == 0 || strcmp(op, "==") == 0)
        *out = strcmp(a, b) == 0;
    else if (strcmp(op, "!=") == 0)
        *out = strcmp(a, b) != 0;
    else if (strcmp(op, "<") == 0)
        *out = strcmp(a, b) < 0;
    else if (strcmp(op, ">") == 0)
        *out = strcmp(a, b) > 0;
    else if (strcmp(op, "-nt") == 0)
        *out = mtime(t, a) > mtime(t, b);
    else if (strcmp(op, "-ot") == 0)
        *out = mtime(t, a) < mtime(t, b);
    else {
        for (size_t i = 0; i < 6; i++) {
            if (strcmp(op, numeric[i]) != 0)
                continue;
            long long x = integer(t, a), y = integer(t, b);
            const bool answers[] = {x == y, x != y, x<y, x <= y, x> y, x >= y};
            *out = answers[i];
            return true;
        }
        return false;
    }
    return true;
}

static bool primary(struct test *t)
{
    bool answer = false;
    if (t->i >= t->len || ++t->depth > 100) {
        t->bad = true;
        return false;
    }
    const char *word = t->argv[t->i];
    if (t->i + 2 < t->len &&
        binary(t, word, t->argv[t->i + 1], t->argv[t->i + 2], &answer)) {
        t->i += 3;
    } else if (strcmp(word, "!") == 0 && t->i + 1 < t->len) {
        t->i++;
        answer = !primary(t);
    } else if (strcmp(word, "(") == 0 && t->i + 1 < t->len) {
        t->i++;
        answer = either(t);
        t->bad = t->bad || !is_word(t, t->i, ")");
        t->i++;
    } else if (word[0] == '-' && word[1] != '\0' && word[2] == '\0' &&
               t->i + 1 < t->len && strchr("efdLhsrwxugpcbnzt", word[1]) != NULL) {
        const char *arg = t->argv[t->i + 1];
        t->i += 2;
        answer = word[1] == 'n'   ? *arg != '\0'
                 : word[1] == 'z' ? *arg == '\0'
                 : word[1] == 't' ? false /* no terminal in a build */
                                  : file_test(t, word[1], arg);
    } else {
        t->i++;
        answer = *word != '\0';
    }
    t->depth--;
    return answer;
}

static bool both(struct test *t)
{
    bool answer = primary(t);
    while (!t->bad && is_word(t, t->i, "-a")) {
        t->i++;
        bool right = primary(t);
        answer = answer && right;
    }
    return answer;
}

static bool either(struct test *t)
{
    bool answer = both(t);
    while (!t->bad && is_word(t, t->i, "-o")) {
        t->i++;
        bool right = both(t);
        answer = answer || right;
    }
    return answer;
}

int command_test(struct shell *sh, const struct strv *argv)
{
    struct test t = {.sh = sh, .argv = argv->items, .len = argv->len, .i = 1};
    size_t n = strlen(argv->items[0]);
    if (argv->items[0][n - 1] == '[') {
        if (argv->len < 2 || strcmp(argv->items[argv->len - 1], "]") != 0) {
            shell_complain(sh, "sh: [: missing ]\n");
            return 2;
        }
        t.len--;
    }
    if (t.len == 1)
        return 1;
    if (t.len == 2)
        return argv->items[1][0] != '\0' ? 0 : 1;
    bool answer = either(&t);
    if (t.bad || t.i != t.len) {
        if (!t.bad)
            shell_complain(sh, "sh: test: %s: unexpected operator\n", t.argv[t.i]);
        return 2;
    }
    return answer ? 0 : 1;
}
