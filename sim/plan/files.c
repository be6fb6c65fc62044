/* SPDX-License-Identifier: MIT */
/* RUN, COPY and ADD: what they read, where they write, what the shell gets. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/path.h"
#include "sim/plan/plan_memory.h"

/* ---- RUN ---- */

/* "|2 A=1 B=2 " for history and linear keys; "" without ARGs. */
static void add_arg_prefix(const struct stage_state *s, struct buf *out)
{
    bool buildkit = s->planner->options->semantics == SEMANTICS_BUILDKIT;
    size_t n = 0;
    struct buf pairs = BUF_INIT;
    for (size_t i = 0; i < s->args.len; i++) {
        const struct plan_var *arg = &s->args.items[i];
        const char *value = vars_get(&s->env, arg->name);
        bool shadowed = false; /* by an ENV: the linear builders leave such ARGs out */
        for (size_t k = 0; !buildkit && k < s->env.len; k++)
            shadowed |=
                strcmp(s->env.items[k].name, arg->name) == 0 && !s->env.items[k].is_arg;
        if (shadowed || (!buildkit && arg->value == NULL))
            continue;
        buf_addf(&pairs, "%s=%s ", arg->name, value != NULL ? value : "");
        n++;
    }
    if (n != 0)
        buf_addf(out, "|%zu %s", n, buf_str(&pairs));
    buf_free(&pairs);
}

static void strip_tabs(const char *text, struct buf *out)
{
    while (*text != '\0') {
        text += strspn(text, "\t");
        size_t n = strcspn(text, "\n");
        n += text[n] == '\n';
        buf_add(out, text, n);
        text += n;
    }
}

/* Whether REST is nothing but one heredoc word. */
static bool only_heredoc(const struct instruction *in)
{
    return in->heredoc_count == 1 && in->rest[strcspn(in->rest, " \t")] == '\0';
}

/* The script of a RUN with heredocs: a lone one is the script itself; else the shell
 * gets the text with the documents behind it, and expands them on its own. */
static char *heredoc_script(struct stage_state *s, const struct instruction *in)
{
    struct buf script = BUF_INIT;
    if (only_heredoc(in)) {
        if (in->heredocs[0].chomp)
            strip_tabs(in->heredocs[0].content, &script);
        else
            buf_adds(&script, in->heredocs[0].content);
    } else {
        buf_adds(&script, in->args.items[0]);
        for (size_t i = 0; i < in->heredoc_count; i++)
            buf_addf(&script, "\n%s%s", in->heredocs[i].content, in->heredocs[i].name);
    }
    char *text = plan_strdup(s->planner, buf_str(&script));
    buf_free(&script);
    return text;
}

static void set_argv(struct stage_state *s, const struct instruction *in,
                     struct plan_run *run)
{
    struct planner *p = s->planner;
    if (in->json) {
        run->argv = plan_words_copy(p, &in->args);
        return;
    }
    const char *script = in->heredoc_count != 0 ? heredoc_script(s, in)
                         : in->args.len != 0    ? plan_strdup(p, in->args.items[0])
                                                : "";
    run->script = script;
    if (only_heredoc(in) && strncmp(script, "#!", 2) == 0) {
        /* The shell is told the name of a file that holds the script. */
        run->script_file = plan_strdup(p, in->heredocs[0].name);
        script = plan_printf(p, "/dev/pipes/%s", run->script_file);
    } else {
        run->shell_form = true;
    }
    run->argv.len = s->shell.len + 1;
    run->argv.items =
        arena_alloc(&p->plan->memory->arena, (run->argv.len + 1) * sizeof(char *));
    memcpy(run->argv.items, s->shell.items, s->shell.len * sizeof(char *));
    run->argv.items[s->shell.len] = script;
    run->argv.items[s->shell.len + 1] = NULL;
}

/* A flag whose value expands to nothing counts as not given. */
static int expand_opt(struct stage_state *s, const struct instruction *in,
                      const char *word, const char **out, struct err *err)
{
    *out = NULL;
    int rc = word == NULL ? 0 : plan_expand(s, in, word, out, err);
    if (rc == 0 && *out != NULL && (*out)[0] == '\0')
        *out = NULL;
    return rc;
}

static const char *absolute(struct stage_state *s, const char *path)
{
    AUTO_FREE char *joined = path[0] == '/' ? xstrdup(path) : path_join(s->cwd, path);
    AUTO_FREE char *clean = path_clean(joined);
    return plan_strdup(s->planner, clean);
}

static const char *below_root(struct stage_state *s, const char *path)
{
    AUTO_FREE char *clean = path_below_root(path);
    return plan_strdup(s->planner, clean);
}

/* Where a mount goes; a secret may be in a variable only, then NULL. */
static int mount_target(struct stage_state *s, const struct mount_args *m,
                        struct plan_mount *out, struct err *err)
{
    if (m->target != NULL)
        out->target = absolute(s, m->target);
    else if (m->type == MOUNT_SECRET && m->env == NULL)
        out->target = plan_printf(s->planner, "/run/secrets/%s", path_base(out->id));
    else if (m->type != MOUNT_SECRET && m->type != MOUNT_SSH)
        return err_set(err, ERR_INPUT, "a mount needs a target");
    if (out->target != NULL && strcmp(out->target, "/") == 0)
        return err_set(err, ERR_INPUT,
                       "mount target / is not allowed: it would hide the "
                       "root filesystem");
    return 0;
}

static const char *mount_id(struct stage_state *s, const struct mount_args *m)
{
    if (m->id != NULL)
        return plan_strdup(s->planner, m->id);
    if (m->type == MOUNT_SSH)
        return "default";
    if (m->type == MOUNT_SECRET && m->source != NULL)
        return plan_strdup(s->planner, m->source);
    if (m->target == NULL)
        return m->env != NULL ? plan_strdup(s->planner, m->env) : "";
    return m->type == MOUNT_SECRET ? plan_strdup(s->planner, path_base(m->target))
                                   : absolute(s, m->target);
}

bool plan_mount_reads(const struct plan_mount *m)
{
    return m->type == MOUNT_BIND ||
           (m->type == MOUNT_CACHE && m->from.kind != PLAN_SOURCE_SCRATCH);
}

bool plan_mount_is_owned(const struct plan_mount *m)
{
    return m->type == MOUNT_CACHE && m->source[0] == '\0' &&
           (m->has_uid || m->has_gid || m->has_mode);
}

static int plan_one_mount(struct stage_state *s, const struct instruction *in,
                          const struct mount_args *m, struct plan_mount *out,
                          struct err *err)
{
    bool files = m->type == MOUNT_BIND || m->type == MOUNT_CACHE;
    *out = (struct plan_mount){
        .type = m->type,
        .read_only = m->read_only,
        .required = m->required,
        .sharing = m->sharing,
        .has_mode = m->has_mode,
        .has_uid = m->has_uid,
        .has_gid = m->has_gid,
        .mode = m->mode,
        .uid = m->uid,
        .gid = m->gid,
        .size = m->size,
        .id = mount_id(s, m),
        .env = m->env != NULL ? plan_strdup(s->planner, m->env) : NULL,
        .source = files && m->source != NULL ? below_root(s, m->source) : "",
    };
    int rc = mount_target(s, m, out, err);
    out->from.kind = m->type == MOUNT_BIND ? PLAN_SOURCE_CONTEXT : PLAN_SOURCE_SCRATCH;
    if (rc == 0 && m->from != NULL)
        rc = plan_resolve_source(s->planner, s->index, in, m->from, &out->from, err);
    if (plan_mount_is_owned(out)) /* a new folder beside the files: they do not count */
        out->from = (struct plan_source){.kind = PLAN_SOURCE_SCRATCH};
    return rc;
}

/* A --mount value is read after its variables were replaced. */
static int plan_mounts(struct stage_state *s, const struct instruction *in,
                       struct plan_run *run, struct err *err)
{
    static const char flag[] = "--mount=";
    run->mounts = arena_alloc(&s->planner->plan->memory->arena,
                              (in->flags.len + 1) * sizeof *run->mounts);
    for (size_t i = 0; i < in->flags.len; i++) {
        const char *value;
        if (strncmp(in->flags.items[i], flag, sizeof flag - 1) != 0)
            continue;
        struct mount_args args;
        int rc = plan_expand(s, in, in->flags.items[i] + sizeof flag - 1, &value, err);
        if (rc == 0)
            rc = mount_parse(value, &args, err);
        if (rc != 0)
            return rc;
        rc = plan_one_mount(s, in, &args, &run->mounts[run->mount_count++], err);
        mount_args_free(&args);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int by_target(const void *a, const void *b)
{
    const struct plan_mount *x = a, *y = b;
    return strcmp(x->target != NULL ? x->target : x->id,
                  y->target != NULL ? y->target : y->id);
}

int plan_run_step(struct stage_state *s, const struct instruction *in,
                  struct plan_step *step, struct err *err)
{
    struct planner *p = s->planner;
    struct run_args args = {0};
    int rc = instruction_run(in, &args, err);
    struct plan_run *run = arena_alloc(&p->plan->memory->arena, sizeof *run);
    *run = (struct plan_run){0};
    if (rc == 0) {
        bool fallback =
            strcmp(args.network, "default") == 0 && p->options->default_network != NULL;
        run->network =
            fallback ? p->options->default_network : plan_strdup(p, args.network);
        run->insecure = strcmp(args.security, "insecure") == 0;
        set_argv(s, in, run);
        rc = plan_mounts(s, in, run, err);
    }
    run_args_free(&args);
    if (rc != 0)
        return rc;
    /* The order of --mount flags means nothing to a key (cache-semantics 1, RUN). */
    qsort(run->mounts, run->mount_count, sizeof *run->mounts, by_target);
    step->kind = PLAN_RUN;
    step->run = run;
    struct buf line = BUF_INIT;
    if (p->options->semantics == SEMANTICS_BUILDKIT)
        buf_adds(&line, "RUN ");
    add_arg_prefix(s, &line);
    for (size_t i = 0; i < run->argv.len; i++)
        buf_addf(&line, "%s%s", i != 0 ? " " : "", run->argv.items[i]);
    if (p->options->semantics == SEMANTICS_BUILDKIT)
        buf_adds(&line, " # buildkit");
    step->created_by = plan_strdup(p, buf_str(&line));
    if (p->options->semantics == SEMANTICS_BUILDAH) {
        /* buildah keeps blanks at the end of the line (row 11) and tells the exec form
         * from the shell form (row 40). */
        size_t n = strlen(in->original), end = n;
        while (end > 0 && strchr(" \t", in->original[end - 1]) != NULL)
            end--;
        step->record = plan_printf(p, "%s%s%s", buf_str(&line), in->json ? " json" : "",
                                   in->original + end);
    }
    buf_free(&line);
    return 0;
}

/* ---- COPY and ADD ---- */

static int expand_list(struct stage_state *s, const struct instruction *in,
                       const struct strv *from, struct plan_words *out, struct err *err)
{
    out->items =
        arena_alloc(&s->planner->plan->memory->arena, (from->len + 1) * sizeof(char *));
    out->len = from->len;
    for (size_t i = 0; i < from->len; i++) {
        int rc = plan_expand(s, in, from->items[i], &out->items[i], err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static const char *lookup_env(void *payload, const char *name)
{
    return vars_get(&((const struct stage_state *)payload)->env, name);
}

static int inline_file(struct stage_state *s, const struct instruction *in, size_t at,
                       struct plan_file *out, struct err *err)
{
    struct planner *p = s->planner;
    const struct heredoc *doc = &in->heredocs[at];
    struct buf text = BUF_INIT;
    if (doc->chomp)
        strip_tabs(doc->content, &text);
    else
        buf_adds(&text, doc->content);
    char *data = buf_steal(&text);
    if (heredoc_is_expanded(in, at)) {
        struct word_options options = {.escape = p->df->escape,
                                       .lookup = lookup_env,
                                       .payload = s,
                                       .keep_quotes = true};
        char *expanded;
        int rc = word_expand(data, &options, &expanded, err);
        free(data);
        if (rc != 0)
            return err_wrap(err, "heredoc %s", doc->name);
        data = expanded;
    }
    out->name = plan_strdup(p, doc->name);
    out->len = strlen(data);
    out->data = plan_strndup(p, data, out->len);
    free(data);
    return 0;
}

/* Absolute and clean; the "/" or "/." at its end stays, as it says that a folder is
 * meant, and is part of the key. */
static const char *destination(struct stage_state *s, const char *dest)
{
    size_t n = strlen(dest);
    bool slash = n == 0 || strcmp(dest, ".") == 0 || dest[n - 1] == '/';
    bool dot = n > 1 && strcmp(dest + n - 2, "/.") == 0;
    const char *path = absolute(s, dest);
    if (!slash && !dot)
        return path;
    return plan_printf(s->planner, "%s%s%s", path, strcmp(path, "/") != 0 ? "/" : "",
                       dot ? "." : "");
}

static int compile_excludes(struct stage_state *s, struct plan_copy *copy,
                            struct err *err)
{
    struct plan_memory *m = s->planner->plan->memory;
    struct strv patterns = STRV_INIT;
    for (size_t i = 0; i < copy->exclude_words.len; i++)
        strv_add(&patterns, copy->exclude_words.items[i]);
    GROW(m->ignores, m->ignore_cap, m->ignore_count + 1);
    int rc = ignore_from_patterns(&patterns, &m->ignores[m->ignore_count], err);
    strv_free(&patterns);
    if (rc == 0)
        copy->excludes = m->ignores[m->ignore_count++];
    return rc;
}

static int fill_copy(struct stage_state *s, const struct instruction *in,
                     const struct copy_args *args, struct plan_copy *copy,
                     struct err *err)
{
    struct planner *p = s->planner;
    int rc = expand_list(s, in, &args->sources, &copy->sources, err);
    if (rc == 0)
        rc = plan_expand(s, in, args->dest, &copy->dest_text, err);
    if (rc == 0)
        rc = expand_opt(s, in, args->chown, &copy->chown, err);
    if (rc == 0)
        rc = expand_opt(s, in, args->chmod, &copy->chmod, err);
    if (rc == 0 && copy->chmod != NULL)
        rc = chmod_check(copy->chmod, err);
    if (rc == 0)
        rc = expand_opt(s, in, args->checksum, &copy->checksum, err);
    if (rc == 0)
        rc = expand_list(s, in, &args->excludes, &copy->exclude_words, err);
    if (rc == 0 && copy->exclude_words.len != 0)
        rc = compile_excludes(s, copy, err);
    if (rc == 0 && args->from != NULL)
        rc = plan_resolve_source(p, s->index, in, args->from, &copy->from, err);
    copy->files = arena_alloc(&p->plan->memory->arena,
                              (in->heredoc_count + 1) * sizeof *copy->files);
    for (size_t i = 0; rc == 0 && i < in->heredoc_count; i++)
        rc = inline_file(s, in, i, &copy->files[copy->file_count++], err);
    if (rc == 0)
        copy->dest = destination(s, copy->dest_text);
    return rc;
}

static void copy_lines(struct stage_state *s, struct plan_step *step)
{
    const struct plan_copy *copy = step->copy;
    struct buf line = BUF_INIT;
    buf_adds(&line, step->word);
    if (copy->parents)
        buf_adds(&line, " --parents");
    if (copy->chown != NULL)
        buf_addf(&line, " --chown=%s", copy->chown);
    if (copy->chmod != NULL)
        buf_addf(&line, " --chmod=%s", copy->chmod);
    for (size_t i = 0; i < copy->sources.len; i++)
        buf_addf(&line, " %s", copy->sources.items[i]);
    for (size_t i = 0; i < copy->file_count; i++)
        buf_addf(&line, " <<%s", copy->files[i].name);
    buf_addf(&line, " %s # buildkit", copy->dest_text);
    step->created_by = plan_strdup(s->planner, buf_str(&line));
    buf_free(&line);
    /* Linear keys: what was copied is put in by cache/, as the engines do. The classic
     * builder keeps --chown as it is written, buildah what comes of it (row 65). */
    const char *chown = copy->chown;
    if (s->planner->options->semantics == SEMANTICS_BUILDAH && chown != NULL &&
        (strcmp(chown, "0:0") == 0 || strcmp(chown, "0") == 0))
        chown = NULL;
    step->record = plan_printf(s->planner, "%s %s%s in %s", step->word,
                               chown != NULL ? "--chown=" : "",
                               chown != NULL ? chown : "", copy->dest_text);
}

int plan_copy_step(struct stage_state *s, const struct instruction *in,
                   struct plan_step *step, struct err *err)
{
    struct copy_args args = {0};
    int rc = instruction_copy(in, &args, err);
    struct plan_copy *copy =
        arena_alloc(&s->planner->plan->memory->arena, sizeof *copy);
    *copy = (struct plan_copy){.add = in->kind == INSTRUCTION_ADD};
    if (rc == 0)
        rc = fill_copy(s, in, &args, copy, err);
    copy->parents = args.parents;
    copy->keep_git_dir = args.keep_git_dir;
    copy->unpack = copy->add && (!args.has_unpack || args.unpack);
    copy->unpack_remote = copy->add && args.has_unpack && args.unpack;
    /* A link is ignored together with a mode (cache-semantics 1, COPY). */
    copy->link = args.link && copy->chmod == NULL &&
                 s->planner->options->semantics == SEMANTICS_BUILDKIT;
    copy_args_free(&args);
    if (rc != 0)
        return rc;
    step->kind = PLAN_COPY;
    step->copy = copy;
    copy_lines(s, step);
    return 0;
}
