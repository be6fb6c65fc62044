/* SPDX-License-Identifier: MIT */
/* The parts of a key for each kind of step and each engine's rules. */
#include "sim/cache/inputs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"

bool inputs_is_work(const struct plan_step *step)
{
    return step->kind == PLAN_RUN || step->kind == PLAN_COPY ||
           step->kind == PLAN_WORKDIR;
}

bool inputs_has_key(const struct plan_step *step, enum semantics semantics)
{
    if (step->kind == PLAN_CONFIG)
        return semantics != SEMANTICS_BUILDKIT;
    return true;
}

static void add(struct inputs *in, enum input_kind kind, const char *name,
                const char *value)
{
    GROW(in->items, in->cap, in->len + 1);
    in->items[in->len++] = (struct input){kind, name, value};
}

static void add_owned(struct inputs *in, enum input_kind kind, const char *name,
                      char *value)
{
    strv_take(&in->owned, value);
    add(in, kind, name, value);
}

/* ---- RUN ---- */

/* The text of a mount as far as it counts (the table in cache-semantics 1). */
static char *mount_text(const struct plan_mount *m)
{
    static const char *const types[] = {[MOUNT_BIND] = "bind",
                                        [MOUNT_CACHE] = "cache",
                                        [MOUNT_TMPFS] = "tmpfs",
                                        [MOUNT_SECRET] = "secret",
                                        [MOUNT_SSH] = "ssh"};
    struct buf out = BUF_INIT;
    buf_addf(&out, "type=%s", types[m->type]);
    if (m->target != NULL)
        buf_addf(&out, ",target=%s", m->target);
    if (m->read_only)
        buf_adds(&out, ",readonly");
    if (m->type == MOUNT_TMPFS && m->size != 0)
        buf_addf(&out, ",size=%llu", (unsigned long long)m->size);
    /* Only whether id and sharing are the defaults counts. */
    if (m->type == MOUNT_CACHE && m->target != NULL &&
        (strcmp(m->id, m->target) != 0 || m->sharing != SHARING_SHARED))
        buf_adds(&out, ",custom");
    if (m->type == MOUNT_SECRET || m->type == MOUNT_SSH)
        buf_addf(&out, ",id=%s%s%s%s", m->id, m->env != NULL ? ",env=" : "",
                 m->env != NULL ? m->env : "", m->required ? ",required" : "");
    if (m->type == MOUNT_CACHE) { /* the folder that is made for it, not the words */
        if (plan_mount_is_owned(m))
            buf_addf(&out, ",mode=%o,owner=%u:%u", m->has_mode ? m->mode : 0755, m->uid,
                     m->gid);
        return buf_steal(&out);
    }
    if (m->has_mode)
        buf_addf(&out, ",mode=%o", m->mode);
    if (m->has_uid)
        buf_addf(&out, ",uid=%u", m->uid);
    if (m->has_gid)
        buf_addf(&out, ",gid=%u", m->gid);
    return buf_steal(&out);
}

static void add_env(const struct plan_step *step, struct inputs *out)
{
    for (size_t i = 0; i < step->env->len; i++) {
        const struct plan_var *v = &step->env->vars[i];
        add(out, v->is_arg ? INPUT_ARG : INPUT_ENV, v->name, v->value);
    }
}

static void run_inputs(const struct plan_step *step,
                       const struct inputs_options *options, struct inputs *out)
{
    const struct plan_run *run = step->run;
    for (size_t i = 0; i < run->argv.len; i++) {
        bool shell = run->shell_form && i + 1 < run->argv.len;
        add(out, shell ? INPUT_SHELL : INPUT_TEXT, "argv", run->argv.items[i]);
    }
    if (run->script_file != NULL)
        add(out, INPUT_TEXT, "script", run->script);
    add_env(step, out);
    add(out, INPUT_WORKDIR, "workdir", step->cwd);
    add(out, INPUT_USER, "user", step->user);
    if (strcmp(run->network, "default") != 0)
        add(out, INPUT_FLAG, "--network", run->network);
    if (run->insecure)
        add(out, INPUT_FLAG, "--security", "insecure");
    for (size_t i = 0; i < run->mount_count; i++)
        add_owned(out, INPUT_FLAG, "--mount", mount_text(&run->mounts[i]));
    for (size_t i = 0; options->hosts != NULL && i < options->hosts->len; i++)
        add(out, INPUT_OPTION, "--add-host", options->hosts->items[i]);
}

/* ---- COPY and ADD ---- */

/* Variables that the words of an instruction name: they explain a text that changed. */
static void add_used(const struct plan_step *step, struct inputs *out)
{
    const char *text = step->in->original;
    for (const char *p = strchr(text, '$'); p != NULL; p = strchr(p + 1, '$')) {
        const char *name = p + 1 + (p[1] == '{');
        size_t n = 0;
        while (isalnum((unsigned char)name[n]) || name[n] == '_')
            n++;
        for (size_t i = 0; n > 0 && i < step->env->len; i++) {
            const struct plan_var *v = &step->env->vars[i];
            if (strncmp(v->name, name, n) == 0 && v->name[n] == '\0')
                add(out, INPUT_USED, v->name, v->value);
        }
    }
}

/* The part of a source word that counts: its last component, without an URL's query. */
static char *source_name(const struct plan_copy *copy, const char *word)
{
    if (copy->add && plan_remote_kind(word) != PLAN_REMOTE_NONE)
        return plan_remote_name(word);
    AUTO_FREE char *clean = path_below_root(word);
    return xstrdup(path_base(clean));
}

static void copy_inputs(const struct plan_step *step, struct inputs *out)
{
    const struct plan_copy *copy = step->copy;
    add(out, INPUT_TEXT, "word", copy->add ? "ADD" : "COPY");
    for (size_t i = 0; i < copy->sources.len; i++)
        add_owned(out, INPUT_TEXT, "source", source_name(copy, copy->sources.items[i]));
    for (size_t i = 0; i < copy->file_count; i++)
        add(out, INPUT_TEXT, "source", copy->files[i].name);
    add(out, INPUT_TEXT, "dest", copy->dest);
    if (copy->chown != NULL)
        add(out, INPUT_FLAG, "--chown", copy->chown);
    if (copy->chmod != NULL)
        add_owned(out, INPUT_FLAG, "--chmod",
                  xasprintf("%lo", strtoul(copy->chmod, NULL, 8)));
    if (copy->link)
        add(out, INPUT_FLAG, "--link", "true");
    if (copy->parents)
        add(out, INPUT_FLAG, "--parents", "true");
    if (copy->add && !copy->unpack)
        add(out, INPUT_FLAG, "--unpack", "false");
    if (copy->keep_git_dir)
        add(out, INPUT_FLAG, "--keep-git-dir", "true");
    if (copy->checksum != NULL)
        add(out, INPUT_FLAG, "--checksum", copy->checksum);
    for (size_t i = 0; i < copy->exclude_words.len; i++)
        add(out, INPUT_FLAG, "--exclude", copy->exclude_words.items[i]);
    add_used(step, out);
}

void inputs_of_step(const struct plan_step *step, const struct inputs_options *options,
                    struct inputs *out)
{
    if (step->kind == PLAN_FROM)
        return;
    if (options->semantics != SEMANTICS_BUILDKIT) {
        add(out, INPUT_TEXT, "record", step->record);
        /* ARGs stand in the record of a RUN whether its text names them or not. */
        for (size_t i = 0; step->kind == PLAN_RUN && i < step->env->len; i++)
            add(out, INPUT_USED, step->env->vars[i].name, step->env->vars[i].value);
        if (step->kind != PLAN_RUN)
            add_used(step, out);
        return;
    }
    if (step->kind == PLAN_RUN) {
        run_inputs(step, options, out);
    } else if (step->kind == PLAN_COPY) {
        copy_inputs(step, out);
    } else if (step->kind == PLAN_WORKDIR) {
        add(out, INPUT_TEXT, "mkdir", step->cwd);
        add(out, INPUT_USER, "user", step->user);
        if (options->source_date_epoch != NULL)
            add(out, INPUT_OPTION, "SOURCE_DATE_EPOCH", options->source_date_epoch);
        add_used(step, out);
    }
}

void inputs_free(struct inputs *in)
{
    free(in->items);
    strv_free(&in->owned);
    *in = (struct inputs){0};
}

/* ---- keys ---- */

/* ENV and ARG with one value are one thing to a RUN (row 31), and so are a shell form
 * and the exec form with the same words (row 40). */
static uint64_t tag_of(enum input_kind kind)
{
    switch (kind) {
    case INPUT_ARG:
        return INPUT_ENV;
    case INPUT_SHELL:
        return INPUT_TEXT;
    default:
        return kind;
    }
}

void inputs_digest(const struct inputs *in, struct digester *d, struct digest *out)
{
    for (size_t i = 0; i < in->len; i++) {
        const struct input *p = &in->items[i];
        if (p->kind == INPUT_USED)
            continue;
        digester_add_u64(d, tag_of(p->kind));
        digester_add_string(d, p->name);
        digester_add_string(d, p->value);
    }
    digester_finish(d, out);
}

void key_of_step(const char *tag, const struct digest *operation,
                 const struct digest *parent, const struct digest *content,
                 struct digester *d, struct digest *out)
{
    static const struct digest none;
    digester_add_string(d, tag);
    digester_add_digest(d, operation);
    digester_add_digest(d, parent != NULL ? parent : &none);
    digester_add_digest(d, content != NULL ? content : &none);
    digester_finish(d, out);
}

void key_of_base(enum semantics semantics, const struct digest *chain,
                 const char *config_json, struct digester *d, struct digest *out)
{
    digester_add_string(d, "base");
    digester_add_digest(d, chain);
    if (semantics != SEMANTICS_BUILDKIT)
        digester_add_string(d, config_json);
    digester_finish(d, out);
}
