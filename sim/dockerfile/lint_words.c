/* SPDX-License-Identifier: MIT */
/*
 * Rules that need to know variables: undefined ones, relative WORKDIRs, ports, ignored
 * sources. Where the base image is not known, names that official images are known to
 * define (GOPATH, PYTHON_VERSION on python …) are let pass.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/path.h"
#include "sim/dockerfile/lint.h"
#include "sim/dockerfile/word.h"

static const char *look_up(void *payload, const char *name)
{
    const struct scope *scope = payload;
    return env_get(&scope->env, name);
}

/* A build would stop here, unless the image that is not known defines the variable. */
static void note_failure(struct lint *lint, const struct scope *scope, int rc)
{
    if (lint->rc == 0 && scope->image == NULL)
        lint->rc = rc;
}

/* Where an error belongs: the first one counts. */
static struct err *error_of(struct lint *lint)
{
    return lint->rc == 0 ? lint->err : NULL;
}

static char *expand(struct lint *lint, struct scope *scope, const char *word, bool body,
                    struct strv *unset)
{
    char *out = NULL;
    struct word_options options = {.escape = lint->df->escape,
                                   .lookup = look_up,
                                   .payload = scope,
                                   .keep_quotes = body,
                                   .unset = unset};
    int rc = word_expand(word, &options, &out, error_of(lint));
    note_failure(lint, scope, rc);
    return rc == 0 ? out : NULL;
}

char *lint_expand(struct lint *lint, struct scope *scope, const char *word,
                  struct strv *unset)
{
    return expand(lint, scope, word, false, unset);
}

/* The last path component of an image's name without tag: "python" of
 * docker.io/library/python:3.11. */
static struct span image_base(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *start = slash != NULL ? slash + 1 : image;
    return (struct span){start, strcspn(start, ":@")};
}

/* Whether the image is likely to define the name: PYTHON_VERSION on python. */
static bool image_defines(const char *image, const char *name)
{
    static const char *const common[] = {"JAVA_HOME", "GOPATH", "GPG_KEY", "LANG",
                                         "YARN_VERSION"};
    if (image == NULL)
        return false;
    struct span base = image_base(image);
    size_t i = 0;
    while (i < base.n && lower(name[i]) == base.p[i] && name[i] != base.p[i])
        i++;
    if (i == base.n && i > 0 && name[i] == '_')
        return true;
    for (i = 0; i < sizeof common / sizeof common[0]; i++) {
        if (strcmp(name, common[i]) == 0)
            return !span_is(base, "alpine") && !span_is(base, "busybox") &&
                   !span_is(base, "debian") && !span_is(base, "ubuntu");
    }
    return false;
}

static void report_unset(struct lint *lint, const struct instruction *in,
                         struct scope *scope, const struct strv *unset)
{
    struct strv names = STRV_INIT;
    for (size_t i = 0; i < scope->env.len && unset->len > 0; i++)
        strv_addn(&names, scope->env.items[i], strcspn(scope->env.items[i], "="));
    for (size_t i = 0; i < unset->len; i++) {
        const char *name = unset->items[i];
        if (strv_contains(&scope->declared, name) || image_defines(scope->image, name))
            continue;
        const char *near = suggest(name, (const char *const *)names.items, names.len);
        lint_add(lint, RULE_UNDEFINED_VAR, in->line,
                 near != NULL ? "Usage of undefined variable '$%s' (did you mean $%s?)"
                              : "Usage of undefined variable '$%s'",
                 name, near);
    }
    strv_free(&names);
}

/* Expands and warns; the caller frees. */
static char *word(struct lint *lint, const struct instruction *in, struct scope *scope,
                  const char *text)
{
    struct strv unset = STRV_INIT;
    char *out = expand(lint, scope, text, false, &unset);
    report_unset(lint, in, scope, &unset);
    strv_free(&unset);
    return out;
}

static void all_words(struct lint *lint, const struct instruction *in,
                      struct scope *scope)
{
    for (size_t i = 0; i < in->args.len; i++)
        free(word(lint, in, scope, in->args.items[i]));
}

static void check_signal(struct lint *lint, const struct instruction *in,
                         struct scope *scope)
{
    AUTO_FREE char *name = word(lint, in, scope, in->args.items[0]);
    if (name != NULL)
        note_failure(lint, scope, signal_check(name, error_of(lint)));
}

/* All values of a line see the variables from before it. */
static void check_env(struct lint *lint, const struct instruction *in,
                      struct scope *scope)
{
    struct strv pairs = STRV_INIT;
    for (size_t i = 0; i + 1 < in->args.len; i += 2) {
        char *name = word(lint, in, scope, in->args.items[i]);
        char *value = word(lint, in, scope, in->args.items[i + 1]);
        strv_take(&pairs, name);
        strv_take(&pairs, value);
    }
    for (size_t i = 0; in->kind == INSTRUCTION_ENV && i < pairs.len; i += 2) {
        if (pairs.items[i] != NULL)
            env_set(&scope->env, pairs.items[i],
                    pairs.items[i + 1] != NULL ? pairs.items[i + 1] : "");
    }
    for (size_t i = 0; i < pairs.len; i++)
        free(pairs.items[i]);
    free(pairs.items);
}

static const char *const platform_args[] = {
    "BUILDPLATFORM=linux/amd64",
    "BUILDOS=linux",
    "BUILDOSVERSION=",
    "BUILDARCH=amd64",
    "BUILDVARIANT=",
    "TARGETPLATFORM=linux/amd64",
    "TARGETOS=linux",
    "TARGETOSVERSION=",
    "TARGETARCH=amd64",
    "TARGETVARIANT=",
    "TARGETSTAGE=default",
};

static void declare(struct lint *lint, struct scope *scope, const char *name,
                    const char *value)
{
    if (value == NULL && scope != &lint->global)
        value = env_get(&lint->global.env, name);
    if (value != NULL)
        env_set(&scope->env, name, value);
    else if (env_get(&scope->env, name) == NULL)
        strv_add(&scope->declared, name);
}

static void check_arg(struct lint *lint, const struct instruction *in,
                      struct scope *scope)
{
    for (size_t i = 0; i < in->args.len; i++) {
        const char *text = in->args.items[i], *equals = strchr(text, '=');
        AUTO_FREE char *name =
            xstrndup(text, equals != NULL ? (size_t)(equals - text) : strlen(text));
        AUTO_FREE char *value = NULL;
        const char *given = lint->options->build_args != NULL
                                ? env_get(lint->options->build_args, name)
                                : NULL;
        if (given != NULL)
            value = xstrdup(given);
        else if (equals != NULL && scope == &lint->global)
            value = expand(lint, scope, equals + 1, false, NULL);
        else if (equals != NULL)
            value = word(lint, in, scope, equals + 1);
        declare(lint, scope, name, value);
    }
}

void lint_global_arg(struct lint *lint, const struct instruction *in)
{
    struct scope *global = &lint->global;
    for (size_t i = 0;
         global->env.len == 0 || env_find(&global->env, "TARGETSTAGE") < 0; i++)
        strv_add(&global->env, platform_args[i]);
    if (in != NULL)
        check_arg(lint, in, global);
}

/* As Go's %q, but that what is no ASCII stays as it is. */
static void add_quoted(struct buf *out, const char *text)
{
    static const char controls[] = "\a\b\t\n\v\f\r", letters[] = "abtnvfr";
    for (; *text != '\0'; text++) {
        const char *control = strchr(controls, *text);
        if (control != NULL)
            buf_addf(out, "\\%c", letters[control - controls]);
        else if ((unsigned char)*text < ' ' || *text == 0x7f)
            buf_addf(out, "\\x%02x", (unsigned)*text);
        else
            buf_addf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    }
}

static void check_workdir(struct lint *lint, const struct instruction *in,
                          struct scope *scope)
{
    AUTO_FREE char *path = word(lint, in, scope, in->args.items[0]);
    if (path != NULL && path[0] != '/' && !scope->has_workdir) {
        AUTO_BUF quoted = BUF_INIT;
        add_quoted(&quoted, path);
        lint_add(
            lint, RULE_WORKDIR_RELATIVE_PATH, in->line,
            "Relative workdir \"%s\" can have unexpected results if the base image "
            "changes",
            buf_str(&quoted));
    }
    scope->has_workdir = true;
}

static void check_port(struct lint *lint, const struct instruction *in,
                       const char *port)
{
    const char *slash = strchr(port, '/');
    size_t n = slash != NULL ? (size_t)(slash - port) : strlen(port);
    bool capital = false;
    for (const char *p = port + n; *p != '\0'; p++)
        capital = capital || (*p >= 'A' && *p <= 'Z');
    if (capital)
        lint_add(lint, RULE_EXPOSE_PROTO_CASING, in->line,
                 "Defined protocol '%s' in EXPOSE instruction should be lowercase",
                 port);
    const char *colon = memrchr(port, ':', n);
    if (colon != NULL && strspn(port, ":") < (size_t)(colon - port) + 1)
        lint_add(lint, RULE_EXPOSE_INVALID_FORMAT, in->line,
                 "EXPOSE instruction should not define an IP address or host-port "
                 "mapping, found '%s'",
                 port);
}

static void check_expose(struct lint *lint, const struct instruction *in,
                         struct scope *scope)
{
    const struct word_options options = {
        .escape = lint->df->escape, .lookup = look_up, .payload = scope};
    for (size_t i = 0; i < in->args.len; i++) {
        struct strv ports = STRV_INIT, numbers = STRV_INIT;
        int rc = word_expand_split(in->args.items[i], &options, &ports, error_of(lint));
        for (size_t k = 0; rc == 0 && k < ports.len; k++) {
            rc = ports_parse(ports.items[k], &numbers, error_of(lint));
            if (rc == 0)
                check_port(lint, in, ports.items[k]);
        }
        note_failure(lint, scope, rc);
        strv_free(&ports);
        strv_free(&numbers);
    }
}

static void check_source(struct lint *lint, const struct instruction *in,
                         const char *source)
{
    if (source == NULL || source[0] == '/' || is_remote(source))
        return;
    AUTO_FREE char *path = path_clean(source);
    if (strcmp(path, ".") == 0 || strncmp(path, "..", 2) == 0 ||
        !lint->options->excluded(lint->options->payload, path))
        return;
    lint_add(lint, RULE_COPY_IGNORED_FILE, in->line,
             "Attempting to %s file \"%s\" that is excluded by .dockerignore",
             in->kind == INSTRUCTION_ADD ? "Add" : "Copy", path);
}

static void check_copy(struct lint *lint, const struct instruction *in,
                       struct scope *scope)
{
    struct copy_args args;
    if (instruction_copy(in, &args, NULL) != 0)
        return;
    const char *const flags[] = {args.chown, args.chmod, args.checksum};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        AUTO_FREE char *text =
            flags[i] != NULL ? word(lint, in, scope, flags[i]) : NULL;
        if (flags[i] == args.chmod && text != NULL && text[0] != '\0')
            note_failure(lint, scope, chmod_check(text, error_of(lint)));
    }
    for (size_t i = 0; i < args.sources.len; i++) {
        AUTO_FREE char *source = word(lint, in, scope, args.sources.items[i]);
        if (args.from == NULL && lint->options->excluded != NULL)
            check_source(lint, in, source);
    }
    free(word(lint, in, scope, args.dest));
    copy_args_free(&args);
    for (size_t i = 0; i < in->heredoc_count; i++) {
        struct strv unset = STRV_INIT;
        if (heredoc_is_expanded(in, i))
            free(expand(lint, scope, in->heredocs[i].content, true, &unset));
        report_unset(lint, in, scope, &unset);
        strv_free(&unset);
    }
}

static void check_mounts(struct lint *lint, const struct instruction *in,
                         struct scope *scope)
{
    for (size_t i = 0; i < in->flags.len; i++) {
        if (strncmp(in->flags.items[i], "--mount=", 8) == 0)
            free(word(lint, in, scope, in->flags.items[i] + 8));
    }
}

void lint_words(struct lint *lint, const struct instruction *in, struct scope *scope)
{
    switch (in->kind) {
    case INSTRUCTION_ENV:
    case INSTRUCTION_LABEL:
        check_env(lint, in, scope);
        break;
    case INSTRUCTION_ARG:
        check_arg(lint, in, scope);
        break;
    case INSTRUCTION_WORKDIR:
        check_workdir(lint, in, scope);
        break;
    case INSTRUCTION_STOPSIGNAL:
        check_signal(lint, in, scope);
        break;
    case INSTRUCTION_USER:
    case INSTRUCTION_VOLUME:
        all_words(lint, in, scope);
        break;
    case INSTRUCTION_EXPOSE:
        check_expose(lint, in, scope);
        break;
    case INSTRUCTION_COPY:
    case INSTRUCTION_ADD:
        check_copy(lint, in, scope);
        break;
    case INSTRUCTION_RUN:
        check_mounts(lint, in, scope);
        break;
    case INSTRUCTION_SHELL:
        scope->has_shell = true;
        break;
    default:
        break;
    }
}
