/* SPDX-License-Identifier: MIT */
/* Recursive descent over the script's text (POSIX.1-2017, Shell Command Language 2.10).
 */
#include "sim/exec/shell_parse.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "sim/base/buf.h"

struct parser {
    const char *p;
    unsigned line, depth;
    struct arena *arena;
    struct shell_redirect *pending[16]; /* heredocs whose bodies follow the line */
    const char *delimiters[16];
    bool strip_tabs[16];
    size_t pending_count;
    struct err *err;
};

static const char meta[] = " \t\n;&|<>()";

static int syntax(struct parser *ps, const char *what)
{
    err_set(ps->err, ERR_FAILED, "line %u of the script: %s", ps->line, what);
    return err_hint(ps->err, "the model's shell front end is small: annotate the RUN "
                             "with a comment above it, # simbench: time=… writes=…");
}

static int unsupported(struct parser *ps, const char *construct)
{
    err_set(ps->err, ERR_FAILED, "line %u of the script: %s is not modelled", ps->line,
            construct);
    return err_hint(ps->err, "annotate the RUN with a comment above it, # simbench: "
                             "time=… writes=…");
}

/* ---- words ----------------------------------------------------------------------- */

static const char *skip_single(const char *p)
{
    const char *end = strchr(p + 1, '\'');
    return end != NULL ? end + 1 : NULL;
}

/* To the closer, quotes and nested constructs inside skipped whole. */
static const char *skip_until(const char *p, char open, char close, unsigned depth)
{
    unsigned level = 1;
    while (*p != '\0') {
        if (*p == close && --level == 0)
            return p + 1;
        if (*p == open && open != '\0')
            level++;
        const char *end = shell_skip_quoted(p, depth + 1);
        if (end == NULL)
            return NULL;
        p = end == p ? p + 1 : end;
    }
    return NULL;
}

static const char *skip_double(const char *p, unsigned depth)
{
    for (p++; *p != '\0' && *p != '"';) {
        const char *end = *p == '\'' ? p : shell_skip_quoted(p, depth + 1);
        if (end == NULL)
            return NULL;
        p = end == p ? p + 1 : end;
    }
    return *p == '"' ? p + 1 : NULL;
}

static const char *skip_backquote(const char *p)
{
    for (p++; *p != '\0' && *p != '`'; p++)
        if (*p == '\\' && p[1] != '\0')
            p++;
    return *p == '`' ? p + 1 : NULL;
}

const char *shell_skip_quoted(const char *p, unsigned depth)
{
    if (depth > SHELL_PARSE_DEPTH)
        return NULL;
    switch (*p) {
    case '\\':
        return p[1] != '\0' ? p + 2 : p + 1;
    case '\'':
        return skip_single(p);
    case '"':
        return skip_double(p, depth);
    case '`':
        return skip_backquote(p);
    case '$':
        if (p[1] == '(')
            return skip_until(p + 2, '(', ')', depth);
        if (p[1] == '{')
            return skip_until(p + 2, '{', '}', depth);
        return p;
    default:
        return p;
    }
}

static void skip_blanks(struct parser *ps)
{
    for (;;) {
        ps->p += strspn(ps->p, " \t\r");
        if (ps->p[0] == '\\' && ps->p[1] == '\n') {
            ps->p += 2;
            ps->line++;
        } else if (*ps->p == '#') {
            ps->p += strcspn(ps->p, "\n");
        } else {
            return;
        }
    }
}

/* Reads one word as written; *out NULL where none starts here. */
static int read_word(struct parser *ps, const char **out)
{
    skip_blanks(ps);
    const char *start = ps->p, *p = start;
    *out = NULL;
    while (*p != '\0' && strchr(meta, *p) == NULL) {
        const char *end = shell_skip_quoted(p, 0);
        if (end == NULL)
            return syntax(ps, "a quote or $( is not closed (or nested too deep)");
        p = end == p ? p + 1 : end;
    }
    if (p == start)
        return 0;
    for (const char *q = start; q < p; q++)
        ps->line += *q == '\n';
    ps->p = p;
    *out = arena_strndup(ps->arena, start, (size_t)(p - start));
    return 0;
}

static void add_word(struct parser *ps, struct shell_words *words, const char *word)
{
    if (words->len == words->cap) {
        size_t cap = words->cap == 0 ? 4 : words->cap * 2;
        const char **items = arena_alloc(ps->arena, cap * sizeof *items);
        if (words->len != 0)
            memcpy(items, words->items, words->len * sizeof *items);
        words->items = items;
        words->cap = cap;
    }
    words->items[words->len++] = word;
}

/* Whether the keyword stands here as a whole word; it is then skipped. */
static bool peek_keyword(struct parser *ps, const char *keyword)
{
    skip_blanks(ps);
    size_t n = strlen(keyword);
    return strncmp(ps->p, keyword, n) == 0 &&
           (ps->p[n] == '\0' || strchr(" \t\r\n;&|<>()", ps->p[n]) != NULL);
}

static bool take_keyword(struct parser *ps, const char *keyword)
{
    if (!peek_keyword(ps, keyword))
        return false;
    ps->p += strlen(keyword);
    return true;
}

/* ---- heredocs -------------------------------------------------------------------- */

/* The delimiter without its quotes. */
static const char *unquote(struct parser *ps, const char *word, bool *quoted)
{
    char *out = arena_strdup(ps->arena, word), *to = out;
    *quoted = false;
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '\'' || *p == '"' || *p == '\\')
            *quoted = true;
        else
            *to++ = *p;
    }
    *to = '\0';
    return out;
}

static int read_heredoc_body(struct parser *ps, size_t i)
{
    AUTO_BUF body = BUF_INIT;
    const char *delimiter = ps->delimiters[i];
    while (*ps->p != '\0') {
        const char *line = ps->p;
        size_t n = strcspn(line, "\n");
        ps->p += n + (line[n] == '\n' ? 1 : 0);
        ps->line++;
        if (ps->strip_tabs[i]) {
            size_t tabs = strspn(line, "\t");
            line += tabs;
            n -= tabs;
        }
        if (n == strlen(delimiter) && strncmp(line, delimiter, n) == 0) {
            ps->pending[i]->word = arena_strndup(ps->arena, buf_str(&body), body.len);
            return 0;
        }
        buf_add(&body, line, n);
        buf_addc(&body, '\n');
    }
    return syntax(ps, "a here-document has no closing delimiter");
}

/* At a line's end: the bodies of the heredocs it announced. */
static int read_heredocs(struct parser *ps)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ps->pending_count; i++)
        rc = read_heredoc_body(ps, i);
    ps->pending_count = 0;
    return rc;
}

static int newline(struct parser *ps)
{
    ps->p++;
    ps->line++;
    return read_heredocs(ps);
}

/* Skips newlines and blanks. */
static int skip_lines(struct parser *ps)
{
    for (;;) {
        skip_blanks(ps);
        if (*ps->p != '\n')
            return 0;
        int rc = newline(ps);
        if (rc != 0)
            return rc;
    }
}

/* ---- redirections ---------------------------------------------------------------- */

static bool at_redirect(const struct parser *ps)
{
    const char *p = ps->p;
    if (isdigit((unsigned char)*p) && (p[1] == '<' || p[1] == '>'))
        return true;
    return *p == '<' || *p == '>' || (*p == '&' && p[1] == '>');
}

static int add_heredoc(struct parser *ps, struct shell_redirect *r)
{
    bool strip = *ps->p == '-';
    ps->p += strip ? 1 : 0;
    const char *word = NULL;
    int rc = read_word(ps, &word);
    if (rc != 0)
        return rc;
    if (word == NULL || ps->pending_count == 16)
        return syntax(ps, "a here-document needs a delimiter");
    bool quoted = false;
    ps->delimiters[ps->pending_count] = unquote(ps, word, &quoted);
    ps->strip_tabs[ps->pending_count] = strip;
    ps->pending[ps->pending_count++] = r;
    r->kind = REDIRECT_HERE;
    r->expand = !quoted;
    r->word = "";
    return 0;
}

/* The operator after an optional number; leaves r->kind and the text behind it. */
static int read_operator(struct parser *ps, struct shell_redirect *r)
{
    static const struct {
        const char *text;
        enum shell_redirect_kind kind;
        int fd;
        bool append;
    } operators[] = {
        {"&>>", REDIRECT_BOTH, 1, true},  {"&>", REDIRECT_BOTH, 1, false},
        {">>", REDIRECT_APPEND, 1, true}, {">&", REDIRECT_DUP, 1, false},
        {">|", REDIRECT_OUT, 1, false},   {">", REDIRECT_OUT, 1, false},
        {"<<", REDIRECT_HERE, 0, false},  {"<&", REDIRECT_DUP, 0, false},
        {"<", REDIRECT_IN, 0, false},
    };
    if (strncmp(ps->p, "<<<", 3) == 0)
        return unsupported(ps, "a here-string <<<");
    if (strncmp(ps->p, "<(", 2) == 0 || strncmp(ps->p, ">(", 2) == 0)
        return unsupported(ps, "a process substitution");
    if (strncmp(ps->p, "<>", 2) == 0)
        return unsupported(ps, "the redirection <>");
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t n = strlen(operators[i].text);
        if (strncmp(ps->p, operators[i].text, n) == 0) {
            ps->p += n;
            r->kind = operators[i].kind;
            r->append = operators[i].append;
            if (r->fd < 0)
                r->fd = operators[i].fd;
            return 0;
        }
    }
    return syntax(ps, "bad redirection");
}

static int read_redirect(struct parser *ps, struct shell_redirect ***tail)
{
    struct shell_redirect *r = arena_alloc(ps->arena, sizeof *r);
    *r = (struct shell_redirect){.fd = -1};
    if (isdigit((unsigned char)*ps->p))
        r->fd = *ps->p++ - '0';
    int rc = read_operator(ps, r);
    if (rc != 0)
        return rc;
    if (r->fd > 2)
        return unsupported(ps, "a file descriptor above 2");
    if (r->kind == REDIRECT_HERE) {
        rc = add_heredoc(ps, r);
    } else {
        rc = read_word(ps, &r->word);
        if (rc == 0 && r->word == NULL)
            rc = syntax(ps, "a redirection needs a file name");
    }
    if (rc != 0)
        return rc;
    **tail = r;
    *tail = &r->next;
    return 0;
}

/* ---- commands -------------------------------------------------------------------- */

static int parse_list(struct parser *ps, const struct shell_node **out);

static struct shell_node *node(struct parser *ps, enum shell_node_kind kind)
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

static int parse_simple(struct parser *ps, const struct shell_node **out)
{
    struct shell_node *n = node(ps, NODE_COMMAND);
    struct shell_redirect **tail = &n->redirects;
    for (;;) {
        skip_blanks(ps);
        if (at_redirect(ps)) {
            int rc = read_redirect(ps, &tail);
            if (rc != 0)
                return rc;
            continue;
        }
        if (*ps->p == '(')
            return n->words.len == 1 ? unsupported(ps, "a function definition")
                                     : unsupported(ps, "an array or ( here");
        const char *word = NULL;
        int rc = read_word(ps, &word);
        if (rc != 0)
            return rc;
        if (word == NULL)
            break;
        bool assign = n->words.len == 0 && is_assignment(word);
        add_word(ps, assign ? &n->assignments : &n->words, word);
    }
    if (n->words.len == 0 && n->assignments.len == 0 && n->redirects == NULL)
        return syntax(ps, "a command is missing");
    *out = n;
    return 0;
}

static int need_keyword(struct parser *ps, const char *keyword)
{
    int rc = skip_lines(ps);
    if (rc != 0)
        return rc;
    if (take_keyword(ps, keyword))
        return 0;
    char text[64];
    strcpy(text, "expected \"");
    strncat(text, keyword, 20);
    strcat(text, "\"");
    return syntax(ps, text);
}

/* After "if" or "elif". */
static int parse_if(struct parser *ps, const struct shell_node **out)
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
    if (take_keyword(ps, "elif")) {
        if (++ps->depth > SHELL_PARSE_DEPTH)
            return syntax(ps, "commands are nested too deep");
        rc = parse_if(ps, &n->other);
        ps->depth--;
        return rc;
    }
    if (take_keyword(ps, "else"))
        rc = parse_list(ps, &n->other);
    return rc == 0 ? need_keyword(ps, "fi") : rc;
}

static int parse_do(struct parser *ps, const struct shell_node **body)
{
    int rc = need_keyword(ps, "do");
    if (rc == 0)
        rc = parse_list(ps, body);
    return rc == 0 ? need_keyword(ps, "done") : rc;
}

static int parse_while(struct parser *ps, enum shell_node_kind kind,
                       const struct shell_node **out)
{
    struct shell_node *n = node(ps, kind);
    *out = n;
    int rc = parse_list(ps, &n->left);
    return rc == 0 ? parse_do(ps, &n->right) : rc;
}

static int parse_for(struct parser *ps, const struct shell_node **out)
{
    struct shell_node *n = node(ps, NODE_FOR);
    *out = n;
    skip_blanks(ps);
    if (strncmp(ps->p, "((", 2) == 0)
        return unsupported(ps, "for ((…))");
    int rc = read_word(ps, &n->name);
    if (rc != 0)
        return rc;
    if (n->name == NULL || !is_name(n->name))
        return syntax(ps, "for needs a variable name");
    rc = skip_lines(ps);
    if (rc == 0 && take_keyword(ps, "in")) {
        n->has_in = true;
        const char *word = NULL;
        while ((rc = read_word(ps, &word)) == 0 && word != NULL)
            add_word(ps, &n->words, word);
    }
    skip_blanks(ps);
    if (rc == 0 && *ps->p == ';')
        ps->p++;
    return rc == 0 ? parse_do(ps, &n->left) : rc;
}

static int parse_case_item(struct parser *ps, struct shell_case_item *item)
{
    skip_blanks(ps);
    if (*ps->p == '(')
        ps->p++;
    for (;;) {
        const char *word = NULL;
        int rc = read_word(ps, &word);
        if (rc != 0)
            return rc;
        if (word == NULL)
            return syntax(ps, "case needs a pattern");
        add_word(ps, &item->patterns, word);
        skip_blanks(ps);
        if (*ps->p == ')')
            break;
        if (*ps->p++ != '|')
            return syntax(ps, "case needs ) after the pattern");
    }
    ps->p++;
    int rc = skip_lines(ps);
    if (rc == 0 && strncmp(ps->p, ";;", 2) != 0 && !peek_keyword(ps, "esac"))
        rc = parse_list(ps, &item->body);
    if (rc == 0)
        rc = skip_lines(ps);
    if (rc == 0 && strncmp(ps->p, ";;", 2) == 0)
        ps->p += 2;
    return rc;
}

static int parse_case(struct parser *ps, const struct shell_node **out)
{
    struct shell_node *n = node(ps, NODE_CASE);
    *out = n;
    struct shell_case_item **tail = &n->items;
    int rc = read_word(ps, &n->name);
    if (rc == 0 && n->name == NULL)
        rc = syntax(ps, "case needs a word");
    if (rc == 0)
        rc = need_keyword(ps, "in");
    while (rc == 0 && (rc = skip_lines(ps)) == 0 && !take_keyword(ps, "esac")) {
        if (*ps->p == '\0')
            return syntax(ps, "expected \"esac\"");
        struct shell_case_item *item = arena_alloc(ps->arena, sizeof *item);
        *item = (struct shell_case_item){0};
        *tail = item;
        tail = &item->next;
        rc = parse_case_item(ps, item);
    }
    return rc;
}

static int parse_group(struct parser *ps, enum shell_node_kind kind,
                       const struct shell_node **out)
{
    struct shell_node *n = node(ps, kind);
    *out = n;
    int rc = parse_list(ps, &n->left);
    if (rc == 0)
        rc = skip_lines(ps);
    if (rc != 0)
        return rc;
    if (kind == NODE_GROUP)
        return need_keyword(ps, "}");
    if (*ps->p++ != ')')
        return syntax(ps, "expected \")\"");
    return 0;
}

/* The compound command that starts here; *out stays NULL where none does. */
static int parse_compound(struct parser *ps, const struct shell_node **out)
{
    static const char *const refused[] = {"function", "select", "coproc", "[["};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (peek_keyword(ps, refused[i]))
            return unsupported(ps, refused[i]);
    if (strncmp(ps->p, "((", 2) == 0)
        return unsupported(ps, "((…))");
    if (*ps->p == '(') {
        ps->p++;
        return parse_group(ps, NODE_SUBSHELL, out);
    }
    if (take_keyword(ps, "{"))
        return parse_group(ps, NODE_GROUP, out);
    if (take_keyword(ps, "if"))
        return parse_if(ps, out);
    if (take_keyword(ps, "while"))
        return parse_while(ps, NODE_WHILE, out);
    if (take_keyword(ps, "until"))
        return parse_while(ps, NODE_UNTIL, out);
    if (take_keyword(ps, "for"))
        return parse_for(ps, out);
    if (take_keyword(ps, "case"))
        return parse_case(ps, out);
    return 0;
}

static int parse_command(struct parser *ps, const struct shell_node **out)
{
    if (++ps->depth > SHELL_PARSE_DEPTH)
        return syntax(ps, "commands are nested too deep");
    const struct shell_node *n = NULL;
    int rc = parse_compound(ps, &n);
    if (rc == 0 && n == NULL) {
        rc = parse_simple(ps, &n);
    } else if (rc == 0) {
        /* redirections after a compound command: on a group around it */
        struct shell_node *group = node(ps, NODE_GROUP);
        struct shell_redirect **tail = &group->redirects;
        skip_blanks(ps);
        while (rc == 0 && at_redirect(ps)) {
            rc = read_redirect(ps, &tail);
            skip_blanks(ps);
        }
        group->left = n;
        if (group->redirects != NULL)
            n = group;
    }
    ps->depth--;
    *out = n;
    return rc;
}

static int parse_pipeline(struct parser *ps, const struct shell_node **out)
{
    bool negate = false;
    while (take_keyword(ps, "!"))
        negate = !negate;
    const struct shell_node *left = NULL;
    int rc = parse_command(ps, &left);
    for (unsigned links = 0; rc == 0; links++) {
        if (links > SHELL_PARSE_CHAIN)
            return syntax(ps, "too many commands in a pipeline");
        skip_blanks(ps);
        if (ps->p[0] != '|' || ps->p[1] == '|')
            break;
        if (ps->p[1] == '&')
            return unsupported(ps, "|&");
        ps->p++;
        struct shell_node *n = node(ps, NODE_PIPE);
        n->left = left;
        rc = skip_lines(ps);
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

static int parse_and_or(struct parser *ps, const struct shell_node **out)
{
    int rc = parse_pipeline(ps, out);
    for (unsigned links = 0; rc == 0; links++) {
        if (links > SHELL_PARSE_CHAIN)
            return syntax(ps, "too many commands joined by && and ||");
        skip_blanks(ps);
        bool and = strncmp(ps->p, "&&", 2) == 0, or = strncmp(ps->p, "||", 2) == 0;
        if (!and&&! or)
            break;
        ps->p += 2;
        struct shell_node *n = node(ps, and? NODE_AND : NODE_OR);
        n->left = *out;
        rc = skip_lines(ps);
        if (rc == 0)
            rc = parse_pipeline(ps, &n->right);
        *out = n;
    }
    return rc;
}

/* Whether a list ends here: end of text, ), ;; or a closing keyword. */
static bool list_ends(struct parser *ps)
{
    static const char *const closers[] = {"then", "elif", "else", "fi",
                                          "do",   "done", "esac", "}"};
    if (*ps->p == '\0' || *ps->p == ')' || strncmp(ps->p, ";;", 2) == 0)
        return true;
    for (size_t i = 0; i < sizeof closers / sizeof *closers; i++)
        if (peek_keyword(ps, closers[i]))
            return true;
    return false;
}

/* Commands one after the other; `&` means the same as `;` here. */
static int parse_list(struct parser *ps, const struct shell_node **out)
{
    const struct shell_node *list = NULL, **tail = &list;
    for (;;) {
        int rc = skip_lines(ps);
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
        skip_blanks(ps);
        if (strncmp(ps->p, ";;", 2) == 0)
            break;
        if (*ps->p == ';' || *ps->p == '&')
            ps->p++;
        else if (*ps->p != '\n' && *ps->p != '\0' && *ps->p != ')')
            return syntax(ps, "unexpected word after a command");
    }
    if (list == NULL)
        return syntax(ps, "a command is missing");
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
    struct parser ps = {.line = 1, .arena = &out->arena, .err = err};
    ps.p = arena_strndup(&out->arena, text, len);
    int rc = skip_lines(&ps);
    if (rc != 0 || *ps.p == '\0')
        return rc;
    rc = parse_list(&ps, &out->root);
    if (rc == 0)
        rc = read_heredocs(&ps);
    if (rc == 0 && *ps.p != '\0')
        rc = syntax(&ps, "a closing word or ) without its opening");
    return rc;
}

void shell_script_free(struct shell_script *script)
{
    arena_free(&script->arena);
    *script = (struct shell_script){0};
}
