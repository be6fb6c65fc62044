/* SPDX-License-Identifier: MIT */
/* The table of built-ins, and what they share: options, reading operands, modes. */
#include "sim/exec/commands.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/exec/files.h"

command_fn *command_find(const char *name)
{
    const struct command *const tables[] = {commands_file, commands_attribute,
                                            commands_text, commands_system};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct command *c = tables[t]; c->name != NULL; c++)
            if (strcmp(c->name, name) == 0)
                return c->run;
    return NULL;
}

int command_run(struct shell *sh, command_fn *fn, const struct strv *argv)
{
    int status = fn(sh, argv);
    if (status < 0)
        return status;
    sh->status = status;
    return 0;
}

static int unknown(struct shell *sh, const char *command, const char *option)
{
    return shell_unsupported(sh, "%s with the option %s", command, option);
}

/* The letter's place in `known`, NULL if it is none of them. */
static const char *find_letter(const char *known, char letter)
{
    return letter != ':' ? strchr(known, letter) : NULL;
}

static int add_letter(struct shell *sh, const struct strv *argv, const char *known,
                      const char **p, struct command_options *out, size_t *i)
{
    char letter = **p;
    const char *at = find_letter(known, letter);
    size_t n = strlen(out->letters);
    if (at == NULL || n + 1 >= sizeof out->letters)
        return unknown(sh, argv->items[0], argv->items[*i]);
    out->letters[n] = letter;
    if (at[1] != ':')
        return 0;
    const char *value = *p + 1;
    if (*value == '\0') {
        if (*i + 1 >= argv->len) {
            shell_complain(sh, "%s: option requires an argument -- '%c'\n",
                           argv->items[0], letter);
            return 1;
        }
        value = argv->items[++*i];
    }
    out->value[(unsigned char)letter & 127] = value;
    *p += strlen(*p) - 1;
    return 0;
}

static int add_long(struct shell *sh, const struct strv *argv, const char *known,
                    const struct command_long *longs, struct command_options *out,
                    size_t *i)
{
    const char *word = argv->items[*i] + 2;
    size_t len = strcspn(word, "=");
    for (; longs != NULL && longs->name != NULL; longs++) {
        if (strlen(longs->name) != len || strncmp(longs->name, word, len) != 0)
            continue;
        size_t n = strlen(out->letters);
        if (n + 1 >= sizeof out->letters)
            break;
        out->letters[n] = longs->letter;
        const char *at = find_letter(known, longs->letter);
        if (at != NULL && at[1] == ':') {
            bool joined = word[len] == '=';
            if (!joined && *i + 1 >= argv->len)
                break;
            out->value[(unsigned char)longs->letter & 127] =
                joined ? word + len + 1 : argv->items[++*i];
        }
        return 0;
    }
    return unknown(sh, argv->items[0], argv->items[*i]);
}

int command_options(struct shell *sh, const struct strv *argv, const char *known,
                    const struct command_long *longs, struct command_options *out,
                    size_t *first)
{
    *out = (struct command_options){0};
    size_t i = 1;
    for (; i < argv->len; i++) {
        const char *word = argv->items[i];
        if (word[0] != '-' || word[1] == '\0')
            break;
        if (strcmp(word, "--") == 0) {
            i++;
            break;
        }
        int rc = 0;
        if (word[1] == '-')
            rc = add_long(sh, argv, known, longs, out, &i);
        for (const char *p = word + 1; rc == 0 && word[1] != '-' && *p != '\0'; p++)
            rc = add_letter(sh, argv, known, &p, out, &i);
        if (rc != 0)
            return rc;
    }
    *first = i;
    return 0;
}

bool command_has(const struct command_options *options, char letter)
{
    return strchr(options->letters, letter) != NULL;
}

int command_read_all(struct shell *sh, const struct strv *argv, size_t first,
                     struct buf *out)
{
    int status = 0;
    for (size_t i = first; i < argv->len || i == first; i++) {
        const char *name = i < argv->len ? argv->items[i] : "-";
        if (strcmp(name, "-") == 0 || strcmp(name, "/dev/stdin") == 0) {
            if (sh->in != NULL) {
                buf_add(out, buf_str(&sh->in->data) + sh->in->pos,
                        sh->in->data.len - sh->in->pos);
                sh->in->pos = sh->in->data.len;
            }
            continue;
        }
        const char *why =
            strcmp(name, "/dev/null") == 0 ? NULL : files_read(sh, name, out);
        if (why != NULL) {
            shell_complain(sh, "%s: %s: %s\n", argv->items[0], name, why);
            status = 1;
        }
        if (out->len > SHELL_BYTES_LIMIT)
            return shell_unsupported(sh, "%s on over 64 MiB", argv->items[0]);
    }
    return status;
}

char *command_trimmed(const char *name)
{
    size_t n = strlen(name);
    while (n > 1 && name[n - 1] == '/')
        n--;
    return xstrndup(name, n);
}

int command_missing_operand(struct shell *sh, const struct strv *argv)
{
    shell_complain(sh, "%s: missing operand\n", argv->items[0]);
    return 1;
}

/* ---- modes ------------------------------------------------------------------------
 */

/* The bits that letters like "rwX" stand for, in all three classes. */
static bool permission_bits(const char **p, uint32_t old, bool folder, uint32_t *out)
{
    *out = 0;
    for (; **p != '\0' && **p != ','; (*p)++) {
        switch (**p) {
        case 'r':
            *out |= 0444;
            break;
        case 'w':
            *out |= 0222;
            break;
        case 'X':
            *out |= folder || (old & 0111) != 0 ? 0111 : 0;
            break;
        case 'x':
            *out |= 0111;
            break;
        case 's':
            *out |= 06000;
            break;
        case 't':
            *out |= 01000;
            break;
        default:
            return false;
        }
    }
    return true;
}

/* One clause, "u+x". */
static bool apply_clause(const char **p, uint32_t *mode, bool folder)
{
    uint32_t who = 0;
    for (; **p != '\0' && strchr("ugoa", **p) != NULL; (*p)++)
        who |= **p == 'u' ? 04700u : **p == 'g' ? 02070u : **p == 'o' ? 01007u : 07777u;
    bool given = who != 0;
    who = given ? who : 07777;
    char op = **p;
    if (op == '\0' || strchr("+-=", op) == NULL)
        return false;
    (*p)++;
    uint32_t bits = 0;
    if (!permission_bits(p, *mode, folder, &bits))
        return false;
    bits &= who;
    if (!given) /* without letters the umask takes part */
        bits &= ~022u;
    if (op == '+')
        *mode |= bits;
    else if (op == '-')
        *mode &= ~bits;
    else
        *mode = (*mode & ~(who & 0777)) | bits;
    return true;
}

bool command_parse_mode(const char *text, uint32_t old, bool folder, uint32_t *out)
{
    if (*text >= '0' && *text <= '7') {
        size_t n = strspn(text, "01234567");
        *out = (uint32_t)strtoul(text, NULL, 8) & 07777u;
        return text[n] == '\0' && n <= 5;
    }
    *out = old;
    for (const char *p = text;; p++) {
        if (!apply_clause(&p, out, folder))
            return false;
        if (*p == '\0')
            return true;
    }
}
