/* SPDX-License-Identifier: MIT */
/* Runs the syntax tree; what each command does stands in shell_builtin.c, commands*.c
 * and the models. */
#include "sim/exec/shell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/commands.h"
#include "sim/exec/files.h"
#include "sim/exec/glob.h"

int shell_unsupported(struct shell *sh, const char *fmt, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    err_set(sh->err, ERR_FAILED, "%s is not modelled", what);
    return err_hint(sh->err, "annotate the RUN with a comment line right above it: "
                             "# simbench: time=… writes=…");
}

int shell_init(struct shell *sh, const struct exec_run *run,
               const struct model_source *source, struct err *err)
{
    *sh = (struct shell){.run = run, .source = source, .root = run->root, .err = err};
    strv_copy(&sh->env, run->env);
    sh->cwd = xstrdup(run->cwd);
    strv_add(&sh->args, "sh");
    if (!files_owner(run->root, run->user, true, &sh->uid, &sh->gid)) {
        err_set(err, ERR_FAILED,
                "unable to find user %s: no matching entry in passwd "
                "file",
                run->user);
        return err_hint(err, "add the user first (RUN useradd …), or use a number");
    }
    if (env_get(&sh->env, "HOME") == NULL) {
        char id[16];
        snprintf(id, sizeof id, "%u", sh->uid);
        AUTO_FREE char *home = files_lookup(run->root, "/etc/passwd", 2, id, 5);
        env_set(&sh->env, "HOME", home != NULL ? home : sh->uid == 0 ? "/root" : "/");
    }
    return 0;
}

void shell_free(struct shell *sh)
{
    strv_free(&sh->env);
    strv_free(&sh->vars);
    strv_free(&sh->args);
    free(sh->cwd);
}

/* ---- subshells ------------------------------------------------------------------- */

struct saved {
    struct strv env, vars, args;
    char *cwd;
    bool errexit, nounset, xtrace, pipefail, noglob;
    unsigned loops;
};

static void subshell_begin(struct shell *sh, struct saved *saved)
{
    *saved = (struct saved){
        .errexit = sh->errexit,
        .nounset = sh->nounset,
        .xtrace = sh->xtrace,
        .pipefail = sh->pipefail,
        .noglob = sh->noglob,
        .loops = sh->loops,
    };
    strv_copy(&saved->env, &sh->env);
    strv_copy(&saved->vars, &sh->vars);
    strv_copy(&saved->args, &sh->args);
    saved->cwd = xstrdup(sh->cwd);
    sh->loops = 0;
}

static void subshell_end(struct shell *sh, struct saved *saved)
{
    shell_free(sh);
    sh->env = saved->env;
    sh->vars = saved->vars;
    sh->args = saved->args;
    sh->cwd = saved->cwd;
    sh->errexit = saved->errexit;
    sh->nounset = saved->nounset;
    sh->xtrace = saved->xtrace;
    sh->pipefail = saved->pipefail;
    sh->noglob = saved->noglob;
    sh->loops = saved->loops;
    sh->exiting = false;
}

static int run_subshell(struct shell *sh, const struct shell_node *node)
{
    struct saved saved;
    subshell_begin(sh, &saved);
    int rc = shell_run_node(sh, node);
    subshell_end(sh, &saved);
    return rc;
}

static int too_deep(struct shell *sh)
{
    return shell_unsupported(sh, "a script that nests over %d levels",
                             SHELL_DEPTH_LIMIT);
}

int shell_capture(struct shell *sh, const char *text, size_t len, struct buf *out)
{
    if (sh->depth + 2 > SHELL_DEPTH_LIMIT)
        return too_deep(sh);
    sh->depth += 2;
    struct shell_stream stream = {.kind = STREAM_BUF}, *outer = sh->out;
    sh->out = &stream;
    struct saved saved;
    subshell_begin(sh, &saved);
    int rc = shell_run_text(sh, text, len);
    subshell_end(sh, &saved);
    sh->out = outer;
    if (rc == 0)
        buf_add(out, buf_str(&stream.data), stream.data.len);
    shell_stream_free(&stream);
    sh->depth -= 2;
    return rc;
}

/* "-eux", as set and sh -c take them. */
static void set_flags(struct shell *sh, const char *flags)
{
    sh->errexit = strchr(flags, 'e') != NULL;
    sh->nounset = strchr(flags, 'u') != NULL;
    sh->xtrace = strchr(flags, 'x') != NULL;
    sh->noglob = strchr(flags, 'f') != NULL;
    sh->pipefail = strchr(flags, 'P') != NULL; /* -o pipefail */
}

int shell_run_script(struct shell *sh, const char *text, size_t len,
                     const struct strv *args, const char *flags)
{
    if (sh->depth + 4 > SHELL_DEPTH_LIMIT)
        return too_deep(sh);
    sh->depth += 4;
    unsigned unchecked = sh->unchecked;
    struct saved saved;
    subshell_begin(sh, &saved);
    sh->unchecked = 0;
    strv_clear(&sh->vars);
    strv_clear(&sh->args);
    strv_copy(&sh->args, args);
    set_flags(sh, flags);
    int rc = shell_run_text(sh, text, len);
    subshell_end(sh, &saved);
    sh->unchecked = unchecked;
    sh->depth -= 4;
    return rc;
}

int shell_run_text(struct shell *sh, const char *text, size_t len)
{
    struct shell_script script;
    int rc = shell_parse(text, len, &script, sh->err);
    if (rc == 0 && script.root == NULL)
        sh->status = 0;
    else if (rc == 0)
        rc = shell_run_node(sh, script.root);
    shell_script_free(&script);
    return rc;
}

/* ---- simple commands ------------------------------------------------------------- */

static void trace(struct shell *sh, const struct strv *argv)
{
    if (!sh->xtrace)
        return;
    shell_complain(sh, "+");
    for (size_t i = 0; i < argv->len; i++)
        shell_complain(sh, " %s", argv->items[i]);
    shell_complain(sh, "\n");
}

/* NAME=value before a command (or alone). */
static int assign(struct shell *sh, const struct shell_words *assignments,
                  bool exported)
{
    for (size_t i = 0; i < assignments->len && !sh->exiting; i++) {
        const char *text = assignments->items[i], *equals = strchr(text, '=');
        AUTO_FREE char *name = xstrndup(text, (size_t)(equals - text));
        AUTO_FREE char *value = NULL;
        int rc = shell_expand_one(sh, equals + 1, false, &value);
        if (rc != 0)
            return rc;
        if (exported)
            shell_export(sh, name, value);
        else
            shell_set(sh, name, value);
    }
    return 0;
}

static int run_with_assignments(struct shell *sh, const struct shell_node *n,
                                const struct strv *argv)
{
    if (n->assignments.len == 0)
        return shell_run_argv(sh, argv);
    bool keep = command_is_special(argv->items[0]);
    struct strv env = STRV_INIT, vars = STRV_INIT;
    strv_copy(&env, &sh->env);
    strv_copy(&vars, &sh->vars);
    int rc = assign(sh, &n->assignments, true);
    if (rc == 0 && !sh->exiting)
        rc = shell_run_argv(sh, argv);
    if (keep) {
        strv_free(&env);
        strv_free(&vars);
        return rc;
    }
    strv_free(&sh->env);
    strv_free(&sh->vars);
    sh->env = env;
    sh->vars = vars;
    return rc;
}

static int run_simple(struct shell *sh, const struct shell_node *n)
{
    struct strv argv = STRV_INIT;
    int rc = 0;
    sh->commands++;
    if (sh->commands > SHELL_COMMAND_LIMIT)
        return shell_unsupported(sh, "a RUN of over %d commands", SHELL_COMMAND_LIMIT);
    int before = sh->status;
    for (size_t i = 0; rc == 0 && i < n->words.len; i++)
        rc = shell_expand(sh, n->words.items[i], &argv);
    struct shell_redirection scope;
    bool ok = false;
    if (rc == 0 && !sh->exiting) {
        if (argv.len != 0)
            sh->status = before; /* $? inside a built-in is the last command's */
        rc = shell_redirect_begin(sh, n->redirects, &scope, &ok);
        if (rc == 0 && ok && argv.len == 0) {
            sh->status = 0; /* unless a $(…) in a value sets it */
            rc = assign(sh, &n->assignments, false);
        } else if (rc == 0 && ok) {
            trace(sh, &argv);
            rc = run_with_assignments(sh, n, &argv);
        }
        int ended = shell_redirect_end(sh, &scope);
        rc = rc != 0 ? rc : ended;
    }
    strv_free(&argv);
    if (rc == 0 && sh->status != 0 && sh->errexit && sh->unchecked == 0)
        sh->exiting = true;
    return rc;
}

/* ---- compound commands ----------------------------------------------------------- */

static bool stopped(const struct shell *sh)
{
    return sh->exiting || sh->breaking > 0 || sh->continuing > 0;
}

/* A condition: a failure in it is an answer, not an error for set -e. */
static int run_condition(struct shell *sh, const struct shell_node *n)
{
    sh->unchecked++;
    int rc = shell_run_node(sh, n);
    sh->unchecked--;
    return rc;
}

static int run_pipe(struct shell *sh, const struct shell_node *n)
{
    struct shell_stream stream = {.kind = STREAM_BUF}, *outer = sh->out;
    struct shell_input in = {.data = BUF_INIT}, *outer_in = sh->in;
    sh->out = &stream;
    int rc =
        n->left->kind == NODE_PIPE ? run_pipe(sh, n->left) : run_subshell(sh, n->left);
    sh->out = outer;
    int left = sh->status;
    in.data = stream.data;
    if (rc == 0) {
        sh->in = &in;
        rc = run_subshell(sh, n->right);
        sh->in = outer_in;
    }
    buf_free(&in.data);
    if (rc == 0 && sh->pipefail && sh->status == 0)
        sh->status = left;
    return rc;
}

/* After break or continue: whether the loop goes on. */
static bool loop_goes_on(struct shell *sh)
{
    if (sh->breaking > 0) {
        sh->breaking--;
        return false;
    }
    if (sh->continuing > 0) {
        sh->continuing--;
        return sh->continuing == 0;
    }
    return !sh->exiting;
}

static int loop_bound(struct shell *sh)
{
    return shell_unsupported(sh, "a loop of over %d rounds", SHELL_LOOP_LIMIT);
}

static int run_for(struct shell *sh, const struct shell_node *n)
{
    struct strv items = STRV_INIT;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n->words.len; i++)
        rc = shell_expand(sh, n->words.items[i], &items);
    for (size_t i = 1; !n->has_in && i < sh->args.len; i++)
        strv_add(&items, sh->args.items[i]);
    if (items.len > SHELL_LOOP_LIMIT)
        rc = loop_bound(sh);
    sh->status = 0;
    sh->loops++;
    for (size_t i = 0; rc == 0 && !sh->exiting && i < items.len; i++) {
        shell_set(sh, n->name, items.items[i]);
        rc = shell_run_node(sh, n->left);
        if (rc == 0 && !loop_goes_on(sh))
            break;
    }
    sh->loops--;
    strv_free(&items);
    return rc;
}

static int run_while(struct shell *sh, const struct shell_node *n)
{
    int rc = 0, status = 0;
    sh->loops++;
    for (unsigned rounds = 0; rc == 0; rounds++) {
        if (rounds > SHELL_LOOP_LIMIT) {
            rc = loop_bound(sh);
            break;
        }
        rc = run_condition(sh, n->left);
        if (rc != 0 || sh->exiting || (sh->status == 0) != (n->kind == NODE_WHILE))
            break;
        rc = stopped(sh) ? 0 : shell_run_node(sh, n->right);
        status = sh->status;
        if (rc == 0 && !loop_goes_on(sh))
            break;
    }
    sh->loops--;
    if (!sh->exiting)
        sh->status = status;
    return rc;
}

static int case_matches(struct shell *sh, const struct shell_case_item *item,
                        const char *value, bool *out)
{
    *out = false;
    for (size_t i = 0; !*out && i < item->patterns.len; i++) {
        AUTO_FREE char *pattern = NULL;
        int rc = shell_expand_one(sh, item->patterns.items[i], true, &pattern);
        if (rc != 0)
            return rc;
        *out = shell_pattern_matches(pattern, value, strlen(value));
    }
    return 0;
}

static int run_case(struct shell *sh, const struct shell_node *n)
{
    AUTO_FREE char *value = NULL;
    int rc = shell_expand_one(sh, n->name, false, &value);
    bool found = false;
    for (const struct shell_case_item *item = n->items;
         rc == 0 && !found && item != NULL; item = item->next) {
        rc = case_matches(sh, item, value, &found);
        if (rc == 0 && found) {
            sh->status = 0;
            return item->body != NULL ? shell_run_node(sh, item->body) : 0;
        }
    }
    if (rc == 0)
        sh->status = 0;
    return rc;
}

static int run_if(struct shell *sh, const struct shell_node *n)
{
    for (;; n = n->other) {
        int rc = run_condition(sh, n->left);
        if (rc != 0 || stopped(sh))
            return rc;
        if (sh->status == 0)
            return shell_run_node(sh, n->right);
        sh->status = 0;
        if (n->other == NULL)
            return 0;
        if (n->other->kind != NODE_IF)
            return shell_run_node(sh, n->other);
    }
}

static int run_and_or(struct shell *sh, const struct shell_node *n)
{
    int rc = run_condition(sh, n->left);
    if (rc != 0 || stopped(sh) || (sh->status == 0) != (n->kind == NODE_AND))
        return rc;
    return shell_run_node(sh, n->right);
}

static int run_group(struct shell *sh, const struct shell_node *n)
{
    struct shell_redirection scope;
    bool ok = false;
    int rc = shell_redirect_begin(sh, n->redirects, &scope, &ok);
    if (rc == 0 && ok)
        rc = n->kind == NODE_SUBSHELL ? run_subshell(sh, n->left)
                                      : shell_run_node(sh, n->left);
    int ended = shell_redirect_end(sh, &scope);
    return rc != 0 ? rc : ended;
}

/* Everything but lists and simple commands. */
static int run_compound(struct shell *sh, const struct shell_node *n)
{
    int rc = 0;
    switch (n->kind) {
    case NODE_PIPE:
        return run_pipe(sh, n);
    case NODE_AND:
    case NODE_OR:
        return run_and_or(sh, n);
    case NODE_NOT:
        rc = run_condition(sh, n->left);
        sh->status = sh->status == 0;
        return rc;
    case NODE_IF:
        return run_if(sh, n);
    case NODE_FOR:
        return run_for(sh, n);
    case NODE_WHILE:
    case NODE_UNTIL:
        return run_while(sh, n);
    case NODE_CASE:
        return run_case(sh, n);
    default:
        return run_group(sh, n);
    }
}

int shell_run_node(struct shell *sh, const struct shell_node *n)
{
    for (; n->kind == NODE_LIST; n = n->right) {
        int rc = shell_run_node(sh, n->left);
        if (rc != 0 || n->right == NULL || stopped(sh))
            return rc;
    }
    if (n->kind == NODE_COMMAND)
        return run_simple(sh, n);
    int rc = run_compound(sh, n);
    bool checks = n->kind == NODE_PIPE || n->kind == NODE_SUBSHELL;
    if (rc == 0 && checks && sh->status != 0 && sh->errexit && sh->unchecked == 0)
        sh->exiting = true;
    return rc;
}

/* ---- running a command by name ----------------------------------------------------
 */

static int run_model(struct shell *sh, const struct strv *argv)
{
    struct model_command command = {
        .argv = argv,
        .env = &sh->env,
        .cwd = sh->cwd,
        .root = sh->root,
        .uid = sh->uid,
        .gid = sh->gid,
        .now_s = sh->run->now_s,
        .run = sh->run,
        .input = sh->in != NULL ? buf_str(&sh->in->data) + sh->in->pos : "",
        .input_len = sh->in != NULL ? sh->in->data.len - sh->in->pos : 0,
    };
    struct model_outcome outcome = {0};
    int rc = sh->source != NULL
                 ? sh->source->run(sh->source->self, &command, &outcome, sh->err)
                 : ERR_NOT_FOUND;
    if (rc == 0) {
        sh->ms += outcome.virtual_ms;
        sh->status = outcome.exit_status;
        rc = shell_write(sh, outcome.exit_status == 0 ? sh->out : sh->errs,
                         buf_str(&outcome.output), outcome.output.len);
    }
    buf_free(&outcome.output);
    return rc;
}

static int no_model(struct shell *sh, const char *name)
{
    err_set(sh->err, ERR_FAILED, "no model for the command \"%.80s\"", name);
    return err_hint(sh->err,
                    "add  model \"%.40s\" { time = \"3s\", writes = { [\"/path\"] = "
                    "\"1MB\" } }  to the scenario, or put a comment line  # simbench: "
                    "time=3s writes=/path:1MB  right above the RUN",
                    path_base(name));
}

int shell_run_argv(struct shell *sh, const struct strv *argv)
{
    const char *name = argv->items[0];
    if (*name == '\0') {
        shell_complain(sh, "sh: : not found\n");
        sh->status = 127;
        return 0;
    }
    command_fn *special = command_special(name);
    if (special != NULL)
        return command_run(sh, special, argv);
    bool done = false;
    int rc = strchr(name, '/') != NULL ? command_run_file(sh, name, argv, &done) : 0;
    if (rc != 0 || done)
        return rc;
    rc = run_model(sh, argv);
    if (rc != ERR_NOT_FOUND)
        return rc;
    command_fn *builtin = command_find(path_base(name));
    if (builtin != NULL)
        return command_run(sh, builtin, argv);
    rc = command_run_found(sh, argv, &done);
    return rc != 0 || done ? rc : no_model(sh, name);
}
