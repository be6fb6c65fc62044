/* SPDX-License-Identifier: MIT */
/* Instructions that change the config: their effect, and the history line BuildKit (or
 * the classic builder) writes for them (cache-semantics 7). */
#include <stdlib.h>
#include <string.h>

#include "sim/base/path.h"
#include "sim/plan/plan_memory.h"

/* As Go prints a string with %q; enough for what stands in a command. */
static void add_quoted(struct buf *out, const char *s)
{
    buf_addc(out, '"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '\n')
            buf_adds(out, "\\n");
        else if (c == '\t')
            buf_adds(out, "\\t");
        else if (c == '\r')
            buf_adds(out, "\\r");
        else if (c < 32 || c == 127)
            buf_addf(out, "\\x%02x", c);
        else
            buf_addc(out, (char)c);
    }
    buf_addc(out, '"');
}

static void add_list(struct buf *out, const struct strv *v, bool quoted)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < v->len; i++) {
        if (i != 0)
            buf_addc(out, ' ');
        if (quoted)
            add_quoted(out, v->items[i]);
        else
            buf_adds(out, v->items[i]);
    }
    buf_addc(out, ']');
}

static void set_created_by(struct stage_state *s, struct plan_step *step,
                           struct buf *line)
{
    if (s->planner->options->semantics == SEMANTICS_CLASSIC)
        step->created_by =
            plan_printf(s->planner, "/bin/sh -c #(nop)  %s", buf_str(line));
    else
        step->created_by = plan_strdup(s->planner, buf_str(line));
    buf_free(line);
}

static void command_words(struct stage_state *s, const struct instruction *in,
                          struct strv *out)
{
    strv_clear(out);
    for (size_t i = 0; !in->json && i < s->shell.len; i++)
        strv_add(out, s->shell.items[i]);
    strv_copy(out, &in->args);
    if (!in->json && in->args.len == 0)
        strv_add(out, "");
}

static int do_pairs(struct stage_state *s, const struct instruction *in,
                    struct buf *line, struct err *err)
{
    bool env = in->kind == INSTRUCTION_ENV;
    size_t n = in->args.len / 2;
    struct plan_var *pairs = xcalloc(n + 1, sizeof *pairs);
    int rc = 0;
    /* Every right-hand side sees the values from before the line. */
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = plan_expand(s, in, in->args.items[2 * i], &pairs[i].name, err);
        if (rc == 0)
            rc = plan_expand(s, in, in->args.items[2 * i + 1], &pairs[i].value, err);
    }
    for (size_t i = 0; rc == 0 && i < n; i++) {
        buf_addf(line, " %s=%s", pairs[i].name, pairs[i].value);
        if (!env) {
            env_set(&s->config->labels, pairs[i].name, pairs[i].value);
            continue;
        }
        env_set(&s->config->env, pairs[i].name, pairs[i].value);
        vars_set(&s->env, pairs[i].name, pairs[i].value, false);
        s->frozen_env = NULL;
    }
    free(pairs);
    return rc;
}

static int do_arg(struct stage_state *s, const struct instruction *in, struct buf *line,
                  struct err *err)
{
    int rc = plan_stage_arg(s, in, err);
    if (rc != 0)
        return rc;
    bool linear = s->planner->options->semantics != SEMANTICS_BUILDKIT;
    for (size_t i = 0; i < in->args.len; i++) {
        const char *word = in->args.items[i];
        AUTO_FREE char *name = xstrndup(word, strcspn(word, "="));
        const char *value = vars_get(&s->args, name);
        /* A classic ARG line is the text: another --build-arg does not change it. */
        if (linear || value == NULL)
            buf_addf(line, " %s", word);
        else
            buf_addf(line, " %s=%s", name, value);
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int do_expose(struct stage_state *s, const struct instruction *in,
                     struct buf *line, struct err *err)
{
    struct strv sorted = STRV_INIT, words = STRV_INIT, ports = STRV_INIT;
    int rc = 0;
    /* BuildKit sorts the words as they are written. */
    bool linear = s->planner->options->semantics != SEMANTICS_BUILDKIT;
    strv_copy(&sorted, &in->args);
    if (!linear && sorted.len != 0)
        qsort(sorted.items, sorted.len, sizeof *sorted.items, by_text);
    for (size_t i = 0; rc == 0 && i < sorted.len; i++) {
        const char *text;
        rc = plan_expand(s, in, sorted.items[i], &text, err);
        for (const char *w = text; rc == 0 && *w != '\0';) {
            w += strspn(w, " \t");
            size_t n = strcspn(w, " \t");
            if (n != 0)
                strv_addn(&words, w, n);
            w += n;
        }
    }
    for (size_t i = 0; rc == 0 && i < words.len; i++)
        rc = ports_parse(words.items[i], &ports, err);
    for (size_t i = 0; rc == 0 && i < ports.len; i++)
        image_config_add_sorted(&s->config->exposed, ports.items[i]);
    buf_addc(line, ' ');
    if (!linear) { /* the history lists a port as often as it was named */
        add_list(line, &ports, false);
    } else {
        for (size_t i = 0; i < words.len; i++)
            buf_addf(line, "%s%s", i != 0 ? " " : "", words.items[i]);
    }
    strv_free(&sorted);
    strv_free(&words);
    strv_free(&ports);
    return rc;
}

static int do_volume(struct stage_state *s, const struct instruction *in,
                     struct buf *line, struct err *err)
{
    struct strv volumes = STRV_INIT;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < in->args.len; i++) {
        const char *path;
        rc = plan_expand(s, in, in->args.items[i], &path, err);
        if (rc == 0 && path[0] == '\0')
            rc = err_set(err, ERR_INPUT, "VOLUME specified can not be an empty string");
        if (rc == 0) {
            strv_add(&volumes, path);
            image_config_add_sorted(&s->config->volumes, path);
        }
    }
    buf_addc(line, ' ');
    add_list(line, &volumes, false);
    strv_free(&volumes);
    return rc;
}

static int do_word(struct stage_state *s, const struct instruction *in,
                   struct buf *line, struct err *err)
{
    const char *text = in->args.len != 0 ? in->args.items[0] : "";
    int rc = 0;
    if (in->kind == INSTRUCTION_MAINTAINER) /* its variables stay as they are written */
        text = plan_strdup(s->planner, text);
    else
        rc = plan_expand(s, in, text, &text, err);
    if (rc != 0)
        return rc;
    char **member = &s->config->author;
    if (in->kind == INSTRUCTION_USER) {
        member = &s->config->user;
        s->user = text;
    } else if (in->kind == INSTRUCTION_STOPSIGNAL) {
        rc = signal_check(text, err);
        member = &s->config->stop_signal;
    }
    free(*member);
    *member = xstrdup(text);
    buf_addf(line, " %s", text);
    return rc;
}

/* Go's text of a duration: "1m30s", "500ms", "0s". */
static void add_duration(struct buf *out, int64_t ns)
{
    int64_t s = ns / 1000000000;
    if (ns != 0 && s == 0) {
        buf_addf(out, "%gms", (double)ns / 1e6);
        return;
    }
    if (s >= 3600)
        buf_addf(out, "%lldh", (long long)(s / 3600));
    if (s >= 60)
        buf_addf(out, "%lldm", (long long)(s / 60 % 60));
    buf_addf(out, "%gs", (double)(s % 60) + (double)(ns % 1000000000) / 1e9);
}

static int do_healthcheck(struct stage_state *s, const struct instruction *in,
                          struct buf *line, struct err *err)
{
    struct healthcheck_args args = {0};
    int rc = instruction_healthcheck(in, &args, err);
    if (rc != 0)
        return rc;
    struct image_healthcheck *h = &s->config->healthcheck;
    s->config->has_healthcheck = true;
    strv_clear(&h->test);
    if (args.none) {
        strv_add(&h->test, "NONE");
    } else {
        strv_add(&h->test, in->json ? "CMD" : "CMD-SHELL");
        for (size_t i = 1; i < in->args.len; i++)
            strv_add(&h->test, in->args.items[i]);
    }
    h->interval_ns = args.interval_ns;
    h->timeout_ns = args.timeout_ns;
    h->start_period_ns = args.start_period_ns;
    h->start_interval_ns = args.start_interval_ns;
    h->retries = args.retries;
    /* BuildKit 0.32 prints the struct with its field names. */
    static const char *const names[] = {"Interval", "Timeout", "StartPeriod",
                                        "StartInterval"};
    const int64_t times[] = {h->interval_ns, h->timeout_ns, h->start_period_ns,
                             h->start_interval_ns};
    buf_adds(line, " {Test:");
    add_list(line, &h->test, false);
    for (size_t i = 0; i < 4; i++) {
        buf_addf(line, " %s:", names[i]);
        add_duration(line, times[i]);
    }
    buf_addf(line, " Retries:%ld}", h->retries);
    return 0;
}

static void do_command(struct stage_state *s, const struct instruction *in,
                       struct buf *line)
{
    struct image_config *c = s->config;
    buf_addc(line, ' ');
    if (in->kind == INSTRUCTION_CMD) {
        command_words(s, in, &c->cmd);
        c->has_cmd = true;
        c->args_escaped = true;
        s->cmd_set = true;
        add_list(line, &c->cmd, true);
    } else if (in->kind == INSTRUCTION_ENTRYPOINT) {
        command_words(s, in, &c->entrypoint);
        c->has_entrypoint = true;
        /* An inherited CMD would be arguments of the wrong program. */
        if (!s->cmd_set) {
            strv_clear(&c->cmd);
            c->has_cmd = false;
        }
        add_list(line, &c->entrypoint, true);
    } else {
        strv_clear(&c->shell);
        strv_copy(&c->shell, &in->args);
        c->has_shell = true;
        s->shell = plan_words_copy(s->planner, &in->args);
        add_list(line, &c->shell, false);
    }
}

/* The trigger as text that can be parsed again, its heredocs' bodies with it. */
static void add_trigger(struct stage_state *s, const struct instruction *in)
{
    const struct instruction *trigger = in->onbuild;
    /* Blanks at the end of the line are part of what BuildKit records. */
    bool whole =
        s->planner->options->semantics == SEMANTICS_BUILDKIT && trigger != NULL;
    AUTO_BUF text = BUF_INIT;
    buf_adds(&text, whole ? trigger->original : in->rest);
    for (size_t i = 0; trigger != NULL && i < trigger->heredoc_count; i++)
        buf_addf(&text, "\n%s%s", trigger->heredocs[i].content,
                 trigger->heredocs[i].name);
    strv_take(&s->config->onbuild, buf_steal(&text));
}

int plan_config_step(struct stage_state *s, const struct instruction *in,
                     struct plan_step *step, struct err *err)
{
    struct buf line = BUF_INIT;
    int rc = 0;
    buf_adds(&line, step->word);
    switch (in->kind) {
    case INSTRUCTION_ENV:
    case INSTRUCTION_LABEL:
        rc = do_pairs(s, in, &line, err);
        break;
    case INSTRUCTION_ARG:
        rc = do_arg(s, in, &line, err);
        break;
    case INSTRUCTION_EXPOSE:
        rc = do_expose(s, in, &line, err);
        break;
    case INSTRUCTION_VOLUME:
        rc = do_volume(s, in, &line, err);
        break;
    case INSTRUCTION_HEALTHCHECK:
        rc = do_healthcheck(s, in, &line, err);
        break;
    case INSTRUCTION_USER:
    case INSTRUCTION_STOPSIGNAL:
    case INSTRUCTION_MAINTAINER:
        rc = do_word(s, in, &line, err);
        break;
    case INSTRUCTION_ONBUILD:
        add_trigger(s, in);
        if (s->planner->options->semantics == SEMANTICS_BUILDKIT) {
            buf_free(&line);
            return 0; /* BuildKit keeps no history of it */
        }
        buf_addf(&line, " %s", in->rest);
        break;
    default:
        do_command(s, in, &line);
        break;
    }
    set_created_by(s, step, &line);
    return rc;
}

int plan_workdir_step(struct stage_state *s, const struct instruction *in,
                      struct plan_step *step, struct err *err)
{
    const char *path;
    int rc = plan_expand(s, in, in->args.len != 0 ? in->args.items[0] : "", &path, err);
    if (rc != 0)
        return rc;
    struct planner *p = s->planner;
    bool relative = path[0] != '/';
    AUTO_FREE char *joined = relative ? path_join(s->cwd, path) : xstrdup(path);
    AUTO_FREE char *clean = path_clean(joined);
    /* An absolute path keeps its spelling, a relative one is joined and cleaned. */
    path = relative ? plan_strdup(p, clean) : path;
    s->cwd = path;
    step->cwd = plan_strdup(p, clean);
    step->kind = strcmp(clean, "/") == 0 ? PLAN_CONFIG : PLAN_WORKDIR;
    free(s->config->workdir);
    s->config->workdir = xstrdup(path);
    struct buf line = BUF_INIT;
    buf_addf(&line, "WORKDIR %s", path);
    /* A linear key holds the text (row 45: /w and /w/ differ there). */
    if (p->options->semantics != SEMANTICS_BUILDKIT)
        step->record = plan_printf(p, "WORKDIR %s", path);
    set_created_by(s, step, &line);
    return 0;
}
