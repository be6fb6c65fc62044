/* SPDX-License-Identifier: MIT */
/* Built-ins that change the shell itself, and those that run other commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/commands.h"
#include "sim/exec/files.h"

static int nothing(struct shell *sh, const struct strv *argv)
{
    (void)sh, (void)argv;
    return 0;
}

static int change_dir(struct shell *sh, const struct strv *argv)
{
    const char *to = argv->len > 1 ? argv->items[1] : shell_get(sh, "HOME");
    if (to != NULL && strcmp(to, "-") == 0)
        to = shell_get(sh, "OLDPWD");
    to = to != NULL ? to : "/";
    const struct entry *e = files_stat(sh, to);
    if (e == NULL || e->type != ENTRY_DIR || !files_may(sh, e, 1)) {
        shell_complain(sh, "sh: cd: can't cd to %s\n", to);
        return 2;
    }
    AUTO_FREE char *full = to[0] == '/' ? xstrdup(to) : path_join(sh->cwd, to);
    shell_set(sh, "OLDPWD", sh->cwd);
    free(sh->cwd);
    sh->cwd = path_clean(full);
    shell_set(sh, "PWD", sh->cwd);
    return 0;
}

static int export_names(struct shell *sh, const struct strv *argv)
{
    for (size_t i = 1; i < argv->len; i++) {
        const char *text = argv->items[i], *equals = strchr(text, '=');
        if (strcmp(text, "-p") == 0)
            continue;
        AUTO_FREE char *name =
            equals != NULL ? xstrndup(text, (size_t)(equals - text)) : xstrdup(text);
        if (!shell_is_name(name, strlen(name))) {
            shell_complain(sh, "sh: export: %s: bad variable name\n", name);
            return 2;
        }
        shell_export(sh, name, equals != NULL ? equals + 1 : NULL);
    }
    return 0;
}

static int unset_names(struct shell *sh, const struct strv *argv)
{
    for (size_t i = 1; i < argv->len; i++)
        if (argv->items[i][0] != '-')
            shell_unset(sh, argv->items[i]);
    return 0;
}

/* A small number as the argument of exit, shift, break, continue. */
static bool number_argument(struct shell *sh, const struct strv *argv, unsigned *out)
{
    if (argv->len < 2)
        return true;
    const char *text = argv->items[1];
    if (*text != '\0' && strlen(text) < 6 &&
        strspn(text, "0123456789") == strlen(text)) {
        *out = (unsigned)strtoul(text, NULL, 10);
        return true;
    }
    shell_complain(sh, "sh: %s: Illegal number: %s\n", argv->items[0], text);
    return false;
}

static int leave(struct shell *sh, const struct strv *argv)
{
    unsigned status = (unsigned)sh->status;
    bool ok = number_argument(sh, argv, &status);
    sh->exiting = true;
    return ok ? (int)(status & 255) : 2;
}

static int shift_arguments(struct shell *sh, const struct strv *argv)
{
    unsigned n = 1;
    if (!number_argument(sh, argv, &n))
        return 2;
    if (n + 1 > sh->args.len) {
        shell_complain(sh, "sh: shift: can't shift that many\n");
        return 2;
    }
    struct strv left = STRV_INIT;
    strv_add(&left, sh->args.items[0]);
    for (size_t i = 1 + n; i < sh->args.len; i++)
        strv_add(&left, sh->args.items[i]);
    strv_free(&sh->args);
    sh->args = left;
    return 0;
}

static int break_loop(struct shell *sh, const struct strv *argv)
{
    unsigned n = 1;
    if (!number_argument(sh, argv, &n) || n == 0)
        return 2;
    n = n < sh->loops ? n : sh->loops;
    *(argv->items[0][0] == 'b' ? &sh->breaking : &sh->continuing) = n;
    return 0;
}

static bool set_option(struct shell *sh, char letter, const char *name, bool on)
{
    if (letter == 'e' || strcmp(name, "errexit") == 0)
        sh->errexit = on;
    else if (letter == 'u' || strcmp(name, "nounset") == 0)
        sh->nounset = on;
    else if (letter == 'x' || strcmp(name, "xtrace") == 0)
        sh->xtrace = on;
    else if (letter == 'f' || strcmp(name, "noglob") == 0)
        sh->noglob = on;
    else if (strcmp(name, "pipefail") == 0)
        sh->pipefail = on;
    else /* -v, -h, -a and the like change nothing that a model sees */
        return letter != '\0' && strchr("vhlimbCEBHT", letter) != NULL;
    return true;
}

/* Options of set and sh from *i on: "-eux", "+e", "-o NAME". */
static bool read_options(struct shell *sh, const struct strv *argv, size_t *i,
                         bool *command)
{
    for (; *i < argv->len; (*i)++) {
        const char *word = argv->items[*i];
        if ((word[0] != '-' && word[0] != '+') || word[1] == '\0')
            break;
        if (strcmp(word, "--") == 0 || strncmp(word, "--", 2) == 0) {
            if (word[2] != '\0') /* --login, --norc of bash */
                continue;
            (*i)++;
            break;
        }
        for (const char *p = word + 1; *p != '\0'; p++) {
            bool named = *p == 'o', ok = true;
            if (*p == 'c' && command != NULL)
                *command = true;
            else if (named && *i + 1 < argv->len)
                ok = set_option(sh, '\0', argv->items[++*i], word[0] == '-');
            else
                ok = set_option(sh, *p, "", word[0] == '-');
            if (!ok) {
                shell_complain(sh, "sh: Illegal option %s\n", word);
                return false;
            }
        }
    }
    return true;
}

static int set_flags(struct shell *sh, const struct strv *argv)
{
    size_t i = 1;
    bool dashes = argv->len > 1 && strcmp(argv->items[1], "--") == 0;
    if (!read_options(sh, argv, &i, NULL))
        return 2;
    if (i >= argv->len && !dashes)
        return 0;
    struct strv args = STRV_INIT;
    strv_add(&args, sh->args.items[0]);
    for (; i < argv->len; i++)
        strv_add(&args, argv->items[i]);
    strv_free(&sh->args);
    sh->args = args;
    return 0;
}

/* ---- running text and other commands ----------------------------------------------
 */

static int evaluate(struct shell *sh, const struct strv *argv)
{
    AUTO_BUF text = BUF_INIT;
    for (size_t i = 1; i < argv->len; i++) {
        buf_adds(&text, i > 1 ? " " : "");
        buf_adds(&text, argv->items[i]);
    }
    if (sh->depth + 4 > SHELL_DEPTH_LIMIT)
        return shell_unsupported(sh, "eval nested this deep");
    sh->depth += 4;
    sh->status = 0;
    int rc = shell_run_text(sh, buf_str(&text), text.len);
    sh->depth -= 4;
    return rc != 0 ? rc : sh->status;
}

static int source_file(struct shell *sh, const struct strv *argv)
{
    AUTO_BUF text = BUF_INIT;
    const char *name = argv->len > 1 ? argv->items[1] : "";
    const char *why = files_read(sh, name, &text);
    if (why != NULL) {
        shell_complain(sh, "sh: .: cannot open %s: %s\n", name, why);
        sh->exiting = true;
        return 2;
    }
    if (sh->depth + 4 > SHELL_DEPTH_LIMIT)
        return shell_unsupported(sh, "files sourced this deep");
    sh->depth += 4;
    int rc = shell_run_text(sh, buf_str(&text), text.len);
    sh->depth -= 4;
    return rc != 0 ? rc : sh->status;
}

/* The shell's own letters, for shell_run_script. */
static void flags_of(const struct shell *sh, char out[8])
{
    snprintf(out, 8, "%s%s%s%s%s", sh->errexit ? "e" : "", sh->nounset ? "u" : "",
             sh->xtrace ? "x" : "", sh->noglob ? "f" : "", sh->pipefail ? "P" : "");
}

/* What follows the options of sh: a script for -c, a file, or standard input. */
static int shell_script_of(struct shell *sh, const struct strv *argv, size_t i,
                           bool command, struct buf *text)
{
    if (command) {
        buf_adds(text, i < argv->len ? argv->items[i] : "");
    } else if (i < argv->len) {
        const char *why = files_read(sh, argv->items[i], text);
        if (why != NULL) {
            shell_complain(sh, "sh: 0: cannot open %s: %s\n", argv->items[i], why);
            return 2;
        }
    } else if (sh->in != NULL) {
        buf_add(text, buf_str(&sh->in->data) + sh->in->pos,
                sh->in->data.len - sh->in->pos);
        sh->in->pos = sh->in->data.len;
    }
    return 0;
}

static int run_shell(struct shell *sh, const struct strv *argv)
{
    struct shell options = {.errs = sh->errs, .run = sh->run};
    size_t i = 1;
    bool command = false;
    if (!read_options(&options, argv, &i, &command))
        return 2;
    if (command && i >= argv->len) {
        shell_complain(sh, "sh: -c requires an argument\n");
        return 2;
    }
    AUTO_BUF text = BUF_INIT;
    int rc = shell_script_of(sh, argv, i, command, &text);
    if (rc != 0)
        return rc;
    struct strv args = STRV_INIT;
    for (size_t k = i + (command ? 1 : 0); k < argv->len; k++)
        strv_add(&args, argv->items[k]);
    if (args.len == 0)
        strv_add(&args, "sh");
    char flags[8];
    flags_of(&options, flags);
    rc = shell_run_script(sh, buf_str(&text), text.len, &args, flags);
    strv_free(&args);
    return rc != 0 ? rc : sh->status;
}

/* Runs argv from `first` on. */
static int run_rest(struct shell *sh, const struct strv *argv, size_t first)
{
    if (first >= argv->len)
        return 0;
    if (sh->depth + 1 > SHELL_DEPTH_LIMIT)
        return shell_unsupported(sh, "commands nested this deep");
    struct strv rest = {.items = argv->items + first, .len = argv->len - first};
    sh->depth++;
    int rc = shell_run_argv(sh, &rest);
    sh->depth--;
    return rc != 0 ? rc : sh->status;
}

static int replace(struct shell *sh, const struct strv *argv)
{
    if (argv->len < 2)
        return 0;
    int status = run_rest(sh, argv, 1);
    sh->exiting = true;
    return status;
}

/* nohup, time, busybox: the rest is the command; nice -n N too. */
static int prefix(struct shell *sh, const struct strv *argv)
{
    size_t i = 1;
    while (i < argv->len && argv->items[i][0] == '-')
        i += strcmp(argv->items[i], "-n") == 0 ? 2 : 1;
    return run_rest(sh, argv, i);
}

/* env [-i] [NAME=value…] [command] */
static int with_environment(struct shell *sh, const struct strv *argv)
{
    struct strv kept = STRV_INIT;
    strv_copy(&kept, &sh->env);
    size_t i = 1;
    for (; i < argv->len; i++) {
        const char *word = argv->items[i], *equals = strchr(word, '=');
        if (strcmp(word, "-i") == 0 || strcmp(word, "-") == 0) {
            strv_clear(&sh->env);
        } else if (strcmp(word, "-u") == 0 && i + 1 < argv->len) {
            shell_unset(sh, argv->items[++i]);
        } else if (equals != NULL && equals != word) {
            AUTO_FREE char *name = xstrndup(word, (size_t)(equals - word));
            env_set(&sh->env, name, equals + 1);
        } else {
            break;
        }
    }
    for (size_t k = 0; i == argv->len && k < sh->env.len; k++)
        shell_print(sh, "%s\n", sh->env.items[k]);
    int status = run_rest(sh, argv, i);
    strv_free(&sh->env);
    sh->env = kept;
    return status;
}

/* Where a command would be found: its path in the view, or "" for one that is known
 * without a file; NULL if it is neither. The caller frees. */
static char *locate(struct shell *sh, const char *name)
{
    const char *path = shell_get(sh, "PATH");
    path = path != NULL ? path : "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
    while (strchr(name, '/') == NULL && *path != '\0') {
        size_t n = strcspn(path, ":");
        char *full = xasprintf("%.*s/%s", (int)n, path, name);
        const struct entry *e = files_stat(sh, full);
        if (e != NULL && e->type == ENTRY_FILE && (e->mode & 0111) != 0)
            return full;
        free(full);
        path += n + (path[n] == ':' ? 1 : 0);
    }
    const struct entry *e = strchr(name, '/') != NULL ? files_stat(sh, name) : NULL;
    if (e != NULL)
        return xstrdup(name);
    if (command_special(name) != NULL || command_find(name) != NULL)
        return xstrdup("");
    return NULL;
}

/* which NAME…, command -v NAME, type NAME */
static int find_commands(struct shell *sh, const struct strv *argv, size_t i)
{
    int status = i < argv->len ? 0 : 1;
    for (; i < argv->len; i++) {
        AUTO_FREE char *path = locate(sh, argv->items[i]);
        if (path == NULL) {
            status = 127;
        } else if (*path != '\0') {
            shell_print(sh, "%s\n", path);
        } else {
            bool special = command_special(argv->items[i]) != NULL;
            shell_print(sh, "%s%s\n", special ? "" : "/usr/bin/", argv->items[i]);
        }
    }
    return status;
}

static int which(struct shell *sh, const struct strv *argv)
{
    size_t i = 1;
    while (i < argv->len && argv->items[i][0] == '-')
        i++;
    return find_commands(sh, argv, i) == 0 ? 0 : 1;
}

static int command_command(struct shell *sh, const struct strv *argv)
{
    size_t i = 1;
    if (i < argv->len &&
        (strcmp(argv->items[i], "-v") == 0 || strcmp(argv->items[i], "-V") == 0))
        return find_commands(sh, argv, i + 1);
    while (i < argv->len && argv->items[i][0] == '-')
        i++;
    return run_rest(sh, argv, i);
}

static int type_command(struct shell *sh, const struct strv *argv)
{
    return find_commands(sh, argv, 1);
}

static int read_line(struct shell *sh, const struct strv *argv)
{
    size_t i = 1;
    while (i < argv->len && argv->items[i][0] == '-')
        i++;
    struct shell_input *in = sh->in;
    bool ended = in == NULL || in->pos >= in->data.len;
    const char *line = ended ? "" : in->data.data + in->pos;
    size_t n = strcspn(line, "\n"), used = 0;
    for (; i < argv->len; i++) {
        used += strspn(line + used, " \t");
        used = used < n ? used : n;
        size_t word = strcspn(line + used, " \t\n");
        word = i + 1 == argv->len || word > n - used ? n - used : word;
        AUTO_FREE char *value = xstrndup(line + used, word);
        shell_set(sh, argv->items[i], value);
        used += word;
    }
    if (!ended)
        in->pos += n + (line[n] == '\n' ? 1 : 0);
    return ended ? 1 : 0;
}

static int set_umask(struct shell *sh, const struct strv *argv)
{
    if (argv->len < 2) {
        shell_print(sh, "0022\n");
        return 0;
    }
    if (strtoul(argv->items[1], NULL, 8) == 022)
        return 0;
    return shell_unsupported(sh, "a umask other than 022");
}

/* ---- scripts in the view ----------------------------------------------------------
 */

static bool is_shell(const char *name)
{
    static const char *const shells[] = {"sh", "bash", "dash", "ash"};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(name, shells[i]) == 0)
            return true;
    return false;
}

/* Runs "#!INTERPRETER [ARG]" with the script's path and arguments. */
static int run_hash_bang(struct shell *sh, const char *line, const char *path,
                         const struct strv *argv)
{
    struct strv command = STRV_INIT;
    AUTO_FREE char *text = xstrndup(line, strcspn(line, "\r\n"));
    char *save = NULL;
    for (char *w = strtok_r(text, " \t", &save); w != NULL;
         w = strtok_r(NULL, " \t", &save))
        if (command.len > 0 || strcmp(path_base(w), "env") != 0)
            strv_add(&command, w);
    if (command.len == 0)
        strv_add(&command, "sh");
    strv_add(&command, path);
    for (size_t i = 1; i < argv->len; i++)
        strv_add(&command, argv->items[i]);
    int status = run_rest(sh, &command, 0);
    strv_free(&command);
    return status;
}

int command_run_file(struct shell *sh, const char *path, const struct strv *argv,
                     bool *done)
{
    const struct entry *e = files_stat(sh, path);
    if (e == NULL) {
        /* "./configure" that nobody made does not exist; "/usr/bin/apt-get" may be a
         * command of a base image that does not list its files. */
        *done = strncmp(path, "./", 2) == 0 || strncmp(path, "../", 3) == 0;
        if (*done) {
            shell_complain(sh, "sh: %s: not found\n", path);
            sh->status = 127;
        }
        return 0;
    }
    if (e->type == ENTRY_DIR || (e->mode & 0111) == 0) {
        shell_complain(sh, "sh: %s: Permission denied\n", path);
        sh->status = 126;
        *done = true;
        return 0;
    }
    if (e->type != ENTRY_FILE || e->content.kind == CONTENT_SEED || e->size < 2 ||
        e->size > SHELL_SCRIPT_LIMIT)
        return 0;
    AUTO_BUF text = BUF_INIT;
    int rc = content_load(&e->content, e->size, SHELL_SCRIPT_LIMIT, &text, sh->err);
    if (rc != 0)
        return rc;
    if (strncmp(buf_str(&text), "#!", 2) != 0)
        return 0;
    *done = true;
    rc = run_hash_bang(sh, buf_str(&text) + 2, path, argv);
    if (rc < 0)
        return rc;
    sh->status = rc;
    return 0;
}

int command_run_found(struct shell *sh, const struct strv *argv, bool *done)
{
    AUTO_FREE char *path = locate(sh, argv->items[0]);
    if (path == NULL || *path == '\0')
        return 0;
    return command_run_file(sh, path, argv, done);
}

/* ---- the table --------------------------------------------------------------------
 */

/* The first SPECIAL of them are POSIX special built-ins. */
static const struct command specials[] = {
    {":", nothing},
    {".", source_file},
    {"export", export_names},
    {"readonly", export_names},
    {"unset", unset_names},
    {"exit", leave},
    {"set", set_flags},
    {"shift", shift_arguments},
    {"break", break_loop},
    {"continue", break_loop},
    {"eval", evaluate},
    {"exec", replace},
    {"trap", nothing},
    {"source", source_file},
    {"cd", change_dir},
    {"umask", set_umask},
    {"wait", nothing},
    {"read", read_line},
    {"command", command_command},
    {"type", type_command},
    {"which", which},
    {"env", with_environment},
    {"nohup", prefix},
    {"time", prefix},
    {"nice", prefix},
    {"busybox", prefix},
};
enum { SPECIAL = 13 };

command_fn *command_special(const char *name)
{
    const char *base = path_base(name);
    bool standard = base == name || strncmp(name, "/bin/", 5) == 0 ||
                    strncmp(name, "/usr/bin/", 9) == 0;
    if (!standard)
        return NULL;
    if (is_shell(base))
        return run_shell;
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (strcmp(specials[i].name, base) == 0)
            return specials[i].run;
    return NULL;
}

bool command_is_special(const char *name)
{
    for (size_t i = 0; i < SPECIAL; i++)
        if (strcmp(specials[i].name, name) == 0)
            return true;
    return false;
}
