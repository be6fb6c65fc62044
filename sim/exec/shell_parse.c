/* SPDX-License-Identifier: MIT */
/* Recursive descent over the script's text (POSIX.1-2017, Shell Command Language 2.10).
 */
#include "sim/exec/shell_parse.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/exec/shell_lex.h"

/* ---- commands -------------------------------------------------------------------- */

static int parse_list(struct shell_parser *ps, const struct shell_node **out);

static struct shell_node *node(struct shell_parser *ps, enum shell_node_kind kind)
{
    struct shell_node *n = arena_alloc(ps->arena, sizeof *n);
    *n = (struct shell_node){.kind = kind, .line = ps->line};
    return n;
}

static bool is_assignment(const char *word)
{
    if (!isalpha((unsigned char)*word) && *word != '_')
        return false;
    while (isalnum((unsigned char)*word) || *word == '_')
        word++;
    return *word == '=';
}

static bool is_name(const char *word)
{
    if (!isalpha((unsigned char)*word) && *word != '_')
        return false;
    while (isalnum((unsigned char)*word) || *word == '_')
        word++;
    return *word == '\0';
}

static int parse_simple(struct shell_parser *ps, const struct shell_node **out)
{
    struct shell_node *n = node(ps, NODE_COMMAND);
    struct shell_redirect **tail = &n->redirects;
    for (;;) {
        shell_skip_blanks(ps);
        if (shell_at_redirect(ps)) {
            int rc = shell_read_redirect(ps, &tail);
            if (rc != 0)
                return rc;
            continue;
        }
        if (*ps->p == '(')
            return n->words.len == 1 ? shell_not_modelled(ps, "a function definition")
                                     : shell_not_modelled(ps, "an array or ( here");
        const char *word = NULL;
        int rc = shell_read_word(ps, &word);
        if (rc != 0)
            return rc;
        if (word == NULL)
            break;
        bool assign = n->words.len == 0 && is_assignment(word);
        shell_add_word(ps, assign ? &n->assignments : &n->words, word);
    }
    if (n->words.len == 0 && n->assignments.len == 0 && n->redirects == NULL)
        return shell_syntax(ps, "a command is missing");
    *out = n;
    return 0;
}

static int need_keyword(struct shell_parser *ps, const char *keyword)
{
    int rc = shell_skip_lines(ps);
    if (rc != 0)
        return rc;
    if (shell_take_keyword(ps, keyword))
        return 0;
    char text[64];
    snprintf(text, sizeof text, "expected \"%s\"", keyword);
    return shell_syntax(ps, text);
}

/* After "if" or "elif". */
static int parse_if(struct shell_parser *ps, const struct shell_node **out)
{
    struct shell_node *n = node(ps, NODE_IF);
    int rc = parse_list(ps, &n->left);
    if (rc == 0)
        rc = need_keyword(ps, "then");
    if (rc == 0)
        rc = parse_list(ps, &n->right);
    if (rc != 0)
        return rc;
    *out = n;
    if (shell_take_keyword(ps, "elif")) {
        if (++ps->depth > SHELL_PARSE_DEPTH)
            return shell_syntax(ps, "commands are nested too deep");
        rc = parse_if(ps, &n->other);
        ps->depth--;
        return rc;
    }
    if (shell_take_keyword(ps, "else"))
        rc = parse_list(ps, &n->other);
    return rc == 0 ? need_keyword(ps, "fi") : rc;
}

static int parse_do(struct shell_parser *ps, const struct shell_node **body)
{
    int rc = need_keyword(ps, "do");
    if (rc == 0)
        rc = parse_list(ps, body);
    return rc == 0 ? need_keyword(ps, "done") : rc;
}

static int parse_while(struct shell_parser *ps, enum shell_node_kind kind,
                       const struct shell_node **out)
{
    struct shell_node *n = node(ps, kind);
    *out = n;
    int rc = parse_list(ps, &n->left);
    return rc == 0 ? parse_do(ps, &n->right) : rc;
}

static int parse_for(struct shell_parser *ps, const struct shell_node **out)
{
    struct shell_node *n = node(ps, NODE_FOR);
    *out = n;
    shell_skip_blanks(ps);
    if (strncmp(ps->p, "((", 2) == 0)
        return shell_not_modelled(ps, "for ((…))");
    int rc = shell_read_word(ps, &n->name);
    if (rc != 0)
        return rc;
    if (n->name == NULL || !is_name(n->name))
        return shell_syntax(ps, "for needs a variable name");
    rc = shell_skip_lines(ps);
    if (rc == 0 && shell_take_keyword(ps, "in")) {
        n->has_in = true;
        const char *word = NULL;
        while ((rc = shell_read_word(ps, &word)) == 0 && word != NULL)
            shell_add_word(ps, &n->words, word);
    }
    shell_skip_blanks(ps);
    if (rc == 0 && *ps->p == ';')
        ps->p++;
    return rc == 0 ? parse_do(ps, &n->left) : rc;
}

static int parse_case_item(struct shell_parser *ps, struct shell_case_item *item)
{
    shell_skip_blanks(ps);
    if (*ps->p == '(')
        ps->p++;
    for (;;) {
        const char *word = NULL;
        int rc = shell_read_word(ps, &word);
        if (rc != 0)
            return rc;
        if (word == NULL)
            return shell_syntax(ps, "case needs a pattern");
        shell_add_word(ps, &item->patterns, word);
        shell_skip_blanks(ps);
        if (*ps->p == ')')
            break;
        if (*ps->p++ != '|')
            return shell_syntax(ps, "case needs ) after the pattern");
    }
    ps->p++;
    int rc = shell_skip_lines(ps);
    if (rc == 0 && strncmp(ps->p, ";;", 2) != 0 && !shell_peek_keyword(ps, "esac"))
        rc = parse_list(ps, &item->body);
    if (rc == 0)
        rc = shell_skip_lines(ps);
    if (rc == 0 && strncmp(ps->p, ";;", 2) == 0)
        ps->p += 2;
    return rc;
}

static int parse_case(struct shell_parser *ps, const struct shell_node **out)
{
    struct shell_node *n = node(ps, NODE_CASE);
    *out = n;
    struct shell_case_item **tail = &n->items;
    int rc = shell_read_word(ps, &n->name);
    if (rc == 0 && n->name == NULL)
        rc = shell_syntax(ps, "case needs a word");
    if (rc == 0)
        rc = need_keyword(ps, "in");
    while (rc == 0 && (rc = shell_skip_lines(ps)) == 0 &&
           !shell_take_keyword(ps, "esac")) {
        if (*ps->p == '\0')
            return shell_syntax(ps, "expected \"esac\"");
        struct shell_case_item *item = arena_alloc(ps->arena, sizeof *item);
        *item = (struct shell_case_item){0};
        *tail = item;
        tail = &item->next;
        rc = parse_case_item(ps, item);
    }
    return rc;
}

static int parse_group(struct shell_parser *ps, enum shell_node_kind kind,
                       const struct shell_node **out)
{
    struct shell_node *n = node(ps, kind);
    *out = n;
    int rc = parse_list(ps, &n->left);
    if (rc == 0)
        rc = shell_skip_lines(ps);
    if (rc != 0)
        return rc;
    if (kind == NODE_GROUP)
        return need_keyword(ps, "}");
    if (*ps->p++ != ')')
        return shell_syntax(ps, "expected \")\"");
    return 0;
}

/* The compound command that starts here; *out stays NULL where none does. */
static int parse_compound(struct shell_parser *ps, const struct shell_node **out)
{
    static const char *const refused[] = {"function", "select", "coproc", "[["};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (shell_peek_keyword(ps, refused[i]))
            return shell_not_modelled(ps, refused[i]);
    if (strncmp(ps->p, "((", 2) == 0)
        return shell_not_modelled(ps, "((…))");
    if (*ps->p == '(') {
        ps->p++;
        return parse_group(ps, NODE_SUBSHELL, out);
    }
    if (shell_take_keyword(ps, "{"))
        return parse_group(ps, NODE_GROUP, out);
    if (shell_take_keyword(ps, "if"))
        return parse_if(ps, out);
    if (shell_take_keyword(ps, "while"))
        return parse_while(ps, NODE_WHILE, out);
    if (shell_take_keyword(ps, "until"))
        return parse_while(ps, NODE_UNTIL, out);
    if (shell_take_keyword(ps, "for"))
        return parse_for(ps, out);
    if (shell_take_keyword(ps, "case"))
        return parse_case(ps, out);
    return 0;
}

static int parse_command(struct shell_parser *ps, const struct shell_node **out)
{
    if (++ps->depth > SHELL_PARSE_DEPTH)
        return shell_syntax(ps, "commands are nested too deep");
    const struct shell_node *n = NULL;
    int rc = parse_compound(ps, &n);
    if (rc == 0 && n == NULL) {
        rc = parse_simple(ps, &n);
    } else if (rc == 0) {
        /* redirections after a compound command: on a group around it */
        struct shell_node *group = node(ps, NODE_GROUP);
        struct shell_redirect **tail = &group->redirects;
        shell_skip_blanks(ps);
        while (rc == 0 && shell_at_redirect(ps)) {
            rc = shell_read_redirect(ps, &tail);
            shell_skip_blanks(ps);
        }
        group->left = n;
        if (group->redirects != NULL)
            n = group;
    }
    ps->depth--;
    *out = n;
    return rc;
}

static int parse_pipeline(struct shell_parser *ps, const struct shell_node **out)
{
    bool negate = false;
    while (shell_take_keyword(ps, "!"))
        negate = !negate;
    const struct shell_node *left = NULL;
    int rc = parse_command(ps, &left);
    for (unsigned links = 0; rc == 0; links++) {
        if (links > SHELL_PARSE_CHAIN)
            return shell_syntax(ps, "too many commands in a pipeline");
        shell_skip_blanks(ps);
        if (ps->p[0] != '|' || ps->p[1] == '|')
            break;
        if (ps->p[1] == '&')
            return shell_not_modelled(ps, "|&");
        ps->p++;
        struct shell_node *n = node(ps, NODE_PIPE);
        n->left = left;
        rc = shell_skip_lines(ps);
        if (rc == 0)
            rc = parse_command(ps, &n->right);
        left = n;
    }
    if (rc == 0 && negate) {
        struct shell_node *n = node(ps, NODE_NOT);
        n->left = left;
        left = n;
    }
    *out = left;
    return rc;
}

static int parse_and_or(struct shell_parser *ps, const struct shell_node **out)
{
    int rc = parse_pipeline(ps, out);
    for (unsigned links = 0; rc == 0; links++) {
        if (links > SHELL_PARSE_CHAIN)
            return shell_syntax(ps, "too many commands joined by && and ||");
        shell_skip_blanks(ps);
        bool and = strncmp(ps->p, "&&", 2) == 0, or = strncmp(ps->p, "||", 2) == 0;
        if (!and&&! or)
            break;
        ps->p += 2;
        struct shell_node *n = node(ps, and? NODE_AND : NODE_OR);
        n->left = *out;
        rc = shell_skip_lines(ps);
        if (rc == 0)
            rc = parse_pipeline(ps, &n->right);
        *out = n;
    }
    return rc;
}

/* Whether a list ends here: end of text, ), ;; or a closing keyword. */
static bool list_ends(struct shell_parser *ps)
{
    static const char *const closers[] = {"then", "elif", "else", "fi",
                                          "do",   "done", "esac", "}"};
    if (*ps->p == '\0' || *ps->p == ')' || strncmp(ps->p, ";;", 2) == 0)
        return true;
    for (size_t i = 0; i < sizeof closers / sizeof *closers; i++)
        if (shell_peek_keyword(ps, closers[i]))
            return true;
    return false;
}

/* Commands one after the other; `&` means the same as `;` here. */
static int parse_list(struct shell_parser *ps, const struct shell_node **out)
{
    const struct shell_node *list = NULL, **tail = &list;
    for (;;) {
        int rc = shell_skip_lines(ps);
        if (rc != 0)
            return rc;
        if (list_ends(ps))
            break;
        const struct shell_node *item = NULL;
        rc = parse_and_or(ps, &item);
        if (rc != 0)
            return rc;
        struct shell_node *n = node(ps, NODE_LIST);
        n->left = item;
        *tail = n;
        tail = &n->right;
        shell_skip_blanks(ps);
        if (strncmp(ps->p, ";;", 2) == 0)
            break;
        if (*ps->p == ';' || *ps->p == '&')
            ps->p++;
        else if (*ps->p != '\n' && *ps->p != '\0' && *ps->p != ')')
            return shell_syntax(ps, "unexpected word after a command");
    }
    if (list == NULL)
        return shell_syntax(ps, "a command is missing");
    *out = list->right == NULL ? list->left : list;
    return 0;
}

int shell_parse(const char *text, size_t len, struct shell_script *out, struct err *err)
{
    *out = (struct shell_script){0};
    if (len > SHELL_SCRIPT_LIMIT)
        return err_set(err, ERR_FAILED, "the script has %zu bytes; at most %zu are run",
                       len, SHELL_SCRIPT_LIMIT);
    if (memchr(text, '\0', len) != NULL)
        return err_set(err, ERR_FAILED, "the script holds a NUL byte");
    struct shell_parser ps = {.line = 1, .arena = &out->arena, .err = err};
    ps.p = arena_strndup(&out->arena, text, len);
    int rc = shell_skip_lines(&ps);
    if (rc != 0 || *ps.p == '\0')
        return rc;
    rc = parse_list(&ps, &out->root);
    if (rc == 0)
        rc = shell_read_heredocs(&ps);
    if (rc == 0 && *ps.p != '\0')
        rc = shell_syntax(&ps, "a closing word or ) without its opening");
    return rc;
}

void shell_script_free(struct shell_script *script)
{
    arena_free(&script->arena);
    *script = (struct shell_script){0};
}
